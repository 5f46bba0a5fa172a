"""The command line of the bridge, inside Slicer::

    Slicer --no-main-window --python-script NiftiDicomBridge/Scripts/convert.py -- convert DICOM --to nifti -o OUT
    Slicer --no-main-window --python-script NiftiDicomBridge/Scripts/convert.py -- convert NIFTI --to dicom -o OUT --register

In addition to the options of the command line there are those of Slicer: ``--database DIR`` registers in the DICOM database of
a folder, created when missing, instead of Slicer's own. ``--install-dependencies`` installs missing Python packages without
asking: with ``--for FEATURE`` those of a feature such as zarr, with ``--wheels DIR`` from a folder, without a network. Messages
about missing packages advise that.

Slicer ends with the exit code of the command line: 0 all done, 1 something failed or differs, 2 wrong usage.
"""

import argparse
import sys
import traceback
from pathlib import Path

REMEDIES = {
    "install-packages": "Install: run Scripts/convert.py with --install-dependencies --for {extra}",
    "install-ffmpeg": "Install ffmpeg, or run Scripts/convert.py with --install-dependencies --for video; or leave it out with "
    "mp4=False",
}
"""What messages advise in place of pip, which installs packages for another Python than that of Slicer."""


def main(argv):
    """Run the command line with the DICOM database of this Slicer and return its exit code."""
    folder = str(Path(__file__).resolve().parent.parent)
    if folder not in sys.path:
        sys.path.append(folder)
    from NiftiDicomBridgeLib.Host import Dependencies

    try:
        options, rest = options_of_slicer().parse_known_args(argv)
    except SystemExit as stop:  # the sentence is out
        return int(stop.code or 0)
    problem = packages_missing(Dependencies, options)
    if problem:
        sys.stderr.write(problem + "\n")
        return 1
    if options.install_dependencies and not rest:
        return 0
    from nifti_dicom_bridge import cli
    from NiftiDicomBridgeLib.Host import Database, Registration

    if options.database and rest[:1] != ["convert"]:
        sys.stderr.write("--database registers what was converted: use it with convert … --to dicom.\n")
        return 2
    if options.database and "--register" not in rest:
        rest.append("--register")
    if "--register" in rest and not options.database and not Database.is_open():
        sys.stderr.write(f"{Database.NOT_OPEN} On the command line, --database DIR creates one.\n")
        return 1
    code = cli.main(rest, registrar=Registration.Registrar(options.database), remedies=REMEDIES)
    if {"-h", "--help"} & set(rest):
        sys.stdout.write("\n" + options_of_slicer().format_help())
    return code


def options_of_slicer():
    """Return the parser of the options that exist inside Slicer only."""
    features = sorted(names_of_features())
    parser = argparse.ArgumentParser(prog="convert.py", usage=argparse.SUPPRESS, add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("inside Slicer")
    group.add_argument("--database", metavar="DIR", help="register in the DICOM database of a folder, made when missing")
    group.add_argument("--install-dependencies", action="store_true", help="install missing Python packages without asking")
    group.add_argument(
        "--for",
        dest="features",
        action="append",
        default=[],
        choices=features,
        metavar="FEATURE",
        help=f"with --install-dependencies: install the packages of a feature, too: {', '.join(features)}",
    )
    group.add_argument("--wheels", type=Path, metavar="DIR", help="install from the wheels in a folder, without a network")
    return parser


def names_of_features():
    """Return the features that each name after ``--for`` means: a feature, or all of an extra of pip."""
    from nifti_dicom_bridge import FEATURES

    of_extras = {}
    for name, feature in FEATURES.items():
        of_extras.setdefault(feature.extra, []).append(name)
    return {**{name: [name] for name in FEATURES}, **of_extras}


def packages_missing(dependencies, options):
    """Return a sentence when Python packages are missing and could not be installed; empty otherwise."""
    from nifti_dicom_bridge import DependencyError

    try:
        if options.install_dependencies:
            names = names_of_features()
            dependencies.install([name for given in options.features for name in names[given]], options.wheels)
    except DependencyError as error:
        return str(error)
    missing = dependencies.missing()
    return f"{dependencies.sentence(missing)} On the command line, add --install-dependencies." if missing else ""


def run(argv):
    """Return the exit code of `main` whatever happens: after an error that no one catches, Slicer would run on for ever."""
    try:
        return main(argv)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
