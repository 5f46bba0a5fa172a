"""The DICOM next to which an image is put: patient, study, frame of reference, equipment, and the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ....errors import DicomReadError, GeometryError, OptionError
from ....model import metadata
from ....model.metadata import Element, Elements, Instance
from ....model.person import Person
from ....model.space.geometry import Plane, ras_of_lps, spacing_of
from ....model.space.grids import same_grid
from ....model.space.stack_affine import grids_of_itk
from ....model.volume import Volume
from ....standard.tags import Tag
from ..pydicom_conversion import in_utf_8
from ..reading.frames.frame_info import FrameInfo
from ..reading.frames.tiles import slice_shape_of
from ..reading.grouping.patients import person_of, person_values
from ..reading.grouping.series import find_series
from ..reading.outline import assumed_matrix
from ..reading.plans import Plan, plan_series
from .modules import EQUIPMENT_TAGS, SPACE_TAGS, STUDY_TAGS

SNAP_VOXELS = 0.05
"""Grids of the same shape whose corners are nearer than this part of a voxel are the same grid, blurred by rounding."""


class SourceFrame(NamedTuple):
    """An instance, and the number of its frame, from 1; 0 where it has one."""

    instance: Instance
    number: int


@dataclass(frozen=True)
class Reference:
    """A volume of a series that an image is placed next to.

    Attributes
    ----------
    title : str
        Name of the volume, for messages.
    path : pathlib.Path
        The path that was given for it.
    instances : tuple of Instance
        All of it.
    frames : tuple of tuple of SourceFrame
        Instance and frame of every slice, by time.
    planes : tuple of Plane
        Where the slices truly are; empty where that is unknown.
    ijk_to_ras : numpy.ndarray, shape (4, 4), or None
        The grid; None if unknown where they are.
    shape_kji : tuple of int
        Slices, rows, columns.
    assumed_ijk_to_ras : numpy.ndarray, shape (4, 4), or None
        The grid that its NIfTI image has where no position is known; None where one is.
    volumes : int
        How many volumes of the series fit the image equally well, such as echoes; frames and planes are those of the first.
    is_space_only : bool
        The image is in its space, but perhaps not made from its frames: it refers to none of them.
    """

    title: str
    path: Path
    instances: tuple[Instance, ...]
    frames: tuple[tuple[SourceFrame, ...], ...]
    planes: tuple[Plane, ...]
    ijk_to_ras: np.ndarray | None
    shape_kji: tuple[int, int, int]
    assumed_ijk_to_ras: np.ndarray | None = None
    volumes: int = 1
    is_space_only: bool = False

    @property
    def grid(self) -> np.ndarray | None:
        """The matrix of its NIfTI image, shape (4, 4), RAS, mm, known or assumed; None without a grid."""
        return self.assumed_ijk_to_ras if self.ijk_to_ras is None else self.ijk_to_ras

    @property
    def modality(self) -> str:
        """Modality of the series."""
        return metadata.text(self.instances[0].elements, Tag.MODALITY)

    @property
    def patient(self) -> tuple[str, str]:
        """PatientID and PatientName."""
        return self.text(Tag.PATIENT_ID), self.text(Tag.PATIENT_NAME)

    @property
    def person(self) -> Person:
        """What is stated of the patient in addition to PatientID."""
        return person_of(self.instances[0].elements)

    @property
    def person_values(self) -> dict[str, str]:
        """What is stated of the patient, as it is written: keyword → value."""
        return person_values(self.instances[0].elements)

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return self.text(Tag.STUDY_INSTANCE_UID)

    @property
    def series_uid(self) -> str:
        """Series Instance UID."""
        return self.text(Tag.SERIES_INSTANCE_UID)

    def text(self, tag: int) -> str:
        """Return the text of an attribute of the first instance; empty if it is not set."""
        element = in_utf_8(self.instances[0], {tag}).get(tag)
        raw = element.value if element is not None and isinstance(element.value, bytes) else b""
        return raw.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)

    def study(self) -> Elements:
        """Return the attributes of patient and study, in UTF-8."""
        return self._values(STUDY_TAGS)

    def space(self) -> Elements:
        """Return the attributes of the frame of reference, in UTF-8."""
        return self._values(SPACE_TAGS)

    def equipment(self) -> Elements:
        """Return the attributes of the scanner, in UTF-8."""
        return self._values(EQUIPMENT_TAGS)

    def _values(self, tags: frozenset[int]) -> Elements:
        """Return attributes that have a value: an empty one must not replace the default of a Type 1 attribute."""
        elements = in_utf_8(self.instances[0], tags)
        return {tag: element for tag, element in elements.items() if has_value(element)}

    def describe(self) -> str:
        """Return patient, study and series in words."""
        number, description = self.text(Tag.SERIES_NUMBER), self.text(Tag.SERIES_DESCRIPTION)
        patient = " ".join(part for part in self.patient if part) or "without name"
        study = self.text(Tag.STUDY_DESCRIPTION) or self.text(Tag.STUDY_DATE) or self.study_uid
        return f"patient {patient}, study {study}, series {number or '?'} {description or self.modality}".rstrip()

    def is_grid_of(self, image: Volume) -> bool:
        """Whether the image has this grid, but for rounding and for the order and direction of its axes."""
        return self.grid is not None and self._has(image, self.grid)

    def has_frames_of(self, image: Volume) -> bool:
        """Whether it has no position, and the image is on the grid of its NIfTI image: their frames are the same ones."""
        return self.ijk_to_ras is None and self.is_grid_of(image) and image.times == len(self.frames)

    def has_slices_of(self, image: Volume) -> bool:
        """Whether the slices of the image are these: its grid is this one, or that which ITK makes of these planes."""
        grids = grids_of_itk(self.planes) if len(self.planes) > 1 else []
        return self.is_grid_of(image) or any(self._has(image, grid) for grid in grids)

    def _has(self, image: Volume, ijk_to_ras: np.ndarray) -> bool:
        if tuple(image.voxels.shape[1:4]) != self.shape_kji:
            return False
        voxel = float(spacing_of(ijk_to_ras).min())
        return same_grid(image.ijk_to_ras, ijk_to_ras, self.shape_kji, SNAP_VOXELS * voxel)

    def overlaps(self, image: Volume) -> bool:
        """Whether its box and that of the image have a point in common: that of the grid, and of the true slices."""
        if self.ijk_to_ras is None:
            return False
        low, high = _box(image.ijk_to_ras, image.voxels.shape[1:4])
        own_low, own_high = _box(self.ijk_to_ras, self.shape_kji)
        if self.planes:
            first = _box(self.ijk_to_ras, (1, *self.shape_kji[1:]))
            away = ras_of_lps(np.array([plane.position for plane in self.planes])) - self.ijk_to_ras[:3, 3]
            own_low = np.minimum(own_low, (first[0] + away).min(axis=0))
            own_high = np.maximum(own_high, (first[1] + away).max(axis=0))
        return bool((low <= own_high).all() and (own_low <= high).all())


def has_value(element: Element) -> bool:
    """Whether an element contains anything but padding."""
    return bool(element.value) and (isinstance(element.value, tuple) or bool(element.value.strip(b" \0")))


def _box(ijk_to_ras: np.ndarray, shape_kji: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    ends = [(-0.5, size - 0.5) for size in reversed(shape_kji)]
    corners = np.array([[i, j, k, 1] for i in ends[0] for j in ends[1] for k in ends[2]])
    points = corners @ ijk_to_ras[:3].T
    return points.min(axis=0), points.max(axis=0)


def read_references(path: Path, option: str) -> list[Reference]:
    """Return the volumes of the DICOM series below a path, headers only.

    Raises
    ------
    OptionError
        If there is no such path, or no DICOM image in it; `option` is named in it.
    """
    try:
        inventory = find_series([path])
    except DicomReadError as error:
        raise OptionError(f'{option}="{path}": {error}') from None
    references = []
    for series in inventory.series:
        try:
            references += [reference_of(plan, path) for plan in plan_series(series)]
        except (DicomReadError, GeometryError):
            continue
    if not references:
        raise OptionError(f'{option}="{path}": no DICOM image was found there. Name the folder of a DICOM series.')
    return references


def reference_of(plan: Plan, path: Path) -> Reference:
    """Return a planned volume as a reference; `path` is where it was found, for messages."""
    first = plan.frames[0]
    planes = tuple(frame.plane for frame in first if frame.plane is not None)
    shape = (len(first), *slice_shape_of(plan.instances[0].elements))
    stack = plan.grid.stack if plan.is_placed else None
    return Reference(
        title=plan.title,
        path=path,
        instances=plan.instances,
        frames=tuple(tuple(_source_frame(plan, frame) for frame in frames) for frames in plan.frames),
        planes=planes if plan.is_placed and len(planes) == len(first) else (),
        ijk_to_ras=None if stack is None else stack.ijk_to_ras,
        shape_kji=shape,
        assumed_ijk_to_ras=None if plan.is_placed else assumed_matrix(plan),
    )


def _source_frame(plan: Plan, frame: FrameInfo) -> SourceFrame:
    instance = plan.instances[frame.instance]
    has_frames = metadata.integer(instance.elements, Tag.NUMBER_OF_FRAMES, 1) > 1
    return SourceFrame(instance, frame.frame + 1 if has_frames else 0)
