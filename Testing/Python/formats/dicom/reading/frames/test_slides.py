"""Images of slides: pictures of one frame are converted, tiles are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.errors import DicomReadError
from phantoms.base import image, ramp, save
from phantoms.multiframe import group
from support.placed_frames import WHOLE_SLIDE, multi_frame, volumes
from support.round_trip import RoundTrip


def test_a_whole_slide_image_is_refused_by_name(tmp_path: Path) -> None:
    ds = multi_frame(WHOLE_SLIDE, TotalPixelMatrixColumns=10, TotalPixelMatrixRows=12)

    with pytest.raises(DicomReadError, match="VL Whole Slide Microscopy"):
        volumes(tmp_path, ds)


def _of_slide(kind: str, size: int, frames: int) -> Dataset:
    """Return an image of a slide, a square of a number of pixels in frames of 4 by 4."""
    ds = image(ramp(frames * 4, 4, 3, dtype="u1"), WHOLE_SLIDE, instance=size)
    ds.ImageType, ds.DimensionOrganizationType = ["ORIGINAL", "PRIMARY", kind, "NONE"], "TILED_FULL"
    ds.Rows, ds.NumberOfFrames, ds.TotalPixelMatrixRows, ds.TotalPixelMatrixColumns = 4, frames, size, size
    ds.SharedFunctionalGroupsSequence = [group(PixelMeasuresSequence=[group(PixelSpacing=["0.5", "0.25"])])]
    return ds


def test_pictures_of_one_frame_of_a_slide_are_converted(tmp_path: Path) -> None:
    """They were refused as tiles: labels, overviews and thumbnails."""
    (volume,) = volumes(tmp_path, _of_slide("THUMBNAIL", 4, 1))

    assert volume.voxels.shape == (1, 1, 4, 4, 3)
    assert np.abs(np.diag(volume.ijk_to_ras)[:2]).tolist() == [0.25, 0.5]
    assert not any("tiles" in warning or "FunctionalGroups" in warning for warning in volume.warnings)


def test_tiles_do_not_fail_the_label_of_their_slide(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [_of_slide("VOLUME", 8, 4), _of_slide("LABEL", 4, 1)])

    assert sorted(entry.outcome.name for entry in round_trip.forth().entries) == ["CONVERTED", "FAILED"]
