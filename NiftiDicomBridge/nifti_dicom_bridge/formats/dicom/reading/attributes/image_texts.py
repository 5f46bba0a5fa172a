"""Texts that distinguish the images of a series where no other attribute does: labels of frames, comments, coil elements."""

from __future__ import annotations

import re

from .....model import metadata
from .....model.metadata import Elements
from .....standard.tags import Tag
from . import vendor
from .diffusion import CANON_COMMENT
from .frame_attributes import Frame, dimension_pointers

_WORD = re.compile(r"\b[A-Z]\d\b|\d+ ?keV\b|[A-Za-z]+")
"""Letters, names such as T2 or B1, and energies of photons; other numbers may be those of times."""
_OF_TIMES = re.compile(r"motion|reference volume", re.IGNORECASE)
"""What Siemens writes of motion correction: it differs between the times of one image."""


def frame_label(frame: Frame) -> tuple[str, ...] | None:
    """Return FrameLabel where it is one of the dimensions (PS3.3 C.7.6.17), as in the maps of a fit by Bruker."""
    label = _words_of(metadata.text(frame.content, Tag.FRAME_LABEL))
    return (label,) if label and Tag.FRAME_LABEL in dimension_pointers(frame.elements) else None


def comment(frame: Frame) -> tuple[str, ...] | None:
    """Return the words of ImageComments, without numbers; none of comments that are about one time."""
    text = metadata.text(frame.look.data_set, Tag.IMAGE_COMMENTS)
    words = "" if not text or _OF_TIMES.search(text) or CANON_COMMENT.search(text) else _words_of(text)
    return (words,) if words else None


def _words_of(text: str) -> str:
    return " ".join(_WORD.findall(text))


_SIEMENS_COIL = (0x0051, "SIEMENS MR HEADER", 0x0F)
_COIL_ELEMENT = re.compile(r"[A-Z]{1,3}\d{1,3}")
"""One element of a coil; images that combine several name all of them, such as ``HEA;HEP``."""


def coil_element(elements: Elements) -> str:
    """Return the only coil element that received an image of Siemens, empty where it is of several, or not stated.

    Of combined images, the elements may change within a run.
    """
    name = str(vendor.private_value(elements, _SIEMENS_COIL) or "")
    return name if _COIL_ELEMENT.fullmatch(name) else ""
