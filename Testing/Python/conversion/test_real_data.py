"""Series of real scanners, if they are next to the repository: each is converted there and back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge import Outcome, compare
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import Series, find_series
from nifti_dicom_bridge.formats.dicom.reading.plans import Plan, plan_series
from support.paths import CASES, SHARED
from support.round_trip import RoundTrip


def is_structure_set(path: str | Path) -> bool:
    return pydicom.dcmread(path, specific_tags=["Modality"], stop_before_pixels=True).get("Modality") == "RTSTRUCT"


@pytest.mark.parametrize("case", CASES or ["none"])
def test_every_instance_that_was_converted_comes_back_equal(case: str, round_trip: RoundTrip) -> None:
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    round_trip.dicom = SHARED / case / "dicom"

    forth = round_trip.forth()
    converted = {str(path) for entry in forth.entries if entry.outcome is Outcome.CONVERTED for path in entry.inputs}
    home = round_trip.home()

    assert [entry.error for entry in home.entries if entry.outcome is Outcome.FAILED] == []
    assert {entry.outcome for entry in home.entries} == {Outcome.RESTORED}
    assert len(set(home.outputs)) == len(converted)
    structures = {path for path in converted if is_structure_set(path)}
    back = [pydicom.dcmread(path) for path in home.outputs if is_structure_set(path)]
    assert len(back) == len(structures)
    assert all(pydicom.dcmread(path) in back for path in structures)
    found = compare([round_trip.dicom], [round_trip.back])
    assert found.instances[2] == len(converted)
    assert found.equal_voxels == found.voxels
    assert found.geometry_mm == 0
    expected = sum(len(series.instances) for series in find_series([round_trip.back]).series)
    assert expected == len(converted - structures)
    assert found.equal_elements == found.elements


# --- one file taken out of a series of several times ------------------------------------------------------------------

DYNAMIC = ("mr-ge-dwi", "mr-ge-fmri-4d", "mr-ge-table-ffs-localizer", "mr-philips-asl-slopes", "mr-philips-dwi-classic",
           "mr-philips-fmri-4d", "mr-siemens-dwi-hfdr", "mr-siemens-mosaic-fmri", "mr-siemens-xa30-enhanced",
           "mr-siemens-xa60-dwi-fmri", "mr-uih-dwi-vframe")  # fmt: skip
MOST = 12
"""Files that are taken out of one series, one at a time: chosen at random, the first and the last among them."""

Volumes = list[list[list[tuple[str, int]]]]


def frames_in(plans: list[Plan]) -> Volumes:
    """Return the frames of each image by time, then by slice: name of the file and number in it."""
    return [[[(plan.instances[f.instance].name, f.frame) for f in times] for times in plan.frames] for plan in plans]


def _dynamic(case: str) -> Iterator[Series]:
    for series in find_series([SHARED / case / "dicom"]).series:
        if len(series.instances) > 1 and any(len(plan.frames) > 1 for plan in plan_series(series)):
            yield series


@pytest.mark.parametrize("case", [case for case in DYNAMIC if case in CASES] or ["none"])
def test_a_file_that_is_taken_out_is_missed_in_one_volume_only(case: str) -> None:
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    chance = random.Random(case)
    for series in _dynamic(case):
        before, count = frames_in(plan_series(series)), len(series.instances)
        for gone in {0, count - 1, *chance.sample(range(count), min(MOST, count))}:
            rest = [instance for n, instance in enumerate(series.instances) if n != gone]
            chance.shuffle(rest)
            _check(before, frames_in(plan_series(Series(series.uid, rest))), series.instances[gone].name)


def _check(before: Volumes, after: Volumes, gone: str) -> None:
    """Compare images before and after a file was taken out: the same times in the same order, less the one it was of."""
    whole = [[times for times in image if all(name != gone for name, _ in times)] for image in before]
    for image in filter(None, whole):
        assert image in after
    cut = [[frame for frame in times if frame[0] != gone] for image in before for times in image]
    partial = [times for times in cut if times and not any(times in image for image in whole)]
    assert all([times] in after for times in partial)
    assert sum(map(len, after)) == sum(map(len, whole)) + len(partial)
