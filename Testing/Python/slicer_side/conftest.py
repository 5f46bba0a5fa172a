"""Starts the Slicer host once, and gives each test an empty scene, a DICOM database and a panel of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata, util
from pathlib import Path

import pytest

from support.oracles import REQUIRED

ROOT = Path(__file__).resolve().parents[3]
MODULE = ROOT / "NiftiDicomBridge" / "NiftiDicomBridge.py"


WANTED = ("slicer-core", "PySide6-Essentials", "pydicom", "nibabel")


def _why_not() -> str:
    """Why the host cannot run here; empty where it can."""
    missing = [name for name in WANTED if not _version(name)]
    if missing:
        return f"the Slicer host needs {', '.join(missing)}: pip install '.[slicer]'"
    newest = tuple(int(part) for part in _version("PySide6-Essentials").split(".")[:2])
    if newest >= (6, 12) and sys.version_info < (3, 12):
        return "PySide6 6.12 miscounts references below Python 3.12 and crashes: pip install 'PySide6-Essentials<6.12'"
    return ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


WHY_NOT = _why_not()


def pytest_collection_modifyitems(items):
    if WHY_NOT and not REQUIRED:
        for item in items:
            if Path(__file__).parent in Path(item.path).parents:
                item.add_marker(pytest.mark.skip(reason=WHY_NOT))


sys.path.insert(0, str(ROOT / "Testing"))
if util.find_spec("nifti_dicom_bridge") is None:
    sys.path.append(str(MODULE.parent))


@pytest.fixture(scope="session")
def module(tmp_path_factory):
    """The module, loaded into the host."""
    import slicer_host

    slicer_host.start(home=tmp_path_factory.mktemp("home"))
    return slicer_host.load_module(MODULE)


@pytest.fixture
def slicer(module):
    """The module ``slicer`` with an empty scene."""
    import slicer

    slicer.mrmlScene.Clear()
    _remove_our_plugins(slicer)
    yield slicer
    slicer.mrmlScene.Clear()
    _remove_our_plugins(slicer)


def _remove_our_plugins(slicer):
    """Remove what the import of the module and the end of a start have registered: `plugin` is for tests of it."""
    for key in [key for key in slicer.modules.dicomPlugins if "NiftiDicomBridge" in key]:
        del slicer.modules.dicomPlugins[key]


@pytest.fixture(scope="session")
def plugin_module(module):
    """The hidden module with the DICOM plugin, loaded into the host."""
    import slicer_host

    return slicer_host.load_module(MODULE.with_name("DICOMNiftiDicomBridgePlugin.py"))


@pytest.fixture
def plugin(plugin_module, slicer):
    """The DICOM plugin, registered for this test alone, with those of its further kinds."""
    from DICOMNiftiDicomBridgePlugin import KEY, DICOMNiftiDicomBridgePluginClass, further_plugins

    ours = {KEY: DICOMNiftiDicomBridgePluginClass, **further_plugins()}
    slicer.modules.dicomPlugins.update(ours)
    yield slicer.modules.dicomPlugins[KEY]()
    for key in ours:
        slicer.modules.dicomPlugins.pop(key, None)


@pytest.fixture
def logic(slicer):
    from NiftiDicomBridge import NiftiDicomBridgeLogic

    return NiftiDicomBridgeLogic()


@pytest.fixture
def database(slicer, tmp_path):
    """An open DICOM database of its own."""
    from DICOMLib import DICOMUtils

    folder = tmp_path / "database"
    folder.mkdir()
    assert DICOMUtils.openDatabase(str(folder))
    yield slicer.dicomDatabase
    slicer.dicomDatabase.closeDatabase()


@pytest.fixture
def write_series(slicer):
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_series

    return write_series


@pytest.fixture
def two_echoes(write_series, tmp_path):
    """The files of one MR series with the same positions twice: Slicer stacks them in one node."""
    import pydicom

    files = write_series(tmp_path / "original", Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    count = len(files)
    for n, path in enumerate([*files, *(path.with_name(f"second {path.name}") for path in files)]):
        ds = pydicom.dcmread(files[n % count])
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.EchoTime, ds.InstanceNumber = ("2.5", "5")[n // count], n + 1
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        ds.save_as(path)
        files += [path] if n >= count else []
    return files


@pytest.fixture
def load(database, logic):
    """Put DICOM files into the database and load them: returns the node."""

    def load(files):
        import slicer
        from DICOMLib import DICOMUtils

        from NiftiDicomBridgeLib.Host import Database

        DICOMUtils.importDicom(str(Path(files[0]).parent))
        nodes = [slicer.mrmlScene.GetNodeByID(name) for name in logic.loadSeries(Database.series_of_files(files))]
        return next(node for node in nodes if node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLSegmentationNode"))

    return load


@pytest.fixture
def radiograph(load, tmp_path):
    """A radiograph in the scene, which has no position."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import XRAY, write_object

    return load([write_object(tmp_path / "original", XRAY, Modality="DX")])


@pytest.fixture
def node(load, write_series, tmp_path):
    """A volume that was loaded from a small oblique CT series."""
    return load(write_series(tmp_path / "original"))


@pytest.fixture
def uneven(load, tmp_path):
    """A volume that Slicer loaded with an acquisition transform, for its slices are unevenly spaced."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_uneven_series

    node = load(write_uneven_series(tmp_path / "original"))
    assert "acquisition transform" in node.GetParentTransformNode().GetName()
    return node


@pytest.fixture
def panel(module, slicer):
    """The panel, opened."""
    representation = module.createNewWidgetRepresentation()
    representation.enter()
    widget = representation.self()
    yield widget
    widget.cleanup()
    representation.close()


@pytest.fixture
def run_script(tmp_path):
    """Run Slicer's stand-in with Scripts/convert.py in a process of its own; returns the finished process."""

    def run(*arguments, options=(), prelude="", folder=ROOT):
        start = prelude or "import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)"
        script = MODULE.parent / "Scripts" / "convert.py"
        command = [sys.executable, "-c", start, *options, "--no-main-window", "--python-script", str(script), "--"]
        path = os.pathsep.join([str(ROOT / "Testing"), os.environ.get("PYTHONPATH", "")])
        env = os.environ | {"PYTHONPATH": path, "SLICER_HOST_HOME": str(tmp_path / "home"), "QT_QPA_PLATFORM": "offscreen"}
        command += map(str, arguments)
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)

    return run
