"""Checks of values that replace those of an original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import OptionError
from ...formats.dicom import edits
from ...formats.dicom.created.kinds import modality_of
from ...model import metadata
from ...model.metadata import Instance
from ...model.volume import Volume
from ...standard.dictionary import describe
from ...standard.tags import Tag


def doubts_of_patient(instances: Sequence[Instance], values: Mapping[edits.AttributePath, Any]) -> list[str]:
    """Return a warning if values change the patient and not the study: archives assign a study to one patient."""
    changed = [
        describe(tag)
        for tag in (Tag.PATIENT_ID, Tag.PATIENT_NAME)
        if tag in values and any(not edits.is_value_of(instance, tag, values[tag]) for instance in instances)
    ]
    if not changed or Tag.STUDY_INSTANCE_UID in values:
        return []
    return [
        f"{' and '.join(changed)} changed, StudyInstanceUID (0020,000D) did not: archives may assign the series to the former "
        "patient. Set StudyInstanceUID as well for another patient"
    ]


def require_same_modality(values: Mapping[edits.AttributePath, Any], volumes: Sequence[Volume]) -> None:
    """Refuse another Modality for objects whose kind has one of its own.

    Raises
    ------
    OptionError
        If it was set or edited.
    """
    given = values.get(Tag.MODALITY, ("CS", []))[1]
    for volume in volumes if given else ():
        first = volume.dicom.metadata.first.elements
        wanted = modality_of(metadata.text(first, Tag.SOP_CLASS_UID))
        if wanted and given[0] != wanted:
            raise OptionError(
                f"Modality (0008,0060) of this kind of object is {wanted}, and {given[0]} was set. "
                'Use kind="KIND" for another kind.'
            )
