"""How far findings on real files and on all phantoms are those of dciodvfy."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge.validation import check_files
from phantoms import PHANTOMS
from support.dciodvfy import NOT_OURS, NOT_THEIRS, facts_of_dciodvfy, facts_of_findings
from support.paths import SHARED

COMPARED = {"missing", "empty", "value", "condition", "VM", "VR"}
RECALL, PRECISION = 0.98, 0.97


def _two_of_each_series() -> list[Path]:
    series: dict[str, list[Path]] = {}
    for path in sorted(path for path in SHARED.glob("*/dicom/**/*") if path.is_file()):
        try:
            uid = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"]).get("SeriesInstanceUID")
        except Exception:  # files other than DICOM are not compared
            continue
        series.setdefault(f"{path.parts[len(SHARED.parts)]} {uid}", []).append(path)
    return [path for found in series.values() for path in dict.fromkeys((found[0], found[-1]))]


def _two_of_each_phantom(folder: Path) -> list[Path]:
    found = []
    for name, phantom in PHANTOMS.items():
        phantom.write(folder / name)
        paths = sorted(path for path in (folder / name).rglob("*") if path.is_file())
        found += dict.fromkeys((paths[0], paths[-1]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("which", ["real files", "phantoms"])
def test_we_agree_with_dciodvfy(which: str, tmp_path: Path) -> None:
    """Recall: the share of its findings that ours contain; precision: the reverse. Findings that were judged are left out."""
    paths = _two_of_each_series() if which == "real files" else _two_of_each_phantom(tmp_path)
    if not paths:
        pytest.skip("there is no ../shared/data next to the repository")
    both = theirs_only = ours_only = 0
    for path in paths:
        theirs = {fact for fact in facts_of_dciodvfy(path) if fact[0] in COMPARED}
        if not theirs:
            continue
        found = check_files([path])
        ours = {fact for fact in facts_of_findings(found) if fact[0] in COMPARED}
        both += len(theirs & ours)
        theirs_only += sum(fact not in NOT_OURS for fact in theirs - ours)
        ours_only += sum(fact not in NOT_THEIRS for fact in ours - theirs)

    assert both > 0
    assert both / (both + theirs_only) >= RECALL
    assert both / (both + ours_only) >= PRECISION
