"""What each image would become as DICOM, before anything is written: kind, sources of values, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ..creation.attribute_sources import ConversionContext
from ..creation.build_request import request_of
from ..creation.image_with_sidecar import open_with_sidecar
from ..creation.metadata_file import given_values
from ..creation.repair import word_problem
from ..errors import OptionError
from ..formats.dicom import edits
from ..formats.dicom.pydicom_conversion import element_of
from ..model.identity import texts_of
from ..model.metadata import Change, Instance, Log, text
from ..model.processes.failure import failure_of
from ..options import ConversionOptions, Kind, Progress, Target
from ..options.checks import check_options
from ..options.path_fields import AnyPaths, paths_of
from ..standard.sop_classes import MR
from ..standard.tags import Tag
from .inputs.image_files import nifti_files
from .inputs.image_with_record import open_nifti, with_record
from .inputs.joined_images import joined_files

NAMES_OF_PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "StudyDescription",
    "AccessionNumber", "ReferringPhysicianName", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "PatientPosition",
    "Manufacturer", "ManufacturerModelName",
)  # fmt: skip
"""Attributes that a proposal lists: those that a person enters or checks."""


class SidecarKind(StrEnum):
    """What was found next to an image.

    Examples
    --------
    >>> from nifti_dicom_bridge import propose, to_nifti
    >>> [proposal] = propose(to_nifti("scans", "images").outputs[:1])
    >>> proposal.companion
    <SidecarKind.RECORD: 'record'>
    """

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
    companion : SidecarKind
        What was found next to it.
    kind : Kind
        The kind of object; ``AUTO`` where the original comes back.
    values : list of Change
        Every attribute of patient, study and series with its value and where that is from; those that no source specifies are
        there with an empty value.
    notes, warnings : list of str
        What a person should know before.
    frame_of_reference : str
        FrameOfReferenceUID of the original; empty where the image has no record of one.
    error : str
        Why it cannot be done; empty otherwise.

    Examples
    --------
    >>> from nifti_dicom_bridge import Volume, propose, write
    >>> import numpy as np
    >>> image = write(Volume(np.zeros((1, 2, 4, 4), np.int16), np.eye(4), name="T1w"), "T1w.nii")[0]
    >>> [proposal] = propose(image)
    >>> proposal.kind, proposal.error
    (<Kind.MR: 'mr'>, '')
    """

    path: Path
    companion: SidecarKind = SidecarKind.NOTHING
    kind: Kind = Kind.AUTO
    values: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    frame_of_reference: str = ""
    error: str = ""


def propose(inputs: AnyPaths, options: ConversionOptions | None = None, progress: Progress | None = None) -> list[Proposal]:
    """Return what every NIfTI image below the inputs would become with these options; nothing is written.

    Parameters
    ----------
    inputs : path or iterable of paths
        Files and folders.
    options : ConversionOptions, optional
        All choices; the target is DICOM.
    progress : Progress, optional
        Receives the progress; may raise `Cancelled`.

    Returns
    -------
    list of Proposal
        One for each image, in the order of the files; an image that cannot be converted has an `error`.

    Raises
    ------
    BridgeError
        If an option contradicts itself, or names what is not there.
    Cancelled
        If `progress` raises it.

    Examples
    --------
    >>> from nifti_dicom_bridge import propose, to_nifti
    >>> [proposal] = propose(to_nifti("scans", "images").outputs[:1])
    >>> [value.new for value in proposal.values if value.attribute == "SeriesDescription"]
    ['Oblique MR']
    """
    options = replace(options or ConversionOptions(), target=Target.DICOM)
    check_options(options)
    shared = ConversionContext.of(options)
    files = list(nifti_files(paths_of(inputs)))
    proposals = []
    for number, path in enumerate(files):
        if progress is not None:
            progress(path.name, number, len(files))
        proposals.append(proposal_of(path, shared))
    _note_joined({one.path: one for one in proposals if one.companion is not SidecarKind.RECORD}, options)
    return proposals


def _note_joined(proposals: Mapping[Path, Proposal], options: ConversionOptions) -> None:
    """Report which files become one object together."""
    for files in joined_files(list(proposals), options):
        for file in files:
            proposals[file].notes.append(
                f"becomes one object together with {len(files) - 1} other file(s) of {file.parent.name}"
            )


def value_problem(keyword: str, text: str) -> str:
    """Return why a text is not a valid value of a DICOM attribute; empty if it is.

    Parameters
    ----------
    keyword : str
        Keyword of the attribute, such as ``PatientBirthDate``.
    text : str
        The value; several values are separated by backslashes.

    Returns
    -------
    str
        One sentence for the user: the value, its VR or its enumerated values (PS3.3), and what is expected.

    Examples
    --------
    >>> from nifti_dicom_bridge import value_problem
    >>> value_problem("PatientBirthDate", "19700131")
    ''
    """
    try:
        ((tag, (vr, values)),) = edits.elements_of({keyword: text}).items()
    except OptionError as error:
        return str(error)
    return word_problem(tag, element_of(tag, vr, values), MR)  # words of patient, study and position: the same for all kinds


def proposal_of(path: Path, shared: ConversionContext) -> Proposal:
    """Return what one image would become; a failure is its `error`."""
    result, log = Proposal(path), Log()
    try:
        shared = shared.for_file(path)
        file = open_nifti(path, with_record(shared.options.sidecar))
        if file.record is not None:
            result.frame_of_reference = text(file.record.source.metadata.first.elements, Tag.FRAME_OF_REFERENCE_UID)
        if file.record is not None and shared.options.kind is Kind.AUTO:
            result.companion = SidecarKind.RECORD
            result.values = _recorded(file.record.source.metadata.first, shared)
            return result
        what = open_with_sidecar(path, shared.options.sidecar)
        result.companion = SidecarKind.BIDS if what.top else SidecarKind.NOTHING
        request = request_of(what, shared, log)
        result.kind = request.kind
        changes = {change.attribute: change for change in request.attributes.as_changes()}
        result.values = [changes.get(name, Change(name, "", "", "")) for name in NAMES_OF_PATIENT_AND_STUDY]
    except Exception as error:
        result.error = failure_of(error).sentence
    result.notes, result.warnings = log.notes, log.warnings
    return result


def _recorded(first: Instance, shared: ConversionContext) -> list[Change]:
    """Return the attributes of an original that comes back, but for those that are set."""
    texts = texts_of(first.elements, NAMES_OF_PATIENT_AND_STUDY)
    given = given_values(shared.options)
    values = [given.get(name, (texts.get(name, ""), "the original")) for name in NAMES_OF_PATIENT_AND_STUDY]
    return [Change(name, "", *value) for name, value in zip(NAMES_OF_PATIENT_AND_STUDY, values, strict=True)]
