"""Contours that the grid does not hold, that are damaged or belong to nothing are reported."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from nifti_dicom_bridge import to_dicom, to_nifti
from support.drawn_regions import BOX, INNER, Drawing, drawn, label_maps, restored_bytes, warnings
from support.new_objects import made, save, series

pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_contours_that_enclose_nothing_are_reported(kind):
    drawing = Drawing()
    drawing.contour(drawing.roi(1, "isocenter"), np.array([[1, 1], [2, 2], [2, 1]]), 1, kind)
    folder = drawing.write()
    assert not label_maps(folder)[0].any()
    assert f"isocenter: 1 contour(s) enclose nothing ({kind})" in warnings(folder)


@pytest.mark.parametrize("kind", ["INTERPOLATED_PLANAR", "closed_planar", "CLOSED_PLANAR_XOR"])
def test_contours_of_closed_kinds_that_dicom_does_not_define_are_drawn_and_reported(kind):
    drawing = Drawing()
    contours = drawing.roi(1, "a")
    drawing.square(contours, 0)
    drawing.contour(contours, np.array([[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]]), 1, kind)
    folder = drawing.write()
    assert [int(plane.sum()) for plane in np.moveaxis(label_maps(folder)[0], -1, 0)] == [4, 4, 0]
    assert f"a: contours of the type {kind}, which DICOM does not define, are taken as closed" in warnings(folder)


def test_a_separator_at_the_end_of_points_is_no_point():
    drawing = Drawing()
    contours = drawing.roi(1, "a")
    drawing.square(contours, 1)
    item = contours.ContourSequence[0]
    raw = "\\".join([*map(str, item.ContourData), ""]).encode()
    raw += b" " * (len(raw) % 2)
    item._dict[0x30060050] = RawDataElement(Tag(0x30060050), "DS", len(raw), raw, 0, False, True)
    assert label_maps(drawing.write())[0].sum() == 4


def test_the_title_is_in_the_character_set_of_the_file():
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 1)
    drawing.ds.SpecificCharacterSet, drawing.ds.SeriesDescription = "ISO_IR 192", "Größe"
    entries = to_nifti([drawing.write(), "ct"], "titles").entries
    assert any("Größe" in entry.title for entry in entries), [entry.title for entry in entries]


def test_empty_regions_are_reported():
    drawing = Drawing()
    drawing.roi(4, "later")
    assert "later: no voxel center" in warnings(drawing.write())


@pytest.mark.parametrize(("number", "words"), [
    (2, "ROI 2: it has contours, but no item of StructureSetROISequence"),
    (1, "ROI 1: several items of ROIContourSequence refer to it"),
], ids=["not described", "one region"])  # fmt: skip
def test_contours_that_have_no_region_of_their_own_are_reported(number, words):
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 1)
    drawing.square(drawing.roi(number, "b"), 2)
    del drawing.ds.StructureSetROISequence[1]
    assert words in warnings(drawing.write())


def in_two_items() -> Path:
    """Write a region whose contours are in two items of ROIContourSequence."""
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 1)
    drawing.square(drawing.roi(1, "a"), 2)
    del drawing.ds.StructureSetROISequence[1]
    return drawing.write()


def test_contours_of_all_items_of_a_region_are_drawn():
    (voxels,) = label_maps(in_two_items())
    assert voxels.sum(axis=(0, 1)).tolist() == [0, 4, 4]
    assert restored_bytes() == Path("ct/rs.dcm").read_bytes()


def test_an_edit_replaces_contours_of_all_items_of_a_region():
    label_maps(in_two_items())
    (path,) = Path("nifti").glob("*plan.nii.gz")
    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj).copy()
    voxels[..., 2] = 0
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine, image.header), path)
    (made_of,) = to_dicom(path, "derived").outputs
    (item,) = pydicom.dcmread(made_of).ROIContourSequence
    assert {float(contour.ContourData[2]) for contour in item.ContourSequence} == {8.0}


def test_images_of_another_patient_are_reported():
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 1)
    assert "PatientID" not in warnings(drawing.write())
    drawing.ds.PatientID = "other"
    assert "its PatientID is not that of the images" in warnings(drawing.write())


def test_contours_outside_of_the_slices_are_reported():
    assert "1 contour(s) are outside of the slices" in warnings(drawn((1, "a", 0, BOX), (1, "a", 7, BOX)))


def test_contours_that_leave_the_plane_are_cut_off_and_reported():
    folder = drawn((1, "a", 0, (2.5, 1.5, 40, 40)))
    assert label_maps(folder)[0].sum() == 2 * 2
    assert "a: contours leave the grid" in warnings(folder)


def test_contours_off_a_slice_are_moved_to_it_and_reported():
    folder = drawn((1, "a", 1.3, BOX))
    assert label_maps(folder)[0][1, 1].tolist() == [0, 1, 0]
    assert "0.9 mm off their slice" in warnings(folder)


def test_of_several_planes_between_slices_the_nearest_is_drawn_and_the_others_are_reported():
    folder = drawn((1, "a", 0.8, BOX), (1, "a", 1, INNER), (1, "a", 1.2, BOX))
    assert label_maps(folder)[0].sum() == 2
    assert "2 plane(s) of contours between slices were left out" in warnings(folder)


def test_gaps_between_contours_are_reported():
    reference = series("wide")
    voxels = np.arange(-1000, -1000 + 5 * 4 * 9, dtype=np.int16).reshape(5, 4, 9)
    made(save("wide-image/image.nii", voxels), out="wide", kind="ct")
    drawing = Drawing("wide", reference)
    contours = drawing.roi(1, "a")
    for k in (0, 2, 4, 6, 8):
        drawing.square(contours, k)
    assert "drawn only every 2 slices" in warnings(drawing.write())


def test_contours_that_are_not_parallel_to_the_slices_are_not_drawn():
    drawing = Drawing()
    contours = drawing.roi(1, "sagittal")
    drawing.square(contours, 0)
    data = contours.ContourSequence[0].ContourData
    contours.ContourSequence[0].ContourData = [*data[:5], data[5] + 6, *data[6:]]
    folder = drawing.write()
    assert not label_maps(folder)[0].any()
    assert "not parallel to the slices" in warnings(folder)


def test_contours_with_missing_points_are_not_drawn():
    drawing = Drawing()
    contours = drawing.roi(1, "a")
    drawing.square(contours, 0)
    contours.ContourSequence[0].NumberOfContourPoints = 5
    assert "the points of 1 contour(s) cannot be read" in warnings(drawing.write())
