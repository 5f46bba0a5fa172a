"""Objects with many frames: functional groups, segments, mosaics, and frames without a position."""

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
    LABEL_MAP_SEGMENTATION,
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
    uid,
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
def ultrasound_volumes(folder: Path) -> None:
    """Two volumes of Philips ultrasound in one object, whose slices a private element counts."""
    save(folder, [philips_volumes(2)])


def philips_volumes(times: int, **attributes: object) -> Dataset:
    """Return volumes of three slices in an object of which NumberOfFrames counts the times."""
    ds = image(ramp(times * 3 * 4, 5, dtype="u1"), ULTRASOUND_MULTI_FRAME)
    ds.Modality, ds.Rows, ds.NumberOfFrames, ds.Manufacturer = "US", 4, times, "Philips Medical Systems"
    ds.FrameTime, ds.FrameIncrementPointer, ds.PhysicalDeltaX, ds.PhysicalDeltaY = "40", 0x00181063, 0.05, 0.06
    block = ds.private_block(0x3001, "Philips3D", create=True)
    block.add_new(0x01, "UL", 3)
    block.add_new(0x03, "FD", 0.07)
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


@phantom
def dose_grid(folder: Path) -> None:
    """Frames whose places are offsets from the first, 32 bits, scaled."""
    ds = slices(ramp(1, SLICES * ROWS, COLUMNS, start=2**20, dtype="<u4"), "1.2.840.10008.5.1.4.1.1.481.2")[0]
    ds.Modality, ds.Rows, ds.NumberOfFrames, ds.FrameIncrementPointer = "RTDOSE", ROWS, SLICES, 0x3004000C
    ds.GridFrameOffsetVector, ds.DoseGridScaling, ds.DoseUnits = ["0", "2.5", "5"], "1.5e-05", "GY"
    save(folder, [ds])


@phantom
def segmentation(folder: Path) -> None:
    """Two binary segments of two frames; 15 bits to a frame, so frames do not end at bytes. They overlap."""
    frames = np.random.default_rng(3).integers(0, 2, (4, 3, 5), np.uint8)
    save(folder, [segments(frames, [(n // 2 + 1, n % 2) for n in range(4)])])


@phantom
def segmentation_with_gaps(folder: Path) -> None:
    """Three binary segments that do not overlap, frames out of order; two slices of six have none. Bits behind are not 0."""
    labels = label_ramp()
    lying = [(3, 5), (1, 0), (2, 2), (1, 3), (2, 3), (1, 2)]
    ds = segments(np.array([labels[k] == n for n, k in lying], np.uint8), lying)
    ds.PixelData = ds.PixelData[:11] + bytes([ds.PixelData[11] | 0b10100000])
    save(folder, [ds])


@phantom
def segmentation_with_overlaps(folder: Path) -> None:
    """Four binary segments: 1 and 2 overlap, 3 is in a slice of its own, 4 next to 1 in the same slice."""
    frames = np.zeros((5, 3, 5), np.uint8)
    frames[0, :2], frames[1, 1:], frames[2, 1], frames[3, 0, 2:], frames[4, 2] = 1, 1, 1, 1, 1
    save(folder, [segments(frames, [(1, 0), (2, 0), (2, 1), (3, 3), (4, 0)])])


@phantom
def segmentation_fractional(folder: Path) -> None:
    """Probabilities of two segments, without empty frames."""
    frames = (ramp(4, 3, 5, start=7, dtype="u1") * 4).astype(np.uint8)
    ds = segments(frames, [(1, 0), (1, 2), (2, 0), (2, 3)])
    ds.SegmentationType, ds.SegmentationFractionalType, ds.MaximumFractionalValue = "FRACTIONAL", "PROBABILITY", 255
    save(folder, [ds])


@phantom
def segmentation_label_map(folder: Path) -> None:
    """Label numbers up to 2035 in 16 bits, one slice left out."""
    frames = np.random.default_rng(5).choice(np.array([0, 1, 17, 2035], "<u2"), (3, 3, 5))
    ds = segments(frames, [(0, 0), (0, 1), (0, 3)], (1, 17, 2035))
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = LABEL_MAP_SEGMENTATION
    ds.SegmentationType = "LABELMAP"
    for groups in ds.PerFrameFunctionalGroupsSequence:
        del groups.SegmentIdentificationSequence
    save(folder, [ds])


@phantom
def segmentation_without_positions(folder: Path) -> None:
    """As `segmentation_with_gaps`, of an image whose frames have no position, such as ultrasound."""
    lying = [(3, 5), (1, 0), (2, 2), (1, 3), (2, 3), (1, 2)]
    ds = segments(np.array([label_ramp()[k] == n for n, k in lying], np.uint8), lying)
    name_sources(ds, [(uid(8), k + 1) for _, k in lying])
    save(folder, [ds])


def name_sources(ds: Dataset, sources: list[tuple[str, int | None]]) -> None:
    """Replace the positions of frames by the frames of images that they were made from (UID, number)."""
    del ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    del ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    for groups, (source, number) in zip(ds.PerFrameFunctionalGroupsSequence, sources, strict=True):
        del groups.PlanePositionSequence
        frame = {} if number is None else {"ReferencedFrameNumber": number}
        image = group(ReferencedSOPClassUID=ULTRASOUND_MULTI_FRAME, ReferencedSOPInstanceUID=source, **frame)
        groups.DerivationImageSequence = [group(SourceImageSequence=[image])]


def label_ramp() -> np.ndarray:
    """Return labels 0 to 3 in six slices of 3 x 5; each label is where the frames of `segmentation_with_gaps` need it."""
    labels = np.zeros((6, 3, 5), np.uint8)
    labels[[0, 2, 3], 0, :3], labels[[2, 3], 1:, 1:4], labels[5, 2] = 1, 2, 3
    return labels


def segments(frames: np.ndarray, lying: list[tuple[int, int]], numbers: tuple[int, ...] = ()) -> Dataset:
    """Return a Segmentation of frames (count, rows, columns) that are (segment number, slice); binary unless changed."""
    ds = image(frames[0], SEGMENTATION)
    count, bits = len(frames), frames.dtype.itemsize * 8
    ds.NumberOfFrames, ds.PixelRepresentation = count, 0
    if frames.max() <= 1:
        bits, frames = 1, np.packbits(frames.reshape(-1), bitorder="little")
    raw = frames.tobytes()
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelData = bits, bits, bits - 1, raw + b"\0" * (len(raw) % 2)
    ds["PixelData"].VR = "OW" if bits > 8 else "OB"
    ds.SegmentationType, ds.ImageType, ds.ContentLabel = "BINARY", ["DERIVED", "PRIMARY"], "SEGMENTS"
    numbers = numbers or tuple(sorted({number for number, _ in lying}))
    ds.SegmentSequence = [group(SegmentNumber=n, SegmentLabel=f"part {n}", SegmentAlgorithmType="MANUAL") for n in numbers]
    ds.SharedFunctionalGroupsSequence = [shared_groups()]
    ds.PerFrameFunctionalGroupsSequence = [
        group(
            PlanePositionSequence=[group(ImagePositionPatient=[0, 0, 2.5 * k])],
            SegmentIdentificationSequence=[group(ReferencedSegmentNumber=number)],
        )
        for number, k in lying
    ]
    return ds


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
