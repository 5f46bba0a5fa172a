"""Private elements in unusual blocks, and those whose private creators a de-identification took away."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import MR, put_raw, ramp, save, slices, uid
from phantoms.multiframe import csa_header

SCALE_SLOPE = 0.25
TILE = 4
STEP = np.array([0.0, -0.6, 3.0])


def _volume(folder: Path, found: list[Dataset]) -> Volume:
    save(folder, found)
    (volume,) = read([folder])
    return volume


# --- Philips ----------------------------------------------------------------------------------------------------------


def _philips(block: int, creator: str = "Philips MR Imaging DD 001") -> list[Dataset]:
    found = slices(ramp(3, 4, 5), MR)
    for ds in found:
        ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept = "Philips Medical Systems", "2", "0"
        if creator:
            put_raw(ds, 0x20050000 | block, "LO", creator.encode())
        put_raw(ds, 0x2005000E | block << 8, "FL", np.float32(SCALE_SLOPE).tobytes())
    return found


@pytest.mark.parametrize(
    ("block", "creator"),
    [(0x10, "Philips MR Imaging DD 001"), (0x1F, "Philips MR Imaging DD 001"), (0xFB, "PHILIPS MR IMAGING DD 001"), (0x10, "")],
)
def test_the_scale_slope_of_philips_in_any_block(block: int, creator: str, tmp_path: Path) -> None:
    volume = _volume(tmp_path, _philips(block, creator))

    assert volume.rescale.slope == 1 / SCALE_SLOPE
    assert any("commonly has there" in warning for warning in volume.warnings) == (not creator)


@pytest.mark.parametrize("manufacturer", ["", "Another"])
def test_elements_without_creator_mean_nothing_in_objects_of_others(manufacturer: str, tmp_path: Path) -> None:
    found = _philips(0x10, "")
    for ds in found:
        ds.Manufacturer = manufacturer

    volume = _volume(tmp_path, found)

    assert volume.rescale.slope == 2
    assert any("is not used" in warning for warning in volume.warnings)


# --- Siemens ----------------------------------------------------------------------------------------------------------


def _mosaic(count: int, image_header: bool, is_reversed: bool, away: float = 0.0) -> list[Dataset]:
    """Return a mosaic whose slices are described by its image header, or only by the protocol, without creators."""
    across = int(np.ceil(np.sqrt(count)))
    (ds,) = slices(ramp(1, across * TILE, across * TILE), MR)
    row, column = np.array([1.0, 0, 0]), np.array([0, *(np.array([3.0, 0.6]) / np.hypot(3, 0.6))])
    centers = np.array([10.0, 20.0, -30.0]) + np.arange(count)[:, None] * STEP
    first = centers[-1 if is_reversed else 0]
    ds.ImageOrientationPatient = [*row, *column]
    ds.PixelSpacing, ds.SpacingBetweenSlices = ["2", "2"], str(float(np.linalg.norm(STEP)))
    ds.ImagePositionPatient = list(first - across * TILE * (row + column) + away * STEP)  # half of the mosaic, 2 mm a pixel
    ds.ImageType, ds.Manufacturer = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], "SIEMENS"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(8, count)
    normal = (-1 if is_reversed else 1) * STEP / np.linalg.norm(STEP)
    if image_header:
        put_raw(ds, 0x00290010, "LO", b"SIEMENS CSA HEADER")
        header = {"NumberOfImagesInMosaic": [str(count)], "SliceNormalVector": [f"{value:.15g}" for value in normal]}
        put_raw(ds, 0x00291010, "OB", csa_header(header))
    lines = []
    for n, center in enumerate(centers):
        of_slice = zip(("Sag", "Cor", "Tra"), center, strict=True)
        lines += [f"sSliceArray.asSlice[{n}].sPosition.d{axis} = {value:.15g}" for axis, value in of_slice if value]
    protocol = "\n".join(["### ASCCONV BEGIN ###", *lines, f"sSliceArray.lSize = {count}", "### ASCCONV END ###"])
    put_raw(ds, 0x00291020, "OB", csa_header({"MrPhoenixProtocol": [protocol]}))
    return [ds]


@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_mosaic_without_image_header_is_that_of_its_protocol(count: int, is_reversed: bool, tmp_path: Path) -> None:
    described = _volume(tmp_path / "described", _mosaic(count, True, is_reversed))
    volume = _volume(tmp_path / "protocol", _mosaic(count, False, is_reversed))

    assert volume.voxels.shape == (1, count, TILE, TILE)
    assert np.array_equal(volume.voxels, described.voxels)
    assert np.allclose(volume.ijk_to_ras, described.ijk_to_ras, atol=1e-4)
    assert any("that of the protocol" in warning for warning in volume.warnings)


def test_a_mosaic_that_nothing_describes_is_refused(tmp_path: Path) -> None:
    save(tmp_path, _mosaic(5, False, False, away=20.0))

    with pytest.raises(DicomReadError, match="mosaic of slices"):
        read([tmp_path])


@pytest.mark.parametrize("count", [0, 5])
def test_one_slice_that_kept_the_words_of_its_mosaic_is_one_slice(count: int, tmp_path: Path) -> None:
    found = _mosaic(count, True, False) if count else slices(ramp(3, 4, 5), MR)
    for ds in found:
        ds.ImageType, ds.AcquisitionMatrix = ["DERIVED", "PRIMARY", "M", "MOSAIC"], [0, ds.Rows, ds.Columns, 0]

    assert _volume(tmp_path, found).voxels.shape[1:] == (len(found), found[0].Rows, found[0].Columns)


@pytest.mark.parametrize(("step", "is_refused"), [(3.0, False), (0.2, True)])
def test_slices_apart_from_each_other_are_no_mosaics(step: float, is_refused: bool, tmp_path: Path) -> None:
    """As of programs that took mosaics apart; volumes of mosaics that follow the motion of the patient are near each other."""
    found = slices(ramp(3, 4, 5), MR)
    for n, ds in enumerate(found):
        ds.ImageType, ds.SliceThickness = ["DERIVED", "PRIMARY", "M", "MOSAIC"], "3"
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, n * step], [1, 0, 0, 0, 1, 0]
    save(tmp_path, found)

    with pytest.raises(DicomReadError, match="mosaic of slices") if is_refused else nullcontext():
        assert read([tmp_path])[0].voxels.shape == (1, 3, 4, 5)
