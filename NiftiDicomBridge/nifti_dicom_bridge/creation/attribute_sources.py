"""What is known of an image, from where: ``set_values``, ``metadata``, sidecar, reference, study, defaults of the kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..formats.dicom import edits, new_element
from ..formats.dicom.created.attributes import DEFAULT, Attributes
from ..formats.dicom.created.kinds import OBJECT_KINDS, OF_MODALITY
from ..formats.dicom.created.modules import STRUCTURE_SET_MODULES, defaults_of
from ..formats.dicom.created.reference import Reference, read_references
from ..formats.dicom.pydicom_conversion import element_of
from ..formats.dicom.uids import new_uid
from ..model import metadata
from ..model.metadata import Elements, Instance, Log
from ..options import ConversionOptions, Kind
from ..standard.dictionary import keyword_of
from ..standard.tags import Tag
from . import image_values, participants, reference_attributes, scans
from .frames_of_reference import Spaces
from .image_with_sidecar import ImageWithSidecar
from .kind_constraints import GATING, allowed, code_patient_position
from .metadata_file import read_metadata
from .patient_checks import check_patient, check_same_study, note_other_patient, note_other_space, study_of
from .placed_image import Placed
from .recast.adapt import has_sides
from .reference_choice import check_one_study
from .repair import drop_undefined_terms
from .sidecar_attributes import SidecarAttributes

THIS_SOFTWARE = "this software"
_LARGEST = 2**31 - 1
"""Of the VR IS (PS3.5 6.2)."""
Values = Mapping[int, tuple[str, list[Any]]]


@dataclass
class ConversionContext:
    """What the images of one conversion share.

    Attributes
    ----------
    options : ConversionOptions
        The choices.
    references, studies : list of Reference
        The series of ``reference`` and of ``study_from``.
    set_values, file_values : mapping of int to (str, list)
        ``set_values`` and ``metadata``.
    study_uids : dict
        Study → its UID, the same for all images of it.
    numbers : dict
        Study UID → the last series number that was assigned in it.
    stated_numbers : set of int
        Series numbers that sidecars specify: they are not assigned.
    known_numbers : dict
        Study UID → numbers of its series; they are not assigned either.
    spaces : Spaces
        Frames of reference that were assigned.
    subjects : dict
        Label of a subject → the BIDS data set that the first image of it is in.
    read : dict
        Paths of a reference of single files → their series.
    is_certain : bool
        The images are known to be made from the reference, which needs no position then.
    """

    options: ConversionOptions
    references: list[Reference] = field(default_factory=list)
    studies: list[Reference] = field(default_factory=list)
    set_values: Values = field(default_factory=dict)
    file_values: Values = field(default_factory=dict)
    study_uids: dict[tuple[str, ...], str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    stated_numbers: set[int] = field(default_factory=set)
    known_numbers: dict[str, set[int]] = field(default_factory=dict)
    spaces: Spaces = field(default_factory=Spaces)
    subjects: dict[str, Path] = field(default_factory=dict)
    read: dict[tuple[Path, ...], list[Reference]] = field(default_factory=dict)
    is_certain: bool = False

    @classmethod
    def of(cls, options: ConversionOptions) -> ConversionContext:
        """Return what the options name, read once; raises `OptionError` where something is missing or unknown."""
        return cls(
            options,
            read_all(options.references),
            _read_study(options.study_from) if options.study_from else [],
            edits.elements_of(options.set_values),
            edits.elements_of(read_metadata(options.metadata)) if options.metadata else {},
        )

    def for_file(self, path: Path) -> ConversionContext:
        """Return the same with the options of one input file; studies and series numbers stay shared.

        Raises
        ------
        OptionError
            If its reference is missing, or a value is not valid.
        """
        options = self.options.for_file(path)
        if options is self.options:
            return self
        same = options.references == self.options.references
        references = self.references if same else self._references(options.references)
        return replace(self, options=options, references=references, set_values=edits.elements_of(options.set_values))

    def _references(self, paths: tuple[Path, ...]) -> list[Reference]:
        if paths not in self.read:
            self.read[paths] = read_all(paths)
        return self.read[paths]

    def next_number(self, study_uid: str) -> int:
        """Return a series number that is free in a study; see `add_known_series`."""
        if study_uid not in self.numbers:
            known = [one for one in (*self.references, *self.studies) if one.study_uid == study_uid]
            self.add_known_series(reference.instances[0] for reference in known)
        taken = self.stated_numbers | self.known_numbers.get(study_uid, set())
        number = self.numbers.get(study_uid, 0) + 1
        while number in taken:
            number += 1
        self.numbers[study_uid] = number
        return number

    def add_known_series(self, instances: Iterable[Instance]) -> None:
        """Let new series be numbered beyond known ones, each given by an instance: 301 is the first one after series 3.

        Of numbers so large that a number has no place for two digits more, others that are free follow.
        """
        for instance in instances:
            study_uid = metadata.text(instance.elements, Tag.STUDY_INSTANCE_UID)
            number = max(0, metadata.integer(instance.elements, Tag.SERIES_NUMBER))
            self.known_numbers.setdefault(study_uid, set()).add(number)
            first = 100 * number if number < _LARGEST // 100 else 0
            self.numbers[study_uid] = max(self.numbers.get(study_uid, 0), first)


def read_all(paths: Sequence[Path]) -> list[Reference]:
    """Return the volumes of all paths of ``reference``; raises `OptionError` if one is missing."""
    return [reference for path in paths for reference in read_references(path, "reference")]


def _read_study(path: Path) -> list[Reference]:
    """Return the volumes of the study of ``study_from``; raises `OptionError` if there are several studies or patients."""
    volumes = read_references(path, "study_from")
    check_one_study(volumes, "study_from")
    return volumes


def resolve_attributes(
    described: ImageWithSidecar, kind: Kind, place: Placed, stated: SidecarAttributes, shared: ConversionContext, log: Log
) -> Attributes:
    """Return everything that is known of an image; the first source of an attribute wins.

    Raises
    ------
    OptionError
        If the reference is of another patient than the sidecar.
    """
    attributes = Attributes()
    attributes.offer_values(shared.set_values, "set_values=")
    attributes.offer_values(shared.file_values, f'metadata="{shared.options.metadata}"')
    _check_modality(attributes, kind)
    if place.reference is not None:
        software = reference_attributes.equipment(place.reference)
        attributes.offer(reference_attributes.allowed_in(software, kind), THIS_SOFTWARE)
    attributes.offer(_of_sidecar(described, kind, stated), described.where)
    _offer_references(attributes, described, kind, place, stated, shared)
    _offer_subject(attributes, described, stated, shared)
    _offer_moment(attributes, described, kind, log)
    attributes.offer(_of_series(described, kind, place, attributes, shared), "the image")
    if kind is Kind.PET:
        code_patient_position(attributes)
    _offer_defaults(attributes, kind)
    image_values.offer_units(attributes, described, kind, place, log)
    _note_defaults(attributes, log)
    return attributes


def _of_sidecar(described: ImageWithSidecar, kind: Kind, stated: SidecarAttributes) -> Elements:
    """Return what the sidecar specifies, and an object of a kind may have."""
    if kind in OF_MODALITY["PT"]:
        stated.sentences += stated.of_units
    else:  # units of field maps, phases and quantities have no attribute of their own
        stated.values.pop(Tag.UNITS, None)
    values = allowed(stated.values, kind, stated.sentences)
    elements = {tag: element_of(tag, vr, value) for tag, (vr, value) in values.items()}
    if kind in OBJECT_KINDS:
        elements = drop_undefined_terms(elements, OBJECT_KINDS[kind].sop_class, stated.sentences)
    return elements | stated.items | image_values.component(described, kind)


def _offer_defaults(attributes: Attributes, kind: Kind) -> None:
    """Offer what an object of a kind must have all the same: defaults, or no value for attributes of Type 2 and 2C.

    What no scanner is known for was produced by this software (PS3.3 C.7.5.1); some readers fail without a Manufacturer.
    """
    object_kind = OBJECT_KINDS.get(kind)
    if not {Tag.MANUFACTURER, Tag.MANUFACTURER_MODEL_NAME} & attributes.elements.keys():
        attributes.offer(reference_attributes.this_software(), THIS_SOFTWARE)
    if kind is Kind.MR and GATING & set(attributes.text(Tag.SCAN_OPTIONS).split("\\")):
        attributes.offer({Tag.TRIGGER_TIME: new_element.text("DS", "")}, DEFAULT)
    if kind is Kind.MR and "IR" in attributes.text(Tag.SCANNING_SEQUENCE).split("\\"):  # 2C
        attributes.offer({Tag.INVERSION_TIME: new_element.text("DS", "")}, DEFAULT)
    if object_kind is not None and not object_kind.groups and has_sides(attributes.elements):
        attributes.offer({Tag.LATERALITY: new_element.text("CS", "")}, DEFAULT)  # 2C: only of body parts that are one of two
    if object_kind is not None:
        attributes.offer(defaults_of(object_kind.modules), DEFAULT)
    if kind is Kind.RTSTRUCT:
        attributes.offer(defaults_of(STRUCTURE_SET_MODULES), DEFAULT)


def _check_modality(attributes: Attributes, kind: Kind) -> None:
    """Refuse a Modality that an object of a kind cannot have."""
    given, object_kind = attributes.text(Tag.MODALITY), OBJECT_KINDS.get(kind)
    wanted = {Kind.SEG: "SEG", Kind.RTSTRUCT: "RTSTRUCT"}.get(kind, object_kind.modality if object_kind else "")
    if given and wanted and given != wanted:
        raise OptionError(
            f'Modality (0008,0060) of this kind of object is {wanted}, and {given} was set. Use kind="KIND" for another kind.'
        )


def _offer_references(
    attributes: Attributes,
    described: ImageWithSidecar,
    kind: Kind,
    place: Placed,
    stated: SidecarAttributes,
    shared: ConversionContext,
) -> None:
    """Offer patient and study of the reference or of ``study_from``; of a reference in the same space more."""
    reference = place.reference
    check_same_study(reference, shared.studies)
    for other in (reference, *shared.studies[:1]):
        if other is not None:
            check_patient(attributes, other, described)
            study = study_of(other, attributes, stated.sentences)
            attributes.offer(reference_attributes.allowed_in(study, kind), f"reference {other.title}")
            note_other_patient(attributes, other, stated.sentences)
    if reference is None or not place.same_space:
        return
    note_other_space(attributes, reference, stated.sentences)
    source = f"reference {reference.title}"
    space = reference_attributes.allowed_in(reference.space(), kind)
    acquired = reference_attributes.acquisition(reference, kind, stated.sentences) if place.same_grid else {}
    attributes.offer(space if has_sides({**space, **acquired}) else metadata.without(space, {Tag.LATERALITY}), source)
    attributes.offer(acquired, source)


def _offer_subject(
    attributes: Attributes, described: ImageWithSidecar, stated: SidecarAttributes, shared: ConversionContext
) -> None:
    """Offer what a BIDS data set contains of the subject, unless the patient is known from elsewhere."""
    if attributes.text(Tag.PATIENT_ID) or attributes.text(Tag.PATIENT_NAME):
        return
    attributes.offer(participants.subject_of(described.origin), "sub- in the file name")
    stated.sentences += participants.doubts_of_label(described.origin, shared.subjects)
    row, file = participants.participant_of(described.origin, stated.sentences)
    attributes.offer(row, file)


def _offer_moment(attributes: Attributes, described: ImageWithSidecar, kind: Kind, log: Log) -> None:
    """Offer when an image was acquired, as a BIDS data set lists it, unless that is known from elsewhere."""
    known = any(map(attributes.text, (Tag.ACQUISITION_DATE, Tag.ACQUISITION_DATE_TIME)))
    if not known and kind not in (Kind.SEG, Kind.RTSTRUCT, Kind.PM):
        elements, table = scans.acquired(described.origin, log)
        attributes.offer(scans.fitting(elements, attributes.text(Tag.ACQUISITION_TIME), log), table)


def _of_series(
    described: ImageWithSidecar, kind: Kind, place: Placed, attributes: Attributes, shared: ConversionContext
) -> Elements:
    """Return what identifies the new series: study, space, number, description, modality."""
    from ..bids.inheritance import study_key

    uid = attributes.text(Tag.STUDY_INSTANCE_UID) or shared.study_uids.setdefault(study_key(described.origin), new_uid())
    object_kind = OBJECT_KINDS.get(kind)
    description = described.name.replace("\\", " ")[:64]
    if place.reference is not None and place.same_grid and object_kind and object_kind.modality == place.reference.modality:
        description = reference_attributes.description(place.reference, described.name)
    return {
        Tag.STUDY_INSTANCE_UID: new_element.text("UI", uid),
        Tag.FRAME_OF_REFERENCE_UID: new_element.text("UI", shared.spaces.uid_of(uid, place.image)),
        Tag.SERIES_NUMBER: new_element.integers("IS", shared.next_number(uid)),
        Tag.SERIES_DESCRIPTION: new_element.text("LO", description),
        **({Tag.MODALITY: new_element.text("CS", object_kind.modality or "OT")} if object_kind else {}),
    }


def _note_defaults(attributes: Attributes, log: Log) -> None:
    """Report in one sentence which attributes got an assumed value, and which stayed empty."""
    assumed = [tag for tag, source in attributes.sources.items() if source == DEFAULT and attributes.elements[tag].value]
    empty = [tag for tag, source in attributes.sources.items() if source == DEFAULT and not attributes.elements[tag].value]
    if assumed:
        log.notes.append(
            "assumed, because the standard requires a value and none is specified: " + _listed(attributes, assumed)
        )
    if empty:
        log.notes.append("left empty, because it is not specified: " + ", ".join(keyword_of(tag) for tag in sorted(empty)))


def _listed(attributes: Attributes, tags: list[int]) -> str:
    return ", ".join(f"{keyword_of(tag)} = {attributes.text(tag)}" for tag in sorted(tags))


def stated_modality(stated: SidecarAttributes, shared: ConversionContext) -> str:
    """Return the modality that ``set_values``, ``metadata`` or the sidecar specifies; empty where none does."""
    for source in (shared.set_values, shared.file_values, stated.values):
        if Tag.MODALITY in source and source[Tag.MODALITY][1]:
            return str(source[Tag.MODALITY][1][0])
    return ""
