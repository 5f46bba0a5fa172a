"""One entry of a report → its images before and after, its attributes, and the findings of the validator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from PIL import Image as Picture

from ..errors import BridgeError, Cancelled
from ..model.identity import identity_of, shown_date
from ..model.report import Entry, Outcome
from ..model.volume import Volume
from ..preview.display import Window
from ..validation import OTHER_KINDS, Finding, check_files
from . import attributes
from .attributes import Row
from .facts import Fact, facts_of
from .grid_svg import geometry_box
from .histogram_svg import histogram
from .images import DICOM, Image, Pair, pairs_of
from .label_colors import LabelColors, label_colors_of
from .planes import Cut, Plane, Spot, cuts_of, difference_shown, place_in, place_to_look_at, window_of
from .volume_difference import Difference, corners_apart_mm, difference_of

WHO = ("PatientID", "PatientName", "StudyDate", "StudyDescription")
SHOWN_PAIRS = 3
"""Images of an entry whose pictures are shown; all are compared."""


@dataclass(frozen=True)
class Panel:
    """One plane before and after, the size of the difference, and where that is largest; None where there is none."""

    plane: Plane
    before: Picture.Image | None
    after: Picture.Image | None
    difference: Picture.Image | None = None
    spot: Spot | None = None


@dataclass(frozen=True)
class Side:
    """An image without its voxels: its format, the units of its real values, and the kind of its data type."""

    kind: str
    units: str
    type: str


@dataclass
class ComparedImage:
    """One image before and after.

    Attributes
    ----------
    name : str
        What the image is called.
    before, after : Side or None
        None where there is none.
    difference : Difference or None
        None where the two are not on one grid.
    corners_mm : float or None
        How far the corners of both grids are apart; None where their sizes differ.
    panels, window, colors, histogram, box, facts
        What is shown, and from which to which value; empty for all but the first images of an entry.
    """

    name: str
    before: Side | None
    after: Side | None
    difference: Difference | None = None
    corners_mm: float | None = None
    panels: list[Panel] = field(default_factory=list)
    window: Window | None = None
    colors: LabelColors | None = None
    histogram: str = ""
    box: str = ""
    facts: list[Fact] = field(default_factory=list)


@dataclass
class EntryExamination:
    """The comparison of input and output of an entry; `problems` lists what could not be compared, and why.

    `who` is patient and study, as the output has them; as the input has them where the output has no record.
    """

    entry: Entry
    images: list[ComparedImage] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    compared: int = 0
    restored: int = 0
    instances: int = 0
    findings: list[Finding] | None = None
    problems: list[str] = field(default_factory=list)
    who: str = ""


def examine_entry(entry: Entry) -> EntryExamination:
    """Return the comparison of input and output of an entry; unreadable files become problems, not errors."""
    examination = EntryExamination(entry, rows=attributes.of_log(entry.log))
    if entry.outcome not in (Outcome.SKIPPED, Outcome.FAILED):
        with _problems_in(examination):
            _examine_images(examination)
        with _problems_in(examination):
            _examine_findings(examination)
    return examination


@contextmanager
def _problems_in(examination: EntryExamination) -> Iterator[None]:
    """Record what cannot be compared: the report must be written whatever the files contain."""
    try:
        yield
    except Cancelled:
        raise
    except (BridgeError, OSError, MemoryError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        examination.problems.append(str(error) or type(error).__name__)


def _examine_images(examination: EntryExamination) -> None:
    inputs = [path for path in examination.entry.inputs if path.exists()]
    for pair in pairs_of(inputs, examination.entry.outputs):
        compared = _compared(pair)
        examination.images.append(compared)
        _add_attributes(examination, pair)
        examination.who = examination.who or _who(pair)
        if len(examination.images) <= SHOWN_PAIRS:
            with _problems_in(examination):
                compared.histogram, compared.box = histogram(*pair.loaded), _box(pair)
                _draw(compared, pair)


def _examine_findings(examination: EntryExamination) -> None:
    """Check the DICOM files that were written."""
    if any(image.after and image.after.kind.startswith(DICOM) for image in examination.images):
        examination.findings = check_files(path for path in examination.entry.outputs if path.suffix.lower() not in OTHER_KINDS)


def _compared(pair: Pair) -> ComparedImage:
    before, after = pair.loaded
    sides = [_side(image, volume) for image, volume in zip((pair.before, pair.after), pair.loaded, strict=True)]
    compared = ComparedImage(pair.name, sides[0], sides[1], facts=facts_of(pair))
    if before is not None and after is not None:
        compared.difference, compared.corners_mm = difference_of(before, after), corners_apart_mm(before, after)
    return compared


def _side(image: Image | None, volume: Volume | None) -> Side | None:
    return Side(image.kind, volume.rescale.units, volume.voxels.dtype.kind) if image and volume else None


def _box(pair: Pair) -> str:
    """Draw the grids as they are stored, where an image specifies where it is in the patient."""
    return geometry_box(*(image.outline if image else None for image in (pair.before, pair.after))) if pair.placed else ""


def _draw(compared: ComparedImage, pair: Pair) -> None:
    """Draw the planes through the largest difference, or the middle; both images in the same window."""
    difference = compared.difference
    place = difference.place if difference and difference.place else None
    cuts = [_cuts(volume, one, pair.placed) for volume, one in zip(pair.loaded, _same_place(pair, place), strict=True)]
    first = cuts[0] or cuts[1]
    compared.colors = label_colors_of((pair.before, pair.loaded[0]), (pair.after, pair.loaded[1]))
    compared.window = window_of(list(first.values())) if first and not compared.colors else None
    for plane in first:
        before, after = (of_one.get(plane) for of_one in cuts)
        pictures = [one.shown(compared.window, compared.colors) if one else None for one in (before, after)]
        panel = Panel(plane, pictures[0], pictures[1])
        if before and after and difference and not difference.is_none:
            panel = replace(panel, difference=difference_shown(before, after, difference.largest), spot=before.spot)
        compared.panels.append(panel)


def _same_place(pair: Pair, place: tuple[int, ...] | None) -> list[tuple[int, ...]]:
    """Return the place of the largest difference, or else a place to look at, in the indices of each image."""
    before, after = pair.loaded
    first = before if before is not None else after
    if first is None:
        return [(), ()]
    place = place or place_to_look_at(first)
    return [
        place if volume is None or volume is first else place_in(volume, first, place, pair.placed) for volume in pair.loaded
    ]


def _cuts(volume: Volume | None, place: tuple[int, ...], placed: bool) -> dict[Plane, Cut]:
    return {} if volume is None else {cut.plane: cut for cut in cuts_of(volume, place, placed)}


def _who(pair: Pair) -> str:
    """Return patient and study of an image in one line; empty where it has no attributes."""
    for image in (pair.after, pair.before):
        texts = identity_of(image.outline, WHO) if image is not None else {}
        if texts:
            texts["StudyDate"] = shown_date(texts.get("StudyDate", ""))
            patient = " ".join(filter(None, (texts.get(keyword, "") for keyword in WHO[:2])))
            study = " ".join(filter(None, (texts.get(keyword, "") for keyword in WHO[2:])))
            return " · ".join(filter(None, (patient, study)))
    return ""


def _add_attributes(examination: EntryExamination, pair: Pair) -> None:
    """Compare the DICOM attributes of an image, where it has some on both sides."""
    before, after = (image.outline.source if image else None for image in (pair.before, pair.after))
    if before is None or after is None:
        return
    compared = attributes.compare_series(before.metadata, after.metadata, examination.entry.outcome, examination.rows)
    examination.compared += compared.compared
    examination.restored += compared.restored
    examination.instances += compared.instances
    examination.rows += compared.rows
