"""Labels of well-known tools: by name, by their own names of classes, by the name of the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionOptions, Segment, check_options, read_labels
from nifti_dicom_bridge.errors import LabelError
from nifti_dicom_bridge.labels import Code, find_shared_labels, is_profile, with_classes, with_codes, write_dseg
from nifti_dicom_bridge.labels.profiles import PROFILES
from nifti_dicom_bridge.model.metadata import Log
from nifti_dicom_bridge.options.choices import LABEL_PROFILES
from support.paths import CORE

TABLE = json.loads((CORE / "data" / "totalsegmentator.json").read_text("utf-8"))
LEFT, RIGHT = Code("7771000", "SCT", "Left"), Code("24028007", "SCT", "Right")


def test_the_option_accepts_the_profiles_that_there_are() -> None:
    assert set(LABEL_PROFILES) == set(PROFILES)
    for name in PROFILES:
        check_options(ConversionOptions(target="dicom", labels=name))
    check_options(ConversionOptions(target="dicom", labels="totalsegmentator:total_mr"))


# --- TotalSegmentator


def test_all_classes_of_the_main_task_have_codes_and_colors() -> None:
    segments = read_labels("totalsegmentator:total")
    assert [segment.number for segment in segments] == list(range(1, 118))
    assert [s.label for s in segments if not (s.category and s.type and s.color)] == []


CLASSES = {
    "rib_left_5": ("15339008", LEFT), "rib_right_12": ("43993008", RIGHT), "vertebrae_L5": ("49668003", None),
    "vertebrae_S1": ("65985001", None), "kidney_left": ("64033007", LEFT), "subclavian_artery_left": ("36765005", LEFT),
    "atrial_appendage_left": ("33626005", None), "lung_middle_lobe_right": ("72481006", None),
    "gluteus_minimus_right": ("75297007", RIGHT), "heart": ("80891009", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_code_of_its_structure_and_side(name: str) -> None:
    (segment,) = [segment for segment in read_labels("totalsegmentator:total") if segment.label == name]
    assert segment.type is not None
    assert (segment.type.value, segment.modifier) == CLASSES[name]


def test_a_cyst_has_its_kidney_as_region() -> None:
    (segment,) = [segment for segment in read_labels("totalsegmentator:total") if segment.label == "kidney_cyst_left"]
    assert segment.type == Code("367643001", "SCT", "Cyst")
    assert (segment.region, segment.region_modifier) == (Code("64033007", "SCT", "Kidney"), LEFT)


def test_every_code_of_the_table_is_in_ps3_16_or_in_a_second_publication() -> None:
    from pydicom.sr._concepts_dict import concepts

    known = {value for meanings in concepts["SCT"].values() for value in meanings} | set(TABLE["confirmed"])
    used = [code for one in TABLE["classes"].values() for field, code in one.items() if field != "color"]
    assert [code for code in used if code[1] != "SCT" or code[0] not in known] == []


def test_a_side_in_a_name_is_the_side_of_its_codes() -> None:
    wrong = []
    for name, one in TABLE["classes"].items():
        words = name.replace("_", " ").split()
        codes = " ".join(code[2] for field, code in one.items() if field != "color").lower()
        wrong += [name for side, other in (("left", "right"), ("right", "left")) if side in words and other in codes]
        wrong += [name for side in ("left", "right") if side in words and "type" in one and side not in codes]
    assert wrong == []


def test_single_teeth_have_codes_of_their_own() -> None:
    teeth = [one["type"] for name, one in TABLE["classes"].items() if "fdi" in name and "type" in one]
    assert len(teeth) == 32
    assert len({code[0] for code in teeth}) == 32


def test_the_task_must_be_named_as_each_has_its_own_numbers() -> None:
    with pytest.raises(LabelError, match=r"Each task of TotalSegmentator has its own numbers.*total_mr"):
        read_labels("totalsegmentator")
    with pytest.raises(LabelError, match="no task 'everything'"):
        read_labels("totalsegmentator:everything")


def test_names_of_classes_of_one_task_are_recognized() -> None:
    log = Log()
    found = with_classes([Segment(1, "spleen"), Segment(2, "rib_left_3")], log)
    assert [segment.type and segment.type.value for segment in found] == ["78961009", "25888004"]
    assert "TotalSegmentator" in log.notes[0]


@pytest.mark.parametrize("names", [["spleen"], ["spleen", "my tumor"], ["rib_left_1", "upper_left_canine_fdi23"]])
def test_other_names_are_not_taken_for_those_of_totalsegmentator(names: list[str]) -> None:
    segments = [Segment(number, name) for number, name in enumerate(names, 1)]
    assert with_classes(segments, log := Log()) == segments
    assert log == Log()


def test_colors_by_number_of_a_header_give_way_and_others_stay() -> None:
    found = with_classes([Segment(1, "spleen", color=(0, 255, 0)), Segment(2, "liver", color=(1, 2, 3))], Log())
    assert [segment.color for segment in found] == [tuple(TABLE["classes"]["spleen"]["color"]), (1, 2, 3)]


def test_a_class_without_a_code_becomes_a_private_one_with_a_warning() -> None:
    segments = read_labels("totalsegmentator:oculomotor_muscles")
    found = with_codes(segments, log := Log())
    private = [segment.label for segment in found if segment.type and segment.type.scheme != "SCT"]
    assert "lateral_rectus_muscle_left" in private
    assert "no standard code is known" in log.warnings[0]


# --- FreeSurfer


@pytest.mark.parametrize("name", ["freesurfer", "fastsurfer", "SynthSeg"])
def test_freesurfer_numbers_have_names_and_colors(name: str) -> None:
    found = {segment.number: segment for segment in read_labels(name)}
    assert (found[17].label, found[17].color) == ("Left-Hippocampus", (220, 216, 20))
    assert (found[2035].label, found[11101].label) == ("ctx-rh-insula", "ctx_lh_G_and_S_frontomargin")


FREESURFER = ("aparc+aseg", "aseg", "sub-01_aseg", "aparc.DKTatlas+aseg.deep", "wmparc", "t1_all_fast_firstseg", "T1_synthseg")


@pytest.mark.parametrize("stem", FREESURFER)
def test_file_names_of_freesurfer_mean_its_labels(stem: str, tmp_path: Path) -> None:
    found = find_shared_labels(tmp_path / f"{stem}.nii.gz")
    assert found is not None
    assert is_profile(found)


@pytest.mark.parametrize("stem", ["T1", "baseg", "segmentation", "synthseg_input", "asegment"])
def test_other_file_names_mean_no_profile(stem: str, tmp_path: Path) -> None:
    assert find_shared_labels(tmp_path / f"{stem}.nii.gz") is None


# --- tissues, MONAI, nnU-Net

TISSUES = {"spm": ("Gray Matter", "Cerebrospinal Fluid"), "cat12": ("Cerebrospinal Fluid", "White Matter"),
           "fast-t1": ("Cerebrospinal Fluid", "White Matter")}  # fmt: skip


@pytest.mark.parametrize("name", TISSUES)
def test_tissues_are_numbered_as_the_tool_does(name: str) -> None:
    first, _, third = read_labels(name)
    assert (first.label, third.label) == TISSUES[name]
    assert {segment.type and segment.type.scheme for segment in with_codes([first, third], Log())} == {"SCT"}


def test_a_variant_of_a_profile_without_variants_is_refused() -> None:
    with pytest.raises(LabelError, match="no variant"):
        read_labels("freesurfer:dkt")


MONAI = {
    "bundle": {"network_data_format": {"outputs": {"pred": {"channel_def": {"0": "background", "1": "spleen"}}}}},
    "label_def": {"label_def": {"0": "background", "1": "spleen"}},
    "channel_def": {"channel_def": {"0": "background", "1": "spleen"}},
}


@pytest.mark.parametrize("form", MONAI)
def test_labels_of_monai_are_read(form: str, tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps(MONAI[form]))
    assert read_labels(tmp_path / "metadata.json") == [Segment(1, "spleen")]


NNUNET = {
    "version 1": {"modality": {"0": "CT"}, "labels": {"0": "background", "1": "spleen"}},
    "version 2": {"channel_names": {"0": "CT"}, "labels": {"background": 0, "spleen": 1}},
}


@pytest.mark.parametrize("version", NNUNET)
def test_the_dataset_of_predictions_of_nnunet_is_found(version: str, tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps(NNUNET[version]))
    found = find_shared_labels(tmp_path / "case_01.nii.gz")
    assert found == tmp_path / "dataset.json"
    assert read_labels(found) == [Segment(1, "spleen")]


def test_another_dataset_json_is_not_that_of_nnunet(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text('{"labels": {"spleen": 1}}')
    assert find_shared_labels(tmp_path / "case_01.nii.gz") is None


def test_regions_without_their_order_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    path.write_text('{"labels": {"background": 0, "whole": [1, 2], "core": 2}}')
    with pytest.raises(LabelError, match=r"regions_class_order.*2 regions"):
        read_labels(path)


# --- tables


def test_codes_come_back_from_a_dseg_table(tmp_path: Path) -> None:
    segments = [segment for segment in read_labels("totalsegmentator:total") if segment.number in (1, 23, 92)]
    write_dseg(segments, tmp_path / "a_dseg.tsv")
    assert read_labels(tmp_path / "a_dseg.tsv") == segments


def test_a_dseg_table_without_codes_has_no_columns_for_them(tmp_path: Path) -> None:
    write_dseg([Segment(1, "spleen")], tmp_path / "a_dseg.tsv")
    assert (tmp_path / "a_dseg.tsv").read_text().splitlines()[0] == "index\tname\tcolor\tmapping"
