"""What was applied to source images: Contributing Equipment Sequence (PS3.3 C.12.1.1.5) and DerivationDescription."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import without_credentials
from ...model import metadata
from ...model.metadata import Element, Elements, Item
from ...options.algorithm import Algorithm
from ...standard.tags import Tag
from . import new_element
from .new_file import NewFile
from .pydicom_conversion import items_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LONGEST = 1024
"""The most characters of a short text (VR ST)."""
_PROCESSING_EQUIPMENT = ("109102", "DCM", "Processing Equipment")


@dataclass(frozen=True)
class Provenance:
    """What was applied to the source images of an object.

    Attributes
    ----------
    algorithm : Algorithm
        Its name, and what else is known of it.
    details : str
        The command, how it ended, and the digest of what it read.
    """

    algorithm: Algorithm
    details: str

    @property
    def name(self) -> str:
        """Name and version."""
        return self.algorithm.title

    @property
    def description(self) -> str:
        """The derivation in one text of at most `LONGEST` characters."""
        text = without_credentials(f"{self.name}: {self.details}".replace("\\", "/"))
        return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def with_provenance(new_file: NewFile, provenance: Provenance) -> NewFile:
    """Return a file to write with the provenance in it.

    Name and version are in the description: other programs take a model name in the sequence for that of the scanner.
    """
    elements = new_file.instance.elements
    before = metadata.items(elements, Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE)
    added: Elements = {
        Tag.DERIVATION_DESCRIPTION: new_element.text("ST", provenance.description),
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: Element("SQ", (*before, Item(_equipment(provenance, elements)))),
    }
    return replace(new_file, instance=replace(new_file.instance, elements={**elements, **added}))


def _equipment(provenance: Provenance, elements: Elements) -> Elements:
    return {
        Tag.MANUFACTURER: new_element.text("LO", _manufacturer(provenance)),
        Tag.CONTRIBUTION_DATE_TIME: new_element.text("DT", _now(metadata.text(elements, Tag.TIMEZONE_OFFSET_FROM_UTC))),
        Tag.CONTRIBUTION_DESCRIPTION: new_element.text("ST", provenance.description),
        Tag.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: new_element.sequence(new_element.code(*_PROCESSING_EQUIPMENT)),
    }


def add_provenance(data_set: Dataset, provenance: Provenance) -> None:
    """Put the provenance into a data set of highdicom: its frames have a Derivation Image functional group of their own."""
    from pydicom.dataset import Dataset as Item
    from pydicom.sequence import Sequence

    from .created.derivation import code_item

    item = Item()
    item.Manufacturer = _manufacturer(provenance)
    item.ContributionDateTime = _now(str(data_set.get("TimezoneOffsetFromUTC") or ""))
    item.ContributionDescription = provenance.description
    item.PurposeOfReferenceCodeSequence = Sequence([code_item(_PROCESSING_EQUIPMENT)])
    data_set.ContributingEquipmentSequence = Sequence([*items_of(data_set, "ContributingEquipmentSequence"), item])
    for frame in data_set.get("PerFrameFunctionalGroupsSequence", []):
        for derivation in frame.get("DerivationImageSequence", []):
            derivation.DerivationDescription = provenance.description


def _manufacturer(provenance: Provenance) -> str:
    return provenance.algorithm.name.replace("\\", "/")[: new_element.LO_LENGTH]


def _now(offset: str) -> str:
    return new_element.present_moment(offset).strftime("%Y%m%d%H%M%S")
