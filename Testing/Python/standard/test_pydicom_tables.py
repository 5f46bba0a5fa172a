"""The data dictionary that is read without importing pydicom: the same as that of pydicom."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from pydicom import datadict
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._private_dict import private_dictionaries
from pydicom.uid import UID, UID_dictionary

from nifti_dicom_bridge.standard import pydicom_tables as tables

ALONE = """
import sys
from nifti_dicom_bridge.standard import pydicom_tables as tables
found = [tables.entry_of(0x00100010)[tables.VR], tables.private_vr_of(0x00291010, "SIEMENS CSA HEADER"),
         tables.tag_of_keyword("Rows"), tables.name_of_uid("1.2.840.10008.1.2")]
print(found, "pydicom" in sys.modules)
"""


def any_digits(pattern: str) -> int:
    return int("".join(random.choice("0123456789ABCDEF") if c == "x" else c for c in pattern), 16)


def entry_of_pydicom(tag: int) -> tuple | None:
    try:
        return datadict.get_entry(tag)
    except KeyError:
        return None


def private_vr_of_pydicom(tag: int, creator: str) -> str:
    try:
        return str(datadict.private_dictionary_VR(tag, creator))
    except KeyError:
        return ""


def test_the_tables_need_no_import_of_pydicom() -> None:
    command = [sys.executable, "-c", ALONE]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert text == "['PN', 'OB', 2621456, 'Implicit VR Little Endian'] False\n"


@pytest.mark.parametrize(
    "tags", [list(DicomDictionary)[::7], [*map(any_digits, RepeatersDictionary)], [0x60010010, 0x00091001]]
)
def test_entries_are_those_of_pydicom(tags: list[int]) -> None:
    assert [tables.entry_of(tag) for tag in tags] == [entry_of_pydicom(tag) for tag in tags]


def test_vrs_of_private_elements_are_those_of_pydicom() -> None:
    pairs = [(any_digits(pattern), creator) for creator, known in private_dictionaries.items() for pattern in list(known)[:2]]
    assert [tables.private_vr_of(*pair) for pair in pairs] == [private_vr_of_pydicom(*pair) for pair in pairs]


def test_private_elements_without_entry_have_no_vr() -> None:
    assert tables.private_vr_of(0x00091001, "NOT KNOWN") == tables.private_vr_of(0x00FF10FF, "SIEMENS CSA HEADER") == ""


def test_names_of_uids_are_those_of_pydicom() -> None:
    assert [tables.name_of_uid(uid) for uid in UID_dictionary] == [UID(uid).name for uid in UID_dictionary]


def test_keywords_are_those_of_pydicom() -> None:
    assert all(tables.tag_of_keyword(keyword) == tag for keyword, tag in datadict.keyword_dict.items() if keyword)
