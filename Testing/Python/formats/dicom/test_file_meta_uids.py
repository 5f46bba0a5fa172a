"""Files whose file meta information has another UID than their data set (PS3.10 7.1): with new UIDs, both agree."""

from __future__ import annotations

from typing import Any

import pydicom
import pytest

from support.round_trip import KEEP, NEW, RoundTrip

STRAY = "1.2.826.0.1.3680043.8.498.99"


@pytest.fixture
def other_uids(round_trip: RoundTrip) -> RoundTrip:
    """Return a series whose files have UIDs of their own in the file meta information."""
    round_trip.make("classic_ct")
    for n, path in enumerate(sorted(round_trip.dicom.rglob("*.dcm"))):
        ds = pydicom.dcmread(path)
        ds.file_meta.MediaStorageSOPInstanceUID = f"{STRAY}.{n + 1}"
        ds.save_as(path)
    return round_trip


@pytest.mark.parametrize("choices", [{}, {"deidentify": True}], ids=["new UIDs", "de-identified"])
def test_new_uids_are_in_the_file_meta_information_too(choices: dict[str, Any], other_uids: RoundTrip) -> None:
    other_uids.forth(**choices)
    other_uids.home(NEW)

    back = other_uids.returned()
    assert len(back) == 3
    assert [ds.file_meta.MediaStorageSOPInstanceUID for ds in back] == [ds.SOPInstanceUID for ds in back]


def test_deidentified_files_have_one_uid(other_uids: RoundTrip) -> None:
    other_uids.forth(deidentify=True)
    other_uids.home(KEEP)

    back = other_uids.returned()
    assert len(back) == 3
    assert [ds.file_meta.MediaStorageSOPInstanceUID for ds in back] == [ds.SOPInstanceUID for ds in back]


def test_kept_uids_are_those_of_the_original(other_uids: RoundTrip) -> None:
    other_uids.forth()
    other_uids.home(KEEP)

    assert {ds.file_meta.MediaStorageSOPInstanceUID for ds in other_uids.returned()} == {f"{STRAY}.{n}" for n in (1, 2, 3)}
