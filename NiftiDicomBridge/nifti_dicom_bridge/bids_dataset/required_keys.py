"""Keys that BIDS requires: those that the naming specifies are added, "n/a" where BIDS allows it, and nothing is invented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..options.remedies import remedy
from . import naming_rules
from .images import Image

_SPOILED = frozenset({"VFA", "MPM", "MTS", "TB1AFI"})
"""Suffixes of images of spoiled gradient echoes (BIDS specification, appendix "Quantitative MRI")."""
EXPLAINED = f"give {{}} {remedy('bids-keys')} to have it placed"


def add_required_keys(image: Image, session: Sequence[Image]) -> None:
    """Add the keys that an image needs for its name; where some are missing, give the reason it cannot have it.

    Parameters
    ----------
    image : Image
        With datatype and suffix.
    session : sequence of Image
        All images of the same session.
    """
    image.aslcontext = _roles(image)
    added = {**_task(image), **_phase_units(image), **_echo_times(image, session), **_asl(image), **_excitation_time(image)}
    added |= _mt_state(image)
    added = {key: value for key, value in added.items() if key not in image.keys and key not in image.changes}
    known = {key: value for key, value in {**image.keys, **added, **image.changes}.items() if value is not None}
    unknown = [
        key for key in naming_rules.missing_keys(image.datatype, image.suffix, known) if naming_rules.may_be_not_available(key)
    ]
    known |= dict.fromkeys(unknown, "n/a")
    problem = naming_rules.dimension_problem(image.suffix, image.volumes) or _alone(image, session) or _lacking(image, known)
    if problem:
        image.reason, image.datatype, image.aslcontext = problem, "", ()
        return
    image.changes = {**added, **dict.fromkeys(unknown, "n/a"), **image.changes}
    image.log.notes += [f'"{key}": {value!r} was added to the sidecar for BIDS' for key, value in added.items()]
    image.log.notes += [f'"{key}": BIDS requires it, and the DICOM does not contain it: "n/a" was written' for key in unknown]


def _task(image: Image) -> dict[str, Any]:
    return {"TaskName": image.entities["task"]} if image.datatype == "func" and "task" in image.entities else {}


def _phase_units(image: Image) -> dict[str, Any]:
    """Phase images have units: rad where the DICOM specifies it, else steps of the scanner."""
    if image.entities.get("part") != "phase" and image.suffix != "phase":
        return {}
    units = image.plan.frames[0][0].units.lower()
    return {"Units": "rad" if units in ("rad", "radian", "radians") else "arbitrary"}


def _excitation_time(image: Image) -> dict[str, Any]:
    """RepetitionTime of spoiled gradient echoes, which have no preparation, is the time between their excitations."""
    time = image.keys.get("RepetitionTime")
    return {"RepetitionTimeExcitation": time} if image.suffix in _SPOILED and time else {}


def _mt_state(image: Image) -> dict[str, Any]:
    """Return whether there are pulses of magnetization transfer, as the entity of the name specifies."""
    states = {"on": True, "off": False}
    label = image.entities.get("mt", "")
    return {"MTState": states[label]} if label in states else {}


def _echo_times(image: Image, session: Sequence[Image]) -> dict[str, Any]:
    """Return the echo times of a phase difference as the magnitude images next to it specify them."""
    if image.suffix != "phasediff":
        return {}
    keys = {}
    for n in (1, 2):
        times = {other.keys.get("EchoTime") for other in session
                 if (other.datatype, other.suffix) == ("fmap", f"magnitude{n}")} - {None}  # fmt: skip
        if len(times) == 1:
            keys[f"EchoTime{n}"] = times.pop()
    return keys


def _asl(image: Image) -> dict[str, Any]:
    """Return what the roles of the volumes specify; they are those of the map, else those of the DICOM."""
    if (image.datatype, image.suffix) != ("perf", "asl"):
        return {}
    pairs = min(image.aslcontext.count("control"), image.aslcontext.count("label"))
    keys: dict[str, Any] = {"TotalAcquiredPairs": pairs} if pairs else {}
    if "m0scan" in image.aslcontext:
        keys["M0Type"] = "Included"
    return keys


def _roles(image: Image) -> tuple[str, ...]:
    """Return what each volume of an ASL series is: as the map specifies, repeated as often as needed, else as the DICOM
    does.
    """
    if (image.datatype, image.suffix) != ("perf", "asl"):
        return ()
    given = image.aslcontext
    return tuple(given[n % len(given)] for n in range(image.volumes)) if given else image.asl


def _alone(image: Image, session: Sequence[Image]) -> str:
    """Return what must be next to an image and does not; empty where nothing."""
    if (image.datatype, image.suffix) == ("dwi", "dwi") and not image.facts["Diffusion"]:
        return "BIDS requires b-values of dwi, and the DICOM does not contain them"
    magnitude = any((other.datatype, other.suffix) == ("fmap", "magnitude") for other in session)
    if (image.datatype, image.suffix) == ("fmap", "fieldmap") and not magnitude:
        return "BIDS takes a field map with its magnitude image only, and there is none in the session"
    return ""


def _lacking(image: Image, known: dict[str, Any]) -> str:
    """Return what an image lacks for its name; empty where nothing."""
    what = f"{image.datatype}/{image.suffix}"
    missing = naming_rules.missing_keys(image.datatype, image.suffix, known)
    reasons = []
    if missing:
        it = "them" if len(missing) > 1 else "it"
        given = EXPLAINED.format(it)
        reasons.append(f"BIDS requires {', '.join(missing)} of {what}, and the DICOM does not contain {it}: {given}")
    if image.suffix == "asl" and not image.aslcontext:
        reasons.append(
            f'the DICOM does not specify which volumes are control and label: give "aslcontext" {remedy("bids-keys")}'
        )
    required = naming_rules.names()[image.datatype, image.suffix].required
    if lacking := [entity for entity in required if entity not in (*image.entities, "echo")]:
        reasons.append(f"names of {what} need {lacking[0]}-…: give it under {remedy('bids-map', section='custom_entities')}")
    return "; ".join(reasons)
