"""Sequences that an archive wrote as UN, as it did not know them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, put_raw, ramp, save, slices
from phantoms.dynamic import enhanced
from support.round_trip import RoundTrip, listing


def _as_unknown(ds: Dataset, keyword: str) -> None:
    """Write a sequence as UN with a length, as archives do that do not know it (PS3.5 6.2.2 note 4)."""
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = True, True
    write_sequence(file, ds[keyword], ["iso8859"])
    put_raw(ds, ds[keyword].tag, "UN", file.getvalue())


def test_sequences_that_an_archive_did_not_know(round_trip: RoundTrip) -> None:
    ds = enhanced([0, 1, 2])
    save(round_trip.dicom / "known", [ds])
    (known,) = read([round_trip.dicom / "known"])
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        _as_unknown(ds, keyword)
    shutil.rmtree(round_trip.dicom / "known")
    save(round_trip.dicom, [ds])

    (volume,) = read([round_trip.dicom])

    assert np.array_equal(volume.voxels, known.voxels)
    assert np.array_equal(volume.ijk_to_ras, known.ijk_to_ras)
    assert round_trip.forth().ok
    assert round_trip.home().ok
    assert set(listing(round_trip.dicom).values()) == {path.read_bytes() for path in round_trip.back.rglob("*.dcm")}


def test_bytes_that_are_no_items_stay_bytes(tmp_path: Path) -> None:
    (ds,) = slices(ramp(1, 4, 5), MR)
    put_raw(ds, 0x00081140, "UN", b"no items here.")
    save(tmp_path, [ds])

    (volume,) = read([tmp_path])

    assert volume.dicom.metadata.first.elements[0x00081140].value == b"no items here."
