"""A tree of patients, studies and images with icons and a search box; images can be checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import qt

from .Icons import FILES, icon, icon_of_node
from .Views import Appearance, fit_height, plain, row_height, set_columns, show_boxes

NAME, DETAIL = 0, 1
KEY = qt.Qt.UserRole
"""Role of an item: id of a node, or UID of a series; nothing for patients, studies and folders."""
LONG = 12
"""With more images than this, there is a search box."""
FEWEST, MOST = 3, 10
USUAL_HEIGHT = 900
"""Pixels; in a higher window, more rows are shown, and some fewer in a smaller one, so that the button below is visible."""
INDENTATION = 14
"""Pixels; Qt's 20 leave little of a name at the third level of a narrow panel."""
LONGEST_DETAIL = 18
"""Characters of the second column at most."""
MOST_EXPANDED = 60
"""With more images than this, studies are collapsed at first."""


class ImageTree:
    """Fills a QTreeWidget with branches (see `Hierarchy.Branch`).

    Parameters
    ----------
    tree, search : QTreeWidget, ctkSearchBox
        The widgets.
    on_check : callable, optional
        Called after a check has changed; without it, there are no check boxes.
    """

    def __init__(self, tree: Any, search: Any, on_check: Callable[[], None] | None = None):
        self._tree, self._search, self._on_check = tree, search, on_check
        self._header = tree.header()
        self._collapsed: set[str] = set()
        self._columns_are_for: tuple[int, ...] = ()
        self._appearance = Appearance(tree, self._style)
        search.setVisible(False)
        search.textChanged.connect(self._apply_search)
        tree.itemCollapsed.connect(lambda item: self._collapsed.add(_path(item)))
        tree.itemExpanded.connect(lambda item: self._collapsed.discard(_path(item)))
        if on_check is not None:
            tree.itemChanged.connect(self._on_item_changed)
        self.fill([], set())

    def _style(self) -> None:
        tree = self._tree
        tree.setIndentation(INDENTATION)
        self._set_columns()
        show_boxes(tree)
        self._fit()

    def fill(self, branches: Sequence[Any], checked: set[str], from_scene: bool = False) -> None:
        """Show branches, with some images checked."""
        self._tree.blockSignals(True)
        self._tree.clear()
        self._add(self._tree.invisibleRootItem(), branches, checked, from_scene)
        leaves = len(self.leaves())
        self._search.setVisible(leaves > LONG)
        self._expand(leaves <= MOST_EXPANDED)
        self._tree.blockSignals(False)
        self._set_columns()
        self._show_checks_of_parents()
        self._apply_search()

    def _set_columns(self) -> None:
        """Make the second column as wide as its texts, within limits; the names have the rest. One that was dragged stays."""
        longest = max((len(item.text(DETAIL)) for item in self.leaves()), default=0)
        characters = min(max(longest, len(self._header_text(DETAIL))) + 1, LONGEST_DETAIL)
        state = (characters, int(self._tree.property("width")), self._tree.fontMetrics().height())
        if state != self._columns_are_for:
            self._columns_are_for = state
            set_columns(self._tree, self._header, NAME, {DETAIL: characters})

    def _header_text(self, column: int) -> str:
        return str(self._tree.headerItem().text(column))

    def keys(self) -> list[str]:
        """Return the ids or UIDs of all images."""
        return [item.data(NAME, KEY) for item in self.leaves()]

    def checked(self) -> list[str]:
        """Return the ids or UIDs of the images that are checked, in the order of the tree."""
        return [item.data(NAME, KEY) for item in self.leaves() if item.checkState(NAME) == qt.Qt.Checked]

    def checked_but_hidden(self) -> int:
        """Return how many images are checked that the search hides."""
        return sum(1 for item in self.leaves() if item.checkState(NAME) == qt.Qt.Checked and item.isHidden())

    def current(self) -> str:
        """Return the id or UID of the current image; empty without one."""
        item = self._tree.currentItem()
        return (item.data(NAME, KEY) or "") if item is not None and not item.isHidden() else ""

    def items(self) -> list[Any]:
        """Return all items, from top to bottom."""
        return list(_below(self._tree.invisibleRootItem()))

    def leaves(self) -> list[Any]:
        """Return the items of images."""
        return [item for item in self.items() if item.data(NAME, KEY)]

    # --- filling

    def _add(self, parent: Any, branches: Iterable[Any], checked: set[str], from_scene: bool) -> None:
        for branch in branches:
            item = qt.QTreeWidgetItem(parent)
            item.setText(NAME, branch.name)
            item.setToolTip(NAME, plain(f"{branch.name} ({branch.detail})" if branch.node_id else branch.name))
            item.setData(NAME, KEY, branch.node_id)
            if branch.node_id:
                item.setText(DETAIL, branch.detail)
                item.setToolTip(DETAIL, plain(branch.detail))
            item.setFirstColumnSpanned(not branch.node_id)
            item.setIcon(NAME, _icon_of(branch, from_scene))
            if self._on_check is not None:
                item.setCheckState(NAME, qt.Qt.Checked if branch.node_id in checked else qt.Qt.Unchecked)
            self._add(item, branch.children, checked, from_scene)

    def _expand(self, at_first: bool) -> None:
        for item in self.items():
            if item.childCount():
                item.setExpanded(at_first and _path(item) not in self._collapsed)

    # --- checks

    def _on_item_changed(self, item: Any, column: int) -> None:
        """Apply a check to what is visible below, and show it above."""
        self._tree.blockSignals(True)
        if item.childCount() and item.checkState(NAME) != qt.Qt.PartiallyChecked:
            for child in _below(item):
                if not child.isHidden():
                    child.setCheckState(NAME, item.checkState(NAME))
        self._tree.blockSignals(False)
        self._show_checks_of_parents()
        if self._on_check is not None:
            self._on_check()

    def _show_checks_of_parents(self) -> None:
        if self._on_check is None:
            return
        self._tree.blockSignals(True)
        for item in reversed(self.items()):
            if not item.data(NAME, KEY):
                states = {child.checkState(NAME) for child in _below(item) if child.data(NAME, KEY)}
                item.setCheckState(NAME, states.pop() if len(states) == 1 else qt.Qt.PartiallyChecked)
        self._tree.blockSignals(False)

    # --- search

    def _fit(self) -> None:
        visible = sum(1 for item in self.items() if not item.isHidden())
        more = (int(self._tree.window().property("height")) - USUAL_HEIGHT) // row_height(self._tree)
        fit_height(self._tree, self._header, visible, FEWEST, MOST + max(-FEWEST, more))

    def _apply_search(self, text: str | None = None) -> None:
        words = str(self._search.text).casefold().split() if self._search.isVisibleTo(self._search.parentWidget()) else []
        self._tree.blockSignals(True)
        for item in reversed(self.items()):
            matches = all(word in _path(item).casefold() for word in words)
            below = any(not item.child(number).isHidden() for number in range(item.childCount()))
            item.setHidden(bool(words) and not below and not (matches and item.data(NAME, KEY)))
            if words and below:
                item.setExpanded(True)
        self._tree.blockSignals(False)
        self._fit()
        if text is not None and self._on_check is not None:
            self._on_check()


def _icon_of(branch: Any, from_scene: bool) -> Any:
    if not branch.node_id:
        return icon(branch.detail if branch.detail in FILES else "folder")
    if from_scene:
        return icon_of_node(branch.node_id)
    return icon("segmentation" if branch.detail.startswith("SEG") else "series")


def _below(item: Any) -> Iterator[Any]:
    for number in range(item.childCount()):
        yield item.child(number)
        yield from _below(item.child(number))


def _path(item: Any) -> str:
    """Return the names of an item and of all above it."""
    names = []
    while item is not None:
        names.append(item.text(NAME))
        item = item.parent()
    return " / ".join(reversed(names))
