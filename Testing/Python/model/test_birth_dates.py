"""Which birth dates of one PatientID are of one person."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge import may_be_same_person


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("19800201", "19800201", True),
        ("19800201", "19800301", False),
        ("19800201", "19810201", False),
        ("19800101", "19800201", True),
        ("19800000", "19800201", True),
        ("19800000", "19810201", False),
        ("99999999", "19800201", True),
        ("19801399", "19800201", True),
    ],
)
def test_dates_that_cannot_be_dates_exclude_no_person(one: str, other: str, is_same: bool) -> None:
    """A file with such a date was taken for one of another person, and its slice was an image of its own."""
    assert may_be_same_person({"PatientBirthDate": one}, {"PatientBirthDate": other}) is is_same
