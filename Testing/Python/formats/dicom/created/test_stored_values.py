"""Stored values and rescale give the real values of any image: exactly for integers that fit, else within the stated error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nifti_dicom_bridge.errors import PixelError
from nifti_dicom_bridge.formats.dicom.created.kinds import OBJECT_KINDS
from nifti_dicom_bridge.formats.dicom.created.stored import source_stored_values, stored_values
from nifti_dicom_bridge.formats.dicom.created.stored_pixels import PixelConstraints, StoredPixels
from nifti_dicom_bridge.model.metadata import Log
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels.pixels import PixelFormat, Rescale

SHAPE = (2, 3, 2, 4)
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64)
ENDS = sorted({sign * (1 << bits) + more for sign in (-1, 1) for bits in (0, 8, 12, 15, 16, 31) for more in (-1, 0, 1)})
MOST = 1.1e-4
"""Of the range of values: what rounding may change if nothing else is asked for."""


RULES = st.sampled_from([kind.rules for kind in OBJECT_KINDS.values()])


@st.composite
def whole(draw: st.DrawFn) -> np.ndarray:
    """Draw integers in a range that begins or ends where types do."""
    dtype = np.dtype(draw(st.sampled_from(INTEGERS)))
    limits = np.iinfo(dtype)
    low = draw(st.sampled_from([end for end in ENDS if limits.min <= end <= limits.max]))
    high = min(limits.max, low + draw(st.sampled_from([0, 1, 200, 4095, 65535, 65536, 1 << 20])))
    voxels = draw(arrays.arrays(dtype, SHAPE, elements=st.integers(low, high)))
    voxels.flat[[0, -1]] = low, high
    return voxels


def check(stored: StoredPixels, rules: PixelConstraints) -> np.ndarray:
    """Assert that stored values are what the object allows, and return the real values that readers compute."""
    voxels, pixel = np.asarray(stored.voxels[...]), stored.pixel
    assert voxels.dtype == pixel.dtype
    assert rules.signed or not pixel.signed
    assert rules.eight_bits or pixel.bits_allocated == 16
    assert pixel.bits_stored in (*rules.bits, 8)
    low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
    assert low <= int(voxels.min())
    assert int(voxels.max()) < low + (1 << pixel.bits_stored)
    assert not (rules.zero_intercept and stored.intercepts.any())
    assert rules.by_slice or (stored.slopes == stored.slopes[0, 0]).all()
    return voxels.astype(np.float64) * stored.slopes[..., None, None] + stored.intercepts[..., None, None]


@settings(max_examples=200)
@given(voxels=whole(), rules=RULES, rescale=st.sampled_from([(1.0, 0.0), (2.0, -1024.0), (0.5, 3.0), (-1.0, 7.0)]))
def test_integers_are_exact_where_they_fit(voxels: np.ndarray, rules: PixelConstraints, rescale: tuple[float, float]) -> None:
    volume, log = Volume(voxels, np.eye(4), Rescale(*rescale)), Log()
    try:
        stored = stored_values(volume, rules, None, log)
    except PixelError:
        assume(False)
    real, wanted = check(stored, rules), np.asarray(volume.real_values(), np.float64)
    low, high = int(voxels.min()), int(voxels.max())
    fits = any(first <= low and high < first + (1 << 16) for first in (0, -(1 << 15)))
    if high - low < 1 << 16 and (not rules.zero_intercept or (fits and not rescale[1])):
        assert np.array_equal(real, wanted)
        assert not log.warnings
    assert np.abs(real - wanted).max() <= MOST * max(np.ptp(wanted), 1e-300)


@settings(max_examples=100)
@given(
    low=st.sampled_from([end for end in ENDS if abs(end) <= 1 << 17]),
    span=st.sampled_from([1, 255, 4095, 65534, 65535]),
    step=st.sampled_from([0.5, 0.25, 2.0, 10.0]),
    numbers=arrays.arrays(np.float64, SHAPE, elements=st.floats(0, 1)),
    rules=RULES,
)
def test_floats_on_even_steps_are_exact(low: int, span: int, step: float, numbers: np.ndarray, rules: PixelConstraints) -> None:
    steps = low + np.rint(numbers * span)
    steps.flat[:3] = low, low + 1, low + span
    volume, log = Volume(steps * step, np.eye(4)), Log()
    try:
        stored = stored_values(volume, rules, None, log)
    except PixelError:
        assert rules.zero_intercept
        return
    error = np.abs(check(stored, rules) - volume.voxels).max()
    if not rules.zero_intercept:
        assert error <= 1e-12 * np.abs(volume.voxels).max()
        assert not log.warnings
    assert error <= MOST * span * step


@settings(max_examples=100)
@given(
    voxels=arrays.arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32)),
    scale=st.sampled_from([1e-3, 1.0, 1e6]),
    offset=st.sampled_from([-1.0, -0.5, 0.0, 3.0]),
    rules=RULES,
)
def test_floats_are_within_the_error_that_is_stated(
    voxels: np.ndarray, scale: float, offset: float, rules: PixelConstraints
) -> None:
    volume, log = Volume(((voxels + np.float32(offset)) * np.float32(scale)).astype(np.float32), np.eye(4)), Log()
    try:
        stored = stored_values(volume, rules, None, log)
    except PixelError:
        assume(False)
    error = np.abs(check(stored, rules) - volume.voxels).max()
    stated = [
        float(text.split("largest error is ")[1].split(",")[0].split()[0])
        for text in log.warnings
        if "largest error is" in text
    ]
    assert error <= (stated[0] * 1.01 if stated else 1e-6 * np.abs(volume.voxels).max())


@pytest.mark.parametrize(
    ("low", "high", "signed", "fits"),
    [(0, 65535, False, True), (0, 65536, True, False), (-32768, 32767, True, True), (-32769, 0, True, False),
     (-1, 32768, True, False), (-1, 5, False, False), (32768, 40000, True, True)],
)  # fmt: skip
@pytest.mark.parametrize("zero_intercept", [False, True])
def test_values_of_an_original_are_kept_where_they_fit(
    low: int, high: int, signed: bool, fits: bool, zero_intercept: bool
) -> None:
    planes = np.array([[[[low, high]]], [[[high, low]]]], np.int32)
    slopes, intercepts = np.array([[2.0], [3.0]]), np.array([[-5.0], [7.0]])
    rules = PixelConstraints(signed=signed, zero_intercept=zero_intercept)

    stored = source_stored_values(planes, slopes, intercepts, rules)

    assert (stored is not None) == (fits and not zero_intercept)
    if stored is not None:
        assert np.array_equal(check(stored, PixelConstraints(signed=signed, by_slice=True)).ravel(),
                              [2 * low - 5, 2 * high - 5, 3 * high + 7, 3 * low + 7])  # fmt: skip


@settings(max_examples=100)
@given(
    stored=arrays.arrays(np.int16, (2, 3, 5, 7), elements=st.integers(-300, 300)),
    slopes=st.sampled_from([[1.0] * 6, [-0.5] * 6, [1.0, 2.0, 3.0, -1.0, 0.5, 4.0]]),
    intercepts=st.sampled_from([[0.0] * 6, [7.0] * 6, [0.0, 5.0, 0.0, 5.0, 0.0, 5.0]]),
    padding=st.sampled_from([None, 0, 300]),
)
def test_a_window_shows_99_percent_of_the_real_values(
    stored: np.ndarray, slopes: list[float], intercepts: list[float], padding: int | None
) -> None:
    scale, offset = np.reshape(slopes, (2, 3)), np.reshape(intercepts, (2, 3))
    pixels = StoredPixels(stored, PixelFormat(5, 7, 1, 16, 16, 15, True), scale, offset, padding)
    real = (stored * scale[..., None, None] + offset[..., None, None])[stored != padding]
    low, high = np.quantile(real, (0.005, 0.995)) if real.size else (0.0, 1.0)
    assume(high > low)

    centre, width = pixels.window

    assert (centre - width / 2, centre + width / 2) == pytest.approx((low, high), abs=1e-9)
