"""Edited fractions of a FRACTIONAL Segmentation: they stay those of their segment, wherever voxels are edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Entry, Outcome, read
from phantoms.base import save
from phantoms.multiframe import group, segments
from support.round_trip import NEW, RoundTrip


def images(round_trip: RoundTrip) -> list[Path]:
    """Return the image of each segment of an object in which segment 1 has slices 1 and 3, segment 2 slices 1 and 4."""
    round_trip.make("segmentation_fractional").forth()
    return sorted(round_trip.nifti.glob("*.nii.gz"))


def edit(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    image = nibabel.load(path)
    voxels = change(np.asarray(image.dataobj).astype(np.float64))
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine), path)
    return voxels


def painted(voxels: np.ndarray) -> np.ndarray:
    """Paint into every slice, also where only the other segment has a frame."""
    voxels[1, 1] = 100 + np.arange(voxels.shape[2])
    return voxels


def without(paths: list[Path]) -> None:
    for path in paths:
        path.unlink()
        Path(str(path).replace(".nii.gz", ".json")).unlink()


def made(round_trip: RoundTrip, count: int = 1) -> tuple[Entry, list[np.ndarray]]:
    """Return the entry, and the image of each segment of the object that was made."""
    (entry,) = round_trip.home(NEW).entries
    assert entry.outcome is Outcome.DERIVED, entry.error
    assert len(entry.outputs) == 1
    volumes = read(entry.outputs)
    assert len(volumes) == count
    assert not [text for text in entry.log.warnings if "not valid:" in text]
    return entry, [np.flip(np.asarray(volume.array)[0].transpose(2, 1, 0), 1) for volume in volumes]


@pytest.mark.parametrize("number", [0, 1])
def test_a_segment_alone_is_a_segmentation_of_it_only(number: int, round_trip: RoundTrip) -> None:
    """Voxels in slices where only the other segment had a frame became voxels of that segment."""
    paths = images(round_trip)
    wanted = edit(paths[number], painted)
    without([path for path in paths if path != paths[number]])
    entry, (found,) = made(round_trip)

    ds = pydicom.dcmread(entry.outputs[0])
    assert [item.SegmentLabel for item in ds.SegmentSequence] == [f"part {number + 1}"]
    assert (ds.SegmentationType, ds.MaximumFractionalValue) == ("FRACTIONAL", 255)
    assert np.array_equal(found, wanted)
    assert any(f"segment(s) {2 - number} of the original are in images" in text for text in entry.log.warnings)


def test_all_segments_are_one_object_again(round_trip: RoundTrip) -> None:
    paths = images(round_trip)
    wanted = [edit(paths[0], painted), np.asarray(nibabel.load(paths[1]).dataobj)]
    _, found = made(round_trip, 2)

    assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


NO_FRACTIONS = {
    "too large": lambda voxels: voxels * 9,
    "from 0 to 1": lambda voxels: voxels / 255,
    "mask": lambda voxels: 1.0 * (voxels > 100),
    "negative": lambda voxels: voxels - 9,
    "infinite": lambda voxels: np.where(voxels > 0, np.inf, 0),
}


@pytest.mark.parametrize("change", NO_FRACTIONS.values(), ids=NO_FRACTIONS)
def test_values_that_are_no_fractions_are_refused(change: Callable, round_trip: RoundTrip) -> None:
    edit(images(round_trip)[0], change)
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert "255 means 1" in entry.error


def test_smoothed_fractions_are_rounded_to_steps(round_trip: RoundTrip) -> None:
    wanted = edit(images(round_trip)[0], lambda voxels: voxels * 0.7)
    _, found = made(round_trip, 2)

    assert np.abs(found[0] - wanted).max() <= 0.5


def test_fractions_of_several_times_keep_all_times(round_trip: RoundTrip) -> None:
    """Only the first time was written, in silence."""
    frames = np.arange(1, 61, dtype=np.uint8).reshape(4, 3, 5)
    ds = segments(frames, [(1, 0), (1, 1), (1, 0), (1, 1)])
    ds.SegmentationType, ds.SegmentationFractionalType, ds.MaximumFractionalValue = "FRACTIONAL", "PROBABILITY", 255
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        groups.FrameContentSequence = [group(TemporalPositionIndex=n // 2 + 1)]
    save(round_trip.dicom, [ds])
    round_trip.forth()
    wanted = edit(round_trip.image(), lambda voxels: voxels * 2)
    (entry,) = round_trip.home(NEW).entries

    (volume,) = read(entry.outputs)
    assert volume.times == 2
    assert np.array_equal(np.flip(np.asarray(volume.array).transpose(3, 2, 1, 0), 1), wanted)
