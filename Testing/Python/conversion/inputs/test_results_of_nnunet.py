"""Predictions and probabilities of nnU-Net."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import to_dicom
from support.new_objects import MATRIX
from support.tool_results import AXES, PLAIN, SHAPE, codes, converted, prediction, save, texts

pytestmark = pytest.mark.usefixtures("next_to_a_ct")


REGIONS = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "whole": [1, 2], "core": 2}, "regions_class_order": [1, 2]}


def test_the_names_of_a_prediction_are_those_of_its_dataset() -> None:
    path, _ = prediction(PLAIN)
    report, seg = converted(path)
    assert codes(seg) == {"liver": "10200004", "tumor": "108369006"}
    assert 'segmentation="fractional" writes them' in texts(report)


@pytest.mark.parametrize("dataset", [PLAIN, REGIONS], ids=["classes", "regions"])
def test_probabilities_become_a_fractional_segmentation_where_they_are(dataset: dict) -> None:
    import highdicom

    path, probabilities = prediction(dataset, 3 if dataset is PLAIN else 2)
    _, seg = converted(path, segmentation="fractional")
    wanted = probabilities[1:] if dataset is PLAIN else probabilities
    assert seg.SegmentationType == "FRACTIONAL"
    volume = highdicom.seg.segread(next(Path("out").rglob("*.dcm"))).get_volume()
    lps_of_image = np.diag([-1, -1, 1, 1]) @ MATRIX
    for index in np.ndindex(SHAPE):
        place = np.linalg.inv(volume.affine) @ lps_of_image @ (*index, 1)
        found = volume.array[tuple(np.rint(place[:3]).astype(int))]
        assert found == pytest.approx(wanted[(slice(None), *index[::-1])], abs=0.003)


def test_regions_become_segments_that_overlap() -> None:
    import highdicom

    path, _ = prediction(REGIONS, 2)
    values = nibabel.load(path).get_fdata()
    _, seg = converted(path)
    assert [item.SegmentLabel for item in seg.SegmentSequence] == ["whole", "core"]
    found = highdicom.seg.segread(next(Path("out").rglob("*.dcm"))).get_volume()
    assert found.array.sum(axis=(0, 1, 2)).tolist() == [(values > 0).sum(), (values == 2).sum()]


def test_regions_become_regions_of_interest_that_overlap() -> None:
    path, _ = prediction(REGIONS, 2)
    _, plan = converted(path, kind="rtstruct")
    assert [roi.ROIName for roi in plan.StructureSetROISequence] == ["whole", "core"]


def test_probabilities_in_another_order_of_axes_are_refused() -> None:
    path, probabilities = prediction(PLAIN)
    np.savez(path.parent / "case_01.npz", probabilities=probabilities[:, ::-1])
    report = to_dicom(path, "out", reference="ct", segmentation="fractional")
    assert "do not give the label map next to them" in texts(report)
    np.savez(path.parent / "case_01.npz", probabilities=probabilities.transpose(0, 3, 2, 1))
    report = to_dicom(path, "out", reference="ct", segmentation="fractional")
    assert "classes × 3 × 4 × 5 (z, y, x) was expected" in texts(report)


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_a_damaged_array_is_refused_with_its_name(content: bytes) -> None:
    path, _ = prediction(PLAIN)
    (path.parent / "case_01.npz").write_bytes(content)
    report = to_dicom(path, "out", reference="ct", segmentation="fractional")
    assert "case_01.npz: damaged" in texts(report)


def test_the_names_of_a_dataset_are_not_those_of_an_image_with_other_values() -> None:
    path, _ = prediction(PLAIN)
    save("predictions/other_seg.nii.gz", np.where(AXES[0] > 2, 7, 0).astype(np.uint8))
    report = to_dicom(path.parent / "other_seg.nii.gz", "out", reference="ct")
    assert "which lacks 7" in texts(report)
