"""Data sets and file meta information without what identifies the patient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..model import metadata
from ..model.ages import without_high_age
from ..model.charset import AFFECTED_VRS, CharacterSet
from ..model.metadata import SPACE_AND_NULL, Element, Elements, Item
from ..options import Retain
from ..standard import dictionary
from ..standard.tags import Tag
from . import kept_attributes
from .actions import Action, Path, action_of, basic_action
from .dates import shifted
from .descriptors import cleaned, is_image_type, without_names
from .graphics import kept_overlays
from .policy import Policy
from .safe_private import kept_private
from .uids import KeyedUids
from .values import in_form, is_of_standard, padded

_TEXT = "ANONYMOUS"
_DUMMIES = {
    "PN": "Anonymous", "DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000Y", "DS": "0", "IS": "0",
    "LO": _TEXT, "SH": _TEXT, "ST": _TEXT, "LT": _TEXT, "UT": _TEXT, "UC": _TEXT, "CS": _TEXT, "AE": _TEXT, "UR": _TEXT,
}  # fmt: skip
_KEPT_OF_FILE_META = frozenset({
    Tag.FILE_META_INFORMATION_GROUP_LENGTH, Tag.FILE_META_INFORMATION_VERSION, Tag.MEDIA_STORAGE_SOP_CLASS_UID,
    Tag.TRANSFER_SYNTAX_UID,
})  # fmt: skip
_IMAGE_TYPES = frozenset({Tag.IMAGE_TYPE, Tag.FRAME_TYPE})
_PSEUDONYMS = frozenset({(Tag.PATIENT_ID,), (Tag.PATIENT_NAME,)})
_REQUIRED_VALUES = 4
"""Of enhanced images (PS3.3 C.8.13.3.1.1)."""
_OTHER_IMAGE = "OTHER"
"""A defined term of the third value of ImageType (PS3.3 C.8.3.1.1.1)."""


@dataclass(frozen=True)
class Patient:
    """Whose data set it is.

    Attributes
    ----------
    pseudonym : str
        What takes the place of PatientID and PatientName; empty to empty them.
    shift_days : int
        By how many days dates are moved.
    names : frozenset of str
        Words, in lower case, of the names of people in the data set: no description keeps them.
    """

    pseudonym: str = ""
    shift_days: int = 0
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, elements: Elements, policy: Policy) -> Patient:
        """Return the patient of a data set; raises `BridgeError` if the table of pseudonyms does not have it."""
        charset = CharacterSet().of(elements)
        patient_id = charset.text(elements, Tag.PATIENT_ID)
        name = charset.text(elements, Tag.PATIENT_NAME)
        identity = patient_id or name or metadata.text(elements, Tag.STUDY_INSTANCE_UID)
        return cls(
            policy.pseudonym_of(patient_id or name), policy.shift_days(identity), frozenset(_names_in(elements, charset))
        )


def _names_in(elements: Elements, charset: CharacterSet) -> Iterator[str]:
    """Yield the words of names and of PatientID, alone and written as one."""
    for tag, element in elements.items():
        if element.vr == "PN" or tag == Tag.PATIENT_ID:
            for group in charset.text_of(element).lower().split("="):
                words = "".join(letter if letter.isalnum() else " " for letter in group).split()
                yield from (*words, "".join(words), "".join(reversed(words)))


class Cleaner:
    """Applies the profile to a data set.

    Parameters
    ----------
    policy : Policy
        All choices.
    patient : Patient
        Whose data set it is.

    Attributes
    ----------
    removed, replaced : set of tuple of int
        Attributes that it removed; that it emptied, or gave another value.
    secrets : set of str
        Values that are there no more, for sentences that must not quote them.
    """

    def __init__(self, policy: Policy, patient: Patient):
        self.policy, self.patient = policy, patient
        self.uids = KeyedUids(policy.key, Retain.UIDS in policy.options)
        self.removed: set[Path] = set()
        self.replaced: set[Path] = set()
        self.secrets: set[str] = set()

    def elements(self, elements: Elements, sop_class: str, above: Path = (), charset: CharacterSet | None = None) -> Elements:
        """Return a data set, or an item that is located at `above`, without what identifies the patient."""
        charset = (charset or CharacterSet()).of(elements)
        local = _of_local_scheme(elements)
        kept = kept_overlays(elements, self.policy)
        names = self.patient.names if Retain.SAFE_PRIVATE in self.policy.options else None
        private = kept_private(elements, names, self.policy.rules.private)
        for tag, element in (kept | private).items():
            kept[tag] = self._nested(element, sop_class, (*above, tag), charset)
        for tag, element in elements.items():
            if tag in kept:
                continue
            new = self._element((*above, tag), element, sop_class, charset, local)
            if new is None:
                self.removed.add((*above, tag))
            else:
                kept[tag] = new
            if new is None or new.value != element.value:
                self._note(element, charset)
        return dict(sorted(kept.items()))

    def file_meta(self, elements: Elements, ours: Elements) -> Elements:
        """Return file meta information with what a file needs and `ours`: no titles of applications, nothing private."""
        meta = {tag: element for tag, element in elements.items() if tag in _KEPT_OF_FILE_META}
        for tag in (Tag.MEDIA_STORAGE_SOP_INSTANCE_UID, Tag.MEDIA_STORAGE_SOP_CLASS_UID):
            element = elements.get(tag)
            if element is not None and isinstance(element.value, bytes):
                meta[tag] = element._replace(value=self.uids.new_value(element.value))
        for element in elements.values():
            self._note(element, CharacterSet())
        return dict(sorted({**meta, **ours}.items())) if elements else {}

    def _nested(self, element: Element, sop_class: str, path: Path, charset: CharacterSet) -> Element:
        if not isinstance(element.value, tuple):
            return element
        items = (Item(self.elements(item.elements, sop_class, path, charset), item.undefined) for item in element.value)
        return element._replace(value=tuple(items))

    def _element(
        self, path: Path, element: Element, sop_class: str, charset: CharacterSet, local: frozenset[int]
    ) -> Element | None:
        action = action_of(path, element.vr, sop_class, self.policy)
        if action is not Action.REMOVE and path[-1] in self.policy.rules.values:
            return self._with_value(path, element, self.policy.rules.values[path[-1]])
        if path in _PSEUDONYMS and self.patient.pseudonym and path[-1] not in self.policy.rules.actions:
            return self._with_value(path, element, self.patient.pseudonym)
        if action is Action.REMOVE:
            return None
        if isinstance(element.value, tuple):
            return self._sequence(path, element, sop_class, action, charset)
        if action is Action.KEEP and path[-1] in local:
            action = Action.CLEAN
        if action is Action.KEEP and path[-1] not in self.policy.rules.actions:
            return self._kept(path, element, charset)
        if action is Action.KEEP or not element.value.strip(SPACE_AND_NULL.encode("ascii")):
            return element
        if action is Action.CLEAN:
            return self._cleaned(path, element, sop_class, charset)
        return self._replaced(path, element, action)

    def _replaced(self, path: Path, element: Element, action: Action) -> Element | None:
        if action is Action.UID and element.vr != "UI":
            return None
        assert isinstance(element.value, bytes)
        new = self._value(element.vr, element.value, action)
        if new != element.value:
            self.replaced.add(path)
        return element._replace(value=new)

    def _with_value(self, path: Path, element: Element, text: str) -> Element:
        self.replaced.add(path)
        return element._replace(value=padded(text.encode("ascii", "replace"), element.vr))

    def _sequence(self, path: Path, element: Element, sop_class: str, action: Action, charset: CharacterSet) -> Element:
        """Return a sequence: empty, or its items cleaned; a dummy sequence is one of cleaned items."""
        if action is Action.EMPTY:
            self.replaced.add(path)
            self._note(element, charset)
            return Element(element.vr, ())
        return self._nested(element, sop_class, path, charset)

    def _kept(self, path: Path, element: Element, charset: CharacterSet) -> Element | None:
        """Return an attribute that is kept, with a value of the form of its VR; None where nothing of that remains."""
        assert isinstance(element.value, bytes)
        tag = path[-1]
        if element.vr == "UI" and tag in kept_attributes.UIDS_OF_TABLES and not is_of_standard(element.value):
            return None
        if element.vr == "UI" and tag in kept_attributes.UIDS_OF_KINDS:
            value = self.uids.new_value(element.value)
        elif tag in _IMAGE_TYPES:
            value = _image_type(element.value)
        elif tag == Tag.SPECIFIC_CHARACTER_SET:
            return element
        else:
            value = in_form(element.vr, element.value, dictionary.most_values(tag))
            if tag not in kept_attributes.OF_EVERYONE and tag not in kept_attributes.LOCAL:
                value = self._without_names(element._replace(value=value), charset)
            if element.vr == "AS":
                value = padded(without_high_age(value.decode("latin-1")).encode("latin-1"), "AS")
        if value == element.value:
            return element
        self.replaced.add(path)
        lost = element.value.strip(b" \0\\") and not value.strip(b" \0\\")
        return None if lost and path[:-1] else element._replace(value=value)

    def _without_names(self, element: Element, charset: CharacterSet) -> bytes:
        """Return the value of a text or code string without the names of the patient and others."""
        assert isinstance(element.value, bytes)
        if element.vr not in AFFECTED_VRS and element.vr != "CS":
            return element.value
        text = charset.text_of(element)
        new = without_names(text, self.patient.names)
        return element.value if new == text else padded(new.strip().encode("ascii", "ignore"), element.vr)

    def _cleaned(self, path: Path, element: Element, sop_class: str, charset: CharacterSet) -> Element | None:
        """Return a description, reduced to harmless words; where none is left, what the basic profile makes of it."""
        assert isinstance(element.value, bytes)
        text = "\\".join(cleaned(part, self.patient.names) for part in charset.text_of(element).split("\\"))
        if not text.strip("\\"):
            action = basic_action(path, sop_class)
            return None if action is Action.REMOVE else self._replaced(path, element, action)
        value = padded(text.encode("ascii", "ignore"), element.vr)
        if value.strip() != element.value.strip(SPACE_AND_NULL.encode("ascii")):
            self.replaced.add(path)
        return element._replace(value=value)

    def _value(self, vr: str, value: bytes, action: Action) -> bytes:
        if action is Action.EMPTY:
            return b""
        if action is Action.SHIFT:
            moved = in_form(vr, shifted(vr, value.decode("latin-1"), self.patient.shift_days).encode("latin-1"))
            return moved if moved.strip(b" \0\\") or vr not in _DUMMIES else padded(_DUMMIES[vr].encode("ascii"), vr)
        if vr == "UI":  # also with "Retain UIDs": that column does not have every UID
            return KeyedUids(self.policy.key).new_value(value)
        if vr not in _DUMMIES:
            return bytes(len(value))
        return padded(_DUMMIES[vr].encode("ascii"), vr)

    def _note(self, element: Element, charset: CharacterSet) -> None:
        """Note the texts of an attribute that is there no more."""
        if isinstance(element.value, tuple):
            for item in element.value:
                for inner in item.elements.values():
                    self._note(inner, charset.of(item.elements))
        elif element.vr in _DUMMIES or element.vr == "UI":
            parts = re.split(r"[\\\0]", charset.text_of(element))
            self.secrets.update(part.strip(SPACE_AND_NULL) for part in parts)


def _of_local_scheme(elements: Elements) -> frozenset[int]:
    """Return what of a code item is of a coding scheme that only some place knows: it may mean anything, and name the place."""
    scheme = metadata.text(elements, Tag.CODING_SCHEME_DESIGNATOR)
    if not scheme or scheme in kept_attributes.STANDARD_SCHEMES:
        return frozenset()
    designator = {Tag.CODING_SCHEME_DESIGNATOR} if scheme in kept_attributes.OWN_SCHEMES else set()
    return kept_attributes.LOCAL - designator


def _image_type(raw: bytes) -> bytes:
    """Return ImageType or FrameType with defined terms and those of vendors; others are OTHER or left out."""
    values = [value.strip(SPACE_AND_NULL) for value in raw.decode("latin-1").split("\\")]
    known = [value if value and is_image_type(value) else "" for value in values]
    head = [value or _OTHER_IMAGE for value in known[:_REQUIRED_VALUES]]
    return padded("\\".join([*head, *filter(None, known[_REQUIRED_VALUES:])]).encode("ascii"), "CS")
