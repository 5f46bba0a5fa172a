"""Numbers in JSON and in DICOM text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.standard.numbers import DS_LENGTH, decimal_text, is_number

NUMBERS = st.floats(-1e300, 1e300).filter(lambda value: value == 0 or abs(value) > 1e-300)


@pytest.mark.parametrize("value", [0, -3, 2.5, 1e300, 2**62])
def test_numbers_are_numbers(value: object) -> None:
    assert is_number(value)


@pytest.mark.parametrize("value", [True, False, None, "1", [1], math.nan, math.inf, 10**400])
def test_what_double_precision_cannot_hold_is_not_a_number(value: object) -> None:
    assert not is_number(value)


@pytest.mark.slow
@given(NUMBERS)
def test_a_decimal_fits_ds_and_is_as_near_as_its_characters_allow(value: float) -> None:
    text = decimal_text(value)
    assert len(text) <= DS_LENGTH
    assert math.isclose(float(text), value, rel_tol=1e-8)


@pytest.mark.slow
@given(NUMBERS.filter(lambda value: 1e-200 < abs(value) < 1e200))
def test_a_decimal_that_is_rounded_up_is_not_below(value: float) -> None:
    assert float(decimal_text(value, up=True)) >= value


def test_zero_has_no_sign() -> None:
    assert decimal_text(-0.0) == "0"
