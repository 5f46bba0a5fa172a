"""In words, and first: whether everything came back, or what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from ..model.report import Outcome
from ..validation import Severity
from . import escape
from .attributes import RESTORED
from .examine_entry import Looked, View
from .facts import UNSPECIFIED
from .images import DICOM


class State(StrEnum):
    """How an entry went, worst first."""

    BAD = "bad"
    NOTE = "note"
    GOOD = "good"
    LEFT = "left"


DONE = {
    Outcome.CONVERTED: "converted",
    Outcome.RESTORED: "restored",
    Outcome.REISSUED: "restored as new series",
    Outcome.DERIVED: "written as derived series",
    Outcome.SKIPPED: "left out",
    Outcome.FAILED: "failed",
}
ROUNDING = 0.01
"""Part of the range of values by which rounding may change them; whatever changes them by more is none."""
_PICTURES = (".png", ".gif", ".mp4")
_AS_BEFORE = (Outcome.RESTORED, Outcome.REISSUED)


def state_of(looked: Looked) -> State:
    """Return how an entry went: bad where it failed or voxels changed that may not, a note where it is worth a look."""
    if looked.entry.outcome is Outcome.SKIPPED:
        return State.LEFT
    if what_is_wrong(looked):
        return State.BAD
    return State.NOTE if what_to_look_at(looked) else State.GOOD


def what_is_wrong(looked: Looked) -> str:
    """Return in a few words what is wrong with an entry; empty where nothing is."""
    if looked.entry.outcome is Outcome.FAILED:
        return "failed"
    changed = any(_is_changed(view) and not is_rounded(looked, view) for view in looked.views)
    return "with voxels that are not those from before" if changed else ""


def what_to_look_at(looked: Looked) -> str:
    """Return in a few words why an entry is worth a look; empty where it is not."""
    if looked.problems or not looked.views:
        return "not looked at in full"
    if any(is_rounded(looked, view) for view in looked.views):
        return "with rounded values"
    if any(view.difference is None for view in looked.views) and not is_of_pictures(looked):
        return "not comparable voxel by voxel"
    if looked.entry.outcome not in _AS_BEFORE and errors_of(looked):
        return "not as the standard wants it"
    return ""


def errors_of(looked: Looked) -> int:
    """Return how many rules of the standard the written files break."""
    return sum(finding.severity is Severity.ERROR for finding in looked.findings or ())


def has_same_voxels(looked: Looked) -> bool:
    """Whether all voxels of all images were compared and are the same."""
    return bool(looked.views) and all(view.difference is not None and view.difference.is_none for view in looked.views)


def has_same_attributes(looked: Looked) -> bool:
    """Whether all attributes of all instances were compared and are the same."""
    return looked.compared > 0 and all(row.kind == RESTORED for row in looked.rows)


def is_of_pictures(looked: Looked) -> bool:
    """Whether pictures were written, and nothing that has voxels."""
    pictures = any(path.suffix.lower() in _PICTURES for path in looked.entry.outputs)
    return pictures and all(view.after is None for view in looked.views)


def _is_changed(view: View) -> bool:
    return view.difference is not None and not view.difference.is_none


def is_rounded(looked: Looked, view: View) -> bool:
    """Whether voxels differ because floating point numbers became the integers of DICOM."""
    if view.before is None or view.after is None or looked.entry.outcome in _AS_BEFORE:
        return False
    found = view.difference
    little = found is not None and not found.is_none and found.largest <= ROUNDING * found.reach
    return little and view.before.type == "f" and view.after.kind.startswith(DICOM)


# --- one entry ----------------------------------------------------------------------------------------------------------


def sentence(looked: Looked) -> str:
    """Return what became of an entry, as text."""
    entry = looked.entry
    if entry.outcome in (Outcome.FAILED, Outcome.SKIPPED):
        return f"{DONE[entry.outcome].capitalize()}: {entry.error}"
    return f"{DONE[entry.outcome].capitalize()}; {_compared(looked)}."


def _compared(looked: Looked) -> str:
    if has_same_voxels(looked):
        voxels = escape.grouped(sum(view.difference.voxels for view in looked.views if view.difference))
        if looked.entry.outcome is Outcome.DERIVED:
            return f"all {voxels} voxels are those of the edited image"
        attributes = f" and {escape.grouped(looked.compared)} attributes" if has_same_attributes(looked) else ""
        return f"all {voxels} voxels{attributes} are identical"
    changed = [view for view in looked.views if _is_changed(view)]
    if changed:
        worst = max(changed, key=lambda view: view.difference.largest if view.difference else 0.0)
        return ("values were rounded: " if is_rounded(looked, worst) else "") + difference_in_words(worst)
    if is_of_pictures(looked):
        return "pictures have no voxels to compare"
    same = sum(view.difference is not None for view in looked.views)
    if same:
        return f"{same} of {escape.count(len(looked.views), 'image')} identical, the others are on another grid"
    return "not compared voxel by voxel" if looked.views else "there are no images to compare"


def difference_in_words(view: View) -> str:
    """Return how far an image before and after is apart; empty where there is one of them only."""
    found = view.difference
    if found is None:
        both = view.before is not None and view.after is not None
        return "the two are not on the same grid, so their voxels are not compared" if both else ""
    if found.is_none:
        return f"no difference: all {escape.grouped(found.voxels)} voxels are identical"
    which = "all" if found.different == found.voxels else f"{escape.grouped(found.different)} of {escape.grouped(found.voxels)}"
    units = next((f" {side.units}" for side in (view.before, view.after) if side and side.units not in ("", UNSPECIFIED)), "")
    share = f" ({escape.number(float(f'{100 * found.largest / found.reach:.2g}'))} % of the range)" if found.reach else ""
    return f"{which} voxels differ, by {escape.number(found.largest)}{units}{share} at most"


# --- the whole report ---------------------------------------------------------------------------------------------------


def headline(all_looked: Sequence[Looked]) -> str:
    """Return the one sentence that says whether all came through."""
    tried = [looked for looked in all_looked if looked.entry.outcome is not Outcome.SKIPPED]
    if not tried:
        return "Nothing was converted"
    good = [looked for looked in tried if not what_is_wrong(looked)]
    done = {looked.entry.outcome for looked in tried} - {Outcome.FAILED}
    verb = DONE[next(iter(done))] if len(done) == 1 else "done" if done else "converted"
    wrong = Counter(filter(None, map(what_is_wrong, tried)))
    rest = "".join(f"; {n} {words}" for words, n in wrong.items())
    what = "images" if any(_was_no_series(looked) for looked in tried) else "series"
    return f"{len(good)} of {len(tried)} {what} {verb}{_how_many_are_identical(good)}{rest}"


def _was_no_series(looked: Looked) -> bool:
    """Whether an entry is an image that never was DICOM, or may as well not have been."""
    befores = [view.before for view in looked.views if view.before]
    return looked.entry.outcome is Outcome.CONVERTED and any(not side.kind.startswith(DICOM) for side in befores)


def _how_many_are_identical(good: Sequence[Looked]) -> str:
    if good and all(looked.entry.outcome is Outcome.DERIVED and has_same_voxels(looked) for looked in good):
        return ", every voxel as edited"
    if good and all(has_same_voxels(looked) and has_same_attributes(looked) for looked in good):
        return ", identical"
    voxels = sum(map(has_same_voxels, good))
    if voxels == len(good) > 0:
        return ", every voxel identical"
    return f", {voxels} of them with identical voxels" if voxels else ""


def points(all_looked: Sequence[Looked]) -> list[str]:
    """Return what else to know at once, as text."""
    outcomes = Counter(looked.entry.outcome for looked in all_looked)
    skipped = outcomes.pop(Outcome.SKIPPED, 0)
    outcomes.pop(Outcome.FAILED, 0)
    doubts = Counter(what_to_look_at(looked) for looked in all_looked if state_of(looked) is State.NOTE)
    found = [", ".join(f"{n} {DONE[outcome]}" for outcome, n in outcomes.items())] if len(outcomes) > 1 else []
    found += [f"{n} {words}" for words, n in doubts.items()]
    found += _checked([looked for looked in all_looked if looked.findings is not None])
    return found + ([f"{escape.count(skipped, 'file')} left out: no images, or twice there"] if skipped else [])


def _checked(looked: Sequence[Looked]) -> list[str]:
    """Return what the checker found in files that were written, and in those that are what they were before."""
    if not looked:
        return []
    errors = sum(map(errors_of, looked))
    old = sum(errors_of(one) for one in looked if one.entry.outcome in _AS_BEFORE)
    if not errors:
        return ["Checked by the standard: no error"]
    before = (
        "" if not old else ", as before: what is restored keeps its faults" if old == errors else f", {old} of them as before"
    )
    return [f"Checked by the standard: {escape.count(errors, 'error')}{before}"]
