"""Elements that are easily lost: private, nested, oddly padded, in other letters, too large."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from .base import COLUMNS, CT, MR, ROWS, SLICES, element, phantom, put_raw, ramp, save, slices, write
from .multiframe import group


def _series(sop_class: str = CT) -> list[Dataset]:
    return slices(ramp(SLICES, ROWS, COLUMNS), sop_class)


@phantom
def odd_padding(folder: Path) -> None:
    """Texts with blanks and nulls where none should be, and of odd length."""
    found = _series()
    for n, ds in enumerate(found):
        put_raw(ds, 0x00081030, "LO", b"  leading, trailing   ")
        put_raw(ds, 0x0008103E, "LO", b"null padded\0")
        put_raw(ds, 0x00080050, "SH", b"odd")
        put_raw(ds, 0x00200010, "SH", b"\\\\two empty\\")
        put_raw(ds, 0x00080090, "PN", b"A^B^^  ")
        put_raw(ds, 0x00180050, "DS", b" 2.50000 ")
        put_raw(ds, 0x00200012, "IS", b"0007")
        put_raw(ds, 0x00280106, "US", b"\1\0\2")
        put_raw(ds, 0x00080012, "DA", b"2026.01.02" if n else b"2026-13-99")
        put_raw(ds, 0x00104000, "LT", b"tab\there\r\nesc \x1b[1m\0\0")
        put_raw(ds, 0x00080021, "DA", b"")
        put_raw(ds, 0x00181030, "LO", b"   ")
        put_raw(ds, 0x00081010, "SH", b"\0\0")
    save(folder, found)


@phantom
def trailing_zeros(folder: Path) -> None:
    """Decimal strings of which a number would lose the zeros."""
    found = _series()
    for ds in found:
        put_raw(ds, 0x00280030, "DS", b"0.50000\\0.50000 ")
        put_raw(ds, 0x00281053, "DS", b"1.00e+00")
        put_raw(ds, 0x00281052, "DS", b"-1024.000 ")
        put_raw(ds, 0x00180060, "DS", b"not a number")
        put_raw(ds, 0x00200037, "DS", b"1.000000\\0.000000\\-0.000000\\0.000000\\+1.00000\\0.000000 ")
    save(folder, found)


@phantom
def private_nested(folder: Path) -> None:
    """Private blocks of two manufacturers, sequences in sequences in them, another block number per file."""
    found = _series(MR)
    for n, ds in enumerate(found):
        if n:
            ds.private_block(0x0051, f"FILLER {n}", create=True).add_new(0x01, "LO", "moves the block")
        block = ds.private_block(0x0051, "PHANTOM WORKS", create=True)
        inner = group(EchoTime="2.5")
        inner.private_block(0x0099, "INNER", create=True).add_new(0x05, "FL", [1.5, float("nan"), float("-inf")])
        block.add_new(0x01, "SQ", [inner, group(PatientName="deep^er"), Dataset()])
        block.add_new(0x02, "OB", bytes(range(256)))
        block.add_new(0x03, "FD", 1 / 3 + n)
        block.add_new(0x04, "AT", [0x00100010, 0x7FE00010])
        ds.add_new(0x00530001, "LO", "no creator")
    save(folder, found)


@phantom
def undefined_lengths(folder: Path) -> None:
    """Sequences and items that end at a delimiter, those that do not, and mixtures."""
    found = _series()
    for ds in found:
        ds.ReferencedImageSequence = [group(ReferencedSOPInstanceUID="1.2.3"), group(ReferencedSOPInstanceUID="1.2.4")]
        ds["ReferencedImageSequence"].is_undefined_length = True
        for item, undefined in zip(ds.ReferencedImageSequence, (True, False), strict=True):
            item.is_undefined_length_sequence_item = undefined
        ds.ReferencedStudySequence = [group(ReferencedSOPInstanceUID="1.2.5")]
        ds.ReferencedStudySequence[0].is_undefined_length_sequence_item = True
        ds.ProcedureCodeSequence = []
        ds["ProcedureCodeSequence"].is_undefined_length = True
        ds.AnatomicRegionSequence = [Dataset()]
    save(folder, found)


@phantom
def unknown_vr(folder: Path) -> None:
    """UN: private, public, of undefined length with items in implicit VR, and a VR that does not exist."""
    items = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + struct.pack("<HHI", 8, 0x1155, 4) + b"1.2\0"
    items += struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    block = struct.pack("<HH2sHI", 0x0051, 0x1001, b"UN", 0, 0xFFFFFFFF) + items
    unknown = element(0x00510010, "LO", b"PHANTOM WORKS ") + block + element(0x00511002, "ZZ", b"odd one!")
    for n, ds in enumerate(_series()):
        put_raw(ds, 0x00080070, "UN", b"Phantoms")
        path = folder / f"{n}.dcm"
        write(path, ds)
        raw = path.read_bytes()
        at = raw.index(struct.pack("<HH2sH", 0x7FE0, 0x0010, b"OW", 0))
        path.write_bytes(raw[:at] + unknown + raw[at:])


@phantom
def group_lengths(folder: Path) -> None:
    """Retired group lengths, right and wrong ones."""
    save(folder, _series())
    for path in folder.iterdir():
        raw = path.read_bytes()
        for first, vr, value in (
            (0x00080008, b"CS", 370),
            (0x00100010, b"PN", 0),
            (0x00280002, b"US", 9),
            (0x7FE00010, b"OW", 52),
        ):
            at = raw.index(struct.pack("<HH2s", first >> 16, first & 0xFFFF, vr))
            raw = raw[:at] + element(first & 0xFFFF0000, "UL", struct.pack("<I", value)) + raw[at:]
        path.write_bytes(raw)


@phantom
def large_values(folder: Path) -> None:
    """Binary values of 70 000 bytes, one the same everywhere, one another in each file, one only in some."""
    rng = np.random.default_rng(4)
    same = rng.bytes(70000)
    found = _series()
    for n, ds in enumerate(found):
        block = ds.private_block(0x0051, "PHANTOM WORKS", create=True)
        block.add_new(0x01, "OB", same)
        block.add_new(0x02, "OB", rng.bytes(70000 + 2 * (n == 2)))
        if n != 1:
            block.add_new(0x03, "UN", rng.bytes(3000))
        block.add_new(0x04, "UT", "long text " * 500 + str(n))
        ds.EncapsulatedDocument = b"" if n == 1 else b"%PDF"
    save(folder, found)


@phantom
def empty_binary_values(folder: Path) -> None:
    """Binary elements that are empty in one file and filled in the next, of every VR."""
    found = _series()
    for n, ds in enumerate(found):
        for offset, vr in enumerate(("OB", "OD", "OF", "OL", "OV", "OW", "UN", "US", "FD", "AT", "LO", "PN", "UI", "UT", "SQ")):
            put_raw(ds, 0x00511001 + offset, vr, bytes(8 * n) if vr != "SQ" else b"")
        put_raw(ds, 0x00510010, "LO", b"PHANTOM WORKS ")
    save(folder, found)


@phantom
def many_items(folder: Path) -> None:
    """Sequences of more items than are written one by one, alike and not alike, empty ones between."""
    found = _series()
    for ds in found:
        items = [group(ReferencedSOPInstanceUID=f"1.2.{n}", ReferencedFrameNumber=n) for n in range(9)]
        items[4] = Dataset()
        items[6].PatientName = "other^keys"
        ds.SourceImageSequence = items
        ds.OtherPatientIDsSequence = [
            group(PatientID=str(ds.InstanceNumber), OtherPatientIDsSequence=[group(PatientID="in")] * 6)
        ]
    save(folder, found)


def _charset(term: object, codec: str, name: str, comment: str) -> list[Dataset]:
    found = _series()
    for ds in found:
        ds.SpecificCharacterSet = term
        put_raw(ds, 0x00100010, "PN", _even(name.encode(codec)))
        put_raw(ds, 0x00204000, "LT", _even(comment.encode(codec)))
        ds.OtherPatientIDsSequence = [Dataset()]
        put_raw(ds.OtherPatientIDsSequence[0], 0x00100020, "LO", _even(comment.encode(codec)))
    return found


def _even(raw: bytes) -> bytes:
    return raw + b" " * (len(raw) % 2)


@phantom
def latin_1(folder: Path) -> None:
    """ISO_IR 100."""
    save(folder, _charset("ISO_IR 100", "latin-1", "Äneas^Rüdiger", "größer als üblich"))


@phantom
def utf_8(folder: Path) -> None:
    """ISO_IR 192, with letters beyond the basic plane."""
    save(folder, _charset("ISO_IR 192", "utf-8", "Wang^XiaoDong=王^小東=", "µ – 🧠"))


@phantom
def cyrillic(folder: Path) -> None:
    """ISO_IR 144."""
    save(folder, _charset("ISO_IR 144", "iso8859_5", "Люкceмбypг", "русский"))


@phantom
def japanese(folder: Path) -> None:
    r"""ISO 2022 IR 87 with escape sequences, as in PS3.5 annex H."""
    found = _series()
    for ds in found:
        ds.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
        put_raw(ds, 0x00100010, "PN", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B ")
    save(folder, found)


@phantom
def korean(folder: Path) -> None:
    """ISO 2022 IR 149."""
    found = _series()
    for ds in found:
        ds.SpecificCharacterSet = ["", "ISO 2022 IR 149"]
        put_raw(
            ds,
            0x00100010,
            "PN",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf ",
        )
    save(folder, found)


@phantom
def chinese(folder: Path) -> None:
    """GB18030, in which the second byte of a letter can be a backslash."""
    save(folder, _charset("GB18030", "gb18030", "Wang^XiaoDong=王^小東", "中文乗乘"))


@phantom
def wrong_charset(folder: Path) -> None:
    """Bytes that the declared character set does not have, a character set that does not exist, none declared at all."""
    found = _series()
    for ds, term in zip(found, ("ISO_IR 192", "ISO_IR 999", None), strict=True):
        if term:
            ds.SpecificCharacterSet = term
        put_raw(ds, 0x00100010, "PN", b"M\xfcller^\xff\xfe")
        put_raw(ds, 0x00080080, "LO", b"caf\xe9 ")
    save(folder, found)


@phantom
def charset_in_items(folder: Path) -> None:
    """Items with a character set of their own, another per file."""
    found = _series()
    for ds, (term, codec) in zip(
        found, (("ISO_IR 100", "latin-1"), ("ISO_IR 192", "utf-8"), ("ISO_IR 101", "iso8859_2")), strict=True
    ):
        ds.SpecificCharacterSet = term
        put_raw(ds, 0x00100010, "PN", _even("Rüdi^Ö".encode(codec)))
        ds.OtherPatientIDsSequence = [group(SpecificCharacterSet="ISO_IR 192"), Dataset()]
        put_raw(ds.OtherPatientIDsSequence[0], 0x00100020, "LO", _even("µ中".encode()))
        put_raw(ds.OtherPatientIDsSequence[1], 0x00100020, "LO", _even("äö".encode(codec)))
    save(folder, found)


@phantom
def numbers_of_all_kinds(folder: Path) -> None:
    """Extremes of every numeric VR, NaN with a payload among them."""
    found = _series()
    values = {
        "US": struct.pack("<2H", 0, 65535),
        "SS": struct.pack("<2h", -32768, 32767),
        "UL": struct.pack("<I", 2**32 - 1),
        "SL": struct.pack("<i", -(2**31)),
        "UV": struct.pack("<Q", 2**64 - 1),
        "SV": struct.pack("<q", -(2**63)),
        "FL": struct.pack("<4fI", 0.1, -0.0, float("inf"), 1e-45, 0x7FC00001),
        "FD": struct.pack("<3dQ", 0.1, -0.0, 5e-324, 0x7FF8DEADBEEF0001),
        "AT": struct.pack("<4H", 0x7FE0, 0x0010, 0xFFFF, 0xFFFF),
        "OD": struct.pack("<d", 1.5),
        "OL": b"\1\2\3\4",
        "OV": bytes(8),
        "UC": b"unlimited\\characters",
        "UR": b"http://example.org/a?b=c  ",
        "DT": b"20260102030405.123456+0100",
        "AS": b"042Y",
        "AE": b"  AE  ",
        "TM": b"0304 ",
    }
    for ds in found:
        put_raw(ds, 0x00510010, "LO", b"PHANTOM WORKS ")
        for n, (vr, raw) in enumerate(values.items()):
            put_raw(ds, 0x00511000 + n, vr, raw)
    save(folder, found)


@phantom
def odd_sop_class(folder: Path) -> None:
    """A private SOP class, and no patient at all."""
    found = _series()
    for ds in found:
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.3.12.2.1107.5.9.1"
        del ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex, ds.SeriesDescription
    save(folder, found)


@phantom
def overlays_and_icons(folder: Path) -> None:
    """What derived images must drop: overlay planes, icon, lookup tables, signatures."""
    found = _series()
    for ds in found:
        ds.add_new(0x60000010, "US", ROWS)
        ds.add_new(0x60003000, "OW", b"\x0f\0\0\1")
        ds.IconImageSequence = [group(Rows=2, Columns=2, BitsAllocated=8, PixelData=b"\0\1\2\3")]
        ds.IconImageSequence[0]["PixelData"].VR = "OB"
        ds.VOILUTSequence = [group(LUTDescriptor=[2, 0, 8], LUTData=b"\0\1")]
        ds.VOILUTSequence[0]["LUTDescriptor"].VR, ds.VOILUTSequence[0]["LUTData"].VR = "SS", "OW"
        ds.SmallestImagePixelValue, ds.LargestImagePixelValue, ds.PixelPaddingValue = 0, 59, -2000
        ds.WindowCenter, ds.WindowWidth, ds.ContentQualification = "40", "400", "PRODUCT"
        ds.private_block(0x0051, "PHANTOM WORKS", create=True).add_new(0x01, "LO", "gone")
    save(folder, found)
