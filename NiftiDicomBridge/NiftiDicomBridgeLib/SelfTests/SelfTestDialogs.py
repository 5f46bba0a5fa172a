"""Slicer's dialogs "Export to DICOM" and "Save" as they use the module: DICOM plugins, file writer, file reader."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer

from .SelfTestCase import BridgeTestCase, images_of
from .SelfTestData import SHAPE, write_series

FILE_TYPE = "NiftiDicomBridgeFile"


class DialogTests(BridgeTestCase):
    """Calls what the dialogs call, in the same order."""

    def test_every_row_of_the_export_dialog_writes_objects_of_its_kind(self) -> None:
        """The dialog has a row per plugin class: each writes one kind, as many files as that needs, and nothing else."""
        import pydicom

        node = slicer.util.addVolumeFromArray(np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE), name="new")
        rows = self._rows(node)
        self.assertGreater(len(rows), 3)
        classes = set()
        for number, exportable in enumerate(rows):
            data_sets = [pydicom.dcmread(path) for path in self._exported(exportable, self.folder / str(number))]
            self.assertEqual(len({ds.SOPClassUID for ds in data_sets}), 1)
            self.assertIn(len(data_sets), (1, SHAPE[0]))
            classes.add(data_sets[0].SOPClassUID)
        self.assertEqual(len(classes), len(rows))

    def test_best_row_for_an_edited_volume_derives_it(self) -> None:
        """Ours comes before Slicer's own row, which has 0.5, and writes a derived series."""
        import pydicom

        node = self._load(write_series(self.folder / "original"))
        slicer.util.arrayFromVolume(node)[1, 2, 3] = 500
        best = self._rows(node)[0]
        self.assertGreater(best.confidence, 0.5)
        data_sets = [pydicom.dcmread(path) for path in self._exported(best, self.folder / "exported")]
        self.assertEqual({ds.ImageType[0] for ds in data_sets}, {"DERIVED"})

    def test_saved_scene_gives_the_node_back(self) -> None:
        """The file has the name of the Save dialog; the scene that refers to it opens, with data and DICOM identity."""
        node = self._load(write_series(self.folder / "original"))
        values = np.sort(slicer.util.arrayFromVolume(node).ravel())
        path = self.folder / "my node.bridge.nii.gz"
        properties = {"nodeID": node.GetID(), "fileName": path.as_posix()}
        self.assertTrue(slicer.app.coreIOManager().saveNodes(FILE_TYPE, properties, slicer.vtkMRMLMessageCollection()))
        self.assertTrue(path.is_file())
        self.assertFalse(node.GetModifiedSinceRead())
        slicer.util.saveScene(str(self.folder / "scene.mrml"))
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(str(self.folder / "scene.mrml"))
        (again,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        np.testing.assert_array_equal(np.sort(slicer.util.arrayFromVolume(again).ravel()), values)
        self.assertEqual(again.GetStorageNode().GetFullNameFromFileName(), str(path))
        report = self.logic.exportVolumes([again], self.folder / "nifti")
        self._assert_all_done(report)
        self.assertEqual(len(self._restored_by_core(images_of(report))), SHAPE[0])

    def _rows(self, node) -> list:
        """Return what our plugins offer for a node, the one that the dialog would select first."""
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item, plugins = hierarchy.GetItemByDataNode(node), slicer.modules.dicomPlugins
        ours = [key for key in plugins if "NiftiDicomBridge" in key]
        self.assertIn("DICOMNiftiDicomBridgePlugin", ours)
        offered = [exportable for key in ours for exportable in plugins[key]().examineForExport(item)]
        self.assertEqual(len({exportable.pluginClass for exportable in offered}), len(offered))
        return sorted(offered, key=lambda exportable: -exportable.confidence)

    def _exported(self, exportable, folder: Path) -> list[Path]:
        folder.mkdir()
        exportable.directory = str(folder)
        self.assertEqual(slicer.modules.dicomPlugins[exportable.pluginClass]().export([exportable]), "")
        return sorted(folder.iterdir())
