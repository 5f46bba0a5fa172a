"""The tree of ``inspect``: patient, study, series, image; each with what it becomes and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...model.identity import shown_date

Image = Mapping[str, Any]
MOST_REPEATED = 3
"""Other files with one reason that are listed; of more, the number is."""


def tree_lines(images: Sequence[Image], others: Sequence[Image], problems: Sequence[Image]) -> Iterator[str]:
    """Yield the lines: of images by patient, study and series, then of other files and problems."""
    waiting = list(problems)
    for patient, of_patient in _grouped(images, lambda image: tuple(image["patient"].values())):
        yield _patient(of_patient[0]) if any(patient) else "unknown patient"
        for study, of_study in _grouped(of_patient, lambda image: tuple(image["study"].values())):
            if any(study):
                yield "  " + _study(of_study[0])
            for _, of_series in _grouped(_by_number(of_study), _series_key):
                yield "    " + _series(of_series)
                for image in of_series:
                    yield from ("      " + line for line in _image(image))
                uid = of_series[0]["series"]["uid"]
                for problem in [one for one in waiting if uid and one.get("series_uid") == uid]:
                    waiting.remove(problem)
                    yield f"      problem: {problem['reason']}"
    yield from _others(others)
    yield from (f"problem: {problem['reason']}" for problem in waiting)


def _grouped(images: Sequence[Image], key: Any) -> list[tuple[Any, list[Image]]]:
    groups: dict[Any, list[Image]] = {}
    for image in images:
        groups.setdefault(key(image), []).append(image)
    return list(groups.items())


def _by_number(images: Sequence[Image]) -> list[Image]:
    def number(image: Image) -> int:
        text = image["series"]["number"]
        return int(text) if text.lstrip("-").isdecimal() else 1 << 31

    return sorted(images, key=number)


def _series_key(image: Image) -> tuple[str, ...]:
    """Return what is the same for the images of a series; an image file stays alone."""
    uid = image["series"]["uid"]
    return (uid, image["title"]) if uid else tuple(image["paths"])


def _joined(*parts: str) -> str:
    return "  ".join(filter(None, parts))


def _date(day: str, time: str = "") -> str:
    """Return a DICOM date as ``2026-01-31``, with the time as ``14:30`` if there is one."""
    shown = shown_date(day)
    return shown + (f" {time[:2]}:{time[2:4]}" if shown and time[:4].isdecimal() and len(time) >= 4 else "")


def _patient(image: Image) -> str:
    patient = image["patient"]
    born = _date(patient["birth_date"])
    return "patient " + _joined(patient["id"] or "without ID", patient["name"], patient["sex"], f"born {born}" if born else "")


def _study(image: Image) -> str:
    study = image["study"]
    return "study " + _joined(_date(study["date"], study["time"]) or "without date", study["description"], study["id"])


def _series(images: Sequence[Image]) -> str:
    first = images[0]
    series = first["series"]
    words = series["description"] or series["protocol"]
    title = f"{series['number']} {words}".strip() if words else first["title"]
    count = sum(image["files"] for image in images)
    files = f"{count} file{'s' * (count > 1)}"
    return _joined(title, first["modality"], _date(series["date"], series["time"]), files, f"[{first['kind']}]")


def _image(image: Image) -> Iterator[str]:
    shape = " × ".join(map(str, image["shape"]))
    spacing, orientation = image["spacing_mm"], image["orientation"]
    place = f"{' × '.join(f'{n:g}' for n in spacing)} mm  {orientation}" if spacing else "no position in the patient"
    times = [f"{name} {_ms(image[key])}" for name, key in (("TR", "repetition_time_ms"), ("TE", "echo_time_ms")) if image[key]]
    yield _joined(f"{shape} {image['type']}", place, *times)
    name = Path(image["paths"][0]).name
    yield f"{name} → {image['becomes']}" if image["title"] == name else f"→ {image['becomes']}"
    yield from (f"warning: {text}" for text in image["warnings"])


def _ms(value: Any) -> str:
    return ", ".join(f"{one:g}" for one in (value if isinstance(value, list) else [value])) + " ms"


def _others(others: Sequence[Image]) -> Iterator[str]:
    """Yield a line for each other file; those with one reason are counted."""
    counts = Counter(_reason(other) for other in others)
    listed: Counter[str] = Counter()
    for other in others:
        reason = _reason(other)
        if counts[reason] <= MOST_REPEATED:
            yield f"not an image: {other['path']}: {other['reason']}"
        elif not listed[reason]:
            yield f"not an image: {counts[reason]} files such as {other['path']}: {other['reason']}"
        listed[reason] += 1


def _reason(other: Image) -> str:
    """Return the reason without the path of another file in it."""
    return str(other["reason"]).partition(" as /")[0]
