"""Which time a frame belongs to: what it states, whatever the order of files, frames and instance numbers."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms import PHANTOMS
from phantoms.base import AXIAL, CT, MR, PET, put_raw, save, slices, uid
from phantoms.dynamic import enhanced, value
from phantoms.series import CORONAL, OBLIQUE, SAGITTAL

TIMES, SLICES, PERIOD = 4, 6, 2.0
INTERLEAVED = (0, 3, 1, 4, 2, 5)
Statement = Callable[[Dataset, int, int], None]
ORIENTATIONS = (AXIAL, SAGITTAL, CORONAL, OBLIQUE)


def series(
    state: Statement, times: int = TIMES, planes: int = SLICES, orientation: tuple = AXIAL, kind: str = MR
) -> list[Dataset]:
    """Return a classic series time by time, in which frames state their time in one way."""
    found = []
    for t in range(times):
        pixels = np.array([np.full((4, 5), value(t, k)) for k in range(planes)], "<i2")
        for k, ds in enumerate(slices(pixels, kind, orientation)):
            number = t * planes + k + 1
            ds.InstanceNumber = number
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, number)
            del ds.AcquisitionNumber, ds.AcquisitionTime, ds.ContentTime, ds.AcquisitionDate, ds.ContentDate
            state(ds, t, k)
            found.append(ds)
    return found


def clock(seconds: float) -> str:
    """Return the time of day that number of seconds after ten o'clock."""
    return f"10{int(seconds) // 60:02d}{seconds % 60:09.6f}"


def _moment(attribute: str, running: bool) -> Statement:
    def state(ds: Dataset, t: int, k: int) -> None:
        setattr(ds, attribute, clock(t * PERIOD + (INTERLEAVED[k] * PERIOD / SLICES if running else 0)))

    return state


def _number(attribute: str, first: float, step: float, per_slice: float = 0.0) -> Statement:
    return lambda ds, t, k: setattr(ds, attribute, first + step * t + per_slice * INTERLEAVED[k])


def _weighting(ds: Dataset, t: int, k: int) -> None:
    ds.DiffusionBValue, ds.AcquisitionNumber = float(1000 * (t > 0)), t + 1
    if t:
        ds.DiffusionGradientOrientation = [np.cos(t), np.sin(t), 0.0]


STATEMENTS: dict[str, Statement] = {
    "TemporalPositionIdentifier": _number("TemporalPositionIdentifier", 1, 1),
    "FrameReferenceTime": _number("FrameReferenceTime", 0, 1000 * PERIOD),
    "TriggerTime of volumes": _number("TriggerTime", 10, 100),
    "TriggerTime of slices": _number("TriggerTime", 10, 1000 * PERIOD, 1000 * PERIOD / SLICES),
    "phases of the heart": _number("NominalPercentageOfCardiacPhase", 5, 20),
    "phases of a breath": _number("NominalPercentageOfRespiratoryPhase", 0, 25),
    "b-value and direction": _weighting,
    "AcquisitionNumber": _number("AcquisitionNumber", 1, 1),
    "AcquisitionTime of volumes": _moment("AcquisitionTime", running=False),
    "AcquisitionTime of slices": _moment("AcquisitionTime", running=True),
    "ContentTime of volumes": _moment("ContentTime", running=False),
}


def images(folder: Path, found: list[Dataset]) -> list[Volume]:
    """Return the volumes that files become."""
    save(folder, found)
    return read([folder])


def numbers(volume: Volume) -> list[list[int]]:
    """Return the values of frames by time and slice; each frame has one."""
    assert np.ptp(volume.voxels, axis=(2, 3)).max() == 0
    return volume.voxels[:, :, 0, 0].tolist()


def expected(times: list[int], planes: int = SLICES, without: int | None = None) -> list[list[int]]:
    """Return what `numbers` are of some times."""
    return [[value(t, k) for k in range(planes) if k != without] for t in times]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_order_of_files_and_instance_numbers_changes_nothing(statement: str, tmp_path: Path) -> None:
    found = series(STATEMENTS[statement])
    random.Random(statement).shuffle(found)
    for n, ds in enumerate(found, 1):
        ds.InstanceNumber = n

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


@pytest.mark.parametrize("statement", [*STATEMENTS, "InstanceNumber"])
@pytest.mark.parametrize("gone", range(0, TIMES * SLICES, 5))
def test_only_the_volume_that_lost_a_file_is_incomplete(statement: str, gone: int, tmp_path: Path) -> None:
    found = series(STATEMENTS.get(statement, lambda ds, t, k: None))
    time, plane = divmod(gone, SLICES)
    del found[gone]

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([t for t in range(TIMES) if t != time])
    assert numbers(rest) == expected([time], without=plane)
    assert rest.name.endswith(f"_incomplete{time + 1}")
    assert f"lacks slice(s) {plane + 1} of {SLICES}" in rest.warnings[0]


@pytest.mark.parametrize("statement", ["TemporalPositionIdentifier", "FrameReferenceTime"])
def test_one_whole_volume_between_parts_of_others(statement: str, tmp_path: Path) -> None:
    """Some files of a series in the order of their numbers; the clock of slices goes on from volume to volume."""

    def both(ds: Dataset, t: int, k: int) -> None:
        STATEMENTS[statement](ds, t, k)
        STATEMENTS["TriggerTime of slices"](ds, t, k)

    found = series(both, times=3)[SLICES - 2 : -(SLICES - 2)]

    volumes = images(tmp_path, found)

    first, last = [[value(0, k) for k in (SLICES - 2, SLICES - 1)]], [[value(2, k) for k in (0, 1)]]
    assert sorted(map(numbers, volumes)) == [first, expected([1]), last]


def _of_ge(ds: Dataset, t: int, k: int) -> None:
    ds.Manufacturer, ds.NumberOfTemporalPositions = "GE MEDICAL SYSTEMS", TIMES
    ds.private_block(0x0021, "GEMS_RELA_01", create=True).add_new(0x4F, "SS", SLICES)


@pytest.mark.parametrize("first", [1, 4, SLICES + 2])
def test_volumes_of_ge_begin_after_as_many_instances_as_they_have_slices(first: int, tmp_path: Path) -> None:
    found = series(_of_ge)[first : 3 * SLICES + 2]

    volumes = images(tmp_path, found)

    assert all({number // 100 for number in volume} == {volume[0] // 100} for one in volumes for volume in numbers(one))
    assert sum(volume.voxels.shape[0] * volume.voxels.shape[1] for volume in volumes) == len(found)


@pytest.mark.parametrize(
    ("first", "last"), [(1, 3 * SLICES), (SLICES - 1, 2 * SLICES + 2), (SLICES - 1, 3 * SLICES), (SLICES + 2, 3 * SLICES - 1)]
)
def test_volumes_that_instance_numbers_go_through_one_after_the_other(first: int, last: int, tmp_path: Path) -> None:
    found = series(lambda ds, t, k: None, times=3)[first:last]
    for ds in found:
        ds.InstanceNumber = 2 * int(ds.InstanceNumber)

    volumes = images(tmp_path, found)

    assert all({number // 100 for number in volume} == {volume[0] // 100} for one in volumes for volume in numbers(one))
    assert sum(volume.voxels.shape[0] * volume.voxels.shape[1] for volume in volumes) == len(found)


@pytest.mark.parametrize("is_ge", [False, True])
@pytest.mark.parametrize(
    ("planes", "numbers_of"),
    [(2, lambda t, k: 2 * k + t), (5, lambda t, k: 2 * k + t), (3, lambda t, k: 3 * t + (0, 2, 1)[k]),
     (3, lambda t, k: 3 * t + (1, 0, 2)[k])],
    ids=["times at each of 2 slices", "times at each of 5 slices", "odd slices first", "even slices first"],
)  # fmt: skip
def test_instance_numbers_that_go_through_no_volume_distinguish_times(
    planes: int, numbers_of: Callable[[int, int], int], is_ge: bool, tmp_path: Path
) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.InstanceNumber = numbers_of(t, k) + 1
        if is_ge:
            _of_ge(ds, t, k)
            ds[0x0021104F].value = planes

    (volume,) = images(tmp_path, series(state, times=2, planes=planes))

    assert numbers(volume) == expected([0, 1], planes)


def test_slices_of_two_times_that_make_one_volume_are_reported(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = t + 1, TIMES

    (volume,) = images(tmp_path, series(state)[2 : 2 + SLICES])

    assert any("have 2 values of TemporalPositionIdentifier" in warning for warning in volume.warnings)


@pytest.mark.parametrize("gone", [0, 4, 11, 23])
def test_instance_numbers_that_count_slice_by_slice(gone: int, tmp_path: Path) -> None:
    found = series(lambda ds, t, k: setattr(ds, "InstanceNumber", k * TIMES + t + 1))
    time, plane = divmod(gone, SLICES)
    del found[gone]

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([t for t in range(TIMES) if t != time])
    assert numbers(rest) == expected([time], without=plane)


def test_time_runs_against_instance_numbers(tmp_path: Path) -> None:
    found = series(STATEMENTS["FrameReferenceTime"], kind=PET)
    for ds in found:
        ds.InstanceNumber = 100 - ds.InstanceNumber

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert "FrameReferenceTime and InstanceNumber order the times differently: FrameReferenceTime is used" in volume.warnings


@pytest.mark.parametrize("statement", ["AcquisitionNumber", "AcquisitionTime of volumes"])
def test_shots_whose_slices_are_between_those_of_others_are_not_mixed(statement: str, tmp_path: Path) -> None:
    """As of CT during an intervention, where the table moves by half a slice; some slices are at the places of others."""
    found = series(STATEMENTS[statement], times=3, planes=3, kind=CT)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = [0, 0, 2.5 * (n % 3) + 1.25 * (n // 3)]

    shots = [tuple(row) for volume in images(tmp_path, found) for row in numbers(volume)]

    assert sorted(shots) == sorted(tuple(row) for row in expected([0, 1, 2], planes=3))


def test_sources_that_contradict_each_other_are_reported(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier, ds.FrameReferenceTime = t + 1, 1000 * (TIMES - t)

    (volume,) = images(tmp_path, series(state, kind=PET))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("TemporalPositionIdentifier and FrameReferenceTime" in warning for warning in volume.warnings)


def test_gradients_of_philips_are_in_the_order_of_the_scan_not_of_their_numbers(tmp_path: Path) -> None:
    stated = [(0, 1), (1000, 1), (1000, 2), (0.001, 1)]  # b-value and gradient orientation number, of each time

    def state(ds: Dataset, t: int, k: int) -> None:
        ds.InstanceNumber, ds.DiffusionBValue = k * TIMES + t + 1, stated[t][0]
        ds.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x13, "IS", str(stated[t][1]))

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert not any("order the times differently" in warning for warning in volume.warnings)


@pytest.mark.parametrize("attribute", ["AcquisitionTime", "ContentTime"])
@pytest.mark.parametrize("gone", [None, 1])
def test_a_clock_that_goes_on_within_a_volume_does_not_divide_it(attribute: str, gone: int | None, tmp_path: Path) -> None:
    starts = (0.0, 372.0, 710.0)
    found = series(lambda ds, t, k: setattr(ds, attribute, clock(starts[t] + (t == 0 and k > 3))), times=3)
    if gone is not None:
        del found[gone]

    whole, *rest = images(tmp_path, found)

    assert numbers(whole) == expected([0, 1, 2] if gone is None else [1, 2])
    assert [numbers(volume) for volume in rest] == ([] if gone is None else [expected([0], without=gone)])


@pytest.mark.parametrize("is_label_first", [True, False])
def test_all_phases_of_a_label_come_before_the_next_label(is_label_first: bool, tmp_path: Path) -> None:
    labels = ["LABEL", "CONTROL"] if is_label_first else ["CONTROL", "LABEL"]

    def state(ds: Dataset, t: int, k: int) -> None:
        ds.InstanceNumber, ds.TemporalPositionIdentifier, ds.Manufacturer = k * 8 + t + 1, t // 4 + 1, "Philips"
        ds.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x08, "IS", str(t % 2 + 1))
        ds.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x29, "CS", labels[t // 2 % 2])

    (volume,) = images(tmp_path, series(state, times=8))

    assert numbers(volume) == expected(list(range(8)))
    assert not any("order the times differently" in warning for warning in volume.warnings)


def _renumbered(found: list[Dataset], seed: int) -> list[Dataset]:
    """Return data sets whose UIDs do not count, with InstanceNumber at random."""
    order = list(range(1, len(found) + 1))
    random.Random(seed).shuffle(order)
    for ds, number in zip(found, order, strict=True):
        ds.InstanceNumber = number
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.{random.Random(number).getrandbits(100)}"
    return found


def test_frames_that_state_nothing_are_refused(tmp_path: Path) -> None:
    found = series(lambda ds, t, k: setattr(ds, "InstanceNumber", 1))
    del found[8]

    with pytest.raises(DicomReadError, match="nothing states which of them belong to one time"):
        images(tmp_path, found)


@pytest.mark.parametrize("seed", range(5))
def test_instance_numbers_at_random_are_refused_where_nothing_else_is_stated(seed: int, tmp_path: Path) -> None:
    with pytest.raises(DicomReadError, match="24 frames are at 6 positions"):
        images(tmp_path, _renumbered(series(lambda ds, t, k: None), seed))


def test_frames_at_one_position_are_a_time_axis_by_their_instances(tmp_path: Path) -> None:
    (volume,) = images(tmp_path, _renumbered(series(lambda ds, t, k: None, planes=1), 1))

    assert volume.voxels.shape[:2] == (TIMES, 1)


@pytest.mark.parametrize("by_time", [True, False])
def test_uids_that_count_distinguish_times_where_instance_numbers_do_not(by_time: bool, tmp_path: Path) -> None:
    found = series(lambda ds, t, k: None)
    scrambled = [random.Random(t).sample(range(SLICES), SLICES) for t in range(TIMES)]
    for n, ds in enumerate(_renumbered(found, 2)):
        t, k = divmod(n, SLICES)
        count = t * SLICES + scrambled[t][k] if by_time else k * TIMES + t
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{500 + count}"

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("the number at the end of SOPInstanceUID distinguishes them" in warning for warning in volume.warnings)


def test_irregular_triggers_are_times_in_their_order(tmp_path: Path) -> None:
    beats = (0, 700, 1900, 2500)
    found = series(lambda ds, t, k: setattr(ds, "TriggerTime", beats[t] + 50 * INTERLEAVED[k]))
    for ds in found:
        ds.InstanceNumber = 100 - ds.InstanceNumber

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


@pytest.mark.slow
@given(beats=st.lists(st.integers(600, 1100), min_size=3, max_size=5), phases=st.integers(3, 8))
@settings(max_examples=25)
def test_phases_of_hearts_that_beat_at_another_rate_in_every_slice(
    tmp_path_factory: pytest.TempPathFactory, beats: list[int], phases: int
) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TriggerTime, ds.InstanceNumber = round(beats[k] * t / phases + 3 * k, 1), k * phases + t + 1

    (volume,) = images(tmp_path_factory.mktemp("cine"), series(state, phases, len(beats)))

    assert numbers(volume) == expected(list(range(phases)), len(beats))


def _repeated(times: int, running: bool = False) -> list[Dataset]:
    """Return one volume whose third slice occurs several times, the others behind all slices."""
    found = series(lambda ds, t, k: None, times=1)
    for n in range(1, times):
        ds = copy.deepcopy(found[2])
        ds.InstanceNumber, ds.SOPInstanceUID = 20 + n, uid(1, 20 + n)
        ds.PixelData = np.full((4, 5), 9000 + n, "<i2").tobytes()
        found.append(ds)
    for n, ds in enumerate(found if running else []):
        ds.AcquisitionTime = clock(n)
    return found


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("times", [2, 3])
def test_slices_that_were_repeated_do_not_tear_their_volume(times: int, running: bool, tmp_path: Path) -> None:
    whole, *rest = images(tmp_path, _repeated(times, running))

    assert numbers(whole) == expected([0])
    assert [numbers(volume) for volume in rest] == [[[9000 + n]] for n in range(1, times)]
    assert any("InstanceNumber" in words for words in whole.warnings)


def test_a_slice_between_its_neighbors_that_was_repeated(tmp_path: Path) -> None:
    found = _repeated(2)
    found.insert(3, found.pop())
    for n, ds in enumerate(found, 1):
        ds.InstanceNumber = n

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([0])
    assert numbers(rest) == [[9001]]


@pytest.mark.parametrize("slice_number", [0, 1, 2])
def test_a_repeated_slice_is_not_reported_as_missing_files(slice_number: int, tmp_path: Path) -> None:
    found = _repeated(2)
    count = len(found) - 1
    for n, ds in enumerate(found[:-1]):
        ds.InstanceNumber = count - n
    found[-1].InstanceNumber = count + 1
    found[-1].ImagePositionPatient = found[slice_number].ImagePositionPatient

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([0])
    assert numbers(rest) == [[9001]]
    assert not any("files are missing" in words for words in whole.warnings)


def test_a_repeated_slice_of_the_same_number_is_refused(tmp_path: Path) -> None:
    found = _repeated(2)
    found[-1].InstanceNumber = found[2].InstanceNumber

    with pytest.raises(DicomReadError, match="nothing states which of them belong to one time"):
        images(tmp_path, found)


@pytest.mark.parametrize("date", ["", "20260102"])
@pytest.mark.parametrize("running", [False, True])
def test_midnight_without_a_change_of_the_date(date: str, running: bool, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        moment = (86394 + t * 4 + (k * 4 / SLICES if running else 0)) % 86400
        ds.AcquisitionTime = f"{int(moment // 3600):02d}{int(moment % 3600 // 60):02d}{moment % 60:09.6f}"
        if date:
            ds.AcquisitionDate = date

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("passes midnight without a change of the date (AcquisitionDateTime)" in words for words in volume.warnings)


def test_midnight_with_a_change_of_the_date_is_no_note(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionDate, ds.AcquisitionTime = ("20260102", "235950") if t == 0 else ("20260103", f"00000{t}")

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert not volume.warnings


@pytest.mark.parametrize("how", ["missing", "at random"])
def test_midnight_where_instance_numbers_do_not_specify_the_order(how: str, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        moment = (86394 + t * 4 + k * 4 / SLICES) % 86400
        ds.AcquisitionTime = f"{int(moment // 3600):02d}{int(moment % 3600 // 60):02d}{moment % 60:09.6f}"
        ds.InstanceNumber = ds.InstanceNumber * 7 % 25

    found = series(state)
    for ds in found if how == "missing" else []:
        del ds.InstanceNumber
    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("passes midnight" in words for words in volume.warnings)


@pytest.mark.parametrize("attribute", ["TemporalPositionIdentifier", "AcquisitionNumber"])
def test_times_that_are_counted_from_0(attribute: str, tmp_path: Path) -> None:
    found = series(_number(attribute, 0, 1))
    for ds in found:
        ds.InstanceNumber, ds.NumberOfTemporalPositions = ds.InstanceNumber * 7 % 25, TIMES

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert not any("missing" in words for words in volume.warnings)


def _downwards(ds: Dataset, t: int, k: int) -> None:
    """Slices are acquired from the last to the first, which is the first of all."""
    ds.AcquisitionTime = clock(t * PERIOD + -k % SLICES * PERIOD / SLICES)


def test_instance_numbers_settle_what_running_times_leave_open(tmp_path: Path) -> None:
    whole, rest = images(tmp_path, series(_downwards)[1:])

    assert numbers(whole) == expected([1, 2, 3])
    assert numbers(rest) == expected([0], without=0)


def test_running_times_that_leave_a_choice_are_reported(tmp_path: Path) -> None:
    found = series(_downwards)[1:]
    for ds in found:
        ds.InstanceNumber = 1

    whole, _ = images(tmp_path, found)

    assert any("AcquisitionDateTime fits two times for slices that lack one" in words for words in whole.warnings)


def test_times_that_only_instance_numbers_distinguish_are_reported(tmp_path: Path) -> None:
    (volume,) = images(tmp_path, series(lambda ds, t, k: None))

    assert list(volume.warnings) == ["No attribute specifies the time of each frame: InstanceNumber distinguishes them"]


@pytest.mark.slow
def test_a_whole_time_that_is_missing_is_named(tmp_path: Path) -> None:
    found = series(STATEMENTS["TemporalPositionIdentifier"])

    (volume,) = images(tmp_path, found[:SLICES] + found[2 * SLICES :])

    assert numbers(volume) == expected([0, 2, 3])
    assert "1 time(s) missing: no frame has TemporalPositionIdentifier 2" in volume.warnings


@pytest.mark.parametrize("lost", [None, 1])
def test_times_that_another_image_of_the_series_has_are_not_missing(lost: int | None, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = t + 1, 4
        ds.ImageType = ["ORIGINAL", "PRIMARY", "MP"[t % 2]]

    found = series(state, times=4)

    volumes = images(tmp_path, [ds for ds in found if ds.TemporalPositionIdentifier != lost])

    missing = [warning for volume in volumes for warning in volume.warnings if "missing" in warning]
    assert len(volumes) == 2
    assert missing == (["1 time(s) missing: no frame has TemporalPositionIdentifier 1"] if lost else [])


@pytest.mark.parametrize(("first", "is_missing"), [(1, False), (SLICES + 1, True)])
def test_times_that_are_counted_from_two_lack_one_where_the_first_instance_is_not_there(
    first: int, is_missing: bool, tmp_path: Path
) -> None:
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", t + 2))
    for n, ds in enumerate(found):
        ds.InstanceNumber = first + n

    (volume,) = images(tmp_path, found)

    assert ("1 time(s) missing: no frame has AcquisitionNumber 1" in volume.warnings) == is_missing


@pytest.mark.slow
@settings(max_examples=40)
@given(
    statement=st.sampled_from(sorted(STATEMENTS)),
    times=st.integers(2, 6),
    planes=st.integers(3, 6),
    orientation=st.sampled_from(ORIENTATIONS),
    chance=st.randoms(use_true_random=False),
)
def test_one_missing_file_moves_no_other_voxel(
    tmp_path_factory: pytest.TempPathFactory, statement: str, times: int, planes: int, orientation: tuple, chance: random.Random
) -> None:
    found = series(STATEMENTS[statement], times, planes, orientation)
    gone = chance.randrange(len(found))
    time, plane = divmod(gone, planes)
    del found[gone]
    chance.shuffle(found)

    whole, rest = sorted(images(tmp_path_factory.mktemp("series"), found), key=lambda volume: "incomplete" in volume.name)

    assert numbers(whole) == expected([t for t in range(times) if t != time], planes)
    assert numbers(rest) == expected([time], planes, without=plane)


# --- multi-frame objects ----------------------------------------------------------------------------------------------


def _part(start: int, stop: int, number: int) -> Dataset:
    """Return some frames of two times, of which nothing but their order specifies the time, as a part of a concatenation."""
    ds = enhanced([0, 1], instance=number)
    del ds.DimensionIndexSequence
    for groups in ds.PerFrameFunctionalGroupsSequence:
        del groups.FrameContentSequence
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[start:stop]
    ds.PixelData, ds.NumberOfFrames = ds.PixelData[40 * start : 40 * stop], stop - start
    ds.ConcatenationUID, ds.InConcatenationNumber, ds.ConcatenationFrameOffsetNumber = uid(6), number, start
    return ds


@pytest.mark.parametrize("bounds", [(0, 6, 12), (0, 5, 7, 12)])
@pytest.mark.parametrize("numbered", [True, False])
def test_parts_of_a_concatenation_in_any_order(bounds: tuple[int, ...], numbered: bool, tmp_path: Path) -> None:
    found = [_part(start, stop, n) for n, (start, stop) in enumerate(pairwise(bounds), 1)]
    for ds in [] if numbered else found:
        ds.InstanceNumber = 1

    (volume,) = images(tmp_path, found[::-1])

    assert numbers(volume) == expected([0, 1])


def test_frames_at_one_position_that_count_as_slices_are_reported(tmp_path: Path) -> None:
    ds = enhanced([0], by_index=False)
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence, 1):
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 0]
        groups.FrameContentSequence[0].InStackPositionNumber = n

    (volume,) = images(tmp_path, [ds])

    assert any("different values of InStackPositionNumber (0020,9057)" in words for words in volume.warnings)


@pytest.mark.parametrize("by_index", [True, False])
def test_frames_of_an_enhanced_object_in_any_order(by_index: bool, tmp_path: Path) -> None:
    order = list(range(TIMES * SLICES))
    random.Random(3).shuffle(order)

    (volume,) = images(tmp_path, [enhanced(list(range(TIMES)), order, by_index)])

    assert numbers(volume) == expected(list(range(TIMES)))


def _in_groups(state: Callable[[Dataset, int], None]) -> Dataset:
    """Return an object whose frames, in any order, state their time in no other way than this."""
    order = list(range(TIMES * SLICES))
    random.Random(3).shuffle(order)
    ds = enhanced(list(range(TIMES)), order, by_index=False)
    del ds.DimensionIndexSequence
    for groups in ds.PerFrameFunctionalGroupsSequence:
        content = groups.FrameContentSequence[0]
        time = content.DimensionIndexValues[2] - 1
        del content.DimensionIndexValues
        state(groups, time)
    return ds


def _in_group(sequence: str, **attributes: Callable[[int], object]) -> Callable[[Dataset, int], None]:
    def state(groups: Dataset, time: int) -> None:
        if sequence not in groups:
            setattr(groups, sequence, [Dataset()])
        for keyword, of_time in attributes.items():
            setattr(groups[sequence].value[0], keyword, of_time(time))

    return state


@pytest.mark.parametrize(
    "state",
    [
        _in_group("FrameContentSequence", FrameReferenceDateTime=lambda t: f"202001011010{10 + t}"),
        _in_group("FrameContentSequence", StackID=lambda t: str(t + 1)),
        _in_group("RespiratorySynchronizationSequence", NominalRespiratoryTriggerDelayTime=lambda t: 500.0 * t),
    ],
    ids=["FrameReferenceDateTime", "StackID", "NominalRespiratoryTriggerDelayTime"],
)
def test_functional_groups_state_the_time(state: Callable[[Dataset, int], None], tmp_path: Path) -> None:
    """These objects were refused, or the order of their frames mixed the times."""
    (volume,) = images(tmp_path, [_in_groups(state)])

    assert numbers(volume) == expected(list(range(TIMES)))
    assert volume.warnings == ()


PHASES = ("PRE", "ART", "VEN", "LATE")


@pytest.mark.parametrize(
    "state",
    [
        _in_group("ContrastBolusUsageSequence", ContrastBolusAgentPhase=lambda t: PHASES[t]),
        _in_group("RespiratorySynchronizationSequence", StartingRespiratoryPhase=lambda t: PHASES[t]),
    ],
    ids=["ContrastBolusAgentPhase", "StartingRespiratoryPhase"],
)
def test_states_of_frames_are_images_of_their_own(state: Callable[[Dataset, int], None], tmp_path: Path) -> None:
    found = images(tmp_path, [_in_groups(state)])

    assert {volume.name.rpartition("_")[2]: numbers(volume) for volume in found} == {
        name.lower(): expected([t]) for t, name in enumerate(PHASES)
    }


def test_numbers_of_times_that_contradict_each_other_are_reported(tmp_path: Path) -> None:
    """DimensionIndexValues were used without a word, which mixed the times that TemporalPositionIndex states."""
    ds = enhanced(list(range(TIMES)))
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        groups.FrameContentSequence[0].TemporalPositionIndex = (n // SLICES + n) % TIMES + 1

    (volume,) = images(tmp_path, [ds])

    words = "DimensionIndexValues and TemporalPositionIndex divide the frames differently: DimensionIndexValues is used"
    assert words in volume.warnings


def test_one_object_for_each_time_in_any_order(tmp_path: Path) -> None:
    found = [enhanced([t], instance=9 - t) for t in (2, 0, 3, 1)]

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


@pytest.mark.slow
@settings(max_examples=25)
@given(times=st.integers(2, 5), by_index=st.booleans(), objects=st.booleans(), chance=st.randoms(use_true_random=False))
def test_enhanced_objects_in_any_order_of_frames_and_files(
    tmp_path_factory: pytest.TempPathFactory, times: int, by_index: bool, objects: bool, chance: random.Random
) -> None:
    parts = [[t] for t in range(times)] if objects else [list(range(times))]
    found = []
    for n, part in enumerate(parts):
        order = chance.sample(range(len(part) * SLICES), len(part) * SLICES)
        found.append(enhanced(part, order, by_index, instance=times - n))
    chance.shuffle(found)

    (volume,) = images(tmp_path_factory.mktemp("enhanced"), found)

    assert numbers(volume) == expected(list(range(times)))


@pytest.mark.slow
@settings(max_examples=25)
@given(
    times=st.integers(2, 5), gone=st.integers(0, 4), shift=st.sampled_from([0.0, 0.3]), chance=st.randoms(use_true_random=False)
)
def test_mosaics_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, times: int, gone: int, shift: float, chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("mosaic")
    PHANTOMS["mosaic"].write(folder)
    first = pydicom.dcmread(sorted(folder.iterdir())[0])
    normal = np.cross(first.ImageOrientationPatient[:3], first.ImageOrientationPatient[3:])
    found = []
    for t in range(times):
        ds = copy.deepcopy(first)
        ds.AcquisitionNumber, ds.InstanceNumber = t + 1, chance.randrange(100)
        ds.ImagePositionPatient = [round(float(p), 6) for p in np.array(first.ImagePositionPatient, float) + t * shift * normal]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(6, t)
        ds.PixelData = (first.pixel_array + 100 * t).astype(first.pixel_array.dtype).tobytes()
        found.append(ds)
    left = [ds for t, ds in enumerate(found) if t != gone or times == 2]
    chance.shuffle(left)

    (volume,) = images(tmp_path_factory.mktemp("series"), left)

    wanted = [t for t in range(times) if t != gone or times == 2]
    assert (volume.voxels[:, 0, 0, 0] - first.pixel_array[0, 0]).tolist() == [100 * t for t in wanted]
    assert volume.voxels.shape[0] == len(wanted)


# --- volumes that move ------------------------------------------------------------------------------------------------


def _moved(found: list[Dataset], away: tuple[float, float, float]) -> list[Dataset]:
    for ds in found:
        shift = (ds.TemporalPositionIdentifier - 1) * np.array(away)
        ds.ImagePositionPatient = [float(a) + float(b) for a, b in zip(ds.ImagePositionPatient, shift, strict=True)]
    return found


@pytest.mark.parametrize("away", [(0, 0, 0.1), (0.4, 0, 0), (0.1, -0.2, 0.3)])
def test_volumes_that_move_stay_one_image(away: tuple[float, float, float], tmp_path: Path) -> None:
    found = _moved(series(STATEMENTS["TemporalPositionIdentifier"]), away)

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    largest = (TIMES - 1) * np.linalg.norm(away)
    assert any(f"volumes are up to {largest:.3g} mm off the first one" in warning for warning in volume.warnings)


def test_volumes_that_turn_stay_one_image(tmp_path: Path) -> None:
    found = series(STATEMENTS["TemporalPositionIdentifier"])
    for ds in found:
        angle = np.radians(0.5 * (ds.TemporalPositionIdentifier - 1))
        ds.ImageOrientationPatient = [np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0]

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


def test_a_moved_series_that_lost_a_file(tmp_path: Path) -> None:
    found = _moved(series(STATEMENTS["TemporalPositionIdentifier"]), (0, 0, 0.1))
    del found[8]

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([0, 2, 3])
    assert numbers(rest) == expected([1], without=2)


def test_a_shifted_b0_is_a_time_of_its_image(tmp_path: Path) -> None:
    found = series(_weighting)
    for ds in found[:SLICES]:
        ds.ImagePositionPatient = [*ds.ImagePositionPatient[:2], ds.ImagePositionPatient[2] + 0.3]

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert volume.gradients is not None
    assert volume.gradients[:, 0].tolist() == [0, 1000, 1000, 1000]


def test_slices_acquired_in_two_packages_are_one_volume(tmp_path: Path) -> None:
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", k % 2 + 1), times=1)

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected([0])


@pytest.mark.parametrize("text", ["NaN", "inf"])
def test_times_that_are_no_numbers_count_as_missing(text: str, tmp_path: Path) -> None:
    found = series(_number("TriggerTime", 10, 100))
    for ds in found[1::SLICES]:
        put_raw(ds, 0x00181060, "DS", text.encode() + b" " * (len(text) % 2))

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
