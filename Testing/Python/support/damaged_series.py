"""Series of compressed files, some of which are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import RLELossless

from phantoms.base import MR, ramp, save, slices

COUNT, BAD = 6, 2


def _damage(ds: Dataset) -> None:
    """Cut the frames of a compressed object off."""
    frames = list(generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1))))
    ds.PixelData = encapsulate([frame[: len(frame) // 4 * 2] for frame in frames])


def compressed(data_sets: Sequence[Dataset], damaged: Sequence[int]) -> list[Dataset]:
    for n, ds in enumerate(data_sets):
        ds.compress(RLELossless, generate_instance_uid=False)
        if n in damaged:
            _damage(ds)
    return list(data_sets)


def damaged_series(folder: Path, damaged: Sequence[int] = (BAD,)) -> Path:
    save(folder, compressed(slices(ramp(COUNT, 16, 12, dtype="<u2"), MR), damaged))
    return folder


def without(folder: Path, *numbers: int) -> None:
    """Remove the files that are damaged, and compare with what is made of the others."""
    for number in numbers:
        (folder / f"{number + 1:03}.dcm").unlink()


def damaged_times(folder: Path, damaged: Sequence[int]) -> Path:
    """Write a series of three times of four slices, whose name ends in what names of files do not end in."""
    data_sets = []
    for time in range(3):
        for ds in slices(ramp(4, 16, 12, dtype="<u2") + time, MR):
            ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = time + 1, 3
            ds.SOPInstanceUID += f".{time}"
            ds.SeriesDescription = "interleaved (I-S)"
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            data_sets.append(ds)
    save(folder, compressed(data_sets, damaged))
    return folder
