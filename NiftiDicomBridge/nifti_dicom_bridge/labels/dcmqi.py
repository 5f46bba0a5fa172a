"""The JSON that describes segments for dcmqi: doc/schemas/seg-schema.json of https://github.com/QIICR/dcmqi."""

from __future__ import annotations

import json
from typing import Any

from . import checks
from .checks import Place
from .segment import RGB, Code, Segment

ATTRIBUTES = "segmentAttributes"
# field of Segment → key
_CODES = {
    "category": "SegmentedPropertyCategoryCodeSequence",
    "type": "SegmentedPropertyTypeCodeSequence",
    "modifier": "SegmentedPropertyTypeModifierCodeSequence",
    "region": "AnatomicRegionSequence",
    "region_modifier": "AnatomicRegionModifierSequence",
}
_ALGORITHM_TYPES = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")


def segments_of_attributes(lists: Any, place: Place) -> list[Segment]:
    """Return the labels of ``segmentAttributes``: a list for every label map, with an object for every segment.

    Raises
    ------
    LabelError
        If it is not such a list, or a segment has no number, or a value that cannot be used.
    """
    if not isinstance(lists, list):
        raise place.at(ATTRIBUTES).error("a list of lists is expected there.")
    segments = []
    for n, group in enumerate(lists, 1):
        for m, one in enumerate(group if isinstance(group, list) else [group], 1):
            here = place.at(f"{ATTRIBUTES}, list {n}, segment {m}")
            if not isinstance(one, dict):
                raise here.error(f"{json.dumps(one)[:60]} is not a segment.")
            segments.append(_described_segment(one, here))
    return segments


def _described_segment(one: dict[str, Any], here: Place) -> Segment:
    if "labelID" not in one:
        raise here.error("labelID is missing: the value of the voxels.")
    codes = codes_of(one, here)
    kind = codes["type"]
    name = one.get("SegmentLabel") or one.get("SegmentDescription") or (kind.meaning if kind else "")
    algorithm = str(one.get("SegmentAlgorithmType", "")).upper()
    if algorithm not in ("", *_ALGORITHM_TYPES):
        raise here.error(f"SegmentAlgorithmType {algorithm!r} is not known. {', '.join(_ALGORITHM_TYPES)} are.")
    return Segment(
        checks.number(one["labelID"], here),
        checks.label(name, here),
        color=color_of(one.get("recommendedDisplayRGBValue"), here),
        algorithm_type=algorithm,
        algorithm_name=str(one.get("SegmentAlgorithmName", ""))[: checks.LONGEST_LABEL],
        **codes,
    )


def color_of(value: Any, here: Place) -> RGB | None:
    """Return the color of a list or a text; None for none; raises `LabelError` for what is not a color."""
    if value is None or isinstance(value, str):
        return checks.hex_color(value or "", here)
    if not isinstance(value, list):
        raise here.error(f"{json.dumps(value)[:60]} is not a color. Write three numbers from 0 to 255.")
    return checks.color(value, here)


def codes_of(one: dict[str, Any], here: Place) -> dict[str, Any]:
    """Return the codes of a segment by the names of the fields of `Segment`."""
    return {field: _code(one.get(key), here.at(f"{here.where}, {key}")) for field, key in _CODES.items()}


def _code(value: Any, here: Place) -> Code | None:
    if value in (None, {}, []):
        return None
    item = value[0] if isinstance(value, list) else value
    texts = item if isinstance(item, dict) else {}
    code, scheme = str(texts.get("CodeValue") or ""), str(texts.get("CodingSchemeDesignator") or "")
    if not code or not scheme:
        raise here.error("a code needs CodeValue, CodingSchemeDesignator and CodeMeaning.")
    return Code(code, scheme, str(texts.get("CodeMeaning") or code)[: checks.LONGEST_LABEL])
