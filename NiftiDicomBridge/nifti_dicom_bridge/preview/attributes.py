"""Attributes → how a frame is to be shown. PS3.3 C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.3 (palette, aspect)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..model import metadata
from ..model.metadata import Elements, Instance, SeriesMetadata
from ..model.voxels.real_values import reinterpret_bits
from ..standard.tags import Tag
from .display import PLAIN, Display, Lut, Window, WindowFunction
from .graphics import graphics_of
from .palettes import palette_of

_COLORED = ("COLOR", "MIXED")
_GRAYSCALE = ("MONOCHROME1", "MONOCHROME2")
# distances of pixels, best first: in the patient, at the detector, of a scanned film, and their mere ratio
_SPACINGS = (Tag.PIXEL_SPACING, Tag.IMAGER_PIXEL_SPACING, Tag.NOMINAL_SCANNED_PIXEL_SPACING, Tag.PIXEL_ASPECT_RATIO)
_LARGEST_RATIO = 100
LUT_ITEMS = 1 << 16
"""A descriptor of 0 entries means as many (PS3.3 C.11.1.1.1)."""


def display_of(series: SeriesMetadata, time: int, slice_number: int) -> Display:
    """Return how a plane of a series is to be shown; `time` and `slice_number` count as in `SeriesMetadata.frames`."""
    instance, frame = series.frames[time, slice_number].tolist()
    return _display(series.instances[instance], frame)


@lru_cache(maxsize=256)
def _display(instance: Instance, frame: int) -> Display:
    elements = instance.elements
    if not elements:
        return PLAIN
    layers = _layers(elements, frame)
    notes: list[str] = []
    palette, color_from = _palette(elements, notes)
    stored_range = _stored_range(instance)
    signed = stored_range is not None and stored_range[0] < 0
    return Display(
        modality=_lut(_first(layers, Tag.MODALITY_LUT_SEQUENCE), signed, notes, brightness=False),
        voi=_lut(_first(layers, Tag.VOI_LUT_SEQUENCE), signed, notes, brightness=True),
        window=_window(layers, notes, whole=stored_range is not None),
        inverted=_is_inverted(elements, notes),
        palette=palette,
        color_from=color_from,
        stored_range=stored_range,
        padding=_padding(elements, stored_range),
        pixel_mm=_pixel_mm(layers),
        graphics=graphics_of(elements, frame),
        notes=tuple(notes),
    )


def _is_inverted(elements: Elements, notes: list[str]) -> bool:
    """Return whether the lowest values are white: by PresentationLUTShape, the last step of display, else by the pixels."""
    model = metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION)
    shape = metadata.text(elements, Tag.PRESENTATION_LUT_SHAPE)
    by_pixels = model == "MONOCHROME1"
    inverted = {"INVERSE": True, "IDENTITY": False}.get(shape, by_pixels) if model in _GRAYSCALE else False
    if inverted != by_pixels:
        notes.append(f"PresentationLUTShape {shape} contradicts PhotometricInterpretation {model}: shown by the former")
    return inverted


def _layers(elements: Elements, frame: int) -> list[Elements]:
    """Return where attributes of a frame can be, the most special first: its functional groups, the shared ones, the top."""
    per_frame = metadata.items(elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    groups = [per_frame[frame].elements] if frame < len(per_frame) else []
    groups.append(metadata.first_item(elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE))
    wanted = (Tag.FRAME_VOI_LUT_SEQUENCE, Tag.PIXEL_MEASURES_SEQUENCE)
    return [*(metadata.first_item(group, sequence) for group in groups for sequence in wanted), elements]


def _first(layers: list[Elements], sequence: int) -> Elements:
    return next((first_item for layer in layers if (first_item := metadata.first_item(layer, sequence))), {})


def _numbers(layers: list[Elements], tag: int) -> list[float]:
    return next((numbers for layer in layers if (numbers := metadata.numbers(layer, tag))), [])


def _window(layers: list[Elements], notes: list[str], whole: bool) -> Window | None:
    holder = next((layer for layer in layers if Tag.WINDOW_CENTER in layer), {})
    centers, widths = metadata.numbers(holder, Tag.WINDOW_CENTER), metadata.numbers(holder, Tag.WINDOW_WIDTH)
    if not centers or not widths:
        return None
    center, width = centers[0], widths[0]
    if not (np.isfinite(center) and np.isfinite(width) and width > 0):
        notes.append(f"the window {center:g}, {width:g} of the file cannot be used: its width must be above 0")
        return None
    word = metadata.text(holder, Tag.VOI_LUT_FUNCTION, WindowFunction.LINEAR.value)
    known = word in list(WindowFunction)
    if not known:
        notes.append(f"VOILUTFunction {word} is not known: the window is taken as LINEAR")
    function = WindowFunction(word) if known else WindowFunction.LINEAR
    if function is WindowFunction.LINEAR and not whole:  # its halves of a step make no sense between real numbers
        function = WindowFunction.LINEAR_EXACT
    return Window(center, width, function)


def _lut(item: Elements, signed: bool, notes: list[str], brightness: bool) -> Lut | None:
    """Return the table in an item of ModalityLUTSequence or VOILUTSequence (PS3.3 C.11.1.1)."""
    descriptor, element = item.get(Tag.LUT_DESCRIPTOR), item.get(Tag.LUT_DATA)
    numbers = metadata.numbers(item, Tag.LUT_DESCRIPTOR)
    if descriptor is None or element is None or not isinstance(element.value, bytes) or len(numbers) != 3:
        return None
    count, first, bits = int(numbers[0]) % LUT_ITEMS or LUT_ITEMS, int(numbers[1]), int(numbers[2])
    if descriptor.vr == "US" and signed:
        first = int(reinterpret_bits(first, np.dtype("<i2")))
    data = element.value
    wide = len(data) >= 2 * count
    entries = np.frombuffer(data, "<u2" if wide else "u1")[:count]
    if len(entries) < count or not 0 < bits <= 16:
        notes.append(f"a look-up table of {count} entries of {bits} bits has {len(data)} bytes: it is left out")
        return None
    scale = (1 << _bits_used(entries, bits)) - 1 if brightness else 1
    return Lut(first, np.minimum(entries / scale, 1.0) if brightness else entries / scale)


def _bits_used(entries: np.ndarray, bits: int) -> int:
    """Return the bits of an entry: 8 bits specified for entries that take 16 are a common mistake."""
    return max(bits, int(entries.max()).bit_length()) if entries.size else bits


def _palette(elements: Elements, notes: list[str]) -> tuple[Lut | None, float]:
    """Return the palette and the first value that it is used for."""
    photometric = metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION)
    supplemental = metadata.text(elements, Tag.PIXEL_PRESENTATION) in _COLORED and photometric == "MONOCHROME2"
    if photometric != "PALETTE COLOR" and not supplemental:
        return None, -np.inf
    palette = palette_of(elements, notes)
    return palette, float(palette.first) if palette is not None and supplemental else -np.inf


def _stored_range(instance: Instance) -> tuple[float, float] | None:
    elements, pixels = instance.elements, instance.pixels
    bits = metadata.integer(elements, Tag.BITS_STORED) or metadata.integer(elements, Tag.BITS_ALLOCATED)
    floating = pixels is not None and pixels.tag != Tag.PIXEL_DATA
    if not 0 < bits <= 64 or floating:
        return None
    if metadata.integer(elements, Tag.PIXEL_REPRESENTATION) == 1:
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1


def _padding(elements: Elements, stored_range: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return PixelPaddingValue to PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2)."""
    padding = metadata.number(elements, Tag.PIXEL_PADDING_VALUE)
    if padding is None or stored_range is None:
        return None
    limit = metadata.number(elements, Tag.PIXEL_PADDING_RANGE_LIMIT, padding)
    bits = 8 if metadata.integer(elements, Tag.BITS_ALLOCATED) == 8 else 16
    kind = np.dtype(f"<{'i' if stored_range[0] < 0 else 'u'}{bits // 8}")
    low, high = (reinterpret_bits(int(value or 0), kind) for value in (padding, limit))
    return min(low, high), max(low, high)


def _pixel_mm(layers: list[Elements]) -> tuple[float, float] | None:
    for tag in _SPACINGS:
        spacing = _numbers(layers, tag)
        if len(spacing) == 2 and min(spacing) > 0 and max(spacing) < _LARGEST_RATIO * min(spacing):
            return spacing[0], spacing[1]
    return None
