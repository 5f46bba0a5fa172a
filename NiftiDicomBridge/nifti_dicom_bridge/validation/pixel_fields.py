"""Image pixel attributes that must agree with one another and with the length of the pixel data (PS3.3 C.7.6.3)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ..model import metadata
from ..model.metadata import PixelElement
from ..standard import dictionary, iods
from ..standard.photometric import SAMPLES
from ..standard.tags import Tag
from .fragments import check_encapsulated
from .iod_names import CT, SEG
from .subject import DataSetContext

# PS3.3 C.7.6.3.1.2: chrominance is stored for every second column, or for every second column and row
SHARED_CHROMINANCE = {"YBR_FULL_422": 2 / 3, "YBR_PARTIAL_422": 2 / 3, "YBR_PARTIAL_420": 1 / 2}
# PS3.3 C.8.20.2: bits of one pixel by the kind of segmentation
SEGMENTATION_BITS = {"BINARY": (1,), "FRACTIONAL": (8,), "LABELMAP": (8, 16)}
PARAMETRIC_PIXELS = {Tag.FLOAT_PIXEL_DATA: 32, Tag.DOUBLE_FLOAT_PIXEL_DATA: 64}


def check_pixel_fields(subject: DataSetContext) -> None:
    """Check depth, samples, sizes, and the length and VR of the pixel data."""
    _check_units(subject)
    _check_segmentation(subject)
    pixels = subject.instance.pixels
    if pixels is None:
        if _requires_pixels(subject.sop_class) and Tag.PIXEL_DATA_PROVIDER_URL not in subject.elements:
            subject.error(
                "missing type 1C",
                (Tag.PIXEL_DATA,),
                "It is missing; an image requires pixel data (Type 1C, PS3.3 C.7.6.3).",
                "Get the whole file from its source.",
            )
        return
    _check_depth(subject, pixels)
    _check_samples(subject)
    _check_polarity(subject)
    _check_length(subject, pixels)
    _check_whole(subject, pixels)
    check_encapsulated(subject, pixels)
    _check_vr(subject, pixels)


@lru_cache(maxsize=64)
def _requires_pixels(sop_class: str) -> bool:
    return any(module.usage == "M" and module.name == "image-pixel" for module in iods.modules_of(sop_class))


def _number(subject: DataSetContext, tag: int, default: int = 0) -> int:
    return metadata.integer(subject.elements, tag, default)


def _check_depth(subject: DataSetContext, pixels: PixelElement) -> None:
    allocated = _number(subject, Tag.BITS_ALLOCATED)
    if pixels.tag in PARAMETRIC_PIXELS:
        if allocated != PARAMETRIC_PIXELS[pixels.tag]:
            subject.error(
                "pixel fields",
                (Tag.BITS_ALLOCATED,),
                f"It is {allocated}; {dictionary.describe(pixels.tag)} requires "
                f"{PARAMETRIC_PIXELS[pixels.tag]} (PS3.3 C.7.6.24, C.7.6.25).",
                "Correct it.",
            )
        return
    stored, high = _number(subject, Tag.BITS_STORED), _number(subject, Tag.HIGH_BIT, -1)
    if allocated and allocated != 1 and allocated % 8:
        subject.error(
            "pixel fields",
            (Tag.BITS_ALLOCATED,),
            f"It is {allocated}; it must be 1 or a multiple of 8 (PS3.5 8.1.1).",
            "Write the pixels again.",
        )
    if stored and allocated and stored > allocated:
        subject.error(
            "pixel fields",
            (Tag.BITS_STORED,),
            f"It is {stored}, more than BitsAllocated (0028,0100) {allocated} (PS3.5 8.1.1).",
            "Correct one of them.",
        )
    if stored and high >= 0 and high != stored - 1:
        subject.error(
            "pixel fields",
            (Tag.HIGH_BIT,),
            f"It is {high}; BitsStored (0028,0101) {stored} requires {stored - 1} (PS3.5 8.1.1).",
            "Correct it, or shift the pixels.",
        )


def _check_samples(subject: DataSetContext) -> None:
    model = metadata.text(subject.elements, Tag.PHOTOMETRIC_INTERPRETATION)
    samples, wanted = _number(subject, Tag.SAMPLES_PER_PIXEL), SAMPLES.get(model)
    if samples and wanted and samples != wanted:
        subject.error(
            "pixel fields",
            (Tag.SAMPLES_PER_PIXEL,),
            f"It is {samples}; PhotometricInterpretation (0028,0004) {model} requires {wanted} (PS3.3 C.7.6.3.1.2).",
            "Correct one of them.",
        )
    for tag in (Tag.ROWS, Tag.COLUMNS):
        if tag in subject.elements and _number(subject, tag) == 0:
            subject.error("pixel fields", (tag,), "It is 0; it must be at least 1 (PS3.3 C.7.6.3).", "Correct it.")
    frames = metadata.number(subject.elements, Tag.NUMBER_OF_FRAMES)
    if frames is not None and frames < 1:
        subject.error(
            "pixel fields",
            (Tag.NUMBER_OF_FRAMES,),
            f"It is {frames:g}; it must be at least 1 (PS3.3 C.7.6.6).",
            "Correct it.",
        )


def _check_polarity(subject: DataSetContext) -> None:
    """Report an output that is inverted, or not, against what PhotometricInterpretation requires."""
    model = metadata.text(subject.elements, Tag.PHOTOMETRIC_INTERPRETATION)
    shape = metadata.text(subject.elements, Tag.PRESENTATION_LUT_SHAPE)
    required = "INVERSE" if model == "MONOCHROME1" else "IDENTITY"
    if model and shape in ("IDENTITY", "INVERSE") and shape != required:
        subject.warning(
            "pixel fields",
            (Tag.PRESENTATION_LUT_SHAPE,),
            f"It is {shape}; PhotometricInterpretation (0028,0004) {model} requires {required} (PS3.3 C.7.6.1).",
            "Correct one of them: viewers may show black as white.",
        )


def _check_length(subject: DataSetContext, pixels: PixelElement) -> None:
    rows, columns, samples, allocated = (
        _number(subject, tag) for tag in (Tag.ROWS, Tag.COLUMNS, Tag.SAMPLES_PER_PIXEL, Tag.BITS_ALLOCATED)
    )
    frames = max(_number(subject, Tag.NUMBER_OF_FRAMES, 1), 1)
    if pixels.length < 0 or not (rows and columns and samples and allocated):
        return
    model = metadata.text(subject.elements, Tag.PHOTOMETRIC_INTERPRETATION)
    bits = rows * columns * samples * frames * allocated * SHARED_CHROMINANCE.get(model, 1)
    used = -(-int(bits + 0.5) // 8)
    wanted = used + used % 2
    if pixels.length != wanted:
        padded = f"{used} bytes, padded to {wanted}" if used % 2 else f"{wanted} bytes"
        subject.error(
            "pixel length",
            (pixels.tag,),
            f"It has {pixels.length} bytes; {frames} frame(s) of {rows} × {columns} with "
            f"{samples} sample(s) of {allocated} bits require {padded} (PS3.5 8.1.1).",
            "Correct the attributes, or write the pixel data again.",
        )


def _check_whole(subject: DataSetContext, pixels: PixelElement) -> None:
    """Check that the file holds what the length of its pixel data promises."""
    instance = subject.instance
    if pixels.length < 0 or instance.encoding.deflated or not instance.path:
        return
    there = Path(instance.path).stat().st_size - pixels.offset
    if there < pixels.length:
        subject.error(
            "truncated",
            (pixels.tag,),
            f"Its length is {pixels.length} bytes; the file contains {max(there, 0)} of them (PS3.5 7.1).",
            "Get the whole file from its source.",
        )


def _check_units(subject: DataSetContext) -> None:
    """Original CT images other than localizers are in Hounsfield units (PS3.3 C.8.2.1.1.10)."""
    units = metadata.text(subject.elements, Tag.RESCALE_TYPE)
    kinds = metadata.texts(subject.elements, Tag.IMAGE_TYPE)
    if (
        subject.iod != CT
        or not units
        or units == "HU"
        or metadata.text(subject.elements, Tag.MULTIENERGY_CT_ACQUISITION) == "YES"
    ):
        return
    if kinds[:1] == ["ORIGINAL"] and kinds[2:3] != ["LOCALIZER"]:
        subject.error(
            "value",
            (Tag.RESCALE_TYPE,),
            f"It is {units!r}; original CT images other than localizers must be in HU (PS3.3 C.8.2.1).",
            "Correct it, or set ImageType (0008,0008) to DERIVED.",
        )


def _check_segmentation(subject: DataSetContext) -> None:
    """The bits of a segmentation are those of its kind (PS3.3 C.8.20.2)."""
    kind = metadata.text(subject.elements, Tag.SEGMENTATION_TYPE)
    for tag in (Tag.BITS_ALLOCATED, Tag.BITS_STORED):
        if subject.iod == SEG and kind in SEGMENTATION_BITS and _number(subject, tag) not in SEGMENTATION_BITS[kind]:
            wanted = " or ".join(map(str, SEGMENTATION_BITS[kind]))
            subject.error(
                "value",
                (tag,),
                f"It is {_number(subject, tag)}; a {kind} segmentation requires {wanted} (PS3.3 C.8.20.2).",
                "Write the pixels again, or correct SegmentationType (0062,0001).",
            )


def _check_vr(subject: DataSetContext, pixels: PixelElement) -> None:
    if not subject.instance.encoding.explicit or pixels.tag != Tag.PIXEL_DATA:
        return
    allocated = _number(subject, Tag.BITS_ALLOCATED)
    if pixels.length < 0 and pixels.vr != "OB":
        subject.error("VR", (pixels.tag,), f"Its VR is {pixels.vr}; compressed pixel data must be OB (PS3.5 A.4).", "Write OB.")
    elif pixels.vr not in ("OB", "OW") or (pixels.length >= 0 and allocated > 8 and pixels.vr == "OB"):
        subject.error(
            "VR",
            (pixels.tag,),
            f"Its VR is {pixels.vr}; pixels of {allocated} bits must be {'OW' if allocated > 8 else 'OB or OW'} (PS3.5 8.1.2).",
            "Write OW.",
        )
