"""Images without a position: what orders their slices, and what is the size of their pixels."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome, to_dicom, to_nifti
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import UNPLACED, Volume
from phantoms.base import MR, SECONDARY_CAPTURE, image, put_raw, ramp, save, slices
from phantoms.multiframe import group
from support.placed_frames import volumes
from support.round_trip import RoundTrip, listing


def _without_place(found: list[Dataset]) -> list[Dataset]:
    for ds in found:
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
    return found


def test_slice_location_orders_slices_without_position(round_trip: RoundTrip) -> None:
    found = _without_place(slices(ramp(6, 4, 5), MR))
    for k, ds in enumerate(found):
        ds.SliceLocation, ds.InstanceNumber = 10 + 2.5 * k, 100 - k
    save(round_trip.dicom, found)
    report = round_trip.forth()

    stored = nibabel.load(round_trip.image())
    assert stored.shape == (5, 4, 6)
    assert int(stored.header["sform_code"]) == int(stored.header["qform_code"]) == 0
    assert np.isclose(stored.header.get_zooms()[2], 2.5)
    assert any("position is assumed" in warning for warning in report.entries[0].log.warnings)
    assert {entry.outcome for entry in round_trip.home().entries} == {Outcome.RESTORED}


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("ImagePosition (0020,0030)", {0x00200030: ["-10", "-20", "{}"], 0x00200035: ["1", "0", "0", "0", "1", "0"]}),
        ("ImagePosition (0020,0030)", {0x00200030: ["{}", "-20", "3"], 0x00200035: ["0", "1", "0", "0", "0", "1"]}),
        ("Location (0020,0050)", {0x00200050: ["{}"]}),
    ],
)
def test_places_of_acr_nema_order_slices(name: str, attributes: dict[int, list[str]], round_trip: RoundTrip) -> None:
    found = slices(ramp(4, 4, 5), MR)
    for k, ds in enumerate(found):
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
        ds.InstanceNumber = 100 - k
        for tag, texts in attributes.items():
            raw = "\\".join(texts).format(5 * k).encode()
            put_raw(ds, tag, "DS", raw + b" " * (len(raw) % 2))
    save(round_trip.dicom, found)
    (entry,) = round_trip.forth().entries
    round_trip.home()

    image = nibabel.load(round_trip.image())
    assert (image.shape, int(image.header["sform_code"]), float(image.header["pixdim"][3])) == ((5, 4, 4), 0, 5.0)
    assert any(f"slices are in the order of {name}, their position is assumed" in text for text in entry.log.warnings)
    assert set(listing(round_trip.dicom).values()) == set(listing(round_trip.back).values())


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


def test_an_image_without_position_has_the_code_unknown(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [image(ramp(4, 5), PROJECTIONS["CR"])])
    round_trip.forth()

    header = nibabel.load(round_trip.image()).header
    assert int(header["sform_code"]) == int(header["qform_code"]) == 0


def test_an_image_with_a_place_has_the_code_of_the_scanner(round_trip: RoundTrip) -> None:
    round_trip.make("single_slice").forth()

    assert int(nibabel.load(round_trip.image()).header["sform_code"]) == 1


def test_secondary_captures_without_place_stay_apart(tmp_path: Path) -> None:
    found = [image(ramp(4, 5, start=20 * n, dtype="u1"), SECONDARY_CAPTURE, instance=n + 1) for n in range(3)]

    assert len(volumes(tmp_path, *found)) == 3


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


SPECTRUM = {"RegionSpatialFormat": 3, "PhysicalUnitsXDirection": 4, "PhysicalUnitsYDirection": 7}
ELECTROCARDIOGRAM = {"RegionSpatialFormat": 4, "PhysicalUnitsXDirection": 4}


def _with_regions(regions: list[Dataset], **attributes: object) -> Dataset:
    ds = image(ramp(4, 5, dtype="u1"), "1.2.840.10008.5.1.4.1.1.6.1")
    ds.SequenceOfUltrasoundRegions = regions
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize(
    "regions",
    [
        [_region()],
        [_region(RegionLocationMaxX1=5, RegionLocationMaxY1=3)],
        [_region(), _region(RegionDataType=2, PhysicalDeltaY=0.030000001)],
        [_region(), _region(**ELECTROCARDIOGRAM)],
    ],
    ids=["one", "ends with the picture", "flow in tissue", "electrocardiogram"],
)
def test_the_size_of_pixels_is_that_of_the_regions_of_tissue(regions: list[Dataset], tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _with_regions(regions))

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0), [0.2, 0.3])
    assert volume.space == UNPLACED
    assert any("pixels of its 2D region are 0.3 × 0.2 mm" in text and "whole picture" in text for text in volume.warnings)


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ([_region(), _region(PhysicalDeltaX=0.05)], "differ in the size of pixels"),
        ([_region(PhysicalUnitsXDirection=4)], "no two-dimensional region in cm"),
        ([_region(PhysicalDeltaX=0.0)], "no two-dimensional region in cm"),
        ([_region(), _region(**SPECTRUM)], "also shows curves; pixels of its 2D region are 0.3 × 0.2 mm"),
        ([_region(RegionLocationMaxX1=595, RegionLocationMaxY1=414)], "larger than the image"),
        ([_region(RegionLocationMaxX1=5), _region(RegionLocationMaxX1=595)], "larger than the image"),
    ],
)
def test_regions_that_do_not_give_the_picture_a_size_are_named(regions: list[Dataset], words: str, tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _with_regions(regions))

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0), 1)
    (warning,) = (text for text in volume.warnings if "SequenceOfUltrasoundRegions" in text)
    assert "pixels count as 1 mm" in warning
    assert words in warning


def test_the_spacing_of_the_picture_counts_before_that_of_its_regions(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _with_regions([_region()], PixelSpacing=["0.7", "0.5"]))

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0), [0.5, 0.7])


def test_an_edited_picture_has_its_regions_and_its_size(tmp_path: Path) -> None:
    save(tmp_path / "us", [_with_regions([_region()])])
    (path,) = (path for path in to_nifti(tmp_path / "us", tmp_path / "nifti").outputs if path.name.endswith(".nii.gz"))
    picture = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.asarray(picture.dataobj) + np.uint8(1), picture.affine, picture.header), path)
    report = to_dicom(path, tmp_path / "back")

    (volume,) = read([tmp_path / "back"])
    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0), [0.2, 0.3])


def test_a_resampled_picture_without_its_regions_has_the_size_of_its_new_pixels(tmp_path: Path) -> None:
    save(tmp_path / "us", [_with_regions([_region()])])
    (path,) = (path for path in to_nifti(tmp_path / "us", tmp_path / "nifti").outputs if path.name.endswith(".nii.gz"))
    picture = nibabel.load(path)
    matrix = picture.affine @ np.diag([0.5, 0.5, 1, 1])
    nibabel.save(nibabel.Nifti1Image(np.asarray(picture.dataobj).repeat(2, 0).repeat(2, 1), matrix, picture.header), path)
    to_dicom(path, tmp_path / "back")

    (volume,) = read([tmp_path / "back"])
    assert volume.shape_ijk == (10, 8, 1)
    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0), [0.1, 0.15])


# --- positions without an orientation ---------------------------------------------------------------------------------

DAMAGED = [None, [0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 1]]


def _without_orientation(found: list[Dataset], orientation: list[float] | None = None) -> list[Dataset]:
    for ds in found:
        del ds.ImageOrientationPatient
        if orientation is not None:
            ds.ImageOrientationPatient = orientation
    return found


@pytest.mark.parametrize("orientation", DAMAGED, ids=["missing", "zeros", "parallel", "five"])
def test_positions_on_a_line_order_slices_without_an_orientation(
    orientation: list[float] | None, round_trip: RoundTrip
) -> None:
    found = _without_orientation(slices(ramp(6, 4, 5), MR), orientation)
    for k, ds in enumerate(found):
        ds.ImagePositionPatient = [1.5 * k, 0.0, 2.0 * k]
    save(round_trip.dicom, found[::-1])
    report = round_trip.forth()

    stored = nibabel.load(round_trip.image())
    assert stored.shape == (5, 4, 6)
    assert int(stored.header["sform_code"]) == int(stored.header["qform_code"]) == 0
    assert np.isclose(stored.header.get_zooms()[2], 2.5)
    first = np.flip(np.asarray(stored.dataobj)[..., 0], 1).T
    assert np.array_equal(first, found[0].pixel_array)
    assert any("their orientation is assumed" in warning for warning in report.entries[0].log.warnings)
    assert {entry.outcome for entry in round_trip.home().entries} == {Outcome.RESTORED}


def test_times_at_positions_without_an_orientation_are_times(tmp_path: Path) -> None:
    found = _without_orientation(slices(ramp(6, 4, 5), MR))
    for n, ds in enumerate(found):
        ds.ImagePositionPatient, ds.TemporalPositionIdentifier = [0.0, 0.0, 2.5 * (n % 3)], n // 3 + 1
    (volume,) = volumes(tmp_path, *found)

    assert volume.voxels.shape == (2, 3, 4, 5)


@pytest.mark.parametrize("case", ["zigzag", "others have one"])
def test_positions_without_an_orientation_that_make_no_stack_are_images_of_their_own(case: str, tmp_path: Path) -> None:
    found = slices(ramp(6, 4, 5), MR)
    lone = _without_orientation(found if case == "zigzag" else found[:2])
    for k, ds in enumerate(lone):
        ds.ImagePositionPatient = [2.0 * k, 2.0 * (k % 2), 0.0] if case == "zigzag" else ds.ImagePositionPatient
    images = volumes(tmp_path, *found)

    alone = [volume for volume in images if volume.voxels.shape[1] == 1]
    assert len(alone) == len(lone)
    assert all(any("the place is unknown" in text for text in volume.warnings) for volume in alone)
