"""Images of one series that only texts distinguish: labels of frames, comments, elements of a coil."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices, uid
from phantoms.multiframe import enhanced, group
from phantoms.vendors import add_private

FRAME_LABEL, STACK_ID, IN_STACK_POSITION_NUMBER, TEMPORAL_POSITION_INDEX = 0x00209453, 0x00209056, 0x00209057, 0x00209128
SLICES = 3


def labeled(labels: Sequence[str], pointers: Sequence[int]) -> Dataset:
    """Return an object with a volume for each label."""
    ds = enhanced(len(labels), SLICES)
    ds.DimensionIndexSequence = [group(DimensionIndexPointer=pointer) for pointer in pointers]
    for n, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        frame.FrameContentSequence[0].FrameLabel = labels[n % len(labels)]
    return ds


def shapes_of(folder: Path, found: list[Dataset]) -> list[tuple[int, int]]:
    """Return times and slices of the images that files become."""
    save(folder, found)
    return [volume.voxels.shape[:2] for volume in read([folder])]


def test_maps_of_one_object_are_images_by_their_labels(tmp_path: Path) -> None:
    labels = ["T2 relaxation time", "T1 relaxation time", "std dev of the fit"]

    found = shapes_of(tmp_path, [labeled(labels, [STACK_ID, IN_STACK_POSITION_NUMBER, FRAME_LABEL])])

    assert found == [(1, SLICES)] * 3


@pytest.mark.parametrize(
    ("labels", "pointer"),
    [(["phase 1", "phase 2", "phase 3"], FRAME_LABEL), (["before", "during", "after"], TEMPORAL_POSITION_INDEX)],
    ids=["numbers of times", "not a dimension"],
)
def test_labels_of_times_do_not_divide_an_image(labels: list[str], pointer: int, tmp_path: Path) -> None:
    assert shapes_of(tmp_path, [labeled(labels, [STACK_ID, IN_STACK_POSITION_NUMBER, pointer])]) == [(3, SLICES)]


def volumes(count: int) -> list[list[Dataset]]:
    """Return the files of volumes that only InstanceNumber distinguishes."""
    found = [slices(ramp(SLICES, 4, 5), MR) for _ in range(count)]
    for n, ds in enumerate([ds for volume in found for ds in volume]):
        ds.InstanceNumber, ds.Manufacturer = n + 1, "SIEMENS"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, n + 1)
    return found


def test_comments_with_energies_are_of_images_of_their_own(tmp_path: Path) -> None:
    """Other numbers in comments may be those of times."""
    found = volumes(2)
    for energy, volume in zip((70, 50), found, strict=True):
        for ds in volume:
            ds.ImageComments = f"Mono {energy} keV"

    assert shapes_of(tmp_path, [ds for volume in found for ds in volume]) == [(1, SLICES)] * 2


def commented(comments: Sequence[str]) -> list[Dataset]:
    """Return a volume for each comment."""
    found = volumes(len(comments))
    for volume, text in zip(found, comments, strict=True):
        for ds in volume:
            ds.ImageComments = text
    return [ds for volume in found for ds in volume]


def test_images_that_only_their_comments_distinguish(tmp_path: Path) -> None:
    found = shapes_of(tmp_path, commented(["flip angle map, TraRefAmpl: 400.0 V", "relative phase map"]))

    assert found == [(1, SLICES)] * 2


@pytest.mark.parametrize(
    "comments",
    [["Reference volume for motion correction.", "Motion: 0.01,-0.02"], ["run 1", "run 2"], ["begin", "rest", "rest"]],
)
def test_comments_on_times_do_not_divide_an_image(comments: list[str], tmp_path: Path) -> None:
    assert shapes_of(tmp_path, commented(comments)) == [(len(comments), SLICES)]


def received_by(elements: Sequence[str]) -> list[Dataset]:
    """Return a volume for each (list of) coil elements."""
    found = volumes(len(elements))
    for volume, name in zip(found, elements, strict=True):
        add_private(volume, 0x0051, "SIEMENS MR HEADER", {0x0F: ("LO", name)})
    return [ds for volume in found for ds in volume]


def test_images_of_single_coil_elements_are_images_of_their_own(tmp_path: Path) -> None:
    assert shapes_of(tmp_path, received_by(["H1", "H2", "H12"])) == [(1, SLICES)] * 3


def test_elements_that_change_within_a_run_do_not_divide_it(tmp_path: Path) -> None:
    assert shapes_of(tmp_path, received_by(["T:HEA;HEP", "HEA;HEP;NE1", "HEA;HEP;NE1"])) == [(3, SLICES)]
