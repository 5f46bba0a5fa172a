"""Compressed pixel data → frames by SimpleITK, which contains GDCM: what pydicom's decoders lack without further packages.

These are JPEG Lossless, JPEG of 12 bits, and JPEG 2000 that Pillow cannot decode. GDCM applies rescale, lookup tables and
MONOCHROME1 when it reads a file; so each frame is put into a new Secondary Capture that has none of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....model import metadata
from ....model.metadata import Instance
from ....standard.tags import Tag

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# what describes the samples of a frame (PS3.3 C.7.6.3)
_PIXEL_KEYWORDS = ("SamplesPerPixel", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
# JPEG 2000 undoes these itself; other color models of JPEG are converted afterwards, as pydicom does
_UNDONE_BY_CODEC = ("YBR_RCT", "YBR_ICT")


def frames_by_itk(instance: Instance, count: int, frames: Sequence[int] | None = None) -> np.ndarray | None:
    """Return frames of an instance whose pixel data are compressed; None if SimpleITK is missing or cannot decode them.

    Parameters
    ----------
    instance : Instance
        The instance; its file is read.
    count : int
        NumberOfFrames.
    frames : sequence of int, optional
        Which frames, from 0; all by default.

    Returns
    -------
    numpy.ndarray, shape (frames, rows, columns[, samples])
        Stored values; RGB where the pixels were YBR.
    """
    try:
        import SimpleITK
    except ImportError:
        return None
    from pydicom import dcmread
    from pydicom.encaps import get_frame

    try:
        source = dcmread(instance.path, force=True)
        pictures = []
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "frame.dcm")
            for index in range(count) if frames is None else frames:
                frame = get_frame(source.PixelData, index, number_of_frames=count)
                _capture(source, frame, instance.transfer_syntax).save_as(copy, enforce_file_format=True)
                pictures.append(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(copy), imageIO="GDCMImageIO"))[0])
        return _rgb(np.stack(pictures), metadata.text(instance.elements, Tag.PHOTOMETRIC_INTERPRETATION))
    except (RuntimeError, ValueError, OSError, AttributeError):
        return None


def _capture(source: Dataset, frame: bytes, syntax: str) -> Dataset:
    """Return a Secondary Capture of one frame, without anything that changes its values."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate

    copy = Dataset()
    for keyword in _PIXEL_KEYWORDS:
        if keyword in source:
            copy[keyword] = source[keyword]
    photometric = str(source.PhotometricInterpretation)
    if source.SamplesPerPixel == 1:
        copy.PhotometricInterpretation = "MONOCHROME2"
    else:
        copy.PhotometricInterpretation = photometric if photometric in _UNDONE_BY_CODEC else "RGB"
        copy.PlanarConfiguration = 0
    copy.SOPClassUID, copy.SOPInstanceUID = SECONDARY_CAPTURE, "2.25.1"
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = syntax
    copy.PixelData = encapsulate([frame])
    copy["PixelData"].VR = "OB"
    return copy


def _rgb(frames: np.ndarray, photometric: str) -> np.ndarray:
    if photometric not in ("YBR_FULL", "YBR_FULL_422") or frames.ndim != 4:
        return frames
    from pydicom.pixels import convert_color_space

    return convert_color_space(frames, "YBR_FULL", "RGB", per_frame=True)
