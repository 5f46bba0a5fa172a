"""Elements of a VR that they cannot have, and values that no attribute has, are findings, never a traceback."""

from __future__ import annotations

import copy
from pathlib import Path

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from nifti_dicom_bridge.validation import check_files
from phantoms import PHANTOMS
from phantoms.base import put_raw


def _a_sequence(ds: Dataset, tag: int) -> None:
    del ds[tag]
    ds[tag] = DataElement(tag, "SQ", [Dataset()])


def _a_text(ds: Dataset, tag: int) -> None:
    put_raw(ds, tag, "LO", b"A ")


def _no_number(ds: Dataset, tag: int) -> None:
    put_raw(ds, tag, "DS", b"inf ")


def _nothing(ds: Dataset, tag: int) -> None:
    put_raw(ds, tag, "LO", b"")


@pytest.mark.parametrize("name", ["classic_ct", "echoes_and_phase", "pet_slopes", "enhanced_mr", "segmentation"])
@pytest.mark.parametrize("change", [_a_sequence, _a_text, _no_number, _nothing])
def test_odd_elements_of_all_files_of_a_series_are_findings(change, name: str, tmp_path: Path) -> None:
    PHANTOMS[name].write(tmp_path)
    files = {path: pydicom.dcmread(path) for path in sorted(tmp_path.rglob("*.dcm"))[:3]}
    tags = [element.tag for element in next(iter(files.values())) if element.tag.group != 0x7FE0]
    assert len(tags) > 20
    for tag in tags:
        for path, ds in files.items():
            changed = copy.deepcopy(ds)
            if tag in changed:
                change(changed, tag)
            changed.save_as(path)
        findings = check_files(list(files))
        assert findings or change is not _a_sequence, f"{tag} of VR SQ"
