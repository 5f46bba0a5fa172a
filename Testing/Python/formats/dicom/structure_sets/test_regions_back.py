"""RT Structure Sets come back byte for byte, or as derived ones with the contours of edited slices traced again."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome, to_dicom
from support.drawn_regions import BOX, INNER, Drawing, converted, drawn, label_maps, restored_bytes, with_a_region_elsewhere
from support.new_objects import MATRIX, series

pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize("rois", ["labelmap", "masks"])
def test_unedited_it_comes_back_byte_for_byte(rois):
    folder = drawn((1, "a", 0, BOX), (2, "b", 0, INNER), (8, "c", 2, BOX))
    converted(folder, rois=rois)
    assert restored_bytes() == (folder / "rs.dcm").read_bytes()


def test_one_of_several_images_is_not_enough():
    converted(drawn((1, "a", 0, BOX), (2, "b", 0, INNER)))
    (path,) = Path("nifti").glob("*plan.nii.gz")
    (entry,) = to_dicom(path, "back").entries
    assert "give all of them together" in entry.error


def edit(change) -> Dataset:
    """Change the voxels of the label map, and return the derived object."""
    (path,) = Path("nifti").glob("*plan*.nii.gz")
    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj).copy()
    change(np.flip(voxels, 1))
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine, image.header), path)
    report = to_dicom(path, "derived", overwrite=True)
    assert report.entries[0].outcome is Outcome.DERIVED
    return pydicom.dcmread(report.outputs[0])


def paint(voxels: np.ndarray) -> None:
    voxels[4, 3, 2] = 7


def test_only_contours_of_edited_slices_are_traced_anew():
    converted(drawn((7, "a", 0, (0.4, 0.4, 2.6, 2.6)), (7, "a", 2, BOX)))
    before = pydicom.dcmread("ct/rs.dcm").ROIContourSequence[0].ContourSequence
    after = edit(paint).ROIContourSequence[0].ContourSequence
    assert after[0].ContourData == before[0].ContourData
    assert len(after) == 3


def test_the_derived_object_gives_the_edited_voxels():
    converted(drawn((7, "a", 0, BOX), (7, "a", 2, BOX)))
    edited = edit(paint)
    (Path("ct") / "rs.dcm").unlink()
    edited.save_as("ct/rs.dcm")
    voxels = label_maps(Path("ct"))[0]
    assert (voxels[4, 3, 2], int((voxels == 7).sum())) == (7, 9)


def test_the_derived_object_is_another_one_that_is_not_approved():
    drawing = Drawing()
    drawing.square(drawing.roi(7, "a"), 0)
    drawing.ds.ApprovalStatus, drawing.ds.ReviewerName = "APPROVED", "Doctor^D"
    drawing.ds.ReviewDate, drawing.ds.ReviewTime = "20260101", "120000"
    converted(drawing.write())
    edited = edit(paint)
    assert (edited.ApprovalStatus, "ReviewerName" in edited) == ("UNAPPROVED", False)
    assert edited.SOPInstanceUID != drawing.ds.SOPInstanceUID
    assert edited.PredecessorStructureSetSequence[0].ReferencedSOPInstanceUID == drawing.ds.SOPInstanceUID


def test_a_new_label_becomes_a_new_region():
    converted(drawn((7, "a", 0, BOX)))

    def add(voxels: np.ndarray) -> None:
        voxels[3:, 3, 1] = 9

    edited = edit(add)
    assert [(roi.ROINumber, roi.ROIName) for roi in edited.StructureSetROISequence] == [(7, "a"), (9, "Label 9")]
    assert len(edited.ROIContourSequence[1].ContourSequence) == 1


def test_new_contours_refer_to_the_image_that_other_contours_of_their_slice_refer_to():
    drawing, reference = Drawing(), Dataset()
    for number, k in ((7, 0), (8, 1)):
        drawing.square(drawing.roi(number, f"{number}"), k)
    reference.ReferencedSOPInstanceUID = drawing.images[1].SOPInstanceUID
    drawing.ds.ROIContourSequence[1].ContourSequence[0].ContourImageSequence = [reference]
    converted(drawing.write())

    def add(voxels: np.ndarray) -> None:
        voxels[3:, 3, 1], voxels[0, 0, 1] = 9, 7

    regions = edit(add).ROIContourSequence
    new = [regions[0].ContourSequence[-1], regions[2].ContourSequence[0]]
    assert [contour.ContourImageSequence[0].ReferencedSOPInstanceUID for contour in new] == [
        reference.ReferencedSOPInstanceUID
    ] * 2


def test_edits_leave_regions_without_images_as_they_are():
    before = pydicom.dcmread(with_a_region_elsewhere() / "rs.dcm")
    converted(Path("ct"))
    edited = edit(paint)
    assert edited.ROIContourSequence[0].ContourSequence == before.ROIContourSequence[0].ContourSequence
    assert len(edited.ROIContourSequence[1].ContourSequence) == 2


def test_a_new_region_is_in_the_frame_of_reference_of_those_drawn():
    converted(with_a_region_elsewhere())

    def add(voxels: np.ndarray) -> None:
        voxels[3:, 3, 1] = 2  # the number of the region without images

    edited = edit(add)
    assert [roi.ROIName for roi in edited.StructureSetROISequence] == ["there", "here", "Label 2"]
    (_, drawn_one, new) = (roi.ReferencedFrameOfReferenceUID for roi in edited.StructureSetROISequence)
    assert new == drawn_one


def test_a_region_that_was_erased_stays_without_contours():
    converted(drawn((7, "a", 0, BOX)))

    def erase(voxels: np.ndarray) -> None:
        voxels[...] = 0

    edited = edit(erase)
    assert len(edited.StructureSetROISequence) == 1
    assert "ContourSequence" not in edited.ROIContourSequence[0]


def test_de_identified_it_has_no_patient_and_new_uids():
    converted(drawn((7, "a", 0, BOX)), deidentify=True)
    before = pydicom.dcmread("ct/rs.dcm")
    report = to_dicom("nifti", "back")
    (back,) = (ds for ds in map(pydicom.dcmread, report.outputs) if ds.Modality == "RTSTRUCT")
    assert (back.PatientID, back.PatientName) == ("", "")
    assert back.SOPInstanceUID != before.SOPInstanceUID
    assert (
        back.ROIContourSequence[0].ContourSequence[0].ContourData == before.ROIContourSequence[0].ContourSequence[0].ContourData
    )


def test_it_becomes_a_segmentation():
    converted(drawn((7, "Liver", 0, BOX)))
    (path,) = Path("nifti").glob("*plan.nii.gz")
    (seg,) = map(pydicom.dcmread, to_dicom(path, "seg", kind="seg").outputs)
    assert (seg.Modality, seg.SegmentSequence[0].SegmentLabel) == ("SEG", "Liver")
    assert int(seg.pixel_array.sum()) == 4


@pytest.mark.parametrize("reference", [None, "ct"])
def test_a_segmentation_of_regions_is_in_their_frame_of_reference(reference):
    converted(drawn((7, "Liver", 0, BOX)))
    image = pydicom.dcmread(next(path for path in Path("ct").rglob("*.dcm") if path.name != "rs.dcm"))
    (path,) = Path("nifti").glob("*plan.nii.gz")
    (seg,) = map(pydicom.dcmread, to_dicom(path, "seg", kind="seg", reference=reference).outputs)
    assert seg.FrameOfReferenceUID == image.FrameOfReferenceUID
    found = [item.SeriesInstanceUID for item in seg.get("ReferencedSeriesSequence", [])]
    assert found == ([image.SeriesInstanceUID] if reference else [])


def test_a_region_whose_name_has_a_backslash_is_one_segment_label():
    converted(drawn((7, "x\\y", 0, BOX)))
    (path,) = Path("nifti").glob("*plan.nii.gz")
    (seg,) = map(pydicom.dcmread, to_dicom(path, "seg", kind="seg").outputs)
    assert seg.SegmentSequence[0].SegmentLabel == "x y"


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (0, 2, 1)], ids=["axial", "sagittal", "coronal"])
def test_contours_of_other_planes_are_drawn_in_them(order):
    matrix = MATRIX[:, [*order, 3]]
    drawing = Drawing(series_folder=series("ct", matrix))
    drawing.square(drawing.roi(1, "a"), 1)
    assert label_maps(drawing.write())[0].sum() == 4
