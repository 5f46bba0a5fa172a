"""A NIfTI file with its sidecar: opened first, loaded when its voxels are wanted."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bids import time_step_s_of
from ...errors import BridgeError, SidecarError
from ...formats import nifti, zarr
from ...formats.image_formats import read_image
from ...model.files.input_files import Stamp, change_since
from ...model.files.names import pair_of
from ...model.listing import listed
from ...model.volume import Volume
from ...output import check_complete
from ...sidecar import KEY, match, read_sidecar, record_path, sidecar_path, unused_sidecars
from ...sidecar.image_id import check_image_id
from ...sidecar.record import Record
from ...sidecar.record_reading import record_from_json
from ...standard.numbers import is_number

SAME_B, SAME_DIRECTION = 0.01, 0.9999
"""Rounding of b-values, as a part of them, and of directions (a cosine, 0.8°) by other tools."""
SAME_S = 1e-3
"""Times that differ by less differ by rounding."""
_STEPS_OF_TOOLS_S = (0.0, 1.0)
OTHER_B, OTHER_S_PER_MM2 = 0.1, 50.0
"""Pipelines round b-values to those of shells, by less than these."""


@dataclass(frozen=True)
class ImageWithRecord:
    """A NIfTI file whose sidecar has been read, and whose voxels have not.

    Attributes
    ----------
    path : pathlib.Path
        The image.
    top : dict
        The sidecar without the record; empty where there is none.
    record : Record or None
        The lossless record in it.
    stamps : dict of pathlib.Path to Stamp
        The files of the image when the sidecar was read, to recognize changes.
    named : pathlib.Path or None
        The sidecar that the user named; None for the one next to the image.
    """

    path: Path
    top: dict[str, Any]
    record: Record | None
    stamps: dict[Path, Stamp] = field(default_factory=dict, kw_only=True)
    named: Path | None = field(default=None, kw_only=True)

    @property
    def sidecar(self) -> Path:
        """Where the keys of the image come from."""
        return self.named or sidecar_path(self.path)

    def check_unchanged(self) -> None:
        """Raise `BridgeError` if a file of the image was changed since the sidecar was read."""
        check_stamps(self.stamps)

    def load(self, with_gradients: bool = False, lazy: bool = False) -> Volume:
        """Return the volume, with the record where there is one, and with gradients if they are asked for.

        The voxels of large images are lazy if that is allowed.

        Raises
        ------
        BridgeError
            If the image is damaged, was changed in the meantime, or it and its sidecar do not belong together.
        """
        self.check_unchanged()
        image = read_image(self.path, lazy=lazy)
        self.check_unchanged()
        image = replace(image, warnings=(*image.warnings, *unused_sidecars(self.path, self.named)))
        if with_gradients and image.times > 1:
            image = nifti.with_gradients(image, self.path)
        if self.record is None:
            return image
        volume = match.attach(image, self.record, str(self.path))
        if doubt := check_image_id(nifti.description(self.path), self.record.image_id, str(self.path)):
            volume = replace(volume, warnings=(*volume.warnings, doubt))
        if doubt := _doubt_of_time_step(image, volume, self.top.get("RepetitionTime")):
            volume = replace(volume, warnings=(*volume.warnings, doubt))
        if with_gradients and volume.gradients is None and volume.source is not None:
            return replace(volume, gradients=_recorded_gradients(volume))
        doubt = "" if with_gradients or image.times == 1 else self._doubt_of_gradients(image, volume)
        return replace(volume, warnings=(*volume.warnings, doubt)) if doubt else volume

    def _doubt_of_gradients(self, image: Volume, volume: Volume) -> str:
        """Return that ``.bval`` and ``.bvec`` were edited, which the record is not; empty where they agree, or are missing.

        Raises
        ------
        BridgeError
            If voxels were edited and b-values differ, as of volumes in another order: the record would give them wrong ones.
        """
        given = nifti.with_gradients(replace(image, warnings=()), self.path)
        if given.gradients is None:
            return f"{given.warnings[0]} The DICOM keeps its own" if given.warnings else ""
        recorded = _recorded_gradients(volume)
        times = [] if recorded is None else _differing(given.gradients, recorded)
        if not times:
            return ""
        shown = listed(times, 8)
        remedy = "To write those of the files, convert the image without its sidecar and with a reference"
        if recorded is not None and _are_others(given.gradients, recorded) and "voxels" in volume.edits():
            raise BridgeError(
                f"{self.path}: voxels were edited, and b-values in .bval differ from those of the DICOM (time(s) {shown}): "
                f"volumes may be in another order, so it is unknown which b-values they have. {remedy}."
            )
        return (
            f"b-values or directions of time(s) {shown} in {self.path.name}'s .bval and .bvec differ from those of the DICOM, "
            f"which keeps its own. {remedy}"
        )


def _doubt_of_time_step(image: Volume, volume: Volume, repetition_time_s: Any) -> str:
    """Return that the header of an image has another time between volumes than its sidecar and its record; empty if not.

    Many tools write 0 or 1 there, where they do not know it.
    """
    if image.times < 2 or volume.source is None or image.time_step_s in _STEPS_OF_TOOLS_S:
        return ""
    known = [repetition_time_s] if is_number(repetition_time_s) else []
    known += filter(None, [time_step_s_of(volume)])
    if not known or any(math.isclose(image.time_step_s, step, rel_tol=1e-4, abs_tol=SAME_S) for step in known):
        return ""
    return (
        f"according to its header, volumes are {image.time_step_s:g} s apart; its sidecar specifies {known[0]:g} s, which the "
        "DICOM keeps. To write that of the header, convert the image without its sidecar and with a reference"
    )


def _recorded_gradients(volume: Volume) -> np.ndarray | None:
    from ...formats.dicom.reading.timing.gradients import recorded_gradients

    return recorded_gradients(volume.dicom.metadata, volume.times)


def _are_others(given: np.ndarray, recorded: np.ndarray) -> bool:
    """Whether b-values are those of other volumes: they differ by more than pipelines round them."""
    return bool((np.abs(given[:, 0] - recorded[:, 0]) > np.maximum(OTHER_S_PER_MM2, OTHER_B * recorded[:, 0])).any())


def _differing(given: np.ndarray, recorded: np.ndarray) -> list[int]:
    """Return the times, counted from 1, whose b-value or direction differs by more than rounding, whatever its sign."""
    values = np.abs(given[:, 0] - recorded[:, 0]) > SAME_B * np.maximum(recorded[:, 0], 1)
    lengths = [np.linalg.norm(one[:, 1:], axis=1) > 0 for one in (given, recorded)]
    along = np.abs((given[:, 1:] * recorded[:, 1:]).sum(axis=1))
    turned = (lengths[0] != lengths[1]) | (lengths[0] & lengths[1] & (along < SAME_DIRECTION))
    weighted = np.maximum(given[:, 0], recorded[:, 0]) > 0
    return [int(n) + 1 for n in np.flatnonzero(values | (turned & weighted))]


def with_record(sidecar: Path | None) -> Path | None:
    """Return a sidecar that the user named if it has a record, which then is that of the image; None for others."""
    try:
        return sidecar if sidecar is not None and KEY in read_sidecar(sidecar) else None
    except SidecarError:  # its conversion reports the reason
        return None


def open_nifti(path: Path, named: Path | None = None) -> ImageWithRecord:
    """Return a NIfTI file with its sidecar, or with that of `named`; raises `SidecarError` where that is damaged."""
    check_complete(path)
    sidecar = named or sidecar_path(path)
    stamps = _stamps(*(pair_of(path) or (path,)), sidecar)
    top = read_sidecar(sidecar) if os.path.lexists(sidecar) else {}
    if KEY in top:
        return ImageWithRecord(path, top, record_from_json(top.pop(KEY), str(sidecar)), stamps=stamps, named=named)
    apart = record_path(path)
    stored = read_sidecar(apart) if apart is not None and os.path.lexists(apart) else {}
    parsed = record_from_json(stored[KEY], str(apart)) if KEY in stored else None
    return ImageWithRecord(path, top, parsed, stamps=stamps)


def _stamps(*paths: Path) -> dict[Path, Stamp]:
    """Return the stamps of those files that exist."""
    return {path: stamp for path in paths if (stamp := Stamp.of(path)) is not None}


def check_stamps(stamps: Mapping[Path, Stamp]) -> None:
    """Raise `BridgeError` if a file was changed since its stamp was taken."""
    for path, before in stamps.items():
        if change := change_since(path, before, Stamp.of(path)):
            raise BridgeError(change)


def image_stamps(path: Path) -> dict[Path, Stamp]:
    """Return the stamps of an image or a store, and of the sidecar next to it."""
    own = (path / zarr.SIGN, path / "0" / zarr.SIGN) if path.is_dir() else (path,)
    return _stamps(*own, sidecar_path(path))


@dataclass(frozen=True)
class StoreFile(ImageWithRecord):
    """A Zarr store whose record has been read, and whose voxels have not.

    Attributes
    ----------
    image : Volume
        What it holds, without the record; its voxels are read when they are sliced.
    """

    image: Volume

    def load(self, with_gradients: bool = False, lazy: bool = True) -> Volume:
        """Return the volume, with the record where there is one; its voxels are read when they are sliced.

        Raises
        ------
        BridgeError
            If the store was changed in the meantime, or image and record do not belong together.
        """
        self.check_unchanged()
        if self.record is None:
            return self.image
        known = replace(self.image, warnings=())  # of the original: who restores it need not hear them again
        return match.attach(known, self.record, str(self.path))


def open_store(path: Path) -> StoreFile:
    """Return a store with its record.

    Raises
    ------
    DependencyError, ZarrReadError, SidecarError, GeometryError
        If it cannot be read: see `formats.zarr.read_store`.
    """
    path = Path(path)
    check_complete(path)
    stamps = image_stamps(path)
    stored = zarr.read_store(path)
    parsed = None if stored.record is None else record_from_json(stored.record, str(path))
    return StoreFile(path, stored.top, parsed, stored.image, stamps=stamps)
