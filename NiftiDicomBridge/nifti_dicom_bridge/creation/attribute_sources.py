"""What is known of an image, from where: --set, --metadata, sidecar, reference, study, defaults of the kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import OptionError
from ..formats.dicom import edits, new_element
from ..formats.dicom.created.attributes import DEFAULT, Attributes
from ..formats.dicom.created.kinds import FORMS
from ..formats.dicom.created.modules import UNPAIRED, defaults_of
from ..formats.dicom.created.reference import Reference, chosen_reference, read_references
from ..formats.dicom.pydicom_conversion import element_of
from ..formats.dicom.uids import new_uid
from ..model import geometry, orientation
from ..model.metadata import Elements, Log
from ..model.resample import without_shear
from ..model.volume import Volume
from ..options import ConversionOptions, Kind, Resample, SlicePlane
from ..standard.dictionary import keyword_of
from ..standard.tags import Tag
from .image_with_sidecar import Described
from .kind_constraints import GATING, allowed, code_patient_position
from .metadata_file import read_metadata
from .repair import with_known_words
from .sidecar_attributes import Told

_TEMPLATES = ("talairach", "mni", "template")
_PATIENT = {Tag.PATIENT_ID: "PatientID", Tag.PATIENT_NAME: "PatientName"}
Values = Mapping[int, tuple[str, list[Any]]]


@dataclass
class Shared:
    """What the images of one conversion share.

    Attributes
    ----------
    options : ConversionOptions
        The choices.
    references, studies : list of Reference
        The series of ``--reference`` and of ``--study-from``.
    set_values, file_values : mapping of int to (str, list)
        ``--set`` and ``--metadata``.
    study_uids : dict
        Study → its UID, the same for all images of it.
    numbers : dict
        Study UID → number of series in it so far.
    read : dict
        Path of a reference of single files → its series.
    """

    options: ConversionOptions
    references: list[Reference] = field(default_factory=list)
    studies: list[Reference] = field(default_factory=list)
    set_values: Values = field(default_factory=dict)
    file_values: Values = field(default_factory=dict)
    study_uids: dict[tuple[str, ...], str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    read: dict[Path, list[Reference]] = field(default_factory=dict)

    @classmethod
    def of(cls, options: ConversionOptions) -> Shared:
        """Return what the options name, read once; raises `OptionError` where something is missing or unknown."""
        return cls(
            options,
            read_references(options.reference, "--reference") if options.reference else [],
            read_references(options.study_from, "--study-from") if options.study_from else [],
            edits.elements_of(options.set_values),
            edits.elements_of(read_metadata(options.metadata)) if options.metadata else {},
        )

    def for_file(self, path: Path) -> Shared:
        """Return the same with the options of one input file; studies and series numbers stay shared.

        Raises
        ------
        OptionError
            If its reference is missing, or a value is not valid.
        """
        options = self.options.for_file(path)
        if options is self.options:
            return self
        references = self.references if options.reference == self.options.reference else self._references(options.reference)
        return replace(self, options=options, references=references, set_values=edits.elements_of(options.set_values))

    def _references(self, path: Path | None) -> list[Reference]:
        if path is None:
            return []
        if path not in self.read:
            self.read[path] = read_references(path, "--reference")
        return self.read[path]


def reference_for(shared: Shared, image: Volume) -> Reference | None:
    """Return the reference series of an image; None where none was named."""
    if not shared.references:
        return None
    assert shared.options.reference is not None
    matches = [reference.is_grid_of(_turned_to(image, reference)) for reference in shared.references]
    return chosen_reference(shared.references, matches, shared.options.reference)


def _turned_to(image: Volume, reference: Reference) -> Volume:
    grid = reference.ijk_to_ras
    return image if grid is None else orientation.in_plane(image, SlicePlane.REFERENCE, grid)


def in_space(image: Volume, reference: Reference | None, log: Log) -> bool:
    """Whether an image lies in the space of its reference: said by its header, and seen by where it is."""
    if reference is None:
        return False
    if image.space in _TEMPLATES:
        log.warnings.append(
            f"its header says that its coordinates are those of a template ({image.space}), not of the patient: a new Frame of "
            "Reference UID was given"
        )
        return False
    if not reference.overlaps(image):
        log.warnings.append(
            f"it lies elsewhere in space than the reference {reference.title}: a new Frame of Reference UID was given"
        )
        return False
    return True


def gathered(
    described: Described, kind: Kind, reference: Reference | None, same_space: bool, told: Told, shared: Shared, log: Log
) -> Attributes:
    """Return everything that is known of an image; the first source that tells an attribute wins.

    Raises
    ------
    OptionError
        If the reference is of another patient than the sidecar.
    """
    found = Attributes()
    found.offer_values(shared.set_values, "--set")
    found.offer_values(shared.file_values, f"--metadata {shared.options.metadata}")
    theirs = {tag: element_of(tag, vr, value) for tag, (vr, value) in allowed(told.values, kind, told.sentences).items()}
    if kind in FORMS:
        theirs = with_known_words(theirs, FORMS[kind].sop_class, told.sentences)
    found.offer(theirs | told.items, described.where)
    for other in (reference, *shared.studies[:1]):
        if other is not None:
            _check_patient(found, other, described)
            found.offer(other.study(), f"reference {other.title}")
    if reference is not None:
        found.offer(reference.equipment(), f"reference {reference.title}")
        if same_space:
            found.offer(reference.space(), f"reference {reference.title}")
    found.offer(_of_series(described, kind, found, shared), "the image")
    if kind is Kind.PET:
        code_patient_position(found)
    if kind is Kind.MR and GATING & set(found.text(Tag.SCAN_OPTIONS).split("\\")):
        found.offer({Tag.TRIGGER_TIME: new_element.text("DS", "")}, DEFAULT)
    if kind in FORMS and not FORMS[kind].groups and found.text(Tag.BODY_PART_EXAMINED) not in UNPAIRED:
        found.offer({Tag.LATERALITY: new_element.text("CS", "")}, DEFAULT)  # 2C: not allowed where the body part is none of two
    if kind in FORMS:
        found.offer(defaults_of(FORMS[kind].modules), DEFAULT)
    _note_defaults(found, kind, log)
    return found


def _check_patient(found: Attributes, other: Reference, described: Described) -> None:
    """Refuse to put one patient's image beside another patient's."""
    theirs = other.study()
    for tag, keyword in _PATIENT.items():
        ours = found.text(tag) if found.sources.get(tag) == described.where else ""
        element = theirs.get(tag)
        name = element.value.decode("utf-8", "replace").strip(" \0") if element and isinstance(element.value, bytes) else ""
        if ours and name and ours.casefold().rstrip("^") != name.casefold().rstrip("^"):
            raise OptionError(
                f"{described.where} says {keyword} {ours!r}, the reference {other.title} is of {name!r}: another patient. Name "
                f"a reference of the same patient, or say who it is with --set {keyword}=…"
            )


def _of_series(described: Described, kind: Kind, found: Attributes, shared: Shared) -> Elements:
    """Return what tells the new series from others: study, number, description, modality, space."""
    from ..bids.inheritance import study_key

    uid = found.text(Tag.STUDY_INSTANCE_UID) or shared.study_uids.setdefault(study_key(described.path), new_uid())
    number = shared.numbers[uid] = shared.numbers.get(uid, 0) + 1
    form = FORMS.get(kind)
    return {
        Tag.STUDY_INSTANCE_UID: new_element.text("UI", uid),
        Tag.FRAME_OF_REFERENCE_UID: new_element.text("UI", new_uid()),
        Tag.SERIES_NUMBER: new_element.integers("IS", number),
        Tag.SERIES_DESCRIPTION: new_element.text("LO", described.name.replace("\\", " ")[:64]),
        **({Tag.MODALITY: new_element.text("CS", form.modality or "OT")} if form else {}),
    }


def _note_defaults(found: Attributes, kind: Kind, log: Log) -> None:
    """Say in one sentence which attributes got a value only because there must be one, and which stayed empty."""
    assumed = [tag for tag, source in found.sources.items() if source == DEFAULT and found.elements[tag].value]
    empty = [tag for tag, source in found.sources.items() if source == DEFAULT and not found.elements[tag].value]
    if assumed:
        log.notes.append("assumed, because nobody tells and the standard wants a value: " + _listed(found, assumed))
    if empty:
        log.notes.append("left empty, as nobody tells: " + ", ".join(keyword_of(tag) for tag in sorted(empty)))


def _listed(found: Attributes, tags: list[int]) -> str:
    return ", ".join(f"{keyword_of(tag)} = {found.text(tag)}" for tag in sorted(tags))


def modality_told(told: Told, shared: Shared) -> str:
    """Return the modality that --set, --metadata or the sidecar tells; empty where none does."""
    for source in (shared.set_values, shared.file_values, told.values):
        if Tag.MODALITY in source and source[Tag.MODALITY][1]:
            return str(source[Tag.MODALITY][1][0])
    return ""


def on_grid(
    described: Described, reference: Reference | None, same_space: bool, shared: Shared, log: Log
) -> tuple[Volume, bool]:
    """Return an image turned as its slices shall lie, on the very grid of the reference where it differs by rounding only.

    Returns
    -------
    tuple
        The image, and whether it has the grid of the reference.
    """
    grid = reference.ijk_to_ras if reference is not None and same_space else None
    wanted = _orientation_told(described.top) if grid is None and shared.options.plane is SlicePlane.AUTO else grid
    turned = orientation.in_plane(described.image, shared.options.plane, wanted)
    if Resample.SHEAR in shared.options.resample and geometry.is_sheared_in_plane(turned.ijk_to_ras):
        turned = without_shear(turned)
        log.warnings += turned.warnings[-1:]
    if reference is None or grid is None or not reference.is_grid_of(turned):
        return turned, False
    shift = float(np.abs(turned.ijk_to_ras - grid).max())
    if shift > 0:
        log.notes.append(f"its grid is that of the reference up to {shift:.2g} mm: the reference's was taken")
    return replace(turned, ijk_to_ras=grid), True


def _orientation_told(top: dict[str, Any]) -> np.ndarray | None:
    """Return axes like those of the DICOM images that the image was made from, where its sidecar tells; else None."""
    told = top.get("ImageOrientationPatientDICOM")
    good = isinstance(told, list) and len(told) == 6 and all(isinstance(n, (int, float)) and np.isfinite(n) for n in told)
    axes = np.array(told, dtype=float) if good else np.zeros(6)
    if min(np.linalg.norm(axes[:3]), np.linalg.norm(axes[3:])) < 0.5 or abs(axes[:3] @ axes[3:]) > 0.1:
        return None
    return geometry.affine_from_attributes([geometry.Plane(np.zeros(3), axes, (1.0, 1.0))], 1.0).ijk_to_ras
