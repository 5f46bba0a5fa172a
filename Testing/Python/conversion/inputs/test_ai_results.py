"""Results of segmentation tools next to a CT: folders of masks as TotalSegmentator writes them, as others read them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import inspect, propose, to_dicom
from nifti_dicom_bridge.cli import main
from support import code_blocks
from support.oracles import oracle, run
from support.paths import ROOT
from support.tool_results import AXES, CLASSES, PLAIN, SHAPE, codes, converted, masks, prediction, save, texts

pytestmark = pytest.mark.usefixtures("next_to_a_ct")


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
