"""The value of background in label map Segmentations, and segments of the value 0."""

from __future__ import annotations

import numpy as np
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Target, convert, read, segments_of
from nifti_dicom_bridge.options import Kind, SegmentationForm
from support.round_trip import RoundTrip
from support.seg_objects import named_segmentation, painted, put, warnings_of


def with_background(round_trip: RoundTrip, background: int, zero: str = "", padding: int | None = None) -> None:
    """Write `named_segmentation` as a label map with another value for background; `zero` names a segment 0 at one voxel."""
    ds = named_segmentation(SegmentationForm.LABELMAP)
    stored = ds.pixel_array.copy()
    stored[stored == 0] = background
    if zero:
        stored[0, 0, 0] = 0
    ds.SegmentSequence = [item for item in ds.SegmentSequence if item.SegmentNumber or zero]
    if zero:
        ds.SegmentSequence[0].SegmentLabel = zero
        ds.SegmentSequence[0].SegmentedPropertyTypeCodeSequence = ds.SegmentSequence[1].SegmentedPropertyTypeCodeSequence
    ds.PixelData = stored.tobytes()
    del ds.PixelPaddingValue
    if padding is not None:
        ds.add_new(0x00280120, "US", padding)
    put(round_trip.dicom, ds)


def test_another_value_than_0_for_background_is_reported_and_is_no_segment(round_trip: RoundTrip) -> None:
    with_background(round_trip, 9, padding=9)
    (volume,) = read(round_trip.dicom)
    assert any("PixelPaddingValue (0028,0120) is 9: voxels of this value" in sentence for sentence in volume.warnings)
    assert [segment.label for segment in segments_of(volume)] == ["spleen", "liver", "κύστη"]
    assert not any("does not describe" in sentence for sentence in volume.warnings)


@pytest.mark.parametrize("form", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
def test_background_of_another_value_is_background_of_what_is_made(form: SegmentationForm, round_trip: RoundTrip) -> None:
    with_background(round_trip, 9, padding=9)
    report = convert(
        Job([round_trip.dicom], round_trip.back, ConversionOptions(Target.DICOM, kind=Kind.SEG, segmentation=form))
    )
    assert report.ok, report.entries[0].error
    (before,), (after,) = read(round_trip.dicom), read(round_trip.back)
    assert np.array_equal(np.where(before.array == 9, 0, before.array), after.array)


def test_an_edit_keeps_background_of_another_value(round_trip: RoundTrip) -> None:
    with_background(round_trip, 9, padding=9)
    round_trip.forth()
    ds, path, _ = painted(round_trip, lambda labels: labels.__setitem__((0, 0, 0), 2))
    assert [item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber] == ["spleen", "liver", "κύστη"]
    (volume,) = read(path)
    assert set(np.unique(volume.array)) == {0, 1, 2, 3}


@pytest.mark.parametrize(("name", "padding"), [("Background", None), ("body", 0)])
def test_a_segment_0_that_is_background_by_its_name_or_value_is_no_segment(
    name: str, padding: int | None, round_trip: RoundTrip
) -> None:
    with_background(round_trip, 0, name, padding)

    (volume,) = read(round_trip.dicom)

    assert not any("the value 0 is segment 0" in sentence for sentence in volume.warnings)


@pytest.mark.parametrize("padding", [None, 9])
def test_a_segment_0_that_is_not_background_is_reported_and_never_lost(padding: int | None, round_trip: RoundTrip) -> None:
    with_background(round_trip, 9 if padding else 1, "body", padding)
    round_trip.forth()
    assert any("the value 0 is segment 0 (body), not background" in sentence for sentence in warnings_of(round_trip, False))
    options = ConversionOptions(Target.DICOM, kind=Kind.SEG)
    (entry,) = convert(Job([round_trip.image()], round_trip.back, options)).entries
    assert "The value 0 is the segment 'body' of the original" in entry.error


def test_a_segment_0_that_is_background_is_none(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation(SegmentationForm.LABELMAP))
    (volume,) = read(round_trip.dicom)
    assert volume.warnings == ()
