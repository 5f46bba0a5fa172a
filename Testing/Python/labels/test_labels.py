"""Label files of many tools become segments with codes and colors; the error of a damaged one names the place."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge.errors import LabelError
from nifti_dicom_bridge.formats.nifti.extensions import extension_texts
from nifti_dicom_bridge.labels import (
    Code,
    Segment,
    description_of,
    find_labels,
    is_label_table,
    number_in_description,
    read_label_text,
    read_labels,
    unreadable_labels,
    with_codes,
    write_dseg,
)
from nifti_dicom_bridge.labels.codes import coding_of, private_code
from nifti_dicom_bridge.labels.read import LARGEST_BYTES, form_of
from nifti_dicom_bridge.model.metadata import Log
from support.paths import CORE

SPLEEN, TUMOUR = ("spleen", (157, 108, 162)), ("liver tumour", (0, 255, 0))
CODED = (
    "LabelValue,Name,Color_R,Color_G,Color_B,Color_A,Category_CodingScheme,Category_CodeValue,Category_CodeMeaning,"
    "Type_CodingScheme,Type_CodeValue,Type_CodeMeaning,TypeModifier_CodingScheme,TypeModifier_CodeValue,"
    "TypeModifier_CodeMeaning,Region_CodingScheme,Region_CodeValue,Region_CodeMeaning,RegionModifier_CodingScheme,"
    "RegionModifier_CodeValue,RegionModifier_CodeMeaning\n"
    "3,cyst,1,2,3,255,SCT,49755003,Morphologically Altered Structure,SCT,367643001,Cyst,,,,"
    "SCT,64033007,Kidney,SCT,7771000,Left\n"
)
DCMQI = {
    "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/seg-schema.json#",
    "segmentAttributes": [[{
        "labelID": 3, "SegmentLabel": "cyst", "SegmentAlgorithmType": "MANUAL", "recommendedDisplayRGBValue": [1, 2, 3],
        "SegmentedPropertyCategoryCodeSequence": {
            "CodeValue": "49755003", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Morphologically Altered Structure"},
        "SegmentedPropertyTypeCodeSequence": {
            "CodeValue": "367643001", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Cyst"},
        "AnatomicRegionSequence": {"CodeValue": "64033007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Kidney"},
        "AnatomicRegionModifierSequence": {"CodeValue": "7771000", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Left"},
    }]],
}  # fmt: skip
# the same two labels, 1 and 17, as tools write them: with colors
COLORED = {
    "bids": "index\tname\tcolor\tmapping\n0\tBackground\tn/a\t0\n1\tspleen\t#9d6ca2\tn/a\n17\tliver tumour\t#00FF00\t7\n",
    "freesurfer": "#No. Label Name:    R   G   B   A\n\n0   Unknown  0 0 0 0\n"
    "1   spleen   157 108 162 0\n17 liver tumour 0 255 0 0\n",
    "snap": '# ITK-SnAP Label Description File\n  0   0 0 0   0 0 0 "Clear Label"\n  1  157  108  162  1 1 1 "spleen"\n'
    ' 17 0 255 0 0.5 1 1 "liver tumour"\n',
    "slicer": "# Color table file x.ctbl\n# 3 values\n"
    "0 Background 0 0 0 0\n1 spleen 157 108 162 255\n17 liver tumour 0 255 0 255\n",
    "fractions": "0 Background 0.0 0.0 0.0\n1 spleen 0.6157 0.4235 0.6353\n17 liver tumour 0.0 1.0 0.0\n",
    "csv": "LabelValue,Name,Color_R,Color_G,Color_B,Color_A\n1,spleen,157,108,162,255\n17,liver tumour,0,255,0,255\n",
    "windows": "\ufeffindex;name;r;g;b\r\n1;spleen;157;108;162\r\n17;liver tumour;0;255;0\r\n",
    "objects": json.dumps({
        "1": {"name": "spleen", "color": "#9d6ca2"}, "17": {"name": "liver tumour", "color": [0, 255, 0]}}),
}  # fmt: skip
COLORED["workbench"] = (
    '<?xml version="1.0" encoding="UTF-8"?> <CaretExtension> <VolumeInformation Index="0"> <LabelTable>'
    '<Label Key="1" Red="0.6157" Green="0.4235" Blue="0.6353" Alpha="1"><![CDATA[spleen]]></Label>\n'
    '<Label Key="17" Red="0" Green="1" Blue="0" Alpha="1"><![CDATA[liver tumour]]></Label>\n'
    "</LabelTable> </VolumeInformation></CaretExtension>\n"
)
PLAIN = {
    "json": '{"1": "spleen", "17": "liver tumour"}',
    "names first": '{"background": 0, "spleen": 1, "liver tumour": 17}',
    "nnU-Net": '{"channel_names": {"0": "CT"}, "labels": {"background": 0, "spleen": 1, "liver tumour": 17}}',
    "toml": '1 = "spleen"\n17 = "liver tumour"\n',
    "toml table": '[labels]\n1 = "spleen"\n17 = "liver tumour"\n',
    "csv without header": "1,spleen\n17,liver tumour\n",
    "abbreviation": "index\tname\tabbreviation\n1\tspleen\tSPL\n17\tliver tumour\tn/a\n",
    "list of objects": '{"labels": [{"id": 1, "name": "spleen"}, {"id": 17, "name": "liver tumour"}]}',
    "list alone": '[{"index": 1, "label": "spleen"}, {"index": 17, "label": "liver tumour"}]',
    "segments of 3D Slicer": json.dumps({"segments": [
        {"id": "Segment_1", "labelValue": 1, "name": "spleen"}, {"id": "Segment_2", "labelValue": 17, "name": "liver tumour"},
    ]}),
    "categories of COCO": '{"categories": [{"id": 1, "name": "spleen"}, {"id": 17, "name": "liver tumour"}]}',
    "value next to id": '[{"id": 17, "value": 1, "name": "spleen"}, {"id": 1, "value": 17, "name": "liver tumour"}]',
    "objects by name": '{"spleen": {"id": 1}, "liver tumour": {"id": 17}}',
    "numbers as text": '{"labels": {"background": "0", "spleen": "1", "liver tumour": "17"}}',
    "class map of one task": '{"total": {"1": "spleen", "17": "liver tumour"}}',
    "csv with value and id": "id,value,name\n17,1,spleen\n1,17,liver tumour\n",
    "bids with id": "id\tindex\tname\n17\t1\tspleen\n1\t17\tliver tumour\n",
    "atlas of CAT12": "ROIid;ROIabbr;ROIname\n1;S;spleen\n17;LT;liver tumour\n",
    "segment and value": "Segment,Value\nspleen,1\nliver tumour,17\n",
    "class number": "class,name\n1,spleen\n17,liver tumour\n",
    "list of Workbench": "spleen\n1 157 108 162 255\nliver tumour\n17 0 255 0 255\n",
    "numbers and names": "# of my tool\n1 spleen\n17 liver tumour\n",
    "colons": "1: spleen\n17: 'liver tumour'\n",
}  # fmt: skip


def written(folder: Path, text: str, name: str = "labels.any") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("form", COLORED)
def test_numbers_names_and_colors_of_every_form_are_read(form: str, tmp_path: Path) -> None:
    found = read_labels(written(tmp_path, COLORED[form]))
    assert [(s.number, (s.label, s.color)) for s in found] == [(1, SPLEEN), (17, TUMOUR)]


@pytest.mark.parametrize("form", PLAIN)
def test_numbers_and_names_of_every_form_are_read(form: str, tmp_path: Path) -> None:
    found = read_labels(written(tmp_path, PLAIN[form]))
    assert [(s.number, s.label) for s in found] == [(1, "spleen"), (17, "liver tumour")]


@pytest.mark.parametrize("text", [CODED, json.dumps(DCMQI)], ids=["3D Slicer", "dcmqi"])
def test_codes_of_a_file_are_kept(text: str, tmp_path: Path) -> None:
    (found,) = read_labels(written(tmp_path, text))
    assert found.type == Code("367643001", "SCT", "Cyst")
    assert found.region == Code("64033007", "SCT", "Kidney")
    assert found.region_modifier == Code("7771000", "SCT", "Left")
    assert found.color == (1, 2, 3)
    assert with_codes([found], log := Log())[0] == found
    assert log == Log()


def test_codes_in_columns_called_like_dicom_attributes_are_read(tmp_path: Path) -> None:
    names = ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")
    head = ",".join(["id", "Structure", *(f"SegmentedPropertyTypeCodeSequence.{n}" for n in names), "DicomRGBColor"])
    (found,) = read_labels(written(tmp_path, f'{head}\n5,liver,SCT,10200004,Liver,"1,2,3"\n'))
    assert (found.type, found.color) == (Code("10200004", "SCT", "Liver"), (1, 2, 3))


def test_a_bids_row_without_name_takes_that_of_its_mapping(tmp_path: Path) -> None:
    (found,) = read_labels(written(tmp_path, "index\tname\tmapping\n4\tn/a\t8\n"))
    assert found.label == "Cortical Gray Matter"


@pytest.mark.parametrize("column", ["name", "abbreviation"])
def test_a_bids_row_that_states_that_it_has_no_name_is_named_by_number(column: str, tmp_path: Path) -> None:
    text = f"index\t{column}\tcolor\n1\tspleen\tn/a\n4\tn/a\t#010203\n"
    _, found = read_labels(written(tmp_path, text))
    assert (found.label, found.color) == ("Label 4", (1, 2, 3))


def test_the_number_of_a_label_is_not_its_name(tmp_path: Path) -> None:
    (found,) = read_labels(written(tmp_path, "Label;Name\n4;n/a\n"))
    assert (found.number, found.label) == (4, "Label 4")


def test_a_row_whose_name_is_its_number_has_no_name(tmp_path: Path) -> None:
    found = read_labels(written(tmp_path, "index\tlabel\n4\t4\n5\tliver\n"))
    assert [one.label for one in found] == ["Label 4", "liver"]


def test_minus_one_is_background_as_in_label_maps(tmp_path: Path) -> None:
    (found,) = read_labels(written(tmp_path, "index\tname\n-1\tignored\n4\tliver\n"))
    assert found.number == 4


DAMAGED = {
    "negative": ("index\tname\n1\ta\n-2\tb\n", "line 3", "-2"),
    "fraction": ("index\tname\n1.5\ta\n", "line 2", "1.5"),
    "twice": ("index\tname\n1\ta\n1\tb\n", "label 1", "more than once"),
    "nameless": ("index\tname\n1\t\n", "line 2", "name"),
    "color": ("index\tname\tcolor\n1\ta\tred\n", "line 2", "red"),
    "dark color": ("1 a 0 0 300 0\n", "line 1", "300"),
    "only background": ("index\tname\n0\tBackground\n", "labels.any", "background"),
    "half a line": ("1 a 0 0 0 0\n2 b 0\n", "line 2", "2 b 0"),
    "half a snap line": ('1 1 2 3 1 1 1 "a"\n2 1 2 3 1\n', "line 2", "2 1 2 3 1"),
    "half a code": ("index,name,Type_CodeValue,Type_CodingScheme,Type_CodeMeaning\n1,a,123,,\n", "line 2", "123"),
    "broken json": ('{"1": "a"', "labels.any", "JSON"),
    "odd json": ('{"1": [1]}', "key '1'", "name"),
    "no labels": ('{"RepetitionTime": 2.5}', "labels.any", "no labels"),
    "no labelID": ('{"segmentAttributes": [[{"SegmentLabel": "a"}]]}', "segment 1", "labelID"),
    "broken xml": ("<CaretExtension><LabelTable><Label Key='1'>a</Label>", "labels.any", "XML"),
    "entities": ("<!DOCTYPE a [<!ENTITY b 'c'>]><LabelTable><Label Key='1'>&b;</Label></LabelTable>", "labels.any", "XML"),
    "no number": ("index\tname\nred\ta\n", "line 2", "red"),
    "no number in a row": ("index\tname\n\ta\n", "line 2", "the label number is missing"),
    "algorithm": ("index,name,AlgorithmType\n1,a,by hand\n", "line 2", "BY HAND"),
    "name with a comma": ("index,name\n1,Kidney, left\n", "line 2", "3 cells, beyond the last of 2 columns"),
    "half a quotation": ('index,name\n1,"a\n', "line 2", "a quotation mark is not closed"),
    "list": ('[{"1": "a"}]', "entry 1", "has no number"),
    "names alone": ('{"labels": ["background", "a"]}', "entry 1", "has no number"),
    "two numbers": ("index,label,name\n1,1,a\n2,3,b\n", "line 3", "index is 2, and label is 3"),
    "two numbers of an object": ('[{"index": 0, "id": 5, "name": "a"}]', "entry 1", "index is 0, and id is 5"),
    "key and value": ('{"1": {"value": 2, "name": "a"}}', "labels.any", "value"),
    "two maps": ('{"total": {"1": "a"}, "body": {"1": "b"}}', "labels.any", "total"),
    "half a list of Workbench": ("a\n1 1 2 3 255\nb\n", "line 3", "number R G B A"),
    "attributes": ('{"segmentAttributes": 1}', "segmentAttributes", "list of lists"),
    "no segment": ('{"segmentAttributes": [[1]]}', "segment 1", "not a segment"),
    "algorithm of dcmqi": (
        '{"segmentAttributes": [[{"labelID": 1, "SegmentLabel": "a", "SegmentAlgorithmType": "x"}]]}',
        "segment 1",
        "'X'",
    ),
    "odd color": ('{"1": {"name": "a", "color": 7}}', "key '1'", "not a color"),
    "color of Workbench": (
        "<LabelTable><Label Key='1' Red='x' Green='0' Blue='0'>a</Label></LabelTable>",
        "labels.any",
        "not a color",
    ),
    "prose": ("Once upon a time\nthere was a liver.\n", "labels.any", "none of the label files"),
    "empty": ("", "labels.any", "empty"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_with_its_place_and_value(case: str, tmp_path: Path) -> None:
    text, place, value = DAMAGED[case]
    with pytest.raises(LabelError) as caught:
        read_labels(written(tmp_path, text))
    assert place in str(caught.value)
    assert value in str(caught.value)


def test_an_image_is_no_label_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.nii"
    path.write_bytes(b"\x5c\x01\0\0" + bytes(400))
    with pytest.raises(LabelError, match="not a text file"):
        read_labels(path)


def test_a_path_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="cannot be read"):
        read_labels(tmp_path / "missing.tsv")


def test_a_file_of_the_size_of_an_image_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    with path.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(LabelError, match="too large"):
        read_labels(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_text_of_spreadsheets_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("index\tname\n1\tNiere links", encoding=encoding)
    assert [segment.label for segment in read_labels(path)] == ["Niere links"]


NO_LABELS = {
    "motion parameters": "0 0 0 0 0 0\n0.1 0.02 0.3 0 0 0\n",
    "whole motion parameters": "1 300 2 3 4\n2 400 5 6 7\n",
    "time series": "0,1.5,2\n1,1.7,3\n",
    "volumes of ANTs": "Label,VolumeInMillimeters\n1,300\n2,400\n",
    "remark": "3 lesions were found\n",
}


@pytest.mark.parametrize("case", NO_LABELS)
def test_what_tools_write_next_to_an_image_is_no_label_file(case: str, tmp_path: Path) -> None:
    assert form_of(written(tmp_path, NO_LABELS[case])) == ""


def test_a_label_file_of_no_known_form_is_found(tmp_path: Path) -> None:
    for name in ("a_dseg.tsv", "a_dseg.lut", "a_dseg.txt", "b.tsv"):
        (tmp_path / name).write_text("index name\n1 Liver\n")
    assert unreadable_labels(tmp_path / "a_dseg.nii.gz") == [tmp_path / "a_dseg.lut", tmp_path / "a_dseg.tsv"]
    assert unreadable_labels(tmp_path / "b.nii.gz") == []


def test_letters_of_another_encoding_are_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("1 Tumör 0 255 0 0\n".encode("latin-1"))
    with pytest.raises(LabelError, match="line 1 contains the byte 0xF6, which is not UTF-8"):
        read_labels(path)
    assert find_labels(tmp_path / "labels.nii") == path


FORMS = {
    "bids": "dseg", "freesurfer": "lut", "snap": "snap", "slicer": "ctbl", "csv": "csv",
    "prose": "", "broken json": "", "no labels": "", "class": "csv", "toml": "toml", "json": "json", "empty": "",
}  # fmt: skip


@pytest.mark.parametrize("case", FORMS)
def test_the_form_of_a_label_file_is_known_by_its_content(case: str, tmp_path: Path) -> None:
    texts = {
        **COLORED, **{name: damaged[0] for name, damaged in DAMAGED.items()}, "class": "1,spleen\n2,liver\n",
        "toml": '[labels]\n1 = "spleen"\n', "json": '{"1": "spleen"}',
    }  # fmt: skip
    assert form_of(written(tmp_path, texts[case])) == FORMS[case]


# --- which file


def test_a_label_file_of_the_same_name_is_next_to_the_image(tmp_path: Path) -> None:
    path = written(tmp_path, COLORED["snap"], "brain.txt")
    assert find_labels(tmp_path / "brain.nii.gz") == path


def test_a_bids_table_wins_over_files_of_tools_and_a_json_with_labels_over_both(tmp_path: Path) -> None:
    written(tmp_path, COLORED["freesurfer"], "brain.lut")
    table = written(tmp_path, COLORED["bids"], "brain.tsv")
    written(tmp_path, '{"EchoTime": 0.03}', "brain.json")
    assert find_labels(tmp_path / "brain.nii") == table
    sidecar = written(tmp_path, '{"EchoTime": 0.03, "labels": {"1": "a"}}', "brain.json")
    assert find_labels(tmp_path / "brain.nii") == sidecar


def test_a_sidecar_of_nothing_but_whole_numbers_is_no_label_file(tmp_path: Path) -> None:
    written(tmp_path, '{"FlipAngle": 90, "EchoNumber": 1}', "brain.json")
    assert find_labels(tmp_path / "brain.nii.gz") is None


def test_a_bids_table_is_inherited_from_the_root_of_the_dataset(tmp_path: Path) -> None:
    written(tmp_path, "{}", "dataset_description.json")
    table = written(tmp_path, COLORED["bids"], "desc-aseg_dseg.tsv")
    written(tmp_path, COLORED["bids"], "desc-other_dseg.tsv")
    image = tmp_path / "sub-01" / "anat" / "sub-01_desc-aseg_dseg.nii.gz"
    image.parent.mkdir(parents=True)
    assert find_labels(image) == table


def test_nothing_above_the_root_of_the_dataset_is_inherited(tmp_path: Path) -> None:
    written(tmp_path, COLORED["bids"], "dseg.tsv")
    image = tmp_path / "data" / "sub-01_dseg.nii.gz"
    image.parent.mkdir()
    written(image.parent, "{}", "dataset_description.json")
    assert find_labels(image) is None


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_labels_in_the_header_of_an_image_are_read(kind: type, ending: str, tmp_path: Path) -> None:
    image = kind(np.ones((2, 3, 4), np.uint8), np.eye(4))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"made by hand"))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, COLORED["workbench"].encode()))
    nibabel.save(image, tmp_path / f"seg{ending}")
    texts = [text for text in extension_texts(tmp_path / f"seg{ending}") if is_label_table(text)]
    assert [(s.number, s.label) for s in read_label_text(texts[0], "seg")] == [(1, "spleen"), (17, "liver tumour")]


@pytest.mark.parametrize("content", [b"", b"\x5c\x01\0\0", b"\x5c\x01\0\0" + b"\xff" * 400, b"no image at all"])
def test_a_damaged_image_has_no_labels_in_its_header(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "seg.nii"
    path.write_bytes(content)
    assert extension_texts(path) == []


# --- codes

TOTALSEGMENTATOR = json.loads((CORE / "data" / "totalsegmentator.json").read_text("utf-8"))
NAMES = {
    "Left-Hippocampus": ("5366008", "7771000"),
    "kidney_right": ("64033007", "24028007"),
    "rib_left_7": ("24915002", "7771000"),
    "ribs": ("113197003", None),
    "heart_atrium_left": ("82471001", None),
    "vertebrae_L5": ("49668003", None),
    "ctx-rh-precuneus": ("40146001", "24028007"),
    "wm-lh-insula": ("68523003", "7771000"),
    "Right-VentralDC": ("110700", "24028007"),
    "3rd-Ventricle": ("49841001", None),
    "Caudate L": ("11000004", "7771000"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_code_and_side_of_a_structure_are_known_by_its_name(name: str) -> None:
    coding = coding_of(name)
    assert (coding.type.value, coding.modifier and coding.modifier.value) == NAMES[name]


def test_a_left_ventricle_could_be_of_the_heart_or_of_the_brain_and_gets_no_code() -> None:
    assert coding_of("left ventricle") is None


def test_every_code_of_the_table_is_the_one_that_pydicom_has() -> None:
    from pydicom.sr._concepts_dict import concepts

    from nifti_dicom_bridge.labels import codes

    known = {(scheme, value) for scheme, found in concepts.items() for meanings in found.values() for value in meanings}
    table = codes._table()
    rows = [row["code"] for row in table["types"]] + [*table["categories"].values(), *table["sides"].values()]
    confirmed = set(TOTALSEGMENTATOR["confirmed"])
    assert not [row for row in rows if (row[1], row[0]) not in known and row[0] not in confirmed]


def test_no_name_of_the_table_occurs_twice() -> None:
    from nifti_dicom_bridge.labels import codes

    names = [name for row in codes._table()["types"] for name in row["names"]]
    assert len(names) == len(set(names))


def test_an_unknown_name_becomes_a_tissue_with_a_private_code_and_a_warning() -> None:
    log = Log()
    (found,) = with_codes([Segment(1, "Thing of the third kind")], log)
    assert found.category == Code("85756007", "SCT", "Tissue")
    assert (found.type.scheme, found.type.meaning) == ("99NIFTIBRIDGE", "Thing of the third kind")
    assert len(found.type.value) <= 16
    assert "Thing of the third kind" in log.warnings[0]


@pytest.mark.parametrize("names", [("Präparat", "Pröparat"), ("CD4+", "CD4-"), ("N" * 69 + "1", "N" * 69 + "2"), ("肝", "腎")])
def test_different_names_have_different_private_codes(names: tuple[str, str]) -> None:
    assert private_code(names[0]).value != private_code(names[1]).value
    assert all(len(private_code(name).value) <= 16 for name in names)


def test_names_that_are_too_long_are_shortened_with_a_warning_and_stay_different() -> None:
    log, names = Log(), ["N" * 69 + "1", "N" * 69 + "2", "M" * 65, "N" * 64]
    found = with_codes([Segment(n, name) for n, name in enumerate(names, 1)], log)
    assert [segment.label[-5:] for segment in found] == ["NN #1", "NN #2", "MMMMM", "NNNNN"]
    assert max(len(segment.label) for segment in found) == 64
    assert any(sentence.startswith("names of 3 segment(s) have more than 64 characters") for sentence in log.warnings)


def test_freesurfer_numbers_have_names_without_a_file() -> None:
    found = {segment.number: segment.label for segment in read_labels("freesurfer")}
    assert (found[17], found[53], found[1035]) == ("Left-Hippocampus", "Right-Hippocampus", "ctx-lh-insula")


def test_a_label_number_comes_back_from_its_description() -> None:
    assert number_in_description(description_of(2035)) == 2035
    assert number_in_description("Label made by hand") is None


def test_segments_come_back_from_a_dseg_table(tmp_path: Path) -> None:
    segments = [Segment(1, "spleen", color=(157, 108, 162)), Segment(17, "Λesion\tof 2 words")]
    write_dseg(segments, tmp_path / "a_dseg.tsv")
    assert read_labels(tmp_path / "a_dseg.tsv") == [segments[0], Segment(17, "Λesion of 2 words")]


@pytest.mark.parametrize("line", ["1" + " " * 20000 + "1", "1 1 name" + " " * 20000 + "x", '1 0 0 0 0 0 0 "' + " " * 20000])
def test_a_line_of_many_blanks_is_read_in_a_moment(line: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text(line)
    assert form_of(tmp_path / "labels.txt") == ""
    with pytest.raises(LabelError):
        read_labels(tmp_path / "labels.txt")


def test_names_of_several_words_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("1   left  lung   lobe  10  20  30  255\n")
    assert [segment.label for segment in read_labels(tmp_path / "labels.txt")] == ["left  lung   lobe"]
