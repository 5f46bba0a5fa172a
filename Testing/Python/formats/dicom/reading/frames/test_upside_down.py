"""Images that GE stores upside down are where they were acquired."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import MR, save, slices, uid
from support.placed_frames import volumes
from support.round_trip import RoundTrip


def _pepolar(mode: int, times: int = 2, numbered: bool = True) -> list[Dataset]:
    """Return a series of GE's sequence that encodes phase from both ends; the first row of each frame is brighter."""
    found = []
    for t in range(times):
        for k, ds in enumerate(slices(np.full((3, 4, 5), 10 * (t + 1), "<i2"), MR)):
            ds.InstanceNumber = 3 * t + k + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(7, ds.InstanceNumber)
            ds.PixelData = (np.full((4, 5), 10 * (t + 1), "<i2") + np.array([[1], [0], [0], [0]], "<i2")).tobytes()
            ds.ImageType, ds.Manufacturer = ["ORIGINAL", "PRIMARY", "OTHER"], "GE MEDICAL SYSTEMS"
            block = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
            block.add_new(0x9C, "LO", "research/ABCD/epi_pepolar")
            block.add_new(0xB3, "DS", str(mode))
            if numbered:
                ds.TemporalPositionIdentifier = t + 1
            found.append(ds)
    return found


def _bright_edge(volume: Volume, time: int) -> np.ndarray:
    """Return x and y of the brightest voxel of the first column, mm."""
    row = int(volume.voxels[time, 0, :, 0].argmax())
    return (volume.ijk_to_ras @ [0, row, 0, 1])[:2]


@pytest.mark.parametrize(("mode", "reversed_times"), [(0, []), (1, [0, 1]), (2, [0]), (3, [1])])
def test_images_that_ge_stores_upside_down_are_where_they_were_acquired(
    mode: int, reversed_times: list[int], tmp_path: Path
) -> None:
    found = _pepolar(mode)
    first = np.array(found[0].ImagePositionPatient, float)
    last = first + np.array([0, 3 * float(found[0].PixelSpacing[0]), 0])

    made = {int(volume.voxels[t].max()) // 10 - 1: _bright_edge(volume, t)
            for volume in volumes(tmp_path, *found) for t in range(len(volume.voxels))}  # fmt: skip

    assert made.keys() == {0, 1}
    for time, edge in made.items():
        assert np.allclose(edge, -(last if time in reversed_times else first)[:2])


def test_upside_down_images_are_reported_and_edited_ones_stay_where_they_are(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, _pepolar(1))
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) * 2, image.affine, image.header))
    round_trip.home()

    (source,), (derived,) = read([round_trip.dicom]), read([round_trip.back])

    assert any("upside down" in warning for warning in source.warnings)
    assert np.allclose(_bright_edge(derived, 0), _bright_edge(source, 0))


def test_times_that_may_be_upside_down_are_refused(round_trip: RoundTrip) -> None:
    found = _pepolar(2, numbered=False)
    for ds in found:
        ds.AcquisitionNumber = (ds.InstanceNumber + 2) // 3
    save(round_trip.dicom, found)

    (entry,) = round_trip.forth().entries

    assert entry.outcome is Outcome.FAILED
    assert "TemporalPositionIdentifier (0020,0100)" in entry.error
    assert not round_trip.images()
