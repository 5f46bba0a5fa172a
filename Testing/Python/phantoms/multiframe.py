"""Objects with many frames: functional groups, segments, mosaics, and frames that do not say where they lie."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from .base import (
    AXIAL,
    COLUMNS,
    ENHANCED_MR,
    MR,
    ROWS,
    SEGMENTATION,
    SLICES,
    ULTRASOUND_MULTI_FRAME,
    decimal,
    image,
    phantom,
    put_raw,
    ramp,
    save,
    slices,
)  # fmt: skip

TILE_ROWS, TILE_COLUMNS, TILES = 4, 6, 3
MOSAIC_STEP = 3.5


@phantom
def enhanced_mr(folder: Path) -> None:
    """One file, two times of three slices, time fastest, as no sorting by frame would guess."""
    save(folder, [enhanced(2, SLICES)])


@phantom
def enhanced_slopes(folder: Path) -> None:
    """Every frame has its own rescale, and private elements in its functional groups."""
    ds = enhanced(1, SLICES)
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        groups.PixelValueTransformationSequence = [group(RescaleIntercept="0", RescaleSlope=f"1.{n}25", RescaleType="US")]
        groups.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", [group(EchoTime="2.50")])
    save(folder, [ds])


@phantom
def enhanced_two_stacks(folder: Path) -> None:
    """One file, two orientations: it becomes two images, which only together give the file back."""
    ds = enhanced(1, 4)
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        groups.PlaneOrientationSequence = [group(ImageOrientationPatient=list(AXIAL) if n < 2 else [0, 1, 0, 0, 0, -1])]
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 2 * n] if n < 2 else [2 * n, 0, 0]
        groups.FrameContentSequence[0].StackID = "12"[n // 2]
    del ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    save(folder, [ds])


@phantom
def cine(folder: Path) -> None:
    """Frames without geometry, two objects in one series."""
    found = []
    for n in range(2):
        ds = image(ramp(ROWS * 3, COLUMNS, start=100 * n, dtype="u1"), ULTRASOUND_MULTI_FRAME, instance=n + 1)
        ds.Rows, ds.NumberOfFrames, ds.FrameTime, ds.FrameIncrementPointer = ROWS, 3, "40.00", 0x00181063
        found.append(ds)
    save(folder, found)


@phantom
def dose_grid(folder: Path) -> None:
    """Frames whose places are offsets from the first, 32 bits, scaled."""
    ds = slices(ramp(1, SLICES * ROWS, COLUMNS, start=2**20, dtype="<u4"), "1.2.840.10008.5.1.4.1.1.481.2")[0]
    ds.Modality, ds.Rows, ds.NumberOfFrames, ds.FrameIncrementPointer = "RTDOSE", ROWS, SLICES, 0x3004000C
    ds.GridFrameOffsetVector, ds.DoseGridScaling, ds.DoseUnits = ["0", "2.5", "5"], "1.5e-05", "GY"
    save(folder, [ds])


@phantom
def segmentation(folder: Path) -> None:
    """Two binary segments of two frames; 15 bits to a frame, so frames do not end at bytes."""
    frames = np.random.default_rng(3).integers(0, 2, (4, 3, 5), np.uint8)
    ds = image(frames[0], SEGMENTATION)
    packed = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.NumberOfFrames = 1, 1, 0, 0, 4
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    ds.SegmentationType, ds.ImageType, ds.ContentLabel = "BINARY", ["DERIVED", "PRIMARY"], "SEGMENTS"
    ds.SegmentSequence = [group(SegmentNumber=n, SegmentLabel=f"part {n}", SegmentAlgorithmType="MANUAL") for n in (1, 2)]
    ds.SharedFunctionalGroupsSequence = [shared_groups()]
    ds.PerFrameFunctionalGroupsSequence = [
        group(
            PlanePositionSequence=[group(ImagePositionPatient=[0, 0, 2.5 * (n % 2)])],
            SegmentIdentificationSequence=[group(ReferencedSegmentNumber=n // 2 + 1)],
        )
        for n in range(4)
    ]
    save(folder, [ds])


@phantom
def mosaic(folder: Path) -> None:
    """Siemens: three slices tiled into one image of 2 x 2 tiles, two times; the last tile is not black."""
    found = []
    for t in range(2):
        ds = slices(ramp(1, 2 * TILE_ROWS, 2 * TILE_COLUMNS, start=100 * t), MR, origin=(-60, -50, 10), spacing=(3, 3))[0]
        ds.ImageType, ds.SpacingBetweenSlices, ds.SliceThickness = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], str(MOSAIC_STEP), "3"
        ds.InstanceNumber, ds.Manufacturer = t + 1, "SIEMENS"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SeriesInstanceUID}.{t + 1}"
        put_raw(ds, 0x00290010, "LO", b"SIEMENS CSA HEADER")
        put_raw(ds, 0x00291010, "OB", csa_header({"NumberOfImagesInMosaic": ["3"], "SliceNormalVector": ["0", "0", "1"]}))
        found.append(ds)
    save(folder, found)


def enhanced(times: int, places: int) -> Dataset:
    """Return an Enhanced MR object whose frames go place by place, times within."""
    count = times * places
    ds = image(ramp(count * ROWS, COLUMNS, dtype="<u2"), ENHANCED_MR)
    ds.Rows, ds.NumberOfFrames, ds.BitsStored, ds.HighBit = ROWS, count, 12, 11
    ds.SharedFunctionalGroupsSequence = [shared_groups()]
    ds.PerFrameFunctionalGroupsSequence = [_frame_groups(n % times, n // times) for n in range(count)]
    return ds


def shared_groups() -> Dataset:
    """Return what all frames have: spacing, orientation, echo."""
    return group(
        PixelMeasuresSequence=[group(SliceThickness="2.5", SpacingBetweenSlices="2.50", PixelSpacing=["0.75", "0.50"])],
        PlaneOrientationSequence=[group(ImageOrientationPatient=list(AXIAL))],
        MREchoSequence=[group(EffectiveEchoTime=4.6)],
    )


def _frame_groups(time: int, place: int) -> Dataset:
    position = [decimal(v) for v in (-1.5, 2.25, 2.5 * place)]
    return group(
        FrameContentSequence=[group(StackID="1", InStackPositionNumber=place + 1, TemporalPositionIndex=time + 1,
                                    DimensionIndexValues=[1, place + 1, time + 1])],
        PlanePositionSequence=[group(ImagePositionPatient=position)],
        MRImageFrameTypeSequence=[group(FrameType=["ORIGINAL", "PRIMARY", "M", "NONE"], ComplexImageComponent="MAGNITUDE")],
    )  # fmt: skip


def group(**attributes: object) -> Dataset:
    """Return a data set with attributes by keyword."""
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, Sequence(value) if isinstance(value, list) and isinstance(value[0], Dataset) else value)
    return ds


def csa_header(values: dict[str, list[str]]) -> bytes:
    """Return a Siemens CSA2 header with text values."""
    found = b"SV10\4\3\2\1" + struct.pack("<2I", len(values), 77)
    for name, texts in values.items():
        found += struct.pack("<64si4s3i", name.encode(), len(texts), b"FD", 4, len(texts), 77)
        for text in texts:
            raw = text.encode() + b"\0"
            found += struct.pack("<4i", len(raw), len(raw), 77, len(raw)) + raw + b"\0" * (-len(raw) % 4)
    return found
