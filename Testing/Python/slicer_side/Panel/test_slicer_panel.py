"""The panel: how it looks, what it keeps in the scene, Reload."""

import pytest

from support.panel_helpers import add_files, add_volume, listed, select, settle
from support.slicer_helpers import click, wait_until

WIDEST = 345
WIDGETS = ["exportButton", "importButton", "addButton", "removeButton", "gzipCheckBox", "hardenCheckBox", "deidentifyCheckBox",
           "overwriteCheckBox", "overwriteDicomCheckBox", "keepUidsCheckBox", "loadCheckBox", "databaseCheckBox", "folderEdit",
           "dicomFolderEdit", "checkFolderEdit", "exportTree", "exportSearchBox", "filesTable", "fieldsTable", "kindComboBox",
           "referenceComboBox", "sourceComboBox", "layoutComboBox", "resultBrowser", "findingsBrowser", "validateButton",
           "saveReportButton", "openReportButton", "moreButton", "resetButton", "resetAllButton", "exportSection",
           "importSection", "applySection", "reportSection", "checkSection", "applySourceComboBox", "commandEdit",
           "applyOptionsEdit", "applyButton", "archiveComboBox", "sendButton"]  # fmt: skip
SECTIONS = ["exportSection", "importSection", "applySection", "reportSection", "checkSection"]
MENUS = "fevh"
"""File, Edit, View and Help of Slicer's menu bar."""


@pytest.fixture
def window(panel):
    """The panel in a scroll area that is as wide as the panel requires, as in Slicer's module panel."""
    import qt

    area = qt.QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
    contents = qt.QWidget()
    rows = qt.QVBoxLayout(contents)
    rows.addWidget(panel.parent)
    panel.parent.setSizePolicy(qt.QSizePolicy.Minimum, qt.QSizePolicy.Preferred)
    area.setWidget(contents)
    area.resize(WIDEST + 55, 700)
    area.show()

    def follow():
        needed = contents.minimumSizeHint.width() + area.verticalScrollBar().sizeHint.width()
        area.setMinimumWidth(needed)

    area._timer = qt.QTimer(area)
    area._timer.timeout.connect(follow)
    area._timer.start(20)
    yield area
    area._timer.stop()
    panel.parent.setParent(None)
    area.close()


@pytest.fixture
def font(slicer):
    """Changes the font of the application for one test."""
    import qt

    before = slicer.app.font()

    def change(points):
        changed = qt.QFont(before)
        changed.setPointSizeF(points)
        slicer.app.setFont(changed)

    yield change
    slicer.app.setFont(before)


def fill(slicer, panel, tmp_path):
    """Give the panel long lists."""
    for number in range(15):
        add_volume(slicer, f"a volume with a long name, number {number}")
    listed(panel)
    (tmp_path / "a-file-with-a-very-long-name-indeed.nii.gz").write_bytes(b"no NIfTI")
    add_files(panel, [tmp_path / "a-file-with-a-very-long-name-indeed.nii.gz", tmp_path / "b.nii"])
    panel.exporting.feedback.show_result("a long sentence about what has happened " * 5)


@pytest.mark.parametrize(("what", "expected"), [
    ("head", "head, 6 of 37"), ("head (2 of 23)", "head (2 of 23)"), ("3 of 23 images", "3 of 23 images"),
])  # fmt: skip
def test_progress_has_one_count(panel, what, expected):
    panel.exporting.feedback.holder.resize(600, 20)
    panel.exporting.feedback.start()
    panel.exporting.feedback.show_progress(what, 5, 37)
    assert panel.exporting.feedback.status.toolTip == expected


def test_what_was_converted_is_counted_before_what_was_not(slicer):
    from nifti_dicom_bridge import ConversionReport, Entry, Outcome
    from NiftiDicomBridgeLib.Panel.ReportHtml import report_summary

    outcomes = [Outcome.SKIPPED, Outcome.FAILED, Outcome.CONVERTED, Outcome.SKIPPED]
    report = ConversionReport([Entry("x", outcome=outcome) for outcome in outcomes])
    assert report_summary(report) == "1 converted, 2 skipped, 1 failed"


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
def test_panel_is_narrow_enough_for_slicer(slicer, panel, tmp_path, section):
    fill(slicer, panel, tmp_path)
    panel.accordion.open(getattr(panel.ui, section))
    panel.exporting.feedback.show_progress("a file with a very long name " * 5, 1, 2)
    ui = panel.ui.NiftiDicomBridge
    ui.layout().activate()
    assert max(ui.minimumSizeHint.width(), ui.sizeHint.width()) <= WIDEST


@pytest.mark.slow
@pytest.mark.parametrize("points", [9, 9 * 1.25, 9 * 1.5, 14])
@pytest.mark.parametrize("section", SECTIONS[:2])
def test_width_and_height_are_stable(slicer, font, panel, window, tmp_path, section, points):
    """A size hint that follows the width of the panel makes it grow for ever."""
    font(points)
    fill(slicer, panel, tmp_path)
    panel.accordion.open(getattr(panel.ui, section))
    sizes = []
    wait_until(lambda: sizes.append((window.width, panel.ui.NiftiDicomBridge.height)) or len(sizes) == 500)
    assert len(set(sizes[len(sizes) // 2 :])) == 1
    assert sizes[-1][0] <= WIDEST * points / 9 + 60


def test_size_hints_of_lists_do_not_follow_their_width(panel):
    import qt

    views = [panel.ui.exportTree, panel.ui.filesTable, panel.ui.fieldsTable, panel.ui.resultBrowser, panel.ui.findingsBrowser]
    assert {view.sizePolicy.horizontalPolicy() for view in views} == {qt.QSizePolicy.Ignored}
    assert {view.sizeAdjustPolicy for view in views} == {qt.QAbstractScrollArea.AdjustIgnored}


@pytest.mark.parametrize("name", WIDGETS)
def test_widget_has_a_tool_tip_and_is_reachable_by_keyboard(panel, name):
    import qt

    widget = getattr(panel.ui, name)
    assert widget.toolTip
    assert widget.focusPolicy != qt.Qt.NoFocus or widget.focusProxy() is not None


def test_tab_leaves_trees_and_tables(panel):
    assert not any(view.tabKeyNavigation for view in (panel.ui.exportTree, panel.ui.filesTable, panel.ui.fieldsTable))


@pytest.mark.parametrize("section", SECTIONS)
def test_letters_after_alt_are_unique_and_not_those_of_the_menus(panel, section):
    import qt

    texts = [str(child.property("text") or "") for child in getattr(panel.ui, section).findChildren(qt.QWidget)]
    letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert len(letters) == len(set(letters)) >= 2
    assert not set(letters) & set(MENUS)


def test_combo_boxes_offer_what_the_core_has(panel):
    from nifti_dicom_bridge import Kind, Layout, Target
    from NiftiDicomBridgeLib.Panel import ExportPart

    box = panel.ui.kindComboBox
    assert {box.itemData(n) for n in range(box.count)} == {kind.value for kind in Kind}
    assert set(ExportPart.LAYOUTS) == {*Layout, *Target} - {Target.NIFTI, Target.DICOM}
    assert panel.ui.layoutComboBox.count == len(ExportPart.LAYOUTS)
    assert panel.ui.sourceComboBox.count == len(ExportPart.SOURCES)


def test_module_is_in_a_category_that_is_not_the_name_of_a_module(slicer):
    assert slicer.modules.NiftiDicomBridgeInstance.parent.categories == ["Informatics"]


# --- sections


def test_one_section_is_open_at_a_time(panel):
    opened = [name for name in SECTIONS if not getattr(panel.ui, name).collapsed]
    assert opened == ["exportSection"]
    for name in SECTIONS:
        getattr(panel.ui, name).click()
        if name == "exportSection":
            getattr(panel.ui, name).click()
        assert [other for other in SECTIONS if not getattr(panel.ui, other).collapsed] == [name]


def test_all_sections_can_be_closed(panel):
    panel.ui.exportSection.click()
    assert all(getattr(panel.ui, name).collapsed for name in SECTIONS)


# --- state


@pytest.mark.slow
def test_state_is_kept_in_the_scene(slicer, module, panel, tmp_path):
    set_all(panel, tmp_path)
    panel.exit()
    other = module.createNewWidgetRepresentation().self()
    other.enter()
    assert_all_set(other, tmp_path)
    other.cleanup()


@pytest.mark.slow
def test_state_survives_that_the_scene_is_saved_and_loaded(slicer, panel, tmp_path):
    set_all(panel, tmp_path)
    scene = slicer.mrmlScene
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    scene.Clear()
    assert panel.ui.folderEdit.currentPath == ""
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Connect()
    settle(panel)
    assert_all_set(panel, tmp_path)


BOXES = ["gzipCheckBox", "deidentifyCheckBox", "overwriteCheckBox", "keepUidsCheckBox", "databaseCheckBox"]


def set_all(panel, tmp_path):
    panel.ui.folderEdit.currentPath = "/somewhere"
    panel.ui.dicomFolderEdit.currentPath = "/elsewhere"
    panel.ui.sourceComboBox.setCurrentIndex(1)
    panel.ui.layoutComboBox.setCurrentIndex(1)
    for name in BOXES:
        getattr(panel.ui, name).click()
    add_files(panel, [tmp_path / "a.nii", tmp_path / "b.nii"])
    select(panel, 1)
    row = panel.importing.rows.all[1]
    row.values["PatientID"] = "7"
    panel.ui.kindComboBox.setCurrentIndex(panel.ui.kindComboBox.findData("pm"))
    panel.ui.kindComboBox.activated.emit(panel.ui.kindComboBox.currentIndex)
    panel.importing.settings._on_reference_chosen("series:1.2.3")


def assert_all_set(panel, tmp_path):
    assert panel.ui.folderEdit.currentPath == "/somewhere"
    assert panel.ui.dicomFolderEdit.currentPath == "/elsewhere"
    assert (panel.ui.sourceComboBox.currentIndex, panel.ui.layoutComboBox.currentIndex) == (1, 1)
    assert [getattr(panel.ui, name).isChecked() for name in BOXES] == [False, True, True, True, False]
    first, second = panel.importing.rows.all
    assert (first.path, first.kind, first.reference, first.values) == (tmp_path / "a.nii", "auto", "", {})
    assert second.path == tmp_path / "b.nii"
    assert (second.kind, second.reference, second.values) == ("pm", "series:1.2.3", {"PatientID": "7"})


def test_choices_that_cannot_be_read_count_as_not_made(slicer, panel, tmp_path):
    panel.parameters.niftiFiles = [tmp_path / "a.nii"]
    panel.parameters.fileChoices = '{"' + str(tmp_path / "a.nii") + '": {"kind": "hologram"}}'
    panel.enter()
    assert [row.kind for row in panel.importing.rows.all] == ["auto"]
    panel.parameters.fileChoices = "no JSON"
    panel.enter()
    assert [row.values for row in panel.importing.rows.all] == [{}]


def test_closed_scene_starts_afresh(slicer, panel):
    panel.ui.folderEdit.currentPath = "/somewhere"
    slicer.mrmlScene.Clear()
    assert panel.ui.folderEdit.currentPath == ""
    panel.ui.folderEdit.currentPath = "/else"
    assert panel.logic.getParameterNode().folder == "/else"


# --- reload


def test_reload_drops_both_packages_and_opens_the_new_panel(panel, monkeypatch):
    import sys
    import types

    import slicer

    seen = []
    monkeypatch.setattr(slicer.util, "reloadScriptedModule", lambda name: seen.append(_ours()))
    new = types.SimpleNamespace(enter=lambda: seen.append("entered"))
    monkeypatch.setattr(slicer.modules, "NiftiDicomBridgeWidget", new)
    monkeypatch.setattr(panel, "_panel", types.SimpleNamespace(deleteLater=lambda: seen.append("old panel deleted")))
    kept = {name: value for name, value in sys.modules.items() if _is_ours(name)}
    panel.onReload()
    assert seen == [[], "old panel deleted", "entered"]
    sys.modules.update(kept)


def _ours():
    import sys

    return [name for name in sys.modules if _is_ours(name)]


def _is_ours(name):
    return name.split(".")[0] in ("NiftiDicomBridgeLib", "nifti_dicom_bridge")


@pytest.mark.slow
def test_click_opens_the_report(slicer, panel, tmp_path):
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    click(panel.ui.exportButton)
    settle(panel)
    panel.exporting.feedback.result.linkActivated.emit("report")
    assert not panel.ui.reportSection.collapsed
    assert "a: converted" in panel.ui.resultBrowser.toPlainText()


@pytest.mark.parametrize("is_dark", [False, True])
def test_black_icons_are_white_in_a_dark_style(slicer, monkeypatch, tmp_path, is_dark):
    """The icon of a patient is a black figure."""
    import qt

    from NiftiDicomBridgeLib.Panel import Icons

    black = qt.QPixmap(8, 8)
    black.fill(qt.QColor("black"))
    black.save(str(tmp_path / "black.png"))
    monkeypatch.setitem(Icons.FILES, "patient", str(tmp_path / "black.png"))
    colors = qt.QPalette(slicer.app.palette())
    colors.setColor(qt.QPalette.Base, qt.QColor("#1e1e1e" if is_dark else "white"))
    monkeypatch.setattr(slicer.app, "palette", lambda: colors)
    shown = Icons.icon("patient").pixmap(8, 8).toImage().pixelColor(4, 4)
    assert (shown.lightness() > 200) is is_dark
