"""Label files in JSON or TOML: plain maps of numbers and names, class maps, segment descriptions of dcmqi and 3D Slicer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..model.files import json_files, option_files
from ..model.listing import listed
from ..standard.numbers import is_number
from . import checks, columns
from .checks import Place
from .columns import NUMBERS
from .dcmqi import ATTRIBUTES, codes_of, color_of, segments_of_attributes
from .segment import Segment

# under which keys tools put the map of numbers and names
_MAPS = (
    "labels", "Labels", "LabelMap", "label_map", "label_def", "channel_def", "class_map", "classes", "label_names",
    "label_dict", "id2label", "label2id", "Levels", "segments", "categories", "label_info",
)  # fmt: skip
_BUNDLE = ("network_data_format", "outputs")
"""Where metadata.json of a MONAI bundle describes its outputs, each with ``channel_def``."""
_ORDER = "regions_class_order"
_COLORS = ("color", "colour", "recommendedDisplayRGBValue", "rgb", "hex")


def parse_json(text: str, place: Place, only_form: bool = False) -> dict[str, Any] | None:
    """Return the object of a JSON text, or its list as labels; None for other text. With `only_form`, keys may be repeated.

    Raises
    ------
    LabelError
        If it begins like JSON and is damaged.
    """
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")) or _is_toml(text):
        return None
    try:
        content = json_files.parse_json(text.removeprefix("\ufeff"), is_proven=only_form)
    except ValueError as error:
        raise place.error(f"damaged JSON ({error}). Repair it, or create it again.") from None
    return content if isinstance(content, dict) else {_MAPS[0]: content}


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
    named = any(_is_map(tree.get(key)) for key in _MAPS)
    return ATTRIBUTES in tree or named or (bool(tree) and all(key.strip().isdigit() for key in tree))


def read_tree(tree: dict[str, Any], place: Place) -> list[Segment]:
    """Return the labels of an object.

    Raises
    ------
    LabelError
        If it holds none, or a value that cannot be used.
    """
    tree = _of_bundle(tree)
    if ATTRIBUTES in tree:
        return segments_of_attributes(tree[ATTRIBUTES], place)
    for key in _MAPS:
        if isinstance(tree.get(key), dict):
            return _mapped(_plain_labels(tree, key, place), place.at(repr(key)))
        if isinstance(tree.get(key), list):
            return _listed(tree[key], place.at(repr(key)))
    inner = [key for key, value in tree.items() if isinstance(value, dict) and _is_map(value)]
    if len(inner) == 1 and not _is_map(tree):
        return _mapped(tree[inner[0]], place.at(repr(inner[0])))
    if not _is_map(tree):
        several = f": {listed(inner)} are maps, and only one of them can be that of the image" if inner else ""
        raise place.error(f'there are no labels in it{several}. A map like {{"1": "spleen"}} is what is looked for.')
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


def _is_map(tree: Any) -> bool:
    """Whether all keys, or all values, are numbers; or all are objects that have a number and a name."""
    if isinstance(tree, list):
        return bool(tree) and all(isinstance(one, dict) and _is_described(one) for one in tree)
    plain = {key: value for key, value in tree.items() if not key.startswith("@")} if isinstance(tree, dict) else {}
    if not plain:
        return False
    values = plain.values()
    return all(key.strip().isdigit() for key in plain) or all(map(_is_number, values)) or all(map(_is_numbered, values))


def _is_number(value: Any) -> bool:
    return isinstance(value, list) or (not isinstance(value, float) and columns.is_whole(value))  # a list: a region of nnU-Net


def _is_numbered(value: Any) -> bool:
    return isinstance(value, dict) and any(columns.is_whole(cell) for name, cell in _plain(value).items() if name in NUMBERS)


def _is_described(value: dict[str, Any]) -> bool:
    return columns.are_columns([*_plain(value)])


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {columns.plain(name): cell for name, cell in value.items()}


def _mapped(tree: dict[str, Any], place: Place) -> list[Segment]:
    """Return the labels of a map: number → name, name → number, or either → object with the other, and with a color."""
    segments = []
    for key, value in tree.items():
        here = place.at(f"{place.where + ', ' if place.where else ''}key {key!r}")
        if isinstance(value, dict):
            segments.append(_from_object(key, value, here))
        elif is_number(value) or (columns.is_whole(value) and not columns.is_whole(key)):
            segments.append(Segment(checks.number(value, here), checks.label(key, here)))
        elif isinstance(value, str):
            segments.append(Segment(checks.number(key, here), checks.label(value, here)))
        else:
            raise here.error(f"{json.dumps(value)[:60]} is neither a name nor a number.")
    return segments


def _listed(values: list[Any], place: Place) -> list[Segment]:
    """Return the labels of a list of objects; names alone have no numbers, as lists begin with the background or without."""
    segments = []
    for n, value in enumerate(values, 1):
        here = place.at(f"{place.where}, entry {n}")
        if not isinstance(value, dict):
            raise here.error(
                f"{json.dumps(value)[:60]} has no number: a list may begin with the background or with the first label. Write "
                'it like {"value": 1, "name": "spleen"}.'
            )
        segments.append(_from_object("", value, here))
    return segments


def _from_object(key: str, value: dict[str, Any], here: Place) -> Segment:
    """Return the label of an object; `key` is its number or name, where the object is that of a map."""
    own = {"key": key} if columns.is_whole(key) else {}
    cells = {**_plain(value), **own}
    number = columns.number_of(cells, here)
    if number is None:
        raise here.error(f'{json.dumps(value)[:60]} has no number: the value of the voxels. Add it, like "value": 1.')
    name = columns.name_of(cells, number) or ("" if own else key)
    color = next((value[color] for color in _COLORS if value.get(color)), None)
    return Segment(checks.number(number, here), checks.label(name, here), color=color_of(color, here), **codes_of(value, here))
