"""Masks along the fourth axis: segments of one object, or times."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Kind, read
from support.new_objects import MATRIX, entry_of, made, refused, save, series

pytestmark = pytest.mark.usefixtures("there")
LABELS = np.zeros((5, 4, 3), np.uint8)
LABELS[1:3, 1:3, :2], LABELS[3, 2:, 1:] = 1, 2
ONE_HOT = np.stack([n == LABELS for n in range(3)], axis=-1).astype(np.float32)
REGIONS = np.stack([LABELS > 0, LABELS == 2], axis=-1).astype(np.uint8)
TWO_NAMES = {"1": "liver", "2": "spleen"}


def found(masks: np.ndarray, names: dict[str, str] | None = None, **choices) -> dict[str, int]:
    """Return the voxels of each segment of the only object, by its name."""
    if names is not None:
        Path("names.json").write_text(json.dumps(names))
        choices["labels"] = "names.json"
    (ds,) = made(save("a_seg.nii", masks), reference=series("ct"), kind="seg", **choices)
    frames = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)
    groups = ds.PerFrameFunctionalGroupsSequence
    numbers = [item.SegmentIdentificationSequence[0].ReferencedSegmentNumber for item in groups]
    return {
        item.SegmentLabel: int(sum(frame.sum() for frame, n in zip(frames, numbers, strict=True) if n == item.SegmentNumber))
        for item in ds.SegmentSequence
    }


SIZES = {"liver": int((LABELS == 1).sum()), "spleen": int((LABELS == 2).sum())}


@pytest.mark.parametrize("scale", [1, 255])
def test_one_hot_masks_have_the_names_of_their_labels_without_the_background(scale: int):
    assert found(ONE_HOT * scale, TWO_NAMES) == SIZES


def test_as_many_masks_as_labels_are_these_labels():
    assert found(ONE_HOT[..., 1:], TWO_NAMES) == SIZES


def test_masks_that_overlap_are_segments_that_overlap():
    assert found(REGIONS, {"1": "tumor", "2": "core"}) == {"tumor": sum(SIZES.values()), "core": SIZES["spleen"]}


def test_masks_of_which_each_voxel_is_in_one_are_segments_without_names_too():
    assert found(ONE_HOT) == {"Label 1": SIZES["liver"], "Label 2": SIZES["spleen"]}


@pytest.mark.parametrize("corner", list(itertools.product((0, -1), repeat=3)))
def test_the_first_mask_is_a_segment_if_a_corner_is_in_another_one(corner: tuple[int, ...]):
    labels = LABELS.copy()
    labels[corner] = 2
    masks = np.stack([n == labels for n in range(3)], axis=-1).astype(np.uint8)
    assert found(masks) == {f"Label {n + 1}": int((labels == n).sum()) for n in range(3)}


def test_what_masks_were_taken_for_is_reported():
    warnings = entry_of(save("a_seg.nii", ONE_HOT), reference=series("ct"), kind="seg").log.warnings
    assert any("3 masks along the fourth axis were taken for segments" in text for text in warnings)


def test_another_number_of_labels_is_refused():
    Path("names.json").write_text(json.dumps({**TWO_NAMES, "3": "kidney", "4": "pancreas"}))
    error = refused(save("a_seg.nii", ONE_HOT), reference=series("ct"), kind="seg", labels="names.json")
    assert "3 masks along its fourth axis" in error
    assert "4 labels are described" in error


@pytest.mark.parametrize("names", [{}, {"1": "liver"}])
def test_one_label_at_several_times_has_an_object_for_each(names: dict[str, str]):
    masks = np.stack([LABELS == 1, LABELS > 0], axis=-1).astype(np.uint8)
    Path("names.json").write_text(json.dumps(names or TWO_NAMES))
    choices = {"labels": "names.json"} if names else {}
    objects = made(save("a_seg.nii", masks), reference=series("ct"), kind="seg", **choices)
    assert [len(ds.SegmentSequence) for ds in objects] == [1, 1]


@pytest.mark.parametrize("times", [2, 3])
def test_times_of_a_label_other_than_1_are_not_segments(times: int):
    """Each had the name of another label."""
    masks = np.repeat((LABELS > 0)[..., None] * np.uint8(2), times, axis=-1)
    Path("names.json").write_text(json.dumps(TWO_NAMES))
    objects = made(save("a_seg.nii", masks), reference=series("ct"), kind="seg", labels="names.json")
    assert [[item.SegmentLabel for item in ds.SegmentSequence] for ds in objects] == [["spleen"]] * times


def test_masks_become_regions_of_interest_too():
    Path("names.json").write_text(json.dumps(TWO_NAMES))
    (ds,) = made(save("a_seg.nii", ONE_HOT), reference=series("ct"), kind=Kind.RTSTRUCT, labels="names.json")
    assert [item.ROIName for item in ds.StructureSetROISequence] == ["liver", "spleen"]


def test_segments_of_masks_come_back_where_they_were():
    Path("names.json").write_text(json.dumps(TWO_NAMES))
    made(save("a_seg.nii", ONE_HOT), reference=series("ct"), kind="seg", labels="names.json")
    (volume,) = read("out")
    image = volume.to_nibabel()
    places = np.argwhere(np.asarray(image.dataobj) == 2) @ image.affine[:3, :3].T + image.affine[:3, 3]
    wanted = np.argwhere(LABELS == 2) @ MATRIX[:3, :3].T + MATRIX[:3, 3]
    assert np.allclose(sorted(places.tolist()), sorted(wanted.tolist()))


def _cine(like_times: bool) -> Path:
    """Write two masks that overlap, as one label at two times does, or that do not, and two names."""
    Path("names.json").write_text(json.dumps(TWO_NAMES))
    masks = np.stack([LABELS == 1, LABELS > 0] if like_times else [LABELS == 1, LABELS == 2], axis=-1)
    return save("a_seg.nii", masks.astype(np.uint8))


def _times(path: Path, statement: str) -> dict[str, object]:
    """State that the fourth axis is time, and return the options."""
    if statement == "sidecar":
        path.with_suffix(".json").write_text('{"RepetitionTime": 2}')
    if statement in ("header", "ITK"):
        image = nibabel.load(path)
        changed = nibabel.Nifti1Image(np.array(image.dataobj), image.affine, image.header)
        changed.header.set_xyzt_units("mm", "sec")
        changed.header.set_zooms((*image.header.get_zooms()[:3], 0.04 if statement == "header" else 1.0))
        nibabel.save(changed, path)
    if statement == "reference":
        voxels = np.stack([np.arange(60, dtype=np.int16).reshape(5, 4, 3)] * 2, axis=-1)
        made(save("cine-image/cine.nii", voxels), out="cine", kind=Kind.MR)
        return {"reference": "cine"}
    return {"reference": series("ct")}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("sidecar", "its sidecar specifies RepetitionTime"),
        ("header", "its header specifies 0.04 s"),
        ("reference", "has 2 times"),
    ],
)
def test_masks_that_overlap_are_refused_if_something_states_that_they_are_times(statement: str, words: str):
    path = _cine(like_times=True)
    options = _times(path, statement)
    error = refused(path, kind="seg", labels="names.json", **options)
    assert words in error
    assert "describe that label only" in error
    Path("names.json").write_text('{"1": "liver"}')
    objects = made(path, kind="seg", labels="names.json", **options)
    assert [[item.SegmentLabel for item in ds.SegmentSequence] for ds in objects] == [["liver"]] * 2


@pytest.mark.parametrize("like_times", [True, False])
def test_the_time_that_itk_writes_for_any_image_does_not_make_masks_times(like_times: bool):
    path = _cine(like_times)
    (ds,) = made(path, kind="seg", labels="names.json", **_times(path, "ITK"))
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["liver", "spleen"]


@pytest.mark.parametrize("statement", ["sidecar", "header", "reference"])
def test_masks_that_share_no_voxel_are_segments_whatever_the_header_has(statement: str):
    path = _cine(like_times=False)
    (ds,) = made(path, kind="seg", labels="names.json", **_times(path, statement))
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["liver", "spleen"]
