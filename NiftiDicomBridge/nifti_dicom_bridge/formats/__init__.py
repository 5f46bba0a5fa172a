"""One room per format; the two doors `read` and `write` know which one to take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import DicomReadError
from ..labels import write_dseg
from ..metadata import Log
from ..options import ConversionOptions, Progress, Target
from ..output import Staging
from ..sidecar import KEY, match, read_sidecar, record, sidecar_path, write_sidecar
from ..sidecar.record import Record
from ..volume import Volume
from . import bids, nifti, zarr_store

LONGEST_S = 1e6
"""No volume takes longer; what a header says beyond is nonsense."""


def read(
    paths: Path | str | Iterable[Path | str], progress: Progress | None = None, with_gradients: bool = False
) -> list[Volume]:
    """Return the volumes in files and folders of DICOM, NIfTI or Zarr stores.

    Parameters
    ----------
    paths : path or iterable of paths
        NIfTI files, Zarr stores, DICOM files, folders of DICOM, a DICOMDIR.
    progress : Progress, optional
        Told how far it is.
    with_gradients : bool
        Also read the b-values and directions of NIfTI files: from ``.bval`` and ``.bvec`` next to them, else from the record.
        DICOM and Zarr always have them.

    Raises
    ------
    BridgeError
        If a file cannot be read.
    """
    given = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]
    images = [path for path in given if path.name.lower().endswith(nifti.READABLE_SUFFIXES)]
    stores = [path for path in given if zarr_store.is_store(path)]
    others = [path for path in given if path not in images and path not in stores]
    volumes = [open_nifti(path).load(with_gradients) for path in images]
    if stores:
        from ..stores import open_zarr

        volumes += [open_zarr(path).in_memory() for path in stores]
    if others:
        from .dicom import read as dicom

        found = dicom.read(others, progress)
        if not found:
            raise DicomReadError(f"No DICOM images were found in {', '.join(map(str, others))}. Check the path.")
        volumes += found
    return volumes


@dataclass(frozen=True)
class NiftiFile:
    """A NIfTI file whose sidecar has been read, and whose voxels have not.

    Attributes
    ----------
    path : pathlib.Path
        The image.
    top : dict
        The sidecar; empty where there is none.
    record : Record or None
        The lossless record in it.
    """

    path: Path
    top: dict[str, Any]
    record: Record | None

    def load(self, with_gradients: bool = False) -> Volume:
        """Return the volume, with the record where there is one, and with gradients if they are asked for.

        Raises
        ------
        NiftiReadError, SidecarError, GeometryError
            If the image is damaged, or it and its sidecar do not belong together.
        """
        image = nifti.read_image(self.path)
        if with_gradients and image.times > 1:
            image = nifti.with_gradients(image, self.path)
        if self.record is None:
            return image
        volume = match.attach(image, self.record, str(self.path))
        if with_gradients and volume.gradients is None and volume.metadata is not None:
            from .dicom.diffusion import recorded_gradients

            return replace(volume, gradients=recorded_gradients(volume.metadata, volume.times))
        return volume


def open_nifti(path: Path) -> NiftiFile:
    """Return a NIfTI file with its sidecar; raises `SidecarError` where that is damaged."""
    beside = sidecar_path(path)
    top = read_sidecar(beside) if beside.exists() else {}
    return NiftiFile(path, top, record.from_json(top[KEY], str(beside)) if KEY in top else None)


def write(volume: Volume, path: Path | str, options: ConversionOptions | None = None) -> list[Path]:
    """Write one volume.

    Parameters
    ----------
    volume : Volume
        What to write.
    path : path
        NIfTI and Zarr: the file or store, with or without suffix. DICOM: the folder.
    options : ConversionOptions, optional
        Target format and all other choices.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    OutputError
        If an output exists and may not be replaced.
    BridgeError
        If the volume cannot be expressed in the format.
    """
    options = options or ConversionOptions()
    if options.deidentify:
        from ..deidentification import deidentify

        volume = deidentify(volume, options.deidentify_key)
    if options.target is Target.DICOM:
        from .dicom.edits import elements_of
        from .dicom.write import DicomJob, write_dicom

        with Staging(Path(path), options.overwrite) as staging:
            job = DicomJob(options)
            if options.deidentify:
                job.keep_new_uids([volume])
            write_dicom([volume], staging, job, Log(), elements_of(options.set_values))
            return staging.commit()
    if options.target is Target.ZARR:
        from ..stores import write_store

        return write_store(volume, Path(path), options)
    return _write_nifti(volume, Path(path), options)


def write_beside(volumes: Sequence[Volume], folder: Path, options: ConversionOptions) -> list[Path]:
    """Write volumes as NIfTI under their names, all of them or none, and return the files; raises as `write` does."""
    with Staging(folder, options.overwrite) as staging:
        for volume in volumes:
            stage_nifti(volume, volume.name, staging, options)
            stage_labels(volume, volume.name, staging)
        return staging.commit()


def _write_nifti(volume: Volume, path: Path, options: ConversionOptions) -> list[Path]:
    name = path.name
    for suffix in nifti.SUFFIXES:
        if name.lower().endswith(suffix):
            name, options = name[: -len(suffix)], replace(options, gzip=suffix == ".nii.gz")
            break
    with Staging(path.parent, options.overwrite) as staging:
        stage_nifti(volume, name, staging, options)
        stage_labels(volume, name, staging)
        return staging.commit()


def stage_labels(volume: Volume, name: str, staging: Staging) -> None:
    """Put the names and colours of segments beside an image that came from a Segmentation."""
    from .dicom.segments import segments_of

    segments = segments_of(volume)
    if segments:
        write_dseg(segments, staging.path(name + "_dseg.tsv"))


def stage_nifti(
    volume: Volume,
    name: str,
    staging: Staging,
    options: ConversionOptions,
    changes: Mapping[str, Any] | None = None,
    with_gradients: bool = True,
    edited: Mapping[str, Any] | None = None,
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
    changes : mapping, optional
        Keys of the sidecar to set beside those that the DICOM tells; None takes a key away. They count as written by us, not
        as edited.
    with_gradients : bool
        Whether b-values and directions may stand beside the image.
    edited : mapping, optional
        Keys of the sidecar as a person changed them, where the image comes from; they count as edited here too.

    Raises
    ------
    BridgeError
        If the volume cannot be expressed in NIfTI, or a file exists and may not be replaced.
    """
    image = staging.path(name + (".nii.gz" if options.gzip else ".nii"))
    sidecar = staging.path(name + ".json")
    if volume.gradients is not None and with_gradients:
        nifti.write_gradients(volume, staging.path(name + ".bval"), staging.path(name + ".bvec"))
    top = _top(volume, changes or {}, edited or {})
    nifti.write_image(_timed(volume, top), image)
    write_sidecar(sidecar, top)


def _timed(volume: Volume, top: Mapping[str, Any]) -> Volume:
    """Return a volume whose time step is the RepetitionTime of its sidecar, as BIDS wants: the time from volume to volume."""
    seconds = top.get("RepetitionTime")
    if volume.times < 2 or not isinstance(seconds, (int, float)) or not 0 < seconds < LONGEST_S:
        return volume
    return replace(volume, time_step_s=float(seconds))


def _top(volume: Volume, changes: Mapping[str, Any], edited: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sidecar of a volume: BIDS names, and the record where it came from DICOM."""
    if volume.metadata is None or volume.origin is None:
        return dict(edited)
    keys = {**bids.keys_of(volume, nifti.stored_affine(volume)), **changes}
    keys = {key: value for key, value in keys.items() if value is not None}
    return {**keys, **edited, KEY: record.to_json(volume, keys)}
