"""Nothing exists in the stand-ins, and nothing is used by our code, that is not in Slicer."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path

import pytest

from support.paths import ROOT

RECORD = ROOT.parent / "shared" / "slicer-api.json"
OURS = [*sorted((ROOT / "NiftiDicomBridge").glob("NiftiDicomBridge*/*.py")), *(ROOT / "NiftiDicomBridge").glob("*.py"),
        *(ROOT / "NiftiDicomBridge" / "Scripts").glob("*.py")]  # fmt: skip

pytestmark = pytest.mark.skipif(not RECORD.is_file(), reason="the names recorded from a running Slicer are not here")


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text("utf-8"))


def own_names(cls) -> list[str]:
    """Public names that a stand-in defines itself."""
    ignored = ("staticMetaObject",)
    return [name for name in vars(cls) if not name.startswith("_") and name not in ignored]


def names_in(found) -> set[str]:
    """All names of a class in the record, however it was recorded."""
    if isinstance(found, list):
        return set(found)
    if "class" in found:
        return set(found["class"])
    return {*found["class_attributes"], *found["properties"], *(signal.split("(")[0] for signal in found["signals_slots"])}


WIDGETS = ["ctkMessageBox", "ctkCollapsibleButton", "ctkPathLineEdit", "ctkSearchBox", "ctkDICOMDatabase", "ctkDICOMIndexer"]


@pytest.mark.parametrize("name", WIDGETS)
def test_names_of_ctk(record, module, name):
    import ctk

    assert not set(own_names(getattr(ctk, name))) - names_in(record["ctk." + name])


def test_ctk_holds_nothing_else(record, module):
    import ctk

    classes = [n for n, v in vars(ctk).items() if isinstance(v, type) and v.__module__.startswith("slicer_host")]
    assert sorted(classes) == sorted(WIDGETS)


def test_names_of_widgets_with_a_scene(record, module):
    import slicer

    assert not set(own_names(slicer.qMRMLWidget)) - names_in(record["slicer.qMRMLWidget"])


def test_names_of_the_application(record, module):
    import slicer

    ours = {*own_names(type(slicer.app)), *(n for n in vars(slicer.app) if not n.startswith("_"))} - {"main_window"}
    assert not ours - set(record["slicer.app"])


def test_names_of_the_database(record, module):
    import ctk

    assert not set(own_names(ctk.ctkDICOMDatabase)) - set(record["slicer.dicomDatabase"])


CLASSES = ["qSlicerScriptedFileReader", "qSlicerScriptedFileWriter", "qSlicerDICOMExportable",
           "qSlicerSubjectHierarchyScriptedPlugin", "qSlicerSubjectHierarchyPluginHandler"]  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_names_of_classes_of_slicer(record, module, name):
    import slicer

    assert not set(own_names(getattr(slicer, name))) - names_in(record["slicer." + name])


def test_names_of_the_abstract_plugin_are_those_that_plugins_inherit(record, module):
    import slicer

    inherited = names_in(record["slicer.qSlicerSubjectHierarchyScriptedPlugin"])
    assert not set(own_names(slicer.qSlicerSubjectHierarchyAbstractPlugin)) - inherited


def test_names_of_the_file_manager(record, module):
    import slicer

    ours = set(own_names(type(slicer.app.coreIOManager()))) - {"register", "SLICERS_READER", "SLICERS_WRITER"}
    assert not ours - set(record["coreIOManager"])


def test_names_given_to_slicer(record, module):
    import slicer

    known = {"app", "mrmlScene", "modules", "selfTests", "qMRMLWidget", "dicomDatabase", "dicomDatabaseDirectorySettingsKey"}
    known |= {*CLASSES, "qSlicerSubjectHierarchyAbstractPlugin"}
    assert all(hasattr(slicer, name) for name in known)
    assert not known - set(record["slicer.names"])


MODULES = ["slicer.ScriptedLoadableModule", "slicer.parameterNodeWrapper", "slicer.i18n", "slicer.packaging", "slicer.testing",
           "DICOMLib.DICOMUtils", "DICOMLib.DICOMPlugin", "SampleData", "SubjectHierarchyPlugins"]  # fmt: skip
FILES = {"DICOMLib.DICOMPlugin": "slicer_host.dicom_plugin"}


@pytest.mark.parametrize("name", MODULES)
def test_signatures_of_functions_and_classes(record, module, name):
    import importlib

    standin = importlib.import_module(FILES.get(name, name))
    for attribute, value in vars(standin).items():
        if attribute.startswith("_") or getattr(value, "__module__", "") != standin.__name__:
            continue
        assert attribute in record[name]
        if inspect.isfunction(value):
            assert arguments_of(value) == recorded_arguments(record[name][attribute])
        elif inspect.isclass(value):
            methods = record[name][attribute]["class"]
            for method in (m for m in own_names(value) if inspect.isfunction(getattr(value, m))):
                assert arguments_of(getattr(value, method)) == recorded_arguments(methods[method])


def arguments_of(function) -> list[str]:
    return [str(p).split(":")[0].split("=")[0].strip() for p in inspect.signature(function).parameters.values()]


def recorded_arguments(text: str) -> list[str]:
    """Names in a recorded signature such as ``(a: 'int', b=None) -> 'x'``."""
    source = f"def f{text}: pass"
    arguments = ast.parse(source).body[0].args
    names = [a.arg for a in arguments.posonlyargs + arguments.args]
    names += ["*" + arguments.vararg.arg] if arguments.vararg else []
    return names + [a.arg for a in arguments.kwonlyargs] + (["**" + arguments.kwarg.arg] if arguments.kwarg else [])


def chains(path: Path):
    """Yield every dotted name that a source file uses, as a tuple, with its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        parts, value = [], node
        while isinstance(value, ast.Attribute):
            parts.append(value.attr)
            value = value.value
        if parts and isinstance(value, ast.Name):
            yield (value.id, *reversed(parts)), node.lineno


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_code_uses_only_what_slicer_has(record, path):
    """Checked: what is asked of slicer, slicer.util, slicer.app, the database, DICOMUtils, and classes of qt and ctk."""
    aliases = {"database": ("slicer", "dicomDatabase"), "DICOMUtils": ("DICOMLib", "DICOMUtils")}
    for chain, line in chains(path):
        chain = (*aliases.get(chain[0], chain[:1]), *chain[1:])
        owner, name = ".".join(chain[:2]), chain[2] if len(chain) > 2 else None
        if chain[0] == "slicer":
            assert chain[1] in record["slicer.names"], f"{path.name}:{line} slicer.{chain[1]}"
        if name and not name.startswith("__") and owner in record and owner != "slicer.modules":
            known = record[owner]
            known = names_in(known) if "class_attributes" in known else set(known)
            assert name in known, f"{path.name}:{line} {owner}.{name}"
        if chain[0] == "ctk":
            assert owner in record, f"{path.name}:{line} {owner}"


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_code_asks_widgets_only_what_they_have(record, path):
    """Widgets of the .ui file: each attribute that is used is one of the widget's class in Slicer."""
    import xml.etree.ElementTree as ET

    tree = ET.parse(ROOT / "NiftiDicomBridge" / "Resources" / "UI" / "NiftiDicomBridge.ui")
    kinds = {widget.get("name"): widget.get("class") for widget in tree.iter("widget")}
    for chain, line in chains(path):
        if chain[:2] != ("self", "ui") or len(chain) < 4:
            continue
        kind = kinds[chain[2]]
        found = next((record[f"{place}.{kind}"] for place in ("qt", "ctk", "slicer") if f"{place}.{kind}" in record), None)
        assert found is not None, f"{path.name}:{line} {kind} is not recorded"
        assert chain[3] in names_in(found), f"{path.name}:{line} {kind}.{chain[3]}"
