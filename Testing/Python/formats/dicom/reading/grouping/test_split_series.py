"""Series that Siemens XA makes of each volume when it exports single-frame objects: RelatedSeriesSequence names the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices, uid
from phantoms.multiframe import group
from support.round_trip import RoundTrip

TIMES, SLICES = 3, 4
PIXELS = ramp(TIMES * SLICES, 4, 5)
ORIGINAL = uid(50)


def parts() -> list[Dataset]:
    """Return a run of which every volume is a series."""
    found = []
    for t in range(TIMES):
        purpose = group(CodeValue="121326", CodingSchemeDesignator="DCM", CodeMeaning="Alternate SOP Class instance")
        related = group(SeriesInstanceUID=ORIGINAL, StudyInstanceUID=uid(900), PurposeOfReferenceCodeSequence=[purpose])
        source = group(ReferencedSOPClassUID=MR + ".1", ReferencedSOPInstanceUID=uid(51, t))
        for ds in slices(PIXELS[SLICES * t : SLICES * (t + 1)], MR, series=t + 1):
            ds.SeriesNumber, ds.AcquisitionNumber, ds.SeriesDescription = 7001 + t, t + 1, "run"
            ds.RelatedSeriesSequence, ds.ConversionSourceAttributesSequence = [related], [source]
            found.append(ds)
    return found


def shapes_of(folder: Path, found: list[Dataset]) -> list[tuple[int, ...]]:
    """Return times and slices of the images that files become."""
    save(folder, found)
    return sorted(volume.voxels.shape[:2] for volume in read([folder]))


def test_volumes_in_series_of_their_own_are_one_image(tmp_path: Path) -> None:
    save(tmp_path, parts()[::-1])

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels, PIXELS.reshape(TIMES, SLICES, 4, 5))
    assert any("3 series were converted from one" in warning for warning in volume.warnings)


def test_series_numbers_order_volumes_that_nothing_else_does(tmp_path: Path) -> None:
    found = parts()
    for ds in found:
        del ds.AcquisitionNumber
    save(tmp_path, found[::-1])

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels, PIXELS.reshape(TIMES, SLICES, 4, 5))


def test_multi_frame_objects_are_images_of_their_own(tmp_path: Path) -> None:
    found = parts()
    for ds in found:
        ds.PerFrameFunctionalGroupsSequence = [Dataset()]

    assert shapes_of(tmp_path, found) == [(1, SLICES)] * TIMES


@pytest.mark.parametrize("attribute", ["SeriesInstanceUID", "CodeValue"])
def test_series_that_are_related_otherwise_are_images_of_their_own(attribute: str, tmp_path: Path) -> None:
    found = parts()
    for n, ds in enumerate(found):
        related = ds.RelatedSeriesSequence[0]
        if attribute == "CodeValue":
            related.PurposeOfReferenceCodeSequence[0].CodeValue = "122401"  # same anatomy
        elif n % SLICES == 0:
            related.SeriesInstanceUID = uid(50, n // SLICES)

    assert shapes_of(tmp_path, found) == [(1, SLICES)] * TIMES


def test_copies_of_parts_are_images_of_their_own(tmp_path: Path) -> None:
    copies = parts()
    for n, ds in enumerate(copies):
        ds.SeriesInstanceUID += ".1"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(60, n)

    assert shapes_of(tmp_path, [*parts(), *copies]) == [(1, SLICES)] * (2 * TIMES)


def test_other_kinds_of_images_are_apart(tmp_path: Path) -> None:
    found = parts()
    for ds in found[:SLICES]:
        ds.ImageType = ["DERIVED", "PRIMARY", "MEAN"]

    assert shapes_of(tmp_path, found) == [(1, SLICES), (TIMES - 1, SLICES)]


def test_parts_come_back_in_their_series(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, parts())
    round_trip.forth()

    round_trip.home()

    assert {ds.SeriesInstanceUID for ds in round_trip.returned()} == {uid(t + 1) for t in range(TIMES)}


@pytest.mark.parametrize("backwards", [False, True])
def test_an_edited_run_is_one_series_that_stays_apart_from_its_original(backwards: bool, round_trip: RoundTrip) -> None:
    found = parts()
    for ds in found if backwards else []:
        ds.SeriesNumber = 7001 + 7000 + TIMES - int(ds.SeriesNumber)
    save(round_trip.dicom, found)
    round_trip.forth()
    round_trip.edit_image(lambda image: type(image)(np.asarray(image.dataobj) + 1, image.affine, image.header))

    round_trip.home()

    returned = round_trip.returned()
    number = 7000 + TIMES if backwards else 7001  # that of the first volume
    assert {(int(ds.SeriesNumber), "ConversionSourceAttributesSequence" in ds) for ds in returned} == {(number, False)}
    assert len({ds.SeriesInstanceUID for ds in returned}) == 1
    assert [volume.voxels.shape[:2] for volume in read([round_trip.dicom, round_trip.back])] == [(TIMES, SLICES)] * 2
