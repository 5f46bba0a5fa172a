"""The section *Export to NIfTI*, clicked."""

import pytest

from support.export_section import hint, outcome
from support.panel_helpers import add_volume, check, listed, report, row, rows, run, settle
from support.slicer_helpers import MessageBoxes, click, voxels_of


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
