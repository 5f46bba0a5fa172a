"""The time from volume to volume: whatever states when volumes began, or that nothing does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nibabel
import pytest
from pydicom.dataset import Dataset

from phantoms import ramp, save, vendors
from phantoms.base import CT, MR, PET, ULTRASOUND_MULTI_FRAME, slices
from phantoms.dynamic import SLICES, enhanced
from phantoms.multiframe import group
from support.oracles import dcm2niix_of, equals_dcm2niix
from support.round_trip import RoundTrip
from support.timed_series import clock, series

DAY = "20260102"
PHASES_MS = [0, 40, 80, 120]
UNKNOWN = "no attribute specifies the time between volumes"


def classic(kind: str, values: dict[str, Sequence[Any]], **attributes: Any) -> list[Dataset]:
    """Return a classic series of which attributes have a value for each volume, and others one for all."""

    def state(ds: Dataset, t: int, k: int) -> None:
        for name, value in {**attributes, **{name: of_times[t] for name, of_times in values.items()}}.items():
            setattr(ds, name, value)
        if not ds.get("RepetitionTime", "1"):
            del ds.RepetitionTime

    return series(state, times=len(next(iter(values.values()))), planes=3, kind=kind)


def clocks(*seconds: float, name: str = "AcquisitionTime", day: str = "") -> dict[str, list[str]]:
    return {name: [day + clock(time) for time in seconds]}


def multi_frame(repetition_ms: float = 0.0, **groups: Callable[[int], Dataset]) -> list[Dataset]:
    """Return an Enhanced MR object of four times, with a functional group of each; `FrameContentSequence` is completed."""
    ds = enhanced([0, 1, 2, 3])
    if repetition_ms:
        ds.SharedFunctionalGroupsSequence[0].MRTimingAndRelatedParametersSequence = [group(RepetitionTime=repetition_ms)]
    for n, own in enumerate(ds.PerFrameFunctionalGroupsSequence):
        for name, make in groups.items():
            if name == "FrameContentSequence":
                own.FrameContentSequence[0].update(make(n // SLICES))
            else:
                setattr(own, name, [make(n // SLICES)])
    return [ds]


def offsets(*seconds: float) -> dict[str, Callable[[int], Dataset]]:
    return {"TemporalPositionSequence": lambda t: group(TemporalPositionTimeOffset=seconds[t])}


def moments(*seconds: float, days: bool = False) -> dict[str, Callable[[int], Dataset]]:
    def content(t: int) -> Dataset:
        return group(FrameAcquisitionDateTime=str(int(DAY) + t * days) + clock(seconds[t]))

    return {"FrameContentSequence": content}


def tiled(seconds: Sequence[Sequence[float]]) -> list[Dataset]:
    """Return volumes of United Imaging of two tiles, which have times of their own; that of the image is another one."""
    found = slices(ramp(len(seconds), 4, 10), MR)
    for t, (ds, times) in enumerate(zip(found, seconds, strict=True)):
        ds.Manufacturer, ds.AcquisitionTime, ds.ImagePositionPatient = "UIH", clock(max(times) + 7 * t), [0, 0, 0]
        ds.ImageType = ["ORIGINAL", "PRIMARY", "VFRAME"]
        tiles = [group(AcquisitionTime=clock(time), ImagePositionPatient=[0, 0, 3 * k], InstanceNumber=k + 1,
                       ImageOrientationPatient=ds.ImageOrientationPatient) for k, time in enumerate(times)]  # fmt: skip
        vendors.add_private([ds], 0x0065, "Image Private Header", {0x50: ("DS", "2"), 0x51: ("SQ", tiles)})
        del ds.RepetitionTime
    return found


def begun(seconds: Sequence[float], **attributes: Any) -> list[Dataset]:
    """Return volumes of Philips with the time at which each dynamic began."""
    found = classic(MR, {"TemporalPositionIdentifier": range(1, len(seconds) + 1)}, Manufacturer=PHILIPS, **attributes)
    for n, ds in enumerate(found):
        vendors.add_private([ds], 0x2005, "Philips MR Imaging DD 001", {0xA0: ("FL", seconds[n // 3])})
    return found


def phases(*ms: float) -> dict[str, Callable[[int], Dataset]]:
    return {"CardiacSynchronizationSequence": lambda t: group(NominalCardiacTriggerDelayTime=ms[t])}


def ultrasound(**attributes: Any) -> list[Dataset]:
    """Return a cine of four frames at one place."""
    (ds,) = slices(ramp(1, 4, 20, dtype="u1"), ULTRASOUND_MULTI_FRAME)
    ds.NumberOfFrames, ds.Rows, ds.Columns, ds.Modality = 4, 4, 5, "US"
    ds.FrameIncrementPointer = 0x00181065
    for name, value in attributes.items():
        setattr(ds, name, value)
    return [ds]


def written(round_trip: RoundTrip, found: list[Dataset], **options: Any) -> tuple[float, dict[str, Any], list[str]]:
    """Return time step, sidecar and notes of the only image that files become."""
    save(round_trip.dicom, found)
    report = round_trip.forth(**options)
    (entry,) = report.entries
    image = nibabel.load(round_trip.image())
    assert image.ndim == 4
    step = round(float(image.header["pixdim"][4]), 6)
    return step, json.loads(round_trip.sidecar().read_text("utf-8")), entry.log.notes


NO_TR = {"RepetitionTime": ""}
GE, SIEMENS, PHILIPS = "GE MEDICAL SYSTEMS", "SIEMENS", "Philips Medical Systems"


@pytest.mark.parametrize(("found", "seconds"), [
    (lambda: classic(CT, clocks(0, 1.5, 3, 4.5)), 1.5),
    (lambda: classic(CT, {**clocks(0, 0, 0), **clocks(0, 2, 4, name="AcquisitionDateTime", day=DAY)}), 2),
    (lambda: classic(CT, {"AcquisitionTime": ["235958", "235959", "000000"]}), 1),
    (lambda: classic(CT, {"AcquisitionTime": ["100000", "100000", "100000"], "AcquisitionDate": [DAY, "20260103", "20260104"]}),
     86400),
    (lambda: classic(CT, {"AcquisitionTime": ["100000", "100000"], "AcquisitionDate": [DAY, "20260103"]}), 86400),
    *((lambda times=times: classic(CT, {"AcquisitionTime": times}), seconds) for times, seconds in (
        (["115959", "120000", "120001"], 1), (["060000", "150000"], 32400), (["220000", "233000", "010000"], 5400))),
    (lambda: classic(CT, {"TriggerTime": PHASES_MS}), 0.04),
    (lambda: classic(MR, clocks(0, 2, 4), **NO_TR), 2),
    (lambda: classic(MR, clocks(0, 2), MRAcquisitionType="2D", **NO_TR), 2),
    (lambda: classic(MR, {"TriggerTime": PHASES_MS}, **NO_TR), 0.04),
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, TemporalResolution="2500", **NO_TR), 2.5),
    (lambda: classic(PET, {"FrameReferenceTime": [5000, 15000, 25000]}), 10),
    (lambda: classic(PET, {**clocks(0, 10, 20), "FrameReferenceTime": [4990, 14990, 24900]}), 10),
    (lambda: multi_frame(**offsets(0, 2, 4, 6)), 2),
    (lambda: multi_frame(**moments(0, 2, 4, 6)), 2),
    (lambda: multi_frame(**moments(0, 0, 0, 0, days=True)), 86400),
    (lambda: multi_frame(**phases(0, 41, 81, 122)), 0.040667),
    (lambda: tiled([[5, 0], [10, 12], [29, 20]]), 10),
    (lambda: ultrasound(FrameTimeVector=["0", "40", "40", "40"]), 0.04),
])  # fmt: skip
def test_the_time_step_is_what_attributes_state(
    found: Callable[[], list[Dataset]], seconds: float, round_trip: RoundTrip
) -> None:
    step, _, notes = written(round_trip, found())

    assert (step, notes) == (seconds, [])


@pytest.mark.parametrize(("found", "seconds"), [
    (lambda: classic(MR, {"TriggerTime": PHASES_MS}, RepetitionTime="4", Manufacturer=GE), 0.04),
    (lambda: classic(MR, {"TriggerTime": PHASES_MS}, RepetitionTime="25", Manufacturer=PHILIPS), 0.04),
    (lambda: classic(MR, {"TriggerTime": [0, 9000, 18000]}, RepetitionTime="4", Manufacturer=GE), 9),
    (lambda: classic(MR, clocks(0, 0.045, 0.09), RepetitionTime="4", Manufacturer=SIEMENS), 0.045),
    (lambda: classic(MR, clocks(0, 10, 20), RepetitionTime="4", NumberOfAverages="2", Manufacturer=SIEMENS), 10),
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, RepetitionTime="4", TemporalResolution="2500",
                     NumberOfTemporalPositions=3), 2.5),
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2]}, RepetitionTime="4", TemporalResolution="2500",
                     NumberOfTemporalPositions=2), 2.5),
    (lambda: begun([0, 3, 6], RepetitionTime="4"), 3),
    (lambda: multi_frame(4, **offsets(0, 2, 4, 6)), 2),
    (lambda: multi_frame(4, **moments(0, 2, 4, 6)), 2),
    (lambda: multi_frame(4, **phases(*PHASES_MS)), 0.04),
])  # fmt: skip
def test_repetition_time_is_that_of_excitations_where_volumes_are_further_apart(
    found: Callable[[], list[Dataset]], seconds: float, round_trip: RoundTrip
) -> None:
    data_sets = found()
    step, keys, _ = written(round_trip, data_sets)

    assert (step, keys["RepetitionTime"]) == (seconds, seconds)
    assert keys["RepetitionTimeExcitation"] < seconds / 1.5


@pytest.mark.parametrize("found", [
    lambda: classic(MR, {"TriggerTime": [0, 40, 79, 119]}, RepetitionTime="39.7", Manufacturer=SIEMENS),
    *(lambda maker=maker: classic(MR, {"TriggerTime": [10, 20, 90, 95]}, RepetitionTime="30", Manufacturer=maker)  # of a gate
      for maker in (SIEMENS, GE)),
    lambda: classic(MR, {"TriggerTime": [5000, 5100, 5900]}, RepetitionTime="30", Manufacturer=GE),
    lambda: classic(MR, {"TriggerTime": [0, 20000, 60000]}, RepetitionTime="30", Manufacturer=SIEMENS),
    lambda: begun([0, 3, 6], RepetitionTime="2000", MRAcquisitionType="2D"),
    lambda: classic(MR, {"AcquisitionTime": ["100000", "100003", "100005", "100008"]}, RepetitionTime="2500"),  # seconds
    lambda: classic(MR, clocks(0, 2.5), RepetitionTime="2000", MRAcquisitionType="2D", Manufacturer=SIEMENS),
    lambda: classic(MR, clocks(0, 3, 6, 9), RepetitionTime="2000", Manufacturer=GE),
    lambda: classic(MR, clocks(0, 3.98, 8), RepetitionTime="2000", NumberOfAverages="2", Manufacturer=SIEMENS),
    lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, RepetitionTime="2000", TemporalResolution="2500"),
    lambda: multi_frame(2000, **moments(0, 2.02, 4, 6.01)),
])  # fmt: skip
def test_repetition_time_is_kept_where_it_may_be_that_of_volumes(
    found: Callable[[], list[Dataset]], round_trip: RoundTrip
) -> None:
    data_sets = found()
    first = data_sets[0].get("SharedFunctionalGroupsSequence", [Dataset()])[0].get("MRTimingAndRelatedParametersSequence")
    stated_ms = float(first[0].RepetitionTime if first else data_sets[0].RepetitionTime)

    step, keys, _ = written(round_trip, data_sets)

    assert (step, keys["RepetitionTime"]) == (pytest.approx(stated_ms / 1000), pytest.approx(stated_ms / 1000))
    assert not {"RepetitionTimeExcitation", "FrameTimesStart"} & keys.keys()


PROTOCOL = b'### ASCCONV BEGIN ###\ntSequenceFileName = "%CustomerSeq%\\ep2d_pcasl"\n### ASCCONV END ###'


@pytest.mark.parametrize(("manufacturer", "block", "creator", "elements"), [
    (PHILIPS, 0x2005, "Philips MR Imaging DD 005", {0x29: ("CS", "LABEL")}),
    (SIEMENS, 0x0021, "SIEMENS MR SDS 01", {0x19: ("OB", PROTOCOL)}),
    (GE, 0x0043, "GEMS_PARM_01", {0xA5: ("IS", "1450")}),
    ("UIH", 0x0065, "Image Private Header", {0x58: ("IS", "1")}),
])  # fmt: skip
@pytest.mark.parametrize("times_ms", [[500, 1000, 1500], [500, 1000, 4000]])
def test_trigger_times_of_spin_labeling_are_delays(
    manufacturer: str, block: int, creator: str, elements: dict, times_ms: list[int], round_trip: RoundTrip
) -> None:
    more = {"ArterialSpinLabelingContrast": "PSEUDOCONTINUOUS"} if manufacturer == "UIH" else {}
    found = classic(MR, {"TriggerTime": times_ms}, RepetitionTime="4000", Manufacturer=manufacturer, **more)
    step, keys, _ = written(round_trip, vendors.add_private(found, block, creator, elements))

    assert (step, keys["RepetitionTime"], "FrameTimesStart" in keys) == (4, 4, False)


@pytest.mark.parametrize(("found", "seconds", "starts", "words"), [
    (lambda: classic(CT, clocks(0, 1.5, 3, 8)), 0, [0, 1.5, 3, 8], "varies from 1.5 to 5 s: the image has no time step"),
    (lambda: classic(CT, {"AcquisitionTime": ["100000", "100001", "100002.5"]}), 0, [0, 1, 2.5], "varies from 1 to 1.5 s"),
    (lambda: classic(CT, clocks(0, 0.1, 0.18, 0.3)), 0, [0, 0.1, 0.18, 0.3], "varies from 0.08 to 0.12 s"),
    (lambda: classic(PET, clocks(0, 10, 20, 60), SeriesTime=clock(0)), 0, [0, 10, 20, 60], "varies from 10 to 40 s"),
    (lambda: classic(MR, {"TriggerTime": [0, 20000, 60000]}, RepetitionTime="4", Manufacturer=GE), 30, [0, 20, 60],
     "varies from 20 to 40 s: the time step of the image is 30 s"),
    (lambda: classic(PET, clocks(0, 1, 2, 4), SeriesTime=clock(0)), 0, [0, 1, 2, 4], "varies from 1 to 2 s"),
    (lambda: classic(CT, {"AcquisitionTime": [f"1000{s:02d}" for s in (0, 1, 2, 3, 4, 6, 8, 10)]}), 0,
     [0, 1, 2, 3, 4, 6, 8, 10], "varies from 1 to 2 s"),
    (lambda: ultrasound(FrameTimeVector=["0", "40", "40", "60"]), 0, [0, 0.04, 0.08, 0.14], "varies from 0.04 to 0.06 s"),
])  # fmt: skip
def test_times_that_vary_are_reported_and_listed(
    found: Callable[[], list[Dataset]], seconds: float, starts: list[float], words: str, round_trip: RoundTrip
) -> None:
    step, keys, notes = written(round_trip, found())

    assert (step, keys["FrameTimesStart"]) == (seconds, pytest.approx(starts))
    assert len(notes) == 1
    assert words in notes[0]


def test_a_table_that_moves_back_and_forth_reverses_the_slices_of_every_other_volume(round_trip: RoundTrip) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionTime = clock(2 * t + 0.3 * (2 - k if t % 2 else k))

    step, keys, notes = written(round_trip, series(state, planes=3, kind=CT))

    assert (step, "FrameTimesStart" in keys, notes) == (2, False, [])


def test_times_of_triggers_that_tremble_are_even(round_trip: RoundTrip) -> None:
    found = classic(MR, {"TriggerTime": [0, 2016, 4019, 6017]}, RepetitionTime="1000", Manufacturer=GE)
    vendors.add_private(found, 0x0019, "GEMS_ACQU_01", {0x9E: ("LO", "EPI")})
    step, keys, notes = written(round_trip, found)

    assert (step, "FrameTimesStart" in keys, notes) == (pytest.approx(6.017 / 3, abs=1e-5), False, [])


def test_two_volumes_that_are_further_apart_than_the_time_step_are_reported(round_trip: RoundTrip) -> None:
    found = classic(MR, clocks(0, 60), RepetitionTime="4", MRAcquisitionType="2D", Manufacturer=SIEMENS)
    step, _, notes = written(round_trip, found)

    assert step == 0.004
    assert notes == ["the volumes began 60 s after each other: the time step of the image is 0.004 s, RepetitionTime"]


def test_frames_of_pet_without_clocks_have_no_onsets_in_the_sidecar(round_trip: RoundTrip) -> None:
    found = classic(PET, {"FrameReferenceTime": [0, 60000, 180000]})
    _, keys, notes = written(round_trip, found)

    assert "FrameTimesStart" not in keys
    assert any("varies from 60 to 120 s: the image has no time step; the sidecar has their times" in note for note in notes)


def test_a_negative_repetition_time_is_not_that_of_excitations(round_trip: RoundTrip) -> None:
    found = classic(MR, clocks(0, 2, 4), RepetitionTime="-2000", Manufacturer=SIEMENS)
    step, keys, _ = written(round_trip, found)
    assert (step, "RepetitionTimeExcitation" in keys) == (2, False)


@pytest.mark.parametrize("found", [
    lambda: classic(CT, {"NominalPercentageOfCardiacPhase": [0.0, 30.0, 60.0]}),
    lambda: classic(CT, clocks(0, 2, 4, name="ContentTime")),
    lambda: classic(CT, clocks(0, 2, name="ContentTime")),
    lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, **NO_TR),
    lambda: ultrasound(FrameTimeVector=["0", "40"]),
])  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"resample": "spacing"}])
def test_a_time_step_that_nothing_states_is_reported(
    found: Callable[[], list[Dataset]], options: dict, round_trip: RoundTrip
) -> None:
    step, keys, notes = written(round_trip, found(), **options)

    assert (step, "FrameTimesStart" in keys) == (0.0, False)
    assert notes == [f"{UNKNOWN}: the image has no time step"]


@pytest.mark.parametrize(("found", "is_reported"), [
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, RepetitionTime="4"), True),
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, RepetitionTime="120"), False),
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, RepetitionTime="40", MRAcquisitionType="2D"), False),
    (lambda: classic(MR, {"TemporalPositionIdentifier": [1, 2, 3]}, RepetitionTime="4", MRAcquisitionType="2D"), True),
    (lambda: classic(MR, {"TriggerTime": [0, 50, 100]}, RepetitionTime="50"), False),
    (lambda: classic(MR, {"TriggerTime": [0, 33, 70, 100]}, RepetitionTime="4", MRAcquisitionType="2D"), True),
    (lambda: classic(MR, clocks(0, 2), RepetitionTime="1900", MRAcquisitionType="2D"), False),
    (lambda: classic(MR, clocks(0, 8, 16), RepetitionTime="2000", NumberOfAverages="4", Manufacturer=SIEMENS), False),
])  # fmt: skip
def test_a_repetition_time_that_is_too_short_for_a_volume_is_reported(
    found: Callable[[], list[Dataset]], is_reported: bool, round_trip: RoundTrip
) -> None:
    notes = written(round_trip, found())[2]

    assert len(notes) == is_reported
    assert all("too short for a volume" in note for note in notes)


def test_volumes_of_several_b_values_are_no_course_of_time(round_trip: RoundTrip) -> None:
    found = classic(MR, {"DiffusionBValue": [0.0, 500.0, 1000.0]}, **NO_TR)
    assert written(round_trip, found)[2] == []


def test_the_time_step_outlives_the_clocks_that_state_it(round_trip: RoundTrip) -> None:
    found = classic(MR, clocks(0, 10, 20), RepetitionTime="4", Manufacturer=SIEMENS)
    step, keys, _ = written(round_trip, found, deidentify=True)

    assert (step, keys["RepetitionTime"], "AcquisitionTime" in keys) == (10, 10, False)


@pytest.mark.parametrize("found", [
    lambda: classic(CT, clocks(0, 1.5, 3, 4.5)),
    lambda: classic(MR, clocks(0, 2, 4), **NO_TR),
    lambda: classic(MR, clocks(0, 2, 4), RepetitionTime="4", Manufacturer=SIEMENS),
])  # fmt: skip
def test_the_time_step_is_that_of_dcm2niix(found: Callable[[], list[Dataset]], round_trip: RoundTrip, tmp_path: Path) -> None:
    step, _, _ = written(round_trip, found())
    image = dcm2niix_of(round_trip.dicom, tmp_path, ".nii")

    assert equals_dcm2niix(float(nibabel.load(image).header["pixdim"][4]), step)
