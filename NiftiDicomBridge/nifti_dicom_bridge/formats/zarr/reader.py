"""Stores → volumes whose voxels are read when they are sliced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import GeometryError, ZarrReadError
from ...model.files.json_files import parse_json
from ...model.files.names import stem_of
from ...model.processes.limits import check_expanded
from ...model.space.geometry import check_affine
from ...model.volume import Volume
from ...model.voxels.pixels import Rescale
from ...model.voxels.surplus_bytes import CHECK_HEADER
from ...sidecar import KEY, read_sidecar, sidecar_path
from ...sidecar.old_versions import with_current_keys
from ...sidecar.record import WRITTEN_KEYS
from .companion_json import BESIDE_KEY
from .dependency import zarr_package
from .ome import OmeImage, scale_and_translation
from .paths import OLD_SIGNS, SIGN
from .store_files import AGAIN, StoreFiles
from .writer import RECORD, RECORD_CHUNK
from .zarr_voxels import ZarrVoxels, reason

LABELS_NOT_READ = "its group labels is not read: label images are stores of their own below it"
MATRIX_TOLERANCE = 1e-4
MOST_CHUNKS = 1 << 12
"""Of a record: 64 GB."""


@dataclass(frozen=True)
class StoreContents:
    """What a store holds.

    Attributes
    ----------
    image : Volume
        Grid, values and what is known of them, without the record; its voxels are `LazyVoxels`.
    record : dict or None
        The lossless record, as it was given to be written; None for an image that never was DICOM.
    top : dict
        BIDS keys: those of NAME.json next to the store where it is there, else as they were when it was written.
    """

    image: Volume
    record: dict[str, Any] | None
    top: dict[str, Any]


def read_store(path: Path) -> StoreContents:
    """Return what a store holds; of its voxels nothing but whether all chunks are there.

    Raises
    ------
    DependencyError
        If the package zarr is not there.
    ZarrReadError
        If it is not a store of Zarr v3 with OME-Zarr metadata, or damaged, or half of it is missing.
    SidecarError
        If NAME.json next to it is damaged.
    GeometryError
        If its matrix is not a map to millimeters, or contradicts the OME metadata.
    """
    zarr_package()
    files = StoreFiles(path)
    _check_kind(files)
    attributes = _attributes(files)
    own = attributes.get(KEY)
    ome = OmeImage(attributes.get("ome"), str(path))
    if not isinstance(own, dict):
        doubts = _doubts_of_levels(files, ome)
        voxels = ZarrVoxels(_array(files, ome.path), ome, files)
        doubts += [LABELS_NOT_READ] if files.has(f"labels/{SIGN}") else []
        return StoreContents(_read_foreign_store(voxels, ome, path, doubts), None, _companion_keys(path, ours=False))
    voxels = ZarrVoxels(_array(files, ome.path), ome, files)
    voxels.check_chunks()
    record = _record(files, own)
    top = _companion_keys(path, ours=True) or dict(with_current_keys(own).get(WRITTEN_KEYS, {}))
    return StoreContents(_read_own_store(voxels, ome, own, path), record, top)


def close(contents: StoreContents) -> None:
    """Close a store that is a ZIP file: its voxels cannot be read afterwards."""
    voxels = contents.image.voxels
    if isinstance(voxels, ZarrVoxels):
        voxels.close()


def _check_kind(files: StoreFiles) -> None:
    path = files.path
    if not path.exists():
        raise ZarrReadError(f"{path}: no such store. Check the path.")
    if files.has(SIGN):
        return
    if any(files.has(name) for name in OLD_SIGNS):
        raise ZarrReadError(f"{path}: a store of Zarr v2. Stores of Zarr v3 are read: convert it first.")
    raise ZarrReadError(f"{path}: it has no {SIGN}: the store is half-written or was not copied whole. {AGAIN}")


def _attributes(files: StoreFiles) -> dict[str, Any]:
    path = files.path
    try:
        content = parse_json(files.read(SIGN))
    except OSError as error:
        raise ZarrReadError(f"{path / SIGN}: cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise ZarrReadError(f"{path / SIGN}: is not valid JSON ({error}). {AGAIN}") from None
    if (
        not isinstance(content, dict)
        or content.get("node_type") != "group"
        or not isinstance(content.get("attributes", {}), dict)
    ):
        raise ZarrReadError(f"{path / SIGN}: the metadata of a group were expected. Give the store of an image.")
    attributes: dict[str, Any] = content.get("attributes", {})
    return attributes


def _array(files: StoreFiles, name: str) -> Any:
    path = files.path
    try:
        return zarr_package().open_array(store=files.store(), path=name, mode="r", zarr_format=3)
    except Exception as error:  # zarr raises whatever its parts raise
        raise ZarrReadError(f"{path}: its array {name!r} is missing or damaged ({reason(error)}). {AGAIN}") from None


def _doubts_of_levels(files: StoreFiles, ome: OmeImage) -> list[str]:
    """Take the finest level of a store of another tool, and return what is wrong with its levels, or not read."""
    shapes: list[tuple[int, ...]] = []
    for name, _, _ in ome.levels:
        try:
            shapes.append(tuple(_array(files, name).shape))
        except ZarrReadError:  # the one that is read is reported
            shapes.append(())
    try:
        doubt = ome.take_finest(shapes)
    except ValueError as error:
        raise ZarrReadError(f"{files.path / SIGN}: {error}. Correct the scales, or create it again from its source.") from None
    others = f"the store describes other images, too ({', '.join(ome.other_images)}): the first is read"
    return [*([doubt] if doubt else []), *([others] if ome.other_images else [])]


def _read_own_store(voxels: ZarrVoxels, ome: OmeImage, own: dict[str, Any], path: Path) -> Volume:
    """Return the image of a store that this tool wrote."""
    try:
        image = own["Image"]
        matrix, rescale = np.array(image["IjkToRas"], dtype=float), image["Rescale"]
        if matrix.shape != (4, 4):
            raise ValueError("IjkToRas is not a 4 × 4 matrix")
        slope, intercept = float(rescale["Slope"]), float(rescale["Intercept"])
        if not math.isfinite(slope) or not math.isfinite(intercept) or slope == 0:
            raise ValueError(f"slope {slope} and intercept {intercept}")
        gradients = np.array(image["Gradients"], dtype=float) if "Gradients" in image else None
        if gradients is not None and gradients.shape != (voxels.shape[0], 4):
            raise ValueError(f"Gradients of shape {gradients.shape} for {voxels.shape[0]} times")
        volume = Volume(
            voxels=voxels,
            ijk_to_ras=matrix,
            rescale=Rescale(slope, intercept, str(rescale["Units"])),
            time_step_s=float(image["TimeStep"]),
            name=stem_of(path),
            gradients=gradients,
            warnings=tuple(str(sentence) for sentence in image["Warnings"]),
            space=str(image["Space"]),
            intent=str(image["Intent"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ZarrReadError(
            f"{path / SIGN}: the attribute {KEY}/Image is incomplete or was edited into nonsense ({reason(error)}). {AGAIN}"
        ) from None
    check_affine(volume.ijk_to_ras)
    _check_agreement(volume, ome, path)
    return volume


def _check_agreement(volume: Volume, ome: OmeImage, path: Path) -> None:
    """Refuse a store whose OME metadata were changed and whose exact matrix was not: one of both is wrong."""
    spacing, start = scale_and_translation(volume.ijk_to_ras)
    found_spacing, found_start = ome.spacing_and_origin()
    low = np.abs(np.subtract(start, found_start)).max()
    far = np.abs(np.subtract(spacing, found_spacing) * volume.voxels.shape[1:4]).max()
    if not max(low, far) <= MATRIX_TOLERANCE * max(1.0, np.abs(start).max()):
        raise GeometryError(
            f"{path / SIGN}: the OME metadata specify scale {found_spacing.tolist()} and translation "
            f"{found_start.tolist()}, the "
            f"exact matrix {KEY}/Image/IjkToRas {spacing} and {start}. Make them agree, or remove {KEY!r} to convert "
            "the image without its record."
        )


def _read_foreign_store(voxels: ZarrVoxels, ome: OmeImage, path: Path, doubts: Sequence[str]) -> Volume:
    """Return the image of a store that another tool wrote, with doubts that are known already."""
    matrix = ome.ijk_to_ras()
    check_affine(matrix)
    notes = [_note_of_directions(ome)]
    if ome.without_unit:
        notes.append(f"axes {', '.join(ome.without_unit)} have no unit: they count as millimeters")
    if ome.unknown_time_unit:
        notes.append(f"the axis of time has the unit {ome.unknown_time_unit!r}, which is not known: so is the time step")
    notes += doubts
    missing = voxels.missing_chunks()
    if missing:
        notes.append(f"chunks are missing, such as {', '.join(missing)}: their voxels have the fill value of the array")
    if outside := voxels.chunks_outside():
        notes.append(f"{outside} and were not read. {CHECK_HEADER}")
    return Volume(
        voxels=voxels,
        ijk_to_ras=matrix,
        time_step_s=ome.time_step_s,
        name=stem_of(path),
        warnings=tuple(notes),
        intent="label" if ome.is_label else "",
    )


def _note_of_directions(ome: OmeImage) -> str:
    """Return where the directions of the axes of a foreign store are from."""
    values = ", ".join(filter(None, ome.orientations))
    if ome.is_oriented:
        others = "" if all(ome.orientations) else "; the other axes are assumed to be upright (x left, y posterior, z superior)"
        return f"its axes have anatomical orientations ({values}): positions are assumed to be coordinates along them{others}"
    unused = f": the orientations {values} of its axes are not used, and" if values else ":"
    return f"OME-Zarr does not specify directions{unused} x is assumed to be left, y posterior, z superior"


def _record(files: StoreFiles, own: dict[str, Any]) -> dict[str, Any] | None:
    """Return the record of a store: its small part from the attributes, the large one from its array."""
    path = files.path
    small = {name: part for name, part in own.items() if name != "Image"}
    if "Voxels" not in small:
        if files.below(RECORD):
            raise ZarrReadError(f"{path / SIGN}: the attribute {KEY} lost the record of the DICOM. {AGAIN}")
        return None
    array = _array(files, RECORD)
    try:
        chunks = [f"{RECORD}/{array.metadata.encode_chunk_key((n,))}" for n in range(_count_of_chunks(array))]
        if not all(map(files.has, chunks)):
            raise ValueError("a chunk is missing")
        sizes = files.below(RECORD)
        check_expanded(str(path / RECORD), array.shape[0], sum(sizes[name] for name in chunks))
        large = parse_json(np.asarray(array[:]).tobytes(), is_proven=True)
        return {**large, **small}
    except Exception as error:  # zarr and its codecs raise whatever they raise
        raise ZarrReadError(f"{path / RECORD}: the record of the DICOM is damaged ({reason(error)}). {AGAIN}") from None


def _count_of_chunks(array: Any) -> int:
    """Return the number of chunks of the record; raises ValueError where they are too many or too large to be read."""
    size, chunk = int(array.shape[0]), int(array.chunks[0])
    if not 0 < chunk <= RECORD_CHUNK or size > MOST_CHUNKS * chunk:
        raise ValueError(f"{size} bytes in chunks of {chunk}")
    return -(-size // chunk)


def _companion_keys(path: Path, ours: bool) -> dict[str, Any]:
    """Return the BIDS keys of NAME.json; empty where it is not there, or is not `ours` as it should be."""
    file = sidecar_path(path)
    content = read_sidecar(file) if file.is_file() else {}
    if ours and BESIDE_KEY not in content:
        return {}
    return {key: value for key, value in content.items() if key not in (KEY, BESIDE_KEY)}
