"""Scenes that are closed and nodes that are removed while a conversion runs, and results that cannot be loaded."""

import numpy as np
import pytest

from support.panel_helpers import add_files, check, report, settle, shown
from support.slicer_helpers import MessageBoxes, click, in_event_loop

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn(slicer):
    return slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="drawn")


@pytest.fixture
def listed_file(panel, logic, drawn, database, tmp_path):
    """A NIfTI file in the list of what is to become DICOM."""
    outputs = logic.exportVolumes([drawn], tmp_path / "nifti").outputs
    add_files(panel, [path for path in outputs if path.suffix != ".json"])


def volumes(slicer):
    return slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")


def test_results_are_not_loaded_into_another_scene(slicer, panel, listed_file, database):
    click(panel.ui.importButton)
    slicer.mrmlScene.Clear()
    settle(panel)
    assert volumes(slicer) == []
    assert database.imagesCount() == 2
    assert "not loaded, because the scene was closed meanwhile" in shown(panel.importing.feedback.result)


def test_results_that_a_closed_scene_lacks_are_named(slicer, panel, listed_file, monkeypatch):
    """The scene is closed when the first result was loaded."""
    monkeypatch.setattr(panel.logic, "loadSeries", lambda series: slicer.mrmlScene.Clear())
    monkeypatch.setattr(panel.logic, "seriesUIDs", lambda report: ["1", "2"])
    click(panel.ui.importButton)
    settle(panel)
    assert "not loaded, because the scene was closed meanwhile" in shown(panel.importing.feedback.result)


def test_the_only_reason_of_failures_is_below_the_button(panel, drawn, tmp_path):
    (tmp_path / "file").touch()
    check(panel, "drawn")
    panel.ui.folderEdit.currentPath = str(tmp_path / "file")
    click(panel.ui.exportButton)
    settle(panel)
    assert "1 failed. " in shown(panel.exporting.feedback.result)
    assert "cannot be written (File exists). Choose another folder." in shown(panel.exporting.feedback.result)


def test_images_of_a_closed_scene_are_not_added_to_the_list(slicer, panel, drawn):
    panel.offerNodes([drawn])
    slicer.mrmlScene.Clear()
    settle(panel)
    assert len(panel.importing.rows) == 0
    assert "The scene was closed meanwhile" in shown(panel.importing.feedback.result)


def test_the_report_is_shown_where_results_cannot_be_loaded(slicer, panel, listed_file, monkeypatch):
    from nifti_dicom_bridge import BridgeError

    def refuse(series):
        raise BridgeError("Slicer loaded nothing.")

    monkeypatch.setattr(panel.logic, "loadSeries", refuse)
    click(panel.ui.importButton)
    settle(panel)
    assert "1 converted" in report(panel)
    assert "Slicer loaded nothing." in shown(panel.importing.feedback.result)


def test_a_node_that_was_removed_is_not_exported_again(slicer, panel, drawn, tmp_path):
    panel.ui.folderEdit.currentPath = str(tmp_path)
    check(panel, "drawn")
    for name in ("drawn.nii.gz", "drawn.json"):
        (tmp_path / name).write_bytes(b"precious")
    boxes = MessageBoxes(press="Yes")
    in_event_loop(lambda: (panel.ui.exportButton.click(), slicer.mrmlScene.RemoveNode(drawn)))  # before the export can end
    settle(panel)
    assert boxes.stop() == []
    assert (tmp_path / "drawn.nii.gz").read_bytes() == b"precious"
    assert "1 failed" in report(panel)


def test_an_image_of_the_scene_whose_file_is_gone_is_named_without_its_folder(slicer, panel, drawn):
    panel.offerNodes([drawn])
    settle(panel)
    panel.importing.rows.all[0].path.unlink()
    panel.importing.look_again()
    settle(panel)
    assert shown(panel.ui.fileNoteLabel) == "⚠ drawn.nii: no such file. Check the path."
