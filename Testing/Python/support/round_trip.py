"""The round trip DICOM → NIfTI + sidecar → DICOM for tests, and listings of folders to compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Names, Target, Uids, convert
from nifti_dicom_bridge.sidecar.record_digest import DIGESTS, digests_of
from phantoms import PHANTOMS

KEEP = ConversionOptions(Target.DICOM, Uids.KEEP, Names.ORIGINAL)
NEW = ConversionOptions(Target.DICOM)
KEY = "NiftiDicomBridge"


class RoundTrip:
    """Three folders: ``dicom`` (the source), ``nifti``, ``back``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.dicom, self.nifti, self.back = folder / "dicom", folder / "nifti", folder / "back"

    def make(self, phantom: str) -> RoundTrip:
        """Write a phantom as the source."""
        PHANTOMS[phantom].write(self.dicom)
        return self

    def forth(self, **choices: Any) -> ConversionReport:
        """Convert the source to NIfTI."""
        return convert(Job([self.dicom], self.nifti, ConversionOptions(Target.NIFTI, **choices)))

    def home(self, options: ConversionOptions = KEEP, **choices: Any) -> ConversionReport:
        """Convert the NIfTI images to DICOM."""
        return convert(Job([self.nifti], self.back, replace(options, **choices)))

    def images(self) -> list[Path]:
        """Return the NIfTI images."""
        return sorted(path for path in self.nifti.rglob("*") if ".nii" in path.suffixes)

    def image(self) -> Path:
        """Return the only NIfTI image."""
        (found,) = self.images()
        return found

    def sidecar(self) -> Path:
        """Return the only sidecar."""
        (found,) = self.nifti.glob("*.json")
        return found

    def edit_sidecar(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the only sidecar as a person would."""
        top = json.loads(self.sidecar().read_text("utf-8"))
        change(top)
        self.sidecar().write_text(json.dumps(top), "utf-8")

    def edit_record(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the record in the only sidecar, and its digests with it: as another version of the program, or an attacker."""

        def edit(top: dict[str, Any]) -> None:
            change(top[KEY])
            top[KEY][DIGESTS] = digests_of(top[KEY])

        self.edit_sidecar(edit)

    def edit_image(self, change: Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]) -> None:
        """Replace the only image by what another tool makes of it."""
        self.image()
        self.edit_images(change)

    def edit_images(self, change: Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]) -> None:
        """Replace every image by what another tool makes of it."""
        for path in self.images():
            self._edit(path, change)

    @staticmethod
    def _edit(path: Path, change: Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]) -> None:
        edited = change(nibabel.load(path, mmap=False))  # Windows replaces no file that is mapped into memory
        beside = path.with_name("edited-" + path.name)
        nibabel.save(edited, beside)
        beside.replace(path)

    def returned(self) -> list[pydicom.Dataset]:
        """Return the data sets that came back, in the order of their files."""
        return [pydicom.dcmread(path, force=True) for path in sorted(self.back.rglob("*")) if path.is_file()]


def edit_dicom(folder: Path, **values: Any) -> None:
    """Set attributes of all DICOM files in a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            ds = pydicom.dcmread(path)
            for keyword, value in values.items():
                setattr(ds, keyword, value)
            ds.save_as(path)


def in_dicom_order(image: nibabel.Nifti1Image) -> np.ndarray:
    """Return stored values as (slices, rows, columns), rows counted downwards as DICOM does; times in front."""
    return np.flip(np.asarray(image.dataobj.get_unscaled()), 1).T


def listing(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too: relative path → bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def names_in(folder: Path) -> list[str]:
    """Return everything below a folder by name, hidden files and empty folders too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.exists() else []
