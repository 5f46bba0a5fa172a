"""The list of what a search in an archive found: studies, whose series are listed when they are expanded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from .Icons import icon
from .Views import Appearance, plain, set_columns, show_boxes

PATIENT, ID, DATE, DESCRIPTION, MODALITY, SERIES, IMAGES = range(7)
WIDTHS = {ID: 12, DATE: 18, DESCRIPTION: 18, MODALITY: 9, SERIES: 7, IMAGES: 8}
"""Characters of the columns, or less; that of patients has the rest, at least 40 % of the list."""
PLACE = qt.Qt.UserRole
"""Role of an item of a study: its number in the result."""
UID = qt.Qt.UserRole + 1
"""Role of an item of a series."""


class StudyTree:
    """Fills a QTreeWidget; studies and series can be checked.

    Parameters
    ----------
    tree : QTreeWidget
        The widget.
    on_check : callable
        Called after a check has changed.
    on_expand : callable
        Called with the number of a study whose series are not listed yet.
    """

    def __init__(self, tree: Any, on_check: Callable[[], None], on_expand: Callable[[int], None]):
        self._tree, self._on_check, self._on_expand = tree, on_check, on_expand
        self._studies: Sequence[Any] = []
        tree.setColumnCount(len(WIDTHS) + 1)
        tree.setHeaderLabels([
            _("Patient"), _("Patient ID"), _("Date"), _("Description"), _("Modality"), _("Series"), _("Images"),
        ])  # fmt: skip
        self._appearance = Appearance(tree, self._style)
        tree.itemChanged.connect(self._on_item_changed)
        tree.itemExpanded.connect(self._on_item_expanded)

    def _style(self) -> None:
        set_columns(self._tree, self._tree.header(), PATIENT, WIDTHS)
        show_boxes(self._tree)

    def stop(self) -> None:
        """The window is deleted: no timer may call back."""
        self._appearance.stop()

    def fill(self, studies: Sequence[Any]) -> None:
        """Show studies, none of them checked, in their order until the user sorts them."""
        self._studies = list(studies)
        tree = self._tree
        tree.blockSignals(True)
        tree.setSortingEnabled(False)
        tree.clear()
        for place, study in enumerate(self._studies):
            self._add_study(place, study)
        tree.header().setSortIndicator(DATE, qt.Qt.DescendingOrder)
        tree.setSortingEnabled(True)
        tree.blockSignals(False)
        if self._studies:
            tree.scrollToItem(tree.topLevelItem(0))
        self._on_check()

    def _add_study(self, place: int, study: Any) -> None:
        item = qt.QTreeWidgetItem(self._tree)
        modalities = ", ".join(study.modalities)
        texts = {PATIENT: study.readable_name or _("(no name)"), ID: study.patient_id, DATE: study.readable_date,
                 DESCRIPTION: study.description, MODALITY: modalities}  # fmt: skip
        for column, text in texts.items():
            item.setText(column, text)
            item.setToolTip(column, plain(_tip(study)))
        _set_number(item, SERIES, study.series_count)
        _set_number(item, IMAGES, study.instance_count)
        item.setIcon(PATIENT, icon("study"))
        item.setData(PATIENT, PLACE, place)
        item.setCheckState(PATIENT, qt.Qt.Unchecked)
        item.setChildIndicatorPolicy(qt.QTreeWidgetItem.ShowIndicator)

    def show_series(self, place: int, series: Sequence[Any]) -> None:
        """Show the series of a study, checked as it is."""
        item = self._item_of(place)
        if item is None or item.childCount():
            return
        tree = self._tree
        tree.blockSignals(True)
        tree.setSortingEnabled(False)  # series stay in the order of their numbers
        for one in series:
            child = qt.QTreeWidgetItem(item)
            child.setText(PATIENT, f"{one.number}  {one.description or _('(no description)')}".strip())
            child.setToolTip(PATIENT, plain(f"{child.text(PATIENT)}\n{one.series}"))
            child.setText(MODALITY, one.modality)
            _set_number(child, IMAGES, one.instances)
            child.setIcon(PATIENT, icon("segmentation" if one.modality == "SEG" else "series"))
            child.setData(PATIENT, UID, one.series)
            child.setCheckState(PATIENT, item.checkState(PATIENT))
        item.setChildIndicatorPolicy(qt.QTreeWidgetItem.DontShowIndicatorWhenChildless)
        tree.setSortingEnabled(True)
        item.setExpanded(True)
        tree.blockSignals(False)
        self._on_check()

    def collapse(self, place: int) -> None:
        """Collapse a study whose series could not be listed, so that they are asked for again."""
        item = self._item_of(place)
        if item is not None:
            item.setExpanded(False)

    def chosen(self) -> list[tuple[Any, list[str] | None]]:
        """Return the studies that are checked, each with the UIDs of the series that are; None for all of them."""
        chosen: list[tuple[Any, list[str] | None]] = []
        for item in self._items():
            series = [child.data(PATIENT, UID) for child in _children(item) if child.checkState(PATIENT) == qt.Qt.Checked]
            if item.checkState(PATIENT) == qt.Qt.Checked:
                chosen.append((self._studies[item.data(PATIENT, PLACE)], None))
            elif series:
                chosen.append((self._studies[item.data(PATIENT, PLACE)], series))
        return chosen

    def summary(self) -> str:
        """Return how much is checked; empty if nothing is."""
        chosen = self.chosen()
        if not chosen:
            return ""
        count = _("1 study") if len(chosen) == 1 else _("{count} studies").format(count=len(chosen))
        series = sum(study.series_count or 0 if uids is None else len(uids) for study, uids in chosen)
        words = _("{studies} chosen, {series} series") if series else _("{studies} chosen")
        return words.format(studies=count, series=series)

    def _items(self) -> Iterator[Any]:
        yield from _children(self._tree.invisibleRootItem())

    def _item_of(self, place: int) -> Any:
        return next((item for item in self._items() if item.data(PATIENT, PLACE) == place), None)

    def _on_item_expanded(self, item: Any) -> None:
        if item.childCount() == 0 and item.parent() is None:
            self._on_expand(item.data(PATIENT, PLACE))

    def _on_item_changed(self, item: Any, column: int) -> None:
        self._tree.blockSignals(True)
        above = item.parent()
        if above is None and item.checkState(PATIENT) != qt.Qt.PartiallyChecked:
            for child in _children(item):
                child.setCheckState(PATIENT, item.checkState(PATIENT))
        elif above is not None:
            states = {child.checkState(PATIENT) for child in _children(above)}
            above.setCheckState(PATIENT, states.pop() if len(states) == 1 else qt.Qt.PartiallyChecked)
        self._tree.blockSignals(False)
        self._on_check()


def _children(item: Any) -> list[Any]:
    return [item.child(number) for number in range(item.childCount())]


def _set_number(item: Any, column: int, number: int | None) -> None:
    """Show a number as such, so that 10 is not sorted before 9."""
    if number is not None:
        item.setData(column, qt.Qt.DisplayRole, number)
    item.setTextAlignment(column, qt.Qt.AlignRight | qt.Qt.AlignVCenter)


def _tip(study: Any) -> str:
    lines = [study.readable_name, study.patient_id, " ".join(filter(None, (study.birth_date, study.sex))), study.description]
    if study.accession:
        lines.append(_("Accession number: {number}").format(number=study.accession))
    return "\n".join(filter(None, [*lines, study.study]))
