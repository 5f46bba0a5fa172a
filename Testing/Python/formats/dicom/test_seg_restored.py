"""Label maps that were not edited become the same Segmentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.labels import read_labels
from nifti_dicom_bridge.options import Layout
from nifti_dicom_bridge.sidecar import record
from support.oracles import module
from support.round_trip import KEY, RoundTrip, listing
from support.seg_objects import named_segmentation, put

RESAVED: dict[str, Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]] = {
    "int16": lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj).astype(np.int16), image.affine),
    "float32": lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj).astype(np.float32), image.affine),
    "float64 in LAS": lambda image: nibabel.Nifti1Image(image.get_fdata()[::-1], image.affine @ _flipped(image.shape)),
    "canonical": nibabel.as_closest_canonical,
}
SEGMENTATIONS = ["segmentation", *(f"segmentation_{end}" for end in ("with_gaps", "with_overlaps", "fractional", "label_map"))]


def _flipped(shape: tuple[int, ...]) -> np.ndarray:
    found = np.diag([-1.0, 1, 1, 1])
    found[0, 3] = shape[0] - 1
    return found


@pytest.mark.parametrize("how", RESAVED)
@pytest.mark.parametrize("phantom", SEGMENTATIONS)
def test_the_same_files_come_back_after_other_tools_saved_the_images(phantom: str, how: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    round_trip.edit_images(RESAVED[how])
    report = round_trip.home()
    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_one_label_map_of_several_is_not_enough(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_overlaps").forth()
    round_trip.images()[1].unlink()
    (entry,) = round_trip.home().entries
    assert entry.outcome is Outcome.FAILED
    assert "One object became several NIfTI images: give all of them together." in entry.error


NONSENSE = {
    "no slices": {},
    "slice beyond": {"Slice": [6]},
    "negative frame": {"Slice": [0], "Frame": [-1]},
    "instance beyond": {"Slice": [0], "Instance": [1]},
    "label beyond": {"Slice": [0], "Label": [65536]},
    "columns of two lengths": {"Slice": [0, 1], "Label": [1]},
    "no frames": {"Slice": []},
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_in_the_record_is_one_clear_error(name: str, round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_gaps").forth()
    round_trip.edit_sidecar(lambda top: top[KEY]["Frames"].update(FrameTable=NONSENSE[name]))
    (entry,) = round_trip.home().entries
    assert entry.outcome is Outcome.FAILED
    assert KEY in entry.error


@pytest.mark.slow
@pytest.mark.parametrize("phantom", SEGMENTATIONS)
def test_the_schema_accepts_the_sidecar(phantom: str, round_trip: RoundTrip) -> None:
    jsonschema = module("jsonschema")
    schema = Path(record.__file__).parents[1] / "data" / "sidecar.schema.json"
    round_trip.make(phantom).forth()
    for path in round_trip.nifti.glob("*.json"):
        jsonschema.validate(json.loads(path.read_text("utf-8")), json.loads(schema.read_text("utf-8")))


@pytest.mark.slow
def test_names_of_segments_are_next_to_the_label_map_in_a_bids_dataset_too(round_trip: RoundTrip) -> None:
    put(round_trip.dicom, named_segmentation())
    round_trip.forth(layout=Layout.BIDS)
    (table,) = round_trip.nifti.rglob("*_dseg.tsv")
    assert table.is_relative_to(round_trip.nifti / "sourcedata")
    assert [segment.label for segment in read_labels(table)] == ["spleen", "liver", "κύστη"]
    round_trip.home()
    assert listing(round_trip.back) == listing(round_trip.dicom)
