"""NIfTI images with the files next to them, put into a staging area."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ... import bids, labels
from ...bids.volume_times import LONGEST_S
from ...errors import OutputError
from ...formats import nifti
from ...model.files.names import IMAGE_SUFFIXES
from ...model.volume import Volume
from ...model.voxels.digest import Digester
from ...options import ConversionOptions, Progress
from ...output import Staging
from ...sidecar import KEY, record, write_sidecar
from ...sidecar.image_id import ImageId
from ...standard.numbers import is_number

"""No volume takes longer; what a header specifies beyond is nonsense."""


def write_images(
    volumes: Sequence[Volume],
    folder: Path,
    options: ConversionOptions,
    complete: Callable[[str], Volume] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write volumes as NIfTI under their names, all of them or none, and return the files; raises as `write` does.

    For `complete` and `progress`, which concern the first one, see `stage_nifti`.
    """
    with Staging(folder, options.overwrite) as staging:
        for n, volume in enumerate(volumes):
            stage_nifti(volume, volume.name, staging, options, complete=None if n else complete, progress=progress)
            stage_labels(volume, volume.name, staging)
        return staging.commit()


def stage_labels(volume: Volume, name: str, staging: Staging) -> None:
    """Put the names and colors of segments next to an image that came from a Segmentation."""
    from ...formats.dicom.reading.segmentations.segments import segments_of

    segments = segments_of(volume)
    if segments:
        labels.write_dseg(segments, staging.path(name.removesuffix("_dseg").removesuffix("_probseg") + "_dseg.tsv"))


class Additions(NamedTuple):
    """What the files of an image contain next to what its DICOM specifies.

    Attributes
    ----------
    changes : mapping
        Keys of the sidecar to set; None takes a key away. They count as written by us, not as edited.
    edited : mapping
        Keys of the sidecar as a person changed them, where the image comes from; they count as edited here too.
    with_gradients : bool
        Whether b-values and directions may be next to the image.
    record_name : str
        Path of the file with the record below the staging area, for a dataset whose sidecars do not identify anyone; empty to
        put the record into the sidecar.
    """

    changes: Mapping[str, Any] = {}
    edited: Mapping[str, Any] = {}
    with_gradients: bool = True
    record_name: str = ""


NOTHING_ADDED = Additions()


def stage_nifti(
    volume: Volume,
    name: str,
    staging: Staging,
    options: ConversionOptions,
    additions: Additions = NOTHING_ADDED,
    complete: Callable[[str], Volume] | None = None,
    progress: Progress | None = None,
) -> None:
    """Put the files of one image into a staging area: the image, its sidecar, its gradients.

    Parameters
    ----------
    volume : Volume
        What to write.
    name : str
        Path below the staging area, without suffix.
    staging : Staging
        From which all files appear at once.
    options : ConversionOptions
        Whether to compress.
    additions : Additions, optional
        What the files contain next to what the DICOM specifies.
    complete : callable, optional
        For lazy voxels: given their digest, returns the volume with all that is known after they were read.
    progress : Progress, optional
        For lazy voxels: called with the number of planes written.

    Raises
    ------
    BridgeError
        If the volume cannot be expressed in NIfTI, or a file exists and may not be replaced.
    """
    _check_other_images(staging.folder, name, options)
    if volume.gradients is not None and additions.with_gradients:
        nifti.write_gradients(volume, staging.path(name + ".bval"), staging.path(name + ".bvec"))
    keys = _keys(volume, additions.changes)
    public = {**_public(keys, options, bool(additions.record_name)), **_set(additions.changes), **additions.edited}
    image, sidecar = staging.path(name + nifti_suffix(options)), staging.path(name + ".json")
    description = str(ImageId.of_source(volume.source) or "") if options.record or options.identity else ""
    digest = _write_image(volume, public, image, description, with_digest=complete is not None, progress=progress)
    if complete and digest is not None:
        volume = complete(digest)
    record_name = additions.record_name if volume.source is not None and options.record else ""
    if options.verify:
        from .read_back import check_nifti  # reading is not needed without

        apart = staging.staged(record_name) if record_name else None
        staging.checks.append(partial(check_nifti, image, sidecar, apart, volume, digest))
    if volume.source is None or not options.record:
        write_sidecar(sidecar, public)
        return
    unedited = {key: value for key, value in public.items() if key not in additions.edited}
    stored = {KEY: record.to_json(volume, unedited)}
    if record_name:
        write_sidecar(staging.path(record_name), {**bids.identity_in(keys), **stored})
    write_sidecar(sidecar, public if record_name else {**public, **stored})


def _write_image(
    volume: Volume, public: Mapping[str, Any], path: Path, description: str, *, with_digest: bool, progress: Progress | None
) -> str | None:
    """Write the image, and return the digest of its voxels if that is wanted."""
    digester = Digester(volume.voxels.shape, volume.voxels.dtype) if with_digest else None
    update = digester.update if digester else None
    nifti.write_image(_timed(volume, public), path, update, progress, _acquired(public), description)
    return digester.digest() if digester else None


def nifti_suffix(options: ConversionOptions) -> str:
    """Return the suffix of the images that are written."""
    return ".nii.gz" if options.gzip else ".nii"


def _check_other_images(folder: Path, name: str, options: ConversionOptions) -> None:
    """Refuse to take the place of a sidecar that belongs to an image of another format: image and record would not match."""
    for suffix in IMAGE_SUFFIXES:
        if suffix != nifti_suffix(options) and (folder / (name + suffix)).exists():
            raise OutputError(
                f"{folder / name}{suffix} exists, and {name}.json would belong to two images. Remove it, or choose another "
                "folder."
            )


def _timed(volume: Volume, top: Mapping[str, Any]) -> Volume:
    """Return a volume whose time step is the RepetitionTime of its sidecar, as BIDS requires: the time from volume to
    volume.
    """
    seconds = top.get("RepetitionTime")
    if volume.times < 2 or not is_number(seconds) or not 0 < seconds < LONGEST_S:
        return volume
    return replace(volume, time_step_s=float(seconds))


def _acquired(top: Mapping[str, Any]) -> nifti.Acquisition:
    """Return what the header specifies of the acquisition next to the sidecar, for tools that read headers only."""
    times, direction = top.get("SliceTiming"), str(top.get("SliceEncodingDirection", "k"))
    listed = times if isinstance(times, list) and all(map(is_number, times)) and direction in ("k", "k-") else []
    letter = str(top.get("PhaseEncodingDirection", top.get("PhaseEncodingAxis", "")))[:1]
    return nifti.Acquisition(tuple(listed[::-1] if direction == "k-" else listed), "ijk".find(letter) if letter else -1)


def _keys(volume: Volume, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the BIDS keys of a volume; none for an image that never was DICOM."""
    if volume.source is None:
        return {}
    return _set({**bids.keys_of(volume, nifti.stored_affine(volume)), **changes})


def _set(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}


def _public(keys: Mapping[str, Any], options: ConversionOptions, in_dataset: bool) -> dict[str, Any]:
    """Return the keys that a sidecar may have: those of a dataset do not identify anyone."""
    if in_dataset:
        return bids.without_identity(keys)
    return dict(keys) if options.identity else bids.without_personal_keys(keys)
