"""Segmentations become label maps on their whole grid: their numbers, overlaps, slices that were left out."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Outcome, read
from nifti_dicom_bridge.conversion.inspection.inspect import inspect
from nifti_dicom_bridge.labels import number_in_description, read_labels
from nifti_dicom_bridge.options import SegmentationForm
from phantoms import save
from phantoms.multiframe import label_ramp, segments
from support.grids import assert_same_places
from support.other_readers import dcmqi_labels, highdicom_image
from support.round_trip import RoundTrip, listing
from support.seg_objects import named_segmentation, painted, put, voxels

OVERLAPS = {"series_1": {0, 1, 3, 4}, "series_1_2": {0, 2}}


def stem(path: Path) -> str:
    return path.name.split(".")[0].removeprefix("1_")


def test_segments_become_one_label_map_on_the_whole_grid(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_gaps").forth()

    image = nibabel.load(round_trip.image())
    assert image.get_data_dtype() == np.uint8
    assert np.array_equal(voxels(round_trip.image()), label_ramp())
    assert image.header.get_zooms() == (0.5, 0.75, 2.5)
    assert image.header["intent_code"] == 1002
    assert [(s.number, s.label) for s in read_labels(next(round_trip.nifti.glob("*_dseg.tsv")))] == [
        (1, "part 1"), (2, "part 2"), (3, "part 3"),
    ]  # fmt: skip


def test_overlapping_segments_become_as_few_label_maps_as_hold_them(round_trip: RoundTrip) -> None:
    report = round_trip.make("segmentation_with_overlaps").forth()

    found = {stem(path): set(np.unique(voxels(path)).tolist()) for path in round_trip.images()}
    assert found == OVERLAPS
    assert len({nibabel.load(path).affine.tobytes() for path in round_trip.images()}) == 1
    assert {nibabel.load(path).shape for path in round_trip.images()} == {(5, 3, 4)}
    assert {path.name.split("_dseg")[0]: [s.number for s in read_labels(path)] for path in round_trip.nifti.glob("*.tsv")} == {
        "1_series_1": [1, 3, 4], "1_series_1_2": [2],
    }  # fmt: skip
    assert all(any("overlap" in text for text in entry.log.warnings) for entry in report.entries)


def test_label_numbers_survive_the_way_through_segments_that_are_numbered_from_1(round_trip: RoundTrip) -> None:
    labels = np.zeros((1, 12, 8, 9), np.uint16)
    labels[0, 3, 2], labels[0, 5, 3], labels[0, 8, 4] = 2035, 17, 3
    put(round_trip.dicom, named_segmentation(labels=labels))
    round_trip.forth()
    assert np.array_equal(voxels(round_trip.image()), labels[0, 3:9])

    ds, _, _ = painted(round_trip, lambda found: found.__setitem__((0, 0, 0), 3000))

    numbers = [number_in_description(item.get("SegmentDescription", "")) for item in ds.SegmentSequence]
    assert [item.SegmentNumber for item in ds.SegmentSequence] == [1, 2, 3, 4]
    assert numbers == [3, 17, 2035, 3000]
    assert ds.SegmentSequence[0].SegmentLabel == "κύστη"


def test_a_chain_of_overlaps_needs_two_label_maps(round_trip: RoundTrip) -> None:
    frames = np.zeros((6, 2, 8), np.uint8)
    for n in range(6):
        frames[n, :, n : n + 2] = 1
    save(round_trip.dicom, [segments(frames, [(n + 1, 0) for n in (3, 0, 5, 1, 4, 2)])])
    round_trip.forth()
    assert len(round_trip.images()) == 2


def test_large_segment_numbers_are_held_in_16_bits(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [segments(np.ones((1, 3, 5), np.uint8), [(300, 0)])])
    round_trip.forth()
    assert nibabel.load(round_trip.image()).get_data_dtype() == np.uint16
    assert (voxels(round_trip.image()) == 300).all()


def test_probabilities_stay_an_image_per_segment_on_the_grid_of_all(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_fractional").forth()
    first, second = (voxels(path) for path in round_trip.images())
    assert first.shape == second.shape == (4, 3, 5)
    assert [k for k in range(4) if first[k].any()] == [0, 2]
    assert [k for k in range(4) if second[k].any()] == [0, 3]


def test_a_label_map_segmentation_stays_one_image_with_its_numbers(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_label_map").forth()
    found = voxels(round_trip.image())
    assert found.dtype == np.uint16
    assert found.shape == (4, 3, 5)
    assert not found[2].any()
    assert set(np.unique(found)) == {0, 1, 17, 2035}


def places(round_trip: RoundTrip, distances: list[float], spacing: str | None) -> nibabel.Nifti1Image:
    ds = segments(np.ones((len(distances), 3, 5), np.uint8), [(1, 0)] * len(distances))
    for groups, z in zip(ds.PerFrameFunctionalGroupsSequence, distances, strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, z]
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices
    if spacing:
        measures.SpacingBetweenSlices = spacing
    save(round_trip.dicom, [ds])
    round_trip.forth()
    return nibabel.load(round_trip.image())


@pytest.mark.parametrize(
    ("distances", "spacing", "filled"),
    [
        ([0, 5], "2.5", [1, 0, 1]),
        ([0, 1.25, 5], "2.5", [1, 1, 0, 0, 1]),  # the specified value is impossible: the smallest distance
        ([0, 2, 8, 10], None, [1, 1, 0, 0, 1, 1]),
        ([0, 5, 12.5], None, [1, 0, 1, 0, 0, 1]),  # the thickness of 2.5 mm
        ([0, 0.3333, 100.0], "0.333", [1, 1, *[0] * 298, 1]),
        ([7], None, [1]),
    ],
)
def test_slices_left_out_are_background_at_the_distance_that_fits(
    distances: list, spacing: str | None, filled: list, round_trip: RoundTrip
) -> None:
    image = places(round_trip, distances, spacing)
    assert np.asarray(image.dataobj)[0, 0].tolist() == filled
    assert image.affine[2, 3] == distances[0]
    assert (image.affine @ [0, 0, len(filled) - 1, 1])[2] == pytest.approx(distances[-1], abs=1e-4)


def test_places_on_no_grid_stay_a_stack_and_are_reported(round_trip: RoundTrip) -> None:
    assert places(round_trip, [0, 2.5, 6.1, 11], "2.5").shape[2] == 4
    assert any("distances vary" in text for text in read(round_trip.dicom)[0].warnings)
    assert round_trip.home().entries[0].outcome is Outcome.RESTORED
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_objects_of_one_series_do_not_mix_their_segment_numbers(round_trip: RoundTrip) -> None:
    frames = np.ones((2, 3, 5), np.uint8)
    both = [segments(frames, [(1, 0), (2, 1)]), segments(frames[:1], [(1, 0)])]
    both[1].SOPInstanceUID = both[1].file_meta.MediaStorageSOPInstanceUID = both[0].SOPInstanceUID + ".2"
    save(round_trip.dicom, both)
    round_trip.forth()
    assert [nibabel.load(path).shape[2] for path in round_trip.images()] == [2, 1]
    round_trip.home()
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_an_object_in_parts_becomes_one_label_map(round_trip: RoundTrip) -> None:
    parts = [segments(np.ones((1, 3, 5), np.uint8), [(n, n)], (1, 2)) for n in (1, 2)]
    for n, ds in enumerate(parts, 1):
        ds.ConcatenationUID, ds.InConcatenationNumber, ds.InConcatenationTotalNumber = "1.2.3", n, 2
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{n}"
    save(round_trip.dicom, parts)
    round_trip.forth()
    assert voxels(round_trip.image())[:, 0, 0].tolist() == [1, 2]
    round_trip.home()
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_frames_of_a_segment_at_one_place_are_times(round_trip: RoundTrip) -> None:
    save(
        round_trip.dicom,
        [segments(np.random.default_rng(1).integers(0, 2, (4, 3, 5), np.uint8), [(1, 0), (1, 0), (1, 1), (1, 1)])],
    )
    round_trip.forth()
    assert nibabel.load(round_trip.image()).shape == (5, 3, 2, 2)
    round_trip.home()
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_segments_that_are_next_to_each_other_in_one_plane_stay_images_of_their_own(round_trip: RoundTrip) -> None:
    ds = segments(np.ones((2, 3, 5), np.uint8), [(1, 0), (2, 0)])
    ds.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0].ImagePositionPatient = [40, 0, 0]
    save(round_trip.dicom, [ds])
    round_trip.forth()
    assert sorted(nibabel.load(path).affine[0, 3] for path in round_trip.images()) == [-40, 0]
    round_trip.home()
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_inspect_states_what_a_segmentation_becomes(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_overlaps")
    images = inspect([round_trip.dicom]).images
    assert [(one["becomes"], one["shape"], one["type"]) for one in images] == [
        ("1_series_1.nii.gz", [5, 3, 4], "uint8"), ("1_series_1_2.nii.gz", [5, 3, 4], "uint8"),
    ]  # fmt: skip


def test_truncated_pixel_data_of_segments_are_one_clear_error(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_overlaps")
    (path,) = round_trip.dicom.iterdir()
    ds = pydicom.dcmread(path)
    ds.PixelData = ds.PixelData[:4]
    ds.save_as(path)
    report = round_trip.forth()
    assert "truncated" in report.entries[0].error
    assert round_trip.images() == []


@pytest.mark.parametrize("kind", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
@pytest.mark.slow
def test_dcmqi_sees_the_same_labels_at_the_same_places(kind: SegmentationForm, round_trip: RoundTrip, tmp_path: Path) -> None:
    path = put(round_trip.dicom, named_segmentation(kind))
    round_trip.forth()
    (ours,) = read(round_trip.image())
    assert_same_places(ours, *dcmqi_labels(path, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
def test_highdicom_sees_the_same_grid_and_labels(kind: SegmentationForm, round_trip: RoundTrip) -> None:
    import highdicom

    path = put(round_trip.dicom, named_segmentation(kind))
    round_trip.forth()
    theirs = highdicom.seg.segread(path).get_volume(combine_segments=True, allow_missing_positions=True)
    (ours,) = read(round_trip.image())
    assert theirs.array.shape == ours.voxels.shape[1:]
    assert_same_places(ours, *highdicom_image(theirs))
