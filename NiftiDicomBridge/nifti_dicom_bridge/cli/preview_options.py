"""The options of ``convert --to preview`` on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..options import ConversionOptions, PreviewOptions, PreviewWindow, Target, WindowChoice

WINDOW = "--window"
PLANES = "planes"


def add_preview(group: Any) -> None:
    """Add the options."""
    group.add_argument(WINDOW, metavar="CENTER,WIDTH|auto|full",
                       help="values to show, such as 40,400 (default: as the file says)")  # fmt: skip
    group.add_argument("--8bit", action="store_true", dest="eight_bit", help="PNG of 8 bits (default: 16 for grey images)")
    group.add_argument("--fps", type=float, metavar="N", help="pictures per second of GIF and MP4 (default: 10)")
    group.add_argument("--no-gif", action="store_true", help="write no animated GIF")
    group.add_argument("--no-mp4", action="store_true", help="write no MP4")
    group.add_argument("--mosaic", nargs="?", const=PLANES, metavar="planes|N",
                       help="also a mosaic: the three middle planes (default), or N slices")  # fmt: skip
    group.add_argument("--overlay", type=Path, metavar="SEG",
                       help="label map in the same space, DICOM SEG or NIfTI, to draw in colour")  # fmt: skip
    group.add_argument("--all-slices", action="store_true", help="also a PNG of every slice, in a folder per image")
    group.add_argument("--letters", action=argparse.BooleanOptionalAction,
                       help="R L A P S I at the edges (default: on all but plain PNG)")  # fmt: skip


def joined(argv: Sequence[str]) -> list[str]:
    """Return arguments of which a window with a negative center is not taken for an option: ``--window -600,1500``."""
    found: list[str] = []
    for word in argv:
        if found and found[-1] == WINDOW and word[:1] == "-" and word[1:2].isdigit():
            found[-1] = f"{WINDOW}={word}"
        else:
            found.append(word)
    return found


def preview_of(arguments: argparse.Namespace) -> PreviewOptions:
    """Return how pictures are made; raises `OptionError` where a value cannot be used."""
    default = PreviewOptions()
    return PreviewOptions(
        window=default.window if arguments.window is None else _window(arguments.window),
        eight_bit=arguments.eight_bit,
        fps=default.fps if arguments.fps is None else arguments.fps,
        gif=not arguments.no_gif,
        mp4=not arguments.no_mp4,
        mosaic=None if arguments.mosaic is None else _mosaic(arguments.mosaic),
        overlay=arguments.overlay,
        letters=arguments.letters,
        all_slices=arguments.all_slices,
    )


def _window(text: str) -> PreviewWindow:
    if text in list(WindowChoice):
        return WindowChoice(text)
    parts = text.split(",")
    try:
        center, width = map(float, parts)
    except ValueError:
        raise OptionError(f"{WINDOW} {text!r}: CENTER,WIDTH such as 40,400 was expected, or auto, or full.") from None
    return center, width


def _mosaic(text: str) -> int:
    if text == PLANES:
        return 0
    if not text.isdigit() or int(text) == 0:
        raise OptionError(f"--mosaic {text!r}: 'planes' or a number of slices was expected.")
    return int(text)


def check_preview(options: ConversionOptions, register: bool) -> None:
    """Raise `OptionError` where options of pictures stand with another format, or those of other formats with pictures."""
    if options.target is not Target.PREVIEW:
        if options.preview != PreviewOptions():
            given = next(name for name, said in _pictures(options.preview).items() if said)
            raise OptionError(f"{given} is about pictures: use it with --to preview.")
        return
    others = [name for name, said in _others(options, register).items() if said]
    if others:
        raise OptionError(f"{others[0]} has no meaning for pictures: leave it out, or convert --to another format.")


def _pictures(preview: PreviewOptions) -> dict[str, bool]:
    default = PreviewOptions()
    names = {"window": WINDOW, "eight_bit": "--8bit", "gif": "--no-gif", "mp4": "--no-mp4", "all_slices": "--all-slices"}
    return {names.get(name, f"--{name}"): value != getattr(default, name) for name, value in vars(preview).items()}


def _others(options: ConversionOptions, register: bool) -> dict[str, bool]:
    default = ConversionOptions()
    names = {
        "--uids": "uids", "--names": "names", "--no-gzip": "gzip", "--set": "set_values", "--as": "kind",
        "--reference": "reference", "--study-from": "study_from", "--sidecar": "sidecar", "--metadata": "metadata",
        "--segmentation": "segmentation", "--max-error": "max_error", "--layout": "layout", "--bids-map": "bids_map",
        "--resample": "resample",
    }  # fmt: skip
    said = {name: getattr(options, attribute) != getattr(default, attribute) for name, attribute in names.items()}
    return {**said, "--register": register}
