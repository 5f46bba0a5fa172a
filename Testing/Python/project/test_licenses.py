"""docs/licenses.md lists the license of every dependency, and what everybody installs is permissively licensed."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from support.oracles import module
from support.paths import TESTING

SCRIPT = TESTING / "license_table.py"
ROW = re.compile(r"^\| (\S+) \| (.+?) \|", re.MULTILINE)
COMBINED_WITH_EXCEPTION = {"numpy": {"libgfortran", "libquadmath"}}
"""Runtime libraries of GCC, which any program may be linked with."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("license_table", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def listed(script) -> dict[str, str]:
    return dict(ROW.findall(script.DOCUMENT.read_text("utf-8").split(script.BEGIN)[1]))


@pytest.mark.slow
def test_every_installed_dependency_is_listed(script, listed):
    installed = {name for names in script.groups().values() for name in names}
    assert sorted(installed - listed.keys()) == [], "run python Testing/license_table.py"


def test_every_requirement_of_the_project_is_listed_even_if_it_is_not_installed_here(script, listed):
    named = {name for extras in script.GROUPS.values() for name in script.direct(extras)}
    assert sorted(named - listed.keys()) == []


def test_every_extra_is_below_a_heading(script):
    below = {extra for extras in script.GROUPS.values() for extra in extras if extra}
    (everything,) = (text for text in script.PROJECT["optional-dependencies"]["all"])
    assert set(script.PROJECT["optional-dependencies"]) - below == set(re.search(r"\[(.+)\]", everything)[1].split(","))


@pytest.mark.slow
def test_a_license_that_became_less_permissive_is_noticed(script, listed):
    """Names of licenses differ between versions of a package; what matters is whether they are permissive."""
    installed = {name for names in script.groups().values() for name in names}
    changed = [name for name in sorted(installed & listed.keys())
               if script.is_permissive(listed[name]) and not script.is_permissive(script.license_of(name))]  # fmt: skip
    assert changed == []


@pytest.mark.slow
@pytest.mark.parametrize("title", ["Every installation", "Extra `all`", "Extra `nibabel`"])
def test_what_most_people_install_is_permissive(script, title):
    assert title in script.PERMISSIVE_GROUPS
    for name in script.groups()[title]:
        assert script.is_permissive(script.license_of(name)), f"{name}: {script.license_of(name)}"
        assert set(script.copyleft_inside(name)) <= COMBINED_WITH_EXCEPTION.get(name, set()), name


def test_what_the_wheels_of_pyav_contain_is_named(script):
    module("av")
    found = set(script.copyleft_inside("av"))
    if not found:
        pytest.skip("this av is not a wheel with FFmpeg inside")
    (row,) = re.findall(r"^\| av \|.*$", script.DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert {name for name in found if name not in row} == set()


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-2.0-only", True),
        ("MIT AND LGPL-2.1-or-later", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("MPL-2.0", False),
        ("unknown", False),
    ],
)
def test_expressions_are_permissive_if_an_alternative_is(script, expression, permissive):
    assert script.is_permissive(expression) is permissive
