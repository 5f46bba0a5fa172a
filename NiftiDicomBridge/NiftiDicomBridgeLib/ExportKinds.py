"""The kinds of DICOM objects in Slicer's dialog "Export to DICOM": one plugin for the kind that suits a node best, and one
for every further kind, because the dialog has one row per plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .Nodes.NodeFacts import NodeFacts

BETTER = 0.9
"""Slicer's own volume export has 0.5, its sequence export 0.6: ours comes first where they lose something."""
EQUAL, FURTHER = 0.45, 0.3
BETTER_SEGMENTATION = 1.001
"""Slicer's own segmentation export has 1; it is shown as 100 %."""
MODALITIES = {"CT": "ct", "MR": "mr", "PT": "pet"}
AIR = (-1100, -900)
"""Lowest value of a CT image in HU."""
CLASSIC = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128"}
MULTI_FRAME = {"1.2.840.10008.5.1.4.1.1." + tail for tail in ("2.1", "2.2", "4.1", "4.3", "4.4", "128.1", "130")}
AUTO = "auto"


class FurtherKind(NamedTuple):
    """A kind with a plugin of its own: its part of the plugin's name, the core's name of it, and what it makes sense for."""

    name: str
    kind: str
    suits: Callable[[NodeFacts], bool]


def _is_new_gray(facts: NodeFacts) -> bool:
    return not facts.was_dicom and facts.values in ("grays", "diffusion")


def _may_be(modality: str) -> Callable[[NodeFacts], bool]:
    """Return whether a new image may be of a modality: diffusion is MR, known modalities stay."""

    def suits(facts: NodeFacts) -> bool:
        known = "MR" if facts.values == "diffusion" else facts.modality
        return _is_new_gray(facts) and (known == modality or known not in MODALITIES)

    return suits


def _is_map(facts: NodeFacts) -> bool:
    return _is_new_gray(facts) and facts.times == 1 and facts.values == "grays"


FURTHER_KINDS = (
    FurtherKind("CT", "ct", _may_be("CT")),
    FurtherKind("MR", "mr", _may_be("MR")),
    FurtherKind("PET", "pet", _may_be("PT")),
    FurtherKind("EnhancedCT", "enhanced-ct", _may_be("CT")),
    FurtherKind("EnhancedMR", "enhanced-mr", _may_be("MR")),
    FurtherKind("EnhancedPET", "enhanced-pet", _may_be("PT")),
    FurtherKind("ParametricMap", "pm", _is_map),
    FurtherKind("Classic", "classic", lambda facts: facts.was_dicom and facts.sop_class in MULTI_FRAME),
    FurtherKind("Enhanced", "enhanced", lambda facts: facts.was_dicom and facts.sop_class in CLASSIC),
    FurtherKind("LegacyConverted", "legacy", lambda facts: facts.was_dicom and facts.sop_class in CLASSIC),
    FurtherKind("SecondaryCapture", "sc", lambda facts: facts.values == "grays" and facts.sop_class not in MULTI_FRAME),
    FurtherKind("MultiFrameSecondaryCapture", "sc-multiframe", lambda facts: facts.values == "colors"),
    FurtherKind("StructureSet", "rtstruct", lambda facts: facts.values == "labels" and not facts.was_dicom),
)
"""In the order of the dialog, behind the kind that suits best."""


def first_kind(facts: NodeFacts) -> str:
    """Return the kind that suits a node best."""
    if facts.was_dicom:
        return AUTO
    fixed = {"labels": "seg", "colors": "sc", "diffusion": "mr"}.get(facts.values)
    if fixed is not None:
        return fixed
    if facts.modality in MODALITIES:
        return MODALITIES[facts.modality]
    if not facts.is_whole or facts.highest - facts.lowest > 2**16 - 1:
        return "pm" if facts.times == 1 else "mr"
    return "ct" if AIR[0] <= facts.lowest <= AIR[1] else "mr"


def first_confidence(facts: NodeFacts) -> float:
    """Return how certain it is that the user wants our export: high where Slicer's own loses something.

    Slicer writes volumes as 16-bit integers with a dozen attributes, and segmentations only if their image is in the database.
    """
    if facts.is_segmentation:
        return BETTER if facts.has_reference and not facts.was_dicom else BETTER_SEGMENTATION
    kept_by_slicer = facts.values == "grays" and facts.times == 1 and facts.fits_16_bits and not facts.was_dicom
    return EQUAL if kept_by_slicer else BETTER


def further_confidence(further: FurtherKind) -> float:
    """Return a low confidence, a little less for each kind than for that before it: the dialog sorts by it."""
    return FURTHER - 1e-4 * FURTHER_KINDS.index(further)


def further_kinds(facts: NodeFacts) -> list[FurtherKind]:
    """Return the other kinds that make sense for a node."""
    first = first_kind(facts)
    return [further for further in FURTHER_KINDS if further.kind != first and further.suits(facts)]
