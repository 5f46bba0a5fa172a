"""What the first conversion needs is imported before, while Slicer waits for the user."""

import os
import subprocess
import sys

import pytest

from support.paths import ROOT

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
import numpy as np
import slicer_host
slicer_host.start(home=sys.argv[2])
module = slicer_host.load_module(sys.argv[1])
import qt, slicer
from support.panel_helpers import check, settle
from support.slicer_helpers import click
slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="drawn")
representation = module.createNewWidgetRepresentation()
panel = representation.self()
{start}
before = set(sys.modules)
check(panel, "drawn")
panel.ui.folderEdit.currentPath = sys.argv[3]
click(panel.ui.exportButton)
settle(panel)
panel.offerNodes(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))
settle(panel)
print("NEW", *(name for name in set(sys.modules) - before if name.startswith(("NiftiDicomBridgeLib.", "nifti_dicom_bridge."))))
"""
WAITING = "representation.enter()\nwhile panel.idle_imports._left:\n    slicer.app.processEvents()"


def imported_by_the_first_conversion(tmp_path, start):
    folders = (ROOT / "Testing", ROOT / "Testing" / "Python", ROOT / "NiftiDicomBridge")
    path = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])
    env = os.environ | {"PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}
    module = ROOT / "NiftiDicomBridge" / "NiftiDicomBridge.py"
    arguments = [sys.executable, "-c", SCRIPT.format(start=start), str(module), str(tmp_path / "home"), str(tmp_path / "out")]
    done = subprocess.run(arguments, env=env, capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("NEW")), "")
    assert line, done.stdout + done.stderr
    return line.split()[1:]


def test_the_first_conversion_imports_little_after_a_pause(tmp_path):
    assert len(imported_by_the_first_conversion(tmp_path, WAITING)) < 12


def test_without_a_pause_it_imports_what_it_needs(tmp_path):
    assert len(imported_by_the_first_conversion(tmp_path, "representation.enter()")) > 300
