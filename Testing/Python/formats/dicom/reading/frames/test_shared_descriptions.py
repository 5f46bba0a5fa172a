"""What instances of a series have in common is read once: a description that depends on their numbers is read for each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from nifti_dicom_bridge import inspect
from nifti_dicom_bridge.formats.dicom.reading.frames import frames
from phantoms.vendors import ge, pet, philips, siemens, uih

COUNT = 60
"""More than are tried before values are no longer remembered."""


def of_siemens() -> list[Dataset]:
    return siemens("")


@pytest.mark.parametrize(
    "make", [of_siemens, ge, philips, uih, lambda: pet("SIEMENS")], ids=["siemens", "ge", "philips", "uih", "pet"]
)
def test_a_series_is_described_once(make: Callable[[], list[Dataset]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make()[0]
    for n in range(COUNT):
        one = first.copy()
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.8.498.{n + 1}"
        one.InstanceNumber, one.ImagePositionPatient = n + 1, [0, 0, 3.0 * n]
        one.AcquisitionTime = one.ContentTime = f"1000{n:02d}"
        one.save_as(tmp_path / f"{n:03d}.dcm", enforce_file_format=True)
    calls: list[Any] = []
    described = frames._described_frame
    monkeypatch.setattr(frames, "_described_frame", lambda *args: calls.append(1) or described(*args))

    assert [image["shape"][2] for image in inspect(tmp_path).images] == [COUNT]
    assert len(calls) < COUNT / 4
