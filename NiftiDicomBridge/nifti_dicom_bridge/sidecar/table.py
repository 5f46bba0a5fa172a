"""Many data sets as one table: what all share once, what varies as columns (see ``data/sidecar.schema.json``).

A list of data sets (the instances of a series, the items of a long sequence) becomes ::

    {"Count": n, "Shared": {tag: element…}, "Varying": {tag: column…}}

A column holds n entries: the Value of the element (a single one without its list), null where the data set has no such
element, or a whole element where the VR differs or the value is not plain. Few different entries are stored once, with an
index. A column of sequences with one item each is a table again, so functional groups of a thousand frames stay columns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import SidecarError
from ..model.charset import CharacterSet
from ..model.metadata import Element, Elements
from ..model.similar_elements import SimilarElements, changes_of, column_of, like_of
from ..standard import dictionary
from ..standard.tags import Tag
from .dicom_json import (
    BINARY_VRS,
    Decoder,
    Encoder,
    JsonElement,
    encode_value,
    lengths_of,
    plain_value,
    sequence_element,
    tag_of,
    vr_of,
)
from .record_sizes import check_table

MANY_ITEMS = 4
"""A sequence with more items than this is kept as a table."""


class TableEncoder(Encoder):
    """An `Encoder` that knows tables."""

    def table(self, data_sets: list[Elements], charset: CharacterSet) -> dict[str, Any]:
        """Return data sets as a table."""
        shared, varying = _split(data_sets)
        own = charset.of(shared)
        result: dict[str, Any] = {"Count": len(data_sets), "Shared": self.data_set(shared, own)}
        if varying:
            charsets = [own.of(elements) for elements in data_sets] if Tag.SPECIFIC_CHARACTER_SET in varying else None
            result["Varying"] = {
                dictionary.hexadecimal(tag): self._column(column_of(data_sets, tag), charsets or own) for tag in varying
            }
        return result

    def element(self, element: Element, charset: CharacterSet) -> JsonElement:
        """Return one element; long sequences as tables."""
        value = element.value
        if not isinstance(value, tuple) or len(value) <= MANY_ITEMS:
            return super().element(element, charset)
        content: JsonElement = {"vr": element.vr, "Table": self.table([item.elements for item in value], charset)}
        lengths = lengths_of(element)
        return {**content, "Undefined": lengths} if lengths else content

    def _column(self, column: list[Element | None], charset: CharacterSet | list[CharacterSet]) -> dict[str, Any]:
        vr = next(element.vr for element in column if element is not None)
        if isinstance(charset, CharacterSet):
            nested = self._column_of_items(column, charset)
            if nested is not None:
                return nested
            charsets = [charset] * len(column)
        else:
            charsets = charset
        self._gather_bulk(column)
        entries = _Entries()
        is_common = isinstance(charset, CharacterSet)
        known: dict[Any, int] = {}  # equal elements are encoded once
        for element, own in zip(column, charsets, strict=True):
            key: Any = element if element is None or type(element[1]) is bytes else id(element)
            if not is_common:  # the same bytes are other text
                key = key, own.terms
            number = known.get(key)
            if number is None:
                entry = None if element is None else self._entry(element, vr, own)
                number = known[key] = entries.number_of(entry)
            entries.index.append(number)
        return {"vr": vr, **entries.to_json()}

    def _column_of_items(self, column: list[Element | None], charset: CharacterSet) -> dict[str, Any] | None:
        """Return a column of sequences with one item each, as a table of the items; None for other columns."""
        present = [element for element in column if element is not None]
        alike = len(present) == len(column) and all(
            isinstance(element.value, tuple) and len(element.value) == 1 for element in present
        )
        if not alike or len({(element.vr, lengths_of(element)) for element in present}) > 1:
            return None
        data_sets = [element.value[0].elements for element in present if isinstance(element.value, tuple)]
        if any(Tag.SPECIFIC_CHARACTER_SET in elements for elements in data_sets):
            return None
        content = {"vr": present[0].vr, "Items": self.table(data_sets, charset)}
        lengths = lengths_of(present[0])
        return {**content, "Undefined": lengths} if lengths else content

    def _gather_bulk(self, column: list[Element | None]) -> None:
        """Put the large values of a column into one group before they are asked for one by one."""
        large = [
            e.value for e in column if e is not None and isinstance(e.value, bytes) and len(e.value) >= self.bulk.threshold
        ]
        if len(large) > 1:
            self.bulk.add_all(large)

    def _entry(self, element: Element, vr: str, charset: CharacterSet) -> Any:
        if element.vr == vr and not element.undefined and element.value and isinstance(element.value, bytes):
            plain = plain_value(vr, element.value, charset)
            if plain is not None:
                return plain[0] if len(plain) == 1 and plain[0] is not None else plain
        result = self.element(element, charset)
        if element.vr != vr or set(result) - {"vr", "Value"} or vr in BINARY_VRS:
            return result
        values = result.get("Value", [])
        return values[0] if len(values) == 1 and values[0] is not None else values


def _split(data_sets: list[Elements]) -> tuple[Elements, list[int]]:
    """Return the elements that all share, and the tags of all others."""
    first = data_sets[0] if data_sets else {}
    likes = {id(like): like for like in map(like_of, data_sets)}  # most data sets of a series are similar to a few
    changed = set().union(*map(changes_of, data_sets))
    same = set(map(id, first.values()))  # most elements of a series are one object
    for elements in likes.values():
        same.intersection_update(map(id, elements.values()))
    shared = {
        tag: element
        for tag, element in first.items()
        if (id(element) in same and tag not in changed)
        or all(elements.get(tag) == element for elements in (data_sets if tag in changed else likes.values()))
    }
    return shared, sorted(set().union(*likes.values()).difference(shared))


class _Entries:
    """The entries of a column: as they are, or each different one once with an index, whichever is shorter."""

    def __init__(self) -> None:
        self.index: list[int] = []
        self._numbers: dict[str, int] = {}
        self._distinct: list[Any] = []

    def number_of(self, entry: Any) -> int:
        """Return the number of an entry among the different ones."""
        number = self._numbers.setdefault(_key(entry), len(self._distinct))
        if number == len(self._distinct):
            self._distinct.append(entry)
        return number

    def to_json(self) -> dict[str, Any]:
        """Return all entries."""
        if len(self._distinct) > len(self.index) // 2:
            return {"Values": [self._distinct[number] for number in self.index]}
        return {"Distinct": self._distinct, "Index": self.index}


def _key(entry: Any) -> str:
    """Return a text that two entries have in common only if they are the same in JSON."""
    if type(entry) is str:
        return "s" + entry
    return repr(entry) if type(entry) in (int, float) else json.dumps(entry, sort_keys=True)


class TableDecoder(Decoder):
    """A `Decoder` that knows tables."""

    def table(self, content: Any, charset: CharacterSet, where: str) -> list[Elements]:
        """Return the data sets of a table, each ascending by tag."""
        if not isinstance(content, dict) or not isinstance(content.get("Count"), int) or content["Count"] < 0:
            raise SidecarError(f'{where}: a table with a "Count" was expected.')
        count, own = content["Count"], charset.of_json(content.get("Shared") or {})
        shared = self.data_set(content.get("Shared", {}), own, f"{where}/Shared")
        varying = content.get("Varying", {})
        if not isinstance(varying, dict):
            raise SidecarError(f"{where}/Varying: an object with tags was expected.")
        check_table(count, varying, where)
        key = dictionary.hexadecimal(Tag.SPECIFIC_CHARACTER_SET)
        first = {key: varying[key]} if key in varying else {}
        columns: dict[int, list[Element | None]] = {}
        charsets = [own] * count
        for name, column in {**first, **varying}.items():
            tag = tag_of(name, where)
            columns[tag] = self._column(column, count, charsets, f"{where}/Varying/{name}")
            if tag == Tag.SPECIFIC_CHARACTER_SET:
                charsets = [own.of({tag: element}) if element else own for element in columns[tag]]
        return _merged(shared, columns, count)

    def element(self, content: Any, charset: CharacterSet, where: str) -> Element:
        """Return one element; tables become long sequences."""
        if isinstance(content, dict) and "Table" in content and isinstance(content.get("vr"), str):
            data_sets = self.table(content["Table"], charset, f"{where}/Table")
            return sequence_element(content["vr"], data_sets, content.get("Undefined", False), where)
        return super().element(content, charset, where)

    def _column(self, content: Any, count: int, charsets: list[CharacterSet], where: str) -> list[Element | None]:
        if not isinstance(content, dict):
            raise SidecarError(f"{where}: a column was expected.")
        vr_of(content.get("vr"), where)
        if "Items" in content:
            data_sets = self.table(content["Items"], charsets[0] if charsets else CharacterSet(), f"{where}/Items")
            lengths = content.get("Undefined", False)
            column: list[Element | None] = [sequence_element(content["vr"], [one], lengths, where) for one in data_sets]
        else:
            column = self._entries(content, charsets, where)
        if len(column) != count:
            raise SidecarError(f"{where}: the column has {len(column)} entries, there are {count} data sets.")
        return column

    def _entries(self, content: dict[str, Any], charsets: list[CharacterSet], where: str) -> list[Element | None]:
        vr = content["vr"]
        try:
            entries = content["Values"] if "Values" in content else [content["Distinct"][n] for n in content["Index"]]
        except (KeyError, IndexError, TypeError):
            raise SidecarError(f'{where}: "Values", or "Distinct" and an "Index" into it, were expected.') from None
        if not isinstance(entries, list) or len(entries) != len(charsets):
            raise SidecarError(f"{where}: {len(charsets)} entries were expected.")
        known: dict[tuple[Any, ...], Element | None] = {}
        column = []
        for entry, charset in zip(entries, charsets, strict=True):
            key = (id(entry), id(charset))
            if key not in known:
                known[key] = self._from_entry(entry, vr, charset, where)
            column.append(known[key])
        return column

    def _from_entry(self, entry: Any, vr: str, charset: CharacterSet, where: str) -> Element | None:
        if entry is None:
            return None
        if isinstance(entry, dict) and "vr" in entry:
            return self.element(entry, charset, where)
        return Element(vr, encode_value(vr, entry if isinstance(entry, list) else [entry], charset, where))


def _merged(shared: Elements, columns: dict[int, list[Element | None]], count: int) -> list[Elements]:
    varying = sorted(columns)
    in_order = dict.fromkeys(sorted({*shared, *columns})) | shared
    rows = list(zip(*(columns[tag] for tag in varying), strict=True)) if varying else [()] * count
    first = next((row for row in rows if None not in row), None)
    if first is None or count < MANY_ITEMS:
        return [_row(in_order, varying, row) for row in rows]
    like = _row(in_order, varying, first)
    return [
        _row(in_order, varying, row) if None in row else SimilarElements(like, dict(zip(varying, row, strict=True)))
        for row in rows
    ]


def _row(in_order: dict[int, Any], varying: list[int], row: Sequence[Element | None]) -> Elements:
    elements = in_order.copy()
    elements.update(zip(varying, row, strict=True))
    for tag, element in zip(varying, row, strict=True):
        if element is None:
            del elements[tag]
    return elements
