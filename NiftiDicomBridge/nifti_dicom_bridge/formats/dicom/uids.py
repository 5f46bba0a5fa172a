"""New UIDs for old ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from ...model.metadata import Element, Elements, Item


class UidMap:
    """New UIDs for old ones, the same throughout a job (PS3.5 B.2: ``2.25.`` and a random UUID)."""

    def __init__(self) -> None:
        self.new: dict[bytes, bytes] = {}

    def add(self, uid: str) -> str:
        """Return the new UID of an old one."""
        key = uid_bytes(uid)
        if key not in self.new:
            self.new[key] = uid_bytes(new_uid())
        return self.new[key].rstrip(b"\0").decode("latin-1")

    def keep(self, uid: str) -> None:
        """Let a UID stay as it is, unless it has a new one."""
        self.new.setdefault(uid_bytes(uid), uid_bytes(uid))

    def apply(self, elements: Elements) -> Elements:
        """Return elements in which every UID of the map is replaced, in sequences too."""
        if not self.new:
            return elements
        mapped = {tag: self._element(element) for tag, element in elements.items()}
        return mapped if any(mapped[tag] is not elements[tag] for tag in mapped) else elements

    def _element(self, element: Element) -> Element:
        if isinstance(element.value, tuple):
            items = tuple(self._item(item) for item in element.value)
            same = all(a is b for a, b in zip(items, element.value, strict=True))
            return element if same else element._replace(value=items)
        if element.vr == "UI":
            value = self.new.get(element.value)
            if value is not None:
                return element._replace(value=value)
        return element

    def _item(self, item: Item) -> Item:
        elements = self.apply(item.elements)
        return item if elements is item.elements else item._replace(elements=elements)


def references_in(data_sets: Iterable[Elements]) -> set[bytes]:
    """Return the UIDs in sequences: those by which objects refer to others."""
    uids: set[bytes] = set()
    seen: dict[int, Element] = {}  # instances of a series share their elements
    for elements in data_sets:
        for element in elements.values():
            if isinstance(element.value, tuple) and id(element) not in seen:
                seen[id(element)] = element
                uids.update(*map(_uids_in, element.value))
    return uids


def _uids_in(item: Item) -> set[bytes]:
    uids: set[bytes] = set()
    for element in item.elements.values():
        if isinstance(element.value, tuple):
            uids.update(*map(_uids_in, element.value))
        elif element.vr == "UI":
            uids.add(element.value)
    return uids


def new_uid() -> str:
    """Return a UID that no one has yet."""
    return f"2.25.{uuid.uuid4().int}"


def uid_bytes(uid: str) -> bytes:
    """Return the value of an element that holds a UID, padded to even length (PS3.5 9.1)."""
    raw = uid.encode("latin-1")  # as `metadata.text` reads it: UIDs of damaged files have other characters, too
    return raw + b"\0" * (len(raw) % 2)
