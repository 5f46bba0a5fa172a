"""Derived objects of one frame: one instance per plane of the volume."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ....model import metadata
from ....model.metadata import Elements
from ....standard.iods import attributes_of
from ....standard.tags import Tag
from .. import new_element
from ..new_file import NewFile
from ..reading.attributes.vendor import are_rows_reversed
from ..reading.frames.detectors import with_place
from ..reading.frames.ultrasound_regions import size_in_regions
from ..uids import UidMap
from .attributes import common, file_of, rescale_elements
from .derivation import DerivationContext
from .private_values import diffusion_elements, precise_scale

_SPACINGS = (
    Tag.PIXEL_SPACING, Tag.IMAGER_PIXEL_SPACING, Tag.NOMINAL_SCANNED_PIXEL_SPACING, Tag.IMAGE_PLANE_PIXEL_SPACING,
)  # fmt: skip


def single_frames(work: DerivationContext, uids: UidMap) -> Iterator[NewFile]:
    """Yield one instance per plane, numbered as its template, or by time and slice where planes share templates."""
    numbers = _numbers(work)
    centre, width = work.pixels.window if work.volume.voxels.ndim == 4 else (0.0, 1.0)
    for t, times in enumerate(work.templates.tolist()):
        for k, (n, _) in enumerate(times):
            template = work.series.instances[n]
            elements = common(template, work, uids, work.sources(t, k))
            elements = metadata.without(elements, {Tag.NUMBER_OF_FRAMES}) | _frame_counter(work.sop_class)
            elements |= precise_scale(work, template, t, k) or rescale_elements(work, elements, t, k)
            elements |= diffusion_elements(work, elements, t)
            elements[Tag.INSTANCE_NUMBER] = new_element.integers("IS", numbers[t * len(times) + k])
            if work.volume.voxels.ndim == 4 and (Tag.WINDOW_CENTER in elements):
                elements |= {
                    Tag.WINDOW_CENTER: new_element.decimals([centre]),
                    Tag.WINDOW_WIDTH: new_element.decimals([width]),
                }
            elements |= pixel_spacings(work, elements)
            if work.has_geometry:
                is_true = not are_rows_reversed(template.elements)
                elements |= _plane_elements(work, k, elements, is_true)
            yield file_of(template, elements, work, work.stored[t, k][None])


@cache
def _frame_counter(sop_class: str) -> Elements:
    """Return NumberOfFrames where the IOD requires it of an object with one frame, too, such as NM (PS3.3 C.7.6.6)."""
    is_required = any(rule.path == (Tag.NUMBER_OF_FRAMES,) and rule.usage == "M" for rule in attributes_of(sop_class))
    return {Tag.NUMBER_OF_FRAMES: new_element.integers("IS", 1)} if is_required else {}


def _numbers(work: DerivationContext) -> list[int]:
    """Return InstanceNumber of every plane, time after time.

    Several images of one series, such as echoes, become one derived series: the numbers of the original stay apart there.
    """
    templates = work.templates[..., 0].reshape(-1).tolist()
    numbers = [metadata.integer(work.series.instances[n].elements, Tag.INSTANCE_NUMBER, -1) for n in templates]
    return numbers if min(numbers) >= 0 and len(set(numbers)) == len(numbers) else list(range(1, len(numbers) + 1))


def pixel_spacings(work: DerivationContext, elements: Elements) -> Elements:
    """Return the distances of pixels, each of which may be measured in another plane, scaled as the grid is."""
    if work.spacing_ratio == (1.0, 1.0):
        return {}
    spacings = {tag: metadata.numbers(elements, tag) for tag in _SPACINGS}
    in_regions = size_in_regions(work.series.first.elements).spacing_mm  # of pixels of the original: they are left out
    if in_regions is not None and not any(spacings.values()) and Tag.SOP_CLASS_UID in elements:
        spacings[Tag.PIXEL_SPACING] = list(in_regions)
    return {
        tag: new_element.decimals(value * ratio for value, ratio in zip(values, work.spacing_ratio, strict=True))
        for tag, values in spacings.items()
        if len(values) == 2
    }


def _plane_elements(work: DerivationContext, k: int, elements: Elements, is_true: bool) -> Elements:
    """Return the Image Plane attributes (PS3.3 C.7.6.2); the original text where it is true and the grid the same."""
    if is_true and not work.resampled and not work.volume.dicom.is_mosaic:
        return {}
    plane = work.planes[k]
    step = work.step_mm
    place = {
        Tag.IMAGE_POSITION_PATIENT: new_element.decimals(plane.position),
        Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals(plane.orientation),
    }
    result = {**with_place(elements, place), Tag.PIXEL_SPACING: new_element.decimals(plane.spacing)}
    if work.step_changed:
        result[Tag.SLICE_THICKNESS] = new_element.decimals([step])
    if Tag.SPACING_BETWEEN_SLICES in elements or work.step_changed:
        result[Tag.SPACING_BETWEEN_SLICES] = new_element.decimals([step])
    if Tag.SLICE_LOCATION in elements:
        result[Tag.SLICE_LOCATION] = new_element.decimals([plane.distance])
    return result
