"""Templates of file names: ``{patient}/{study_date}_{study}/{series:03}_{description}``, or dcm2niix's ``%s_%d``."""

from __future__ import annotations

import re
from collections.abc import Mapping

FIELDS: dict[str, tuple[str, ...]] = {
    "patient": ("PatientID",),
    "patient_name": ("PatientName",),
    "study": ("StudyID",),
    "study_uid": ("StudyInstanceUID",),
    "study_date": ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"),
    "study_time": ("StudyTime",),
    "study_description": ("StudyDescription",),
    "accession": ("AccessionNumber",),
    "series": ("SeriesNumber",),
    "series_uid": ("SeriesInstanceUID",),
    "series_date": ("SeriesDate",),
    "series_time": ("SeriesTime",),
    "description": ("SeriesDescription", "ProtocolName", "Modality"),
    "protocol": ("ProtocolName",),
    "sequence": ("SequenceName", "PulseSequenceName"),
    "modality": ("Modality",),
    "body_part": ("BodyPartExamined",),
    "acquisition": ("AcquisitionNumber",),
    "echo": ("EchoNumbers",),
    "instance": ("InstanceNumber",),
    "instance_uid": ("SOPInstanceUID",),
    "manufacturer": ("Manufacturer",),
    "coil": ("ReceiveCoilName",),
    "comments": ("ImageComments",),
    "date_time": ("StudyDate", "StudyTime"),
    "name": (),
    "folder": (),
    "basename": (),
}
"""Field → the attributes that it is taken from: the first that has a value; ``date_time`` is both of its attributes.

``name`` is the name without a template, ``folder`` and ``basename`` are those of the first input file.
"""
OF_INPUTS = frozenset({"folder", "basename"})
"""Fields that may contain what the names of the input files contain."""
NUMBERS = frozenset({"series", "acquisition", "echo", "instance"})
CODES = {
    "a": "coil", "b": "basename", "c": "comments", "d": "description", "e": "echo", "f": "folder", "g": "accession",
    "i": "patient", "j": "series_uid", "k": "study_uid", "m": "manufacturer", "n": "patient_name", "o": "instance_uid",
    "p": "protocol", "r": "instance", "s": "series", "t": "date_time", "u": "acquisition", "v": "manufacturer", "x": "study",
    "z": "sequence",
}  # fmt: skip
"""Letters of dcm2niix's ``-f`` → fields."""
_PART = re.compile(r"\{(?P<field>[^{}:]*)(?::(?P<form>[^{}]*))?\}|%(?P<width>0?\d*)(?P<code>[A-Za-z%])|[{}%]")
_FORM = re.compile(r"0?\d{1,2}")
_ENDING = re.compile(r"(?i)\.(nii(\.gz)?|zarr|json|png|gif|mp4|dcm)$")
"""Of the files that are written."""
_NOTHING = "\0"
_EMPTY = re.compile(r"\0[ ._-]*")
"""A field without a value, and the separators after it."""


def template_problem(template: str) -> str:
    """Return why a text is not a valid template; empty if it is.

    Examples
    --------
    >>> template_problem("{patient}/{series:03}_{description}"), template_problem("%s_%d")
    ('', '')
    >>> template_problem("{serie}")
    'there is no field {serie}. Did you mean {series}?'
    """
    if not template.strip("/ "):
        return "it is empty."
    if template.startswith("/") or any(part.strip() in ("", ".", "..") for part in template.split("/")):
        return "it has a part without a name; folders are relative to the output folder."
    if "\\" in template:
        return "it has a backslash; folders are separated by /."
    ending = _ENDING.search(template)
    if ending is not None:
        return f"it ends with {ending[0]}, which is added to names. Leave it out."
    return next(filter(None, map(_problem_of_part, _PART.finditer(template))), "")


def _problem_of_part(part: re.Match[str]) -> str:
    field, form, code = part["field"], part["form"] or part["width"] or "", part["code"]
    if code == "%":
        return ""
    if code is not None:
        field = CODES.get(code.lower(), "")
        if not field:
            return f"there is no code %{code}. Codes are {', '.join('%' + letter for letter in CODES)}."
    if field is None:
        return f"{part[0]!r} stands alone. Fields are written as {{series}}, codes as %s."
    if field not in FIELDS:
        from difflib import get_close_matches

        near = get_close_matches(field, FIELDS, n=1)
        hint = f"Did you mean {{{near[0]}}}?" if near else f"Fields are {', '.join(FIELDS)}."
        return f"there is no field {{{field}}}. {hint}"
    if form and (field not in NUMBERS or not _FORM.fullmatch(form)):
        what = "a width such as 03" if field in NUMBERS else f"nothing after the name, as {{{field}}} is text"
        return f"{part[0]} is not valid: expected {what}."
    return ""


def fields_of(template: str) -> set[str]:
    """Return the fields that a valid template contains."""
    return {part["field"] or CODES.get((part["code"] or "").lower(), "") for part in _PART.finditer(template)} - {""}


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a valid template with values in the place of its fields.

    What is not known is left out, with the separators after it: those of several empty fields would pile up.

    Examples
    --------
    >>> filled("{patient}/{series:03}_{protocol}_{study}_{description}", {"series": "7", "description": "T1"})
    '/007_T1'
    """

    def value(part: re.Match[str]) -> str:
        if part["code"] == "%":
            return "%"
        text = values.get(part["field"] or CODES[part["code"].lower()], "")
        width = int(part["form"] or part["width"] or 0)
        return f"{int(text):0{width}d}" if width and text.lstrip("-").isdecimal() else text or _NOTHING

    return _EMPTY.sub("", _PART.sub(value, template))
