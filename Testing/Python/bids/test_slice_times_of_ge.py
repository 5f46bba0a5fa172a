"""Times of slices and volumes of GE: of the protocol, or of TriggerTime, which multi-phase EPI has for every slice."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome
from phantoms import save, vendors
from phantoms.base import uid
from support.oracles import dcm2niix_of, equals_dcm2niix
from support.round_trip import RoundTrip

ADVANCE = {0x9C: ("LO", "epi"), 0x9E: ("SH", "EPI")}
OTHER = {0x9C: ("LO", "fgre"), 0x9E: ("SH", "GRE")}


def slice_times(round_trip: RoundTrip, protocol: str, sequence: dict, volumes: bool = True) -> list[float] | None:
    """Return SliceTiming of a GE series with a protocol; None where the sidecar has none."""
    return sidecar(round_trip, protocol, sequence, volumes).get("SliceTiming")


def sidecar(
    round_trip: RoundTrip, protocol: str, sequence: dict, volumes: bool = True, triggers: Sequence[Sequence[int]] = ()
) -> dict[str, Any]:
    """Return the sidecar of a GE series; `triggers` are TriggerTime, ms, of each volume and slice."""
    found = vendors.dynamic("GE MEDICAL SYSTEMS", 2.0)
    found = found if volumes else found[: vendors.SHAPE[0]]
    packed = gzip.compress(protocol.encode("ascii"), mtime=0)
    raw = struct.pack("<I", len(packed)) + packed
    for ds in found:
        ds.SoftwareVersions, ds.MRAcquisitionType = ["27", "LX", "MR Software release:RX27.0_R02_1831.a"], "2D"
    for ds, time in zip(found, chain(*triggers), strict=False):
        ds.TriggerTime = str(time)
    vendors.add_private(found, 0x0019, "GEMS_ACQU_01", sequence)
    vendors.add_private(found, 0x0025, "GEMS_SERS_01", {0x1B: ("OB", raw + b"\0" * (len(raw) % 2))})
    save(round_trip.dicom, found)
    (entry,) = round_trip.forth().entries
    assert entry.outcome is Outcome.CONVERTED
    return json.loads(round_trip.sidecar().read_text("utf-8"))


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
def test_sequences_whose_order_is_known_have_times(protocol: str, sequence: dict, round_trip: RoundTrip) -> None:
    times = slice_times(round_trip, protocol, sequence)

    assert times is not None
    assert len(set(times)) == vendors.SHAPE[0]
    assert 0 == min(times) < max(times) < 2


@pytest.mark.parametrize(
    ("protocol", "sequence"),
    [('IOPT "EPI"\n', OTHER), ('IOPT "MPh, MPhVar"\n', ADVANCE), ("", ADVANCE)],
    ids=["another sequence", "phases in variable order", "no protocol"],
)
def test_sequences_whose_order_is_unknown_have_none(protocol: str, sequence: dict, round_trip: RoundTrip) -> None:
    assert slice_times(round_trip, protocol, sequence) is None


def test_slices_in_order_have_times_that_increase(round_trip: RoundTrip) -> None:
    times = slice_times(round_trip, 'IOPT "FMRI"\nSLICEORDER "0"\n', OTHER)

    assert times == sorted(times)


def test_a_single_volume_has_none(round_trip: RoundTrip) -> None:
    assert slice_times(round_trip, 'IOPT "FMRI"\n', OTHER, volumes=False) is None


def test_a_volume_of_several_passes_has_the_times_that_its_slices_state(round_trip: RoundTrip) -> None:
    keys = sidecar(
        round_trip,
        'IOPT "MPh, EPI"\n',
        ADVANCE,
        triggers=[[4000 * t + 100 + n for n in (0, 2000, 1000, 3000)] for t in range(5)],
    )

    assert keys["SliceTiming"] == [0, 2, 1, 3]
    assert keys["RepetitionTime"] == 4


def test_times_that_agree_with_the_protocol_are_not_rounded(round_trip: RoundTrip) -> None:
    keys = sidecar(
        round_trip, 'IOPT "MPh, EPI"\n', ADVANCE, triggers=[[2000 * t + n for n in (500, 1499, 1001, 2000)] for t in range(5)]
    )

    assert keys["SliceTiming"] == [0, 1, 0.5, 1.5]
    assert keys["RepetitionTime"] == 2


@pytest.mark.parametrize(("volume", "delay"), [(4000, 70), (0, 0)], ids=["heart rate changes", "delays repeat"])
def test_gated_slices_are_not_in_the_order_of_their_triggers(volume: int, delay: int, round_trip: RoundTrip) -> None:
    triggers = [[volume * t + (40 + delay * t) * n for n in (0, 2, 1, 3)] for t in range(5)]

    assert sidecar(round_trip, 'IOPT "MPh, EPI"\n', ADVANCE, triggers=triggers)["SliceTiming"] == [0, 1, 0.5, 1.5]


def test_volumes_with_variable_delays_have_the_rate_of_their_triggers(round_trip: RoundTrip) -> None:
    keys = sidecar(round_trip, 'IOPT "EPI, MPhVar"\nDELACQNOAV "0.57"\n', ADVANCE, triggers=[[3000 * t] * 4 for t in range(5)])

    assert "SliceTiming" not in keys
    assert keys["RepetitionTime"] == 3


@pytest.mark.parametrize(
    ("options", "sequence", "seconds"), [("MPh, EPI", ADVANCE, 2.57), ("EPI, MPhVar", ADVANCE, 2), ("FAST_GRE", OTHER, 2)]
)
def test_a_delay_of_the_protocol_counts_where_it_is_in_use(
    options: str, sequence: dict, seconds: float, round_trip: RoundTrip
) -> None:
    keys = sidecar(round_trip, f'IOPT "{options}"\nDELACQ "0.57"\nDELACQNOAV "0.57"\n', sequence)

    assert keys["RepetitionTime"] == seconds


FUNCTIONAL, WEIGHTED = "EPI, FMRI", "EPI, DIFF"


def release(version: str, slices: int, order: str, bands: int, options: str) -> list[Dataset]:
    """Return two volumes of a release of the software; as many slices as there are bands are excited together."""
    found = []
    for t in range(2):
        for k, ds in enumerate(vendors.mr("GE MEDICAL SYSTEMS", slices, NumberOfAverages="1")):
            ds.SoftwareVersions = ["27", "LX", f"MR Software release:{version}"]
            ds.InstanceNumber, ds.TemporalPositionIdentifier = t * slices + k + 1, t + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, ds.InstanceNumber)
            found.append(ds)
    weighted = options == WEIGHTED
    names = {0x9C: ("LO", "epi2" if weighted else "epiRT"), 0x9E: ("SH", "EPI2" if weighted else "EPI")}
    protocol = gzip.compress(f'IOPT "{options}"\nSLICEORDER "{order}"\nMBACCEL "{bands}"\n'.encode("ascii"), mtime=0)
    raw = struct.pack("<I", len(protocol)) + protocol
    vendors.add_private(found, 0x0019, "GEMS_ACQU_01", names)
    vendors.add_private(found, 0x0043, "GEMS_PARM_01", {0xB6: ("LO", [str(bands), "1", "0"])})
    return vendors.add_private(found, 0x0025, "GEMS_SERS_01", {0x1B: ("OB", raw + b"\0" * (len(raw) % 2))})


@pytest.mark.parametrize("version", [
    "RX24.0_R01_1344.a", "RX26.0_R03_1831.b", "RX27.0_R02_1831.a", "RX27.0_R03_1831.a", "RX29.1_EA_2039.g",
])  # fmt: skip
@pytest.mark.parametrize(("slices", "bands"), [(8, 1), (9, 1), (8, 2), (12, 2), (12, 3), (12, 6), (18, 2), (18, 3)])
@pytest.mark.parametrize(("options", "order"), [(FUNCTIONAL, "0"), (FUNCTIONAL, "1"), (WEIGHTED, "1")])
def test_times_of_slices_are_those_of_dcm2niix(
    version: str, slices: int, bands: int, options: str, order: str, round_trip: RoundTrip, tmp_path: Path
) -> None:
    save(round_trip.dicom, release(version, slices, order, bands, options))
    round_trip.forth()
    other = dcm2niix_of(round_trip.dicom, tmp_path)
    ours, others = (json.loads(path.read_text("utf-8")).get("SliceTiming") for path in (round_trip.sidecar(), other))

    assert equals_dcm2niix(others, ours)
    assert ours or bands > 1
