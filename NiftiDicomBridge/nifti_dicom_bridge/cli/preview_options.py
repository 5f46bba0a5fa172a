"""The options of ``convert --to preview`` on the command line."""

from __future__ import annotations

import argparse
from typing import Any

from ..options.choices import PLANES
from .parser import WINDOW


def add_preview(group: Any) -> None:
    """Add the options."""
    group.add_argument(WINDOW, metavar="CENTER,WIDTH|auto|full",
                       help="values to show, such as 40,400 (default: window of the file)")  # fmt: skip
    group.add_argument("--8bit", action="store_true", dest="eight_bit", help="PNG of 8 bits (default: 16 for grayscale images)")
    group.add_argument(
        "--fps", type=float, metavar="N", help="pictures per second of GIF and MP4 (default: those of a cine, else 10)"
    )
    group.add_argument("--no-gif", action="store_false", dest="gif", help="write no animated GIF")
    group.add_argument("--no-mp4", action="store_false", dest="mp4", help="write no MP4")
    group.add_argument("--mosaic", nargs="?", const=PLANES, metavar="planes|N",
                       help="also a mosaic: the three middle planes (default), or N slices")  # fmt: skip
    group.add_argument("--overlay", metavar="SEG",
                       help="label map in the same space to draw in color: DICOM SEG, RT Structure Set or NIfTI")  # fmt: skip
    group.add_argument("--all-slices", action="store_true", help="also a PNG of every slice, in a folder per image")
    group.add_argument("--letters", action=argparse.BooleanOptionalAction,
                       help="R L A P S I at the edges (default: on all but plain PNG)")  # fmt: skip
