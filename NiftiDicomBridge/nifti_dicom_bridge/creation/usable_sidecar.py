"""A sidecar of another tool with values that can be used: completed or left out, each with a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..bids.private_block import LETTERS
from ..errors import OptionError, SidecarError
from ..standard.numbers import decimal_text, is_number
from .image_with_sidecar import ImageWithSidecar
from .sidecar_attributes import attributes_from_sidecar
from .sidecar_units import in_seconds, shown, within_limits

Check = Callable[[ImageWithSidecar], object]
_EMPTY: tuple[Any, ...] = ("", "n/a", [], {})
_LARGEST = 1e300
_SURROGATES = re.compile("[\ud800-\udfff]")
_AXES = {"x": "i", "y": "j", "z": "k"}
_MODALITIES = {"MRI": "MR", "PET": "PT", "MAGNETIC RESONANCE": "MR", "COMPUTED TOMOGRAPHY": "CT"}
_SEXES = {"MALE": "M", "FEMALE": "F", "OTHER": "O", "M": "M", "F": "F", "O": "O"}
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
# units that people write behind numbers → those of BIDS
_UNITS = {
    "": 1.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "t": 1.0,
    "deg": 1.0,
    "mm": 1.0,
    "hz": 1.0,
    "mhz": 1.0,
    "kg": 1.0,
    "y": 1.0,
}
_BOUND_TO = {"SliceEncodingDirection": "SliceTiming"}
"""Keys that have no meaning without another one."""


def usable_sidecar(described: ImageWithSidecar, checks: Sequence[Check], sentences: list[str]) -> ImageWithSidecar:
    """Return an image with those keys of its sidecar that can be used.

    Parameters
    ----------
    described : ImageWithSidecar
        As the other tool wrote it.
    checks : sequence of callable
        What is computed of a sidecar: each raises `SidecarError` with the key that it cannot use.
    sentences : list of str
        Receives what was completed or left out.
    """
    top = _finite(described.top, sentences)
    top = {key: _in_words_of_bids(key, value, sentences) for key, value in top.items()}
    readable = _checked(replace(described, top=top), (attributes_from_sidecar, *checks), sentences)
    top = within_limits(in_seconds(readable.top, sentences), sentences)
    return _checked(replace(readable, top=top), (attributes_from_sidecar, *checks), sentences)


def _finite(top: dict[str, Any], sentences: list[str]) -> dict[str, Any]:
    """Return keys that have a value, no number that is not finite, and no text with halves of characters."""
    finite = {}
    for key, value in top.items():
        parts = value if isinstance(value, list) else [value]
        if value is None or value in _EMPTY:
            continue
        if any(isinstance(part, str) and _SURROGATES.search(part) for part in parts):
            sentences.append(f'"{key}" contains halves of characters (surrogates): it was left out')
            continue
        if any(isinstance(part, (int, float)) and not abs(part) < _LARGEST for part in parts):
            sentences.append(f'"{key}" is {shown(value)}: it was left out, as it is not a finite number')
            continue
        finite[key] = value
    return finite


def _in_words_of_bids(key: str, value: Any, sentences: list[str]) -> Any:
    """Return axes, modalities and sexes in the words of BIDS and DICOM."""
    if not isinstance(value, str):
        return value
    after = value
    if key in LETTERS and (axis := re.fullmatch(r"([ijkxyz])([+-]?)", value.strip().lower())):
        after = _AXES.get(axis[1], axis[1]) + axis[2].strip("+")
    elif key == "Modality":
        after = _MODALITIES.get(value.strip().upper(), value.strip().upper())
    elif key == "PatientSex":
        after = _SEXES.get(value.strip().upper(), value)
    if after != value:
        sentences.append(f'"{key}" is {value!r}: {after!r} was used')
    return after


def _checked(described: ImageWithSidecar, checks: Sequence[Check], sentences: list[str]) -> ImageWithSidecar:
    """Return an image without the keys that a check refuses; those that can be read in another way are."""
    while (problem := _problem(described, checks)) is not None:
        key, reason = problem
        top = dict(described.top)
        before = top.pop(key)
        readings = (value for value in _readings(before) if _is_usable(described, checks, key, value))
        value = next(readings, None)
        if value is None:
            others = [other for other in (_BOUND_TO.get(key),) if other is not None and top.pop(other, None) is not None]
            also = "".join(f', and "{other}" with it' for other in others)
            sentences.append(f"{reason}: it was left out{also}")
        else:
            top[key] = value
            sentences.append(f'"{key}" is {shown(before)}: {shown(value)} was used')
        described = replace(described, top=top)
    return described


def _problem(described: ImageWithSidecar, checks: Sequence[Check]) -> tuple[str, str] | None:
    """Return the first key that a check refuses, and why; None if all can be used."""
    for check in checks:
        try:
            check(described)
        except (SidecarError, OptionError) as error:
            reason = str(error).removeprefix(f"{described.where}: ").rstrip(". ")
            keys = [key for key in described.top if f"'{key}'" in reason or f'"{key}"' in reason]
            if not keys:
                raise
            key = max(keys, key=len)
            return key, reason.replace(f"'{key}'", f'"{key}"')
    return None


def _is_usable(described: ImageWithSidecar, checks: Sequence[Check], key: str, value: Any) -> bool:
    """Whether another reading of a value passes all checks; a number is not a code or UID."""
    alone = replace(described, top={key: value})
    problem = _problem(replace(described, top={**described.top, key: value}), checks)
    if (problem is not None and problem[0] == key) or _problem(alone, (attributes_from_sidecar,)) is not None:
        return False
    if not isinstance(value, str) or isinstance(described.top[key], (str, list)):
        return True
    return not any(vr in ("CS", "UI") for vr, _ in attributes_from_sidecar(alone).values.values())


def _readings(value: Any) -> Iterator[Any]:
    """Yield what a value of the wrong type can represent."""
    if isinstance(value, str):
        number = _number(value)
        yield from () if number is None else (number,)
        yield from (_TRUTH[word] for word in (value.strip().lower(),) if word in _TRUTH)
        yield [part.strip() for part in re.split(r"[\\,;]", value)]
    elif is_number(value):
        yield decimal_text(value)
        yield from (bool(value),) if value in (0, 1) else ()
        yield [value]
    elif isinstance(value, list) and len(value) == 1:
        yield value[0]
        yield from _readings(value[0])
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        numbers = [_number(part) for part in value]
        yield from () if None in numbers else (numbers,)


def _number(text: str) -> float | None:
    """Return the number of a text such as ``0.03``, ``30 ms``, ``3T`` or ``6/8``; None if it is none."""
    match = re.fullmatch(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(?:/\s*(\d+)|([A-Za-z%]*))\s*", text)
    factor = _UNITS.get((match[3] or "").lower()) if match else None
    try:
        number = float(match[1]) * (factor or 0.0) / float(match[2] or 1) if match and factor else math.nan
    except (ValueError, ZeroDivisionError):
        return None
    return float(f"{number:.12g}") if math.isfinite(number) else None
