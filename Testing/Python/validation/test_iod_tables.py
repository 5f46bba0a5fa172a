"""The table of IODs: what it is made of, and messages that name the attribute and the section."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Severity, validate
from nifti_dicom_bridge.standard import iods
from nifti_dicom_bridge.standard.editions import EDITION_OF
from nifti_dicom_bridge.validation.conditions import TABLES as CONDITIONS
from nifti_dicom_bridge.validation.subject import tag_of
from nifti_dicom_bridge.validation.value_tables import TABLES as VALUES
from phantoms import ramp, save, slices
from support.paths import TESTING

CT, MR, PET = ("1.2.840.10008.5.1.4.1.1." + end for end in ("2", "4", "128"))


SCRIPT = TESTING / "iod_tables.py"


def _script() -> ModuleType:
    """Return the generator of the table, which is outside of the test folder."""
    spec = importlib.util.spec_from_file_location("iod_tables", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


iod_tables = _script()


@pytest.mark.slow
def test_the_table_is_that_of_highdicom() -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("highdicom")
    except PackageNotFoundError:
        pytest.skip("highdicom is not installed")
    if found != iod_tables.VERSION:
        pytest.skip(f"the table is of highdicom {iod_tables.VERSION}, {found} is installed")
    assert iod_tables.TABLE.read_text("utf-8") == iod_tables.document()


def test_the_table_states_where_it_comes_from() -> None:
    table = json.loads(iod_tables.TABLE.read_text("utf-8"))

    assert "highdicom" in table["source"]
    assert table["edition"] == EDITION_OF["PS3.3"]
    assert table["licence"].startswith("MIT: Copyright")


@pytest.mark.parametrize(
    ("sop_class", "keyword", "expected"),
    [(CT, "RescaleSlope", "1"), (CT, "KVP", "2"), (MR, "ScanningSequence", "1"), (MR, "PatientName", "2"), (PET, "Units", "1"),
     ("1.2.840.10008.5.1.4.1.1.66.7", "SegmentationType", "1"), ("1.2.840.10008.5.1.4.1.1.30", "ContentLabel", "1")],
)  # fmt: skip
def test_attributes_have_their_types(sop_class: str, keyword: str, expected: str) -> None:
    found = {rule.type for rule in iods.attributes_of(sop_class) if rule.path == (tag_of(keyword),)}
    assert min(found, key=iods.TYPES.index) == expected


def test_attributes_of_sequences_have_their_path() -> None:
    path = (tag_of("RadiopharmaceuticalInformationSequence"), tag_of("RadionuclideCodeSequence"))
    assert [rule.type for rule in iods.attributes_of(PET) if rule.path == path] == ["2"]


def test_an_unknown_sop_class_has_no_attributes() -> None:
    assert iods.attributes_of("1.2.3") == ()


@pytest.mark.parametrize("table", [CONDITIONS, VALUES], ids=["conditions", "values"])
def test_every_row_names_an_attribute_and_iods_that_exist(table: dict) -> None:
    known = set(json.loads(iod_tables.TABLE.read_text("utf-8"))["iods"])
    for rows in table.values():
        for row in rows:
            assert tag_of(row.keyword)
            assert set(row.iods) <= known


def test_modules_have_their_section_of_the_standard() -> None:
    known = set(json.loads(iod_tables.TABLE.read_text("utf-8"))["modules"])

    assert iods.section_of("patient") == "C.7.1.1"
    assert iods.section_of("no module") == ""
    assert len([name for name in known if iods.section_of(name)]) > 0.98 * len(known)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: delattr(ds, "PatientName"),
         "It is missing; it is required, with a value or empty (Type 2, patient module, PS3.3 C.7.1.1)."),
        (lambda ds: delattr(ds, "RescaleSlope"),
         "It is missing; it is required, with a value (Type 1, ct-image module, PS3.3 C.8.2.1)."),
        (lambda ds: setattr(ds, "ReferencedImageSequence", [Dataset()]),
         "It is missing; it is required, with a value (Type 1, general-reference module, PS3.3 C.12.4)."),
        (lambda ds: setattr(ds, "WindowCenter", "40"),
         "It is missing; it is required because WindowCenter is present (Type 1C, PS3.3 C.11 Look-up tables)."),
    ],
)  # fmt: skip
def test_a_message_names_what_is_required_and_where(change: Callable[[Dataset], None], message: str, tmp_path: Path) -> None:
    """Messages had the name of a module, and in sequences nothing, in place of the section of the standard."""
    ds = slices(ramp(1, 4, 5), CT)[0]
    change(ds)
    save(tmp_path, [ds])

    assert message in [finding.message for finding in validate(tmp_path)]


@pytest.mark.parametrize(("model", "shape", "right"), [
    ("MONOCHROME1", "INVERSE", True), ("MONOCHROME2", "IDENTITY", True),
    ("MONOCHROME1", "IDENTITY", False), ("MONOCHROME2", "INVERSE", False),
])  # fmt: skip
def test_the_polarity_of_the_output_is_that_of_the_pixels(model: str, shape: str, right: bool, tmp_path: Path) -> None:
    (ds,) = slices(ramp(1, 4, 5), CT)
    ds.PhotometricInterpretation, ds.PresentationLUTShape = model, shape
    save(tmp_path, [ds])

    found = [finding.severity for finding in validate(tmp_path) if finding.tag.startswith("PresentationLUTShape")]

    assert found == ([] if right else [Severity.WARNING])
