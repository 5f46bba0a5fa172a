"""Tasks of a lab from end to end: a messy folder to a de-identified BIDS dataset, and many series with a broken one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydicom
import pytest

from nifti_dicom_bridge.cli import main
from phantoms import PHANTOMS
from phantoms.base import save
from phantoms.examinations import EPI, GE, diffusion, series
from support.oracles import oracle, run
from support.round_trip import RoundTrip

SE = {"ScanningSequence": ["EP", "SE"]}
REVERSED = {"RectilinearPhaseEncodeReordering": "REVERSE_LINEAR"}


def epi(folder: Path, number: int, description: str, times: int, **attributes: Any) -> None:
    """Write echo planar images with a phase encoding direction."""
    found = series(folder, number, description, times, **{**EPI, **GE, **attributes})
    for ds in found:
        ds.AcquisitionMatrix = [0, ds.Columns, ds.Rows, 0]
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x2C, "SS", 700)
        block.add_new(0x83, "DS", ["1", "1"])
    save(folder / f"P-01-1-{number}", found)


def messy_folder(folder: Path) -> None:
    """Write an examination without order: field maps, bold, diffusion, anatomy, a scout, reports, texts, copies, CT."""
    series(folder, 1, "AAHead_Scout")
    series(folder, 2, "t1_mprage", PatientSize="1.75", PatientWeight="70", PatientBirthDate="19700131")
    epi(folder, 3, "se_fmap", 2, **SE)
    epi(folder, 4, "se_fmap", 2, **SE, **REVERSED)
    epi(folder, 5, "bold_task-faces", 3)
    diffusion(folder, 6, "dti", **GE)
    for n, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        path.rename(path.parent / f"IM{n:05d}")  # names without extension
    PHANTOMS["strangers_between"].write(folder / "other patient")
    (folder / "notes.txt").write_text("Ray^Ramp was here")
    (folder / "Thumbs.db").write_bytes(b"\0" * 64)
    first = next(path for path in (folder / "P-01-1-2").iterdir())
    (folder / "copy of it").write_bytes(first.read_bytes())


@pytest.mark.slow
def test_a_messy_folder_becomes_a_protected_dataset_with_linked_field_maps(
    round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    validator = oracle("bids-validator-deno")
    messy_folder(round_trip.dicom)
    (round_trip.folder / "key").write_text("a secret of this study")
    arguments = [str(round_trip.dicom), "-o", str(round_trip.nifti), "--layout", "bids", "--deidentify", "--key-file",
                 str(round_trip.folder / "key"), "--retain", "patient-characteristics", "--clean", "descriptors"]  # fmt: skip
    assert main(arguments) == 0
    out = capsys.readouterr().out

    issues = json.loads(run(validator, round_trip.nifti, "--json").stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    (bold,) = round_trip.nifti.glob("sub-*/ses-*/func/*_bold.json")
    maps = sorted(round_trip.nifti.glob("sub-*/ses-*/fmap/*_epi.json"))
    linked = [json.loads(path.read_text("utf-8")) for path in maps]
    assert len(maps) == 2
    assert {keys["B0FieldIdentifier"] for keys in linked} == {json.loads(bold.read_text("utf-8"))["B0FieldSource"]}
    assert all(f"{bold.stem}.nii.gz" in str(keys["IntendedFor"]) for keys in linked)
    everything = out + " ".join(path.as_posix() for path in round_trip.nifti.rglob("*"))
    everything += " ".join(path.read_text("utf-8") for path in round_trip.nifti.rglob("*.[jt]s*"))
    assert not [secret for secret in ("Ray", "Ramp", "P-01", "P01", "19700131", "20260101") if secret in everything]


# --- many series, one of them broken ----------------------------------------------------------------------------------

COUNT = 40


def many_series(folder: Path) -> Path:
    """Write 40 series, and return a file of one that is truncated."""
    for number in range(1, COUNT + 1):
        series(folder, number, f"t1_{number:02d}")
    broken = min((folder / "P-01-1-17").iterdir())
    broken.write_bytes(broken.read_bytes()[:-20])
    for path in sorted((folder / "P-01-1-17").iterdir())[1:]:
        path.unlink()  # the only file of the series
    return broken


@pytest.mark.slow
def test_forty_series_with_a_broken_one_are_one_command_with_a_summary(
    round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    broken = many_series(round_trip.dicom)

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti)]) == 1
    captured = capsys.readouterr()
    *_, hint, last = captured.out.splitlines()
    assert last.startswith(f"39 converted, 1 failed ({broken.name}), ")
    assert "--skip-existing" in hint
    assert captured.err.startswith(f"failed     {broken}: ")
    assert len(list(round_trip.nifti.glob("*.nii.gz"))) == 39


@pytest.mark.slow
def test_the_same_command_completes_what_is_missing_when_it_is_repaired(
    round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    broken = many_series(round_trip.dicom)
    main([str(round_trip.dicom), "-o", str(round_trip.nifti)])
    before = {path: path.stat().st_mtime_ns for path in round_trip.nifti.iterdir()}
    broken.unlink()
    series(round_trip.dicom, 17, "t1_17")
    capsys.readouterr()

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti), "--skip-existing"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 converted, 39 skipped")
    assert {path: path.stat().st_mtime_ns for path in round_trip.nifti.iterdir() if path in before} == before
    assert len(list(round_trip.nifti.glob("*.nii.gz"))) == COUNT
    ds = pydicom.dcmread(next((round_trip.dicom / "P-01-1-17").iterdir()))
    assert (round_trip.nifti / f"{ds.SeriesNumber}_t1_17.nii.gz").is_file()
