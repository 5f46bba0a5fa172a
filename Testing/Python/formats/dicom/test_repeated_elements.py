"""An element that occurs twice in a file cannot be restored twice, which is reported."""

from __future__ import annotations

from pathlib import Path

from nifti_dicom_bridge import Job, convert
from nifti_dicom_bridge.samples.demo import make_sample

DESCRIPTION = b"\x08\x00\x3e\x10LO\x0a\x00Oblique MR"


def test_the_report_names_an_element_that_occurs_twice(tmp_path: Path) -> None:
    path = make_sample(tmp_path / "scans")[0]
    raw = path.read_bytes()
    assert raw.count(DESCRIPTION) == 1
    path.write_bytes(raw.replace(DESCRIPTION, DESCRIPTION * 2))

    (entry,) = convert(Job([tmp_path / "scans"], tmp_path / "nifti")).entries

    assert any("SeriesDescription (0008,103E)" in warning for warning in entry.log.warnings)
