"""What the Slicer Extensions Index checks of an extension (its scripts/check_description_files.py), here on this repository."""

from __future__ import annotations

import ast
import json
import re
import subprocess

import pytest

from support.paths import ROOT

ENTRY = ROOT / "Resources" / "NiftiDicomBridge.json"
CMAKE = (ROOT / "CMakeLists.txt").read_text("utf-8")
KEYS = {"$schema", "build_dependencies", "build_subdirectory", "category", "enabled", "scm_revision", "scm_type", "scm_url",
        "tier", "dicom_support_rule"}  # fmt: skip
CATEGORIES = {"Converters", "DICOM", "Exporter", "Informatics", "Utilities"}
LARGEST_MB = 100


@pytest.fixture
def entry():
    return json.loads(ENTRY.read_text("utf-8"))


def test_entry_has_what_the_schema_wants_and_nothing_else(entry):
    assert {"$schema", "category", "scm_url"} <= set(entry) <= KEYS
    assert re.search(r"slicer-extension-catalog-entry-schema-v1\.0\.[12]\.json#?$", entry["$schema"])
    assert isinstance(entry["tier"], int)
    assert 1 <= entry["tier"] <= 5
    assert entry["scm_type"] in ("git", "local")
    assert entry["build_dependencies"] == []


def test_dicom_support_rule_needs_the_newer_schema(entry):
    assert "dicom_support_rule" not in entry or "v1.0.2" in entry["$schema"]


def test_entry_has_unix_line_ends():
    assert b"\r" not in ENTRY.read_bytes()
    assert ENTRY.read_bytes().endswith(b"}\n")


def test_category_is_one_of_the_index_and_that_of_the_module(entry):
    assert entry["category"] in CATEGORIES
    assert f'set(EXTENSION_CATEGORY "{entry["category"]}")' in CMAKE


def test_name_of_entry_project_and_module_are_the_same_and_do_not_begin_with_slicer():
    (project,) = re.findall(r"^project\((\w+)\)$", CMAKE, re.MULTILINE)
    assert project == ENTRY.stem
    assert not project.lower().startswith("slicer")
    assert f"add_subdirectory({project})" in CMAKE
    assert (ROOT / project / f"{project}.py").is_file()


def test_repository_is_called_as_the_index_wants(entry):
    assert re.fullmatch(r"https://github\.com/[\w-]+/Slicer(Extension)?[-_]?\w+\.git", entry["scm_url"])
    homepage = re.search(r'^set\(EXTENSION_HOMEPAGE "([^"\n]+)"\)$', CMAKE, re.MULTILINE)
    assert homepage.group(1) + ".git" == entry["scm_url"]


@pytest.mark.parametrize("name", ["EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"])
def test_pictures_are_found_by_the_regular_expression_of_the_index(name):
    """On one line and in quotes; the files are in this repository, and are PNG, JPEG or GIF."""
    (urls,) = re.findall(rf'^set\({name} "([^"\n]+)"\)$', CMAKE, re.MULTILINE)
    for url in urls.split():
        start = (ROOT / url.split("/main/")[1]).read_bytes()[:8]
        assert start.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8"))


@pytest.mark.parametrize("name", ["HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "DEPENDS", "LICENSE_FILE", "README_FILE"])
def test_description_is_complete(name):
    (value,) = re.findall(rf'^set\(EXTENSION_{name} "([^"\n]+)"\)$', CMAKE, re.MULTILINE)
    assert value
    assert name != "DESCRIPTION" or value.count(". ") + value.endswith(".") >= 2  # a few sentences


def test_licence_is_at_the_root_and_named_in_the_readme():
    assert (ROOT / "LICENSE").is_file()
    assert "Apache-2.0" in (ROOT / "README.md").read_text("utf-8")


def test_repository_is_small():
    try:
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository")
    size = sum((ROOT / name.decode()).stat().st_size for name in names if name and (ROOT / name.decode()).is_file())
    assert size < LARGEST_MB * 1e6 / 2  # the history counts too


@pytest.mark.parametrize("path", [*sorted((ROOT / "NiftiDicomBridge" / "NiftiDicomBridgeLib").rglob("*.py")),
                                  *sorted((ROOT / "NiftiDicomBridge").glob("*.py"))], ids=lambda path: path.name)  # fmt: skip
def test_nothing_is_installed_or_loaded_when_a_file_is_imported(path):
    """The index asks for no code at file scope: imports, constants, functions and classes alone."""
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If)
    for node in ast.parse(path.read_text("utf-8")).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, allowed) or docstring, f"{path.name}:{node.lineno}"
        assert not isinstance(node, ast.If) or "TYPE_CHECKING" in ast.unparse(node.test)
        assert "pip_install" not in ast.unparse(node) or isinstance(node, (ast.FunctionDef, ast.ClassDef))


def test_cmake_configures_without_tests_and_with_the_standard_macros_only():
    module = (ROOT / "NiftiDicomBridge" / "CMakeLists.txt").read_text("utf-8")
    for text in (CMAKE, module):
        outside = re.sub(r"if\(BUILD_TESTING\).*?endif\(\)", "", text, flags=re.DOTALL)
        assert "slicer_add_python" not in outside
        assert "add_subdirectory(Testing)" not in outside
    assert "slicerMacroBuildScriptedModule(" in module
    assert "WITH_GENERIC_TESTS" in module


def test_every_test_for_slicer_is_registered():
    listed = (ROOT / "Testing" / "Slicer" / "CMakeLists.txt").read_text("utf-8")
    for path in (ROOT / "Testing" / "Slicer").glob("*Test.py"):
        assert f"slicer_add_python_unittest(SCRIPT {path.name})" in listed
    module = (ROOT / "NiftiDicomBridge" / "CMakeLists.txt").read_text("utf-8")
    assert "slicer_add_python_unittest(SCRIPT ${MODULE_NAME}.py)" in module
