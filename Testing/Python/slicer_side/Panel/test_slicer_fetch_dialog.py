"""The window to search an archive: fields, the list of studies and their series, what is fetched; with an Orthanc."""

import threading
from types import SimpleNamespace

import pydicom
import pytest

from nifti_dicom_bridge import send
from support import archives
from support.odd_archives import PENDING, query_scp
from support.panel_helpers import settle, shown
from support.slicer_helpers import click, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with archives.orthanc(tmp_path_factory.mktemp("orthanc"), DefaultEncoding="Utf8") as server:
        yield server


@pytest.fixture(autouse=True)
def settings(slicer):
    import qt

    qt.QSettings().remove("DICOM")
    yield
    qt.QSettings().remove("DICOM")


@pytest.fixture
def stored(orthanc, write_series, tmp_path):
    """Three studies of two patients, the first one with two series; returns the Series Instance UIDs by study."""
    orthanc.clear()
    people = {
        "1": ("P1", "山田^太郎", "20260101"),
        "2": ("P1", "山田^太郎", "20260301"),
        "3": ("P2", '<b>Bold^"B"</b>', "20260201"),
    }
    series = {}
    for study, (patient, name, date) in people.items():
        for number in range(1 + (study == "1")):
            for path in write_series(tmp_path / "archive" / f"{study} {number}", PatientID=patient):
                ds = pydicom.dcmread(path)
                ds.SpecificCharacterSet, ds.PatientName, ds.StudyDate = "ISO_IR 192", name, date
                ds.StudyInstanceUID, ds.StudyDescription = f"1.2.{study}", f"Study <{study}>"
                ds.SeriesNumber, ds.SeriesDescription = 10 - number, f"part {number}"
                ds.save_as(path)
            series.setdefault(study, []).append(str(ds.SeriesInstanceUID))
    assert send(tmp_path / "archive", orthanc.pacs).ok
    return series


@pytest.fixture
def dialog(panel, database, orthanc):
    panel.ui.sourceComboBox.setCurrentIndex(1)
    opened = panel.fetching.dialog
    opened.refill()
    opened.archive.setEditText(orthanc.pacs)
    return opened


def find(panel, dialog, **values):
    """Search, and return the result that is shown."""
    for name, edit in dialog.edits.items():
        edit.setText(values.get(name, ""))
    dialog.modality.setEditText(values.get("modality", ""))
    click(dialog.searchButton)
    settle(panel)
    return shown(dialog.feedback.result)


def items(dialog):
    root = dialog.tree.invisibleRootItem()
    return [root.child(number) for number in range(root.childCount())]


def texts(item):
    return [item.text(column) for column in range(7)]


def expand(panel, item):
    item.setExpanded(True)
    settle(panel)
    return [item.child(number) for number in range(item.childCount())]


def check(item, on=True):
    import qt

    item.setCheckState(0, qt.Qt.Checked if on else qt.Qt.Unchecked)


def test_studies_are_listed_with_the_newest_first(panel, dialog, stored):
    assert find(panel, dialog) == "✓ 3 studies match."
    assert [texts(item) for item in items(dialog)] == [
        ["山田 太郎", "P1", "2026-03-01 12:00", "Study <2>", "CT", "1", "4"],
        ['<b>Bold "B"</b>', "P2", "2026-02-01 12:00", "Study <3>", "CT", "1", "4"],
        ["山田 太郎", "P1", "2026-01-01 12:00", "Study <1>", "CT", "2", "8"],
    ]
    assert not dialog.fetchButton.isEnabled()


def test_fields_narrow_the_list(panel, dialog, stored):
    assert find(panel, dialog, patient="P2") == "✓ 1 study matches."
    assert find(panel, dialog, name="山田", modality="ct") == "✓ 2 studies match."
    assert find(panel, dialog, modality="MR") == "⚠ No study matches."
    assert items(dialog) == []
    dialog.date.box.setCurrentIndex(dialog.date.box.count - 1)
    import qt

    dialog.date.first.setDate(qt.QDate(2026, 2, 1))
    dialog.date.last.setDate(qt.QDate(2026, 2, 28))
    assert find(panel, dialog) == "✓ 1 study matches."


def test_values_that_are_not_valid_are_named(panel, dialog):
    assert "is not a UID" in find(panel, dialog, study="abc")
    assert "backslash" in find(panel, dialog, patient="A\\B")
    assert not panel.busy


def test_the_series_of_a_study_are_listed_when_it_is_expanded(panel, dialog, stored):
    find(panel, dialog)
    study = items(dialog)[2]
    assert [texts(child)[0] for child in expand(panel, study)] == ["9  part 1", "10  part 0"]
    assert study.isExpanded()
    assert shown(dialog.feedback.result) == "✓ 3 studies match."


def test_a_study_is_partly_checked_by_its_series(panel, dialog, stored):
    import qt

    find(panel, dialog)
    study = items(dialog)[2]
    check(study)
    series = expand(panel, study)
    assert [child.checkState(0) for child in series] == [qt.Qt.Checked] * 2
    check(series[0], on=False)
    assert study.checkState(0) == qt.Qt.PartiallyChecked
    assert dialog.selections() == [{"patient": "P1", "study": ["1.2.1"], "series": [stored["1"][0]]}]
    assert dialog.count.text == "1 study chosen, 1 series"
    check(items(dialog)[0])
    assert dialog.count.text == "2 studies chosen, 2 series"
    check(series[0])
    check(series[1], on=False)
    check(series[0], on=False)
    assert study.checkState(0) == qt.Qt.Unchecked


def test_what_is_checked_is_fetched(panel, dialog, stored):
    find(panel, dialog)
    newest, other, first = items(dialog)
    check(newest)
    check(other)
    check(expand(panel, first)[1])
    assert dialog.fetchButton.isEnabled()
    panel.fetching.fetch(dialog.server, dialog.selections())
    settle(panel)
    assert shown(panel.fetching.feedback.result).startswith("✓ 3 series fetched, 12 instances added")
    assert set(panel.exporting.checked()) == {stored["2"][0], stored["3"][0], stored["1"][0]}


def test_one_study_that_is_gone_does_not_keep_the_others_from_the_database(panel, dialog, stored):
    server = dialog.server
    panel.fetching.fetch(server, [{"patient": "P1", "study": ["1.2.2"]}, {"patient": "P2", "study": ["1.2.9"]}])
    settle(panel)
    result = shown(panel.fetching.feedback.result)
    assert result.startswith("⚠ 1 series fetched, 4 instances added")
    assert "Not fetched: 1." in result
    assert "has nothing that matches" in result


def test_the_button_of_the_panel_fetches_what_was_chosen(panel, dialog, stored, monkeypatch):
    find(panel, dialog, patient="P2")
    check(items(dialog)[0])
    monkeypatch.setattr(dialog.dialog, "exec", lambda: 1)
    click(panel.ui.fetchButton)
    settle(panel)
    assert panel.exporting.checked() == stored["3"]


def test_what_was_found_stays_when_the_window_is_opened_again(panel, dialog, stored, monkeypatch):
    find(panel, dialog)
    check(items(dialog)[0])
    monkeypatch.setattr(dialog.dialog, "exec", lambda: 0)
    click(panel.ui.fetchButton)
    assert len(items(dialog)) == 3
    assert dialog.count.text == "1 study chosen, 1 series"
    assert panel.exporting.checked() == []


@pytest.mark.parametrize("points", [9, 14])
def test_names_have_space_with_every_font(panel, dialog, points):
    import qt

    from nifti_dicom_bridge import StudyMatch

    font = qt.QFont(dialog.tree.font)
    font.setPointSize(points)
    dialog.dialog.setFont(font)
    dialog.dialog.show()
    dialog.show([StudyMatch("1.2.3", "P1", "Yamada^Tarou")])
    wait_until(lambda: not dialog.list._appearance._timer.active)
    header = dialog.tree.header()
    assert header.sectionSize(0) >= 0.38 * dialog.tree.viewport().property("width")
    assert header.sectionSize(2) > 0
    dialog.dialog.hide()


def test_a_list_of_another_archive_is_removed(panel, dialog, stored):
    find(panel, dialog)
    check(items(dialog)[0])
    dialog.archive.setEditText("pacs:OTHER@127.0.0.1:1")
    assert items(dialog) == []
    assert not dialog.fetchButton.isEnabled()
    assert shown(dialog.feedback.result) == ""


@pytest.mark.parametrize("address", ["", "127.0.0.1:104", "http://archive"])
def test_without_an_address_there_is_a_hint(panel, dialog, address):
    dialog.archive.setEditText(address)
    assert not dialog.searchButton.isEnabled()
    assert "pacs:AETITLE@host:port" in shown(dialog.feedback.hint)


def test_an_archive_that_refuses_the_title_is_named(panel, dialog, orthanc):
    dialog.archive.setEditText(orthanc.pacs.replace("ORTHANC", "WRONG"))
    assert "refuses the association (rejected permanent: called ae title" in find(panel, dialog)


def test_a_user_signs_in_where_access_is_refused(panel, dialog, orthanc, stored, monkeypatch):
    from NiftiDicomBridgeLib.Host import ArchiveAccess

    monkeypatch.setattr(ArchiveAccess, "_ask", lambda *_: (archives.USER, archives.PASSWORD))
    dialog.archive.setEditText(orthanc.dicomweb)
    assert 'href="sign-in"' in find(panel, dialog, patient="P2")
    dialog.feedback.result.linkActivated.emit("sign-in")
    settle(panel)
    assert shown(dialog.feedback.result) == "✓ 1 study matches."


def test_too_many_studies_are_cut_off(panel, dialog):
    def answer(event):
        for number in range(500):
            row = pydicom.Dataset()
            row.QueryRetrieveLevel, row.StudyInstanceUID = "STUDY", f"1.2.{number}"
            yield PENDING, row

    with query_scp([], answer) as address:
        dialog.archive.setEditText(address)
        assert find(panel, dialog).startswith("⚠ More than 200 studies match")
    assert len(items(dialog)) == 200


@pytest.mark.parametrize("end", ["cancel", "close", "panel"])
def test_an_archive_that_does_not_answer_is_not_waited_for(module, slicer, database, end):
    """A search that is cancelled ends at once: the archive below answers when it is allowed to, after that."""
    from support.panel_helpers import open_panel

    answers = threading.Event()

    def silent(event):
        answers.wait(30)
        yield 0, None

    representation, panel = open_panel(module)
    dialog = panel.fetching.dialog
    with query_scp([], silent) as address:
        dialog.archive.setEditText(address)
        click(dialog.searchButton)
        wait_until(lambda: "Searching" in dialog.feedback.status.text)
        if end == "cancel":
            click(dialog.feedback.cancel)
            assert shown(dialog.feedback.result) == "⚠ Cancelled."
            assert dialog.searchButton.isEnabled()
        elif end == "close":
            dialog.dialog.finished.emit(0)
        if end != "panel":
            assert not panel.busy
        panel.cleanup()
        assert not answers.is_set()
        answers.set()
        representation.close()


def test_selections_name_the_patient_unless_archives_take_the_id_for_a_pattern(slicer):
    from NiftiDicomBridgeLib.Panel.FetchSelections import selections_of

    def study(uid, patient):
        return SimpleNamespace(study=uid, patient_id=patient)

    chosen = [(study("1", "A"), ["s"]), (study("2", "A"), None), (study("3", "B*"), None), (study("4", "山"), None),
              (study("5", ""), None), (study("6", "A"), None)]  # fmt: skip
    assert selections_of(chosen) == [
        {"patient": "A", "study": ["2", "6"], "series": []},
        {"study": ["3", "5"], "series": []},
        {"patient": "山", "study": ["4"], "series": []},
        {"patient": "A", "study": ["1"], "series": ["s"]},
    ]


def test_the_list_is_not_styled_after_the_window_was_deleted(module, slicer, database):
    """Its width changes when it is shown: the timer of that must not fire afterwards."""
    from support.panel_helpers import open_panel

    representation, panel = open_panel(module)
    appearance = panel.fetching.dialog.list._appearance
    appearance._timer.start(0)
    panel.cleanup()
    assert not appearance._timer.active
    representation.close()
