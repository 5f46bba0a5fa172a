"""What the README says is what happens."""

from __future__ import annotations

import shlex

import pytest

import readme
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.demo import make_sample


@pytest.fixture
def scans(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_sample(tmp_path / "scans")


def test_the_command_lines_run_one_after_the_other(scans, capsys):
    commands = readme.commands("nifti-dicom-bridge")
    assert len(commands) == 6
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command
    assert capsys.readouterr().out.rstrip().endswith("=> SAME")


def test_the_python_snippet_restores_the_series(scans, capsys):
    (snippet,) = [block for block in readme.blocks("python") if "import ConversionOptions" in block]
    exec(compile(snippet, "README.md", "exec"), {})
    assert "restored" in capsys.readouterr().out


def test_the_demo_prints_the_proof(capsys):
    assert main(["demo"]) == 0
    assert "identical to the last byte" in capsys.readouterr().out


def test_both_commands_for_newcomers_stand_in_the_readme():
    demo, tests = [block.strip() for block in readme.blocks("bash")]
    assert demo == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/nifti-dicom-bridge demo"
    assert tests == "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest"
