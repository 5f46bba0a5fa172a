"""Which keys of a BIDS dataset are only in the record: those that identify the patient, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.bids import identity_in, without_identity

IDENTIFYING = ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyID", "ReferringPhysicianName",
               "StudyInstanceUID", "SeriesInstanceUID", "InstitutionAddress")  # fmt: skip
OTHERS = ("EchoTime", "RepetitionTime", "PatientSex", "PatientWeight", "FlipAngle", "ImageType", "SeriesNumber")


@given(st.dictionaries(st.sampled_from((*IDENTIFYING, *OTHERS)), st.sampled_from([1, 90, 120.5, "text", ["a"], None])))
def test_each_key_is_either_shared_or_in_the_record(keys: dict[str, Any]) -> None:
    shared, own = without_identity(keys), identity_in(keys)

    assert {**shared, **own} == keys
    assert shared.keys() == keys.keys() - set(IDENTIFYING)
    assert own.keys() == keys.keys() & set(IDENTIFYING)


@pytest.mark.parametrize(("age", "is_shared"), [(0.5, True), (89, True), (89.5, False), (90, False), (101, False)])
def test_ages_above_89_identify(age: float, is_shared: bool) -> None:
    keys = {"PatientAge": age}
    assert without_identity(keys) == (keys if is_shared else {})
    assert identity_in(keys) == ({} if is_shared else keys)
