"""Nodes as temporary NIfTI files, on their way to DICOM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Entry, Log, Volume

from ..Host import Database
from ..Nodes.NodeImages import NodeImage
from ..Nodes.NodeOrigins import Origin, origin_of
from ..Nodes.OverlappingLabels import is_layered
from ..Nodes.References import reference_volume
from ..Nodes.Transforms import Nonlinear
from ..Originals.DrawnTimes import DrawnTime
from ..Originals.HardenedReference import maybe_hardened, off_the_slices
from ..Originals.SeriesSlices import (
    NO_SERIES,
    OTHER_REFERENCE,
    SeriesSlices,
    doubt_of_frame,
    is_on_image_without_position,
    shared_transform,
)
from ..Originals.SpaceOfReference import in_space_of
from ..Originals.WorldLabels import on_voxels_of, volume_of_world_labels
from .ExportSources import ExportSource, source_of
from .ExportTasks import ExportTask

Progress = Callable[[str, int, int], None]
CLOSED = "{}: Slicer's DICOM database is not open, so the original of this image cannot be read. Open it in the module DICOM."
SLICES_MOVED = "the slices of the reference are not evenly spaced"
"""Begins the warning of the core where slices get other positions than the file has."""
OR_CHOOSE = "or choose a reference"
"""Ends the warnings that do not apply once the user has chosen one."""
MISSING = (
    "{} was made of a series that is not in Slicer's DICOM database, which could not be its reference. Import it in the module "
    f"DICOM and convert again, {OR_CHOOSE}"
)
LOST = (
    "The volume that {} was made on is not in the scene, so the new DICOM does not refer to its series. Load the series, "
    f"choose its volume as the source geometry of the segmentation and convert again, {OR_CHOOSE}"
)

SEVERAL_PATIENTS = (
    "Volumes of several patients ({patients}) have the grid of {name}, so its patient is not known: the new DICOM has none. "
    f"Move it to the study of its patient in the module Data and convert again, {OR_CHOOSE}"
)


@dataclass
class TemporaryNifti:
    """What was written for some nodes.

    Attributes
    ----------
    images : list of pathlib.Path
        The NIfTI files; the names of labels are next to them.
    origins : dict of pathlib.Path to Origin
        What they were made of, where that is known.
    failures : list of Entry
        The nodes that could not be written.
    warnings : dict of pathlib.Path to list of str
        What each image could not include of its node.
    of_nodes : list of list of pathlib.Path
        The images of each node; none where it could not be written.
    """

    images: list[Path] = field(default_factory=list)
    origins: dict[Path, Origin] = field(default_factory=dict)
    failures: list[Entry] = field(default_factory=list)
    warnings: dict[Path, list[str]] = field(default_factory=dict)
    of_nodes: list[list[Path]] = field(default_factory=list)

    def warn(self, report: ConversionReport) -> None:
        """Add to the entries of a report what was found when their images were written."""
        warn(report, self.warnings, [image for image, origin in self.origins.items() if origin.has_own_slices])

    def options(self, options: ConversionOptions, scratch: Path) -> ConversionOptions:
        """Return options with the reference, the kind and the values that follow from the origin of every image."""
        origins = list({id(origin): origin for origin in self.origins.values()}.values())  # images of one node have the same
        own = {id(origin): origin.options(options, scratch / f"origin {n}") for n, origin in enumerate(origins)}
        return replace(
            options, per_file={**{image: own[id(origin)] for image, origin in self.origins.items()}, **options.per_file}
        )


class StageTask(ExportTask):
    """Nodes → NIfTI files that only serve to make DICOM of them.

    Parameters
    ----------
    nodes : sequence of vtkMRMLNode
        What to write.
    folder : pathlib.Path
        Where to.
    by_origin : bool
        Write what was made of a volume of DICOM in the space of its series, where that volume is under a transform; not in
        world coordinates, which are those of a reference that the user chose.
    reference : str or None
        Series Instance UID of that reference; None if it will be chosen later, for each image.

    Attributes
    ----------
    moves : bool
        Whether the space of a series is another one than world coordinates.
    """

    moves = False

    def __init__(self, nodes: Sequence[Any], folder: Path, by_origin: bool = True, reference: str | None = ""):
        self._origins: list[Origin] = []
        self._hardened: dict[int, NodeImage | None] = {}
        self._by_origin, self._reference = by_origin, reference
        super().__init__(nodes, folder, ConversionOptions(gzip=False, overwrite=True))

    def _source_of(self, node: Any, harden: bool, time: DrawnTime | None) -> Any:
        self._origins.append(origin_of(node, time.uids if time is not None else ()) if node is not None else Origin())
        left_out = shared_transform(node) if node is not None else None
        source = source_of(node, Nonlinear(harden, left_out=left_out), time=time)
        if source.image is None:
            return source
        missing = self._by_origin and self._origins[-1].is_missing
        if (missing or (source.image.instance_uids and not source.files)) and not Database.is_open():
            return ExportSource(source.title, error=CLOSED.format(source.title))
        drawn_on = self._drawn_on(node)
        if drawn_on is not None:
            return self._drawn_on_slices(node, drawn_on, source)
        if left_out is not None or is_on_image_without_position(node):
            return self._on_slices(node, source)
        doubt = self._doubt(source.title) or (doubt_of_frame(node) if self._by_origin else "")
        if doubt:
            return replace(source, image=replace(source.image, warnings=(*source.image.warnings, doubt)))
        was_dicom = source.image.instance_uids or source.image.source
        if source.image.is_label_map and not was_dicom and self._origins[-1].files:
            self._hardened[len(self._origins) - 1] = maybe_hardened(reference_volume(node))
        moves = self._by_origin and self._origins[-1].files and not was_dicom
        placed = in_space_of(reference_volume(node), source) if moves else source
        self.moves |= placed is not source
        return placed

    def _doubt(self, title: str) -> str:
        """Return why the latest image has no reference, where it should have one; empty otherwise."""
        origin = self._origins[-1]
        if not self._by_origin:
            return ""
        if origin.is_missing:
            return MISSING.format(title)
        if origin.patients:
            return SEVERAL_PATIENTS.format(patients=", ".join(origin.patients), name=title)
        return LOST.format(title) if origin.is_lost else ""

    def _drawn_on(self, node: Any) -> Any:
        """Return the volume on whose slices labels in world coordinates are written; None if it is not the reference."""
        files = self._origins[-1].files
        may_be = self._by_origin or self._reference in (None, *Database.series_of_files(files[:1]))
        return volume_of_world_labels(node) if files and may_be else None

    def _drawn_on_slices(self, node: Any, volume: Any, source: ExportSource) -> ExportSource:
        try:
            return self._on_slices(node, replace(source, image=on_voxels_of(volume, source.image)))
        except BridgeError as error:
            return ExportSource(source.title, error=str(error))

    def _on_slices(self, node: Any, source: ExportSource) -> ExportSource:
        """Return what is under an acquisition transform on the grid of its volume; only its series has those slices."""
        origin = self._origins[-1]
        slices = SeriesSlices.of(node, origin.files)
        assert slices is not None
        assert source.image is not None
        origin.has_own_slices = True
        try:
            if not origin.files:
                raise slices.refusal(NO_SERIES, source.title)
            if not self._by_origin and self._reference not in (None, *Database.series_of_files(origin.files[:1])):
                raise slices.refusal(OTHER_REFERENCE, source.title)
            image = slices.on_grid(source.image)
            if not slices.has_position:
                slices, image = slices.on_one_image(image)
                origin.files = list(slices.files)
            on_grid = replace(source, image=image, slices=slices)
        except BridgeError as error:
            return ExportSource(source.title, error=str(error))
        return on_grid if image.pixel_grid is not None else in_space_of(reference_volume(node), on_grid)

    def _volumes_of(self, source: ExportSource, step: Progress) -> tuple[list[Volume], Log]:
        volumes, log = super()._volumes_of(source, step)
        number = self._sources.index(source)
        hardened = self._hardened.get(number)
        if hardened is not None:
            volumes = [off_the_slices(volume, hardened, self._origins[number].files) for volume in volumes]
        if source.slices is not None and any(volume.source is None for volume in volumes):
            origin = self._origins[number]
            origin.has_no_position = not source.slices.has_position
            origin.has_own_images |= origin.has_no_position
        return volumes, log

    def _split_for_files(self, volume: Volume) -> list[Volume]:
        """Return one image: segments that overlap become one object."""
        # three label maps of 8 bits would be read as colors
        return [replace(volume, voxels=volume.voxels.astype(np.uint16)) if is_layered(volume) else volume]

    def staged(self, report: ConversionReport, partly: bool = False) -> TemporaryNifti:
        """Return what was written.

        Parameters
        ----------
        report : ConversionReport
            What `work` returned.
        partly : bool
            Return what succeeded; by default a failure is an error.

        Raises
        ------
        BridgeError
            If a node could not be written.
        """
        if not report.ok and not partly:
            raise BridgeError(" ".join(entry.error for entry in report.failures))
        staged = TemporaryNifti(failures=list(report.failures))
        for entry, origin in zip(report.entries, self._origins, strict=True):
            images = [path for path in entry.outputs if path.suffix == ".nii"]
            staged.images += images
            staged.of_nodes.append(images)
            staged.origins |= {image: origin for image in images if origin.is_known}
            staged.warnings |= dict.fromkeys(images, entry.log.warnings)
        return staged


def warn(report: ConversionReport, warnings: Mapping[Path, Sequence[str]], on_own_slices: Collection[Path] = ()) -> None:
    """Add to the entries of a report the warnings of their input files.

    What is on the slices of its own series was not moved: Slicer shows it where the slices are.
    """
    for entry in report.entries:
        if any(Path(path) in on_own_slices for path in entry.inputs):
            entry.log.warnings = without_moved_slices(entry.log.warnings)
        for path in (Path(path) for path in entry.inputs if Path(path) in warnings):
            entry.error = in_scene(entry.error, path)
        sentences = [sentence for path in entry.inputs for sentence in warnings.get(Path(path), ())]
        entry.log.warnings += [sentence for sentence in sentences if sentence not in entry.log.warnings]


def in_scene(text: str, image: Path) -> str:
    """Return a sentence about the sidecar of a temporary file as one about the image of the scene."""
    return text.replace(f"{image.stem}.json specifies", f"In the subject hierarchy, {image.stem} has")


def without_moved_slices(warnings: Iterable[str]) -> list[str]:
    """Return warnings without that of slices that were moved to those of the reference."""
    return [sentence for sentence in warnings if not sentence.startswith(SLICES_MOVED)]


def stage(
    nodes: Sequence[Any], folder: Path, partly: bool = False, by_origin: bool = True, reference: str = ""
) -> TemporaryNifti:
    """Write nodes at once; see `StageTask`."""
    task = StageTask(nodes, folder, by_origin, reference)
    return task.staged(task.work(lambda what, done, total: None), partly)
