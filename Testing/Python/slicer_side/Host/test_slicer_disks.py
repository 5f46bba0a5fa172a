"""Disks that are full or read-only, and databases that another program locks: one sentence, and nothing half-written."""

import errno
import os
import sqlite3
import tempfile
from pathlib import Path

import numpy as np
import pytest

from support.panel_helpers import add_files, run, settle, shown
from support.slicer_helpers import ExportDialog

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn(slicer):
    return slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="drawn")


@pytest.fixture
def full_disk(monkeypatch):
    """The temporary folder of Slicer cannot be written."""

    def refuse(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device", options.get("dir"))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)


@pytest.fixture
def files(drawn, logic, tmp_path):
    return [path for path in logic.exportVolumes([drawn], tmp_path / "nifti").outputs if path.suffix != ".json"]


@pytest.fixture
def locked(database, monkeypatch):
    """The database, while another program writes to it."""
    from NiftiDicomBridgeLib.Host import DatabaseFiles

    monkeypatch.setattr(DatabaseFiles, "WAIT_S", 0)
    monkeypatch.setattr(DatabaseFiles, "_tried", {})
    connection = sqlite3.connect(database.databaseFilename, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield database
    connection.close()


def test_a_full_temporary_folder_is_named_by_scripts(full_disk, logic, drawn):
    from nifti_dicom_bridge import OutputError

    with pytest.raises(OutputError, match=r"Slicer's temporary folder .* cannot be written \(No space left on device\)"):
        logic.volumesToDicom([drawn])


def test_a_full_temporary_folder_is_named_by_the_dialog(full_disk, plugin, drawn, tmp_path):
    exported, error = ExportDialog(drawn).export(tmp_path / "out")
    assert exported == []
    assert error.startswith("Slicer's temporary folder")


def test_a_full_temporary_folder_is_named_in_the_panel(full_disk, panel, files, database):
    panel.offerNodes([])
    settle(panel)
    add_files(panel, files)
    run(panel, panel.ui.importButton)
    assert "temporary folder" in shown(panel.importing.feedback.result)
    assert "Unexpected" not in shown(panel.importing.feedback.result)


def test_a_temporary_folder_that_fills_up_is_named_without_its_subfolders(slicer):
    from NiftiDicomBridgeLib.Host.TemporaryFolders import without_temporary

    folder = Path(slicer.app.temporaryPath) / "NiftiDicomBridge-nodes-x" / "1"
    for reason in (
        "cannot be written (File too large). Choose another folder.",
        "File too large. Free space or choose another folder.",
    ):
        sentence = without_temporary(f"{folder}: {reason}")
        assert sentence.startswith(f"Slicer's temporary folder {slicer.app.temporaryPath} cannot be written (File too large)")


def test_a_temporary_folder_is_left_out_as_windows_writes_it(slicer, monkeypatch):
    """Qt separates folders by slashes there, and Python by backslashes."""
    from NiftiDicomBridgeLib.Host.TemporaryFolders import without_temporary

    monkeypatch.setattr(slicer.app, "temporaryPath", "C:/Users/me (1)/Temp/Slicer-me")
    folder = r"C:\Users\me (1)\Temp\Slicer-me\NiftiDicomBridge-import-x"
    assert without_temporary(rf"{folder}\reference\000001.dcm: it is damaged.") == "000001.dcm: it is damaged."
    sentence = without_temporary(rf"{folder}\reference: cannot be written (Access is denied). Choose another folder.")
    assert sentence.startswith("Slicer's temporary folder C:/Users/me (1)/Temp/Slicer-me cannot be written (Access is denied)")


def test_a_full_disk_is_named_with_its_folder(monkeypatch, logic, drawn, tmp_path):
    from NiftiDicomBridgeLib.Tasks import ExportFiles

    def refuse(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ExportFiles, "write", refuse)
    (entry,) = logic.exportVolumes([drawn], tmp_path / "out").entries
    assert entry.error == f"{tmp_path / 'out'}: No space left on device. Free space or choose another folder."
    assert not (tmp_path / "out").exists()


@pytest.fixture
def overlapping(slicer):
    """Two segments that overlap: two label maps with a table of names each."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import add_box

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    for name, first in (("liver", 0), ("lesion", 1)):
        add_box(node, name, first)
    return node


def full_after(monkeypatch, count):
    """Let the disk be full after some images were written."""
    from NiftiDicomBridgeLib.Tasks import ExportFiles

    write, written = ExportFiles.write, []

    def write_or_refuse(*arguments):
        if len(written) == count:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(arguments)
        return write(*arguments)

    monkeypatch.setattr(ExportFiles, "write", write_or_refuse)


def test_no_part_of_a_node_is_left_on_a_full_disk(monkeypatch, logic, overlapping, tmp_path):
    full_after(monkeypatch, 1)
    (entry,) = logic.exportVolumes([overlapping], tmp_path / "out").entries
    assert "No space left on device" in entry.error
    assert (entry.outputs, entry.log.notes) == ([], [])
    assert not list(tmp_path.rglob("*.*"))


def test_a_full_disk_leaves_what_was_there_before(monkeypatch, logic, overlapping, tmp_path):
    first = logic.exportVolumes([overlapping], tmp_path)
    full_after(monkeypatch, 0)
    report = logic.exportVolumes([overlapping], tmp_path, logic.makeOptions(overwrite=True))
    assert not report.ok
    assert sorted(tmp_path.iterdir()) == sorted(first.outputs)


def test_a_locked_database_is_waited_for_once(monkeypatch, logic, drawn, locked, tmp_path):
    from NiftiDicomBridgeLib.Host import DatabaseFiles

    tried, problem_of = [], DatabaseFiles._problem_of
    monkeypatch.setattr(DatabaseFiles, "_problem_of", lambda path: tried.append(path) or problem_of(path))
    monkeypatch.setattr(DatabaseFiles, "VALID_S", 60.0)
    for name in ("a", "b", "c"):
        drawn.SetName(name)
        logic.exportVolumes([drawn], tmp_path / "three")
    report = logic.importNifti([tmp_path / "three"])
    assert len(report.failures) == 3
    assert len(tried) == 1


def test_a_typed_folder_is_absolute(panel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for typed, folder in (("out", tmp_path / "out"), ("~/out", tmp_path / "home" / "out"), ("", "")):
        panel.ui.folderEdit.currentPath = typed
        assert panel.exporting._folder() == str(folder)


def test_nothing_is_added_to_a_database_that_is_locked(logic, files, locked):
    (entry,) = logic.importNifti(files).entries
    assert "is locked by another program, so nothing was added to it" in entry.error
    assert locked.imagesCount() == 0
    assert not list(Path(locked.databaseDirectory).rglob("*.dcm"))


def test_a_database_that_was_removed_is_named(logic, files, database):
    import shutil

    shutil.rmtree(database.databaseDirectory)
    (entry,) = logic.importNifti(files).entries
    assert entry.error.startswith(f"The DICOM database in {database.databaseDirectory} does not exist any more")


def test_a_database_is_written_once_it_is_not_locked_any_more(logic, files, database):
    assert logic.importNifti(files).ok
    assert database.imagesCount() == 2


def test_files_that_were_not_added_completely_are_removed_again(monkeypatch, logic, files, database):
    """The disk is full after the first file."""
    import ctk

    add = ctk.ctkDICOMIndexer.addListOfFiles

    def add_first(self, database, paths, copy):
        add(self, database, paths[:1], copy)
        orphan = next(Path(database.databaseDirectory).rglob("*.dcm")).with_name("orphan.dcm")
        orphan.touch()

    monkeypatch.setattr(ctk.ctkDICOMIndexer, "addListOfFiles", add_first)
    (entry,) = logic.importNifti(files).entries
    assert "Of 2 instances" in entry.error
    assert "1 could be added" in entry.error
    assert database.imagesCount() == 0
    assert [path.name for path in Path(database.databaseDirectory).rglob("*.dcm")] == ["orphan.dcm"]  # not one of ours


def test_half_a_copy_is_removed(logic, database, tmp_path):
    import hashlib

    from NiftiDicomBridgeLib.Host.DatabaseFiles import Header, take_back

    uids = ("1.2.1", "1.2.2", "1.2.3")
    study, series, instance = (hashlib.md5(uid.encode()).hexdigest() for uid in uids)
    copies = [Path(database.databaseDirectory, "dicom", study[:8], series[:8], instance + ".dcm"),
              Path(database.databaseDirectory, "dicom", *uids[:2], uids[2] + ".dcm")]  # fmt: skip
    for path in copies:
        path.parent.mkdir(parents=True)
        path.touch()
    take_back([Header(tmp_path / "x.dcm", *uids)], database)
    assert list(Path(database.databaseDirectory, "dicom").iterdir()) == []


def test_a_read_only_file_is_copied_where_its_link_could_not_be_removed(slicer, tmp_path, monkeypatch):
    """As of a DICOM database that was filled from a CD, on Windows."""
    from NiftiDicomBridgeLib.Tasks import ImportTasks

    def refuse(*arguments):
        raise OSError(errno.EPERM, "A required privilege is not held by the client")

    monkeypatch.setattr(ImportTasks, "_IS_WINDOWS", True)
    monkeypatch.setattr(os, "symlink", refuse)
    (tmp_path / "a.dcm").write_bytes(b"image")
    (tmp_path / "a.dcm").chmod(0o444)
    ImportTasks._link(tmp_path / "a.dcm", tmp_path / "copy.dcm")
    assert (tmp_path / "copy.dcm").read_bytes() == b"image"
    assert os.stat(tmp_path / "copy.dcm").st_mode & 0o200
