"""Results of segmentation tools next to a CT: TotalSegmentator-shaped folders, softmax of nnU-Net, as others read them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionReport, inspect, propose, to_dicom
from nifti_dicom_bridge.cli import main
from support import code_blocks
from support.dciodvfy import facts_of_dciodvfy
from support.new_objects import MATRIX, series
from support.oracles import oracle, run
from support.paths import ROOT

SHAPE = (5, 4, 3)
AXES = np.indices(SHAPE)
CLASSES = {"liver": "10200004", "rib_left_5": "15339008", "subclavian_artery_left": "36765005", "vertebrae_L5": "49668003"}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    series("ct")


def save(name: str, voxels: np.ndarray, names: dict[int, str] | None = None) -> Path:
    """Write an image on the grid of the CT, with names in its header as TotalSegmentator does."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(voxels, MATRIX)
    if names:
        rows = "".join(f'<Label Key="{n}" Red="1.0" Green="0.0" Blue="0.0" Alpha="1"><![CDATA[{t}]]></Label>\n'
                       for n, t in names.items())  # fmt: skip
        table = f'<VolumeInformation Index="0"><LabelTable>{rows}</LabelTable></VolumeInformation>'
        text = f'<?xml version="1.0"?> <CaretExtension>{table}</CaretExtension>'
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, text.encode()))
    nibabel.save(image, path)
    return path


def masks(folder: str = "segmentations", names: tuple[str, ...] = tuple(CLASSES), overlap: bool = False) -> Path:
    """Write a mask of each class, and one without a voxel."""
    for number, name in enumerate(names):
        voxels = (AXES[0] == number).astype(np.uint8)
        voxels[0, 0, 0] |= overlap
        save(f"{folder}/{name}.nii.gz", voxels)
    save(f"{folder}/spleen.nii.gz", np.zeros(SHAPE, np.uint8))
    return Path(folder)


def converted(source: Path, **options: object) -> tuple[ConversionReport, pydicom.Dataset]:
    report = to_dicom(source, "out", reference="ct", **options)
    assert report.ok, report
    (path,) = report.outputs
    assert facts_of_dciodvfy(path) == set()
    return report, pydicom.dcmread(path)


def codes(seg: pydicom.Dataset) -> dict[str, str]:
    return {item.SegmentLabel: item.SegmentedPropertyTypeCodeSequence[0].CodeValue for item in seg.SegmentSequence}


def texts(report: ConversionReport) -> str:
    return "\n".join(text for entry in report.entries for text in (*entry.log.notes, *entry.log.warnings, entry.error))


# --- TotalSegmentator


@pytest.mark.slow
def test_a_folder_of_masks_is_one_segmentation_with_the_codes_of_its_classes() -> None:
    report, seg = converted(masks(), algorithm="TotalSegmentator:2.18.0")

    assert codes(seg) == CLASSES
    assert seg.FrameOfReferenceUID == pydicom.dcmread(next(Path("ct").rglob("*.dcm"))).FrameOfReferenceUID
    rib = seg.SegmentSequence[1]
    assert rib.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert rib.SegmentationAlgorithmIdentificationSequence[0].AlgorithmVersion == "2.18.0"
    assert "RecommendedDisplayCIELabValue" in rib
    assert report.entries[0].title == "segmentations: 5 files, liver.nii.gz, …"
    assert "no voxel" in texts(report)


def test_a_proposal_names_the_other_files_of_its_object() -> None:
    proposals = propose(masks())
    assert {one.notes[-1] for one in proposals} == {"becomes one object together with 4 other file(s) of segmentations"}
    assert {image["becomes"].partition(", ")[2] for image in inspect("segmentations").images} == {
        "together with 4 other file(s) of its folder"
    }


@pytest.mark.slow
def test_the_command_line_writes_one_object_too() -> None:
    masks()
    assert main(["convert", "segmentations", "--to", "dicom", "-o", "out", "--reference", "ct", "-q"]) == 0
    assert len(list(Path("out").rglob("*.dcm"))) == 1


@pytest.mark.slow
def test_masks_that_overlap_keep_all_their_voxels() -> None:
    import highdicom

    _, seg = converted(masks(overlap=True))
    found = highdicom.seg.segread(next(Path("out").rglob("*.dcm"))).get_volume()
    assert found.array.sum(axis=(0, 1, 2)).tolist() == [12, 13, 13, 13]
    assert list(codes(seg)) == list(CLASSES)


@pytest.mark.slow
def test_a_mask_with_a_name_of_another_tool_stays_an_object_of_its_own() -> None:
    report = to_dicom(masks(names=("liver", "my lesion")), "out", reference="ct", kind="seg")
    assert sorted(entry.title for entry in report.entries) == ["my lesion.nii.gz", "segmentations: 2 files, liver.nii.gz, …"]
    assert len(report.outputs) == 2


def test_masks_of_any_names_are_joined_on_request() -> None:
    _, seg = converted(masks(names=("bladder wall", "my lesion")), labels="masks")
    assert list(codes(seg)) == ["bladder wall", "my lesion"]


@pytest.mark.parametrize("labels", ["masks", "MASKS"])
def test_a_single_mask_reports_that_it_was_not_joined(labels) -> None:
    path = save("one/lesion.nii.gz", (AXES[0] == 1).astype(np.uint8))
    report = to_dicom(path, "out", reference="ct", labels=labels, kind="seg")
    assert 'labels="masks" was not applied: its folder has no other mask' in texts(report)


def test_masks_are_no_table_of_labels_of_an_image() -> None:
    path = save("one/image.nii.gz", np.random.default_rng(1).integers(0, 900, SHAPE).astype(np.int16))
    report = to_dicom(path, "out", labels="masks")
    assert "a table of labels belongs to it" not in texts(report)
    assert pydicom.dcmread(report.outputs[0]).Modality == "MR"


def test_a_file_that_is_no_mask_fails_with_its_name() -> None:
    folder = masks()
    save("segmentations/liver.nii.gz", AXES[0].astype(np.uint8))
    report = to_dicom(folder, "out", reference="ct")
    assert "liver: its values are not only 0 and 1" in texts(report)
    assert not report.outputs


@pytest.mark.parametrize("form", ["255", "scaled"])
def test_masks_that_other_programs_saved(form) -> None:
    import highdicom

    folder = masks(names=("liver", "my lesion"))
    for path in folder.glob("*.nii.gz"):
        before = nibabel.load(path)
        image = nibabel.Nifti1Image(before.get_fdata() * (255 if form == "255" else 1), before.affine)
        image.set_data_dtype(np.uint8 if form == "255" else np.int16)  # of floats, nibabel then writes a slope and an intercept
        nibabel.save(image, path)
    _, seg = converted(folder, labels="masks")

    assert list(codes(seg)) == ["liver", "my lesion"]
    found = highdicom.seg.segread(next(Path("out").rglob("*.dcm"))).get_volume().array
    assert all(
        0 < int((found == number).sum() if found.ndim == 3 else found[..., number - 1].sum()) < found.size / 4
        for number in (1, 2)
    )


def test_a_mask_on_another_grid_fails_with_its_name() -> None:
    folder = masks()
    nibabel.save(nibabel.Nifti1Image(np.ones(SHAPE, np.uint8), np.eye(4)), folder / "rib_left_5.nii.gz")
    assert "rib_left_5: its grid differs from that of liver" in texts(to_dicom(folder, "out", reference="ct"))


def test_a_label_map_has_the_codes_of_the_names_in_its_header() -> None:
    names = {5: "liver", 96: "rib_left_5"}
    _, seg = converted(save("total.nii.gz", np.where(AXES[0] > 2, 5, 96).astype(np.uint8), names))
    assert codes(seg) == {"liver": "10200004", "rib_left_5": "15339008"}


def test_a_label_map_without_names_has_those_of_the_task_that_is_named() -> None:
    _, seg = converted(save("result.nii.gz", np.where(AXES[0] > 2, 5, 0).astype(np.uint8)), labels="totalsegmentator:total")
    assert codes(seg) == {"liver": "10200004"}


@pytest.mark.parametrize(("labels", "words"), [
    ("totalsegmentator", "has its own numbers"), ("totalsegmentator:body", "values that this profile lacks"),
])  # fmt: skip
def test_a_task_that_does_not_fit_is_refused(labels: str, words: str) -> None:
    report = to_dicom(save("x_seg.nii", np.where(AXES[0] > 2, 5, 0).astype(np.uint8)), "out", labels=labels, kind="seg")
    assert words in texts(report)
    assert not report.outputs


@pytest.mark.slow
def test_dcmqi_and_highdicom_read_the_codes(tmp_path: Path) -> None:
    import highdicom

    converted(masks())
    (path,) = Path("out").rglob("*.dcm")
    done = run(oracle("segimage2itkimage"), "--inputDICOM", path, "--outputDirectory", tmp_path)
    assert done.returncode == 0, done.stderr
    found = [group[0] for group in json.loads((tmp_path / "meta.json").read_text())["segmentAttributes"]]
    kinds = {one["SegmentLabel"]: one["SegmentedPropertyTypeCodeSequence"]["CodeValue"] for one in found}
    assert kinds == CLASSES
    seg = highdicom.seg.segread(path)
    described = [seg.get_segment_description(number).segmented_property_type.value for number in seg.segment_numbers]
    assert described == list(CLASSES.values())


def test_the_label_table_of_the_way_back_has_the_codes() -> None:
    from nifti_dicom_bridge import read_labels, to_nifti

    converted(masks())
    to_nifti("out", "back")
    (table,) = Path("back").rglob("*_dseg.tsv")
    assert {s.label: s.type and s.type.value for s in read_labels(table)} == CLASSES


def test_a_folder_of_masks_is_one_structure_set_with_the_codes_of_its_classes() -> None:
    _, plan = converted(masks(), kind="rtstruct", algorithm="TotalSegmentator:2.18.0")

    names = [roi.ROIName for roi in plan.StructureSetROISequence]
    found = [one.RTROIIdentificationCodeSequence[0] for one in plan.RTROIObservationsSequence]
    assert {name: code.CodeValue for name, code in zip(names, found, strict=True)} == CLASSES
    assert {roi.ROIGenerationAlgorithm for roi in plan.StructureSetROISequence} == {"AUTOMATIC"}
    ct = pydicom.dcmread(next(Path("ct").rglob("*.dcm")))
    assert plan.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID == ct.FrameOfReferenceUID


# --- FreeSurfer


def test_a_label_map_of_freesurfer_is_known_by_its_name_and_values() -> None:
    report, seg = converted(save("aparc+aseg.nii.gz", np.where(AXES[0] > 2, 17, 2035).astype(np.int32)))
    assert codes(seg) == {"Left-Hippocampus": "5366008", "ctx-rh-insula": "40146001"}
    assert "by the name of the file" in texts(report)


def test_an_mgz_of_freesurfer_is_read_directly() -> None:
    labels = np.where(AXES[0] > 2, 17, 53).astype(np.int32)
    nibabel.save(nibabel.MGHImage(labels, MATRIX), "aseg.mgz")
    _, seg = converted(Path("aseg.mgz"))
    assert codes(seg) == {"Left-Hippocampus": "5366008", "Right-Hippocampus": "5366008"}
    sides = [
        item.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0] for item in seg.SegmentSequence
    ]
    assert [side.CodeMeaning for side in sides] == ["Left", "Right"]


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_other_values_are_not_named_as_those_of_freesurfer(dtype: type) -> None:
    report, seg = converted(save("aseg.nii.gz", np.where(AXES[0] > 2, 17, 900).astype(dtype)))
    assert [item.SegmentLabel for item in seg.SegmentSequence] == ["Label 17", "Label 900"]
    assert "which lacks 900" in texts(report)


# --- tissue maps


def tissues(*names: str) -> Path:
    """Write probabilities of 0.6, 0.3 and 0.1 in each third of the image, as 8-bit integers with a scale."""
    for number, name in enumerate(names):
        image = nibabel.Nifti1Image(np.array([0.6, 0.3, 0.1], np.float32)[(AXES[2] + number) % 3], MATRIX)
        Path("spm").mkdir(exist_ok=True)
        nibabel.save(image, Path("spm") / f"{name}.nii")
    return Path("spm")


TISSUES = {
    "spm": (("c1T1", "c2T1", "c3T1"), None, ["Gray Matter", "White Matter", "Cerebrospinal Fluid"]),
    "cat12": (("p1T1", "p2T1", "p3T1"), None, ["Gray Matter", "White Matter", "Cerebrospinal Fluid"]),
    "fast": (("T1_pve_0", "T1_pve_1", "T1_pve_2"), "fast-t1", ["Cerebrospinal Fluid", "Gray Matter", "White Matter"]),
}


@pytest.mark.parametrize("tool", TISSUES)
def test_tissue_maps_are_one_fractional_segmentation(tool: str) -> None:
    import highdicom

    names, labels, wanted = TISSUES[tool]
    _, seg = converted(tissues(*names), labels=labels)
    assert seg.SegmentationType == "FRACTIONAL"
    assert [item.SegmentLabel for item in seg.SegmentSequence] == wanted
    assert {item.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator for item in seg.SegmentSequence} == {"SCT"}
    volume = highdicom.seg.segread(next(Path("out").rglob("*.dcm"))).get_volume()
    assert volume.array.sum(axis=-1) == pytest.approx(1, abs=0.01)


def test_maps_of_fast_are_not_named_unless_the_contrast_is_known() -> None:
    report = to_dicom(tissues("T1_pve_0", "T1_pve_1", "T1_pve_2"), "out", reference="ct")
    assert len(report.entries) == 3


def test_maps_that_are_no_probabilities_are_refused() -> None:
    for name in ("c1T1", "c2T1", "c3T1"):
        save(f"spm/{name}.nii", AXES[0].astype(np.int16))
    assert "not probabilities" in texts(to_dicom("spm", "out", reference="ct"))


# --- 3D Slicer and ITK-SNAP


def test_the_terminology_of_a_segmentation_of_slicer_is_kept() -> None:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.where(AXES.transpose(0, 3, 2, 1)[0] > 2, 1, 0).astype(np.uint8))
    image.SetSpacing((2.0, 1.5, 3.0))
    image.SetOrigin((-30.0, -20.0, 5.0))
    image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1))
    terms = "SCT^123037004^Anatomical Structure~SCT^64033007^Kidney~SCT^7771000^Left~Anatomic codes~^^~^^"
    for key, value in (("ID", "Segment_1"), ("Name", "left kidney"), ("LabelValue", "1"), ("Layer", "0"),
                       ("Color", "0.5 0.25 0.75"), ("Tags", f"TerminologyEntry:General Anatomy list~{terms}|")):  # fmt: skip
        image.SetMetaData(f"Segment0_{key}", value)
    SimpleITK.WriteImage(image, "kidney.seg.nrrd")
    _, seg = converted(Path("kidney.seg.nrrd"))
    assert codes(seg) == {"left kidney": "64033007"}
    kind = seg.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"


def test_labels_of_itk_snap_have_codes_by_their_names() -> None:
    Path("seg.label").write_text('0 0 0 0 0 0 0 "Clear Label"\n1 255 0 0 1 1 1 "Left kidney"\n2 0 9 0 1 1 1 "My lesion"\n')
    report, seg = converted(save("seg.nii.gz", np.where(AXES[0] > 2, 1, 2).astype(np.uint8)))
    assert codes(seg)["Left kidney"] == "64033007"
    assert seg.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator == "99NIFTIBRIDGE"
    assert "no standard code is known for 1 segment(s): My lesion" in texts(report)


# --- nnU-Net

PLAIN = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1, "tumor": 2}}
REGIONS = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "whole": [1, 2], "core": 2}, "regions_class_order": [1, 2]}


def prediction(dataset: dict, classes: int = 3) -> tuple[Path, np.ndarray]:
    """Write what nnU-Net writes with --save_probabilities: label map, dataset.json, array of shape (classes, z, y, x)."""
    random = np.random.default_rng(5)
    scores = random.random((classes, *SHAPE[::-1])).astype(np.float32)
    probabilities = scores / scores.sum(axis=0) if dataset is PLAIN else scores
    if dataset is PLAIN:
        found = probabilities.argmax(axis=0)
    else:
        found = np.zeros(SHAPE[::-1], int)
        for number, one in zip(dataset["regions_class_order"], probabilities, strict=True):
            found[one > 0.5] = number
    path = save("predictions/case_01.nii.gz", found.T.astype(np.uint8))
    (path.parent / "dataset.json").write_text(json.dumps(dataset))
    np.savez_compressed(path.parent / "case_01.npz", probabilities=probabilities)
    return path, probabilities


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


# --- guide


@pytest.mark.slow
def test_the_commands_of_the_page_about_labels_run() -> None:
    masks()
    save("result.nii.gz", np.where(AXES[0] > 2, 5, 0).astype(np.uint8))
    prediction(PLAIN)
    commands = code_blocks.commands("nifti-dicom-bridge", ROOT / "docs" / "labels.md")
    assert len(commands) == 3
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command
    assert len(list(Path("out").rglob("*.dcm"))) == 3
