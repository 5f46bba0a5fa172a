"""What kind of object the result of a function becomes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Outcome, apply, read
from nifti_dicom_bridge.errors import LabelError
from support.applied_functions import doubled, objects
from support.new_objects import series
from support.round_trip import RoundTrip, names_in

pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize("phantom", ["without_position", "cine", "segmentation"])
def test_images_without_position_stay_what_they_were(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)
    original = next(pydicom.dcmread(path) for path in round_trip.dicom.rglob("*") if path.is_file())

    def without_first(array):
        changed = array.copy()
        changed.flat[np.flatnonzero(array)[0]] = 0
        return changed

    report = apply(round_trip.dicom, "out", without_first, arrays=True)

    assert {one.SOPClassUID for one in objects(report)} == {original.SOPClassUID}


def test_label_map_of_images_without_position_refers_to_each_of_them(round_trip: RoundTrip) -> None:
    round_trip.make("without_position")
    originals = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, round_trip.dicom.rglob("*.dcm"))}

    made = objects(
        apply(round_trip.dicom, "out", lambda array: (array > array.mean()).astype(np.uint8), arrays=True, kind="seg")
    )

    assert len(made) == len(originals) == 2
    for ds in made:
        source = ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
        pixels = originals.pop(source.ReferencedSOPInstanceUID).pixel_array
        assert "FrameOfReferenceUID" not in ds
        assert np.array_equal(ds.pixel_array.reshape(pixels.shape), pixels > pixels.mean())


def test_map_of_images_without_position_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("without_position")

    report = apply(round_trip.dicom, "out", lambda array: array / 7.0, arrays=True, kind="pm")

    assert "no position" in report.failures[0].error
    assert "take" in report.failures[0].error


def test_four_dimensional_series_stays_four_dimensional(round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d")
    (before,) = read(round_trip.dicom)

    assert apply(round_trip.dicom, "out", lambda array: array * 2, arrays=True).ok

    (after,) = read("out")
    assert after.voxels.shape == before.voxels.shape
    np.testing.assert_allclose(after.real_values(), before.real_values() * 2)


@pytest.mark.slow
def test_map_of_a_quantity_becomes_a_parametric_map() -> None:
    (one,) = objects(apply(series("ct"), "out", lambda image: {"result_T1map": image.get_fdata() / 7}))

    assert one.SOPClassUID.name == "Parametric Map Storage"


@pytest.mark.slow
def test_masks_that_overlap_become_one_segmentation() -> None:
    def organs(image):
        data = np.asarray(image.dataobj)
        return {"liver": (data > -990).astype(np.uint8), "lesion": (data > -970).astype(np.uint8)}

    (seg,) = objects(apply(series("ct"), "out", organs))

    assert sorted(item.SegmentLabel for item in seg.SegmentSequence) == ["lesion", "liver"]


def test_result_without_any_label_writes_nothing_and_is_reported() -> None:
    (entry,) = apply(series("ct"), "out", lambda image: np.zeros(image.shape, np.uint8), kind="seg").entries

    assert entry.outcome is Outcome.SKIPPED
    assert "all voxels are 0" in entry.error


def test_result_without_any_label_states_that_nothing_was_found_if_labels_are_described(tmp_path: Path) -> None:
    table = tmp_path / "labels.json"
    table.write_text('{"labels": {"background": 0, "lesion": 1}}')

    report = apply(series("ct"), "out", lambda image: np.zeros(image.shape, np.uint8), kind="seg", labels=table)

    (seg,) = objects(report)
    assert [item.SegmentLabel for item in seg.SegmentSequence] == ["lesion"]
    assert not seg.pixel_array.any()
    assert "nothing was found" in report.entries[0].log.warnings[0]


def test_image_that_the_function_did_not_change_is_named() -> None:
    (entry,) = apply(series("ct"), "out", lambda image: image).entries

    assert any("changed neither" in warning for warning in entry.log.warnings)


def test_result_of_zeros_is_refused_if_its_kind_is_not_stated() -> None:
    (entry,) = apply(series("ct"), "out", lambda image: np.zeros(image.shape, np.uint8)).entries
    assert "all voxels are 0" in entry.error
    assert names_in(Path("out")) == []


def test_half_precision_is_kept_in_single_precision() -> None:
    (entry,) = apply(series("ct"), "out", lambda image: np.asarray(image.dataobj, np.float16) * np.float16(0.5)).entries
    (before,), (after,) = read("ct"), read("out")
    assert not entry.error
    assert after.real_values() == pytest.approx(before.real_values() / 2, abs=0.5)


def test_complex_result_is_refused() -> None:
    import nibabel

    (entry,) = apply(
        series("ct"), "out", lambda image: nibabel.Nifti1Image(np.full(image.shape, 1 + 2j, np.complex64), image.affine)
    ).entries
    assert "complex" in entry.error
    assert names_in(Path("out")) == []


MOVED = """
import nibabel, sys
image = nibabel.load(sys.argv[1])
affine = image.affine.copy()
affine[:3, 3] += 500
moved = nibabel.Nifti1Image(image.get_fdata().astype("i2"), affine)
moved.set_sform(moved.affine, int(sys.argv[3]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", ["1", "2"])
def test_derived_image_that_is_elsewhere_is_refused(code: str) -> None:
    task = [sys.executable, "-c", MOVED + "nibabel.save(moved, sys.argv[2])", "{input}", "{output}", code]
    (entry,) = apply(series("ct"), "out", task).entries
    assert "does not overlap" in entry.error
    assert names_in(Path("out")) == []


UNPLACED = """
import nibabel, sys
image = nibabel.load(sys.argv[1])
unplaced = nibabel.Nifti1Image(image.get_fdata().astype(sys.argv[3]), None)
unplaced.header.set_zooms([400, 400, 400])
nibabel.save(unplaced, sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_result_without_position_is_refused(dtype: str) -> None:
    task = [sys.executable, "-c", UNPLACED, "{input}", "{output}", dtype]
    (entry,) = apply(series("ct"), "out", task).entries
    assert "specifies no position" in entry.error
    assert names_in(Path("out")) == []


def test_labels_that_do_not_exist_are_refused_before_anything_runs() -> None:
    with pytest.raises(LabelError, match="no task 'nope'"):
        apply(series("ct"), "out", doubled, labels="totalsegmentator:nope")
