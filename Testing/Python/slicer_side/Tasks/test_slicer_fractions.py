"""Probabilities of several segments in one object: each volume stays that of its segment."""

import numpy as np
import pytest

from phantoms import PHANTOMS


@pytest.fixture
def fractions(slicer, plugin, database, logic, tmp_path):
    """The volumes of a fractional Segmentation with two segments, by the names of the segments."""
    from DICOMLib import DICOMUtils

    from NiftiDicomBridgeLib.Host import Database

    PHANTOMS["segmentation_fractional"].write(tmp_path / "original")
    DICOMUtils.importDicom(str(tmp_path / "original"))
    (series,) = Database.all_series()
    logic.loadSeries([series.uid])
    return slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")


def halved(slicer, node):
    voxels = slicer.util.arrayFromVolume(node)
    voxels[:] = voxels // 2
    return np.array(voxels)


@pytest.mark.parametrize("number", [0, 1])
def test_an_edited_segment_is_written_as_that_segment(slicer, logic, fractions, number, tmp_path):
    from nifti_dicom_bridge import read

    expected = halved(slicer, fractions[number])
    report = logic.exportVolumes([fractions[number]], tmp_path / "nifti")
    assert report.ok, report.entries[0].error
    assert f"segment {number + 1} is 'part {number + 1}'" in " ".join(report.entries[0].log.warnings)
    (image,) = [path for path in report.outputs if path.name.endswith(".nii.gz")]
    assert f"segment{number + 1}" in image.name
    assert sorted(read(image)[0].array.ravel().tolist()) == sorted(expected.ravel().tolist())


@pytest.mark.parametrize("number", [0, 1])
def test_an_edit_where_nothing_states_the_segment_is_refused(slicer, logic, fractions, number, tmp_path):
    node = fractions[number]
    node.RemoveAttribute("NiftiDicomBridge.FirstFrame")
    assert "Unchanged" in " ".join(logic.exportVolumes([node], tmp_path / "as it was").entries[0].log.notes)
    halved(slicer, node)
    (entry,) = logic.exportVolumes([node], tmp_path / "nifti").entries
    assert "may be each of 2 images in its DICOM instances" in entry.error
    assert not (tmp_path / "nifti").exists() or not list((tmp_path / "nifti").iterdir())
