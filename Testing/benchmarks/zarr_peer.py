"""What people write who need DICOM as Zarr: SimpleITK reads and writes the series, zarr the store. ``forth`` or ``back``.

python zarr_peer.py forth DICOM STORE | back STORE DICOM
"""

from __future__ import annotations

import sys
from pathlib import Path

import SimpleITK
import zarr
from zarr.codecs import BloscCodec


def forth(folder: str, store: str) -> None:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    image = reader.Execute()
    voxels = SimpleITK.GetArrayViewFromImage(image)
    array = zarr.create_array(
        store,
        shape=voxels.shape,
        dtype=voxels.dtype,
        chunks=(min(8, voxels.shape[0]), *voxels.shape[1:]),
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),
        attributes={"spacing": image.GetSpacing(), "origin": image.GetOrigin(), "direction": image.GetDirection()},
    )
    array[:] = voxels


def back(store: str, folder: str) -> None:
    array = zarr.open_array(store, mode="r")
    image = SimpleITK.GetImageFromArray(array[:].astype("int16"))
    image.SetSpacing(array.attrs["spacing"])
    image.SetOrigin(array.attrs["origin"])
    write_slices(image, folder)


def write_slices(image: SimpleITK.Image, folder: str) -> None:
    """Write an image as DICOM files with a dozen attributes."""
    writer = SimpleITK.ImageFileWriter()
    for n in range(image.GetSize()[2]):
        plane = image[:, :, n]
        plane.SetMetaData("0008|0060", "CT")
        plane.SetMetaData("0020|0032", "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, n)))))
        plane.SetMetaData("0020|0013", str(n + 1))
        writer.SetFileName(str(Path(folder, f"{n:04d}.dcm")))
        writer.Execute(plane)


if __name__ == "__main__":
    {"forth": forth, "back": back}[sys.argv[1]](*sys.argv[2:4])
