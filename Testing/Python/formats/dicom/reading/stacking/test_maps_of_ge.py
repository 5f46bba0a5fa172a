"""The map that GE puts into the series of its images: its instances are the first ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, save, slices, uid
from support.series_of_images import images


def _b0_map(count: int = 3) -> list[Dataset]:
    """Return slices of GE's sequence B0map: a map in Hz, then the magnitude."""
    found = []
    for n in range(2 * count):
        (ds,) = slices(np.full((1, 4, 5), n, "<i2"), MR, origin=(0, 0, 3 * (n % count)))
        ds.InstanceNumber, ds.Manufacturer, ds.ImageType = n + 1, "GE MEDICAL SYSTEMS", ["ORIGINAL", "PRIMARY", "OTHER"]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, n)
        ds.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0x9C, "LO", "research/B0map")
        ds.private_block(0x0021, "GEMS_RELA_01", create=True).add_new(0x4F, "SS", count)
        found.append(ds)
    return found


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_map_of_ge_is_in_the_first_instances_of_its_series(count: int, tmp_path: Path) -> None:
    found = images(tmp_path, _b0_map(count)[::-1])

    assert {name: volume.voxels[0, :, 0, 0].tolist() for name, volume in found.items()} == {
        "fieldmaphz": list(range(count)), "": list(range(count, 2 * count)),
    }  # fmt: skip


def test_the_map_of_ge_without_instance_numbers_is_refused(tmp_path: Path) -> None:
    found = _b0_map()
    for ds in found:
        del ds.InstanceNumber
    save(tmp_path, found)

    with pytest.raises(DicomReadError, match="InstanceNumber"):
        read([tmp_path])


def test_the_map_of_ge_is_not_mixed_with_the_magnitude_where_slices_are_numbered_place_by_place(tmp_path: Path) -> None:
    found = _b0_map(4)
    for n, ds in enumerate(found):
        ds.InstanceNumber = 2 * (n % 4) + n // 4 + 1
    save(tmp_path, found)

    with pytest.raises(DicomReadError, match=r"InstanceNumber \(0020,0013\), .* does not number one after the other"):
        read([tmp_path])


def test_a_series_of_one_volume_of_ge_has_no_map_and_needs_no_instance_numbers(tmp_path: Path) -> None:
    found = _b0_map()[:3]
    for ds in found:
        del ds.InstanceNumber
        ds.ImagesInAcquisition = 3

    assert list(images(tmp_path, found)) == [""]
