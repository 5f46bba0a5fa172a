"""What each of Slicer's DICOM loaders makes of original files: a node that equals it was not edited.

A loader may show other values than the files mean (no precise scale, no dose scaling, inverted MONOCHROME1, palettes as
colors), on another grid (its origin at the first pixel), and other stacks (several echoes or times in one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nifti_dicom_bridge import Volume

from ..Host.DicomHeaders import header_of
from ..Nodes.NodeImages import NodeImage
from .ItkReading import Reading, read_files


class Place(NamedTuple):
    """Where a plane of a node is in the volumes of its files."""

    volume: int
    time: int
    slice: int


class Prediction(NamedTuple):
    """A node as a loader makes it.

    Attributes
    ----------
    voxels : numpy.ndarray, shape (times, slices, rows, columns) or (times, slices, rows, columns, samples)
        Values as the loader shows them.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        The grid, mm.
    places : tuple of tuple of Place or None, shape (times, slices)
        Where each plane is in the volumes; None where planes and frames are not the same, as in mosaics.
    covered : tuple of int
        The volumes whose frames the loader has read.
    grids : numpy.ndarray, shape (times, 4, 4)
        The grid of every time, mm: a sequence of single slices has one of its own for each.
    """

    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    places: tuple[tuple[Place, ...], ...] | None
    covered: tuple[int, ...]
    grids: np.ndarray


def predictions(volumes: Sequence[Volume], image: NodeImage) -> Iterator[Prediction]:
    """Yield what the loaders that can have made a node make of its files.

    Parameters
    ----------
    volumes : sequence of Volume
        All volumes in the files of the node.
    image : NodeImage
        The node: its SOP Instance UIDs, number of times and of samples matter, its voxels do not.
    """
    for loader in LOADERS:
        prediction = loader(volumes, image)
        if prediction is not None:
            yield prediction


def scalar_volume(volumes: Sequence[Volume], image: NodeImage) -> Prediction | None:
    """Return what the scalar volume loader makes of the files, once for every time."""
    times = _files_of_times(volumes, image)
    readings = [_in_order(files, image.voxels.ndim > 4) for files in times]
    if not all(readings) or len({reading.voxels.shape for reading in readings if reading}) != 1:
        return None
    read = [reading for reading in readings if reading]
    grids = np.stack([one.ijk_to_ras for one in read])
    return _prediction(volumes, np.stack([one.voxels for one in read]), grids, [_frames(one) for one in read])


def image_sequence(volumes: Sequence[Volume], image: NodeImage) -> Prediction | None:
    """Return what the image sequence loader makes of one file: every frame a time, reoriented so that the top is up."""
    files = sorted({name for time in _files_of_times(volumes, image) for name in time})
    if image.voxels.shape[1] != 1 or len(files) != 1:
        return None
    reading = read_files(files, image.voxels.ndim > 4)
    if reading is None:
        return None
    across, down = _spacing_of_ultrasound(files[0]) or reading.spacing[:2]
    frames = [(file,) for file in _frames(reading)]
    grids = np.tile(np.diag([-across, -down, 1.0, 1.0]), (len(frames), 1, 1))
    return _prediction(volumes, reading.voxels[:, np.newaxis], grids, frames)


LOADERS: tuple[Callable[[Sequence[Volume], NodeImage], Prediction | None], ...] = (scalar_volume, image_sequence)
"""The bridge's own loader and those of dose and parametric maps show what the files mean: see `SourceMatching`."""

Frame = tuple[str, int]


def _files_of_times(volumes: Sequence[Volume], image: NodeImage) -> list[list[str]]:
    """Return the files of every time, in the order of the UIDs of the node; one where the node has one UID for all."""
    metadata = [volume.source.metadata for volume in volumes if volume.source is not None]
    path_of = {instance.uid: instance.path for series in metadata for instance in series.instances}
    known = [path_of[uid] for uid in image.instance_uids if uid in path_of]
    count = len(image.voxels)
    if not known or len(known) % count or len(set(image.instance_uids)) == 1:
        return [list(dict.fromkeys(known))] if known else []
    each = len(known) // count
    return [known[n * each : (n + 1) * each] for n in range(count)]


def _in_order(files: Sequence[str], colors: bool) -> Reading | None:
    """Return files as the loader reads and orders them.

    The UIDs of a node whose slices the loader has reversed are reversed, too; of files at the same position, this shows which
    came first.
    """
    reading = read_files(files, colors)
    if reading is not None and len(files) > 1 and np.linalg.det(reading.ijk_to_ras[:3, :3]) < 0:
        reading = read_files(files[::-1], colors)
    return reading.right_handed() if reading is not None else None


def _frames(reading: Reading) -> tuple[Frame, ...]:
    """Return file and frame of every plane."""
    if len(reading.files) == len(reading.voxels):
        return tuple((file, 0) for file in reading.files)
    return tuple((reading.files[0], number) for number in range(len(reading.voxels)))


def _prediction(
    volumes: Sequence[Volume], voxels: np.ndarray, grids: np.ndarray, frames: Sequence[tuple[Frame, ...]]
) -> Prediction:
    known = _places_of_frames(volumes)
    files = {file for time in frames for file, _ in time}
    covered = tuple(n for n, volume in enumerate(volumes) if _files_of(volume) & files)
    places = tuple(tuple(known[frame] for frame in time) for time in frames if all(frame in known for frame in time))
    planes = {volumes[place.volume].voxels.shape[2:4] for time in places for place in time}
    count = sum(volumes[n].voxels.shape[0] * volumes[n].voxels.shape[1] for n in covered)
    one_to_one = len(places) == len(frames) and planes == {voxels.shape[2:4]} and count == voxels.shape[0] * voxels.shape[1]
    return Prediction(voxels, grids[0], places if one_to_one else None, covered, grids)


def _places_of_frames(volumes: Sequence[Volume]) -> dict[Frame, Place]:
    places = {}
    for number, volume in enumerate(volumes):
        if volume.source is None or volume.source.metadata.layers is not None:
            continue
        series = volume.source.metadata
        for time, row in enumerate(series.frames.tolist()):
            for k, (instance, frame) in enumerate(row):
                places[series.instances[instance].path, frame] = Place(number, time, k)
    return places


def _files_of(volume: Volume) -> set[str]:
    return {instance.path for instance in volume.source.metadata.instances} if volume.source is not None else set()


def _spacing_of_ultrasound(path: str) -> tuple[float, float] | None:
    """Return the distance of columns and of rows, mm, of the only region of tissue of an ultrasound image (PS3.3 C.8.5.5)."""
    header = header_of(path, "Modality", "SequenceOfUltrasoundRegions")
    regions = header.get("SequenceOfUltrasoundRegions", []) if header.get("Modality") == "US" else []
    if len(regions) != 1:
        return None
    region, centimeters = regions[0], 3
    tissue = region.get("RegionSpatialFormat") == 1 and region.get("RegionDataType") in (1, 2)
    if not tissue or region.get("PhysicalUnitsXDirection") != centimeters:
        return None
    return region.PhysicalDeltaX * 10.0, region.PhysicalDeltaY * 10.0
