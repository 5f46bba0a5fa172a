"""On which series regions are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from nifti_dicom_bridge import Outcome, command_line_words, to_nifti
from support.drawn_regions import BOX, Drawing, drawn, label_maps, restored_bytes, warnings, with_a_region_elsewhere
from support.new_objects import series

pytestmark = pytest.mark.usefixtures("there")


def reason(*inputs: Path, **options) -> str:
    """Return why the RT Structure Set was skipped."""
    report = to_nifti(inputs, "nifti", overwrite=True, **options)
    (entry,) = (entry for entry in report.entries if entry.title == "rs.dcm")
    assert entry.outcome is Outcome.SKIPPED
    return entry.error


def test_a_form_of_regions_that_was_not_applied_is_reported():
    report = to_nifti(series("ct"), "nifti", rois="masks")
    assert report.notes == ['rois="masks" was not applied: it is for RT Structure Sets, and the input contains none']
    assert "--rois masks was not applied" in report.in_words(command_line_words).notes[0]


def test_without_its_series_it_is_skipped_and_the_option_is_named():
    drawn((1, "a", 0, BOX))
    other = series("other", kind="mr")
    (Path("ct") / "rs.dcm").rename(other / "rs.dcm")
    assert "reference=" in reason(other)


def test_the_series_can_be_named():
    folder = drawn((1, "a", 0, BOX))
    Path("alone").mkdir()
    (folder / "rs.dcm").rename("alone/rs.dcm")
    assert label_maps(Path("alone"), reference="ct")[0].sum() == 4


def test_a_named_series_in_another_frame_of_reference_is_refused():
    folder = drawn((1, "a", 0, BOX))
    Path("alone").mkdir()
    (folder / "rs.dcm").rename("alone/rs.dcm")
    assert "another frame of reference" in reason(Path("alone"), series("mr", kind="mr"), reference="mr")


def without_frame_of_reference() -> Path:
    """Write an RT Structure Set that refers to nothing, next to its series, and return the folder that it is in alone."""
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 0)
    del drawing.ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    del drawing.ds.ReferencedFrameOfReferenceSequence
    folder = drawing.write()
    Path("alone").mkdir()
    (folder / "rs.dcm").rename("alone/rs.dcm")
    return Path("alone")


def test_regions_without_a_frame_of_reference_are_drawn_on_the_series_that_is_named():
    folder = without_frame_of_reference()
    assert label_maps(folder, reference="ct")[0].sum() == 4
    assert "whether they are in the same space is unknown" in warnings(folder, reference="ct")


def test_regions_without_a_frame_of_reference_are_not_drawn_on_any_series():
    assert "specify neither a frame of reference nor images" in reason(without_frame_of_reference(), Path("ct"))


def test_the_only_series_in_the_frame_of_reference_is_taken_and_reported():
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 0)
    drawing.ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[
        0
    ].SeriesInstanceUID = generate_uid()
    folder = drawing.write()
    assert label_maps(folder)[0].sum() == 4
    assert "the only one in its frame of reference" in warnings(folder)


def test_the_only_series_in_the_frame_of_reference_is_not_taken_of_another_patient():
    drawing = Drawing()
    drawing.square(drawing.roi(1, "a"), 0)
    drawing.ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[
        0
    ].SeriesInstanceUID = generate_uid()
    drawing.ds.PatientID = "other"
    folder = drawing.write()
    assert "reference=" in reason(folder)
    Path("alone").mkdir()
    (folder / "rs.dcm").rename("alone/rs.dcm")
    assert "its PatientID is not that of the images" in warnings(Path("alone"), reference="ct")


def test_regions_of_several_frames_of_reference_are_drawn_on_the_series_of_each():
    drawing, other = Drawing(), series("mr", kind="mr")
    first = pydicom.dcmread(next(other.rglob("*.dcm")))
    drawing.square(drawing.roi(1, "on ct"), 0)
    contours = drawing.roi(2, "on mr", first.FrameOfReferenceUID)
    drawing.square(contours, 1)
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = first.SOPClassUID, first.SOPInstanceUID
    contours.ContourSequence[0].ContourImageSequence = [image]
    drawing.write()
    Path("mr").rename("ct/mr")
    assert [set(np.unique(voxels)) for voxels in label_maps(Path("ct"))] == [{0, 1}, {0, 2}]


def test_regions_whose_series_is_missing_are_reported_and_come_back_all_the_same():
    drawing = Drawing()
    drawing.square(drawing.roi(1, "here"), 0)
    drawing.square(drawing.roi(2, "there", generate_uid()), 1)
    folder = drawing.write()
    assert "there: the images of their frame of reference are not in the input" in warnings(folder)
    assert restored_bytes() == (folder / "rs.dcm").read_bytes()


def test_a_region_is_drawn_though_one_of_its_name_has_no_images():
    drawing = Drawing()
    drawing.square(drawing.roi(2, "GTV", generate_uid()), 1)
    drawing.square(drawing.roi(1, "GTV"), 0)
    (voxels,) = label_maps(drawing.write())
    assert ((voxels == 1).sum(), (voxels == 2).sum()) == (4, 0)


def test_of_masks_only_regions_that_were_drawn_have_one():
    folder = with_a_region_elsewhere()
    assert [int(mask.sum()) for mask in label_maps(folder, rois="masks")] == [4]
    assert "there: the images of their frame of reference are not in the input" in warnings(folder, rois="masks")
    assert restored_bytes() == (folder / "rs.dcm").read_bytes()
