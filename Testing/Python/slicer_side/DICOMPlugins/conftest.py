"""Nodes to export, and the export of our plugin."""

import numpy as np
import pydicom
import pytest

from support.node_exports import GRID
from support.slicer_helpers import ExportDialog


@pytest.fixture
def export(plugin, tmp_path):
    """Export in the dialog; returns the data sets and the error text."""

    def run(node, kind=None, **typed):
        files, error = ExportDialog(node).export(tmp_path / "exported", kind, **typed)
        return [pydicom.dcmread(path) for path in files], error

    return run


@pytest.fixture
def drawn(slicer):
    return slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4), GRID, "drawn")


@pytest.fixture
def floating(slicer):
    return slicer.util.addVolumeFromArray(np.linspace(0, 1, 24).reshape(2, 3, 4), GRID, "floating")


@pytest.fixture
def moving(slicer):
    """The volume that shows a sequence of three."""
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "moving")
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    for number in range(3):
        frame = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
        frame.UnRegister(None)
        slicer.util.updateVolumeFromArray(frame, np.full((2, 3, 4), number + 1, np.int16))
        sequence.SetDataNodeAtValue(frame, str(2 * number))
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(sequence)
    return browser.GetProxyNode(sequence)
