"""Single images: read from any format, written to any format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import DicomReadError
from ..formats import nifti, zarr
from ..model.metadata import Log
from ..model.volume import Volume
from ..options import ConversionOptions, Progress, Target
from ..options.staging import Staging
from .image_with_record import open_nifti, open_store
from .stage_nifti import stage_labels, stage_nifti


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
    stores = [path for path in given if zarr.is_store(path)]
    others = [path for path in given if path not in images and path not in stores]
    volumes = [open_nifti(path).load(with_gradients) for path in images]
    volumes += [open_zarr(path).in_memory() for path in stores]
    if others:
        from ..formats.dicom.reading import read as dicom

        found = dicom.read(others, progress)
        if not found:
            raise DicomReadError(f"No DICOM images were found in {', '.join(map(str, others))}. Check the path.")
        volumes += found
    return volumes


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
        from ..formats.dicom.edits import elements_of
        from ..formats.dicom.write import DicomJob, write_dicom

        with Staging(Path(path), options.overwrite) as staging:
            job = DicomJob(options)
            if options.deidentify:
                job.keep_new_uids([volume])
            write_dicom([volume], staging, job, Log(), elements_of(options.set_values))
            return staging.commit()
    if options.target is Target.ZARR:
        from .stage_zarr import write_store

        return write_store(volume, Path(path), options)
    return _write_nifti(volume, Path(path), options)


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


def open_zarr(path: Path | str) -> Volume:
    """Return the volume in a Zarr store, with voxels that are read when they are sliced.

    ``open_zarr("CT.zarr").voxels[0, 100:110]`` reads the chunks with ten slices, and nothing else.

    Parameters
    ----------
    path : path
        The store ``NAME.zarr``: one that this package wrote, or any OME-Zarr 0.5 of numbers in up to three axes of space, time
        and channels.

    Returns
    -------
    Volume
        With `LazyVoxels` in the place of its voxels; ``numpy.asarray(volume.voxels)`` reads all of them.

    Raises
    ------
    BridgeError
        If the store cannot be read, or chunks of it are missing.
    """
    return open_store(Path(path)).load()
