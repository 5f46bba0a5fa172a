"""A label map without a labeled voxel, as a model writes it that found nothing: an object that states what was looked for."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Kind, Target, convert, read
from nifti_dicom_bridge.errors import LabelError
from nifti_dicom_bridge.labels import Segment
from nifti_dicom_bridge.model.metadata import Log
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.options import SegmentationForm
from support.grids import OBLIQUE, assert_same_places
from support.oracles import oracle, run
from support.other_readers import dcmqi_labels, highdicom_image, own_image
from support.round_trip import NEW, RoundTrip
from support.seg_objects import made, saved

FORMS = [SegmentationForm.BINARY, SegmentationForm.FRACTIONAL, SegmentationForm.LABELMAP]
LOOKED_FOR = [Segment(1, "lesion"), Segment(4, "edema")]
NOTHING = Volume(np.zeros((1, 5, 6, 7), np.uint8), OBLIQUE)


def without_names(form: SegmentationForm) -> list[Segment]:
    """Return segments as many as the maps of a fractional image: one for one map."""
    return LOOKED_FOR[:1] if form is SegmentationForm.FRACTIONAL else LOOKED_FOR


@pytest.mark.parametrize("form", FORMS)
def test_all_segments_are_described_and_no_voxel_belongs_to_one(form: SegmentationForm) -> None:
    (ds,) = made(NOTHING, form, without_names(form))
    named = [item.SegmentLabel for item in ds.SegmentSequence if item.SegmentNumber]
    assert named == [segment.label for segment in without_names(form)]
    assert not np.any(ds.pixel_array)


def test_what_is_reported_as_not_found_is_what_the_object_describes() -> None:
    log = Log()
    (ds,) = made(NOTHING, SegmentationForm.FRACTIONAL, LOOKED_FOR, log=log)
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["lesion"]
    assert log.warnings[0].endswith("nothing was found of: lesion")


def test_each_segment_has_frames_at_both_ends_so_that_readers_find_it_and_the_grid() -> None:
    (ds,) = made(NOTHING, SegmentationForm.BINARY, LOOKED_FOR)
    frames = [item.SegmentIdentificationSequence[0] for item in ds.PerFrameFunctionalGroupsSequence]
    assert [int(item.ReferencedSegmentNumber) for item in frames] == [1, 1, 2, 2]


@pytest.mark.parametrize("form", FORMS)
def test_it_is_read_again_on_its_grid(form: SegmentationForm, tmp_path: Path) -> None:
    (volume,) = read(saved(tmp_path / "seg.dcm", NOTHING, form, segments=without_names(form)))
    assert_same_places(NOTHING, *own_image(volume))


@pytest.mark.parametrize("form", FORMS)
def test_it_is_refused_if_no_label_is_described(form: SegmentationForm) -> None:
    with pytest.raises(LabelError, match="no label is described"):
        made(NOTHING, form, [])


@pytest.mark.slow
def test_dcmqi_and_highdicom_read_it(tmp_path: Path) -> None:
    import highdicom

    path = saved(tmp_path / "seg.dcm", NOTHING, SegmentationForm.BINARY, segments=LOOKED_FOR)
    assert_same_places(NOTHING, *dcmqi_labels(path, tmp_path))
    found = highdicom.seg.segread(saved(tmp_path / "map.dcm", NOTHING, SegmentationForm.LABELMAP, segments=LOOKED_FOR))
    assert_same_places(NOTHING, *highdicom_image(found.get_volume(combine_segments=True)))
    said = run(oracle("dciodvfy"), path)
    assert [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")] == []


def prediction(folder: Path) -> Path:
    """Write an empty prediction of nnU-Net, and the labels of its model."""
    folder.mkdir()
    model = {"channel_names": {"0": "T1"}, "labels": {"background": 0, "lesion": 1}, "numTraining": 9, "file_ending": ".nii.gz"}
    (folder / "dataset.json").write_text(json.dumps(model))
    nibabel.save(nibabel.Nifti1Image(np.zeros((16, 16, 8), np.uint8), np.eye(4)), folder / "case_01.nii.gz")
    return folder / "case_01.nii.gz"


@pytest.mark.parametrize("kind", [Kind.SEG, Kind.RTSTRUCT])
def test_an_empty_prediction_becomes_an_object_with_a_warning(kind: Kind, tmp_path: Path) -> None:
    report = convert(Job([prediction(tmp_path / "model")], tmp_path / "dicom", ConversionOptions(Target.DICOM, kind=kind)))
    (entry,) = report.entries
    assert report.ok, entry.error
    assert any("nothing was found of: lesion" in warning for warning in entry.log.warnings)
    (path,) = report.outputs
    ds = pydicom.dcmread(path)
    items = ds.SegmentSequence if kind is Kind.SEG else ds.StructureSetROISequence
    assert [item.get("SegmentLabel") or item.ROIName for item in items] == ["lesion"]


def test_a_label_map_whose_voxels_were_all_erased_comes_back_empty(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_gaps").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.zeros_like(np.asarray(image.dataobj)), image.affine))
    (entry,) = round_trip.home(NEW).entries
    assert not entry.error
    (ds,) = round_trip.returned()
    assert not np.any(ds.pixel_array)
    assert any("nothing was found" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize("form", [SegmentationForm.BINARY, SegmentationForm.LABELMAP])
def test_an_edit_that_removes_all_labels_leaves_their_description(form: SegmentationForm, round_trip: RoundTrip) -> None:
    """A Label Map Segmentation, in which segment 0 is the background, was refused."""
    labels = Volume(np.arange(210, dtype=np.uint8).reshape(1, 5, 6, 7) % 3 * 2, OBLIQUE)
    round_trip.dicom.mkdir()
    saved(round_trip.dicom / "seg.dcm", labels, form, segments=[Segment(2, "lesion"), Segment(4, "edema")])
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine))
    (entry,) = round_trip.home(NEW).entries

    assert entry.error == ""
    (found,) = round_trip.returned()
    assert [item.SegmentLabel for item in found.SegmentSequence if item.SegmentNumber] == ["lesion", "edema"]
    assert not np.any(found.pixel_array)
