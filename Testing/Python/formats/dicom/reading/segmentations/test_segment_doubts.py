"""What Segmentations leave open or contradict is reported: values, segments, repeated frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import read
from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.options import SegmentationForm
from phantoms import save
from phantoms.multiframe import segments
from support.nonempty import some
from support.round_trip import RoundTrip, edit_dicom, listing
from support.seg_objects import named_segmentation, put, warnings_of


def test_the_stored_value_that_means_1_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional")
    logs = [entry.log for entry in round_trip.forth().entries]
    assert any("255 means 1" in text for log in logs for text in [*log.notes, *log.warnings])


def test_images_of_probabilities_name_their_segments(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional")
    found = [[text for text in volume.warnings if text.startswith("segment ")] for volume in read(round_trip.dicom)]
    assert found == [["segment 1 is 'part 1'"], ["segment 2 is 'part 2'"]]


def test_a_largest_fraction_that_is_missing_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional")
    edit_dicom(round_trip.dicom, MaximumFractionalValue=None)
    assert any("which means 1 is unknown" in sentence for sentence in warnings_of(round_trip, lazy=False))


@pytest.mark.parametrize("lazy", [False, True])
def test_values_of_labels_are_never_rescaled(lazy: bool, round_trip: RoundTrip) -> None:
    ds = named_segmentation(SegmentationForm.LABELMAP)
    ds.RescaleSlope, ds.RescaleIntercept = "2", "1"
    put(round_trip.dicom, ds)
    assert any("RescaleSlope (0028,1053) is not applied" in sentence for sentence in warnings_of(round_trip, lazy))
    if not lazy:
        assert np.unique(read(round_trip.dicom)[0].real_values()).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", [None, "LABEL MAP"])
def test_a_type_that_is_missing_or_unknown_is_reported(kind: str | None, round_trip: RoundTrip) -> None:
    ds = named_segmentation(SegmentationForm.LABELMAP)
    ds.SegmentationType = kind
    put(round_trip.dicom, ds)
    assert any(
        "whether the values are labels or probabilities is unknown" in text for text in warnings_of(round_trip, lazy=False)
    )


@pytest.mark.parametrize("lazy", [False, True])
def test_fractions_above_the_largest_are_reported(lazy: bool, round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional")
    edit_dicom(round_trip.dicom, MaximumFractionalValue=7)
    assert any("above MaximumFractionalValue (0062,000E), 7" in sentence for sentence in warnings_of(round_trip, lazy))


@pytest.mark.parametrize("lazy", [False, True])
def test_values_above_1_of_a_binary_segmentation_are_reported(lazy: bool, round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional")
    edit_dicom(round_trip.dicom, SegmentationType="BINARY")
    assert any("(0062,0001) BINARY knows 0 and 1 only" in sentence for sentence in warnings_of(round_trip, lazy))


@pytest.mark.parametrize("lazy", [False, True])
def test_numbers_of_a_label_map_segmentation_without_a_segment_are_reported(lazy: bool, round_trip: RoundTrip) -> None:
    ds = named_segmentation(SegmentationForm.LABELMAP)
    ds.SegmentSequence = [item for item in ds.SegmentSequence if item.SegmentNumber != 2]
    put(round_trip.dicom, ds)
    assert any("does not describe segment 2, which voxels are of" in sentence for sentence in warnings_of(round_trip, lazy))


def _without_segment_2(ds: Dataset) -> None:
    ds.SegmentSequence = [item for item in ds.SegmentSequence if item.SegmentNumber != 2]


def _with_one_number(ds: Dataset) -> None:
    ds.SegmentSequence[1].SegmentNumber = 1


def _with_two_numbers(ds: Dataset) -> None:
    ds.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0].ReferencedSegmentNumber = [1, 2]


def _without_identification(ds: Dataset) -> None:
    for groups in ds.PerFrameFunctionalGroupsSequence:
        del groups.SegmentIdentificationSequence


def _without_distance(ds: Dataset) -> None:
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SliceThickness = 1
    del measures.SpacingBetweenSlices


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without_segment_2, "does not describe segment 2, which frames are of"),
        (_with_one_number, "several segments have the number 1"),
        (_with_two_numbers, "ReferencedSegmentNumber (0062,000B) has 2 values"),
        (_without_distance, "the slices are 2.5 mm apart and 1 mm thick"),
    ],
)
def test_what_a_segmentation_leaves_open_is_reported(change: Callable[[Dataset], None], words: str, tmp_path: Path) -> None:
    ds = named_segmentation()
    change(ds)
    put(tmp_path, ds)

    assert all(any(words in warning for warning in volume.warnings) for volume in some(read(tmp_path)))


def test_frames_of_unknown_segments_are_refused(tmp_path: Path) -> None:
    ds = named_segmentation()
    _without_identification(ds)
    put(tmp_path, ds)

    with pytest.raises(DicomReadError, match="do not specify which of its 3 segments"):
        read(tmp_path)


def repeated(folder: Path, is_equal: bool, **attributes: Any) -> None:
    """Write a Segmentation whose first and last frame are of one segment at one place."""
    frames = np.random.default_rng(3).integers(0, 2, (4, 3, 5), np.uint8)
    frames[3] = frames[0] if is_equal else 1 - frames[0]
    ds = segments(frames, [(1, 0), (1, 1), (2, 1), (1, 0)])
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    save(folder, [ds])


def test_equal_frames_of_one_segment_at_one_place_are_one_mask_and_come_back(round_trip: RoundTrip) -> None:
    repeated(round_trip.dicom, is_equal=True)
    report = round_trip.forth()
    round_trip.home()

    assert any("1 frame(s) repeat the mask of a segment at its place" in text for text in report.entries[0].log.warnings)
    assert set(listing(round_trip.dicom).values()) == set(listing(round_trip.back).values())


@pytest.mark.parametrize(("is_equal", "kind"), [(False, "BINARY"), (True, "FRACTIONAL"), (False, "FRACTIONAL")])
def test_other_frames_of_one_segment_at_one_place_are_refused_by_number(
    is_equal: bool, kind: str, round_trip: RoundTrip
) -> None:
    repeated(round_trip.dicom, is_equal, SegmentationType=kind)
    (entry,) = round_trip.forth().entries

    assert "frames 1 and 4 are both of segment 1, at one place" in entry.error
