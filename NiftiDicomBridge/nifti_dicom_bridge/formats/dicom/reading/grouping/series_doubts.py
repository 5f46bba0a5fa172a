"""What to know of a series before it is loaded: doubts that follow from the headers of its instances alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .....model import metadata
from .....model.metadata import GE_BIG_ENDIAN_PIXELS, Elements, Instance
from .....standard.dictionary import describe, uid_name
from .....standard.photometric import ONE_SAMPLE, SAMPLES
from .....standard.tags import Tag
from .....standard.transfer_syntaxes import JPEG, JPEG_2000, NATIVE
from ..attributes.shared_values import SharedValues, SimilarDataSets
from ..data_sets.element_order import count_unordered
from ..data_sets.files import lacks_padding
from ..frames.multiframe import has_whole_pictures
from ..pixel_data.decode import has_whole_colors, is_native, pixel_format
from .patients import contradiction, doubt_of_private_elements, doubt_of_text
from .series import Series


def doubts_of(series: Series, headers: SimilarDataSets) -> list[str]:
    """Return a sentence for each doubt; `headers` are the data sets of the instances."""
    first = series.instances[0].elements
    doubts = [
        contradiction(headers),
        _doubt_of_order(count_unordered(headers.data_sets)),
        doubt_of_text(first),
        doubt_of_private_elements(first),
        _doubt_of_parts(headers),
        _doubt_of_tiles(headers),
        _doubt_of_syntax(series.instances[0]),
        _doubt_of_colors(series.instances[0]),
        _doubt_of_values(series.instances, headers),
        _doubt_of_padding(series.instances),
    ]
    return list(filter(None, doubts))


def _doubt_of_order(count: int) -> str:
    reason = "file(s) with elements that are not in ascending order of their tags: written in order (PS3.5 7.1)"
    return f"{count} {reason}" if count else ""


def _doubt_of_parts(headers: SimilarDataSets) -> str:
    """Return that an object was divided into a concatenation (PS3.3 C.7.6.16.2.2.4) of which parts are missing."""
    parts: dict[str, set[int]] = defaultdict(set)
    totals: dict[str, int] = {}
    for elements in headers.data_sets if headers.have(Tag.CONCATENATION_UID) else []:
        if uid := metadata.text(elements, Tag.CONCATENATION_UID):
            parts[uid].add(metadata.integer(elements, Tag.IN_CONCATENATION_NUMBER))
            totals[uid] = metadata.integer(elements, Tag.IN_CONCATENATION_TOTAL_NUMBER)
    for uid, numbers in parts.items():
        missing = sorted(set(range(1, min(max(totals[uid], *numbers), _MOST_PARTS) + 1)) - numbers)
        if missing:
            return f"part(s) {', '.join(map(str, missing[:8]))} of a concatenation are missing: the image lacks their frames"
    return ""


def _doubt_of_tiles(headers: SimilarDataSets) -> str:
    """Return that frames are parts of one plane (PS3.3 C.7.6.17.3), as in Segmentations of whole-slide images."""
    if not headers.have(Tag.TOTAL_PIXEL_MATRIX_ROWS) or all(map(has_whole_pictures, headers.data_sets)):
        return ""
    return f"the frames are tiles of one large picture ({describe(Tag.TOTAL_PIXEL_MATRIX_ROWS)}), not slices: they were stacked"


def _doubt_of_syntax(instance: Instance) -> str:
    """Return that the transfer syntax is not a known one, so that nothing specifies how pixel data are encoded."""
    uid = instance.transfer_syntax
    if not uid or uid in NATIVE or uid_name(uid) != uid or uid == GE_BIG_ENDIAN_PIXELS or not is_native(instance):
        return ""
    return f"the transfer syntax {uid} is unknown: the pixel data are read as uncompressed ones in little endian"


def _doubt_of_values(instances: Sequence[Instance], headers: SimilarDataSets) -> str:
    """Return what is assumed of the sign and the bits of values, where an attribute that specifies them is missing."""
    values = SharedValues(_assumed_of_values).of_all(headers)
    return next((value for value, one in zip(values, instances, strict=True) if value and _has_integers(one)), "")


def _doubt_of_padding(instances: Sequence[Instance]) -> str:
    count = sum(map(lacks_padding, instances))
    return f"{count} file(s) lack the padding byte behind the pixel data: it is added" if count else ""


def _has_integers(instance: Instance) -> bool:
    return instance.pixels is not None and instance.pixels.tag == Tag.PIXEL_DATA


def _assumed_of_values(elements: Elements) -> str:
    bits = metadata.integer(elements, Tag.BITS_ALLOCATED)
    if bits <= 1 or metadata.integer(elements, Tag.SAMPLES_PER_PIXEL, 1) > 1:
        return ""
    assumed = {
        Tag.PIXEL_REPRESENTATION: "values are taken for unsigned ones",
        Tag.BITS_STORED: f"all {bits} bits are taken for the value",
    }
    return "; ".join(
        f"{describe(tag)} is missing: {words}" for tag, words in assumed.items() if not metadata.numbers(elements, tag)
    )


def _doubt_of_colors(instance: Instance) -> str:
    """Return that PhotometricInterpretation is missing, or how samples that are not compressed contradict it.

    PS3.3 C.7.6.3.1.2.
    """
    if instance.pixels is None or instance.pixels.tag != Tag.PIXEL_DATA:
        return ""
    pixel, name = pixel_format(instance), _PHOTOMETRIC
    photometric = metadata.text(instance.elements, Tag.PHOTOMETRIC_INTERPRETATION)
    if not is_native(instance):
        return "" if photometric or pixel.samples != 3 else _words_of_missing_model(instance)
    if has_whole_colors(instance, pixel.rows, pixel.columns):
        return f"{name} is {photometric}, but every pixel has a color of its own: they are read as YBR_FULL"
    if contradiction_of_samples := _contradiction_of_samples(photometric, pixel.samples):
        return contradiction_of_samples
    if pixel.samples > 1 and not metadata.numbers(instance.elements, Tag.PLANAR_CONFIGURATION):
        return f"{describe(Tag.PLANAR_CONFIGURATION)} is missing: the samples of a pixel are taken to be next to each other"
    if photometric in _COMPRESSED_COLORS:
        return f"{name} {photometric} occurs in compressed pixel data only: colors are read as red, green and blue"
    if photometric.startswith("YBR") and pixel.bits_allocated > 8:
        return f"colors of {name} {photometric} of {pixel.bits_allocated} bits are not converted to red, green and blue"
    return ""


def _words_of_missing_model(instance: Instance) -> str:
    """Return which colors compressed samples are read as; RLE and JPEG-LS do not specify them."""
    if instance.transfer_syntax in JPEG | JPEG_2000:
        return f"{_PHOTOMETRIC} is missing: the colors are those that the compressed pixel data specify"
    return _contradiction_of_samples("", 3)


def _contradiction_of_samples(photometric: str, samples: int) -> str:
    """Return that a pixel has another number of samples than its photometric interpretation; empty if it has not."""
    name, number = _PHOTOMETRIC, "SamplesPerPixel (0028,0002)"
    expected = SAMPLES.get(photometric, 3 if samples == 3 else 1)
    if samples not in (1, 3) and samples != expected:
        specified = f"{name} is {photometric or 'missing'}"
        return f"{number} is {samples}, and {specified}: what they mean is not known, they are kept as a vector of each pixel"
    if not photometric:
        return f"{name} is missing: {number} is 3, so colors are read as red, green and blue" if samples == 3 else ""
    if (samples > 1) != (photometric not in ONE_SAMPLE):
        return f"{name} {photometric} contradicts {number} {samples}: colors may be wrong"
    return ""


_PHOTOMETRIC = "PhotometricInterpretation (0028,0004)"
_COMPRESSED_COLORS = frozenset({"YBR_RCT", "YBR_ICT", "YBR_PARTIAL_420", "XYB"})
_MOST_PARTS = 1 << 16
