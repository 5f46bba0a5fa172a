"""The command line with a detour through Zarr, for programs that judge the way through NIfTI.

    scorecard.py CASES --cli "python Testing/zarr_cli.py"

``convert DICOM --to nifti -o OUT`` writes stores into ``OUT-zarr`` and makes the NIfTI files in ``OUT`` of those alone;
``convert OUT --to dicom …`` restores the DICOM from the stores. All other arguments go through as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from nifti_dicom_bridge.cli import main as bridge


def stores_of(folder: str) -> Path:
    """Return where the stores are that the NIfTI files of a folder were made of."""
    return Path(folder.rstrip("/") + "-zarr")


def main(argv: Sequence[str]) -> int:
    arguments = list(argv)
    if arguments[:1] != ["convert"]:
        return bridge(arguments)
    target, output = (arguments[arguments.index(option) + 1] for option in ("--to", "-o"))
    if target == "nifti":
        stores = stores_of(output)
        to_zarr = [str(stores) if part == output else "zarr" if part == target else part for part in arguments]
        failed = bridge(to_zarr)
        return bridge(["convert", str(stores), "--to", "nifti", "-o", output, "-q"]) or failed if stores.exists() else failed
    return bridge([str(stores_of(part)) if stores_of(part).is_dir() else part for part in arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
