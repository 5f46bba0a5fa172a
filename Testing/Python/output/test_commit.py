"""A set of outputs appears as a whole, also when the process is killed in the middle."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nifti_dicom_bridge import OutputError
from nifti_dicom_bridge.output import Staging, check_complete, commit, durable, recover
from support.round_trip import listing, names_in

OLD, NEW = b"old", b"new"
SET = ("T1.nii.gz", "T1.json", "sub/T1.tsv")


class KilledError(BaseException):
    """Simulates the end of the process: nothing of ours may run after it."""


def fill(staging: Staging, store: bool = True) -> Staging:
    """Put a complete set into a staging area."""
    for name in SET:
        staging.path(name).write_bytes(NEW)
    if store:
        (staging.folder_path("T2.zarr", "zarr.json") / "zarr.json").write_bytes(NEW)
    return staging


def killed_at(step: int, staging: Staging, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Commit, and end before a change of names as a killed process does: whatever is there stays. Return whether it ended."""
    names: list[int] = []

    def dying(function: Callable) -> Callable:
        def call(*arguments, **options):
            names.append(1)
            if len(names) > step:
                raise KilledError
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patched:
        for place, name in ((os, "replace"), (os, "link"), (durable, "exchange")):
            patched.setattr(place, name, dying(getattr(place, name)))
        patched.setattr(commit.Commit, "undo", lambda self: None)
        try:
            staging.commit()
        except KilledError:
            return True
        finally:
            staging._owner.close()
            staging._lock.release()
    return False


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("former", [False, True])
def test_the_next_run_completes_or_removes_what_was_killed(
    step: int, former: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if former:
        (tmp_path / "T2.zarr").mkdir()
        (tmp_path / "sub").mkdir()
        for name in (*SET, "T2.zarr/zarr.json"):
            (tmp_path / name).write_bytes(OLD)
    before = listing(tmp_path)

    killed_at(step, fill(Staging(tmp_path, overwrite=True).__enter__()), monkeypatch)
    at_once = listing(tmp_path)
    recover(tmp_path)

    always_there = before.keys() - ({"T2.zarr/zarr.json"} if os.name == "nt" else set())  # Windows exchanges no folders
    assert always_there <= at_once.keys()
    assert set(listing(tmp_path).values()) in ({NEW}, {OLD} if former else set())
    assert not [name for name in names_in(tmp_path) if name.startswith(".")]


def test_an_image_never_appears_before_its_sidecar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(Path(b).name), real(a, b)))

    with Staging(tmp_path) as staging:
        for name in SET:
            staging.path(name).write_bytes(NEW)
        staging.commit()

    assert order.index("T1.json") < order.index("T1.nii.gz")


def test_an_image_of_a_commit_that_was_interrupted_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed_at(2, fill(Staging(tmp_path).__enter__(), store=False), monkeypatch)

    with pytest.raises(OutputError, match="was interrupted while it wrote this image"):
        check_complete(tmp_path / "T1.nii.gz")
    recover(tmp_path)
    check_complete(tmp_path / "T1.nii.gz")


def test_the_staging_folder_of_a_conversion_that_runs_stays(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        fill(staging)
        recover(tmp_path)
        with Staging(tmp_path) as other:
            fill(other)
        assert len(staging.commit()) == 4


def test_what_came_into_being_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        fill(staging)
        (tmp_path / "T1.json").write_bytes(OLD)
        with pytest.raises(OutputError, match=r"T1\.json exists"):
            staging.commit()

    assert listing(tmp_path) == {"T1.json": OLD}


def test_former_files_without_successor_go_with_the_set(tmp_path: Path) -> None:
    for name in ("T1.nii.gz", "T1.bval", "T1.bvec", "T10.bval", "7_T1/000001.dcm", "7_T1/000002.dcm", "7_T1/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(OLD)

    with Staging(tmp_path, overwrite=True) as staging:
        for name in ("T1.nii.gz", "7_T1/000001.dcm"):
            staging.path(name).write_bytes(NEW)
        staging.commit()

    assert names_in(tmp_path) == ["7_T1", "7_T1/000001.dcm", "7_T1/notes.txt", "T1.nii.gz", "T10.bval"]


def test_checks_see_the_outputs_before_they_are_put_in_place(tmp_path: Path) -> None:
    def refuse(outputs: dict[str, Path]) -> None:
        assert outputs["T1.json"].read_bytes() == NEW
        raise OutputError("It differs.")

    with Staging(tmp_path, overwrite=True) as staging:
        fill(staging)
        staging.checks.append(refuse)
        with pytest.raises(OutputError, match=r"It differs\."):
            staging.commit()

    assert names_in(tmp_path) == []


def test_folders_are_replaced_where_names_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "exchange", lambda first, second: False)
    (tmp_path / "T2.zarr").mkdir()
    (tmp_path / "T2.zarr" / "zarr.json").write_bytes(OLD)

    with Staging(tmp_path, overwrite=True) as staging:
        fill(staging)
        staging.commit()

    assert set(listing(tmp_path).values()) == {NEW}


@pytest.mark.parametrize(
    "name", ["NUL.dcm", "a/aux.json", "T1. ", "T1.", "a:b", "x" * 252 + ".dcm", "T\x1b1.nii", "b\udc80.nii"]
)
def test_names_that_some_platform_does_not_have_are_refused(name: str, tmp_path: Path) -> None:
    with Staging(tmp_path) as staging, pytest.raises(OutputError, match="contains"):
        staging.path(name)


@pytest.mark.parametrize(("first", "second"), [("a.dcm", "A.dcm"), ("e\u0301.nii", "\u00e9.nii"), ("Maß.nii", "MASS.nii")])
def test_names_that_are_one_file_on_some_platform_are_refused(first: str, second: str, tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        staging.path(first)
        with pytest.raises(OutputError, match="two outputs would be called"):
            staging.path(second)


def test_a_commit_that_can_neither_be_done_nor_taken_back_is_left_to_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "T1.nii.gz").write_bytes(OLD)

    def fail(paths: object) -> None:
        raise OSError(5, "Input/output error")

    with Staging(tmp_path, overwrite=True) as staging:
        fill(staging)
        real = durable.sync
        monkeypatch.setattr(
            commit.Commit, "decide", lambda self: (_decide(self), monkeypatch.setattr(durable, "sync", fail))[0]
        )
        with pytest.raises(OutputError, match="the next conversion into this folder"):
            staging.commit()
    monkeypatch.setattr(durable, "sync", real)
    recover(tmp_path)

    assert listing(tmp_path) == {"T1.nii.gz": OLD}


_decide = commit.Commit.decide


def test_a_full_disk_is_named_by_the_folder_of_the_outputs(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, Staging(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_full_from_the_start_is_left_as_it_was(tmp_path, monkeypatch):
    def refuse(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nifti_dicom_bridge.output.staging.own", refuse)
    with pytest.raises(OutputError, match="cannot be written"), Staging(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder in which a file is open")
def test_a_folder_that_is_removed_meanwhile_is_named_without_temporary_files(tmp_path):
    def write_after_removal() -> None:
        with Staging(tmp_path / "out") as staging:
            path = staging.path("a.nii")
            shutil.rmtree(tmp_path / "out")
            path.write_bytes(b"")

    with pytest.raises(FileNotFoundError) as caught:
        write_after_removal()
    assert caught.value.filename == str(tmp_path / "out")
