"""What the volumes of one conversion to DICOM share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...model import metadata
from ...model.volume import Volume
from ...options import ConversionOptions
from ...standard.tags import Tag
from .provenance import Provenance
from .uids import UidMap


@dataclass
class DicomJob:
    """What the volumes of one conversion share.

    Attributes
    ----------
    options : ConversionOptions
        The choices.
    uids : UidMap
        New UIDs, the same for one old UID throughout.
    folders, files : set of str
        Names of series folders and of files that are taken.
    series_folder : str
        What to call the folder of a derived series; by default by its number and description.
    provenance : Provenance or None
        What was applied to the source images of derived and new objects.
    """

    options: ConversionOptions
    uids: UidMap = field(default_factory=UidMap)
    folders: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    series_folder: str = ""
    provenance: Provenance | None = None

    def copy(self) -> DicomJob:
        """Return the same job; what is added to it is not in this one."""
        uids = UidMap()
        uids.new.update(self.uids.new)
        return replace(self, uids=uids, folders=set(self.folders), files=set(self.files))

    def add(self, other: DicomJob) -> None:
        """Take over what was added to a copy."""
        self.uids.new.update(other.uids.new)
        self.folders |= other.folders
        self.files |= other.files

    def keep_uids_of(self, volumes: Sequence[Volume]) -> None:
        """Let the UIDs of series and instances stay."""
        for volume in volumes:
            for instance in volume.dicom.metadata.instances:
                self.uids.keep(metadata.text(instance.elements, Tag.SERIES_INSTANCE_UID))
                self.uids.keep(instance.uid)
