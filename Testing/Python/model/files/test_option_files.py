"""Files that a person names with an option: whatever is wrong with them is one sentence."""

import os
from pathlib import Path

import pytest

from nifti_dicom_bridge.errors import OptionError
from nifti_dicom_bridge.model.files.option_files import LARGEST, read_option_file


def reason(path: Path) -> str:
    with pytest.raises(OptionError) as caught:
        read_option_file(path, "metadata")
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", '{"EchoTime": 30}'), ("a.toml", "EchoTime = 30"), ("A.TOML", "EchoTime=30")]
)
def test_json_and_toml_are_read(tmp_path, name, text):
    (tmp_path / name).write_text("\ufeff" + text, "utf-8")
    assert read_option_file(tmp_path / name, "metadata") == {"EchoTime": 30}


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "[" * 100000), ("a.toml", "a = " + "[" * 100000), ("a.json", "{"), ("a.toml", "=")]
)
def test_damaged_text_is_one_sentence(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    kind = "TOML" if name.endswith("toml") else "JSON"
    assert f"is not valid {kind}" in reason(tmp_path / name)


def test_too_large_file_is_not_parsed(tmp_path):
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    assert f"more than {LARGEST} bytes" in reason(tmp_path / "a.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    assert "a named pipe" in reason(tmp_path / "a.json")


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b'{"a": "\xff"}')
    assert "cannot be read" in reason(tmp_path / "a.json")
