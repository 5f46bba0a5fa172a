"""One volume → its pictures and its text, into a staging area."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import DependencyError
from ..model.metadata import Log
from ..model.space.geometry import Plane
from ..model.volume import Volume
from ..options import ConversionOptions, PreviewOptions, Progress, SlicePlane
from ..output import Staging
from .cine import rate_of
from .describe import picture_texts, text_of
from .gif import GifWriter
from .letters import edges_of, with_letters
from .mosaic import side_by_side, slices_of
from .overlay import Key, Labels, centered_on_labels, keys_of, with_legend, with_overlay
from .png import write_png
from .render import picture, square_size
from .video import VideoWriter, video_writer
from .view import View, view_of

SMALLEST, LARGEST = 256, 1920
"""Longer side, in pixels, that pictures in a movie or mosaic have at least, and at most."""
_PLANES = (SlicePlane.AXIAL, SlicePlane.CORONAL, SlicePlane.SAGITTAL)


@dataclass(frozen=True, eq=False)
class PreviewInput:
    """What pictures are made of.

    Attributes
    ----------
    volume : Volume
        The image as it was read.
    title : str
        What a person calls it.
    regular : Volume
        The same on a regular grid, for planes across its slices; the image itself where its grid is regular.
    planes : sequence of Plane or None
        Where its slices truly are.
    placed : bool
        Whether it is known where they are.
    labels : tuple of Labels
        What is drawn upon it.
    sidecar : dict
        Keys of a sidecar that are not in the metadata.
    """

    volume: Volume
    title: str
    regular: Volume
    planes: Sequence[Plane] | None = None
    placed: bool = True
    labels: tuple[Labels, ...] = ()
    sidecar: dict[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class _Canvas:
    """A view, and what is drawn upon its pictures; `solid` where that is the image itself."""

    view: View
    options: PreviewOptions
    labels: tuple[Labels, ...]
    keys: tuple[dict[int, Key], ...]
    solid: bool = False

    def shown(self, time: int, slice_number: int) -> np.ndarray:
        """Return a picture of a movie or mosaic (rows, columns[, 3]), 8 bits, with letters and label maps."""
        return self._finished(time, slice_number, 8, self._enlargement(), self.options.letters is not False)

    def alone(self, time: int, slice_number: int) -> np.ndarray:
        """Return a picture of its own (rows, columns[, 3]): as it is, but for what was requested."""
        if not self.labels and not self.options.letters:
            return picture(self.view, time, slice_number, 8 if self.options.eight_bit else 16)
        larger = self._enlargement() if self.labels else 1.0
        bits = 8 if self.labels or self.options.eight_bit else 16
        return self._finished(time, slice_number, bits, larger, self.options.letters is not False)

    def _finished(self, time: int, slice_number: int, bits: int, enlarge: float, letters: bool) -> np.ndarray:
        finished = picture(self.view, time, slice_number, bits, enlarge)
        if self.labels:
            finished = np.zeros_like(finished) if self.solid else finished
            finished = with_overlay(finished, self.view, (time, slice_number), self.labels, self.keys, self.solid)
        if letters and self.view.placed:
            finished = with_letters(finished, edges_of(self.view, slice_number))
        return finished

    def _enlargement(self) -> float:
        longest = max(square_size(self.view.volume.voxels.shape[2:4], self.view.pixel_mm))
        if longest > LARGEST:
            return LARGEST / longest
        return float(max(1, round(SMALLEST / longest)))


def stage_preview(
    subject: PreviewInput, name: str, staging: Staging, options: ConversionOptions, log: Log, progress: Progress | None = None
) -> None:
    """Put the pictures of one volume, and its text, into a staging area.

    Parameters
    ----------
    subject : PreviewInput
        What pictures are made of.
    name : str
        Path below the staging area, without suffix.
    staging : Staging
        From which all files appear at once.
    options : ConversionOptions
        Plane, and `ConversionOptions.preview`.
    log : Log
        Receives what the user should know.
    progress : Progress, optional
        Receives how far the movie is.

    Raises
    ------
    OutputError
        If a file exists and may not be replaced, or cannot be written.
    """
    view = _view(subject, options, log)
    keys = tuple(keys_of(subject.labels))
    solid = any(labels.volume is subject.volume for labels in subject.labels)
    canvas = _Canvas(view, options.preview, subject.labels, keys, solid)
    legend = [key for known in keys for key in known.values()]
    texts = picture_texts(subject.title, view)
    _warn(view, log)
    _stage_png(canvas, name, staging, texts, legend)
    if options.preview.mosaic is not None:
        mosaic = _mosaic(subject, canvas, options, log)
        write_png(_with_legend(mosaic, legend), staging.path(f"{name}_mosaic.png"), texts)
    if options.preview.all_slices:
        _stage_all(canvas, name, staging, texts)
    if view.times * view.slices > 1 and (options.preview.gif or options.preview.mp4):
        _stage_movies(canvas, name, staging, log, progress, legend)
    lines = text_of(subject.volume, subject.title, view, subject.sidecar)
    staging.path(name + ".txt").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")


def _view(subject: PreviewInput, options: ConversionOptions, log: Log, plane: SlicePlane | None = None) -> View:
    """Return the view of a plane; across the slices, of the regular grid, with a note."""
    wanted = options.plane if plane is None else plane
    view = view_of(subject.volume, wanted, options.preview.window, subject.placed, subject.planes)
    slices_stay = abs(float(_unit(view.volume.ijk_to_ras[:3, 2]) @ _unit(subject.volume.ijk_to_ras[:3, 2]))) > 1 - 1e-6
    if not slices_stay and subject.regular is not subject.volume:
        view = view_of(subject.regular, wanted, options.preview.window, subject.placed)
        log.warnings += [words for words in subject.regular.warnings if words not in log.warnings]
    return centered_on_labels(view, subject.labels)


def _unit(vector: np.ndarray) -> np.ndarray:
    result: np.ndarray = vector / np.linalg.norm(vector)
    return result


def _warn(view: View, log: Log) -> None:
    display = view.display(0, view.middle)
    log.warnings += display.notes
    own = display.window if display.voi is None else None
    if view.window is not None and own is not None:
        log.notes.append(f"shown with center {view.window.center:g} and width {view.window.width:g}, not the file's window")


def _stage_png(canvas: _Canvas, name: str, staging: Staging, texts: dict[str, str], legend: Sequence[Key]) -> None:
    view = canvas.view
    image = canvas.alone(0, view.middle)
    pixel_mm = view.pixel_mm[0] * view.volume.voxels.shape[2] / image.shape[0]
    write_png(_with_legend(image, legend), staging.path(name + ".png"), texts, pixel_mm if view.placed else None)


def _with_legend(image: np.ndarray, legend: Sequence[Key]) -> np.ndarray:
    return with_legend(image, legend) if legend else image


def _mosaic(subject: PreviewInput, canvas: _Canvas, options: ConversionOptions, log: Log) -> np.ndarray:
    view = canvas.view
    if options.preview.mosaic or not subject.placed or view.slices == 1:
        if not options.preview.mosaic and view.times * view.slices > 1:
            log.warnings.append("the mosaic has slices, not three planes: only one plane is known")
        wanted = options.preview.mosaic or 16
        frames = [(0, k) for k in range(view.slices)] if view.slices > 1 else [(t, 0) for t in range(view.times)]
        return side_by_side([canvas.shown(*frames[n]) for n in slices_of(len(frames), wanted)])
    views = [_view(subject, options, log, plane) for plane in _PLANES]
    return side_by_side([replace(canvas, view=one).shown(0, one.middle) for one in views], len(views))


def _stage_all(canvas: _Canvas, name: str, staging: Staging, texts: dict[str, str]) -> None:
    view = canvas.view
    for time in range(view.times):
        for slice_number in range(view.slices):
            prefix = f"t{time + 1:04d}_" if view.times > 1 else ""
            path = staging.path(f"{name}/{prefix}{slice_number + 1:06d}.png")
            write_png(canvas.alone(time, slice_number), path, texts)


def _stage_movies(
    canvas: _Canvas, name: str, staging: Staging, log: Log, progress: Progress | None, legend: Sequence[Key]
) -> None:
    """Put GIF and MP4 there, picture by picture: through the times at the middle slice, else through the slices."""
    view, options = canvas.view, canvas.options
    places = [(t, view.middle) for t in range(view.times)] if view.times > 1 else [(0, k) for k in range(view.slices)]
    fps = rate_of(view.volume) if options.fps is None else options.fps
    with ExitStack() as stack:
        writers: list[GifWriter | VideoWriter] = []
        if options.gif:
            writers.append(stack.enter_context(GifWriter(staging.path(name + ".gif"), fps)))
        if options.mp4:
            try:
                kind = video_writer()
            except DependencyError as error:
                log.warnings.append(str(error))
            else:
                writers.append(stack.enter_context(kind(staging.path(name + ".mp4"), fps)))
        for n, place in enumerate(places if writers else []):
            if progress is not None:
                progress(name, n, len(places))
            image = _with_legend(canvas.shown(*place), legend)
            for writer in writers:
                writer.add(image)
