"""Long lists of series: search, checks, columns."""

import pytest

from support.export_section import hint
from support.panel_helpers import add_volume, check, listed, row, settle


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
