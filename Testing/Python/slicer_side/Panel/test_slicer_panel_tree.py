"""The tree of what is loaded in the section *Export to NIfTI*."""

import pytest

from support.panel_helpers import add_volume, check, listed, row, rows


@pytest.mark.slow
def test_lone_volume_is_checked(slicer, panel):
    add_volume(slicer, "one")
    assert listed(panel) == ["one"]
    assert len(panel.exporting.checked()) == 1


@pytest.mark.slow
def test_lone_volume_that_a_person_unchecks_stays_so(slicer, panel):
    add_volume(slicer, "one")
    check(panel, "one", False)
    panel.refresh()
    assert panel.exporting.checked() == []


@pytest.mark.slow
def test_list_follows_the_scene(slicer, panel):
    nodes = [add_volume(slicer, name) for name in ("a", "b", "c")]
    assert listed(panel) == ["a", "b", "c"]
    check(panel, "b")
    slicer.mrmlScene.RemoveNode(nodes[0])
    assert listed(panel) == ["b", "c"]
    assert panel.exporting.checked() == [nodes[1].GetID()]


def test_loaded_series_is_under_its_patient_and_study(slicer, panel, node):
    add_volume(slicer, "drawn")
    assert rows(panel) == [(0, "Bridge^Test (NDB-1)"), (1, "No study description (20260101)"), (2, "7: ramp"), (0, "drawn")]


def test_check_on_a_patient_counts_for_all_below(slicer, panel, node):
    import qt

    add_volume(slicer, "drawn")
    check(panel, "Bridge^Test (NDB-1)")
    assert panel.exporting.checked() == [node.GetID()]
    assert row(panel, "No study description (20260101)").checkState(0) == qt.Qt.Checked
    check(panel, "7: ramp", False)
    assert row(panel, "Bridge^Test (NDB-1)").checkState(0) == qt.Qt.Unchecked


def test_folder_with_checked_and_unchecked_volumes_is_half_checked(slicer, panel, node):
    import qt

    other = add_volume(slicer, "computed")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(other), hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))
    panel.refresh()
    check(panel, "computed")
    assert row(panel, "No study description (20260101)").checkState(0) == qt.Qt.PartiallyChecked


def test_sequence_is_listed_once(slicer, panel):
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "times")
    sequence.SetDataNodeAtValue(add_volume(slicer, "frame"), "0")
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(sequence)
    found = [name for name in listed(panel) if name != "frame"]
    assert len(found) == 1
    assert "times" in row(panel, found[0]).text(1)


@pytest.mark.slow
def test_closed_scene_empties_the_list(slicer, panel):
    add_volume(slicer)
    assert listed(panel)
    slicer.mrmlScene.Clear()
    assert listed(panel) == []


@pytest.mark.slow
def test_space_bar_checks(slicer, panel):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    for name in ("a", "b"):
        add_volume(slicer, name)
    panel.ui.exportTree.setCurrentItem(row(panel, "b"))
    QTest.keyClick(panel.ui.exportTree, Qt.Key_Space)
    assert len(panel.exporting.checked()) == 1
