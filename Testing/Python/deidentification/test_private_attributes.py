"""Private attributes: which stay with a rule, with the option "retain safe private", and with both (PS3.15 E.3.10)."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import ConversionOptions, Job, OptionError, Target, convert
from nifti_dicom_bridge.deidentification.safe_private import kept_private
from nifti_dicom_bridge.model.metadata import Element
from nifti_dicom_bridge.standard.confidentiality_profile import safe_private_vrs
from nifti_dicom_bridge.standard.siemens_csa import csa_bytes, csa_values
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


# --- values of safe attributes

NAME, NUMBER, COUNT, FLOAT, CODE = (
    (0x0019, "GEMS_ACQU_01", 0x9E), (0x00E1, "ELSCINT1", 0x21), (0x0903, "GEIIS PACS", 0x10),
    (0x2001, "PHILIPS IMAGING DD 001", 0x4F), (0x01F1, "ELSCINT1", 0x01),
)  # fmt: skip
VRS = {NAME: "LO", NUMBER: "DS", COUNT: "US", FLOAT: "FD", CODE: "CS"}


def test_the_vrs_of_the_test_are_those_of_the_table() -> None:
    table = safe_private_vrs()
    assert {key: table[key[1], key[0], key[2]] for key in VRS} == VRS


@pytest.mark.parametrize(
    ("key", "vr", "raw", "kept"),
    [
        (NAME, "LO", b"efgre3d_v1.2", b"efgre3d_v1.2"), (NAME, "LO", b"John Smith", None),
        (NAME, "LO", b"a" * 66, None), (NAME, "LO", b"M\xfcller", None), (NAME, "UN", b"fse", b"fse "),
        (NAME, "SH", b"fse ", b"fse "), (NAME, "PN", b"fse ", None), (NUMBER, "DS", b"1.5 ", b"1.5 "),
        (NUMBER, "DS", b"SECRET", None), (NUMBER, "UN", b"SECRET", None), (NUMBER, "IS", b"15", b"15"),
        (NUMBER, "LO", b"15", None), (CODE, "CS", b"HEAD", b"HEAD"), (CODE, "CS", b"Smith ", None),
        (COUNT, "US", b"\x02\0\x03\0", b"\x02\0\x03\0"), (COUNT, "UN", b"\x02\0\x03", b"\x02\0"),
        (COUNT, "OB", b"\x02\0", None), (FLOAT, "FD", bytes(7) + b"@SECR", bytes(7) + b"@"),
    ],
)  # fmt: skip
def test_a_safe_attribute_stays_if_its_value_has_the_form(
    key: tuple[int, str, int], vr: str, raw: bytes, kept: bytes | None
) -> None:
    group, creator, number = key
    tag = group << 16 | 0x1000 | number
    padded = creator + " " * (len(creator) % 2)
    elements = {group << 16 | 0x10: Element("LO", padded.encode("ascii")), tag: Element(vr, raw)}
    found = kept_private(elements, names=())
    assert found.get(tag, Element(vr, None)).value == kept
    assert found.keys() == (elements.keys() if kept is not None else set())


def test_of_the_csa_header_of_siemens_only_numbers_stay() -> None:
    header = csa_bytes({"B_value": ("IS", ["1000"]), "PatientsName": ("LO", ["SECRET"])})
    tags = {
        0x00290010: Element("LO", b"SIEMENS CSA HEADER"),
        0x00291010: Element("OB", header),
        0x00291020: Element("OB", header),
    }
    found = kept_private(tags, names=())
    assert found.keys() == {0x00290010, 0x00291010}
    assert csa_values(found[0x00291010].value) == {"B_value": [1000]}


def test_private_attributes_without_a_creator_do_not_stay() -> None:
    assert kept_private({0x00191016: Element("LO", b"fse ")}, names=(), more=frozenset({(0x0019, "", 0x16)})) == {}
