"""References of a Segmentation or Parametric Map to the series it was made from: frame by frame, and as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from pydicom.dataset import Dataset

from ....model.metadata import Elements
from ....standard.tags import Tag
from .. import new_element
from ..pydicom_conversion import data_set_of
from ..references import Reference, common_instance_references, source_image
from .placement import Placement, SourcePlane

_OF_WHOLE = ("SourceImageSequence", "ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")
_COMPRESSION = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
_LOSSY = "01"
"""What was compressed with loss once stays so, whatever is made of it (PS3.3 C.7.6.1.1.5)."""
Triplet = tuple[str, str, str]


def replace_references(made: Dataset, placement: Placement, sources: Sequence[Dataset], derivation: Triplet) -> None:
    """Replace all references in an object by those to its sources; by none where there are none.

    Derivation Image functional group (PS3.3 C.7.6.16.2.6) of every frame, and Common Instance Reference (C.12.2).

    Parameters
    ----------
    made : Dataset
        With functional groups; changed in place.
    placement : Placement
        Which source frames are where its frames do.
    sources : sequence of Dataset
        The reference series.
    derivation : tuple of str
        Code of what was done with the sources (CID 7203).
    """
    for keyword in _OF_WHOLE:
        if keyword in made:
            del made[keyword]
    for item in made.PerFrameFunctionalGroupsSequence:
        k = _nearest_plane(placement, item)
        matches = [] if k is None else placement.matches[k]
        if k is not None and matches:
            _put(item, _derivation(placement, k, matches, derivation))
        elif sources:  # Type 2 in the macro: empty in frames that no source covers
            item.DerivationImageSequence = []
        elif "DerivationImageSequence" in item:
            del item.DerivationImageSequence
    if sources:
        references = [Reference.to_data_set(source) for source in sources]
        images = new_element.sequence(*map(source_image, references))
        common = common_instance_references(references, str(made.StudyInstanceUID))
        _put(made, {Tag.SOURCE_IMAGE_SEQUENCE: images, **common})
    for lossy in [source for source in sources if source.get("LossyImageCompression") == _LOSSY][:1]:
        for keyword in _COMPRESSION:
            if keyword in lossy:
                made[keyword] = deepcopy(lossy[keyword])


def _nearest_plane(placement: Placement, item: Dataset) -> int | None:
    """Return the plane of a frame; None if it has no position."""
    if "PlanePositionSequence" not in item:
        return None
    return placement.nearest([float(v) for v in item.PlanePositionSequence[0].ImagePositionPatient])


def _put(made: Dataset, elements: Elements) -> None:
    data_set = data_set_of(elements)
    data_set.decode()  # pydicom writes what is not decoded as it was read, whatever it is put into
    made.update(data_set)


def _derivation(placement: Placement, k: int, matches: Sequence[SourcePlane], derivation: Triplet) -> Elements:
    """Return the Derivation Image macro of a frame."""
    images = [_source_frame(match, placement.is_same_grid(k, match)) for match in matches]
    item = {
        Tag.DERIVATION_CODE_SEQUENCE: new_element.sequence(new_element.code(*derivation)),
        Tag.SOURCE_IMAGE_SEQUENCE: new_element.sequence(*images),
    }
    return {Tag.DERIVATION_IMAGE_SEQUENCE: new_element.sequence(item)}


def _source_frame(match: SourcePlane, preserved: bool) -> Elements:
    item = source_image(Reference.to_data_set(match.source), [match.frame] if match.frame else [])
    return {**item, Tag.SPATIAL_LOCATIONS_PRESERVED: new_element.text("CS", "YES" if preserved else "NO")}


def code_item(code: Triplet) -> Dataset:
    """Return a code sequence item (PS3.3 8.8)."""
    item = data_set_of(new_element.code(*code))
    item.decode()  # pydicom writes what is not decoded as it was read, whatever it is put into
    return item
