"""What was drawn on an image without a position, such as a radiograph, is written on its pixels, and refers to it."""

import nibabel
import numpy as np
import pydicom
import pytest

from support.panel_helpers import report, run, settle, shown
from support.slicer_helpers import COLUMNS, ROWS, XA, ExportDialog, ijk_to_ras, set_ijk_to_ras

pytestmark = pytest.mark.slow


@pytest.fixture
def mask(slicer, radiograph):
    voxels = np.zeros(slicer.util.arrayFromVolume(radiograph).shape, np.uint8)
    voxels[0, ROWS, COLUMNS] = 1
    return slicer.util.addVolumeFromArray(voxels, ijk_to_ras(radiograph), "lung", "vtkMRMLLabelMapVolumeNode")


@pytest.fixture
def segmentation(slicer, radiograph, mask):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(radiograph)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(mask, node)
    slicer.mrmlScene.RemoveNode(mask)
    return node


def assert_refers_to(original, made):
    """The only frame has the pixels that were drawn, and names the image."""
    ds, image = pydicom.dcmread(made), pydicom.dcmread(original)
    (frame,) = ds.PerFrameFunctionalGroupsSequence
    source = frame.DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert (ds.PatientID, ds.StudyInstanceUID) == (image.PatientID, image.StudyInstanceUID)
    assert "PlanePositionSequence" not in frame
    drawn = np.zeros((image.Rows, image.Columns), np.uint8)
    drawn[ROWS, COLUMNS] = 1
    np.testing.assert_array_equal(np.squeeze(ds.pixel_array), drawn)


@pytest.fixture
def original(radiograph, tmp_path):
    (path,) = (tmp_path / "original").iterdir()
    return path


@pytest.mark.parametrize("what", ["mask", "segmentation"])
def test_labels_refer_to_the_image(request, logic, original, what):
    report = logic.volumesToDicom([request.getfixturevalue(what)])
    assert report.ok, [entry.error for entry in report.entries]
    assert_refers_to(original, *report.outputs)


def test_the_export_dialog_writes_them(plugin, segmentation, original, tmp_path):
    exported, error = ExportDialog(segmentation).export(tmp_path / "out")
    assert error == ""
    assert_refers_to(original, *exported)


def test_the_panel_converts_them_with_the_series_of_the_image_only(panel, segmentation, original, tmp_path):
    panel.offerNodes([segmentation])
    settle(panel)
    panel.ui.databaseCheckBox.setChecked(False)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "out")
    (row,) = panel.importing.rows.all
    own = row.reference
    row.refer_to("")
    panel.update_buttons()
    assert "an image without a position" in shown(panel.importing.feedback.hint)
    row.refer_to(own)
    panel.update_buttons()
    run(panel, panel.ui.importButton)
    assert "1 converted" in report(panel)
    assert_refers_to(original, *(tmp_path / "out").rglob("*.dcm"))


def test_labels_on_other_pixels_are_refused(logic, segmentation, radiograph, mask_elsewhere):
    (entry,) = logic.volumesToDicom([mask_elsewhere]).entries
    assert "has no position" in entry.error


@pytest.fixture
def mask_elsewhere(slicer, segmentation, radiograph):
    """A segmentation whose source geometry is the radiograph, with a segment between its pixels."""
    grid = np.array(ijk_to_ras(radiograph))
    grid[0, 3] += 0.4 * np.linalg.norm(grid[:3, 0])
    labels = slicer.util.addVolumeFromArray(np.ones((1, 2, 2), np.uint8), grid, "x", "vtkMRMLLabelMapVolumeNode")
    set_ijk_to_ras(labels, grid)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "elsewhere")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), radiograph.GetID())
    return node


# --- several images of one series, which Slicer shows as slices of one volume


@pytest.fixture
def radiographs(load, tmp_path):
    """Three images of one series and one size."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import XRAY, write_object

    images = [pydicom.dcmread(write_object(tmp_path / str(number), XRAY, Modality="DX")) for number in range(3)]
    (tmp_path / "original").mkdir()
    for number, ds in enumerate(images):
        ds.StudyInstanceUID, ds.SeriesInstanceUID = images[0].StudyInstanceUID, images[0].SeriesInstanceUID
        ds.InstanceNumber, ds.PixelData = number + 1, (ds.pixel_array + 100 * number).tobytes()
        ds.save_as(tmp_path / "original" / f"{number}.dcm")
    return load(sorted((tmp_path / "original").iterdir()))


def image_of_slice(volume, number):
    """Return the file whose pixels Slicer shows as a slice."""
    import slicer

    shown = slicer.util.arrayFromVolume(volume)[number]
    uids = volume.GetAttribute("DICOM.instanceUIDs").split()
    path = slicer.dicomDatabase.fileForInstance(uids[number])
    np.testing.assert_array_equal(shown, pydicom.dcmread(path).pixel_array)
    return path


def segmentation_on(slicer, volume, *numbers):
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    for number in numbers:
        voxels[number, ROWS, COLUMNS] = 1
    mask = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(volume), "x", "vtkMRMLLabelMapVolumeNode")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(mask, node)
    slicer.mrmlScene.RemoveNode(mask)
    return node


@pytest.mark.parametrize("number", range(3))
def test_labels_on_one_of_several_images_refer_to_that_one(slicer, logic, radiographs, number):
    report = logic.volumesToDicom([segmentation_on(slicer, radiographs, number)])
    assert report.ok, [entry.error for entry in report.entries]
    assert_refers_to(image_of_slice(radiographs, number), *report.outputs)


def test_the_panel_converts_labels_on_one_of_several_images(slicer, panel, radiographs, tmp_path):
    panel.offerNodes([segmentation_on(slicer, radiographs, 1)])
    settle(panel)
    panel.ui.databaseCheckBox.setChecked(False)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.importButton)
    assert "1 converted" in report(panel)
    assert_refers_to(image_of_slice(radiographs, 1), *(tmp_path / "out").rglob("*.dcm"))


def test_labels_on_several_images_are_refused_with_what_to_do(slicer, logic, radiographs):
    (entry,) = logic.volumesToDicom([segmentation_on(slicer, radiographs, 0, 2)]).entries
    assert "has labels on 2 images" in entry.error
    assert "Make a segmentation for each of these images" in entry.error


# --- one frame of a cine


@pytest.fixture
def cine(slicer, load, tmp_path):
    """The volume that shows a cine of four frames, and its browser."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_object

    path = write_object(tmp_path / "original", XA, Modality="XA", FrameTime="33", NumberOfFrames=4)
    ds = pydicom.dcmread(path)
    ds.PixelData = 4 * ds.PixelData
    ds.save_as(path)
    return load([path]), slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")[0]


def drawn_on_frame(slicer, cine, number):
    """Return a segmentation in the sequence browser of a cine that was drawn on one of its frames."""
    volume, browser = cine
    node = segmentation_on(slicer, volume, 0)
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "lungs")
    sequence.SetDataNodeAtValue(node, browser.GetMasterSequenceNode().GetNthIndexValue(number))
    browser.AddSynchronizedSequenceNode(sequence)
    browser.AddProxyNode(node, sequence, False)
    browser.SetSelectedItemNumber(number)
    return node


@pytest.mark.parametrize("number", [0, 2, 3])
def test_labels_on_one_frame_of_a_cine_refer_to_that_frame(slicer, logic, cine, number):
    report = logic.volumesToDicom([drawn_on_frame(slicer, cine, number)])
    assert report.ok, [entry.error for entry in report.entries]
    assert f"on frame {number + 1} of" in " ".join(report.entries[0].log.warnings)
    ds = pydicom.dcmread(*report.outputs)
    frames = {
        int(group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber): int(pixels.sum())
        for group, pixels in zip(ds.PerFrameFunctionalGroupsSequence, np.atleast_3d(ds.pixel_array), strict=True)
    }
    assert {frame for frame, count in frames.items() if count} == {number + 1}
    assert frames[number + 1] == 6


def draw_on_frame(slicer, cine, node, number, rows, name=""):
    """Give a segmentation that is browsed with a cine an item on another frame, with a segment on some rows."""
    volume, browser = cine
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    voxels[0, rows] = 1
    mask = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(volume), "x", "vtkMRMLLabelMapVolumeNode")
    item = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other")
    item.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(mask, item)
    first = node.GetSegmentation().GetNthSegment(0).GetName()
    item.GetSegmentation().GetNthSegment(0).SetName(name or first)
    place = browser.GetMasterSequenceNode().GetNthIndexValue(number)
    browser.GetSequenceNode(node).SetDataNodeAtValue(item, place)
    for made in (mask, item):
        slicer.mrmlScene.RemoveNode(made)
    return voxels[0]


def frames_of(path):
    """Return segment name and number of the frame of the image → pixels of each frame that has some."""
    ds = pydicom.dcmread(path)
    names = {int(segment.SegmentNumber): segment.SegmentLabel for segment in ds.SegmentSequence}
    shared = ds.SharedFunctionalGroupsSequence[0]

    def number_of(group):
        groups = group if "SegmentIdentificationSequence" in group else shared
        return int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)

    pixels = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)
    return {
        (
            names[number_of(group)],
            int(group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber),
        ): frame
        for group, frame in zip(ds.PerFrameFunctionalGroupsSequence, pixels, strict=True)
        if frame.any()
    }


def test_labels_on_several_frames_of_a_cine_are_on_these_frames(slicer, logic, cine):
    node = drawn_on_frame(slicer, cine, 1)
    first = node.GetSegmentation().GetNthSegment(0).GetName()
    shown = np.zeros_like(draw_on_frame(slicer, cine, node, 3, slice(0, 1)))
    shown[ROWS, COLUMNS] = 1
    report = logic.volumesToDicom([node])
    assert report.ok, [entry.error for entry in report.entries]
    assert "has segments on the frames 2, 4 of" in " ".join(report.entries[0].log.warnings)
    frames = frames_of(*report.outputs)
    assert sorted(frames) == [(first, 2), (first, 4)]
    np.testing.assert_array_equal(frames[first, 2], shown)
    assert frames[first, 4][0].all()
    assert not frames[first, 4][1:].any()


def test_labels_on_another_frame_than_the_one_shown_are_written(slicer, logic, cine):
    """The one that is shown has an item, without voxels."""
    node = drawn_on_frame(slicer, cine, 1)
    first = node.GetSegmentation().GetNthSegment(0).GetName()
    draw_on_frame(slicer, cine, node, 3, slice(0, 1))
    node.GetSegmentation().RemoveAllSegments()
    node.GetSegmentation().AddEmptySegment("Segment_1", first)
    report = logic.volumesToDicom([node])
    assert report.ok, [entry.error for entry in report.entries]
    assert [frame for _, frame in frames_of(*report.outputs)] == [4]


def test_a_segment_of_one_frame_only_is_written(slicer, logic, cine):
    node = drawn_on_frame(slicer, cine, 1)
    cine[1].SetSaveChanges(cine[1].GetSequenceNode(node), True)
    node.GetSegmentation().GetNthSegment(0).SetName("vessel")
    sequence = cine[1].GetSequenceNode(node)
    draw_on_frame(slicer, cine, node, 3, slice(0, 1), "lesion")
    item = sequence.GetNthDataNode(1).GetSegmentation()
    lesion = item.GetNthSegment(0)
    item.AddSegment(lesion, "own")
    item.RemoveSegment(item.GetNthSegmentID(0))
    item.GetSegment("own").SetName("lesion")
    report = logic.volumesToDicom([node])
    assert report.ok, [entry.error for entry in report.entries]
    assert sorted(frames_of(*report.outputs)) == [("lesion", 4), ("vessel", 2)]


def test_a_segment_with_two_names_is_refused(slicer, logic, cine):
    node = drawn_on_frame(slicer, cine, 1)
    cine[1].SetSaveChanges(cine[1].GetSequenceNode(node), True)
    node.GetSegmentation().GetNthSegment(0).SetName("vessel")
    draw_on_frame(slicer, cine, node, 3, slice(0, 1), "lesion")
    item = cine[1].GetSequenceNode(node).GetNthDataNode(1).GetSegmentation()
    item.AddSegment(item.GetNthSegment(0), node.GetSegmentation().GetNthSegmentID(0))
    (entry,) = logic.volumesToDicom([node]).entries
    assert "has different names on different frames: lesion, vessel" in entry.error


def test_nifti_of_labels_on_several_frames_has_all_of_them(slicer, logic, cine, tmp_path):
    node = drawn_on_frame(slicer, cine, 1)
    draw_on_frame(slicer, cine, node, 3, slice(0, 1))
    report = logic.exportVolumes([node], tmp_path / "out")
    assert report.ok, [entry.error for entry in report.entries]
    assert "has segments on the frames 2, 4 of" in " ".join(report.entries[0].log.warnings)
    (path,) = [path for path in report.outputs if path.name.endswith(".nii.gz")]
    planes = np.asarray(nibabel.load(path).dataobj)
    assert sum(plane.any() for plane in np.moveaxis(planes, 2, 0)) == 2


def test_labels_on_a_cine_whose_frame_is_not_stated_are_refused(slicer, logic, cine):
    (entry,) = logic.volumesToDicom([segmentation_on(slicer, cine[0], 0)]).entries
    assert "has no position" in entry.error
    assert "Add it to the sequence browser" in " ".join(entry.log.warnings)


def test_labels_that_another_frame_than_the_one_shown_has_are_refused(slicer, logic, cine):
    node = drawn_on_frame(slicer, cine, 1)
    cine[1].SetSelectedItemNumber(3)
    (entry,) = logic.volumesToDicom([node]).entries
    assert "has no position" in entry.error


@pytest.mark.parametrize("group", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])
def test_a_position_of_a_frame_is_seen(slicer, database, tmp_path, group):
    from NiftiDicomBridgeLib.Host import DicomHeaders
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import XRAY, write_object

    path = write_object(tmp_path, XRAY)
    assert not DicomHeaders.has_frame_positions(path)
    ds, item, plane = pydicom.dcmread(path), pydicom.Dataset(), pydicom.Dataset()
    plane.ImagePositionPatient, item.PlanePositionSequence = [1, 2, 3], [plane]
    setattr(ds, group, [item])
    ds.save_as(path)
    assert DicomHeaders.has_frame_positions(path)
    assert not DicomHeaders.has_frame_positions(tmp_path / "gone.dcm")
