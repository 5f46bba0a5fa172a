"""The command line: help, usage, exit codes, what it prints."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.version import tool_version
from support.command_line import run, to_dicom, to_nifti
from support.round_trip import RoundTrip, listing, names_in


def test_without_arguments_it_prints_help() -> None:
    done = run()

    assert done.returncode == 0
    assert all(word in done.stdout for word in ("convert", "inspect", "compare", "demo"))


@pytest.mark.parametrize("command", ["apply", "convert", "inspect", "compare", "validate", "demo", "create-sample"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture) -> None:
    assert main([command, "--help"]) == 0
    assert "usage: nifti-dicom-bridge " + command in capsys.readouterr().out


def test_every_option_of_the_contract_is_in_the_help(capsys: pytest.CaptureFixture) -> None:
    main(["convert", "--help"])

    text = capsys.readouterr().out
    for option in ("--to", "-o", "--uids", "--names", "--no-gzip", "--set", "--overwrite", "--report", "-q", "-v"):
        assert option in text


def test_it_prints_its_version(capsys: pytest.CaptureFixture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"nifti-dicom-bridge {tool_version()}\n"


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["convert"], ["convert", "x"], ["convert", "x", "--to", "png", "-o", "y"], ["convert", "x", "--to", "nifti"],
     ["convert", "x", "--to", "nifti", "-o", "y", "--uids", "old"], ["compare", "x"], ["inspect"],
     ["convert", "x", "--to", "nifti", "-o", "y", "-q", "-v"]],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main(arguments) == 2
    (sentence,) = capsys.readouterr().err.splitlines()  # not the list of all options
    assert "--help' lists the options" in sentence


def test_convert_and_compare_close_the_round_trip(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("oblique")

    assert to_nifti(round_trip) == 0
    assert to_dicom(round_trip, "--uids", "keep", "--names", "original") == 0
    assert main(["compare", str(round_trip.dicom), str(round_trip.back)]) == 0
    assert listing(round_trip.back) == listing(round_trip.dicom)


@pytest.mark.slow
def test_numbered_files_are_in_a_folder_per_series(round_trip: RoundTrip) -> None:
    round_trip.make("two_series")
    to_nifti(round_trip)
    to_dicom(round_trip)

    assert names_in(round_trip.nifti) == [
        "7_Head_soft_bone.json", "7_Head_soft_bone.nii.gz", "7_Head_soft_bone_2.json", "7_Head_soft_bone_2.nii.gz",
    ]  # fmt: skip
    assert [name for name in names_in(round_trip.back) if name.endswith(".dcm")] == [
        *(f"7_Head_soft_bone/00000{n}.dcm" for n in (1, 2, 3)), *(f"7_Head_soft_bone_2/00000{n}.dcm" for n in (1, 2)),
    ]  # fmt: skip


def test_no_gzip_writes_a_plain_image(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    assert to_nifti(round_trip, "--no-gzip") == 0
    assert names_in(round_trip.nifti) == ["1_series_1.json", "1_series_1.nii"]


def test_quiet_prints_nothing(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("strangers_between")

    assert to_nifti(round_trip, "-q") == 0
    assert capsys.readouterr() == ("", "")


def test_verbose_names_every_file(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("strangers_between")
    to_nifti(round_trip, "-v")

    text = capsys.readouterr().out
    assert "1_series_1.json" in text
    assert "Basic Text SR" in text


@pytest.mark.slow
@pytest.mark.parametrize("phantom", ["wrong_charset", "odd_padding", "trailing_zeros"])
def test_odd_values_put_no_python_warnings_on_the_terminal(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    assert run("convert", round_trip.dicom, "--to", "nifti", "-o", round_trip.nifti).stderr == ""
    assert run("convert", round_trip.nifti, "--to", "dicom", "-o", round_trip.back).stderr == ""


@pytest.mark.slow
def test_a_damaged_file_is_exit_code_1_and_all_else_is_there(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("two_series")
    last = max(round_trip.dicom.iterdir())
    last.write_bytes(last.read_bytes()[:-10])

    assert to_nifti(round_trip) == 1
    assert last.name in capsys.readouterr().err
    assert len(round_trip.images()) == 2


def test_the_report_names_every_series_file_and_change(round_trip: RoundTrip) -> None:
    round_trip.make("strangers_between")
    to_nifti(round_trip)
    assert to_dicom(round_trip, "--set", "PatientID=007", "--report", round_trip.folder / "report.json") == 0

    report = json.loads((round_trip.folder / "report.json").read_text("utf-8"))
    assert report["ok"] is True
    (entry,) = report["entries"]
    assert entry["outcome"] == "reissued"
    assert sorted(entry["outputs"]) == sorted(str(path) for path in round_trip.back.rglob("*.dcm"))
    assert entry["log"]["changes"] == [{"attribute": "PatientID", "old": "R1", "new": "007", "source": "--set"}]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--as", "seg"], ["--study-from", "x"], ["--sidecar", "x"], ["--metadata", "x"],
        ["--labels", "x"], ["--segmentation", "binary"], ["--plane", "axial"], ["--max-error", "1"],
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_choice_about_dicom_to_be_made_is_wrong_usage_on_the_way_to_nifti(
    round_trip: RoundTrip, arguments: list[str], capsys: pytest.CaptureFixture
) -> None:
    round_trip.make("classic_ct")

    assert to_nifti(round_trip, *arguments) == 2
    assert "Use it with --to dicom" in capsys.readouterr().err


def test_a_report_into_nowhere_is_wrong_usage_before_anything_is_done(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    assert to_nifti(round_trip, "--report", round_trip.folder / "no" / "report.json") == 2
    assert names_in(round_trip.nifti) == []


def test_inspect_shows_what_is_there(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("missing_slice")

    assert main(["inspect", str(round_trip.dicom)]) == 0
    text = capsys.readouterr().out
    for part in ("1 series 1", "5 × 4 × 4", "1 slice(s) missing", "1_series_1.nii.gz"):
        assert part in text


def test_inspect_prints_json(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("mr_4d")

    assert main(["inspect", str(round_trip.dicom), "--json"]) == 0
    (image,) = json.loads(capsys.readouterr().out)["images"]
    assert image["shape"] == [5, 4, 3, 2]
    assert image["spacing_mm"] == [0.5, 0.75, 2.5]


def test_compare_finds_one_changed_bit(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")
    round_trip.back.mkdir()
    for path in round_trip.dicom.iterdir():
        (round_trip.back / path.name).write_bytes(path.read_bytes())
    path = round_trip.back / "002.dcm"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")

    assert main(["compare", str(round_trip.dicom), str(round_trip.back), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["equal_voxels"] == 2


@pytest.mark.parametrize("change", ["PatientName", "ImagePositionPatient", "missing"])
def test_compare_finds_another_element_position_or_instance(change: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    round_trip.back.mkdir()
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        if change == "PatientName":
            ds.PatientName = "Other"
        if change == "ImagePositionPatient":
            ds.ImagePositionPatient[2] += 0.5
        if change != "missing" or path.name != "003.dcm":
            ds.save_as(round_trip.back / path.name)

    assert main(["compare", str(round_trip.dicom), str(round_trip.back)]) == 1


def test_the_demo_proves_the_round_trip(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["demo", str(tmp_path / "demo")]) == 0
    assert capsys.readouterr().out


def test_the_demo_needs_no_folder(capsys: pytest.CaptureFixture) -> None:
    assert main(["demo"]) == 0


@pytest.mark.parametrize("command", ["apply", "convert", "inspect", "compare"])
@pytest.mark.parametrize("kind", ["missing", "empty folder", "text file", "empty file", "folder of texts"])
def test_silly_input_is_one_sentence_and_exit_code_1(
    command: str, kind: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    path = round_trip.folder / "input"
    if kind in ("empty folder", "folder of texts"):
        path.mkdir()
    if kind == "folder of texts":
        (path / "a.txt").write_text("hello")
        (path / "b.md").write_text("hello")
    if kind.endswith("file"):
        path.write_text("" if kind == "empty file" else "hello world, this is text\n" * 20)
    arguments = {
        "apply": ["apply", str(path), "-o", str(round_trip.nifti), "--", "cp", "{input}", "{output}"],
        "convert": ["convert", str(path), "--to", "nifti", "-o", str(round_trip.nifti)],
        "inspect": ["inspect", str(path)],
        "compare": ["compare", str(path), str(path)],
    }[command]

    assert main(arguments) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert names_in(round_trip.nifti) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_closed_pipe_is_no_traceback(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    command = f"'{sys.executable}' -m nifti_dicom_bridge inspect '{round_trip.dicom}' | true"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_no_progress_bar_goes_into_a_pipe(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    done = run("convert", round_trip.dicom, "--to", "nifti", "-o", round_trip.nifti)

    assert done.stderr == ""
    assert "\r" not in done.stdout


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_why_all_was_skipped_is_printed_by_itself(quiet: tuple[str, ...], round_trip: RoundTrip, tmp_path: Path) -> None:
    round_trip.make("classic_ct")
    script = tmp_path / "nothing.py"
    script.write_text(
        "import sys, nibabel, numpy\n"
        "image = nibabel.load(sys.argv[1])\n"
        "nibabel.save(nibabel.Nifti1Image(numpy.zeros(image.shape, 'u1'), image.affine), sys.argv[2])\n"
    )
    command = [sys.executable, script, "{input}", "{output}"]

    done = run("apply", round_trip.dicom, "-o", round_trip.back, "--as", "seg", *quiet, "--", *command)

    assert done.returncode == 1
    assert "no label is described" in done.stderr
    assert "--labels" in done.stderr
