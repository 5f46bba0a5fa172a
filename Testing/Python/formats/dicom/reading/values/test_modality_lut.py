"""Modality LUTs: lines are a slope, curves are reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut

from phantoms.base import MR, put_raw, ramp, slices
from phantoms.multiframe import group
from support.placed_frames import volumes


def _with_lut(entries: np.ndarray, first: int) -> Dataset:
    ds = slices(ramp(1, 4, 5, dtype="<u2"), MR)[0]
    lut = group(ModalityLUTType="US")
    put_raw(lut, 0x00283002, "US", np.array([len(entries), first, 16], "<u2").tobytes())
    put_raw(lut, 0x00283006, "OW", entries.astype("<u2").tobytes())
    ds.ModalityLUTSequence = [lut]
    return ds


def test_a_modality_lut_that_is_a_line_is_a_slope(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _with_lut(np.arange(30) * 3 + 7, 2))

    assert (volume.rescale.slope, volume.rescale.intercept) == (3, 1)
    assert volume.warnings


def test_a_modality_lut_that_is_a_curve_is_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _with_lut(np.arange(30) ** 2, 0))

    assert volume.rescale.is_identity
    assert any("ModalityLUTSequence (0028,3000) was not applied" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("dtype", "first"), [("<u2", 0), ("<u2", 5), ("<i2", 0), ("<i2", 5), ("<i2", -7)])
def test_real_values_are_those_of_pydicom(dtype: str, first: int, tmp_path: Path) -> None:
    """The first value of a table for signed pixels is signed, whatever VR its descriptor has (PS3.3 C.11.1.1.1)."""
    ds = _with_lut(np.arange(40) * 5 + 11, first & 0xFFFF)
    ds.PixelRepresentation, ds.PixelData = int(dtype == "<i2"), (np.arange(20) + first).astype(dtype).tobytes()
    put_raw(
        ds.ModalityLUTSequence[0],
        0x00283002,
        "SS" if dtype == "<i2" else "US",
        np.array([40, first & 0xFFFF, 16], "<u2").tobytes(),
    )

    (volume,) = volumes(tmp_path, ds)

    assert np.array_equal(volume.real_values()[0, 0], apply_modality_lut(ds.pixel_array, ds))
