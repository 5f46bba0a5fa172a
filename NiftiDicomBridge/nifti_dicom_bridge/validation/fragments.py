"""Encapsulated pixel data: are all fragments there, and do the offsets name them (PS3.5 A.4)?"""

from __future__ import annotations

from ..errors import DicomReadError
from ..formats.dicom.reading.attributes.functional_groups import frame_count
from ..formats.dicom.reading.pixel_data.encapsulated import Fragments, check_fragments, extended_offsets, read_fragments
from ..model.metadata import PixelElement
from ..standard.tags import Tag
from ..standard.transfer_syntaxes import RLE, VIDEO
from .subject import DataSetContext


def check_encapsulated(subject: DataSetContext, pixels: PixelElement) -> None:
    """Report fragments that are cut off, too few, of odd length or without delimiter, and offsets that name none."""
    instance = subject.instance
    if pixels.length >= 0 or not instance.path or instance.encoding.deflated:
        return
    try:
        fragments = read_fragments(instance)
        if not instance.transfer_syntax.startswith(VIDEO):
            check_fragments(instance)
    except DicomReadError as error:
        text = str(error).removeprefix(f"{instance.path}: ").removeprefix("truncated: ")
        subject.error("truncated", (pixels.tag,), f"{text[:1].upper()}{text[1:]}", "")
        return
    if not fragments.is_closed:
        subject.error(
            "truncated",
            (pixels.tag,),
            "No SequenceDelimitationItem (FFFE,E0DD) follows its last fragment (PS3.5 A.4).",
            "Copy the file again from its source.",
        )
    if any(length % 2 for _, length in fragments.places):
        subject.error(
            "odd length", (pixels.tag,), "A fragment has an odd number of bytes (PS3.5 A.4).", "Pad it with a zero byte."
        )
    if not instance.transfer_syntax.startswith(VIDEO):
        _check_frames(subject, fragments)


def _check_frames(subject: DataSetContext, fragments: Fragments) -> None:
    """Report fragments and tables of offsets that do not fit the number of frames."""
    frames = frame_count(subject.elements)
    if subject.instance.transfer_syntax == RLE and len(fragments.places) != frames:
        subject.error(
            "fragments",
            (Tag.PIXEL_DATA,),
            f"It has {len(fragments.places)} fragments; in RLE each of its {frames} frame(s) is one fragment (PS3.5 A.4.2).",
            "Write the pixel data again.",
        )
    starts = {offset - fragments.places[0][0] for offset, _ in fragments.places}
    tables = (("Basic Offset Table", Tag.PIXEL_DATA, fragments.offsets),
              ("table", Tag.EXTENDED_OFFSET_TABLE, extended_offsets(subject.instance)))  # fmt: skip
    for name, tag, offsets in tables:
        if not offsets:
            continue
        if len(offsets) != frames:
            problem = f"has {len(offsets)} entries, and NumberOfFrames (0028,0008) is {frames}"
        elif not starts.issuperset(offsets):
            problem = "contains an offset at which no fragment begins"
        else:
            continue
        subject.error("offset table", (tag,), f"Its {name} {problem} (PS3.5 A.4).", "Write it again, or leave it out.")
