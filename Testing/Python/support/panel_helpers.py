"""What the tests of the panel share."""

from __future__ import annotations

import threading
import time

import numpy as np

from support.slicer_helpers import click, wait_until


def add_volume(slicer, name="volume", value=0):
    return slicer.util.addVolumeFromArray(np.full((2, 3, 4), value, np.int16), np.eye(4), name)


def settle(panel):
    """Let the lists be filled and the files be read."""
    wait_until(lambda: not panel._refresh_timer.active and not panel.importing.proposing.busy and not panel.busy)


def rows(panel):
    """Return (depth, name) of every row of the tree."""
    settle(panel)

    def below(item, depth):
        for number in range(item.childCount()):
            if not item.child(number).isHidden():
                yield depth, item.child(number).text(0)
                yield from below(item.child(number), depth + 1)

    return list(below(panel.ui.exportTree.invisibleRootItem(), 0))


def listed(panel):
    return [name for _, name in rows(panel)]


def row(panel, name):
    settle(panel)
    return next(item for item in panel.exporting.tree.items() if item.text(0) == name)


def check(panel, name, on=True):
    import qt

    row(panel, name).setCheckState(0, qt.Qt.Checked if on else qt.Qt.Unchecked)


def run(panel, button):
    settle(panel)
    click(button)
    settle(panel)


def report(panel):
    return panel.ui.resultBrowser.toPlainText()


def shown(label):
    """Return the text of a label; empty where it is hidden."""
    return label.text if not label.isHidden() else ""


def add_files(panel, paths):
    panel.importing.files.add_files(paths)
    settle(panel)


def select(panel, *numbers):
    panel.importing.files.table.select(numbers)
    settle(panel)


def file_rows(panel):
    table = panel.ui.filesTable
    return [tuple(table.item(n, column).text() for column in range(3)) for n in range(table.rowCount)]


def fields(panel):
    """Return the visible attributes: name → (value, source)."""
    table = panel.ui.fieldsTable
    numbers = [n for n in range(table.rowCount) if not table.isRowHidden(n)]
    return {table.item(n, 0).text(): (table.item(n, 1).text(), table.item(n, 2).text()) for n in numbers}


def enter(panel, name, value):
    """Type a value into the table, as after a double click."""
    table = panel.ui.fieldsTable
    number = next(n for n in range(table.rowCount) if table.item(n, 0).text().endswith(name))
    table.setCurrentCell(number, 1)
    table.item(number, 1).setText(value)
    settle(panel)


class SlowTask:
    """Works until it is cancelled."""

    def __init__(self):
        self.started = threading.Event()
        self.finished = False

    def work(self, progress):
        for step in range(10000):
            progress(f"step {step}", step, 10000)
            self.started.set()
            time.sleep(0.001)

    def finish(self, result):
        self.finished = True


def open_panel(module):
    """Return a panel of its own, opened, and what closes it."""
    representation = module.createNewWidgetRepresentation()
    representation.enter()
    return representation, representation.self()
