"""What the next conversion does about one that was interrupted while it put its outputs in place, or took them back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge import OutputError
from nifti_dicom_bridge.output import Staging, commit, recover
from nifti_dicom_bridge.output.locks import COMMIT_LOCK, DATASET_LOCK, HOME, FolderLock
from support.round_trip import listing, names_in

FOLDER_SIGN = "zarr.json"


def _interrupted(folder: Path, steps: int = 0) -> Path:
    """Leave a commit of a file and a folder behind that was decided, and done up to a number of steps; return its folder."""
    staging = Staging(folder, overwrite=True).__enter__()
    staging.path("T1.json").write_bytes(b"new")
    (staging.folder_path("T2.zarr", FOLDER_SIGN) / FOLDER_SIGN).write_bytes(b"new")
    planned = staging._plan()
    planned.decide()
    for step in planned.steps[:steps]:
        commit._DO[step.action](planned, step)
    staging._owner.close()
    return staging._temporary


def _old_outputs(folder: Path) -> None:
    (folder / "T2.zarr").mkdir(parents=True)
    for name in ("T1.json", f"T2.zarr/{FOLDER_SIGN}"):
        (folder / name).write_bytes(b"old")


def test_there_is_nothing_to_recover_in_a_folder_without_conversions(tmp_path: Path) -> None:
    assert recover(tmp_path) == []


@pytest.mark.parametrize("exchanges", [True, False], ids=["names are exchanged", "names cannot be exchanged"])
@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize("former", [True, False], ids=["replaced", "new"])
def test_outputs_whose_taking_back_was_interrupted_are_taken_back(
    former: bool, steps: int, exchanges: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:
        monkeypatch.setattr(commit.durable, "exchange", lambda first, second: False)
    if former:
        _old_outputs(tmp_path)
    before = listing(tmp_path)
    staging = _interrupted(tmp_path, steps)
    (staging / commit.JOURNAL).rename(staging / commit.UNDO)

    (sentence,) = recover(tmp_path)

    assert "took back T2.zarr (2 outputs)" in sentence
    assert listing(tmp_path) == before
    assert not (tmp_path / HOME).exists()


STEP = {"name": "T1.json", "action": "file", "replaces": True}
DAMAGED = {
    "no JSON": "{",
    "not an object": "[]",
    "a step without a name": {"steps": [{}], "made": []},
    "a number as name": {"steps": [{**STEP, "name": 1}], "made": []},
    "a name above the folder": {"steps": [{**STEP, "name": "../T1.json", "action": "remove"}], "made": []},
    "an absolute name": {"steps": [{**STEP, "name": "/tmp/T1.json", "action": "remove"}], "made": []},
    "a new folder above the folder": {"steps": [STEP], "made": [".."]},
    "an unknown action": {"steps": [{**STEP, "action": "send"}], "made": []},
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_journal_that_cannot_be_ours_changes_nothing_and_is_an_error(case: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.mkdir()
    for path in (tmp_path / "T1.json", output / "T1.json"):
        path.write_bytes(b"precious")
    staging = _interrupted(output)
    content = DAMAGED[case]
    (staging / commit.JOURNAL).write_text(content if isinstance(content, str) else json.dumps(content))

    with pytest.raises(OutputError, match="journal of an interrupted conversion cannot be used") as caught:
        recover(output)

    assert str(staging) in str(caught.value)
    assert [path.read_bytes() for path in (tmp_path / "T1.json", output / "T1.json")] == [b"precious"] * 2


def test_a_folder_whose_lock_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / HOME / COMMIT_LOCK).mkdir(parents=True)

    with pytest.raises(OutputError, match="Check its permissions"):
        recover(tmp_path)


def test_locks_that_no_one_holds_are_removed_and_others_stay(tmp_path: Path) -> None:
    home = tmp_path / HOME
    home.mkdir()
    (home / "other.lock").touch()

    with FolderLock(home / DATASET_LOCK):
        recover(tmp_path)
        assert DATASET_LOCK in names_in(home)
        assert "other.lock" not in names_in(home)
    recover(tmp_path)

    assert names_in(tmp_path) == []


def test_an_output_that_cannot_be_completed_is_an_error(tmp_path: Path) -> None:
    staging = _interrupted(tmp_path)
    (tmp_path / "T1.json").mkdir()
    (tmp_path / "T1.json" / "file").touch()

    with pytest.raises(OutputError, match="cannot be completed") as caught:
        recover(tmp_path)

    assert str(staging) in str(caught.value)
