"""What each image would become as DICOM, before anything is written: kind, sources of values, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ..creation.attribute_sources import Shared
from ..creation.build_request import request_of
from ..creation.image_with_sidecar import described
from ..errors import BridgeError
from ..model.identity import texts_of
from ..model.metadata import Change, Instance, Log, text
from ..options import ConversionOptions, Kind, Progress
from ..standard.tags import Tag
from .image_files import nifti_files
from .image_with_record import open_nifti

NAMES_OF_PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "StudyDescription",
    "AccessionNumber", "ReferringPhysicianName", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "PatientPosition",
    "Manufacturer", "ManufacturerModelName",
)  # fmt: skip


class Beside(StrEnum):
    """What was found beside an image."""

    RECORD = "record"
    """Our sidecar: the original DICOM comes back, or a derived series where the image was edited."""
    BIDS = "bids"
    """The sidecar of another tool, or BIDS keys above it."""
    NOTHING = "nothing"


@dataclass
class Proposal:
    """What an image would become.

    Attributes
    ----------
    path : pathlib.Path
        The image.
    beside : Beside
        What was found beside it.
    kind : Kind
        The kind of object; ``AUTO`` where the original comes back.
    values : list of Change
        Every attribute of patient, study and series with its value and where that is from; those that nobody tells are
        there with an empty value.
    notes, warnings : list of str
        What a person should know before.
    frame_of_reference : str
        FrameOfReferenceUID of the original; empty where the image has no record of one.
    error : str
        Why it cannot be done; empty otherwise.
    """

    path: Path
    beside: Beside = Beside.NOTHING
    kind: Kind = Kind.AUTO
    values: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    frame_of_reference: str = ""
    error: str = ""


def propose(inputs: Sequence[Path], options: ConversionOptions, progress: Progress | None = None) -> list[Proposal]:
    """Return what every NIfTI image below the inputs would become with these options; nothing is written.

    Parameters
    ----------
    inputs : sequence of pathlib.Path
        Files and folders.
    options : ConversionOptions
        All choices.
    progress : Progress, optional
        Told how far it is; may raise `Cancelled`.

    Raises
    ------
    BridgeError
        If an option contradicts itself, or names what is not there.
    Cancelled
        If `progress` said so.
    """
    shared = Shared.of(options)
    files = list(nifti_files([Path(given) for given in inputs]))
    found = []
    for number, path in enumerate(files):
        if progress is not None:
            progress(path.name, number, len(files))
        found.append(_proposal(path, shared))
    return found


def _proposal(path: Path, shared: Shared) -> Proposal:
    found, log = Proposal(path), Log()
    try:
        shared = shared.for_file(path)
        file = open_nifti(path)
        if file.record is not None:
            found.frame_of_reference = text(file.record.source.metadata.first.elements, Tag.FRAME_OF_REFERENCE_UID)
        if file.record is not None and shared.options.kind is Kind.AUTO:
            found.beside = Beside.RECORD
            found.values = _recorded(file.record.source.metadata.first, shared)
            return found
        what = described(path, shared.options.sidecar)
        found.beside = Beside.BIDS if what.top else Beside.NOTHING
        request = request_of(what, shared, log)
        found.kind = request.kind
        told = {change.attribute: change for change in request.attributes.told()}
        found.values = [told.get(name, Change(name, "", "", "")) for name in NAMES_OF_PATIENT_AND_STUDY]
    except BridgeError as error:
        found.error = str(error)
    found.notes, found.warnings = log.notes, log.warnings
    return found


def _recorded(first: Instance, shared: Shared) -> list[Change]:
    """Return the attributes of an original that comes back, but for those that are set."""
    texts = texts_of(first.elements, NAMES_OF_PATIENT_AND_STUDY)
    found = []
    for name in NAMES_OF_PATIENT_AND_STUDY:
        given = shared.options.set_values.get(name)
        value, source = (texts.get(name, ""), "the original") if given is None else (given, "--set")
        found.append(Change(name, "", value, source))
    return found
