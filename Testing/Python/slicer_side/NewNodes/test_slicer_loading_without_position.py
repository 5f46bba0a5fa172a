"""Segmentations of DICOM without a position are loaded on the pixels of their image, and written as they were."""

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import to_nifti
from phantoms.base import save, uid
from phantoms.multiframe import name_sources, segments
from support.slicer_helpers import COLUMNS, ROWS, XA, ijk_to_ras, outcomes

pytestmark = pytest.mark.slow


@pytest.fixture
def cine(load, tmp_path):
    """The volume that shows a cine of four frames."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_object

    path = write_object(tmp_path / "original", XA, Modality="XA", FrameTime="33", NumberOfFrames=4)
    ds = pydicom.dcmread(path)
    ds.PixelData = 4 * ds.PixelData
    ds.save_as(path)
    return load([path])


def drawn_on(slicer, volume):
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    voxels[0, ROWS, COLUMNS] = 1
    voxels[0, 3, 0] = 2
    mask = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(volume), "x", "vtkMRMLLabelMapVolumeNode")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(mask, node)
    slicer.mrmlScene.RemoveNode(mask)
    return node


def drawn():
    import slicer

    (volume,) = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if node.GetImageData()]
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, bool)
    first, second = voxels.copy(), voxels
    first[0, ROWS, COLUMNS], second[0, 3, 0] = True, True
    return volume, [first, second]


def masks_on(volume, node):
    from NiftiDicomBridgeLib.Nodes.SegmentMasks import Grid, masks_of, on_grid

    grid = Grid(volume.GetImageData().GetDimensions()[::-1], ijk_to_ras(volume))
    return [on_grid(mask, grid) for mask in masks_of(node)]


@pytest.fixture
def written(slicer, logic, radiograph):
    """Series UID of a segmentation of the radiograph in the database; the scene is empty."""
    report = logic.volumesToDicom([drawn_on(slicer, radiograph)])
    assert report.ok, [entry.error for entry in report.entries]
    slicer.mrmlScene.Clear()
    (uid,) = logic.seriesUIDs(report)
    return uid


def uids(node):
    return node.GetAttribute("DICOM.instanceUIDs").split()


def set_mask(slicer, node, number, mask, volume):
    """Draw a segment."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    labels = slicer.util.addVolumeFromArray(mask.astype(np.uint8), ijk_to_ras(volume), "x", "vtkMRMLLabelMapVolumeNode")
    image = logic.CreateOrientedImageDataFromVolumeNode(labels)
    image.UnRegister(None)
    slicer.mrmlScene.RemoveNode(labels)
    segment = node.GetSegmentation().GetNthSegmentID(number)
    assert logic.SetBinaryLabelmapToSegment(image, node, segment, logic.MODE_REPLACE, image.GetExtent())


@pytest.fixture
def shown_errors(slicer, monkeypatch):
    """The errors that the user sees."""
    texts = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, *args, **kwargs: texts.append(text))
    return texts


def loaded(slicer, logic, uid):
    nodes = [slicer.mrmlScene.GetNodeByID(name) for name in logic.loadSeries([uid])]
    return next(node for node in nodes if node.IsA("vtkMRMLSegmentationNode"))


def test_it_is_on_the_pixels_of_its_image(slicer, plugin, logic, written):
    node = loaded(slicer, logic, written)
    volume, expected = drawn()
    np.testing.assert_array_equal(masks_on(volume, node), expected)


def pixels_by_frame(path):
    """Return file attributes, and the pixels of each segment on each frame of the image: (segment, frame) → pixels."""
    ds = pydicom.dcmread(path)
    images = {}
    for group, pixels in zip(ds.PerFrameFunctionalGroupsSequence, ds.pixel_array.reshape(-1, ds.Rows, ds.Columns), strict=True):
        assert "PlanePositionSequence" not in group
        own = group if "SegmentIdentificationSequence" in group else ds.SharedFunctionalGroupsSequence[0]
        number = int(own.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        if pixels.any():
            images[number, int(source.get("ReferencedFrameNumber", 1))] = pixels.astype(bool)
    return ds, images


def test_unchanged_it_is_restored(slicer, plugin, logic, written):
    report = logic.volumesToDicom([loaded(slicer, logic, written)])
    assert outcomes(report) == ["reissued"], report.entries[0].error


def test_unchanged_it_is_restored_from_nifti(slicer, plugin, logic, written, tmp_path):
    report = logic.exportVolumes([loaded(slicer, logic, written)], tmp_path / "nifti")
    assert "Unchanged since Slicer loaded it" in " ".join(report.entries[0].log.notes)


def test_edits_reach_the_pixels_of_the_image(slicer, plugin, logic, written):
    node = loaded(slicer, logic, written)
    volume, (first, second) = drawn()
    first[0, 0, 1] = True
    set_mask(slicer, node, 0, first, volume)
    report = logic.volumesToDicom([node])
    assert outcomes(report) == ["derived"], report.entries[0].error
    ds, images = pixels_by_frame(report.outputs[0])
    np.testing.assert_array_equal(images[1, 1], first[0])
    np.testing.assert_array_equal(images[2, 1], second[0])
    assert ds.StudyInstanceUID == pydicom.dcmread(slicer.dicomDatabase.fileForInstance(uids(volume)[0])).StudyInstanceUID


def test_with_another_segment_it_is_new_and_refers_to_the_image(slicer, plugin, logic, written):
    node = loaded(slicer, logic, written)
    volume, (first, second) = drawn()
    node.GetSegmentation().GetNthSegment(0).SetName("lung")
    third = np.zeros_like(first)
    third[0, 0, :2] = True
    node.GetSegmentation().AddEmptySegment("third", "third")
    set_mask(slicer, node, 2, third, volume)
    report = logic.volumesToDicom([node])
    assert outcomes(report) == ["converted"], report.entries[0].error
    ds, images = pixels_by_frame(report.outputs[0])
    assert [segment.SegmentLabel for segment in ds.SegmentSequence][::2] == ["lung", "third"]
    for number, mask in ((1, first), (2, second), (3, third)):
        np.testing.assert_array_equal(images[number, 1], mask[0])


def test_it_follows_its_image_and_is_refused_apart_from_it(slicer, plugin, logic, written):
    node = loaded(slicer, logic, written)
    volume, _ = drawn()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([2.0, 1, 1, 1])))
    node.SetAndObserveTransformNodeID(transform.GetID())
    (entry,) = logic.volumesToDicom([node]).entries
    assert "has no position in space that could be transformed" in entry.error
    volume.SetAndObserveTransformNodeID(transform.GetID())
    assert outcomes(logic.volumesToDicom([node])) == ["reissued"]


def test_without_its_image_it_is_refused(slicer, plugin, logic, written, shown_errors):
    slicer.dicomDatabase.removeSeries(series_of_image())
    with pytest.raises(Exception, match="loaded nothing"):
        logic.loadSeries([written])
    assert "which is not in Slicer's DICOM database. Import that image" in shown_errors[0]
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_on_an_image_that_is_shown_otherwise_it_is_refused(slicer, plugin, logic, written, shown_errors):
    logic.loadSeries([series_of_image()])
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    volume.SetSpacing(7, 7, 7)
    with pytest.raises(Exception, match="loaded nothing"):
        logic.loadSeries([written])
    assert "where Slicer shows the pixels of that image is not known" in shown_errors[0]


def series_of_image():
    from NiftiDicomBridgeLib.Host import Database

    (series,) = [series for series in Database.all_series() if series.modality == "DX"]
    return series.uid


# --- cines


@pytest.fixture
def of_frames(slicer, logic, cine, tmp_path):
    """Series UID of a segmentation of the frames 2 and 4 of a cine, and the pixels on each; the scene is empty."""
    import nibabel

    masks = {frame: np.zeros(slicer.util.arrayFromVolume(cine).shape[1:], bool) for frame in (2, 4)}
    masks[2][ROWS, COLUMNS] = True
    masks[4][0, :2] = True
    image = slicer.dicomDatabase.fileForInstance(uids(cine)[0])
    report = to_nifti(image, tmp_path / "image")
    (path,) = [path for path in report.outputs if ".nii" in path.name]
    source = nibabel.load(path)
    labels = np.zeros(source.shape, np.uint8)
    for frame, mask in masks.items():
        labels[..., frame - 1].reshape(mask.shape[::-1])[...] = mask.T[:, ::-1]
    nibabel.save(nibabel.Nifti1Image(labels, source.affine), tmp_path / "labels.nii")
    report = logic.importNifti([tmp_path / "labels.nii"], logic.makeOptions(kind="seg", reference=image, allow_no_overlap=True))
    assert report.ok, [entry.error for entry in report.entries]
    slicer.mrmlScene.Clear()
    return logic.seriesUIDs(report)[0], masks


def test_labels_of_frames_are_on_these_frames_only(slicer, plugin, logic, of_frames):
    uid, masks = of_frames
    node = loaded(slicer, logic, uid)
    (browser,) = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    image = browser.GetProxyNode(browser.GetMasterSequenceNode())
    for item in range(4):
        browser.SetSelectedItemNumber(item)
        (mask,) = masks_on(image, node)
        np.testing.assert_array_equal(mask[0], masks.get(item + 1, np.zeros_like(masks[2])))


def test_labels_of_frames_are_restored(slicer, plugin, logic, of_frames):
    report = logic.volumesToDicom([loaded(slicer, logic, of_frames[0])])
    assert outcomes(report) == ["reissued"], report.entries[0].error


@pytest.mark.parametrize("renamed", [False, True])
def test_edits_of_a_frame_reach_that_frame(slicer, plugin, logic, of_frames, renamed):
    uid, masks = of_frames
    node = loaded(slicer, logic, uid)
    (browser,) = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    image = browser.GetProxyNode(browser.GetMasterSequenceNode())
    browser.SetSelectedItemNumber(2)
    masks[3] = np.zeros_like(masks[2])
    masks[3][1, 1] = True
    set_mask(slicer, node, 0, masks[3][np.newaxis], image)
    if renamed:
        node.GetSegmentation().GetNthSegment(0).SetName("vessel")
    report = logic.volumesToDicom([node])
    assert outcomes(report) == ["converted" if renamed else "derived"], report.entries[0].error
    _, images = pixels_by_frame(report.outputs[0])
    assert sorted(images) == [(1, 2), (1, 3), (1, 4)]
    for frame, mask in masks.items():
        np.testing.assert_array_equal(images[1, frame], mask)


# --- of images with a position


@pytest.fixture
def of_slices(slicer, load, logic, write_series, tmp_path):
    """Series UID of a segmentation that only states from which slices of a CT series its frames were made."""
    volume = load(write_series(tmp_path / "original"))
    report = logic.volumesToDicom([drawn_on(slicer, volume)])
    (uid,) = logic.seriesUIDs(report)
    ds = pydicom.dcmread(slicer.dicomDatabase.filesForSeries(uid)[0])
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    ds.SeriesInstanceUID = pydicom.uid.generate_uid()
    images = [slicer.dicomDatabase.fileForInstance(uid) for uid in uids(volume)]
    for groups in ds.PerFrameFunctionalGroupsSequence:
        del groups.PlanePositionSequence
    del ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence, ds.FrameOfReferenceUID
    other = ds.PerFrameFunctionalGroupsSequence[-1].DerivationImageSequence[0].SourceImageSequence[0]
    other.ReferencedSOPInstanceUID = pydicom.dcmread(images[1]).SOPInstanceUID
    (tmp_path / "stripped").mkdir()
    ds.save_as(tmp_path / "stripped" / "seg.dcm")
    from DICOMLib import DICOMUtils

    DICOMUtils.importDicom(str(tmp_path / "stripped"))
    slicer.mrmlScene.Clear()
    return ds.SeriesInstanceUID


def test_frames_of_images_with_a_position_are_where_these_are(slicer, plugin, logic, of_slices):
    node = loaded(slicer, logic, of_slices)
    assert not slicer.util.getNodesByClass("vtkMRMLVolumeNode")
    series = [series for series in all_series() if series.modality == "CT"]
    logic.loadSeries([series[0].uid])
    volume, (first, second) = drawn()
    second[1], second[0] = second[0].copy(), False
    np.testing.assert_array_equal(masks_on(volume, node), [first, second])


# --- probabilities


FRACTIONS = np.arange(60, dtype=np.uint8).reshape(2, 5, 6) * 3
"""Of two segments, of 200."""


def put_fractions(folder, image, lying=((1, 0), (2, 0)), numbers=(None, None)):
    """Import a fractional segmentation without a position."""
    from DICOMLib import DICOMUtils

    ds = segments(FRACTIONS, list(lying))
    name_sources(ds, [(image, number) for number in numbers])
    ds.SegmentationType, ds.SegmentationFractionalType, ds.MaximumFractionalValue = "FRACTIONAL", "PROBABILITY", 200
    save(folder / "seg", [ds])
    DICOMUtils.importDicom(str(folder / "seg"))


def loaded_fractions(slicer, logic):
    (series,) = [series.uid for series in all_series() if series.modality == "SEG"]
    nodes = [slicer.mrmlScene.GetNodeByID(name) for name in logic.loadSeries([series])]
    return [node for node in nodes if node.IsA("vtkMRMLScalarVolumeNode")]


@pytest.fixture
def fractions(slicer, plugin, logic, radiograph, tmp_path):
    """The volumes of two segments."""
    put_fractions(tmp_path, uids(radiograph)[0])
    return loaded_fractions(slicer, logic)


def test_probabilities_are_on_the_pixels_of_their_image(slicer, radiograph, fractions):
    assert [node.GetName().split()[-1] for node in fractions] == ["segment1", "segment2"]
    for node, expected in zip(fractions, FRACTIONS, strict=True):
        np.testing.assert_allclose(ijk_to_ras(node), ijk_to_ras(radiograph))
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node)[0], expected)


def test_unchanged_probabilities_are_restored(logic, fractions, tmp_path):
    for number, node in enumerate(fractions):
        report = logic.exportVolumes([node], tmp_path / str(number))
        assert "Unchanged since Slicer loaded it" in " ".join(report.entries[0].log.notes), report.entries[0].error


def test_edited_probabilities_are_those_of_their_segment(slicer, logic, fractions, tmp_path):
    from nifti_dicom_bridge import read

    slicer.util.arrayFromVolume(fractions[1])[0, 2, 3] = 7
    report = logic.volumesToDicom([fractions[1]], database=False, folder=tmp_path / "back")
    assert outcomes(report) == ["derived"], report.entries[0].error
    expected = FRACTIONS[1].copy()
    expected[2, 3] = 7
    made = [volume for volume in read(report.outputs) if volume.voxels.any()]
    assert [volume.name[-1] for volume in made] == ["2"]
    np.testing.assert_array_equal(made[0].array[0, 0], expected)
    assert all(
        "PlanePositionSequence" not in item for item in pydicom.dcmread(*report.outputs).PerFrameFunctionalGroupsSequence
    )


def test_probabilities_follow_their_image_and_are_refused_apart_from_it(slicer, logic, radiograph, fractions, tmp_path):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3) * 5))
    for node in (radiograph, fractions[0]):
        node.SetAndObserveTransformNodeID(transform.GetID())
    report = logic.exportVolumes([fractions[0]], tmp_path / "together")
    assert "Unchanged since Slicer loaded it" in " ".join(report.entries[0].log.notes), report.entries[0].error
    radiograph.SetAndObserveTransformNodeID(None)
    (entry,) = logic.exportVolumes([fractions[0]], tmp_path / "apart").entries
    assert "has no position in space that could be transformed" in entry.error


# --- what is refused, and who loads


def test_images_that_are_not_specified_are_not_guessed(slicer, plugin, logic, database, shown_errors, tmp_path):
    put_stripped(tmp_path, sources=False)
    with pytest.raises(Exception, match="loaded nothing"):
        logic.loadSeries([series.uid for series in all_series()])
    assert "does not specify one image that it was made from" in shown_errors[0]


def test_probabilities_of_several_frames_without_a_position_are_refused(slicer, plugin, logic, cine, shown_errors, tmp_path):
    put_fractions(tmp_path, uids(cine)[0], lying=[(1, 0), (1, 1)], numbers=[1, 2])
    with pytest.raises(Exception, match="loaded nothing"):
        loaded_fractions(slicer, logic)
    assert "probabilities of several images or frames" in shown_errors[0]


def test_ours_are_the_last_plugins_and_so_load_after_images(slicer, plugin):
    from NiftiDicomBridgeLib.DICOMLoaderPlugin import register

    slicer.modules.dicomPlugins["DICOMScalarVolumePlugin"] = object
    try:
        register()
        names = list(slicer.modules.dicomPlugins)
        assert "NiftiDicomBridge" in names[-1]
        assert names.index("DICOMScalarVolumePlugin") < names.index("DICOMNiftiDicomBridgePlugin")
    finally:
        del slicer.modules.dicomPlugins["DICOMScalarVolumePlugin"]


def all_series():
    from NiftiDicomBridgeLib.Host import Database

    return Database.all_series()


def put_stripped(folder, sources=True):
    """Import a segmentation without a position."""
    from DICOMLib import DICOMUtils

    masks = np.zeros((2, 3, 5), np.uint8)
    masks[0, 1, :3], masks[1, 2, 1] = 1, 1
    ds = segments(masks, [(1, 0), (2, 1)])
    name_sources(ds, [(uid(8), 1), (uid(8), 2)])
    if not sources:
        for groups in ds.PerFrameFunctionalGroupsSequence:
            del groups.DerivationImageSequence
    save(folder / "seg", [ds])
    DICOMUtils.importDicom(str(folder / "seg"))
