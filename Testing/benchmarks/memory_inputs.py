"""Inputs of `memory.py`: ``python memory_inputs.py KIND FOLDER MEGABYTES`` writes FOLDER/KIND_MEGABYTES.

Most inputs are made of others by our own commands, and edited in the file.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from memory_formats import OTHER_FORMS, probabilities

SIZE, LABEL_SIZE = 512, 1024
HEADER = 352
ENHANCED_CT, SEGMENTATION = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.66.4"
SEGMENTS = 3


def series(folder: Path, megabytes: int) -> None:
    """Write a CT series, a file for each slice of half a megabyte."""
    from run import make_ct

    make_ct(folder, megabytes * 2)


def enhanced(folder: Path, megabytes: int, has_slopes: bool = False) -> None:
    """Write an Enhanced CT object."""
    ds, count = _data_set(ENHANCED_CT, "CT", SIZE, 16), megabytes * 2
    ds.ImageType, ds.NumberOfFrames = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], count
    shared = ds.SharedFunctionalGroupsSequence[0]
    shared.PixelValueTransformationSequence = [_group(RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU")]
    shared.CTImageFrameTypeSequence = [_group(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])]
    ds.PerFrameFunctionalGroupsSequence = [
        _group(
            FrameContentSequence=[_group(StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=[1, k + 1])],
            PlanePositionSequence=[_group(ImagePositionPatient=[-125, -125, 1.25 * k])],
        )
        for k in range(count)
    ]
    if has_slopes:
        del shared.PixelValueTransformationSequence
        for k, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
            slope = f"1.{k % 7}25"
            groups.PixelValueTransformationSequence = [_group(RescaleIntercept="0", RescaleSlope=slope, RescaleType="US")]
    noise = np.random.default_rng(0).normal(1000, 30, (16, SIZE, SIZE)).astype("<u2")
    frames = ((noise[k % 16] + np.uint16(k % 31)).tobytes() for k in range(count))
    _save(folder / "enhanced.dcm", ds, b"OW", count * SIZE * SIZE * 2, frames)


def enhanced_slopes(folder: Path, megabytes: int) -> None:
    """Write an Enhanced CT object whose frames have different slopes."""
    enhanced(folder, megabytes, has_slopes=True)


def segmentation(folder: Path, megabytes: int) -> None:
    """Write a binary Segmentation of three segments; a megabyte is a slice of its label map."""
    labels, places = label_planes(), [(n + 1, k) for n in range(SEGMENTS) for k in range(megabytes)]
    ds = _segmentation("BINARY", 1, places)
    frames = (np.packbits(labels[k % len(labels)] == n, bitorder="little").tobytes() for n, k in places)
    _save(folder / "segmentation.dcm", ds, b"OB", len(places) * LABEL_SIZE**2 // 8, frames)


def fractional(folder: Path, megabytes: int) -> None:
    """Write a fractional Segmentation of two segments; a megabyte is a frame."""
    ds = _segmentation("FRACTIONAL", 8, [(n + 1, k) for n in range(2) for k in range(megabytes // 2)])
    ds.SegmentationFractionalType, ds.MaximumFractionalValue = "PROBABILITY", 255
    _save(folder / "fractional.dcm", ds, b"OB", megabytes << 20, probabilities(megabytes))


def _segmentation(kind: str, bits: int, places: list[tuple[int, int]]) -> object:
    """Return a Segmentation with a frame for each pair of segment number and slice."""
    ds = _data_set(SEGMENTATION, "SEG", LABEL_SIZE, bits)
    ds.ImageType, ds.SegmentationType, ds.ContentLabel = ["DERIVED", "PRIMARY"], kind, "SEGMENTS"
    ds.NumberOfFrames = len(places)
    ds.SegmentSequence = [_segment(number) for number in sorted({number for number, _ in places})]
    ds.PerFrameFunctionalGroupsSequence = [
        _group(
            PlanePositionSequence=[_group(ImagePositionPatient=[-125, -125, 1.25 * k])],
            SegmentIdentificationSequence=[_group(ReferencedSegmentNumber=number)],
        )
        for number, k in places
    ]
    return ds


def label_planes() -> np.ndarray:
    """Return some planes of a label map: discs, which do not touch the edges."""
    y, x = np.mgrid[:LABEL_SIZE, :LABEL_SIZE]
    planes = np.zeros((16, LABEL_SIZE, LABEL_SIZE), np.uint8)
    for k in range(16):
        for n in range(SEGMENTS):
            planes[k][(x - 200 - 250 * n) ** 2 + (y - 300 - 10 * k) ** 2 < 100**2] = n + 1
    return planes


def labels(folder: Path, megabytes: int) -> None:
    """Write a label map that never was DICOM."""
    planes = label_planes()
    with open(folder / "labels.nii", "wb") as file:
        file.write(_header(LABEL_SIZE, megabytes, code=2, bits=8))
        file.writelines(planes[k % len(planes)].tobytes() for k in range(megabytes))


def plain(folder: Path, megabytes: int) -> None:
    """Write a CT without a sidecar."""
    noise = np.random.default_rng(0).normal(0, 30, (16, SIZE, SIZE)).astype("<i2")
    noise[:, :50] = -1000
    with open(folder / "plain.nii", "wb") as file:
        file.write(_header(SIZE, 2 * megabytes, code=4, bits=16))
        file.writelines((noise[k % 16] + np.int16(k % 31)).tobytes() for k in range(2 * megabytes))


def _header(size: int, slices: int, code: int, bits: int) -> bytes:
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_dtype({2: np.uint8, 4: np.int16, 16: np.float32}[code])
    header.set_data_shape((size, size, slices))
    header.set_sform(np.diag([0.5, 0.5, 1.25, 1.0]), 1)
    header["vox_offset"], header["magic"] = HEADER, b"n+1"
    assert int(header["bitpix"]) == bits
    return bytes(header.binaryblock) + bytes(4)


# --- made of others ---------------------------------------------------------------------------------------------------


def _converted(source: str, *options: str) -> Callable[[Path, int], None]:
    def convert(folder: Path, megabytes: int) -> None:
        origin = _existing(source, folder, megabytes)
        command = [sys.executable, "-m", "nifti_dicom_bridge", "convert", str(origin), "-o", str(folder), "-q", *options]
        subprocess.run(command, check=True)

    return convert


def _existing(kind: str, folder: Path, megabytes: int) -> Path:
    origin = folder.parent / f"{kind}_{megabytes}"
    if not origin.exists():
        make(kind, folder.parent, megabytes)
    return origin


def _edited(source: str) -> Callable[[Path, int], None]:
    """Return what copies an image and changes some voxels of its last quarter."""

    def edit(folder: Path, megabytes: int) -> None:
        for path in _existing(source, folder, megabytes).iterdir():
            copy = Path(shutil.copy(path, folder))
            if copy.suffix == ".nii":
                voxels = np.memmap(copy, np.uint8, "r+", offset=HEADER)
                start = voxels.size * 3 // 4 & ~1
                voxels[start : start + 20000 : 2] = 1

    return edit


def _of_other_form(source: str, write: Callable[[Path, Path], None]) -> Callable[[Path, int], None]:
    return lambda folder, megabytes: write(_existing(source, folder, megabytes), folder)


def edited_packed(folder: Path, megabytes: int) -> None:
    """Compress an edited image as other tools do, as one stream."""
    import gzip

    for path in _existing("edited", folder, megabytes).iterdir():
        if path.suffix == ".nii":
            with open(path, "rb") as plain_file, gzip.open(folder / (path.name + ".gz"), "wb", compresslevel=1) as packed:
                shutil.copyfileobj(plain_file, packed, 1 << 22)
        else:
            shutil.copy(path, folder)


def floats(folder: Path, megabytes: int) -> None:
    """Write an edited image as 32-bit real values, as most tools do after a filter."""
    for path in _existing("edited", folder, megabytes).iterdir():
        if path.suffix != ".nii":
            shutil.copy(path, folder)
            continue
        header = _own_header(path)
        slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
        header.set_data_dtype(np.float32)
        header["scl_slope"], header["scl_inter"] = 1, 0
        stored = np.memmap(path, "<i2", "r", offset=HEADER)
        with open(folder / path.name, "wb") as file:
            file.write(bytes(header.binaryblock) + bytes(4))
            for start in range(0, stored.size, 1 << 21):
                part = stored[start : start + (1 << 21)].astype(np.float32) * slope + intercept
                file.write((part * np.float32(1.1)).astype("<f4").tobytes())


def turned(folder: Path, megabytes: int) -> None:
    """Write an edited image in sagittal slices, as some tools turn every image."""
    for path in _existing("edited", folder, megabytes).iterdir():
        if path.suffix != ".nii":
            shutil.copy(path, folder)
            continue
        header = _own_header(path)
        columns, rows, slices = header.get_data_shape()
        sform = header.get_sform()[:, [1, 2, 0, 3]]
        header.set_data_shape((rows, slices, columns))
        header.set_sform(sform, 1)
        header.set_qform(sform, 1)
        stored = np.memmap(path, "<i2", "r", offset=HEADER, shape=(slices, rows, columns))
        with open(folder / path.name, "wb") as file:
            file.write(bytes(header.binaryblock) + bytes(4))
            file.writelines(
                np.ascontiguousarray(stored[..., column : column + 8].transpose(2, 0, 1)).tobytes()
                for column in range(0, columns, 8)
            )


def real_values(folder: Path, megabytes: int) -> None:
    """Write 32-bit real values that never were DICOM."""
    noise = np.random.default_rng(0).normal(0, 30, (16, SIZE, SIZE)).astype("<f4")
    with open(folder / "values.nii", "wb") as file:
        file.write(_header(SIZE, megabytes, code=16, bits=32))
        file.writelines((noise[k % 16] + np.float32(k % 31)).tobytes() for k in range(megabytes))


def metaimage(folder: Path, megabytes: int) -> None:
    """Write a compressed MetaImage of the voxels of `plain`."""
    packer, slices = zlib.compressobj(1), 2 * megabytes
    with open(folder / "voxels.zraw", "wb") as packed, open(_existing("plain", folder, megabytes) / "plain.nii", "rb") as file:
        file.seek(HEADER)
        while part := file.read(1 << 22):
            packed.write(packer.compress(part))
        packed.write(packer.flush())
    fields = {
        "ObjectType": "Image", "NDims": 3, "CompressedData": True, "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0",
        "ElementSpacing": "0.5 0.5 1.25", "DimSize": f"{SIZE} {SIZE} {slices}", "ElementType": "MET_SHORT",
        "ElementDataFile": "voxels.zraw",
    }  # fmt: skip
    (folder / "voxels.mhd").write_text("".join(f"{name} = {value}\n" for name, value in fields.items()), "utf-8")


def cropped(folder: Path, megabytes: int) -> None:
    """Write an image without its last ten slices."""
    for path in _existing("nifti", folder, megabytes).iterdir():
        copy = Path(shutil.copy(path, folder))
        if copy.suffix == ".nii":
            header = _own_header(copy)
            shape = header.get_data_shape()
            header.set_data_shape((*shape[:2], shape[2] - 10))
            with open(copy, "r+b") as file:
                file.write(header.binaryblock)
                file.truncate(HEADER + shape[0] * shape[1] * (shape[2] - 10) * 2)


def _own_header(path: Path) -> object:
    import nibabel

    with open(path, "rb") as file:
        return nibabel.Nifti1Header.from_fileobj(file)


def edited_zarr(folder: Path, megabytes: int) -> None:
    """Copy a store and change some voxels."""
    import zarr

    for path in _existing("zarr", folder, megabytes).iterdir():
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
            array = zarr.open_array(store=str(folder / path.name), path="0", mode="r+")
            array[-5:, 100:120, 100:120] = 1
        else:
            shutil.copy(path, folder)


MADE: dict[str, Callable[[Path, int], None]] = {
    "series": series, "enhanced": enhanced, "segmentation": segmentation, "labels": labels, "plain": plain,
    "nifti": _converted("series", "--to", "nifti", "--no-gzip"), "packed": _converted("series", "--to", "nifti"),
    "zarr": _converted("series", "--to", "zarr"), "edited": _edited("nifti"), "edited_packed": edited_packed,
    "floats": floats, "cropped": cropped, "edited_zarr": edited_zarr, "turned": turned, "real_values": real_values,
    "metaimage": metaimage,
    "enhanced_slopes": enhanced_slopes, "slopes_nifti": _converted("enhanced_slopes", "--to", "nifti", "--no-gzip"),
    "enhanced_nifti": _converted("enhanced", "--to", "nifti"),
    "enhanced_plain": _converted("enhanced", "--to", "nifti", "--no-gzip"), "edited_enhanced": _edited("enhanced_plain"),
    "segmentation_nifti": _converted("segmentation", "--to", "nifti", "--no-gzip"),
    "edited_segmentation": _edited("segmentation_nifti"),
    "fractional": fractional, "fractional_nifti": _converted("fractional", "--to", "nifti", "--no-gzip"),
    "edited_fractional": _edited("fractional_nifti"),
    **{kind: _of_other_form(source, write) for kind, (source, write) in OTHER_FORMS.items()},
}  # fmt: skip


# --- data sets ----------------------------------------------------------------------------------------------------------


def _data_set(sop_class: str, modality: str, size: int, bits: int) -> object:
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.SeriesDescription = modality, "2", "1", "Benchmark"
    ds.PatientName, ds.PatientID, ds.PatientPosition, ds.StudyID = "Bench^Mark", "1", "HFS", "1"
    ds.Rows = ds.Columns = size
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.SharedFunctionalGroupsSequence = [
        _group(
            PixelMeasuresSequence=[_group(SliceThickness="1.25", SpacingBetweenSlices="1.25", PixelSpacing=["0.5", "0.5"])],
            PlaneOrientationSequence=[_group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        )
    ]
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def _save(path: Path, ds: object, vr: bytes, length: int, frames: Iterable[bytes]) -> None:
    """Write an object; its pixel data, the last element, frame by frame."""
    ds.save_as(path, enforce_file_format=True)
    with open(path, "ab") as file:
        file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length))
        file.writelines(frames)


def _segment(number: int) -> object:
    code = _group(CodeValue="85756007", CodingSchemeDesignator="SCT", CodeMeaning="Tissue")
    return _group(SegmentNumber=number, SegmentLabel=f"part {number}", SegmentAlgorithmType="MANUAL",
                  SegmentedPropertyCategoryCodeSequence=[code], SegmentedPropertyTypeCodeSequence=[code])  # fmt: skip


def _group(**attributes: object) -> object:
    import pydicom

    ds = pydicom.Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def make(kind: str, folder: Path, megabytes: int) -> None:
    """Write the inputs of one kind and size; not half of them."""
    half = folder / f"{kind}_{megabytes}.half"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    MADE[kind](half, megabytes)
    half.rename(folder / f"{kind}_{megabytes}")


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
