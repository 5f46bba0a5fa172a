"""Headers of NIfTI-1 and NIfTI-2 in either byte order specify what nibabel wrote into them."""

from __future__ import annotations

import struct
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge.formats import nifti
from support.grids import OBLIQUE, ORIENTATIONS
from support.round_trip import RoundTrip

KINDS = {1: (nibabel.Nifti1Image, nibabel.Nifti1Header), 2: (nibabel.Nifti2Image, nibabel.Nifti2Header)}
SHAPE = (5, 4, 3, 2)
SCALES = {1: (112, "2f"), 2: (176, "2d")}
"""Where scl_slope and scl_inter are."""


def written(path: Path, version: int, order: str, dtype: str, matrix: np.ndarray, forms: str, fields: dict) -> None:
    """Write an image by nibabel."""
    image_class, header_class = KINDS[version]
    header = header_class(endianness=order)
    voxels = (np.arange(np.prod(SHAPE)).reshape(SHAPE) * 2).astype(np.dtype(dtype).newbyteorder(order))
    image = image_class(voxels, matrix, header)
    image.header.set_data_dtype(voxels.dtype)
    image.set_sform(matrix, 1 if "s" in forms else 0)
    image.set_qform(matrix, 1 if "q" in forms else 0)
    image.header.set_xyzt_units("mm", "sec")
    for name, value in fields.items():
        image.header[name] = value
    image.header["pixdim"][4] = 2.5
    nibabel.save(image, path)


@settings(max_examples=60)
@given(
    version=st.sampled_from([1, 2]),
    order=st.sampled_from("<>"),
    dtype=st.sampled_from(["u1", "i2", "u2", "i4", "f4", "f8"]),
    turn=st.sampled_from(ORIENTATIONS),
    forms=st.sampled_from(["s", "q", "sq"]),
    scale=st.sampled_from([(1.0, 0.0), (0.5, -1024.0), (2.0, 7.0)]),
    shown=st.sampled_from([(0.0, 0.0), (-5.0, 60.0)]),
)
def test_values_and_places_are_those_of_nibabel(
    tmp_path_factory: pytest.TempPathFactory,
    version: int,
    order: str,
    dtype: str,
    turn: tuple,
    forms: str,
    scale: tuple,
    shown: tuple,
) -> None:
    matrix = OBLIQUE.copy()
    matrix[:3, :3] = matrix[:3, :3][:, turn[0]] * turn[1]
    path = tmp_path_factory.mktemp("image") / "a.nii"
    written(path, version, order, dtype, matrix, forms, {"cal_min": shown[0], "cal_max": shown[1]})
    with path.open("r+b") as file:  # nibabel computes a scale of its own
        place, form = SCALES[version]
        file.seek(place)
        file.write(struct.pack(order + form, *scale))
    theirs = nibabel.load(path)

    volume = nifti.read_image(path)

    ours, upwards = volume.to_nibabel(), np.diag([1.0, -1.0, 1.0, 1.0])  # rows of a volume count downwards
    upwards[1, 3] = SHAPE[1] - 1
    assert np.allclose(ours.affine @ upwards, theirs.affine, atol=1e-5)
    assert np.allclose(np.flip(ours.get_fdata(), 1), theirs.get_fdata())
    assert (volume.rescale.slope, volume.rescale.intercept) == scale
    assert volume.time_step_s == 2.5
    assert volume.display_range == (shown if shown[0] < shown[1] else None)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("code", range(1, 7))
def test_fields_of_both_versions_mean_the_same(code: int, order: str, tmp_path: Path) -> None:
    fields = {"slice_code": code, "slice_start": 0, "slice_end": 2, "slice_duration": 0.5, "dim_info": 0b111001, "toffset": 3.0,
              "descrip": b"words"}  # fmt: skip
    keys = []
    for version in KINDS:
        written(tmp_path / f"{version}.nii", version, order, "i2", OBLIQUE, "sq", fields)
        keys.append((nifti.acquisition_keys(tmp_path / f"{version}.nii"), nifti.description(tmp_path / f"{version}.nii")))

    assert keys[0] == keys[1]
    assert keys[0][1] == "words"
    times = keys[0][0]["SliceTiming"]
    assert sorted(times) == [0, 0.5, 1]
    assert (
        np.argsort(times).tolist() == {1: [0, 1, 2], 2: [2, 1, 0], 3: [0, 2, 1], 4: [2, 0, 1], 5: [1, 0, 2], 6: [1, 2, 0]}[code]
    )


@pytest.mark.parametrize("phantom", ["rgb", "rgb_planar", "rgb_16_bit", "oblique", "classic_ct"])
def test_rows_of_gray_and_color_images_are_where_dicom_has_them(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()

    data = np.asarray(nibabel.load(round_trip.image()).dataobj.get_unscaled())
    samples = np.stack([data[name] for name in data.dtype.names], axis=-1) if data.dtype.names else data
    found = samples.reshape(samples.shape[0], samples.shape[1], -1, *(samples.shape[-1:] if phantom.startswith("rgb") else ()))
    frames = [ds.pixel_array for ds in map(pydicom.dcmread, sorted(round_trip.dicom.iterdir()))]
    for k, frame in enumerate(frames):
        assert np.array_equal(np.flip(found[:, :, k], 1).swapaxes(0, 1), frame)
