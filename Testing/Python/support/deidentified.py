"""Series with names in every place, conversions with deidentification, and a search for what is left."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import (
    ConversionOptions,
    ConversionReport,
    Job,
    Target,
    convert,
)
from nifti_dicom_bridge.conversion.inputs.image_with_record import open_nifti
from phantoms import slices
from phantoms import write as write_file
from phantoms.base import CT, MR, PET
from support.round_trip import KEY

SHAPE = (3, 8, 8)

TIME = "111213.141516"
"""So long that no random UID contains it."""

WORDS = [
    "SECRETNAME", "SECRETID", "SECRETSERIES", "SECRETSTUDY", "SECRETPLACE", "19990909", TIME, "11:12:13", "SECRETNESTED",
    "SECRETPRIV", "SECRETAE", "SECRETFILE", "SECRETPREAMBLE", "SECRETTAIL", "Müller", "SECRETSERIAL", "SECRETSTATION",
    "SECRETOP", "087Y", "SECRETACC", "SECRETMETA", "SECRETPLANE", "SECRETGROUP",
]  # fmt: skip


def named(data_sets: list[Dataset]) -> list[Dataset]:
    """Return data sets that identify the patient in every attribute that can."""
    for ds in data_sets:
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.PatientName, ds.PatientID, ds.PatientAge = "SECRETNAME^Müller", "SECRETID", "087Y"
        ds.PatientBirthDate = ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "19990909"
        ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = TIME
        ds.SeriesDescription, ds.StudyDescription, ds.ProtocolName = "SECRETSERIES", "SECRETSTUDY", "SECRETSERIES"
        ds.InstitutionName, ds.StationName, ds.DeviceSerialNumber = "SECRETPLACE", "SECRETSTATION", "SECRETSERIAL"
        ds.OperatorsName, ds.AccessionNumber, ds.StudyID = "SECRETOP^Müller", "SECRETACC", "SECRETSTUDY"
        inner = Dataset()
        inner.PersonName, inner.InstitutionName, inner.ReferencedSOPInstanceUID = "SECRETNESTED", "SECRETNESTED", "1.2.3.4.5"
        inner.private_block(0x0011, "SECRETPRIV", create=True).add_new(1, "LO", "SECRETPRIV")
        outer = Dataset()
        outer.PersonIdentificationCodeSequence = Sequence([inner])
        outer.ReferencedSOPClassUID, outer.ReferencedSOPInstanceUID = CT, ds.SOPInstanceUID
        ds.DerivationCodeSequence = Sequence([inner])
        ds.ReferencedImageSequence = Sequence([outer])
        ds.private_block(0x0019, "SECRETPRIV", create=True).add_new(1, "LO", "SECRETPRIV")
        ds.private_block(0x4E49, "NIFTI DICOM BRIDGE", create=True).add_new(0, "UT", '{"keys": {"A": "SECRETPRIV"}}')
        ds.add_new(0x60000010, "US", 8)
        ds.add_new(0x60003000, "OW", b"SECRETPLANE ")
        ds.add_new(0x50000022, "LO", "SECRETGROUP")
        ds.file_meta.SourceApplicationEntityTitle = "SECRETAE"
        ds.file_meta.PrivateInformationCreatorUID = "1.2.3.4.6"
        ds.file_meta.PrivateInformation = b"SECRETMETA"
        ds.preamble = b"SECRETPREAMBLE".ljust(128, b"\0")
    return data_sets


def uids_of(data_sets: list[Dataset]) -> set[str]:
    """Return all UIDs except those of the standard."""
    found = {str(e.value) for ds in data_sets for e in ds.iterall() if e.VR == "UI"}
    return {uid for uid in found if not uid.startswith("1.2.840.10008")}


def put(data_sets: list[Dataset], folder: Path) -> list[str]:
    """Write files that identify the patient, and return the values that no output may contain."""
    for n, ds in enumerate(named(data_sets)):
        write_file(folder / "SECRETFILE" / f"SECRETFILE{n}.dcm", ds)
        with (folder / "SECRETFILE" / f"SECRETFILE{n}.dcm").open("ab") as file:
            file.write(b"\xfc\xff\xfc\xff" + b"OB\0\0" + (10).to_bytes(4, "little") + b"SECRETTAIL")
    return [*WORDS, *uids_of(data_sets)]


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of all that was written: also of what is packed, and decoded of the records."""
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder)), str(path.relative_to(folder)).encode()
        if path.is_dir():
            continue
        raw = path.read_bytes()
        yield path.name, gzip.decompress(raw) if path.suffix == ".gz" else raw
        if path.suffix == ".json" and KEY in json.loads(raw):
            record = open_nifti(path.with_suffix(".nii.gz")).record
            yield (
                path.name + " record",
                "".join(
                    f"{one.elements}{one.file_meta}{one.preamble}{one.name}{one.trailer}"
                    for one in record.source.metadata.instances
                ).encode(),
            )


def leaks(folder: Path, secrets: list[str]) -> list[tuple[str, str]]:
    found = []
    for name, raw in written(folder):
        for secret in secrets:
            forms = {secret.encode("utf-8"), repr(secret.encode("utf-8"))[2:-1].encode(), json.dumps(secret)[1:-1].encode()}
            found += [(name, secret) for form in forms if form in raw]
    return found


def run(source: Path, output: Path, target: Target, **choices: Any) -> ConversionReport:
    report = convert(Job([source], output, ConversionOptions(target, deidentify=True, **choices)))
    assert report.ok, [entry.error for entry in report.entries]
    return report


def returned(folder: Path) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


KINDS = {
    "CT": lambda: slices(np.arange(192, dtype="<i2").reshape(SHAPE), CT),
    "MR": lambda: slices(np.arange(192, dtype="<i2").reshape(SHAPE), MR),
    "PET": lambda: slices(np.arange(192, dtype="<i2").reshape(SHAPE), PET),
}
