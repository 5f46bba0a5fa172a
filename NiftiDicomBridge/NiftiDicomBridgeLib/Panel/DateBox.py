"""The choice of a range of dates: an entry of a list, or two dates."""

from __future__ import annotations

from datetime import date, timedelta

import qt
from slicer.i18n import tr as _

DAYS = (None, 0, 1, 7, 30, 365)
"""Of the entries of the list, how many days before today the range begins; the first one has no limit."""
FORMAT, SHOWN = "yyyyMMdd", "yyyy-MM-dd"


class DateBox:
    """A combo box and two fields for dates, which are shown for its last entry.

    Attributes
    ----------
    box, first, last : QComboBox, QDateEdit, QDateEdit
        The widgets.
    """

    def __init__(self) -> None:
        self.box, self.first, self.last = qt.QComboBox(), qt.QDateEdit(), qt.QDateEdit()
        texts = (
            _("Any"),
            _("Today"),
            _("Since yesterday"),
            _("Last 7 days"),
            _("Last 30 days"),
            _("Last 12 months"),
            _("Range"),
        )
        for text in texts:
            self.box.addItem(text)
        for edit, tip in ((self.first, _("First day")), (self.last, _("Last day"))):
            edit.setDisplayFormat(SHOWN)
            edit.setCalendarPopup(True)
            edit.setDate(qt.QDate.currentDate())
            edit.setToolTip(tip)
            edit.setAccessibleName(tip)
            edit.setVisible(False)
        self.box.currentIndexChanged.connect(self._on_changed)

    @property
    def query(self) -> str:
        """What is chosen, as `nifti_dicom_bridge.search` takes it."""
        number = int(self.box.currentIndex)
        if number == len(DAYS):
            return "-".join(edit.date.toString(FORMAT) for edit in (self.first, self.last))
        days = DAYS[number]
        return "" if days is None else f"{date.today() - timedelta(days):%Y%m%d}-"

    def _on_changed(self, index: int) -> None:
        for edit in (self.first, self.last):
            edit.setVisible(int(self.box.currentIndex) == len(DAYS))
