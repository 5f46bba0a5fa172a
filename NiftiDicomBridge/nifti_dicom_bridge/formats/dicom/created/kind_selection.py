"""Which kind of object an image becomes, where nobody says."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ....errors import OptionError
from ....model.pixels import to_real_values
from ....model.volume import Volume
from ....options import Kind
from .kinds import OF_MODALITY
from .label_values import WHOLE

MANY_LABELS = 64
MOSTLY_BACKGROUND = 0.4
_CHOSEN_WORDS = "Say --as KIND if it is something else"
# BIDS suffixes and the modality of the images that bear them (BIDS specification, appendix "File naming")
_LABEL_SUFFIXES = frozenset({"dseg", "mask", "seg", "labels", "label", "aseg", "aparc", "segmentation"})
_SUFFIX_MODALITY = {
    "MR": "T1w T2w PDw T2starw FLAIR inplaneT1 inplaneT2 PDT2 angio T2star FLASH bold cbv sbref dwi asl m0scan phasediff "
    "phase1 phase2 magnitude magnitude1 magnitude2 fieldmap epi MP2RAGE UNIT1 MESE MEGRE VFA IRT1 MPM MTS MTR TB1TFL TB1RFM",
    "PT": "pet",
    "CT": "ct CT",
}
_OF_SUFFIX = {suffix: modality for modality, words in _SUFFIX_MODALITY.items() for suffix in words.split()}


@dataclass(frozen=True)
class Known:
    """What is known of an image beside its values.

    Attributes
    ----------
    name : str
        File name without extension.
    modality : str
        By its sidecar; empty where that does not say.
    reference_modality : str
        Of the reference series; empty where there is none.
    has_labels : bool
        A table of labels was named, or lies beside it.
    """

    name: str
    modality: str = ""
    reference_modality: str = ""
    has_labels: bool = False


def chosen_kind(asked: Kind, image: Volume, known: Known) -> tuple[Kind, str]:
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
                f"--as {asked}: {known.name} is of modality {modality or 'unknown'}; of CT, MR and PT there is such a kind. "
                "Name the kind itself, such as --as enhanced-mr."
            )
        return (Kind.LEGACY if asked is Kind.LEGACY else OF_MODALITY[modality][asked is Kind.ENHANCED]), ""
    if asked is not Kind.AUTO:
        return asked, ""
    return _by_what_is_known(image, known)


def _by_what_is_known(image: Volume, known: Known) -> tuple[Kind, str]:
    if image.voxels.ndim > 4:  # label maps of segments that overlap, or colors
        return (Kind.SEG if known.has_labels and image.voxels.dtype.kind in "iu" else Kind.SC), ""
    if suffix_of(known.name) == "probseg":
        return Kind.SEG, ""
    labels = _label_reason(image, known)
    if labels:
        return Kind.SEG, f"taken for a label map, because {labels}. {_CHOSEN_WORDS}"
    modality = known.modality or _OF_SUFFIX.get(suffix_of(known.name), "")
    if modality in OF_MODALITY:
        return OF_MODALITY[modality][0], ""
    if image.voxels.dtype.kind in "iu" and float(image.array.max()) - float(image.array.min()) > 65535:
        return Kind.PM, f"taken for a parametric map, because its values need more than 16 bits. {_CHOSEN_WORDS}"
    if not _is_whole(image):
        return Kind.PM, f"taken for a parametric map, because its values are no whole numbers. {_CHOSEN_WORDS}"
    if known.reference_modality in OF_MODALITY:
        return OF_MODALITY[known.reference_modality][
            0
        ], f"taken for {known.reference_modality} like its reference. {_CHOSEN_WORDS}"
    low = float(image.array.min()) * image.rescale.slope + image.rescale.intercept
    if -1100 <= low <= -900:
        return Kind.CT, f"taken for CT, because its lowest value is {low:g}, as that of air in HU is. {_CHOSEN_WORDS}"
    return Kind.MR, f"taken for MR, because nothing says what it is. {_CHOSEN_WORDS}"


def _label_reason(image: Volume, known: Known) -> str:
    """Say why an image is a label map; empty where nothing speaks for it."""
    if image.intent in ("label", "neuronames"):
        return "its header says so"
    if known.has_labels:
        return "a table of labels belongs to it"
    suffix = suffix_of(known.name)
    if suffix.lower() in _LABEL_SUFFIXES:
        return f"its name ends in {suffix}"
    if not _is_whole(image):
        return ""
    if known.modality or suffix in _OF_SUFFIX or image.voxels.dtype.kind not in "biu" or image.times > 1:
        return ""
    some = image.voxels[:, :: max(1, image.voxels.shape[1] // 32)]
    real = np.rint(to_real_values(some, image.rescale.slope, image.rescale.intercept, np.dtype(np.float64)))
    if real.size == 0 or real.min() < 0:
        return ""
    found, counts = np.unique(real, return_counts=True)
    if 1 < found.size <= MANY_LABELS and found[0] == 0 and counts[0] >= MOSTLY_BACKGROUND * counts.sum():
        return f"it has {found.size} values, and 0 most often"
    return ""


def suffix_of(name: str) -> str:
    """Return the last word of a BIDS name, or of one that ends like it."""
    return re.split(r"[_.\-]", name)[-1] if name else ""


def _is_whole(image: Volume) -> bool:
    """Whether all real values are whole numbers, up to what a scale in a header blurs."""
    if image.voxels.dtype.kind in "biu" and image.rescale.is_identity:
        return True
    real = image.real_values()
    return bool(np.isfinite(real).all() and np.abs(np.rint(real) - real).max(initial=0.0) <= WHOLE)
