"""Color models: YBR ⇄ RGB (PS3.3 C.7.6.3.1.2), and the transparency that DICOM has no place for."""

from __future__ import annotations

import numpy as np

from .lazy_voxels import Voxels, slabs

RGB = "RGB"
YBR_FULL = "YBR_FULL"
YBR_FULL_422 = "YBR_FULL_422"
YBR_PARTIAL_422 = "YBR_PARTIAL_422"
_OPAQUE = 255
# PS3.3 C.7.6.3.1.2: luminance and chrominance of full-range 8-bit YBR
_YBR_TO_RGB = np.array([[1.0, 0.0, 1.402], [1.0, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587], [1.0, 1.772, 0.0]])
_RGB_TO_YBR = np.linalg.inv(_YBR_TO_RGB)
# of the partial range (retired), black is 16 and white 235, chrominance goes from 16 to 240
_PARTIAL_ZERO, _PARTIAL_RANGE = np.array([16, 128, 128]), np.array([219, 224, 224]) / 255


def rgb_from_ybr(frames: np.ndarray, partial: bool = False) -> np.ndarray:
    """Return 8-bit RGB of YBR, of full or partial range (PS3.3 C.7.6.3.1.2); samples are the last axis."""
    values = frames.astype(np.float64) - (_PARTIAL_ZERO if partial else np.array([0, 128, 128]))
    values = values / _PARTIAL_RANGE if partial else values
    result: np.ndarray = np.clip(np.rint(values @ _YBR_TO_RGB.T), 0, 255).astype(np.uint8)
    return result


def ybr_from_rgb(frames: np.ndarray, partial: bool = False) -> np.ndarray:
    """Return 8-bit YBR of RGB, samples last: the inverse of `rgb_from_ybr` up to rounding."""
    values = frames.astype(np.float64) @ _RGB_TO_YBR.T
    values = values * _PARTIAL_RANGE + _PARTIAL_ZERO if partial else values + np.array([0, 128, 128])
    result: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


def transparency(voxels: Voxels, intent: str) -> list[str]:
    """Return that the transparency of colors counts for something, as DICOM has no place for it."""
    if intent != "rgb" or voxels.ndim < 5 or voxels.shape[-1] != 4:
        return []
    count = sum(int(np.count_nonzero(planes[..., 3] != _OPAQUE)) for _, _, planes in slabs(voxels))
    if not count:
        return []
    return [
        f"{count} voxels are transparent (alpha below {_OPAQUE}): DICOM has no place for that, their colors are kept as they "
        "are"
    ]
