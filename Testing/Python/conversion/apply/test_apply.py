"""A command or function on DICOM series: what is next to the original afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, ConversionReport, Kind, OptionError, Outcome, apply, read
from nifti_dicom_bridge.errors import LabelError
from support.circle import Circle, names_in
from support.new_objects import series
from support.nonempty import some
from support.paths import TOOL_STAND_INS

SCIPY = [sys.executable, str(TOOL_STAND_INS / "scipy_tools.py")]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def objects(report: ConversionReport) -> list[pydicom.Dataset]:
    assert report.failures == []
    return [pydicom.dcmread(path) for path in report.outputs]


def doubled(image):
    return np.asarray(image.dataobj) * 2


def mask_of(image):
    return (image.get_fdata() > -980).astype(np.uint8)


# --- functions --------------------------------------------------------------------------------------------------------


def test_image_that_a_function_returns_is_a_derived_series() -> None:
    report = apply(series("ct"), "out", doubled)

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    assert {one.Modality for one in objects(report)} == {"CT"}


@pytest.mark.slow
def test_result_is_in_the_study_of_the_patient() -> None:
    folder = series("ct")
    original = pydicom.dcmread(next(folder.rglob("*.dcm")))

    for one in some(objects(apply(folder, "out", mask_of))):
        assert (one.PatientID, one.StudyInstanceUID) == (original.PatientID, original.StudyInstanceUID)
        assert one.FrameOfReferenceUID == original.FrameOfReferenceUID


def test_segmentations_next_to_images_are_not_given_to_the_command_unless_they_are_selected() -> None:
    study = series("ct")
    some(apply(study, study / "results", mask_of).outputs)  # as a study that comes from an archive, with its results

    images = apply(study, "images", mask_of)
    labels = apply(study, "labels", mask_of, select="Modality=SEG")
    alone = apply(study / "results", "alone", mask_of)

    assert len(images.entries) == len(labels.entries) == len(alone.entries) == 1
    assert [note for note in images.notes if "Segmentations are not given" in note]
    assert not [note for note in [*labels.notes, *alone.notes] if "Segmentations are not given" in note]


def test_result_has_the_values_of_the_function_at_the_same_places() -> None:
    folder = series("ct")
    (before,) = read(folder)

    report = apply(folder, "out", doubled)

    (after,) = read("out")
    assert report.ok
    np.testing.assert_allclose(after.real_values(), before.real_values() * 2)
    np.testing.assert_allclose(after.ijk_to_ras, before.ijk_to_ras, atol=1e-5)


def test_function_takes_arrays_in_the_order_of_the_file() -> None:
    shapes = []
    apply(series("ct"), "out", lambda array: shapes.append(array.shape) or array + 1, arrays=True)

    assert shapes == [(5, 4, 3)]


@pytest.mark.slow
def test_dictionary_of_images_becomes_an_object_each() -> None:
    report = apply(series("ct"), "out", lambda image: {"lesion_mask": mask_of(image), "twice": doubled(image)})

    assert sorted({one.Modality for one in objects(report)}) == ["CT", "SEG"]


def test_function_that_raises_is_a_failed_entry_and_nothing_is_written() -> None:
    report = apply(series("ct"), "out", lambda image: 1 / 0)

    assert "ZeroDivisionError" in report.failures[0].error
    assert names_in(Path("out")) == []


def test_array_of_another_shape_is_refused() -> None:
    report = apply(series("ct"), "out", lambda image: np.zeros((2, 2, 2)))

    assert "(5, 4, 3)" in report.failures[0].error


def test_anything_but_images_is_refused() -> None:
    assert "NumPy arrays" in apply(series("ct"), "out", lambda image: "text").failures[0].error


# --- provenance -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_segments_name_the_algorithm() -> None:
    (seg,) = objects(apply(series("ct"), "out", mask_of, algorithm="LesionNet:1.2"))

    assert seg.SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    assert seg.SegmentSequence[0].SegmentAlgorithmName == "LesionNet 1.2"


@pytest.mark.slow
@pytest.mark.parametrize("function", [mask_of, doubled])
def test_contributing_equipment_contains_algorithm_and_digest_of_the_input(function) -> None:
    folder = series("ct")
    digest = read(folder)[0].source.origin.digest

    for one in some(objects(apply(folder, "out", function, algorithm="LesionNet:1.2"))):
        (item,) = [item for item in one.ContributingEquipmentSequence if item.Manufacturer == "LesionNet"]
        assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
        assert "LesionNet 1.2" in item.ContributionDescription
        assert digest in item.ContributionDescription


@pytest.mark.slow
def test_derived_images_describe_the_command_and_its_exit_code() -> None:
    report = apply(series("ct"), "out", [*SCIPY, "smooth", "{input}", "{output}"])

    for one in some(objects(report)):
        assert "exit code 0" in one.DerivationDescription
        assert "smooth {input} {output}" in one.DerivationDescription


@pytest.mark.slow
def test_frames_of_a_segmentation_describe_the_command() -> None:
    (seg,) = objects(apply(series("ct"), "out", [*SCIPY, "threshold", "{input}", "{output}"], kind="seg"))

    derivation = seg.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert "threshold" in derivation.DerivationDescription


@pytest.mark.slow
def test_frames_refer_to_the_images_of_the_original() -> None:
    folder = series("ct")
    uids = {pydicom.dcmread(path).SOPInstanceUID for path in folder.rglob("*.dcm")}

    (seg,) = objects(apply(folder, "out", mask_of))

    frames = seg.PerFrameFunctionalGroupsSequence
    referred = {frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for frame in frames}
    assert referred <= uids


# --- numbers and names ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_series_number_is_free_in_the_study() -> None:
    series("in/ct", SeriesNumber="3")
    series("in/other", SeriesNumber="12")

    numbers = {int(one.SeriesNumber) for one in objects(apply("in", "out", mask_of, kind="seg"))}

    assert len(numbers) == 2
    assert not numbers & {3, 12}


def test_series_number_of_a_series_that_is_not_selected_is_taken() -> None:
    series("in/ct", SeriesNumber="3")
    series("in/other", SeriesNumber="301")

    (seg,) = objects(apply("in", "out", mask_of, kind="seg", series="3"))

    assert int(seg.SeriesNumber) > 301


@pytest.mark.parametrize("number", ["5436027", "543602701", "2147483647"])
def test_series_numbers_of_eight_digits_and_more_leave_free_ones(number: str) -> None:
    series("in/ct", SeriesNumber=number)
    series("in/first", SeriesNumber="543602702")

    numbers = {int(one.SeriesNumber) for one in objects(apply("in", "out", mask_of, kind="seg"))}

    assert len(numbers) == 2
    assert not numbers & {int(number), 543602702}


def test_set_values_win() -> None:
    (seg,) = objects(apply(series("ct"), "out", mask_of, set_values={"SeriesDescription": "lesions", "SeriesNumber": "9"}))

    assert (seg.SeriesDescription, seg.SeriesNumber) == ("lesions", 9)


def test_second_run_replaces_nothing() -> None:
    folder = series("ct")
    apply(folder, "out", mask_of)
    before = {path: path.read_bytes() for path in Path("out").rglob("*.dcm")}

    report = apply(folder, "out", mask_of)

    assert "exists" in report.failures[0].error
    assert {path: path.read_bytes() for path in Path("out").rglob("*.dcm")} == before


# --- selection --------------------------------------------------------------------------------------------------------


TWO = ("SeriesNumber=12", "SeriesNumber=3")


@pytest.mark.parametrize(("select", "count"), [("SeriesNumber=3", 1), ("Modality=ct", 2), (TWO, 2)])
def test_selected_series_are_used(select, count) -> None:
    series("in/ct", SeriesNumber="3")
    series("in/other", SeriesNumber="12")
    calls = []

    apply("in", "out", lambda image: calls.append(1) or mask_of(image), select=select)

    assert len(calls) == count


def test_selection_that_matches_nothing_is_refused_with_the_series_that_there_are() -> None:
    with pytest.raises(BridgeError, match="matches none of the series"):
        apply(series("ct"), "out", mask_of, select="Modality=MR")


@pytest.mark.parametrize(("option", "value"), [("select", "Modality"), ("select", "Modalyti=CT"), ("jobs", 0), ("timout", 3),
                                              ("algorithm", ":2"), ("deidentify", True)])  # fmt: skip
def test_invalid_option_is_refused_before_anything_runs(option, value) -> None:
    with pytest.raises(OptionError):
        apply(series("ct"), "out", lambda image: pytest.fail("it ran"), **{option: value})


@pytest.mark.parametrize(("option", "value"), [("jobs", 2), ("timeout", 5), ("shell", True), ("take", "*")])
def test_options_of_commands_are_refused_for_functions(option, value) -> None:
    with pytest.raises(OptionError, match="applies to commands"):
        apply(series("ct"), "out", mask_of, **{option: value})


# --- several inputs ---------------------------------------------------------------------------------------------------


def two_series(second: Kind = Kind.CT) -> str:
    series("in/one", SeriesNumber="1", SeriesDescription="one")
    series("in/two", SeriesNumber="2", SeriesDescription="two", kind=second)
    return "in"


def test_function_gets_all_images_of_a_study() -> None:
    counts = []

    report = apply(two_series(), "out", lambda images: counts.append(len(images)) or mask_of(images[0]), per="study")

    assert counts == [2]
    assert len(objects(report)) == 1


@pytest.mark.slow
def test_function_gets_no_images_of_two_people_who_share_study_and_patient_id() -> None:
    series("in/one", SeriesNumber="1", PatientSex="F")
    series("in/two", SeriesNumber="2", PatientSex="M")
    counts = []

    apply("in", "out", lambda images: counts.append(len(images)) or mask_of(images[0]), per="study")

    assert counts == [1, 1]


def test_image_named_after_its_input_is_derived_from_that() -> None:
    report = apply(two_series(), "out", lambda images: {"2_two": doubled(images[1])}, per="study")

    assert {one.SeriesDescription.split(",")[0] for one in objects(report)} == {"two"}


def test_image_of_unclear_origin_is_refused() -> None:
    report = apply(two_series(), "out", lambda images: {"mean": doubled(images[0])}, per="study")

    assert "several inputs have its grid" in report.failures[0].error
    assert names_in(Path("out")) == []


def test_image_of_unclear_modality_is_refused() -> None:
    series("in/one", SeriesNumber="1")
    matrix = np.diag([-2.0, -1.5, 3.0, 1.0])
    matrix[:3, 3] = 31, 21, 6
    series("in/two", matrix, kind=Kind.MR, SeriesNumber="2")

    report = apply("in", "out", lambda images: {"warped": doubled(images[0])}, per="study")

    assert "CT and MR" in report.failures[0].error


# --- kinds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phantom", ["without_position", "cine", "segmentation"])
def test_images_without_position_stay_what_they_were(phantom: str, circle: Circle) -> None:
    circle.make(phantom)
    original = next(pydicom.dcmread(path) for path in circle.dicom.rglob("*") if path.is_file())

    def without_first(array):
        changed = array.copy()
        changed.flat[np.flatnonzero(array)[0]] = 0
        return changed

    report = apply(circle.dicom, "out", without_first, arrays=True)

    assert {one.SOPClassUID for one in objects(report)} == {original.SOPClassUID}


def test_label_map_of_images_without_position_refers_to_each_of_them(circle: Circle) -> None:
    circle.make("without_position")
    originals = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, circle.dicom.rglob("*.dcm"))}

    made = objects(apply(circle.dicom, "out", lambda array: (array > array.mean()).astype(np.uint8), arrays=True, kind="seg"))

    assert len(made) == len(originals) == 2
    for ds in made:
        source = ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
        pixels = originals.pop(source.ReferencedSOPInstanceUID).pixel_array
        assert "FrameOfReferenceUID" not in ds
        assert np.array_equal(ds.pixel_array.reshape(pixels.shape), pixels > pixels.mean())


def test_map_of_images_without_position_is_refused(circle: Circle) -> None:
    circle.make("without_position")

    report = apply(circle.dicom, "out", lambda array: array / 7.0, arrays=True, kind="pm")

    assert "no position" in report.failures[0].error
    assert "take" in report.failures[0].error


def test_four_dimensional_series_stays_four_dimensional(circle: Circle) -> None:
    circle.make("mr_4d")
    (before,) = read(circle.dicom)

    assert apply(circle.dicom, "out", lambda array: array * 2, arrays=True).ok

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
