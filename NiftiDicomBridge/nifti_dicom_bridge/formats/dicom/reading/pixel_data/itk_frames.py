"""Compressed pixel data → frames by SimpleITK, which contains GDCM: what pydicom's decoders lack without further packages.

These are JPEG Lossless, JPEG of 12 bits, and JPEG 2000 that Pillow cannot decode. GDCM applies rescale, lookup tables and
MONOCHROME1 when it reads a file; so each frame is put into a new Secondary Capture that has none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .....standard.sop_classes import SECONDARY_CAPTURE
from .frame_codecs import Attributes, data_set_of

# JPEG 2000 undoes these itself; other color models of JPEG are converted afterwards, as pydicom does
_UNDONE_BY_CODEC = ("YBR_RCT", "YBR_ICT")


def frames_by_itk(syntax: str, attributes: Attributes, frames: Sequence[bytes]) -> np.ndarray | None:
    """Return decoded frames; None if SimpleITK is missing or cannot decode them.

    Parameters
    ----------
    syntax : str
        Transfer syntax.
    attributes : dict
        What describes the samples of a frame, by keyword.
    frames : sequence of bytes
        Compressed frames.

    Returns
    -------
    numpy.ndarray, shape (frames, rows, columns[, samples])
        Stored values; RGB where the pixels were YBR.
    """
    import tempfile

    try:
        import SimpleITK
    except ImportError:
        return None
    try:
        pictures = []
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "frame.dcm")
            for frame in frames:
                _write_capture(copy, syntax, attributes, frame)
                pictures.append(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(copy), imageIO="GDCMImageIO"))[0])
        return _rgb(np.stack(pictures), str(attributes["PhotometricInterpretation"]))
    except (RuntimeError, ValueError, OSError, AttributeError):
        return None


def _write_capture(path: Path, syntax: str, attributes: Attributes, frame: bytes) -> None:
    """Write a Secondary Capture of one frame, without anything that changes its values."""
    from pydicom.dataset import FileMetaDataset

    copy = data_set_of(attributes, [frame])
    del copy.NumberOfFrames
    if attributes["SamplesPerPixel"] == 1:
        copy.PhotometricInterpretation = "MONOCHROME2"
    else:
        photometric = str(attributes["PhotometricInterpretation"])
        copy.PhotometricInterpretation = photometric if photometric in _UNDONE_BY_CODEC else "RGB"
        copy.PlanarConfiguration = 0
    copy.SOPClassUID, copy.SOPInstanceUID = SECONDARY_CAPTURE, "2.25.1"
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = syntax
    copy.save_as(path, enforce_file_format=True)


def _rgb(frames: np.ndarray, photometric: str) -> np.ndarray:
    if photometric not in ("YBR_FULL", "YBR_FULL_422") or frames.ndim != 4:
        return frames
    from pydicom.pixels import convert_color_space

    result: np.ndarray = convert_color_space(frames, "YBR_FULL", "RGB", per_frame=True)
    return result
