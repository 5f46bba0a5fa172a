"""Outcomes, kinds, proposals and attributes in the words of the panel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from .KindNames import kind_names
from .PanelMessages import in_panel

if TYPE_CHECKING:
    from nifti_dicom_bridge import ConversionReport, Proposal

LONGEST_VALUE = 40
REQUIRED = frozenset(["PatientName", "PatientID", "StudyDate"])
"""The standard allows them to be empty, but an archive cannot sort or find an image without them."""


def outcome_texts() -> dict[str, str]:
    """Return what each outcome is called."""
    return {
        "converted": _("converted"),
        "restored": _("restored (original UIDs)"),
        "reissued": _("restored (new UIDs)"),
        "derived": _("derived from the edited image"),
        "skipped": _("skipped"),
        "failed": _("failed"),
    }


def companion_texts() -> dict[str, str]:
    """Return what was found with an image."""
    return {"record": _("NiftiDicomBridge sidecar"), "bids": _("BIDS sidecar"), "nothing": _("nothing"), "scene": _("scene")}


def short_companion_texts() -> dict[str, str]:
    """Return the same, short enough for a column."""
    return companion_texts() | {"record": _("own sidecar")}


def becomes(proposal: Proposal) -> str:
    """Return in a word or two what an image will become."""
    if proposal.error:
        return "⚠ " + _("Error")
    if proposal.kind.value == "auto":
        return _("Original series")
    return kind_names()[proposal.kind.value]


def proposal_text(proposal: Proposal) -> str:
    """Return everything that is known of a file before it is converted."""
    again = _("The original series if the image is unedited, otherwise a series derived from it.")
    lines = [again] if proposal.kind.value == "auto" and not proposal.error else []
    lines += [f"⚠ {text}" for text in proposal_problems(proposal)]
    return "\n".join([*lines, *map(in_panel, proposal.notes)])


def proposal_problems(proposal: Proposal) -> list[str]:
    """Return what the user has to know of a file before it is converted; often nothing."""
    return [in_panel(text) for text in ([proposal.error] if proposal.error else without_reference(proposal.warnings))]


def without_reference(sentences: Iterable[str]) -> list[str]:
    """Return sentences without that about the reference, where the user has just chosen it."""
    return [sentence for sentence in sentences if not sentence.startswith("reference: ")]


def note_references(report: ConversionReport) -> None:
    """Let the sentences about references be notes: the user has chosen the reference, or the image of that series."""
    for entry in report.entries:
        others = without_reference(entry.log.warnings)
        entry.log.notes += [sentence for sentence in entry.log.warnings if sentence not in others]
        entry.log.warnings = others


def field_text(keyword: str) -> str:
    """Return a DICOM keyword as words: ``PatientBirthDate`` → ``Patient birth date``."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]*", keyword)
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def source_text(source: str) -> str:
    """Return where a value comes from, short enough for a column."""
    known = {
        "": _("not set"),
        "set_values=": _("edited"),
        "scene": _("scene"),
        "default": _("assumed"),
        "the original": _("original"),
        "the image": _("image"),
    }
    if source.startswith("reference "):
        return _("reference")
    return known.get(source) or (Path(source).name if source.endswith(".json") else in_panel(source))


def field_tip(keyword: str, value: str, source: str) -> str:
    """Return the tool tip of an attribute: its keyword, its value and what is expected."""
    expected = value_format(keyword)
    required = keyword in REQUIRED and not value
    lines = (
        f"{keyword}: {value}" if value else keyword,
        _("Source: {source}").format(source=source) if value and source else "",
        _("Missing: archives cannot sort or find the image without it.") if required else "",
        _("Expected: {format}").format(format=expected) if expected else "",
    )
    return "\n".join(line for line in lines if line)


def value_format(keyword: str) -> str:
    """Return what an attribute expects; empty where any text is accepted."""
    formats = {
        "PatientName": _("Family^Given, such as Doe^Jane"),
        "ReferringPhysicianName": _("Family^Given, such as Doe^Jane"),
        "PatientSex": _("M, F or O"),
        "SeriesNumber": _("a whole number"),
        "PatientPosition": _("HFS, HFP, FFS, FFP, HFDR, HFDL, FFDR or FFDL"),
        "BodyPartExamined": _("capital letters, such as HEAD or ABDOMEN"),
        "AccessionNumber": _("at most 16 characters"),
        "StudyID": _("at most 16 characters"),
    }
    if keyword.endswith("Date"):
        return _("YYYYMMDD, such as 20260131")
    if keyword.endswith("Time"):
        return _("HHMMSS, such as 093000")
    return formats.get(keyword, _("at most 64 characters") if keyword.startswith(("Manufacturer", "PatientID")) else "")


def invalid_value(keyword: str, text: str, reason: str) -> str:
    """Return why a text is not a valid value, and what is expected."""
    shown = text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
    sentence = _("{name}: “{text}” is not valid.").format(name=field_text(keyword), text=shown)
    expected = value_format(keyword)
    return sentence + " " + (_("Expected: {format}.").format(format=expected) if expected else in_panel(reason))
