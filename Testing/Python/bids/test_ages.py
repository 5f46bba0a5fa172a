"""PatientAge: years in BIDS, three digits and a unit in DICOM (AS: PS3.5 6.2)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.bids.kinds import AGE
from nifti_dicom_bridge.model.ages import PER_YEAR, years_of


@given(st.floats(0, 130) | st.integers(0, 999))
def test_every_age_is_an_age_string_as_near_as_its_unit_allows(years: float) -> None:
    (text,) = AGE.to_dicom(years, 1.0)

    assert re.fullmatch(r"\d{3}[DWMY]", text)
    assert abs((years_of(text) or 0) - years) <= 0.51 / PER_YEAR[text[-1]]


@pytest.mark.parametrize(("years", "text"), [
    (45, "045Y"), (1.5, "018M"), (0.5, "006M"), (3 / 52.1786, "003W"), (10 / 365.25, "010D"), (0, "000Y"), (0.001, "000D"),
    (20.3, "244M"), (90.37, "090Y"), (0.3, "110D"), (999, "999Y"),
])  # fmt: skip
def test_the_unit_is_the_largest_that_specifies_the_age_else_the_smallest_that_has_room(years: float, text: str) -> None:
    assert AGE.to_dicom(years, 1.0) == [text]


@pytest.mark.parametrize("years", [-1, 1000, 1e30])
def test_an_age_that_no_string_holds_is_refused(years: float) -> None:
    with pytest.raises(ValueError, match=re.escape(str(years))):
        AGE.to_dicom(years, 1.0)
