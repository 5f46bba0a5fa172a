"""Label maps become RT Structure Sets: contours in the planes of the reference, with names, colors, codes and references."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import OptionError, Outcome, optional_packages, validate
from nifti_dicom_bridge.formats.dicom.structure_sets.fill import filled
from support.dciodvfy import facts_of_dciodvfy
from support.grids import OBLIQUE
from support.new_objects import MATRIX, entry_of, made, refused, save, series
from support.oracles import oracle, run

SHAPE = (5, 4, 3)
TILTED = MATRIX.copy()
TILTED[1, 2] = 0.8
"""Slices are sheared, as those of a tilted gantry."""
TABLE = 'index\tname\tcolor\n2\tLiver\t#ff8000\n5\tβlob \\ "1"\t#0000ff\n9\tabsent\t#ffffff\n'


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def labels(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return labels 2 and 5: a block with a hole in one slice, and a single voxel at the edge."""
    voxels = np.zeros(shape, np.uint8)
    voxels[0:3, 0:3, 0:2] = 2
    voxels[1, 1, 0] = 0
    voxels[4, 3, 2] = 5
    return voxels


def structure_set(voxels: np.ndarray | None = None, matrix: np.ndarray = MATRIX, **choices) -> Dataset:
    Path("x_dseg.tsv").write_text(TABLE, encoding="utf-8")
    choices.setdefault("reference", series("ct", matrix))
    (ds,) = made(save("x_dseg.nii", labels() if voxels is None else voxels, matrix), kind="rtstruct", **choices)
    return ds


def masks(ds: Dataset, matrix: np.ndarray = MATRIX, shape: tuple[int, ...] = SHAPE) -> dict[int, np.ndarray]:
    """Return the voxels of each ROI on a grid, whose axes are those of its NIfTI image."""
    to_voxels = np.linalg.inv(np.diag([-1.0, -1, 1, 1]) @ matrix)
    found = {}
    for roi in ds.ROIContourSequence:
        mask = found.setdefault(int(roi.ReferencedROINumber), np.zeros(shape, bool))
        for contour in roi.get("ContourSequence", []):
            points = np.array(contour.ContourData, float).reshape(-1, 3) @ to_voxels[:3, :3].T + to_voxels[:3, 3]
            (k,) = np.unique(np.round(points[:, 2], 3))
            mask[..., int(k)] ^= filled([points[:, 1::-1]], shape[:2])
    return found


def test_contours_enclose_the_voxels_of_their_labels():
    found = masks(structure_set())
    assert all(np.array_equal(found[number], labels() == number) for number in (2, 5))


SAGITTAL, CORONAL = MATRIX[:, [1, 2, 0, 3]], MATRIX[:, [0, 2, 1, 3]]


@pytest.mark.parametrize("matrix", [SAGITTAL, CORONAL, OBLIQUE, TILTED], ids=["sagittal", "coronal", "oblique", "tilted"])
def test_contours_are_in_the_planes_of_a_reference_of_any_orientation(matrix):
    ds = structure_set(matrix=matrix)
    found = masks(ds, matrix)
    assert all(np.array_equal(found[number], labels() == number) for number in (2, 5))


def test_every_contour_refers_to_the_image_of_its_plane():
    ds = structure_set()
    positions = {}
    for path in Path("ct").rglob("*.dcm"):
        image = pydicom.dcmread(path)
        positions[image.SOPInstanceUID] = float(image.ImagePositionPatient[2])
    contours = [contour for roi in ds.ROIContourSequence for contour in roi.ContourSequence]
    assert len(contours) == 3
    for contour in contours:
        (image,) = contour.ContourImageSequence
        assert set(contour.ContourData[2::3]) == {positions[image.ReferencedSOPInstanceUID]}


def test_all_images_of_the_reference_are_listed():
    ds = structure_set()
    (frame,) = ds.ReferencedFrameOfReferenceSequence
    (one,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    first = pydicom.dcmread(next(Path("ct").rglob("*.dcm")))
    assert (frame.FrameOfReferenceUID, one.SeriesInstanceUID) == (first.FrameOfReferenceUID, first.SeriesInstanceUID)
    assert len(one.ContourImageSequence) == SHAPE[2]
    assert {roi.ReferencedFrameOfReferenceUID for roi in ds.StructureSetROISequence} == {first.FrameOfReferenceUID}


def test_rois_have_numbers_names_and_colors_of_the_labels():
    ds = structure_set()
    assert [(roi.ROINumber, roi.ROIName) for roi in ds.StructureSetROISequence] == [(2, "Liver"), (5, 'βlob   "1"')]
    assert [list(roi.ROIDisplayColor) for roi in ds.ROIContourSequence] == [[255, 128, 0], [0, 0, 255]]


def test_observations_have_the_codes_of_the_labels():
    liver = structure_set().RTROIObservationsSequence[0]
    assert liver.RTROIIdentificationCodeSequence[0].CodeMeaning == "Liver"
    assert liver.SegmentedPropertyCategoryCodeSequence[0].CodingSchemeDesignator == "SCT"
    assert (liver.ReferencedROINumber, liver.RTROIInterpretedType) == (2, "ORGAN")


def test_it_is_valid():
    structure_set()
    (path,) = Path("out").rglob("*.dcm")
    assert [finding for finding in validate(path).findings if finding.severity == "error"] == []


def test_dciodvfy_finds_no_error():
    structure_set()
    (path,) = Path("out").rglob("*.dcm")
    assert facts_of_dciodvfy(path) == set()


@pytest.mark.slow
def test_contours_of_more_than_65534_bytes_are_written():
    voxels = np.zeros((2400, 3, 1), np.uint8)
    voxels[::2, :, 0] = voxels[:, 0, 0] = 1  # a comb
    ds = structure_set(voxels, reference=None)
    (contour,) = ds.ROIContourSequence[0].ContourSequence
    assert len("\\".join(map(str, contour.ContourData))) > 65534
    assert np.array_equal(masks(ds, shape=voxels.shape)[1], voxels == 1)


def test_without_a_reference_no_image_is_referenced_and_that_is_reported():
    entry = entry_of(save("x_dseg.nii", labels()), kind="rtstruct")
    assert any("no images are referenced" in warning for warning in entry.log.warnings)


def test_contours_between_the_planes_of_the_reference_are_reported():
    matrix = MATRIX.copy()
    matrix[2, 3] += 1.4
    entry = entry_of(save("x_dseg.nii", labels(), matrix), kind="rtstruct", reference=series("ct"))
    assert entry.outcome is Outcome.CONVERTED
    assert any("plane of the reference" in warning or "no frame of the reference" in warning for warning in entry.log.warnings)


def test_probabilities_become_contours_at_one_half():
    maps = np.zeros((*SHAPE, 2), np.float32)
    maps[1:4, 1:3, 1, 0], maps[2, 2, 1, 1] = 0.8, 0.4
    entry = entry_of(save("x_probseg.nii", maps), kind="rtstruct", segmentation="fractional", reference=series("ct"))
    ds = pydicom.dcmread(entry.outputs[0])
    assert np.array_equal(masks(ds)[1], maps[..., 0] > 0.5)
    (warning,) = (text for text in entry.log.warnings if "no voxel above 0.5" in text)
    assert warning.endswith(f"no contour: {ds.StructureSetROISequence[1].ROIName}")


def test_several_times_are_refused():
    assert "one" in refused(save("x_dseg.nii", np.stack([labels()] * 2, -1)), kind="rtstruct")


def test_segmentation_labelmap_is_refused():
    with pytest.raises(OptionError, match="contours"):
        entry_of(save("x_dseg.nii", labels()), kind="rtstruct", segmentation="labelmap")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(optional_packages, "installed_version", lambda name: "")
    assert "contourpy" in refused(save("x_dseg.nii", labels()), kind="rtstruct")


@pytest.mark.slow
def test_plastimatch_reads_the_same_voxels():
    structure_set()
    said = run(oracle("plastimatch"), "convert", "--input", "out/x_dseg", "--referenced-ct", "ct", "--output-prefix", "masks",
               "--prefix-format", "nii", "--fixed", "x_dseg.nii")  # fmt: skip
    assert said.returncode == 0, said.stderr
    read = nibabel.as_closest_canonical(nibabel.load("masks/Liver.nii"))
    wanted = nibabel.as_closest_canonical(nibabel.load("x_dseg.nii"))
    assert np.array_equal(read.get_fdata() > 0, wanted.get_fdata() == 2)


# --- from a Segmentation, and from commands ---------------------------------------------------------------------------


def segmentation() -> Path:
    """Write a Segmentation of the labels next to the series."""
    Path("x_dseg.tsv").write_text(TABLE, encoding="utf-8")
    made(save("x_dseg.nii", labels()), out="seg", kind="seg", reference=series("ct"))
    return Path("seg")


def test_a_segmentation_becomes_contours_on_the_images_that_are_named():
    (ds,) = made(segmentation(), kind="rtstruct", reference="ct")
    found = masks(ds)
    assert all(np.array_equal(found[number], labels() == number) for number in found)
    assert ds.StructureSetROISequence[0].ROIName == "Liver"
    images = {pydicom.dcmread(path).SOPInstanceUID for path in Path("ct").rglob("*.dcm")}
    contours = [contour for roi in ds.ROIContourSequence for contour in roi.ContourSequence]
    assert {contour.ContourImageSequence[0].ReferencedSOPInstanceUID for contour in contours} <= images


def test_a_segmentation_in_another_frame_of_reference_is_refused():
    assert "FrameOfReferenceUID" in refused(segmentation(), kind="rtstruct", reference=series("mr", kind="mr"))


def changed(folder: Path, keyword: str, value: str) -> None:
    """Set an attribute of all files of a folder."""
    for path in folder.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        setattr(ds, keyword, value)
        ds.save_as(path)


@pytest.mark.parametrize(("keyword", "value"), [("PatientID", "P2"), ("PatientBirthDate", "19500101"), ("PatientSex", "M")])
def test_images_of_another_patient_are_refused(keyword, value):
    source = segmentation()
    for folder in (Path("ct"), source):
        changed(folder, "PatientBirthDate", "19800201")
        changed(folder, "PatientSex", "F")
    changed(Path("ct"), keyword, value)
    assert "another patient" in refused(source, kind="rtstruct", reference="ct")


def test_without_a_frame_of_reference_it_is_in_that_of_the_images():
    source = segmentation()
    changed(source, "FrameOfReferenceUID", "")
    (ds,) = made(source, kind="rtstruct", reference="ct")
    first = pydicom.dcmread(next(Path("ct").rglob("*.dcm")))
    (space,) = ds.ReferencedFrameOfReferenceSequence
    found = {roi.ReferencedFrameOfReferenceUID for roi in ds.StructureSetROISequence} | {space.FrameOfReferenceUID}
    assert found == {first.FrameOfReferenceUID}


def test_masks_of_a_function_become_one_structure_set():
    from nifti_dicom_bridge import apply

    series("ct")
    report = apply("ct", "results", lambda image: (image.get_fdata() > -970).astype(np.uint8), kind="rtstruct")
    (path,) = report.outputs
    ds = pydicom.dcmread(path)
    assert ds.Modality == "RTSTRUCT"
    assert len(ds.ROIContourSequence[0].ContourSequence) > 0
