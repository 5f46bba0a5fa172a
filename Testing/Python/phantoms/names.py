"""Names and folders of files."""

from __future__ import annotations

from pathlib import Path

from .base import COLUMNS, ROWS, SLICES, image, phantom, ramp, save, slices, write


@phantom
def without_extension(folder: Path) -> None:
    """As on a medium: no extension at all."""
    save(folder, slices(ramp(SLICES, ROWS, COLUMNS)), "IM{:06d}")


@phantom
def sub_folders(folder: Path) -> None:
    """Slices of one series in folders of several depths, equal names in them."""
    for n, ds in enumerate(slices(ramp(SLICES, ROWS, COLUMNS))):
        write(folder / ("a/b", "a", "c d")[n] / "image", ds)


@phantom
def unicode_names(folder: Path) -> None:
    """Letters that are not ASCII, blanks, dots."""
    for name, ds in zip(("größe 1.dcm", "小東", "1.2.840.dcm.bak"), slices(ramp(SLICES, ROWS, COLUMNS)), strict=True):
        write(folder / name, ds)


@phantom
def no_instance_uids(folder: Path) -> None:
    """Files without an identifier of their instance."""
    found = slices(ramp(SLICES, ROWS, COLUMNS))
    for ds in found:
        del ds.SOPInstanceUID
    save(folder, found)


@phantom
def strangers_between(folder: Path) -> None:
    """A text file, an object without pixel data and an empty file are among the images."""
    save(folder, slices(ramp(SLICES, ROWS, COLUMNS)))
    report = image(ramp(ROWS, COLUMNS), "1.2.840.10008.5.1.4.1.1.88.11", 2)
    del report.PixelData
    write(folder / "report", report)
    (folder / "notes.txt").write_text("These are notes.\n" * 40)
    (folder / "empty").touch()
