"""All metadata of an image as text that people read: grouped, sequences indented, pixel data left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import groupby

from ..model import metadata
from ..model.charset import CharacterSet
from ..model.metadata import NUMBER_FORMATS, Element, Elements, SeriesMetadata
from ..standard import dictionary
from ..standard.tags import Tag
from .text_groups import Group, group_of

INDENT = "  "
MOST_NUMBERS, MOST_BYTES = 64, 16
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


class Wording(StrEnum):
    """What replaces values."""

    NOTHING = "(empty)"
    ABSENT = "(absent)"
    LEFT_OUT = "(pixel data, left out)"


@dataclass
class _Text:
    """Values that were read already."""

    values: dict[tuple[int, tuple[str, ...]], str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Branch:
    """Data sets that belong together: those of all instances, or the same item in each; None where one lacks it."""

    data_sets: Sequence[Elements | None]
    charsets: Sequence[CharacterSet]

    @cached_property
    def one_charset(self) -> bool:
        """Whether all have the same character sets."""
        return len({charset.terms for charset in self.charsets}) == 1


def metadata_lines(series: SeriesMetadata) -> list[str]:
    """Return the attributes of a series, by group.

    Values that all instances, or frames, share are written once; others one after the other, in the order of the instances,
    with ``×`` and how often where one repeats.

    Parameters
    ----------
    series : SeriesMetadata
        All instances.
    """
    text = _Text()
    instances = [instance for instance in series.instances if instance.elements]
    charsets = [CharacterSet().of(instance.elements) for instance in instances]
    whole = _Branch([instance.elements for instance in instances], charsets)
    by_group: dict[Group, list[str]] = {group: [] for group in Group}
    by_group[Group.FILE] += _lines(_Branch([instance.file_meta for instance in instances], charsets), 1, text)
    for tag in _tags(whole):
        by_group[group_of(tag)] += _element_lines(tag, whole, 1, text)
    result = [line for group, lines in by_group.items() if lines for line in ("", group.value, *lines)]
    if len(instances) > 1:
        result = ["", f"{len(instances)} instances; values that differ are listed in order", *result]
    return result


def _tags(branch: _Branch) -> list[int]:
    return sorted({tag for elements in branch.data_sets if elements for tag in elements})


def _lines(branch: _Branch, depth: int, text: _Text) -> Iterator[str]:
    for tag in _tags(branch):
        yield from _element_lines(tag, branch, depth, text)


def _element_lines(tag: int, branch: _Branch, depth: int, text: _Text) -> Iterator[str]:
    occurrences = [elements.get(tag) if elements else None for elements in branch.data_sets]
    present = [element for element in occurrences if element is not None]
    head = f"{INDENT * depth}{_name(tag, branch)}:"
    if any(isinstance(element.value, tuple) for element in present):
        yield head
        yield from _item_lines(tag, occurrences, branch, depth + 1, text)
    elif tag in dictionary.PIXEL_TAGS:
        yield f"{head} {Wording.LEFT_OUT.value}"
    else:
        if len(set(map(id, occurrences))) == 1 and branch.one_charset:  # as most are, in series of many instances
            yield f"{head} {_value(occurrences[0], branch.charsets[0], text)}"
            return
        values = [_value(element, charset, text) for element, charset in zip(occurrences, branch.charsets, strict=True)]
        yield f"{head} {_in_turn(values, [elements is not None for elements in branch.data_sets])}"


def _item_lines(tag: int, occurrences: Sequence[Element | None], branch: _Branch, depth: int, text: _Text) -> Iterator[str]:
    """Yield the items of a sequence; those of frames as the instances are: together."""
    items = [element.value if element is not None and isinstance(element.value, tuple) else () for element in occurrences]
    if tag == Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE:
        pairs = [(item.elements, charset) for own, charset in zip(items, branch.charsets, strict=True) for item in own]
        yield f"{INDENT * depth}{len(pairs)} frames; values that differ are listed in order"
        yield from _lines(_Branch([elements for elements, _ in pairs], [charset for _, charset in pairs]), depth, text)
        return
    count = max(map(len, items))
    for n in range(count):
        if count > 1:
            yield f"{INDENT * depth}item {n + 1}"
        data_sets = [own[n].elements if n < len(own) else None for own in items]
        around = zip(data_sets, branch.charsets, strict=True)
        charsets = [charset.of(elements) if elements else charset for elements, charset in around]
        yield from _lines(_Branch(data_sets, charsets), depth + (count > 1), text)
    if not count:
        yield f"{INDENT * depth}{Wording.NOTHING.value}"


def _in_turn(values: Sequence[str | None], expected: Sequence[bool]) -> str:
    """Return one value where all are the same, else all in turn."""
    texts = [Wording.ABSENT.value if value is None else value for value, wanted in zip(values, expected, strict=True) if wanted]
    runs = [(value, len(list(same))) for value, same in groupby(texts)]
    if len(runs) == 1:
        return runs[0][0]
    return " | ".join(value if count == 1 else f"{value} ×{count}" for value, count in runs)


def _name(tag: int, branch: _Branch) -> str:
    from pydicom.datadict import dictionary_description

    number = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    if not dictionary.is_private(tag):
        try:
            return f"{dictionary_description(tag)} {number}"
        except KeyError:
            return number
    element = tag & 0xFFFF
    if element < 0x1000:
        return f"Private Creator {number}"
    creator = next((text for elements in branch.data_sets if elements
                    if (text := metadata.text(elements, (tag & ~0xFFFF) | element >> 8))), "")  # fmt: skip
    return f"[{creator}] {number}" if creator else number


def _value(element: Element | None, charset: CharacterSet, text: _Text) -> str | None:
    """Return a value in words; equal elements of many instances are one object, and read once."""
    if element is None or isinstance(element.value, tuple):
        return None
    key = (id(element), charset.terms)
    if key not in text.values:
        text.values[key] = _known_value(element, element.value, charset) or Wording.NOTHING.value
    return text.values[key]


def _known_value(element: Element, raw: bytes, charset: CharacterSet) -> str:
    vr = element.vr
    if vr in _BINARY:
        return _bytes(raw)
    if vr in NUMBER_FORMATS:
        numbers = metadata.numbers({0: element}, 0)
        shown = "\\".join(f"{number:.10g}" for number in numbers[:MOST_NUMBERS])
        return shown if len(numbers) <= MOST_NUMBERS else f"{shown}… ({len(numbers)} values)"
    if vr == "AT":
        parts = [raw[n : n + 4] for n in range(0, len(raw) - 3, 4)]
        return "\\".join(f"({int.from_bytes(p[:2], 'little'):04X},{int.from_bytes(p[2:], 'little'):04X})" for p in parts)
    value = charset.text_of(element)
    if vr == "UI":
        name = dictionary.uid_name(value)
        return f"{value} ({name})" if name != value else value
    return " ⏎ ".join("".join(c if c.isprintable() else " " for c in line).rstrip() for line in value.splitlines())


def _bytes(raw: bytes) -> str:
    """Return bytes as text where they are one, else their number and the first of them."""
    text = raw.strip(b" \0")
    if not text:
        return "" if not raw else f"{len(raw)} bytes of nothing"
    if len(text) <= 256 and text.isascii() and text.decode("ascii").isprintable():
        return text.decode("ascii")
    return f"{len(raw)} bytes: {raw[:MOST_BYTES].hex(' ')}{'…' if len(raw) > MOST_BYTES else ''}"
