"""NIfTI with a record as another kind of object, unedited and edited."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Kind, Outcome, read
from phantoms import slices
from phantoms.base import CT, MR, PET, save
from support.circle import Circle
from support.recasting import ENHANCED, LEGACY, headers, recast, sentences


@pytest.mark.parametrize(("phantom", "uids"), [("classic_ct", CT), ("mr_4d", MR), ("pet_slopes", PET)])
@pytest.mark.parametrize(("kind", "classes"), [(Kind.ENHANCED, ENHANCED), (Kind.LEGACY, LEGACY)])
def test_unedited_nifti_becomes_the_kind_that_its_record_allows(
    phantom: str, uids: str, kind: Kind, classes: dict[str, str], circle: Circle
) -> None:
    circle.make(phantom)
    circle.forth()

    recast(circle.nifti, circle.back, kind)

    (made,) = headers(circle.back)
    assert made.SOPClassUID == classes[uids]
    np.testing.assert_allclose(read(circle.back)[0].real_values(), read(circle.dicom)[0].real_values(), rtol=1e-9)


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.LEGACY, Kind.SC])
def test_edited_nifti_becomes_a_derived_object_with_the_new_values(kind: Kind, circle: Circle) -> None:
    circle.make("classic_ct")
    circle.forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + np.int16(1), image.affine, image.header))

    recast(circle.nifti, circle.back, kind)

    assert {ds.ImageType[0] for ds in headers(circle.back)} == {"DERIVED"}
    np.testing.assert_array_equal(read(circle.back)[0].real_values(), read(circle.dicom)[0].real_values() + 1)


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.LEGACY])
def test_what_was_edited_in_the_sidecar_and_set_is_in_the_object(kind: Kind, circle: Circle) -> None:
    circle.make("mr_4d")
    circle.forth()
    circle.edit_sidecar(lambda top: top.update(SeriesDescription="edited"))

    recast(circle.nifti, circle.back, kind, set_values={"PatientComments": "set"})

    made = headers(circle.back)[0]
    assert (made.SeriesDescription, made.PatientComments) == ("edited", "set")


def test_an_object_of_the_kind_wanted_is_restored(circle: Circle) -> None:
    circle.make("classic_ct")

    report = recast(circle.dicom, circle.back, Kind.CLASSIC)

    assert {entry.outcome for entry in report.entries} == {Outcome.REISSUED}


@pytest.mark.parametrize("kind", [Kind.SEG, Kind.PM])
def test_objects_made_of_a_record_refer_to_the_instances_of_the_original(kind: Kind, circle: Circle) -> None:
    save(circle.dicom, slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(3, 8, 8), MR))
    circle.forth()

    report = recast(circle.nifti, circle.back, kind)

    (made,) = headers(circle.back)
    found = [item.ReferencedSOPInstanceUID for item in made.SourceImageSequence]
    assert sorted(found) == sorted(ds.SOPInstanceUID for ds in headers(circle.dicom)), sentences(report)
