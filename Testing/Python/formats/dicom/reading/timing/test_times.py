"""Which time a frame belongs to: what it states, whatever the order of files, frames and instance numbers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from phantoms.base import CT, PET, put_raw
from phantoms.dynamic import value
from support.timed_series import (
    INTERLEAVED,
    ORIENTATIONS,
    SLICES,
    STATEMENTS,
    TIMES,
    clock,
    expected,
    images,
    number,
    numbers,
    series,
)


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


def test_slices_of_two_times_that_make_one_volume_are_reported(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = t + 1, TIMES

    (volume,) = images(tmp_path, series(state)[2 : 2 + SLICES])

    assert any("have 2 values of TemporalPositionIdentifier" in warning for warning in volume.warnings)


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


def test_slices_acquired_in_two_packages_are_one_volume(tmp_path: Path) -> None:
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", k % 2 + 1), times=1)

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected([0])


@pytest.mark.parametrize("text", ["NaN", "inf"])
def test_times_that_are_no_numbers_count_as_missing(text: str, tmp_path: Path) -> None:
    found = series(number("TriggerTime", 10, 100))
    for ds in found[1::SLICES]:
        put_raw(ds, 0x00181060, "DS", text.encode() + b" " * (len(text) % 2))

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


@pytest.mark.parametrize("text", [b"NaN ", b"inf ", b"two "])
@pytest.mark.parametrize("block", [(0x2001, "Philips Imaging DD 001", 0x08), (0x2005, "Philips MR Imaging DD 005", 0x13)])
def test_private_numbers_that_are_no_numbers_order_nothing(block: tuple[int, str, int], text: bytes, tmp_path: Path) -> None:
    """They ended in a traceback: texts and numbers have no order."""
    group, creator, element = block

    def state(ds: Dataset, t: int, k: int) -> None:
        ds.Manufacturer, ds.DiffusionBValue = "Philips", float(1000 * t)
        ds.private_block(group, creator, create=True)
        put_raw(ds, group << 16 | 0x1000 | element, "DS", text if t == 1 else b"%d " % (TIMES - t))

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))


def test_times_that_no_number_orders_are_in_the_order_of_their_b_values(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.DiffusionBValue, ds.DiffusionGradientOrientation, ds.InstanceNumber = (
            (2000.0, 0.0, 3000.0, 1000.0)[t],
            [1.0, 0, 0],
            1,
        )

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected([1, 3, 0, 2])
    assert volume.gradients is not None
    assert volume.gradients[:, 0].tolist() == [0, 1000, 2000, 3000]
    assert any("no attribute orders all times" in warning for warning in volume.warnings)
