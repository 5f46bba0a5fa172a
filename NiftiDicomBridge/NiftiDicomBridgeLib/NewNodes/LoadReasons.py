"""Why our DICOM loader should load a series: one table, by headers in the database alone.

Above Slicer's own loaders only where these cannot load a series, or put it together wrongly. Slicer's volume loader makes one
stack of everything in a series: of times and slices, of the frames of a multi-frame object in the order of the file with the
position of the first one, of the tiles of a mosaic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..Host import Database, DicomHeaders
from ..Originals.SegmentSources import frame_sources, is_tiled, is_without_voxels

TAGS = {
    "sopClassUID": "0008,0016",
    "numberOfFrames": "0028,0008",
    "position": "0020,0032",
    "orientation": "0020,0037",
    "imageType": "0008,0008",
    "rows": "0028,0010",
    "columns": "0028,0011",
    "samplesPerPixel": "0028,0002",
    "segmentationType": "0062,0001",
    "seriesInstanceUID": "0020,000e",
    "seriesNumber": "0020,0011",
    "seriesDescription": "0008,103e",
}
"""Fetched by Slicer for many files at once."""
PIXEL_DATA = "7fe0,0010"
"""Parametric maps may have FloatPixelData instead, and nothing else; the database does not know whether a file has them."""
ABOVE, ABOVE_OBJECTS, BELOW = 0.95, 0.96, 0.3
"""Slicer's volume loader has 0.5, its sequence loader 0.7, its loaders of segmentations and parametric maps 0.95.

The latter two (dcmqi) cannot load parametric maps of one frame, and take probabilities for label numbers.
"""
MOST_FRAMES = 2000
"""The places of more frames are not looked at: that takes seconds."""
UNEVEN = 0.05
"""Part of a slice distance by which frames may be off an even grid, on which our loader puts them."""
SHEARED = 1e-3
"""Smallest part of the way between frames that is within their planes, where the gantry was tilted."""
STORAGE = "1.2.840.10008.5.1.4.1.1."
# PS3.4 B.5: enhanced CT, MR, MR color, PET; legacy converted CT, MR, PET
MULTI_FRAME_CLASSES = {STORAGE + tail for tail in ("2.1", "4.1", "4.3", "130", "2.2", "4.4", "128.1")}
SINGLE_FRAME_CLASSES = {STORAGE + tail for tail in ("2", "4", "128")}
SEGMENTATIONS, MAP, DOSE = {STORAGE + "66.4", STORAGE + "66.7"}, STORAGE + "30", STORAGE + "481.2"
NATIVE_SYNTAXES = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
OTHER_4D_LOADER = "MultiVolumeImporterPlugin"
SEGMENTATION_LOADER, MAP_LOADER = "DICOMSegmentationPlugin", "DICOMParametricMapPlugin"


class SeriesHeaders:
    """The headers of one series, looked up in the database when they are needed."""

    def __init__(self, files: Sequence[str]):
        self.files = list(files)

    def value(self, name: str, number: int = 0) -> str:
        """Return a value of one file; empty where it has none."""
        return Database.value_of(self.files[number], TAGS[name])

    @cached_property
    def sop_classes(self) -> set[str]:
        """SOP classes of all files."""
        return {self.value("sopClassUID", number) for number in range(len(self.files))}

    @cached_property
    def places(self) -> Counter:
        """Number of images at each position and orientation."""
        names = range(len(self.files))
        return Counter((self.value("position", number), self.value("orientation", number)) for number in names)

    @cached_property
    def image_types(self) -> Counter:
        """Number of images of each ImageType."""
        return Counter(self.value("imageType", number) for number in range(len(self.files)))

    @cached_property
    def frame_places(self) -> list[list[tuple[np.ndarray, np.ndarray]]]:
        """Positions and orientations of the frames of every file; nothing where there are too many."""
        return [DicomHeaders.frame_places(path) for path in self.files] if self.frames <= MOST_FRAMES else []

    @property
    def is_single_frame(self) -> bool:
        """Whether all files are classic CT, MR or PET images."""
        return self.sop_classes <= SINGLE_FRAME_CLASSES

    @property
    def frames(self) -> int:
        """NumberOfFrames of the first file; 1 where it has none."""
        text = self.value("numberOfFrames").strip()
        return int(text) if text.isdigit() else 1


class Reason(NamedTuple):
    """A kind of series, how certain it is that ours is the right loader, and the words for the user."""

    applies: Callable[[SeriesHeaders], bool]
    confidence: float
    words: Callable[[], str]


def _cannot(loader: str) -> bool:
    return loader not in slicer.modules.dicomPlugins


def _is_segmentation(series: SeriesHeaders) -> bool:
    return bool(series.sop_classes) and series.sop_classes <= SEGMENTATIONS


def _is_hard_segmentation(series: SeriesHeaders) -> bool:
    if not _is_segmentation(series):
        return False
    compressed = any(DicomHeaders.transfer_syntax_of(path) not in NATIVE_SYNTAXES for path in series.files)
    is_hard = _cannot(SEGMENTATION_LOADER) or compressed or series.value("segmentationType") == "LABELMAP"
    return is_hard or any(map(_is_sheared, series.frame_places))


def _has_no_position(series: SeriesHeaders) -> bool:
    if not _is_segmentation(series) or not series.frame_places or any(series.frame_places):
        return False
    return not any(DicomHeaders.has_frame_positions(path) or is_tiled(path) or not frame_sources(path) for path in series.files)


def _is_sheared(places: Sequence[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Whether the frames of an object are on an even grid, and displaced within their planes, as those of a tilted gantry."""
    if len(places) < 2 or any(len(orientation) != 6 for _, orientation in places):
        return False
    across, down = np.reshape(places[0][1], (2, 3))
    moves = np.array([position - places[0][0] for position, _ in places])
    along = moves @ np.cross(across, down)
    steps = np.diff(np.unique(along.round(3)))
    if not steps.size or np.abs(steps / steps.min() - np.rint(steps / steps.min())).max() > UNEVEN:
        return False
    return bool(np.abs(moves @ np.array([across, down]).T).max() > SHEARED * np.abs(along).max())


def _is_fractional(series: SeriesHeaders) -> bool:
    return _is_segmentation(series) and series.value("segmentationType") == "FRACTIONAL"


def _is_mixed(series: SeriesHeaders) -> bool:
    return bool(series.sop_classes & MULTI_FRAME_CLASSES) and len(series.sop_classes) > 1


def _is_4d(series: SeriesHeaders) -> bool:
    """Return whether every place has the same number of images, more than one."""
    counts = set(series.places.values())
    known = ("", "") not in series.places
    return series.is_single_frame and _cannot(OTHER_4D_LOADER) and known and len(counts) == 1 and counts.pop() > 1


def _has_different_images(series: SeriesHeaders) -> bool:
    """Return whether images differ in size or color, and not just a localizer from the stack that Slicer loads without it."""
    names = ("rows", "columns", "samplesPerPixel")
    forms = {tuple(series.value(name, number) for name in names) for number in range(len(series.files))}
    has_localizer = len(series.image_types) == 2 and 1 in series.image_types.values() and len(series.files) > 2
    return len(forms) > 1 and not has_localizer


def _has_repeated_places(series: SeriesHeaders) -> bool:
    return series.is_single_frame and ("", "") not in series.places and max(series.places.values()) > 1


def _has_orientations(series: SeriesHeaders) -> bool:
    return len({orientation for _, orientation in series.places if orientation}) > 1


def _is_empty(series: SeriesHeaders) -> bool:
    return _is_segmentation(series) and all(is_without_voxels(path, series.frames) for path in series.files)


def _is_of_tiles(series: SeriesHeaders) -> bool:
    return _is_segmentation(series) and any(map(is_tiled, series.files))


REASONS = (
    Reason(_is_of_tiles, BELOW, lambda: _(
        "Segmentation of a slide: its tiles are shown as a stack of slices, and not at their places.")),
    Reason(_is_fractional, ABOVE_OBJECTS, lambda: _(
        "Fractional segmentation: its values are probabilities, not labels.")),
    Reason(_has_no_position, ABOVE_OBJECTS, lambda: _(
        "Segmentation without a position: on the pixels of the image that it was made from, which is loaded with it.")),
    Reason(_is_empty, ABOVE_OBJECTS, lambda: _("Segmentation that states that nothing was found: its segments are kept.")),
    Reason(_is_hard_segmentation, ABOVE_OBJECTS, lambda: _(
        "Segmentation that is compressed, tilted, or stored as a label map: segments with names, colors and terminology.")),
    Reason(_is_segmentation, BELOW, lambda: _("Segmentation: segments with names, colors and terminology.")),
    Reason(lambda series: series.sop_classes == {MAP} and (_cannot(MAP_LOADER) or series.frames == 1), ABOVE_OBJECTS, lambda: _(
        "Parametric map with its real values and units.")),
    Reason(lambda series: series.sop_classes == {MAP}, BELOW, lambda: _("Parametric map with its real values and units.")),
    Reason(_is_mixed, ABOVE, lambda: _("Classic and enhanced images in one series: each becomes a volume of its own.")),
    Reason(lambda series: bool(series.sop_classes & MULTI_FRAME_CLASSES) and series.frames > 1, ABOVE, lambda: _(
        "Multi-frame: every frame is placed at its own position, time points become a sequence.")),
    Reason(lambda series: series.is_single_frame and "MOSAIC" in series.value("imageType").split("\\"), ABOVE, lambda: _(
        "Mosaic: the slices that are tiled in each file become a stack.")),
    Reason(_is_4d, ABOVE, lambda: _(
        "Several images at each position: time points become a sequence, echoes and the like volumes of their own.")),
    Reason(_has_different_images, ABOVE, lambda: _(
        "Images of different sizes or colors in one series: each kind becomes a volume of its own.")),
    Reason(_has_repeated_places, BELOW, lambda: _(
        "Several images at some positions, such as echoes: each kind becomes a volume of its own.")),
    Reason(_has_orientations, BELOW, lambda: _("Images of several orientations: each becomes a volume of its own.")),
    Reason(lambda series: series.sop_classes == {DOSE}, BELOW, lambda: _("Dose in gray.")),
    Reason(lambda series: True, BELOW, lambda: _("Loaded by the NIfTI-DICOM Bridge, with real values in full precision.")),
)  # fmt: skip
"""The first reason that applies counts."""


def reason_for(files: Sequence[str]) -> Reason | None:
    """Return why our loader should be offered for files; None for files without pixel data."""
    series = SeriesHeaders(files)
    if not any(Database.has_value(path, PIXEL_DATA) for path in files) and series.sop_classes != {MAP}:
        return None
    return next(reason for reason in REASONS if reason.applies(series))
