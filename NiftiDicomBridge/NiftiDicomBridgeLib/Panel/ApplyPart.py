"""The section *Apply a Command*: a volume or series, a command, and its result."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .Feedback import Feedback
from .SourceBox import SourceBox


class ApplyPart:
    """Asks for an image and a command, and loads what the command makes of it."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self.source = SourceBox(self.ui.applySourceComboBox, widget)
        self.feedback = Feedback(self.ui.applyFeedback, widget.cancel, widget.open_link)
        self.ui.commandEdit.textChanged.connect(lambda text: self.update_buttons())
        self.ui.applyOptionsEdit.textChanged.connect(lambda text: self.update_buttons())
        self.ui.commandEdit.returnPressed.connect(lambda: self.ui.applyButton.click())
        self.ui.applyButton.clicked.connect(self.onApplyButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()

    def refresh(self) -> None:
        """Fill the list of images again."""
        self.source.refresh()
        self._widget.update_buttons()

    def update_buttons(self) -> None:
        """Enable the button, or show what is missing."""
        hint, remedy, on_remedy = self._obstacle()
        self.ui.applyButton.setEnabled(not hint)
        self.ui.applyButton.setToolTip(hint or _("Run the command, and load its results."))
        self.feedback.show_hint("" if self._widget.busy_with(self.feedback) else hint, remedy, on_remedy)

    def _obstacle(self) -> tuple[str, str, Any]:
        """Return why nothing can be applied, and the text and action of a button that helps."""
        hint, remedy, on_remedy = self._widget.obstacle(self.feedback, database=True)
        if hint:
            return hint, remedy, on_remedy
        if not self.source.chosen and self.source.has_images:
            return _("Choose a volume or a series."), "", None
        if not self.source.chosen:
            return _("Load a volume, or import a series into the DICOM database."), "", None
        from .OtherOptions import options_of_command, problem_of

        return (problem_of(self._options(), options_of_command) if self._command() else _("Enter a command.")), "", None

    def _command(self) -> str:
        return str(self.ui.commandEdit.text).strip()

    def _options(self) -> str:
        return str(self.ui.applyOptionsEdit.text)

    def onApplyButton(self) -> None:
        """Run the command in the background."""
        from .OtherOptions import options_of_command

        with self._widget.showing_problems(self.feedback):
            options, source = options_of_command(self._options()), self.source
            task = self._widget.logic.applyTask(self._command(), node=source.node, series=source.series, **options)
            self._widget.start(task, self._after, self.feedback)

    def _after(self, report: Any) -> None:
        from .DisplayTexts import note_references

        note_references(report)
        note = self._widget.load_results(self._widget.logic.appliedSeries(report))
        self._widget.show_report(report, self.feedback, is_dicom=True, note=note)
