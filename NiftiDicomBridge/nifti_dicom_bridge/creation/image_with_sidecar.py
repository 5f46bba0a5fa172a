"""An image file and what is next to it: BIDS sidecar, b-values, gradient directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os.path import lexists
from pathlib import Path
from typing import Any

import numpy as np

from ..bids.inheritance import entities_of, inherited
from ..errors import NiftiReadError, SidecarError
from ..formats import nifti, zarr
from ..formats.image_formats import header_keys, read_image
from ..model.files.input_files import absent_content
from ..model.files.names import stem_of
from ..model.volume import Volume
from ..model.voxels.lazy_voxels import mapped
from ..sidecar import KEY, read_sidecar, sidecar_path, unused_sidecars

_OF_ONE_SUBJECT = frozenset({
    "PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "StudyID", "AccessionNumber", "FrameOfReferenceUID",
})  # fmt: skip
"""Keys that two subjects cannot share."""


@dataclass
class ImageWithSidecar:
    """An image and the sidecar that describes it.

    Attributes
    ----------
    image : Volume
        As it is in the file, with its gradients.
    path : pathlib.Path
        The file.
    top : dict
        BIDS keys; empty where there is no sidecar.
    where : str
        The sidecar, for messages and the report; empty where there is none.
    file : pathlib.Path or None
        The file of an image that is one part of it, such as the real part of complex voxels.
    """

    image: Volume
    path: Path
    top: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    file: Path | None = None

    @property
    def origin(self) -> Path:
        """The file on disk: parts of one image share study and subject."""
        return self.file or self.path

    @property
    def has_sidecar(self) -> bool:
        """Whether its keys are those of a sidecar or a store, not only of the header of the image."""
        return bool(self.where) and (self.where != str(self.origin) or zarr.is_store(self.origin))

    @property
    def units(self) -> str:
        """Units of the values by the sidecar; empty where it does not specify them as text."""
        units = self.top.get("Units")
        units = units[0] if isinstance(units, list) and len(units) == 1 else units
        return " ".join(units.replace("\\", "/").split()) if isinstance(units, str) else ""  # a backslash separates values

    @property
    def name(self) -> str:
        """File name without extension."""
        return stem_of(self.path)


def open_with_sidecar(path: Path, sidecar: Path | None = None, lazy: bool = False) -> ImageWithSidecar:
    """Return an image with all that is next to it.

    Parameters
    ----------
    path : pathlib.Path
        NIfTI file or Zarr store.
    sidecar : pathlib.Path, optional
        The JSON, where it is not ``NAME.json`` next to the image or above it by the inheritance principle of BIDS.
    lazy : bool
        Whether voxels may be read when they are sliced.

    Raises
    ------
    NiftiReadError, ZarrReadError, SidecarError, GeometryError
        If a file is missing or damaged.
    """
    if zarr.is_store(path):
        return _of_store(path, sidecar, lazy)
    image = read_image(path, allow_complex=True, lazy=lazy)
    image = _with_gradients(image, path)
    files = [sidecar] if sidecar is not None else sidecars_of(path)
    image = replace(image, warnings=(*image.warnings, *unused_sidecars(path, sidecar)))
    inherited_files = [file for file in files if file not in (sidecar, sidecar_path(path))]
    top = header_keys(path)
    where = str(files[-1]) if files else str(path) if top else ""
    for file in files:
        keys = {key: value for key, value in read_top(file).items() if key != KEY}
        shared = sorted(_OF_ONE_SUBJECT & keys.keys()) if file in inherited_files and _is_of_several(file, path) else []
        if shared:
            words = f"{' and '.join(shared)} in {file.name} would be of all subjects of the data set: not used"
            image = replace(image, warnings=(*image.warnings, words))
        top |= {key: value for key, value in keys.items() if key not in shared}
    return ImageWithSidecar(image, path, top, where)


def _is_of_several(file: Path, path: Path) -> bool:
    """Whether a sidecar is above the folder of the subject of an image, in a data set of several subjects."""
    label = entities_of(stem_of(path))[0].get("sub", "")
    folder = file.parent
    if not label or f"sub-{label}" in folder.parts:
        return False
    return sum(1 for other in folder.glob("sub-*") if other.is_dir()) > 1


def _with_gradients(image: Volume, path: Path) -> Volume:
    """Return an image with the b-values and directions next to it; with a warning where they are there, but not used."""
    bval, bvec = (_companion_file(path, suffix) for suffix in (".bval", ".bvec"))
    files = [file for file in (bval, bvec, nifti.table_file(path)) if file is not None]
    try:
        gradients = nifti.gradients_of(image, path, bval, bvec)
    except NiftiReadError:
        if image.times > 1 or any(map(absent_content, files)):
            raise
        gradients = None
    if gradients is not None or not files:
        return replace(image, gradients=gradients)
    words = nifti.lone_file(bval, bvec)
    if image.times == 1:
        words = f"{files[0].name} is not used, because the image has one volume: b-value and direction are not written"
    return replace(image, warnings=(*image.warnings, words))


def _of_store(path: Path, sidecar: Path | None, lazy: bool) -> ImageWithSidecar:
    stored = zarr.read_store(path)
    own = sidecar or sidecar_path(path)
    top = read_top(sidecar) if sidecar else stored.top
    image = stored.image if lazy else stored.image.in_memory()
    image = replace(image, warnings=(*image.warnings, *unused_sidecars(path, sidecar)))
    return ImageWithSidecar(image, path, top, str(own) if own.exists() else str(path))


def read_top(path: Path) -> dict[str, Any]:
    """Return the keys of a sidecar; raises `SidecarError` where it is missing or no JSON object."""
    if not path.is_file():
        raise SidecarError(f'sidecar="{path}": {absent_content(path) or "there is no such file. Check the path"}.')
    return read_sidecar(path)


def sidecars_of(path: Path) -> Sequence[Path]:
    """Return the sidecars of an image, the nearest last."""
    own = sidecar_path(path)
    return [*inherited(path, stem_of(path), ".json"), *([own] if lexists(own) else [])]


def _companion_file(path: Path, suffix: str) -> Path | None:
    own = nifti.gradient_file(path, suffix)
    files = [*inherited(path, stem_of(path), suffix), *([own] if lexists(own) else [])]
    return files[-1] if files else None


def split_complex(what: ImageWithSidecar) -> list[ImageWithSidecar]:
    """Return an image of complex voxels as two, the real and the imaginary part; any other as it is.

    DICOM has no complex pixels: ImageType distinguishes the parts (PS3.3 C.8.3.1.1.1) and by name.
    """
    image = what.image
    if image.voxels.dtype.kind != "c":
        return [what]
    part_type = np.empty(0, image.voxels.dtype).real.dtype
    return [
        replace(
            what,
            image=replace(image, voxels=mapped(image.voxels, part_type, part)),
            path=what.path.with_name(f"{what.name}_part-{word}.nii"),
            file=what.origin,
            top={**what.top, "ImageType": ["DERIVED", "PRIMARY", letter], "Modality": what.top.get("Modality", "MR")},
            where=what.where or str(what.path),
        )
        for word, letter, part in (("real", "R", lambda planes, _: planes.real), ("imag", "I", lambda planes, _: planes.imag))
    ]
