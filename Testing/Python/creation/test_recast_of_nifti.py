"""NIfTI with a record as another kind of object, unedited and edited."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Kind, Outcome, read
from phantoms import slices
from phantoms.base import CT, MR, PET, save
from support.recasting import ENHANCED, LEGACY, headers, recast, sentences
from support.round_trip import RoundTrip


@pytest.mark.parametrize(("phantom", "uids"), [("classic_ct", CT), ("mr_4d", MR), ("pet_slopes", PET)])
@pytest.mark.parametrize(("kind", "classes"), [(Kind.ENHANCED, ENHANCED), (Kind.LEGACY, LEGACY)])
def test_unedited_nifti_becomes_the_kind_that_its_record_allows(
    phantom: str, uids: str, kind: Kind, classes: dict[str, str], round_trip: RoundTrip
) -> None:
    round_trip.make(phantom)
    round_trip.forth()

    recast(round_trip.nifti, round_trip.back, kind)

    (made,) = headers(round_trip.back)
    assert made.SOPClassUID == classes[uids]
    np.testing.assert_allclose(read(round_trip.back)[0].real_values(), read(round_trip.dicom)[0].real_values(), rtol=1e-9)


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.LEGACY, Kind.SC])
def test_edited_nifti_becomes_a_derived_object_with_the_new_values(kind: Kind, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    round_trip.forth()
    round_trip.edit_image(
        lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + np.int16(1), image.affine, image.header)
    )

    recast(round_trip.nifti, round_trip.back, kind)

    assert {ds.ImageType[0] for ds in headers(round_trip.back)} == {"DERIVED"}
    np.testing.assert_array_equal(read(round_trip.back)[0].real_values(), read(round_trip.dicom)[0].real_values() + 1)


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.LEGACY])
def test_what_was_edited_in_the_sidecar_and_set_is_in_the_object(kind: Kind, round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d")
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update(SeriesDescription="edited"))

    recast(round_trip.nifti, round_trip.back, kind, set_values={"PatientComments": "set"})

    made = headers(round_trip.back)[0]
    assert (made.SeriesDescription, made.PatientComments) == ("edited", "set")


def test_an_object_of_the_kind_wanted_is_restored(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    report = recast(round_trip.dicom, round_trip.back, Kind.CLASSIC)

    assert {entry.outcome for entry in report.entries} == {Outcome.REISSUED}


@pytest.mark.parametrize("kind", [Kind.SEG, Kind.PM])
def test_objects_made_of_a_record_refer_to_the_instances_of_the_original(kind: Kind, round_trip: RoundTrip) -> None:
    save(round_trip.dicom, slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(3, 8, 8), MR))
    round_trip.forth()

    report = recast(round_trip.nifti, round_trip.back, kind)

    (made,) = headers(round_trip.back)
    found = [item.ReferencedSOPInstanceUID for item in made.SourceImageSequence]
    assert sorted(found) == sorted(ds.SOPInstanceUID for ds in headers(round_trip.dicom)), sentences(report)
