"""The tests that run inside Slicer, on series made here and in a DICOM database of their own."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import qt
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

SHAPE = (4, 5, 6)
SLOPE, INTERCEPT = 2.0, -1000.0
# A head turned in the scanner: no axis of the grid is parallel to one of the patient.
ORIENTATION = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)
SPACING_MM, STEP_MM = (0.75, 0.5), 2.5
FIRST_POSITION = (-100.25, 12.5, 33.125)


class BridgeTestCase(ScriptedLoadableModuleTest):
    """An empty scene, a DICOM database of its own, a temporary folder."""

    def setUp(self) -> None:
        """Open a DICOM database of our own; the person's is opened again afterwards."""
        from . import Dependencies

        missing = Dependencies.missing()
        if missing:
            self.skipTest(Dependencies.sentence(missing))
        from .Logic import NiftiDicomBridgeLogic

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
        # In the settings as well: the DICOM browser would otherwise open the person's database again when it is made.
        settings.setValue(key, str(folder))
        self.assertTrue(DICOMUtils.openDatabase(str(folder)))

    def _load(self, files: list[Path]):
        from DICOMLib import DICOMUtils

        from . import Database

        DICOMUtils.importDicom(str(files[0].parent))
        (node_id,) = self.logic.loadSeries(Database.series_of_files(files))
        return slicer.mrmlScene.GetNodeByID(node_id)

    def _restored_by_core(self, outputs: list[Path]) -> dict:
        import pydicom

        from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

        images = [path for path in outputs if path.suffix != ".json"]
        report = convert(Job(images, self.folder / "restored", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
        self.assertEqual([entry.outcome.value for entry in report.entries], ["restored"])
        found = [pydicom.dcmread(path) for path in report.outputs]
        return {ds.SOPInstanceUID: ds for ds in found}

    def _assert_all_done(self, report) -> None:
        self.assertTrue(report.ok, [entry.error for entry in report.entries])

    def _ijk_to_ras(self, node) -> np.ndarray:
        return slicer.util.arrayFromVTKMatrix(_ijk_to_ras_matrix(node))


class NiftiDicomBridgeTest(BridgeTestCase):
    """The round trip between Slicer's scene, its DICOM database and NIfTI files."""

    def runTest(self) -> None:
        """Run every test with its setUp and tearDown: the same as one by one in a test runner."""
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(type(self))
        result = unittest.TextTestRunner(verbosity=2).run(suite)
        if not result.wasSuccessful():
            raise AssertionError(
                f"{len(result.failures) + len(result.errors)} of {result.testsRun} tests failed; the log says which."
            )

    def test_unedited_volume_comes_back_as_the_very_same_instances(self) -> None:
        """Load from the database, export, restore under the same UIDs: every element and every voxel."""
        import pydicom

        originals = write_series(self.folder / "original")
        node = self._load(originals)
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        self._assert_all_done(report)
        restored = self._restored_by_core(report.outputs)
        self.assertEqual(len(restored), SHAPE[0])
        for path in originals:
            expected = pydicom.dcmread(path)
            self.assertEqual(restored[expected.SOPInstanceUID], expected)

    def test_edited_volume_comes_back_derived(self) -> None:
        """One voxel painted in Slicer makes a new series, marked as derived, with the painted value."""
        import pydicom

        node = self._load(write_series(self.folder / "original"))
        slicer.util.arrayFromVolume(node)[1, 2, 3] = 500
        slicer.util.arrayFromVolumeModified(node)
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        report = self.logic.importNifti(_images(report))
        self.assertEqual([entry.outcome.value for entry in report.entries], ["derived"])
        found = [pydicom.dcmread(path) for path in report.outputs]
        self.assertEqual({ds.ImageType[0] for ds in found}, {"DERIVED"})
        real = [ds.pixel_array * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0)) for ds in found]
        self.assertEqual(sum(int((values == 500).sum()) for values in real), 1)

    def test_linear_transform_is_part_of_the_geometry(self) -> None:
        """A volume moved by 1 mm comes back 1 mm further right."""
        node = self._load(write_series(self.folder / "original"))
        before = self._ijk_to_ras(node)
        shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
        matrix = np.eye(4)
        matrix[0, 3] = 1.0
        shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        node.SetAndObserveTransformNodeID(shift.GetID())
        report = self.logic.importNifti(_images(self.logic.exportVolumes([node], self.folder / "nifti")))
        self.assertEqual([entry.outcome.value for entry in report.entries], ["derived"])
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries(self.logic.seriesUIDs(report))[0])
        np.testing.assert_allclose(self._ijk_to_ras(loaded)[:3, 3], before[:3, 3] + [1, 0, 0], atol=1e-3)

    def test_imported_series_is_in_the_database_and_loads(self) -> None:
        """New UIDs, the same patient and study, the same voxels and grid when loaded again."""
        originals = write_series(self.folder / "original")
        node = self._load(originals)
        report = self.logic.importNifti(_images(self.logic.exportVolumes([node], self.folder / "nifti")))
        self._assert_all_done(report)
        (series,) = self.logic.seriesUIDs(report)
        self.assertEqual(len(slicer.dicomDatabase.filesForSeries(series)), SHAPE[0])
        self.assertEqual(slicer.dicomDatabase.patientsCount(), 1)
        self.assertEqual(slicer.dicomDatabase.studiesCount(), 1)
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries([series])[0])
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), slicer.util.arrayFromVolume(node))
        np.testing.assert_allclose(self._ijk_to_ras(loaded), self._ijk_to_ras(node), atol=1e-3)

    def test_instances_that_are_there_already_are_left_alone(self) -> None:
        """Restoring under the same UIDs adds nothing to a database that holds them."""
        from nifti_dicom_bridge import ConversionOptions, Uids

        originals = write_series(self.folder / "original")
        node = self._load(originals)
        exported = _images(self.logic.exportVolumes([node], self.folder / "nifti"))
        report = self.logic.importNifti(exported, ConversionOptions(uids=Uids.KEEP))
        self._assert_all_done(report)
        self.assertEqual(slicer.dicomDatabase.imagesCount(), SHAPE[0])

    def test_volume_that_never_was_dicom_is_written_as_it_is(self) -> None:
        """Every voxel in the NIfTI is where it is in the node; rows are counted upwards there."""
        import SimpleITK

        matrix = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])
        voxels = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
        node = slicer.util.addVolumeFromArray(voxels, matrix, "phantom")
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        self._assert_all_done(report)
        image = SimpleITK.ReadImage(str(_images(report)[0]))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image)[:, ::-1], voxels)
        first_row = image.TransformIndexToPhysicalPoint((0, SHAPE[1] - 1, 0))  # LPS
        np.testing.assert_allclose(np.multiply(first_row, [-1, -1, 1]), matrix[:3, 3], atol=1e-4)
        axes = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing() * [1, -1, 1]
        np.testing.assert_allclose(np.diag([-1, -1, 1]) @ axes, matrix[:3, :3], atol=1e-4)

    def test_panel_is_there(self) -> None:
        """The panel opens, lists the volumes of the scene and fits beside the views."""
        slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="listed")
        panel = slicer.modules.niftidicombridge.widgetRepresentation()
        widget = panel.self()
        widget.enter()
        self.assertEqual(widget.ui.exportTree.topLevelItem(0).text(0), "listed")
        self.assertLessEqual(widget.ui.NiftiDicomBridge.minimumSizeHint.width(), 345)


def write_series(folder: Path, **attributes) -> list[Path]:
    """Write a small oblique CT series in which every voxel tells its index, with a private element and a sequence.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made when missing.
    **attributes
        DICOM keyword = value, for every instance, in the place of what is the default here.

    Returns
    -------
    list of pathlib.Path
        One file per slice.
    """
    from pydicom.uid import generate_uid

    folder.mkdir(parents=True, exist_ok=True)
    row, column = np.reshape(ORIENTATION, (2, 3))
    normal = np.cross(row, column)
    shared = {
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
    } | attributes
    paths = []
    for k in range(SHAPE[0]):
        ds = _instance(k, np.array(FIRST_POSITION) + k * STEP_MM * normal)
        for keyword, value in shared.items():
            setattr(ds, keyword, value)
        paths.append(folder / f"slice {k + 1}.dcm")
        ds.save_as(paths[-1], enforce_file_format=True)
    return paths


def _instance(k: int, position: np.ndarray):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Bridge^Test", "NDB-1", "19700101", "O"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "20260101", "120000", "1", "", ""
    ds.Modality, ds.Manufacturer, ds.SeriesNumber, ds.SeriesDescription = "CT", "Test", 7, "ramp"
    ds.InstanceNumber, ds.AcquisitionNumber, ds.KVP = k + 1, 1, "120"
    ds.PositionReferenceIndicator = ""
    ds.ImageOrientationPatient = [f"{x:.6g}" for x in ORIENTATION]
    ds.ImagePositionPatient = [f"{x:.10g}" for x in position]
    ds.PixelSpacing, ds.SliceThickness = [str(SPACING_MM[0]), str(SPACING_MM[1])], str(STEP_MM)
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = str(INTERCEPT), str(SLOPE), "HU"
    ds.WindowCenter, ds.WindowWidth = "40", "400"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = SHAPE[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = _ramp(k).astype("<u2").tobytes()
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "69536005", "SCT", "Head"
    ds.AnatomicRegionSequence = [code]
    ds.private_block(0x0019, "NDB TEST", create=True).add_new(1, "FD", k * 0.1)
    return ds


def _ramp(k: int) -> np.ndarray:
    rows, columns = np.indices(SHAPE[1:])
    return 100 * k + 10 * rows + columns


def _images(report) -> list[Path]:
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
