"""The short form, the target by the inputs, and the lines of a run: one warning for each image, and a summary."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge.cli import commands, main
from phantoms import PHANTOMS
from support.round_trip import RoundTrip, names_in

COMMANDS = sorted(commands._COMMANDS)


def test_an_input_and_an_output_are_enough(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti)]) == 0
    assert names_in(round_trip.nifti) == ["1_series_1.json", "1_series_1.nii.gz"]
    assert "the input is DICOM: NIfTI is written" in capsys.readouterr().out


def test_the_short_form_restores_dicom_from_nifti(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")
    main([str(round_trip.dicom), "-o", str(round_trip.nifti)])

    assert main(["-o", str(round_trip.back), str(round_trip.nifti), "--uids", "keep"]) == 0
    assert main(["compare", str(round_trip.dicom), str(round_trip.back)]) == 0
    assert "the input is not DICOM: DICOM is written" in capsys.readouterr().out


def test_the_target_that_is_chosen_is_not_printed(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti), "--to", "nifti"]) == 0
    assert "the input is" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--compress", "rle"], ["--report", "missing/x.html"], ["--series", "none"]])
def test_a_run_that_does_not_start_prints_no_target(
    arguments: list[str], round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    round_trip.make("classic_ct")

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti), *arguments]) != 0
    assert capsys.readouterr().out == ""


def test_deidentify_is_short_for_a_conversion_to_dicom(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")

    assert main(["deidentify", str(round_trip.dicom), "-o", str(round_trip.back), "--retain", "uids"]) == 0
    written = [pydicom.dcmread(path) for path in sorted(round_trip.back.rglob("*.dcm"))]
    assert {(ds.PatientID, ds.PatientIdentityRemoved) for ds in written} == {("", "YES")}
    assert len(written) == len(list(round_trip.dicom.rglob("*.dcm")))


def test_deidentify_writes_another_format_if_asked(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    assert main(["deidentify", str(round_trip.dicom), "-o", str(round_trip.nifti), "--to", "nifti"]) == 0
    assert [path.suffix for path in sorted(round_trip.nifti.iterdir())] == [".json", ".gz"]


def test_a_misspelled_deidentify_is_not_an_input(capsys: pytest.CaptureFixture) -> None:
    assert main(["deidentfy", "x", "-o", "y"]) == 2
    assert "invalid choice: 'deidentfy'" in capsys.readouterr().err


def test_inputs_of_both_kinds_need_a_choice(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")
    main([str(round_trip.dicom), "-o", str(round_trip.nifti)])

    assert main([str(round_trip.folder), "-o", str(round_trip.folder / "out")]) == 2
    assert "by --to nifti or --to dicom" in capsys.readouterr().err
    assert not (round_trip.folder / "out").exists()


def test_a_misspelled_command_is_not_an_input(capsys: pytest.CaptureFixture) -> None:
    assert main(["conver", "x", "-o", "y"]) == 2
    assert "invalid choice: 'conver'" in capsys.readouterr().err


def test_a_missing_folder_that_is_a_little_like_a_command_is_an_input(there: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["samples", "-o", "nifti"]) == 1
    assert "samples: no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_option_is_one_sentence_in_every_command(command: str, capsys: pytest.CaptureFixture) -> None:
    assert main([command, "--no-such-option"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"nifti-dicom-bridge {command}: ")


ARGUMENTS = {
    "apply": ["x", "-o", "y", "--", "cp"], "compare": ["x", "y"], "convert": ["x", "-o", "y"], "create-sample": ["x"],
    "demo": [], "fetch": ["dicomweb:https://x", "-o", "y"], "inspect": ["x"],
    "listen": ["-o", "y", "--port", "1", "--ae-title", "A"],
    "search": ["dicomweb:https://x"], "send": ["x", "--to", "dicomweb:https://x"], "validate": ["x"],
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_an_interruption_is_130_in_every_command(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(commands._COMMANDS, command, interrupted)
    assert main([command, *ARGUMENTS[command]]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


# --- the lines of a run -----------------------------------------------------------------------------------------------


def uneven(folder: Path, number: int) -> None:
    """Write a series of which a slice is missing."""
    PHANTOMS["missing_slice"].write(folder / str(number))
    for path in (folder / str(number)).iterdir():
        ds = pydicom.dcmread(path)
        ds.SeriesInstanceUID = f"1.2.3.{number}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
        ds.SeriesNumber = number
        ds.save_as(path)


@pytest.mark.slow
def test_a_warning_of_several_images_is_printed_once_and_counted(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    for number in (1, 2, 3):
        uneven(round_trip.dicom, number)

    main([str(round_trip.dicom), "-o", str(round_trip.nifti)])
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("  ") and "warning: " in line]) == 1
    assert len([line for line in lines if line.startswith("warning    3 images: ")]) == 1


@pytest.mark.slow
def test_verbose_prints_every_warning_of_every_image(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    for number in (1, 2, 3):
        uneven(round_trip.dicom, number)

    main([str(round_trip.dicom), "-o", str(round_trip.nifti), "-v"])
    assert sum("slice(s) missing" in line for line in capsys.readouterr().out.splitlines()) == 3


@pytest.mark.slow
def test_the_last_line_names_what_failed_and_how_to_go_on(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("two_series")
    (round_trip.nifti / "7_Head_soft_bone.nii.gz").parent.mkdir()
    (round_trip.nifti / "7_Head_soft_bone.json").write_text("{}")

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti)]) == 1
    *_, hint, last = capsys.readouterr().out.splitlines()
    assert "--skip-existing converts only what is missing" in hint
    assert last.startswith("1 converted, 1 failed (7 Head: soft/bone), ")
