"""The error of storing voxels of any type is that of exact arithmetic, also where floats round 64-bit integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import Volume
from nifti_dicom_bridge.formats.dicom.created.stored_error import difference
from nifti_dicom_bridge.model.voxels.pixels import Rescale

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


def test_an_image_without_voxels_has_no_error() -> None:
    nothing = np.empty((1, 1, 0, 3), np.int64)
    found = difference(Volume(nothing, np.eye(4)), nothing.astype(np.uint16), *np.ones((2, 1, 1)))

    assert (found.worst, found.root_mean_square, found.coarse) == (0, 0, 0)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize("rescale", [(1.0, 0.0), (0.25, 0.0), (1.0, -7.5), (-2.0, 3.0)])
def test_errors_are_those_of_the_real_values_of_any_type(dtype: type, rescale: tuple[float, float]) -> None:
    values = np.array([0, 1, 5, 100, 17, 90], dtype).reshape(1, 1, 2, 3)
    if np.dtype(dtype).kind == "f":
        values = values + np.array(0.375, dtype)
    stored = np.array([0, 1, 6, 100, 17, 88], np.uint16).reshape(1, 1, 2, 3)

    found = difference(Volume(values, np.eye(4), Rescale(*rescale)), stored, np.full((1, 1), 2.0), np.full((1, 1), 1.0))

    real = [Fraction(float(value)) * Fraction(rescale[0]) + Fraction(rescale[1]) for value in values.flat]
    errors = [abs(2 * int(back) + 1 - value) for back, value in zip(stored.flat, real, strict=True)]
    assert found.worst == float(max(errors))
    assert found.root_mean_square == pytest.approx(float(sum(error**2 for error in errors) / 6) ** 0.5)
    assert (found.low, found.high, found.span) == (float(min(real)), float(max(real)), float(max(real) - min(real)))
