"""What made a segmentation: ``algorithm="NAME[:VERSION[:FAMILY]]"`` in the segments of new objects."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, ConversionReport, OptionError, Segment, to_dicom, to_nifti
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.options.algorithm import FAMILIES, parse_algorithm
from nifti_dicom_bridge.validation import check_files

LABELS = np.pad(np.full((2, 2, 2), 3, np.uint8), 2)
AI = ("123110", "DCM", "Artificial Intelligence")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    LABELS[1, 1, 1] = 1
    nibabel.save(nibabel.Nifti1Image(LABELS, np.diag([1, 1, 2, 1])), "lesion_dseg.nii")


def converted(**options: object) -> tuple[ConversionReport, pydicom.Dataset]:
    report = to_dicom("lesion_dseg.nii", "out", kind="seg", **options)
    assert report.ok, report
    return report, pydicom.dcmread(report.outputs[0])


def texts(report: ConversionReport) -> str:
    (entry,) = report.entries
    return "\n".join([*entry.log.notes, *entry.log.warnings])


def code(item: pydicom.Dataset) -> tuple[str, str, str]:
    return item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning


@pytest.mark.parametrize("form", ["binary", "labelmap"])
def test_segments_are_automatic_and_identify_the_algorithm(form: str) -> None:
    report, seg = converted(algorithm="LesionNet:1.2:AI", segmentation=form)

    for item in [item for item in seg.SegmentSequence if item.SegmentNumber]:
        assert (item.SegmentAlgorithmType, item.SegmentAlgorithmName) == ("AUTOMATIC", "LesionNet 1.2")
        (identification,) = item.SegmentationAlgorithmIdentificationSequence
        assert (identification.AlgorithmName, identification.AlgorithmVersion) == ("LesionNet", "1.2")
        assert code(identification.AlgorithmFamilyCodeSequence[0]) == AI
    assert [str(found) for found in check_files(report.outputs) if found.severity.value == "error"] == []


def test_segments_can_be_tracked_by_identifiers_of_their_own() -> None:
    _, seg = converted(algorithm="LesionNet:1.2:AI")

    assert [item.TrackingID for item in seg.SegmentSequence] == ["Label 1", "Label 3"]
    assert len({item.TrackingUID for item in seg.SegmentSequence}) == 2


def test_the_family_of_a_well_known_tool_is_known() -> None:
    _, seg = converted(algorithm="nnU-Net v2:2.5")
    assert code(seg.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmFamilyCodeSequence[0]) == AI


@pytest.mark.parametrize(("text", "missing"), [("LesionNet", "version and family"), ("LesionNet:2", "family")])
def test_an_identification_that_would_be_incomplete_is_left_out_with_a_note(text: str, missing: str) -> None:
    report, seg = converted(algorithm=text)

    assert "SegmentationAlgorithmIdentificationSequence" not in seg.SegmentSequence[0]
    assert seg.SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    assert f"the {missing} of LesionNet is not specified" in texts(report)


def test_segments_whose_label_file_states_how_they_were_made_keep_that() -> None:
    Path("labels.csv").write_text("index,name,AlgorithmType\n1,a,MANUAL\n3,b,\n")
    report, seg = converted(algorithm="LesionNet:1.2:AI", labels="labels.csv")

    assert [item.SegmentAlgorithmType for item in seg.SegmentSequence] == ["MANUAL", "AUTOMATIC"]
    assert "TrackingUID" not in seg.SegmentSequence[0]
    assert "1 segment(s) keep the algorithm of their label file" in texts(report)


def test_without_an_algorithm_the_type_is_assumed_and_nothing_is_tracked() -> None:
    report, seg = converted()

    assert seg.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert "TrackingUID" not in seg.SegmentSequence[0]
    assert "algorithm= specifies it" in texts(report)


def test_an_image_of_another_kind_and_a_restored_one_report_that_it_was_not_applied() -> None:
    report = to_dicom("lesion_dseg.nii", "mr", kind="mr", algorithm="LesionNet")
    assert "was not applied: this image is not a segmentation" in texts(report)
    to_nifti("mr", "nifti")
    report = to_dicom("nifti", "again", algorithm="LesionNet")
    assert "algorithm= was not applied" in texts(report)


@pytest.mark.parametrize("text", [":2", "a:1:magic", "a" * 65, "a:" + "1" * 65, "a\\b"])
def test_a_text_that_is_no_algorithm_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="algorithm"):
        ConversionOptions(algorithm=text)


@pytest.mark.parametrize("family", ["edge detection", "EdgeDetection", "EDGE-DETECTION", "123103"])
def test_a_family_is_known_by_meaning_keyword_or_value(family: str) -> None:
    assert parse_algorithm(f"a:1:{family}").family == "Edge Detection"


def test_the_families_are_those_of_the_standard() -> None:
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    known = {
        value: meaning for keyword in cid_concepts[7162]["DCM"] for value, (meaning, _) in concepts["DCM"][keyword].items()
    }
    assert {value: meaning for meaning, value in FAMILIES.items()} == known


def test_the_command_line_has_the_option() -> None:
    assert main(["convert", "lesion_dseg.nii", "--to", "dicom", "-o", "out", "--as", "seg", "--algorithm", "Net:1:AI"]) == 0
    (file,) = Path("out").rglob("*.dcm")
    assert pydicom.dcmread(file).SegmentSequence[0].SegmentAlgorithmName == "Net 1"


def test_the_label_of_a_segment_is_refused_as_an_attribute_with_the_option_that_sets_it() -> None:
    (entry,) = to_dicom("lesion_dseg.nii", "out", kind="seg", set_values={"SegmentLabel": "liver"}).entries
    assert entry.outcome.value == "failed"
    assert "SegmentLabel (0062,0005) cannot be set" in entry.error
    assert 'labels="FILE"' in entry.error


def test_what_was_written_is_read_back() -> None:
    from nifti_dicom_bridge import read, segments_of

    report, seg = converted(algorithm="LesionNet:1.2:AI")
    found = segments_of(read(report.outputs[0])[0])
    assert [(s.algorithm_type, s.algorithm_name, s.tracking_uid) for s in found] == [
        ("AUTOMATIC", "LesionNet 1.2", item.TrackingUID) for item in seg.SegmentSequence
    ]
    assert all(isinstance(s, Segment) for s in found)
