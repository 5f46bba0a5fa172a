"""Take each file out of each series of several times, shuffle the rest, and check that only its volume is incomplete.

Run ``python Testing/trials/missing_files.py FOLDER...``: folders of DICOM files, such as those of real cases. The images that
remain must have the same times in the same order less the one that lost a file, and that one must be an image of its own, named
as incomplete; a volume that was one file is missing as a whole. Prints one line per series and the totals; exit code 1 if a
file was missed in another volume than its own.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from nifti_dicom_bridge.errors import BridgeError
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import Series, find_series
from nifti_dicom_bridge.formats.dicom.reading.plans import Plan, plan_series

Frame = tuple[int, int]
"""Identity of an instance in memory (names and UIDs may occur twice) and number of the frame."""
Images = dict[str, list[list[Frame]]]


def images_of(plans: list[Plan]) -> Images:
    """Return the frames of each image, by time, then by slice."""
    return {
        f"{number} {plan.name}": [[(id(plan.instances[one.instance]), one.frame) for one in times] for times in plan.frames]
        for number, plan in enumerate(plans)
    }


def problem(before: Images, after: Images, gone: int) -> str:
    """Return what is wrong with the images after a file was taken out; empty if nothing is."""
    now = list(after.values())
    whole = [[times for times in image if all(key != gone for key, _ in times)] for image in before.values()]
    if not all(image in now for image in whole if image):
        return "times of complete volumes changed"
    cut = [[frame for frame in times if frame[0] != gone] for image in before.values() for times in image]
    partial = [times for times in cut if times and not any(times in image for image in whole)]
    if not all([times] in now for times in partial):
        return "the volume that lost the file is not an image of its own"
    if sum(map(len, now)) != sum(map(len, whole)) + len(partial):
        return "frames were lost"
    named = [name for name, image in after.items() if image in [[times] for times in partial]]
    together = all("incomplete" in name for name in named) or all(len(image) == 1 for image in before.values())
    return "" if together else f"not named as incomplete: {named}"


def dynamic_series(folder: Path) -> Iterator[tuple[Series, list[Plan]]]:
    """Yield the series of several files with an image of several times, and their plans."""
    for series in find_series([folder]).series:
        try:
            plans = plan_series(series)
        except BridgeError:
            continue
        if len(series.instances) > 1 and any(len(plan.frames) > 1 for plan in plans):
            yield series, plans


def main(folders: list[str]) -> int:
    """Try each file of each series, and return the exit code."""
    tried = right = 0
    chance = random.Random(1)
    for folder in map(Path, folders):
        for series, plans in dynamic_series(folder):
            before, good = images_of(plans), 0
            for gone in series.instances:
                rest = [instance for instance in series.instances if instance is not gone]
                chance.shuffle(rest)
                found = problem(before, images_of(plan_series(Series(series.uid, rest))), id(gone))
                good += not found
                if found:
                    print(f"  {folder}: {gone.name}: {found}", flush=True)
            tried, right = tried + len(series.instances), right + good
            print(f"{folder} {series.title}: {good} of {len(series.instances)}", flush=True)
    print(f"{right} of {tried} files were missed in their own volume only")
    return int(right < tried)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
