"""One damaged input is one failed entry, whatever a library raises; what nothing else catches is exit code 70."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Outcome, Target, convert, inspect
from nifti_dicom_bridge.cli import commands, main
from nifti_dicom_bridge.conversion.inputs import image_groups
from nifti_dicom_bridge.conversion.inputs.image_with_record import open_store
from nifti_dicom_bridge.formats.dicom.created.library_errors import refused_by_highdicom
from nifti_dicom_bridge.formats.dicom.reading import read as reading
from phantoms import PHANTOMS
from support.oracles import module
from support.round_trip import RoundTrip
from support.symlinks import link

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")


def broken(*_: object, **__: object) -> None:
    raise KeyError("a secret of the library")


@pytest.fixture
def two_series(tmp_path: Path) -> Path:
    PHANTOMS["two_series"].write(tmp_path / "scans")
    return tmp_path / "scans"


def test_an_unforeseen_error_is_one_failed_entry(two_series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    good = reading.scaling_of

    def once(*arguments: object) -> object:
        calls.append(1)
        return broken() if len(calls) == 1 else good(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "scaling_of", once)
    report = convert(Job([two_series], tmp_path / "nifti"))

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.CONVERTED, Outcome.FAILED]
    (failure,) = report.failures
    assert "unexpected error (KeyError in test_failures_stay_small.py" in failure.error
    assert "secret" not in failure.error
    assert "a secret of the library" in failure.traceback


@pytest.mark.parametrize(("flags", "printed"), [([], False), (["-v"], False), (["-vv"], True)])
def test_the_traceback_of_an_entry_is_printed_on_request(
    flags: list[str],
    printed: bool,
    two_series: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setattr(reading, "scaling_of", broken)

    assert (
        main(["convert", str(two_series), "--to", "nifti", "-o", str(tmp_path / "out"), "--jobs", "1", *flags])
        == commands.FAILED
    )

    assert ("Traceback" in capsys.readouterr().err) is printed


@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_what_nothing_else_catches_is_exit_code_70(
    command: str, two_series: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(commands._COMMANDS, command, broken)

    assert main([command, str(two_series)]) == 70

    error = capsys.readouterr().err
    assert "Please report it" in error
    assert "Traceback" not in error


@needs_pipes
def test_a_named_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dcm")

    with pytest.raises(BridgeError, match=r"pipe\.dcm: a named pipe, not a file"):
        convert(Job([tmp_path / "pipe.dcm"], tmp_path / "out"))


@needs_pipes
def test_special_files_in_a_folder_are_skipped_by_name(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "scans")
    os.mkfifo(tmp_path / "scans" / "pipe.dcm")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "scans" / "s.dcm"))

        report = convert(Job([tmp_path / "scans"], tmp_path / "out"))

    skipped = {entry.title: entry.error for entry in report.entries if entry.outcome is Outcome.SKIPPED}
    assert skipped == {"pipe.dcm": "a named pipe, which is not opened", "s.dcm": "a socket, which is not opened"}
    assert report.ok


@needs_pipes
@pytest.mark.parametrize("name", ["1_series_1.json", "1_series_1.nii.gz"])
def test_a_named_pipe_in_place_of_a_companion_or_image_is_not_opened(name: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    path = next(path for path in round_trip.nifti.iterdir() if path.suffix == Path(name).suffix)
    path.unlink()
    os.mkfifo(path)

    try:
        report = round_trip.home()
    except BridgeError:
        return
    assert {entry.outcome for entry in report.entries} <= {Outcome.FAILED, Outcome.SKIPPED}


def test_damaged_gzip_is_one_problem(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    raw = bytearray(round_trip.image().read_bytes())
    raw[12:40] = bytes(28)
    round_trip.image().write_bytes(raw)

    assert [entry.outcome for entry in round_trip.home().entries] == [Outcome.FAILED]
    assert len(inspect(round_trip.nifti).problems) == 1


@pytest.mark.parametrize("target", ["dicom", "zarr", "preview"])
@pytest.mark.parametrize("name", ["image.nii.gz", "image.nrrd"])
def test_an_image_that_cannot_be_opened_is_one_failure(name: str, target: str, tmp_path: Path) -> None:
    if target == "zarr":
        module("zarr")
    (tmp_path / "in").mkdir()
    link(tmp_path / "in" / name, "missing", to_folder=False)

    (entry,) = convert(Job([tmp_path / "in"], tmp_path / "out", ConversionOptions(target))).entries
    assert entry.outcome is Outcome.FAILED
    assert len(inspect(tmp_path / "in").problems) == 1


def test_a_file_called_dicomdir_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes(b"not a directory")

    with pytest.raises(BridgeError, match="not a DICOM directory"):
        convert(Job([tmp_path / "DICOMDIR"], tmp_path / "out", ConversionOptions(Target.NIFTI)))


@pytest.mark.parametrize("name", ["1_series_1.json", "1_series_1.nii.gz"])
def test_a_file_that_changes_while_it_is_converted_is_an_error(
    name: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make("classic_ct").forth()
    path = next(path for path in round_trip.nifti.iterdir() if path.suffix == Path(name).suffix)
    good = image_groups._source_of

    def changing(file: object) -> object:
        os.utime(path, (1, 1))
        return good(file)  # type: ignore[arg-type]

    monkeypatch.setattr(image_groups, "_source_of", changing)

    (entry,) = round_trip.home().entries
    assert f"{path}: changed while it was converted" in entry.error


def test_a_store_that_changes_while_it_is_converted_is_an_error(round_trip: RoundTrip) -> None:
    module("zarr")
    round_trip.make("classic_ct")
    convert(Job([round_trip.dicom], round_trip.folder / "zarr", ConversionOptions(Target.ZARR)))
    (path,) = (round_trip.folder / "zarr").glob("*.zarr")
    file = open_store(path)
    os.utime(path / "zarr.json", (1, 1))

    with pytest.raises(BridgeError, match="changed while it was converted"):
        file.load()


@pytest.fixture
def plain_image(two_series: Path, tmp_path: Path) -> Path:
    convert(Job([two_series], tmp_path / "nifti"))
    for sidecar in (tmp_path / "nifti").glob("*.json"):
        sidecar.unlink()
    return min((tmp_path / "nifti").glob("*.nii.gz"))


def test_a_reference_that_pydicom_cannot_read_is_one_sentence(
    plain_image: Path, two_series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydicom.Dataset.walk", broken)

    report = convert(Job([plain_image], tmp_path / "out", ConversionOptions("dicom", kind="pm", reference=two_series)))

    assert "pydicom cannot read its attributes" in report.entries[0].error
    assert not report.entries[0].traceback


def test_a_reference_without_a_uid_is_one_sentence(plain_image: Path, two_series: Path, tmp_path: Path) -> None:
    for path in two_series.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.SOPInstanceUID = ""
        ds.save_as(path)

    report = convert(Job([plain_image], tmp_path / "out", ConversionOptions("dicom", kind="pm", reference=two_series)))

    assert "SOPInstanceUID not set, so it cannot be referenced" in report.entries[0].error


def test_what_highdicom_refuses_is_one_sentence() -> None:
    sentence = r"Segmentation cannot be created: highdicom does not accept the values \(Plane positions must not"
    with pytest.raises(BridgeError, match=sentence), refused_by_highdicom("Segmentation"):
        raise ValueError("Plane positions must not contain duplicates.")


@pytest.mark.parametrize("command", ["inspect", "compare", "validate"])
def test_every_command_follows_links_only_on_request(command: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "elsewhere" / "scans")
    (tmp_path / "in").mkdir()
    link(tmp_path / "in" / "scans", tmp_path / "elsewhere" / "scans")
    inputs = [str(tmp_path / "in")] * (2 if command == "compare" else 1)

    main([command, *inputs])
    assert "which is not followed" in "".join(capsys.readouterr()) or command == "compare"
    assert main([command, *inputs, "--follow-links", "--size-limit", "1"]) == commands.DONE
    assert "which is not followed" not in capsys.readouterr().out
