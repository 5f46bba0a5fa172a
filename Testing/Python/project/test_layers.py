"""Import rules, and the lists in CMake agree with the tree."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom._dicom_dict import DicomDictionary

from support.paths import CORE, LIB, MODULE, ROOT, python_files

HOST_PACKAGES = {"slicer", "qt", "ctk", "vtk", "DICOMLib", "SubjectHierarchyPlugins", "SampleData"}
# What Slicer brings and may be imported when Slicer starts; the rest of the standard library is known to Python.
AT_START = HOST_PACKAGES | {"numpy", "NiftiDicomBridgeLib"}
MODULE_FILES = ["DICOMNiftiDicomBridgePlugin.py", "NiftiDicomBridge.py"]
IMPORTED_AT_START = [
    "ParameterNode.py", "Logic.py", "LogicTasks.py", "SelfTest.py", "Background.py", "Widget.py", "ExportPart.py",
    "ImportPart.py", "CheckPart.py", "DropFilter.py", "FieldsTable.py", "ReferenceBox.py", "FileDialog.py", "FileReader.py",
    "FileWriter.py",
    "Samples.py", "SubjectHierarchyPlugin.py", "DICOMExportPlugin.py", "DICOMLoaderPlugin.py", "ExportKinds.py",
    "SourceFile.py", "Feedback.py", "FileTable.py", "Icons.py", "ImageTree.py", "ImportRows.py", "OverwriteQuestion.py",
    "ProposalUpdates.py", "ReportPart.py", "TaskRunner.py", "SceneImages.py", "Views.py", "FileList.py", "ImportObstacles.py",
    "SettingsView.py",
    "ApplyPart.py", "FetchPart.py", "IdleImports.py", "SendPart.py", "SourceBox.py",
    "SelfTestCase.py", "SelfTestRoundTrip.py", "SelfTestData.py", "SelfTestDerived.py", "SelfTestDialogs.py",
    "SelfTestNodes.py", "SelfTestPanel.py",
]  # fmt: skip
START_FILES = [
    *(MODULE / name for name in MODULE_FILES), *(path for path in python_files(LIB) if path.name in IMPORTED_AT_START)
]  # fmt: skip
READ_NODES = {
    "NodeImages.py", "Nodes.py", "NodeKinds.py", "Transforms.py", "Segments.py", "NodeFactory.py", "NewVolumes.py",
    "NewSegmentations.py", "SegmentationSequences.py", "Display.py", "SavedNode.py", "SourceFile.py", "PixelGrid.py",
    "NodeFacts.py", "Hierarchy.py", "FirstFrame.py",
    "SharedValues.py", "SelfTestCase.py", "SelfTestRoundTrip.py", "SelfTestData.py", "SelfTestDerived.py",
    "SelfTestDialogs.py", "SelfTestNodes.py",
    "SelfTestPanel.py",
}  # fmt: skip


def imports(path: Path, whole: bool = True) -> Iterator[str]:
    """Yield the absolute dotted names that a file imports; with ``whole=False`` only those at file scope, run time only."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree) if whole else _at_file_scope(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _names_of(node, path)


def _names_of(node: ast.ImportFrom, path: Path) -> Iterator[str]:
    """Yield the module that is imported from, then the names that are imported from a package of ours."""
    package = ".".join(path.relative_to(MODULE).with_suffix("").parts[: -node.level]) if node.level else ""
    base = ".".join(part for part in (package, node.module) if part)
    yield base
    yield from (f"{base}.{alias.name}" for alias in node.names if node.level)


def _at_file_scope(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        for part in ("body", "orelse", "handlers"):
            if isinstance(node, (ast.If, ast.Try)):
                yield from _at_file_scope(getattr(node, part, []))


def top(name: str) -> str:
    return name.split(".")[0]


def ids(path: Path) -> str:
    return path.relative_to(MODULE).as_posix() if MODULE in path.parents else path.name


# --- who may import whom


@pytest.mark.parametrize("path", python_files(CORE), ids=ids)
def test_core_never_imports_slicer(path):
    assert not {top(name) for name in imports(path)} & (HOST_PACKAGES | {"NiftiDicomBridgeLib", "PySide6"})


@pytest.mark.parametrize("path", python_files(LIB), ids=ids)
def test_slicer_side_imports_public_names_only(path):
    of_core = {name for name in imports(path) if top(name) == "nifti_dicom_bridge"}
    assert of_core <= {"nifti_dicom_bridge"}


LAYERS = [  # the top imports below
    {"cli"},
    {"html_report", "samples"},
    {"conversion"},
    {"creation", "preview"},
    {"bids_dataset", "deidentification", "network", "validation"},
    {"formats"},
    {"labels"},
    {"sidecar", "bids"},
    {"output"},
    {"model"},
    {"options"},
    {"standard"},
    {"optional_packages"},
    {"errors", "version"},
    {"operating_system"},
]
HEIGHT = {name: len(LAYERS) - number for number, names in enumerate(LAYERS) for name in names}
FORMATS = {path.name for path in (CORE / "formats").iterdir() if path.is_dir()} - {"__pycache__"}
MOST_ENTRIES = 25
MOST_FILES_OF_A_FOLDER = 40
LONGEST_FUNCTION = 45


def entry(name: str) -> str:
    """Return the entry at the top of the core that an absolute name belongs to; empty for names of others."""
    return name.split(".")[1] if name.startswith("nifti_dicom_bridge.") else ""


def module(path: Path) -> str:
    return ".".join(path.relative_to(MODULE).with_suffix("").parts).removesuffix(".__init__")


def modules_imported(path: Path, modules: set[str]) -> set[str]:
    """Return those of some modules that a file takes names from; of a package only where it takes a name of its own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = next(_names_of(node, path))
            found |= {name if (name := f"{base}.{alias.name}") in modules else base for alias in node.names}
    return found & modules - {module(path)}


def test_core_has_few_entries():
    tree = {path.name for path in CORE.iterdir()} - {"__pycache__", "py.typed"}
    assert len(tree) <= MOST_ENTRIES


@pytest.mark.parametrize("folder", sorted({path.parent for path in [*python_files(CORE), *python_files(LIB)]}), ids=ids)
def test_a_folder_can_be_surveyed(folder):
    assert len(list(folder.glob("*.py"))) <= MOST_FILES_OF_A_FOLDER


def test_every_entry_of_the_core_has_its_layer():
    tree = {path.stem for path in CORE.iterdir()} - {"__init__", "__main__", "__pycache__", "data", "py"}
    assert tree == set(HEIGHT)


@pytest.mark.parametrize("path", [path for path in python_files(CORE) if path.parent != CORE or path.stem in HEIGHT], ids=ids)
def test_imports_run_downwards(path):
    own = path.relative_to(CORE).with_suffix("").parts[0]
    others = {entry(name) for name in imports(path)} & set(HEIGHT) - {own}
    assert not {name for name in others if HEIGHT[name] >= HEIGHT[own]}


@pytest.mark.slow
@pytest.mark.parametrize("folder", [CORE, LIB], ids=lambda folder: folder.name)
def test_no_modules_import_each_other_in_a_circle(folder):
    """Imports inside of functions count, and so do those for type checkers: what needs each other belongs together."""
    files = {module(path): path for path in python_files(folder) if path.name != "__init__.py" or path.parent != folder}
    graph = {name: modules_imported(path, set(files)) for name, path in files.items()}
    while ends := {name for name, found in graph.items() if not found}:
        graph = {name: found - ends for name, found in graph.items() if name not in ends}
    assert not graph


@pytest.mark.parametrize("path", [path for path in python_files(CORE / "formats") if path.parent != CORE / "formats"], ids=ids)
def test_format_never_imports_another_format(path):
    own = path.relative_to(CORE / "formats").parts[0]
    found = {name.split(".")[2] for name in imports(path) if name.startswith("nifti_dicom_bridge.formats.")}
    assert not found & FORMATS - {own}


@pytest.mark.parametrize("path", python_files(MODULE), ids=ids)
def test_functions_fit_a_screen(path):
    functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    assert not [node.name for node in functions if node.end_lineno - _start_of_code(node) >= LONGEST_FUNCTION]


def _start_of_code(node: ast.FunctionDef) -> int:
    """Return the last line of the docstring; the first line of a function without one."""
    return node.body[0].end_lineno if ast.get_docstring(node) else node.lineno


@pytest.mark.parametrize("path", [path for path in python_files(CORE) if path.parent.name != "standard"], ids=ids)
def test_attributes_of_the_standard_have_names(path):
    numbers = re.findall(r"\b0x[0-9A-Fa-f]{8}\b", _code_with_hexadecimals(path))
    assert not [number for number in numbers if int(number, 16) in DicomDictionary]


def _code_with_hexadecimals(path: Path) -> str:
    """Return a file without strings and comments, numbers as they are written."""
    text = io.StringIO(path.read_text("utf-8"))
    return " ".join(token.string for token in tokenize.generate_tokens(text.readline) if token.type == tokenize.NUMBER)


@pytest.mark.slow
def test_few_files_read_and_make_nodes():
    """Those alone touch what is in a node; the scene as such may be known to all, self-tests make their own nodes."""
    pattern = re.compile(r"GetIJKToRASMatrix|SetIJKToRASMatrix|arrayFromVolume|updateVolumeFromArray|addVolumeFromArray|"
                         r"slicer\.vtkMRML\w*Node\b|GetAttribute|SetAttribute|ItemAttribute")  # fmt: skip
    users = {path.name for path in python_files(LIB) if pattern.search(_code(path))}
    assert users <= READ_NODES


@pytest.mark.slow
def test_only_two_files_use_the_database():
    users = {path.name for path in python_files(LIB) if re.search(r"dicomDatabase\b|ctkDICOM|DICOMUtils", _code(path))}
    assert users <= {"Database.py", "Registration.py", "SelfTestCase.py", "SelfTestRoundTrip.py"}


def _code(path: Path) -> str:
    """Return a file without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = ""
    return ast.unparse(tree)


@pytest.mark.parametrize("path", START_FILES, ids=ids)
def test_what_slicer_imports_at_start_needs_no_other_package(path):
    import sys

    foreign = {top(name) for name in imports(path, whole=False)} - AT_START - set(sys.stdlib_module_names)
    assert not foreign


@pytest.mark.parametrize("path", START_FILES, ids=ids)
def test_what_slicer_imports_at_start_imports_no_more_of_us(path):
    ours = {module(path) for path in python_files(LIB) if path.name != "__init__.py"} & set(imports(path, whole=False))
    assert {name.split(".")[-1] + ".py" for name in ours} <= set(IMPORTED_AT_START)


# --- what Slicer demands of the tree


def cmake_list(name: str) -> list[str]:
    text = (MODULE / "CMakeLists.txt").read_text("utf-8")
    return re.search(rf"set\({name}\s+(.*?)\)", text, re.DOTALL).group(1).split()


def test_cmake_lists_every_script():
    tree = {path.relative_to(MODULE).as_posix() for path in python_files(MODULE)}
    listed = cmake_list("MODULE_PYTHON_SCRIPTS")
    assert sorted(listed) == sorted(tree)


def test_cmake_lists_every_resource():
    files = (path for path in MODULE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    files = (path for path in files if not any(part.startswith(".") for part in path.relative_to(MODULE).parts))
    tree = {path.relative_to(MODULE).as_posix() for path in files if path.suffix != ".py" and path.name != "CMakeLists.txt"}
    assert sorted(cmake_list("MODULE_PYTHON_RESOURCES")) == sorted(tree)


def test_no_other_python_files_are_in_the_module_folder():
    """Slicer takes every other one for a module."""
    assert sorted(path.name for path in MODULE.glob("*.py")) == MODULE_FILES


@pytest.mark.parametrize("path", [MODULE / name for name in MODULE_FILES], ids=ids)
def test_module_file_defines_the_class_that_slicer_looks_for(path):
    names = [node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    assert path.stem in names
    assert not path.read_bytes().startswith(b"#!")


def test_no_package_is_called_like_the_module():
    assert not [path for path in MODULE.iterdir() if path.is_dir() and path.name.lower() == "niftidicombridge"]


def test_requirements_of_slicer_are_those_of_the_package():
    """What Slicer shall install is a part of what pip installs, with the same bounds."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (MODULE / "Resources" / "requirements.txt").read_text("utf-8").splitlines()
    assert {line for line in lines if line and not line.startswith("#")} <= set(project["dependencies"])


def test_no_public_name_is_the_name_of_a_module():
    """Importing the module would put it where the function was."""
    import nifti_dicom_bridge

    modules = {path.stem for path in (MODULE / "nifti_dicom_bridge").iterdir()}
    assert not modules & set(nifti_dicom_bridge.__all__)


def test_type_checkers_find_every_public_name():
    import nifti_dicom_bridge

    stated = (
        (MODULE / "nifti_dicom_bridge" / "__init__.py")
        .read_text("utf-8")
        .partition("if TYPE_CHECKING:")[2]
        .partition("_HOMES")[0]
    )
    assert set(nifti_dicom_bridge.__all__) <= set(re.findall(r"\w+", stated))
