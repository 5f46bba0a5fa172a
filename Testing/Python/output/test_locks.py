"""Two conversions into one folder, and conversions whose process has ended."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nifti_dicom_bridge import Cancelled
from nifti_dicom_bridge.output import WAITING, Staging
from nifti_dicom_bridge.output.locks import COMMIT_LOCK, HOME, FolderLock, is_dead, own


def test_the_second_waits_and_says_so(tmp_path: Path) -> None:
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
