"""Volumes without what identifies the patient."""

from __future__ import annotations

from dataclasses import replace

from ..errors import BridgeError, OptionError
from ..formats.dicom.changed_instance import with_group_length
from ..model import metadata
from ..model.files.names import safe_name, unique_name
from ..model.metadata import Instance, Log, SeriesMetadata
from ..model.report import Entry
from ..model.volume import Volume
from ..options import ConversionOptions, Retain
from ..options.fields import KEY_BYTES
from ..standard.tags import Tag
from .elements import Cleaner, Patient
from .kept_bids_keys import preserved_keys_of
from .pixel_warnings import pixel_warnings
from .policy import CODES, Policy
from .reports import publish_entry
from .sentences import Masker
from .statement import file_meta_of_ours, statement


class Deidentifier:
    """Removes identifying metadata from volumes; the same UID becomes the same new one in all of them.

    By the Basic Application Level Confidentiality Profile (PS3.15 E.2 and table E.1-1). If an action has a choice, the
    type of the attribute in the IOD decides (PS3.3 A).

    Parameters
    ----------
    key : str
        UIDs of volumes that were de-identified with the same key stay linked. A random one by default.
    policy : Policy, optional
        All choices, in place of the key alone; see `Deidentifier.of`.

    Examples
    --------
    >>> from nifti_dicom_bridge import Deidentifier, read
    >>> Deidentifier("a secret of study 7").clean(read("scans")[0]).name
    '7_MR'
    """

    def __init__(self, key: str = "", policy: Policy | None = None):
        if key and len(key.encode("utf-8")) < KEY_BYTES:
            raise OptionError(f"A key of {len(key.encode('utf-8'))} bytes is too short. Expected at least {KEY_BYTES} bytes.")
        self.policy = policy or (Policy(key.encode("utf-8")) if key else Policy())
        self.masker = Masker()
        self._known: dict[int, tuple[Instance, Instance, Cleaner]] = {}
        self._names: set[str] = set()
        self._file_names: dict[str, str] = {}

    @classmethod
    def of(cls, options: ConversionOptions) -> Deidentifier:
        """Return one that does what the options of a conversion want; raises `OptionError` if a file they name has errors."""
        return cls(policy=Policy.of(options))

    def clean(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume without identifying metadata, named by series number and modality.

        It has the same voxels, grid and `Origin`, so that it still counts as unedited. Its attributes state what was done:
        PatientIdentityRemoved, DeidentificationMethod with its codes, and LongitudinalTemporalInformationModified. The voxels
        are not examined: text that is burned in stays, and so do faces.

        Raises
        ------
        BridgeError
            If the volume never was DICOM: what to remove is not known. If the table of pseudonyms does not have the patient.
        """
        if volume.source is None:
            raise BridgeError(
                "The image has no record of the DICOM it came from, so what to remove from it is unknown. Leave out "
                "deidentify=True, or put its sidecar back next to it."
            )
        series, pixels = volume.source.metadata, volume.source.pixel_record
        instances = tuple(self._instance(instance, n) for n, instance in enumerate(series.instances))
        source = replace(
            volume.source,
            metadata=replace(series, instances=instances),
            pixel_record=replace(pixels, residues={}, tails={}),
            preserved_bids_keys=b"",
        )
        name = public_name(source.metadata)
        cleaned = replace(volume, source=source, name=name, warnings=tuple(map(self.masker.masked, volume.warnings)))
        cleaned = replace(cleaned, source=replace(source, preserved_bids_keys=preserved_keys_of(volume, cleaned)))
        if log is not None:
            self._tell(volume, series, log)
        return cleaned

    def publish(self, entry: Entry, number: int) -> None:
        """Take from an entry of a report, what identifies the patient, the title included."""
        publish_entry(entry, number, self.masker)

    def _instance(self, instance: Instance, n: int) -> Instance:
        known = self._known.get(id(instance))
        if known is None:
            cleaner = Cleaner(self.policy, Patient.of(instance.elements, self.policy))
            cleaned = _cleaned(instance, cleaner)
            if instance.key not in self._file_names:  # several objects may share a UID; several images may have one object
                self._file_names[instance.key] = f"{unique_name(cleaned.uid or f'{n + 1:06d}', self._names)}.dcm"
            known = instance, replace(cleaned, name=self._file_names[instance.key]), cleaner
            self._known[id(instance)] = known
            self.masker.add(cleaner.secrets)
            self.masker.add_paths([instance.path, instance.name])
        return known[1]

    def _tell(self, volume: Volume, series: SeriesMetadata, log: Log) -> None:
        cleaners = [self._known[id(instance)][2] for instance in series.instances]
        removed = set[tuple[int, ...]]().union(*(cleaner.removed for cleaner in cleaners))
        replaced = set[tuple[int, ...]]().union(*(cleaner.replaced for cleaner in cleaners))
        log.notes.append(
            f"De-identified by the basic profile of PS3.15 E{self._options()}: {len(removed)} attributes removed, "
            f"{len(replaced)} emptied or replaced. The pixels were not examined."
        )
        log.warnings += pixel_warnings(volume, Retain.SAFE_PRIVATE in self.policy.options)

    def _options(self) -> str:
        names = [meaning for option, (_, meaning) in CODES.items() if option in self.policy.options]
        return f" with {', '.join(names)}" if names else ""


def _cleaned(instance: Instance, cleaner: Cleaner) -> Instance:
    elements = cleaner.elements(instance.elements, metadata.text(instance.elements, Tag.SOP_CLASS_UID))
    file_meta = cleaner.file_meta(instance.file_meta, file_meta_of_ours())
    if Tag.MEDIA_STORAGE_SOP_INSTANCE_UID in file_meta and Tag.SOP_INSTANCE_UID in elements:  # files may have two UIDs
        file_meta[Tag.MEDIA_STORAGE_SOP_INSTANCE_UID] = elements[Tag.SOP_INSTANCE_UID]
    return replace(
        instance,
        elements=dict(sorted({**elements, **statement(cleaner.policy, instance.elements, elements)}.items())),
        file_meta=with_group_length(file_meta),
        preamble=None if instance.preamble is None else bytes(128),
        trailer=b"",
    )


def public_name(series: SeriesMetadata) -> str:
    """Return a file name of series number and modality, and nothing else."""
    elements = series.first.elements
    number, modality = metadata.integer(elements, Tag.SERIES_NUMBER, -1), metadata.text(elements, Tag.MODALITY)
    return safe_name(" ".join(filter(None, (str(number) if number >= 0 else "", modality or "image"))))
