"""Times of a sidecar that cannot be seconds, which BIDS requires: milliseconds are recognized, other values are left out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ..errors import SidecarError

# no scanner takes longer, s; larger values are milliseconds, most likely
LONGEST_S = {
    "EchoTime": 1.0, "EchoTime1": 1.0, "EchoTime2": 1.0, "RepetitionTime": 100.0, "RepetitionTimeExcitation": 100.0,
    "RepetitionTimePreparation": 100.0, "InversionTime": 30.0, "TotalReadoutTime": 10.0, "EffectiveEchoSpacing": 0.1,
    "DwellTime": 0.01, "FrameDuration": 20000.0, "FrameTimesStart": 100000.0,
}  # fmt: skip
_NOT_NEGATIVE = (
    "EchoTime", "EchoTime1", "EchoTime2", "RepetitionTime", "RepetitionTimeExcitation", "RepetitionTimePreparation",
    "InversionTime", "TotalReadoutTime", "EffectiveEchoSpacing", "DwellTime", "SliceThickness", "MagneticFieldStrength",
    "ImagingFrequency", "PixelBandwidth", "EchoTrainLength", "NumberOfAverages", "FrameDuration", "ExposureTime",
    "XRayTubeCurrent", "XRayExposure", "PatientWeight", "PatientSize", "RadionuclideHalfLife", "InjectedRadioactivity",
    "MultibandAccelerationFactor", "SliceTiming", "SAR",
)  # fmt: skip
_NOT_ZERO = ("SliceThickness",)
# the most that is possible, with units
_LARGEST = {
    "MagneticFieldStrength": (30.0, "T"), "FlipAngle": (360.0, "degrees"), "PatientWeight": (1000.0, "kg"),
    "PatientSize": (3.0, "m"),
}  # fmt: skip
_ASCENDING = ("FrameTimesStart", "VolumeTiming")
_OF_THE_SEQUENCE = (
    "EchoTime", "EchoTime1", "EchoTime2", "RepetitionTime", "RepetitionTimeExcitation", "RepetitionTimePreparation",
    "InversionTime",
)  # fmt: skip
"""Times of an MR sequence, of which most sidecars have all in one unit."""
_SHORTEST_MS = 1.0
"""A smaller number is hardly a repetition or inversion time in milliseconds."""
_TOGETHER = ("FrameTimesStart", "FrameDuration")
_MS = 20.0
"""Times of slices that exceed the repetition time by such a factor are milliseconds; by a smaller one they are wrong."""


def in_seconds(top: dict[str, Any], sentences: list[str]) -> dict[str, Any]:
    """Return the keys of a sidecar with times in seconds; what was converted or left out is specified in `sentences`."""
    converted = dict(top)
    _without_doubtful(converted, sentences)
    for key, longest in LONGEST_S.items():
        numbers = numbers_of(converted.get(key))
        if max(numbers, default=0.0) > longest:
            _convert(converted, key, longest, sentences)
            for other in _TOGETHER if key in _TOGETHER else ():
                if other != key and other in converted and max(numbers_of(converted[other]), default=0.0) <= LONGEST_S[other]:
                    converted[other] = _scaled(converted[other])
    _convert_slice_times(converted, sentences)
    return converted


def _without_doubtful(converted: dict[str, Any], sentences: list[str]) -> None:
    """Leave out times that can be seconds or milliseconds, where another time of the sequence is in milliseconds."""
    times = {key: numbers_of(converted.get(key)) for key in _OF_THE_SEQUENCE}
    in_ms = [key for key, numbers in times.items() if max(numbers, default=0.0) > LONGEST_S[key]]
    if not in_ms:
        return
    echoes = [number / 1000 for key in in_ms if key.startswith("Echo") for number in times[key]]
    for key, numbers in times.items():
        if key in in_ms or not numbers or min(numbers) < _SHORTEST_MS or min(numbers) / 1000 < max(echoes, default=0.0):
            continue
        del converted[key]
        sentences.append(
            f'"{key}" was left out: {numbers[0]:g} may be seconds or milliseconds, as "{in_ms[0]}" is in milliseconds. Correct '
            "the sidecar, BIDS requires seconds"
        )


def _convert(converted: dict[str, Any], key: str, longest: float, sentences: list[str]) -> None:
    before = converted.pop(key)
    numbers = numbers_of(_scaled(before))
    shown = ", ".join(f"{number:g}" for number in numbers_of(before)[:5])
    words = f'"{key}" is {shown} s, which is hardly possible: is it in milliseconds?'
    if max(numbers) > longest:
        sentences.append(f"{words} It was left out; correct the sidecar, BIDS requires seconds")
        return
    converted[key] = _scaled(before)
    after = ", ".join(f"{number:g}" for number in numbers[:5])
    sentences.append(f"{words} It was taken for {after} s; correct the sidecar, BIDS requires seconds")


def _convert_slice_times(converted: dict[str, Any], sentences: list[str]) -> None:
    """Convert or drop SliceTiming that is longer than the time between volumes."""
    times, repetition = numbers_of(converted.get("SliceTiming")), numbers_of(converted.get("RepetitionTime"))
    longest = repetition[0] if len(repetition) == 1 and repetition[0] > 0 else LONGEST_S["RepetitionTime"]
    if max(times, default=0.0) <= longest * 1.001:
        return
    if max(times) > _MS * longest or not repetition:
        _convert(converted, "SliceTiming", longest * 1.001, sentences)
        return
    del converted["SliceTiming"]
    sentences.append(f'"SliceTiming" was left out: {max(times):g} s is longer than "RepetitionTime", {longest:g} s')


def _scaled(value: Any) -> Any:
    """Return milliseconds as seconds."""
    if isinstance(value, list):
        return [_scaled(part) for part in value]
    return float(f"{value / 1000:.12g}")


def numbers_of(value: Any) -> list[float]:
    """Return a number, or those of a list; empty if it is neither."""
    parts = value if isinstance(value, list) else [value]
    good = all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in parts)
    return list(parts) if good else []


def within_limits(top: dict[str, Any], sentences: list[str]) -> dict[str, Any]:
    """Return keys without times, lengths and strengths that are impossible, and without times of volumes that go back."""
    left_out = _impossible(top)
    sentences += [f'"{key}" is {shown(top[key])}: it was left out, as {reason}' for key, reason in left_out.items()]
    return {key: value for key, value in top.items() if key not in left_out}


def _impossible(top: Mapping[str, Any]) -> dict[str, str]:
    """Return keys with values that are impossible, whatever their unit, and why."""
    reasons = {key: "it cannot be negative" for key in _NOT_NEGATIVE if min(numbers_of(top.get(key)), default=0.0) < 0}
    reasons |= {key: "it cannot be 0" for key in _NOT_ZERO if 0.0 in numbers_of(top.get(key))}
    for key, (most, unit) in _LARGEST.items():
        if max(map(abs, numbers_of(top.get(key))), default=0.0) > most:
            reasons[key] = f"more than {most:g} {unit} is not possible"
    for key in _ASCENDING:
        if any(later <= earlier for earlier, later in pairwise(numbers_of(top.get(key)))):
            reasons[key] = "times of volumes ascend"
    return reasons


def check_possible(edited: Mapping[str, Any], where: str) -> None:
    """Refuse keys that a person edited into values that cannot be: which unit was meant, that person knows.

    Raises
    ------
    SidecarError
        With the first of them.
    """
    reasons = _impossible(edited)
    for key, longest in LONGEST_S.items():
        if max(numbers_of(edited.get(key)), default=0.0) > longest:
            reasons[key] = f"more than {longest:g} s is hardly possible: BIDS requires seconds, not milliseconds"
    for key, reason in reasons.items():
        raise SidecarError(f'{where}: "{key}" was edited to {shown(edited[key])}, and {reason}. Correct it.')


def shown(value: Any) -> str:
    """Return a value of a sidecar as messages show it."""
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."
