"""Parameters that only some kinds of objects have: segments of label maps, units and quantity of parametric maps."""

from __future__ import annotations

from collections.abc import Sequence

from ..formats.dicom.created.kind_selection import suffix_of
from ..formats.dicom.created.label_evidence import LEAST_PROBABILITY, ROUNDING, real_bounds
from ..formats.dicom.created.quantities import quantity_of_name
from ..formats.dicom.created.request import Request
from ..formats.dicom.created.writer import KindParameters
from ..formats.dicom.reading.segmentations.segments import segments_of
from ..labels import Segment
from ..labels.totalsegmentator import with_classes
from ..model import metadata
from ..model.metadata import Log
from ..model.volume import Volume
from ..options import SegmentationForm
from ..options.choices import LABEL_KINDS
from ..standard.nifti_codes import UNITLESS
from ..standard.tags import Tag
from .attribute_sources import ConversionContext
from .image_with_sidecar import ImageWithSidecar
from .label_sources import segments_of_image

UNSPECIFIED = "US"
"""RescaleType of values without units (PS3.3 C.11.1.1.2)."""


def kind_parameters_for(
    described: ImageWithSidecar, request: Request, shared: ConversionContext, log: Log, known: Sequence[Segment] = ()
) -> KindParameters:
    """Return segments, units and quantity of an image, as far as its kind has them.

    Segments that are known already take precedence over those of a file.

    Raises
    ------
    LabelError
        If the file of labels is missing or damaged.
    """
    options = shared.options
    segments = with_classes(known, log) if request.kind in LABEL_KINDS else []
    if not known and request.kind in LABEL_KINDS:
        segments = segments_of_image(described.path, described.image, options.labels, log, described.top)
    return KindParameters(
        max_error=options.max_error,
        segments=segments,
        segmentation=_segmentation(options.segmentation, suffix_of(described.name), described.image),
        units=described.units or ("1" if described.image.intent in UNITLESS else ""),
        quantity=quantity_of_name(described.name) or _statistic_of(described.image) or described.name,
    )


def _statistic_of(image: Volume) -> str:
    """Return the statistic that the header of an image specifies; empty for others."""
    return image.intent if image.intent in UNITLESS else ""


def kind_parameters_of_source(volume: Volume, shared: ConversionContext) -> KindParameters:
    """Return the same for a volume that came from DICOM: the segments that its object describes, the units of its values."""
    options = shared.options
    units = "" if volume.rescale.units == UNSPECIFIED else volume.rescale.units
    weight = metadata.text(volume.dicom.metadata.first.elements, Tag.SUV_TYPE) if units == "GML" else ""
    units = f"SUV{weight}" if weight else units
    return KindParameters(options.max_error, segments_of(volume), options.segmentation, units)


def _segmentation(asked: SegmentationForm, suffix: str, image: Volume) -> SegmentationForm:
    """Return how segments are stored, ``AUTO`` where the values shall specify.

    Those of ``dseg`` are never fractional; those of ``probseg`` are where they are above 1 (percent, or of 255), or small, or
    below 0, which is refused then.
    """
    if asked is not SegmentationForm.AUTO or suffix not in ("dseg", "probseg"):
        return asked
    if suffix == "dseg":
        return SegmentationForm.BINARY
    smallest, largest = real_bounds(image) if image.voxels.size else (0.0, 0.0)
    is_fractional = smallest < 0 or largest > 1 + ROUNDING or 0 < largest < LEAST_PROBABILITY
    return SegmentationForm.FRACTIONAL if is_fractional else asked
