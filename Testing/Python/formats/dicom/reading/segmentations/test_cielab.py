"""Colors of segments: those that highdicom finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.formats.dicom.reading.segmentations.cielab import rgb_of
from support.oracles import module

NUMBERS = st.integers(0, 0xFFFF)


@pytest.mark.slow
@given(st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_a_color_is_that_of_highdicom(cielab: tuple[int, int, int]) -> None:
    color = module("highdicom").color.CIELabColor.from_dicom_value(list(cielab))
    assert rgb_of(cielab) == color.to_rgb(clip=True)
