"""Volumes that are made of a volume of DICOM on another grid, as by the modules Crop Volume and Resample: their reference."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import ijk_to_ras

ROWS, COLUMNS = 24, 30
PLACE, SIZE = (1, 4, 6), (3, 16, 20)
"""Of a crop: slice, row, column."""


def write_smooth(write_series, folder, seed=0, **attributes):
    """Write a CT series of smooth noise."""
    rng = np.random.default_rng(seed)
    files = write_series(folder, Rows=ROWS, Columns=COLUMNS, **attributes)
    noise = rng.integers(0, 4000, (len(files) + 2, ROWS + 2, COLUMNS + 2)).astype(float)
    smooth = sum(noise[k : k - 2 or None, j : j - 2 or None, i : i - 2 or None] for k, j, i in np.ndindex(3, 3, 3)) / 27
    for path, plane in zip(files, smooth, strict=True):
        ds = pydicom.dcmread(path)
        ds.PixelData = plane.astype("<u2").tobytes()
        ds.save_as(path)
    return files


@pytest.fixture
def volume(load, write_series, tmp_path):
    return load(write_smooth(write_series, tmp_path / "original"))


def added(slicer, array, matrix, name, study_of=None):
    """Add a volume, in the study of another one."""
    node = slicer.util.addVolumeFromArray(array, matrix, name)
    if study_of is not None:
        hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
        study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(study_of))
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), study)
    return node


def cropped(slicer, volume, in_study=False):
    """Return a part of a volume."""
    part = tuple(slice(first, first + count) for first, count in zip(PLACE, SIZE, strict=True))
    array = np.array(slicer.util.arrayFromVolume(volume)[part])
    matrix = ijk_to_ras(volume)
    matrix[:, 3] = matrix @ [*PLACE[::-1], 1]
    return added(slicer, array, matrix, "cropped", volume if in_study else None)


def between(slicer, volume, in_study=True):
    """Return a part of a volume whose voxels are between those of the volume."""
    array = slicer.util.arrayFromVolume(volume).astype(float)
    array = ((array[:, :, 1:] + array[:, :, :-1]) / 2).astype(np.int16)
    matrix = ijk_to_ras(volume)
    matrix[:, 3] = matrix @ [0.5, 0, 0, 1]
    return added(slicer, array, matrix, "between", volume if in_study else None)


def made_of(report, files):
    """Return whether DICOM is CT in patient, study and space of the original."""
    original = pydicom.dcmread(files[0])
    names = ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "Modality")
    return all(pydicom.dcmread(path).get(name) == original.get(name) for path in report.outputs for name in names)


@pytest.fixture
def original(tmp_path):
    return tmp_path / "original"


@pytest.mark.parametrize("in_study", [True, False])
def test_a_crop_is_in_patient_and_space_of_its_volume(slicer, logic, volume, original, in_study):
    report = logic.volumesToDicom([cropped(slicer, volume, in_study)])
    assert report.ok, report.entries[0].error
    assert made_of(report, sorted(original.glob("*.dcm")))


def test_an_interpolated_part_in_the_study_is_in_the_space_of_its_volume(slicer, logic, volume, original):
    report = logic.volumesToDicom([between(slicer, volume)])
    assert report.ok, report.entries[0].error
    assert made_of(report, sorted(original.glob("*.dcm")))


def segmentation_on(slicer, volume):
    """Add a segmentation with the grid of a volume, in no study."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesion")
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    voxels[1, 4:6, 7:9] = 1
    mask = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(volume), "mask", "vtkMRMLLabelMapVolumeNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(mask, node)
    slicer.mrmlScene.RemoveNode(mask)
    return node


def test_segments_on_a_crop_refer_to_the_original(slicer, logic, volume, original):
    report = logic.volumesToDicom([segmentation_on(slicer, cropped(slicer, volume))])
    assert report.ok, report.entries[0].error
    (ds,) = map(pydicom.dcmread, report.outputs)
    first = pydicom.dcmread(next(original.glob("*.dcm")))
    assert (ds.PatientID, ds.FrameOfReferenceUID) == (first.PatientID, first.FrameOfReferenceUID)
    assert ds.ReferencedSeriesSequence[0].SeriesInstanceUID == first.SeriesInstanceUID


def test_similar_values_outside_of_the_study_are_not_enough(slicer, logic, volume):
    report = logic.volumesToDicom([between(slicer, volume, in_study=False)])
    assert report.ok, report.entries[0].error
    assert {pydicom.dcmread(path).PatientID for path in report.outputs} == {""}


def test_other_values_are_of_no_volume(slicer, logic, volume, original):
    node = cropped(slicer, volume, in_study=True)
    slicer.util.arrayFromVolume(node)[:] = np.random.default_rng(9).integers(0, 1000, SIZE)
    report = logic.volumesToDicom([node])
    assert report.ok, report.entries[0].error
    first = pydicom.dcmread(next(original.glob("*.dcm")))
    found = [pydicom.dcmread(path) for path in report.outputs]
    assert {ds.PatientID for ds in found} == {first.PatientID}  # by the subject hierarchy
    assert first.FrameOfReferenceUID not in {ds.FrameOfReferenceUID for ds in found}


def test_the_same_image_of_two_patients_settles_no_patient(slicer, logic, load, write_series, tmp_path):
    first = load(write_smooth(write_series, tmp_path / "original"))
    load(write_smooth(write_series, tmp_path / "other", PatientID="NDB-2", PatientName="Other^Person"))
    report = logic.volumesToDicom([cropped(slicer, first)])
    assert report.ok, report.entries[0].error
    assert {pydicom.dcmread(path).PatientID for path in report.outputs} == {""}


def test_of_two_volumes_of_a_study_the_one_with_its_values_counts(slicer, logic, load, write_series, tmp_path):
    shared = {"StudyInstanceUID": "1.2.3.4"}
    first = load(write_smooth(write_series, tmp_path / "original", **shared))
    load(write_smooth(write_series, tmp_path / "other", seed=1, SeriesNumber=8, **shared))
    report = logic.volumesToDicom([cropped(slicer, first, in_study=True)])
    assert report.ok, report.entries[0].error
    assert made_of(report, sorted((tmp_path / "original").glob("*.dcm")))


def test_a_segmentation_whose_series_is_in_another_database_has_the_patient_of_its_volume(
    slicer, logic, volume, original, tmp_path
):
    from DICOMLib import DICOMUtils

    node = segmentation_on(slicer, volume)
    (tmp_path / "another").mkdir()
    assert DICOMUtils.openDatabase(str(tmp_path / "another"))
    report = logic.volumesToDicom([node], database=False, folder=tmp_path / "dicom")
    assert report.ok, report.entries[0].error
    assert "not in Slicer's DICOM database" in " ".join(report.entries[0].log.warnings)
    (ds,), first = map(pydicom.dcmread, report.outputs), pydicom.dcmread(next(original.glob("*.dcm")))
    assert (ds.PatientID, ds.PatientName, ds.StudyInstanceUID) == (first.PatientID, first.PatientName, first.StudyInstanceUID)
