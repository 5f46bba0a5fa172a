"""Series of real scanners, where they lie beside the repository: each goes round the circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from circle import Circle
from nifti_dicom_bridge import Outcome, compare
from nifti_dicom_bridge.formats.dicom.reading.series import find_series

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CASES = sorted(path.parent.name for path in SHARED.glob("*/dicom"))


@pytest.mark.parametrize("case", CASES or ["none"])
def test_every_instance_that_was_converted_comes_back_equal(case: str, circle: Circle) -> None:
    if not CASES:
        pytest.skip("there is no ../shared/data beside the repository")
    circle.dicom = SHARED / case / "dicom"

    forth = circle.forth()
    converted = {str(path) for entry in forth.entries if entry.outcome is Outcome.CONVERTED for path in entry.inputs}
    home = circle.home()

    assert [entry.error for entry in home.entries if entry.outcome is Outcome.FAILED] == []
    assert {entry.outcome for entry in home.entries} == {Outcome.RESTORED}
    assert len(set(home.outputs)) == len(converted)
    found = compare([circle.dicom], [circle.back])
    assert found.instances[2] == len(converted)
    assert found.equal_voxels == found.voxels
    assert found.geometry_mm == 0
    expected = sum(len(series.instances) for series in find_series([circle.back]).series)
    assert expected == len(converted)
    assert found.equal_elements == found.elements
