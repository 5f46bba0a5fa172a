"""Kind and reference of each file in the section *Convert to DICOM*."""

import pydicom
import pytest

from support.import_section import choose_kind, choose_reference, exported_files, image, notes, references
from support.panel_helpers import add_files, fields, file_rows, run, select, settle
from support.slicer_helpers import click, ijk_to_ras, wait_until


@pytest.mark.slow
def test_kind_is_chosen_for_the_selected_files_only(panel, database, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-1_T2w.nii.gz", '{"Modality": "MR", "PatientID": "S1"}')
    add_files(panel, [bids_image, other])
    choose_kind(panel, "enhanced-mr")
    assert [row[2] for row in file_rows(panel)] == ["Enhanced MR", "MR"]
    click(panel.ui.loadCheckBox)
    run(panel, panel.ui.importButton)
    assert database.imagesCount() == 1 + 4
    select(panel, 0, 1)
    assert panel.ui.kindComboBox.currentIndex == -1


@pytest.mark.slow
def test_reference_of_the_scene_gives_patient_and_study(slicer, panel, node, database, bids_image):
    image(bids_image, '{"Modality": "MR"}', ijk_to_ras(node))
    add_files(panel, [bids_image])
    panel.refresh()
    choose_reference(panel, references(panel).index("Scene: 7: ramp"))
    assert fields(panel)["Patient name"] == ("Bridge^Test", "reference")
    run(panel, panel.ui.importButton)
    assert (database.patientsCount(), database.studiesCount()) == (1, 1)
    assert database.imagesCount() > 4


@pytest.mark.slow
def test_reference_of_one_file_is_not_that_of_another(panel, node, database, bids_image, tmp_path):
    for path in (bids_image, tmp_path / "bids" / "sub-2_T1w.nii.gz"):
        image(path, '{"Modality": "MR"}', ijk_to_ras(node))
    add_files(panel, [bids_image, tmp_path / "bids" / "sub-2_T1w.nii.gz"])
    choose_reference(panel, references(panel).index("Scene: 7: ramp"))
    assert [row.value_of("PatientName") for row in panel.importing.rows.all] == ["Bridge^Test", ""]


@pytest.mark.slow
def test_reference_may_be_a_folder(panel, bids_image, write_series, tmp_path, monkeypatch):
    import qt

    from nifti_dicom_bridge import read

    write_series(tmp_path / "reference")
    image(bids_image, "{}", read(tmp_path / "reference")[0].ijk_to_ras)
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "reference"))
    add_files(panel, [bids_image])
    choose_reference(panel, panel.ui.referenceComboBox.count - 1)
    assert panel.ui.referenceComboBox.currentText == f"Folder: {tmp_path / 'reference'}"
    assert fields(panel)["Patient ID"][0] == "NDB-1"


@pytest.mark.slow
def test_reference_that_does_not_exist_is_reported(panel, node, database, bids_image):
    add_files(panel, [bids_image])
    panel.importing.settings._on_reference_chosen("series:1.2.3")
    settle(panel)
    assert "1.2.3 is not in Slicer" in notes(panel)
    assert "not in the DICOM database" in panel.ui.referenceComboBox.currentText


@pytest.mark.slow
def test_references_in_the_same_space_come_first_and_segmentations_are_none(
    panel, logic, node, database, write_series, tmp_path
):
    from DICOMLib import DICOMUtils

    (own,) = exported_files(logic, node, tmp_path)
    (first, *_) = database.filesForSeries(database.seriesForStudy(database.studiesForPatient(database.patients()[0])[0])[0])
    same = pydicom.dcmread(first).FrameOfReferenceUID
    for number, (modality, space) in enumerate((("CT", "1.2.9"), ("SEG", same), ("CT", same))):
        for path in write_series(tmp_path / str(number), SeriesDescription=f"other {number}"):
            ds = pydicom.dcmread(path)
            ds.Modality, ds.FrameOfReferenceUID = modality, space or ds.FrameOfReferenceUID
            ds.SeriesInstanceUID = f"1.2.3.{number}"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}.{ds.InstanceNumber}"
            ds.save_as(path)
        DICOMUtils.importDicom(str(tmp_path / str(number)))
    add_files(panel, [own])
    panel.refresh()
    found = references(panel)
    assert found[0] == "None"
    assert all(text.startswith("Same space: ") for text in found[1:3])
    assert "ramp" in found[1] + found[2]
    assert "other 2" in found[1] + found[2]
    assert "other 0" in found[3]
    assert not [text for text in found if "other 1" in text]


@pytest.mark.slow
def test_reference_is_chosen_in_a_window(panel, node, database, bids_image):
    import qt

    def choose():
        dialog = qt.QApplication.activeModalWidget()
        tree = dialog.findChild(qt.QTreeWidget)
        tree.setCurrentItem(tree.topLevelItem(0).child(0).child(0))
        dialog.findChild(qt.QDialogButtonBox).button(qt.QDialogButtonBox.Ok).click()

    add_files(panel, [bids_image])
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(choose)
    timer.start(50)
    choose_reference(panel, panel.ui.referenceComboBox.count - 2)
    assert panel.importing.rows.all[0].reference.startswith("series:")
    assert "7: ramp" in panel.ui.referenceComboBox.currentText


@pytest.mark.slow
def test_choices_that_change_while_files_are_read_count(panel, bids_image):
    panel.importing.files.add_files([bids_image])
    wait_until(lambda: panel.importing.proposing._background.busy)
    choose_kind(panel, "sc")
    assert file_rows(panel)[0][2] == "Secondary capture"
