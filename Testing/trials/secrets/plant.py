"""Series in which every place of a DICOM file contains a secret of its own, with what is allowed to remain of it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge.deidentification import kept_attributes
from nifti_dicom_bridge.standard.confidentiality_profile import row_of
from phantoms.base import CT, MR, PET, SECONDARY_CAPTURE, ULTRASOUND_MULTI_FRAME, put_raw, slices
from phantoms.base import write as write_file

SOP_CLASSES = {"ct": CT, "mr": MR, "pet": PET, "sc": SECONDARY_CAPTURE, "us": ULTRASOUND_MULTI_FRAME}
TEXTS = {"LO", "SH", "ST", "LT", "UT", "UC", "PN", "UR"}
BYTES = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}
NUMBERS = {"DS", "IS"}
# pixels, geometry and identity of the object: without them it is not read at all
NEVER = {0x00080005, 0x00080016, 0x00080018, 0x00200013, 0x00280008, 0x00280009, 0x00280100, 0x00280101, 0x00280102,
         0x00280103, 0x00280002, 0x00280004, 0x00280006, 0x00280010, 0x00280011}  # fmt: skip
HOLES = (0x0028, 0x7FE0, 0x0018, 0x0020, 0x0004, 0x0002, 0x0000, 0xFFFE)
"""Groups of which only texts are planted: their numbers describe pixels, places and files."""
HIGH_BITS = "".join(f"{chr(value)}{letter}" for value, letter in enumerate("SECRETBITS"))
"""Voxels 0, 1, 2… with a letter in the bits that are not stored values."""
NAME = "SECRETNÄME^Jörg"
CHARSETS = {"ct": "ISO_IR 100", "mr": "ISO_IR 192", "pet": "ISO_IR 192", "sc": "ISO_IR 100", "us": "ISO_IR 192"}


@dataclass(frozen=True)
class Secret:
    """A value that was planted.

    Attributes
    ----------
    text : str
        What to search for.
    place : str
        Where it was planted.
    kept : bool
        Whether, by the documentation, the attribute is kept.
    kept_by : str
        Option that keeps it, too.
    """

    text: str
    place: str
    kept: bool = False
    kept_by: str = ""


def plant(folder: Path, kind: str, start: int) -> list[Secret]:
    """Write a series of some kind below a folder; secrets are numbered from `start`."""
    data_sets = slices(np.arange(192, dtype="<u2").reshape(3, 8, 8), SOP_CLASSES[kind])
    secrets = [Secret(f"SECRETFILE{start}", "file name"), Secret(f"SECRETFOLDER{start}", "folder name")]
    numbers = iter(range(start + 1, start + 100_000))
    planted = list(_attributes(numbers))
    for ds in data_sets:
        ds.SpecificCharacterSet = CHARSETS[kind]
        for tag, vr, raw, _ in planted:
            if tag not in NEVER:
                put_raw(ds, tag, vr, raw)
        ds.PatientName, ds.PatientID = NAME, f"SECRETID{start}"
        secrets += _elsewhere(ds, start)
        secrets += [secret for *_, secret in planted]
    secrets += [Secret("SECRETNÄME", "PatientName"), Secret("Jörg", "PatientName"), Secret(f"SECRETID{start}", "PatientID")]
    secrets += [Secret(str(uid), "UID") for ds in data_sets for uid in (ds.SOPInstanceUID, ds.SeriesInstanceUID)]
    where = folder / f"SECRETFOLDER{start}"
    for number, ds in enumerate(data_sets):
        path = where / f"SECRETFILE{start}_{number}.dcm"
        write_file(path, ds)
        with path.open("ab") as file:
            file.write(b"\xfc\xff\xfc\xff" + b"OB\0\0" + (14).to_bytes(4, "little") + f"SECRETTAIL{start:04d}".encode()[:14])
    secrets.append(Secret(f"SECRETTAIL{start:04d}"[:14], "trailing padding"))
    return list(dict.fromkeys(secrets))


def _attributes(numbers: Iterator[int]) -> Iterator[tuple[int, str, bytes, Secret]]:
    """Yield every attribute of the standard that can contain a text, a date or a UID, with a secret in it."""
    for tag, (vrs, _, name, _, keyword) in sorted(DicomDictionary.items()):
        vr, group = vrs.split(" or ")[0], tag >> 16
        if group & 1 or tag in NEVER or group in (0x0000, 0x0002, 0x0004, 0xFFFE, 0x7FE0) or not keyword:
            continue
        number = next(numbers)
        text = _text(vr, number)
        if text is None or (group in HOLES and vr not in TEXTS | {"UI", "DA", "TM", "DT"} and row_of(tag) is None):
            continue
        raw = text.encode("ascii")
        yield (
            tag,
            vr,
            raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2),
            Secret(text, name, _is_kept(tag, vr), "modified-dates" if vr == "TM" else ""),
        )


def _text(vr: str, number: int) -> str | None:
    if vr in TEXTS or vr in BYTES:
        return f"SECRET{number:05d}X"
    return {
        "DA": f"{1801 + number % 90}{1 + number % 12:02d}{1 + number % 28:02d}",
        "DT": f"{1801 + number % 90}{1 + number % 12:02d}{1 + number % 28:02d}{number % 24:02d}5959.{number:06d}",
        "TM": f"{number % 24:02d}5958.{number:06d}",
        "UI": f"1.2.826.0.1.999.{number}.77",
        "AE": f"SECRETAE{number:05d}",
        "AS": None,
        "CS": f"SECRETCS{number:05d}"[:16],
    }.get(vr)


def _is_kept(tag: int, vr: str) -> bool:
    """Whether docs/deidentification.md lists the attribute among those that are kept."""
    return row_of(tag) is None and (tag in kept_attributes.TEXTS or vr == "CS" or tag in kept_attributes.BYTES)


def _elsewhere(ds: Dataset, start: int) -> list[Secret]:
    """Plant secrets where no attribute of the standard is: nested, private, behind null characters, in file meta…"""
    inner = Dataset()
    inner.PersonName, inner.TextValue, inner.ReferencedSOPInstanceUID = "SECRETNESTED", "SECRETNESTEDTEXT", "1.2.826.0.1.999.1"
    inner.private_block(0x0011, "SECRETCREATOR", create=True).add_new(1, "LO", "SECRETNESTEDPRIVATE")
    outer = Dataset()
    outer.PersonIdentificationCodeSequence, outer.ReferencedSOPClassUID = Sequence([inner]), CT
    outer.ReferencedSOPInstanceUID = "1.2.826.0.1.999.2"
    ds.ReferencedImageSequence, ds.DerivationCodeSequence = Sequence([outer]), Sequence([inner])
    for number, vr in enumerate(("LO", "SH", "UT", "OB", "UN", "PN", "ST")):
        value = b"SECRETPRIVATE%d" % number if vr in BYTES else f"SECRETPRIVATE{number}"
        ds.private_block(0x0019, "SECRETCREATOR", create=True).add_new(number, vr, value)
    ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", b"SV10\4\3\2\1" + b"SECRETCSA" * 3 + b"\0")
    put_raw(ds, 0x00180081, "DS", b"12.5\0SECRETNUL ")
    put_raw(ds, 0x00180015, "CS", b"HEAD\0SECRETNULL ")
    put_raw(ds, 0x00280106, "US", struct.pack("<H", 3) + b"SECRETUS")
    put_raw(ds, 0x00080008, "CS", b"ORIGINAL\\PRIMARY\\SECRETTYPE ")
    put_raw(ds, 0x00400BFF, "LO", b"SECRETUNKNOWN ")
    put_raw(ds, 0x50000022, "LO", b"SECRETCURVE ")
    ds.add_new(0x60000010, "US", 8), ds.add_new(0x60000011, "US", 8), ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000100, "US", 1), ds.add_new(0x60000102, "US", 0), ds.add_new(0x60000050, "SS", [1, 1])
    ds.add_new(0x60003000, "OW", b"SECRETOV"), ds.add_new(0x60004000, "LT", "SECRETOVERLAYTEXT")
    icon = Dataset()
    icon.Rows, icon.Columns = 2, 4
    icon.add_new(0x7FE00010, "OB", b"SECRETIC")
    ds.IconImageSequence = Sequence([icon])
    ds.file_meta.SourceApplicationEntityTitle, ds.file_meta.PrivateInformation = "SECRETMETAAE", b"SECRETMETA"
    ds.file_meta.PrivateInformationCreatorUID = "1.2.826.0.1.999.3"
    ds.preamble = b"SECRETPREAMBLE".ljust(128, b"\0")
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 8, 7
    ds[0x7FE00010].value = HIGH_BITS.encode("ascii") + bytes(128 - len(HIGH_BITS))
    words = ("SECRETNESTED", "SECRETNESTEDTEXT", "SECRETNESTEDPRIVATE", "SECRETCREATOR", "SECRETCSA", "SECRETNUL", "SECRETNULL",
             "SECRETUS", "SECRETTYPE", "SECRETUNKNOWN", "SECRETCURVE", "SECRETOV", "SECRETOVERLAYTEXT", "SECRETIC",
             "SECRETMETAAE", "SECRETMETA", "SECRETPREAMBLE", HIGH_BITS)  # fmt: skip
    uids = [f"1.2.826.0.1.999.{number}" for number in (1, 2, 3)]
    return [
        Secret(word, word.removeprefix("SECRET").lower() or word)
        for word in (*words, *(f"SECRETPRIVATE{n}" for n in range(7)), *uids)
    ]
