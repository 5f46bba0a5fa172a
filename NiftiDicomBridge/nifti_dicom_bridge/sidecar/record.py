"""The lossless record: everything that a NIfTI image cannot specify for the DICOM instances it came from.

It is one key of the JSON sidecar. `to_json` and `from_json` are each other's inverse.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..model.charset import CharacterSet
from ..model.dicom_source import DicomSource, Origin
from ..model.metadata import Instance, SeriesMetadata
from ..model.processes.garbage_collection import collection_paused
from ..model.volume import Volume
from ..model.voxels.pixels import PixelRecord
from ..version import tool_version
from .bulk import BulkWriter
from .image_id import ImageId
from .record_digest import CHANGED, DIGESTS, digests_of
from .table import TableEncoder

KEY = "NiftiDicomBridge"
SCHEMA_VERSION = "2.4"
IMAGE_ID = "ImageId"
WRITTEN_KEYS = "WrittenBidsKeys"
"""The keys at the top level as they were written; a Zarr store without a record has them, too."""
NO_PREAMBLE = "none"
FRAME_COLUMNS = ("Slice", "Instance", "Frame", "Label")


class Record(NamedTuple):
    """What a sidecar contains about the DICOM that an image came from.

    Attributes
    ----------
    source : DicomSource
        The instances, how their pixels were stored, and what the image was.
    written_bids_keys : dict
        The top level of the sidecar as it was written.
    warning : str
        What is to be known of the record itself; empty without any.
    image_id : ImageId or None
        What the header of the image specifies, too; None in records before schema version 2.3.
    """

    source: DicomSource
    written_bids_keys: dict[str, Any]
    warning: str = ""
    image_id: ImageId | None = None


def to_json(volume: Volume, bids: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a volume that came from DICOM.

    Parameters
    ----------
    volume : Volume
        One with a source.
    bids : dict
        The top level of the sidecar as it is written, so that edits can be recognized later.
    """
    source = volume.dicom
    series, origin, pixels = source.metadata, source.origin, source.pixel_record
    bulk = BulkWriter()
    encoder, plain = TableEncoder(bulk), CharacterSet()
    with collection_paused():
        tables = {
            "FileMeta": encoder.table([instance.file_meta for instance in series.instances], plain),
            "Instances": encoder.table([instance.elements for instance in series.instances], plain),
        }
    record: dict[str, Any] = {
        "SchemaVersion": SCHEMA_VERSION,
        "Tool": {"Name": "nifti-dicom-bridge", "Version": tool_version()},
        "Voxels": _voxels_json(origin, pixels),
        "Geometry": _geometry_json(volume),
        "Frames": _columns(series),
        "Files": _files_json(series.instances, bulk),
        **tables,
        "PixelDataRemainder": _pixel_data_remainder(pixels, bulk),
        WRITTEN_KEYS: bids,
    }
    if source.preserved_bids_keys:
        record["PreservedBidsKeys"] = source.preserved_bids_keys.decode("ascii")
    if image_id := ImageId.of_source(source):
        record[IMAGE_ID] = str(image_id)
    record["BulkData"] = bulk.to_json()
    if source.is_changed:
        record[CHANGED] = True
    record[DIGESTS] = digests_of(record)
    return record


def _geometry_json(volume: Volume) -> dict[str, Any]:
    source = volume.dicom
    resampled = {"Resampled": sorted(step.value for step in source.resampled)} if source.resampled else {}
    return {"IjkToRas": source.origin.ijk_to_ras.tolist(), "Warnings": list(volume.warnings), **resampled}


def _voxels_json(origin: Origin, pixels: PixelRecord) -> dict[str, Any]:
    rescale = origin.rescale
    return {
        "Digest": origin.digest,
        "Shape": list(origin.shape),
        "Type": origin.dtype,
        "Rescale": {"Slope": rescale.slope, "Intercept": rescale.intercept, "Units": rescale.units},
        "StoredType": pixels.stored_type,
        "Rescaled": pixels.rescaled,
        "MosaicTiles": [pixels.across, pixels.down],
    }


def _columns(series: SeriesMetadata) -> dict[str, Any]:
    """Return which plane is which frame of which instance; absent columns count up, or are all zero."""
    frames = series.frames
    times, slices, _ = frames.shape
    result: dict[str, Any] = {"Times": times, "Slices": slices}
    instance, frame = frames[..., 0].reshape(-1), frames[..., 1].reshape(-1)
    if not np.array_equal(instance, np.arange(instance.size)):
        result["Instance"] = instance.tolist()
    if frame.any():
        result["Frame"] = frame.tolist()
    if series.layers is not None:
        columns = zip(FRAME_COLUMNS, series.layers.T, strict=True)
        result["FrameTable"] = {name: column.tolist() for name, column in columns if name == "Slice" or column.any()}
    return result


def _files_json(instances: Sequence[Instance], bulk: BulkWriter) -> dict[str, Any]:
    """Return names, preambles, encodings, pixel data elements and trailers: one entry where all are equal, else a list."""
    trailers = [bulk.add(instance.trailer) if instance.trailer else "" for instance in instances]
    pixels = [instance.pixels and (instance.pixels.tag, instance.pixels.vr, instance.pixels.length) for instance in instances]
    return {
        "Names": [instance.name for instance in instances],
        "Preamble": _once([instance.preamble for instance in instances], _preamble_json),
        "Encoding": _once([instance.encoding for instance in instances], list),
        "PixelData": _once(pixels, _pixel_element_json),
        **({"Trailer": _once(trailers, str)} if any(trailers) else {}),
    }


def _pixel_element_json(pixels: tuple[Any, ...] | None) -> list[Any] | None:
    """Return tag, VR and length of the pixel data; None for objects without any, such as RT Structure Sets."""
    return None if pixels is None else list(pixels)


def _preamble_json(preamble: bytes | None) -> str:
    if preamble is None:
        return NO_PREAMBLE
    return base64.b64encode(preamble).decode("ascii") if any(preamble) else ""


def _once(values: list[Any], to_json: Callable[[Any], Any]) -> dict[str, Any]:
    first = values[0]
    if all(value == first for value in values):
        return {"All": to_json(first)}
    return {"Each": [to_json(value) for value in values]}


def _pixel_data_remainder(pixels: PixelRecord, bulk: BulkWriter) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, values in (("Differences", pixels.residues), ("TrailingBytes", pixels.tails)):
        if values:
            uris = bulk.add_all(list(values.values()))
            result[name] = {str(n): uri for n, uri in zip(values, uris, strict=True)}
    if pixels.decoded:
        syntaxes: dict[str, list[int]] = defaultdict(list)
        for n, syntax in pixels.decoded.items():
            syntaxes[syntax].append(n)
        result["DecodedFrom"] = dict(syntaxes)
    return result
