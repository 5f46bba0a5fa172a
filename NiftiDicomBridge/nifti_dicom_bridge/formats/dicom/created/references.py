"""The Derivation Image macro of enhanced objects: which images their frames were made from."""

from __future__ import annotations

from collections.abc import Sequence

from ....model.metadata import Elements
from ....standard.tags import Tag
from .. import new_element
from ..references import source_images
from .request import Request, numbers_of_frame, sources_with_frames

# PS3.16 CID 7203 has no code for it; it may be extended
_CONVERTED = new_element.code("CONVERTED", "99NIFTIDICOM", "Converted from another kind of object")


def of_frame(request: Request, t: int, k: int) -> Elements:
    """Return the Derivation Image macro of a frame (PS3.3 C.7.6.16.2.6); nothing where it has no source of its own."""
    if not any(request.source_numbers):
        return {}
    numbers = numbers_of_frame(request, t, k)  # all frames have the attribute, or none (PS3.3 C.7.6.16.1.2)
    return _macro(request, numbers) if numbers else {Tag.DERIVATION_IMAGE_SEQUENCE: new_element.sequence()}


def of_all_frames(request: Request) -> Elements:
    """Return the Derivation Image macro of an object whose frames were each made from all sources, or from unknown ones."""
    return {} if not request.sources or any(request.source_numbers) else _macro(request, ())


def _macro(request: Request, numbers: Sequence[int]) -> Elements:
    return {
        Tag.DERIVATION_IMAGE_SEQUENCE: new_element.sequence(
            {
                Tag.DERIVATION_DESCRIPTION: new_element.text("ST", request.derivation),
                Tag.DERIVATION_CODE_SEQUENCE: new_element.sequence(_CONVERTED),
                Tag.SOURCE_IMAGE_SEQUENCE: source_images(sources_with_frames(request, numbers)),
            }
        )
    }
