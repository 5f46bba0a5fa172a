"""The qform is what nifti1_io computes of it, degenerate values included; what that replaces is a warning."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import read
from nifti_dicom_bridge.model.volume import Volume


def of_nifti1_io(quaternion, sizes, qfac, origin=(10.0, 20.0, 30.0)) -> np.ndarray:
    """Return the matrix as nifti_convert_nhdr2nim and nifti_quatern_to_mat44 define it."""
    b, c, d = (float(np.float32(x)) if math.isfinite(x) else 0.0 for x in quaternion)
    dx, dy, dz = (float(np.float32(x)) if math.isfinite(x) and x > 0 else 1.0 for x in sizes)
    a = 1.0 - (b * b + c * c + d * d)
    if a < 1e-7:
        a = 1.0 / math.sqrt(b * b + c * c + d * d)
        b, c, d, a = b * a, c * a, d * a, 0.0
    else:
        a = math.sqrt(a)
    dz = -dz if qfac < 0 else dz
    rows = [
        [(a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * dz],
        [2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * dz],
        [2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - c * c - b * b) * dz],
    ]
    shift = [x if math.isfinite(x) else 0.0 for x in origin]
    return np.vstack([np.column_stack([rows, shift]), [0, 0, 0, 1]])


def image(folder: Path, quaternion, sizes=(1.0, 2.0, 3.0), qfac=1.0, origin=(10.0, 20.0, 30.0)) -> Volume:
    """Return what is read of an image that has only a qform."""
    path = folder / "q.nii"
    nifti = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4))
    nibabel.save(nifti, path)
    raw = bytearray(path.read_bytes())
    fields = np.array([*quaternion, *origin], "<f4").tobytes()
    raw[252:256], raw[256:280], raw[76:92] = b"\1\0\0\0", fields, np.array([qfac, *sizes], "<f4").tobytes()
    path.write_bytes(raw)
    (volume,) = read(path)
    return volume


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    quaternion=st.tuples(*[st.sampled_from([0.0, 0.5, 0.7071068, 1.0, -1.0, 1e-4]) | st.floats(-1, 1)] * 3),
    sizes=st.tuples(*[st.floats(0.01, 10) | st.sampled_from([0.0, -2.0])] * 3),
    qfac=st.sampled_from([1.0, -1.0, 0.0, 7.0, -0.5, math.nan]),
)
def test_any_quaternion_is_that_of_nifti1_io(quaternion, sizes, qfac, tmp_path):
    found = image(tmp_path, quaternion, sizes, qfac).ijk_to_ras
    np.testing.assert_allclose(found, of_nifti1_io(quaternion, sizes, qfac), atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["quaternion", "sizes", "origin"])
def test_a_number_that_is_not_finite_is_replaced_as_in_nifti1_io_with_a_warning(place, bad, tmp_path):
    given_values = {"quaternion": (0.5, 0.5, 0.5), "sizes": (1.0, 2.0, 3.0), "origin": (10.0, 20.0, 30.0)}
    given_values[place] = (given_values[place][0], bad, given_values[place][2])
    found = image(tmp_path, **given_values)
    np.testing.assert_allclose(found.ijk_to_ras, of_nifti1_io(qfac=1.0, **given_values), atol=1e-6)
    assert any("was used" in warning for warning in found.warnings)


@pytest.mark.parametrize("size", [0.0, -1.5])
def test_a_size_that_is_not_positive_is_a_warning(size, tmp_path):
    assert any(f"contain {size:g}: 1 was used" in warning for warning in image(tmp_path, (0, 0, 0), (1, size, 3)).warnings)


@pytest.mark.parametrize(("quaternion", "warned"), [((2, 0, 0), True), ((3, 4, 0), True), ((1, 0, 0), False),
                                                    ((0.7071068, 0.7071068, 0), False)])  # fmt: skip
def test_a_quaternion_that_is_too_long_is_a_warning(quaternion, warned, tmp_path):
    assert any("normalized" in warning for warning in image(tmp_path, quaternion).warnings) == warned


@pytest.mark.parametrize("number", [0.0, math.nan])
def test_a_sform_that_is_not_a_matrix_of_three_axes_does_not_hide_the_qform(number, tmp_path):
    """With sform_code 4, it would be in a template; it was refused."""
    nifti = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.diag([2.0, 3, 4, 1]))
    nifti.set_qform(nifti.affine, 1)
    path = tmp_path / "s.nii"
    nibabel.save(nifti, path)
    raw = bytearray(path.read_bytes())
    raw[254:256], raw[280:328] = b"\4\0", np.full(12, number, "<f4").tobytes()
    path.write_bytes(raw)
    (volume,) = read(path)

    assert volume.space == "scanner"
    np.testing.assert_allclose(volume.ijk_to_ras, nifti.affine)
    assert any("the qform was used" in text for text in volume.warnings)
