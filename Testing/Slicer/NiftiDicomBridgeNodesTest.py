"""Nodes of every kind in Slicer: what its loaders show otherwise than it is stored, segmentations, copies of a series.

Without a build: ``Slicer --testing --no-splash --additional-module-paths <repository>/NiftiDicomBridge --python-code
"import slicer.testing; slicer.testing.runUnitTest(['<repository>/Testing/Slicer'], 'NiftiDicomBridgeNodesTest')"``.
"""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from pathlib import Path

import numpy as np
import slicer

from NiftiDicomBridgeLib.SelfTest import BridgeTestCase, write_series

XRAY, RT_DOSE = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.481.2"


class NiftiDicomBridgeNodesTest(BridgeTestCase):
    """Uses the loaders that the application has; the database is a temporary one."""

    def test_inverted_image_without_position_comes_back_identical(self):
        """MONOCHROME1: Slicer shows it inverted, with its first pixel at the origin."""
        self._assert_comes_back_identical(self._write_one(XRAY, PhotometricInterpretation="MONOCHROME1", Modality="DX"))

    def test_dose_comes_back_identical(self):
        """Slicer shows stored integers, which DoseGridScaling makes Gray."""
        self._assert_comes_back_identical(self._write_one(RT_DOSE, Modality="RTDOSE", DoseGridScaling="1e-6", DoseUnits="GY"))

    def test_edited_inverted_image_shows_the_edit(self):
        """The derived object, loaded again, has the voxels of the node."""
        node = self._load([self._write_one(XRAY, PhotometricInterpretation="MONOCHROME1", Modality="DX")])
        voxels = slicer.util.arrayFromVolume(node)
        voxels[0, 1, 2] = voxels[0, 3, 4]
        expected = np.array(voxels)
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries(self.logic.seriesUIDs(report))[0])
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), expected)

    def test_segments_far_apart_that_overlap_become_one_object(self):
        """Boxes at -50 and +50 mm without an image, and one that overlaps."""
        import pydicom

        from nifti_dicom_bridge import read, segments_of

        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "boxes")
        places = {"left": -25, "right": 25, "also right": 26}
        for name, first in places.items():
            self._add_box(node, name, first)
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        (path,) = report.outputs
        self.assertEqual([item.SegmentLabel for item in pydicom.dcmread(path).SegmentSequence], list(places))
        for volume in read(path):
            for segment in segments_of(volume):
                k, j, i = np.argwhere(volume.voxels[0] == segment.number).mean(axis=0)
                middle = (volume.ijk_to_ras @ [i, j, k, 1])[0]
                self.assertAlmostEqual(middle, 2 * places[segment.label] + 2, places=3)

    def test_copies_of_a_series_become_series_of_their_own(self):
        """The original is there already, a copy with an edit is a new series with its name."""
        import pydicom

        node = self._load(write_series(self.folder / "original"))
        copy = slicer.vtkSlicerVolumesLogic.CloneVolumeGeneric(slicer.mrmlScene, node, "masked", True)
        slicer.util.arrayFromVolume(copy)[:2] = 0
        report = self.logic.volumesToDicom([node, copy])
        self._assert_all_done(report)
        described = {pydicom.dcmread(path).SeriesDescription: pydicom.dcmread(path).SeriesNumber for path in report.outputs}
        self.assertEqual(described, {"ramp": 7, "masked": 8})

    def _assert_comes_back_identical(self, path: Path) -> None:
        import pydicom

        report = self.logic.exportVolumes([self._load([path])], self.folder / "nifti")
        self._assert_all_done(report)
        (restored,) = self._restored_by_core(report.outputs).values()
        self.assertEqual(restored, pydicom.dcmread(path))

    def _write_one(self, sop_class: str, **attributes) -> Path:
        """Write one object without a position."""
        import pydicom

        first, *others = write_series(self.folder / "original", SOPClassUID=sop_class, **attributes)
        for other in others:
            other.unlink()
        ds = pydicom.dcmread(first)
        ds.file_meta.MediaStorageSOPClassUID = sop_class
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept", "RescaleType"):
            delattr(ds, keyword)
        ds.save_as(first)
        return first

    def _add_box(self, node, name: str, first: int) -> None:
        """Add a box of 3 × 2 × 2 voxels, whose first voxel is at 2 × first mm from left to right."""
        grid = np.diag([2.0, 2.0, 3.0, 1.0])
        grid[0, 3] = 2.0 * first
        labels = slicer.util.addVolumeFromArray(np.ones((2, 2, 3), np.uint8), grid, name, "vtkMRMLLabelMapVolumeNode")
        self.assertTrue(slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node))
        slicer.mrmlScene.RemoveNode(labels)
        segmentation = node.GetSegmentation()
        segmentation.GetNthSegment(segmentation.GetNumberOfSegments() - 1).SetName(name)
