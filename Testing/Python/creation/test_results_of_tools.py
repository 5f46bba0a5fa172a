"""What neuroimaging and PET tools write next to their voxels: scales, units, quantities, names of tissues."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Kind, Outcome, to_nifti
from support.new_objects import MATRIX, entry_of, made, refused, save, series

SHAPE = (5, 4, 3)
FRACTIONS = np.linspace(0, 1, 60, dtype=np.float32).reshape(SHAPE)
WHOLE = np.arange(60, dtype=np.float32).reshape(SHAPE) * 20


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def with_scale(name: str, real: np.ndarray, dtype: type) -> Path:
    """Write real values as integers with slope and intercept, as nibabel and SPM do."""
    image = nibabel.Nifti1Image(real, MATRIX)
    image.set_data_dtype(dtype)
    nibabel.save(image, name)
    return Path(name)


def fractions_of(ds: pydicom.Dataset) -> np.ndarray:
    """Return the probabilities of a segmentation with one segment."""
    return ds.pixel_array / ds.MaximumFractionalValue


def quantity_and_units(ds: pydicom.Dataset) -> tuple[str, str]:
    groups = (*ds.SharedFunctionalGroupsSequence, *ds.PerFrameFunctionalGroupsSequence)
    (item,) = next(group.RealWorldValueMappingSequence for group in groups if "RealWorldValueMappingSequence" in group)
    return item.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue, item.MeasurementUnitsCodeSequence[0].CodeValue


# --- probabilities


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_probabilities_may_be_integers_with_a_scale(dtype: type) -> None:
    (seg,) = made(with_scale("sub-01_probseg.nii.gz", FRACTIONS, dtype))

    assert seg.SegmentationType == "FRACTIONAL"
    assert np.sort(fractions_of(seg).ravel()) == pytest.approx(FRACTIONS.ravel(), abs=0.5 / 255 + 1e-6)


def test_fractional_segments_of_a_tissue_map_of_spm_alone() -> None:
    (seg,) = made(with_scale("c1T1.nii", FRACTIONS, np.uint8), kind="seg", segmentation="fractional")
    assert seg.SegmentationType == "FRACTIONAL"


def test_probabilities_may_exceed_their_range_by_rounding() -> None:
    off = FRACTIONS * np.float32(1.000002) - np.float32(1e-6)
    (seg,) = made(save("sub-01_probseg.nii", off))
    assert np.sort(fractions_of(seg).ravel()) == pytest.approx(FRACTIONS.ravel(), abs=0.5 / 255 + 1e-5)


@pytest.mark.parametrize("off", [-0.01, 0.01])
def test_values_beyond_that_are_no_probabilities(off: float) -> None:
    assert "Voxels are from" in refused(save("sub-01_probseg.nii", FRACTIONS + np.float32(off)))


def test_a_mask_with_a_scale_stays_a_mask() -> None:
    (seg,) = made(with_scale("lesion_mask.nii", (FRACTIONS > 0.5).astype(np.float32), np.uint8))
    assert seg.SegmentationType == "BINARY"


# --- quantities


@pytest.mark.parametrize("name", ["T1", "sub-01_T2", "PD", "T2star"])
def test_a_weighting_is_no_quantity(name: str) -> None:
    series("scan", kind=Kind.MR)
    images = made(save(f"{name}.nii", WHOLE * np.float32(1.01)), reference="scan")
    assert {image.SOPClassUID.name for image in images} == {"MR Image Storage"}


@pytest.mark.parametrize(("name", "code"), [("R1map", "126393"), ("R2map", "126394"), ("R2starmap", "126395")])
def test_relaxation_maps_have_the_codes_of_relaxation(name: str, code: str) -> None:
    (pm,) = made(save(f"sub-01_{name}.nii", FRACTIONS, Units="1/s"))
    assert quantity_and_units(pm) == (code, "/s")


@pytest.mark.parametrize("name", ["MTsat", "TB1map", "M0map"])
def test_quantities_of_bids_without_a_code_are_maps_too(name: str) -> None:
    series("scan", kind=Kind.MR)
    (pm,) = made(save(f"sub-01_{name}.nii", FRACTIONS), reference="scan")
    assert pm.SOPClassUID.name == "Parametric Map Storage"


@pytest.mark.parametrize(("level", "kind"), [("low", "CT Image Storage"), ("total", "Parametric Map Storage")])
def test_a_dose_level_is_no_map_of_dose(level: str, kind: str) -> None:
    series("scan")
    objects = made(save(f"ct_{level}_dose.nii", WHOLE - np.float32(1000.5)), reference="scan")
    assert {one.SOPClassUID.name for one in objects} == {kind}


def test_whole_numbers_of_a_quantity_with_units_are_a_map() -> None:
    series("scan", kind=Kind.MR)
    (pm,) = made(save("sub-01_T1map.nii", WHOLE, Units="ms"), reference="scan")
    assert quantity_and_units(pm) == ("113063", "ms")


def test_whole_numbers_of_a_quantity_without_units_are_of_the_modality_of_the_reference() -> None:
    series("scan", kind=Kind.CT)
    objects = made(save("patient_MD.nii", WHOLE.astype(np.int16)), reference="scan")
    assert {one.SOPClassUID.name for one in objects} == {"CT Image Storage"}


@pytest.mark.parametrize(
    "values", [FRACTIONS, WHOLE.astype(np.int16), 4 * (WHOLE.mean() < WHOLE).astype(np.int16)], ids=["real", "whole", "few"]
)
@pytest.mark.parametrize(("intent", "code"), [("z score", "113071"), ("t test", "113068")])
def test_the_statistic_is_that_of_the_header(intent: str, code: str, values: np.ndarray) -> None:
    image = nibabel.Nifti1Image(values, MATRIX)
    image.header.set_intent(intent, (12,) if intent == "t test" else ())
    nibabel.save(image, "spmT_0001.nii")

    report = entry_of(Path("spmT_0001.nii"))
    assert quantity_and_units(pydicom.dcmread(report.outputs[0])) == (code, "1")
    assert not any("units" in text for text in report.log.warnings)


def test_a_quantity_that_is_not_known_has_the_whole_name() -> None:
    (pm,) = made(save("con_0001.nii", FRACTIONS), kind="pm")
    item = pm.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert item.LUTExplanation == "con_0001"


def test_unknown_units_name_what_states_them() -> None:
    entry = entry_of(save("dti_MD.nii", FRACTIONS))
    assert any('"Units", such as "mm2/s", in the JSON of sidecar=' in text for text in entry.log.warnings)


# --- units


@pytest.mark.parametrize("units", ["Hz", "rad/s", "ms"])
def test_units_of_mr_are_in_its_rescale_type(units: str) -> None:
    series("scan", kind=Kind.MR)
    path = save("sub-01_fieldmap.nii", Units=units)
    entry = entry_of(path, reference="scan")
    first = pydicom.dcmread(entry.outputs[0])

    assert (first.RescaleSlope, first.RescaleIntercept, first.RescaleType) == (1, 0, units)
    assert "Units" not in first
    assert not any("Units" in text for text in entry.log.warnings)
    to_nifti("out", "back")
    assert json.loads(next(Path("back").glob("*.json")).read_text())["Units"] == units


@pytest.mark.parametrize(("units", "written"), [
    (["Hz"], "Hz"), ("rad\\s", "rad/s"), ("  Hz ", "Hz"), ("µT", "µT"), ("a\nb", "a b"), ("x" * 65, None), (5, None),
    (None, None),
])  # fmt: skip
def test_units_that_are_not_plain_text_leave_valid_objects(units: object, written: str | None) -> None:
    mr, pm = (entry_of(save("map.nii", FRACTIONS, Units=units), out=kind, kind=kind) for kind in ("mr", "pm"))
    first = pydicom.dcmread(mr.outputs[0])

    assert first.get("RescaleType", "US") == (written or "US")
    assert not [text for entry in (mr, pm) for text in entry.log.warnings if "not valid:" in text]
    assert quantity_and_units(pydicom.dcmread(pm.outputs[0]))[1] == (written if written in ("Hz", "rad/s") else "1")


@pytest.mark.parametrize(("kind", "units", "written"), [
    ("ct", "mg/cm3", "mg/cm3"), ("ct", "Hounsfield units", "HU"), ("mr", "arbitrary", "US"), ("ct", "", "US"),
])  # fmt: skip
def test_units_that_are_stated_win_over_those_that_values_suggest(kind: str, units: str, written: str) -> None:
    first = made(save("image.nii", WHOLE + np.float32(0.5), Units=units), kind=kind)[0]
    assert first.RescaleType == written


def test_a_mask_with_voxels_that_are_not_numbers_is_not_fractional() -> None:
    mask = np.where(FRACTIONS > 0.5, np.float32(1), np.float32(0))
    mask[0] = np.nan
    (seg,) = made(save("brain_mask.nii", mask))

    assert seg.SegmentationType == "BINARY"


@pytest.mark.parametrize(("factor", "is_doubted"), [(0.2, True), (200, False)])
def test_values_of_suv_on_a_reference_in_activity_are_not_labeled_so(factor: float, is_doubted: bool) -> None:
    series("scan", kind=Kind.PET, Units="BQML")
    entry = entry_of(save("pet_smooth.nii", FRACTIONS * np.float32(60 * factor)), reference="scan")

    assert entry.outcome is Outcome.CONVERTED
    assert ("do not look like Bq/mL, the Units of the reference" in entry.log.warnings[0]) == is_doubted
    assert pydicom.dcmread(entry.outputs[0]).Units == ("NONE" if is_doubted else "BQML")


def test_activities_next_to_a_reference_whose_bits_hold_only_low_ones_may_be_low() -> None:
    save("low/image.nii", np.sqrt(FRACTIONS) * np.float32(20))
    made(Path("low/image.nii"), out="scan", kind=Kind.PET, set_values={"PatientID": "P1", "Units": "BQML"})
    entry = entry_of(save("pet_smooth.nii", FRACTIONS * np.float32(12)), reference="scan")

    assert not any("do not look like" in text for text in entry.log.warnings)
    assert pydicom.dcmread(entry.outputs[0]).Units == "BQML"


# --- names of structures


def labels_of(ds: pydicom.Dataset) -> list[str]:
    return [item.SegmentLabel for item in ds.SegmentSequence]


@pytest.mark.parametrize(
    ("entity", "name"), [("GM", "Gray Matter"), ("CSF", "Cerebrospinal Fluid"), ("hippocampus", "hippocampus")]
)
def test_the_label_of_a_probability_map_is_in_its_name(entity: str, name: str) -> None:
    (seg,) = made(save(f"sub-01_label-{entity}_probseg.nii", FRACTIONS))
    assert labels_of(seg) == [name]


def test_a_number_is_not_the_name_of_a_structure() -> None:
    entry = entry_of(save("sub-01_label-3_mask.nii", (FRACTIONS > 0.5).astype(np.uint8)))
    assert labels_of(pydicom.dcmread(entry.outputs[0])) == ["Label 1"]
    assert any("the meaning of label 1 is not specified" in text for text in entry.log.warnings)


def test_a_mask_may_have_another_number_than_1() -> None:
    (seg,) = made(save("sub-01_label-GM_mask.nii", ((FRACTIONS > 0.5) * 255).astype(np.uint8)))
    assert labels_of(seg) == ["Gray Matter"]


@pytest.mark.parametrize(("kind", "name"), [("Brain", "Brain"), ("lesion", "Lesion"), ("ROI", "Label 1")])
def test_the_label_of_a_mask_is_the_type_of_its_sidecar(kind: str, name: str) -> None:
    (seg,) = made(save("sub-01_desc-x_mask.nii", (FRACTIONS > 0.5).astype(np.uint8), Type=kind))
    assert labels_of(seg) == [name]


def test_a_mask_with_several_labels_is_not_named_by_its_type() -> None:
    (seg,) = made(save("sub-01_mask.nii", np.digitize(FRACTIONS, [0.5, 0.8]).astype(np.uint8), Type="Brain"))
    assert labels_of(seg) == ["Label 1", "Label 2"]


@pytest.mark.parametrize("folder", ["labelsTr", "labelsTs", "gt_segmentations"])
def test_labels_of_a_data_set_of_nnunet_are_described_above(folder: str) -> None:
    path = save(f"Dataset001/{folder}/case_001.nii", (FRACTIONS > 0.5).astype(np.uint8))
    table = {"channel_names": {"0": "T1"}, "labels": {"background": 0, "pancreas": 1}, "file_ending": ".nii"}
    Path("Dataset001/dataset.json").write_text(json.dumps(table))
    (seg,) = made(path, kind="seg")
    assert labels_of(seg) == ["pancreas"]


def test_images_of_a_data_set_of_nnunet_are_not_labels() -> None:
    path = save("Dataset001/imagesTs/case_001_0000.nii", (FRACTIONS > 0.5).astype(np.uint8))
    Path("Dataset001/dataset.json").write_text(json.dumps({"channel_names": {"0": "T1"}, "labels": {"background": 0, "a": 1}}))
    (seg,) = made(path, kind="seg")
    assert labels_of(seg) == ["Label 1"]


@pytest.mark.parametrize("name", ["ribbon", "aseg", "lh.hippoAmygLabels-T1.v21"])
def test_label_maps_of_freesurfer_are_known_by_their_names(name: str) -> None:
    voxels = np.where(FRACTIONS > 0.5, 42, 2).astype(np.int32)
    (seg,) = made(save(f"{name}.nii", voxels), kind="seg")
    assert labels_of(seg) == ["Left-Cerebral-White-Matter", "Right-Cerebral-Cortex"]


@pytest.mark.parametrize("name", ["aseg_mask", "T1_firstseg", "sub-01_aparc_bin"])
def test_a_mask_of_freesurfer_is_not_its_label_1(name: str) -> None:
    (seg,) = made(save(f"{name}.nii", (FRACTIONS > 0.5).astype(np.uint8)), kind="seg")
    assert labels_of(seg) == ["Label 1"]


def datastore(info: dict) -> Path:
    """Write a label map into a datastore of MONAI Label, which describes it by its name and folder."""
    path = save("studies/labels/final/case_1.nii", np.digitize(FRACTIONS, [0.5, 0.8]).astype(np.uint8))
    others = {"case_2": {"labels": {"final": {"info": {"label_info": [{"name": "heart", "idx": 1}]}}}}}
    objects = {"case_1": {"image": {"ext": ".nii"}, "labels": {"final": {"ext": ".nii", "info": info}}}, **others}
    Path("studies/datastore_v2.json").write_text(json.dumps({"name": "x", "objects": objects}))
    return path


@pytest.mark.parametrize("info", [
    {"label_info": [{"name": "spleen", "idx": 1}, {"name": "liver", "idx": 2}], "ts": 1700000000},
    {"params": {"label_names": {"background": 0, "spleen": 1, "liver": 2}}},
    {"label_info": [{"name": "spleen", "idx": 1}, {"name": "liver", "idx": 2}],
     "params": {"label_names": {"spleen": 1, "x": 2}}},
])  # fmt: skip
def test_labels_of_monai_label_are_named_by_its_datastore(info: dict) -> None:
    (seg,) = made(datastore(info))
    assert labels_of(seg) == ["spleen", "liver"]


def test_a_datastore_that_names_no_labels_has_no_effect() -> None:
    (seg,) = made(datastore({"ts": 1700000000}), kind="seg")
    assert labels_of(seg) == ["Label 1", "Label 2"]


def test_a_name_that_is_null_is_not_none() -> None:
    assert "the name of the label is empty" in refused(datastore({"label_info": [{"name": None, "idx": 1}]}), kind="seg")


def test_a_damaged_datastore_is_named() -> None:
    path = datastore({})
    Path("studies/datastore_v2.json").write_text("{")
    assert "datastore_v2.json: damaged JSON" in refused(path, kind="seg")


# --- components


@pytest.mark.parametrize("kind", ["pm", "mr"])
def test_vectors_are_refused_as_such(kind: str) -> None:
    image = nibabel.Nifti1Image(np.ones((*SHAPE, 1, 3), np.float32), MATRIX)
    image.header.set_intent("vector")
    nibabel.save(image, "warp.nii")
    assert "3 values per voxel are a vector" in refused(Path("warp.nii"), kind=kind)


@pytest.mark.parametrize(("name", "keys", "is_doubted"), [
    ("dti_V1", {}, True),
    ("sub-01_bold", {}, False),
    ("run", {"RepetitionTime": 2.0}, False),
    ("echoes", {"EchoTime": [0.01, 0.02, 0.03]}, False),
])  # fmt: skip
def test_a_fourth_axis_that_nothing_states_is_doubted(name: str, keys: dict, is_doubted: bool) -> None:
    path = save(f"{name}.nii", np.stack([FRACTIONS] * 3, axis=-1), **keys)
    for kind in ("mr", "pm"):
        entry = entry_of(path, out=kind, kind=kind)
        assert any("3 images along the fourth axis" in text for text in entry.log.warnings) == is_doubted


# --- equipment


@pytest.mark.parametrize(("keys", "manufacturer"), [({}, "NiftiDicomBridge"), ({"Manufacturer": "ACME"}, "ACME")])
def test_an_image_of_no_known_scanner_was_made_by_this_software(keys: dict, manufacturer: str) -> None:
    first = made(save("image.nii", **keys), kind="mr")[0]
    assert first.Manufacturer == manufacturer


def test_an_empty_manufacturer_that_was_set_stays_empty() -> None:
    first = made(save("image.nii"), kind="mr", set_values={"Manufacturer": ""})[0]
    assert not first.Manufacturer
