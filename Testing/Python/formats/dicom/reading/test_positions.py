"""Positions of images: tiny voxels, jitter, multi-frame objects without functional groups, no position at all."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

from circle import NEW, Circle, listing
from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import UNPLACED, Volume
from phantoms.base import (
    AXIAL,
    CT,
    MR,
    SECONDARY_CAPTURE,
    image,
    put_raw,
    ramp,
    save,
    slices,
    uid,
)
from phantoms.dynamic import enhanced
from phantoms.multiframe import group, philips_volumes
from phantoms.series import OBLIQUE

NM, WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.77.1.6"
FRAMES = 6


def volumes(folder: Path, *found: Dataset) -> list[Volume]:
    """Return the volumes that files become."""
    save(folder, list(found))
    return read([folder])


# --- tolerances -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0.001, 0.005, 0.009, 0.05])
@pytest.mark.parametrize("spacing", [(0.002, 0.002), (0.009, 0.012), (0.5, 0.5)])
def test_slices_closer_than_scanners_make_them(step: float, spacing: tuple[float, float], tmp_path: Path) -> None:
    found = slices(ramp(8, 4, 5), MR, AXIAL, (100.25, -200.5, 50), spacing, (0, 0, step))
    for ds in found:
        ds.SliceThickness = str(step)

    (volume,) = volumes(tmp_path, *found)

    assert volume.voxels.shape == (1, 8, 4, 5)
    assert np.isclose(volume.ijk_to_ras[2, 2], step)
    assert not volume.warnings


@pytest.mark.parametrize("voxel", [0.005, 0.009, 1e-3])
def test_tiny_voxels_keep_their_shape_there_and_back(voxel: float, circle: Circle) -> None:
    affine = np.diag([-voxel, voxel, voxel, 1.0])
    circle.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(ramp(5, 4, 8).astype(np.int16), affine), circle.nifti / "tiny_T1w.nii.gz")
    circle.home(NEW)

    (volume,) = read([circle.back])

    assert volume.voxels.shape == (1, 8, 4, 5)
    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0), voxel, rtol=1e-4)


def test_distances_that_jitter_get_the_step_that_fits_all(tmp_path: Path) -> None:
    jitter = np.random.default_rng(5).uniform(-0.2, 0.2, 30)
    found = slices(ramp(30, 4, 5))
    for k, ds in enumerate(found):
        ds.ImagePositionPatient = [0, 0, 3 * k + jitter[k]]

    (volume,) = volumes(tmp_path, *found)

    best = np.polyfit(np.arange(30), 3 * np.arange(30) + jitter, 1)[0]
    assert any(f"(grid: {best:.6g} mm)" in warning for warning in volume.warnings)
    assert np.isclose(volume.ijk_to_ras[2, 2], best, atol=1e-6)
    assert any("slice distances vary" in warning for warning in volume.warnings)


def test_volumes_whose_spacing_differs_in_tiny_voxels_are_two(tmp_path: Path) -> None:
    first = slices(ramp(3, 4, 5), MR, AXIAL, (0, 0, 0), (0.005, 0.005), (0, 0, 0.005))
    second = slices(ramp(3, 4, 5), MR, AXIAL, (0, 0, 0), (0.0055, 0.0055), (0, 0, 0.005))
    for n, ds in enumerate(second):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(8, n)

    assert len(volumes(tmp_path, *first, *second)) == 2


# --- multi-frame objects without functional groups --------------------------------------------------------------------


def multi_frame(sop_class: str = CT, orientation: tuple = AXIAL, **attributes: object) -> Dataset:
    """Return an object of several frames with its place at the top level."""
    ds = slices(ramp(1, FRAMES * 4, 5), sop_class, orientation, (-3.0, -2.4, 10.0), (0.3, 0.4))[0]
    ds.Rows, ds.NumberOfFrames, ds.SliceThickness = 4, FRAMES, "0.5"
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def nuclear(spacing: str = "4") -> Dataset:
    """Return a reconstructed NM object, whose place is in its detector."""
    ds = multi_frame(NM, Modality="NM", SliceVector=list(range(1, FRAMES + 1)), SpacingBetweenSlices=spacing)
    detector = group(ImagePositionPatient=ds.ImagePositionPatient, ImageOrientationPatient=ds.ImageOrientationPatient)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    ds.DetectorInformationSequence = [detector]
    return ds


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE])
@pytest.mark.parametrize("spacing", ["0.25", "-0.25", None])
def test_place_at_the_top_level(orientation: tuple, spacing: str | None, tmp_path: Path) -> None:
    ds = multi_frame(orientation=orientation)
    if spacing:
        ds.SpacingBetweenSlices = spacing
    step = float(spacing or 0.5)

    (volume,) = volumes(tmp_path, ds)

    normal = np.cross(orientation[:3], orientation[3:])
    first, last = (0, FRAMES - 1) if step > 0 else (FRAMES - 1, 0)
    origin = np.array([-3.0, -2.4, 10.0]) + normal * step * first
    assert np.allclose(volume.ijk_to_ras[:3, 3] * [-1, -1, 1], origin, atol=1e-6)
    assert np.allclose(volume.ijk_to_ras[:3, 2] * [-1, -1, 1], normal * abs(step), atol=1e-6)
    assert volume.voxels[0, 0, 0, 0] == 20 * first
    assert volume.voxels[0, -1, 0, 0] == 20 * last


@pytest.mark.parametrize("spacing", ["4", "-4"])
def test_place_in_the_detector(spacing: str, tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, nuclear(spacing))

    origin = 10.0 if spacing == "4" else 10.0 - 4 * (FRAMES - 1)
    assert np.allclose(volume.ijk_to_ras[:3, 3], [3.0, 2.4, origin])
    assert volume.voxels[0, 0, 0, 0] == (0 if spacing == "4" else 20 * (FRAMES - 1))


@pytest.mark.parametrize("vector", ["TimeSlotVector", "PhaseVector", "TimeSliceVector", "RRIntervalVector"])
def test_frames_of_a_gated_or_dynamic_object_are_times(vector: str, tmp_path: Path) -> None:
    ds = nuclear()
    ds.SliceVector = [1, 2, 3, 1, 2, 3]
    setattr(ds, vector, [2, 2, 2, 1, 1, 1])

    (volume,) = volumes(tmp_path, ds)

    assert volume.voxels[:, :, 0, 0].tolist() == [[60, 80, 100], [0, 20, 40]]


@pytest.mark.parametrize("vector", ["EnergyWindowVector", "DetectorVector"])
def test_energy_windows_and_detectors_are_images_of_their_own(vector: str, tmp_path: Path) -> None:
    ds = nuclear()
    ds.SliceVector = [1, 2, 3, 1, 2, 3]
    setattr(ds, vector, [1, 1, 1, 2, 2, 2])

    found = volumes(tmp_path, ds)

    assert [volume.voxels[0, :, 0, 0].tolist() for volume in found] == [[0, 20, 40], [60, 80, 100]]


def test_frames_in_time_at_one_place_are_times(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(MR, FrameTime="40", FrameIncrementPointer=0x00181063))

    assert volume.voxels.shape == (FRAMES, 1, 4, 5)


def test_a_whole_slide_image_is_refused_by_name(tmp_path: Path) -> None:
    ds = multi_frame(WHOLE_SLIDE, TotalPixelMatrixColumns=10, TotalPixelMatrixRows=12)

    with pytest.raises(DicomReadError, match="VL Whole Slide Microscopy"):
        volumes(tmp_path, ds)


@pytest.mark.parametrize("times", [1, 2])
def test_volumes_of_philips_ultrasound(times: int, circle: Circle) -> None:
    """Only the first slices were in the image, as NumberOfFrames counts volumes."""
    save(circle.dicom, [philips_volumes(times)])

    (volume,) = read([circle.dicom])

    assert volume.voxels[..., 0, 0].tolist() == [[60 * t + 20 * k for k in range(3)] for t in range(times)]
    assert np.allclose(np.abs(np.diag(volume.ijk_to_ras)[:3]), [0.5, 0.6, 0.7])
    assert volume.time_step_s == (0.04 if times > 1 else 0.0)
    assert any("Philips (3001,xx01)" in warning for warning in volume.warnings)


@pytest.mark.parametrize("times", [1, 2])
def test_edited_volumes_of_philips_ultrasound_are_such_volumes(times: int, circle: Circle) -> None:
    save(circle.dicom, [philips_volumes(times)])
    circle.forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + np.uint8(1), None, image.header))
    circle.home(NEW)

    (volume,) = read([circle.back])
    assert volume.voxels[..., 0, 0].tolist() == [[60 * t + 20 * k + 1 for k in range(3)] for t in range(times)]


@pytest.mark.parametrize("count", [np.nan, np.inf])
def test_a_number_of_slices_that_is_not_finite_is_ignored(count: float, tmp_path: Path) -> None:
    ds = philips_volumes(1)
    ds[0x3001, 0x1001].VR = "FD"
    ds[0x3001, 0x1001].value = count

    (volume,) = volumes(tmp_path, ds)

    assert volume.voxels.shape[:2] == (1, 1)


def test_volumes_of_philips_ultrasound_without_a_size_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, philips_volumes(1, PhysicalDeltaX=0.0))

    assert any("distances of 1 mm" in warning for warning in volume.warnings)


def _of_slide(kind: str, size: int, frames: int) -> Dataset:
    """Return an image of a slide, a square of a number of pixels in frames of 4 by 4."""
    ds = image(ramp(frames * 4, 4, 3, dtype="u1"), WHOLE_SLIDE, instance=size)
    ds.ImageType, ds.DimensionOrganizationType = ["ORIGINAL", "PRIMARY", kind, "NONE"], "TILED_FULL"
    ds.Rows, ds.NumberOfFrames, ds.TotalPixelMatrixRows, ds.TotalPixelMatrixColumns = 4, frames, size, size
    ds.SharedFunctionalGroupsSequence = [group(PixelMeasuresSequence=[group(PixelSpacing=["0.5", "0.25"])])]
    return ds


def test_pictures_of_one_frame_of_a_slide_are_converted(tmp_path: Path) -> None:
    """They were refused as tiles: labels, overviews and thumbnails."""
    (volume,) = volumes(tmp_path, _of_slide("THUMBNAIL", 4, 1))

    assert volume.voxels.shape == (1, 1, 4, 4, 3)
    assert np.abs(np.diag(volume.ijk_to_ras)[:2]).tolist() == [0.25, 0.5]
    assert not any("tiles" in warning or "FunctionalGroups" in warning for warning in volume.warnings)


def test_tiles_do_not_fail_the_label_of_their_slide(circle: Circle) -> None:
    save(circle.dicom, [_of_slide("VOLUME", 8, 4), _of_slide("LABEL", 4, 1)])

    assert sorted(entry.outcome.name for entry in circle.forth().entries) == ["CONVERTED", "FAILED"]


# --- no position ------------------------------------------------------------------------------------------------------


def _without_place(found: list[Dataset]) -> list[Dataset]:
    for ds in found:
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
    return found


def test_slice_location_orders_slices_without_position(circle: Circle) -> None:
    found = _without_place(slices(ramp(6, 4, 5), MR))
    for k, ds in enumerate(found):
        ds.SliceLocation, ds.InstanceNumber = 10 + 2.5 * k, 100 - k
    save(circle.dicom, found)
    report = circle.forth()

    stored = nibabel.load(circle.image())
    assert stored.shape == (5, 4, 6)
    assert int(stored.header["sform_code"]) == int(stored.header["qform_code"]) == 0
    assert np.isclose(stored.header.get_zooms()[2], 2.5)
    assert any("position is assumed" in warning for warning in report.entries[0].log.warnings)
    assert {entry.outcome for entry in circle.home().entries} == {Outcome.RESTORED}


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("ImagePosition (0020,0030)", {0x00200030: ["-10", "-20", "{}"], 0x00200035: ["1", "0", "0", "0", "1", "0"]}),
        ("ImagePosition (0020,0030)", {0x00200030: ["{}", "-20", "3"], 0x00200035: ["0", "1", "0", "0", "0", "1"]}),
        ("Location (0020,0050)", {0x00200050: ["{}"]}),
    ],
)
def test_places_of_acr_nema_order_slices(name: str, attributes: dict[int, list[str]], circle: Circle) -> None:
    found = slices(ramp(4, 4, 5), MR)
    for k, ds in enumerate(found):
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
        ds.InstanceNumber = 100 - k
        for tag, texts in attributes.items():
            raw = "\\".join(texts).format(5 * k).encode()
            put_raw(ds, tag, "DS", raw + b" " * (len(raw) % 2))
    save(circle.dicom, found)
    (entry,) = circle.forth().entries
    circle.home()

    image = nibabel.load(circle.image())
    assert (image.shape, int(image.header["sform_code"]), float(image.header["pixdim"][3])) == ((5, 4, 4), 0, 5.0)
    assert any(f"slices are in the order of {name}, their position is assumed" in text for text in entry.log.warnings)
    assert set(listing(circle.dicom).values()) == set(listing(circle.back).values())


def test_slice_location_of_a_dynamic_series(tmp_path: Path) -> None:
    found = _without_place(slices(ramp(6, 4, 5), MR))
    for n, ds in enumerate(found):
        ds.SliceLocation, ds.TemporalPositionIdentifier = 2.5 * (n % 3), n // 3 + 1

    (volume,) = volumes(tmp_path, *found)

    assert volume.voxels.shape[:2] == (2, 3)


PROJECTIONS = {
    "CR": "1.2.840.10008.5.1.4.1.1.1", "DX": "1.2.840.10008.5.1.4.1.1.1.1", "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "IO": "1.2.840.10008.5.1.4.1.1.1.3", "XA": "1.2.840.10008.5.1.4.1.1.12.1", "RF": "1.2.840.10008.5.1.4.1.1.12.2",
}  # fmt: skip
ORIGINAL, DERIVED = ["ORIGINAL", "PRIMARY"], ["DERIVED", "PRIMARY"]


def _projection(folder: Path, sop_class: str, **values: object) -> Volume:
    """Return the volume of an image without position."""
    ds = image(ramp(4, 5), sop_class)
    for keyword, content in values.items():
        setattr(ds, keyword, content)
    (volume,) = volumes(folder, ds)
    return volume


def _spacing(volume: Volume) -> list[float]:
    return np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0).round(6).tolist()


@pytest.mark.parametrize("kind", [ORIGINAL, DERIVED], ids=lambda kind: kind[0])
@pytest.mark.parametrize("modality", PROJECTIONS)
def test_spacing_at_the_detector_of_projections(modality: str, kind: list[str], tmp_path: Path) -> None:
    volume = _projection(tmp_path, PROJECTIONS[modality], ImagerPixelSpacing=["0.15", "0.2"], ImageType=kind)

    demanded = modality != "CR"  # there it is optional, and a derived image may have been resampled
    assert _spacing(volume) == ([0.2, 0.15] if demanded or kind == ORIGINAL else [1.0, 1.0])
    assert any("ImagerPixelSpacing" in warning for warning in volume.warnings)


@pytest.mark.parametrize("kind", [ORIGINAL, DERIVED], ids=lambda kind: kind[0])
def test_spacing_at_the_detector_of_a_secondary_capture(kind: list[str], tmp_path: Path) -> None:
    volume = _projection(tmp_path, SECONDARY_CAPTURE, ImagerPixelSpacing=["0.15", "0.2"], ImageType=kind)

    assert _spacing(volume) == ([0.2, 0.15] if kind == ORIGINAL else [1.0, 1.0])
    assert any("ImagerPixelSpacing" in warning for warning in volume.warnings)


def test_calibrated_spacing_is_used_before_that_at_the_detector(tmp_path: Path) -> None:
    volume = _projection(tmp_path, PROJECTIONS["DX"], ImagerPixelSpacing=["0.15", "0.2"], PixelSpacing=["0.1", "0.12"],
                         PixelSpacingCalibrationType="FIDUCIAL")  # fmt: skip

    assert _spacing(volume) == [0.12, 0.1]


def test_the_magnification_is_reported_and_not_applied(tmp_path: Path) -> None:
    volume = _projection(tmp_path, PROJECTIONS["MG"], ImagerPixelSpacing=["0.15", "0.2"],
                         EstimatedRadiographicMagnificationFactor="1.5")  # fmt: skip

    assert _spacing(volume) == [0.2, 0.15]
    assert any("smaller by EstimatedRadiographicMagnificationFactor (0018,1114), 1.5" in note for note in volume.warnings)


def test_spacing_of_a_scanned_film(tmp_path: Path) -> None:
    volume = _projection(tmp_path, SECONDARY_CAPTURE, NominalScannedPixelSpacing=["0.17", "0.17"], ImageType=DERIVED)

    assert _spacing(volume) == [0.17, 0.17]


def test_an_image_without_position_has_the_code_unknown(circle: Circle) -> None:
    save(circle.dicom, [image(ramp(4, 5), PROJECTIONS["CR"])])
    circle.forth()

    header = nibabel.load(circle.image()).header
    assert int(header["sform_code"]) == int(header["qform_code"]) == 0


def test_an_image_with_a_place_has_the_code_of_the_scanner(circle: Circle) -> None:
    circle.make("single_slice").forth()

    assert int(nibabel.load(circle.image()).header["sform_code"]) == 1


# --- Modality LUT -----------------------------------------------------------------------------------------------------


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


def test_secondary_captures_without_place_stay_apart(tmp_path: Path) -> None:
    found = [image(ramp(4, 5, start=20 * n, dtype="u1"), SECONDARY_CAPTURE, instance=n + 1) for n in range(3)]

    assert len(volumes(tmp_path, *found)) == 3


@pytest.mark.parametrize("spacing", ["0.5", "0\\0", "-0.5\\0.5"])
def test_a_spacing_that_cannot_be_used_is_reported(spacing: str, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        put_raw(ds, 0x00280030, "DS", spacing.encode() + b" " * (len(spacing) % 2))
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any(f"PixelSpacing (0028,0030) {spacing} is not used" in warning for warning in volume.warnings)


def test_an_orientation_that_is_not_orthogonal_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        ds.ImageOrientationPatient = [1, 0, 0, 0.5, 0.8, 0]
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any("two orthogonal unit vectors" in warning for warning in volume.warnings)


def test_rounded_cosines_do_not_change_the_size_of_pixels(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        ds.ImageOrientationPatient = ["0.707", "0.707", "0", "-0.705", "0.705", "0"]
        ds.PixelSpacing = [1, 1]
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0) == pytest.approx(1, abs=1e-12)
    assert not any("orthogonal" in warning for warning in volume.warnings)


def test_slices_of_which_nothing_states_the_place_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), MR)
    for ds in found:
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
    save(tmp_path, found)

    images = read([tmp_path])

    assert len(images) == 3
    assert all("each is an image of its own" in volume.warnings[0] for volume in images)


@pytest.mark.parametrize(
    ("attribute", "value", "name"),
    [
        ("PixelAspectRatio", ["2", "1"], "PixelAspectRatio (0028,0034) 2\\1"),
        ("SequenceOfUltrasoundRegions", [group(PhysicalDeltaX=0.02, PhysicalDeltaY=0.03)], "SequenceOfUltrasoundRegions"),
    ],
)
def test_sizes_of_pixels_that_are_not_used_are_named(attribute: str, value: list, name: str, tmp_path: Path) -> None:
    ds = image(ramp(4, 5, dtype="u1"), SECONDARY_CAPTURE)
    setattr(ds, attribute, value)

    (volume,) = volumes(tmp_path, ds)

    assert any(name in warning and "pixels count as 1 mm" in warning for warning in volume.warnings)


def _region(**attributes: object) -> Dataset:
    tissue = {"RegionSpatialFormat": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}
    return group(**tissue | {"PhysicalDeltaX": 0.02, "PhysicalDeltaY": -0.03} | attributes)


@pytest.mark.parametrize(
    ("regions", "size"),
    [([_region(), _region(RegionSpatialFormat=4, PhysicalUnitsXDirection=4)], "0.3 × 0.2 mm"),
     ([_region(), _region(PhysicalDeltaX=0.05)], ""), ([_region(PhysicalUnitsXDirection=4)], "")],
)  # fmt: skip
def test_the_size_of_pixels_in_regions_of_ultrasound_is_named(regions: list, size: str, tmp_path: Path) -> None:
    ds = image(ramp(4, 5, dtype="u1"), "1.2.840.10008.5.1.4.1.1.6.1")
    ds.SequenceOfUltrasoundRegions = regions

    (volume,) = volumes(tmp_path, ds)

    (words,) = (warning for warning in volume.warnings if "SequenceOfUltrasoundRegions" in warning)
    assert (size in words) if size else ("region are" not in words)


# --- attributes that contradict the frames ----------------------------------------------------------------------------

DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


@pytest.mark.parametrize("offsets", [[0, 3, 6], [0]])
def test_offsets_that_are_not_those_of_the_frames_are_reported(offsets: list[int], tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(DOSE, GridFrameOffsetVector=offsets, SliceThickness=None))

    words = f"GridFrameOffsetVector (3004,000C) has {len(offsets)} values for {FRAMES} frames"
    assert any(words in warning for warning in volume.warnings)
    assert any("the distance of slices is assumed to be 1 mm" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("first", "is_doubted"), [(10.0, False), (0.0, True)])
@pytest.mark.parametrize("step", [3.0, -3.0])
def test_locations_of_slices_are_the_places_of_frames(step: float, first: float, is_doubted: bool, tmp_path: Path) -> None:
    """They were ignored: slices had the distance of SliceThickness, and descending ones were upside down."""
    ds = multi_frame(CT, SliceLocationVector=[first + step * n for n in range(FRAMES)], FrameIncrementPointer=0x00182005)

    (volume,) = volumes(tmp_path, ds)

    assert np.allclose(volume.ijk_to_ras[:3, 2], [0, 0, 3])
    assert volume.voxels[0, 0, 0, 0] == (0 if step > 0 else 20 * (FRAMES - 1))
    assert volume.ijk_to_ras[2, 3] == (10 if step > 0 else 10 + step * (FRAMES - 1))
    assert any("SliceLocationVector (0018,2005), whose direction" in warning for warning in volume.warnings) == is_doubted


def test_locations_that_are_all_the_same_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(CT, SliceLocationVector=[5] * FRAMES))

    assert volume.voxels.shape[1] == FRAMES
    assert any("same value for all frames" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("pointer", "is_reported"), [(None, True), (0x00181063, False)])
def test_frames_without_positions_are_reported_unless_they_are_times(
    pointer: int | None, is_reported: bool, tmp_path: Path
) -> None:
    ds = multi_frame(CT)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    if pointer:
        ds.FrameIncrementPointer, ds.FrameTime = pointer, "40"

    (volume,) = volumes(tmp_path, ds)

    assert any("they are stacked in their order" in warning for warning in volume.warnings) == is_reported
    assert any("SliceThickness (0018,0050)" in warning for warning in volume.warnings) == is_reported


def test_offsets_that_are_coordinates_of_the_patient(tmp_path: Path) -> None:
    offsets = [10.0 + 3 * n for n in range(FRAMES)]

    (volume,) = volumes(tmp_path, multi_frame(DOSE, (-1, 0, 0, 0, 1, 0), GridFrameOffsetVector=offsets))

    last = volume.ijk_to_ras @ [0, 0, FRAMES - 1, 1]
    assert sorted([float(volume.ijk_to_ras[2, 3]), float(last[2])]) == [offsets[0], offsets[-1]]


def _nuclear_medicine(positions: list[float], **vectors: list[int]) -> Dataset:
    """Return an NM object whose detectors are at some positions."""
    ds = multi_frame(NM, **vectors)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    places = [group(ImagePositionPatient=[0, 0, z], ImageOrientationPatient=list(AXIAL)) for z in positions]
    ds.DetectorInformationSequence = places
    return ds


def test_projections_are_not_slices(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _nuclear_medicine([5], AngularViewVector=list(range(1, FRAMES + 1))))

    assert volume.space == UNPLACED
    assert any("projections" in warning for warning in volume.warnings)


def test_frames_of_two_detectors_are_each_at_its_place(tmp_path: Path) -> None:
    found = volumes(tmp_path, _nuclear_medicine([5, -70], DetectorVector=[1] * 3 + [2] * 3))

    assert {float(volume.ijk_to_ras[2, 3]) for volume in found} == {5.0, -70.0}


def test_frames_that_no_number_counts_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(NumberOfFrames=FRAMES - 1))

    assert any("room for 1 more frame(s)" in warning for warning in volume.warnings)


def test_functional_groups_of_more_frames_are_reported(tmp_path: Path) -> None:
    ds = enhanced([0])
    ds.PerFrameFunctionalGroupsSequence.append(ds.PerFrameFunctionalGroupsSequence[0])

    (volume,) = volumes(tmp_path, ds)

    assert any("(5200,9230) has 7 items, NumberOfFrames (0028,0008) is 6" in warning for warning in volume.warnings)


def test_a_position_without_spacing_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        del ds.PixelSpacing

    (volume,) = volumes(tmp_path, *found)

    assert any("no PixelSpacing (0028,0030)" in warning for warning in volume.warnings)


def test_of_directions_that_are_not_unit_vectors_the_direction_is_used(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, *slices(ramp(3, 4, 5), MR, (2, 0, 0, 0, 2, 0), (0, 0, 0), (2, 1.5), (0, 0, 3)))

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0), [1.5, 2, 3])


@pytest.mark.parametrize("given", [4, 3], ids=["another in each file", "missing in one"])
def test_frames_of_reference_that_distinguish_nothing(given: int, tmp_path: Path) -> None:
    found = slices(ramp(4, 4, 5))
    for n, ds in enumerate(found):
        ds.FrameOfReferenceUID = uid(50, n if given == 4 else 0)
    if given == 3:
        del found[2].FrameOfReferenceUID

    (volume,) = volumes(tmp_path, *found)

    assert volume.voxels.shape[:2] == (1, 4)
    assert any("FrameOfReferenceUID (0020,0052) is" in warning for warning in volume.warnings)


def test_slice_locations_of_one_position_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(4, 4, 5))
    for n, ds in enumerate(found):
        ds.ImagePositionPatient, ds.SliceLocation = [0, 0, 0], 3 * n

    (volume,) = volumes(tmp_path, *found)

    assert any("4 different values of SliceLocation" in warning for warning in volume.warnings)


def test_offsets_of_a_dose_that_are_of_neither_form_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(DOSE, GridFrameOffsetVector=[n + 500 for n in range(FRAMES)]))

    assert any("which is neither 0 nor the coordinate z" in words for words in volume.warnings)


# --- images that are stored upside down -------------------------------------------------------------------------------


def _pepolar(mode: int, times: int = 2, numbered: bool = True) -> list[Dataset]:
    """Return a series of GE's sequence that encodes phase from both ends; the first row of each frame is brighter."""
    found = []
    for t in range(times):
        for k, ds in enumerate(slices(np.full((3, 4, 5), 10 * (t + 1), "<i2"), MR)):
            ds.InstanceNumber = 3 * t + k + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(7, ds.InstanceNumber)
            ds.PixelData = (np.full((4, 5), 10 * (t + 1), "<i2") + np.array([[1], [0], [0], [0]], "<i2")).tobytes()
            ds.ImageType, ds.Manufacturer = ["ORIGINAL", "PRIMARY", "OTHER"], "GE MEDICAL SYSTEMS"
            block = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
            block.add_new(0x9C, "LO", "research/ABCD/epi_pepolar")
            block.add_new(0xB3, "DS", str(mode))
            if numbered:
                ds.TemporalPositionIdentifier = t + 1
            found.append(ds)
    return found


def _bright_edge(volume: Volume, time: int) -> np.ndarray:
    """Return x and y of the brightest voxel of the first column, mm."""
    row = int(volume.voxels[time, 0, :, 0].argmax())
    return (volume.ijk_to_ras @ [0, row, 0, 1])[:2]


@pytest.mark.parametrize(("mode", "reversed_times"), [(0, []), (1, [0, 1]), (2, [0]), (3, [1])])
def test_images_that_ge_stores_upside_down_are_where_they_were_acquired(
    mode: int, reversed_times: list[int], tmp_path: Path
) -> None:
    found = _pepolar(mode)
    first = np.array(found[0].ImagePositionPatient, float)
    last = first + np.array([0, 3 * float(found[0].PixelSpacing[0]), 0])

    made = {int(volume.voxels[t].max()) // 10 - 1: _bright_edge(volume, t)
            for volume in volumes(tmp_path, *found) for t in range(len(volume.voxels))}  # fmt: skip

    assert made.keys() == {0, 1}
    for time, edge in made.items():
        assert np.allclose(edge, -(last if time in reversed_times else first)[:2])


def test_upside_down_images_are_reported_and_edited_ones_stay_where_they_are(circle: Circle) -> None:
    save(circle.dicom, _pepolar(1))
    circle.forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) * 2, image.affine, image.header))
    circle.home()

    (source,), (derived,) = read([circle.dicom]), read([circle.back])

    assert any("upside down" in warning for warning in source.warnings)
    assert np.allclose(_bright_edge(derived, 0), _bright_edge(source, 0))


def test_times_that_may_be_upside_down_are_refused(circle: Circle) -> None:
    found = _pepolar(2, numbered=False)
    for ds in found:
        ds.AcquisitionNumber = (ds.InstanceNumber + 2) // 3
    save(circle.dicom, found)

    (entry,) = circle.forth().entries

    assert entry.outcome is Outcome.FAILED
    assert "TemporalPositionIdentifier (0020,0100)" in entry.error
    assert not circle.images()


@pytest.mark.parametrize("keyword", ["PixelSpacing", "SliceThickness", "SpacingBetweenSlices"])
def test_a_functional_group_may_be_divided_between_shared_and_frames(keyword: str, tmp_path: Path) -> None:
    """PS3.3 C.7.6.16.1.1 forbids it, but there are such objects: each attribute is where it is stated."""
    ds = enhanced([0])
    (whole,) = volumes(tmp_path / "whole", ds)
    shared = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PixelMeasuresSequence = [group(**{keyword: shared[keyword].value})]
    del shared[keyword]

    (divided,) = volumes(tmp_path / "divided", ds)

    assert np.array_equal(divided.ijk_to_ras, whole.ijk_to_ras)
    assert divided.warnings == whole.warnings


def test_an_empty_attribute_of_frames_leaves_the_shared_one(tmp_path: Path) -> None:
    ds = enhanced([0])
    (whole,) = volumes(tmp_path / "whole", ds)
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PixelMeasuresSequence = [group(PixelSpacing=None)]

    (divided,) = volumes(tmp_path / "divided", ds)

    assert np.array_equal(divided.ijk_to_ras, whole.ijk_to_ras)
    assert divided.warnings == whole.warnings


def test_rescale_divided_between_shared_and_frames_is_applied(tmp_path: Path) -> None:
    ds = enhanced([0])
    ds.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = [group(RescaleIntercept="-7", RescaleType="US")]
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PixelValueTransformationSequence = [group(RescaleSlope="3")]

    (volume,) = volumes(tmp_path, ds)

    assert (volume.rescale.slope, volume.rescale.intercept) == (3, -7)
