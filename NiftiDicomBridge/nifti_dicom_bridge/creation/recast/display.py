"""Display and values of the frames of an original: windows, padding, private scale of the manufacturer, lookup tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...formats.dicom import new_element
from ...formats.dicom.pydicom_conversion import in_utf_8
from ...formats.dicom.reading.attributes import vendor
from ...formats.dicom.reading.attributes.functional_groups import Lookup
from ...formats.dicom.reading.frames.frame_info import FrameInfo
from ...model import metadata
from ...model.legacy_converted import own_groups
from ...model.metadata import Elements, SeriesMetadata
from ...standard.tags import Tag
from ..repair import Sentences

_WINDOW = (Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH, Tag.WINDOW_CENTER_WIDTH_EXPLANATION, Tag.VOI_LUT_FUNCTION)
_EXACT = ("LINEAR_EXACT", "SIGMOID")
_PADDING = (Tag.PIXEL_PADDING_VALUE, Tag.PIXEL_PADDING_RANGE_LIMIT)
_PHILIPS_BLOCK = 0x10
_ROUNDING = 1e-9


@dataclass
class Display:
    """How the frames of an original are displayed.

    Attributes
    ----------
    windows : list of Elements
        Window of each frame, times outermost; empty where the frame has none.
    padding : tuple of float
        Real values of PixelPaddingValue and PixelPaddingRangeLimit; empty where the original has none.
    ratios : list of float
        Displayed to precise values of each frame (Philips); empty if they are the same.
    private : list of Elements
        Private attributes that the values of each frame need; empty where there are none.
    """

    windows: list[Elements] = field(default_factory=list)
    padding: tuple[float, ...] = ()
    ratios: list[float] = field(default_factory=list)
    private: list[Elements] = field(default_factory=list)


def display_of(series: SeriesMetadata, infos: Sequence[FrameInfo], sentences: Sentences) -> Display:
    """Return how the frames of an original are displayed.

    Parameters
    ----------
    series : SeriesMetadata
        The original.
    infos : sequence of FrameInfo
        Its frames in the order of the new object; empty if the new object has other frames.
    sentences : dict of str to None
        Receives what cannot be kept.
    """
    numbers = sorted({info.instance for info in infos} or {0})
    elements = {n: in_utf_8(series.instances[n], series.instances[n].elements.keys()) for n in numbers}
    looks = [Lookup(elements[info.instance], own_groups(elements[info.instance], info.frame)) for info in infos]
    if not looks:
        sentences["window and padding value were recomputed, because the frames are not those of the original"] = None
        return Display()
    windows = [_window(look, sentences) for look in looks]
    ratios, private = _scales(looks, infos)
    padding = _padding(looks, infos[0], sentences)
    return Display(windows, padding, ratios if any(abs(ratio - 1) > _ROUNDING for ratio in ratios) else [], private)


def _window(look: Lookup, sentences: Sentences) -> Elements:
    """Return the window of a frame; empty if it has none that is valid (PS3.3 C.11.2)."""
    group = look.group(Tag.FRAME_VOI_LUT_SEQUENCE) or look.data_set
    if Tag.VOI_LUT_SEQUENCE in group:
        sentences["VOILUTSequence (0028,3010) was left out: a window takes its place"] = None
    centers, widths = (metadata.numbers(group, tag) for tag in _WINDOW[:2])
    if not centers and not widths:
        return {}
    function = metadata.text(group, Tag.VOI_LUT_FUNCTION)
    least = 0.0 if function in _EXACT else 1.0
    if len(centers) != len(widths) or not all(width >= least and width > 0 for width in widths):
        sentences["WindowCenter and WindowWidth of the original are not valid and were recomputed"] = None
        return {}
    return {tag: group[tag] for tag in _WINDOW if tag in group and group[tag].value}


def _padding(looks: Sequence[Lookup], first: FrameInfo, sentences: Sentences) -> tuple[float, ...]:
    """Return the real values of padding, which must be the same for all frames."""
    padding = [[metadata.numbers(look.data_set, tag)[:1] for tag in _PADDING] for look in looks]
    if not padding[0][0] and not any(value for value, _ in padding):
        return ()
    if any(values != padding[0] for values in padding):
        sentences["PixelPaddingValue (0028,0120) was left out: it differs between instances"] = None
        return ()
    return tuple(number * first.slope + first.intercept for values in padding[0] for number in values)


def _scales(looks: Sequence[Lookup], infos: Sequence[FrameInfo]) -> tuple[list[float], list[Elements]]:
    """Return the ratio of displayed to precise values of each frame, and Philips' scale slope that distinguishes them."""
    ratios, private = [], []
    group, creator, number = vendor.PHILIPS_SCALE_SLOPE
    for look, info in zip(looks, infos, strict=True):
        slope = look.number(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, Tag.RESCALE_SLOPE) or 1.0
        layers = vendor.private_layers(look.layers)
        scale = next((one for layer in layers for one in vendor.private_numbers(layer, vendor.PHILIPS_SCALE_SLOPE)), 0.0)
        is_scaled = bool(scale) and bool(np.isfinite(scale)) and abs(info.slope * scale - 1) < _ROUNDING
        ratios.append(slope / info.slope if is_scaled else 1.0)
        block = group << 16 | _PHILIPS_BLOCK
        tags = {
            block: new_element.text("LO", creator),
            group << 16 | _PHILIPS_BLOCK << 8 | number: new_element.floats("FL", scale),
        }
        private.append(tags if is_scaled else {})
    return ratios, private


def without_scale(display: Display) -> Display:
    """Return windows in precise values, and no private scale: where an object cannot have one for each frame."""
    windows = [
        {
            tag: new_element.decimals([number / ratio for number in metadata.numbers(window, tag)])
            if tag in (Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH)
            else element
            for tag, element in window.items()
        }
        for window, ratio in zip(display.windows, display.ratios, strict=True)
    ]
    return Display(windows, display.padding)
