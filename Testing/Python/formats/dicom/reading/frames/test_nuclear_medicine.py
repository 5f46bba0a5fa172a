"""NM objects: volumes by detector, energy window, phase, rotation, R-R interval and time slot (PS3.3 C.8.4.8)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome, Volume, apply, compare
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.formats.nifti import reading, write_image
from phantoms.base import image, save, uid
from phantoms.multiframe import group
from support.round_trip import KEEP, NEW, RoundTrip

NM = "1.2.840.10008.5.1.4.1.1.20"
COUNTS = {
    "E": "EnergyWindowVector", "D": "DetectorVector", "P": "PhaseVector", "R": "RotationVector", "I": "RRIntervalVector",
    "T": "TimeSlotVector", "S": "SliceVector", "A": "AngularViewVector", "L": "TimeSliceVector",
}  # fmt: skip


def nuclear(kind: str, vectors: str, **attributes: object) -> Dataset:
    """Return an object whose frames count some things, the slowest first, such as ``T8 A6``; values are the counts' digits."""
    letters = [(part[0], int(part[1:])) for part in vectors.split()]
    frames = list(product(*(range(1, count + 1) for _, count in letters)))
    numbers = np.array([sum(n * 10 ** (len(frame) - 1 - k) for k, n in enumerate(frame)) for frame in frames])
    ds = image(np.broadcast_to(numbers[:, None, None], (len(frames), 4, 5)).astype("<u4").reshape(-1, 5), NM)
    ds.Modality, ds.Rows, ds.NumberOfFrames, ds.ImageType = "NM", 4, len(frames), ["ORIGINAL", "PRIMARY", kind, "EMISSION"]
    ds.PixelSpacing, ds.SpacingBetweenSlices, ds.SeriesNumber = [3, 3], "4", 1
    ds.FrameIncrementPointer = [tag_for_keyword(COUNTS[letter]) for letter, _ in letters]
    for n, (letter, _) in enumerate(letters):
        setattr(ds, COUNTS[letter], [frame[n] for frame in frames])
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def volumes(folder: Path, ds: Dataset) -> list[Volume]:
    save(folder, [ds])
    return read([folder])


def numbers(volume: Volume) -> list[list[int]]:
    """Return the number in each plane, by time."""
    return volume.array[..., 0, 0].tolist()


KINDS = [
    ("STATIC", "E2 D2", [[[11]], [[12]], [[21]], [[22]]]), ("WHOLE BODY", "D2", [[[1]], [[2]]]),
    ("DYNAMIC", "L3", [[[1], [2], [3]]]), ("DYNAMIC", "P2 L2", [[[11], [12], [21], [22]]]),
    ("GATED", "D2 T2", [[[11], [12]], [[21], [22]]]), ("GATED", "I2 T3", [[[11], [12], [13], [21], [22], [23]]]),
    ("TOMO", "D2 A3", [[[11, 12, 13]], [[21, 22, 23]]]), ("TOMO", "R2 A3", [[[11, 12, 13], [21, 22, 23]]]),
    ("GATED TOMO", "T2 A3", [[[11, 12, 13], [21, 22, 23]]]), ("GATED TOMO", "A3 T2", [[[11, 21, 31], [12, 22, 32]]]),
    ("GATED TOMO", "I2 T2 A2", [[[111, 112], [121, 122], [211, 212], [221, 222]]]),
    ("GATED TOMO", "D2 T2 A2", [[[111, 112], [121, 122]], [[211, 212], [221, 222]]]),
    ("RECON TOMO", "S3", [[[1, 2, 3]]]), ("RECON GATED TOMO", "T2 S3", [[[11, 12, 13], [21, 22, 23]]]),
    ("RECON GATED TOMO", "I2 T2 S2", [[[111, 112], [121, 122], [211, 212], [221, 222]]]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "vectors", "expected"), KINDS, ids=[f"{row[0]} {row[1]}" for row in KINDS])
def test_frames_are_where_the_vectors_count_them(kind: str, vectors: str, expected: list, tmp_path: Path) -> None:
    found = volumes(tmp_path, nuclear(kind, vectors))

    assert sorted(map(numbers, found)) == expected
    assert not any("differently" in warning for volume in found for warning in volume.warnings)


def test_vectors_count_whatever_the_order_of_frames_is(tmp_path: Path) -> None:
    ds = nuclear("GATED TOMO", "T2 A3")
    order = [3, 0, 4, 1, 5, 2]
    ds.PixelData = np.frombuffer(ds.PixelData, "<u4").reshape(6, -1)[order].tobytes()
    for keyword in ("TimeSlotVector", "AngularViewVector"):
        setattr(ds, keyword, [getattr(ds, keyword)[n] for n in order])

    (volume,) = volumes(tmp_path, ds)

    assert numbers(volume) == [[11, 12, 13], [21, 22, 23]]


@pytest.mark.parametrize(("stated", "step", "is_valid"), [(["4", "4"], 4.0, True), (["4", "5"], 3.5, False)])
def test_a_distance_of_slices_with_several_values_is_not_one(
    stated: list[str], step: float, is_valid: bool, tmp_path: Path
) -> None:
    """SpacingBetweenSlices has one value (PS3.3 C.8.4.15)."""
    (volume,) = volumes(tmp_path, nuclear("RECON TOMO", "S3", SpacingBetweenSlices=stated, SliceThickness="3.5"))

    assert np.linalg.norm(volume.ijk_to_ras[:3, 2]) == step
    assert (not any("4\\5 is not valid" in warning for warning in volume.warnings)) is is_valid


def test_projections_are_in_the_order_of_their_angles(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, nuclear("TOMO", "A3", SpacingBetweenSlices="-4"))

    assert numbers(volume) == [[1, 2, 3]]
    assert any("projections from several angles" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    ("kind", "vectors", "attributes", "seconds"),
    [("DYNAMIC", "L3", {"PhaseInformationSequence": [group(ActualFrameDuration=1500, PauseBetweenFrames=500)]}, 2.0),
     ("GATED", "T3", {"GatedInformationSequence": [group(DataInformationSequence=[group(FrameTime=80)])]}, 0.08),
     ("DYNAMIC", "L3", {"PhaseInformationSequence": [group(ActualFrameDuration=1500)]}, 1.5),
     ("DYNAMIC", "L3", {"PhaseInformationSequence": [group(PauseBetweenFrames=500)]}, 0.0),
     ("DYNAMIC", "L3", {"PhaseInformationSequence": [group(ActualFrameDuration=1500)] * 2}, 0.0)],
)  # fmt: skip
def test_the_time_between_frames(kind: str, vectors: str, attributes: dict, seconds: float, tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, nuclear(kind, vectors, **attributes))
    assert volume.time_step_s == seconds


def test_gated_projections_come_back(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [nuclear("GATED TOMO", "E2 T2 A3")])
    round_trip.forth()

    assert [entry.outcome for entry in round_trip.home().entries] == [Outcome.RESTORED]
    assert compare(round_trip.dicom, round_trip.back).same


def test_edited_images_of_one_object_become_objects_of_their_own(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [nuclear("GATED TOMO", "E2 T2 A3")])
    round_trip.forth()
    round_trip.edit_images(brightened)
    report = round_trip.home(KEEP, uids="new", names="numbered")

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED], report.entries[0].error
    found = read([round_trip.back])
    assert sorted(map(numbers, found)) == [[[1112, 1113, 1114], [1122, 1123, 1124]], [[1212, 1213, 1214], [1222, 1223, 1224]]]
    for ds in round_trip.returned():
        assert (ds.NumberOfFrames, len(ds.TimeSlotVector), len(set(ds.EnergyWindowVector))) == (6, 6, 1)


def test_objects_of_one_detector_count_that_detector_only(round_trip: RoundTrip) -> None:
    detectors = [group(CollimatorType=name) for name in ("PARA", "FANB")]
    save(round_trip.dicom, [nuclear("STATIC", "D2", NumberOfDetectors=2, DetectorInformationSequence=detectors)])
    round_trip.forth()
    round_trip.edit_images(brightened)
    round_trip.home(NEW)

    counted = {
        tuple(item.CollimatorType for item in ds.DetectorInformationSequence): (ds.NumberOfDetectors, ds.DetectorVector)
        for ds in round_trip.returned()
    }
    assert counted == {("PARA",): (1, 1), ("FANB",): (1, 1)}


def slice_by_slice(**attributes: object) -> list[Dataset]:
    """Return a reconstruction with an object for each slice, whose position is in its detector."""
    found = []
    for k in range(3):
        ds = nuclear("RECON TOMO", "S1", InstanceNumber=k + 1, **attributes)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, k + 1)
        place = {"ImagePositionPatient": [-10, -20, 30 + 4 * k], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
        ds.DetectorInformationSequence = [group(CollimatorType="PARA", **place)]
        found.append(ds)
    return found


def test_objects_of_one_frame_are_slices_where_their_detector_is(tmp_path: Path) -> None:
    save(tmp_path, slice_by_slice())

    (volume,) = read([tmp_path])

    assert volume.voxels.shape == (1, 3, 4, 5)
    assert (volume.ijk_to_ras @ [0, 3, 2, 1])[:3].tolist() in ([10, 20, 38], [10, 11, 38])


@pytest.mark.parametrize(("kind", "count"), [("TOMO", 3), ("GATED TOMO", 3), ("STATIC", 1)])
def test_projections_of_one_frame_are_not_times_of_one_place(kind: str, count: int, tmp_path: Path) -> None:
    """The detector turns around the patient; its position is that of the first angle."""
    found = slice_by_slice(ImageType=["ORIGINAL", "PRIMARY", kind, "EMISSION"])
    for ds in found:
        ds.DetectorInformationSequence[0].ImagePositionPatient = [-10, -20, 30]
    save(tmp_path, found)

    assert len(read([tmp_path])) == count


def test_moved_objects_of_one_frame_have_their_place_in_the_detector(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, slice_by_slice())
    round_trip.forth()
    (before,) = read([round_trip.dicom])
    shift = np.eye(4)
    shift[:3, 3] = 1, 2, 3
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj), shift @ image.affine, image.header))
    round_trip.home(NEW)

    (after,) = read([round_trip.back])
    assert np.allclose(after.ijk_to_ras, shift @ before.ijk_to_ras)
    assert all("ImagePositionPatient" not in ds and ds.NumberOfFrames == 1 for ds in round_trip.returned())


def test_moved_objects_of_one_frame_have_one_place_where_the_original_specified_it_twice(round_trip: RoundTrip) -> None:
    objects = slice_by_slice()
    for ds in objects:
        ds.ImagePositionPatient = ds.DetectorInformationSequence[0].ImagePositionPatient
        ds.ImageOrientationPatient = ds.DetectorInformationSequence[0].ImageOrientationPatient
    save(round_trip.dicom, objects)
    round_trip.forth()
    round_trip.edit_image(lambda image: image.slicer[1:, 1:, 1:])
    round_trip.home(NEW)

    returned = round_trip.returned()
    assert len(returned) == len(objects) - 1
    assert all(ds.ImagePositionPatient == ds.DetectorInformationSequence[0].ImagePositionPatient for ds in returned)
    assert not any("mm apart" in warning for volume in read([round_trip.back]) for warning in volume.warnings)


def test_a_place_that_contradicts_that_of_the_detector_is_reported(tmp_path: Path) -> None:
    place = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    detector = group(ImagePositionPatient=[-10, -20, 30], **place)

    (volume,) = volumes(
        tmp_path, nuclear("RECON TOMO", "S3", DetectorInformationSequence=[detector], ImagePositionPatient=[0, 0, 0], **place)
    )

    assert volume.ijk_to_ras[:3, 3].tolist()[::2] == [10, 30]
    assert any("37.42 mm apart: that of the detector is used" in warning for warning in volume.warnings)


@pytest.mark.parametrize("is_lazy", [False, True])
def test_one_edited_image_of_an_object_is_derived_without_the_others(
    is_lazy: bool, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("IN_MEMORY", "IN_MEMORY_PACKED"):
        monkeypatch.setattr(reading, limit, 0 if is_lazy else 1 << 26)
    save(round_trip.dicom, [nuclear("GATED TOMO", "E2 T2 A3")])
    round_trip.forth()
    first, second = round_trip.images()
    volume = reading.read_image(first)
    write_image(replace(volume, voxels=volume.array + 1001), first)
    second.unlink()

    (entry,) = round_trip.home(KEEP, uids="new", names="numbered").entries

    assert (entry.outcome, entry.error) == (Outcome.DERIVED, "")


def test_an_unchanged_result_for_one_image_of_an_object_is_derived(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [nuclear("GATED TOMO", "E2 T2 A3")])
    report = apply(round_trip.dicom, round_trip.back, lambda image: image)

    assert [(entry.outcome, entry.error) for entry in report.entries] == [(Outcome.DERIVED, "")] * 2


def brightened(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """Return an image with 1001 more in every voxel."""
    return nibabel.Nifti1Image(np.asarray(image.dataobj) + 1001, image.affine, image.header)
