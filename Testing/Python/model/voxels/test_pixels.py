"""Values: bytes and stored values are each other's inverse, and what is lost is bounded and reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nifti_dicom_bridge import PixelError
from nifti_dicom_bridge.model.voxels.color_models import rgb_from_ybr, ybr_from_rgb
from nifti_dicom_bridge.model.voxels.pixel_bytes import bytes_from_frames, exclusive_or, frames_from_bytes, tile, untile
from nifti_dicom_bridge.model.voxels.pixels import PixelFormat
from nifti_dicom_bridge.model.voxels.quantization import decimal, quantize
from nifti_dicom_bridge.model.voxels.real_values import float_type_for, to_real_values, to_stored_values

finite = st.floats(-1e6, 1e6, allow_nan=False)
PHOTOMETRIC = {1: ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"], 3: ["RGB"]}


@st.composite
def formats(draw: st.DrawFn) -> PixelFormat:
    """Any format whose words hold nothing but the value."""
    bits = draw(st.sampled_from([1, 8, 16, 32, 64]))
    samples = draw(st.sampled_from([1, 3])) if bits in (8, 16) else 1
    floating = bits >= 32 and draw(st.booleans())
    return PixelFormat(
        rows=draw(st.integers(1, 5)), columns=draw(st.integers(1, 5)), samples=samples, bits_allocated=bits, bits_stored=bits,
        high_bit=bits - 1, signed=bits > 1 and not floating and draw(st.booleans()), floating=floating,
        planar=samples == 3 and draw(st.booleans()), photometric=draw(st.sampled_from(PHOTOMETRIC[samples])),
    )  # fmt: skip


@pytest.mark.slow
@given(formats(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_bytes_come_back_from_frames_in_every_format(pixel: PixelFormat, count: int, rng: object) -> None:
    raw = bytearray(rng.randbytes(pixel.bytes_of(count)))
    unused = -pixel.rows * pixel.columns * count % 8
    if pixel.bits_allocated == 1 and unused:
        raw[-1] &= 0xFF >> unused

    frames = frames_from_bytes(bytes(raw), pixel, count)

    assert frames.shape == (count, *pixel.shape)
    assert bytes(bytes_from_frames(frames, pixel)) == bytes(raw)


@pytest.mark.slow
@given(st.integers(2, 16), st.booleans(), st.integers(0, 4), st.data())
def test_partial_words_come_back_with_what_they_do_not_specify(
    stored: int, signed: bool, shift: int, data: st.DataObject
) -> None:
    """What the value does not contain is in the residue: exclusive or of the original and of what the value gives."""
    pixel = PixelFormat(2, 3, bits_stored=stored, high_bit=min(15, stored - 1 + shift), signed=signed)
    raw = data.draw(st.binary(min_size=12, max_size=12))

    frames = frames_from_bytes(raw, pixel, 1)
    again = bytes_from_frames(frames, pixel)
    residue = exclusive_or(raw, again)

    assert frames.min() >= (-(1 << stored - 1) if signed else 0)
    assert frames.max() < (1 << stored - 1 if signed else 1 << stored)
    assert bytes(a ^ b for a, b in zip(bytes(again), residue or bytes(12), strict=True)) == raw


@pytest.mark.parametrize(
    ("word", "stored", "high", "signed", "value"),
    [
        (0xF123, 12, 11, False, 0x123), (0x0FFF, 12, 11, True, -1), (0xFFFF, 12, 11, True, -1), (0x07FF, 12, 11, True, 2047),
        (0x1239, 12, 15, False, 0x123), (0xFFF0, 12, 15, True, -1), (0x8000, 16, 15, True, -32768), (0x0180, 8, 8, False, 0xC0),
    ],
)  # fmt: skip
def test_a_word_gives_the_value_of_its_stored_bits(word: int, stored: int, high: int, signed: bool, value: int) -> None:
    pixel = PixelFormat(1, 1, bits_stored=stored, high_bit=high, signed=signed)

    assert frames_from_bytes(word.to_bytes(2, "little"), pixel, 1).item() == value


@pytest.mark.slow
@given(arrays.arrays(np.uint8, (2, 4, 3)))
def test_rgb_comes_back_from_ybr_within_rounding(rgb: np.ndarray) -> None:
    assert np.abs(rgb_from_ybr(ybr_from_rgb(rgb)).astype(int) - rgb).max() <= 2


@pytest.mark.parametrize(
    ("ybr", "rgb"),
    [
        ((76, 85, 255), (254, 0, 0)),
        ((255, 128, 128), (255, 255, 255)),
        ((29, 255, 107), (0, 0, 254)),
        ((0, 128, 128), (0, 0, 0)),
    ],
)
def test_pure_colors_are_those_of_the_standard(ybr: tuple, rgb: tuple) -> None:
    assert np.abs(rgb_from_ybr(np.array(ybr, np.uint8)).astype(int) - rgb).max() <= 1


def test_gray_has_no_chrominance() -> None:
    gray = np.arange(256, dtype=np.uint8)

    ybr = ybr_from_rgb(np.stack([gray] * 3, axis=-1))

    assert np.array_equal(ybr[:, 0], gray)
    assert set(ybr[:, 1:].flat) == {128}


def test_two_samples_are_stored_of_each_pixel_whose_chrominance_is_shared_by_two() -> None:
    pixel = PixelFormat(4, 6, samples=3, bits_allocated=8, bits_stored=8, high_bit=7, photometric="YBR_FULL_422")

    assert pixel.bytes_of(3) == 3 * 4 * 6 * 2


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
@pytest.mark.slow
def test_tiles_come_back(count: int, rows: int, columns: int) -> None:
    across = int(np.ceil(np.sqrt(count)))
    slices = np.arange(count * rows * columns).reshape(count, rows, columns)

    image = tile(slices, across, across, (rows * across, columns * across))

    assert np.array_equal(untile(image, across, across, count), slices)


@pytest.mark.slow
@given(arrays.arrays(np.int16, (3, 4)), st.floats(1e-6, 1e4), st.floats(-1e4, 1e4))
def test_stored_values_come_back_where_a_float_type_is_promised(stored: np.ndarray, slope: float, intercept: float) -> None:
    dtype = float_type_for(stored, slope, intercept)
    if dtype is None:
        return

    real = to_real_values(stored, slope, intercept, dtype)

    assert np.array_equal(to_stored_values(real, slope, intercept, stored.dtype), stored)


@pytest.mark.parametrize("value", [np.nan, np.inf, 32768, -32769])
def test_a_value_that_does_not_fit_is_refused_and_never_wrapped(value: float) -> None:
    with pytest.raises(PixelError):
        to_stored_values(np.array([0.0, value]), 1.0, 0.0, np.dtype("<i2"))


@pytest.mark.slow
@given(arrays.arrays(np.float64, (3, 4), elements=finite), st.booleans())
@example(np.array([[5e-324, 0.0]]), False)
@example(np.array([[5e-324, 0.0]]), True)
def test_quantized_values_are_within_the_reported_error(real: np.ndarray, zero: bool) -> None:
    found = quantize(real, zero_intercept=zero)
    back = found.stored.astype(np.float64) * found.slope + found.intercept

    assert np.abs(back - real).max() <= found.error
    if not zero:
        assert found.error <= found.slope / 2 + 1e-9 * np.abs(real).max()
    else:
        assert found.intercept == 0.0


@given(arrays.arrays(np.int64, (3, 4), elements=st.integers(-32768, 32767)))
def test_integers_that_fit_are_kept_as_they_are(values: np.ndarray) -> None:
    found = quantize(values.astype(np.float64))

    assert (found.slope, found.intercept, found.error) == (1.0, 0.0, 0.0)
    assert np.array_equal(found.stored, values)


@pytest.mark.parametrize("value", [0.1, -0.1, 1 / 3, 1e-30, 12345.678901])
def test_one_value_everywhere_is_quantized_without_dividing_by_zero(value: float) -> None:
    found = quantize(np.full((2, 2), value))

    assert found.slope != 0
    assert np.isfinite(found.slope)
    assert np.allclose(found.stored * found.slope + found.intercept, value, rtol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(PixelError, match="1 voxels are NaN or infinite"):
        quantize(np.array([1.0, bad]))


@given(st.floats(-1e30, 1e30, allow_nan=False))
def test_a_decimal_text_has_16_characters_and_its_number_is_the_one_returned(value: float) -> None:
    found = decimal(value)

    assert any(len(text) <= 16 and float(text) == found for text in (f"{found:.{digits}g}" for digits in range(1, 17)))
    assert abs(found - value) <= abs(value) * 1e-8


@given(st.floats(1e-30, 1e30, allow_nan=False))
def test_a_decimal_rounded_up_is_not_below(value: float) -> None:
    assert decimal(value, up=True) >= value


@given(st.binary(min_size=1, max_size=20), st.binary(max_size=20))
def test_exclusive_or_gives_the_first_back_from_the_second(a: bytes, b: bytes) -> None:
    residue = exclusive_or(a, b)
    padded = (b + bytes(len(a)))[: len(a)]

    assert (residue == b"") == (padded == a)
    assert bytes(x ^ y for x, y in zip(padded, residue or bytes(len(a)), strict=True)) == a
