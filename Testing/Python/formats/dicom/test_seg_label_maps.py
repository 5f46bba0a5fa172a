"""Segmentations become label maps on their whole grid; label maps become the same Segmentation, or a correct new one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from test_segmentation import common

from circle import KEEP, KEY, NEW, Circle, edit_dicom, in_dicom_order, listing
from grids import OBLIQUE, assert_same_places
from made_here import with_pixels
from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert, read, segments_of
from nifti_dicom_bridge.conversion.inspect import inspect
from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.formats.dicom.created.segmentation import SegmentationRequest, segmentations
from nifti_dicom_bridge.labels import Code, Segment, number_in_description, read_labels
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.options import Kind, Layout, SegmentationForm
from nifti_dicom_bridge.sidecar import record
from nonempty import some
from oracles import module, oracle, run
from phantoms import save, slices
from phantoms.multiframe import label_ramp, segments
from readers import dcmqi_labels, highdicom_image

OVERLAPS = {"series_1": {0, 1, 3, 4}, "series_1_2": {0, 2}}
ORGAN = Code("123037004", "SCT", "Anatomical Structure")
NAMED = [
    Segment(1, "spleen", ORGAN, Code("78961009", "SCT", "Spleen"), color=(157, 108, 162)),
    Segment(2, "liver", ORGAN, Code("10200004", "SCT", "Liver")),
    Segment(3, "κύστη", algorithm_type="AUTOMATIC", algorithm_name="net"),
]  # fmt: skip


def stem(path: Path) -> str:
    return path.name.split(".")[0].removeprefix("1_")


def voxels(path: Path) -> np.ndarray:
    return in_dicom_order(nibabel.load(path))


def named_segmentation(kind: SegmentationForm = SegmentationForm.BINARY, labels: np.ndarray | None = None) -> Dataset:
    """Return a whole and valid Segmentation of labels 1 to 3 with empty slices, next to a CT series of twelve."""
    found = np.zeros((1, 12, 8, 9), np.uint8)
    found[0, 2:5, 1:4, 2:7], found[0, 3, 5:, :4], found[0, 8:10, 2:6, 3:6] = 1, 2, 3
    found = found if labels is None else labels
    grid = SOURCE_GRID.copy()
    if kind is not SegmentationForm.LABELMAP:  # other programs leave out empty slices at the ends
        filled = np.flatnonzero(found.any(axis=(0, 2, 3)))
        found, grid[:, 3] = found[:, filled[0] : filled[-1] + 1], grid @ [0, 0, filled[0], 1]
    volume = Volume(found, grid)
    (made,) = segmentations(SegmentationRequest(volume, common(), NAMED, sources=source_series(), kind=kind))
    return with_pixels(made)


SOURCE_GRID = np.diag([-0.5, -0.75, 2.5, 1.0]) + np.array([[0, 0, 0, 10.5], [0, 0, 0, -20.25], [0, 0, 0, -30.125], [0] * 4])


def source_series() -> list[Dataset]:
    return slices(np.zeros((12, 8, 9), "<i2"))


def put(folder: Path, ds: Dataset) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    ds.save_as(folder / "seg.dcm", enforce_file_format=True)
    return folder / "seg.dcm"


def by_number(path: Path) -> dict[int, dict[float, np.ndarray]]:
    """Return the frames of every segment that have a voxel, by the number that it had at first, and by position along z."""
    ds = pydicom.dcmread(path)
    described = {item.SegmentNumber: number_in_description(item.get("SegmentDescription", "")) for item in ds.SegmentSequence}
    found: dict[int, dict[float, np.ndarray]] = {number if kept is None else kept: {} for number, kept in described.items()}
    for groups, frame in zip(ds.PerFrameFunctionalGroupsSequence, ds.pixel_array, strict=True):
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        z = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
        found[number if described[number] is None else described[number]][z] = frame
    return found


def lists(found: dict[int, dict[float, np.ndarray]]) -> dict:
    return {number: {z: frame.tolist() for z, frame in frames.items()} for number, frames in found.items()}


def one_pixel() -> np.ndarray:
    """Return a frame of `named_segmentation` with its first pixel alone."""
    found = np.zeros((8, 9), np.uint8)
    found[0, 0] = 1
    return found


def z_of(k: int) -> float:
    """Return the position of a slice of the CT series."""
    return -30.125 + 2.5 * k


# --- what a segmentation becomes


def test_segments_become_one_label_map_on_the_whole_grid(circle: Circle) -> None:
    circle.make("segmentation_with_gaps").forth()

    image = nibabel.load(circle.image())
    assert image.get_data_dtype() == np.uint8
    assert np.array_equal(voxels(circle.image()), label_ramp())
    assert image.header.get_zooms() == (0.5, 0.75, 2.5)
    assert image.header["intent_code"] == 1002
    assert [(s.number, s.label) for s in read_labels(next(circle.nifti.glob("*_dseg.tsv")))] == [
        (1, "part 1"), (2, "part 2"), (3, "part 3"),
    ]  # fmt: skip


def test_overlapping_segments_become_as_few_label_maps_as_hold_them(circle: Circle) -> None:
    report = circle.make("segmentation_with_overlaps").forth()

    found = {stem(path): set(np.unique(voxels(path)).tolist()) for path in circle.images()}
    assert found == OVERLAPS
    assert len({nibabel.load(path).affine.tobytes() for path in circle.images()}) == 1
    assert {nibabel.load(path).shape for path in circle.images()} == {(5, 3, 4)}
    assert {path.name.split("_dseg")[0]: [s.number for s in read_labels(path)] for path in circle.nifti.glob("*.tsv")} == {
        "1_series_1": [1, 3, 4], "1_series_1_2": [2],
    }  # fmt: skip
    assert all(any("overlap" in text for text in entry.log.warnings) for entry in report.entries)


def test_label_numbers_survive_the_way_through_segments_that_are_numbered_from_1(circle: Circle) -> None:
    labels = np.zeros((1, 12, 8, 9), np.uint16)
    labels[0, 3, 2], labels[0, 5, 3], labels[0, 8, 4] = 2035, 17, 3
    put(circle.dicom, named_segmentation(labels=labels))
    circle.forth()
    assert np.array_equal(voxels(circle.image()), labels[0, 3:9])

    ds, _, _ = painted(circle, lambda found: found.__setitem__((0, 0, 0), 3000))

    numbers = [number_in_description(item.get("SegmentDescription", "")) for item in ds.SegmentSequence]
    assert [item.SegmentNumber for item in ds.SegmentSequence] == [1, 2, 3, 4]
    assert numbers == [3, 17, 2035, 3000]
    assert ds.SegmentSequence[0].SegmentLabel == "κύστη"


def test_a_chain_of_overlaps_needs_two_label_maps(circle: Circle) -> None:
    frames = np.zeros((6, 2, 8), np.uint8)
    for n in range(6):
        frames[n, :, n : n + 2] = 1
    save(circle.dicom, [segments(frames, [(n + 1, 0) for n in (3, 0, 5, 1, 4, 2)])])
    circle.forth()
    assert len(circle.images()) == 2


def test_large_segment_numbers_are_held_in_16_bits(circle: Circle) -> None:
    save(circle.dicom, [segments(np.ones((1, 3, 5), np.uint8), [(300, 0)])])
    circle.forth()
    assert nibabel.load(circle.image()).get_data_dtype() == np.uint16
    assert (voxels(circle.image()) == 300).all()


def test_probabilities_stay_an_image_per_segment_on_the_grid_of_all(circle: Circle) -> None:
    circle.make("segmentation_fractional").forth()
    first, second = (voxels(path) for path in circle.images())
    assert first.shape == second.shape == (4, 3, 5)
    assert [k for k in range(4) if first[k].any()] == [0, 2]
    assert [k for k in range(4) if second[k].any()] == [0, 3]


def test_the_stored_value_that_means_1_is_reported(circle: Circle) -> None:
    circle.make("segmentation_fractional")
    logs = [entry.log for entry in circle.forth().entries]
    assert any("255 means 1" in text for log in logs for text in [*log.notes, *log.warnings])


def test_images_of_probabilities_name_their_segments(circle: Circle) -> None:
    circle.make("segmentation_fractional")
    found = [[text for text in volume.warnings if text.startswith("segment ")] for volume in read(circle.dicom)]
    assert found == [["segment 1 is 'part 1'"], ["segment 2 is 'part 2'"]]


def test_a_largest_fraction_that_is_missing_is_reported(circle: Circle) -> None:
    circle.make("segmentation_fractional")
    edit_dicom(circle.dicom, MaximumFractionalValue=None)
    assert any("which means 1 is unknown" in sentence for sentence in warnings_of(circle, lazy=False))


@pytest.mark.parametrize("lazy", [False, True])
def test_values_of_labels_are_never_rescaled(lazy: bool, circle: Circle) -> None:
    ds = named_segmentation(SegmentationForm.LABELMAP)
    ds.RescaleSlope, ds.RescaleIntercept = "2", "1"
    put(circle.dicom, ds)
    assert any("RescaleSlope (0028,1053) is not applied" in sentence for sentence in warnings_of(circle, lazy))
    if not lazy:
        assert np.unique(read(circle.dicom)[0].real_values()).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", [None, "LABEL MAP"])
def test_a_type_that_is_missing_or_unknown_is_reported(kind: str | None, circle: Circle) -> None:
    ds = named_segmentation(SegmentationForm.LABELMAP)
    ds.SegmentationType = kind
    put(circle.dicom, ds)
    assert any("whether the values are labels or probabilities is unknown" in text for text in warnings_of(circle, lazy=False))


@pytest.mark.parametrize("lazy", [False, True])
def test_fractions_above_the_largest_are_reported(lazy: bool, circle: Circle) -> None:
    circle.make("segmentation_fractional")
    edit_dicom(circle.dicom, MaximumFractionalValue=7)
    assert any("above MaximumFractionalValue (0062,000E), 7" in sentence for sentence in warnings_of(circle, lazy))


@pytest.mark.parametrize("lazy", [False, True])
def test_values_above_1_of_a_binary_segmentation_are_reported(lazy: bool, circle: Circle) -> None:
    circle.make("segmentation_fractional")
    edit_dicom(circle.dicom, SegmentationType="BINARY")
    assert any("(0062,0001) BINARY knows 0 and 1 only" in sentence for sentence in warnings_of(circle, lazy))


@pytest.mark.parametrize("lazy", [False, True])
def test_numbers_of_a_label_map_segmentation_without_a_segment_are_reported(lazy: bool, circle: Circle) -> None:
    ds = named_segmentation(SegmentationForm.LABELMAP)
    ds.SegmentSequence = [item for item in ds.SegmentSequence if item.SegmentNumber != 2]
    put(circle.dicom, ds)
    assert any("does not describe segment 2, which voxels are of" in sentence for sentence in warnings_of(circle, lazy))


def warnings_of(circle: Circle, lazy: bool) -> list[str]:
    """Return the warnings of what is read as a whole, or written some planes at a time."""
    if not lazy:
        return [sentence for volume in read(circle.dicom) for sentence in volume.warnings]
    return [sentence for entry in circle.forth().entries for sentence in entry.log.warnings]


def test_a_label_map_segmentation_stays_one_image_with_its_numbers(circle: Circle) -> None:
    circle.make("segmentation_label_map").forth()
    found = voxels(circle.image())
    assert found.dtype == np.uint16
    assert found.shape == (4, 3, 5)
    assert not found[2].any()
    assert set(np.unique(found)) == {0, 1, 17, 2035}


def with_background(circle: Circle, background: int, zero: str = "", padding: int | None = None) -> None:
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
    put(circle.dicom, ds)


def test_another_value_than_0_for_background_is_reported_and_is_no_segment(circle: Circle) -> None:
    with_background(circle, 9, padding=9)
    (volume,) = read(circle.dicom)
    assert any("PixelPaddingValue (0028,0120) is 9: voxels of this value" in sentence for sentence in volume.warnings)
    assert [segment.label for segment in segments_of(volume)] == ["spleen", "liver", "κύστη"]
    assert not any("does not describe" in sentence for sentence in volume.warnings)


@pytest.mark.parametrize("form", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
def test_background_of_another_value_is_background_of_what_is_made(form: SegmentationForm, circle: Circle) -> None:
    with_background(circle, 9, padding=9)
    report = convert(Job([circle.dicom], circle.back, ConversionOptions(Target.DICOM, kind=Kind.SEG, segmentation=form)))
    assert report.ok, report.entries[0].error
    (before,), (after,) = read(circle.dicom), read(circle.back)
    assert np.array_equal(np.where(before.array == 9, 0, before.array), after.array)


def test_an_edit_keeps_background_of_another_value(circle: Circle) -> None:
    with_background(circle, 9, padding=9)
    circle.forth()
    ds, path, _ = painted(circle, lambda labels: labels.__setitem__((0, 0, 0), 2))
    assert [item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber] == ["spleen", "liver", "κύστη"]
    (volume,) = read(path)
    assert set(np.unique(volume.array)) == {0, 1, 2, 3}


@pytest.mark.parametrize(("name", "padding"), [("Background", None), ("body", 0)])
def test_a_segment_0_that_is_background_by_its_name_or_value_is_no_segment(
    name: str, padding: int | None, circle: Circle
) -> None:
    with_background(circle, 0, name, padding)

    (volume,) = read(circle.dicom)

    assert not any("the value 0 is segment 0" in sentence for sentence in volume.warnings)


@pytest.mark.parametrize("padding", [None, 9])
def test_a_segment_0_that_is_not_background_is_reported_and_never_lost(padding: int | None, circle: Circle) -> None:
    with_background(circle, 9 if padding else 1, "body", padding)
    circle.forth()
    assert any("the value 0 is segment 0 (body), not background" in sentence for sentence in warnings_of(circle, False))
    options = ConversionOptions(Target.DICOM, kind=Kind.SEG)
    (entry,) = convert(Job([circle.image()], circle.back, options)).entries
    assert "The value 0 is the segment 'body' of the original" in entry.error


def test_a_segment_0_that_is_background_is_none(circle: Circle) -> None:
    put(circle.dicom, named_segmentation(SegmentationForm.LABELMAP))
    (volume,) = read(circle.dicom)
    assert volume.warnings == ()


def places(circle: Circle, distances: list[float], spacing: str | None) -> nibabel.Nifti1Image:
    ds = segments(np.ones((len(distances), 3, 5), np.uint8), [(1, 0)] * len(distances))
    for groups, z in zip(ds.PerFrameFunctionalGroupsSequence, distances, strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, z]
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices
    if spacing:
        measures.SpacingBetweenSlices = spacing
    save(circle.dicom, [ds])
    circle.forth()
    return nibabel.load(circle.image())


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
    distances: list, spacing: str | None, filled: list, circle: Circle
) -> None:
    image = places(circle, distances, spacing)
    assert np.asarray(image.dataobj)[0, 0].tolist() == filled
    assert image.affine[2, 3] == distances[0]
    assert (image.affine @ [0, 0, len(filled) - 1, 1])[2] == pytest.approx(distances[-1], abs=1e-4)


def test_places_on_no_grid_stay_a_stack_and_are_reported(circle: Circle) -> None:
    assert places(circle, [0, 2.5, 6.1, 11], "2.5").shape[2] == 4
    assert any("distances vary" in text for text in read(circle.dicom)[0].warnings)
    assert circle.home().entries[0].outcome is Outcome.RESTORED
    assert listing(circle.back) == listing(circle.dicom)


def test_objects_of_one_series_do_not_mix_their_segment_numbers(circle: Circle) -> None:
    frames = np.ones((2, 3, 5), np.uint8)
    both = [segments(frames, [(1, 0), (2, 1)]), segments(frames[:1], [(1, 0)])]
    both[1].SOPInstanceUID = both[1].file_meta.MediaStorageSOPInstanceUID = both[0].SOPInstanceUID + ".2"
    save(circle.dicom, both)
    circle.forth()
    assert [nibabel.load(path).shape[2] for path in circle.images()] == [2, 1]
    circle.home()
    assert listing(circle.back) == listing(circle.dicom)


def test_an_object_in_parts_becomes_one_label_map(circle: Circle) -> None:
    parts = [segments(np.ones((1, 3, 5), np.uint8), [(n, n)], (1, 2)) for n in (1, 2)]
    for n, ds in enumerate(parts, 1):
        ds.ConcatenationUID, ds.InConcatenationNumber, ds.InConcatenationTotalNumber = "1.2.3", n, 2
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{n}"
    save(circle.dicom, parts)
    circle.forth()
    assert voxels(circle.image())[:, 0, 0].tolist() == [1, 2]
    circle.home()
    assert listing(circle.back) == listing(circle.dicom)


def test_frames_of_a_segment_at_one_place_are_times(circle: Circle) -> None:
    save(
        circle.dicom, [segments(np.random.default_rng(1).integers(0, 2, (4, 3, 5), np.uint8), [(1, 0), (1, 0), (1, 1), (1, 1)])]
    )
    circle.forth()
    assert nibabel.load(circle.image()).shape == (5, 3, 2, 2)
    circle.home()
    assert listing(circle.back) == listing(circle.dicom)


def test_segments_that_are_next_to_each_other_in_one_plane_stay_images_of_their_own(circle: Circle) -> None:
    ds = segments(np.ones((2, 3, 5), np.uint8), [(1, 0), (2, 0)])
    ds.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0].ImagePositionPatient = [40, 0, 0]
    save(circle.dicom, [ds])
    circle.forth()
    assert sorted(nibabel.load(path).affine[0, 3] for path in circle.images()) == [-40, 0]
    circle.home()
    assert listing(circle.back) == listing(circle.dicom)


def test_inspect_states_what_a_segmentation_becomes(circle: Circle) -> None:
    circle.make("segmentation_with_overlaps")
    images = inspect([circle.dicom]).images
    assert [(one["becomes"], one["shape"], one["type"]) for one in images] == [
        ("1_series_1.nii.gz", [5, 3, 4], "uint8"), ("1_series_1_2.nii.gz", [5, 3, 4], "uint8"),
    ]  # fmt: skip


def test_truncated_pixel_data_of_segments_are_one_clear_error(circle: Circle) -> None:
    circle.make("segmentation_with_overlaps")
    (path,) = circle.dicom.iterdir()
    ds = pydicom.dcmread(path)
    ds.PixelData = ds.PixelData[:4]
    ds.save_as(path)
    report = circle.forth()
    assert "truncated" in report.entries[0].error
    assert circle.images() == []


# --- what others see


@pytest.mark.parametrize("kind", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
@pytest.mark.slow
def test_dcmqi_sees_the_same_labels_at_the_same_places(kind: SegmentationForm, circle: Circle, tmp_path: Path) -> None:
    path = put(circle.dicom, named_segmentation(kind))
    circle.forth()
    (ours,) = read(circle.image())
    assert_same_places(ours, *dcmqi_labels(path, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
def test_highdicom_sees_the_same_grid_and_labels(kind: SegmentationForm, circle: Circle) -> None:
    import highdicom

    path = put(circle.dicom, named_segmentation(kind))
    circle.forth()
    theirs = highdicom.seg.segread(path).get_volume(combine_segments=True, allow_missing_positions=True)
    (ours,) = read(circle.image())
    assert theirs.array.shape == ours.voxels.shape[1:]
    assert_same_places(ours, *highdicom_image(theirs))


# --- and back

RESAVED: dict[str, Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]] = {
    "int16": lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj).astype(np.int16), image.affine),
    "float32": lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj).astype(np.float32), image.affine),
    "float64 in LAS": lambda image: nibabel.Nifti1Image(image.get_fdata()[::-1], image.affine @ _flipped(image.shape)),
    "canonical": nibabel.as_closest_canonical,
}
SEGMENTATIONS = ["segmentation", *(f"segmentation_{end}" for end in ("with_gaps", "with_overlaps", "fractional", "label_map"))]


def _flipped(shape: tuple[int, ...]) -> np.ndarray:
    found = np.diag([-1.0, 1, 1, 1])
    found[0, 3] = shape[0] - 1
    return found


@pytest.mark.parametrize("how", RESAVED)
@pytest.mark.parametrize("phantom", SEGMENTATIONS)
def test_the_same_files_come_back_after_other_tools_saved_the_images(phantom: str, how: str, circle: Circle) -> None:
    circle.make(phantom).forth()
    circle.edit_images(RESAVED[how])
    report = circle.home()
    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert listing(circle.back) == listing(circle.dicom)


def test_one_label_map_of_several_is_not_enough(circle: Circle) -> None:
    circle.make("segmentation_with_overlaps").forth()
    circle.images()[1].unlink()
    (entry,) = circle.home().entries
    assert entry.outcome is Outcome.FAILED
    assert "One object became several NIfTI images: give all of them together." in entry.error


NONSENSE = {
    "no slices": {},
    "slice beyond": {"Slice": [6]},
    "negative frame": {"Slice": [0], "Frame": [-1]},
    "instance beyond": {"Slice": [0], "Instance": [1]},
    "label beyond": {"Slice": [0], "Label": [65536]},
    "columns of two lengths": {"Slice": [0, 1], "Label": [1]},
    "no frames": {"Slice": []},
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_in_the_record_is_one_clear_error(name: str, circle: Circle) -> None:
    circle.make("segmentation_with_gaps").forth()
    circle.edit_sidecar(lambda top: top[KEY]["Frames"].update(FrameTable=NONSENSE[name]))
    (entry,) = circle.home().entries
    assert entry.outcome is Outcome.FAILED
    assert KEY in entry.error


@pytest.mark.slow
@pytest.mark.parametrize("phantom", SEGMENTATIONS)
def test_the_schema_accepts_the_sidecar(phantom: str, circle: Circle) -> None:
    jsonschema = module("jsonschema")
    schema = Path(record.__file__).parents[1] / "data" / "sidecar.schema.json"
    circle.make(phantom).forth()
    for path in circle.nifti.glob("*.json"):
        jsonschema.validate(json.loads(path.read_text("utf-8")), json.loads(schema.read_text("utf-8")))


# --- edited


def painted(circle: Circle, change: Callable[[np.ndarray], None]) -> tuple[Dataset, Path, list[str]]:
    """Return the object that comes of a label map in which `change` painted, its file, and the warnings."""
    before = {path: voxels(path).copy() for path in circle.images()}
    path = circle.images()[0]
    change(before[path])
    image = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.flip(before[path].T, 1), image.affine), path)
    (entry,) = circle.home(KEEP).entries
    assert entry.outcome is Outcome.DERIVED, entry.error
    (found,) = circle.back.rglob("*.dcm")
    return pydicom.dcmread(found), found, entry.log.warnings


def test_an_edited_label_map_becomes_a_segmentation_with_the_segments_of_the_original(circle: Circle) -> None:
    original = named_segmentation()
    original.SegmentSequence[1].TrackingID, original.SegmentSequence[1].TrackingUID = "lesion 2", "2.25.77"
    original.SegmentSequence[2].SegmentDescription = "by hand, then by a net"
    put(circle.dicom, original)
    circle.forth()

    ds, path, _ = painted(circle, lambda labels: labels.__setitem__((3, 0, 0), 3))

    assert [item.to_json() for item in ds.SegmentSequence] == [item.to_json() for item in original.SegmentSequence]
    assert ds.FrameOfReferenceUID == original.FrameOfReferenceUID
    assert ds.SOPInstanceUID != original.SOPInstanceUID
    assert ds.SeriesInstanceUID != original.SeriesInstanceUID
    assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert (ds.PatientName, ds.SegmentationType, ds.ImageType[0]) == (original.PatientName, "BINARY", "DERIVED")
    expected = by_number(circle.dicom / "seg.dcm")
    expected[3][z_of(5)] = one_pixel()
    assert lists(by_number(path)) == lists(expected)


def test_a_new_label_is_called_by_its_number_with_a_warning(circle: Circle) -> None:
    put(circle.dicom, named_segmentation())
    circle.forth()
    ds, _, warnings = painted(circle, lambda labels: labels.__setitem__((0, 0, slice(2)), 9))
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["spleen", "liver", "κύστη", "Label 9"]
    assert any("label 9" in text for text in warnings)


def test_a_label_painted_where_the_original_left_a_slice_out_is_there(circle: Circle) -> None:
    put(circle.dicom, named_segmentation())
    circle.forth()
    ds, _, _ = painted(circle, lambda labels: labels.__setitem__((4, 7, 8), 2))  # slice 6 of the series
    lying = {float(item.PlanePositionSequence[0].ImagePositionPatient[2]) for item in ds.PerFrameFunctionalGroupsSequence
             if item.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2}  # fmt: skip
    assert lying == {z_of(3), z_of(6)}


def test_frames_refer_to_the_images_that_those_of_the_original_in_their_plane_were_made_from(circle: Circle) -> None:
    original = named_segmentation()
    put(circle.dicom, original)
    circle.forth()
    ds, _, _ = painted(circle, lambda labels: labels.__setitem__((3, 0, 0), 3))

    def sources(found: Dataset) -> dict[float, list]:
        groups = found.PerFrameFunctionalGroupsSequence
        return {float(item.PlanePositionSequence[0].ImagePositionPatient[2]): item.DerivationImageSequence for item in groups}

    assert sources(ds) == {**sources(original), z_of(5): []}  # it is unknown what the slice that was left out was made from
    assert ds.ReferencedSeriesSequence[0].to_json() == original.ReferencedSeriesSequence[0].to_json()


def test_a_moved_label_map_does_not_claim_the_pixels_of_the_source(circle: Circle) -> None:
    put(circle.dicom, named_segmentation())
    circle.forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine + _shift(1.0)))
    circle.home(NEW)
    (ds,) = circle.returned()
    found = [item for item in ds.iterall() if item.keyword == "SpatialLocationsPreserved"]
    assert {item.value for item in found} == {"NO"}


def _shift(mm: float) -> np.ndarray:
    found = np.zeros((4, 4))
    found[0, 3] = mm
    return found


def test_segments_without_a_frame_keep_their_names(circle: Circle) -> None:
    """A structure that was looked for and not found is described, and may be painted later."""
    labels = np.zeros((1, 12, 8, 9), np.uint8)
    labels[0, 3] = 1
    ds = named_segmentation(labels=labels)
    ds.SegmentSequence = named_segmentation().SegmentSequence
    put(circle.dicom, ds)
    circle.forth()
    (table,) = circle.nifti.glob("*_dseg.tsv")
    assert [segment.label for segment in read_labels(table)] == ["spleen", "liver", "κύστη"]
    made, _, _ = painted(circle, lambda labels: labels.__setitem__((0, 0, 0), 2))
    assert [item.SegmentLabel for item in made.SegmentSequence] == ["spleen", "liver"]


def test_a_segment_that_was_erased_goes_and_the_others_keep_their_numbers_in_words(circle: Circle) -> None:
    put(circle.dicom, named_segmentation())
    circle.forth()
    ds, path, _ = painted(circle, lambda labels: labels.__setitem__(labels == 1, 0))
    assert [(item.SegmentNumber, item.SegmentLabel) for item in ds.SegmentSequence] == [(1, "liver"), (2, "κύστη")]
    assert sorted(by_number(path)) == [2, 3]


@pytest.mark.slow
def test_overlapping_label_maps_become_one_object_when_one_is_edited(circle: Circle) -> None:
    save(circle.dicom, [overlapping_and_complete()])
    circle.forth()
    assert len(circle.images()) == 2
    expected = by_number(next(circle.dicom.iterdir()))

    _, path, _ = painted(circle, lambda labels: labels.__setitem__((0, 0, 0), 3))

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
def test_what_is_in_a_label_map_that_was_not_given_is_reported(circle: Circle) -> None:
    save(circle.dicom, [overlapping_and_complete()])
    circle.forth()
    circle.images()[1].unlink()
    ds, _, warnings = painted(circle, lambda labels: labels.__setitem__((0, 0, 0), 3))
    assert len(ds.SegmentSequence) == 2
    assert any("not given" in text for text in warnings)


@pytest.mark.slow
def test_new_labels_of_a_label_map_segmentation_are_described(circle: Circle) -> None:
    put(circle.dicom, named_segmentation(SegmentationForm.LABELMAP))
    circle.forth()
    ds, _, _ = painted(circle, lambda labels: labels.__setitem__((0, 0, 0), 200))
    assert ds.SegmentationType == "LABELMAP"
    assert {item.SegmentNumber: item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber} == {
        1: "spleen", 2: "liver", 3: "κύστη", 200: "Label 200",
    }  # fmt: skip


def test_edited_probabilities_keep_their_place(circle: Circle) -> None:
    circle.make("segmentation_fractional").forth()
    first = circle.images()[0]
    array = np.asarray(nibabel.load(first).dataobj).copy()
    array[0, 0, 1] = 99  # in a slice that the object left out
    nibabel.save(nibabel.Nifti1Image(array, nibabel.load(first).affine), first)
    circle.home(NEW)
    ds = next(found for found in circle.returned() if 99 in found.pixel_array)
    assert [float(item.PlanePositionSequence[0].ImagePositionPatient[2]) for item in ds.PerFrameFunctionalGroupsSequence] == [
        0, 2.5, 5, 7.5,
    ]  # fmt: skip
    assert (ds.pixel_array == 99).any(axis=(1, 2)).tolist() == [False, True, False, False]


def test_an_attribute_that_is_set_is_set_in_an_edited_label_map_too(circle: Circle) -> None:
    put(circle.dicom, named_segmentation())
    circle.forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) * 2, image.affine))
    circle.home(NEW, set_values={"SeriesDescription": "twice"})
    (ds,) = circle.returned()
    assert ds.SeriesDescription == "twice"


NO_LABELS = {"fractions": (0.5, "whole numbers"), "negative": (-1, "negative")}


@pytest.mark.parametrize("name", NO_LABELS)
def test_voxels_that_are_no_labels_are_one_clear_error(name: str, circle: Circle) -> None:
    factor, words = NO_LABELS[name]
    circle.make("segmentation_with_gaps").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj).astype(np.float32) * factor, image.affine))
    (entry,) = circle.home(NEW).entries
    assert entry.outcome is Outcome.FAILED
    assert words in entry.error


@pytest.mark.slow
def test_dciodvfy_finds_no_error_in_an_edited_label_map(circle: Circle) -> None:
    program = oracle("dciodvfy")
    save(circle.dicom, [overlapping_and_complete()])
    circle.forth()
    _, path, _ = painted(circle, lambda labels: labels.__setitem__((4, 7, slice(3)), 9))
    said = run(program, path)
    assert [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")] == []


@pytest.mark.slow
def test_dcmqi_reads_an_edited_label_map_where_it_is(circle: Circle, tmp_path: Path) -> None:
    labels = np.zeros((1, 6, 5, 7), np.uint8)
    labels[0, 1, 1:3, 2:5], labels[0, 4, 0, :4] = 1, 2
    (original,) = segmentations(SegmentationRequest(Volume(labels, OBLIQUE), common(), NAMED))
    put(circle.dicom, with_pixels(original))
    circle.forth()
    _, path, _ = painted(circle, lambda found: found.__setitem__((1, 4, slice(3)), 3))
    (ours,) = read(circle.image())
    assert_same_places(ours, *dcmqi_labels(path, tmp_path))


def test_another_kind_of_object_made_of_a_label_map_is_where_it_is(circle: Circle) -> None:
    """Slices that the segmentation left out are slices of the new object."""
    path = put(circle.dicom, named_segmentation())
    report = convert(Job([path], circle.back, ConversionOptions(Target.DICOM, kind=Kind.SC)))
    assert report.ok, report.entries[0].error
    assert sorted(float(ds.ImagePositionPatient[2]) for ds in circle.returned()) == [z_of(k) for k in range(2, 10)]


@pytest.mark.slow
def test_names_of_segments_are_next_to_the_label_map_in_a_bids_dataset_too(circle: Circle) -> None:
    put(circle.dicom, named_segmentation())
    circle.forth(layout=Layout.BIDS)
    (table,) = circle.nifti.rglob("*_dseg.tsv")
    assert table.is_relative_to(circle.nifti / "sourcedata")
    assert [segment.label for segment in read_labels(table)] == ["spleen", "liver", "κύστη"]
    circle.home()
    assert listing(circle.back) == listing(circle.dicom)


@pytest.mark.slow
def test_a_segmentation_of_another_type_has_the_same_segments(circle: Circle) -> None:
    path = put(circle.dicom, named_segmentation())
    options = ConversionOptions(Target.DICOM, kind=Kind.SEG, segmentation=SegmentationForm.LABELMAP)
    report = convert(Job([path], circle.back, options))
    assert report.ok, report.entries[0].error
    (ds,) = circle.returned()
    assert ds.SegmentationType == "LABELMAP"
    assert [item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber] == ["spleen", "liver", "κύστη"]
    (before,), (after,) = read(path), read(circle.back)
    assert np.array_equal(before.voxels, after.voxels)


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


# --- frames that repeat a place ---------------------------------------------------------------------------------------


def repeated(folder: Path, is_equal: bool, **attributes: Any) -> None:
    """Write a Segmentation whose first and last frame are of one segment at one place."""
    frames = np.random.default_rng(3).integers(0, 2, (4, 3, 5), np.uint8)
    frames[3] = frames[0] if is_equal else 1 - frames[0]
    ds = segments(frames, [(1, 0), (1, 1), (2, 1), (1, 0)])
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    save(folder, [ds])


def test_equal_frames_of_one_segment_at_one_place_are_one_mask_and_come_back(circle: Circle) -> None:
    repeated(circle.dicom, is_equal=True)
    report = circle.forth()
    circle.home()

    assert any("1 frame(s) repeat the mask of a segment at its place" in text for text in report.entries[0].log.warnings)
    assert set(listing(circle.dicom).values()) == set(listing(circle.back).values())


@pytest.mark.parametrize(("is_equal", "kind"), [(False, "BINARY"), (True, "FRACTIONAL"), (False, "FRACTIONAL")])
def test_other_frames_of_one_segment_at_one_place_are_refused_by_number(is_equal: bool, kind: str, circle: Circle) -> None:
    repeated(circle.dicom, is_equal, SegmentationType=kind)
    (entry,) = circle.forth().entries

    assert "frames 1 and 4 are both of segment 1, at one place" in entry.error
