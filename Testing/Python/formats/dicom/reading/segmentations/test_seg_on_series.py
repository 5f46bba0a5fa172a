"""Segmentations that are converted with the series that they refer to have its slices, and come back as they were."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import command_line_words, compare, inspect, to_dicom, to_nifti
from phantoms import save, slices
from phantoms.base import CT, LABEL_MAP_SEGMENTATION, ramp, uid
from phantoms.multiframe import group, name_sources, segments

EVEN = [2.5 * k for k in range(8)]
FRACTION = 200


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ct(places: list[float]) -> list[Dataset]:
    """Return a series with slices at places along z, mm."""
    found = slices(ramp(len(places), 4, 5), CT)
    for ds, z in zip(found, places, strict=True):
        ds.ImagePositionPatient = [-1.5, 2.25, z]
    return found


def mask(k: int) -> np.ndarray:
    """Return the frame of a slice, which differs from those of others."""
    frame = np.zeros((4, 5), np.uint8)
    frame[1, : k % 5 + 1] = 1
    return frame


def segmentation(
    places: list[float], lying: list[tuple[int, int]], refers: bool = True, is_fractional: bool = False
) -> Dataset:
    """Return a Segmentation whose frames are (segment, slice) of the series `ct(places)`."""
    frames = np.array([mask(k) for _, k in lying])
    ds = segments(frames, lying)
    for groups, (_, k) in zip(ds.PerFrameFunctionalGroupsSequence, lying, strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [-1.5, 2.25, places[k]]
    ds.SeriesInstanceUID, ds.SeriesNumber = uid(66), 66
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(66, 1)
    if refers:
        ds.ReferencedSeriesSequence = [group(SeriesInstanceUID=uid(1))]
    if is_fractional:
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelData = 8, 8, 7, (frames * FRACTION).tobytes()
        ds.SegmentationType, ds.SegmentationFractionalType = "FRACTIONAL", "PROBABILITY"
        ds.MaximumFractionalValue = FRACTION
    return ds


def written(places: list[float], made: Dataset) -> Path:
    """Write a series and a Segmentation of it into one folder."""
    save(Path("in/ct"), ct(places))
    save(Path("in/seg"), [made])
    return Path("in")


def images(folder: Path, **options: object) -> dict[str, nibabel.Nifti1Image]:
    """Convert, and return the images by their names."""
    report = to_nifti(folder, "nifti", overwrite=True, **options)
    return {path.name.split(".")[0]: nibabel.load(path) for path in report.outputs if path.name.endswith(".nii.gz")}


def planes_of(image: nibabel.Nifti1Image) -> dict[int, np.ndarray]:
    """Return the planes that are not empty, rows × columns, by slice."""
    planes = np.flip(np.asarray(image.dataobj), 1).transpose(2, 1, 0)
    return {k: plane for k, plane in enumerate(planes) if plane.any()}


@pytest.mark.parametrize("lying", [[(1, 2), (1, 3), (1, 5)], [(1, 4)]], ids=["several slices", "one slice"])
def test_the_label_map_has_the_grid_of_its_series(lying: list[tuple[int, int]]) -> None:
    found = images(written(EVEN, segmentation(EVEN, lying)))
    series, labels = found["1_series_1"], found["66_series_1"]
    assert labels.shape == series.shape
    assert np.allclose(labels.affine, series.affine)
    assert planes_of(labels).keys() == {k for _, k in lying}
    assert all(np.array_equal(plane, mask(k)) for k, plane in planes_of(labels).items())


def test_probabilities_have_the_grid_of_their_series() -> None:
    found = images(written(EVEN, segmentation(EVEN, [(1, 2), (2, 6)], is_fractional=True)))
    assert [planes_of(found[f"66_series_1_segment{n}"]).keys() for n in (1, 2)] == [{2}, {6}]
    assert found["66_series_1_segment2"].shape == found["1_series_1"].shape


def test_the_same_files_come_back() -> None:
    images(written(EVEN, segmentation(EVEN, [(1, 2), (2, 2), (1, 5)])))
    to_dicom("nifti", "back", uids="keep", names="original")
    assert compare("in", "back").same


@pytest.mark.parametrize("k", [0, 7])
@pytest.mark.parametrize("lying", [[(1, 2), (1, 5)], [(1, 4)]], ids=["several slices", "one slice"])
def test_what_is_painted_before_and_behind_the_frames_is_there(k: int, lying: list[tuple[int, int]]) -> None:
    image = images(written(EVEN, segmentation(EVEN, lying)))["66_series_1"]
    voxels = np.asarray(image.dataobj).copy()
    voxels[:, :, k] = 1
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine), image.get_filename())
    (path,) = to_dicom(image.get_filename(), "derived").outputs
    made = pydicom.dcmread(path)
    places = [
        float(groups.PlanePositionSequence[0].ImagePositionPatient[2]) for groups in made.PerFrameFunctionalGroupsSequence
    ]
    full = [z for z, frame in zip(places, made.pixel_array, strict=True) if frame.all()]
    assert full == [EVEN[k]]


def test_the_series_that_is_named_counts() -> None:
    made = segmentation(EVEN, [(1, 2), (1, 3)], refers=False)
    del made.FrameOfReferenceUID
    folder = written(EVEN, made)
    assert images(folder)["66_series_1"].shape[2] == 2
    assert images(folder / "seg", reference=folder / "ct")["66_series_1"].shape[2] == len(EVEN)


def test_without_a_reference_the_series_in_its_frame_of_reference_counts() -> None:
    folder = written(EVEN, segmentation(EVEN, [(1, 2), (1, 3)], refers=False))
    assert images(folder)["66_series_1"].shape[2] == len(EVEN)


def test_the_series_of_another_patient_in_its_frame_of_reference_does_not_count() -> None:
    made = segmentation(EVEN, [(1, 2), (1, 3)], refers=False)
    made.PatientID = "R2"
    assert images(written(EVEN, made))["66_series_1"].shape[2] == 2


def test_series_of_different_grids_in_its_frame_of_reference_leave_the_grid_open() -> None:
    folder = written(EVEN, segmentation(EVEN, [(1, 2), (1, 3)], refers=False))
    others = ct(EVEN[:5])
    for n, ds in enumerate(others):
        ds.SeriesInstanceUID, ds.SeriesNumber = uid(2), 2
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(2, n)
    save(folder / "other", others)
    assert images(folder)["66_series_1"].shape[2] == 2


def test_a_named_series_with_other_slices_is_reported() -> None:
    folder = written(EVEN, segmentation([z + 1 for z in EVEN], [(1, 2), (1, 3)]))
    report = to_nifti(folder / "seg", "nifti", reference=folder / "ct")
    assert any("are not among those of reference=" in warning for warning in report.entries[0].log.warnings)
    assert report.notes == []


def test_a_named_series_without_use_is_reported() -> None:
    save(Path("ct"), ct(EVEN))
    report = to_nifti("ct", "nifti", reference="ct")
    assert "--reference was not applied: it is for RT Structure Sets and Segm" in report.in_words(command_line_words).notes[0]


def test_a_series_in_another_frame_of_reference_is_not_taken() -> None:
    made = segmentation(EVEN, [(1, 2), (1, 3)])
    made.FrameOfReferenceUID = uid(902)
    assert images(written(EVEN, made))["66_series_1"].shape[2] == 2


@pytest.mark.parametrize("named", [False, True])
def test_a_series_in_another_frame_of_reference_is_taken_where_the_user_states_that_they_are_one_space(named: bool) -> None:
    made = segmentation(EVEN, [(1, 2), (1, 3)])
    made.FrameOfReferenceUID = uid(902)
    folder = written(EVEN, made)
    options = {"reference": folder / "ct"} if named else {}
    inputs = folder / "seg" if named else folder
    report = to_nifti(inputs, "nifti", **options)
    assert any("same_space=True" in text for entry in report.entries for text in entry.log.warnings) is named
    assert images(inputs, same_space=True, **options)["66_series_1"].shape[2] == 8


def test_a_registration_puts_a_segmentation_on_a_series_of_another_frame_of_reference() -> None:
    made = segmentation(EVEN, [(1, 2), (1, 3)])
    made.FrameOfReferenceUID = uid(902)
    folder = written(EVEN, made)
    save(folder / "reg", [identity_of(uid(902), ct(EVEN)[0])])
    assert images(folder)["66_series_1"].shape[2] == 8
    assert [image["shape"][2] for image in inspect(folder).images] == [8, 8]


def test_a_series_in_its_frame_of_reference_is_taken_before_others_that_are_one_space() -> None:
    folder = written(EVEN, segmentation(EVEN, [(1, 2), (1, 3)], refers=False))
    others = ct(EVEN[:5])
    for n, ds in enumerate(others):
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.FrameOfReferenceUID = uid(2), 2, uid(902)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(2, n)
    save(folder / "other", others)
    save(folder / "reg", [identity_of(uid(902), ct(EVEN)[0])])
    assert images(folder)["66_series_1"].shape[2] == 8


def identity_of(space: str, image: Dataset) -> Dataset:
    """Return a Spatial Registration that states that a frame of reference is that of an image."""
    ds = Dataset()
    ds.file_meta = image.file_meta
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.66.1", uid(67, 1), "REG"
    ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = uid(67), uid(901), image.FrameOfReferenceUID
    step = group(FrameOfReferenceTransformationMatrix=list(np.eye(4).ravel()))
    ds.RegistrationSequence = [group(FrameOfReferenceUID=space, MatrixRegistrationSequence=[group(MatrixSequence=[step])])]
    return ds


@pytest.mark.parametrize("refers", [True, False])
@pytest.mark.parametrize("states", ["SpacingBetweenSlices", "SliceThickness"])
def test_thick_slices_are_not_put_among_thin_ones(refers: bool, states: str) -> None:
    """Every second slice of the series is where one of the Segmentation is, which is twice as thick."""
    made = segmentation(EVEN, [(1, 0), (1, 2), (1, 4)], refers)
    measures = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices, measures.SliceThickness
    setattr(measures, states, "5")
    labels = images(written(EVEN, made))["66_series_1"]
    assert labels.shape[2] == 3
    assert labels.header.get_zooms()[2] == 5


def test_slices_whose_place_the_record_could_not_give_again_are_not_added() -> None:
    """The slices of the series are uneven beyond the frames of the Segmentation."""
    places = [0, 2.5, 5, 7.5, 12.5]
    assert images(written(places, segmentation(places, [(1, 1), (1, 2)])))["66_series_1"].shape[2] == 2
    assert images(written(places, segmentation(places, [(1, 0), (1, 4), (1, 3)])))["66_series_1"].shape[2] == len(places)


def without_positions(lying: list[tuple[int, int]], is_label_map: bool = False) -> Dataset:
    """Return a Segmentation whose frames only state which images they were made from."""
    ds = segmentation(EVEN, lying, refers=False)
    del ds.FrameOfReferenceUID
    name_sources(ds, [(uid(1, k + 1), None) for _, k in lying])
    if is_label_map:
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = LABEL_MAP_SEGMENTATION
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.SegmentationType = 8, 8, 7, "LABELMAP"
        ds.PixelData = np.array([mask(k) for _, k in lying]).tobytes()
        for groups in ds.PerFrameFunctionalGroupsSequence:
            del groups.SegmentIdentificationSequence
    return ds


@pytest.mark.parametrize("is_label_map", [False, True])
def test_frames_without_a_position_are_where_their_images_are(is_label_map: bool) -> None:
    found = images(written(EVEN, without_positions([(1, 5), (1, 2)], is_label_map)))
    series, labels = found["1_series_1"], found["66_series_1"]
    assert labels.shape == series.shape
    assert np.allclose(labels.affine, series.affine)
    assert {k: plane.tolist() for k, plane in planes_of(labels).items()} == {k: mask(k).tolist() for k in (2, 5)}
    to_dicom("nifti", "back", uids="keep", names="original")
    assert compare("in", "back").same


@pytest.mark.parametrize("is_label_map", [False, True])
def test_an_edit_gives_frames_without_a_position_one(is_label_map: bool) -> None:
    image = images(written(EVEN, without_positions([(1, 5), (1, 2)], is_label_map)))["66_series_1"]
    voxels = np.asarray(image.dataobj).copy()
    voxels[:, :, 6] = 1
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine), image.get_filename())
    (path,) = to_dicom(image.get_filename(), "derived").outputs
    made = pydicom.dcmread(path)
    full = [n for n, frame in enumerate(made.pixel_array) if frame.all()]
    places = [made.PerFrameFunctionalGroupsSequence[n].PlanePositionSequence[0].ImagePositionPatient[2] for n in full]
    assert places == [EVEN[6]]


def test_frames_whose_images_are_not_there_have_no_position() -> None:
    folder = written(EVEN, without_positions([(1, 5), (1, 2)]))
    report = to_nifti(folder / "seg", "nifti")
    assert any("the frames have no position" in warning for warning in report.entries[0].log.warnings)


def test_inspect_states_the_grid_of_the_series() -> None:
    found = inspect(written(EVEN, segmentation(EVEN, [(1, 2), (1, 3)])))
    assert {tuple(image["shape"]) for image in found.images} == {(5, 4, 8)}


def test_the_slices_without_a_frame_are_counted_in_the_report() -> None:
    report = to_nifti(written(EVEN, segmentation(EVEN, [(1, 2), (1, 3), (1, 5)])), "nifti")
    (entry,) = [one for one in report.entries if one.title.startswith("66")]
    filled = [warning for warning in entry.log.warnings if "without a frame" in warning]
    assert [warning.split(": ")[1].split(" were")[0] for warning in filled] == ["5 slice(s) without a frame"]


def test_a_series_of_other_rows_and_columns_is_not_taken() -> None:
    save(Path("in/ct"), ct(EVEN))
    made = segmentation(EVEN, [(1, 2), (1, 3)])
    made.Rows, made.Columns, made.PixelData = 4, 4, np.packbits(np.ones(32, np.uint8), bitorder="little").tobytes()
    save(Path("in/seg"), [made])
    assert images(Path("in"))["66_series_1"].shape == (4, 4, 2)


def test_images_of_other_rows_and_columns_give_no_place() -> None:
    made = without_positions([(1, 5), (1, 2)])
    made.Rows, made.Columns, made.PixelData = 4, 4, np.packbits(np.ones(32, np.uint8), bitorder="little").tobytes()
    report = to_nifti(written(EVEN, made), "nifti")
    (entry,) = [one for one in report.entries if one.title.startswith("66")]
    assert any("the frames have no position" in warning for warning in entry.log.warnings)


def test_the_image_that_a_frame_was_made_from_names_the_series() -> None:
    """Of two series in one place, with other slices, that of the source is taken; no series is listed."""
    made = segmentation(EVEN, [(1, 2), (1, 3)], refers=False)
    name_sources(made, [(uid(1, k + 1), None) for k in (2, 3)])
    folder = written(EVEN, made)
    others = ct(EVEN[:5])
    for n, ds in enumerate(others):
        ds.SeriesInstanceUID, ds.SeriesNumber = uid(2), 2
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(2, n)
    save(folder / "other", others)
    assert images(folder)["66_series_1"].shape[2] == len(EVEN)
