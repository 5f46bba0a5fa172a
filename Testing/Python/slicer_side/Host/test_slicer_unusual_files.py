"""DICOM files that Slicer's database takes, and that are written in an unusual way."""

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge.options import SegmentationForm
from support.seg_objects import named_segmentation
from support.slicer_helpers import outcomes


def without_preamble(path):
    """Write a file again as a data set alone (PS3.10 7.1)."""
    ds = pydicom.dcmread(path)
    del ds.preamble, ds.file_meta
    ds.save_as(path, enforce_file_format=False, implicit_vr=True, little_endian=True)
    assert b"DICM" not in path.read_bytes()


@pytest.fixture
def label_map(tmp_path):
    """Write a Label Map Segmentation whose background is 9, and return the file."""
    ds = named_segmentation(SegmentationForm.LABELMAP)
    stored = ds.pixel_array.copy()
    stored[stored == 0] = 9
    ds.PixelData = stored.tobytes()
    ds.SegmentSequence = [item for item in ds.SegmentSequence if item.SegmentNumber]
    ds.add_new("PixelPaddingValue", "US", 9)
    path = tmp_path / "original" / "labels.dcm"
    path.parent.mkdir()
    ds.save_as(path, enforce_file_format=True)
    return path


def test_an_image_without_preamble_is_unedited(logic, load, tmp_path):
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import XRAY, write_object

    path = write_object(tmp_path / "original", XRAY, Modality="DX")
    without_preamble(path)
    report = logic.exportVolumes([load([path])], tmp_path / "nifti")
    assert report.ok, report.entries[0].error
    assert "Unchanged since Slicer loaded it" in " ".join(report.entries[0].log.notes)


def test_a_command_gets_an_image_without_preamble(logic, load, tmp_path):
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import XRAY, write_object

    path = write_object(tmp_path / "original", XRAY, Modality="DX")
    without_preamble(path)
    report = logic.applyCommand("cp {input} {output}", load([path]))
    assert report.ok, report.entries[0].error


def test_background_of_another_value_is_not_a_segment(plugin, load, label_map):
    segmentation = load([label_map]).GetSegmentation()
    names = [segmentation.GetNthSegment(number).GetName() for number in range(segmentation.GetNumberOfSegments())]
    assert names == ["spleen", "liver", "κύστη"]


def test_a_label_map_with_background_of_another_value_is_restored(plugin, logic, load, label_map):
    assert outcomes(logic.volumesToDicom([load([label_map])], {"uids": "keep"})) == ["restored"]


def test_an_edit_keeps_background_of_another_value(slicer, plugin, logic, load, label_map, tmp_path):
    from nifti_dicom_bridge import read

    node = load([label_map])
    key = node.GetSegmentation().GetNthSegmentID(0)
    voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(node, key)
    erased = tuple(np.argwhere(voxels == node.GetSegmentation().GetSegment(key).GetLabelValue())[0])
    voxels[erased] = 0
    node.GetSegmentation().GetSegment(key).Modified()
    report = logic.volumesToDicom([node], database=False, folder=tmp_path / "edited")
    assert outcomes(report) == ["derived"], report.entries[0].error
    (before,), (after,) = read(label_map), read(report.outputs)
    labels = [np.where(volume.array == 9, 0, volume.array) for volume in (before, after)]
    assert labels[0][labels[0] != labels[1]].tolist() == [1]
    assert labels[1][labels[0] != labels[1]].tolist() == [0]


def test_tiles_of_a_slide_are_shown_as_slices_only_if_that_is_chosen(plugin, database, label_map):
    from DICOMLib import DICOMUtils

    ds = pydicom.dcmread(label_map)
    ds.TotalPixelMatrixRows, ds.TotalPixelMatrixColumns = 8, 10
    ds.save_as(label_map)
    DICOMUtils.importDicom(str(label_map.parent))
    (loadable,) = plugin.examineFiles([str(label_map)])
    assert (loadable.selected, loadable.confidence) == (False, 0.3)
    assert "not at their places" in loadable.tooltip
