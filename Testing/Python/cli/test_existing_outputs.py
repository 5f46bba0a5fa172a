"""What exists is not touched, and nothing half-written is left."""

from __future__ import annotations

import json
import os

import pytest

from support.command_line import run, to_dicom, to_nifti
from support.round_trip import KEY, RoundTrip, listing, names_in


@pytest.mark.parametrize("existing", ["1_series_1.nii.gz", "1_series_1.json"])
def test_an_existing_output_is_an_error_and_stays_as_it_is(
    existing: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    round_trip.make("classic_ct")
    round_trip.nifti.mkdir()
    (round_trip.nifti / existing).write_bytes(b"precious")

    assert to_nifti(round_trip) == 1
    assert existing in capsys.readouterr().err
    assert listing(round_trip.nifti) == {existing: b"precious"}


def test_an_existing_output_is_replaced_when_asked(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    round_trip.nifti.mkdir()
    (round_trip.nifti / "1_series_1.json").write_bytes(b"old")

    assert to_nifti(round_trip, "--overwrite") == 0
    assert KEY in json.loads(round_trip.sidecar().read_text("utf-8"))


@pytest.mark.parametrize("existing", ["000001.dcm", "000003.dcm"])
def test_one_existing_file_keeps_a_whole_series_from_being_written(existing: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    to_nifti(round_trip)
    (round_trip.back / "1_series_1").mkdir(parents=True)
    (round_trip.back / "1_series_1" / existing).write_bytes(b"precious")

    assert to_dicom(round_trip) == 1
    assert listing(round_trip.back) == {f"1_series_1/{existing}": b"precious"}


def test_an_output_that_is_a_file_is_an_error(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    round_trip.nifti.write_bytes(b"precious")

    assert to_nifti(round_trip) == 1
    assert round_trip.nifti.read_bytes() == b"precious"


def test_an_output_below_a_file_is_an_error(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    (round_trip.folder / "file").write_bytes(b"precious")
    round_trip.nifti = round_trip.folder / "file" / "out"

    assert to_nifti(round_trip) == 1


def test_a_file_where_a_folder_is_wanted_leaves_nothing_half_written(round_trip: RoundTrip) -> None:
    round_trip.make("sub_folders")
    to_nifti(round_trip)
    round_trip.back.mkdir()
    (round_trip.back / "c d").write_bytes(b"precious")

    assert to_dicom(round_trip, "--names", "original") == 1
    assert listing(round_trip.back) == {"c d": b"precious"}
    assert names_in(round_trip.back) == ["c d"]


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "/tmp/evil.dcm", "a/../../evil.dcm", "..", "", "C:evil.dcm", "a\\..\\evil.dcm", "a\0b"]
)
def test_a_recorded_name_that_leaves_the_folder_is_refused(name: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    to_nifti(round_trip)
    round_trip.edit_record(lambda record: record["Files"]["Names"].__setitem__(0, name))

    assert to_dicom(round_trip, "--names", "original") == (0 if name == "" else 1)
    assert sorted(path.name for path in round_trip.folder.iterdir() if path != round_trip.back) == ["dicom", "nifti"]
    assert name == "" or names_in(round_trip.back) == []


@pytest.mark.slow
@pytest.mark.parametrize("target", ["nifti", "dicom"])
def test_a_full_disk_leaves_nothing_and_is_reported(target: str, round_trip: RoundTrip) -> None:
    """A limit on the size of files simulates a full disk; coverage is not measured, because its file is larger."""
    round_trip.make("large_values")
    to_nifti(round_trip)
    source, output = (
        (round_trip.dicom, round_trip.folder / "again") if target == "nifti" else (round_trip.nifti, round_trip.back)
    )

    resource = pytest.importorskip("resource")

    def small_files() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = run("convert", source, "--to", target, "-o", output, preexec=small_files, env=unmeasured)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "large" in done.stderr.lower() or "space" in done.stderr.lower()
    assert names_in(output) == []
