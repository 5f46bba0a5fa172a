"""RT Structure Sets become label maps or masks on the grid of their series, and the same RT Structure Sets again."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from made_here import MATRIX, made, save, series
from nifti_dicom_bridge import ConversionReport, Outcome, command_line_words, read, segments_of, to_dicom, to_nifti
from nifti_dicom_bridge.model.resample import has_labels

STORAGE = "1.2.840.10008.5.1.4.1.1.481.3"
SHAPE = (5, 4, 3)  # columns, rows, slices
Square = tuple[float, float, float, float]


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Drawing:
    """An RT Structure Set that refers to a series, drawn in its voxel coordinates: columns, rows, slices."""

    def __init__(self, folder: str = "ct", series_folder: Path | None = None):
        self.images = [pydicom.dcmread(path) for path in sorted((series_folder or series("ct")).rglob("*.dcm"))]
        self.images.sort(key=self._distance)
        self.folder, first = folder, self.images[0]
        self.ds = ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = STORAGE, generate_uid(), "RTSTRUCT"
        ds.PatientID, ds.PatientName, ds.StudyInstanceUID = first.PatientID, first.PatientName, first.StudyInstanceUID
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = generate_uid(), 9, "plan"
        ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "plan", "", ""
        one, study, space = Dataset(), Dataset(), Dataset()
        one.SeriesInstanceUID = first.SeriesInstanceUID
        study.RTReferencedSeriesSequence, space.FrameOfReferenceUID = [one], first.FrameOfReferenceUID
        space.RTReferencedStudySequence = [study]
        ds.ReferencedFrameOfReferenceSequence = [space]
        ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []

    def _distance(self, image: Dataset) -> float:
        row, column = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
        return float(np.cross(row, column) @ np.array(image.ImagePositionPatient))

    def roi(self, number: int, name: str, space: str = "") -> Dataset:
        """Add a region without contours, and return its item of ROIContourSequence."""
        item, contours = Dataset(), Dataset()
        item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = number, name, ""
        item.ReferencedFrameOfReferenceUID = space or self.images[0].FrameOfReferenceUID
        contours.ReferencedROINumber, contours.ROIDisplayColor, contours.ContourSequence = number, [255, 0, number % 256], []
        self.ds.StructureSetROISequence.append(item)
        self.ds.ROIContourSequence.append(contours)
        return contours

    def contour(self, contours: Dataset, points: np.ndarray, k: float, kind: str = "CLOSED_PLANAR") -> None:
        """Add a contour through points (column, row) at a slice, which may be between slices."""
        one, whole = Dataset(), int(np.clip(np.floor(k), 0, len(self.images) - 2))
        image, after = self.images[whole], self.images[whole + 1]
        row, column = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
        step = np.array(after.ImagePositionPatient) - np.array(image.ImagePositionPatient)
        start = np.array(image.ImagePositionPatient) + (k - whole) * step
        flat = np.asarray(points, float)
        lps = start + flat[:, :1] * row * image.PixelSpacing[1] + flat[:, 1:2] * column * image.PixelSpacing[0]
        one.ContourGeometricType, one.NumberOfContourPoints = kind, len(lps)
        one.ContourData = [f"{value:.6g}" for value in lps.ravel()]
        contours.ContourSequence.append(one)

    def square(self, contours: Dataset, k: float, box: Square = (0.5, 0.5, 2.5, 2.5)) -> None:
        """Add a square: from the first to the last column and row."""
        left, top, right, bottom = box
        self.contour(contours, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), k)

    def write(self) -> Path:
        """Write it next to the series."""
        self.ds.save_as(Path(self.folder) / "rs.dcm", enforce_file_format=True)
        return Path(self.folder)


def drawn(*boxes: tuple[int, str, float, Square]) -> Path:
    """Write an RT Structure Set of squares: number and name of the region, slice, box."""
    drawing, contours = Drawing(), {}
    for number, name, k, box in boxes:
        if number not in contours:
            contours[number] = drawing.roi(number, name)
        drawing.square(contours[number], k, box)
    return drawing.write()


def converted(folder: Path, **options) -> ConversionReport:
    report = to_nifti(folder, "nifti", overwrite=True, **options)
    assert [entry.error for entry in report.entries if entry.outcome is Outcome.FAILED] == []
    return report


def label_maps(folder: Path, **options) -> list[np.ndarray]:
    """Return the label maps in the order of their names, axes (columns, rows, slices) as the DICOM has them."""
    paths = [path for path in converted(folder, **options).outputs if path.name.endswith(".nii.gz")]
    images = [nibabel.load(path) for path in sorted(paths) if "plan" in path.name]
    return [np.flip(np.asarray(image.dataobj), 1) for image in images]


def warnings(folder: Path, **options) -> str:
    return "\n".join(sentence for entry in converted(folder, **options).entries for sentence in entry.log.warnings)


def reason(*inputs: Path, **options) -> str:
    """Return why the RT Structure Set was skipped."""
    report = to_nifti(inputs, "nifti", overwrite=True, **options)
    (entry,) = (entry for entry in report.entries if entry.title == "rs.dcm")
    assert entry.outcome is Outcome.SKIPPED
    return entry.error


BOX = (0.5, 0.5, 2.5, 2.5)
INNER = (1.5, 1.5, 3.5, 2.5)


# --- voxels -----------------------------------------------------------------------------------------------------------


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


# --- what the grid does not hold --------------------------------------------------------------------------------------


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


# --- which series -----------------------------------------------------------------------------------------------------


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


# --- and back ---------------------------------------------------------------------------------------------------------


def with_a_region_elsewhere() -> Path:
    """Write regions "there", without images in its frame of reference, and "here"."""
    drawing = Drawing()
    drawing.square(drawing.roi(2, "there", generate_uid()), 1)
    drawing.square(drawing.roi(7, "here"), 0)
    return drawing.write()


def restored_bytes() -> bytes:
    report = to_dicom("nifti", "back", uids="keep", names="original", overwrite=True)
    assert [entry.error for entry in report.entries if entry.error] == []
    return Path("back/rs.dcm").read_bytes()


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
