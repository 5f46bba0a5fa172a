"""Numbers that no attribute can have end in an image or in one clear error, never in a traceback."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from nifti_dicom_bridge.errors import BridgeError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms import PHANTOMS
from phantoms.base import put_raw

NUMBERS = frozenset({"IS", "DS", "US", "SS", "UL", "SL", "FD", "FL"})
VALUES = (b"NaN ", b"inf ", b"1e300 ", b"-1", b"0 ")
PHANTOM_NAMES = (
    "classic_ct", "mosaic", "pet_slopes", "mr_4d", "enhanced_mr", "dose_grid", "segmentation", "segmentation_label_map",
    "segmentation_without_positions",
)  # fmt: skip
Owner = tuple[tuple[BaseTag, int], ...]


def _numbers(ds: Dataset, owner: Owner = ()) -> Iterator[tuple[Owner, BaseTag]]:
    """Yield where the first items of a data set have numbers."""
    for element in ds:
        if element.VR == "SQ":
            for item in element.value[:1]:
                yield from _numbers(item, (*owner, (element.tag, 0)))
        elif element.VR in NUMBERS:
            yield owner, element.tag


def _item(ds: Dataset, owner: Owner) -> Dataset:
    for tag, n in owner:
        ds = ds[tag].value[n]
    return ds


@pytest.mark.slow
@pytest.mark.parametrize("name", PHANTOM_NAMES)
def test_impossible_numbers_never_end_in_a_traceback(name: str, tmp_path: Path) -> None:
    PHANTOMS[name].write(tmp_path)
    files = {path: pydicom.dcmread(path) for path in sorted(tmp_path.rglob("*.dcm"))}
    places = list(_numbers(next(iter(files.values()))))
    assert len(places) > 5
    for owner, tag in places:
        for value in VALUES:
            for path, ds in files.items():
                changed = copy.deepcopy(ds)
                put_raw(_item(changed, owner), tag, "DS", value)
                changed.save_as(path)
            try:
                read([tmp_path])
            except BridgeError as error:
                assert str(error)  # noqa: PT017
