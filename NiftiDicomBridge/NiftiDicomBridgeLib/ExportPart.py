"""The part "To NIfTI" of the panel: what is in the scene or in the DICOM database, with checks, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

SOURCES = ("scene", "database")
LAYOUTS = ("flat", "bids", "zarr", "preview")
"""As the combo boxes of the .ui file list them."""
NIFTI_LAYOUTS = ("flat", "bids")
NAME, DETAIL = 0, 1
KEY = qt.Qt.UserRole
"""Role of an item: id of a node, or UID of a series; nothing for patients, studies and folders."""


class ExportPart:
    """Shows, asks, and hands over to the logic."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self._checked: dict[str, set[str]] = {source: set() for source in SOURCES}
        self._lone = ""
        self.ui.folderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.ui.folderEdit.settingKey = "NiftiDicomBridge/Folder"
        header = self.ui.exportTree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(DETAIL, qt.QHeaderView.ResizeToContents)
        self.ui.exportTree.itemChanged.connect(self._on_item_changed)
        self.ui.sourceComboBox.currentIndexChanged.connect(self._on_source_changed)
        self.ui.layoutComboBox.currentIndexChanged.connect(self._on_layout_changed)
        self.ui.folderEdit.currentPathChanged.connect(self._on_folder_changed)
        self.ui.exportButton.clicked.connect(self.onExportButton)

    # --- state

    def show(self, parameters: Any) -> None:
        """Show the state that a scene has."""
        self.ui.sourceComboBox.setCurrentIndex(_place(SOURCES, parameters.source))
        self.ui.layoutComboBox.setCurrentIndex(_place(LAYOUTS, parameters.layout))
        self.ui.folderEdit.currentPath = parameters.folder

    @property
    def source(self) -> str:
        """Which list is shown."""
        return SOURCES[self.ui.sourceComboBox.currentIndex]

    def checked(self) -> list[str]:
        """Return the ids or UIDs of what is checked and shown, in the order of the list."""
        return [item.data(NAME, KEY) for item in self._leaves() if item.checkState(NAME) == qt.Qt.Checked]

    def show_nodes(self, ids: Sequence[str]) -> None:
        """Show the scene, with these nodes checked and no others."""
        self.ui.toNiftiButton.collapsed = False
        self.ui.sourceComboBox.setCurrentIndex(SOURCES.index("scene"))
        self._checked["scene"] = set(ids)
        self.refresh()

    # --- list

    def refresh(self) -> None:
        """List what there is; what is checked stays checked, and a lone volume is checked for the person."""
        branches = _scene_branches() if self.source == "scene" else _database_branches(self._widget.series())
        self._check_lone(branches)
        tree = self.ui.exportTree
        tree.blockSignals(True)
        tree.clear()
        self._add(tree.invisibleRootItem(), branches)
        tree.expandAll()
        tree.blockSignals(False)
        for item in self._parents():
            self._show_check_of_children(item)
        self._widget.update_buttons()

    def _check_lone(self, branches: Sequence[Any]) -> None:
        keys = list(_keys(branches))
        lone = keys[0] if len(keys) == 1 and self.source == "scene" else ""
        if lone and lone != self._lone:
            self._checked["scene"] = {lone}
        self._lone = lone

    def _add(self, parent: Any, branches: Iterable[Any]) -> None:
        for branch in branches:
            item = qt.QTreeWidgetItem(parent)
            item.setText(NAME, branch.name)
            item.setText(DETAIL, branch.detail)
            item.setToolTip(NAME, branch.name)
            item.setData(NAME, KEY, branch.node_id)
            checked = branch.node_id in self._checked[self.source]
            item.setCheckState(NAME, qt.Qt.Checked if checked else qt.Qt.Unchecked)
            self._add(item, branch.children)

    def _on_item_changed(self, item: Any, column: int) -> None:
        """Carry a check down to what lies below, and tell it to what lies above."""
        self.ui.exportTree.blockSignals(True)
        if item.childCount() and item.checkState(NAME) != qt.Qt.PartiallyChecked:
            for child in _below(item):
                child.setCheckState(NAME, item.checkState(NAME))
        for parent in reversed(self._parents()):
            self._show_check_of_children(parent)
        self.ui.exportTree.blockSignals(False)
        self._checked[self.source] = set(self.checked())
        self._widget.update_buttons()

    def _show_check_of_children(self, item: Any) -> None:
        if item.data(NAME, KEY):
            return
        self.ui.exportTree.blockSignals(True)
        states = {child.checkState(NAME) for child in _below(item) if child.data(NAME, KEY)}
        item.setCheckState(NAME, states.pop() if len(states) == 1 else qt.Qt.PartiallyChecked)
        self.ui.exportTree.blockSignals(False)

    def _items(self) -> list[Any]:
        return list(_below(self.ui.exportTree.invisibleRootItem()))

    def _leaves(self) -> list[Any]:
        return [item for item in self._items() if item.data(NAME, KEY)]

    def _parents(self) -> list[Any]:
        return [item for item in self._items() if not item.data(NAME, KEY)]

    # --- choices

    def _on_source_changed(self, index: int) -> None:
        self._widget.remember("source", self.source)
        self.ui.hardenCheckBox.setEnabled(self.source == "scene")
        self.refresh()

    def _on_layout_changed(self, index: int) -> None:
        self._widget.remember("layout", LAYOUTS[index])
        self.ui.gzipCheckBox.setEnabled(LAYOUTS[index] in NIFTI_LAYOUTS)

    def _on_folder_changed(self, path: str) -> None:
        self._widget.remember("folder", path)
        self._widget.update_buttons()

    def update_button(self) -> None:
        """Enable the button, or let it say what is missing."""
        count, folder = len(self.checked()), self._folder()
        what = _("Check a volume first.") if self.source == "scene" else _("Check a series first.")
        why_not = what if not count else _("Choose a folder first.") if not folder else ""
        self.ui.exportButton.setEnabled(not why_not)
        self.ui.exportButton.setText(_("E&xport {count} images").format(count=count) if count > 1 else _("E&xport"))
        self.ui.exportButton.setToolTip(why_not or _("Write what is checked as NIfTI, each with a JSON sidecar."))

    def _folder(self) -> str:
        return str(self.ui.folderEdit.currentPath).strip()

    # --- work

    def onExportButton(self) -> None:
        """Write what is checked."""
        self.start()

    def start(self) -> None:
        """Start the export in the background."""
        with slicer.util.tryWithErrorDisplay(_("Export failed."), waitCursor=True):
            logic = self._widget.logic
            layout = LAYOUTS[self.ui.layoutComboBox.currentIndex]
            options = logic.makeOptions(
                gzip=self.ui.gzipCheckBox.isChecked(), layout=layout, deidentify=self.ui.deidentifyCheckBox.isChecked()
            )
            if self.source == "scene":
                nodes = [slicer.mrmlScene.GetNodeByID(node_id) for node_id in self.checked()]
                task = logic.exportTask(nodes, self._folder(), options, self.ui.hardenCheckBox.isChecked())
            else:
                task = logic.seriesTask(self.checked(), self._folder(), options)
            self._widget.start(task, self._after)

    def _after(self, report: Any) -> None:
        self.ui.folderEdit.addCurrentPathToHistory()
        self._widget.checking.show_report(report)


def _place(values: Sequence[str], value: str) -> int:
    return values.index(value) if value in values else 0


def _below(item: Any) -> Iterator[Any]:
    for number in range(item.childCount()):
        yield item.child(number)
        yield from _below(item.child(number))


def _keys(branches: Iterable[Any]) -> Iterator[str]:
    for branch in branches:
        if branch.node_id:
            yield branch.node_id
        yield from _keys(branch.children)


def _scene_branches() -> list[Any]:
    from .Hierarchy import tree_of_scene

    return tree_of_scene()


def _database_branches(all_series: Iterable[Any]) -> list[Any]:
    """Return patients, studies and series as rows."""
    from .Hierarchy import Branch

    patients: dict[str, Branch] = {}
    studies: dict[str, Branch] = {}
    for series in all_series:
        patient = patients.setdefault(series.patient_key, Branch(series.patient, _("patient")))
        if series.study_key not in studies:
            studies[series.study_key] = Branch(series.study, _("study"))
            patient.children.append(studies[series.study_key])
        studies[series.study_key].children.append(Branch(series.name, series.detail, series.uid))
    return list(patients.values())
