"""NRRD, MetaImage and MGH files for tests, written by hand and by other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nifti_dicom_bridge.model.volume import Volume

VOXELS = np.arange(1, 61, dtype=np.int16).reshape(1, 3, 4, 5)


def save(volume: Volume, name: str, compress: bool = False) -> Path:
    """Write a volume with SimpleITK, or with nibabel for MGH."""
    path = Path(name)
    if path.suffix in (".mgz", ".mgh"):
        import nibabel

        nibabel.save(nibabel.MGHImage(np.asarray(volume.voxels)[0].T.copy(), volume.ijk_to_ras), path)
    else:
        import SimpleITK

        SimpleITK.WriteImage(volume.to_sitk(), name, compress)
    return path


def mgh_image(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import nibabel

    image = nibabel.load(path)
    return np.asarray(image.dataobj).T, np.diag([-1, -1, 1, 1]) @ image.affine


def nrrd(fields: str, voxels: np.ndarray, name: str = "image.nrrd") -> Path:
    """Write an NRRD file with some fields; sizes and type are those of the voxels."""
    types = {"int16": "short", "uint8": "uchar"}
    own = {line.partition(":")[0] for line in fields.splitlines()}
    usual = {
        "type": types[voxels.dtype.name], "dimension": voxels.ndim, "sizes": " ".join(map(str, voxels.shape[::-1])),
        "endian": "little", "encoding": "raw",
    }  # fmt: skip
    header = ["NRRD0005", *(f"{key}: {value}" for key, value in usual.items() if key not in own), fields.strip()]
    Path(name).write_bytes("\n".join([*header, "", ""]).encode() + voxels.tobytes())
    return Path(name)


PLACED = """space: left-posterior-superior
space directions: (1,0,0) (0,2,0) (0,0,3)
space origin: (10,20,30)"""

ITK_3D = (
    "ObjectType = Image\nNDims = 3\nBinaryData = True\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
    "AnatomicalOrientation = RAI\nElementSpacing = 1 1 1\nDimSize = 5 4 3\nElementType = MET_SHORT\n"
)


def metaimage(change: tuple[str, str] = ("", ""), data: bytes = VOXELS.tobytes()) -> Path:
    Path("image.mha").write_bytes((ITK_3D.replace(*change) + "ElementDataFile = LOCAL\n").encode() + data)
    return Path("image.mha")
