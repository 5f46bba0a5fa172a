"""The error of storing 64-bit integers, which floats of some systems round, is that of exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import Volume
from nifti_dicom_bridge.formats.dicom.created.stored_error import difference

LIMITS = {np.int64: (-(2**63), 2**63 - 1), np.uint64: (0, 2**64 - 1)}


@pytest.mark.parametrize("extended", [True, False], ids=["extended precision", "double precision only"])
@given(data=st.data(), dtype=st.sampled_from(list(LIMITS)), width=st.integers(1, 2**40))
def test_errors_and_span_are_exact(data, dtype, width: int, extended: bool) -> None:
    low, high = LIMITS[dtype]
    offset = data.draw(st.integers(low, high - width))
    values = [data.draw(st.integers(offset, offset + width)) for _ in range(6)]
    stored = [data.draw(st.integers(0, 2**16 - 1)) for _ in range(6)]
    volume = Volume(np.array(values, dtype).reshape(1, 1, 2, 3), np.eye(4))
    slopes, intercepts = np.full((1, 1), width / 65535), np.full((1, 1), float(offset))

    with pytest.MonkeyPatch.context() as patch:
        if not extended:  # Windows and Macs
            patch.setattr(np, "longdouble", np.float64)
        found = difference(volume, np.array(stored, np.uint16).reshape(1, 1, 2, 3), slopes, intercepts)

    read = np.array(stored, float) * slopes[0, 0] + intercepts[0, 0]
    errors = [abs(Fraction(float(back)) - value) for back, value in zip(read, values, strict=True)]
    assert found.worst == pytest.approx(float(max(errors)), rel=1e-9, abs=1e-9 * width)
    assert found.span == pytest.approx(max(values) - min(values), rel=1e-9)
    assert (found.low, found.high) == (float(min(values)), float(max(values)))
