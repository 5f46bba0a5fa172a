"""Files as Windows has them: not replaced or removed while a program has them open, nor if they are read-only."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nifti_dicom_bridge import OutputError
from nifti_dicom_bridge.output import Staging, durable, recover
from nifti_dicom_bridge.output import staging as staging_module
from support.round_trip import listing, names_in

OLD, NEW = b"old", b"new"
SET = ("T1.json", "T1.nii.gz")
FOREVER = 1 << 30
_held: dict[str, int] = {}
"""Path → how often its removal or replacement is still refused."""


def _refuse(event: str, arguments: tuple) -> None:
    if not _held or event not in ("os.rename", "os.remove"):
        return
    path = os.fspath(arguments[1] if event == "os.rename" else arguments[0])
    if _held.get(path, 0) > 0 or (event == "os.remove" and _is_read_only(path)):
        _held[path] = _held.get(path, 0) - 1
        raise PermissionError(errno.EACCES, "Access is denied", path)


def _is_read_only(path: str) -> bool:
    return os.path.isfile(path) and not os.stat(path).st_mode & stat.S_IWRITE


sys.addaudithook(_refuse)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Apply the rules of Windows; the number of a file is how often another program still has it open."""
    for module in (durable, staging_module):
        monkeypatch.setattr(module, "IS_WINDOWS", True)
    monkeypatch.setattr(durable, "_PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(shutil, "_use_fd_functions", False)  # as there, paths are complete
    _held[""] = 0
    yield _held
    _held.clear()


def former_set(folder: Path) -> None:
    for name in SET:
        (folder / name).write_bytes(OLD)


def replace_set(folder: Path) -> None:
    with Staging(folder, overwrite=True) as staging:
        for name in SET:
            staging.path(name).write_bytes(NEW)
        staging.commit()


def test_an_output_that_another_program_has_open_leaves_everything_as_it_was(tmp_path: Path, held: dict[str, int]) -> None:
    former_set(tmp_path)
    held[str(tmp_path / "T1.nii.gz")] = FOREVER

    with pytest.raises(OutputError, match=r"T1\.nii\.gz: cannot be .*another program has it open\); nothing was changed"):
        replace_set(tmp_path)

    assert listing(tmp_path) == dict.fromkeys(SET, OLD)


def test_an_output_that_is_open_for_a_moment_is_replaced(tmp_path: Path, held: dict[str, int]) -> None:
    former_set(tmp_path)
    held[str(tmp_path / "T1.nii.gz")] = 2

    replace_set(tmp_path)

    assert listing(tmp_path) == dict.fromkeys(SET, NEW)


def test_an_output_that_is_read_only_is_not_replaced(tmp_path: Path, held: dict[str, int]) -> None:
    former_set(tmp_path)
    (tmp_path / "T1.nii.gz").chmod(stat.S_IREAD)

    with pytest.raises(OutputError, match=r"T1\.nii\.gz is read-only"):
        replace_set(tmp_path)

    assert listing(tmp_path) == dict.fromkeys(SET, OLD)


def test_a_read_only_file_without_successor_leaves_no_temporary_folder(tmp_path: Path, held: dict[str, int]) -> None:
    former_set(tmp_path)
    (tmp_path / "T1.bval").write_bytes(OLD)
    (tmp_path / "T1.bval").chmod(stat.S_IREAD)

    replace_set(tmp_path)

    assert names_in(tmp_path) == sorted(SET)
    assert recover(tmp_path) == []


def test_files_are_moved_out_of_folders_with_the_permissions_of_others(tmp_path: Path, held: dict[str, int]) -> None:
    """Files keep the permissions of the folder in which they were written; those of `tempfile` are for their owner only."""
    (tmp_path / "usual").mkdir()

    with Staging(tmp_path / "out") as staging:
        folders = [staging.path("a.nii").parent.parent, staging.scratch(), durable.new_folder(tmp_path, ".fetching-")]
        modes = {folder.stat().st_mode for folder in folders}

    assert modes == {(tmp_path / "usual").stat().st_mode}


@pytest.mark.parametrize("is_open", [False, True])
def test_folders_are_replaced_on_drives_that_number_all_alike(
    is_open: bool, tmp_path: Path, held: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "exchange", lambda first, second: False)
    for name in ("stat", "lstat"):
        monkeypatch.setattr(Path, name, _without_number(getattr(Path, name)))
    (tmp_path / "T2.zarr").mkdir()
    (tmp_path / "T2.zarr" / "zarr.json").write_bytes(OLD)
    if is_open:
        held[str(tmp_path / "T2.zarr")] = FOREVER

    with Staging(tmp_path, overwrite=True) as staging:
        (staging.folder_path("T2.zarr", "zarr.json") / "zarr.json").write_bytes(NEW)
        if is_open:
            with pytest.raises(OutputError, match="cannot be written"):
                staging.commit()
            held.pop(str(tmp_path / "T2.zarr"))
        else:
            staging.commit()
    recover(tmp_path)

    assert listing(tmp_path) == {"T2.zarr/zarr.json": OLD if is_open else NEW}


def _without_number(function):
    """Return a function that gives the status of files without their numbers, as some network drives do."""

    def status(path, *arguments, **options):
        found = function(path, *arguments, **options)
        return os.stat_result((found.st_mode, 0, *found[2:]))

    return status
