"""What kind of image a frame is: magnitude or phase, water or fat, weighted image or map.

ImageType and FrameType (PS3.3 C.7.6.1.1.2, C.8.3.1.1.1, C.8.13.3.1) contain the words; vendors add their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .....model import metadata
from .....standard.tags import Tag
from . import vendor
from .functional_groups import Lookup

MAGNITUDE = "magnitude"
# whole words, without blanks, underscores and hyphens
WORDS = {
    "M": MAGNITUDE, "MAGNITUDE": MAGNITUDE, "P": "phase", "PHASE": "phase", "PHASEMAP": "phase", "R": "real", "REAL": "real",
    "I": "imaginary", "IMAGINARY": "imaginary", "PCA": "pca", "VELOCITY": "velocity", "VELOCITYMAP": "velocity",
    "SW": "swi", "SWI": "swi", "MNIP": "minip", "MINIP": "minip", "MIP": "mip", "CSAMIP": "mip",
    "W": "water", "WATER": "water", "F": "fat", "FAT": "fat", "IP": "inphase", "INPHASE": "inphase", "OP": "outphase",
    "OPP": "outphase", "OUTPHASE": "outphase", "OPPPHASE": "outphase", "OPPOSEDPHASE": "outphase", "OUTOFPHASE": "outphase",
    "FF": "fatfraction", "FATFRAC": "fatfraction", "FATFRACTION": "fatfraction", "PDFF": "fatfraction",
    "WATERFRACTION": "waterfraction",
    "ADC": "adc", "ADCUNSPECIFIED": "adc", "EADC": "eadc", "EXPADC": "eadc", "TRACE": "trace", "TRACEW": "trace",
    "FA": "fa", "COLFA": "colfa", "TENSOR": "tensor", "TENSORB0": "tensorb0",
    "T1MAP": "t1map", "T2MAP": "t2map", "T2STAR": "t2star", "T2STARMAP": "t2starmap", "R1MAP": "r1map", "R2MAP": "r2map",
    "R2STAR": "r2star", "R2STARMAP": "r2starmap", "PROTONDENSITYMAP": "pdmap", "B0MAP": "b0map", "B1MAP": "b1map",
    "FIELDMAP": "fieldmap", "DELTAB0MAP": "fieldmap", "UNI": "uni", "UNIDEN": "uni",
    "CBF": "cbf", "RCBF": "rcbf", "RELCBF": "rcbf", "CBV": "cbv", "RCBV": "rcbv", "RELCBV": "rcbv", "MTT": "mtt",
    "RELMTT": "mtt", "TTP": "ttp", "TMAX": "tmax", "PBP": "pbp", "GBP": "gbp", "KTRANS": "ktrans",
    "SUBTRACTION": "subtraction", "STDDEV": "stddev", "MEAN": "mean", "LOCALIZER": "localizer", "MPR": "mpr",
}  # fmt: skip
TECHNIQUES = frozenset({"FFE", "SE", "TSE", "FSE", "IR", "TFE", "GRE", "TIR", "B", "MIXED"})
"""Second half of a vendor's compound word, as in M_FFE: how it was measured, which does not distinguish images."""
_BETWEEN = re.compile(r"[ _-]+")
_FRAME_TYPES = (Tag.MR_IMAGE_FRAME_TYPE_SEQUENCE, Tag.CT_IMAGE_FRAME_TYPE_SEQUENCE, Tag.PET_FRAME_TYPE_SEQUENCE,
                Tag.US_IMAGE_DESCRIPTION_SEQUENCE)  # fmt: skip


ORIGINS = frozenset({"ORIGINAL", "DERIVED", "MIXED", "PRIMARY", "SECONDARY"})
"""Values 1 and 2 of an image type (PS3.3 C.7.6.1.1.2, C.8.16.1)."""


def component_of(look: Lookup) -> str:
    """Return what kind of image a frame is, as words joined by a hyphen; empty for magnitude and where nothing is stated."""
    words = image_words(look)
    kinds = sorted(kinds_of(words) - {MAGNITUDE})
    return "-".join(kinds) or vendor.component_of(look.data_set) or "-".join(sorted(_private_kinds(look) - {MAGNITUDE}))


def _private_kinds(look: Lookup) -> set[str]:
    """Return what is known of the words of an image type in private elements."""
    return kinds_of(vendor.image_type_words(look.layers))


def image_words(look: Lookup) -> list[str]:
    """Return values 3 and later of FrameType, else of ImageType, and ComplexImageComponent.

    A component of the frame counts for more than one of the object, which is MIXED where frames differ.
    """
    groups = [look.group(sequence) for sequence in _FRAME_TYPES]
    words = _type_of(look)[2:]
    components = [metadata.text(group, Tag.COMPLEX_IMAGE_COMPONENT) for group in groups]
    if not any(components):
        components = [metadata.text(look.data_set, Tag.COMPLEX_IMAGE_COMPONENT)]
    return words + [component for component in components if component and component != "MIXED"]


def origin_words(look: Lookup) -> list[str]:
    """Return values 1 and 2 of FrameType, else of ImageType: whether a frame was derived, and is of the examination."""
    return _type_of(look)[:2]


def _type_of(look: Lookup) -> list[str]:
    types = (metadata.texts(look.group(sequence), Tag.FRAME_TYPE) for sequence in _FRAME_TYPES)
    return next((values for values in types if len(values) > 2), None) or metadata.texts(look.data_set, Tag.IMAGE_TYPE)


def kinds_of(words: Iterable[str]) -> set[str]:
    """Return what is known of the words of an image type."""
    return {kind for word in words for kind in _kinds(word.upper())}


def _kinds(word: str) -> list[str]:
    """Return the kinds in one word, which may be a compound like SW_M_FFE; empty for an unknown one."""
    whole = WORDS.get(_BETWEEN.sub("", word))
    if whole:
        return [whole]
    parts = [part for part in _BETWEEN.split(word) if part]
    known = [WORDS[part] for part in parts if part in WORDS]
    rest = [part for part in parts if part not in WORDS and part not in TECHNIQUES]
    return known if len(parts) > 1 and not rest else []


def words_between(first: Sequence[str], others: Sequence[Sequence[str]]) -> str:
    """Return the words of an image type that others of the series do not have, for a file name."""
    shared = set(first).intersection(*map(set, others)) if others else set()
    own = [word for word in dict.fromkeys(first) if word not in shared]
    return "-".join(own).lower()
