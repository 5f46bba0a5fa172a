"""RT Structure Sets → plans: label maps or masks of their regions on the grid of the series that they were drawn on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ....model import metadata
from ....model.dicom_source import DicomSource, Origin
from ....model.files.names import safe_name
from ....model.identity import series_name
from ....model.listing import listed
from ....model.metadata import Instance, SeriesMetadata
from ....model.space.geometry import Plane
from ....model.volume import Volume
from ....model.voxels.digest import digest_of, freeze
from ....model.voxels.pixels import PixelRecord, Rescale
from ....options import RoiForm
from ....options.remedies import remedy
from ....standard.tags import Tag
from ..reading.frames.frame_info import FrameInfo
from ..reading.frames.tiles import slice_shape_of
from ..reading.grouping.patients import is_of_another_patient
from ..reading.grouping.registrations import Spaces
from ..reading.plans import DrawnPlan, Plan
from ..reading.stacking.grids import Grid, Layer
from .masks import NOT_DRAWN, RoiMasks, SliceGrid, sets_without_overlap
from .rois import ContourImage, Roi, contours_left_out, labels_of, numbers_of, rois_of

MASK = 1
"""The value of the voxels of a mask."""
_FEW = 4
_NOT_DRAWN_ON = ("RTDOSE", "SEG")
"""Modalities of objects that are results, not images on which regions are drawn."""
NO_IMAGES = (
    "no image: RT Structure Set Storage, and the series that it refers to ({series}) is not in the input. Add its folder to "
    "the input, or name it with reference="
)
_OTHER_SPACE = (
    "no image: RT Structure Set Storage. The series of reference= is in another frame of reference than its regions. Name the "
    "series {series}. " + remedy("one-space")
)
_MOVED = (
    "no image: RT Structure Set Storage. A registration of the input moves the frame of reference of its regions to that of "
    "{titles}. Convert it with the series that it refers to ({series}), and resample the result by this registration"
)
_SEVERAL = (
    "no image: RT Structure Set Storage, and the series that it refers to ({series}) is not in the input. Several series are "
    "in its frame of reference ({titles}): name one with reference="
)
_SPACE_UNKNOWN = "the regions, or {title}, specify no frame of reference: whether they are in the same space is unknown"
_NO_SPACE = (
    "no image: RT Structure Set Storage, whose regions specify neither a frame of reference nor images. Name the series that "
    "they were drawn on with reference="
)
_OTHER_SERIES = (
    "the series that the RT Structure Set refers to is not in the input: drawn on {title}, the only one in its frame of "
    "reference"
)
_NOT_ITS_SPACE = "the contours refer to images of another frame of reference than that of their regions: drawn on these images"
_OTHER_IMAGES = "contours refer to images of other series or volumes of the input: all regions were drawn on {title}"
_OTHER_PATIENT = "its PatientID is not that of the images it was drawn on, or is another person's: check whose it is"
_WITHOUT_IMAGES = "the images of their frame of reference are not in the input, so they were not drawn"
_NO_ROI = "no image: RT Structure Set Storage without regions of interest"


@dataclass
class StructurePlan(DrawnPlan):
    """A label map or mask of an RT Structure Set that can be drawn.

    Attributes
    ----------
    shape : tuple of int
        (1, slices, rows, columns).
    masks : list of RoiMasks
        The regions in it, with the label of each.
    labels : list of int
        Value of the voxels of each region.
    frame_of_reference : str
        FrameOfReferenceUID of the images that it is drawn on.
    """

    shape: tuple[int, int, int, int] = (1, 1, 1, 1)
    masks: list[RoiMasks] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    frame_of_reference: str = ""

    def outline(self) -> Volume:
        """Return the volume with zeros that take no memory in the place of its voxels."""
        layers = np.array([(layer.slice, 0, layer.frame.frame, layer.label) for layer in self.grid.layers], np.int32)
        series = SeriesMetadata(self.instances, np.zeros((1, self.shape[1], 2), np.int32), layers)
        assert self.grid.stack is not None
        matrix = self.grid.stack.ijk_to_ras
        origin = Origin("", self.shape, matrix, Rescale(), self.dtype.str)
        return Volume(
            voxels=np.broadcast_to(np.zeros((), self.dtype), self.shape),
            ijk_to_ras=matrix,
            name=self.name,
            source=DicomSource(series, PixelRecord(self.dtype.str), origin),
            warnings=tuple(self.warnings),
            intent="label",
        )

    def load(self) -> Volume:
        """Return the volume."""
        voxels = np.zeros(self.shape, self.dtype)
        for one, label in zip(self.masks, self.labels, strict=True):
            for k, (rows, columns, mask) in one.planes.items():
                voxels[0, k, rows, columns][mask] = label
        frozen, outline = freeze(voxels), self.outline()
        origin = outline.dicom.origin._replace(digest=digest_of(frozen))
        return replace(outline, voxels=frozen, source=replace(outline.dicom, origin=origin))


@dataclass(frozen=True)
class StructureReader:
    """How RT Structure Sets are read.

    Attributes
    ----------
    form : RoiForm
        Label maps, or one mask for each region.
    references : sequence of Plan
        Series that the user named for their grid.
    spaces : Spaces
        Which frames of reference are one space.
    """

    form: RoiForm = RoiForm.LABELMAP
    references: Sequence[Plan] = ()
    spaces: Spaces = field(default_factory=Spaces)

    def plans(self, instance: Instance, series: Sequence[Plan]) -> list[StructurePlan] | str:
        """Return what an RT Structure Set becomes; why it becomes nothing otherwise.

        Parameters
        ----------
        instance : Instance
            The RT Structure Set.
        series : sequence of Plan
            The images of the input.
        """
        rois = rois_of(instance)
        if not rois:
            return _NO_ROI
        spaces = list(dict.fromkeys(roi.frame_of_reference for roi in rois))
        chooser = _GridChooser(instance, self.references, series, self.spaces)
        grids = {space: chooser.grid_of([roi for roi in rois if roi.frame_of_reference == space]) for space in spaces}
        drawn = {space: grid for space, grid in grids.items() if grid is not None}
        if not drawn:
            return chooser.reason(spaces)
        plans: list[StructurePlan] = []
        for n, (space, grid) in enumerate(drawn.items()):
            left = [] if n else [roi for roi in rois if roi.frame_of_reference not in drawn]
            plans += self._plans_on(grid, instance, [roi for roi in rois if roi.frame_of_reference == space], left)
        return plans

    def _plans_on(self, chosen: _Grid, instance: Instance, rois: Sequence[Roi], left: Sequence[Roi]) -> Iterator[StructurePlan]:
        """Yield what regions become on a grid; the first has those that cannot be drawn, as the object needs all of them."""
        plan = chosen.plan
        shape = slice_shape_of(plan.instances[0].elements)
        grid = SliceGrid(_slices_of(plan), shape, plan.frames[0][0].step_mm, _images_of(plan))
        masks = [grid.masks_of(roi) for roi in rois]
        are_masks = self.form is RoiForm.MASKS
        is_numbered = are_masks or labels_of(instance) == numbers_of(instance)
        common = [*chosen.warnings, *_of_another_patient(instance, plan), *contours_left_out(instance)]
        sets = [[one] for one in masks] if are_masks else sets_without_overlap(masks)
        for n, members in enumerate(sets, 1):
            labels = [MASK if are_masks else one.roi.label for one in members]
            not_drawn = [RoiMasks(roi, warnings=[_WITHOUT_IMAGES]) for roi in left] if n == 1 else []
            warnings = [*common, *_warnings([*members, *not_drawn], is_numbered)]
            if len(sets) > 1 and not are_masks:
                warnings.append(_of_several(n, len(sets), members))
            suffix = members[0].roi.name if are_masks else ""
            labels += [NOT_DRAWN] * len(not_drawn)
            yield _plan(plan, instance, shape, [*members, *not_drawn], labels, suffix, warnings)


def _plan(
    plan: Plan,
    instance: Instance,
    shape: tuple[int, int],
    masks: list[RoiMasks],
    labels: list[int],
    suffix: str,
    warnings: list[str],
) -> StructurePlan:
    frames = [FrameInfo(0, 0, one.plane, one.spacing_mm, one.step_mm, (), ()) for one in plan.frames[0]]
    layers = [
        Layer(min(one.planes, default=0), replace(frames[0], frame=one.roi.index), label)
        for one, label in zip(masks, labels, strict=True)
    ]
    return StructurePlan(
        name=safe_name("_".join(filter(None, (_title(instance), suffix)))),
        title=_title(instance),
        instances=(instance,),
        grid=Grid([frames], plan.grid.stack, layers=layers),
        warnings=warnings,
        suffix=suffix,
        shape=(1, len(frames), *shape),
        masks=masks,
        labels=labels,
        frame_of_reference=metadata.text(plan.instances[0].elements, Tag.FRAME_OF_REFERENCE_UID),
    )


# --- words ------------------------------------------------------------------------------------------------------------


def _title(instance: Instance) -> str:
    """Return number and description of the series, else the label of the structure set."""
    return series_name(instance.elements, instead="StructureSetLabel") or "structure set"


def _warnings(masks: Sequence[RoiMasks], is_numbered: bool) -> list[str]:
    """Return what a grid does not hold of some regions, each sentence once with the names of its regions."""
    names: dict[str, list[str]] = {}
    for one in masks:
        for sentence in one.warnings:
            names.setdefault(sentence, []).append(one.roi.name)
    warnings = [f"{listed(regions)}: {sentence}" for sentence, regions in names.items()]
    empty = [one.roi.name for one in masks if not one.planes and not one.warnings]
    if empty:
        warnings.append(f"{listed(empty)}: no voxel center is within the contours, or there are none")
    if not is_numbered:
        numbers = ", ".join(f"{one.roi.label} {one.roi.name}" for one in masks[:_FEW])
        warnings.append(f"the ROI numbers are not unique, or not from 1 to 65535: labels are numbered from 1 ({numbers})")
    holes = [one.roi.name for one in masks if one.notes]
    if holes:
        warnings.append(f"{listed(holes)}: contours within others are holes (XOR)")
    return warnings


def _of_several(n: int, count: int, members: Sequence[RoiMasks]) -> str:
    names = listed([one.roi.name for one in members])
    return f"regions overlap: this is label map {n} of {count}, of {names}; only all together give the object back"


# --- references -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Grid:
    """A volume whose grid regions are drawn on, and what is to be known of that choice."""

    plan: Plan
    warnings: list[str]


class _GridChooser:
    """Finds the volume that the regions of an RT Structure Set were drawn on: by the images that their contours refer to, by
    the series that is listed, else the only one in their frame of reference, else in one that is the same space.
    """

    def __init__(self, instance: Instance, references: Sequence[Plan], series: Sequence[Plan], spaces: Spaces):
        self.instance, self.is_named, self.spaces = instance, bool(references), spaces
        self.candidates = [plan for plan in (references or series) if _slices_of(plan)]

    def grid_of(self, rois: Sequence[Roi]) -> _Grid | None:
        """Return the grid for regions of one frame of reference; None if there is none, or several."""
        space = rois[0].frame_of_reference
        images = {image for roi in rois for contour in roi.contours for image in contour.images}
        stated = _referenced_series(self.instance, space)
        scores = [(len(images & _images_of(plan).keys()), plan.series_uid in stated) for plan in self.candidates]
        drawn_on = [n for n, (count, is_listed) in enumerate(scores) if count or is_listed]
        if drawn_on:
            best = self.candidates[max(drawn_on, key=lambda n: (*scores[n], len(self.candidates[n].frames[0])))]
            return _Grid(best, [*([] if _may_be_in(best, space) else [_NOT_ITS_SPACE]), *self._drawn_elsewhere(best, rois)])
        same = self._in_space(space)
        if len(same) != 1:
            return None
        doubts = self.spaces.doubt(space, same[0].frame_of_reference, same[0].title)
        if doubts:
            return _Grid(same[0], doubts)
        if not self.is_named:
            return _Grid(same[0], [_OTHER_SERIES.format(title=same[0].title)])
        return _Grid(same[0], [] if _is_in(same[0], space) else [_SPACE_UNKNOWN.format(title=same[0].title)])

    def _drawn_elsewhere(self, best: Plan, rois: Sequence[Roi]) -> list[str]:
        """Return that contours of some regions refer to images that are there, but are not those of the grid."""
        others = set().union(*map(_images_of, self.candidates)) - _images_of(best).keys()
        names = [roi.name for roi in rois if any(others.intersection(contour.images) for contour in roi.contours)]
        return [f"{listed(names)}: {_OTHER_IMAGES.format(title=best.title)}"] if names else []

    def _in_space(self, space: str) -> list[Plan]:
        """Return the volumes in a frame of reference, else in the same space, of the same patient.

        Of those that the user named, all that may be count.
        """
        if self.is_named:
            own = [plan for plan in self.candidates if _may_be_in(plan, space)]
            return own or [plan for plan in self.candidates if self.spaces.are_one(space, plan.frame_of_reference)]
        own = [plan for plan in self.candidates if not _of_another_patient(self.instance, plan)]
        same = [plan for plan in own if self.spaces.are_one(space, plan.frame_of_reference)]
        return [plan for plan in same if _is_in(plan, space)] or same

    def reason(self, spaces: Sequence[str]) -> str:
        """Return why no grid was chosen."""
        referred = ", ".join(_referenced_series(self.instance)) or "unknown"
        same = [plan.title for plan in self.candidates if any(plan in self._in_space(space) for space in spaces)]
        if same:
            return _SEVERAL.format(series=referred, titles=listed(same))
        moved = [
            plan.title
            for plan in self.candidates
            if any(self.spaces.are_moved(space, plan.frame_of_reference) for space in spaces)
        ]
        if moved:
            return _MOVED.format(titles=listed(moved), series=referred)
        if not self.is_named and referred == "unknown" and not any(spaces):
            return _NO_SPACE
        return (_OTHER_SPACE if self.is_named else NO_IMAGES).format(series=referred)


def _of_another_patient(instance: Instance, plan: Plan) -> list[str]:
    return [_OTHER_PATIENT] if is_of_another_patient(instance.elements, plan.instances[0].elements) else []


def _slices_of(plan: Plan) -> list[Any]:
    """Return the planes of the slices of a volume; empty if it has no place in the patient, or is not an image."""
    planes = [frame.plane for frame in plan.frames[0] if frame.plane is not None]
    is_image = not plan.grid.layers and metadata.text(plan.instances[0].elements, Tag.MODALITY) not in _NOT_DRAWN_ON
    usable = plan.is_placed and len(planes) == len(plan.frames[0]) and is_image
    return planes if usable else []


def _images_of(plan: Plan) -> dict[ContourImage, Plane | None]:
    """Return the images of a volume that contours may refer to, frames and instances, and the plane of each that has one."""
    images: dict[ContourImage, Plane | None] = {}
    for frame in plan.all_frames:
        uid = plan.instances[frame.instance].uid
        images[ContourImage(uid, frame.frame + 1)] = frame.plane
        whole = ContourImage(uid, 0)
        images[whole] = None if whole in images else frame.plane
    return images


def _is_in(plan: Plan, space: str) -> bool:
    return bool(space) and plan.frame_of_reference == space


def _may_be_in(plan: Plan, space: str) -> bool:
    """Whether a volume is in a frame of reference, or one of both is not stated."""
    return not space or plan.frame_of_reference in ("", space)


def _referenced_series(instance: Instance, frame_of_reference: str = "") -> list[str]:
    """Return the SeriesInstanceUIDs that an RT Structure Set refers to, of one frame of reference or of all."""
    return [
        metadata.text(series.elements, Tag.SERIES_INSTANCE_UID)
        for space in metadata.items(instance.elements, Tag.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
        if frame_of_reference in ("", metadata.text(space.elements, Tag.FRAME_OF_REFERENCE_UID))
        for study in metadata.items(space.elements, Tag.RT_REFERENCED_STUDY_SEQUENCE)
        for series in metadata.items(study.elements, Tag.RT_REFERENCED_SERIES_SEQUENCE)
    ]
