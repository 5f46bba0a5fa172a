"""Which reference an image belongs to, and what it takes from it."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from nifti_dicom_bridge import Kind, OptionError, read, to_nifti
from phantoms import PHANTOMS
from phantoms.base import put_raw
from support.new_objects import MATRIX, entry_of, made, refused, save, series

MASK = (np.arange(60).reshape(5, 4, 3) % 7 == 0).astype(np.uint8)


pytestmark = pytest.mark.usefixtures("there")


def shifted(distance_mm: float) -> np.ndarray:
    found = MATRIX.copy()
    found[2, 3] += distance_mm
    return found


def first_of(folder: Path) -> pydicom.Dataset:
    return pydicom.dcmread(next(folder.rglob("*.dcm")))


def test_the_reference_is_always_reported():
    warnings = entry_of(save("a_seg.nii", MASK), reference=series("ct")).log.warnings
    assert any("patient P1 Ada^A" in warning and "same grid" in warning for warning in warnings)


OTHERS = [({"PatientID": "P2"}, "2 patients"), ({"StudyInstanceUID": "1.2.3.2"}, "2 studies"), ({}, "2 series"),
          ({"PatientName": "ADA A"}, "2 series"), ({"PatientName": "Bob^B"}, "2 patients")]  # fmt: skip


@pytest.mark.parametrize(("attributes", "word"), OTHERS)
def test_a_folder_that_leaves_the_choice_open_is_refused_with_the_list(attributes, word):
    series("all/one", SeriesDescription="first")
    series("all/other", SeriesDescription="second", **attributes)
    error = refused(save("a.nii", MASK), reference="all", kind="seg")
    assert word in error
    assert "first" in error
    assert "second" in error


def test_a_series_of_two_frames_of_reference_that_fit_equally_is_refused():
    folder = series("two")
    files = sorted(Path(folder).rglob("*.dcm"))
    for path in files[len(files) // 2 :]:
        ds = pydicom.dcmread(path)
        ds.FrameOfReferenceUID = "1.2.3.99"
        ds.save_as(path)
    error = refused(save("a.nii", MASK), reference=folder, kind="seg")
    assert "2 frames of reference (0020,0052) of one series fit a equally well" in error


def test_repeated_references_are_paired_by_grid():
    one, other = series("one"), series("other", shifted(1.0), PatientID="P2", PatientName="Bob^B", StudyInstanceUID="1.2.3.2")
    (found,) = made(save("x.nii", MASK, shifted(1.0)), reference=[one, other], kind="seg")
    assert found.PatientID == "P2"


def test_references_on_one_grid_are_paired_by_name():
    one, other = series("sub-01"), series("sub-02", PatientID="P2", PatientName="Bob^B", StudyInstanceUID="1.2.3.2")
    (found,) = made(save("sub-02_mask.nii", MASK), reference=[one, other], kind="seg")
    assert found.PatientID == "P2"


def test_references_that_fit_equally_well_are_refused():
    one, other = series("one"), series("other", PatientID="P2", PatientName="Bob^B", StudyInstanceUID="1.2.3.2")
    assert "2 series fit" in refused(save("x.nii", MASK), reference=[one, other], kind="seg")


@pytest.mark.parametrize("code", [3, 4, 5])
def test_coordinates_of_a_template_are_refused(code):
    assert "template" in refused(save("a.nii", MASK, code=code), reference=series("ct"), kind="seg")


def test_aligned_coordinates_are_refused_unless_the_grid_is_the_same():
    reference = series("ct")
    assert made(save("a.nii", MASK, code=2), reference=reference, kind="seg")
    other = save("b.nii", MASK, shifted(1.3), code=2)
    image = nibabel.load(other, mmap=False)
    image.set_qform(shifted(1.3), 2)
    nibabel.save(image, other)
    assert "aligned" in refused(other, reference=reference, kind="seg")


def test_a_part_of_the_grid_with_as_many_voxels_in_another_order_is_not_elsewhere():
    """Cropped along one axis, padded along another: it was refused as an image that lost its position."""
    reference = series("scan")
    part = np.zeros((4, 5, 3), np.uint8)
    part[1:3, 1:3, 1] = 1
    (seg,) = made(save("a.nii", part, code=2), reference=reference, kind="seg")
    assert seg.pixel_array.sum() == 4


def test_coordinates_as_nibabel_writes_them_are_those_of_the_reference_with_a_warning():
    reference, other = series("ct"), Path("b.nii")
    nibabel.save(nibabel.Nifti1Image(MASK[:4], shifted(1.3)), other)
    warnings = entry_of(other, reference=reference, kind="seg").log.warnings
    assert any("sform_code is 2 and qform_code 0" in warning for warning in warnings)
    assert pydicom.dcmread(next(Path("out").rglob("*.dcm"))).FrameOfReferenceUID == first_of(reference).FrameOfReferenceUID


def test_as_many_voxels_in_another_place_are_refused_if_nothing_states_the_space():
    nibabel.save(nibabel.Nifti1Image(MASK, shifted(1.3)), "b.nii")
    assert "as many voxels" in refused(Path("b.nii"), reference=series("ct"), kind="seg")


@pytest.mark.parametrize("matrix", [np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0])])
def test_a_matrix_that_was_lost_is_refused(matrix):
    """As of nibabel with an identity, and of SimpleITK without CopyInformation."""
    assert "voxels of 1 mm that begin at the origin" in refused(
        save("b.nii", MASK, matrix), reference=series("ct", np.diag([-2.0, -1.5, 3.0, 1.0])), kind="seg"
    )


def test_a_matrix_that_was_lost_is_refused_though_its_voxels_fit_those_of_the_reference():
    """As voxels of 1 mm do by chance: left and right were swapped, and some voxels outside of the reference."""
    whole = np.diag([-1.0, -1.0, 1.0, 1.0])
    whole[:3, 3] = 2, 3, -1
    assert "voxels of 1 mm that begin at the origin" in refused(
        save("b.nii", MASK, np.eye(4)), reference=series("ct", whole), kind="seg"
    )


def test_a_plane_that_itk_wrote_without_its_place_is_refused():
    """A two-dimensional image has no third coordinate in ITK, so it is at 0 mm in NIfTI."""
    reference = series("ct", np.diag([-2.0, -1.5, 3.0, 1.0]) + np.outer([0, 0, 1, 0], [0, 0, 0, -4]))
    plane = save("b.nii", np.ones((5, 4), np.int16), np.diag([-2.0, -1.5, 1.0, 1.0]))
    assert "two dimensions" in refused(plane, reference=reference, kind="mr")


def test_a_part_of_the_reference_that_begins_at_the_origin_is_not_taken_for_one_that_lost_its_place():
    reference = series("ct", np.diag([-1.0, -1.0, 1.0, 1.0]))
    assert made(save("b.nii", MASK[:4], np.diag([-1.0, -1.0, 1.0, 1.0])), reference=reference, kind="seg")


def test_a_name_that_specifies_a_template_is_refused_on_another_grid():
    reference = series("ct")
    name = "sub-01_space-MNI152NLin6Asym_dseg.nii"
    assert "space-MNI152NLin6Asym" in refused(save(name, MASK[:4], shifted(1.3)), reference=reference, kind="seg")
    assert made(save("sub-01_space-T1w_dseg.nii", MASK[:4], shifted(1.3)), reference=reference, kind="seg")


def test_an_image_elsewhere_is_refused():
    assert "does not overlap" in refused(save("a.nii", MASK, shifted(500.0)), reference=series("ct"), kind="seg")


@pytest.mark.parametrize(("beside_mm", "is_refused"), [(0, False), (20, True), (-20, True)])
def test_the_reference_is_where_its_slices_are_and_not_where_its_mosaic_is(beside_mm, is_refused):
    PHANTOMS["mosaic"].write(Path("mosaic"))
    matrix = read("mosaic")[0].ijk_to_ras.copy()
    matrix[0, 3] += beside_mm
    image = save("a.nii", np.ones((6, 4, 3), np.uint8), matrix)
    if is_refused:
        assert "does not overlap" in refused(image, reference="mosaic", kind="seg")
    else:
        assert any("same grid" in warning for warning in entry_of(image, reference="mosaic", kind="seg").log.warnings)


def test_an_image_elsewhere_that_is_allowed_refers_to_no_frame():
    reference = series("ct")
    (found,) = made(save("a.nii", MASK, shifted(500.0)), reference=reference, kind="seg", allow_no_overlap=True)
    assert found.PatientID == "P1"
    assert found.FrameOfReferenceUID != first_of(reference).FrameOfReferenceUID
    assert not any("DerivationImageSequence" in frame for frame in found.PerFrameFunctionalGroupsSequence)


def test_allowing_it_without_a_reference_is_an_error():
    with pytest.raises(OptionError, match="allow_no_overlap"):
        entry_of(save("a.nii"), allow_no_overlap=True)


def test_frames_that_the_reference_does_not_cover_have_an_empty_derivation():
    longer = np.ones((5, 4, 6), np.uint8)
    (found,) = made(save("a.nii", longer), reference=series("ct"), kind="seg")
    assert sorted(len(frame.DerivationImageSequence) for frame in found.PerFrameFunctionalGroupsSequence) == [0, 0, 0, 1, 1, 1]


@pytest.mark.slow
def test_laterality_is_not_copied_into_objects_that_must_not_have_it():
    reference = series("ct", Laterality="L", BodyPartExamined="KNEE")
    for kind in ("seg", "pm"):
        assert "Laterality" not in made(save("a.nii", MASK), reference=reference, kind=kind)[0]


def test_a_side_is_specified_once():
    reference = series("ct", Laterality="L", ImageLaterality="L", BodyPartExamined="KNEE")
    assert "Laterality" not in made(save("a.nii"), reference=reference, kind="ct")[0]


@pytest.mark.parametrize("kind", ["seg", "pm", "ct"])
def test_a_value_of_the_reference_that_is_not_valid_is_reported_and_kept(kind):
    reference = series("ct")
    for path in reference.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.PatientSex = "X"
        ds.save_as(path)
    entry = entry_of(save("a.nii", MASK), reference=reference, kind=kind)
    assert any("PatientSex (0010,0040)" in warning for warning in entry.log.warnings)
    assert first_of(Path("out")).PatientSex == "X"


@pytest.mark.parametrize("kind", ["seg", "pm", "ct"])
def test_an_empty_value_of_the_reference_does_not_replace_a_default(kind):
    (found, *_) = made(save("a.nii", MASK), reference=series("ct", Manufacturer=""), kind=kind)
    assert found.Manufacturer


@pytest.mark.parametrize("kind", ["seg", "pm", "ct"])
def test_the_maker_is_this_software_and_the_scanner_is_contributing_equipment(kind):
    (found, *_) = made(save("a.nii", MASK), reference=series("ct"), kind=kind)
    assert found.Manufacturer == "NiftiDicomBridge"
    assert "ACME" in [item.Manufacturer for item in found.ContributingEquipmentSequence]


def test_a_derived_image_on_the_grid_of_its_reference_keeps_its_acquisition():
    attributes = {"KVP": "120", "ConvolutionKernel": "B30f", "WindowCenter": "40", "WindowWidth": "400", "SeriesNumber": "7"}
    reference = series("ct", SeriesDescription="Thorax", **attributes)
    found = made(save("denoised.nii", np.arange(60, dtype=np.float32).reshape(5, 4, 3) / 7), reference=reference)[0]
    assert (found.Modality, found.KVP, found.ConvolutionKernel, found.WindowWidth) == ("CT", 120, "B30f", 400)
    assert found.SeriesDescription == "Thorax, denoised"


@pytest.mark.slow
def test_every_frame_refers_to_the_frames_of_its_time_in_a_multi_frame_reference():
    voxels = np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2)
    (source,) = made(save("a/image.nii", voxels), out="reference", kind=Kind.ENHANCED_MR)
    found = made(save("b.nii", voxels * 2), reference="reference", kind=Kind.MR)
    places = [frame.PlanePositionSequence[0].ImagePositionPatient for frame in source.PerFrameFunctionalGroupsSequence]
    times = [frame.FrameContentSequence[0].TemporalPositionIndex for frame in source.PerFrameFunctionalGroupsSequence]
    numbers = [ds.SourceImageSequence[0].ReferencedFrameNumber - 1 for ds in found]
    assert [places[n] for n in numbers] == [ds.ImagePositionPatient for ds in found]
    assert [times[n] for n in numbers] == [ds.TemporalPositionIdentifier for ds in found]


def test_every_frame_refers_to_one_frame_of_a_multi_frame_reference():
    voxels = np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2)
    (source,) = made(save("a/image.nii", voxels), out="reference", kind=Kind.ENHANCED_MR)
    (found,) = made(save("b.nii", voxels * 2), reference="reference", kind=Kind.ENHANCED_MR)

    def place(frame):
        content = frame.FrameContentSequence[0]
        return frame.PlanePositionSequence[0].ImagePositionPatient, content.TemporalPositionIndex

    for frame in found.PerFrameFunctionalGroupsSequence:
        (item,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert place(source.PerFrameFunctionalGroupsSequence[item.ReferencedFrameNumber - 1]) == place(frame)


def test_every_image_refers_to_that_of_its_time_in_a_reference_of_several_times():
    voxels = np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2)
    sources = made(save("a/image.nii", voxels), out="reference", kind=Kind.MR)
    found = made(save("b.nii", voxels * 2), reference="reference", kind=Kind.MR)
    by_uid = {ds.SOPInstanceUID: (ds.TemporalPositionIdentifier, ds.ImagePositionPatient) for ds in sources}
    referenced = [by_uid[ds.SourceImageSequence[0].ReferencedSOPInstanceUID] for ds in found]
    assert referenced == [(ds.TemporalPositionIdentifier, ds.ImagePositionPatient) for ds in found]


@pytest.mark.parametrize("is_same", [True, False])
def test_another_frame_of_reference_than_that_of_the_reference_is_reported(is_same):
    reference = series("scan")
    uid = first_of(reference).FrameOfReferenceUID if is_same else "1.2.3.99"
    entry = entry_of(save("a.nii", MASK), reference=reference, kind="seg", set_values={"FrameOfReferenceUID": uid})
    assert any("FrameOfReferenceUID of set_values=" in text for text in entry.log.warnings) == (not is_same)


@pytest.mark.parametrize("kind", [Kind.CT, Kind.SEG, Kind.PM])
def test_what_is_made_of_images_that_were_compressed_with_loss_states_that(kind):
    """PS3.3 C.7.6.1.1.5; Segmentations and Parametric Maps stated that there never was a loss."""
    reference = series("scan")
    for path in reference.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.LossyImageCompression, ds.LossyImageCompressionRatio, ds.LossyImageCompressionMethod = "01", 10, "ISO_10918_1"
        ds.save_as(path)
    first, *_ = made(save("a.nii", MASK), reference=reference, kind=kind)
    stated = first.LossyImageCompression, first.LossyImageCompressionRatio, first.LossyImageCompressionMethod
    assert stated == ("01", 10, "ISO_10918_1")


def test_the_series_number_is_free_and_the_dates_are_those_of_now():
    reference = series("ct", SeriesNumber="7")
    numbers = {made(save(f"{name}.nii", MASK), reference=reference, kind="seg", out=name)[0].SeriesNumber for name in "ab"}
    assert 7 not in numbers
    before = first_of(reference)
    assert made(save("c.nii", MASK), reference=reference, kind="seg")[0].ContentDate >= before.ContentDate


def test_slices_moved_to_an_uneven_reference_are_reported_with_the_distance():
    reference = series("ct")
    middle = sorted(reference.rglob("*.dcm"))[1]
    moved = pydicom.dcmread(middle)
    moved.ImagePositionPatient[2] += 1.25
    moved.save_as(middle)
    to_nifti(reference, "nifti", gzip=False)
    even = nibabel.load(next(Path("nifti").glob("*.nii"))).affine
    warnings = entry_of(save("a.nii", MASK[:, ::-1], even), reference=reference, kind=Kind.SEG).log.warnings
    (sentence,) = [warning for warning in warnings if "not evenly spaced" in warning]
    assert float(re.search(r"up to ([\d.]+) mm", sentence)[1]) > 0.4


def test_an_image_beyond_a_gap_of_its_reference_overlaps_it():
    reference = series("ct")
    last = max(reference.rglob("*.dcm"), key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])
    moved = pydicom.dcmread(last)
    moved.ImagePositionPatient[2] += 50
    moved.save_as(last)
    entry = entry_of(save("a.nii", MASK[:, :, -1:], shifted(MATRIX[2, 2] * 2 + 50)), reference=reference, kind=Kind.SEG)
    assert entry.error == ""


def test_slices_closer_than_pixels_are_wide_are_distinguished():
    thin = np.diag([-0.9, -0.9, 0.0079, 1.0])
    (found,) = made(save("a.nii", np.ones((5, 4, 3), np.uint8), thin), reference=series("ct", thin), kind="seg")
    assert found.NumberOfFrames == 3


def test_of_several_echoes_on_its_grid_an_image_has_only_what_they_have_in_common():
    folder = series("echoes", kind=Kind.MR, RepetitionTime="50")
    for path in sorted(folder.rglob("*.dcm")):
        ds = pydicom.dcmread(path)
        ds.EchoTime, ds.EchoNumbers = 5, 1
        ds.save_as(path)
        ds.EchoTime, ds.EchoNumbers, ds.SOPInstanceUID = 10, 2, ds.SOPInstanceUID + "2"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.save_as(path.with_name("e2" + path.name))
    entry = entry_of(save("combined.nii"), reference=folder, kind=Kind.MR)
    ds = pydicom.dcmread(entry.outputs[0])
    assert (ds.EchoTime, ds.RepetitionTime) == (None, 50)
    assert any("2 images of the reference, such as echoes, have the grid of this image" in text for text in entry.log.warnings)


@pytest.mark.parametrize("sex", ["male", "X", "Male, as the form states"])
def test_a_value_of_the_reference_that_is_wrong_in_several_ways_is_one_warning(sex):
    folder = series("ct")
    for path in folder.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        text = sex.encode() + b" " * (len(sex) % 2)
        ds[0x00100040] = RawDataElement(Tag(0x00100040), "CS", len(text), text, 0, False, True)
        ds.save_as(path)
    warnings = entry_of(save("a.nii", MASK), kind=Kind.SEG, reference=folder).log.warnings
    (text,) = (text for text in warnings if "PatientSex" in text)
    assert text.startswith(f"not valid: PatientSex (0010,0040): It is {sex!r}; it must be one of M, F, O")


@pytest.mark.parametrize(
    "keyword", ["PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence", "PlaneOrientationSequence"]
)
def test_a_damaged_functional_group_of_a_reference_is_one_that_is_missing(keyword):
    """A text in its place ended in a traceback."""
    PHANTOMS["enhanced_mr"].write(Path("mr"))
    (path,) = Path("mr").rglob("*.dcm")
    ds = pydicom.dcmread(path)
    owner = ds if keyword in ds else ds.SharedFunctionalGroupsSequence[0]
    tag = owner[keyword].tag
    del owner[tag]
    put_raw(owner, tag, "LO", b"A ")
    ds.save_as(path)
    image = to_nifti("mr", "nifti").outputs[0]
    nibabel.save(
        nibabel.Nifti1Image((np.asarray(nibabel.load(image).dataobj) > 20).astype(np.uint8), nibabel.load(image).affine),
        "seg.nii",
    )

    entry = entry_of(Path("seg.nii"), reference=Path("mr"), kind="seg", allow_no_overlap=True)

    assert entry.traceback == ""


@pytest.mark.parametrize("is_same", [True, False])
def test_the_window_of_a_reference_is_copied_where_all_slices_have_it(is_same):
    folder = series("ct")
    for n, path in enumerate(sorted(folder.rglob("*.dcm"))):
        ds = pydicom.dcmread(path)
        ds.WindowCenter, ds.WindowWidth = 40 + (0 if is_same else n), 400
        ds.save_as(path)

    found = made(save("a.nii", np.arange(60, dtype=np.int16).reshape(5, 4, 3)), reference=folder, kind="ct")

    assert ({(ds.WindowCenter, ds.WindowWidth) for ds in found} == {(40, 400)}) == is_same


def test_label_maps_in_the_folder_of_a_reference_are_not_what_an_image_was_made_from():
    folder = series("all/ct")
    made(save("a_seg.nii", MASK), reference=folder, kind="seg", out="all/seg")

    (found,) = made(save("b_seg.nii", MASK), reference=Path("all"), kind="seg", out="again")

    assert found.ReferencedSeriesSequence[0].SeriesInstanceUID == first_of(folder).SeriesInstanceUID


@pytest.mark.parametrize("kind", ["seg", "pm", "rtstruct"])
def test_values_of_a_reference_that_are_too_long_print_no_warnings_of_pydicom(kind, recwarn):
    folder = series("ct")
    for path in folder.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        put_raw(ds, 0x00200010, "SH", b"STUDY OF EIGHTEEN ")
        ds.save_as(path)
    recwarn.clear()

    assert made(save("a.nii", MASK), reference=folder, kind=kind)

    assert [str(warning.message) for warning in recwarn if warning.filename.count("pydicom")] == []
