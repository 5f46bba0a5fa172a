"""``NAME.json`` next to a store: geometry and attributes for people, and for programs without Zarr."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...model.space.geometry import LPS_TO_RAS, unit_axes
from ...model.volume import Volume
from ...sidecar import KEY
from .ome import axis_names, scale_and_translation

BESIDE_KEY = KEY + "Zarr"
_PRIVATE_AND_OPAQUE = ("InlineBinary", "BulkDataURI")


def companion_content(volume: Volume, store: str, record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is stored about a store under one key of ours.

    Parameters
    ----------
    volume : Volume
        The image; its voxels may be lazy.
    store : str
        Name of the store.
    record : mapping or None
        The lossless record.

    Returns
    -------
    dict
        ``Array`` (path, axes, shape, type), ``Geometry`` (mm; matrices map column i, row j, slice k), ``Rescale``, and
        ``DICOM``: attributes by their keywords, what all instances share once, what varies as columns. Binary values are left
        out.
    """
    spacing, _ = scale_and_translation(volume.ijk_to_ras)
    lps = LPS_TO_RAS @ volume.ijk_to_ras + 0.0
    shape = volume.voxels.shape
    sizes = {"t": shape[0], "c": shape[-1], "z": shape[1], "y": shape[2], "x": shape[3]}
    rescale = volume.rescale
    content: dict[str, Any] = {
        "Store": store,
        "Array": {
            "Path": "0",
            "Axes": list(axis_names(shape)),
            "Shape": [int(sizes[name]) for name in axis_names(shape)],
            "Type": volume.voxels.dtype.name,
        },
        "Geometry": {
            "IjkToRas": np.asarray(volume.ijk_to_ras, dtype=float).tolist(),
            "IjkToLps": lps.tolist(),
            "SpacingMm": spacing[::-1],
            "OriginLps": lps[:3, 3].tolist(),
            "DirectionsLps": unit_axes(lps).T.tolist(),
        },
        "Rescale": {"Slope": rescale.slope, "Intercept": rescale.intercept, "Units": rescale.units},
    }
    return content if record is None else {**content, "DICOM": readable_table(record["Instances"])}


def readable_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of the record with keywords and plain values."""
    readable: dict[str, Any] = {"Count": table["Count"], "Shared": _data_set(table.get("Shared", {}))}
    columns = {_name(tag): _column(column) for tag, column in table.get("Varying", {}).items()}
    columns = {name: column for name, column in columns.items() if column is not None}
    return {**readable, "Varying": columns} if columns else readable


def _data_set(data_set: Mapping[str, Any]) -> dict[str, Any]:
    named = {_name(tag): _element(element) for tag, element in data_set.items()}
    return {name: value for name, value in named.items() if value is not None}


def _name(tag: str) -> str:
    """Return the keyword of an attribute, its number where it has none."""
    row = _dictionary().get(int(tag, 16))
    return row[4] if row is not None and row[4] else f"({tag[:4]},{tag[4:]})"


@cache
def _dictionary() -> Mapping[int, tuple[str, ...]]:
    """Return pydicom's table of attributes (PS3.6), without the rest of pydicom, which takes long to import."""
    loaded = sys.modules.get("pydicom._dicom_dict")
    if loaded is None:
        package = importlib.util.find_spec("pydicom")
        folder = package.submodule_search_locations[0] if package and package.submodule_search_locations else ""
        spec = importlib.util.spec_from_file_location("_dicom_dict", Path(folder, "_dicom_dict.py"))
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
    table: Mapping[int, tuple[str, ...]] = loaded.DicomDictionary
    return table


def _element(element: Mapping[str, Any]) -> Any:
    """Return the plain value of an element; None where it is binary."""
    if any(name in element for name in _PRIVATE_AND_OPAQUE):
        return None
    if "Table" in element:
        return readable_table(element["Table"])
    values = element.get("Value", [])
    if element.get("vr") in ("SQ", "UN"):
        return [_data_set(item) for item in values]
    plain = [_plain(value) for value in values]
    return plain[0] if len(plain) == 1 else (plain or "")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):  # a person's name
        return "=".join(value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return "" if value is None else value


def _column(column: Mapping[str, Any]) -> Any:
    """Return a column: a table of items, or a value for each; None where all are binary."""
    if "Items" in column:
        return readable_table(column["Items"])
    entries = column["Values"] if "Values" in column else [column["Distinct"][n] for n in column["Index"]]
    values = [_entry(entry, column["vr"]) for entry in entries]
    return None if all(value is None for value in values) else values


def _entry(entry: Any, vr: str) -> Any:
    if entry is None:
        return None
    if isinstance(entry, dict) and "vr" in entry:
        return _element(entry)
    return _element({"vr": vr, "Value": entry if isinstance(entry, list) else [entry]})
