"""The panel: shows, asks, and hands over to the logic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .Background import Background
from .Logic import NiftiDicomBridgeLogic
from .ParameterNode import NiftiDicomBridgeParameterNode

NIFTI_SUFFIXES = (".nii", ".nii.gz")


class NiftiDicomBridgeWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module."""

    def __init__(self, parent=None):
        self.logic: NiftiDicomBridgeLogic | None = None
        self._parameters: NiftiDicomBridgeParameterNode | None = None
        self._gui_tag: int | None = None
        self._after: Callable[[Any], None] | None = None
        VTKObservationMixin.__init__(self)
        ScriptedLoadableModuleWidget.__init__(self, parent)

    # --- life cycle, called by Slicer

    def setup(self) -> None:
        """Build the panel."""
        ScriptedLoadableModuleWidget.setup(self)
        panel = slicer.util.loadUI(self.resourcePath("UI/NiftiDicomBridge.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self._panel = panel
        self.logic = NiftiDicomBridgeLogic()
        self.background = Background(self._on_progress, self._on_end)
        self._finish_widgets()
        self._connect_widgets()
        self._observe_scene()
        self._set_busy(False)
        self._initialize_parameters()
        self._refresh_volumes()

    def cleanup(self) -> None:
        """Called before the panel goes: nothing may call back into it afterwards."""
        self.background.stop()
        self._refresh_timer.stop()
        self.removeObservers()
        self._set_parameters(None)

    def enter(self) -> None:
        """Called when the person opens the module."""
        self._initialize_parameters()
        self._refresh_volumes()

    def exit(self) -> None:
        """Called when the person leaves the module; a running conversion goes on."""
        self._set_parameters(None)

    # --- building

    def _finish_widgets(self) -> None:
        """Set what a .ui file cannot hold."""
        self.ui.folderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.ui.folderEdit.settingKey = "NiftiDicomBridge/Folder"
        self._drop_filter = _DropFilter(self._add_files)
        files_view = self.ui.filesList.viewport()
        files_view.setAcceptDrops(True)
        files_view.installEventFilter(self._drop_filter)
        self._delete_shortcut = qt.QShortcut(qt.QKeySequence("Delete"), self.ui.filesList)
        self._delete_shortcut.setContext(qt.Qt.WidgetShortcut)
        self._refresh_timer = qt.QTimer()
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.setInterval(0)

    def _connect_widgets(self) -> None:
        self.ui.exportButton.clicked.connect(self.onExportButton)
        self.ui.importButton.clicked.connect(self.onImportButton)
        self.ui.cancelButton.clicked.connect(self.onCancelButton)
        self.ui.addButton.clicked.connect(self._choose_files)
        self.ui.removeButton.clicked.connect(self._remove_files)
        self._delete_shortcut.activated.connect(self._remove_files)
        self.ui.filesList.itemSelectionChanged.connect(self._update_buttons)
        self.ui.volumesList.itemChanged.connect(self._on_volume_checked)
        self.ui.folderEdit.currentPathChanged.connect(self._on_folder_changed)
        self._refresh_timer.timeout.connect(self._refresh_volumes)

    def _observe_scene(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_start_close)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_end_close)
        self.addObserver(scene, scene.NodeAddedEvent, self._on_nodes_changed)
        self.addObserver(scene, scene.NodeRemovedEvent, self._on_nodes_changed)

    # --- state kept in the scene

    def _initialize_parameters(self) -> None:
        self._set_parameters(self.logic.getParameterNode())

    def _set_parameters(self, parameters: NiftiDicomBridgeParameterNode | None) -> None:
        if self._parameters is not None and self._gui_tag is not None:
            self._parameters.disconnectGui(self._gui_tag)
        self._parameters, self._gui_tag = None, None
        if parameters is None:
            return
        self.ui.folderEdit.currentPath = parameters.folder
        self._show_files(parameters.niftiFiles)
        self._parameters = parameters
        self._gui_tag = parameters.connectGui(self._panel)
        self._update_buttons()

    def _on_scene_start_close(self, caller, event) -> None:
        self._set_parameters(None)

    def _on_scene_end_close(self, caller, event) -> None:
        if self.parent.isEntered:
            self._initialize_parameters()
        self._on_nodes_changed(caller, event)

    def _on_folder_changed(self, path: str) -> None:
        if self._parameters is not None:
            self._parameters.folder = path
        self._update_buttons()

    # --- volumes

    def _on_nodes_changed(self, caller, event) -> None:
        """Refresh once, however many nodes come and go."""
        self._refresh_timer.start()

    def _refresh_volumes(self) -> None:
        """List the volumes of the scene; what is checked stays checked, and a lone volume is checked for the person."""
        nodes = _volume_nodes()
        checked = set(self._checked_ids())
        if len(nodes) == 1 and self.ui.volumesList.count == 0:
            checked.add(nodes[0].GetID())
        self.ui.volumesList.blockSignals(True)
        self.ui.volumesList.clear()
        for row, node in enumerate(nodes):
            self.ui.volumesList.addItem(node.GetName())
            item = self.ui.volumesList.item(row)
            item.setData(qt.Qt.UserRole, node.GetID())
            item.setToolTip(node.GetName())
            item.setCheckState(qt.Qt.Checked if node.GetID() in checked else qt.Qt.Unchecked)
        self.ui.volumesList.blockSignals(False)
        self._update_buttons()

    def _checked_ids(self) -> list[str]:
        items = _items(self.ui.volumesList)
        return [item.data(qt.Qt.UserRole) for item in items if item.checkState() == qt.Qt.Checked]

    def _on_volume_checked(self, item) -> None:
        self._update_buttons()

    # --- files

    def _choose_files(self) -> None:
        pattern = " ".join("*" + suffix for suffix in NIFTI_SUFFIXES)
        chosen = qt.QFileDialog.getOpenFileNames(self.parent, _("NIfTI files"), "", f"NIfTI ({pattern})")
        self._add_files(Path(name) for name in chosen)

    def _add_files(self, paths: Iterable[Path]) -> None:
        self._set_files([*self._files(), *paths])

    def _remove_files(self) -> None:
        self._set_files(Path(item.data(qt.Qt.UserRole)) for item in _items(self.ui.filesList) if not item.isSelected())

    def _set_files(self, paths: Iterable[Path]) -> None:
        files = list(dict.fromkeys(paths))
        self._show_files(files)
        if self._parameters is not None:
            self._parameters.niftiFiles = files
        self._update_buttons()

    def _show_files(self, paths: Iterable[Path]) -> None:
        self.ui.filesList.clear()
        for row, path in enumerate(paths):
            self.ui.filesList.addItem(path.name)
            item = self.ui.filesList.item(row)
            item.setData(qt.Qt.UserRole, str(path))
            item.setToolTip(str(path))

    def _files(self) -> list[Path]:
        return [Path(item.data(qt.Qt.UserRole)) for item in _items(self.ui.filesList)]

    # --- buttons

    def _update_buttons(self) -> None:
        volumes, files = len(self._checked_ids()), len(self._files())
        folder = str(self.ui.folderEdit.currentPath).strip()
        why_not = _("Check a volume first.") if not volumes else _("Choose a folder first.") if not folder else ""
        self.ui.exportButton.setEnabled(not why_not)
        self.ui.exportButton.setText(_("E&xport {count} volumes").format(count=volumes) if volumes > 1 else _("E&xport"))
        self.ui.exportButton.setToolTip(why_not or _("Write the checked volumes as NIfTI, each with a JSON sidecar."))
        self.ui.importButton.setEnabled(files > 0)
        self.ui.importButton.setText(_("&Import {count} files").format(count=files) if files > 1 else _("&Import"))
        self.ui.importButton.setToolTip(
            _("Turn the files into DICOM and add them to Slicer's DICOM database.") if files else _("Add a NIfTI file first.")
        )
        self.ui.removeButton.setEnabled(any(item.isSelected() for item in _items(self.ui.filesList)))

    def onExportButton(self) -> None:
        """Write the checked volumes."""
        with slicer.util.tryWithErrorDisplay(_("Export failed."), waitCursor=True):
            nodes = [slicer.mrmlScene.GetNodeByID(node_id) for node_id in self._checked_ids()]
            options = self.logic.makeOptions(gzip=self.ui.gzipCheckBox.isChecked())
            task = self.logic.exportTask(nodes, str(self.ui.folderEdit.currentPath).strip(), options)
            self._start(task, self._after_export)

    def onImportButton(self) -> None:
        """Turn the files into DICOM in the database."""
        with slicer.util.tryWithErrorDisplay(_("Import failed."), waitCursor=True):
            options = self.logic.makeOptions(keepUids=self.ui.keepUidsCheckBox.isChecked())
            self._start(self.logic.importTask(self._files(), options), self._after_import)

    def onCancelButton(self) -> None:
        """Ask the running conversion to stop."""
        self.ui.cancelButton.setEnabled(False)
        self._show_status(_("Cancelling…"))
        self.background.cancel()

    # --- conversion

    def _start(self, task: Any, after: Callable[[Any], None]) -> None:
        self._after = after
        self.background.start(task)
        self._set_busy(True)

    def _set_busy(self, busy: bool) -> None:
        self.ui.toNiftiButton.setEnabled(not busy)
        self.ui.toDicomButton.setEnabled(not busy)
        self.ui.progressBar.setVisible(busy)
        self.ui.cancelButton.setVisible(busy)
        self.ui.cancelButton.setEnabled(busy)
        self.ui.statusLabel.setVisible(busy)
        self.ui.statusLabel.setText("")
        self.ui.progressBar.setRange(0, 0)
        if busy:
            self.ui.cancelButton.setFocus()

    def _on_progress(self, what: str, done: int, total: int) -> None:
        self.ui.progressBar.setRange(0, total)
        self.ui.progressBar.setValue(done)
        if self.ui.cancelButton.isEnabled():
            self._show_status(what)

    def _on_end(self, task: Any, result: Any, error: BaseException | None) -> None:
        from nifti_dicom_bridge import Cancelled

        from . import Words

        if isinstance(error, Cancelled):
            self._set_busy(False)
            self.ui.resultBrowser.setHtml(Words.error_as_html(_("The conversion was cancelled.")))
            return
        with slicer.util.tryWithErrorDisplay(_("The conversion failed."), waitCursor=True):
            report = self._finished_report(task, result, error)
            self.ui.resultBrowser.setHtml(Words.report_as_html(report))
            self._after(report)

    def _finished_report(self, task: Any, result: Any, error: BaseException | None) -> Any:
        """Let a task finish. The panel stays busy meanwhile: Qt's events go on while files are added to the database."""
        from . import Words

        try:
            if error is not None:
                raise error
            self._show_status(_("Finishing…"))
            return task.finish(result)
        except Exception as problem:
            self.ui.resultBrowser.setHtml(Words.error_as_html(str(problem)))
            raise
        finally:
            self._set_busy(False)

    def _show_status(self, text: str) -> None:
        """Show one line; the middle of a long one is left out."""
        label = self.ui.statusLabel
        label.setText(label.fontMetrics().elidedText(text, qt.Qt.ElideMiddle, label.width))
        label.setToolTip(text)

    def _after_export(self, report: Any) -> None:
        self.ui.folderEdit.addCurrentPathToHistory()

    def _after_import(self, report: Any) -> None:
        series = self.logic.seriesUIDs(report)
        if series and self.ui.loadCheckBox.isChecked():
            self.logic.loadSeries(series)


class _DropFilter(qt.QObject):
    """Takes NIfTI files and folders that are dropped on a widget."""

    def __init__(self, on_files: Callable[[Iterable[Path]], None]):
        qt.QObject.__init__(self)
        self._on_files = on_files

    def eventFilter(self, watched, event):
        """Called by Qt before the widget sees an event."""
        kind = event.type()
        if kind not in (qt.QEvent.DragEnter, qt.QEvent.DragMove, qt.QEvent.Drop):
            return False
        paths = _dropped_paths(event.mimeData())
        if not paths:
            return False
        event.acceptProposedAction()
        if kind == qt.QEvent.Drop:
            self._on_files(paths)
        return True


def _dropped_paths(mime) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir() or path.name.lower().endswith(NIFTI_SUFFIXES)]


def _items(widget) -> list[Any]:
    return [widget.item(row) for row in range(widget.count)]


def _volume_nodes() -> list[Any]:
    from .Nodes import volume_nodes

    return volume_nodes()
