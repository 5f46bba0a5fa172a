"""What a node that never was DICOM was made of: its reference series, and whether it still is an image of that kind."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import slicer

from nifti_dicom_bridge import ConversionOptions, FileOptions, Kind, value_problem

from ..ExportKinds import MODALITIES
from ..Host import Database
from ..Host.Hierarchy import series_value
from ..Tasks.ImportTasks import with_reference
from .NodeKinds import VOLUME, instance_uids_of, kind_of_values
from .References import has_lost_reference, patient_and_study_of, patients_of_grid, reference_uids
from .SharedValues import follow
from .SourceFile import source_of

MODALITY, UNITS = "0008,0060", "0054,1001"
KEEPS_MODALITY = ("CT", "PT")
"""Modalities whose values have units: a volume whose values follow theirs, as a smoothed one, is of the same modality."""
NOT_IN_SIDECARS = ("PatientName", "PatientBirthDate", "StudyDate", "StudyTime")
"""What the subject hierarchy specifies of patient and study, and the sidecar of a temporary file does not."""


@dataclass
class Origin:
    """What a node that never was DICOM was made of.

    Attributes
    ----------
    files : list of pathlib.Path
        The DICOM files of the series; empty where it is not known.
    keeps_modality : bool or None
        Whether its values are those of the modality of that series, up to smoothing and the like; None if they could not be
        compared.
    values : dict of str to str
        DICOM keyword → value of that series that holds for it, too.
    is_labels : bool
        Whether it is a segmentation or a label map.
    is_missing : bool
        Whether it was made of a series that the database does not have.
    is_lost : bool
        Whether it was made on a volume that is no longer in the scene, so that its series is not known.
    patients : tuple of str
        The patients that it may be of, where several have volumes with its grid.
    has_own_slices : bool
        Whether it is on the slices of that series, which are not at even distances: with another one, it would be elsewhere.
    has_no_position : bool
        Whether that series specifies no position of its image, on whose pixels it is.
    has_own_images : bool
        Whether `files` are some of the series only: the images of the time that it was drawn at.
    identity : dict of str to str
        DICOM keyword → value of patient and study in the subject hierarchy; empty where the series specifies them.
    modality : str
        Modality in the subject hierarchy of an image whose original instances are not all in the database.
    """

    files: list[Path] = field(default_factory=list)
    keeps_modality: bool | None = None
    values: dict[str, str] = field(default_factory=dict)
    is_labels: bool = False
    is_missing: bool = False
    is_lost: bool = False
    patients: tuple[str, ...] = ()
    has_own_slices: bool = False
    has_no_position: bool = False
    has_own_images: bool = False
    identity: dict[str, str] = field(default_factory=dict)
    modality: str = ""

    @property
    def kind(self) -> Kind:
        """The kind of object that an image with this origin becomes."""
        if self.is_labels:
            return Kind.SEG
        if self.modality in MODALITIES:
            return Kind(MODALITIES[self.modality])
        return {True: Kind.CLASSIC, False: Kind.PM, None: Kind.AUTO}[self.keeps_modality]

    def options(self, options: ConversionOptions, scratch: Path) -> FileOptions:
        """Return the choices for an image with this origin; those that the user made come first."""
        kind = self.kind if options.kind is Kind.AUTO else options.kind
        reference = with_reference(options, self.files, scratch).reference if options.reference is None else options.reference
        identity = self.identity if reference is None else {}
        on_pixels = self.has_no_position and options.reference is None
        return FileOptions(kind, reference, {**identity, **self.values, **options.set_values}, on_pixels)

    @property
    def is_known(self) -> bool:
        """Whether anything follows from it."""
        return bool(self.files or self.is_labels or self.identity or self.modality)


def origin_of(node: Any, images: tuple[str, ...] = ()) -> Origin:
    """Return what a node was made of; nothing for one that was DICOM itself. Main thread only.

    Parameters
    ----------
    node : vtkMRMLNode
        A volume, a label map or a segmentation.
    images : tuple of str
        SOP Instance UIDs of those images of the series that it was made on, if these are not all.
    """
    origin = _origin_of(node)
    files = Database.files_of_instances(images)
    return replace(origin, files=files, has_own_images=True) if files and len(files) == len(images) else origin


def _origin_of(node: Any) -> Origin:
    uids = reference_uids(node)
    series = Database.series_of_instances(uids) if uids else ""
    files = Database.files_of_series(series) if series else []
    modality = Database.value_of(files[0], MODALITY) if files and kind_of_values(node) == "grays" else ""
    follows = _follows(node, uids) if modality in KEEPS_MODALITY else None
    if follows:
        units = Database.value_of(files[0], UNITS)
        return Origin(files, True, {"Units": units} if units else {})
    if not instance_uids_of(node) and source_of(node) is None:
        return _origin_of_new(node, Origin(files, follows), bool(uids))
    if not _lacks_instances(node):  # it is DICOM itself
        return Origin(files, follows)
    return Origin(
        files,
        follows,
        is_labels=kind_of_values(node) == "labels",
        identity=_identity(node) if not files else {},
        modality=series_value(node, "Modality"),
    )


def _origin_of_new(node: Any, known: Origin, is_referring: bool) -> Origin:
    """Return what a node that never was DICOM was made of, with the files and values that are known."""
    return replace(
        known,
        is_labels=kind_of_values(node) == "labels",
        is_missing=is_referring and not known.files,
        is_lost=not is_referring and has_lost_reference(node),
        patients=() if is_referring else tuple(patients_of_grid(node)),
        identity=_identity(node) if not known.files else {},
    )


def _lacks_instances(node: Any) -> bool:
    """Return whether a node was DICOM and not all of its original instances are in the database."""
    uids = set(instance_uids_of(node))
    return source_of(node) is None and len(Database.files_of_instances(tuple(uids))) < len(uids)


def _identity(node: Any) -> dict[str, str]:
    """Return what the subject hierarchy specifies of the patient and the study of a node, as far as it is valid."""
    stated = patient_and_study_of(node)
    return {key: stated[key] for key in NOT_IN_SIDECARS if key in stated and not value_problem(key, stated[key])}


def _follows(node: Any, uids: tuple[str, ...]) -> bool | None:
    """Return whether the values of a volume are those of the volume with some SOP Instance UIDs; None if not comparable."""
    others = (other for other in slicer.util.getNodesByClass(VOLUME) if instance_uids_of(other) == uids)
    other = next(others, None)
    degree = follow(node, other) if other is not None and node.IsA(VOLUME) else None
    return None if degree is None else degree > 0
