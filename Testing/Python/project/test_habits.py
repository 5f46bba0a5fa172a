"""What people look for before they trust a project exists, is valid, and calls the scripts that .ci/run calls."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib

import pytest

from support.oracles import module
from support.paths import ROOT

yaml = module("yaml")

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir() if path.name != "run")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("name", [
    "CITATION.cff", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE",
    ".pre-commit-config.yaml",
    ".github/dependabot.yml", ".github/pull_request_template.md", ".github/ISSUE_TEMPLATE/bug.yml",
])  # fmt: skip
def test_a_file_that_people_look_for_exists(name):
    assert (ROOT / name).read_text("utf-8").strip()


@pytest.mark.parametrize("path", [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"],
                         ids=lambda path: path.name)  # fmt: skip
def test_yaml_is_valid(path):
    assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict)


def test_the_citation_has_the_fields_of_its_format():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["license"] == PROJECT["license"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_executable_and_valid_shell(path):
    assert os.name == "nt" or os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_scripts_that_exist(path):
    text = path.read_text("utf-8")
    called = set(re.findall(r"\.ci/([\w-]+)", text))
    assert called
    assert {name for name in called if not (ROOT / ".ci" / name).is_file()} == set()
    for job in yaml.safe_load(text)["jobs"].values():
        assert {"runs-on", "steps"} <= set(job)


def test_every_script_is_called_by_run():
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    assert {path.name for path in SCRIPTS if f".ci/{path.name}" not in text} <= {"documentation", "slicer-extension"}


def test_all_versions_of_python_and_all_systems_are_tested():
    (path,) = [path for path in WORKFLOWS if path.name == "tests.yml"]
    matrix = yaml.safe_load(path.read_text("utf-8"))["jobs"]["python"]["strategy"]["matrix"]
    named = {text.rpartition(" :: ")[2] for text in PROJECT["classifiers"] if "Python :: 3." in text}
    assert set(matrix["python"]) == named
    assert {system.split("-")[0] for system in matrix["system"]} == {"ubuntu", "macos", "windows"}


def test_nothing_secret_is_needed_to_publish():
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text("utf-8")
