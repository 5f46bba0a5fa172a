"""Archives in the panel: fetching into the database, signing in, servers of Slicer's settings; with an Orthanc."""

import json

import pydicom
import pytest

from nifti_dicom_bridge import ArchiveError, send
from support import archives
from support.panel_helpers import run, settle, shown

pytestmark = pytest.mark.slow

SERVER = "DICOM/ServerNodes/{}"


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory):
    with archives.orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(autouse=True)
def settings(slicer):
    """Slicer's settings, without archives."""
    import qt

    qt.QSettings().remove("DICOM")
    yield qt.QSettings()
    qt.QSettings().remove("DICOM")


@pytest.fixture
def stored(orthanc, write_series, tmp_path):
    """Two patients in the archive, one of them called as HTML is written; returns the Series Instance UIDs by PatientID."""
    orthanc.clear()
    series = {}
    for number, (patient, name) in enumerate({"P1": "山田^太郎", "<b>2": '<b>Bold^"B"</b>'}.items()):
        files = write_series(tmp_path / f"archive {number}", PatientID=patient)
        for path in files:
            ds = pydicom.dcmread(path)
            ds.SpecificCharacterSet, ds.PatientName, ds.AccessionNumber = "ISO_IR 192", name, f"A{number}"
            ds.save_as(path)
        assert send(files, orthanc.pacs).ok
        series[patient] = str(ds.SeriesInstanceUID)
    return series


@pytest.fixture
def list_of_database(panel, database):
    panel.ui.sourceComboBox.setCurrentIndex(1)
    return panel


def fetch(panel, archive, **selection):
    """Fetch, and return the result that the panel shows."""
    from NiftiDicomBridgeLib.Host.ArchiveAddresses import server_of

    panel.fetching.fetch(server_of(archive), [selection])
    settle(panel)
    return shown(panel.fetching.feedback.result)


@pytest.fixture
def sign_in(monkeypatch):
    """Enter user and password in the window that asks for them; returns which archives it was opened for."""
    from NiftiDicomBridgeLib.Host import ArchiveAccess

    opened = []

    def enter(user, password):
        def ask(parent, server, known):
            opened.append(server.name)
            return user, password

        monkeypatch.setattr(ArchiveAccess, "_ask", ask)

    return enter, opened


def test_the_button_is_shown_with_the_list_of_the_database_only(panel, database):
    assert panel.ui.fetchButton.isHidden()
    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert not panel.ui.fetchButton.isHidden()
    assert panel.ui.fetchButton.isEnabled()


@pytest.mark.parametrize("patient", ["P1", "<b>2"])
def test_what_is_fetched_is_in_the_database_and_checked(list_of_database, orthanc, stored, patient):
    result = fetch(list_of_database, orthanc.pacs, patient=patient)
    assert result.startswith("✓ 1 series fetched, 4 instances added")
    assert list_of_database.exporting.checked() == [stored[patient]]
    again = fetch(list_of_database, orthanc.pacs, patient=patient)
    assert "0 instances added to Slicer's DICOM database, 4 were there already" in again.replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ({"patient": "P3"}, "has nothing that matches patients: P3"),
        ({"patient": "P1", "accession": "A1"}, "has nothing that matches"),
        ({"patient": "P*"}, "which archives take for patterns"),
        ({"study": "abc"}, "is not a UID"),
    ],
)
def test_what_matches_nothing_is_named(list_of_database, orthanc, stored, selection, words):
    result = fetch(list_of_database, orthanc.pacs, **selection)
    assert result.startswith("⚠")
    assert words in result
    assert list_of_database.exporting.checked() == []


def test_a_user_signs_in_where_access_is_refused(list_of_database, orthanc, stored, sign_in):
    panel, (enter, opened) = list_of_database, sign_in
    enter("reader", "wrong")
    refused = fetch(panel, orthanc.dicomweb, patient="P1")
    assert "refuses access" in refused
    assert "Check user and password" in refused
    assert 'href="sign-in"' in refused
    panel.fetching.feedback.result.linkActivated.emit("sign-in")
    settle(panel)
    assert "refuses access" in shown(panel.fetching.feedback.result)
    enter(archives.USER, archives.PASSWORD)
    panel.fetching.feedback.result.linkActivated.emit("sign-in")
    settle(panel)
    assert "4 instances added" in shown(panel.fetching.feedback.result)
    assert opened == [orthanc.dicomweb] * 2
    assert "sign-in" not in fetch(panel, orthanc.dicomweb, patient="<b>2")  # for all that follows


def test_what_was_made_is_sent_after_signing_in(list_of_database, orthanc, stored, sign_in, tmp_path, write_series):
    panel, (enter, _) = list_of_database, sign_in
    enter(archives.USER, archives.PASSWORD)
    files = write_series(tmp_path / "made")
    panel.sending.show(files)
    panel.accordion.open(panel.ui.reportSection)
    panel.ui.archiveComboBox.setEditText(orthanc.dicomweb)
    run(panel, panel.ui.sendButton)
    assert 'href="sign-in"' in shown(panel.sending.feedback.result)
    panel.sending.feedback.result.linkActivated.emit("sign-in")
    settle(panel)
    assert "4 sent" in shown(panel.sending.feedback.result)


def test_a_server_of_slicer_is_chosen_by_its_name_and_called_by_its_title(list_of_database, settings, stored, tmp_path):
    """The archive accepts only the AE title that Slicer's settings have for it."""
    rules = {"DicomAlwaysAllowEcho": False, "DicomAlwaysAllowFind": False, "DicomAlwaysAllowStore": False,
             "DicomCheckModalityHost": False, "DicomAlwaysAllowGet": False, "DicomAlwaysAllowMove": False,
             "DicomModalities": {"slicer": ["SLICERAE", "127.0.0.1", 104]}}  # fmt: skip
    with archives.orthanc(tmp_path / "strict", **rules) as server:
        node = {"Name": "Hospital", "StorageCheckState": 2, "QueryRetrieveCheckState": 2, "Called AETitle": "ORTHANC",
                "Calling AETitle": "SLICERAE", "Address": "127.0.0.1", "Port": str(server.dicom_port)}  # fmt: skip
        settings.setValue("DICOM/ServerNodeCount", 1)
        settings.setValue(SERVER.format(0), json.dumps(node).encode())
        with pytest.raises(ArchiveError, match="refuses the association"):
            send(tmp_path / "archive 0", server.pacs)
        panel = list_of_database
        panel.sending.show(sorted((tmp_path / "archive 0").iterdir()))
        assert panel.ui.archiveComboBox.currentText == "Hospital"
        panel.accordion.open(panel.ui.reportSection)
        run(panel, panel.ui.sendButton)
        assert "4 sent" in shown(panel.sending.feedback.result)
        assert "4 instances added" in fetch(panel, "Hospital", patient="P1")


def test_the_packages_that_are_missing_are_named(list_of_database, monkeypatch):
    from NiftiDicomBridgeLib.Host import Dependencies

    monkeypatch.setattr(Dependencies, "offer", lambda feature: f"Not installed: {feature}.")
    assert "Not installed: network." in fetch(list_of_database, "pacs:A@127.0.0.1:1", patient="P1")
