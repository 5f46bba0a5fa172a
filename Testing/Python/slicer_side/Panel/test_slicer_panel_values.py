"""Values that a person enters in the section *Convert to DICOM*."""

import pydicom
import pytest

from support.import_section import hint, image, notes
from support.panel_helpers import add_files, enter, fields, report, run, select, settle, shown
from support.slicer_helpers import click, wait_until


@pytest.mark.slow
def test_entered_value_is_shown_kept_and_reset(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    assert fields(panel)["Patient name"] == ("Doe^Jo", "edited")
    assert "Doe^Jo" in panel.parameters.fileChoices
    click(panel.ui.resetButton)
    settle(panel)
    assert fields(panel)["⚠ Patient name"] == ("", "not set")
    assert panel.parameters.fileChoices == ""


@pytest.mark.slow
def test_value_that_is_emptied_stays_empty(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient ID", "")
    assert fields(panel)["⚠ Patient ID"] == ("", "edited")
    run(panel, panel.ui.importButton)
    assert not converted(database).PatientID


def converted(database):
    (patient,) = database.patients()
    (study,) = database.studiesForPatient(patient)
    return pydicom.dcmread(database.filesForSeries(database.seriesForStudy(study)[0])[0])


@pytest.mark.slow
def test_entered_value_is_in_the_dicom(slicer, panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    run(panel, panel.ui.importButton)
    assert (str(converted(database).PatientName), converted(database).PatientID) == ("Doe^Jo", "S1")
    assert "Patient name\nDoe^Jo\nedited" in report(panel)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text", "expected"), [("Patient sex", "female", "M, F or O"),
                                                        ("Patient birth date", "31.1.1970", "YYYYMMDD")])  # fmt: skip
def test_value_that_is_not_valid_is_marked_and_nothing_is_lost(panel, database, bids_image, name, text, expected):
    add_files(panel, [bids_image])
    before = fields(panel)
    enter(panel, name, text)
    note = shown(panel.ui.fieldsNoteLabel)
    assert text in note
    assert expected in note
    assert fields(panel)["⚠ " + name] == (text, "edited")
    assert len(fields(panel)) == len(before)
    assert f"Correct or reset “{name}”" in hint(panel)
    assert not panel.ui.importButton.isEnabled()
    click(panel.ui.resetButton)
    settle(panel)
    assert fields(panel) == before
    assert (shown(panel.ui.fieldsNoteLabel), panel.ui.importButton.isEnabled()) == ("", True)


@pytest.mark.slow
def test_value_that_is_not_valid_can_be_corrected(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient sex", "female")
    enter(panel, "Patient sex", "F")
    assert fields(panel)["Patient sex"] == ("F", "edited")
    assert panel.ui.importButton.isEnabled()


@pytest.mark.slow
def test_value_that_is_not_valid_goes_with_its_file(panel, database, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-1_T2w.nii.gz")
    add_files(panel, [bids_image, other])
    enter(panel, "Patient sex", "female")
    click(panel.ui.removeButton)
    assert panel.importing.rows.paths() == [other]
    assert panel.ui.importButton.isEnabled()
    add_files(panel, [bids_image])
    assert panel.importing.rows.invalid() == []


@pytest.mark.slow
def test_reset_all_restores_every_value_of_the_file(panel, bids_image):
    add_files(panel, [bids_image])
    before = fields(panel)
    enter(panel, "Patient name", "Doe^Jo")
    enter(panel, "Patient sex", "female")
    click(panel.ui.resetAllButton)
    settle(panel)
    assert fields(panel) == before


@pytest.mark.slow
def test_value_of_one_file_is_not_applied_to_another(panel, database, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-2_T1w.nii.gz", '{"Modality": "MR", "PatientID": "S2"}')
    add_files(panel, [bids_image, other])
    enter(panel, "Patient name", "Doe^Jo")
    select(panel, 1)
    assert fields(panel)["⚠ Patient name"] == ("", "not set")
    run(panel, panel.ui.importButton)
    assert {database.nameForPatient(patient) for patient in database.patients()} == {"Doe^Jo", "S2"}


@pytest.mark.slow
def test_value_is_applied_to_all_selected_files(panel, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-1_T2w.nii.gz", '{"Modality": "MR", "PatientID": "S1", "SeriesDescription": "T2"}')
    add_files(panel, [bids_image, other])
    select(panel, 0, 1)
    assert shown(panel.ui.settingsLabel) == "Settings of the 2 selected files:"
    assert fields(panel)["Patient ID"][0] == "S1"
    assert fields(panel)["Series description"][0] == "(different)"
    enter(panel, "Patient name", "Doe^Jo")
    assert [row.values for row in panel.importing.rows.all] == [{"PatientName": "Doe^Jo"}] * 2


@pytest.mark.slow
def test_different_patients_are_reported(panel, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-2_T1w.nii.gz", '{"Modality": "MR", "PatientID": "S2", "PatientName": "Roe^Al"}')
    add_files(panel, [bids_image])
    assert "patients" not in notes(panel)
    add_files(panel, [other])
    assert "images of 2 patients: S1, Roe^Al" in notes(panel)
    select(panel, 0, 1)
    assert "different patients" in shown(panel.ui.fieldsNoteLabel)


@pytest.mark.slow
def test_typing_is_not_interrupted_by_proposals(panel, bids_image):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    panel.accordion.open(panel.ui.importSection)
    panel.parent.show()
    add_files(panel, [bids_image])
    table = panel.ui.fieldsTable
    table.setCurrentCell(0, 1)
    table.editItem(table.item(0, 1))
    (editor,) = [child for child in table.viewport().children() if child.metaObject().className() == "QExpandingLineEdit"]
    QTest.keyClicks(editor, "Doe^")
    panel.importing.look_again()
    settle(panel)
    QTest.keyClicks(editor, "Jo")
    assert editor.text == "Doe^Jo"
    QTest.keyClick(editor, Qt.Key_Return)
    wait_until(lambda: "Patient name" in fields(panel))
    settle(panel)
    assert fields(panel)["Patient name"] == ("Doe^Jo", "edited")
