"""Edited volumes → derived instances: new UIDs, honest provenance, nothing stale (PS3.3 C.7.6.1.1.2, C.12.1.1).

The instances that the volume came from are the templates; what no longer holds is dropped or computed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ... import geometry, metadata, tags
from ...errors import GeometryError, PixelError
from ...geometry import Plane
from ...metadata import Element, Elements, Encoding, Instance, Item, Log, PixelElement
from ...pixels import PixelFormat, Quantised, bytes_from_frames, quantise
from ...sidecar.record import tool_version
from ...volume import Volume
from . import decode, values
from .files import EXPLICIT_LITTLE_ENDIAN
from .frames import frames_of
from .restore import UidMap, new_uid, with_group_length

STALE = frozenset({
    tags.SMALLEST_IMAGE_PIXEL_VALUE, tags.LARGEST_IMAGE_PIXEL_VALUE, tags.SMALLEST_PIXEL_VALUE_IN_SERIES,
    tags.LARGEST_PIXEL_VALUE_IN_SERIES, tags.PIXEL_PADDING_VALUE, tags.PIXEL_PADDING_RANGE_LIMIT, tags.VOI_LUT_SEQUENCE,
    tags.MODALITY_LUT_SEQUENCE, tags.ICON_IMAGE_SEQUENCE, tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE,
    0x7FE00001, 0x7FE00002,  # extended offset table
    0x00281055,  # WindowCenterWidthExplanation
    0x4FFE0001,  # MACParametersSequence
    0xFFFAFFFA,  # DigitalSignaturesSequence
    0xFFFCFFFC,  # DataSetTrailingPadding
    0x04000500,  # EncryptedAttributesSequence
    0x04000561,  # OriginalAttributesSequence
})  # fmt: skip
STALE_AFTER_RESAMPLING = frozenset({
    0x00181100,  # ReconstructionDiameter
    0x00181310,  # AcquisitionMatrix
    0x00280034,  # PixelAspectRatio
    0x00280A02, 0x00280A04,  # PixelSpacingCalibration
    tags.IMAGER_PIXEL_SPACING,
})  # fmt: skip
_OVERLAY_AND_CURVE_GROUPS = (0x6000, 0x5000)
_PET = "1.2.840.10008.5.1.4.1.1.128"
_SOURCE_IMAGE = values.code("121322", "DCM", "Source image for image processing operation")
_MODIFYING_EQUIPMENT = values.code("109103", "DCM", "Modifying Equipment")
DESCRIPTION = "Edited outside of the scanner and converted from NIfTI"


@dataclass(frozen=True)
class Derived:
    """One file to write."""

    instance: Instance
    pixels: PixelElement
    raw: bytes | memoryview


def derive(volume: Volume, uids: UidMap, log: Log) -> Iterator[Derived]:
    """Yield the instances of an edited volume.

    Parameters
    ----------
    volume : Volume
        With `metadata` and `origin`, edited since.
    uids : UidMap
        Gives the new Series Instance UID, the same for all volumes of a series.
    log : Log
        Told what was dropped, computed and assumed.

    Raises
    ------
    GeometryError, PixelError
        If the grid or the values cannot be expressed in the kind of object that the volume came from.
    """
    series = volume.metadata
    assert series is not None
    first = series.first
    edits = volume.edits()
    log.notes.append(f"edited since it was made from DICOM ({' and '.join(sorted(edits)) or 'on request'}): a derived series")
    work = _Work(volume, "geometry" in edits or volume.origin is not None and volume.voxels.shape != volume.origin.shape, log)
    if tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in first.elements:
        yield from _multi_frame(work, uids)
    elif _is_plain_multi_frame(first, volume):
        yield from _cine(work, uids)
    else:
        yield from _single_frames(work, uids)


class _Work:
    """What all instances of one derived volume share: planes, values, templates."""

    def __init__(self, volume: Volume, resampled: bool, log: Log):
        series = volume.metadata
        assert series is not None
        self.volume, self.series, self.resampled, self.log = volume, series, resampled, log
        self.templates = _template_planes(volume) if resampled else series.frames
        self.planes = geometry.attributes_from_affine(volume.ijk_to_ras, volume.voxels.shape[1])
        self.has_geometry = any(f.plane is not None for f in frames_of(series.first, 0))
        self.pixel = decode.pixel_format(series.first)
        self.stored, self.slope, self.intercept = self._values()
        self.pixel = self._pixel_format()
        self.frame_of_reference = self._frame_of_reference()

    def _values(self) -> tuple[np.ndarray, float, float]:
        """Return stored values, slope and intercept."""
        voxels, rescale = self.volume.voxels, self.volume.rescale
        if self.pixel.floating:
            return voxels.astype(self.pixel.dtype), 1.0, 0.0
        if voxels.ndim > 4:
            if voxels.dtype != np.uint8:
                raise PixelError(f"colour voxels of type {voxels.dtype} cannot become DICOM pixels: 8 bits per colour can.")
            return voxels, 1.0, 0.0
        if voxels.dtype.kind in "iu" and _fits(voxels, self.pixel):
            return voxels.astype(self.pixel.dtype), rescale.slope, rescale.intercept
        if self.pixel.bits_allocated == 1:
            raise PixelError("the image came from binary segments: its voxels must be 0 or 1.")
        pet = metadata.text(self.series.first.elements, tags.SOP_CLASS_UID) == _PET
        found: Quantised = quantise(self.volume.real_values(), zero_intercept=pet)
        if found.error:
            self.log.warnings.append(
                f"values were rounded to steps of {found.slope:.6g} to fit 16 bits; the largest error is {found.error:.3g}"
            )
        return found.stored, found.slope, found.intercept

    def _pixel_format(self) -> PixelFormat:
        rows, columns = self.volume.voxels.shape[2:4]
        changes: dict = {"rows": int(rows), "columns": int(columns), "planar": False}
        if self.volume.voxels.ndim > 4:
            changes["photometric"] = "RGB"
        if not self.pixel.floating and self.pixel.bits_allocated > 1 and not _fits(self.stored, self.pixel):
            bits = self.stored.dtype.itemsize * 8
            changes |= {"bits_allocated": bits, "bits_stored": bits, "high_bit": bits - 1, "signed": self.stored.dtype.kind == "i"}
        elif not self.pixel.floating and self.pixel.high_bit != self.pixel.bits_stored - 1:
            changes["high_bit"] = self.pixel.bits_stored - 1
        return replace(self.pixel, **changes)

    def _frame_of_reference(self) -> str:
        """Return the frame of reference: the same while the grid is parallel to the original, else a new one, and say so."""
        old = metadata.text(self.series.first.elements, tags.FRAME_OF_REFERENCE_UID)
        if not old or not self.resampled or _parallel(self.volume):
            return old
        self.log.warnings.append(
            "the grid was turned against the original: a new Frame of Reference UID was given, as the space may be another "
            "one. If it is the same, set it: --set FrameOfReferenceUID=" + old
        )
        return new_uid()

    def window(self) -> tuple[float, float]:
        """Return centre and width that show all real values."""
        low = float(self.stored.min()) * self.slope + self.intercept
        high = float(self.stored.max()) * self.slope + self.intercept
        return (low + high) / 2, max(abs(high - low), 1.0)


def _fits(voxels: np.ndarray, pixel: PixelFormat) -> bool:
    """Whether all values can be stored in the bits that the template has."""
    if pixel.bits_allocated == 1:
        low, high = 0, 1
    else:
        low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
        high = (1 << pixel.bits_stored - 1) - 1 if pixel.signed else (1 << pixel.bits_stored) - 1
    return not voxels.size or bool(voxels.min() >= low and voxels.max() <= high)


def _parallel(volume: Volume) -> bool:
    """Whether the axes of the grid are those of the original, in any order and direction."""
    assert volume.origin is not None
    axes = [m[:3, :3] / np.linalg.norm(m[:3, :3], axis=0) for m in (volume.ijk_to_ras, volume.origin.ijk_to_ras)]
    cosines = np.abs(axes[0].T @ axes[1])
    return bool(np.all(np.sort(cosines, axis=None)[-3:] > 1 - 1e-6))


def _template_planes(volume: Volume) -> np.ndarray:
    """Return, for every plane of the volume, the original frame that lies nearest, shape (times, slices, 2)."""
    origin, series = volume.origin, volume.metadata
    assert origin is not None and series is not None
    times, slices = volume.voxels.shape[:2]
    middle = np.array([(volume.voxels.shape[3] - 1) / 2, (volume.voxels.shape[2] - 1) / 2])
    k = np.arange(slices)
    centres = np.stack([np.full(slices, middle[0]), np.full(slices, middle[1]), k, np.ones(slices)])
    in_origin = np.linalg.inv(origin.ijk_to_ras) @ volume.ijk_to_ras @ centres
    nearest = np.clip(np.rint(in_origin[2]).astype(int), 0, series.frames.shape[1] - 1)
    return np.stack([series.frames[min(t, series.frames.shape[0] - 1), nearest] for t in range(times)])


def _is_plain_multi_frame(instance: Instance, volume: Volume) -> bool:
    return metadata.integer(instance.elements, tags.NUMBER_OF_FRAMES, 1) > 1 and not (
        volume.pixel_record and volume.pixel_record.across
    )


# --- attributes that every derived object has -------------------------------------------------------------------------


def _common(template: Instance, work: _Work, uids: UidMap, sources: list[Instance]) -> Elements:
    """Return the attributes of a derived instance: the template's that still hold, and its provenance."""
    found = {tag: element for tag, element in template.elements.items() if _holds(tag)}
    dropped = sum(1 for tag in template.elements if tags.is_private(tag))
    note = "private attributes were dropped: nobody knows which of them the edit made wrong"
    if dropped and note not in work.log.notes:
        work.log.notes.append(note)
    found = values.without(found, STALE | (STALE_AFTER_RESAMPLING if work.resampled else frozenset()))
    date, time = values.now()
    old_type = metadata.texts(template.elements, tags.IMAGE_TYPE)
    found |= {
        tags.IMAGE_TYPE: values.text("CS", "DERIVED", "SECONDARY", *[v for v in old_type[2:] if v != "MOSAIC"]),
        tags.INSTANCE_CREATION_DATE: date,
        tags.INSTANCE_CREATION_TIME: time,
        tags.SOP_INSTANCE_UID: values.text("UI", new_uid()),
        tags.SERIES_INSTANCE_UID: values.text("UI", uids.add(metadata.text(template.elements, tags.SERIES_INSTANCE_UID))),
        tags.DERIVATION_DESCRIPTION: values.text("ST", DESCRIPTION),
        tags.SOURCE_IMAGE_SEQUENCE: values.sequence(*(_source(s) for s in sources if s.uid)),
        tags.CONTRIBUTING_EQUIPMENT_SEQUENCE: _with_equipment(template.elements),
    }
    if work.frame_of_reference:
        found[tags.FRAME_OF_REFERENCE_UID] = values.text("UI", work.frame_of_reference)
    return found | _pixel_elements(work.pixel, found)


def _holds(tag: int) -> bool:
    group = tag >> 16
    repeating = any(first <= group < first + 0x20 for first in _OVERLAY_AND_CURVE_GROUPS)
    return not tags.is_private(tag) and not repeating


def _source(instance: Instance) -> Elements:
    item = values.reference(metadata.text(instance.elements, tags.SOP_CLASS_UID), instance.uid)
    return {**item, tags.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: values.sequence(_SOURCE_IMAGE)}


def _with_equipment(elements: Elements) -> Element:
    """Return ContributingEquipmentSequence (PS3.3 C.12.1.1.5) with this tool added."""
    before = metadata.items(elements, tags.CONTRIBUTING_EQUIPMENT_SEQUENCE)
    own: Elements = {
        tags.MANUFACTURER: values.text("LO", "NiftiDicomBridge"),
        0x00081090: values.text("LO", "nifti-dicom-bridge"),
        0x00181020: values.text("LO", tool_version()),
        tags.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: values.sequence(_MODIFYING_EQUIPMENT),
    }
    return Element("SQ", (*before, Item(own)))


def _pixel_elements(pixel: PixelFormat, elements: Elements) -> Elements:
    found = {
        tags.ROWS: values.integers("US", pixel.rows),
        tags.COLUMNS: values.integers("US", pixel.columns),
    }
    if pixel.samples == 3:
        found |= {tags.PHOTOMETRIC_INTERPRETATION: values.text("CS", "RGB"), tags.PLANAR_CONFIGURATION: values.integers("US", 0)}
    if not pixel.floating:
        found |= {
            tags.BITS_ALLOCATED: values.integers("US", pixel.bits_allocated),
            tags.BITS_STORED: values.integers("US", pixel.bits_stored),
            tags.HIGH_BIT: values.integers("US", pixel.high_bit),
            tags.PIXEL_REPRESENTATION: values.integers("US", int(pixel.signed)),
        }
    return found


def _file(template: Instance, elements: Elements, work: _Work, frames: np.ndarray) -> Derived:
    raw = bytes_from_frames(frames, work.pixel)
    raw = bytes(raw) + b"\0" if len(raw) % 2 else raw
    assert template.pixels is not None
    vr = {tags.FLOAT_PIXEL_DATA: "OF", tags.DOUBLE_FLOAT_PIXEL_DATA: "OD"}.get(
        template.pixels.tag, "OW" if work.pixel.bits_allocated > 8 else "OB"
    )
    uid = elements[tags.SOP_INSTANCE_UID]
    file_meta: Elements = {
        tags.FILE_META_GROUP_LENGTH: values.integers("UL", 0),
        tags.FILE_META_VERSION: Element("OB", b"\0\1"),
        tags.MEDIA_STORAGE_SOP_CLASS_UID: elements.get(tags.SOP_CLASS_UID, values.text("UI", "")),
        tags.MEDIA_STORAGE_SOP_INSTANCE_UID: uid,
        tags.TRANSFER_SYNTAX_UID: values.text("UI", EXPLICIT_LITTLE_ENDIAN),
        tags.IMPLEMENTATION_CLASS_UID: values.text("UI", IMPLEMENTATION_CLASS),
        tags.IMPLEMENTATION_VERSION_NAME: values.text("SH", "NIFTIDICOMBRIDGE"),
    }
    instance = Instance(elements, with_group_length(file_meta), bytes(128), Encoding(), None, name=template.name)
    return Derived(instance, PixelElement(template.pixels.tag, vr, 0, len(raw)), raw)


IMPLEMENTATION_CLASS = "2.25.214309486321873406914374291865093512877"


def _rescale_elements(work: _Work, elements: Elements, in_group: bool = False) -> Elements:
    """Return slope, intercept and type; nothing where there is no rescale and was none."""
    had = tags.RESCALE_SLOPE in elements
    if not had and work.slope == 1.0 and work.intercept == 0.0:
        return {}
    found = {tags.RESCALE_SLOPE: values.decimals([work.slope]), tags.RESCALE_INTERCEPT: values.decimals([work.intercept])}
    if in_group or not had:
        found[tags.RESCALE_TYPE] = elements.get(tags.RESCALE_TYPE, values.text("LO", "US"))
    return found


# --- one instance per plane -------------------------------------------------------------------------------------------


def _single_frames(work: _Work, uids: UidMap) -> Iterator[Derived]:
    centre, width = work.window()
    for t, times in enumerate(work.templates.tolist()):
        for k, (n, _) in enumerate(times):
            template = work.series.instances[n]
            elements = _common(template, work, uids, [template])
            elements = values.without(elements, {tags.NUMBER_OF_FRAMES})
            elements |= _rescale_elements(work, elements)
            elements[tags.INSTANCE_NUMBER] = values.integers("IS", t * len(times) + k + 1)
            if work.volume.voxels.ndim == 4 and (tags.WINDOW_CENTER in elements):
                elements |= {tags.WINDOW_CENTER: values.decimals([centre]), tags.WINDOW_WIDTH: values.decimals([width])}
            if work.has_geometry:
                elements |= _plane_elements(work, k, elements)
            yield _file(template, elements, work, work.stored[t, k][None])


def _plane_elements(work: _Work, k: int, elements: Elements) -> Elements:
    """Return the Image Plane attributes (PS3.3 C.7.6.2); the original text where the grid is the original."""
    tiled = work.volume.pixel_record is not None and work.volume.pixel_record.across
    if not work.resampled and not tiled:
        return {}
    plane = work.planes[k]
    step = _step(work.planes, plane)
    found = {
        tags.IMAGE_POSITION_PATIENT: values.decimals(plane.position),
        tags.IMAGE_ORIENTATION_PATIENT: values.decimals(plane.orientation),
        tags.PIXEL_SPACING: values.decimals(plane.spacing),
    }
    if work.resampled:
        found[tags.SLICE_THICKNESS] = values.decimals([step])
    if tags.SPACING_BETWEEN_SLICES in elements or work.resampled:
        found[tags.SPACING_BETWEEN_SLICES] = values.decimals([step])
    if tags.SLICE_LOCATION in elements:
        found[tags.SLICE_LOCATION] = values.decimals([plane.distance])
    return found


def _step(planes: list[Plane], plane: Plane) -> float:
    if len(planes) < 2:
        return 1.0
    return abs(float((planes[1].position - planes[0].position) @ plane.normal))


# --- multi-frame objects ----------------------------------------------------------------------------------------------


def _cine(work: _Work, uids: UidMap) -> Iterator[Derived]:
    """Yield multi-frame objects without functional groups: possible while the frames are the same."""
    if work.resampled:
        raise GeometryError(
            "the grid of an image that came from a multi-frame object without functional groups was changed: there is no place "
            "in such an object to say where its frames lie now. Edit the voxels only."
        )
    for n, template in enumerate(work.series.instances):
        frames = _frames_of_instance(work, n)
        elements = _common(template, work, uids, [template])
        elements |= _rescale_elements(work, elements)
        yield _file(template, elements, work, frames)


def _frames_of_instance(work: _Work, n: int) -> np.ndarray:
    found = [(f, t, k) for t, k, (i, f) in work.series.planes() if i == n]
    return np.stack([work.stored[t, k] for _, t, k in sorted(found)])


def _multi_frame(work: _Work, uids: UidMap) -> Iterator[Derived]:
    """Yield objects with functional groups: one for the frames that come from one."""
    groups: dict[int, list[tuple[int, int, int]]] = {}
    for t, times in enumerate(work.templates.tolist()):
        for k, (n, frame) in enumerate(times):
            groups.setdefault(n, []).append((frame, t, k))
    for n, places in groups.items():
        template = work.series.instances[n]
        places = places if work.resampled else sorted(places)
        elements = _common(template, work, uids, [template])
        elements[tags.NUMBER_OF_FRAMES] = values.integers("IS", len(places))
        shared = metadata.first_item(template.elements, tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        own = metadata.items(template.elements, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        per_frame = [_frame_groups(work, own[frame].elements, shared, k) for frame, _, k in places]
        elements[tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE] = Element("SQ", tuple(Item(item) for item in per_frame))
        moved = {tag for item in per_frame for tag in item}
        kept = {tag: element for tag, element in shared.items() if not tags.is_private(tag) and tag not in moved}
        elements[tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE] = values.sequence(_honest_frame_types(kept))
        yield _file(template, elements, work, np.stack([work.stored[t, k] for _, t, k in places]))


def _frame_groups(work: _Work, own: Elements, shared: Elements, k: int) -> Elements:
    """Return the functional groups of one frame: its template's, with place and values as they are now."""
    found = {tag: element for tag, element in own.items() if not tags.is_private(tag)}
    plane = work.planes[k]
    if work.resampled and work.has_geometry:
        measures = metadata.first_item(own, tags.PIXEL_MEASURES_SEQUENCE) or metadata.first_item(
            shared, tags.PIXEL_MEASURES_SEQUENCE
        )
        step = values.decimals([_step(work.planes, plane)])
        measures = measures | {tags.PIXEL_SPACING: values.decimals(plane.spacing), tags.SLICE_THICKNESS: step}
        found |= {
            tags.PLANE_POSITION_SEQUENCE: values.sequence({tags.IMAGE_POSITION_PATIENT: values.decimals(plane.position)}),
            tags.PLANE_ORIENTATION_SEQUENCE: values.sequence({tags.IMAGE_ORIENTATION_PATIENT: values.decimals(plane.orientation)}),
            tags.PIXEL_MEASURES_SEQUENCE: values.sequence({**measures, tags.SPACING_BETWEEN_SLICES: step}),
        }
    for sequence, change in _VALUE_GROUPS.items():
        group = metadata.first_item(own, sequence) or metadata.first_item(shared, sequence)
        if group:
            found[sequence] = values.sequence({**group, **change(work, group)})
    return _honest_frame_types(found)


def _windowed(work: _Work, group: Elements) -> Elements:
    centre, width = work.window()
    return {tags.WINDOW_CENTER: values.decimals([centre]), tags.WINDOW_WIDTH: values.decimals([width])}


_VALUE_GROUPS: dict[int, Callable[[_Work, Elements], Elements]] = {
    tags.PIXEL_VALUE_TRANSFORMATION_SEQUENCE: lambda work, group: _rescale_elements(work, group, in_group=True),
    tags.FRAME_VOI_LUT_SEQUENCE: _windowed,
}


def _honest_frame_types(groups: Elements) -> Elements:
    """Return functional groups whose FrameType says DERIVED."""
    found = dict(groups)
    for sequence in (tags.MR_IMAGE_FRAME_TYPE_SEQUENCE, tags.CT_IMAGE_FRAME_TYPE_SEQUENCE, tags.PET_FRAME_TYPE_SEQUENCE):
        item = metadata.first_item(groups, sequence)
        old = metadata.texts(item, tags.FRAME_TYPE)
        if old:
            kind = values.text("CS", "DERIVED", *(old[1:2] or ["PRIMARY"]), *old[2:])
            found[sequence] = values.sequence({**item, tags.FRAME_TYPE: kind})
    return values.without(found, {tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE})
