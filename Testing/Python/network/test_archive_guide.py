"""The commands of docs/archive.md, and those of README.md for archives, run as they are shown."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from dataclasses import fields

import pydicom
import pytest

from nifti_dicom_bridge import ArchiveSettings, create_samples, make_sample
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.cli.parser import parser_of_commands
from support import code_blocks
from support.archives import PASSWORD, USER
from support.paths import ROOT, TOOL_STAND_INS

TEXT = (ROOT / "docs" / "archive.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ nifti-dicom-bridge (.*)$", TEXT, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_the_commands_run_one_after_the_other(orthanc, tmp_path, monkeypatch, capsys, protocol):
    files = make_sample(tmp_path / "scans")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_USER", USER)
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD", PASSWORD)
    names = {"$ARCHIVE": getattr(orthanc, protocol), "$STUDY": str(pydicom.dcmread(files[0]).StudyInstanceUID)}
    commands = [command for command in COMMANDS if not command.startswith("listen")]
    assert len(commands) == 7
    denoise = f'"{sys.executable}" "{TOOL_STAND_INS / "guide_tools.py"}" denoise'
    for command in commands:
        for name, value in names.items():
            command = command.replace(name, value)
        assert main(shlex.split(command.replace("-- denoise", f"-- {denoise}"))) == 0, capsys.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_the_commands_of_the_readme_run(orthanc, tmp_path, monkeypatch, capsys, protocol):
    monkeypatch.chdir(tmp_path)
    create_samples(tmp_path / "samples")
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_USER", USER)
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD", PASSWORD)
    archive = getattr(orthanc, protocol)
    assert main(["send", "samples/MR", "--to", archive]) == 0
    (block,) = [block for block in code_blocks.blocks("console") if "$ARCHIVE" in block]
    for command in code_blocks.commands_of(block, "nifti-dicom-bridge"):
        assert main(shlex.split(command.replace("$ARCHIVE", archive))[1:]) == 0, capsys.readouterr()


def test_the_command_that_listens_is_valid():
    (command,) = [command for command in COMMANDS if command.startswith("listen")]
    arguments = parser_of_commands(False).parse_args(shlex.split(command))
    assert arguments.step[:2] == ["--", "convert"]


def test_the_settings_file_shows_settings_that_exist():
    values = tomllib.loads(re.search(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[1])
    assert set(values) <= {field.name for field in fields(ArchiveSettings)}


@pytest.mark.slow
def test_the_python_example_reports_an_archive_that_is_not_there(tmp_path, monkeypatch, capsys):
    make_sample(tmp_path / "scans")
    monkeypatch.chdir(tmp_path)
    exec(re.search(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[1], {})
    assert "cannot be reached" in capsys.readouterr().out
