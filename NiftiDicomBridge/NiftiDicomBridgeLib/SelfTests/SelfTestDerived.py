"""What is made of a volume in Slicer: segments at several times, and a part of the volume."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

import numpy as np
import slicer

from .SelfTestCase import BridgeTestCase

SHAPE, PART = (6, 20, 24), (slice(1, 5), slice(4, 16), slice(3, 20))
GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])


def _voxels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1000, SHAPE).astype(np.int16)


class DerivedTests(BridgeTestCase):
    """New objects are in the patient, the study and the space of the images that they were made of."""

    def test_part_of_a_volume_is_in_the_space_of_its_series(self) -> None:
        """As the module Crop Volume makes it."""
        import pydicom

        from ..Host import Database

        volume = self._as_dicom(slicer.util.addVolumeFromArray(_voxels(0), GRID, "whole"))
        matrix = self._ijk_to_ras(volume)
        matrix[:, 3] = matrix @ [*(part.start for part in PART[::-1]), 1]
        part = slicer.util.addVolumeFromArray(np.array(slicer.util.arrayFromVolume(volume)[PART]), matrix, "part")
        report = self.logic.volumesToDicom([part])
        self._assert_all_done(report)
        original = pydicom.dcmread(Database.files_of_instances(self._uids(volume))[0])
        for ds in map(pydicom.dcmread, report.outputs):
            for name in ("StudyInstanceUID", "FrameOfReferenceUID", "Modality"):
                self.assertEqual(ds[name].value, original[name].value)

    def test_segments_of_each_time_refer_to_the_images_of_that_time(self) -> None:
        """Drawn at two times in a sequence browser: two objects."""
        import pydicom

        from ..Nodes.NodeKinds import browser_of, sequence_of

        volume = self._as_dicom(self._sequence(3))
        browser, images = browser_of(volume), sequence_of(volume)
        drawn = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "lesion")
        drawn.SetIndexName(images.GetIndexName())
        drawn.SetIndexUnit(images.GetIndexUnit())
        for time in (0, 2):
            node = self._segmentation(volume, time)
            drawn.SetDataNodeAtValue(node, images.GetNthIndexValue(time))
            slicer.mrmlScene.RemoveNode(node)
        browser.AddSynchronizedSequenceNode(drawn)
        browser.SetSelectedItemNumber(2)
        slicer.app.processEvents()
        node = browser.GetProxyNode(drawn)
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        self.assertEqual(len(report.outputs), 2)
        for time, path in zip((0, 2), report.outputs, strict=True):
            groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
            sources = {group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for group in groups}
            self.assertTrue(sources <= set(self._uids(images.GetNthDataNode(time))))

    def _uids(self, node) -> list[str]:
        return str(node.GetAttribute("DICOM.instanceUIDs")).split()

    def _as_dicom(self, node):
        """Write a node as MR, and load what was written into an empty scene."""
        report = self.logic.volumesToDicom([node], {"kind": "mr"})
        self._assert_all_done(report)
        slicer.mrmlScene.Clear()
        ids = self.logic.loadSeries(self.logic.seriesUIDs(report))
        return next(node for node in map(slicer.mrmlScene.GetNodeByID, ids) if node.IsA("vtkMRMLScalarVolumeNode"))

    def _sequence(self, times: int):
        sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "beating")
        sequence.SetIndexName("time")
        sequence.SetIndexUnit("s")
        for number in range(times):
            frame = slicer.util.addVolumeFromArray(_voxels(number), GRID, "frame")
            sequence.SetDataNodeAtValue(frame, str(2 * number))
            slicer.mrmlScene.RemoveNode(frame)
        return sequence

    def _segmentation(self, volume, time: int):
        voxels = np.zeros(SHAPE, np.uint8)
        voxels[1 + time, 4:8, 4:8] = 1
        labels = slicer.util.addVolumeFromArray(voxels, self._ijk_to_ras(volume), "x", "vtkMRMLLabelMapVolumeNode")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesion")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        self.assertTrue(slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node))
        slicer.mrmlScene.RemoveNode(labels)
        return node
