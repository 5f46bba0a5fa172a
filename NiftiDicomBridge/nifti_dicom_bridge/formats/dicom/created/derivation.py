"""References of a Segmentation or Parametric Map to the series it was made from: frame by frame, and as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from pydicom.dataset import Dataset

from .placement import Placement, SourcePlane

_SOURCE_IMAGE = ("121322", "DCM", "Source image for image processing operation")
_OF_WHOLE = ("SourceImageSequence", "ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")
Triplet = tuple[str, str, str]


def put_references(made: Dataset, placement: Placement, sources: Sequence[Dataset], derivation: Triplet) -> None:
    """Replace all references in an object by those to its sources; by none where there are none.

    Derivation Image functional group (PS3.3 C.7.6.16.2.6) of every frame, and Common Instance Reference (C.12.2).

    Parameters
    ----------
    made : Dataset
        With functional groups; changed in place.
    placement : Placement
        Which source frames lie where its frames do.
    sources : sequence of Dataset
        The reference series.
    derivation : tuple of str
        Code of what was done with the sources (CID 7203).
    """
    for keyword in _OF_WHOLE:
        if keyword in made:
            del made[keyword]
    for item in made.PerFrameFunctionalGroupsSequence:
        matches: list[SourcePlane] = []
        if "PlanePositionSequence" in item:
            k = placement.nearest([float(v) for v in item.PlanePositionSequence[0].ImagePositionPatient])
            matches = placement.matches[k]
        if matches:
            item.DerivationImageSequence = [_derivation(placement, k, matches, derivation)]
        elif sources:  # Type 2 in the macro: empty in frames that no source covers
            item.DerivationImageSequence = []
        elif "DerivationImageSequence" in item:
            del item.DerivationImageSequence
    if sources:
        made.SourceImageSequence = [_with_purpose(_instance(source)) for source in sources]
        _put_common(made, sources)


def _derivation(placement: Placement, k: int, matches: Sequence[SourcePlane], derivation: Triplet) -> Dataset:
    item = Dataset()
    item.DerivationCodeSequence = [code_item(derivation)]
    item.SourceImageSequence = [_frame(match, placement.is_same_grid(k, match)) for match in matches]
    return item


def _frame(match: SourcePlane, preserved: bool) -> Dataset:
    item = _with_purpose(_instance(match.source))
    if match.frame:
        item.ReferencedFrameNumber = match.frame
    item.SpatialLocationsPreserved = "YES" if preserved else "NO"
    return item


def _put_common(made: Dataset, sources: Sequence[Dataset]) -> None:
    def study(source: Dataset) -> str:
        return str(source.StudyInstanceUID)

    others = []
    for uid, group in groupby(sorted(sources, key=study), study):
        series = _series(list(group))
        if uid == made.StudyInstanceUID:
            made.ReferencedSeriesSequence = series
        else:
            item = Dataset()
            item.StudyInstanceUID, item.ReferencedSeriesSequence = uid, series
            others.append(item)
    if others:
        made.StudiesContainingOtherReferencedInstancesSequence = others


def _series(sources: list[Dataset]) -> list[Dataset]:
    def series(source: Dataset) -> str:
        return str(source.SeriesInstanceUID)

    found = []
    for uid, group in groupby(sorted(sources, key=series), series):
        item = Dataset()
        item.SeriesInstanceUID, item.ReferencedInstanceSequence = uid, [_instance(source) for source in group]
        found.append(item)
    return found


def _instance(source: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return item


def _with_purpose(item: Dataset) -> Dataset:
    item.PurposeOfReferenceCodeSequence = [code_item(_SOURCE_IMAGE)]
    return item


def code_item(code: Triplet) -> Dataset:
    """Return a code sequence item (PS3.3 8.8); values beyond 16 characters go to LongCodeValue."""
    item = Dataset()
    if len(code[0]) <= 16:
        item.CodeValue = code[0]
    else:
        item.LongCodeValue = code[0]
    item.CodingSchemeDesignator, item.CodeMeaning = code[1], code[2][:64]
    return item
