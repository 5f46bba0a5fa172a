"""The panel: its life, its state, and what is at work. The three parts are in `ExportPart`, `ImportPart` and `CheckPart`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .Background import Background
from .CheckPart import CheckPart
from .ExportPart import ExportPart
from .ImportPart import ImportPart
from .Logic import NiftiDicomBridgeLogic
from .ParameterNode import NiftiDicomBridgeParameterNode

REFRESH_MS = 50
"""Nodes and series come in crowds: lists are filled once they have settled."""


class NiftiDicomBridgeWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module."""

    def __init__(self, parent=None):
        self.logic: NiftiDicomBridgeLogic | None = None
        self._parameters: NiftiDicomBridgeParameterNode | None = None
        self._gui_tag: int | None = None
        self._after: Callable[[Any], None] | None = None
        self._series: list[Any] | None = None
        self._shown = False
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
        self.exporting, self.importing, self.checking = ExportPart(self), ImportPart(self), CheckPart(self)
        self.ui.cancelButton.clicked.connect(self.onCancelButton)
        self._refresh_timer = qt.QTimer()
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.setInterval(REFRESH_MS)
        self._refresh_timer.timeout.connect(self.refresh)
        self._observe()
        self._set_busy(False)
        self._initialize_parameters()

    def cleanup(self) -> None:
        """Called before the panel goes: nothing may call back into it afterwards."""
        self.background.stop()
        self.importing.stop()
        self.checking.stop()
        self._refresh_timer.stop()
        self.removeObservers()
        _database().off_change(self._on_database_changed)
        self._set_parameters(None)

    def enter(self) -> None:
        """Called when the person opens the module."""
        self._shown = True
        self._initialize_parameters()
        self.refresh()

    def exit(self) -> None:
        """Called when the person leaves the module; a running conversion goes on."""
        self._shown = False
        self._set_parameters(None)

    # --- called by the actions of the Data module

    def exportNodes(self, nodes: Sequence[Any], folder: str | Path) -> None:
        """Export nodes to NIfTI at once."""
        self.exporting.show_nodes([node.GetID() for node in nodes])
        self.ui.folderEdit.currentPath = str(folder)
        self.exporting.start()

    def offerNodes(self, nodes: Sequence[Any]) -> None:
        """Put nodes, as they are now, on the list of what shall become DICOM."""
        self.ui.toDicomButton.collapsed = False
        self.importing.add_nodes(nodes)

    # --- state kept in the scene

    @property
    def parameters(self) -> NiftiDicomBridgeParameterNode | None:
        """The state; None while the panel is not shown or the scene is closing."""
        return self._parameters

    def series(self) -> list[Any]:
        """Return the series of the DICOM database, asked once after each change: there may be thousands."""
        if self._series is None:
            self._series = _database().all_series()
        return self._series

    def refresh(self) -> None:
        """Fill the lists anew, if anybody sees them; what is chosen stays chosen."""
        if not self._shown:
            return
        self.exporting.refresh()
        self.importing.refresh_references()

    def update_buttons(self) -> None:
        """Enable what can be done, and let the others say why not."""
        self.exporting.update_button()
        self.importing.update_buttons()

    def _initialize_parameters(self) -> None:
        self._set_parameters(self.logic.getParameterNode())

    def _set_parameters(self, parameters: NiftiDicomBridgeParameterNode | None) -> None:
        if self._parameters is not None and self._gui_tag is not None:
            self._parameters.disconnectGui(self._gui_tag)
        self._parameters, self._gui_tag = None, None
        if parameters is None:
            return
        self.exporting.show(parameters)
        self.importing.show(parameters)
        self._parameters = parameters
        self._gui_tag = parameters.connectGui(self._panel)
        self.importing.look_again()
        self.update_buttons()

    def remember(self, name: str, value: Any) -> None:
        """Keep a value of the panel in the scene."""
        if self._parameters is not None:
            setattr(self._parameters, name, value)

    def _observe(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_start_close)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_end_close)
        self.addObserver(scene, scene.EndImportEvent, self._on_scene_end_import)
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            self.addObserver(scene, event, self._on_nodes_changed)
        _database().on_change(self._on_database_changed)

    def _on_scene_start_close(self, caller, event) -> None:
        self._set_parameters(None)

    def _on_scene_end_close(self, caller, event) -> None:
        if self._shown:
            self._initialize_parameters()
        self._on_lists_changed()

    def _on_scene_end_import(self, caller, event) -> None:
        """A scene was loaded: its parameter node has taken the place of ours."""
        if self._shown:
            self._initialize_parameters()

    def _on_database_changed(self) -> None:
        self._series = None
        self._on_lists_changed()

    def _on_nodes_changed(self, caller, event) -> None:
        self._on_lists_changed()

    def _on_lists_changed(self) -> None:
        self._refresh_timer.start()

    # --- at work

    def start(self, task: Any, after: Callable[[Any], None]) -> None:
        """Run a task in the background; `after` is called with what it returned."""
        self._after = after
        self.background.start(task)
        self._set_busy(True)

    def onCancelButton(self) -> None:
        """Ask the running task to stop."""
        self.ui.cancelButton.setEnabled(False)
        self._show_status(_("Cancelling…"))
        self.background.cancel()

    def _set_busy(self, busy: bool) -> None:
        for button in (self.ui.toNiftiButton, self.ui.toDicomButton):
            button.setEnabled(not busy)
        self.checking.set_busy(busy)
        for widget in (self.ui.progressBar, self.ui.cancelButton, self.ui.statusLabel):
            widget.setVisible(busy)
        self.ui.cancelButton.setEnabled(busy)
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

        if isinstance(error, Cancelled):
            self._set_busy(False)
            self.checking.show_error(_("The conversion was cancelled."))
            return
        with slicer.util.tryWithErrorDisplay(_("The conversion failed."), waitCursor=True):
            self._after(self._finished(task, result, error))

    def _finished(self, task: Any, result: Any, error: BaseException | None) -> Any:
        """Let a task finish. The panel stays busy meanwhile: Qt's events go on while files are added to the database."""
        try:
            if error is not None:
                raise error
            self._show_status(_("Finishing…"))
            return task.finish(result)
        except Exception as problem:
            self.checking.show_error(str(problem))
            raise
        finally:
            self._set_busy(False)

    def _show_status(self, text: str) -> None:
        """Show one line; the middle of a long one is left out."""
        label = self.ui.statusLabel
        label.setText(label.fontMetrics().elidedText(text, qt.Qt.ElideMiddle, label.width))
        label.setToolTip(text)


def _database() -> Any:
    from . import Database

    return Database
