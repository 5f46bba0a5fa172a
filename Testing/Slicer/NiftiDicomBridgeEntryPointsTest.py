"""Slicer's entry points: readers and writers, DICOM plugin, actions of the Data module, nodes of every kind.

Without a build: ``Slicer --testing --no-splash --additional-module-paths <repository>/NiftiDicomBridge --python-code
"import slicer.testing; slicer.testing.runUnitTest(['<repository>/Testing/Slicer'], 'NiftiDicomBridgeEntryPointsTest')"``.
"""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from pathlib import Path

import numpy as np
import slicer

from NiftiDicomBridgeLib.SelfTests.SelfTestCase import BridgeTestCase
from NiftiDicomBridgeLib.SelfTests.SelfTestData import SHAPE, XRAY, write_object, write_series

GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])
FILE_TYPE = "NiftiDicomBridgeFile"


class NiftiDicomBridgeEntryPointsTest(BridgeTestCase):
    """Uses what the application has registered; the database is a temporary one."""

    def test_nifti_with_sidecar_loads_with_its_identity(self):
        """By the reader that Slicer chooses: the same voxels, grid, UIDs, patient."""
        original = self._load(write_series(self.folder / "original"))
        image = self._image(self.logic.exportVolumes([original], self.folder / "nifti"))
        self.assertEqual(slicer.app.coreIOManager().fileType(str(image)), FILE_TYPE)
        node = slicer.util.loadNodeFromFile(str(image), FILE_TYPE, {})
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), slicer.util.arrayFromVolume(original))
        np.testing.assert_allclose(self._ijk_to_ras(node), self._ijk_to_ras(original), atol=1e-4)
        self.assertEqual(node.GetAttribute("DICOM.instanceUIDs"), original.GetAttribute("DICOM.instanceUIDs"))
        self.assertEqual(self._patient_of(node), self._patient_of(original))
        self.assertEqual(node.GetVoxelValueUnits().GetCodeMeaning(), "Hounsfield unit")

    def test_saved_node_is_read_again(self):
        """By the writer, under the name that was chosen."""
        node = self._load(write_series(self.folder / "original"))
        path = self.folder / "mine.bridge.nii.gz"
        properties = {"nodeID": node.GetID(), "fileName": str(path)}
        self.assertTrue(slicer.app.coreIOManager().saveNodes(FILE_TYPE, properties, slicer.vtkMRMLMessageCollection()))
        self.assertTrue(path.is_file())
        self.assertEqual(slicer.app.coreIOManager().fileType(str(path)), FILE_TYPE)

    def test_loaded_nodes_are_shown(self):
        """In the slice views, as Slicer's own loaders do."""
        original = self._load(write_series(self.folder / "original"))
        (node,) = self.logic.loadNifti(self._image(self.logic.exportVolumes([original], self.folder / "nifti")))
        self.assertEqual(slicer.app.applicationLogic().GetSelectionNode().GetActiveVolumeID(), node.GetID())

    def test_actions_are_shown_for_volumes_only(self):
        """On right click in the module Data."""
        plugin = slicer.qSlicerSubjectHierarchyPluginHandler.instance().pluginByName("NiftiDicomBridge").self()
        volume = slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="volume")
        model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "model")
        for node, wanted in ((volume, True), (model, False)):
            plugin.showContextMenuActionsForItem(self._hierarchy().GetItemByDataNode(node))
            self.assertEqual([bool(action.visible) for action in plugin.itemContextMenuActions()], [wanted, wanted])

    def test_multi_frame_object_is_exported_and_loaded_by_the_dicom_plugin(self):
        """Every voxel is where it was, though frames may come in another order."""
        node = slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4), GRID, "drawn")
        (path,) = self._exported(node, "Enhanced MR")
        from DICOMLib import DICOMUtils

        DICOMUtils.importDicom(str(path.parent))
        (series,) = DICOMUtils.seriesUIDsForFiles([str(path)])
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries([series])[0])
        seen, there = slicer.util.arrayFromVolume(loaded), np.linalg.inv(self._ijk_to_ras(loaded)) @ GRID
        for index, value in np.ndenumerate(slicer.util.arrayFromVolume(node)):
            i, j, k = np.rint(there @ [*index[::-1], 1])[:3].astype(int)
            self.assertEqual(seen[k, j, i], value)

    def test_sequence_is_one_image(self):
        """With its times."""
        import SimpleITK

        sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "beating")
        sequence.SetIndexName("time")
        sequence.SetIndexUnit("s")
        for number in range(3):
            frame = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
            frame.UnRegister(None)
            slicer.util.updateVolumeFromArray(frame, np.full((2, 3, 4), number, np.int16))
            sequence.SetDataNodeAtValue(frame, str(2 * number))
        browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
        browser.AddSynchronizedSequenceNode(sequence)
        report = self.logic.exportVolumes([browser.GetProxyNode(sequence)], self.folder / "nifti")
        self._assert_all_done(report)
        voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(self._image(report))))
        self.assertEqual(voxels.shape, (3, 2, 3, 4))
        self.assertEqual([int(voxels[t, 0, 0, 0]) for t in range(3)], [0, 1, 2])

    def test_segmentation_is_a_label_map_with_names(self):
        """On the grid of the volume that it was drawn on; nothing is left in the scene."""
        import SimpleITK

        volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), GRID, "drawn on")
        labels = np.zeros((2, 3, 4), np.uint8)
        labels[1, 1, 1:3] = 1
        drawing = slicer.util.addVolumeFromArray(labels, GRID, "drawing", "vtkMRMLLabelMapVolumeNode")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(drawing, node)
        node.GetSegmentation().GetNthSegment(0).SetName("spleen")
        before = slicer.mrmlScene.GetNumberOfNodes()
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        self._assert_all_done(report)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        image = SimpleITK.ReadImage(str(self.folder / "nifti" / "organs.nii.gz"))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image)[:, ::-1], labels)
        self.assertIn("spleen", (self.folder / "nifti" / "organs_dseg.tsv").read_text("utf-8"))

    def test_segmentation_on_a_radiograph_refers_to_it(self):
        """The image has no position: the frame has its rows and columns, and names it."""
        import pydicom

        original = write_object(self.folder / "original", XRAY, Modality="DX")
        volume = self._load([original])
        labels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
        labels[0, 1, 2:5] = 1
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        drawing = slicer.util.addVolumeFromArray(labels, self._ijk_to_ras(volume), "drawing", "vtkMRMLLabelMapVolumeNode")
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(drawing, node)
        report = self.logic.volumesToDicom([node])
        self._assert_all_done(report)
        (path,) = report.outputs
        made, image = pydicom.dcmread(path), pydicom.dcmread(original)
        (frame,) = made.PerFrameFunctionalGroupsSequence
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        self.assertEqual(source.ReferencedSOPInstanceUID, image.SOPInstanceUID)
        self.assertEqual((made.PatientID, made.StudyInstanceUID), (image.PatientID, image.StudyInstanceUID))
        np.testing.assert_array_equal(np.squeeze(made.pixel_array), labels[0])
        slicer.mrmlScene.Clear()
        self.logic.loadSeries([made.SeriesInstanceUID])  # and its image, which nothing else loads
        (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        shown = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "shown")
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        self.assertTrue(logic.ExportAllSegmentsToLabelmapNode(node, shown, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY))
        np.testing.assert_array_equal(self._ijk_to_ras(shown), self._ijk_to_ras(volume))
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(shown), labels)

    def test_sample_is_offered_and_loads(self):
        """Made here, not downloaded."""
        import SampleData

        from NiftiDicomBridgeLib.Samples import CATEGORY, load_sample

        self.assertTrue(SampleData.SampleDataLogic.sampleDataSourcesByCategory(CATEGORY))
        (node,) = load_sample()
        self.assertIn("Διονυσιος", self._patient_of(node))

    def _exported(self, node, kind: str = "") -> list[Path]:
        """Export as the dialog does: by the row of a kind, the first one without, into a folder."""
        item, plugins = self._hierarchy().GetItemByDataNode(node), slicer.modules.dicomPlugins
        ours = [make for key, make in plugins.items() if "NiftiDicomBridge" in key]
        choices = sorted((e for make in ours for e in make().examineForExport(item)), key=lambda e: -e.confidence)
        self.assertEqual(len({choice.pluginClass for choice in choices}), len(choices))
        chosen = next(choice for choice in choices if choice.name.startswith(kind))
        chosen.directory = str(self.folder / "exported")
        self.assertEqual(plugins[chosen.pluginClass]().export([chosen]), "")
        return sorted((self.folder / "exported").iterdir())

    def _image(self, report) -> Path:
        return next(path for path in report.outputs if path.name.endswith(".nii.gz"))

    def _hierarchy(self):
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)

    def _patient_of(self, node) -> str:
        hierarchy = self._hierarchy()
        patient = hierarchy.GetItemAncestorAtLevel(hierarchy.GetItemByDataNode(node), "Patient")
        return hierarchy.GetItemAttribute(patient, "DICOM.PatientName")
