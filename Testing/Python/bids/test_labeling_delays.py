"""Post-labeling delays: those of each volume, those of the protocol, and what is left out where volumes differ in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydicom.dataset import Dataset

from phantoms import save, vendors
from phantoms.base import uid
from support.round_trip import RoundTrip

GE_LABELED = {0xA3: ("CS", "PSEUDOCONTINUOUS"), 0xA5: ("IS", "3500")}


def keys_of(round_trip: RoundTrip, found: list[Dataset]) -> dict[str, Any]:
    """Return the sidecar of the only image that files become."""
    save(round_trip.dicom, found)
    round_trip.forth()
    keys: dict[str, Any] = json.loads(round_trip.sidecar().read_text("utf-8"))
    return keys


def volumes(manufacturer: str, delays_ms: list[int | None], **attributes: Any) -> list[Dataset]:
    """Return a volume for each inversion time."""
    found = []
    for t, delay_ms in enumerate(delays_ms):
        for ds in vendors.mr(manufacturer, ImageType=["DERIVED", "PRIMARY", "ASL", "PERFUSION"], **attributes):
            ds.InversionTime, ds.InstanceNumber, ds.AcquisitionNumber = delay_ms, len(found) + 1, t + 1
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid(1, len(found) + 1)
            found.append(ds)
    return found


def of_ge(delays_ms: list[int | None]) -> list[Dataset]:
    return vendors.add_private(volumes("GE MEDICAL SYSTEMS", delays_ms), 0x0043, "GEMS_PARM_01", GE_LABELED)


def of_uih(delays_ms: list[int | None]) -> list[Dataset]:
    found = volumes("UIH", delays_ms, ASLPulseTrainDuration=1500)
    return vendors.add_private(found, 0x0065, "Image Private Header", {0x75: ("FD", 0.85)})


@pytest.mark.parametrize("make", [of_ge, of_uih])
def test_volumes_of_different_delays_have_one_each(make: Any, round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, make([1000, 1200, 2000]))

    assert keys["PostLabelingDelay"] == [1, 1.2, 2]
    assert "InversionTime" not in keys


@pytest.mark.parametrize("make", [of_ge, of_uih])
def test_volumes_of_one_delay_have_a_number(make: Any, round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, make([1800, 1800]))

    assert (keys["PostLabelingDelay"], keys["InversionTime"]) == (1.8, 1.8)


def test_a_volume_without_a_delay_leaves_it_open(round_trip: RoundTrip) -> None:
    assert "PostLabelingDelay" not in keys_of(round_trip, of_ge([1000, None]))


def test_united_imaging_states_duration_and_efficiency(round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, of_uih([1800]))

    assert (keys["LabelingDuration"], keys["LabelingEfficiency"]) == (1.5, 0.85)


@pytest.mark.parametrize("file", ["tgse_asl", "ep2d_asl"])
@pytest.mark.parametrize(("second", "delay"), [(1800000, 1.8), (2500000, None)])
def test_the_delay_of_a_siemens_protocol_counts_where_it_has_one(
    file: str, second: int, delay: float | None, round_trip: RoundTrip
) -> None:
    lines = (f'tSequenceFileName = "%SiemensSeq%\\{file}"', "sAsl.ulMode = 4", "sAsl.ulLabelingDuration = 800000",
             "sAsl.sPostLabelingDelay[0] = 1800000", f"sAsl.sPostLabelingDelay[1] = {second}")  # fmt: skip

    keys = keys_of(round_trip, vendors.siemens("\n".join(lines)))

    assert (keys["LabelingDuration"], keys.get("PostLabelingDelay")) == (0.8, delay)


def test_a_protocol_without_labeling_has_no_delay(round_trip: RoundTrip) -> None:
    keys = keys_of(
        round_trip, vendors.siemens("sAsl.ulMode = 1\nsAsl.ulLabelingDuration = 800000\nsAsl.sPostLabelingDelay[0] = 9")
    )

    assert not {"LabelingDuration", "PostLabelingDelay"} & set(keys)


@pytest.mark.parametrize("make", [of_ge, of_uih])
def test_two_volumes_of_different_delays_have_one_each(make: Any, round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, make([1000, 2000]))

    assert (keys["PostLabelingDelay"], "InversionTime" in keys) == ([1, 2], False)


@pytest.mark.parametrize("efficiency", [0.0, 1.2, 85.0])
def test_an_efficiency_that_is_no_part_is_left_out(efficiency: float, round_trip: RoundTrip) -> None:
    found = volumes("UIH", [1800], ASLPulseTrainDuration=1500)
    vendors.add_private(found, 0x0065, "Image Private Header", {0x75: ("FD", efficiency)})

    assert "LabelingEfficiency" not in keys_of(round_trip, found)


def of_siemens(count: int, lines: str) -> list[Dataset]:
    """Return volumes of Siemens that only their times distinguish, with a protocol."""
    found = []
    for t in range(count):
        for ds in vendors.siemens(lines, AcquisitionNumber=t + 1):
            ds.AcquisitionTime, ds.InstanceNumber = f"0304{4 * t:02d}", len(found) + 1
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid(1, len(found) + 1)
            found.append(ds)
    return found


ONE_DELAY = 'tSequenceFileName = "%CustomerSeq%\\ep2d_pcasl"'
THREE_DELAYS = 'tSequenceFileName = "%CustomerSeq%\\to_ep2d_VEPCASL"\n' + "\n".join(
    f"sWipMemBlock.alFree[{n}] = {time}" for n, time in ((11, 250), (12, 500), (13, 750), (14, 0), (15, 900))
)


@pytest.mark.parametrize(("count", "lines", "pairs", "calibration"), [
    (2, ONE_DELAY, 1, None), (3, ONE_DELAY, 1, "Included"), (8, ONE_DELAY, 4, None), (7, ONE_DELAY, 3, "Included"),
    (6, THREE_DELAYS, 1, None), (7, THREE_DELAYS, 1, "Included"), (8, THREE_DELAYS, None, None),
    (4, ONE_DELAY + "\nlContrasts = 2", 1, None), (5, ONE_DELAY + "\nlContrasts = 2", 1, "Included"),
    (6, ONE_DELAY + "\nlContrasts = 2", None, None),
])  # fmt: skip
def test_volumes_are_pairs_of_label_and_control_and_one_for_calibration(
    count: int, lines: str, pairs: int | None, calibration: str | None, round_trip: RoundTrip
) -> None:
    keys = keys_of(round_trip, of_siemens(count, lines))

    assert (keys.get("TotalAcquiredPairs"), keys.get("M0Type")) == (pairs, calibration)


@pytest.mark.parametrize(("file", "seconds"), [("ep2d_pcasl", 2), ("ep2d_pasl", None), ("jw_tgse_VEPCASL", None)])
def test_volumes_of_continuous_labeling_are_prepared_each(file: str, seconds: float | None, round_trip: RoundTrip) -> None:
    keys = keys_of(round_trip, vendors.siemens(f'tSequenceFileName = "%CustomerSeq%\\{file}"'))

    assert keys.get("RepetitionTimePreparation") == seconds
