"""Data sets and file meta information without what tells who the patient is."""

from __future__ import annotations

from ..model.metadata import SPACE_AND_NULL, Element, Elements, Item
from ..standard.tags import Tag
from .actions import Action, Path, action_of
from .uids import KeyedUids

_TEXT = "ANONYMOUS"
_DUMMIES = {
    "PN": "Anonymous", "DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000Y", "DS": "0", "IS": "0",
    "LO": _TEXT, "SH": _TEXT, "ST": _TEXT, "LT": _TEXT, "UT": _TEXT, "UC": _TEXT, "CS": _TEXT, "AE": _TEXT, "UR": _TEXT,
}  # fmt: skip
_KEPT_OF_FILE_META = frozenset({
    Tag.FILE_META_INFORMATION_GROUP_LENGTH, Tag.FILE_META_INFORMATION_VERSION, Tag.MEDIA_STORAGE_SOP_CLASS_UID,
    Tag.TRANSFER_SYNTAX_UID,
})  # fmt: skip


class Cleaner:
    """Applies the basic profile to data sets.

    Parameters
    ----------
    uids : KeyedUids
        New UIDs.

    Attributes
    ----------
    removed, replaced : set of tuple of int
        Attributes that it removed; that it emptied, or gave a dummy or another UID.
    """

    def __init__(self, uids: KeyedUids):
        self.uids = uids
        self.removed: set[Path] = set()
        self.replaced: set[Path] = set()

    def elements(self, elements: Elements, sop_class: str, above: Path = ()) -> Elements:
        """Return a data set, or an item that lies at `above`, as the basic profile leaves it."""
        cleaned = {}
        for tag, element in elements.items():
            new = self._element((*above, tag), element, sop_class)
            if new is not None:
                cleaned[tag] = new
        return cleaned

    def file_meta(self, elements: Elements, ours: Elements) -> Elements:
        """Return file meta information with what a file needs and `ours`: no titles of applications, nothing private."""
        kept = {tag: element for tag, element in elements.items() if tag in _KEPT_OF_FILE_META}
        uid = elements.get(Tag.MEDIA_STORAGE_SOP_INSTANCE_UID)
        if uid is not None and isinstance(uid.value, bytes):
            kept[Tag.MEDIA_STORAGE_SOP_INSTANCE_UID] = uid._replace(value=self.uids.new_value(uid.value))
        return dict(sorted({**kept, **ours}.items())) if elements else {}

    def _element(self, path: Path, element: Element, sop_class: str) -> Element | None:
        action = action_of(path, element, sop_class)
        if action is Action.REMOVE:
            self.removed.add(path)
            return None
        if isinstance(element.value, tuple):
            return self._sequence(path, element, sop_class, action)
        if action is Action.KEEP or not element.value.strip(SPACE_AND_NULL.encode("ascii")):
            return element
        if action is Action.UID and element.vr != "UI":
            self.removed.add(path)
            return None
        new = self._value(element.vr, element.value, action)
        if new != element.value:
            self.replaced.add(path)
        return element._replace(value=new)

    def _sequence(self, path: Path, element: Element, sop_class: str, action: Action) -> Element:
        """Return a sequence: empty, or its items cleaned; a dummy sequence is one of cleaned items."""
        assert isinstance(element.value, tuple)
        if action is Action.EMPTY:
            self.replaced.add(path)
            return Element(element.vr, ())
        items = (Item(self.elements(item.elements, sop_class, path), item.undefined) for item in element.value)
        return element._replace(value=tuple(items))

    def _value(self, vr: str, value: bytes, action: Action) -> bytes:
        if action is Action.EMPTY:
            return b""
        if vr == "UI":
            return self.uids.new_value(value)
        if vr not in _DUMMIES:
            return bytes(len(value))
        raw = _DUMMIES[vr].encode("ascii")
        return raw + b" " * (len(raw) % 2)
