"""PET with and without a correction in one series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phantoms.base import PET
from support.series_of_images import SLICES, images, series

PAIRS = [("CorrectedImage", [["DECY", "ATTN", "SCAT"], ["DECY"]]), ("AttenuationCorrectionMethod", ["CT", "NONE"])]


@pytest.mark.parametrize(("attribute", "values"), PAIRS)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("clock", ["FrameReferenceTime", "AcquisitionTime", ""])
def test_pet_with_and_without_a_correction_are_images_of_their_own_whatever_their_clocks(
    attribute: str, values: list[Any], times: int, clock: str, tmp_path: Path
) -> None:
    found = series(attribute, values, PET, times)
    for n, ds in enumerate(found):
        second = n // SLICES + 1
        if clock:
            setattr(ds, clock, str(1000 * second) if clock == "FrameReferenceTime" else f"0304{second:02}")
    volumes = list(images(tmp_path, found).values())

    assert sorted(volume.voxels.shape[:2] for volume in volumes) == [(times, SLICES)] * 2
    assert sorted(int(volume.array[0, 0, 0, 0]) for volume in volumes) == [0, 100]


def test_a_correction_that_begins_during_a_dynamic_scan_makes_no_other_image(tmp_path: Path) -> None:
    found = series("CorrectedImage", [["DECY", "ATTN"]], PET, 6)
    for n, ds in enumerate(found):
        ds.FrameReferenceTime = str(1000 * (n // SLICES))
        ds.CorrectedImage = ["DECY", "ATTN", "SCAT"] if n >= SLICES else ["DECY", "ATTN"]
    (volume,) = images(tmp_path, found).values()

    assert volume.voxels.shape[:2] == (6, SLICES)
