"""The table of highdicom that is read module by module has the same content as the whole one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge.formats.dicom.created import highdicom_tables
from nifti_dicom_bridge.formats.dicom.created.highdicom_tables import ModuleAttributes, read_tables_by_module
from support.oracles import module

highdicom = module("highdicom")


def table_of_highdicom() -> Path:
    return Path(highdicom.__file__).parent / "_standard" / "module_attribute_map.json"


@pytest.mark.slow
def test_every_module_has_the_attributes_of_the_whole_table():
    path = table_of_highdicom()
    assert dict(ModuleAttributes(path)) == json.loads(path.read_bytes())


def test_a_module_is_found_wherever_blocks_of_the_file_end(tmp_path, monkeypatch):
    content = {f"module-{n}": [{"keyword": "Rows", "type": "1", "path": ["A"] * n}] for n in range(40)}
    path = tmp_path / "table.json"
    path.write_text(json.dumps(content, indent=2))
    for size in (64, 301, 1000):
        monkeypatch.setattr(highdicom_tables, "_BLOCK", size)
        assert dict(ModuleAttributes(path)) == content


def test_a_module_that_is_not_there_is_missing_as_in_a_dictionary():
    assert "no-such-module" not in ModuleAttributes(table_of_highdicom())


def test_a_table_in_another_layout_has_no_modules(tmp_path):
    path = tmp_path / "table.json"
    path.write_text('{"patient": []}')
    assert not ModuleAttributes(path)


def test_highdicom_looks_up_attributes_in_that_table():
    read_tables_by_module()
    from highdicom import _standard_utils

    assert isinstance(_standard_utils.get_module_attribute_map(), ModuleAttributes)
    assert _standard_utils.is_attribute_in_iod("ContentDate", "1.2.840.10008.5.1.4.1.1.66.4")
