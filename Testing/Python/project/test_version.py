"""A version is known everywhere: from the tag, without git, and without package metadata."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib

import pytest

from nifti_dicom_bridge.version import NEXT_RELEASE, tool_version
from support.paths import ROOT


def test_the_version_without_git_is_that_of_the_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["hatch"]["version"]["raw-options"]["fallback_version"] == NEXT_RELEASE


def test_a_copy_that_is_not_installed_has_its_version(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setattr(sys, "path", [])
    assert tool_version() == f"{NEXT_RELEASE}+source"


def test_the_version_is_that_of_the_installed_package(tmp_path, monkeypatch):
    (tmp_path / "nifti_dicom_bridge-7.8.9.dev1+g0.dist-info").mkdir()
    (tmp_path / "nifti_dicom_bridge-7.8.9.dev1+g0.dist-info" / "METADATA").write_text("Version: 7.8.9.dev1+g0\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert tool_version() == "7.8.9.dev1+g0" == importlib.metadata.version("nifti-dicom-bridge")


def test_the_version_is_a_value_of_software_versions():
    """SoftwareVersions (0018,1020) is LO: at most 64 characters."""
    assert re.fullmatch(r"[\w.+-]{1,64}", tool_version())


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CITATION.cff"])
def test_the_next_release_is_described(name):
    assert NEXT_RELEASE.removesuffix(".dev0") in (ROOT / name).read_text("utf-8")
