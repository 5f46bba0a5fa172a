"""Label maps of FreeSurfer, tissue maps of FAST and SPM, segmentations of 3D Slicer and ITK-SNAP."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import to_dicom
from support.new_objects import MATRIX
from support.tool_results import AXES, codes, converted, save, texts

pytestmark = pytest.mark.usefixtures("next_to_a_ct")


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
