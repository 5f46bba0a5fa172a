"""Edited volumes → derived instances: new UIDs, honest provenance, nothing stale (PS3.3 C.7.6.1.1.2, C.12.1.1).

The instances that the volume came from are the templates; what no longer holds is dropped or computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ... import geometry, metadata, tags
from ...errors import GeometryError, PixelError
from ...geometry import Plane
from ...metadata import Element, Elements, Encoding, Instance, Item, Log, PixelElement
from ...pixels import PixelFormat, Quantised, bytes_from_frames, quantise, to_real_values, to_stored_values
from ...sidecar.record import tool_version
from ...volume import Volume
from . import decode, values
from .files import EXPLICIT_LITTLE_ENDIAN
from .frames import frames_of
from .restore import UidMap, new_uid, with_group_length

STALE = frozenset({
    tags.SMALLEST_IMAGE_PIXEL_VALUE, tags.LARGEST_IMAGE_PIXEL_VALUE, tags.SMALLEST_PIXEL_VALUE_IN_SERIES,
    tags.LARGEST_PIXEL_VALUE_IN_SERIES, tags.PIXEL_PADDING_VALUE, tags.PIXEL_PADDING_RANGE_LIMIT, tags.VOI_LUT_SEQUENCE,
    tags.MODALITY_LUT_SEQUENCE, tags.ICON_IMAGE_SEQUENCE,
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
})  # fmt: skip
# PS3.3 C.8.13.2, C.8.13.4: "required if Image Type value 1 is ORIGINAL or MIXED", and not allowed otherwise
ONLY_IN_ORIGINALS = frozenset({
    0x00180023,  # MRAcquisitionType
    0x00189005, 0x00189008, 0x00189011, 0x00189012, 0x00189014, 0x00189015, 0x00189017, 0x00189018, 0x00189024, 0x00189025,
    0x00189029, 0x00189032, 0x00189033, 0x00189034, 0x00189093, 0x00189094,  # MR Pulse Sequence module
    0x00189172,  # BulkMotionCompensationTechnique
})  # fmt: skip
# IODs whose ImageType value 2 must be PRIMARY, beside those with functional groups (PS3.3 C.8.9.4.1.3)
_PRIMARY_ONLY = frozenset({"1.2.840.10008.5.1.4.1.1.128"})
# objects whose integers are what they are: no rescale can stand between pixels and values
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_X_RAYS = "1.2.840.10008.5.1.4.1.1.1."
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
    work = _Work(volume, "geometry" in edits or (volume.origin is not None and volume.voxels.shape != volume.origin.shape), log)
    if work.functional:
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
        self.planes = _true_planes(volume, self.templates)
        self.has_geometry = any(f.plane is not None for f in frames_of(series.first, 0))
        self.pixel = decode.pixel_format(series.first)
        self.sop_class = metadata.text(series.first.elements, tags.SOP_CLASS_UID)
        self.functional = tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in series.first.elements
        self.slopes = np.full(volume.voxels.shape[:2], volume.rescale.slope)
        self.intercepts = np.full(volume.voxels.shape[:2], volume.rescale.intercept)
        self.stored = self._values()
        self.pixel = self._pixel_format()
        self.frame_of_reference = self._frame_of_reference()

    def _values(self) -> np.ndarray:
        """Return stored values, and set the slope and intercept of every plane."""
        voxels = self.volume.voxels
        if self.pixel.floating:
            self.slopes[:], self.intercepts[:] = 1.0, 0.0
            return voxels.astype(self.pixel.dtype)
        if voxels.ndim > 4:
            if voxels.dtype != np.uint8:
                raise PixelError(f"colour voxels of type {voxels.dtype} cannot become DICOM pixels: 8 bits per colour can.")
            return voxels
        record = self.volume.pixel_record
        if record is not None and record.rescaled:
            return self._plane_by_plane()
        if voxels.dtype.kind in "iu" and _fits(voxels, self.pixel):
            return voxels.astype(self.pixel.dtype)
        return self._quantised(self.volume.real_values())

    def _quantised(self, real: np.ndarray) -> np.ndarray:
        """Return real values as 16-bit integers, as exactly as the kind of object allows."""
        if self.sop_class in _SEGMENTATIONS or self.pixel.bits_allocated == 1:
            raise PixelError(
                f"the image came from a segmentation of {self.pixel.bits_stored} bit(s), its values now are from "
                f"{real.min():g} to {real.max():g} and do not fit. Write whole numbers that do."
            )
        if self.sop_class.startswith(_X_RAYS):
            self._note_rounding(1.0, float(np.abs(np.rint(real) - real).max()))
            return to_stored_values(real, 1.0, 0.0, np.dtype("<u2"))
        scaled_only = self.sop_class == _PET or tags.DOSE_GRID_SCALING in self.series.first.elements
        found: Quantised = quantise(real, zero_intercept=scaled_only)
        self.slopes[:], self.intercepts[:] = found.slope, found.intercept
        self._note_rounding(found.slope, found.error)
        return found.stored

    def _note_rounding(self, step: float, error: float) -> None:
        if error:
            self.log.warnings.append(
                f"values were rounded to steps of {step:.6g} to fit 16 bits; the largest error is {error:.3g}"
            )

    def _plane_by_plane(self) -> np.ndarray:
        """Return stored values where every plane has its own rescale: the original one where the plane still is what it was."""
        voxels = self.volume.voxels
        stored = np.empty(voxels.shape, self.pixel.dtype)
        worst, step = 0.0, 0.0
        for t, times in enumerate(self.templates.tolist()):
            for k, (n, frame) in enumerate(times):
                info = frames_of(self.series.instances[n], n)[frame]
                slope, intercept = info.slope, info.intercept
                plane = _exactly(voxels[t, k], slope, intercept, self.pixel)
                if plane is None:
                    found = quantise(voxels[t, k], zero_intercept=True, signed=self.pixel.signed)
                    plane, slope, intercept = found.stored, found.slope, found.intercept
                    worst, step = max(worst, found.error), max(step, found.slope)
                if not _fits(plane, self.pixel):
                    return self._quantised(self.volume.real_values())
                stored[t, k], self.slopes[t, k], self.intercepts[t, k] = plane, slope, intercept
        self._note_rounding(step, worst)
        return stored

    @property
    def step_changed(self) -> bool:
        """Whether neighbouring slices are further apart, or nearer, than they were."""
        if not self.resampled or self.volume.origin is None or len(self.planes) < 2:
            return False
        before = np.linalg.norm(self.volume.origin.ijk_to_ras[:3, 2])
        return bool(abs(np.linalg.norm(self.volume.ijk_to_ras[:3, 2]) - before) > 1e-3 * before)

    @property
    def rescale_changed(self) -> bool:
        """Whether stored values mean something else than they did."""
        rescale = self.volume.origin.rescale if self.volume.origin else self.volume.rescale
        return bool((self.slopes != rescale.slope).any() or (self.intercepts != rescale.intercept).any())

    def _pixel_format(self) -> PixelFormat:
        rows, columns = self.volume.voxels.shape[2:4]
        changes: dict = {"rows": int(rows), "columns": int(columns), "planar": False}
        if self.volume.voxels.ndim > 4:
            changes["photometric"] = "RGB"
        if not self.pixel.floating and self.pixel.bits_allocated > 1 and not _fits(self.stored, self.pixel):
            bits = self.stored.dtype.itemsize * 8
            changes |= {
                "bits_allocated": bits,
                "bits_stored": bits,
                "high_bit": bits - 1,
                "signed": self.stored.dtype.kind == "i",
            }
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
        axes = tuple(range(2, self.stored.ndim))
        low = float((self.stored.min(axis=axes) * self.slopes + self.intercepts).min())
        high = float((self.stored.max(axis=axes) * self.slopes + self.intercepts).max())
        return (low + high) / 2, max(abs(high - low), 1.0)


def _fits(voxels: np.ndarray, pixel: PixelFormat) -> bool:
    """Whether all values can be stored in the bits that the template has."""
    if pixel.bits_allocated == 1:
        low, high = 0, 1
    else:
        low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
        high = (1 << pixel.bits_stored - 1) - 1 if pixel.signed else (1 << pixel.bits_stored) - 1
    return not voxels.size or bool(voxels.min() >= low and voxels.max() <= high)


def _exactly(real: np.ndarray, slope: float, intercept: float, pixel: PixelFormat) -> np.ndarray | None:
    """Return the stored values of a plane that still has its rescale; None where rounding would change a value."""
    try:
        stored = to_stored_values(real, slope, intercept, pixel.dtype)
    except PixelError:
        return None
    same = np.array_equal(to_real_values(stored, slope, intercept, real.dtype), real)
    return stored if same and _fits(stored, pixel) else None


def _parallel(volume: Volume) -> bool:
    """Whether the axes of the grid are those of the original, in any order and direction."""
    assert volume.origin is not None
    axes = [m[:3, :3] / np.linalg.norm(m[:3, :3], axis=0) for m in (volume.ijk_to_ras, volume.origin.ijk_to_ras)]
    cosines = np.abs(axes[0].T @ axes[1])
    return bool(np.all(np.sort(cosines, axis=None)[-3:] > 1 - 1e-6))


def _template_planes(volume: Volume) -> np.ndarray:
    """Return, for every plane of the volume, the original frame that lies nearest, shape (times, slices, 2)."""
    origin, series = volume.origin, volume.metadata
    assert origin is not None
    assert series is not None
    times, slices = volume.voxels.shape[:2]
    middle = np.array([(volume.voxels.shape[3] - 1) / 2, (volume.voxels.shape[2] - 1) / 2])
    k = np.arange(slices)
    centres = np.stack([np.full(slices, middle[0]), np.full(slices, middle[1]), k, np.ones(slices)])
    in_origin = np.linalg.inv(origin.ijk_to_ras) @ volume.ijk_to_ras @ centres
    nearest = np.clip(np.rint(in_origin[2]).astype(int), 0, series.frames.shape[1] - 1)
    return np.stack([series.frames[min(t, series.frames.shape[0] - 1), nearest] for t in range(times)])


def _true_planes(volume: Volume, templates: np.ndarray) -> list[Plane]:
    """Return the planes of the grid; where slices are those of the original, moved to where those truly were.

    An uneven stack becomes an even grid in NIfTI. A crop or a shift of it keeps its slices, and so their distances.
    """
    origin, series = volume.origin, volume.metadata
    assert origin is not None
    assert series is not None
    planes = geometry.attributes_from_affine(volume.ijk_to_ras, volume.voxels.shape[1])
    if not _parallel(volume):
        return planes
    grid = geometry.attributes_from_affine(origin.ijk_to_ras, origin.shape[1])
    normal = grid[0].normal
    distances = np.array([p.position @ normal for p in grid])
    firsts = [int(np.argmin(np.abs(distances - plane.position @ normal))) for plane in planes]
    if len(set(firsts)) < len(firsts):
        return planes
    found = []
    for plane, k, (n, frame) in zip(planes, firsts, templates[0].tolist(), strict=True):
        true = frames_of(series.instances[n], n)[frame].plane
        moved = plane.position if true is None else plane.position + (true.position - grid[k].position)
        found.append(replace(plane, position=moved))
    return found


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
    found = values.without(found, _stale(work))
    date, time = values.now()
    old_type = metadata.texts(template.elements, tags.IMAGE_TYPE)
    second = "PRIMARY" if work.functional or work.sop_class in _PRIMARY_ONLY else "SECONDARY"
    found |= {
        tags.IMAGE_TYPE: values.text("CS", "DERIVED", second, *[v for v in old_type[2:] if v != "MOSAIC"]),
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


def _stale(work: _Work) -> frozenset[int]:
    """Return the attributes that do not hold any more."""
    found = STALE
    if work.resampled:
        found |= STALE_AFTER_RESAMPLING
    if work.functional:
        found |= ONLY_IN_ORIGINALS
    if work.rescale_changed:
        found |= {tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE}
    return found


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
        found |= {
            tags.PHOTOMETRIC_INTERPRETATION: values.text("CS", "RGB"),
            tags.PLANAR_CONFIGURATION: values.integers("US", 0),
        }
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


def _rescale_elements(work: _Work, elements: Elements, t: int = 0, k: int = 0) -> Elements:
    """Return slope and intercept of a plane, where the object has them or needs them."""
    slope, intercept = float(work.slopes[t, k]), float(work.intercepts[t, k])
    n, frame = work.templates[t, k].tolist()
    before = frames_of(work.series.instances[n], n)[frame]
    if (slope, intercept) == (before.slope, before.intercept):
        return {}
    if tags.DOSE_GRID_SCALING in elements:
        return {tags.DOSE_GRID_SCALING: values.decimals([slope])}
    had = tags.RESCALE_SLOPE in elements
    if work.pixel.floating or (not had and slope == 1.0 and intercept == 0.0):
        return {}
    found = {tags.RESCALE_SLOPE: values.decimals([slope]), tags.RESCALE_INTERCEPT: values.decimals([intercept])}
    if not had:
        found[tags.RESCALE_TYPE] = values.text("LO", "US")
    return found


# --- one instance per plane -------------------------------------------------------------------------------------------


def _single_frames(work: _Work, uids: UidMap) -> Iterator[Derived]:
    centre, width = work.window()
    for t, times in enumerate(work.templates.tolist()):
        for k, (n, _) in enumerate(times):
            template = work.series.instances[n]
            elements = _common(template, work, uids, [template])
            elements = values.without(elements, {tags.NUMBER_OF_FRAMES})
            elements |= _rescale_elements(work, elements, t, k)
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
    if work.step_changed:
        found[tags.SLICE_THICKNESS] = values.decimals([step])
    if tags.SPACING_BETWEEN_SLICES in elements or work.step_changed:
        found[tags.SPACING_BETWEEN_SLICES] = values.decimals([step])
    if tags.IMAGER_PIXEL_SPACING in elements:
        found[tags.IMAGER_PIXEL_SPACING] = values.decimals(plane.spacing)
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
        per_frame = [
            _frame_groups(work, own[frame].elements if frame < len(own) else {}, shared, t, k) for frame, t, k in places
        ]
        elements[tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE] = Element("SQ", tuple(Item(item) for item in per_frame))
        moved = {tag for item in per_frame for tag in item}
        kept = _public({tag: element for tag, element in shared.items() if tag not in moved})
        _, first_t, first_k = places[0]
        elements[tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE] = values.sequence(_with_values(work, kept, first_t, first_k))
        yield _file(template, elements, work, np.stack([work.stored[t, k] for _, t, k in places]))


def _public(groups: Elements) -> Elements:
    return {tag: element for tag, element in groups.items() if not tags.is_private(tag)}


def _frame_groups(work: _Work, own: Elements, shared: Elements, t: int, k: int) -> Elements:
    """Return the functional groups of one frame: its template's, with place and values as they are now."""
    found = _public(own)
    plane = work.planes[k]
    if work.resampled and work.has_geometry:
        measures = metadata.first_item(own, tags.PIXEL_MEASURES_SEQUENCE) or metadata.first_item(
            shared, tags.PIXEL_MEASURES_SEQUENCE
        )
        step = values.decimals([_step(work.planes, plane)])
        measures = measures | {tags.PIXEL_SPACING: values.decimals(plane.spacing)}
        if work.step_changed or tags.SLICE_THICKNESS not in measures:
            measures[tags.SLICE_THICKNESS] = step
        found |= {
            tags.PLANE_POSITION_SEQUENCE: values.sequence({tags.IMAGE_POSITION_PATIENT: values.decimals(plane.position)}),
            tags.PLANE_ORIENTATION_SEQUENCE: values.sequence(
                {tags.IMAGE_ORIENTATION_PATIENT: values.decimals(plane.orientation)}
            ),
            tags.PIXEL_MEASURES_SEQUENCE: values.sequence({**measures, tags.SPACING_BETWEEN_SLICES: step}),
        }
    return _with_values(work, found, t, k)


def _with_values(work: _Work, groups: Elements, t: int, k: int) -> Elements:
    """Return functional groups with rescale, window and frame type as they are now."""
    found = dict(groups)
    transformation = metadata.first_item(groups, tags.PIXEL_VALUE_TRANSFORMATION_SEQUENCE)
    if transformation:
        changed = {**transformation, **_rescale_elements(work, transformation, t, k)}
        found[tags.PIXEL_VALUE_TRANSFORMATION_SEQUENCE] = values.sequence(changed)
    window = metadata.first_item(groups, tags.FRAME_VOI_LUT_SEQUENCE)
    if window:
        found[tags.FRAME_VOI_LUT_SEQUENCE] = values.sequence({**window, **_windowed(work)})
    return _honest_frame_types(work, found)


def _windowed(work: _Work) -> Elements:
    centre, width = work.window()
    return {tags.WINDOW_CENTER: values.decimals([centre]), tags.WINDOW_WIDTH: values.decimals([width])}


def _honest_frame_types(work: _Work, groups: Elements) -> Elements:
    """Return functional groups whose FrameType says DERIVED, without value mappings that do not hold any more."""
    found = dict(groups)
    for sequence in (tags.MR_IMAGE_FRAME_TYPE_SEQUENCE, tags.CT_IMAGE_FRAME_TYPE_SEQUENCE, tags.PET_FRAME_TYPE_SEQUENCE):
        item = metadata.first_item(groups, sequence)
        old = metadata.texts(item, tags.FRAME_TYPE)
        if old:
            kind = values.text("CS", "DERIVED", *(old[1:2] or ["PRIMARY"]), *old[2:])
            found[sequence] = values.sequence({**item, tags.FRAME_TYPE: kind})
    return values.without(found, {tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE} if work.rescale_changed else set())
