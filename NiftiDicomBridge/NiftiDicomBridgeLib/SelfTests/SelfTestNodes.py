"""Nodes of every kind: images that Slicer shows in another way than they are stored, segmentations, copies, edits."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

import numpy as np
import slicer

from .SelfTestCase import BridgeTestCase
from .SelfTestData import (
    PET,
    RT_DOSE,
    TERMINOLOGY,
    XRAY,
    add_box,
    add_diffusion,
    write_object,
    write_series,
    write_uneven_series,
)

INVERTED = {"PhotometricInterpretation": "MONOCHROME1", "Modality": "DX"}
SEGMENT_TAGS = {
    "SegmentAlgorithmType": "AUTOMATIC",
    "SegmentAlgorithmName": "nnU-Net",
    "TrackingID": "lesion 1",
    "TrackingUID": "1.2.3",
}
WEIGHTINGS = {0.0: (0.0, 0.0, 0.0), 1000.0: (1.0, 0.0, 0.0), 2000.0: (0.0, 0.6, 0.8)}


class NodeTests(BridgeTestCase):
    """Unedited nodes come back identical; edited ones keep what their values mean."""

    def test_image_without_position_comes_back_identical(self) -> None:
        """Slicer places its first pixel at the origin."""
        self._assert_comes_back_identical(write_object(self.folder / "original", XRAY, Modality="DX"))

    def test_inverted_image_comes_back_identical(self) -> None:
        """MONOCHROME1: Slicer shows it inverted."""
        self._assert_comes_back_identical(write_object(self.folder / "original", XRAY, **INVERTED))

    def test_dose_comes_back_identical(self) -> None:
        """Slicer shows stored integers, which DoseGridScaling converts to Gray."""
        attributes = {"Modality": "RTDOSE", "DoseGridScaling": "1e-6", "DoseUnits": "GY"}
        self._assert_comes_back_identical(write_object(self.folder / "original", RT_DOSE, **attributes))

    def test_segmentation_comes_back_identical_with_its_metadata(self) -> None:
        """Terminology, anatomic region, algorithm and tracking of a segment are in DICOM and survive the round trip."""
        import pydicom

        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesions")
        segment = add_box(node, "mass", 3)
        segment.SetTag(segment.GetTerminologyEntryTagName(), TERMINOLOGY)
        for name, value in SEGMENT_TAGS.items():
            segment.SetTag("DICOM." + name, value)
        (path,) = self.logic.volumesToDicom([node]).outputs
        (item,) = pydicom.dcmread(path).SegmentSequence
        self.assertEqual(item.AnatomicRegionSequence[0].CodeValue, "10200004")
        self.assertEqual({name: item[name].value for name in SEGMENT_TAGS}, SEGMENT_TAGS)
        slicer.mrmlScene.Clear()
        self._assert_comes_back_identical(path)

    def test_labels_on_uneven_slices_are_where_the_slices_are(self) -> None:
        """The loader puts the volume below an acquisition transform, which moves the last slice."""
        import pydicom

        files = write_uneven_series(self.folder / "original")
        volume = self._load(files)
        voxels = np.ones(slicer.util.arrayFromVolume(volume).shape, np.uint8)
        node = slicer.util.addVolumeFromArray(voxels, self._ijk_to_ras(volume), "labels", "vtkMRMLLabelMapVolumeNode")
        self.assertTrue(volume.GetTransformNodeID())
        node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        (path,) = report.outputs
        frames = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
        written = sorted(list(map(float, frame.PlanePositionSequence[0].ImagePositionPatient)) for frame in frames)
        expected = sorted(list(map(float, pydicom.dcmread(path).ImagePositionPatient)) for path in files)
        np.testing.assert_allclose(written, expected, atol=1e-4)

    def test_segments_far_apart_become_one_object(self) -> None:
        """Boxes at -50 and +50 mm without a reference geometry, and one that overlaps."""
        import pydicom

        from nifti_dicom_bridge import read, segments_of

        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "boxes")
        places = {"left": -25, "right": 25, "also right": 26}
        for name, first in places.items():
            add_box(node, name, first)
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        (path,) = report.outputs
        self.assertEqual([item.SegmentLabel for item in pydicom.dcmread(path).SegmentSequence], list(places))
        for volume in read(path):
            for segment in segments_of(volume):
                k, j, i = np.argwhere(volume.voxels[0] == segment.number).mean(axis=0)
                middle = (volume.ijk_to_ras @ [i, j, k, 1])[0]
                self.assertAlmostEqual(middle, 2 * places[segment.label] + 2, places=3)

    def test_copies_of_a_series_become_series_of_their_own(self) -> None:
        """The original is in the database already; edited copies are new series with the names of their nodes."""
        import pydicom

        node = self._load(write_series(self.folder / "original"))
        masked, smoothed = (
            slicer.vtkSlicerVolumesLogic.CloneVolumeGeneric(slicer.mrmlScene, node, name, True)
            for name in ("masked", "smoothed")
        )
        slicer.util.arrayFromVolume(masked)[:2] = 0
        slicer.util.updateVolumeFromArray(smoothed, slicer.util.arrayFromVolume(node).astype(np.float32) + 0.25)
        report = self.logic.volumesToDicom([node, masked, smoothed])
        self._assert_all_done(report)
        data_sets = [pydicom.dcmread(path) for path in report.outputs]
        self.assertEqual({ds.SeriesDescription: ds.SeriesNumber for ds in data_sets}, {"ramp": 7, "masked": 8, "smoothed": 9})

    def test_edited_inverted_image_shows_the_edit(self) -> None:
        """The derived object, loaded again, has the voxels of the node."""
        node = self._load([write_object(self.folder / "original", XRAY, **INVERTED)])
        voxels = slicer.util.arrayFromVolume(node)
        voxels[0, 1, 2] = voxels[0, 3, 4]
        expected = np.array(voxels)
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries(self.logic.seriesUIDs(report))[0])
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), expected)

    def test_smoothed_pet_stays_pet(self) -> None:
        """Float values become PET again, with units, study date and frame of reference."""
        import pydicom

        files = write_series(self.folder / "original", SOPClassUID=PET, Modality="PT", Units="BQML", RescaleIntercept="0")
        original = pydicom.dcmread(files[0])
        node = self._load(files)
        slicer.util.updateVolumeFromArray(node, slicer.util.arrayFromVolume(node).astype(np.float64) * 0.93 + 0.01)
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        self.assertEqual([entry.outcome.value for entry in report.entries], ["derived"])
        for ds in map(pydicom.dcmread, report.outputs):
            for name in ("SOPClassUID", "Modality", "Units", "StudyDate", "FrameOfReferenceUID"):
                self.assertEqual(ds[name].value, original[name].value)

    def test_edited_diffusion_keeps_its_weightings(self) -> None:
        """The b-values and directions of the node are in the public attributes."""
        import pydicom

        node = add_diffusion("dwi", WEIGHTINGS)
        first = self.logic.volumesToDicom([node])
        self._assert_all_done(first)
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries(self.logic.seriesUIDs(first))[0])
        voxels = slicer.util.arrayFromVolume(loaded)
        voxels[...] = voxels // 2
        report = self.logic.volumesToDicom([loaded])
        self._assert_all_done(report)
        self.assertEqual([entry.outcome.value for entry in report.entries], ["derived"])
        weightings = [
            (ds.DiffusionBValue, ds.get("DiffusionGradientOrientation")) for ds in map(pydicom.dcmread, report.outputs)
        ]
        self.assertEqual({b_value for b_value, _ in weightings}, set(WEIGHTINGS))
        for b_value, direction in weightings:
            expected = np.multiply(WEIGHTINGS[b_value], [-1, -1, 1])  # LPS
            np.testing.assert_allclose([0, 0, 0] if direction is None else direction, expected, atol=1e-6)
