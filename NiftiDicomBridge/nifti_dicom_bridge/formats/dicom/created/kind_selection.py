"""Which kind of object an image becomes, where no source specifies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ....errors import OptionError
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import bounds_of
from ....options import Kind
from ....standard.nifti_codes import STATISTICS, UNITLESS
from .kinds import OF_MODALITY
from .label_evidence import WHOLE, is_fraction, is_whole, name_is_label_map, real_bounds, values_of
from .quantities import quantity_of_name

_CHOSEN_WORDS = 'Use kind="KIND" to override'
# BIDS suffixes and the modality of the images that bear them (BIDS specification, appendix "File naming")
_SUFFIX_MODALITY = {
    "MR": "T1w T2w PDw T2starw FLAIR inplaneT1 inplaneT2 PDT2 angio T2star FLASH bold cbv sbref dwi asl m0scan phasediff "
    "phase1 phase2 magnitude magnitude1 magnitude2 fieldmap epi MP2RAGE UNIT1 MESE MEGRE VFA IRT1 MPM MTS MTR TB1TFL TB1RFM",
    "PT": "pet",
    "CT": "ct CT",
}
_OF_SUFFIX = {suffix: modality for modality, words in _SUFFIX_MODALITY.items() for suffix in words.split()}


@dataclass(frozen=True)
class KindHints:
    """What is known of an image next to its values.

    Attributes
    ----------
    name : str
        File name without extension.
    modality : str
        By its sidecar; empty where that does not specify.
    reference_modality : str
        Of the reference series; empty where there is none.
    has_labels : bool
        A table of labels was named, or is among its companion files.
    probabilities : bool
        It is to be stored as probabilities if it is a segmentation.
    units : str
        Of its values, by its sidecar; empty where that does not specify.
    """

    name: str
    modality: str = ""
    reference_modality: str = ""
    has_labels: bool = False
    probabilities: bool = False
    units: str = ""


def select_kind(asked: Kind, image: Volume, known: KindHints) -> tuple[Kind, str]:
    """Return the kind to make, and what was assumed in choosing it; the latter is empty where nothing was.

    Raises
    ------
    OptionError
        If a kind by modality is asked for, and the modality is unknown.
    """
    if asked in (Kind.CLASSIC, Kind.ENHANCED, Kind.LEGACY):
        modality = known.modality or _OF_SUFFIX.get(suffix_of(known.name), "") or known.reference_modality
        if modality not in OF_MODALITY:
            raise OptionError(
                f'kind="{asked}": {known.name} is of modality {modality or "unknown"}; of CT, MR and PT there is such a '
                'kind. Name the kind itself, such as kind="enhanced-mr".'
            )
        return (Kind.LEGACY if asked is Kind.LEGACY else OF_MODALITY[modality][asked is Kind.ENHANCED]), ""
    if asked is not Kind.AUTO:
        return asked, ""
    return _by_what_is_known(image, known)


def _by_what_is_known(image: Volume, known: KindHints) -> tuple[Kind, str]:
    suffix = suffix_of(known.name)
    if image.voxels.ndim > 4:  # label maps of segments that overlap, or colors
        return (Kind.SEG if (known.has_labels or image.intent == "label") and image.voxels.dtype.kind in "iu" else Kind.SC), ""
    if suffix == "probseg":
        return Kind.SEG, ""
    labels = label_reason(image, known)
    if labels:
        return Kind.SEG, f"taken for a label map, because {labels}. {_CHOSEN_WORDS}"
    modality = known.modality or _OF_SUFFIX.get(suffix, "")
    if modality in OF_MODALITY:
        return OF_MODALITY[modality][0], ""
    if known.probabilities:
        return Kind.SEG, f'taken for probabilities, because of segmentation="fractional". {_CHOSEN_WORDS}'
    quantity = quantity_of_name(known.name)
    if quantity and known.units:
        return (
            Kind.PM,
            f"taken for a parametric map, as its name specifies {quantity}, and its sidecar the units. {_CHOSEN_WORDS}",
        )
    if image.intent in UNITLESS:
        return Kind.PM, f"taken for a parametric map, as its header specifies a {image.intent}. {_CHOSEN_WORDS}"
    is_map = image.intent in STATISTICS or (quantity and not is_whole(image))
    if known.reference_modality in OF_MODALITY and not is_map:
        kind = OF_MODALITY[known.reference_modality][0]
        return kind, f"taken for {known.reference_modality} like its reference. {_CHOSEN_WORDS}"
    smallest, largest = (float(bound) for bound in bounds_of(image.voxels))
    if image.voxels.dtype.kind in "iu" and largest - smallest > 65535:
        return Kind.PM, f"taken for a parametric map, because its values need more than 16 bits. {_CHOSEN_WORDS}"
    if not is_whole(image):
        return Kind.PM, f"taken for a parametric map, because it contains non-integer values. {_CHOSEN_WORDS}"
    low = smallest * image.rescale.slope + image.rescale.intercept
    if -1100 <= low <= -900:
        return Kind.CT, f"taken for CT, because its lowest value is {low:g}, as that of air in HU is. {_CHOSEN_WORDS}"
    return Kind.MR, f"kind unknown; written as MR. {_CHOSEN_WORDS}"


def label_reason(image: Volume, known: KindHints) -> str:
    """Return why an image is a label map; empty if it is not."""
    if known.has_labels:
        return "a table of labels belongs to it"
    if image.intent in ("label", "neuronames"):
        return "its header specifies it"
    suffix = suffix_of(known.name)
    if name_is_label_map(suffix):
        return f"its name ends in {suffix}"
    if suffix in _OF_SUFFIX:
        return ""
    if name_is_label_map(known.name) and (is_fraction(image) or _is_whole_map(image)):
        return "its name contains a word for label maps"
    if known.modality or quantity_of_name(known.name) or image.intent in UNITLESS:
        return ""
    values = values_of(image)
    if values is None or not values.are_labels:
        return ""
    return f"it contains {values.distinct} different whole numbers, in uniform regions or mostly 0"


def _is_whole_map(image: Volume) -> bool:
    """Whether values are whole numbers from 0 upwards, but for rounding: small values that are not 0 are not rounded ones."""
    if not is_whole(image, WHOLE):
        return False
    low, high = real_bounds(image)
    return low > -WHOLE and not 0 < high <= WHOLE


def suffix_of(name: str) -> str:
    """Return the last word of a BIDS name, or of one that ends like it."""
    return re.split(r"[_.\-]", name)[-1] if name else ""
