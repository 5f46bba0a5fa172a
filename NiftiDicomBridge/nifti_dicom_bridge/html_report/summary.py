"""The headline of the page and the sentence of each entry: what was converted, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from ..model.files.names import PREVIEW_SUFFIXES
from ..model.report import Outcome
from ..validation import Severity
from . import formatting
from .attributes import RESTORED
from .examine_entry import ComparedImage, EntryExamination
from .facts import UNSPECIFIED
from .images import DICOM


class State(StrEnum):
    """The result of an entry, worst first."""

    ERROR = "error"
    WARNING = "warning"
    GOOD = "good"
    LEFT = "left"


DONE = {
    Outcome.CONVERTED: "converted",
    Outcome.RESTORED: "restored",
    Outcome.REISSUED: "restored with new UIDs",
    Outcome.DERIVED: "written as a derived series",
    Outcome.SKIPPED: "skipped",
    Outcome.FAILED: "failed",
}
ROUNDING = 0.01
"""Part of the value range by which rounding may change a value; larger changes are errors."""
_AS_BEFORE = (Outcome.RESTORED, Outcome.REISSUED)


def state_of(examination: EntryExamination) -> State:
    """Return the state of an entry: its result; a warning where it is good and the entry has warnings."""
    result = result_of(examination)
    return State.WARNING if result is State.GOOD and examination.entry.log.warnings else result


def result_of(examination: EntryExamination) -> State:
    """Return the result of an entry: an error if it failed or voxels changed unexpectedly, a warning if it is in doubt."""
    if examination.entry.outcome is Outcome.SKIPPED:
        return State.LEFT
    if problem_text(examination):
        return State.ERROR
    return State.WARNING if warning_text(examination) else State.GOOD


def problem_text(examination: EntryExamination) -> str:
    """Return the error of an entry in a few words; empty if there is none."""
    if examination.entry.outcome is Outcome.FAILED:
        return "failed"
    changed = any(_is_changed(image) and not is_rounded(examination, image) for image in examination.images)
    return "with changed voxels" if changed else ""


def warning_text(examination: EntryExamination) -> str:
    """Return the most important warning of an entry in a few words; empty if there is none."""
    if examination.problems or not examination.images:
        return "not compared completely"
    if any(is_rounded(examination, image) for image in examination.images):
        return "with rounded values"
    if any(image.difference is None for image in examination.images) and not is_of_pictures(examination):
        return "not comparable voxel by voxel"
    if examination.entry.outcome not in _AS_BEFORE and errors_of(examination):
        return "with validation errors"
    return ""


def errors_of(examination: EntryExamination) -> int:
    """Return the number of validation errors in the written files."""
    return sum(finding.severity is Severity.ERROR for finding in examination.findings or ())


def has_same_voxels(examination: EntryExamination) -> bool:
    """Return whether all voxels of all images were compared and are identical."""
    return bool(examination.images) and all(
        image.difference is not None and image.difference.is_none for image in examination.images
    )


def has_same_attributes(examination: EntryExamination) -> bool:
    """Return whether all attributes of all instances were compared and are identical."""
    return examination.compared > 0 and all(row.kind == RESTORED for row in examination.rows)


def is_of_pictures(examination: EntryExamination) -> bool:
    """Return whether pictures were written and nothing that has voxels."""
    pictures = any(path.suffix.lower() in PREVIEW_SUFFIXES for path in examination.entry.outputs)
    return pictures and all(image.after is None for image in examination.images)


def _is_changed(image: ComparedImage) -> bool:
    return image.difference is not None and not image.difference.is_none


def is_rounded(examination: EntryExamination, image: ComparedImage) -> bool:
    """Return whether voxels differ only because floating-point numbers were stored as integers in DICOM."""
    if image.before is None or image.after is None or examination.entry.outcome in _AS_BEFORE:
        return False
    difference = image.difference
    little = difference is not None and not difference.is_none and difference.largest <= ROUNDING * difference.reach
    return little and image.before.type == "f" and image.after.kind.startswith(DICOM)


# --- one entry ----------------------------------------------------------------------------------------------------------


def _as_beginning(words: str) -> str:
    """Return words with a capital letter in front; others stay as they are, such as those of UIDs."""
    return words[:1].upper() + words[1:]


def sentence(examination: EntryExamination) -> str:
    """Return one sentence with the result of an entry."""
    entry = examination.entry
    if entry.outcome in (Outcome.FAILED, Outcome.SKIPPED):
        return f"{_as_beginning(DONE[entry.outcome])}: {entry.error}"
    return f"{_as_beginning(DONE[entry.outcome])}; {_compared(examination)}."


def _compared(examination: EntryExamination) -> str:
    if has_same_voxels(examination):
        voxels = formatting.grouped(sum(image.difference.voxels for image in examination.images if image.difference))
        if examination.entry.outcome is Outcome.DERIVED:
            return f"all {voxels} voxels match the edited image"
        attributes = f" and {formatting.grouped(examination.compared)} attributes" if has_same_attributes(examination) else ""
        return f"all {voxels} voxels{attributes} are identical"
    changed = [image for image in examination.images if _is_changed(image)]
    if changed:
        worst = max(changed, key=lambda image: image.difference.largest if image.difference else 0.0)
        return ("values were rounded: " if is_rounded(examination, worst) else "") + difference_text(worst)
    if is_of_pictures(examination):
        written = [path for path in examination.entry.outputs if path.suffix.lower() in PREVIEW_SUFFIXES]
        return f"{formatting.count(len(written), 'picture or movie', 'pictures and movies')} written"
    same = sum(image.difference is not None for image in examination.images)
    if same:
        return f"{same} of {formatting.count(len(examination.images), 'image')} identical, the others have another grid"
    return "voxels were not compared" if examination.images else "no images to compare"


def difference_text(image: ComparedImage) -> str:
    """Return the difference between an image before and after; empty if there is only one of them."""
    difference = image.difference
    if difference is None:
        both = image.before is not None and image.after is not None
        return "the grids differ, so the voxels were not compared" if both else ""
    if difference.is_none:
        return f"no difference: all {formatting.grouped(difference.voxels)} voxels are identical"
    which = (
        "all"
        if difference.different == difference.voxels
        else f"{formatting.grouped(difference.different)} of {formatting.grouped(difference.voxels)}"
    )
    if image.colors is not None:
        return f"{which} voxels have another label"
    units = next((f" {side.units}" for side in (image.before, image.after) if side and side.units not in ("", UNSPECIFIED)), "")
    share = (
        f" ({formatting.number(float(f'{100 * difference.largest / difference.reach:.2g}'))} % of the range)"
        if difference.reach
        else ""
    )
    return f"{which} voxels differ, by {formatting.number(difference.largest)}{units}{share} at most"


# --- the whole report ---------------------------------------------------------------------------------------------------


def headline(examinations: Sequence[EntryExamination]) -> str:
    """Return the headline: how many images were converted, and how many failed."""
    tried = [examination for examination in examinations if examination.entry.outcome is not Outcome.SKIPPED]
    if not tried:
        return "Nothing was converted"
    images = [examination for examination in tried if not _is_unreadable_file(examination)] or tried
    files = len(tried) - len(images)
    good = [examination for examination in images if not problem_text(examination)]
    done = {examination.entry.outcome for examination in images} - {Outcome.FAILED}
    verb = DONE[next(iter(done))] if len(done) == 1 else "done" if done else "converted"
    wrong = Counter(filter(None, map(problem_text, images)))
    rest = "".join(f"; {n} {words}" for words, n in wrong.items())
    rest += f"; {formatting.count(files, 'file')} failed" if files else ""
    what = "images" if any(_was_no_series(examination) for examination in images) else "series"
    return f"{len(good)} of {len(images)} {what} {verb}{_how_many_are_identical(good)}{rest}"


def _is_unreadable_file(examination: EntryExamination) -> bool:
    """Return whether an entry is a single file that could not be read: it may be one of many of a series."""
    entry = examination.entry
    return entry.outcome is Outcome.FAILED and [path.name for path in entry.inputs] == [entry.title]


def _was_no_series(examination: EntryExamination) -> bool:
    """Return whether an entry is an image without a DICOM original."""
    befores = [image.before for image in examination.images if image.before]
    return examination.entry.outcome is Outcome.CONVERTED and any(not side.kind.startswith(DICOM) for side in befores)


def _how_many_are_identical(good: Sequence[EntryExamination]) -> str:
    if good and all(examination.entry.outcome is Outcome.DERIVED and has_same_voxels(examination) for examination in good):
        return ", every voxel as edited"
    if good and all(has_same_voxels(examination) and has_same_attributes(examination) for examination in good):
        return ", identical"
    voxels = sum(map(has_same_voxels, good))
    if voxels == len(good) > 0:
        return ", every voxel identical"
    return f", {voxels} of them with identical voxels" if voxels else ""


def key_points(examinations: Sequence[EntryExamination]) -> list[str]:
    """Return the further sentences below the headline."""
    outcomes = Counter(examination.entry.outcome for examination in examinations)
    skipped = outcomes.pop(Outcome.SKIPPED, 0)
    outcomes.pop(Outcome.FAILED, 0)
    doubts = Counter(warning_text(examination) for examination in examinations if result_of(examination) is State.WARNING)
    points = [", ".join(f"{n} {DONE[outcome]}" for outcome, n in outcomes.items())] if len(outcomes) > 1 else []
    points += [f"{n} {words}" for words, n in doubts.items()]
    warned = sum(bool(examination.entry.log.warnings) for examination in examinations)
    points += [f"{formatting.count(warned, 'image')} with warnings"] if warned else []
    points += _checked([examination for examination in examinations if examination.findings is not None])
    return points + ([f"{formatting.count(skipped, 'file')} skipped: no pixel data, or duplicates"] if skipped else [])


def _checked(examination: Sequence[EntryExamination]) -> list[str]:
    """Return the validation result of the written files; errors of restored files existed in the original."""
    if not examination:
        return []
    errors = sum(map(errors_of, examination))
    old = sum(errors_of(one) for one in examination if one.entry.outcome in _AS_BEFORE)
    if not errors:
        return ["Validation: no errors"]
    before = (
        ""
        if not old
        else ", all of them in the original as well"
        if old == errors
        else f", {old} of them in the original as well"
    )
    return [f"Validation: {formatting.count(errors, 'error')}{before}"]
