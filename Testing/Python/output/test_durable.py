"""File operations that survive a power cut, on platforms and file systems that lack some of them."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nifti_dicom_bridge.output import durable


def failing(number: int) -> Callable[..., None]:
    """Return a function of the operating system that fails with an error number."""

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def c_function_failing(number: int) -> Callable[[str], Callable[..., int]]:
    """Return what looks up functions of the C library that fail with an error number."""

    def fail(*arguments: object) -> int:
        ctypes.set_errno(number)
        return -1

    return lambda name: fail


def synced(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often a single file or folder is written to the disk."""
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    durable.sync(paths)
    return len(calls)


def files_in(folder: Path, count: int) -> list[Path]:
    paths = [folder / str(n) for n in range(count)]
    for path in paths:
        path.write_bytes(b"")
    return paths


def test_few_files_are_written_to_the_disk_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = files_in(tmp_path, 3)

    assert synced([*paths, *paths], monkeypatch) == 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other platforms cannot")
def test_many_files_are_written_to_the_disk_with_their_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert synced(files_in(tmp_path, durable.MOST_SINGLE + 1), monkeypatch) == 0


def test_many_files_are_written_one_by_one_where_the_file_system_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_c_function", lambda name: None)

    assert synced(files_in(tmp_path, durable.MOST_SINGLE + 1), monkeypatch) == durable.MOST_SINGLE + 1


def test_a_file_system_that_cannot_sync_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))

    durable.sync([tmp_path])


def test_a_disk_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))

    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        durable.sync(files_in(tmp_path, 1))


def test_a_kept_file_is_the_same_file_under_another_name(tmp_path: Path) -> None:
    (path,) = files_in(tmp_path, 1)

    durable.keep(path, tmp_path / "old" / "kept")

    assert path.samefile(tmp_path / "old" / "kept")


def test_a_file_is_kept_as_a_copy_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kept = tmp_path / "a", tmp_path / "kept"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "link", failing(errno.EPERM))

    durable.keep(path, kept)

    assert (path.read_bytes(), kept.read_bytes()) == (b"old", b"old")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a", "kept"]


def test_a_file_that_is_kept_already_stays_as_it_was(tmp_path: Path) -> None:
    path, kept = tmp_path / "a", tmp_path / "kept"
    path.write_bytes(b"new"), kept.write_bytes(b"old")

    durable.keep(path, kept)

    assert kept.read_bytes() == b"old"


def test_a_file_that_cannot_be_kept_for_want_of_space_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = files_in(tmp_path, 1)
    monkeypatch.setattr(os, "link", failing(errno.ENOSPC))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        durable.keep(path, tmp_path / "kept")


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="other platforms cannot")
def test_two_folders_exchange_their_names(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()

    if durable.exchange(tmp_path / "a", tmp_path / "b"):
        assert (tmp_path / "a" / "b").exists()
        assert (tmp_path / "b" / "a").exists()


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("function", [lambda name: None, c_function_failing(errno.EINVAL)], ids=["missing", "not supported"])
def test_names_are_not_exchanged_where_the_platform_cannot(
    platform: str, function: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(durable, "_c_function", function)

    assert durable.exchange(tmp_path / "a", tmp_path / "b") is False


def test_names_are_not_exchanged_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    assert durable.exchange(tmp_path / "a", tmp_path / "b") is False


def test_names_that_may_not_be_exchanged_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(durable, "_c_function", c_function_failing(errno.EACCES))

    with pytest.raises(PermissionError):
        durable.exchange(tmp_path / "a", tmp_path / "b")
