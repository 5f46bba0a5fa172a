"""The panel: its life cycle, its state, and what its sections share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .Logic import NiftiDicomBridgeLogic
from .Panel.ApplyPart import ApplyPart
from .Panel.CheckPart import CheckPart
from .Panel.ExportPart import ExportPart
from .Panel.Feedback import Feedback
from .Panel.FetchPart import FetchPart
from .Panel.IdleImports import IdleImports
from .Panel.ImportPart import ImportPart
from .Panel.ReportPart import ReportPart
from .Panel.SendPart import SendPart
from .Panel.TaskRunner import TaskRunner
from .Panel.Views import Accordion
from .ParameterNode import NiftiDicomBridgeParameterNode

REFRESH_MS = 50
"""Nodes and series often appear in large numbers: lists are filled when no other follows."""
REPORT = "report"
"""Target of the link in a result."""


class NiftiDicomBridgeWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module."""

    def __init__(self, parent=None):
        self.logic: NiftiDicomBridgeLogic | None = None
        self._parameters: NiftiDicomBridgeParameterNode | None = None
        self._gui_tag: int | None = None
        self._series: list[Any] | None = None
        self._shown = False
        self._scenes, self._scene_of_task = 0, 0
        self._access: Any = None
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
        self.running = TaskRunner(self.update_buttons)
        self._parts: list[Any] = []
        self.exporting, self.importing = ExportPart(self), ImportPart(self)
        self.applying, self.sending = ApplyPart(self), SendPart(self)
        self.fetching = FetchPart(self, self.exporting.check_series)
        self.reporting, self.checking = ReportPart(self), CheckPart(self)
        self._parts = [
            self.exporting,
            self.fetching,
            self.importing,
            self.applying,
            self.reporting,
            self.sending,
            self.checking,
        ]
        names = ("export", "import", "apply", "report", "check")
        sections = [getattr(self.ui, name + "Section") for name in names]
        self.accordion = Accordion(sections, lambda section: self.update_buttons())
        self._refresh_timer = qt.QTimer()
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.setInterval(REFRESH_MS)
        self._refresh_timer.timeout.connect(self.refresh)
        self.idle_imports = IdleImports(lambda: self.busy or self.importing.proposing.busy)
        self._observe()
        self._initialize_parameters()

    def cleanup(self) -> None:
        """Called before the panel is deleted: nothing may call back afterwards."""
        self.running.stop()
        for part in self._parts:
            part.stop()
        self.accordion.stop()
        self._refresh_timer.stop()
        self.idle_imports.stop()
        self.removeObservers()
        _database().off_change(self._on_database_changed)
        self._set_parameters(None)

    def enter(self) -> None:
        """Called when the user opens the module."""
        self._shown = True
        self._initialize_parameters()
        self.refresh()
        self.idle_imports.start()

    def exit(self) -> None:
        """Called when the user leaves the module; a running conversion continues."""
        self._shown = False
        self._set_parameters(None)

    # --- called by the actions of the Data module

    def exportNodes(self, nodes: Sequence[Any], folder: str | Path) -> None:
        """Export nodes to a folder at once."""
        self.exporting.show_nodes([node.GetID() for node in nodes])
        self.ui.folderEdit.currentPath = str(folder)
        self.exporting.start()

    def offerNodes(self, nodes: Sequence[Any]) -> None:
        """Add nodes, as they are now, to the list of what shall become DICOM."""
        self.accordion.open(self.ui.importSection)
        self.importing.files.add_nodes(nodes)

    # --- state kept in the scene

    @property
    def parameters(self) -> NiftiDicomBridgeParameterNode | None:
        """The state; None while the panel is not shown or the scene is closing."""
        return self._parameters

    def series(self) -> list[Any]:
        """Return the image series of the DICOM database, read once after each change: there may be thousands."""
        from .Panel.SeriesLists import image_series

        if self._series is None:
            self._series = image_series(_database().all_series())
        return self._series

    def refresh(self) -> None:
        """Fill the lists again, if the panel is shown; what is chosen stays chosen."""
        if self._shown:
            self.exporting.refresh()
            self.importing.refresh()
            self.applying.refresh()

    def update_buttons(self) -> None:
        """Enable what can be done, and show why the rest cannot."""
        if self._parts:
            self.exporting.update_button()
            for part in self._parts[1:]:
                part.update_buttons()

    def remember(self, name: str, value: Any) -> None:
        """Store a value of the panel in the scene."""
        if self._parameters is not None:
            setattr(self._parameters, name, value)

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

    def _observe(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_start_close)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_end_close)
        self.addObserver(scene, scene.EndImportEvent, self._on_scene_end_import)
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            self.addObserver(scene, event, self._on_nodes_changed)
        _database().on_change(self._on_database_changed)

    def _on_scene_start_close(self, caller, event) -> None:
        self._scenes += 1
        self._set_parameters(None)

    def _on_scene_end_close(self, caller, event) -> None:
        if self._shown:
            self._initialize_parameters()
        self._refresh_timer.start()

    def _on_scene_end_import(self, caller, event) -> None:
        """A scene was loaded: its parameter node has replaced ours."""
        if self._shown:
            self._initialize_parameters()

    def _on_database_changed(self) -> None:
        self._series = None
        self._refresh_timer.start()

    def _on_nodes_changed(self, caller, event) -> None:
        self._refresh_timer.start()

    # --- running

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return self.running.busy

    @property
    def cancelled(self) -> bool:
        """Whether *Cancel* was pressed for the task that is running or has just ended."""
        return self.running.background.cancelled

    def busy_with(self, feedback: Feedback) -> bool:
        """Whether a task is running that was started in a section."""
        return self.running.feedback is feedback

    def start(self, task: Any, after: Callable[[Any], None], feedback: Feedback) -> None:
        """Run a task in the background; `after` is called with what it returned."""
        self.running.start(task, after, feedback)
        self._scene_of_task = self._scenes

    @property
    def has_scene_of_task(self) -> bool:
        """Whether the scene was not closed since the task was started: the next one may be of another patient."""
        return self._scene_of_task == self._scenes

    def load_results(self, series: Sequence[str]) -> str:
        """Load series into the scene, and return why that was not done; empty otherwise."""
        from nifti_dicom_bridge import BridgeError

        from .Panel.PanelMessages import message_in_panel

        problems = []
        for number, uid in enumerate(series):
            goes_on = self.keep_going(_("Loading"), number, len(series))  # the scene may be closed meanwhile
            if not self.has_scene_of_task:
                problems.append(
                    _("The results were not loaded, because the scene was closed meanwhile; they are in the DICOM database.")
                )
                break
            if not goes_on:
                problems.append(_("Loading was cancelled; all results are in the DICOM database."))
                break
            try:
                self.logic.loadSeries([uid])
            except BridgeError as error:  # what was converted is reported all the same
                problems.append(message_in_panel(error))
        return " ".join(dict.fromkeys(problems))

    def then(self, action: Callable[[], None]) -> None:
        """Do something when the task that is finishing has ended."""
        self.running.then = action

    def cancel(self) -> None:
        """Ask the running task to stop."""
        self.running.cancel()

    def keep_going(self, what: str, done: int, total: int) -> bool:
        """Show a step of the work on the main thread; whether the task shall go on with it."""
        return self.running.keep_going(what, done, total)

    @contextmanager
    def showing_problems(self, feedback: Feedback) -> Iterator[None]:
        """Show an error that is expected below the button, and an unexpected one as Slicer does."""
        from nifti_dicom_bridge import BridgeError

        from .Panel.PanelMessages import message_in_panel

        with slicer.util.tryWithErrorDisplay(_("The conversion could not be started.")):
            try:
                yield
            except (BridgeError, OSError) as problem:
                feedback.show_result(message_in_panel(problem), problem=True)

    def show_report(self, report: Any, feedback: Feedback, is_dicom: bool = False, note: str = "") -> None:
        """Show a report in its section, and its summary below the button that was pressed; offer to send DICOM files."""
        from .Panel.PanelMessages import in_panel
        from .Panel.ReportHtml import report_summary

        self.reporting.show(report)
        self.sending.show(report.outputs if is_dicom else [])
        problem = not report.ok or any(entry.log.warnings for entry in report.entries)
        summary = report_summary(report)
        if self.cancelled and not report.ok:
            summary = _("Cancelled: {numbers}").format(numbers=summary)
        reasons = list(dict.fromkeys(entry.error for entry in report.failures))
        reason = in_panel(reasons[0]) if len(reasons) == 1 else ""  # several are in the report
        details = " ".join(part for part in (note, reason) if part)
        text = f"{summary}. {details}" if details else summary
        feedback.show_result(text, problem or bool(note), REPORT, _("Show report"))

    def open_link(self, target: str) -> None:
        """Open what a link in a result refers to."""
        if target == REPORT:
            self.accordion.open(self.ui.reportSection)

    @property
    def access(self) -> Any:
        """Who signed in to which archive."""
        if self._access is None:
            from .Host.ArchiveAccess import Access

            self._access = Access()
        return self._access

    # --- what has to be there

    def obstacle(self, feedback: Feedback, database: bool = False) -> tuple[str, str, Callable[[], None] | None]:
        """Return why no section can start anything now, and text and action of a button that helps; empty if all can.

        Parameters
        ----------
        feedback : Feedback
            Shows how the action of the button ended.
        database : bool
            Whether Slicer's DICOM database must be open.
        """
        if self.busy:
            return _("Wait until the running conversion has ended, or cancel it."), "", None
        if not database or _database().is_open():
            return "", "", None

        def open_database() -> None:
            with self.showing_problems(feedback):
                folder = _database().open_own()
                feedback.show_result(_("The DICOM database in {folder} is open.").format(folder=folder))
            self.update_buttons()

        return _("No DICOM database is open."), _("Create or open the DICOM database"), open_database

    def missing_package(self, feature: str, feedback: Feedback) -> tuple[str, str, Callable[[], None] | None]:
        """Return why a feature is not available, and text and action of a button that helps; empty where it is."""
        from .Host import Dependencies

        sentence = Dependencies.sentence_for(feature)
        if not sentence:
            return "", "", None

        def install() -> None:
            problem = Dependencies.offer(feature)
            feedback.show_result(problem or _("Installed."), problem=bool(problem))
            self.update_buttons()

        packages = [re.split(r"[^\w.-]", package)[0] for package in Dependencies.missing_for(feature)]
        return sentence, _("Install {packages}").format(packages=", ".join(packages)), install


def _database() -> Any:
    from .Host import Database

    return Database
