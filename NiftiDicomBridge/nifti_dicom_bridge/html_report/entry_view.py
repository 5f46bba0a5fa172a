"""One entry of a report, prepared for the template ``entry.html``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from PIL import Image as Picture

from ..validation import Finding, Severity
from .attributes import Row
from .examine_entry import EntryExamination
from .formatting import count, grouped
from .image_view import ImageView, image_view
from .images import NIFTI, ZARR
from .pictures import ShownPicture, pictures_of
from .summary import State, errors_of, is_of_pictures, sentence, state_of

PICTURE_BYTES = 19_000
"""For the pictures of an entry, so that a page of many series still opens quickly."""
THUMBNAIL = 56
ORDER = ("changed", "dropped", "assumed", "set", "empty", "restored")


@dataclass(frozen=True)
class FileListing:
    """Files by their names below a common folder; empty if there is none."""

    folder: str
    names: list[str]


@dataclass(frozen=True)
class EntryView:
    """What the template shows of one entry."""

    number: int
    is_open: bool
    state: State
    title: str
    who: str
    sentence: str
    chips: list[str]
    thumbnail: Picture.Image | None
    warnings: list[str]
    problems: list[str]
    notes: list[str]
    pictures: list[ShownPicture]
    views: list[ImageView]
    compared: str
    rows: list[Row]
    findings: list[Finding] | None
    findings_sentence: str
    traceback: str
    inputs: FileListing | None
    outputs: FileListing | None


def entry_view(examination: EntryExamination, number: int, is_open: bool) -> EntryView:
    """Return what the page shows of an entry.

    Parameters
    ----------
    examination : EntryExamination
        The entry and its images.
    number : int
        Counted from 1, for links.
    is_open : bool
        Whether its details are visible at first.
    """
    entry, images = examination.entry, examination.images
    shown = sum(bool(image.panels) for image in images)
    findings = examination.findings
    return EntryView(
        number=number,
        is_open=is_open,
        state=state_of(examination),
        title=entry.title,
        who=examination.who,
        sentence=sentence(examination),
        chips=_chips(examination),
        thumbnail=_thumbnail(examination),
        warnings=entry.log.warnings,
        problems=examination.problems,
        notes=entry.log.notes,
        pictures=pictures_of(entry.outputs) if is_of_pictures(examination) else [],
        views=[image_view(image, len(images) > 1, PICTURE_BYTES // max(1, shown)) for image in images],
        compared=_compared(examination),
        rows=_in_order(examination.rows),
        findings=None if findings is None else [one for one in findings if one.severity is not Severity.INFO],
        findings_sentence=_findings_sentence(findings or ()),
        traceback=entry.traceback,
        inputs=_listing(entry.inputs),
        outputs=_listing(entry.outputs),
    )


def _chips(examination: EntryExamination) -> list[str]:
    warnings, errors = len(examination.entry.log.warnings), errors_of(examination)
    chips = [count(warnings, "warning")] if warnings else []
    return chips + ([count(errors, "validation error")] if errors else [])


def _thumbnail(examination: EntryExamination) -> Picture.Image | None:
    panel = next((panel for image in examination.images for panel in image.panels), None)
    picture = panel and (panel.before or panel.after)
    if not picture:
        return None
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small


def _compared(examination: EntryExamination) -> str:
    if not examination.compared:
        return ""
    is_all = examination.restored == examination.compared
    share = "All" if is_all else f"{grouped(examination.restored)} of"
    is_in_sidecar = any(image.after and image.after.kind in (NIFTI, ZARR) for image in examination.images)
    where = "stored in the sidecar" if is_in_sidecar else "identical"
    return f"{share} {count(examination.compared, 'attribute')} of {count(examination.instances, 'instance')} are {where}."


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """Return rows by importance; empty and private attributes with the same reason are combined into one row."""
    combined: dict[tuple[str, str], list[Row]] = {}
    ordered = []
    for row in rows:
        if row.kind == "empty" or _is_private(row):
            combined.setdefault((row.kind, row.source), []).append(row)
        else:
            ordered.append(row)
    for (kind, source), several in combined.items():
        names = ", ".join(row.attribute for row in several) if kind == "empty" else count(len(several), "private attribute")
        ordered.append(Row(kind, names, "", "", source))
    return sorted(ordered, key=lambda row: ORDER.index(row.kind))


def _is_private(row: Row) -> bool:
    return row.attribute.startswith("(") and int(row.attribute[4], 16) % 2 == 1


def _findings_sentence(findings: Sequence[Finding]) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    return f"{count(errors, 'error')}, {count(warnings, 'warning')}." if errors or warnings else "No errors, no warnings."


def _listing(paths: Sequence[Path]) -> FileListing | None:
    if not paths:
        return None
    try:
        folder = commonpath([path.parent for path in paths])
    except ValueError:  # on several drives, or some relative and some not
        return FileListing("", list(map(str, paths)))
    return FileListing(folder, [str(path.relative_to(folder)) for path in paths])
