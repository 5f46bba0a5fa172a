"""Names and values that look like HTML are shown as they are."""

import pytest

from support.panel_helpers import add_volume, row

NAME = "<b>T1</b> & T2 &lt;1"


def as_shown(tip):
    """Return the text of a tool tip or message box, as Qt shows it."""
    import qt

    document = qt.QTextDocument()
    if qt.Qt.mightBeRichText(tip):
        document.setHtml(tip)
    else:
        document.setPlainText(tip)
    return document.toPlainText()


@pytest.mark.parametrize("text", [NAME, "two\nlines", f"first\n{NAME}", "a & b", "", "x < y and z > w", "&lt;b>"])
def test_plain_text_is_shown_as_it_is(slicer, text):
    from NiftiDicomBridgeLib.Panel.Views import plain

    assert as_shown(plain(text)) == text


def test_text_without_a_mark_of_html_stays(slicer):
    from NiftiDicomBridgeLib.Panel.Views import plain

    assert plain("two\nlines “quoted”") == "two\nlines “quoted”"


def test_tool_tip_of_a_volume_is_its_name(slicer, panel):
    add_volume(slicer, NAME)
    assert NAME in as_shown(row(panel, NAME).toolTip(0))


def test_labels_that_name_files_show_no_html(panel):
    import qt

    ui, parts = panel.ui, (panel.exporting, panel.importing, panel.applying, panel.sending, panel.checking)
    labels = [ui.fileNoteLabel, ui.settingsLabel, ui.fieldsNoteLabel]
    labels += [label for part in parts for label in (part.feedback.hint, part.feedback.status)]
    assert {label.textFormat for label in labels} == {qt.Qt.PlainText}


def test_question_names_the_image_as_it_is(slicer, monkeypatch, tmp_path):
    from types import SimpleNamespace

    from NiftiDicomBridgeLib.Panel.OverwriteQuestion import ask_to_replace

    asked = []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text, title: asked.append(as_shown(text)))
    ask_to_replace([SimpleNamespace(title=NAME)], str(tmp_path))
    assert asked == [f"The output of {NAME} exists already in {tmp_path}.\n\nReplace it?"]
