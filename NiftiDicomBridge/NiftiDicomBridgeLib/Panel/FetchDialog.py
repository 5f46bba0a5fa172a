"""A window to search an archive for studies, and to choose which of them are fetched."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from ..Host.ArchiveAddresses import ANSWERS, feature_of, fill, server_of
from .DateBox import DateBox
from .Feedback import Feedback
from .FetchSelections import selections_of
from .StudyTree import StudyTree

WIDTH, HEIGHT = 860, 620
MODALITIES = ("", "CR", "CT", "DX", "MG", "MR", "NM", "PT", "RF", "RTDOSE", "RTSTRUCT", "SEG", "US", "XA")
"""That are offered; others can be typed."""


class FetchDialog:
    """Keeps what was entered and found until the panel is closed.

    Parameters
    ----------
    widget : NiftiDicomBridgeWidget
        The panel, which runs the searches.
    """

    def __init__(self, widget: Any):
        self._widget = widget
        self._address, self._pending = "", list[int]()
        self._studies: list[Any] = []
        self._result: tuple[str, bool] = ("", False)
        self.dialog = qt.QDialog(widget.parent)
        self.dialog.setWindowTitle(_("Fetch from an archive"))
        self.dialog.resize(WIDTH, HEIGHT)
        self._make_fields()
        self.searchButton = qt.QPushButton(_("&Search"))
        holder = qt.QWidget()
        self.feedback = Feedback(holder, widget.cancel, self._on_link)
        self.tree, self.count = qt.QTreeWidget(), qt.QLabel()
        self.tree.setToolTip(_("Check the studies to fetch; expand a study to choose from its series."))
        self.tree.setAccessibleName(_("Studies found"))
        self.list = StudyTree(self.tree, self.update_buttons, self._on_expand)
        self.fetchButton, close = qt.QPushButton(_("&Fetch")), qt.QPushButton(_("Close"))
        self._lay_out(holder, close)
        self.searchButton.clicked.connect(self.search)
        self.fetchButton.clicked.connect(lambda: self.dialog.accept())  # in Slicer, a slot of Qt gets the state of the button
        close.clicked.connect(lambda: self.dialog.reject())
        self.archive.editTextChanged.connect(self.update_buttons)
        self.dialog.finished.connect(self._on_finished)

    def _make_fields(self) -> None:
        self.archive, self.modality, self.date = qt.QComboBox(), qt.QComboBox(), DateBox()
        for box in (self.archive, self.modality):
            box.setEditable(True)
        self.archive.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        self.archive.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.archive.setToolTip(
            _("pacs:AETITLE@host:port or dicomweb:https://host/path. The servers of Slicer's DICOM module are listed.")
        )
        for name in MODALITIES:
            self.modality.addItem(name)
        self.modality.setToolTip(_("Studies with at least one series of this modality."))
        self.edits = {name: qt.QLineEdit() for name in ("patient", "name", "accession", "description", "study")}
        patterns = _("The whole value; * matches any characters, ? a single one.")
        self.edits["patient"].setToolTip(patterns)
        self.edits["accession"].setToolTip(patterns)
        self.edits["name"].setToolTip(_("Family name, given name, or parts of them, in this order."))
        self.edits["description"].setToolTip(_("Part of the description of the study."))
        for name, edit in self.edits.items():
            edit.setObjectName(f"{name}Edit")
            edit.setClearButtonEnabled(True)

    def _lay_out(self, holder: Any, close: Any) -> None:
        grid = qt.QGridLayout()
        dates = qt.QHBoxLayout()
        for part in (self.date.box, self.date.first, self.date.last):
            dates.addWidget(part)
        rows = (
            ((_("&Patient ID:"), self.edits["patient"]), (_("Patient &name:"), self.edits["name"])),
            ((_("Study &date:"), self.date.box), (_("&Modality:"), self.modality)),
            ((_("Acc&ession number:"), self.edits["accession"]), (_("Desc&ription:"), self.edits["description"])),
            ((_("Study Instance &UID:"), self.edits["study"]),),
        )
        self._add_field(grid, 0, 0, _("&Archive:"), self.archive, self.archive, 3)
        for row, fields in enumerate(rows, 1):
            for number, (text, field) in enumerate(fields):
                self._add_field(grid, row, 2 * number, text, field, dates if field is self.date.box else field)
        grid.addWidget(self.searchButton, len(rows), 3)
        for number in (1, 3):
            grid.setColumnStretch(number, 1)
        bottom, column = qt.QHBoxLayout(), qt.QVBoxLayout(self.dialog)
        bottom.addWidget(self.count, 1)
        bottom.addWidget(self.fetchButton)
        bottom.addWidget(close)
        column.addLayout(grid)
        column.addWidget(holder)
        column.addWidget(self.tree, 1)
        column.addLayout(bottom)
        self.searchButton.setDefault(True)  # also by the Enter key in a field
        for button in (self.fetchButton, close, self.feedback.cancel, self.feedback.remedy):
            button.setAutoDefault(False)

    @staticmethod
    def _add_field(grid: Any, row: int, column: int, text: str, field: Any, part: Any, span: int = 1) -> None:
        label = qt.QLabel(text)
        label.setBuddy(field)
        grid.addWidget(label, row, column)
        (grid.addLayout if part is not field else grid.addWidget)(part, row, column + 1, 1, span)

    # --- asking

    def ask(self) -> tuple[Any, list[dict[str, Any]]]:
        """Show the window; return the archive and what to fetch (see `FetchTask`), which is empty if the user closes it."""
        self.refill()
        self.edits["patient"].setFocus()
        accepted = self.dialog.exec() == qt.QDialog.Accepted
        return self.server, self.selections() if accepted else []

    def refill(self) -> None:
        """Offer the archives that Slicer's settings contain now; what is entered and found stays."""
        self.archive.blockSignals(True)
        fill(self.archive, ANSWERS, lambda: None)
        self.archive.blockSignals(False)
        self.update_buttons()

    @property
    def server(self) -> Any:
        """The archive that is entered."""
        return server_of(str(self.archive.currentText))

    def query(self) -> dict[str, str]:
        """Return what is looked for, as `nifti_dicom_bridge.search` takes it."""
        values = {name: str(edit.text).strip() for name, edit in self.edits.items()}
        return {**values, "modality": str(self.modality.currentText).strip(), "date": self.date.query}

    def selections(self) -> list[dict[str, Any]]:
        """Return what is checked, as `FetchTask` takes it."""
        return selections_of(self.list.chosen())

    def update_buttons(self, *_changed: object) -> None:
        """Enable what can be done, and show why the rest cannot."""
        busy, known = self._widget.busy, bool(feature_of(self.server.address))
        self.searchButton.setEnabled(known and not busy)
        hint = "" if known else _("Enter the address of an archive: pacs:AETITLE@host:port or dicomweb:https://host/path.")
        if not self._widget.busy_with(self.feedback):
            self.feedback.show_hint(hint)
        if not busy and self._address and self.server.address != self._address:  # what is shown is of another archive
            self._address = ""
            self.show([])
            self.feedback.clear()
        summary = self.list.summary()
        self.count.setText(summary)
        self.fetchButton.setEnabled(bool(summary) and not busy)
        self.fetchButton.setToolTip("" if summary else _("Check at least one study."))

    # --- searching

    def search(self) -> None:
        """List the studies that match."""
        self._pending.clear()
        self.show([])
        self._run("searchTask", self.query(), self._on_found)

    def show(self, studies: list[Any]) -> None:
        """List studies (`nifti_dicom_bridge.StudyMatch`)."""
        self._studies = studies
        self.list.fill(studies)

    def _run(self, name: str, what: Any, after: Any) -> None:
        """Ask the archive in the background."""
        from ..Host import Dependencies

        server = self.server
        problem = Dependencies.offer(feature_of(server.address))
        if problem:
            self.feedback.show_result(problem, problem=True)
            return
        self._address = server.address
        with self._widget.showing_problems(self.feedback):
            task = getattr(self._widget.logic, name)(server.address, what, self._widget.access.settings(server))
            self._widget.start(task, after, self.feedback)

    def _on_found(self, result: Any) -> None:
        self.show(result.studies)
        self._result = (_found_text(result), result.has_more or not result.studies)
        self.feedback.show_result(*self._result)

    def _on_expand(self, place: int) -> None:
        self._pending.append(place)
        self._list_next()

    def _list_next(self) -> None:
        """List the series of the next study that was expanded."""
        if not self._pending or self._widget.busy:
            return
        place = self._pending.pop(0)
        self.list.collapse(place)
        self._run("listSeriesTask", self._studies[place].study, lambda series: self._on_series(place, series))

    def _on_series(self, place: int, series: Any) -> None:
        self.list.show_series(place, series)
        self.feedback.show_result(*self._result)
        if self._pending:
            self._widget.then(self._list_next)

    # --- others

    def _on_link(self, target: str) -> None:
        from ..Host.ArchiveAccess import SIGN_IN

        if target == SIGN_IN and self._widget.access.sign_in(self.dialog, self.server):
            self.search()

    def _on_finished(self, result: int) -> None:
        if self._widget.busy_with(self.feedback):
            self._widget.cancel()

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()
        self.list.stop()
        self.dialog.deleteLater()


def _found_text(result: Any) -> str:
    """Return how many studies match."""
    count = len(result.studies)
    if result.has_more and not count:
        return _("The archive lists only a part of its studies, of which none matches. Search for less, such as a date.")
    if result.has_more:
        return _("More than {count} studies match; these are the first that the archive lists. Search for less.").format(
            count=count
        )
    if count < 2:
        return _("1 study matches.") if count else _("No study matches.")
    return _("{count} studies match.").format(count=count)
