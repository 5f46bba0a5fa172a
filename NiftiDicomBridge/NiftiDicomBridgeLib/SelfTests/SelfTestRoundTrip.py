"""The round trip between Slicer's scene, its DICOM database and NIfTI files."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

import numpy as np
import slicer

from .SelfTestCase import BridgeTestCase, images_of
from .SelfTestData import SHAPE, write_series


class RoundTripTests(BridgeTestCase):
    """Images from a DICOM database and images that never were DICOM."""

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
        report = self.logic.importNifti(images_of(report))
        self.assertEqual([entry.outcome.value for entry in report.entries], ["derived"])
        data_sets = [pydicom.dcmread(path) for path in report.outputs]
        self.assertEqual({ds.ImageType[0] for ds in data_sets}, {"DERIVED"})
        real = [ds.pixel_array * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0)) for ds in data_sets]
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
        report = self.logic.importNifti(images_of(self.logic.exportVolumes([node], self.folder / "nifti")))
        self.assertEqual([entry.outcome.value for entry in report.entries], ["derived"])
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries(self.logic.seriesUIDs(report))[0])
        np.testing.assert_allclose(self._ijk_to_ras(loaded)[:3, 3], before[:3, 3] + [1, 0, 0], atol=1e-3)

    def test_imported_series_is_in_the_database_and_loads(self) -> None:
        """New UIDs, the same patient and study, the same voxels and grid when loaded again."""
        originals = write_series(self.folder / "original")
        node = self._load(originals)
        report = self.logic.importNifti(images_of(self.logic.exportVolumes([node], self.folder / "nifti")))
        self._assert_all_done(report)
        (series,) = self.logic.seriesUIDs(report)
        self.assertEqual(len(slicer.dicomDatabase.filesForSeries(series)), SHAPE[0])
        self.assertEqual(slicer.dicomDatabase.patientsCount(), 1)
        self.assertEqual(slicer.dicomDatabase.studiesCount(), 1)
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries([series])[0])
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), slicer.util.arrayFromVolume(node))
        np.testing.assert_allclose(self._ijk_to_ras(loaded), self._ijk_to_ras(node), atol=1e-3)

    def test_what_a_command_makes_is_in_the_study_of_the_volume(self) -> None:
        """A program of Slicer's Python that copies its input makes a derived series; the original stays."""
        node = self._load(write_series(self.folder / "original"))
        script = self.folder / "copy it.py"
        script.write_text("import shutil, sys; shutil.copy(*sys.argv[1:3])", encoding="utf-8", newline="\n")
        report = self.logic.applyCommand(f'PythonSlicer "{script}" {{input}} {{output}}', node)
        self._assert_all_done(report)
        (series,) = self.logic.appliedSeries(report)
        self.assertEqual(slicer.dicomDatabase.studiesCount(), 1)
        loaded = slicer.mrmlScene.GetNodeByID(self.logic.loadSeries([series])[0])
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), slicer.util.arrayFromVolume(node))
        np.testing.assert_allclose(self._ijk_to_ras(loaded), self._ijk_to_ras(node), atol=1e-3)

    def test_instances_that_are_there_already_are_left_alone(self) -> None:
        """Restoring under the same UIDs adds nothing to a database that holds them."""
        from nifti_dicom_bridge import ConversionOptions, Uids

        originals = write_series(self.folder / "original")
        node = self._load(originals)
        exported = images_of(self.logic.exportVolumes([node], self.folder / "nifti"))
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
        image = SimpleITK.ReadImage(str(images_of(report)[0]))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image)[:, ::-1], voxels)
        first_row = image.TransformIndexToPhysicalPoint((0, SHAPE[1] - 1, 0))  # LPS
        np.testing.assert_allclose(np.multiply(first_row, [-1, -1, 1]), matrix[:3, 3], atol=1e-4)
        axes = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing() * [1, -1, 1]
        np.testing.assert_allclose(np.diag([-1, -1, 1]) @ axes, matrix[:3, :3], atol=1e-4)
