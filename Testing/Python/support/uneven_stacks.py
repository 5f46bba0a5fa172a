"""Stacks of slices at any distances and tilts, and their images next to the resampled ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Resample, Volume
from nifti_dicom_bridge.model.space.geometry import Plane
from phantoms import save, slices
from phantoms.base import CT, decimal
from support.round_trip import RoundTrip

SPACING, TILT = frozenset({Resample.SPACING}), frozenset({Resample.TILT})
BOTH = SPACING | TILT
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
MISSING, UNEVEN, EVEN = (0.0, 2.0, 4.0, 8.0, 10.0, 12.0), (0.0, 2.0, 4.5, 6.5, 9.5), (0.0, 2.0, 4.0, 6.0)
SHAPE = (24, 20)  # dcm2niix takes smaller images for localizers or icons


def stack(
    distances: tuple[float, ...], tilt: float = 0.0, sop_class: str = CT, pixels: Callable | None = None
) -> list[Dataset]:
    """Return a smooth, not linear series with slices at distances along the normal, each moved by a tilt in degrees."""
    column, row = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    down = -np.tan(np.radians(tilt))  # the table moves along the patient's axis

    def smooth(z: float) -> np.ndarray:
        y, x = row * 0.75 + down * z, column * 0.5
        return np.rint(400 + 300 * np.sin(x / 4) + 250 * np.cos(y / 5) + 200 * np.sin(z / 6)).astype("<i2")

    found = slices(np.stack([(pixels or smooth)(z) for z in distances]), sop_class)
    angle = np.radians(tilt)
    for ds, z in zip(found, distances, strict=True):
        ds.ImageOrientationPatient = [decimal(v) for v in (1, 0, 0, 0, np.cos(angle), -np.sin(angle))]
        normal, down_rows = np.array([0, np.sin(angle), np.cos(angle)]), np.array([0, np.cos(angle), -np.sin(angle)])
        position = np.array([-10.5, 20.25, -30.125]) + normal * z + down_rows * down * z
        ds.ImagePositionPatient = [decimal(v) for v in position]
        ds.Manufacturer = "GE MEDICAL SYSTEMS"
        if tilt:
            ds.GantryDetectorTilt = decimal(tilt)
    return found


def forth(round_trip: RoundTrip, found: list[Dataset], wanted: frozenset[Resample] = BOTH) -> RoundTrip:
    save(round_trip.dicom, found)
    report = round_trip.forth(resample=wanted)
    assert report.ok, report.entries[0].error
    return round_trip


def named(round_trip: RoundTrip, ending: str) -> Path:
    (found,) = [path for path in round_trip.images() if path.name.endswith(f"{ending}.nii.gz")]
    return found


def stems(folder: Path) -> list[str]:
    return sorted(path.name.split(".nii")[0] for path in folder.iterdir() if ".nii" in path.name)


def linear(lps: np.ndarray) -> np.ndarray:
    return 2.0 * lps[..., 0] - 3.0 * lps[..., 1] + 1.5 * lps[..., 2] + 40


def points_of(plane: Plane, rows: int, columns: int) -> np.ndarray:
    row, column = np.mgrid[:rows, :columns][..., None]
    return (
        plane.position
        + row * plane.orientation[3:] * plane.spacing[0]
        + column * plane.orientation[:3] * plane.spacing[1]
    )  # fmt: skip


def ramp_volume(planes: list[Plane], rows: int = 9, columns: int = 8, dtype: str = "<f8") -> Volume:
    voxels = np.stack([linear(points_of(plane, rows, columns)) for plane in planes])[None]
    return Volume(np.rint(voxels).astype(dtype) if dtype != "<f8" else voxels, np.eye(4))


def grid_points(volume: Volume) -> np.ndarray:
    """Return the place of every voxel, LPS, shape (slices, rows, columns, 3)."""
    k, j, i = np.indices(volume.voxels.shape[1:4])
    return (np.stack([i, j, k, np.ones_like(i)], -1) @ (LPS @ volume.ijk_to_ras).T)[..., :3]


def straight(distances: tuple[float, ...], shear: tuple[float, float] = (0, 0)) -> list[Plane]:
    """Axial planes with a shift along x and y per mm."""
    return [Plane(np.array([z * shear[0], z * shear[1], z]), np.array([1.0, 0, 0, 0, 1, 0]), (1.0, 1.0)) for z in distances]
