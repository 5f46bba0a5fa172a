"""Entries of a report: what they name."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge import Entry, Outcome


@pytest.mark.parametrize(("title", "error", "line"), [
    ("a.dcm", "in/b/a.dcm: it is truncated.", "failed     in/b/a.dcm: it is truncated."),
    ("a.nii", "a.nii: no such file.", "failed     a.nii: no such file."),
    ("7 CT", "in/b/a.dcm: it is truncated.", "failed     7 CT: in/b/a.dcm: it is truncated."),
    ("a.nii", "it is empty.", "failed     a.nii: it is empty."),
])  # fmt: skip
def test_a_file_that_failed_is_named_once(title, error, line):
    assert Entry(title, Outcome.FAILED, error=error).line() == line
