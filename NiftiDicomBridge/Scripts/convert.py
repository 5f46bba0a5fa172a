"""The command line of the bridge, inside Slicer::

    Slicer --no-main-window --python-script NiftiDicomBridge/Scripts/convert.py -- convert DICOM --to nifti -o OUT
    Slicer --no-main-window --python-script NiftiDicomBridge/Scripts/convert.py -- convert NIFTI --to dicom -o OUT --register

Beside the options of the command line there are two of Slicer's: ``--database DIR`` registers in the DICOM database of a
folder, made when missing, instead of Slicer's own; ``--install-dependencies`` installs missing Python packages without asking.

Slicer ends with the exit code of the command line: 0 all done, 1 something failed or differs, 2 wrong usage.
"""

import argparse
import functools
import sys
import traceback
from pathlib import Path


def main(argv):
    """Run the command line with the DICOM database of this Slicer and return its exit code."""
    folder = str(Path(__file__).resolve().parent.parent)
    if folder not in sys.path:
        sys.path.append(folder)
    from NiftiDicomBridgeLib import Dependencies

    try:
        options, rest = options_of_slicer().parse_known_args(argv)
    except SystemExit as stop:  # the sentence is out
        return int(stop.code or 0)
    problem = packages_missing(Dependencies, options.install_dependencies)
    if problem:
        sys.stderr.write(problem + "\n")
        return 1
    if options.install_dependencies and not rest:
        return 0
    from nifti_dicom_bridge import cli
    from NiftiDicomBridgeLib import Database

    if options.database and rest[:1] != ["convert"]:
        sys.stderr.write("--database registers what was converted: use it with convert … --to dicom.\n")
        return 2
    if options.database and "--register" not in rest:
        rest.append("--register")
    code = cli.main(rest, registrar=functools.partial(Database.register_files, folder=options.database))
    if {"-h", "--help"} & set(rest):
        sys.stdout.write("\n" + options_of_slicer().format_help())
    return code


def options_of_slicer():
    """Return the parser of the options that exist inside Slicer only."""
    parser = argparse.ArgumentParser(prog="convert.py", usage=argparse.SUPPRESS, add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("inside Slicer")
    group.add_argument("--database", metavar="DIR", help="register in the DICOM database of a folder, made when missing")
    group.add_argument("--install-dependencies", action="store_true", help="install missing Python packages without asking")
    return parser


def packages_missing(dependencies, install):
    """Return a sentence when Python packages are missing and could not be installed; empty otherwise."""
    from nifti_dicom_bridge import DependencyError

    try:
        if install:
            dependencies.install()
    except DependencyError as error:
        return str(error)
    missing = dependencies.missing()
    return dependencies.sentence(missing) if missing else ""


def run(argv):
    """Return the exit code of `main` whatever happens: after an error that nobody catches, Slicer would run on for ever."""
    try:
        return main(argv)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
