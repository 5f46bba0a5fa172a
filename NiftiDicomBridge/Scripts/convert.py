"""The command line of the bridge, inside Slicer::

    Slicer --no-main-window --python-script NiftiDicomBridge/Scripts/convert.py -- convert DICOM --to nifti -o OUT
    Slicer --no-main-window --python-script NiftiDicomBridge/Scripts/convert.py -- convert NIFTI --to dicom -o OUT --register

Slicer ends with the exit code of the command line: 0 all done, 1 something failed or differs, 2 wrong usage.
"""

import sys
import traceback
from pathlib import Path


def main(argv):
    """Run the command line with the DICOM database of this Slicer and return its exit code."""
    folder = str(Path(__file__).resolve().parent.parent)
    if folder not in sys.path:
        sys.path.append(folder)
    from NiftiDicomBridgeLib import Dependencies

    missing = Dependencies.missing()
    if missing:
        sys.stderr.write(Dependencies.sentence(missing) + "\n")
        return 1
    from nifti_dicom_bridge import cli
    from NiftiDicomBridgeLib import Database

    return cli.main(argv, registrar=Database.register_files)


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
