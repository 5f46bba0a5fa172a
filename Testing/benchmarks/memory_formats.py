"""Inputs of `memory.py` that are other forms of those of `memory_inputs`: the same voxels in other formats and encodings."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

PART = 1 << 22
SIZE, HEADER = 512, 352
PLACED = (
    "space: left-posterior-superior\nspace directions: none (0.5,0,0) (0,0.5,0) (0,0,1.25)\nspace origin: (0,0,0)\n"
    "endian: little\nencoding: gzip\ntype: int16\ndimension: 4\n"
)


def pair(plain: Path, folder: Path) -> None:
    """Write an image as header and voxels in two files."""
    with open(plain / "plain.nii", "rb") as file:
        header = bytearray(file.read(HEADER)[:348])
        header[108:112], header[344:348] = bytes(4), b"ni1\0"
        (folder / "pair.hdr").write_bytes(header)
        with open(folder / "pair.img", "wb") as voxels:
            shutil.copyfileobj(file, voxels, PART)


def colors(plain: Path, folder: Path) -> None:
    """Write an image as colors with transparency, four bytes for two voxels."""
    with open(plain / "plain.nii", "rb") as file, open(folder / "colors.nii", "wb") as image:
        header = bytearray(file.read(HEADER))
        slices = int.from_bytes(header[46:48], "little") // 2
        header[46:48], header[70:74] = slices.to_bytes(2, "little"), (2304).to_bytes(2, "little") + (32).to_bytes(2, "little")
        image.write(header)
        shutil.copyfileobj(file, image, PART)


def complex_voxels(plain: Path, folder: Path) -> None:
    """Write complex voxels: a quarter of the planes, as real and imaginary parts of 32 bits."""
    with open(plain / "plain.nii", "rb") as file, open(folder / "complex.nii", "wb") as image:
        header = bytearray(file.read(HEADER))
        slices = int.from_bytes(header[46:48], "little") // 4
        header[46:48], header[70:74] = slices.to_bytes(2, "little"), (32).to_bytes(2, "little") + (64).to_bytes(2, "little")
        image.write(header)
        image.writelines(np.frombuffer(file.read(2 * SIZE * 2), "<i2").astype("<f4").tobytes() for _ in range(slices * SIZE))


def times_first(plain: Path, folder: Path) -> None:
    """Write a compressed NRRD of eight times, whose voxels of all times are one after the other."""
    megabytes = (plain / "plain.nii").stat().st_size >> 20
    voxels = np.memmap(plain / "plain.nii", "<i2", "r", offset=HEADER).reshape(8, -1, SIZE, SIZE)
    header = f"NRRD0004\n{PLACED}sizes: 8 {SIZE} {SIZE} {megabytes // 4}\nkinds: time domain domain domain\n\n"
    with open(folder / "times.nrrd", "wb") as file:
        file.write(header.encode())
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
            for k in range(voxels.shape[1]):
                packed.write(np.ascontiguousarray(np.moveaxis(voxels[:, k], 0, -1)).tobytes())


def slices(plain: Path, folder: Path) -> None:
    """Write a MetaImage with a file for each slice."""
    voxels = np.memmap(plain / "plain.nii", "<i2", "r", offset=HEADER).reshape(-1, SIZE, SIZE)
    for k, plane in enumerate(voxels):
        (folder / f"slice{k:05d}.raw").write_bytes(plane.tobytes())
    fields = {
        "ObjectType": "Image", "NDims": 3, "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0",
        "ElementSpacing": "0.5 0.5 1.25", "DimSize": f"{SIZE} {SIZE} {len(voxels)}", "ElementType": "MET_SHORT",
        "ElementDataFile": f"slice%05d.raw 0 {len(voxels) - 1} 1",
    }  # fmt: skip
    (folder / "slices.mhd").write_text("".join(f"{name} = {value}\n" for name, value in fields.items()), "utf-8")


def deflated(enhanced: Path, folder: Path) -> None:
    """Write an enhanced object in the Deflated transfer syntax."""
    import pydicom

    path = enhanced / "enhanced.dcm"
    meta = pydicom.filereader.read_file_meta_info(path)
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    with open(path, "rb") as file, open(folder / "deflated.dcm", "wb") as packed:
        file.seek(132 + 12 + meta.FileMetaInformationGroupLength)
        packed.write(bytes(128) + b"DICM")
        pydicom.filewriter.write_file_meta_info(packed, meta)
        while part := file.read(PART):
            packed.write(packer.compress(part))
        packed.write(packer.flush())


def probabilities(megabytes: int) -> Iterator[bytes]:
    """Yield the frames of a fractional Segmentation of two segments."""
    y, x = np.mgrid[: 2 * SIZE, : 2 * SIZE]
    planes = [np.clip(255 - np.hypot(x - 300 - 200 * n, y - 400) / 2, 0, 255).astype(np.uint8) for n in range(2)]
    for plane in planes:
        for k in range(megabytes // 2):
            yield np.roll(plane, k % 16, axis=0).tobytes()


OTHER_FORMS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "pair": ("plain", pair), "colors": ("plain", colors), "complex": ("plain", complex_voxels),
    "times_first": ("plain", times_first), "slices": ("plain", slices), "deflated": ("enhanced", deflated),
}  # fmt: skip
"""Kind → the kind that it is made of, and what makes it."""
