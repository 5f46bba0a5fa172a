"""Attributes of functional groups that state the time or the state of a frame, and those that contradict each other."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from phantoms.dynamic import enhanced
from support.timed_series import SLICES, TIMES, expected, images, numbers


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
