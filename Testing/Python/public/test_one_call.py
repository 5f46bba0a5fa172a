"""Conversions in one call, and reports that fit a screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

import nifti_dicom_bridge as bridge
from nifti_dicom_bridge import ConversionReport, Entry, OptionError, Outcome
from nifti_dicom_bridge.model.report import COLUMNS, LINES
from phantoms import PHANTOMS


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    PHANTOMS["classic_ct"].write(tmp_path / "scans")
    return tmp_path / "scans"


def test_there_and_back_in_two_calls(scans: Path) -> None:
    forth = bridge.to_nifti("scans", "nifti", gzip=False)
    back = bridge.to_dicom("nifti", "back", uids="keep", names="original")
    assert (forth.ok, back.entries[0].outcome) == (True, Outcome.RESTORED)
    assert bridge.compare("scans", "back").same
    assert [path.suffix for path in forth.outputs] == [".nii", ".json"]


def test_zarr_in_one_call(scans: Path) -> None:
    (store, *_) = bridge.to_zarr(scans, "stores", pyramid=1).outputs
    assert bridge.open_zarr(store).voxels.shape == bridge.read("scans")[0].voxels.shape


@pytest.mark.parametrize("suffix", [".img", ".hdr"])
def test_dicom_files_are_read_whatever_their_suffix_is(suffix: str, scans: Path) -> None:
    files = [path.rename(path.with_suffix(suffix)) for path in scans.rglob("*.dcm")]
    assert [volume.shape_ijk for volume in bridge.read(files)] == [volume.shape_ijk for volume in bridge.read(scans)]


def test_attributes_that_are_binary_numbers_are_text_of_these_numbers(scans: Path) -> None:
    (volume, *_) = bridge.read(scans)
    columns, rows, _ = volume.shape_ijk
    assert bridge.identity_of(volume, ("Rows", "Columns")) == {"Rows": str(rows), "Columns": str(columns)}


def test_options_of_pictures_are_arguments_like_the_others(scans: Path) -> None:
    report = bridge.to_preview(scans, "pictures", plane="coronal", mosaic=4, gif=False, mp4=False)
    assert sorted(path.suffix for path in report.outputs) == [".png", ".png", ".txt"]


@pytest.mark.parametrize("target", ["nifti", "dicom", "zarr"])
def test_deidentified_in_one_call(target: str, scans: Path) -> None:
    assert bridge.deidentify(scans, "public", target=target).ok
    assert pydicom.dcmread(next(path for path in scans.rglob("*") if path.is_file())).PatientName
    for volume in bridge.read("public"):
        assert "PatientName" not in bridge.identity_of(volume, ["PatientName"])


@pytest.mark.parametrize(("options", "message"), [
    ({"uid": "keep"}, "Unknown option uid. Did you mean uids?"),
    ({"mosaik": 3}, "Unknown option mosaik. Did you mean mosaic?"),
    ({"target": "zarr"}, "Unknown option target."),
    ({"uids": "kep"}, "Expected one of: new, keep. Did you mean keep?"),
    ({"mosaic": 3, "preview": {}}, "Name mosaic in preview as well, or leave preview out."),
    ({"pyramid": 2}, "pyramid applies only to Zarr output."),
])  # fmt: skip
def test_a_wrong_option_is_refused_with_those_that_exist(options: dict, message: str, scans: Path) -> None:
    with pytest.raises(OptionError) as caught:
        bridge.to_dicom(scans, "out", **options)
    assert message in str(caught.value)
    assert not Path("out").exists()


def test_progress_is_called_and_may_cancel(scans: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        raise bridge.Cancelled("enough")

    with pytest.raises(bridge.Cancelled):
        bridge.to_nifti(scans, "nifti", progress=stop)
    assert not Path("nifti").exists()


def test_a_long_report_fits_a_screen_and_begins_with_the_failures() -> None:
    entries = [Entry(f"series {n} " + "x" * 300, Outcome.CONVERTED, outputs=[Path(f"{n}.nii")]) for n in range(99)]
    entries.append(Entry("last", Outcome.FAILED, error='damaged. Use kind="pm".'))
    lines = repr(ConversionReport(entries)).splitlines()
    assert lines[0] == "ConversionReport: 99 converted, 1 failed"
    assert lines[1] == '  failed     last: damaged. Use kind="pm".'
    assert len(lines) == LINES
    assert max(map(len, lines)) <= COLUMNS
    assert lines[-1] == "  … and 78 more"


def test_a_report_of_nothing_is_marked_as_such() -> None:
    assert repr(ConversionReport()) == "ConversionReport: nothing found"


def test_inspection_and_validation_show_themselves(scans: Path) -> None:
    assert repr(bridge.inspect(scans)).startswith("Inspection: 1 image(s), 0 other file(s), 0 problem(s)\n")
    assert "error(s)" in repr(bridge.validate(scans)).splitlines()[0]
    assert bridge.inspect(scans).ok


def test_a_validation_is_a_sequence_of_findings(scans: Path) -> None:
    (scans / "text.dcm").write_text("text")
    report = bridge.validate(scans)
    assert (report.ok, len(report.errors)) == (False, 1)
    assert list(report) == report[:] == report.findings
    assert report[0].file.endswith("text.dcm")


def test_a_volume_is_shown_in_one_line(scans: Path) -> None:
    rgb = bridge.Volume(np.zeros((1, 2, 3, 4, 3), np.uint8), np.eye(4), name="rgb")
    assert repr(rgb) == "Volume('rgb', 4 × 3 × 2 uint8 RGB, 1 × 1 × 1 mm)"
    (volume,) = bridge.read(scans)
    assert f"from {len(volume.dicom.metadata.instances)} DICOM instances" in repr(volume)
    assert len(repr(volume).splitlines()) == 1
