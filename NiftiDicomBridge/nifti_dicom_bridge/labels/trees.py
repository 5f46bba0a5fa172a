"""Label files in JSON or TOML: plain maps of numbers and names, class maps, segment descriptions of dcmqi and 3D Slicer."""

from __future__ import annotations

import json
from typing import Any

from ..model.files import json_files, option_files
from ..standard.numbers import is_number
from . import checks
from .checks import Place
from .segment import RGB, Code, Segment

_ATTRIBUTES = "segmentAttributes"
# under which keys tools put the map of numbers and names
_MAPS = ("labels", "Labels", "LabelMap", "label_map", "label_def", "channel_def", "class_map", "classes", "label_names")
_BUNDLE = ("network_data_format", "outputs")
"""Where metadata.json of a MONAI bundle describes its outputs, each with ``channel_def``."""
_ORDER = "regions_class_order"
# field of Segment → key of dcmqi's seg-schema.json
_CODES = {
    "category": "SegmentedPropertyCategoryCodeSequence",
    "type": "SegmentedPropertyTypeCodeSequence",
    "modifier": "SegmentedPropertyTypeModifierCodeSequence",
    "region": "AnatomicRegionSequence",
    "region_modifier": "AnatomicRegionModifierSequence",
}
_ALGORITHM_TYPES = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")


def parse_json(text: str, place: Place, only_form: bool = False) -> dict[str, Any] | None:
    """Return the object of a JSON text; None where it is not JSON. With `only_form`, keys may occur more than once.

    Raises
    ------
    LabelError
        If it begins like JSON and is damaged, or is not an object.
    """
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")) or _is_toml(text):
        return None
    try:
        content = json_files.parse_json(text.removeprefix("\ufeff"), is_proven=only_form)
    except ValueError as error:
        raise place.error(f"damaged JSON ({error}). Repair it, or create it again.") from None
    if not isinstance(content, dict):
        raise place.error('a list where an object like {"1": "spleen"} is expected.')
    return content


def parse_toml(text: str) -> dict[str, Any] | None:
    """Return the table of a TOML text; None where it is none."""
    try:
        return option_files.parse_toml(text.removeprefix("\ufeff")) or None
    except ValueError:
        return None


def _is_toml(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("[") and parse_toml(text) is not None


def has_labels(tree: dict[str, Any]) -> bool:
    """Whether an object holds labels beyond doubt: segment descriptions, or a map that is called so or has numbers as keys.

    A map of names to numbers alone could be a sidecar as well.
    """
    tree = _of_bundle(tree)
    named = any(isinstance(tree.get(key), dict) and _is_map(tree[key]) for key in _MAPS)
    return _ATTRIBUTES in tree or named or (bool(tree) and all(key.strip().isdigit() for key in tree))


def read_tree(tree: dict[str, Any], place: Place) -> list[Segment]:
    """Return the labels of an object.

    Raises
    ------
    LabelError
        If it holds none, or a value that cannot be used.
    """
    tree = _of_bundle(tree)
    if _ATTRIBUTES in tree:
        return _segments_of_attributes(tree[_ATTRIBUTES], place)
    for key in _MAPS:
        if isinstance(tree.get(key), dict):
            return _mapped(_plain_labels(tree, key, place), place.at(repr(key)))
    if not _is_map(tree):
        raise place.error('there are no labels in it. A map like {"1": "spleen"} is what is looked for.')
    return _mapped(tree, place)


def _of_bundle(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the output of a MONAI bundle that describes its channels; any other object as it is."""
    outputs: Any = tree
    for key in _BUNDLE:
        outputs = outputs.get(key) if isinstance(outputs, dict) else None
    described = [one for one in outputs.values() if isinstance(one, dict) and "channel_def" in one] if outputs else []
    return described[0] if len(described) == 1 else tree


def _plain_labels(tree: dict[str, Any], key: str, place: Place) -> dict[str, Any]:
    """Return numbers and names; a region of nnU-Net, which is a list of numbers, has that of ``regions_class_order``.

    Raises
    ------
    LabelError
        If there are regions without their order.
    """
    labels: dict[str, Any] = tree[key]
    regions = [name for name, value in labels.items() if isinstance(value, list) or (value and is_number(value))]
    if not any(isinstance(value, list) for value in labels.values()):
        return labels
    order = tree.get(_ORDER)
    if not isinstance(order, list) or len(order) != len(regions):
        raise place.at(repr(_ORDER)).error(f"{len(regions)} regions need a list of {len(regions)} numbers there. Complete it.")
    return dict(zip(regions, order, strict=True))


def _is_map(tree: dict[str, Any]) -> bool:
    """Whether all keys, or all values, are numbers."""
    plain = {key: value for key, value in tree.items() if not key.startswith("@")}
    numbers = (int, list)  # a list: a region of nnU-Net
    return bool(plain) and (all(key.strip().isdigit() for key in plain) or all(type(v) in numbers for v in plain.values()))


def _mapped(tree: dict[str, Any], place: Place) -> list[Segment]:
    """Return the labels of a map: number → name, name → number, or number → object with name and color."""
    segments = []
    for key, value in tree.items():
        here = place.at(f"{place.where + ', ' if place.where else ''}key {key!r}")
        if isinstance(value, dict):
            segments.append(_from_object(key, value, here))
        elif is_number(value):
            segments.append(Segment(checks.number(value, here), checks.label(key, here)))
        elif isinstance(value, str):
            segments.append(Segment(checks.number(key, here), checks.label(value, here)))
        else:
            raise here.error(f"{json.dumps(value)[:60]} is neither a name nor a number.")
    return segments


def _from_object(key: str, value: dict[str, Any], here: Place) -> Segment:
    name = value.get("name") or value.get("label") or value.get("SegmentLabel")
    color = value.get("color") or value.get("colour") or value.get("recommendedDisplayRGBValue")
    number, label = checks.number(key, here), checks.label(name or "", here)
    return Segment(number, label, color=_color(color, here), **_codes(value, here))


def _segments_of_attributes(lists: Any, place: Place) -> list[Segment]:
    """Return the labels of ``segmentAttributes``: a list for every label map, with an object for every segment."""
    if not isinstance(lists, list):
        raise place.at(_ATTRIBUTES).error("a list of lists is expected there.")
    segments = []
    for n, group in enumerate(lists, 1):
        for m, one in enumerate(group if isinstance(group, list) else [group], 1):
            here = place.at(f"{_ATTRIBUTES}, list {n}, segment {m}")
            if not isinstance(one, dict):
                raise here.error(f"{json.dumps(one)[:60]} is not a segment.")
            segments.append(_described_segment(one, here))
    return segments


def _described_segment(one: dict[str, Any], here: Place) -> Segment:
    if "labelID" not in one:
        raise here.error("labelID is missing: the value of the voxels.")
    codes = _codes(one, here)
    kind = codes["type"]
    name = one.get("SegmentLabel") or one.get("SegmentDescription") or (kind.meaning if kind else "")
    algorithm = str(one.get("SegmentAlgorithmType", "")).upper()
    if algorithm not in ("", *_ALGORITHM_TYPES):
        raise here.error(f"SegmentAlgorithmType {algorithm!r} is not known. {', '.join(_ALGORITHM_TYPES)} are.")
    return Segment(
        checks.number(one["labelID"], here),
        checks.label(name, here),
        color=_color(one.get("recommendedDisplayRGBValue"), here),
        algorithm_type=algorithm,
        algorithm_name=str(one.get("SegmentAlgorithmName", ""))[: checks.LONGEST_LABEL],
        **codes,
    )


def _color(value: Any, here: Place) -> RGB | None:
    if value is None or isinstance(value, str):
        return checks.hex_color(value or "", here)
    if not isinstance(value, list):
        raise here.error(f"{json.dumps(value)[:60]} is not a color. Write three numbers from 0 to 255.")
    return checks.color(value, here)


def _codes(one: dict[str, Any], here: Place) -> dict[str, Any]:
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
