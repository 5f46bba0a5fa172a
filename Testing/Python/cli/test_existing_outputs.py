"""What exists is not touched, and nothing half-written is left."""

from __future__ import annotations

import json
import os

import pytest

from support.circle import KEY, Circle, listing, names_in
from support.command_line import run, to_dicom, to_nifti


@pytest.mark.parametrize("existing", ["1_series_1.nii.gz", "1_series_1.json"])
def test_an_existing_output_is_an_error_and_stays_as_it_is(
    existing: str, circle: Circle, capsys: pytest.CaptureFixture
) -> None:
    circle.make("classic_ct")
    circle.nifti.mkdir()
    (circle.nifti / existing).write_bytes(b"precious")

    assert to_nifti(circle) == 1
    assert existing in capsys.readouterr().err
    assert listing(circle.nifti) == {existing: b"precious"}


def test_an_existing_output_is_replaced_when_asked(circle: Circle) -> None:
    circle.make("classic_ct")
    circle.nifti.mkdir()
    (circle.nifti / "1_series_1.json").write_bytes(b"old")

    assert to_nifti(circle, "--overwrite") == 0
    assert KEY in json.loads(circle.sidecar().read_text("utf-8"))


@pytest.mark.parametrize("existing", ["000001.dcm", "000003.dcm"])
def test_one_existing_file_keeps_a_whole_series_from_being_written(existing: str, circle: Circle) -> None:
    circle.make("classic_ct")
    to_nifti(circle)
    (circle.back / "1_series_1").mkdir(parents=True)
    (circle.back / "1_series_1" / existing).write_bytes(b"precious")

    assert to_dicom(circle) == 1
    assert listing(circle.back) == {f"1_series_1/{existing}": b"precious"}


def test_an_output_that_is_a_file_is_an_error(circle: Circle) -> None:
    circle.make("classic_ct")
    circle.nifti.write_bytes(b"precious")

    assert to_nifti(circle) == 1
    assert circle.nifti.read_bytes() == b"precious"


def test_an_output_below_a_file_is_an_error(circle: Circle) -> None:
    circle.make("classic_ct")
    (circle.folder / "file").write_bytes(b"precious")
    circle.nifti = circle.folder / "file" / "out"

    assert to_nifti(circle) == 1


def test_a_file_where_a_folder_is_wanted_leaves_nothing_half_written(circle: Circle) -> None:
    circle.make("sub_folders")
    to_nifti(circle)
    circle.back.mkdir()
    (circle.back / "c d").write_bytes(b"precious")

    assert to_dicom(circle, "--names", "original") == 1
    assert listing(circle.back) == {"c d": b"precious"}
    assert names_in(circle.back) == ["c d"]


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "/tmp/evil.dcm", "a/../../evil.dcm", "..", "", "C:evil.dcm", "a\\..\\evil.dcm", "a\0b"]
)
def test_a_recorded_name_that_leaves_the_folder_is_refused(name: str, circle: Circle) -> None:
    circle.make("classic_ct")
    to_nifti(circle)
    circle.edit_record(lambda record: record["Files"]["Names"].__setitem__(0, name))

    assert to_dicom(circle, "--names", "original") == (0 if name == "" else 1)
    assert sorted(path.name for path in circle.folder.iterdir() if path != circle.back) == ["dicom", "nifti"]
    assert name == "" or names_in(circle.back) == []


@pytest.mark.slow
@pytest.mark.parametrize("target", ["nifti", "dicom"])
def test_a_full_disk_leaves_nothing_and_is_reported(target: str, circle: Circle) -> None:
    """A limit on the size of files simulates a full disk; coverage is not measured, because its file is larger."""
    circle.make("large_values")
    to_nifti(circle)
    source, output = (circle.dicom, circle.folder / "again") if target == "nifti" else (circle.nifti, circle.back)

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
