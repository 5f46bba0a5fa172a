"""Segments that were drawn at several times of a 4D image become objects of their own, which refer to images of their time."""

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import read
from support.panel_helpers import report, run, settle
from support.slicer_helpers import ijk_to_ras

PLACES = (0, 2)
"""The times that were drawn at."""


def labels_at(shape, time):
    voxels = np.zeros(shape, np.uint8)
    voxels[1, 1 + time, 2:4] = 1
    return voxels


def mask_of(slicer, volume, time):
    voxels = labels_at(slicer.util.arrayFromVolume(volume).shape, time)
    return slicer.util.addVolumeFromArray(voxels, ijk_to_ras(volume), "x", "vtkMRMLLabelMapVolumeNode")


def segmentation_at(slicer, volume, time):
    node, mask = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesion"), mask_of(slicer, volume, time)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(mask, node)
    node.GetSegmentation().GetNthSegment(0).SetName("tumor")
    slicer.mrmlScene.RemoveNode(mask)
    return node


@pytest.fixture
def volume(plugin, load, write_series, tmp_path):
    """The volume that shows a series of four slices at three times."""
    shared = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.4", "FrameOfReferenceUID": "1.2.5"}
    files = []
    for time in range(3):
        for path in write_series(tmp_path / str(time), **shared, SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR"):
            ds = pydicom.dcmread(path)
            ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = time + 1, 3
            ds.AcquisitionTime, ds.InstanceNumber = f"12000{time}", 4 * time + ds.InstanceNumber
            files.append(tmp_path / "original" / f"{ds.InstanceNumber}.dcm")
            files[-1].parent.mkdir(exist_ok=True)
            ds.save_as(files[-1])
    return load(files)


@pytest.fixture
def drawn(slicer, volume):
    """A segmentation with an item at the first and the last time; the first one is shown."""
    from NiftiDicomBridgeLib.Nodes.NodeKinds import browser_of

    browser = browser_of(volume)
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "lesion")
    images = browser.GetSequenceNode(volume)
    for keyword in ("IndexName", "IndexUnit", "IndexType"):
        getattr(sequence, f"Set{keyword}")(getattr(images, f"Get{keyword}")())
    for time in PLACES:
        node = segmentation_at(slicer, volume, time)
        sequence.SetDataNodeAtValue(node, images.GetNthIndexValue(time))
        slicer.mrmlScene.RemoveNode(node)
    browser.AddSynchronizedSequenceNode(sequence)
    node = browser.GetProxyNode(sequence)
    node.SetName("lesion")
    show(slicer, volume, node, 0)
    return node


def show(slicer, volume, node, time):
    """Select a time in the sequence browser."""
    from NiftiDicomBridgeLib.Nodes.NodeKinds import browser_of

    browser_of(volume).SetSelectedItemNumber(time)
    slicer.app.processEvents()
    node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())


def sources_of(path):
    """Return the UIDs of the images that the frames of an object refer to."""
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    return {group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for group in groups}


def places_of(labels, matrix):
    """Return where the labels are, mm."""
    kji = np.argwhere(labels)
    points = np.column_stack([kji[:, ::-1], np.ones(len(kji))]) @ matrix.T
    return points[np.lexsort(points.T.round(3))]


def check(slicer, volume, outputs):
    """Each object has the labels of one time, and refers to images of that time only."""
    from NiftiDicomBridgeLib.Nodes.NodeKinds import sequence_of

    images = sequence_of(volume)
    first = images.GetNthDataNode(0).GetAttribute("DICOM.instanceUIDs").split()
    files = [slicer.dicomDatabase.fileForInstance(uid) for uid in first]
    for time, path in zip(PLACES, outputs, strict=True):
        (found,) = [one for one in read([path, *files]) if one.intent == "label"]
        expected = labels_at(slicer.util.arrayFromVolume(volume).shape, time)
        places = [places_of(found.array[0], found.ijk_to_ras), places_of(expected, ijk_to_ras(volume))]
        np.testing.assert_allclose(*places, atol=1e-3)
        uids = images.GetNthDataNode(time).GetAttribute("DICOM.instanceUIDs").split()
        assert sources_of(path) <= set(uids)


def test_segments_of_each_time_become_an_object(slicer, logic, volume, drawn):
    report = logic.volumesToDicom([drawn])
    assert report.ok, [entry.error for entry in report.entries]
    assert [pydicom.dcmread(path).SeriesDescription for path in report.outputs] == ["lesion_time_0_s", "lesion_time_2_s"]
    check(slicer, volume, report.outputs)
    assert "other times" not in " ".join(text for entry in report.entries for text in entry.log.warnings)


def test_segments_of_each_time_become_an_image(logic, drawn, tmp_path):
    report = logic.exportVolumes([drawn], tmp_path)
    assert [entry.title for entry in report.entries] == ["lesion time 0 s", "lesion time 2 s"]
    images = [path for path in report.outputs if path.name.endswith(".nii.gz")]
    assert [path.name for path in images] == ["lesion_time_0_s.nii.gz", "lesion_time_2_s.nii.gz"]
    assert not any(entry.log.warnings for entry in report.entries)
    assert [int(read(path)[0].array.sum()) for path in images] == [2, 2]


def test_segments_of_one_time_refer_to_its_images(slicer, logic, volume, drawn):
    from NiftiDicomBridgeLib.Nodes.NodeKinds import sequence_of

    show(slicer, volume, drawn, 2)
    sequence_of(drawn).RemoveDataNodeAtValue(sequence_of(drawn).GetNthIndexValue(0))
    report = logic.volumesToDicom([drawn])
    (path,) = report.outputs
    uids = sequence_of(volume).GetNthDataNode(2).GetAttribute("DICOM.instanceUIDs").split()
    assert sources_of(path) <= set(uids)
    assert pydicom.dcmread(path).SeriesDescription == "lesion"


def test_proposals_are_of_each_time(logic, drawn):
    proposals = logic.propose([drawn])
    assert [(proposal.path.name, proposal.error) for proposal in proposals] == [
        ("lesion_time_0_s", ""),
        ("lesion_time_2_s", ""),
    ]


def test_the_panel_converts_each_time(slicer, panel, volume, drawn, tmp_path):
    panel.offerNodes([drawn])
    settle(panel)
    panel.ui.databaseCheckBox.setChecked(False)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "dicom")
    assert [row.name for row in panel.importing.rows.all] == ["lesion_time_0_s", "lesion_time_2_s"]
    run(panel, panel.ui.importButton)
    assert "2 converted" in report(panel)
    check(slicer, volume, sorted((tmp_path / "dicom").rglob("*.dcm")))
