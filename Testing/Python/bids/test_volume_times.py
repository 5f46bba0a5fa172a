"""Time from volume to volume: pauses, volumes that take different times, and pairs of label and control with one start."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydicom.dataset import Dataset

from phantoms import save, vendors
from phantoms.base import uid
from support.round_trip import RoundTrip


def keys_of(round_trip: RoundTrip, found: list[Dataset]) -> dict[str, Any]:
    """Return the sidecar of the only image that files become."""
    save(round_trip.dicom, found)
    round_trip.forth()
    keys: dict[str, Any] = json.loads(round_trip.sidecar().read_text("utf-8"))
    return keys


def volumes(manufacturer: str, starts_s: list[float], **attributes: Any) -> list[list[Dataset]]:
    """Return volumes that began then."""
    more = {"NumberOfAverages": "1", **attributes}
    found: list[list[Dataset]] = []
    for t, start in enumerate(starts_s):
        clock = f"0304{start:05.2f}"
        found.append(vendors.mr(manufacturer, AcquisitionNumber=t + 1, AcquisitionTime=clock, ContentTime=clock, **more))
        for k, ds in enumerate(found[-1]):
            ds.InstanceNumber = t * len(found[-1]) + k + 1
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid(1, ds.InstanceNumber)
    return found


def labeled(labels: list[str], starts_s: list[float], **attributes: Any) -> list[Dataset]:
    """Return volumes of Philips, each with its label type."""
    found = []
    of_labels = volumes("Philips Medical Systems", starts_s, RepetitionTime="4000", **attributes)
    for t, (label, images) in enumerate(zip(labels, of_labels, strict=True)):
        for ds in images:
            ds.TemporalPositionIdentifier = t // 2 + 1
            del ds.AcquisitionNumber
        found += vendors.add_private(images, 0x2005, "Philips MR Imaging DD 005", {0x29: ("CS", label)})
    return found


PAIRS = ["CONTROL", "LABEL"] * 3


@pytest.mark.parametrize(("starts_s", "stated_ms", "seconds"), [
    ([0, 3, 6, 20, 23, 26], 2000, 3),          # a pause
    ([0, 2.5, 5.5, 9.5, 15, 22], 2000, 2.0),   # volumes of different lengths: what the header states
    ([0, 1, 2, 5, 8, 11], 2000, 3),            # most of one length
    ([0, 10.3, 20.1, 30.7, 39.9, 50], 4, 10),  # which is a time between excitations: the average
    ([0, 10.3, 20.1, 30.7, 39.9, 50], 4000, 10),
])  # fmt: skip
def test_pauses_are_no_part_of_the_time_between_volumes(
    starts_s: list[float], stated_ms: int, seconds: float, round_trip: RoundTrip
) -> None:
    found = volumes("SIEMENS", starts_s, RepetitionTime=str(stated_ms))
    keys = keys_of(round_trip, [ds for images in found for ds in images])

    assert keys["RepetitionTime"] == seconds
    assert keys["FrameTimesStart"] == starts_s


@pytest.mark.parametrize("labels", [PAIRS, ["LABEL", "CONTROL"] * 3])
def test_label_and_control_with_one_start_take_half_of_the_time_each(labels: list[str], round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, labeled(labels, [0, 0, 12, 12, 24, 24], MRAcquisitionType="3D"))

    assert (keys["RepetitionTime"], keys["RepetitionTimeExcitation"]) == (6, 4)


def test_two_pairs_have_a_rate(round_trip: RoundTrip) -> None:
    assert keys_of(round_trip, labeled(PAIRS[:4], [0, 0, 12, 12], MRAcquisitionType="3D"))["RepetitionTime"] == 6


@pytest.mark.parametrize("labels", [["CONTROL", "LABEL", "LABEL", "CONTROL", "LABEL", "LABEL"], ["LABEL"] * 6])
def test_volumes_that_are_no_pairs_have_the_repetition_time(labels: list[str], round_trip: RoundTrip) -> None:
    found = labeled(labels, [0, 0, 12, 12, 24, 24], MRAcquisitionType="3D")
    for n, ds in enumerate(found):
        ds.TemporalPositionIdentifier = n // 4 + 1

    assert keys_of(round_trip, found)["RepetitionTime"] == 4


@pytest.mark.parametrize("starts_s", [[0, 0, 12, 12, 30, 30], [0, 0, 8, 8, 16, 16]])
def test_pairs_without_a_rate_or_of_that_rate_have_the_repetition_time(starts_s: list[float], round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, labeled(PAIRS, starts_s))

    assert keys["RepetitionTime"] == 4
    assert "RepetitionTimeExcitation" not in keys


def test_fields_of_the_oxford_sequence_may_be_negative(round_trip: RoundTrip) -> None:
    lines = ('tSequenceFileName = "%CustomerSeq%\\to_ep2d_VEPCASL"', "sWipMemBlock.adFree[3] = -25.5",
             "sWipMemBlock.adFree[4] = 0.0")  # fmt: skip

    keys = keys_of(round_trip, vendors.siemens("\n".join(lines)))

    assert (keys["sWipMemBlockAdFree3"], keys["sWipMemBlockAdFree4"]) == (-25.5, 0)
