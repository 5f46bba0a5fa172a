"""What all self-tests have in common: an empty scene, a DICOM database and a folder of their own."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import qt
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest


class BridgeTestCase(ScriptedLoadableModuleTest):
    """An empty scene, a DICOM database of its own, a temporary folder."""

    def setUp(self) -> None:
        """Open a DICOM database of our own; the user's is opened again afterwards. Fail if packages are missing."""
        from ..Host import Dependencies

        Dependencies.require_all()
        from ..Logic import NiftiDicomBridgeLogic

        slicer.mrmlScene.Clear()
        self.folder = Path(tempfile.mkdtemp(prefix="NiftiDicomBridgeTest-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self._open_own_database()
        self.logic = NiftiDicomBridgeLogic()

    def tearDown(self) -> None:
        """Leave an empty scene."""
        slicer.mrmlScene.Clear()

    def _open_own_database(self) -> None:
        from DICOMLib import DICOMUtils

        settings, key = qt.QSettings(), slicer.dicomDatabaseDirectorySettingsKey
        database = slicer.dicomDatabase
        self.addCleanup(_restore_database, settings.value(key), database.databaseFilename if database.isOpen else "")
        folder = self.folder / "database"
        folder.mkdir()
        # In the settings as well: the DICOM browser would otherwise open the user's database again when it is made.
        settings.setValue(key, folder.as_posix())
        self.assertTrue(DICOMUtils.openDatabase(folder.as_posix()))

    def _load(self, files: list[Path]):
        from DICOMLib import DICOMUtils

        from ..Host import Database

        DICOMUtils.importDicom(str(files[0].parent))
        nodes = [slicer.mrmlScene.GetNodeByID(name) for name in self.logic.loadSeries(Database.series_of_files(files))]
        (node,) = [node for node in nodes if not node.IsA("vtkMRMLTransformNode")]
        return node

    def _restored_by_core(self, outputs: list[Path]) -> dict:
        import pydicom

        from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

        images = [path for path in outputs if path.suffix != ".json"]
        report = convert(Job(images, self.folder / "restored", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
        self.assertEqual([entry.outcome.value for entry in report.entries], ["restored"])
        data_sets = [pydicom.dcmread(path) for path in report.outputs]
        return {ds.SOPInstanceUID: ds for ds in data_sets}

    def _assert_comes_back_identical(self, path: Path) -> None:
        """Load one DICOM file, export the node, restore the file from the NIfTI file."""
        import pydicom

        report = self.logic.exportVolumes([self._load([path])], self.folder / "nifti")
        self._assert_all_done(report)
        (restored,) = self._restored_by_core(images_of(report)).values()
        self.assertEqual(restored, pydicom.dcmread(path))

    def _assert_all_done(self, report) -> None:
        self.assertTrue(report.ok, [entry.error for entry in report.entries])

    def _ijk_to_ras(self, node) -> np.ndarray:
        return slicer.util.arrayFromVTKMatrix(_ijk_to_ras_matrix(node))


def images_of(report) -> list[Path]:
    """Return the files of a report that are images."""
    return [path for path in report.outputs if path.suffix != ".json"]


def _ijk_to_ras_matrix(node):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix


def _restore_database(directory: str | None, filename: str) -> None:
    settings, key = qt.QSettings(), slicer.dicomDatabaseDirectorySettingsKey
    slicer.dicomDatabase.closeDatabase()
    if directory:
        settings.setValue(key, directory)
    else:
        settings.remove(key)
    if filename:
        slicer.dicomDatabase.openDatabase(filename)
