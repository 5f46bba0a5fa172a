"""The section *Export to NIfTI*: images of the scene or of the DICOM database, the format and the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ctk
import slicer
from slicer.i18n import tr as _

from .Feedback import Feedback
from .ImageTree import ImageTree
from .OverwriteQuestion import ask_to_replace, existing_outputs
from .Views import typed_folder

SOURCES = ("scene", "database")
LAYOUTS = ("flat", "bids", "zarr", "preview")
"""As the combo boxes of the .ui file list them."""
NIFTI_LAYOUTS = ("flat", "bids")
RETAINED: tuple[dict[str, str], ...] = (
    {},
    {"retain": "safe-private"},
    {"retain": "safe-private,patient-characteristics", "clean": "descriptors"},
    {"retain": "safe-private,patient-characteristics,modified-dates", "clean": "descriptors"},
)
"""What each entry of the combo box keeps beyond the basic profile."""


class ExportPart:
    """Shows what can be exported, and starts the export."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self._checked: dict[str, set[str]] = {source: set() for source in SOURCES}
        self._lone = ""
        self.tree = ImageTree(self.ui.exportTree, self.ui.exportSearchBox, self._on_checked)
        self.feedback = Feedback(self.ui.exportFeedback, widget.cancel, widget.open_link)
        self.ui.folderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.ui.folderEdit.settingKey = "NiftiDicomBridge/Folder"
        self.ui.sourceComboBox.currentIndexChanged.connect(self._on_source_changed)
        self.ui.layoutComboBox.currentIndexChanged.connect(self._on_layout_changed)
        self.ui.folderEdit.currentPathChanged.connect(self._on_folder_changed)
        self.ui.deidentifyCheckBox.toggled.connect(self.ui.retainComboBox.setEnabled)
        self.ui.optionsEdit.textChanged.connect(lambda text: widget.update_buttons())
        self.ui.exportButton.clicked.connect(self.onExportButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()

    # --- state

    def show(self, parameters: Any) -> None:
        """Show the state that a scene has."""
        self.ui.sourceComboBox.setCurrentIndex(_place(SOURCES, parameters.source))
        self.ui.layoutComboBox.setCurrentIndex(_place(LAYOUTS, parameters.layout))
        self.ui.folderEdit.currentPath = parameters.folder
        self._show_options()

    @property
    def source(self) -> str:
        """Which list is shown."""
        return SOURCES[self.ui.sourceComboBox.currentIndex]

    @property
    def layout(self) -> str:
        """The format that is chosen."""
        return LAYOUTS[self.ui.layoutComboBox.currentIndex]

    def checked(self) -> list[str]:
        """Return the ids or UIDs of what is checked, in the order of the list."""
        return self.tree.checked()

    def show_nodes(self, ids: Sequence[str]) -> None:
        """Show the scene, with these nodes checked and no others."""
        self._widget.accordion.open(self.ui.exportSection)
        self.ui.sourceComboBox.setCurrentIndex(SOURCES.index("scene"))
        self._checked["scene"] = set(ids)
        self.refresh()

    def check_series(self, uids: Sequence[str]) -> None:
        """Check series of the database, too."""
        self._checked["database"] |= set(uids)
        self.refresh()

    def refresh(self) -> None:
        """Fill the list again; what is checked stays checked, and a single image of the scene is checked."""
        from ..Host.Hierarchy import tree_of_scene
        from .SeriesLists import branches_of

        in_scene = self.source == "scene"
        branches = tree_of_scene() if in_scene else branches_of(self._widget.series())
        self.tree.fill(branches, self._checked[self.source], in_scene)
        keys = self.tree.keys()
        lone = keys[0] if len(keys) == 1 and in_scene else ""
        if lone and lone != self._lone:
            self._checked["scene"] = {lone}
            self.tree.fill(branches, {lone}, in_scene)
        self._lone = lone
        self._widget.update_buttons()

    # --- choices

    def _on_checked(self) -> None:
        self._checked[self.source] = set(self.checked())
        self._widget.update_buttons()

    def _on_source_changed(self, index: int) -> None:
        self._widget.remember("source", self.source)
        self.feedback.clear()
        self._show_options()
        self.refresh()

    def _on_layout_changed(self, index: int) -> None:
        self._widget.remember("layout", self.layout)
        self._show_options()
        self._widget.update_buttons()

    def _show_options(self) -> None:
        """Hide options that do not apply to the format or to the source."""
        self.ui.gzipCheckBox.setVisible(self.layout in NIFTI_LAYOUTS)
        self.ui.hardenCheckBox.setVisible(self.source == "scene")
        self.ui.sameSpaceCheckBox.setVisible(self.source == "database")

    def _on_folder_changed(self, path: str) -> None:
        self._widget.remember("folder", path)
        self._widget.update_buttons()

    def update_button(self) -> None:
        """Enable the button, or show what is missing."""
        count = len(self.checked())
        hint, remedy, on_remedy = self._obstacle(count)
        self.ui.exportButton.setEnabled(not hint)
        self.ui.exportButton.setText(_("E&xport {count} images").format(count=count) if count > 1 else _("E&xport"))
        self.ui.exportButton.setToolTip(hint or _("Write the checked images to the folder."))
        if self._widget.busy:
            hint = "" if self._widget.busy_with(self.feedback) else hint
        hidden = self.tree.checked_but_hidden()
        note = _("Checked images that the search hides: {count}").format(count=hidden) if hidden and not hint else ""
        self.feedback.show_hint(hint or note, remedy, on_remedy)

    def _obstacle(self, count: int) -> tuple[str, str, Any]:
        """Return why nothing can be exported, and the text and action of a button that helps."""
        hint, remedy, on_remedy = self._widget.obstacle(self.feedback, database=self.source == "database")
        if hint:
            return hint, remedy, on_remedy
        if not self.tree.keys():
            nothing = _("The scene contains no images.") if self.source == "scene" else _("The DICOM database is empty.")
            return nothing, "", None
        if not count:
            return _("Check at least one image."), "", None
        if self.layout == "zarr":
            missing, remedy, on_remedy = self._widget.missing_package("zarr", self.feedback)
            if missing:
                return missing, remedy, on_remedy
        if not self._folder():
            return _("Choose a folder."), "", None
        from .OtherOptions import problem_of

        return problem_of(str(self.ui.optionsEdit.text)), "", None

    def _folder(self) -> str:
        return typed_folder(self.ui.folderEdit)

    # --- work

    def onExportButton(self) -> None:
        """Export what is checked."""
        self.start()

    def start(self, keys: Sequence[str] | None = None, overwrite: bool = False) -> None:
        """Start the export of some images in the background, of those that are checked by default."""
        keys = self.checked() if keys is None else list(keys)
        with self._widget.showing_problems(self.feedback):
            task = self._task(keys, overwrite or self.ui.overwriteCheckBox.isChecked())
            self._widget.start(task, lambda report: self._after(report, keys), self.feedback)

    def _task(self, keys: Sequence[str], overwrite: bool) -> Any:
        from .OtherOptions import other_options

        logic = self._widget.logic
        deidentify = self.ui.deidentifyCheckBox.isChecked()
        retained = RETAINED[self.ui.retainComboBox.currentIndex] if deidentify else {}
        chosen = {"gzip": self.ui.gzipCheckBox.isChecked(), "layout": self.layout, "deidentify": deidentify, **retained}
        same_space = self.source == "database" and self.ui.sameSpaceCheckBox.isChecked()
        options = logic.makeOptions(**chosen, same_space=same_space, **other_options(str(self.ui.optionsEdit.text)))
        options = replace(options, overwrite=overwrite)
        if self.source == "database":
            return logic.seriesTask(keys, self._folder(), options)
        nodes = [slicer.mrmlScene.GetNodeByID(node_id) for node_id in keys]
        return logic.exportTask(nodes, self._folder(), options, self.ui.hardenCheckBox.isChecked())

    def _after(self, report: Any, keys: Sequence[str]) -> None:
        self.ui.folderEdit.addCurrentPathToHistory()
        self._widget.show_report(report, self.feedback)
        existing = existing_outputs(report)
        again = self._keys_of(existing, keys) if existing and not self._widget.cancelled else []
        if again and ask_to_replace(existing, self._folder()):
            self._widget.then(lambda: self.start(again, overwrite=True))

    def _keys_of(self, entries: Sequence[Any], keys: Sequence[str]) -> list[str]:
        """Return the images that entries of a report are about; all where that is not known."""
        from ..Host import Database

        if self.source == "database":
            series = {uid for entry in entries for uid in Database.series_of_files(entry.inputs[:1])}
            return [key for key in keys if key in series] or list(keys)
        titles = {entry.title for entry in entries}
        nodes = [node for node in map(slicer.mrmlScene.GetNodeByID, keys) if node is not None]  # they may have been removed
        named = [node for node in nodes if node.GetName() in titles]
        return [node.GetID() for node in named or nodes]


def _place(values: Sequence[str], value: str) -> int:
    return values.index(value) if value in values else 0
