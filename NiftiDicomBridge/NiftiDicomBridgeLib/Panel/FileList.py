"""The list of files to convert to DICOM: files are chosen, dropped, found in folders, or come from the scene."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from .Feedback import Feedback
from .FileTable import IMAGE_SUFFIXES, FileTable
from .ImportRows import Row, Rows
from .SceneImages import SceneImage, SceneImages


class FileList:
    """Adds files to the rows and removes them, and shows them in a table.

    Parameters
    ----------
    widget : NiftiDicomBridgeWidget
        The panel.
    feedback : Feedback
        Shows how many files were added.
    on_selection : callable
        Called after the selection has changed.
    on_change : callable
        Called with the rows that are new after files were added, and with none after files were removed.
    """

    def __init__(
        self, widget: Any, feedback: Feedback, on_selection: Callable[[], None], on_change: Callable[[Sequence[Row]], None]
    ):
        self._widget, self._feedback, self._on_change = widget, feedback, on_change
        self.rows = Rows()
        self.staged = SceneImages(widget)
        self.table = FileTable(widget.ui.filesTable, self.add_files, on_selection, self._remove_files)
        widget.ui.addButton.clicked.connect(self._choose_files)
        widget.ui.removeButton.clicked.connect(self._remove_files)

    def selected(self) -> list[Row]:
        """Return the rows of the selected files."""
        return self.rows.at(self.table.selected())

    def show(self, selected: Sequence[int]) -> None:
        """Show all files, and select some."""
        self.table.fill(self.rows, lambda path: path in self.staged)
        self.table.select(selected)

    def add_files(self, paths: Iterable[Path]) -> None:
        """Add files, and those in folders, to the list."""
        paths = list(paths)
        if not any(path.is_dir() for path in paths):
            self._add(paths)
        elif not self._widget.busy:
            with self._widget.showing_problems(self._feedback):
                task = self._widget.logic.findTask(paths, IMAGE_SUFFIXES)
                self._widget.start(task, lambda files: self._add_found(files, task.hidden), self._feedback)

    def add_nodes(self, nodes: Sequence[Any]) -> None:
        """Add images of the scene to the list, as they are now."""
        from .EmptySegmentsQuestion import may_be_empty

        with self._widget.showing_problems(self._feedback):
            wanted = [node for node in nodes if may_be_empty(node)]
            if wanted or not nodes:
                self._widget.start(self.staged.task(wanted), self._add_staged, self._feedback)

    def _add_found(self, paths: Sequence[Path], hidden: Sequence[Path]) -> None:
        added = self._add(paths)
        nothing = _(
            "The folder contains no NIfTI, NRRD, MetaImage or MGH files. To convert DICOM, import it in the module DICOM and "
            "use the section Export to NIfTI."
        )
        text = _("Image files added: {count}").format(count=added) if paths else nothing
        if hidden:
            left_out = _("Hidden files were left out, such as {path}. Add them by name if you need them.").format(
                path=hidden[0]
            )
            text = f"{text.rstrip('.')}. {left_out}"
        self._feedback.show_result(text, problem=not paths or bool(hidden))

    def _add_staged(self, staged: tuple[Sequence[SceneImage], Sequence[str]]) -> None:
        images, problems = staged
        if not self._widget.has_scene_of_task:
            self._feedback.show_result(_("The scene was closed meanwhile: its images were not added."), problem=True)
            return
        self._add([image.path for image in images], images)
        added = _("Images added from the scene: {count}").format(count=len(images))
        warnings = dict.fromkeys([*problems, *(text for image in images for text in image.warnings[image.path])])
        self._feedback.show_result(" ".join([f"{added}.", *warnings]) if warnings else added, problem=bool(warnings))

    def _add(self, paths: Iterable[Path], staged: Iterable[SceneImage] = ()) -> int:
        """Add files, each image of the scene with its own reference; select the first new one, and return how many are new."""
        of_scene = {image.path: image for image in staged}
        numbers = self.rows.add(paths)
        new = self.rows.at(numbers)
        for row in new:
            row.scene = of_scene.get(row.path)
            row.refer_to(row.scene.reference if row.scene is not None else "")
        self.show(numbers[:1] or self.table.selected())
        self._on_change(new)
        return len(new)

    def _choose_files(self) -> None:
        pattern = " ".join("*" + suffix for suffix in IMAGE_SUFFIXES)
        chosen = qt.QFileDialog.getOpenFileNames(self._widget.parent, _("Image files"), "", f"{_('Images')} ({pattern})")
        self.add_files(Path(name) for name in chosen)

    def _remove_files(self) -> None:
        selected = self.table.selected()
        self.rows.remove(selected)
        self.show([min(selected[0], len(self.rows) - 1)] if selected and len(self.rows) else [])
        self._on_change([])
