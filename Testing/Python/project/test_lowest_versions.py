"""The constraints with which the lowest versions of the dependencies are tested."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from support.paths import TESTING


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lowest_versions", TESTING / "lowest_versions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_package_of_a_plain_installation_has_a_lower_bound(script):
    names = {text.split(">=")[0] for text in script.PROJECT["dependencies"] if ">=" in text}
    assert len(names) == len(script.PROJECT["dependencies"])
    assert names <= script.constraints().keys()


def test_the_highest_bound_of_an_extra_counts(script, monkeypatch):
    extras = {"a": ["numpy>=2.10,<3", "zarr>=3.1.4"], "b": ["numpy>=2.9"], "c": ["project[a,b]", "ruff"]}
    monkeypatch.setattr(script, "PROJECT", {"dependencies": ["numpy>=2.0"], "optional-dependencies": extras})
    assert script.constraints() == {"numpy": "2.10", "zarr": "3.1.4"}
