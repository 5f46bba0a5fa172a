"""The section *Export to NIfTI*, clicked."""

import pytest

from support.panel_helpers import add_volume, check, listed, report, row, rows, run, settle, shown
from support.slicer_helpers import MessageBoxes, click, voxels_of


def hint(panel):
    return shown(panel.exporting.feedback.hint)


def outcome(panel):
    return shown(panel.exporting.feedback.result)


# --- tree of what is loaded


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


# --- export


@pytest.mark.slow
def test_reason_why_nothing_can_be_exported_is_visible(slicer, panel):
    assert hint(panel) == "The scene contains no images."
    for name in ("a", "b"):
        add_volume(slicer, name)
    listed(panel)
    assert hint(panel) == "Check at least one image."
    check(panel, "a")
    assert hint(panel) == "Choose a folder."
    assert not panel.ui.exportButton.isEnabled()
    panel.ui.folderEdit.currentPath = "/somewhere"
    assert (hint(panel), panel.ui.exportButton.isEnabled()) == ("", True)
    panel.ui.folderEdit.currentPath = ""
    assert not panel.ui.exportButton.isEnabled()


@pytest.mark.slow
def test_database_that_is_not_open_is_reported_and_created(slicer, panel, tmp_path):
    import qt

    slicer.dicomDatabase.closeDatabase()
    qt.QSettings().setValue(slicer.dicomDatabaseDirectorySettingsKey, str(tmp_path / "own"))
    panel.ui.sourceComboBox.setCurrentIndex(1)
    listed(panel)
    assert hint(panel) == "No DICOM database is open."
    run(panel, panel.exporting.feedback.remedy)
    assert hint(panel) == "The DICOM database is empty."
    assert str(tmp_path / "own") in outcome(panel)
    slicer.dicomDatabase.closeDatabase()
    qt.QSettings().remove(slicer.dicomDatabaseDirectorySettingsKey)


@pytest.mark.slow
def test_package_that_a_format_needs_is_offered_when_it_is_chosen(slicer, panel, monkeypatch):
    from NiftiDicomBridgeLib.Host import Dependencies

    for name in ("a", "b"):
        add_volume(slicer, name)
    check(panel, "a")
    panel.ui.folderEdit.currentPath = "/somewhere"
    monkeypatch.setattr(Dependencies, "missing_packages", lambda feature: ["zarr>=3.1.4,<4"] if feature == "zarr" else [])
    assert hint(panel) == ""
    panel.ui.layoutComboBox.setCurrentIndex(2)
    assert "zarr" in hint(panel)
    assert panel.exporting.feedback.remedy.text == "Install zarr"
    boxes = MessageBoxes()
    run(panel, panel.exporting.feedback.remedy)
    assert boxes.stop() == []
    assert "Not installed: zarr" in outcome(panel)
    panel.ui.layoutComboBox.setCurrentIndex(0)
    assert panel.ui.exportButton.isEnabled()


@pytest.mark.slow
def test_empty_database_is_reported(panel, database):
    panel.ui.sourceComboBox.setCurrentIndex(1)
    listed(panel)
    assert hint(panel) == "The DICOM database is empty."


@pytest.mark.slow
def test_click_on_export_writes_files(slicer, panel, tmp_path):
    for value, name in enumerate(("a", "b")):
        add_volume(slicer, name, value)
    check(panel, "a")
    check(panel, "b")
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    assert "2 images" in panel.ui.exportButton.text
    click(panel.ui.gzipCheckBox)
    run(panel, panel.ui.exportButton)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "a.nii", "b.json", "b.nii"]
    assert voxels_of(tmp_path / "out" / "b.nii").max() == 1
    assert "2 converted" in report(panel)


@pytest.mark.parametrize("layout", ["flat", "zarr"])
@pytest.mark.slow
def test_deidentified_export_contains_nothing_of_the_patient(layout, slicer, panel, node, tmp_path):
    node.SetName("SECRETNODE")
    uids = node.GetAttribute("DICOM.instanceUIDs").split()
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    panel.ui.layoutComboBox.setCurrentIndex(["flat", "bids", "zarr", "preview"].index(layout))
    click(panel.ui.deidentifyCheckBox)
    run(panel, panel.ui.exportButton)
    assert "1 converted" in report(panel)
    assert "SECRETNODE" not in report(panel)
    (sidecar,) = (tmp_path / "out").glob("*.json")
    assert '"PatientIdentityRemoved"' in sidecar.read_text("utf-8") or "00120062" in sidecar.read_text("utf-8")
    for path in (path for path in (tmp_path / "out").rglob("*") if path.is_file()):
        raw = str(path.relative_to(tmp_path)).encode() + path.read_bytes()
        assert not [secret for secret in ("SECRETNODE", *uids) if secret.encode() in raw]


@pytest.mark.parametrize(("entry", "kept"), [(0, False), (2, True)])
@pytest.mark.slow
def test_what_is_retained_is_chosen_in_the_panel(entry, kept, slicer, panel, node, tmp_path):
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    assert not panel.ui.retainComboBox.isEnabled()
    click(panel.ui.deidentifyCheckBox)
    assert panel.ui.retainComboBox.isEnabled()
    panel.ui.retainComboBox.setCurrentIndex(entry)
    run(panel, panel.ui.exportButton)
    (sidecar,) = (tmp_path / "out").glob("*.json")
    assert ("113111" in sidecar.read_text("utf-8")) is kept


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["flat", "zarr"])
def test_what_never_was_dicom_is_not_deidentified(layout, slicer, panel, tmp_path):
    add_volume(slicer, "SECRETNODE")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    panel.ui.layoutComboBox.setCurrentIndex(["flat", "bids", "zarr", "preview"].index(layout))
    click(panel.ui.deidentifyCheckBox)
    run(panel, panel.ui.exportButton)
    assert "no record of the DICOM" in report(panel)
    assert "SECRETNODE" not in report(panel)
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "written"), [("No", False), ("Yes", True)])
def test_existing_files_are_replaced_after_a_question(slicer, panel, tmp_path, answer, written):
    (tmp_path / "a.nii.gz").write_text("mine")
    for name in ("a", "b"):
        add_volume(slicer, name)
        check(panel, name)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    boxes = MessageBoxes(answer)
    run(panel, panel.ui.exportButton)
    settle(panel)
    (text,) = boxes.stop()
    assert "The output of a exists already" in text
    assert (tmp_path / "b.nii.gz").is_file()
    assert ((tmp_path / "a.nii.gz").read_bytes() != b"mine") is written
    assert ("1 converted" if written else "1 failed") in outcome(panel)


@pytest.mark.slow
def test_failed_volume_is_reported_with_its_reason(slicer, panel, tmp_path):
    (tmp_path / "a.nii.gz").write_text("mine")
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    boxes = MessageBoxes("No")
    run(panel, panel.ui.exportButton)
    boxes.stop()
    assert "1 failed" in outcome(panel)
    assert "a.nii.gz exists" in report(panel)
    assert "--" not in report(panel)


@pytest.mark.slow
def test_existing_files_are_replaced_without_a_question(slicer, panel, tmp_path):
    (tmp_path / "a.nii.gz").write_text("mine")
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    click(panel.ui.overwriteCheckBox)
    run(panel, panel.ui.exportButton)
    assert "1 converted" in outcome(panel)
    assert (tmp_path / "a.nii.gz").read_bytes() != b"mine"


@pytest.mark.parametrize(("layout", "hidden"), [("flat", []), ("bids", []), ("zarr", ["gzipCheckBox"]),
                                                ("preview", ["gzipCheckBox"])])  # fmt: skip
def test_options_without_a_meaning_are_hidden(panel, layout, hidden):
    from NiftiDicomBridgeLib.Panel.ExportPart import LAYOUTS

    panel.ui.layoutComboBox.setCurrentIndex(LAYOUTS.index(layout))
    options = ("gzipCheckBox", "deidentifyCheckBox", "overwriteCheckBox", "hardenCheckBox")
    assert [name for name in options if getattr(panel.ui, name).isHidden()] == hidden


def test_transforms_are_of_the_scene_only(panel, database):
    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert panel.ui.hardenCheckBox.isHidden()


@pytest.mark.slow
def test_series_of_the_database_are_exported_without_loading_them(slicer, panel, database, write_series, tmp_path):
    from DICOMLib import DICOMUtils

    write_series(tmp_path / "original")
    DICOMUtils.importDicom(str(tmp_path / "original"))
    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert rows(panel) == [(0, "Bridge^Test"), (1, "No study description (20260101)"), (2, "7: ramp")]
    assert row(panel, "7: ramp").text(1) == "CT, 4 files"
    check(panel, "Bridge^Test")
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.exportButton)
    assert "1 converted" in report(panel)
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 1
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []


@pytest.mark.slow
def test_list_of_the_database_follows_it(slicer, panel, database, write_series, tmp_path):
    from DICOMLib import DICOMUtils

    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert listed(panel) == []
    write_series(tmp_path / "original")
    DICOMUtils.importDicom(str(tmp_path / "original"))
    assert "7: ramp" in listed(panel)


@pytest.mark.slow
def test_series_of_a_study_are_in_the_order_of_their_numbers(slicer, panel, database, write_series, tmp_path):
    import pydicom
    from DICOMLib import DICOMUtils

    for number in (10, 2, 7):
        for path in write_series(tmp_path / str(number)):
            ds = pydicom.dcmread(path)
            ds.StudyInstanceUID, ds.SeriesNumber, ds.SeriesDescription = "1.2.3", number, "ramp"
            ds.save_as(path)
        DICOMUtils.importDicom(str(tmp_path / str(number)))
    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert listed(panel)[2:] == ["2: ramp", "7: ramp", "10: ramp"]


@pytest.mark.slow
def test_bids_layout_makes_a_dataset(slicer, panel, node, tmp_path):
    listed(panel)
    panel.ui.layoutComboBox.setCurrentIndex(1)
    panel.ui.folderEdit.currentPath = str(tmp_path / "bids")
    run(panel, panel.ui.exportButton)
    assert (tmp_path / "bids" / "dataset_description.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "suffix"), [("zarr", ".zarr"), ("preview", ".png")])
@pytest.mark.parametrize("source", [0, 1], ids=["scene", "database"])
def test_other_formats_are_written(slicer, panel, node, tmp_path, layout, suffix, source):
    from NiftiDicomBridgeLib.Panel import ExportPart

    panel.ui.sourceComboBox.setCurrentIndex(source)
    check(panel, "7: ramp")
    panel.ui.layoutComboBox.setCurrentIndex(ExportPart.LAYOUTS.index(layout))
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.exportButton)
    assert "1 converted" in report(panel), report(panel)
    assert [path for path in (tmp_path / "out").rglob("*") if path.suffix == suffix]
    assert not list((tmp_path / "out").rglob("*.nii"))


# --- long lists


@pytest.fixture
def many(slicer, panel, database, write_series, tmp_path):
    """The list of the database with 14 series of 7 patients, and a structured report."""
    import pydicom
    from DICOMLib import DICOMUtils

    for number in range(15):
        (first, *others) = write_series(
            tmp_path / str(number), SeriesDescription=("T1", "FLAIR")[number % 2], SeriesNumber=number
        )
        for path in others:
            path.unlink()
        ds = pydicom.dcmread(first)
        ds.PatientName = ds.PatientID = f"Patient{number // 2}"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f"1.2.{number // 2}", f"1.2.3.{number}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
        ds.Modality = "SR" if number == 14 else "CT"
        ds.save_as(first)
        DICOMUtils.importDicom(str(tmp_path / str(number)))
    panel.ui.sourceComboBox.setCurrentIndex(1)
    settle(panel)
    return panel


@pytest.mark.slow
def test_objects_without_images_are_not_listed(many):
    assert len(many.exporting.tree.leaves()) == 14
    assert "Patient7" not in listed(many)


@pytest.mark.slow
@pytest.mark.parametrize("details", ["MR, 4 files", "diffusion, 4 images and more"])
def test_sizes_take_what_their_texts_need_and_names_the_rest(panel, details):
    from NiftiDicomBridgeLib.Host.Hierarchy import Branch

    tree = panel.exporting.tree
    panel.ui.exportTree.resize(600, 300)
    tree.fill([Branch("patient", children=[Branch("a long name of a series", details, "x")])], set())
    header, metrics = panel.ui.exportTree.header(), panel.ui.exportTree.fontMetrics()
    needed = min(len(details), 18) * metrics.averageCharWidth()
    assert needed <= header.sectionSize(1) <= needed + 3 * metrics.averageCharWidth() + 6


@pytest.mark.slow
def test_a_higher_window_shows_more_rows(many):
    tree = many.ui.exportTree
    window, low = tree.window(), tree.property("height")
    window.resize(window.property("width"), 1200)
    many.refresh()
    assert tree.property("height") > low


@pytest.mark.slow
def test_a_name_that_the_database_has_lost_letters_of_is_read_from_a_file(slicer, load, write_series, tmp_path, monkeypatch):
    """CTK does not decode half-width katakana (ISO_IR 13)."""
    from NiftiDicomBridgeLib.Host import Database

    files = write_series(
        tmp_path / "original", SpecificCharacterSet=["ISO 2022 IR 13", "ISO 2022 IR 87"], PatientName="ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"
    )
    load(files)
    monkeypatch.setattr(slicer.dicomDatabase, "nameForPatient", lambda patient: "\ufffd\ufffd^\ufffd=山田^太郎")
    assert [series.patient for series in Database.all_series()] == ["ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"]
    for path in files:
        path.unlink()
    assert Database._name_of(slicer.dicomDatabase.patients()[0]) == "\ufffd\ufffd^\ufffd=山田^太郎"


def test_of_many_patients_three_are_named():
    from NiftiDicomBridgeLib.Panel.SettingsView import _some

    assert _some(["A", "B", "C", "D"]) == "A, B, C, D"
    assert _some(["A", "B", "C", "D", "E"]) == "A, B, C and 2 others"


def test_long_list_can_be_searched(many):
    assert not many.ui.exportSearchBox.isHidden()
    many.ui.exportSearchBox.setText("flair patient3")
    assert listed(many) == ["Patient3", "No study description (20260101)", "7: FLAIR"]
    many.ui.exportSearchBox.setText("")
    assert len(listed(many)) == 7 * 4


def test_short_list_has_no_search_box(slicer, panel):
    add_volume(slicer)
    listed(panel)
    assert panel.ui.exportSearchBox.isHidden()


@pytest.mark.slow
def test_checks_that_the_search_hides_are_reported(many):
    many.ui.folderEdit.currentPath = "/somewhere"
    check(many, "7: FLAIR")
    many.ui.exportSearchBox.setText("patient0")
    assert hint(many) == "Checked images that the search hides: 1"
    assert many.ui.exportButton.isEnabled()


@pytest.mark.slow
def test_check_on_a_patient_leaves_out_what_the_search_hides(many):
    many.ui.exportSearchBox.setText("flair")
    check(many, "Patient3")
    assert many.exporting.checked() == ["1.2.3.7"]


@pytest.mark.slow
def test_branch_that_was_collapsed_stays_so(many):
    row(many, "Patient3").setExpanded(False)
    many.refresh()
    assert not row(many, "Patient3").isExpanded()
    assert row(many, "Patient2").isExpanded()


def test_rows_have_icons(slicer, panel, node):
    settle(panel)
    assert not row(panel, "7: ramp").icon(0).isNull()
