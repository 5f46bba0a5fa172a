"""What only private elements of a vendor specify, and a derived object must keep: diffusion weighting, Philips' precise scale.

All other private elements are dropped, as an edit may have made them wrong.
"""

from __future__ import annotations

from ....model import metadata
from ....model.metadata import Elements, Instance
from ....model.space.geometry import ras_of_lps
from ....standard.tags import Tag
from .. import new_element
from ..created.request import directionality
from ..reading.attributes import vendor
from .derivation import DerivationContext


def diffusion_elements(work: DerivationContext, elements: Elements, t: int) -> Elements:
    """Return b-value and gradient direction of a time in public attributes (PS3.3 C.8.13.5.9) that the instance lacks.

    Parameters
    ----------
    work : DerivationContext
        The derived volume.
    elements : Elements
        What the derived instance has so far.
    t : int
        The time.
    """
    gradients = work.volume.gradients
    if gradients is None or t >= len(gradients) or work.is_of_one_time:
        return {}
    b_value, direction = float(gradients[t, 0]), ras_of_lps(gradients[t, 1:])
    result = {
        Tag.DIFFUSION_B_VALUE: new_element.floats("FD", b_value),
        Tag.DIFFUSION_DIRECTIONALITY: new_element.text("CS", directionality(b_value, bool(direction.any()))),
    }
    if direction.any():
        result[Tag.DIFFUSION_GRADIENT_ORIENTATION] = new_element.floats("FD", *direction.tolist())
    stated = all(tag in elements for tag in result if tag != Tag.DIFFUSION_DIRECTIONALITY)
    return {} if stated or Tag.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE in elements else result


def precise_scale(work: DerivationContext, template: Instance, t: int, k: int) -> Elements:
    """Return Philips' private scale slope with the public rescale of a plane; empty for objects without one.

    Precise values are ``(slope · stored + intercept) / (slope · scale slope)``, displayed ones ``slope · stored + intercept``
    (see `vendor.precise_rescale`). The ratio of both stays what it was.
    """
    elements = template.elements
    tag = vendor.private(elements, *vendor.PHILIPS_SCALE_SLOPE)
    public = metadata.number(elements, Tag.RESCALE_SLOPE)
    if not tag or not public or not vendor.private_numbers(elements, vendor.PHILIPS_SCALE_SLOPE):
        return {}
    n, frame = work.templates[t, k].tolist()
    before = work.info(n, frame)
    slope, intercept = float(work.slopes[t, k]), float(work.intercepts[t, k])
    creator = tag & 0xFFFF0000 | (tag & 0xFF00) >> 8
    kept = {creator: elements[creator], tag: elements[tag]}
    if (slope, intercept) == (before.slope, before.intercept):
        return kept
    ratio = public / before.slope
    return kept | {
        tag: new_element.floats("FL", 1.0 / slope),
        Tag.RESCALE_SLOPE: new_element.decimals([slope * ratio]),
        Tag.RESCALE_INTERCEPT: new_element.decimals([intercept * ratio]),
    }
