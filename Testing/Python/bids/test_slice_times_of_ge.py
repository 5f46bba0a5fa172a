"""GE writes no times of slices: they follow from the protocol, for the sequences whose order it specifies alone."""

from __future__ import annotations

import gzip
import json
import struct

import pytest

from circle import Circle
from nifti_dicom_bridge import Outcome
from phantoms import save, vendors

ADVANCE = {0x9C: ("LO", "epi"), 0x9E: ("SH", "EPI")}
OTHER = {0x9C: ("LO", "fgre"), 0x9E: ("SH", "GRE")}


def slice_times(circle: Circle, protocol: str, sequence: dict, volumes: bool = True) -> list[float] | None:
    """Return SliceTiming of a GE series with a protocol; None where the sidecar has none."""
    found = vendors.dynamic("GE MEDICAL SYSTEMS", 2.0)
    found = found if volumes else found[: vendors.SHAPE[0]]
    packed = gzip.compress(protocol.encode("ascii"), mtime=0)
    raw = struct.pack("<I", len(packed)) + packed
    for ds in found:
        ds.SoftwareVersions, ds.MRAcquisitionType = ["27", "LX", "MR Software release:RX27.0_R02_1831.a"], "2D"
    vendors.add_private(found, 0x0019, "GEMS_ACQU_01", sequence)
    vendors.add_private(found, 0x0025, "GEMS_SERS_01", {0x1B: ("OB", raw + b"\0" * (len(raw) % 2))})
    save(circle.dicom, found)
    (entry,) = circle.forth().entries
    assert entry.outcome is Outcome.CONVERTED
    return json.loads(circle.sidecar().read_text("utf-8")).get("SliceTiming")


@pytest.mark.parametrize(
    ("protocol", "sequence"),
    [
        ('IOPT "EPI, FMRI"\nSLICEORDER "1"\n', OTHER),
        ('IOPT "MPh"\n', OTHER),
        ('IOPT "EPI"\n', ADVANCE),
        ('IOPT "EPI"\n', {**OTHER, 0x9C: ("LO", "epiRT")}),
    ],
    ids=["functional", "multi-phase", "gradient echo EPI", "real time EPI"],
)
def test_sequences_whose_order_is_known_have_times(protocol: str, sequence: dict, circle: Circle) -> None:
    times = slice_times(circle, protocol, sequence)

    assert times is not None
    assert len(set(times)) == vendors.SHAPE[0]
    assert 0 == min(times) < max(times) < 2


@pytest.mark.parametrize(
    ("protocol", "sequence"),
    [('IOPT "EPI"\n', OTHER), ('IOPT "MPh, MPhVar"\n', ADVANCE), ("", ADVANCE)],
    ids=["another sequence", "phases in variable order", "no protocol"],
)
def test_sequences_whose_order_is_unknown_have_none(protocol: str, sequence: dict, circle: Circle) -> None:
    assert slice_times(circle, protocol, sequence) is None


def test_slices_in_order_have_times_that_increase(circle: Circle) -> None:
    times = slice_times(circle, 'IOPT "FMRI"\nSLICEORDER "0"\n', OTHER)

    assert times == sorted(times)


def test_a_single_volume_has_none(circle: Circle) -> None:
    assert slice_times(circle, 'IOPT "FMRI"\n', OTHER, volumes=False) is None
