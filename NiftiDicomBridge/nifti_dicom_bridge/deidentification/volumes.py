"""Volumes without what tells who the patient is."""

from __future__ import annotations

from dataclasses import replace

from ..errors import BridgeError
from ..formats.dicom import new_element
from ..formats.dicom.new_file import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
from ..formats.dicom.restore import with_group_length
from ..model import metadata
from ..model.metadata import Element, Elements, Instance, Log, SeriesMetadata
from ..model.names import safe_name, unique_name
from ..model.volume import Volume
from ..standard.editions import EDITION_OF
from ..standard.tags import Tag
from .elements import Cleaner
from .kept_bids_keys import preserved_keys_of
from .pixel_warnings import pixel_warnings
from .uids import KeyedUids

METHOD = f"PS3.15 {EDITION_OF['PS3.15']} E.2 Basic Application Level Confidentiality Profile"
_BASIC_PROFILE = new_element.code("113100", "DCM", "Basic Application Confidentiality Profile")


class Deidentifier:
    """Removes identifying metadata from volumes; the same UID becomes the same new one in all of them.

    By the Basic Application Level Confidentiality Profile (PS3.15 E.2 and table E.1-1). If an action has a choice, the
    type of the attribute in the IOD decides (PS3.3 A).

    Parameters
    ----------
    key : str
        UIDs of volumes that were de-identified with the same key stay linked. A random one by default.

    Examples
    --------
    >>> from nifti_dicom_bridge import Deidentifier, read
    >>> Deidentifier("study 7").clean(read("scans")[0]).name
    '7_MR'
    """

    def __init__(self, key: str = ""):
        self._uids = KeyedUids(key)
        self._known: dict[int, tuple[Instance, Instance, Cleaner]] = {}
        self._names: set[str] = set()

    def clean(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume without identifying metadata, named by series number and modality.

        It has the same voxels, grid and `Origin`, so that it still counts as unedited. Its attributes state what was done:
        PatientIdentityRemoved, DeidentificationMethod with its code, and LongitudinalTemporalInformationModified REMOVED. The
        voxels are not examined: text that is burned in stays, and so do faces.

        Raises
        ------
        BridgeError
            If the volume never was DICOM: what to remove is not known.
        """
        if volume.source is None:
            raise BridgeError(
                f"{volume.name}: it has no record of the DICOM it came from, so that nothing tells what to remove from it. "
                "Leave out deidentify=True, or put its sidecar back beside it."
            )
        series, pixels = volume.source.metadata, volume.source.pixel_record
        instances = tuple(self._instance(instance, n) for n, instance in enumerate(series.instances))
        source = replace(
            volume.source,
            metadata=replace(series, instances=instances),
            pixel_record=replace(pixels, residues={}, tails={}),
            preserved_bids_keys=b"",
        )
        cleaned = replace(
            volume, source=source, name=public_name(series), warnings=tuple(_without_file_names(volume.warnings, series))
        )
        cleaned = replace(cleaned, source=replace(source, preserved_bids_keys=preserved_keys_of(volume, cleaned)))
        if log is not None:
            self._tell(volume, series, log)
        return cleaned

    def _instance(self, instance: Instance, n: int) -> Instance:
        known = self._known.get(id(instance))
        if known is None:
            cleaner = Cleaner(self._uids)
            cleaned = _cleaned(instance, cleaner)
            name = unique_name(cleaned.uid or f"{n + 1:06d}", self._names)  # several objects may share a UID
            known = instance, replace(cleaned, name=f"{name}.dcm"), cleaner
            self._known[id(instance)] = known
        return known[1]

    def _tell(self, volume: Volume, series: SeriesMetadata, log: Log) -> None:
        cleaners = [self._known[id(instance)][2] for instance in series.instances]
        removed = set[tuple[int, ...]]().union(*(cleaner.removed for cleaner in cleaners))
        replaced = set[tuple[int, ...]]().union(*(cleaner.replaced for cleaner in cleaners))
        log.notes.append(
            f"de-identified by the basic profile of PS3.15 E: {len(removed)} attributes removed, {len(replaced)} emptied or "
            "replaced; the pixels were not looked at, and faces can be recognised in those of heads"
        )
        log.warnings += pixel_warnings(volume)


def _cleaned(instance: Instance, cleaner: Cleaner) -> Instance:
    elements = cleaner.elements(instance.elements, metadata.text(instance.elements, Tag.SOP_CLASS_UID))
    return replace(
        instance,
        elements=dict(sorted({**elements, **_deidentification_attributes()}.items())),
        file_meta=with_group_length(cleaner.file_meta(instance.file_meta, _of_file_meta())),
        preamble=None if instance.preamble is None else bytes(128),
        trailer=b"",
    )


def _deidentification_attributes() -> Elements:
    """Return what tells that it was done, and how (PS3.15 E.1.1 step 6, PS3.3 C.7.1.1 and C.12.1)."""
    return {
        Tag.PATIENT_IDENTITY_REMOVED: Element("CS", b"YES "),
        Tag.DEIDENTIFICATION_METHOD: Element("LO", METHOD.encode("ascii")),
        Tag.DEIDENTIFICATION_METHOD_CODE_SEQUENCE: new_element.sequence(_BASIC_PROFILE),
        Tag.LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED: Element("CS", b"REMOVED "),
    }


def _of_file_meta() -> Elements:
    uid, version = IMPLEMENTATION_CLASS.encode("ascii"), IMPLEMENTATION_VERSION.encode("ascii")
    return {
        Tag.IMPLEMENTATION_CLASS_UID: Element("UI", uid + b"\0" * (len(uid) % 2)),
        Tag.IMPLEMENTATION_VERSION_NAME: Element("SH", version + b" " * (len(version) % 2)),
    }


def public_name(series: SeriesMetadata) -> str:
    """Return a file name that tells series number and modality, and nothing else."""
    elements = series.first.elements
    number, modality = metadata.integer(elements, Tag.SERIES_NUMBER, -1), metadata.text(elements, Tag.MODALITY)
    return safe_name(" ".join(filter(None, (str(number) if number >= 0 else "", modality or "image"))))


def _without_file_names(sentences: tuple[str, ...], series: SeriesMetadata) -> list[str]:
    """Return the sentences that name no file."""
    names = {part for instance in series.instances for part in (instance.name, instance.path) if part}
    return [sentence for sentence in sentences if not any(name in sentence for name in names)]
