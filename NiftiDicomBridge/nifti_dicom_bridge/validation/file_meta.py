"""File meta information (PS3.10 7.1): is it complete, and does it specify the same as the data set?"""

from __future__ import annotations

from ..formats.dicom.reading.data_sets.vr_encoding import LONG_VRS
from ..model import metadata
from ..model.charset import CharacterSet
from ..model.metadata import Elements, Encoding
from ..standard import dictionary
from ..standard.sop_classes import MEDIA_STORAGE_DIRECTORY as DICOMDIR
from ..standard.tags import Tag
from ..standard.transfer_syntaxes import DEFLATED, EXPLICIT_BIG_ENDIAN, IMPLICIT_LITTLE_ENDIAN, LATER
from .representation import check_element
from .subject import DataSetContext

REQUIRED = (
    Tag.FILE_META_INFORMATION_GROUP_LENGTH, Tag.FILE_META_INFORMATION_VERSION, Tag.MEDIA_STORAGE_SOP_CLASS_UID,
    Tag.MEDIA_STORAGE_SOP_INSTANCE_UID, Tag.TRANSFER_SYNTAX_UID, Tag.IMPLEMENTATION_CLASS_UID,
)  # fmt: skip
TWINS = (
    (Tag.MEDIA_STORAGE_SOP_CLASS_UID, Tag.SOP_CLASS_UID),
    (Tag.MEDIA_STORAGE_SOP_INSTANCE_UID, Tag.SOP_INSTANCE_UID),
)


def check_file_meta(subject: DataSetContext) -> None:
    """Check preamble, presence, group length, UIDs and transfer syntax."""
    instance, meta = subject.instance, subject.instance.file_meta
    if instance.preamble is None:
        subject.error(
            "file meta",
            (),
            "The preamble with DICM is missing: it is a data set without file meta information (PS3.10 7.1).",
            "Write it as a DICOM file.",
        )
        return
    for tag in REQUIRED:
        if not (tag in meta and meta[tag].value):
            subject.error(
                "missing type 1", (tag,), "It is missing; it is required, with a value (Type 1, PS3.10 7.1).", "Add it."
            )
    for tag, element in meta.items():
        check_element(subject, tag, element, (tag,), CharacterSet())
    _check_length(subject, meta)
    _check_twins(subject, meta)
    _check_syntax(subject)


def _check_length(subject: DataSetContext, meta: Elements) -> None:
    stated = metadata.number(meta, Tag.FILE_META_INFORMATION_GROUP_LENGTH)
    length = sum((12 if vr in LONG_VRS else 8) + len(value)
                for tag, (vr, value, _) in meta.items() if tag != Tag.FILE_META_INFORMATION_GROUP_LENGTH)  # fmt: skip
    if stated is not None and stated != length:
        subject.error(
            "group length",
            (Tag.FILE_META_INFORMATION_GROUP_LENGTH,),
            f"It is {stated:.0f}, the elements after it have {length} bytes (PS3.10 7.1).",
            "Write the length that is true.",
        )


def _check_twins(subject: DataSetContext, meta: Elements) -> None:
    for media, own in TWINS:
        outer, inner = metadata.text(meta, media), metadata.text(subject.elements, own)
        if outer and inner and outer != inner:
            subject.error(
                "file meta",
                (media,),
                f"It is {outer}, {dictionary.describe(own)} is {inner}; both name this instance (PS3.10 7.1).",
                "Make them equal.",
            )
        elif outer and not inner and outer != DICOMDIR and metadata.text(meta, Tag.MEDIA_STORAGE_SOP_CLASS_UID) != DICOMDIR:
            subject.error(
                "missing type 1",
                (own,),
                "It is missing; it is required, with a value (Type 1, sop-common module, PS3.3 C.12.1).",
                "Add it with its value.",
            )


def _check_syntax(subject: DataSetContext) -> None:
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    stated = subject.instance.transfer_syntax
    if not stated:
        return
    uid, path = UID(stated, validation_mode=IGNORE), (Tag.TRANSFER_SYNTAX_UID,)
    newer = LATER.get(stated, "")
    if not uid.is_private and not uid.is_transfer_syntax and not newer:
        subject.error("transfer syntax", path, f"{stated} is not a transfer syntax of the standard (PS3.6 A).", "Correct it.")
        return
    wanted = Encoding(stated != IMPLICIT_LITTLE_ENDIAN, stated != EXPLICIT_BIG_ENDIAN, stated == DEFLATED)
    encoding = subject.instance.encoding
    if not uid.is_private and encoding != wanted:
        subject.error(
            "transfer syntax",
            path,
            f"It is {newer or uid.name}; the data set is encoded in {_words(encoding)} (PS3.5 10).",
            "Correct it, or write the data set again.",
        )
    pixels = subject.instance.pixels
    if pixels is not None and not uid.is_private and (pixels.length < 0) != (bool(newer) or uid.is_encapsulated):
        kind = "compressed fragments" if pixels.length < 0 else "not compressed"
        subject.error(
            "transfer syntax",
            path,
            f"It is {newer or uid.name}; the pixel data are {kind} (PS3.5 A.4).",
            "Correct it, or write the pixel data again.",
        )


def _words(encoding: Encoding) -> str:
    return f"{'explicit' if encoding.explicit else 'implicit'} VR, {'little' if encoding.little else 'big'} endian"
