"""Which attributes the basic profile of de-identification does not keep (PS3.15 E.2)."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from . import dictionary


def action_code(tag: int) -> str:
    """Return the action code of the basic profile, such as ``X`` or ``Z/D``; empty for what the table does not list."""
    result = _codes().get(tag)
    if result is None:
        result = "X" if any(_fits(tag, pattern) for pattern in _patterns()) else ""
    return result


def _fits(tag: int, pattern: str) -> bool:
    return all(wanted in ("x", digit) for wanted, digit in zip(pattern, dictionary.hexadecimal(tag), strict=True))


@lru_cache(maxsize=1)
def _codes() -> dict[int, str]:
    return {int(tag, 16): code for code, tags in _data()["actions"].items() for tag in tags}


@lru_cache(maxsize=1)
def _patterns() -> tuple[str, ...]:
    return tuple(_data()["patterns"])


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("nifti_dicom_bridge").joinpath("data/confidential.json").read_text("utf-8"))
    return content
