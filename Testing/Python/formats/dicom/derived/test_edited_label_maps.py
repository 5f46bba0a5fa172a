"""Edited label maps become Segmentations with the segments of the original."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert, read
from nifti_dicom_bridge.formats.dicom.created.segmentation import SegmentationRequest, segmentations
from nifti_dicom_bridge.labels import read_labels
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.options import Kind, SegmentationForm
from phantoms import save
from phantoms.base import put_raw
from support.grids import OBLIQUE, assert_same_places
from support.new_objects import with_pixels
from support.oracles import oracle, run
from support.other_readers import dcmqi_labels
from support.round_trip import NEW, RoundTrip
from support.seg_objects import NAMED, by_number, common, lists, named_segmentation, one_pixel, painted, put, z_of


def test_an_edited_label_map_becomes_a_segmentation_with_the_segments_of_the_original(round_trip: RoundTrip) -> None:
    original = named_segmentation()
    original.SegmentSequence[1].TrackingID, original.SegmentSequence[1].TrackingUID = "lesion 2", "2.25.77"
    original.SegmentSequence[2].SegmentDescription = "by hand, then by a net"
    put(round_trip.dicom, original)
    round_trip.forth()

    ds, path, _ = painted(round_trip, lambda labels: labels.__setitem__((3, 0, 0), 3))

    assert [item.to_json() for item in ds.SegmentSequence] == [item.to_json() for item in original.SegmentSequence]
    assert ds.FrameOfReferenceUID == original.FrameOfReferenceUID
    assert ds.SOPInstanceUID != original.SOPInstanceUID
    assert ds.SeriesInstanceUID != original.SeriesInstanceUID
    assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert (ds.PatientName, ds.SegmentationType, ds.ImageType[0]) == (original.PatientName, "BINARY", "DERIVED")
    expected = by_number(round_trip.dicom / "seg.dcm")
    expected[3][z_of(5)] = one_pixel()
    assert lists(by_number(path)) == lists(expected)


def test_what_held_for_the_file_or_pixels_of_the_original_is_not_in_an_edited_label_map(round_trip: RoundTrip) -> None:
    original = named_segmentation()
    icon = Dataset()
    icon.Rows, icon.Columns = 1, 1
    original.IconImageSequence, original.DigitalSignaturesSequence = [icon], [Dataset()]
    original.LargestImagePixelValue, original.ConcatenationUID = 1, "2.25.78"
    original.InConcatenationNumber, original.InConcatenationTotalNumber = 1, 1
    put(round_trip.dicom, original)
    round_trip.forth()

    ds, _, _ = painted(round_trip, lambda labels: labels.__setitem__((3, 0, 0), 3))

    stale = ("IconImageSequence", "DigitalSignaturesSequence", "LargestImagePixelValue", "ConcatenationUID")
    assert [keyword for keyword in (*stale, "InConcatenationNumber") if keyword in ds] == []


@pytest.mark.parametrize("damage", [b"A ", b"", None])
def test_segments_whose_description_is_damaged_are_called_by_their_numbers(damage: bytes | None, round_trip: RoundTrip) -> None:
    """It ended in a traceback."""
    ds = named_segmentation()
    if damage is None:
        del ds.SegmentSequence[1].SegmentNumber
    else:
        del ds.SegmentSequence
        put_raw(ds, 0x00620002, "LO", damage)
    put(round_trip.dicom, ds)
    round_trip.forth()

    made, _, warnings = painted(round_trip, lambda labels: labels.__setitem__((3, 0, 0), 3))

    names = [item.SegmentLabel for item in made.SegmentSequence]
    assert names == (["spleen", "Label 2", "κύστη"] if damage is None else ["Label 1", "Label 2", "Label 3"])
    assert any("label 2" in text or "label 1" in text for text in warnings)


def test_a_new_label_is_called_by_its_number_with_a_warning(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation())
    round_trip.forth()
    ds, _, warnings = painted(round_trip, lambda labels: labels.__setitem__((0, 0, slice(2)), 9))
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["spleen", "liver", "κύστη", "Label 9"]
    assert any("label 9" in text for text in warnings)


def test_a_label_painted_where_the_original_left_a_slice_out_is_there(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation())
    round_trip.forth()
    ds, _, _ = painted(round_trip, lambda labels: labels.__setitem__((4, 7, 8), 2))  # slice 6 of the series
    lying = {float(item.PlanePositionSequence[0].ImagePositionPatient[2]) for item in ds.PerFrameFunctionalGroupsSequence
             if item.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2}  # fmt: skip
    assert lying == {z_of(3), z_of(6)}


def test_frames_refer_to_the_images_that_those_of_the_original_in_their_plane_were_made_from(round_trip: RoundTrip) -> None:
    original = named_segmentation()
    put(round_trip.dicom, original)
    round_trip.forth()
    ds, _, _ = painted(round_trip, lambda labels: labels.__setitem__((3, 0, 0), 3))

    def sources(found: Dataset) -> dict[float, list]:
        groups = found.PerFrameFunctionalGroupsSequence
        return {float(item.PlanePositionSequence[0].ImagePositionPatient[2]): item.DerivationImageSequence for item in groups}

    assert sources(ds) == {**sources(original), z_of(5): []}  # it is unknown what the slice that was left out was made from
    assert ds.ReferencedSeriesSequence[0].to_json() == original.ReferencedSeriesSequence[0].to_json()


@pytest.mark.parametrize("how", ["moved", "turned", "wider"])
def test_a_label_map_on_another_grid_does_not_claim_the_pixels_of_the_source(how: str, round_trip: RoundTrip) -> None:
    changes = {"moved": np.eye(4) + _shift(1.0), "turned": _turn(0.05), "wider": np.diag([1.01, 1.0, 1.0, 1.0])}
    put(round_trip.dicom, named_segmentation())
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj), changes[how] @ image.affine))
    round_trip.home(NEW)
    (ds,) = round_trip.returned()
    found = [item for item in ds.iterall() if item.keyword == "SpatialLocationsPreserved"]
    assert {item.value for item in found} <= {"NO"}


def _turn(angle: float) -> np.ndarray:
    found = np.eye(4)
    found[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return found


def _shift(mm: float) -> np.ndarray:
    found = np.zeros((4, 4))
    found[0, 3] = mm
    return found


def test_segments_without_a_frame_keep_their_names(round_trip: RoundTrip) -> None:
    """A structure that was looked for and not found is described, and may be painted later."""
    labels = np.zeros((1, 12, 8, 9), np.uint8)
    labels[0, 3] = 1
    ds = named_segmentation(labels=labels)
    ds.SegmentSequence = named_segmentation().SegmentSequence
    put(round_trip.dicom, ds)
    round_trip.forth()
    (table,) = round_trip.nifti.glob("*_dseg.tsv")
    assert [segment.label for segment in read_labels(table)] == ["spleen", "liver", "κύστη"]
    made, _, _ = painted(round_trip, lambda labels: labels.__setitem__((0, 0, 0), 2))
    assert [item.SegmentLabel for item in made.SegmentSequence] == ["spleen", "liver"]


def test_a_segment_that_was_erased_goes_and_the_others_keep_their_numbers_in_words(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation())
    round_trip.forth()
    ds, path, _ = painted(round_trip, lambda labels: labels.__setitem__(labels == 1, 0))
    assert [(item.SegmentNumber, item.SegmentLabel) for item in ds.SegmentSequence] == [(1, "liver"), (2, "κύστη")]
    assert sorted(by_number(path)) == [2, 3]


@pytest.mark.slow
def test_overlapping_label_maps_become_one_object_when_one_is_edited(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [overlapping_and_complete()])
    round_trip.forth()
    assert len(round_trip.images()) == 2
    expected = by_number(next(round_trip.dicom.iterdir()))

    _, path, _ = painted(round_trip, lambda labels: labels.__setitem__((0, 0, 0), 3))

    expected[3][z_of(2)] = one_pixel()
    assert lists(by_number(path)) == lists(expected)


def overlapping_and_complete() -> Dataset:
    ds = named_segmentation()
    frames = ds.pixel_array.copy()
    numbers = [int(g.SegmentIdentificationSequence[0].ReferencedSegmentNumber) for g in ds.PerFrameFunctionalGroupsSequence]
    frames[numbers.index(2)] = 1
    packed = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    ds.PixelData, ds.SegmentsOverlap = packed + b"\0" * (len(packed) % 2), "YES"
    return ds


@pytest.mark.slow
def test_what_is_in_a_label_map_that_was_not_given_is_reported(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [overlapping_and_complete()])
    round_trip.forth()
    round_trip.images()[1].unlink()
    ds, _, warnings = painted(round_trip, lambda labels: labels.__setitem__((0, 0, 0), 3))
    assert len(ds.SegmentSequence) == 2
    assert any("not given" in text for text in warnings)


@pytest.mark.slow
def test_new_labels_of_a_label_map_segmentation_are_described(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation(SegmentationForm.LABELMAP))
    round_trip.forth()
    ds, _, _ = painted(round_trip, lambda labels: labels.__setitem__((0, 0, 0), 200))
    assert ds.SegmentationType == "LABELMAP"
    assert {item.SegmentNumber: item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber} == {
        1: "spleen", 2: "liver", 3: "κύστη", 200: "Label 200",
    }  # fmt: skip


def test_edited_probabilities_keep_their_place(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional").forth()
    first = round_trip.images()[0]
    array = np.asarray(nibabel.load(first).dataobj).copy()
    array[0, 0, 1] = 99  # in a slice that the object left out
    nibabel.save(nibabel.Nifti1Image(array, nibabel.load(first).affine), first)
    round_trip.home(NEW)
    (ds,) = round_trip.returned()
    frames = zip(ds.PerFrameFunctionalGroupsSequence, ds.pixel_array, strict=True)
    places = [
        (item.SegmentIdentificationSequence[0].ReferencedSegmentNumber, item.PlanePositionSequence[0].ImagePositionPatient[2])
        for item, pixels in frames
        if (pixels == 99).any()
    ]
    assert places == [(1, 2.5)]


def test_an_attribute_that_is_set_is_set_in_an_edited_label_map_too(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation())
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) * 2, image.affine))
    round_trip.home(NEW, set_values={"SeriesDescription": "twice"})
    (ds,) = round_trip.returned()
    assert ds.SeriesDescription == "twice"


NO_LABELS = {"fractions": (0.5, "whole numbers"), "negative": (-1, "negative")}


@pytest.mark.parametrize("name", NO_LABELS)
def test_voxels_that_are_no_labels_are_one_clear_error(name: str, round_trip: RoundTrip) -> None:
    factor, words = NO_LABELS[name]
    round_trip.make("segmentation_with_gaps").forth()
    round_trip.edit_image(
        lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj).astype(np.float32) * factor, image.affine)
    )
    (entry,) = round_trip.home(NEW).entries
    assert entry.outcome is Outcome.FAILED
    assert words in entry.error


@pytest.mark.slow
def test_dciodvfy_finds_no_error_in_an_edited_label_map(round_trip: RoundTrip) -> None:
    program = oracle("dciodvfy")
    save(round_trip.dicom, [overlapping_and_complete()])
    round_trip.forth()
    _, path, _ = painted(round_trip, lambda labels: labels.__setitem__((4, 7, slice(3)), 9))
    said = run(program, path)
    assert [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")] == []


@pytest.mark.slow
def test_dcmqi_reads_an_edited_label_map_where_it_is(round_trip: RoundTrip, tmp_path: Path) -> None:
    labels = np.zeros((1, 6, 5, 7), np.uint8)
    labels[0, 1, 1:3, 2:5], labels[0, 4, 0, :4] = 1, 2
    (original,) = segmentations(SegmentationRequest(Volume(labels, OBLIQUE), common(), NAMED))
    put(round_trip.dicom, with_pixels(original))
    round_trip.forth()
    _, path, _ = painted(round_trip, lambda found: found.__setitem__((1, 4, slice(3)), 3))
    (ours,) = read(round_trip.image())
    assert_same_places(ours, *dcmqi_labels(path, tmp_path))


def test_another_kind_of_object_made_of_a_label_map_is_where_it_is(round_trip: RoundTrip) -> None:
    """Slices that the segmentation left out are slices of the new object."""
    path = put(round_trip.dicom, named_segmentation())
    report = convert(Job([path], round_trip.back, ConversionOptions(Target.DICOM, kind=Kind.SC)))
    assert report.ok, report.entries[0].error
    assert sorted(float(ds.ImagePositionPatient[2]) for ds in round_trip.returned()) == [z_of(k) for k in range(2, 10)]


@pytest.mark.slow
def test_a_segmentation_of_another_type_has_the_same_segments(round_trip: RoundTrip) -> None:
    path = put(round_trip.dicom, named_segmentation())
    options = ConversionOptions(Target.DICOM, kind=Kind.SEG, segmentation=SegmentationForm.LABELMAP)
    report = convert(Job([path], round_trip.back, options))
    assert report.ok, report.entries[0].error
    (ds,) = round_trip.returned()
    assert ds.SegmentationType == "LABELMAP"
    assert [item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber] == ["spleen", "liver", "κύστη"]
    (before,), (after,) = read(path), read(round_trip.back)
    assert np.array_equal(before.voxels, after.voxels)
