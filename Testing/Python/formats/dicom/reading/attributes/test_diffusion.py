"""b-values and gradient directions: what objects state of them in other ways, and what is reported where they do not."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import MR, put_raw, ramp, save, slices, uid
from phantoms.dynamic import enhanced
from phantoms.multiframe import group

SLICES = 3
ROOT_HALF = 0.5**0.5
DIRECTIONS = np.array([[0, 0, 0], [ROOT_HALF, ROOT_HALF, 0], [0, 0.6, -0.8]])


def weighted(b_values: list[float | None], directions: list[list[float] | None]) -> list[Dataset]:
    """Return a classic series of one volume for each b-value, with public attributes."""
    found = []
    for t, (b_value, direction) in enumerate(zip(b_values, directions, strict=True)):
        for ds in slices(ramp(SLICES, 4, 5), MR):
            ds.InstanceNumber = len(found) + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, len(found) + 1)
            ds.TemporalPositionIdentifier = t + 1
            if b_value is not None:
                ds.DiffusionBValue = b_value
            if direction is not None:
                ds.DiffusionGradientOrientation = direction
            found.append(ds)
    return found


def volume_of(folder: Path, found: list[Dataset]) -> Volume:
    """Return the only volume that files become."""
    save(folder, found)
    (volume,) = read([folder])
    return volume


def test_a_b_matrix_gives_the_direction(tmp_path: Path) -> None:
    ds = enhanced([0, 1, 2])
    for n, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        t = n // 6
        xx, xy, xz, _, yy, yz, _, _, zz = (1000.0 * np.outer(DIRECTIONS[t], DIRECTIONS[t])).reshape(-1)
        names = ("XX", "XY", "XZ", "YY", "YZ", "ZZ")
        values = dict(zip((f"DiffusionBValue{name}" for name in names), (xx, xy, xz, yy, yz, zz), strict=True))
        matrix = {"DiffusionBMatrixSequence": [group(**values)]} if t else {}
        frame.MRDiffusionSequence = [
            group(DiffusionBValue=1000.0 if t else 0.0, DiffusionDirectionality="BMATRIX" if t else "NONE", **matrix)
        ]

    volume = volume_of(tmp_path, [ds])

    gradients = volume.gradients
    assert gradients is not None
    assert gradients[:, 0].tolist() == [0, 1000, 1000]
    assert any("b-matrices, which do not specify their sign" in warning for warning in volume.warnings)
    along = np.abs((gradients[:, 1:] * DIRECTIONS * [-1, -1, 1]).sum(axis=1))  # LPS → RAS; either sign is the same gradient
    assert np.allclose(along, [0, 1, 1], atol=1e-6)


def test_directions_that_are_stated_have_a_sign(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, weighted([0.0, 1000.0], [None, [1.0, 0, 0]]))
    assert volume.warnings == ()


def test_a_volume_without_b_value_is_reported(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, weighted([None, 1000.0, 1000.0], [None, [1.0, 0, 0], [0, 1.0, 0]]))

    assert volume.gradients is None
    assert any("time(s) 1 of 3 do not specify a b-value" in warning for warning in volume.warnings)


def test_a_mean_image_among_directions_is_reported(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, weighted([0.0, 1000.0, 1000.0], [None, [1.0, 0, 0], None]))

    assert any("time(s) 3 of 3 have a b-value but no gradient direction" in warning for warning in volume.warnings)


def test_trace_images_alone_are_not_reported(tmp_path: Path) -> None:
    assert not volume_of(tmp_path, weighted([0.0, 500.0, 1000.0], [None, None, None])).warnings


@pytest.mark.parametrize(("directionality", "is_reported"), [("", True), ("DIRECTIONAL", True), ("ISOTROPIC", False)])
def test_equal_b_values_without_any_direction_are_reported(directionality: str, is_reported: bool, tmp_path: Path) -> None:
    """De-identification by other programs removes the private elements that have them."""
    found = weighted([0.0, 1000.0, 1000.0], [None, None, None])
    for ds in found[SLICES:]:
        ds.DiffusionDirectionality = directionality

    warnings = volume_of(tmp_path, found).warnings

    assert any("none a gradient direction, as if private elements were removed" in text for text in warnings) is is_reported


@pytest.mark.parametrize(("origin", "is_reported"), [("ORIGINAL", True), ("DERIVED", False)])
def test_diffusion_without_any_b_value_is_reported(origin: str, is_reported: bool, tmp_path: Path) -> None:
    found = weighted([None, None], [None, None])
    for ds in found:
        ds.ImageType = [origin, "PRIMARY", "DIFFUSION"]

    warnings = volume_of(tmp_path, found).warnings

    assert any("no b-value is specified: .bval and .bvec are not written" in text for text in warnings) is is_reported


def test_diffusion_whose_vr_an_archive_did_not_know(tmp_path: Path) -> None:
    found = weighted([None, None], [None, None])
    for n, ds in enumerate(found):
        put_raw(ds, 0x00189087, "UN", struct.pack("<d", 1000.0 * (n >= SLICES)))
        if n >= SLICES:
            put_raw(ds, 0x00189089, "UN", struct.pack("<3d", 0.0, 0.6, -0.8))

    gradients = volume_of(tmp_path, found).gradients

    assert gradients is not None
    assert gradients[:, 0].tolist() == [0, 1000]
    assert abs(float(gradients[1, 1:] @ [0, -0.6, -0.8])) == pytest.approx(1)  # RAS, of either sign


def test_private_elements_without_creator_are_reported(tmp_path: Path) -> None:
    found = weighted([None, None], [None, None])
    for ds in found:
        ds.Manufacturer = "SIEMENS"
        ds.add_new(0x0019100C, "IS", "1000")

    assert any("b-values or the tiles of a mosaic" in warning for warning in volume_of(tmp_path, found).warnings)


def test_private_elements_without_creator_of_which_nothing_is_read(tmp_path: Path) -> None:
    found = weighted([None], [None])
    for ds in found:
        ds.Manufacturer = "Philips Medical Systems"
        put_raw(ds, 0x55335511, "UN", b"21.42\\12.89")

    (note,) = volume_of(tmp_path, found).warnings

    assert "(5533,55xx) have no private creator" in note
    assert "is not used" in note


CORONAL = [1, 0, 0, 0, 0, -1]
FREQUENCY, PHASE, ACROSS = 0.36, 0.48, 0.8


def _of_scanner_axes(manufacturer: str, phase_encoding: str, position: str = "HFS") -> list[Dataset]:
    """Return a coronal series of two volumes, of which the second has a direction along frequency, phase and slice."""
    found = weighted([None, None], [None, None])
    for n, ds in enumerate(found):
        ds.Manufacturer, ds.PatientPosition, ds.ImageOrientationPatient = manufacturer, position, CORONAL
        ds.ImagePositionPatient, ds.InPlanePhaseEncodingDirection = [0, 2.5 * (n % SLICES), 0], phase_encoding
        if not phase_encoding:
            del ds.InPlanePhaseEncodingDirection
        if manufacturer == "CANON_MEC" and n >= SLICES:
            ds.DiffusionBValue, ds.ImageComments = 1500.0, f"b=1500({PHASE},{FREQUENCY},{ACROSS})"
        if manufacturer == "GE MEDICAL SYSTEMS":
            block = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
            for number, part in enumerate((FREQUENCY, PHASE, ACROSS), 0xBB):
                block.add_new(number, "DS", str(part if n >= SLICES else 0))
            ds.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [1500 if n >= SLICES else 0, 8, 0, 0])
    return found


@pytest.mark.parametrize("manufacturer", ["CANON_MEC", "GE MEDICAL SYSTEMS"])
@pytest.mark.parametrize(
    ("phase_encoding", "direction"), [("COL", [FREQUENCY, -PHASE, -ACROSS]), ("ROW", [-PHASE, -FREQUENCY, -ACROSS])]
)
def test_directions_along_the_axes_of_a_coronal_image(
    manufacturer: str, phase_encoding: str, direction: list[float], tmp_path: Path
) -> None:
    gradients = volume_of(tmp_path, _of_scanner_axes(manufacturer, phase_encoding)).gradients

    x, y, z = direction  # along row, column and normal: right, down and to the back
    assert gradients is not None
    assert gradients[:, 0].tolist() == [0, 1500]
    assert abs(float(gradients[1, 1:] @ [-x, -z, -y])) == pytest.approx(1, abs=1e-6)  # RAS, of either sign


@pytest.mark.parametrize("manufacturer", ["CANON_MEC", "GE MEDICAL SYSTEMS"])
@pytest.mark.parametrize(
    ("phase_encoding", "position", "words"), [("", "HFS", "COL is assumed"), ("COL", "FFS", "check the directions")]
)
def test_directions_whose_axes_are_uncertain_are_reported(
    manufacturer: str, phase_encoding: str, position: str, words: str, tmp_path: Path
) -> None:
    volume = volume_of(tmp_path, _of_scanner_axes(manufacturer, phase_encoding, position))

    assert any(words in warning for warning in volume.warnings)


def test_volumes_of_toshiba_without_a_b_value_have_none(tmp_path: Path) -> None:
    found = weighted([None, 1000.0], [None, [1.0, 0.0, 0.0]])
    for ds in found:
        ds.Manufacturer = "TOSHIBA"

    gradients = volume_of(tmp_path, found).gradients

    assert gradients is not None
    assert gradients.tolist() == [[0, 0, 0, 0], [1000, -1, 0, 0]]


@pytest.mark.slow
def test_slices_of_one_time_with_different_b_values_are_reported(tmp_path: Path) -> None:
    found = weighted([0.0, 1000.0], [None, None])
    found[1].DiffusionBValue, found[SLICES + 1].DiffusionBValue = 1000.0, 0.0

    volume = volume_of(tmp_path, found)

    assert any("slices of time(s) 1, 2 have different b-values" in warning for warning in volume.warnings)


def test_a_shared_b_value_and_directions_of_frames_belong_together(tmp_path: Path) -> None:
    ds = enhanced([0, 1])
    frames = len(ds.PerFrameFunctionalGroupsSequence)
    ds.SharedFunctionalGroupsSequence[0].MRDiffusionSequence = [group(DiffusionBValue=1000.0)]
    for n, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        direction = group(DiffusionGradientOrientation=list(DIRECTIONS[1 + n * 2 // frames]))
        frame.MRDiffusionSequence = [
            group(DiffusionDirectionality="DIRECTIONAL", DiffusionGradientDirectionSequence=[direction])
        ]

    gradients = volume_of(tmp_path, [ds]).gradients

    assert gradients is not None
    assert np.allclose(gradients[:, 0], 1000)
    assert np.allclose(gradients[:, 1:], DIRECTIONS[1:] * [-1, -1, 1])
