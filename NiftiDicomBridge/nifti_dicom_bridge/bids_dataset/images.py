"""What is known of each image of a job before its voxels are read: BIDS keys, and what they and the others specify."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .. import bids
from ..bids.label_types import label_type_of
from ..formats import nifti
from ..formats.dicom.reading.grouping.patients import person_of
from ..formats.dicom.reading.outline import outline
from ..formats.dicom.reading.plans import Plan
from ..model import metadata
from ..model.metadata import Log
from ..model.person import UNKNOWN_PERSON, Person
from ..model.space.axes import way_along
from ..model.volume import Volume
from ..standard.numbers import is_number
from ..standard.tags import Tag

# PS3.3 C.8.13.5.14 → words of aslcontext.tsv
ASL_WORDS = {"LABEL": "label", "CONTROL": "control", "M_ZERO_SCAN": "m0scan"}
COMPONENTS = ("PHASE", "REAL", "IMAGINARY", "MAGNITUDE")
LETTERS = {"P": "PHASE", "R": "REAL", "I": "IMAGINARY", "M": "MAGNITUDE"}
"""What the third value of ImageType represents (PS3.3 C.8.3.1.1.1 leaves it to vendors)."""
EPI_NAME = re.compile(r"(?i)\*?ep(2d|fid|se|i|_|3d)|feepi|seepi|.*epi")
SPIN_ECHO_NAME = re.compile(r"(?i)\*?epse|seepi|.*(tse|spc|fse|space)")
AXES = "ijk"


@dataclass
class Image:
    """One image of the job and what it is called in the dataset.

    Attributes
    ----------
    plan : Plan
        The volume to be, with instances as they may be written.
    keys : dict
        Its BIDS keys.
    facts : dict
        What criteria can ask for: the keys, and what was computed of them.
    direction : str
        From where to where lines were phase encoded, as ``AP``; empty where unknown.
    asl : tuple of str
        What each volume of an ASL series is; empty if unknown.
    datatype, suffix : str
        In BIDS; empty for what goes to ``sourcedata``.
    entities : dict
        Entity → label.
    changes : dict
        Keys to set in the sidecar.
    aslcontext : tuple of str
        What is written to ``aslcontext.tsv``.
    reason : str
        Why it goes to ``sourcedata``.
    ignored : str
        Why it is left out altogether.
    rule : str
        The row of the map, or the name in ReproIn form, that decided.
    log : Log
        What to report to the user.
    subject : str
        Label of the subject that is computed from the key of a de-identification; empty to derive it from the PatientID.
    person : Person
        The patient as the headers state, before de-identification.
    is_deidentified : bool
        Whether `keys` and `plan` are de-identified.
    refused : str
        Why it is not converted; empty if it is.
    """

    plan: Plan
    keys: dict[str, Any]
    facts: dict[str, Any]
    direction: str = ""
    asl: tuple[str, ...] = ()
    datatype: str = ""
    suffix: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    aslcontext: tuple[str, ...] = ()
    reason: str = ""
    ignored: str = ""
    rule: str = ""
    log: Log = field(default_factory=Log)
    subject: str = ""
    person: Person = UNKNOWN_PERSON
    is_deidentified: bool = False
    refused: str = ""

    @property
    def study(self) -> str:
        """StudyInstanceUID."""
        return metadata.text(self.plan.instances[0].elements, Tag.STUDY_INSTANCE_UID)

    @property
    def series(self) -> tuple[str, str]:
        """What is the same for all images of one series."""
        first = self.plan.instances[0].elements
        uid, number = metadata.text(first, Tag.SERIES_INSTANCE_UID), metadata.text(first, Tag.SERIES_NUMBER)
        return (uid, number) if uid else (self.study, self.plan.title)

    @property
    def description(self) -> str:
        """What a person called the series."""
        return str(self.keys.get("SeriesDescription") or self.keys.get("ProtocolName") or "")

    @property
    def kind(self) -> str:
        """In what it differs from other images of its series, such as ``water`` or ``TI100p4``; empty if only numbered."""
        if self.is_deidentified:
            return str(self.plan.frames[0][0].labels.get("component", ""))
        kind = re.sub(r"(?<=\d)[._](?=\d)", "p", self.plan.suffix)  # a decimal point
        return kind if re.search("[A-Za-z]", kind) else ""

    @property
    def volumes(self) -> int:
        """Number of times, echoes or b-values."""
        return int(self.facts["Volumes"])


def image_of(plan: Plan, clean: Callable[[Volume], Volume] | None = None) -> Image:
    """Return what the headers specify of an image.

    Parameters
    ----------
    plan : Plan
        The image.
    clean : callable, optional
        De-identifies a volume: what the headers specify, and the names that are derived from it, are of its result.

    Raises
    ------
    DicomReadError
        If the headers contradict themselves.
    """
    volume, person = outline(plan), person_of(plan.instances[0].elements)
    if clean is not None:
        volume = clean(volume)
        plan = replace(plan, name=volume.name, title=volume.name, instances=volume.dicom.metadata.instances)
    stored = nifti.stored_affine(volume)
    keys = bids.keys_of(volume, stored)
    image = Image(plan, keys, _facts(plan, volume, keys), _direction(keys, stored), _asl_context(volume))
    image.person, image.is_deidentified = person, clean is not None
    return image


def relate(images: Sequence[Image]) -> None:
    """Add the facts that only the other images of a series specify: echoes, orientations, field maps."""
    by_series: dict[tuple[str, str], list[Image]] = defaultdict(list)
    for image in images:
        by_series[image.series].append(image)
    for group in by_series.values():
        orientations = {_orientation(image) for image in group}
        field_map = any("FIELDMAPHZ" in image.facts.get("ImageType", []) for image in group)
        for image in group:
            same = {other.facts.get("EchoTime") for other in group if other.facts["Component"] == image.facts["Component"]}
            echoes = sorted(time for time in same if is_number(time))
            image.facts["EchoCount"] = max(1, len(echoes))
            time = image.facts.get("EchoTime")
            image.facts["EchoIndex"] = echoes.index(time) + 1 if time in echoes else 1
            image.facts["Orientations"] = len(orientations)
            image.facts["WithFieldMap"] = field_map and "FIELDMAPHZ" not in image.facts.get("ImageType", [])


def words_of(text: str) -> str:
    """Return text in lower case with a blank for everything but letters and digits, and one at both ends."""
    return f" {' '.join(re.findall('[a-z0-9]+', text.lower()))} "


def _facts(plan: Plan, volume: Volume, keys: dict[str, Any]) -> dict[str, Any]:
    facts = {key: value for key, value in keys.items() if not isinstance(value, dict)}
    facts.setdefault("Modality", "")
    return facts | {
        "SidecarFilename": f"{plan.name}.json",
        "Words": words_of(str(keys.get("SeriesDescription") or keys.get("ProtocolName") or "")),
        "Volumes": volume.times,
        "Slices": int(volume.voxels.shape[1]),
        "Samples": int(volume.voxels.shape[4]) if volume.voxels.ndim == 5 else 1,
        "Diffusion": volume.gradients is not None,
        "Component": _component(keys, plan),
        "EPI": _is_epi(keys, plan),
        "SpinEcho": _is_spin_echo(keys),
    }


def _component(keys: dict[str, Any], plan: Plan) -> str:
    """Return the component that frames state, which may be another one than the object's; else that of its image type."""
    stated = str(plan.frames[0][0].labels.get("component", "")).upper().split("-")
    if stated != [""]:
        return next((name for name in COMPONENTS if name in stated), "MAGNITUDE")
    words = keys.get("ImageType", [])
    component = next((name for name in COMPONENTS if name in words), "")
    return component or LETTERS.get(words[2] if len(words) > 2 else "", "MAGNITUDE")


def _is_epi(keys: dict[str, Any], plan: Plan) -> bool:
    if metadata.text(plan.instances[0].elements, Tag.ECHO_PLANAR_PULSE_SEQUENCE) == "YES":
        return True
    sequence = str(keys.get("ScanningSequence", "")).split("\\")
    named = any(EPI_NAME.match(str(keys.get(key, ""))) for key in ("SequenceName", "PulseSequenceName"))
    return keys.get("Modality") == "MR" and ("EP" in sequence or named or "EPI" in str(keys.get("PulseSequenceType", "")))


def _is_spin_echo(keys: dict[str, Any]) -> bool:
    sequence = str(keys.get("ScanningSequence", "")).split("\\")
    named = any(SPIN_ECHO_NAME.match(str(keys.get(key, ""))) for key in ("SequenceName", "PulseSequenceName"))
    return ("SE" in sequence or named or "Spin Echo" in str(keys.get("PulseSequenceType", ""))) and "GR" not in sequence


def _direction(keys: dict[str, Any], stored_affine: np.ndarray) -> str:
    """Return the way of phase encoding in the patient: along an axis of the file, or against it."""
    axis = str(keys.get("PhaseEncodingDirection", ""))
    if not axis:
        return ""
    column = stored_affine[:3, AXES.index(axis[0])]
    return way_along(-column if axis.endswith("-") else column)


def _asl_context(volume: Volume) -> tuple[str, ...]:
    """Return what each volume is, where all specify it."""
    series = volume.dicom.metadata
    planes = [bids.PlaneAttributes(series.instances[int(i)], int(f)) for i, f in series.frames[:, 0]]
    words = [ASL_WORDS.get(label_type_of(plane)) for plane in planes]
    return tuple(word for word in words if word) if all(words) else ()


def _orientation(image: Image) -> tuple[float, ...]:
    return tuple(round(float(cosine), 1) + 0.0 for cosine in image.facts.get("ImageOrientationPatientDICOM", []))
