"""Label maps become Segmentation objects that other people's programs read back: same values, same place."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Job, convert, read
from nifti_dicom_bridge.errors import GeometryError, LabelError
from nifti_dicom_bridge.formats.dicom.created.placement import source_planes
from nifti_dicom_bridge.formats.dicom.created.segmentation import SegmentationRequest, segmentations
from nifti_dicom_bridge.formats.dicom.reading.segmentations.segments import segments_of
from nifti_dicom_bridge.labels import Code, Segment, find_labels, number_in_description, read_labels
from nifti_dicom_bridge.model.metadata import Log
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels.pixels import Rescale
from nifti_dicom_bridge.options import SegmentationForm
from phantoms import ramp, slices, uid
from support.grids import OBLIQUE, ORIENTATIONS, assert_same_places, oriented
from support.oracles import oracle, run
from support.other_readers import dcm2niix_image, dcmqi_labels, highdicom_image, own_image
from support.seg_objects import BINARY, FRACTIONAL, LABELMAP, SEGMENTS, common, made, saved


def labels() -> np.ndarray:
    """Return labels 1, 17 and 2035 in a block of noise, every slice with all of them."""
    found = np.random.default_rng(3).choice(np.array([0, 1, 17, 2035], np.int16), (1, 4, 5, 7))
    found[0, :, 0, :3] = 1, 17, 2035
    return found


def original_numbers(ds: Dataset) -> np.ndarray:
    """Return segment number → label number."""
    found = np.zeros(max(int(item.SegmentNumber) for item in ds.SegmentSequence) + 1, int)
    for item in ds.SegmentSequence:
        kept = number_in_description(item.get("SegmentDescription", ""))
        found[item.SegmentNumber] = item.SegmentNumber if kept is None else kept
    return found


# --- what others read


@pytest.mark.parametrize("number", range(48))
def test_dcmqi_and_highdicom_read_every_label_where_it_is_in_every_orientation(number: int, tmp_path: Path) -> None:
    import highdicom

    volume = oriented(labels(), *ORIENTATIONS[number])
    path = saved(tmp_path / "binary.dcm", volume)
    array, matrix = dcmqi_labels(path, tmp_path)
    assert_same_places(volume, original_numbers(pydicom.dcmread(path))[array], matrix)

    found = highdicom.seg.segread(saved(tmp_path / "map.dcm", volume, LABELMAP)).get_volume(combine_segments=True)
    assert_same_places(volume, *highdicom_image(found))


GRIDS = {
    "one slice": Volume(labels()[:, :1], OBLIQUE),
    "one row": Volume(labels()[:, :, :1], OBLIQUE),
    "anisotropic": Volume(labels(), np.diag([0.2, 3.0, 11.0, 1.0])),
    "sheared": Volume(labels(), OBLIQUE @ np.array([[1, 0, 0, 0], [0, 1, 0.3, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])),
    "far away": Volume(labels(), OBLIQUE + np.array([[0, 0, 0, 12345.678901]] * 3 + [[0] * 4])),
}


@pytest.mark.parametrize("kind", [BINARY, LABELMAP])
@pytest.mark.parametrize("name", GRIDS)
def test_we_read_every_label_where_it_is_on_odd_grids(name: str, kind: SegmentationForm, tmp_path: Path) -> None:
    volume = GRIDS[name]
    path = saved(tmp_path / "seg.dcm", volume, kind)
    (found,) = read(path)
    assert_same_places(volume, *own_image(found))


@pytest.mark.parametrize("kind", [LABELMAP, FRACTIONAL])
def test_dcm2niix_reads_every_value_where_it_is(kind: SegmentationForm, tmp_path: Path) -> None:
    voxels = labels() if kind is LABELMAP else (labels() > 1).astype(np.uint8)
    volume = Volume(voxels, OBLIQUE)
    (tmp_path / "in").mkdir()
    saved(tmp_path / "in" / "seg.dcm", volume, kind)
    assert_same_places(volume, *dcm2niix_image(tmp_path / "in", tmp_path), factor=1 if kind is LABELMAP else 255)


def test_dcmqi_reads_label_numbers_of_a_label_map_as_they_are(tmp_path: Path) -> None:
    volume = Volume(labels(), OBLIQUE)
    assert_same_places(volume, *dcmqi_labels(saved(tmp_path / "map.dcm", volume, LABELMAP), tmp_path))


@pytest.mark.parametrize("kind", [BINARY, FRACTIONAL])
@pytest.mark.parametrize("source", [False, True], ids=["alone", "with source"])
def test_dciodvfy_finds_no_error(kind: SegmentationForm, source: bool, tmp_path: Path) -> None:
    program = oracle("dciodvfy")
    voxels = labels() if kind is BINARY else np.full((2, 3, 4, 5), 0.25, np.float32)
    volume, sources = Volume(voxels, OBLIQUE), []
    if source:
        volume, sources = beside_source()
        volume = volume if kind is BINARY else Volume((volume.voxels > 0) * np.float32(0.5), volume.ijk_to_ras)
    region = {"region": Code("64033007", "SCT", "Kidney"), "region_modifier": Code("7771000", "SCT", "Left")}
    segments = [*SEGMENTS, Segment(2, "cyst", algorithm_type="AUTOMATIC", algorithm_name="net", **region)]
    said = run(program, saved(tmp_path / "seg.dcm", volume, kind, segments=segments, sources=sources))
    assert not [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]


# --- references


def beside_source() -> tuple[Volume, list[Dataset]]:
    """Return a label map on the grid of a series, rounded as in a float32 header, and the series."""
    sources = slices(ramp(3, 4, 5))
    matrix = np.diag([-0.5, -0.75, 2.5, 1.0])
    matrix[:3, 3] = (10.5, -20.25, -30.125)
    found = np.zeros((1, 3, 4, 5), np.uint8)
    found[0, :2, 1:3, 2] = 1
    return Volume(found, matrix + 1e-6), sources


def test_without_a_source_nothing_is_referenced() -> None:
    (ds,) = made(Volume(labels(), OBLIQUE))
    assert "Referenced" not in "".join(element.keyword for element in ds.iterall() if "SOP" in element.keyword)
    assert not [element for element in ds.iterall() if element.keyword in ("SourceImageSequence", "ReferencedSeriesSequence")]


def test_every_frame_references_the_source_image_in_its_plane() -> None:
    volume, sources = beside_source()
    (ds,) = made(volume, sources=sources)
    found = [item.DerivationImageSequence[0].SourceImageSequence for item in ds.PerFrameFunctionalGroupsSequence]
    assert [[one.ReferencedSOPInstanceUID for one in group] for group in found] == [[s.SOPInstanceUID] for s in sources]
    assert {group[0].SpatialLocationsPreserved for group in found} == {"YES"}
    (series,) = ds.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == sources[0].SeriesInstanceUID
    assert [one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence] == [s.SOPInstanceUID for s in sources]


def test_planes_snap_to_those_of_the_source() -> None:
    volume, sources = beside_source()
    (ds,) = made(volume, sources=sources)
    positions = [item.PlanePositionSequence[0].ImagePositionPatient for item in ds.PerFrameFunctionalGroupsSequence]
    assert [[float(v) for v in p] for p in positions] == [[float(v) for v in s.ImagePositionPatient] for s in sources]
    shared = ds.SharedFunctionalGroupsSequence[0]
    assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == [0.75, 0.5]


def test_slices_of_an_uneven_series_are_where_they_truly_are() -> None:
    volume, sources = beside_source()
    sources[1].ImagePositionPatient[2] += 0.75
    truth = [plane.plane for plane in source_planes(sources)]
    (ds,) = made(volume, sources=sources, planes=truth)
    positions = [item.PlanePositionSequence[0].ImagePositionPatient for item in ds.PerFrameFunctionalGroupsSequence]
    assert [[float(v) for v in p] for p in positions] == [plane.position.tolist() for plane in truth]
    assert all("DerivationImageSequence" in item for item in ds.PerFrameFunctionalGroupsSequence)


def test_a_source_of_another_study_is_referenced_as_such() -> None:
    volume, sources = beside_source()
    for source in sources:
        source.StudyInstanceUID = uid(1234)
    (ds,) = made(volume, sources=sources)
    assert "ReferencedSeriesSequence" not in ds
    assert ds.StudiesContainingOtherReferencedInstancesSequence[0].StudyInstanceUID == uid(1234)


def test_a_source_elsewhere_is_referenced_as_a_whole_with_a_warning() -> None:
    volume, sources = beside_source()
    log = Log()
    (ds,) = made(Volume(volume.voxels, shifted(volume.ijk_to_ras)), sources=sources, log=log)
    assert [len(item.DerivationImageSequence) for item in ds.PerFrameFunctionalGroupsSequence] == [0] * ds.NumberOfFrames
    assert len(ds.SourceImageSequence) == 3
    assert "no frame of the reference series" in log.warnings[0]


def shifted(matrix: np.ndarray) -> np.ndarray:
    found = matrix.copy()
    found[2, 3] += 1.0
    return found


# --- content of the object


def test_segments_have_codes_side_and_color() -> None:
    (ds,) = made(Volume(labels(), OBLIQUE))
    left, _, right = ds.SegmentSequence
    assert left.SegmentedPropertyTypeCodeSequence[0].CodeValue == "5366008"
    assert left.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == "7771000"
    assert right.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == "24028007"
    from highdicom.color import CIELabColor

    assert list(left.RecommendedDisplayCIELabValue) == list(CIELabColor.from_rgb(220, 216, 20).value)
    assert "RecommendedDisplayCIELabValue" not in right


def test_label_numbers_survive_in_descriptions_where_segments_must_be_consecutive() -> None:
    (ds,) = made(Volume(labels(), OBLIQUE))
    assert [item.SegmentNumber for item in ds.SegmentSequence] == [1, 2, 3]
    assert original_numbers(ds).tolist() == [0, 1, 17, 2035]
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["Left-Hippocampus", "ήπαρ", "kidney_right"]


def test_a_label_without_a_name_is_called_by_its_number_with_a_warning() -> None:
    log = Log()
    (ds,) = made(Volume(labels(), OBLIQUE), segments=SEGMENTS[:2], log=log)
    assert ds.SegmentSequence[2].SegmentLabel == "Label 2035"
    assert "2035" in log.warnings[0]


def test_labels_without_voxels_are_left_out_with_a_note() -> None:
    log = Log()
    (ds,) = made(Volume(labels(), OBLIQUE), segments=[*SEGMENTS, Segment(4000, "spleen")], log=log)
    assert len(ds.SegmentSequence) == 3
    assert "4000" in log.notes[0]


def test_label_above_65535_is_numbered_anew_and_kept_in_the_description() -> None:
    voxels = labels().astype(np.uint32)
    voxels[voxels == 2035] = 70001
    log = Log()
    (ds,) = made(Volume(voxels, OBLIQUE), LABELMAP, log=log)
    assert original_numbers(ds).tolist() == [0, 1, 17, 70001]
    assert any("70001" in warning and "65535" in warning for warning in log.warnings)


def test_what_was_decided_before_wins_over_defaults() -> None:
    (ds,) = made(Volume(labels(), OBLIQUE))
    expected = common()
    assert {element.keyword: ds[element.tag].value for element in expected} == {e.keyword: e.value for e in expected}
    assert ds.Modality == "SEG"
    assert ds.SpecificCharacterSet == "ISO_IR 192"


def test_what_was_decided_before_is_not_changed_for_the_next_object() -> None:
    source = common()
    source.Modality = "MR"
    list(segmentations(SegmentationRequest(Volume(labels(), OBLIQUE), source, SEGMENTS)))
    assert source.Modality == "MR"


def test_frames_without_a_voxel_are_left_out_of_binary_but_for_the_ends_of_the_grid_and_kept_in_label_maps() -> None:
    voxels = np.zeros((1, 6, 4, 4), np.uint8)
    voxels[0, 2:4, 1, 1] = 3
    (ds,) = made(Volume(voxels, OBLIQUE))
    assert ds.NumberOfFrames == 4
    assert [int(frame.sum()) for frame in ds.pixel_array] == [0, 1, 1, 0]
    assert made(Volume(voxels, OBLIQUE), LABELMAP)[0].NumberOfFrames == 6


def test_every_time_becomes_an_object_and_times_without_label_none() -> None:
    voxels = np.concatenate([labels(), labels() * 0, (labels() == 17) * np.int16(17)])
    log = Log()
    found = made(Volume(voxels, OBLIQUE), log=log)
    assert [(ds.InstanceNumber, len(ds.SegmentSequence)) for ds in found] == [(1, 3), (2, 1)]
    assert len({ds.SOPInstanceUID for ds in found}) == 2
    assert any("time(s) 2" in warning for warning in log.warnings)


PROBABILITIES = {
    "float": (np.linspace(0, 1, 60).reshape(1, 3, 4, 5).astype(np.float32), Rescale()),
    "bytes": (np.arange(60, dtype=np.uint8).reshape(1, 3, 4, 5) * 4, Rescale()),
    "scaled bytes": (np.arange(60, dtype=np.uint8).reshape(1, 3, 4, 5) * 4, Rescale(float(np.float32(1 / 255)), 0.0)),
}


@pytest.mark.parametrize("name", PROBABILITIES)
def test_probabilities_are_stored_in_8_bits(name: str) -> None:
    voxels, rescale = PROBABILITIES[name]
    (ds,) = made(Volume(voxels, OBLIQUE, rescale), FRACTIONAL, segments=[Segment(1, "lesion")])
    stored = np.frombuffer(ds.PixelData, np.uint8)[:60]
    expected = np.rint(voxels * 255.0) if name == "float" else voxels
    assert np.array_equal(stored.reshape(expected.shape), expected)


def test_times_of_probabilities_are_segments_that_may_overlap() -> None:
    (ds,) = made(Volume(np.full((2, 3, 4, 5), 0.5, np.float32), OBLIQUE), FRACTIONAL, segments=[])
    assert len(ds.SegmentSequence) == 2
    assert ds.NumberOfFrames == 6


@pytest.mark.parametrize("corner", [None, *itertools.product((0, -1), repeat=3)])
def test_the_first_of_maps_that_add_up_to_1_is_the_background_where_it_is_in_all_corners(corner: tuple | None) -> None:
    background = np.full((3, 4, 5), 0.75, np.float32)
    background[1, 1:3, 2] = 0.25
    if corner is not None:
        background[corner] = 0.5
    (ds,) = made(Volume(np.stack([background, 1 - background]), OBLIQUE), FRACTIONAL, segments=[])

    assert len(ds.SegmentSequence) == (1 if corner is None else 2)
    first = ds.pixel_array[: len(ds.pixel_array) // len(ds.SegmentSequence)]
    assert np.array_equal(first, np.rint((1 - background if corner is None else background) * 255))


@pytest.mark.parametrize("total", [0.9, 1.1])
def test_maps_that_do_not_add_up_to_1_are_all_segments(total: float) -> None:
    background = np.full((3, 4, 5), 0.75, np.float32)
    (ds,) = made(Volume(np.stack([background, total - background]).astype(np.float32), OBLIQUE), FRACTIONAL, segments=[])

    assert len(ds.SegmentSequence) == 2


@pytest.mark.slow
@settings(max_examples=40)
@given(
    numbers=st.sets(st.integers(1, 6) | st.integers(65530, 65540) | st.integers(1, 1 << 20), min_size=1, max_size=5),
    kind=st.sampled_from([BINARY, LABELMAP]),
    chance=st.randoms(use_true_random=False),
)
def test_each_name_is_of_the_voxels_of_its_label(
    tmp_path_factory: pytest.TempPathFactory, numbers: set[int], kind: SegmentationForm, chance: random.Random
) -> None:
    """Whatever numbers the segments have in the object."""
    listed = [0, *sorted(numbers)]
    voxels = np.array([chance.choice(listed) for _ in range(60)], np.int64).reshape(1, 3, 4, 5)
    voxels[0, 1, 1, :] = chance.choice(listed[1:])
    names = [Segment(number, f"part {number}") for number in chance.sample(listed[1:], len(numbers))]
    path = saved(tmp_path_factory.mktemp("seg") / "seg.dcm", Volume(voxels, OBLIQUE), kind, segments=names)

    (found,) = read(path)

    regions = {segment.label: np.argwhere(found.array == segment.number) for segment in segments_of(found)}
    assert {name for name, places in regions.items() if len(places)} == {f"part {n}" for n in np.unique(voxels[voxels > 0])}
    for number in numbers & set(voxels.ravel().tolist()):
        theirs = placed(found, regions[f"part {number}"])
        assert np.allclose(theirs, placed(Volume(voxels, OBLIQUE), np.argwhere(voxels == number)), atol=1e-4)


def placed(volume: Volume, indices: np.ndarray) -> np.ndarray:
    """Return where voxels (time, slice, row, column) are, RAS, mm, in an order of places."""
    places = np.c_[indices[:, :0:-1], np.ones(len(indices))] @ volume.ijk_to_ras.T
    return places[np.lexsort(np.rint(places).T)][:, :3]


# --- what is refused

REFUSED = {
    "negative": (-labels(), LABELMAP, "negative"),
    "fractions": (labels() + 0.25, BINARY, "not whole numbers"),
    "infinite": (np.where(labels() == 1, np.inf, labels()), BINARY, "infinite"),
    "all NaN": (np.full((1, 2, 3, 4), np.nan), BINARY, "All voxels are NaN"),
    "too large": (labels().astype(np.int64) << 32, LABELMAP, "too large"),
    "probability above 1": (labels() / 2.0, FRACTIONAL, "from 0 to 1"),
    "no probability": (np.full((1, 2, 3, 4), np.nan), FRACTIONAL, "All voxels are NaN"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_voxels_that_are_no_labels_are_refused_in_a_clear_sentence(name: str) -> None:
    voxels, kind, words = REFUSED[name]
    with pytest.raises(LabelError, match=words):
        made(Volume(voxels, OBLIQUE), kind)


def test_whole_numbers_in_floats_are_labels() -> None:
    (ds,) = made(Volume(labels().astype(np.float32), OBLIQUE), LABELMAP)
    assert ds.BitsAllocated == 16


def test_a_grid_without_right_angles_is_refused() -> None:
    askew = OBLIQUE @ np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    with pytest.raises(GeometryError, match="90°"):
        made(Volume(labels(), askew))


@pytest.mark.slow
def test_highdicom_is_imported_only_when_needed() -> None:
    import subprocess
    import sys

    code = "import sys, nifti_dicom_bridge.formats.dicom.created.segmentation, nifti_dicom_bridge.labels\n"
    code += "print('highdicom' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "False", said.stderr


# --- back to label maps


@pytest.mark.parametrize("kind", [BINARY, LABELMAP])
def test_names_and_colors_of_segments_are_next_to_the_images_that_come_from_them(
    kind: SegmentationForm, tmp_path: Path
) -> None:
    path = saved(tmp_path / "seg.dcm", Volume(labels(), OBLIQUE), kind)
    report = convert(Job([path], tmp_path / "nifti"))
    tables = sorted(output for output in report.outputs if output.suffix == ".tsv")
    found = [segment for table in tables for segment in read_labels(table)]
    assert [segment.label for segment in found] == ["Left-Hippocampus", "ήπαρ", "kidney_right"]
    assert [segment.number for segment in found] == [1, 17, 2035]
    assert np.abs(np.subtract(found[0].color, (220, 216, 20))).max() <= 1
    assert all(find_labels(str(table).replace("_dseg.tsv", ".nii.gz")) == table for table in tables)


def test_codes_come_back_from_a_segmentation(tmp_path: Path) -> None:
    (found,) = read(saved(tmp_path / "seg.dcm", Volume(labels(), OBLIQUE), LABELMAP))
    left, _, right = segments_of(found)
    assert left.type == Code("5366008", "SCT", "Hippocampus")
    assert right.modifier == Code("24028007", "SCT", "Right")


def test_probabilities_have_no_table_of_labels(tmp_path: Path) -> None:
    path = saved(tmp_path / "seg.dcm", Volume(np.full((1, 3, 4, 5), 0.5, np.float32), OBLIQUE), FRACTIONAL)
    report = convert(Job([path], tmp_path / "nifti"))
    assert [output.suffix for output in report.outputs if output.suffix == ".tsv"] == []
