"""Dates of what is written now are in the time zone that the data set states, as its other dates are (PS3.3 C.12.1.1.8)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import apply, make_sample, to_dicom, to_nifti
from support.round_trip import edit_dicom

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process is fixed there")
MINUTES = 10


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A series of a scanner nine hours ahead of this computer."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    make_sample(tmp_path / "scans")
    edit_dicom(tmp_path / "scans", TimezoneOffsetFromUTC="+0900")
    yield tmp_path / "scans"
    monkeypatch.undo()
    time.tzset()


def edited(scans, folder):
    to_nifti(scans, folder)
    (path,) = folder.glob("*.nii.gz")
    image = nibabel.load(path)
    voxels = np.asanyarray(image.dataobj).copy()
    voxels[0, 0, 0] += 1
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine, image.header), path)
    return folder


def labels(image):
    return (image.get_fdata() > 500).astype("uint8")


def brighter(image):
    return image.get_fdata().astype("int16") + 1


WRITERS = {
    "derived": lambda scans, out: to_dicom(edited(scans, out / "nifti"), out / "dicom"),
    "enhanced": lambda scans, out: to_dicom(edited(scans, out / "nifti"), out / "dicom", kind="enhanced"),
    "Parametric Map": lambda scans, out: to_dicom(edited(scans, out / "nifti"), out / "dicom", kind="pm"),
    "legacy": lambda scans, out: to_dicom(scans, out / "dicom", kind="legacy"),
    "Segmentation": lambda scans, out: apply(scans, out / "dicom", labels, kind="seg"),
    "contours": lambda scans, out: apply(scans, out / "dicom", labels, kind="rtstruct"),
    "derived by a function": lambda scans, out: apply(scans, out / "dicom", brighter),
}


@pytest.mark.parametrize("name", WRITERS)
def test_dates_are_in_the_time_zone_of_the_data_set(scans, tmp_path, name):
    report = WRITERS[name](scans, tmp_path)
    assert report.ok, report
    data_set = pydicom.dcmread(min((tmp_path / "dicom").rglob("*.dcm")))
    offset = timedelta(hours=9 if data_set.get("TimezoneOffsetFromUTC") == "+0900" else 0)
    assert offset or name in ("Segmentation", "contours"), "the original's dates are in it, so its offset is"
    now = datetime.now(UTC).replace(tzinfo=None) + offset
    texts = [data_set.InstanceCreationDate + data_set.InstanceCreationTime]
    made = [item.get("ContributionDateTime", "") for item in data_set.get("ContributingEquipmentSequence", [])]
    for text in filter(None, [*texts, *made]):
        assert abs(now - datetime.strptime(text[:14], "%Y%m%d%H%M%S")) < timedelta(minutes=MINUTES), text


@pytest.mark.parametrize("offset", ["", "9", "+9900", "+0960"])
def test_an_offset_that_is_not_valid_is_not_used(offset):
    from nifti_dicom_bridge.formats.dicom.new_element import present_moment

    assert abs(present_moment(offset) - datetime.now()) < timedelta(minutes=MINUTES)
