"""NIfTI with sidecar → DICOM in Slicer's database."""

import os
from pathlib import Path

import pydicom
import pytest

from support.slicer_helpers import images, outcomes


@pytest.fixture
def exported(logic, node, tmp_path):
    """A NIfTI file whose original is in the database."""
    return images(logic.exportVolumes([node], tmp_path / "nifti"))[0]


@pytest.fixture
def keep(slicer):
    from nifti_dicom_bridge import ConversionOptions, Uids

    return ConversionOptions(uids=Uids.KEEP)


def temporary_folders(slicer):
    return [name for name in os.listdir(slicer.app.temporaryPath) if name.startswith("NiftiDicomBridge-import-")]


def test_new_series_is_under_the_same_patient_and_study(slicer, logic, database, exported):
    report = logic.importNifti([exported])
    assert outcomes(report) == ["reissued"]
    (series,) = logic.seriesUIDs(report)
    assert (database.patientsCount(), database.studiesCount(), database.imagesCount()) == (1, 1, 8)
    (study,) = database.studiesForPatient(database.patients()[0])
    assert series in database.seriesForStudy(study)


def test_outputs_are_copies_in_the_database(slicer, logic, database, exported):
    report = logic.importNifti([exported])
    assert len(report.outputs) == 4
    assert all(Path(database.databaseDirectory) in path.parents and path.is_file() for path in report.outputs)
    assert temporary_folders(slicer) == []


def test_same_instances_are_recognized_and_left_alone(logic, database, exported, keep, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "original").iterdir()}
    report = logic.importNifti([exported], keep)
    assert outcomes(report) == ["restored"]
    assert "4 were there already" in " ".join(report.entries[0].log.notes)
    assert sorted(report.outputs) == sorted(before)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_same_instances_are_added_where_they_were_missing(logic, database, exported, keep, tmp_path):
    (series,) = {str(pydicom.dcmread(path).SeriesInstanceUID) for path in (tmp_path / "original").iterdir()}
    database.removeSeries(series)
    report = logic.importNifti([exported], keep)
    assert report.ok
    assert len(database.filesForSeries(series)) == 4


def test_another_object_under_the_same_uid_is_never_replaced(logic, database, exported, keep, tmp_path):
    victim = tmp_path / "original" / "slice 2.dcm"
    ds = pydicom.dcmread(victim)
    ds.PatientComments = "edited elsewhere"
    ds.save_as(victim)
    report = logic.importNifti([exported], keep)
    assert outcomes(report) == ["failed"]
    assert "holds another object under SOPInstanceUID (0008,0018)" in report.entries[0].error
    assert pydicom.dcmread(database.fileForInstance(ds.SOPInstanceUID)).PatientComments == "edited elsewhere"
    assert database.imagesCount() == 4


def test_other_pixels_under_the_same_uid_are_never_replaced(logic, database, exported, keep, tmp_path):
    victim = tmp_path / "original" / "slice 2.dcm"
    ds = pydicom.dcmread(victim)
    ds.PixelData = bytes(len(ds.PixelData))
    ds.save_as(victim)
    report = logic.importNifti([exported], keep)
    assert outcomes(report) == ["failed"]
    assert "holds another object under SOPInstanceUID (0008,0018)" in report.entries[0].error


def test_the_same_object_in_another_transfer_syntax_is_there_already(logic, database, exported, keep, tmp_path):
    for path in (tmp_path / "original").iterdir():
        ds = pydicom.dcmread(path)
        ds.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        ds.save_as(path)
    report = logic.importNifti([exported], keep)
    assert outcomes(report) == ["restored"]
    assert "4 were there already" in " ".join(report.entries[0].log.notes)


def test_series_under_another_study_is_refused(slicer, logic, database, exported, keep, tmp_path):
    for path in (tmp_path / "original").iterdir():
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID = "1.2.3.4"
        ds.save_as(path)
    slicer.dicomDatabase.removeSeries(str(ds.SeriesInstanceUID))
    from DICOMLib import DICOMUtils

    DICOMUtils.importDicom(str(tmp_path / "original"))
    slicer.dicomDatabase._connection.execute("DELETE FROM Images")
    report = logic.importNifti([exported], keep)
    assert outcomes(report) == ["failed"]
    assert "under the study 1.2.3.4" in report.entries[0].error


def test_series_that_was_spread_over_studies_from_the_start_is_recognized(logic, load, write_series, keep, tmp_path):
    files = write_series(tmp_path / "original")
    ds = pydicom.dcmread(files[0])
    ds.StudyInstanceUID = "1.2.3.4"
    ds.save_as(files[0])
    exported = logic.exportVolumes([load(files)], tmp_path / "nifti")
    report = logic.importNifti(exported.outputs, keep)
    assert set(outcomes(report)) == {"restored"}
    assert len(report.outputs) == len(files)


def test_closed_database_is_reported_before_anything_is_converted(slicer, logic, exported):
    from nifti_dicom_bridge import OutputError

    slicer.dicomDatabase.closeDatabase()
    with pytest.raises(OutputError, match=r"not open.*create it in the module DICOM"):
        logic.importNifti([exported])
    assert temporary_folders(slicer) == []


def test_instance_that_did_not_arrive_is_an_error(slicer, logic, database, exported, monkeypatch):
    import ctk

    add = ctk.ctkDICOMIndexer.addListOfFiles
    monkeypatch.setattr(ctk.ctkDICOMIndexer, "addListOfFiles", lambda self, db, files, copy: add(self, db, files[1:], copy))
    report = logic.importNifti([exported])
    assert outcomes(report) == ["failed"]
    assert "Of 4 instances" in report.entries[0].error
    assert "3 could be added to the DICOM database" in report.entries[0].error
    assert database.imagesCount() == 4  # those of the original


def test_nifti_that_cannot_be_read_fails_alone(logic, database, exported, tmp_path):
    (tmp_path / "broken.nii").write_bytes(b"no NIfTI")
    report = logic.importNifti([tmp_path / "broken.nii", exported])
    assert sorted(outcomes(report)) == ["failed", "reissued"]
    assert database.imagesCount() == 8


def test_cancelled_import_leaves_the_database_as_it_was(slicer, logic, database, exported):
    from nifti_dicom_bridge import Cancelled

    def progress(what, done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        logic.importNifti([exported], progress=progress)
    assert database.imagesCount() == 4
    assert temporary_folders(slicer) == []


def test_no_file_is_an_error(logic, database):
    from nifti_dicom_bridge import BridgeError

    with pytest.raises(BridgeError, match="No NIfTI file"):
        logic.importNifti([])


def test_series_that_slicer_cannot_load_is_an_error(logic, node, monkeypatch):
    from DICOMLib import DICOMUtils

    from nifti_dicom_bridge import BridgeError
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    monkeypatch.setattr(DICOMUtils, "loadSeriesByUID", lambda uids: [])
    uid = Database.series_of_instances(instance_uids_of(node))
    with pytest.raises(BridgeError, match=r"loaded nothing from 7: ramp \(CT, \d+ files\)\. Its log"):
        logic.loadSeries([uid])


def test_missing_package_is_named(slicer, logic, monkeypatch):
    from nifti_dicom_bridge import DependencyError

    monkeypatch.setattr(slicer.packaging, "pip_check", lambda req, _seen=None: req.name != "highdicom")
    with pytest.raises(DependencyError, match="missing in Slicer: highdicom"):
        logic.importNifti(["x.nii"])


# --- packages of single features, and the database


def without_zarr(monkeypatch):
    from nifti_dicom_bridge import optional_packages

    monkeypatch.setattr(optional_packages, "installed_version", lambda name: "" if name == "zarr" else "99")


@pytest.mark.slow
def test_nothing_is_missing_for_a_feature_whose_package_is_installed(slicer):
    from NiftiDicomBridgeLib.Host import Dependencies

    assert Dependencies.missing_for("zarr") == []
    assert Dependencies.sentence_for("zarr") == ""
    assert Dependencies.offer("zarr") == ""


def test_feature_names_its_package_in_one_sentence(slicer, monkeypatch):
    from NiftiDicomBridgeLib.Host import Dependencies

    without_zarr(monkeypatch)
    assert Dependencies.sentence_for("zarr") == (
        "Zarr stores require the Python package zarr>=3.1.4,<4, which is not installed in Slicer."
    )


def test_declined_installation_is_answered_with_a_sentence(slicer, monkeypatch):
    from NiftiDicomBridgeLib.Host import Dependencies

    def declined(*_, **__):
        raise RuntimeError("User declined")

    without_zarr(monkeypatch)
    monkeypatch.setattr(slicer.packaging, "pip_ensure", declined)
    assert Dependencies.offer("zarr").startswith("Not installed: zarr>=3.1.4,<4. Without a network")


def test_database_of_the_settings_is_created_and_opened(slicer, database, tmp_path):
    import qt

    from NiftiDicomBridgeLib.Host import Database

    slicer.dicomDatabase.closeDatabase()
    folder = tmp_path / "new" / "database"
    qt.QSettings().setValue(slicer.dicomDatabaseDirectorySettingsKey, str(folder))
    assert Database.open_own() == folder
    assert Database.is_open()
    assert folder.is_dir()


def test_database_whose_folder_cannot_be_created_is_named(slicer, database, tmp_path):
    import qt

    from nifti_dicom_bridge import OutputError
    from NiftiDicomBridgeLib.Host import Database

    slicer.dicomDatabase.closeDatabase()
    (tmp_path / "file").write_bytes(b"")
    qt.QSettings().setValue(slicer.dicomDatabaseDirectorySettingsKey, str(tmp_path / "file" / "database"))
    with pytest.raises(OutputError, match="the folder of the DICOM database cannot be created"):
        Database.open_own()
    assert not Database.is_open()
