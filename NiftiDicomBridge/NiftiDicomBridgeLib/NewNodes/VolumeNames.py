"""Node names for the volumes of one series, made of what differs between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from nifti_dicom_bridge import Volume, identity_of

SUFFIXES = (
    (re.compile(r"echo(\d+)(?:_(\d+))?"), lambda match: f"echo {_decimal(match)} ms"),
    (re.compile(r"TR(\d+)(?:_(\d+))?"), lambda match: f"TR {_decimal(match)} ms"),
    (re.compile(r"TI(\d+)(?:_(\d+))?"), lambda match: f"TI {_decimal(match)} ms"),
    (re.compile(r"flip(\d+)(?:_(\d+))?"), lambda match: f"flip angle {_decimal(match)}°"),
    (re.compile(r"b(\d+)"), lambda match: f"b {match[1]}"),
    (re.compile(r"incomplete(\d*)"), lambda match: f"incomplete {match[1]}".strip()),
    (re.compile(r"fieldmaphz"), lambda match: "(Hz)"),
    (re.compile(r"space\d+"), lambda match: ""),
    (re.compile(r"([A-Za-z][A-Za-z0-9]*)"), lambda match: match[1]),
)
"""Parts that the core appends to the file name of a volume, and the words for them; the first match counts."""
MR = "MR"
COMPONENTS = ("phase", "real", "imaginary", "fieldmap", "b0map", "(Hz)")
PLANES = ("sagittal", "coronal", "axial")


def names_of(volumes: Sequence[Volume], base: str) -> list[str]:
    """Return a name for the node of each volume of one series.

    Parameters
    ----------
    volumes : sequence of Volume
        All volumes of the series.
    base : str
        Name of the series: number and description.

    Returns
    -------
    list of str
        The base alone for a single volume. Otherwise the base with what distinguishes each from the others (component, echo,
        units, orientation, image type, acquisition), such as ``6: B0map (Hz)`` and ``6: B0map magnitude``; numbers only where
        the data state nothing that differs.
    """
    names = _bases(volumes, base)
    if len(volumes) == 1:
        return names
    names = _with_terms(names, _suffix_words(volumes))
    columns = [[term(volume) for volume in volumes] for term in TERMS]
    alone = (_with_terms(names, terms) for terms in columns)
    enough = next((candidate for candidate in alone if len(set(candidate)) == len(candidate)), None)
    if enough is not None:
        return names if len(set(names)) == len(names) else enough
    for terms in columns:
        names = _with_terms(names, terms)
    return _numbered(names)


def _bases(volumes: Sequence[Volume], base: str) -> list[str]:
    """Return the names of the series; some exporters use one Series Instance UID for several."""
    identities = [identity_of(volume, ("SeriesNumber", "SeriesDescription")) for volume in volumes]
    if len({tuple(series.items()) for series in identities}) == 1:
        return [base] * len(volumes)
    return [": ".join(filter(None, series.values())) or base for series in identities]


def _suffix_words(volumes: Sequence[Volume]) -> list[str]:
    """Return in words what the core found to differ: echo, component, flip angle…"""
    parts = [volume.name.split("_") for volume in volumes]
    common = 0
    while all(len(part) > common and part[common] == parts[0][common] for part in parts):
        common += 1
    parts_words = [_words("_".join(part[common:])) for part in parts]
    if any(word in COMPONENTS for words in parts_words for word in words):
        modality = identity_of(volumes[0], ("Modality",)).get("Modality")
        parts_words = [words or (["magnitude"] if modality == MR else []) for words in parts_words]
    return [" ".join(filter(None, words)) for words in parts_words]


def _words(suffix: str) -> list[str]:
    words = []
    while suffix:
        match = next((pair for pair in ((form.match(suffix), text) for form, text in SUFFIXES) if pair[0]), None)
        if match is None:  # a number that only makes file names unique
            suffix = suffix.partition("_")[2]
            continue
        words.append(match[1](match[0]))
        suffix = suffix[match[0].end() :].lstrip("_")
    return words


def _decimal(match: re.Match) -> str:
    return match[1] + (f".{match[2]}" if match[2] else "")


def _echo(volume: Volume) -> str:
    time = identity_of(volume, ("EchoTime",)).get("EchoTime")
    return f"echo {float(time):g} ms" if time else ""


def _units(volume: Volume) -> str:
    return f"({volume.rescale.units})" if volume.rescale.units not in ("", "US") else ""


def _plane(volume: Volume) -> str:
    """Return the anatomical plane; nothing for oblique slices."""
    if not (volume.source and identity_of(volume, ("ImageOrientationPatient", "FrameOfReferenceUID"))):
        return ""
    normal = np.abs(np.cross(volume.ijk_to_ras[:3, 0], volume.ijk_to_ras[:3, 1]))
    return PLANES[int(normal.argmax())] if normal.max() > 0.8 * np.linalg.norm(normal) else ""


def _image_type(volume: Volume) -> str:
    """Return the values of ImageType behind the first two, in lower case."""
    values = identity_of(volume, ("ImageType",)).get("ImageType", "").split("\\")[2:]
    return " ".join(value.replace("_", " ").lower() for value in values if value not in ("", "NONE", "ND", "OTHER"))


def _acquisition(volume: Volume) -> str:
    number = identity_of(volume, ("AcquisitionNumber",)).get("AcquisitionNumber")
    return f"acquisition {number}" if number else ""


def _size(volume: Volume) -> str:
    times = f", {volume.times} time points" if volume.times > 1 else ""
    return " × ".join(map(str, volume.shape_ijk)) + times


TERMS: tuple[Callable[[Volume], str], ...] = (_echo, _units, _plane, _image_type, _acquisition, _size)
"""What may distinguish volumes, in the order of its use to a reader."""


def _with_terms(names: Sequence[str], terms: Sequence[str]) -> list[str]:
    """Return names with terms, where these differ."""
    if len(set(terms)) == 1:
        return list(names)
    return [_joined(name, term) for name, term in zip(names, terms, strict=True)]


def _joined(name: str, term: str) -> str:
    """Append a term, unless the name contains it already."""
    return f"{name} {term}" if term and term.lower() not in name.lower() else name


def _numbered(names: Sequence[str]) -> list[str]:
    unique: list[str] = []
    for name in names:
        same = sum(other == name for other in names)
        count = sum(other == name for other in names[: len(unique)])
        unique.append(f"{name} {count + 1}" if same > 1 else name)
    return unique
