"""Where a volume came from: the DICOM instances, and what the volume was when it was made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..options import Resample
from .metadata import SeriesMetadata
from .voxels.pixels import PixelRecord, Rescale


class Origin(NamedTuple):
    """What a volume was when it was read from DICOM: the measure of whether it has been edited since.

    Attributes
    ----------
    digest : str
        `digest_of` the voxels; empty while they have not been read.
    shape : tuple of int
        Shape of the voxels.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        The grid, mm.
    rescale : Rescale
        From the voxels to real values.
    dtype : str
        NumPy type of the voxels, little endian, like ``<i2``.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> read("scans")[0].source.origin.shape
    (1, 7, 40, 48)
    """

    digest: str
    shape: tuple[int, ...]
    ijk_to_ras: np.ndarray
    rescale: Rescale
    dtype: str


@dataclass(frozen=True, eq=False)
class DicomSource:
    """The DICOM that a volume came from.

    Attributes
    ----------
    metadata : SeriesMetadata
        The instances, and which plane of the volume is which of their frames.
    pixel_record : PixelRecord
        How the pixels were stored in the instances.
    origin : Origin
        What the volume was, to recognize edits.
    resampled : frozenset of Resample
        How the grid was made regular after the volume was read; empty where its voxels are those of the instances.
    preserved_bids_keys : bytes
        JSON of the BIDS keys that only attributes specified which de-identification removed; empty without any.
    is_changed : bool
        Whether attributes were changed in the record: they are not those of the original.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> len(read("scans")[0].source.metadata.instances)
    7
    """

    metadata: SeriesMetadata
    pixel_record: PixelRecord
    origin: Origin
    resampled: frozenset[Resample] = frozenset()
    preserved_bids_keys: bytes = b""
    is_changed: bool = False

    @property
    def is_mosaic(self) -> bool:
        """Whether the frames are mosaics: many slices side by side."""
        return self.pixel_record.across > 0
