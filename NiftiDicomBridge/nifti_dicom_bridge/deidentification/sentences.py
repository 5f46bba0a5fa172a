"""Sentences of logs and reports that quote nothing of the patient and no names of files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .. import bids
from ..model.processes.failure import without_messages
from ..options.remedies import remedies_in
from ..standard.dictionary import tag_of

SHORTEST = 3
"""Shorter values, such as numbers of series, occur in any sentence."""
MASK = "…"
_SEPARATORS = re.compile(r"[\\/]")
_QUOTED = re.compile(r"(\b[a-z_]+=\"[a-z-]+\")|(?<!\w)'[^']*'|\"[^\"]*\"|“[^”]*”")
"""Quotations; the first group is an option with one of its choices, such as ``kind="enhanced-mr"``, which identifies no one."""
_PLACEHOLDERS = frozenset({"DICOM", "FILE", "HU", "KIND", "LABEL", "NAME:VERSION:FAMILY", "PATTERN", "VALUE"})
"""What remedies have in place of a value: ``kind="KIND"``."""
_KEPT = "\ue000{}\ue001"
"""In place of a remedy while the rest of a sentence is masked: letters that no text contains."""
_WORD = re.compile(r"[^\s,;:()]+")


class Masker:
    """Replaces values that were removed, and names of files, in sentences."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._parts: set[str] = set()

    def add(self, values: Iterable[str]) -> None:
        """Add values that no sentence may contain."""
        self._secrets.update(value for value in values if len(value) >= SHORTEST)

    def add_paths(self, paths: Iterable[str]) -> None:
        """Add paths of files, of which no sentence may contain the last part."""
        for path in filter(None, paths):
            self._secrets.add(path)
            self._parts.update(part for part in _SEPARATORS.split(path)[-1:] if part)

    def masked(self, sentence: str) -> str:
        """Return a sentence without them."""
        for secret in sorted((s for s in self._secrets if s in sentence), key=lambda s: (-len(s), s)):
            sentence = sentence.replace(secret, MASK)
        return _WORD.sub(lambda mark: MASK if _SEPARATORS.split(mark[0])[-1] in self._parts else mark[0], sentence)

    def masked_traceback(self, text: str) -> str:
        """Return a traceback without the messages of exceptions, which may contain any value."""
        return "\n".join(map(self.masked, without_messages(text)))

    def masked_error(self, sentence: str) -> str:
        """Return the reason of a failure without them, without quotations, and without anything that looks like a path.

        What to do about it, and names of attributes, stay readable.
        """
        sentence = self.masked(sentence)
        remedies = remedies_in(sentence)
        for n, text in enumerate(remedies):
            sentence = sentence.replace(text, _KEPT.format(n))
        sentence = _QUOTED.sub(lambda mark: mark[0] if mark[1] or _is_harmless(mark[0][1:-1]) else MASK, sentence)
        sentence = _WORD.sub(lambda mark: MASK if _SEPARATORS.search(mark[0]) else mark[0], sentence)
        for n, text in enumerate(remedies):
            sentence = sentence.replace(_KEPT.format(n), text)
        return sentence


def _is_harmless(quotation: str) -> bool:
    """Whether a quotation is the name of an attribute or BIDS key, or a placeholder of a remedy."""
    return quotation in _PLACEHOLDERS or quotation in bids.ORDER or tag_of(quotation) > 0
