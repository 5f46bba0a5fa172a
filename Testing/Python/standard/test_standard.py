"""Tables of the standard are what the scripts next to the tests make of their sources."""

from __future__ import annotations

import importlib.util
import json
import re
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pydicom
import pytest

from nifti_dicom_bridge.standard import transfer_syntaxes
from nifti_dicom_bridge.standard.editions import EDITION_OF
from nifti_dicom_bridge.standard.tags import Tag
from nifti_dicom_bridge.standard.uid_registry import is_registered
from support.paths import TESTING

SCRIPT = TESTING / "tag_table.py"


@pytest.fixture(scope="module")
def tag_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tag_table", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_the_tags_are_those_of_pydicom(tag_table: ModuleType) -> None:
    if pydicom.__version__ != tag_table.VERSION:
        pytest.skip(f"the table is of pydicom {tag_table.VERSION}, {pydicom.__version__} is installed")
    assert tag_table.TABLE.read_text("utf-8") == tag_table.table()


def test_the_tags_are_of_the_edition_that_is_named(tag_table: ModuleType) -> None:
    if pydicom.__version__ != tag_table.VERSION:
        pytest.skip(f"the table is of pydicom {tag_table.VERSION}, {pydicom.__version__} is installed")
    assert EDITION_OF["PS3.6"] == pydicom.__dicom_version__


@pytest.mark.parametrize(
    ("name", "part"),
    [("iods", "PS3.3"), ("confidential", "PS3.15"), ("quantities", "PS3.16"), ("segment_codes", "PS3.16")],
)
def test_a_table_names_the_edition_of_its_part(name: str, part: str) -> None:
    table = json.loads((files("nifti_dicom_bridge") / "data" / f"{name}.json").read_text("utf-8"))
    assert {table.get("edition") or re.search(r"DICOM (20\d\d[a-e])", table["source"]).group(1)} == {EDITION_OF[part]}


def test_no_other_file_names_an_edition() -> None:
    folder = Path(str(files("nifti_dicom_bridge")))
    naming = {path.name for path in folder.rglob("*.py") if re.search(r"\b20\d\d[a-e]\b", path.read_text("utf-8"))}
    assert naming == {"editions.py"}


def test_every_tag_of_the_table_has_a_name_of_its_own(tag_table: ModuleType) -> None:
    lines = tag_table.TABLE.read_text("utf-8").count(" = 0x")
    values = [value for name, value in vars(Tag).items() if not name.startswith("__")]
    assert len(values) == len(set(values)) == lines


@pytest.mark.parametrize(
    ("keyword", "name"),
    [
        ("SOPClassUID", "SOP_CLASS_UID"), ("ReferencedSOPInstanceUIDInFile", "REFERENCED_SOP_INSTANCE_UID_IN_FILE"),
        ("OtherPatientIDs", "OTHER_PATIENT_IDS"), ("XRay3DFrameTypeSequence", "X_RAY_3D_FRAME_TYPE_SEQUENCE"),
        ("ExposureTimeInuS", "EXPOSURE_TIME_IN_US"), ("XRayTubeCurrentInmA", "X_RAY_TUBE_CURRENT_IN_MA"),
        ("T2Preparation", "T2_PREPARATION"), ("DiffusionBValue", "DIFFUSION_B_VALUE"),
    ],
)  # fmt: skip
def test_a_keyword_becomes_a_readable_name(tag_table: ModuleType, keyword: str, name: str) -> None:
    assert tag_table.name_of(keyword) == name


def test_every_sop_class_and_transfer_syntax_of_the_tables_is_registered() -> None:
    table = json.loads((files("nifti_dicom_bridge") / "data" / "iods.json").read_text("utf-8"))
    syntaxes = {*transfer_syntaxes.NATIVE, transfer_syntaxes.DEFLATED_FRAMES, *transfer_syntaxes.JPEG_XL}
    assert [uid for uid in (*table["sop_classes"], *syntaxes) if not is_registered(uid)] == []
