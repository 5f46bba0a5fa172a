"""What an object of a kind may specify for what a sidecar specifies, and in which of two attributes."""

from __future__ import annotations

from ..formats.dicom import new_element
from ..formats.dicom.created.attributes import Attributes
from ..model.metadata import Elements
from ..options import Kind
from ..standard.dictionary import describe
from ..standard.tags import Tag
from .sidecar_attributes import Values

GATING = frozenset({"CG", "PPG", "EKG", "ECG"})
# of original images only, or bound to attributes that a sidecar does not specify: PS3.3 C.8.13.4, C.7.6.1.1.1
_UNWANTED = {
    Kind.ENHANCED_MR: frozenset(
        {
            Tag.MR_ACQUISITION_TYPE,
            Tag.PULSE_SEQUENCE_NAME,
            Tag.RECTILINEAR_PHASE_ENCODE_REORDERING,
            Tag.NUMBER_OF_K_SPACE_TRAJECTORIES,
            Tag.ARTERIAL_SPIN_LABELING_CONTRAST,
        }
    ),
    Kind.SC: frozenset({Tag.ANATOMICAL_ORIENTATION_TYPE}),
    Kind.SC_MULTI: frozenset({Tag.ANATOMICAL_ORIENTATION_TYPE}),
}
# PS3.16 CID 19, 20, 21: how a patient is, and goes into the gantry
_RECUMBENT = new_element.code("102538003", "SCT", "recumbent")
_GANTRY = {"HF": new_element.code("102540008", "SCT", "headfirst"), "FF": new_element.code("102541007", "SCT", "feet-first")}
_RECUMBENCIES = {
    "S": new_element.code("40199007", "SCT", "supine"),
    "P": new_element.code("1240000", "SCT", "prone"),
    "DR": new_element.code("102535000", "SCT", "right lateral decubitus"),
    "DL": new_element.code("102536004", "SCT", "left lateral decubitus"),
}


def allowed(values: Values, kind: Kind, sentences: list[str]) -> Values:
    """Return what an object of a kind may have of the values of a sidecar.

    TriggerTime is for gated series only, InversionTime where ScanningSequence specifies IR, which some manufacturers omit for
    prepared gradient echoes (PS3.3 C.8.3.1, C.8.9.4). Each has another attribute, of Enhanced MR, that is bound to nothing.
    """
    kept = {tag: value for tag, value in values.items() if tag not in _UNWANTED.get(kind, ())}
    left = [tag for tag in values if tag not in kept]
    sentences += [f"{describe(tag)} was left out: derived objects of this kind may not have it" for tag in left]
    if kind not in (Kind.MR, Kind.PET):
        return kept
    for bound, free, may_stay in (
        (Tag.TRIGGER_TIME, Tag.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME, bool(GATING & _words(values, Tag.SCAN_OPTIONS))),
        (Tag.INVERSION_TIME, Tag.INVERSION_TIMES, "IR" in _words(values, Tag.SCANNING_SEQUENCE)),
    ):
        if bound in kept and not may_stay:
            kept[free] = ("FD", [float(kept.pop(bound)[1][0])])
    return kept


def _words(values: Values, tag: int) -> set[str]:
    return {str(word).strip() for word in values.get(tag, ("CS", []))[1]}


def code_patient_position(attributes: Attributes) -> None:
    """Write PatientPosition as codes, as PET does (PS3.3 C.7.6.30): an object with the one may not have the other."""
    position = attributes.text(Tag.PATIENT_POSITION)
    codes = _codes(position[:2], position[2:])
    if Tag.PATIENT_POSITION not in attributes.elements or not codes:
        return
    source = attributes.sources.pop(Tag.PATIENT_POSITION)
    del attributes.elements[Tag.PATIENT_POSITION]
    attributes.offer(codes, source)


def _codes(gantry: str, recumbency: str) -> Elements:
    if gantry not in _GANTRY or recumbency not in _RECUMBENCIES:
        return {}
    return {
        Tag.PATIENT_ORIENTATION_CODE_SEQUENCE: new_element.sequence(
            {**_RECUMBENT, Tag.PATIENT_ORIENTATION_MODIFIER_CODE_SEQUENCE: new_element.sequence(_RECUMBENCIES[recumbency])}
        ),
        Tag.PATIENT_GANTRY_RELATIONSHIP_CODE_SEQUENCE: new_element.sequence(_GANTRY[gantry]),
    }
