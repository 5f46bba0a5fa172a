"""Two conversions into one folder, and conversions whose process has ended."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nifti_dicom_bridge import Cancelled, OutputError
from nifti_dicom_bridge.output import WAITING, Staging
from nifti_dicom_bridge.output.locks import COMMIT_LOCK, HOME, OWNER, FolderLock, is_dead, own


def test_the_second_waits_and_reports_that(tmp_path: Path) -> None:
    heard: list[str] = []
    first, second = (Staging(tmp_path) for _ in range(2))
    with first:
        first.path("a").write_text("a")
        first.hold()
        second._lock.progress = lambda what, done, total: heard.append(what)

        def write() -> None:
            with second:
                second.path("b").write_text("b")
                second.commit()

        thread = threading.Thread(target=write)
        thread.start()
        while not heard:
            thread.join(0.01)
        first.commit()
    thread.join()

    assert set(heard) == {WAITING}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_waiting_can_be_cancelled(tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        raise Cancelled("stopped")

    with FolderLock(tmp_path / HOME / COMMIT_LOCK), pytest.raises(Cancelled):
        FolderLock(tmp_path / HOME / COMMIT_LOCK, stop).__enter__()


@pytest.mark.slow
def test_a_staging_folder_is_dead_when_its_process_has_ended(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from nifti_dicom_bridge.output.locks import own; own(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
    assert is_dead(tmp_path)

    with own(tmp_path):
        assert not is_dead(tmp_path)


def test_a_lock_file_is_removed_while_others_wait_for_it(tmp_path: Path) -> None:
    path = tmp_path / HOME / COMMIT_LOCK
    first, second = FolderLock(path), FolderLock(path)
    assert first.attempt()
    assert not second.attempt()
    first.release(remove=True)

    assert second.attempt()
    assert path.exists()
    second.release(remove=True)


def test_a_lock_that_may_not_be_opened_is_an_error_and_no_endless_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    path = tmp_path / COMMIT_LOCK
    path.touch()
    monkeypatch.setattr("nifti_dicom_bridge.output.locks.REMOVED_S", 0.05)
    monkeypatch.setattr("nifti_dicom_bridge.output.locks.open", refuse, raising=False)

    with pytest.raises(PermissionError), FolderLock(path):
        pass


@pytest.mark.parametrize("name", [HOME, f"{HOME}/{COMMIT_LOCK}"], ids=["folder", "lock"])
def test_something_else_in_the_place_of_the_lock_is_an_error(name: str, tmp_path: Path) -> None:
    if name == HOME:
        (tmp_path / HOME).touch()
    else:
        (tmp_path / name).mkdir(parents=True)

    with pytest.raises(OutputError, match="cannot be written"), Staging(tmp_path):
        pass


def test_a_lock_below_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FolderLock(tmp_path / "missing" / HOME / COMMIT_LOCK).attempt()


# --- file systems without locks ---------------------------------------------------------------------------------------


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks as some network file systems have them: not at all."""
    fcntl = pytest.importorskip("fcntl")

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)


@pytest.mark.usefixtures("no_locks")
def test_everyone_is_let_in_where_there_are_no_locks(tmp_path: Path) -> None:
    path = tmp_path / HOME / COMMIT_LOCK

    with FolderLock(path), FolderLock(path) as second:
        assert second.path.exists()


@pytest.mark.usefixtures("no_locks")
def test_a_staging_folder_of_a_process_that_runs_is_not_dead_without_locks(tmp_path: Path) -> None:
    with own(tmp_path):
        assert not is_dead(tmp_path)


@pytest.mark.usefixtures("no_locks")
@pytest.mark.skipif(os.name == "nt", reason="Windows has locks everywhere")
@pytest.mark.parametrize(
    ("host", "dead"), [(platform.node(), True), ("elsewhere", False)], ids=["this computer", "another computer"]
)
def test_a_staging_folder_without_locks_is_dead_if_its_process_ended_on_this_computer(
    host: str, dead: bool, tmp_path: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / OWNER).write_text(f"{host} {ended.pid}")

    assert is_dead(tmp_path) is dead


def test_a_staging_folder_without_owner_is_dead(tmp_path: Path) -> None:
    assert is_dead(tmp_path)


def test_a_staging_folder_whose_owner_cannot_be_read_is_not_dead(tmp_path: Path) -> None:
    (tmp_path / OWNER).mkdir()

    assert not is_dead(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_folder_that_cannot_be_made_is_an_error_and_no_endless_wait(tmp_path: Path) -> None:
    (tmp_path / HOME).symlink_to(tmp_path / "missing")

    with pytest.raises(FileExistsError), FolderLock(tmp_path / HOME / COMMIT_LOCK):
        pass


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a file system without new folders is needed")
def test_a_file_system_without_new_folders_is_an_error() -> None:
    with pytest.raises(OutputError), Staging(Path("/proc")):
        pass
