"""A host for the Slicer side of this extension where there is no Slicer application: real MRML, stand-ins for the rest.

MRML and ``slicer.util`` are the real ones, from the wheel ``slicer-core``; Qt comes from ``PySide6-Essentials`` and is
presented as PythonQt presents it. Everything in this folder that has the name of something in Slicer is a *stand-in*: it
does what our code needs and nothing more, and has no name and no argument that the real thing has not.

Use `start` before anything of Slicer is imported, then `load_module`. From the command line, like Slicer itself::

    python -m slicer_host --python-script SCRIPT -- ARGUMENTS…
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import types
from pathlib import Path

STANDINS = {
    "qt": "qt_names",
    "ctk": "ctk_names",
    "vtkITK": "vtk_itk_names",
    "DICOMLib": "dicom_lib",
    "slicer.ScriptedLoadableModule": "scripted_module",
    "slicer.parameterNodeWrapper": "parameter_node",
    "slicer.i18n": "i18n",
    "slicer.packaging": "packaging_names",
    "slicer.testing": "testing_names",
    "SampleData": "sample_data",
    "SubjectHierarchyPlugins": "subject_hierarchy_plugins",
}
"""Module as Slicer calls it → file of this folder that replaces it."""


def start(main_window: bool = True, testing: bool = False, home: str | Path | None = None):
    """Start the host once: afterwards ``import slicer, qt, ctk`` work as they do inside Slicer.

    Parameters
    ----------
    main_window : bool
        Whether there is a main window. Without one, Slicer's error messages are only logged.
    testing : bool
        As ``Slicer --testing``: no message box is ever shown.
    home : path, optional
        Folder for settings and temporary files; a new one without it.

    Returns
    -------
    module
        The module ``slicer``.
    """
    import slicer

    if hasattr(slicer, "app"):
        return slicer
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    home = str(home or tempfile.mkdtemp(prefix="slicer-host-"))
    for name, file in STANDINS.items():
        standin = importlib.import_module(f"{__name__}.{file}")
        sys.modules[name] = standin
        if name.startswith("slicer."):
            setattr(slicer, name.removeprefix("slicer."), standin)
    sys.modules["DICOMLib.DICOMUtils"] = sys.modules["DICOMLib"].DICOMUtils
    importlib.import_module(f"{__name__}.application").fill(slicer, home, main_window, testing)
    return slicer


def load_module(front_file: str | Path):
    """Load a scripted module the way Slicer's factory does, and return the object ``slicer.modules.<name>``."""
    import slicer

    front_file = Path(front_file)
    if str(front_file.parent) not in sys.path:
        sys.path.append(str(front_file.parent))
    source = importlib.import_module(front_file.stem)
    loaded = importlib.import_module(f"{__name__}.application").ScriptedModule(source)
    setattr(slicer.modules, front_file.stem.lower(), loaded)
    loaded.instance = getattr(source, front_file.stem)(types.SimpleNamespace(path=str(front_file)))
    setattr(slicer.modules, front_file.stem + "Instance", loaded.instance)
    slicer.app.coreIOManager().register(source, front_file.stem)
    if hasattr(loaded.instance, "setup"):
        loaded.instance.setup()
    return loaded
