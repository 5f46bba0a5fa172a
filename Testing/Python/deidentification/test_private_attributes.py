"""Private attributes: which stay with a rule, with the option "retain safe private", and with both (PS3.15 E.3.10)."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import ConversionOptions, Job, OptionError, Target, convert
from nifti_dicom_bridge.standard.confidentiality_profile import safe_private_vrs
from phantoms import ramp, slices, write

SAFE = (0x0019, "SIEMENS MR HEADER", 0x0C)
SAFE_SEQUENCE = (0x2005, "PHILIPS MR IMAGING DD 005", 0x0F)
WANTED, SAME_BLOCK, OTHER_CREATOR, OTHER_GROUP = (
    (0x0051, "WORKS", 0x10), (0x0051, "WORKS", 0x11), (0x0051, "PLANT", 0x10), (0x0053, "WORKS", 0x10),
)  # fmt: skip
ALL = {SAFE, SAFE_SEQUENCE, WANTED, SAME_BLOCK, OTHER_CREATOR, OTHER_GROUP}
RULE = 'keep-private = ["0051,WORKS,10"]'


def private_of(ds: Dataset) -> set[tuple[int, str, int]]:
    """Return group, creator and number of all private attributes, the nested ones too."""
    found = set()
    for element in ds:
        if element.tag.is_private and not element.tag.is_private_creator:
            creator = ds[element.tag.group << 16 | element.tag.element >> 8].value
            found.add((element.tag.group, str(creator), element.tag.element & 0xFF))
    return found


def cleaned(folder: Path, rule: str = "", **choices: str) -> Dataset:
    """Return a data set with all private attributes, after de-identification."""
    (ds,) = slices(ramp(1, 4, 5))
    for group, creator, number in sorted(ALL - {SAFE_SEQUENCE}):
        text = "1000" if (group, creator, number) == SAFE else "SECRET"
        block = ds.private_block(group, creator, create=True)
        block.add_new(number, "IS" if text == "1000" else "LO", text)
    item = Dataset()
    item.PatientName = "SECRET"
    group, creator, number = SAFE_SEQUENCE
    ds.private_block(group, creator, create=True).add_new(number, "SQ", Sequence([item]))
    write(folder / "in" / "0.dcm", ds)
    if rule:
        (folder / "rules.toml").write_text(rule)
        choices["deidentify_rules"] = str(folder / "rules.toml")
    report = convert(Job([folder / "in"], folder / "out", ConversionOptions(Target.DICOM, deidentify=True, **choices)))
    assert report.ok, report.entries[0].error
    (path,) = report.outputs
    return pydicom.dcmread(path)


def test_the_attributes_of_the_test_are_safe_ones_and_others() -> None:
    table = safe_private_vrs()
    assert {key for key in ALL if (key[1], key[0], key[2]) in table} == {SAFE, SAFE_SEQUENCE}


@pytest.mark.parametrize(
    ("rule", "retain", "kept"),
    [("", "", set()), (RULE, "", {WANTED}), ("", "safe-private", {SAFE, SAFE_SEQUENCE}),
     (RULE, "safe-private", {SAFE, SAFE_SEQUENCE, WANTED}), (RULE.lower(), "", {WANTED})],
)  # fmt: skip
def test_a_private_attribute_stays_by_its_rule_or_as_a_safe_one(
    rule: str, retain: str, kept: set[tuple[int, str, int]], tmp_path: Path
) -> None:
    ds = cleaned(tmp_path, rule, **({"retain": retain} if retain else {}))
    assert private_of(ds) == kept
    assert {str(ds[tag].value) for tag in dict(ds) if tag.is_private_creator} == {creator for _, creator, _ in kept}


def test_items_of_a_safe_sequence_are_cleaned(tmp_path: Path) -> None:
    ds = cleaned(tmp_path, retain="safe-private")
    group, creator, number = SAFE_SEQUENCE
    (item,) = ds.private_block(group, creator)[number].value
    assert "SECRET" not in str(item)


@pytest.mark.parametrize("text", ["0051,WORKS", "0052,WORKS,10", "0051,,10", "0051,WORKS,1FF", "WORKS,0051,10"])
def test_what_is_no_private_attribute_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is not GROUP,CREATOR,ELEMENT"):
        cleaned(tmp_path, f'keep-private = ["{text}"]')
