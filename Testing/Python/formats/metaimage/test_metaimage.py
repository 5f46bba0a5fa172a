"""MetaImage: what its header states, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import ImageReadError, read
from support.image_files import ITK_3D, VOXELS, metaimage

pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", ""), "TransformMatrix is not stated"),
        (("Offset = 0 0 0\n", ""), "Offset is not stated"),
        (("ElementSpacing = 1 1 1\n", ""), "ElementSpacing is not stated"),
        (("RAI", "LPI"), "contradicts TransformMatrix"),
        (("NDims = 3", "NDims = 2"), "it has 2 dimensions"),
        (("MET_SHORT", "MET_STRING"), "'MET_STRING' are not supported"),
        (("DimSize = 5 4 3", "DimSize = 5 4"), "DimSize = 5 4 is not valid"),
        (("Offset = 0 0 0", "Offset = 0 0 here"), "Offset = 0 0 here is not valid"),
        (("NDims", "ElementToIntensityFunctionSlope = 2\nNDims"), "some programs apply"),
        (("DimSize = 5 4 3", "DimSize = 5 4 3.5"), "DimSize is missing or not valid"),
        (("NDims", "DistanceUnits = cm\nNDims"), "DistanceUnits = cm is not supported"),
        (("NDims", "HeaderSize = 4\nNDims"), "HeaderSize = 4 is not supported"),
        (("NDims", "Offset = 1 1 1\nNDims"), "Offset occurs more than once"),
        (("NDims", "Position = 1 1 1\nNDims"), "Offset and Position contradict each other"),
        (("NDims", "BinaryDataByteOrderMSB = perhaps\nNDims"), "is neither True nor False"),
    ],
)
def test_ambiguous_or_damaged_metaimage_is_refused(change, message) -> None:
    with pytest.raises(ImageReadError, match=message):
        read(metaimage(change))


@pytest.mark.parametrize("files", ["LIST", "s%d.raw 1 0 1", "s%d.raw 1 99999999999 1", "s%999d.raw 1 2 1", "s%s.raw 1 2"])
def test_metaimage_without_files_of_voxels_is_refused(files) -> None:
    Path("image.mhd").write_text(f"{ITK_3D}ElementDataFile = {files}\n")
    with pytest.raises(ImageReadError, match=r"no file is listed|is not valid"):
        read("image.mhd")


@pytest.mark.parametrize("flag", ["True", "T", "1"])
def test_byte_order_of_metaimage_is_applied(flag) -> None:
    path = metaimage(("NDims", f"BinaryDataByteOrderMSB = {flag}\nNDims"), VOXELS.astype(">i2").tobytes())
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


def test_voxels_at_the_end_of_metaimage_are_read() -> None:
    path = metaimage(("NDims", "HeaderSize = -1\nNDims"), b"more" + VOXELS.tobytes())
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)
