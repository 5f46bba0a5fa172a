"""Images of any format, read into memory."""

from __future__ import annotations

from pathlib import Path

from ...errors import BridgeError
from ...formats.dicom.reading import read as dicom
from ...formats.dicom.reading.data_sets.files import begins_as_dicom
from ...formats.zarr import is_store, stores_below
from ...model.files.names import PAIR_SUFFIXES, suffix_of
from ...model.volume import Volume
from ...options import Progress
from ...options.path_fields import AnyPath, AnyPaths, paths_of
from .image_files import nifti_files, note_of_archives
from .image_with_record import open_nifti, open_store


def read(
    paths: AnyPaths, progress: Progress | None = None, with_gradients: bool = False, skip_damaged: bool = False
) -> list[Volume]:
    """Return the images in files and folders: DICOM, NIfTI and Zarr stores, also mixed.

    Parameters
    ----------
    paths : path or iterable of paths
        DICOM files, NIfTI files, Zarr stores, folders of them at any depth, or a DICOMDIR. Other files are ignored.
    progress : Progress, optional
        Called with the number of files read.
    with_gradients : bool
        Also read the b-values and directions of NIfTI files: from ``.bval`` and ``.bvec`` next to them, else from the record.
        DICOM and Zarr always have them.
    skip_damaged : bool
        Leave out DICOM files that cannot be read, if there are others; the warnings of the volumes of DICOM have the reasons.

    Returns
    -------
    list of Volume
        Images of NIfTI files first, then those of Zarr stores and of DICOM series, with their voxels in memory.

    Raises
    ------
    BridgeError
        If an image cannot be read and is not left out, or there is none.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> read("scans")
    [Volume('7_Oblique_MR', 48 × 40 × 7 float32, 1.2 × 1.25 × 4 mm, from 7 DICOM instances)]
    """
    given = paths_of(paths)
    images = list(dict.fromkeys([*_named_pairs(given), *nifti_files(given)]))
    stores = list(stores_below(given))
    others = [path for path in given if path not in images and not is_store(path)]
    volumes = [open_nifti(path).load(with_gradients) for path in images]
    volumes += [open_zarr(path).in_memory() for path in stores]
    volumes += dicom.read(others, progress, skip_damaged) if others else []
    if not volumes:
        from .nothing_found import note_of_others  # most inputs contain images

        names, notes = ", ".join(map(str, given)), note_of_others(others) + note_of_archives(given)
        raise BridgeError(f"No DICOM, NIfTI or Zarr images were found in {names}.{notes} Check the path.")
    return volumes


def _named_pairs(given: list[Path]) -> list[Path]:
    """Return the images in two files (``.hdr`` and ``.img``), which only count if they are named; DICOM has any suffix."""
    named = [path for path in given if suffix_of(path, PAIR_SUFFIXES) and not path.is_dir()]
    return [path for path in named if not begins_as_dicom(path)]


def open_zarr(path: AnyPath) -> Volume:
    """Return the image in a Zarr store, with voxels that are read when they are sliced.

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

    Examples
    --------
    >>> from nifti_dicom_bridge import open_zarr, to_zarr
    >>> store = to_zarr("scans", "stores").outputs[0]
    >>> open_zarr(store).voxels[0, 2:4].shape
    (2, 40, 48)
    """
    return open_store(Path(path)).load()
