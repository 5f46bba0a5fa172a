"""The lossless record of a sidecar → where a volume came from: the inverse of `record.to_json`."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from ..errors import GeometryError, SidecarError
from ..model.charset import CharacterSet
from ..model.dicom_source import DicomSource, Origin
from ..model.metadata import LARGEST_LABEL, Encoding, Instance, PixelElement, SeriesMetadata
from ..model.space.geometry import check_affine
from ..model.voxels.digest import ALGORITHMS, algorithm_of
from ..model.voxels.pixels import PixelRecord, Rescale
from ..options import Resample
from ..standard import dictionary
from .bulk import BulkReader
from .dicom_json import vr_of
from .image_id import ImageId
from .old_versions import check_written_keys, with_current_keys
from .record import FRAME_COLUMNS, IMAGE_ID, KEY, NO_PREAMBLE, WRITTEN_KEYS, Record
from .record_digest import check_digests
from .record_sizes import check_counts
from .table import TableDecoder

READABLE_VERSIONS = ("1", "2")
"""Major versions of the schema that are read."""
MAX_FRAMES = 1 << 28
_WARNINGS = {
    None: "the record is of an earlier version and has no digest: changes to it cannot be recognized",
    False: "",
    True: "attributes were changed in the record of the DICOM: the result is a derived series, not the original",
}
"""Whether the record was changed → what is specified for it."""


def record_from_json(record: Any, where: str) -> Record:
    """Return what `to_json` was given.

    Raises
    ------
    SidecarError
        If the record is of another version, incomplete, or contradicts itself; `where` names the file.
    """
    original = record
    if _version_of(record, where) == "1":
        record = with_current_keys(record)
    try:
        check_counts(record, where)
        bulk = BulkReader(record.get("BulkData", []), where)
        decoder, plain = TableDecoder(bulk), CharacterSet()
        elements = decoder.table(record["Instances"], plain, f"{where}: {KEY}/Instances")
        file_meta = decoder.table(record["FileMeta"], plain, f"{where}: {KEY}/FileMeta")
        instances = _instances(record["Files"], elements, file_meta, bulk, where)
        frames = _frames(record["Frames"], len(instances), where)
        layers = _layers(record["Frames"], frames, len(instances), where)
        origin, pixels = _origin(record, frames, bulk, where)
        if not isinstance(record[WRITTEN_KEYS], dict):
            raise SidecarError(f"{where}: {KEY}/{WRITTEN_KEYS} must be an object.")
        resampled = frozenset(Resample(word) for word in record["Geometry"].get("Resampled", []))
        preserved = str(record.get("PreservedBidsKeys", "")).encode("ascii")
        is_changed = check_digests(original, instances, where)
        if is_changed is None:
            check_written_keys(record[WRITTEN_KEYS], instances, where)
        series = SeriesMetadata(instances, frames, layers)
        source = DicomSource(series, pixels, origin, resampled, preserved, bool(is_changed))
        image_id = ImageId.parse(str(record.get(IMAGE_ID, "")))
        return Record(source, record[WRITTEN_KEYS], _WARNINGS[is_changed], image_id)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, MemoryError, GeometryError) as error:
        what = f"{type(error).__name__}: {error}"
        raise SidecarError(
            f"{where}: the record under {KEY!r} is incomplete or was edited into nonsense ({what}). "
            "Use the sidecar as it was written; edit the keys at the top level instead."
        ) from None


def _version_of(record: Any, where: str) -> str:
    """Return the major version of the schema of a record; raises where it is not one that this tool reads."""
    version = record.get("SchemaVersion") if isinstance(record, dict) else None
    if not isinstance(version, str):
        raise SidecarError(f'{where}: {KEY!r} has no "SchemaVersion": it was not written by this tool, or is damaged.')
    major = version.split(".")[0]
    if major not in READABLE_VERSIONS:
        raise SidecarError(
            f"{where}: its record has schema version {version}; this version of the tool reads "
            f"{' and '.join(f'{readable}.x' for readable in READABLE_VERSIONS)}. Use the version of the tool that wrote it, or "
            "a newer one."
        )
    return major


def _instances(
    files: dict[str, Any], elements: list[Any], file_meta: list[Any], bulk: BulkReader, where: str
) -> tuple[Instance, ...]:
    count = len(elements)
    names = files["Names"]
    if not isinstance(names, list):
        raise SidecarError(f"{where}: {KEY}/Files/Names must be a list.")
    preambles, encodings, pixels = (_each(files[key], count) for key in ("Preamble", "Encoding", "PixelData"))
    trailers = _each(files.get("Trailer", {"All": ""}), count)
    if not count or not all(len(part) == count for part in (names, file_meta, preambles, encodings, pixels, trailers)):
        raise SidecarError(f"{where}: {KEY}/Files, FileMeta and Instances have different numbers of files.")
    return tuple(
        Instance(
            elements=elements[n],
            file_meta=file_meta[n],
            preamble=_preamble(preambles[n]),
            encoding=_encoding(encodings[n], where),
            pixels=_pixel_element(pixels[n], where),
            name=str(names[n]),
            trailer=bulk.get(trailers[n], where) if trailers[n] else b"",
        )
        for n in range(count)
    )


def _encoding(value: Any, where: str) -> Encoding:
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(flag, bool) for flag in value):
        raise SidecarError(f"{where}: {KEY}/Files/Encoding must be three truth values.")
    return Encoding(*value)


def _pixel_element(value: Any, where: str) -> PixelElement | None:
    if value is None:
        return None
    tag, vr, length = value
    if tag not in dictionary.PIXEL_TAGS:
        raise SidecarError(f"{where}: {KEY}/Files/PixelData specifies {tag!r}, which is not a pixel data element.")
    return PixelElement(tag, vr_of(vr, where), 0, int(length))


def _rescale(value: dict[str, Any], where: str) -> Rescale:
    slope, intercept = float(value["Slope"]), float(value["Intercept"])
    if not math.isfinite(slope) or not math.isfinite(intercept) or slope == 0:
        raise SidecarError(f"{where}: {KEY}/Voxels/Rescale has slope {slope} and intercept {intercept}.")
    return Rescale(slope, intercept, str(value["Units"]))


def _number_type(value: Any, where: str) -> np.dtype:
    if isinstance(value, str) and value[1:] in {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"}:
        return np.dtype(value)
    raise SidecarError(f"{where}: {KEY}/Voxels names the type {value!r}.")


def _each(value: dict[str, Any], count: int) -> list[Any]:
    return value["Each"] if "Each" in value else [value["All"]] * count


def _preamble(value: str) -> bytes | None:
    if value == NO_PREAMBLE:
        return None
    return base64.b64decode(value) if value else bytes(128)


def _frames(value: dict[str, Any], instances: int, where: str) -> np.ndarray:
    shape = int(value["Times"]), int(value["Slices"])
    count = shape[0] * shape[1]
    if min(shape) < 1 or count > MAX_FRAMES:
        raise SidecarError(f"{where}: {KEY}/Frames specifies {shape[0]} × {shape[1]} planes.")
    if len(value.get("Instance", ())) != count and ("Instance" in value or count > instances):
        raise SidecarError(f"{where}: {KEY}/Frames does not fit the {instances} instance(s) of the record.")
    instance = np.array(value.get("Instance", range(count)), np.int32)
    frame = np.array(value.get("Frame", np.zeros(count, np.int32)), np.int32)
    if instance.shape != (count,) or frame.shape != (count,) or instance.min() < 0 or instance.max() >= instances:
        raise SidecarError(f"{where}: {KEY}/Frames does not fit the {instances} instance(s) of the record.")
    return np.stack([instance, frame], -1).reshape(*shape, 2)


def _layers(value: dict[str, Any], frames: np.ndarray, instances: int, where: str) -> np.ndarray | None:
    if "FrameTable" not in value:
        return None
    columns, count = value["FrameTable"], len(value["FrameTable"]["Slice"])
    layers = np.stack([np.array(columns.get(name, [0] * count), np.int32) for name in FRAME_COLUMNS], -1)
    ends = (frames.shape[1], instances, MAX_FRAMES, LARGEST_LABEL + 1)
    if not count or frames.shape[0] != 1 or layers.min() < 0 or (layers >= ends).any():
        raise SidecarError(f"{where}: {KEY}/Frames/FrameTable does not fit the {frames.shape[1]} slice(s) of the record.")
    return layers


def _origin(record: dict[str, Any], frames: np.ndarray, bulk: BulkReader, where: str) -> tuple[Origin, PixelRecord]:
    voxels, remainder = record["Voxels"], record.get("PixelDataRemainder", {})
    matrix = np.array(record["Geometry"]["IjkToRas"], dtype=float)
    if matrix.shape != (4, 4):
        raise SidecarError(f"{where}: {KEY}/Geometry/IjkToRas is not a 4 × 4 matrix.")
    check_affine(matrix)
    shape = tuple(int(n) for n in voxels["Shape"])
    if len(shape) not in (4, 5) or min(shape) < 1 or shape[:2] != frames.shape[:2]:
        raise SidecarError(f"{where}: {KEY}/Voxels/Shape {shape} does not fit {KEY}/Frames.")
    if not algorithm_of(str(voxels["Digest"])):
        raise SidecarError(f"{where}: {KEY}/Voxels/Digest is not a digest that begins with {' or '.join(ALGORITHMS)}.")
    origin = Origin(
        digest=str(voxels["Digest"]),
        shape=shape,
        ijk_to_ras=matrix,
        rescale=_rescale(voxels["Rescale"], where),
        dtype=_number_type(voxels["Type"], where).str,
    )
    if not isinstance(voxels["Rescaled"], bool):
        raise SidecarError(f"{where}: {KEY}/Voxels/Rescaled must be a truth value.")
    across, down = voxels["MosaicTiles"]
    pixels = PixelRecord(
        stored_type=_number_type(voxels["StoredType"], where).str,
        rescaled=voxels["Rescaled"],
        across=int(across),
        down=int(down),
        residues={int(n): bulk.get(uri, where) for n, uri in remainder.get("Differences", {}).items()},
        tails={int(n): bulk.get(uri, where) for n, uri in remainder.get("TrailingBytes", {}).items()},
        decoded={n: syntax for syntax, numbers in remainder.get("DecodedFrom", {}).items() for n in numbers},
    )
    return origin, pixels
