"""Records of schema version 1.x, which version 0.1.0 of this tool wrote: still read, never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SidecarError
from ..model import metadata
from ..model.metadata import Instance
from ..standard.tags import Tag

_SAME_TEXT = {
    "PatientName": Tag.PATIENT_NAME, "PatientID": Tag.PATIENT_ID, "PatientSex": Tag.PATIENT_SEX,
    "StudyInstanceUID": Tag.STUDY_INSTANCE_UID, "SeriesInstanceUID": Tag.SERIES_INSTANCE_UID, "StudyID": Tag.STUDY_ID,
    "AccessionNumber": Tag.ACCESSION_NUMBER, "Modality": Tag.MODALITY, "SeriesNumber": Tag.SERIES_NUMBER,
    "SeriesDescription": Tag.SERIES_DESCRIPTION, "ProtocolName": Tag.PROTOCOL_NAME, "StationName": Tag.STATION_NAME,
    "InstitutionName": Tag.INSTITUTION_NAME, "DeviceSerialNumber": Tag.DEVICE_SERIAL_NUMBER,
}  # fmt: skip
"""Keys at the top level that have the text of an attribute, without characters that version 0.1.0 replaced."""
_KEYS = {"Top": "WrittenBidsKeys", "Remembered": "PreservedBidsKeys", "Residues": "PixelDataRemainder", "Bulk": "BulkData"}
_KEYS_OF_PARTS = {
    "Voxels": {"Tiles": "MosaicTiles"},
    "Frames": {"Layers": "FrameTable"},
    "PixelDataRemainder": {"Pixels": "Differences", "Tails": "TrailingBytes", "Decoded": "DecodedFrom"},
}


def with_current_keys(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of schema version 1.x, or the part of it in a Zarr store, with the keys of version 2.0."""
    current = _renamed(record, _KEYS)
    for part, keys in _KEYS_OF_PARTS.items():
        if isinstance(current.get(part), dict):
            current[part] = _renamed(current[part], keys)
    return current


def _renamed(content: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    return {keys.get(key, key): value for key, value in content.items()}


def check_written_keys(written: Mapping[str, Any], instances: Sequence[Instance], where: str) -> None:
    """Refuse a record without digests whose attributes contradict the keys that were written with it.

    Raises
    ------
    SidecarError
        If a key and the attribute of the same name, equal in all instances, have different letters and digits.
    """
    for key, tag in _SAME_TEXT.items():
        value, texts = written.get(key, ""), {metadata.text(instance.elements, tag) for instance in instances}
        if len(texts) != 1 or not (recorded := texts.pop()).isascii() or not str(value).isascii():
            continue
        if key in written and recorded and _letters(recorded) != _letters(str(value)):
            raise SidecarError(
                f"{where}: the record of the DICOM was changed or damaged: {key} is {recorded[:64]!r} in the attributes of "
                f"the instances and {str(value)[:64]!r} in the keys that were written with them. Use the sidecar as it was "
                "written; edit the keys at the top level instead."
            )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
