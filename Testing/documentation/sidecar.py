"""The fields of the record, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .tables import table

SCHEMA = Path(__file__).resolve().parents[2] / "NiftiDicomBridge" / "nifti_dicom_bridge" / "data" / "sidecar.schema.json"


def sidecar_parts() -> dict[str, str]:
    """Return the table of all fields with fixed names."""
    definitions = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    return {"sidecar-fields": table(["field", "type", "required", "meaning"], _rows(definitions, definitions["record"], ""))}


def _rows(definitions: dict[str, Any], content: dict[str, Any], path: str) -> Iterable[list[str]]:
    for name, field in content.get("properties", {}).items():
        target = _target(definitions, field)
        required = "yes" if name in content.get("required", ()) else "no"
        meaning = field.get("description") or target.get("description", "")
        yield [f"`{path}{name}`", _type_of(field, target), required, meaning]
        if target.get("properties") and _name_of(field) not in ("table", "bulk"):
            yield from _rows(definitions, target, f"{path}{name}.")


def _name_of(field: dict[str, Any]) -> str:
    (reference,) = [part["$ref"] for part in [field, *field.get("allOf", [])] if "$ref" in part][:1] or [""]
    return str(reference).rpartition("/")[2]


def _target(definitions: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    return dict(definitions.get(_name_of(field), field))


def _type_of(field: dict[str, Any], target: dict[str, Any]) -> str:
    if _name_of(field) == "table":
        return "[table](#tables)"
    if "const" in target:
        return f"`{json.dumps(target['const'])}`"
    return str(target.get("type", "object"))
