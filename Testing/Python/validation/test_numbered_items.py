"""Numbers by which items refer to each other: segments and their frames, regions of interest and their contours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.validation import check_files
from phantoms.multiframe import segments
from support.dciodvfy import run
from support.new_objects import made, save, series
from support.oracles import oracle


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def numbers_found(ds: Dataset) -> dict[str, str]:
    """Return the findings about numbers, by the attribute that has them."""
    ds.save_as("changed.dcm", enforce_file_format=True)
    findings = [finding for finding in check_files([Path("changed.dcm")]) if finding.rule == "numbers"]
    return {finding.tag.rpartition("> ")[2].partition(" ")[0]: finding.message for finding in findings}


def segmentation(*numbers: int, referred: int = 0) -> Dataset:
    """Return a binary Segmentation of segments with these numbers; its frames are of another one if given."""
    frames = np.ones((len(numbers), 3, 5), np.uint8)
    return segments(frames, [(referred or number, k) for k, number in enumerate(numbers)], numbers)


def test_segments_of_consecutive_numbers_are_right() -> None:
    assert numbers_found(segmentation(1, 2, 3)) == {}


@pytest.mark.parametrize("numbers", [(1, 3), (2, 1), (378, 4002), (1, 1)])
def test_segments_of_a_binary_segmentation_are_numbered_from_1(numbers: tuple[int, ...]) -> None:
    assert "are numbered 1, 2, 3" in numbers_found(segmentation(*numbers))["SegmentNumber"]
    said = run(oracle("dciodvfy"), Path("changed.dcm"))
    assert "SegmentNumber" in said.stderr + said.stdout


def test_frames_of_a_segment_that_is_not_described_are_found() -> None:
    assert "It is 7, which no SegmentNumber" in numbers_found(segmentation(1, 2, referred=7))["ReferencedSegmentNumber"]


@pytest.mark.parametrize(("numbers", "expected"), [((0, 7, 3), {}), ((7, 7), {"SegmentNumber"})])
def test_numbers_of_a_label_map_only_have_to_be_unique(numbers: tuple[int, ...], expected: set[str]) -> None:
    ds = segmentation(*numbers)
    ds.SegmentationType = "LABELMAP"
    assert numbers_found(ds).keys() == set(expected)


# --- RT Structure Sets ------------------------------------------------------------------------------------------------


def structure_set() -> Dataset:
    """Return one of two regions, as this package writes it."""
    labels = np.zeros((5, 4, 3), np.uint8)
    labels[1:3, 1:3, 1], labels[3:, 1:3, 2] = 1, 2
    (ds,) = made(save("x_dseg.nii", labels), kind="rtstruct", reference=series("ct"))
    return ds


def second_item_of_the_first_region(ds: Dataset) -> None:
    ds.ROIContourSequence[1].ReferencedROINumber = 1


def two_regions_of_one_number(ds: Dataset) -> None:
    ds.StructureSetROISequence[1].ROINumber = 1


def contours_of_an_unknown_region(ds: Dataset) -> None:
    ds.ROIContourSequence[1].ReferencedROINumber = 9


def points_that_are_not_there(ds: Dataset) -> None:
    ds.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 100


def a_region_in_an_unknown_frame_of_reference(ds: Dataset) -> None:
    ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.3.99"


@pytest.mark.parametrize(
    ("change", "attribute", "words"),
    [
        (a_region_in_an_unknown_frame_of_reference, "ReferencedFrameOfReferenceUID", "It is 1.2.3.99, which is not in"),
        (second_item_of_the_first_region, "ReferencedROINumber", "Several items have 1"),
        (two_regions_of_one_number, "ROINumber", "Several items have 1"),
        (contours_of_an_unknown_region, "ReferencedROINumber", "It is 9, which no ROINumber"),
        (points_that_are_not_there, "NumberOfContourPoints", "It is 100, and ContourData"),
    ],
)
def test_numbers_of_regions_that_contradict_are_found(change: Callable[[Dataset], None], attribute: str, words: str) -> None:
    ds = structure_set()
    assert numbers_found(ds) == {}
    change(ds)
    assert words in numbers_found(ds)[attribute]
