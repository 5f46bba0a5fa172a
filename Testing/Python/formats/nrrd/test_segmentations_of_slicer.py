"""Segmentations that Slicer saved as NRRD: names, colors, codes, layers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ImageReadError, read, to_dicom
from nifti_dicom_bridge.formats.nrrd.segments import segments_text
from support.image_files import PLACED, nrrd

pytestmark = pytest.mark.usefixtures("there")


LIVER = "Segmentation category and type - 3D Slicer General Anatomy list~SCT^123037004^Anatomical Structure~SCT^10200004^Liver"

SEGMENTS = f"""Segment0_ID:=Segment_1
Segment0_Name:=my liver
Segment0_Color:=0.866667 0.509804 0.396078
Segment0_LabelValue:=3
Segment0_Layer:=0
Segment0_Tags:=Segmentation.Status:inprogress|TerminologyEntry:{LIVER}~^^~Anatomic codes - DICOM master list~^^~^^|
Segment1_ID:=Segment_2
Segment1_Name:=lesion
Segment1_Color:=1 0 0
Segment1_LabelValue:=3
Segment1_Layer:=1"""


def segmentation(layers: int = 1) -> Path:
    voxels = np.zeros((3, 4, 5, layers), np.uint8)
    voxels[1:, ..., 0] = 3
    voxels[2, 2, 2, layers - 1] = 3
    fields = (
        PLACED if layers == 1 else PLACED.replace("directions: ", "directions: none ") + "\nkinds: list domain domain domain"
    )
    shown = SEGMENTS if layers > 1 else "\n".join(SEGMENTS.splitlines()[:6])
    return nrrd(f"{fields}\n{shown}", voxels[..., 0] if layers == 1 else voxels, "organs.seg.nrrd")


def test_names_colors_and_codes_of_segments_are_those_of_the_header() -> None:
    report = to_dicom(segmentation(), "dicom")
    assert report.ok, report
    made = pydicom.dcmread(report.outputs[0])
    (segment,) = made.SegmentSequence
    assert (made.Modality, segment.SegmentLabel) == ("SEG", "my liver")
    kind = segment.SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("10200004", "SCT")
    assert "RecommendedDisplayCIELabValue" in segment


@pytest.mark.parametrize("color", ["inf 0 0", "red", "2 0 0", ""])
def test_colors_that_are_not_valid_are_left_out(color) -> None:
    path = segmentation()
    path.write_bytes(path.read_bytes().replace(b"0.866667 0.509804 0.396078", color.encode()))
    report = to_dicom(path, "dicom")
    assert report.ok, report
    assert pydicom.dcmread(report.outputs[0]).SegmentSequence[0].SegmentLabel == "my liver"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Layer:=1", b"Layer:=0", "same LabelValue"),
        (b"Layer:=1", b"Layer:=7", "layer 7, there are 2"),
        (b"Segment0_LabelValue:=3", b"Segment0_LabelValue:=0", "the value of segment 0 is 0"),
    ],
)
def test_segments_whose_voxels_are_not_stated_are_refused(old, new, reason) -> None:
    path = segmentation(2)
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(ImageReadError, match=reason):
        read(path)


def test_segments_that_overlap_are_all_there() -> None:
    report = to_dicom(segmentation(2), "dicom")
    assert report.ok, report
    made = [pydicom.dcmread(path) for path in report.outputs]
    names = [segment.SegmentLabel for one in made for segment in one.SegmentSequence]
    assert names == ["my liver", "lesion"]
    arrays = [volume.array for volume in read(report.outputs)]
    assert [int(sum((array == number).sum() for array in arrays)) for number in (1, 2)] == [40, 1]


def test_voxels_of_no_segment_of_their_layer_are_reported() -> None:
    path = segmentation(2)
    raw = bytearray(path.read_bytes())
    raw[-1] = 9
    path.write_bytes(bytes(raw))
    (volume,) = read(path)
    sentence = "1 voxel(s) have a value that is of no segment of their layer: they were left out"
    assert volume.warnings == (sentence,)
    assert sentence in to_dicom(path, "dicom").entries[0].log.warnings


def test_layers_with_different_values_hold_their_own_segments_only() -> None:
    path = segmentation(2)
    path.write_bytes(path.read_bytes().replace(b"Segment1_LabelValue:=3", b"Segment1_LabelValue:=5"))
    (volume,) = read(path)
    assert (set(np.unique(volume.array)), len(volume.warnings)) == ({0, 3}, 1)


def test_colors_slightly_outside_of_the_range_are_clipped() -> None:
    path = segmentation()
    path.write_bytes(path.read_bytes().replace(b"0.866667 0.509804 0.396078", b"1.004 0.5 -0.01"))
    (segment,) = json.loads(segments_text(path))["segmentAttributes"][0]
    assert segment["recommendedDisplayRGBValue"] == [255, 128, 0]


def test_the_suffix_of_segmentations_is_no_part_of_the_name() -> None:
    assert read(segmentation())[0].name == "organs"
