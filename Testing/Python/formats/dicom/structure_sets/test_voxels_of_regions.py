"""Voxels, names and numbers of RT Structure Sets: label maps and masks on the grid of their series."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import read, segments_of, to_dicom
from nifti_dicom_bridge.model.space.resample import has_labels
from support.drawn_regions import BOX, INNER, Drawing, converted, drawn, label_maps, restored_bytes, warnings
from support.new_objects import MATRIX, series

pytestmark = pytest.mark.usefixtures("there")


def test_voxels_whose_centers_are_in_the_contours_have_the_number_of_the_region():
    (voxels,) = label_maps(drawn((7, "Liver", 1, BOX)))
    assert sorted(map(tuple, np.argwhere(voxels == 7))) == [(1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1)]
    assert voxels.sum() == 4 * 7


def test_names_colors_and_numbers_are_those_of_the_regions():
    drawing = Drawing()
    drawing.square(drawing.roi(3, "GTV / 1"), 0)
    drawing.square(drawing.roi(9, "PTV"), 2)
    (volume,) = (volume for volume in read(drawing.write()) if segments_of(volume))
    assert [(one.number, one.label, one.color) for one in segments_of(volume)] == [
        (3, "GTV / 1", (255, 0, 3)),
        (9, "PTV", (255, 0, 9)),
    ]


def test_numbers_of_regions_are_labels_which_are_never_averaged():
    (volume,) = (volume for volume in read(drawn((7, "Liver", 1, BOX))) if segments_of(volume))
    assert has_labels(volume)


def test_contours_in_others_are_holes_and_that_is_reported():
    folder = drawn((1, "ring", 0, (-0.5, -0.5, 3.5, 2.5)), (1, "ring", 0, (0.5, 0.5, 2.5, 1.5)))
    assert label_maps(folder)[0].sum() == 12 - 2
    assert "ring: contours within others are holes" in warnings(folder)


def test_contours_that_cross_are_reported():
    assert "cross each other" in warnings(drawn((1, "x", 0, BOX), (1, "x", 0, INNER)))


def test_a_contour_that_is_there_twice_is_not_its_own_hole():
    drawing = Drawing()
    contours = drawing.roi(1, "x")
    drawing.square(contours, 0)
    points = np.array([[2.5, 2.5], [2.5, 0.5], [0.5, 0.5], [0.5, 2.5]])  # the same square, from another corner, the other way
    drawing.contour(contours, points, 0)
    folder = drawing.write()
    assert label_maps(folder)[0].sum() == 4
    assert "x: contours occur twice in a slice" in warnings(folder)


def test_contours_of_too_few_points_are_reported():
    drawing = Drawing()
    contours = drawing.roi(1, "x")
    drawing.square(contours, 0)
    drawing.contour(contours, np.array([[0.5, 0.5], [2.5, 2.5]]), 1)
    assert "x: 1 contour(s) enclose nothing, as they have fewer than 3 points" in warnings(drawing.write())


def test_an_offset_of_contours_is_reported():
    drawing = Drawing()
    contours = drawing.roi(1, "x")
    drawing.square(contours, 0)
    contours.ContourSequence[0].ContourOffsetVector = [0, 0, 1]
    assert "x: ContourOffsetVector (3006,0045) of 1 contour(s) is not applied" in warnings(drawing.write())


def test_contours_that_refer_to_images_of_another_series_are_reported():
    drawing, other = Drawing(), series("ct/other", MATRIX)
    for number, name, image in ((1, "own", drawing.images[0]), (2, "strange", pydicom.dcmread(next(other.rglob("*.dcm"))))):
        contours, reference = drawing.roi(number, name), Dataset()
        drawing.square(contours, 0)
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
        contours.ContourSequence[0].ContourImageSequence = [reference]
    assert "strange: contours refer to images of other series" in warnings(drawing.write())


@pytest.mark.parametrize(("k", "is_reported"), [(0.0, True), (0.4, True), (0.6, False), (1.0, False)])
def test_contours_that_refer_to_the_image_of_another_slice_are_drawn_where_their_points_are_and_reported(k, is_reported):
    drawing, reference = Drawing(), Dataset()
    contours = drawing.roi(1, "x")
    drawing.square(contours, k)
    reference.ReferencedSOPInstanceUID = drawing.images[1].SOPInstanceUID
    contours.ContourSequence[0].ContourImageSequence = [reference]
    folder = drawing.write()
    assert label_maps(folder)[0][..., round(k)].sum() == 4
    assert ("x: 1 contour(s) refer to images that are up to" in warnings(folder)) == is_reported


def test_regions_that_overlap_become_several_label_maps():
    first, second = label_maps(drawn((1, "a", 0, BOX), (2, "b", 0, INNER), (3, "c", 2, BOX)))
    assert (set(np.unique(first)), set(np.unique(second))) == ({0, 1, 3}, {0, 2})


def test_every_region_can_become_a_mask():
    folder = drawn((1, "a/b:c", 0, BOX), (2, "b", 0, INNER), (5, "a/b:c", 2, BOX))
    masks = label_maps(folder, rois="masks")
    assert [int(mask.sum()) for mask in masks] == [4, 4, 2]
    assert all(set(np.unique(mask)) == {0, 1} for mask in masks)
    assert sorted(path.name for path in Path("nifti").glob("*plan*.nii.gz")) == [
        "9_plan_a_b_c.nii.gz",
        "9_plan_a_b_c_2.nii.gz",
        "9_plan_b.nii.gz",
    ]


def two_regions(*numbers: int) -> Path:
    drawing = Drawing()
    for n, number in enumerate(numbers):
        drawing.square(drawing.roi(number, f"r{n}"), 2 * n)
    return drawing.write()


@pytest.mark.parametrize("numbers", [(0, 4), (1, 70000)], ids=["zero", "too large"])
def test_numbers_that_cannot_be_labels_are_replaced_and_reported(numbers):
    folder = two_regions(*numbers)
    assert set(np.unique(label_maps(folder)[0])) == {0, 1, 2}
    assert "ROI numbers are not unique" in warnings(folder)


def test_contours_of_a_number_that_two_regions_have_are_left_out():
    """Each of the two would have a name that may be that of the other."""
    folder = two_regions(2, 2)
    assert not any(voxels.any() for voxels in label_maps(folder))
    assert "ROI 2: several regions have this number" in warnings(folder)
    assert restored_bytes() == (folder / "rs.dcm").read_bytes()


def test_an_edit_of_a_number_that_two_regions_have_is_refused():
    converted(two_regions(2, 2))
    (path,) = Path("nifti").glob("*plan.nii.gz")
    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj).copy()
    voxels[0, 0, 0] = 2
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine, image.header), path)
    (entry,) = to_dicom(path, "derived").entries
    assert "several regions of the original have its number 2" in entry.error
