"""The round trip DICOM → Zarr → DICOM for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Target, Volume, convert, write
from phantoms import PHANTOMS
from support.round_trip import KEEP

ZARR = ConversionOptions(Target.ZARR)


class ZarrRoundTrip:
    """Three folders: ``dicom`` (the source), ``stores``, ``back``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.dicom, self.stores, self.back = folder / "dicom", folder / "stores", folder / "back"

    def make(self, phantom: str) -> ZarrRoundTrip:
        """Write a phantom as the source."""
        PHANTOMS[phantom].write(self.dicom)
        return self

    def forth(self, **choices: Any) -> ConversionReport:
        """Convert the source to stores."""
        return convert(Job([self.dicom], self.stores, replace(ZARR, **choices)))

    def home(self, options: ConversionOptions = KEEP, **choices: Any) -> ConversionReport:
        """Convert the stores to DICOM."""
        return convert(Job([self.stores], self.back, replace(options, **choices)))

    def store(self) -> Path:
        """Return the only store."""
        (found,) = self.stores.glob("*.zarr")
        return found

    def beside(self) -> Path:
        """Return the only JSON."""
        (found,) = self.stores.glob("*.json")
        return found


def image(shape: tuple[int, ...] = (1, 5, 6, 7), dtype: str = "<i2", **more: Any) -> Volume:
    """Return an image that never was DICOM; every voxel contains its index."""
    voxels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    return Volume(voxels, more.pop("ijk_to_ras", np.diag([-0.7, -0.8, 2.5, 1.0])), **more)


def written(volume: Volume, folder: Path, **choices: Any) -> Path:
    """Write a volume as a store and return the store."""
    return write(volume, folder / volume.name, replace(ZARR, **choices))[0]
