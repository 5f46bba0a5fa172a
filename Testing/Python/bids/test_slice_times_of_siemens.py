"""Mosaics of Siemens before B17 have no times of slices: they follow from the protocol, if it specifies a plain order."""

from __future__ import annotations

import json

import pytest

from phantoms import save, vendors
from phantoms.base import put_raw
from phantoms.multiframe import csa_header
from support.round_trip import RoundTrip

PLAIN = "sSliceArray.lConc = 1\nlDelayTimeInTR = 800000"
TIMES = [str(n) for n in (0, 100, 200, 300)]


def slice_times(
    round_trip: RoundTrip, slices: int, protocol: str, listed: int = 0, factors: str = "", **header: list[str]
) -> list[float] | None:
    """Return SliceTiming of a mosaic with a protocol, in the order of its tiles; None where the sidecar has none.

    `listed` is the number of slices of the protocol, if it is another one; `factors` are those of acceleration.
    """
    ds = vendors.mr("SIEMENS", ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"], AcquisitionMatrix=[0, 20, 16, 0])[0]
    put_raw(ds, 0x00290010, "LO", b"SIEMENS CSA HEADER")
    values = {"NumberOfImagesInMosaic": [str(slices)], "SliceNormalVector": ["0", "0", "1"], **header}
    put_raw(ds, 0x00291010, "OB", csa_header(values))
    text = f"### ASCCONV BEGIN ###\nsSliceArray.lSize = {listed or slices}\n{protocol}\n### ASCCONV END ###"
    put_raw(ds, 0x00291020, "OB", csa_header({"MrPhoenixProtocol": [text]}))
    if factors:
        vendors.add_private([ds], 0x0051, "SIEMENS MR HEADER", {0x11: ("LO", factors)})
    save(round_trip.dicom, [ds])
    round_trip.forth()
    return json.loads(round_trip.sidecar().read_text("utf-8")).get("SliceTiming")


@pytest.mark.parametrize(
    ("mode", "slices", "times"),
    [(1, 4, [0, 0.3, 0.6, 0.9]), (2, 4, [0.9, 0.6, 0.3, 0]), (4, 4, [0.6, 0, 0.9, 0.3]), (4, 3, [0, 0.8, 0.4])],
    ids=["ascending", "descending", "interleaved, even", "interleaved, odd"],
)
def test_times_follow_from_the_order_of_the_protocol(mode: int, slices: int, times: list[float], round_trip: RoundTrip) -> None:
    assert slice_times(round_trip, slices, f"sSliceArray.ucMode = {mode}\n{PLAIN}") == times


@pytest.mark.parametrize(
    "protocol",
    ["", "sSliceArray.ucMode = 8", "sSliceArray.ucMode = 1\nsSliceArray.lConc = 2",
     "sSliceArray.ucMode = 1\nsSliceArray.ucImageNumbTra = 0x1",
     'sSliceArray.ucMode = 1\ntSequenceFileName = ""%CustomerSeq%\\ep2d_pasl""',
     "sSliceArray.ucMode = 1\nsPhysioImaging.lMethod1 = 2"],
    ids=["none", "unknown", "several runs", "reverse numbers", "labeled", "triggered"],
)  # fmt: skip
def test_other_protocols_specify_no_times(protocol: str, round_trip: RoundTrip) -> None:
    assert slice_times(round_trip, 4, protocol) is None


@pytest.mark.parametrize(
    ("listed", "factors", "is_plain"), [(5, "", False), (0, "p2s2", False), (0, "p2s1", True), (0, "p2", True)]
)
def test_an_order_is_plain_where_all_slices_are_listed_and_excited_one_by_one(
    listed: int, factors: str, is_plain: bool, round_trip: RoundTrip
) -> None:
    times = slice_times(round_trip, 4, "sSliceArray.ucMode = 1", listed, factors)
    assert times == ([0, 0.5, 1, 1.5] if is_plain else None)


@pytest.mark.parametrize("delay_us", [2_000_000, 2_500_000])
def test_a_delay_as_long_as_the_volume_leaves_no_times(delay_us: int, round_trip: RoundTrip) -> None:
    assert slice_times(round_trip, 4, f"sSliceArray.ucMode = 1\nlDelayTimeInTR = {delay_us}") is None


def test_slices_after_midnight_follow_those_before(round_trip: RoundTrip) -> None:
    found = vendors.siemens("", ImageType=["ORIGINAL", "PRIMARY"])
    for ds, time in zip(found, ("235959.00", "000000.00", "235959.50", "000000.50"), strict=True):
        ds.AcquisitionTime = time
    save(round_trip.dicom, found)
    round_trip.forth()

    assert json.loads(round_trip.sidecar().read_text("utf-8"))["SliceTiming"] == [0, 1, 0.5, 1.5]


def test_times_of_the_header_count(round_trip: RoundTrip) -> None:
    assert slice_times(round_trip, 4, f"sSliceArray.ucMode = 2\n{PLAIN}", MosaicRefAcqTimes=TIMES) == [0, 0.1, 0.2, 0.3]


def test_times_beyond_the_volume_give_way_to_the_clock(round_trip: RoundTrip) -> None:
    found = vendors.siemens("", ImageType=["ORIGINAL", "PRIMARY"])
    for n, ds in enumerate(found):
        ds.AcquisitionTime = f"03041{n}.00"
        ds.RepetitionTime = "4000"
        vendors.add_private([ds], 0x0021, "SIEMENS MR SDI 02", {0x04: ("DS", str(5 * n))})
    save(round_trip.dicom, found)
    round_trip.forth()

    assert json.loads(round_trip.sidecar().read_text("utf-8"))["SliceTiming"] == [0, 1, 2, 3]
