"""A BIDS sidecar of an image that never was DICOM: in attributes of the DICOM made of it, and back again."""

from __future__ import annotations

import json
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from dciodvfy import facts_of_dciodvfy
from grids import ORIENTATIONS
from nifti_dicom_bridge import ConversionOptions, Job, Kind, Outcome, SlicePlane, Target, bids, convert
from nifti_dicom_bridge.bids import kinds, reverse_rows
from nifti_dicom_bridge.bids.private_block import KEYS_TAG
from nifti_dicom_bridge.creation.sidecar_units import LONGEST_S
from nifti_dicom_bridge.model.volume import Volume, reoriented
from oracles import equals_dcm2niix, oracle, run
from places import ROOT, SHARED

TO_DICOM, TO_NIFTI = ConversionOptions(Target.DICOM), ConversionOptions(Target.NIFTI, identity=True)
MATRIX = np.array([[2.0, 0, 0, 30], [0, 1.5, 0.3, 20], [0, -0.2, 3.0, 5], [0, 0, 0, 1]])


def save(voxels: np.ndarray | None = None, matrix: np.ndarray = MATRIX, name: str = "a_bold", **sidecar: Any) -> Path:
    voxels = np.arange(60, dtype=np.int16).reshape(5, 4, 3) if voxels is None else voxels
    nibabel.save(nibabel.Nifti1Image(voxels, matrix), f"{name}.nii")
    Path(f"{name}.json").write_text(json.dumps({"Modality": "MR", **sidecar}))
    return Path(f"{name}.nii")


def made(path: Path, **choices: Any) -> list[pydicom.Dataset]:
    """Return the objects made of an image, in the order of their slices and times."""
    report = convert(Job([path], Path("dicom"), replace(TO_DICOM, **choices)))
    assert [entry.error for entry in report.entries if entry.outcome is Outcome.FAILED] == []
    return [pydicom.dcmread(file) for file in sorted(report.outputs)]


def sentences(path: Path, **choices: Any) -> str:
    (entry,) = convert(Job([path], Path("stated"), replace(TO_DICOM, **choices))).entries
    assert entry.outcome is Outcome.CONVERTED, entry.error
    return "\n".join([*entry.log.warnings, *entry.log.notes])


def back() -> dict[str, Any]:
    """Return the sidecar that the objects made before become."""
    report = convert(Job([Path("dicom")], Path("nifti"), TO_NIFTI))
    (sidecar,) = [path for path in report.outputs if path.suffix == ".json"]
    return json.loads(sidecar.read_text("utf-8"))


def there_and_back(path: Path, **choices: Any) -> dict[str, Any]:
    made(path, **choices)
    return back()


# --- all keys


WORDS = {
    "PatientSex": ["F", "M", "O"], "PatientPosition": ["HFS", "FFP"], "MRAcquisitionType": ["2D", "3D"],
    "ScanningSequence": ["EP\\GR", "SE"], "SpoilingType": ["RF", "GRADIENT", "COMBINED"], "Units": ["Bq/mL", "g/mL"],
    "PartialFourierDirection": ["PHASE", "FREQUENCY"], "PartialFourierEnabled": ["YES"],
    "Manufacturer": ["Siemens", "GE", "Esaote"],
    "InPlanePhaseEncodingDirectionDICOM": ["ROW", "COL"], "ArterialSpinLabelingType": ["CASL", "PCASL", "PASL"],
    "AcquisitionDateTime": ["2020-01-02T10:11:12.500000"], "ScanDate": ["2020-01-02"], "ContrastBolusIngredient": ["IODINE"],
    "TimeZero": ["10:11:12"], "SeriesTime": ["10:11:12"], "ImageType": [["DERIVED", "SECONDARY", "M"]],
    "MagneticFieldStrength": [1, 3, 7], "PatientSize": [1, 2],
    "StudyInstanceUID": ["1.2.3"], "ParallelAcquisitionTechnique": ["SENSE"],
}  # fmt: skip
FROM_THE_OBJECT = {"SeriesInstanceUID", "ImageOrientationPatientDICOM", "SpacingBetweenSlices"}


def any_value(key: str, types: tuple[type, ...], kind: kinds.Kind, chance: random.Random) -> Any:
    """Return a value that a key may have."""
    if key in WORDS:
        return chance.choice(WORDS[key])
    if kind is kinds.DATE:
        return f"19{chance.randint(10, 99)}-0{chance.randint(1, 9)}-11"
    if kind is kinds.CLOCK:
        return f"1{chance.randint(0, 9)}:0{chance.randint(0, 9)}:12.{chance.randint(0, 999999):06d}"
    if key in LONGEST_S:
        return float(f"{chance.randint(1, 9) * LONGEST_S[key] / 100:.6g}")
    if bool in types:
        return chance.random() < 0.5
    if int in types:
        return chance.randint(1, 120)
    if types == (list,):
        return ["ONE", f"TWO {chance.randint(0, 9)}"]
    return chance.choice(["ONE", "TWO_3", "FOUR 5"])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_every_key_that_has_an_attribute_comes_back(there: Path, seed: int, kind: Kind) -> None:
    chance = random.Random(seed)
    rows = [*bids.BY_KEY.values(), *bids.NESTED.values(), *reverse_rows.REVERSE_ROWS]
    sidecar = {row.key: any_value(row.key, row.kind.types, row.kind, chance) for row in rows if row.key not in FROM_THE_OBJECT}
    sidecar |= {"Modality": "MR", "InjectedRadioactivityUnits": "MBq"}

    found = there_and_back(save(**sidecar), kind=kind)

    assert len(sidecar) > 90
    lost = {key: (value, found.get(key)) for key, value in sidecar.items() if found.get(key) != value}
    assert set(lost) <= {"ImageType"}


@pytest.mark.parametrize(
    ("units", "word"),
    [("Bq/ml", "BQML"), ("Bq / cc", "BQML"), ("kBq/ml", "KBQML"), ("g/ml", "GML"), ("SUVbw", "GML"), ("counts", "CNTS"),
     ("%", "PCNT"), ("unitless", "NONE"), ("SUV", "SUV"), ("BQML", "BQML")],
)  # fmt: skip
def test_units_of_pet_in_other_spellings_are_terms_of_the_standard_and_come_back(there: Path, units: str, word: str) -> None:
    (first, *_) = made(save(Modality="PT", Units=units), kind=Kind.PET)

    assert first.Units == word
    assert back()["Units"] == units


@pytest.mark.parametrize(
    ("sidecar", "keyword", "value"),
    [
        ({"EchoTrainLength": 30}, "EchoTrainLength", 30),
        ({"ParallelReductionFactorInPlane": 2.5}, "ParallelReductionFactorInPlane", 2.5),
        ({"ParallelReductionFactorOutOfPlane": 2}, "ParallelReductionFactorOutOfPlane", 2),
        ({"PartialFourier": 0.75}, "PartialFourier", "YES"),
        ({"PartialFourier": 1}, "PartialFourier", "NO"),
        ({"AcquisitionDuration": 52.9}, "AcquisitionDuration", 52.9),
        ({"AcquisitionDuration": 52.9, "Manufacturer": "UIH"}, "AcquisitionDuration", None),
        ({"CoilString": "32Ch Head"}, "ReceiveCoilName", "32Ch Head"),
        ({"PulseSequenceName": "epiRT"}, "PulseSequenceName", "epiRT"),
        ({"BodyPartExamined": "brain"}, "BodyPartExamined", "BRAIN"),
        ({"BodyPart": "BRAIN"}, "BodyPartExamined", "BRAIN"),
        ({"EchoTime": 0.03, "EchoTime1": 0.004}, "EchoTime", 30),
        ({"RepetitionTimeExcitation": 0.008}, "RepetitionTime", 8),
        ({"SpoilingState": False}, "Spoiling", "NONE"),
        ({"SpoilingState": True}, "Spoiling", None),
        ({"ArterialSpinLabelingType": "PCASL"}, "ArterialSpinLabelingContrast", "PSEUDOCONTINUOUS"),
        ({"ArterialSpinLabelingType": "CASL"}, "ArterialSpinLabelingContrast", "CONTINUOUS"),
        ({"ArterialSpinLabelingType": "PASL"}, "ArterialSpinLabelingContrast", "PULSED"),
        ({"VascularCrushing": True}, "ASLCrusherFlag", "YES"),
        ({"VascularCrushing": False}, "ASLCrusherFlag", "NO"),
        ({"VascularCrushingVENC": 4}, "ASLCrusherFlowLimit", 4),
        ({"BolusCutOffFlag": True}, "ASLBolusCutoffFlag", "YES"),
        ({"BolusCutOffFlag": False}, "ASLBolusCutoffFlag", "NO"),
        ({"ScanDate": "2020-01-02"}, "SeriesDate", "20200102"),
        ({"LabelingDuration": 1.8}, "ASLPulseTrainDuration", 1800),
        ({"LabelingDuration": 1.8, "PostLabelingDelay": 2}, "ASLPulseTrainDuration", None),
        ({"AcquisitionDateTime": "2020-01-02T16:37:8.84"}, "AcquisitionDate", "20200102"),
        ({"AcquisitionDateTime": "2020-01-02T16:37:8.84"}, "AcquisitionTime", "163708.840000"),
        ({"InversionTime": 0.9, "ScanningSequence": "GR\\IR"}, "InversionTime", 900),
        ({"InversionTime": 0.9, "ScanningSequence": "GR"}, "InversionTime", None),
        ({"InversionTime": 0.9, "ScanningSequence": "GR"}, "InversionTimes", 900),
        ({"InversionTime": 0.9}, "InversionTimes", 900),
        ({"AcquisitionMatrixPE": 60, "BaseResolution": 64, "PhaseEncodingAxis": "j"}, "AcquisitionMatrix", [64, 0, 0, 60]),
        ({"AcquisitionMatrixPE": 60, "BaseResolution": 64, "PhaseEncodingAxis": "i"}, "AcquisitionMatrix", [0, 64, 60, 0]),
        ({"AcquisitionMatrixPE": 60, "PhaseEncodingAxis": "j"}, "AcquisitionMatrix", [0, 0, 0, 60]),
        ({"AcquisitionMatrixPE": 60}, "AcquisitionMatrix", None),
    ],
)  # fmt: skip
def test_key_is_in_its_attribute(there: Path, sidecar: dict, keyword: str, value: Any) -> None:
    found = made(save(**sidecar))[0].get(keyword)
    assert (list(found) if isinstance(value, list) else found) == value


# --- the private block


WITHOUT_ATTRIBUTE = {
    "EffectiveEchoSpacing": 0.000162557, "TotalReadoutTime": 0.041452, "MultibandAccelerationFactor": 3,
    "ShimSetting": [88, -61, -409], "TaskName": "räst \\ and\n\"more\"", "B0FieldIdentifier": ["a"],
    "Nested": {"a": [None, 1.5]}, "SpoilingState": True, "PartialFourier": 0.6875,
}  # fmt: skip


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR, Kind.SC, Kind.SC_MULTI, Kind.CT, Kind.ENHANCED_CT])
def test_keys_without_attribute_come_back_word_for_word(there: Path, kind: Kind) -> None:
    found = there_and_back(save(**WITHOUT_ATTRIBUTE), kind=kind)
    assert {key: found.get(key) for key in WITHOUT_ATTRIBUTE} == WITHOUT_ATTRIBUTE


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "kind"), [("a_dseg", Kind.SEG), ("a_probseg", Kind.SEG), ("a_T1map", Kind.PM)])
def test_keys_come_back_from_segmentations_and_parametric_maps(there: Path, suffix: str, kind: Kind) -> None:
    voxels = np.arange(60).reshape(5, 4, 3)
    voxels = (voxels % 2).astype(np.uint8) if suffix == "a_dseg" else (voxels / 60).astype(np.float32)
    sidecar = {"EchoTime": 0.03, "TaskName": "rest", "EffectiveEchoSpacing": 0.000162557, "ReceiveCoilName": "coil"}

    found = there_and_back(save(voxels, name=suffix, **sidecar), kind=kind)

    (path,) = there.rglob("*.dcm")
    assert {key: found.get(key) for key in sidecar} == sidecar
    assert facts_of_dciodvfy(path) == set()


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [
    (Kind.MR, Kind.ENHANCED), (Kind.MR, Kind.LEGACY), (Kind.MR, Kind.SC), (Kind.MR, Kind.LEGACY, Kind.CLASSIC),
    (Kind.ENHANCED_MR, Kind.CLASSIC), (Kind.ENHANCED_MR, Kind.SC_MULTI), (Kind.MR, Kind.ENHANCED, Kind.CLASSIC),
])  # fmt: skip
def test_block_goes_on_into_other_kinds_of_objects(there: Path, kinds: tuple[Kind, ...]) -> None:
    made(save(**WITHOUT_ATTRIBUTE), kind=kinds[0])
    for n, kind in enumerate(kinds[1:]):
        entries = convert(Job([Path("dicom")], Path(f"recast{n}"), replace(TO_DICOM, kind=kind))).entries
        assert {entry.outcome for entry in entries} == {Outcome.CONVERTED}, entries[0].error
        assert not [note for entry in entries for note in entry.log.notes if "private attributes were not copied" in note]
        shutil.rmtree("dicom")
        Path(f"recast{n}").rename("dicom")

    found = back()

    assert {key: found.get(key) for key in WITHOUT_ATTRIBUTE} == WITHOUT_ATTRIBUTE
    assert all(facts_of_dciodvfy(path) == set() for path in Path("dicom").rglob("*.dcm"))


def test_private_attributes_of_others_stay_behind_where_ours_go_on(there: Path) -> None:
    made(save(TaskName="rest"))
    for path in Path("dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.private_block(KEYS_TAG >> 16, "SOMEBODY ELSE", create=True).add_new(0x01, "LO", "theirs")
        ds.save_as(path)

    (entry,) = convert(Job([Path("dicom")], Path("recast"), replace(TO_DICOM, kind=Kind.ENHANCED))).entries

    (path,) = Path("recast").rglob("*.dcm")
    private = [element.tag for element in pydicom.dcmread(path) if element.tag.is_private]
    assert private == [KEYS_TAG & 0xFFFF0000 | 0x10, KEYS_TAG]
    assert any("2 private attributes were not copied" in note for note in entry.log.notes)


def test_block_contains_nothing_that_attributes_contain(there: Path) -> None:
    ds = made(save(EchoTime=0.03, PatientName="A^B", TaskName="rest"))[0]
    assert json.loads(ds[KEYS_TAG].value)["keys"] == {"TaskName": "rest"}


def test_there_is_no_block_where_there_is_nothing_to_remember(there: Path) -> None:
    assert KEYS_TAG not in made(save(EchoTime=0.03))[0]


def test_block_never_identifies_the_patient(there: Path) -> None:
    stated = {"PatientID": "P" * 70, "AccessionNumber": "A" * 20, "StudyID": "S" * 20, "TaskName": "rest"}
    assert set(json.loads(made(save(**stated))[0][KEYS_TAG].value)["keys"]) == {"TaskName"}


@pytest.mark.slow
def test_what_is_set_is_not_taken_back_by_the_block(there: Path) -> None:
    found = there_and_back(save(EchoTime=0.03, PartialFourier=0.75), set_values={"EchoTime": "20", "PartialFourier": "NO"})
    assert found["EchoTime"] == 0.02


def test_attribute_that_somebody_changes_later_wins(there: Path) -> None:
    made(save(ReceiveCoilName="a coil with a very long name", TaskName="rest"))
    for path in Path("dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.ReceiveCoilName = "another"
        ds.save_as(path)

    found = back()

    assert (found["ReceiveCoilName"], found["TaskName"]) == ("another", "rest")


def test_value_that_was_shortened_comes_back_whole(there: Path) -> None:
    name = "a coil with a very long name"
    assert there_and_back(save(ReceiveCoilName=name))["ReceiveCoilName"] == name


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"keys":[]}', '{"keys":{"TaskName":"x"},"ijk_to_ras":[[1]]}'])
def test_damaged_block_is_as_if_it_were_not_there(there: Path, text: str) -> None:
    made(save(TaskName="rest"))
    for path in Path("dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds[KEYS_TAG].value = text
        ds.save_as(path)

    assert "TaskName" not in back()


# --- axes


def vector(letter: str, matrix: np.ndarray) -> np.ndarray:
    """Return the direction (RAS) of ``j-`` and the like."""
    axis = matrix[:3, "ijk".index(letter[0])]
    return axis / np.linalg.norm(axis) * (-1 if letter.endswith("-") else 1)


def stored(order: tuple[int, ...], flips: tuple[int, ...]) -> Volume:
    """Return an image of 6 × 5 × 4 voxels, stored in another order and direction."""
    return reoriented(Volume(np.arange(120, dtype=np.int16).reshape(1, 4, 5, 6), MATRIX), order, flips)


def save_stored(image: Volume, **sidecar: Any) -> Path:
    return save(image.voxels[0].T, image.ijk_to_ras, **sidecar)


def matrix_of_what_came_back() -> np.ndarray:
    (path,) = Path("nifti").glob("*.nii*")
    return nibabel.load(path).affine


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
def test_phase_encoding_keeps_its_direction_in_the_patient(there: Path, order: tuple, flips: tuple) -> None:
    image, letter = stored(order, flips), random.Random(str((order, flips))).choice(["i", "i-", "j", "j-", "k", "k-"])

    found = there_and_back(save_stored(image, PhaseEncodingDirection=letter, Manufacturer="Siemens"))

    now = vector(found["PhaseEncodingDirection"], matrix_of_what_came_back())
    assert now @ vector(letter, image.ijk_to_ras) > 0.98
    assert "PhaseEncodingAxis" not in found


@pytest.mark.parametrize("letter", ["i", "i-", "j", "j-"])
@pytest.mark.parametrize("plane", [SlicePlane.AXIAL, SlicePlane.AS_STORED])
def test_rows_columns_and_sense_are_those_of_the_slices(there: Path, letter: str, plane: SlicePlane) -> None:
    ds = made(save(PhaseEncodingDirection=letter, Manufacturer="GE"), plane=plane)[0]

    cosines = np.array(ds.ImageOrientationPatient, float)
    along = {"ROW": cosines[:3], "COL": cosines[3:]}[ds.InPlanePhaseEncodingDirection]
    sense = {"REVERSE_LINEAR": 1, "LINEAR": -1}[ds.RectilinearPhaseEncodeReordering]
    assert sense * along @ (np.array([-1, -1, 1]) * vector(letter, MATRIX)) > 0.98


def test_sense_is_not_in_an_attribute_that_others_do_not_read_as_one(there: Path) -> None:
    assert "RectilinearPhaseEncodeReordering" not in made(save(PhaseEncodingDirection="j", Manufacturer="Siemens"))[0]


def test_phase_encoding_along_the_slices_is_reported_as_inexpressible(there: Path) -> None:
    path = save(PhaseEncodingDirection="k")
    assert "phase encoding is along the slices" in sentences(path)
    assert "InPlanePhaseEncodingDirection" not in made(path)[0]


def test_rows_and_columns_of_the_original_planes_are_turned_with_them(there: Path) -> None:
    path = save(InPlanePhaseEncodingDirectionDICOM="ROW", ImageOrientationPatientDICOM=[0, 1, 0, 1, 0, 0])
    assert made(path, plane=SlicePlane.AXIAL)[0].InPlanePhaseEncodingDirection == "COL"


def moments(times: list[float], letter: str, matrix: np.ndarray) -> dict[int, float]:
    """Return place of a slice along its axis (mm) → its time."""
    listed = times[::-1] if letter.endswith("-") else times
    axis = matrix[:3, "ijk".index(letter[0])]
    places = [matrix[:3, 3] + n * axis for n in range(len(listed))]
    return {round(10 * float(place @ vector_of_slices)): time for place, time in zip(places, listed, strict=True)}


vector_of_slices = MATRIX[:3, 2] / np.linalg.norm(MATRIX[:3, 2])


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("manufacturer", ["Siemens", "GE"])
def test_slices_keep_their_times(there: Path, order: tuple, flips: tuple, sign: str, manufacturer: str) -> None:
    image, times = stored(order, flips), [0, 1.123456789, 0.5, 1.5]
    letter = "ijk"[order.index(2)] + sign

    found = there_and_back(
        save_stored(image, SliceTiming=times, SliceEncodingDirection=letter, Manufacturer=manufacturer, RepetitionTime=2,
                    AcquisitionTime="10:11:12.000000")
    )  # fmt: skip

    letters = found["SliceEncodingDirection"]
    before, after = moments(times, letter, image.ijk_to_ras), moments(found["SliceTiming"], letters, matrix_of_what_came_back())
    corner = min(before) - min(after)  # of sheared axes, places along one depend on where the grid begins
    assert {place + corner: time for place, time in after.items()} == before


def test_slice_timing_without_axis_is_reversed_with_the_slices(there: Path) -> None:
    image = stored((0, 1, 2), (1, 1, -1))
    found = there_and_back(save_stored(image, SliceTiming=[0, 1.123456789, 0.5, 1.5], RepetitionTime=2))
    forward = matrix_of_what_came_back()[:3, 2] @ image.ijk_to_ras[:3, 2] > 0
    assert found["SliceTiming"] == ([0, 1.123456789, 0.5, 1.5] if forward else [1.5, 0.5, 1.123456789, 0])
    assert "SliceEncodingDirection" not in found


# --- values that do not fit


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ({"EchoTrainLength": "many"}, "\"EchoTrainLength\" is 'many'"),
        ({"PartialFourier": True}, '"PartialFourier" is True'),
        ({"ArterialSpinLabelingType": "XASL"}, '"ArterialSpinLabelingType" is XASL'),
        ({"PhaseEncodingDirection": "up"}, "\"PhaseEncodingDirection\" is 'up'"),
        ({"PhaseEncodingAxis": "j-"}, "\"PhaseEncodingAxis\" is 'j-'"),
        ({"PhaseEncodingDirection": 1}, '"PhaseEncodingDirection" is 1'),
        ({"InPlanePhaseEncodingDirectionDICOM": "DIAGONAL"}, "ROW or COL"),
        ({"AcquisitionMatrixPE": "many", "PhaseEncodingAxis": "j"}, "\"AcquisitionMatrixPE\" is 'many'"),
        ({"PatientBirthDate": "yesterday"}, '"PatientBirthDate"'),
        ({"TimeZero": "noon"}, '"TimeZero" is'),
        ({"InjectionStart": "x", "TimeZero": "10:00:00"}, "\"InjectionStart\" is 'x'"),
        ({"TracerRadionuclide": True}, '"TracerRadionuclide" is True'),
        ({"ImageDecayCorrected": "maybe"}, "\"ImageDecayCorrected\" is 'maybe'"),
        ({"InjectedRadioactivity": "lots"}, "\"InjectedRadioactivity\" is 'lots'"),
        ({"EchoTime": [0.01, "x"]}, '"EchoTime"'),
    ],
)  # fmt: skip
def test_value_of_another_kind_is_left_out_and_named(there: Path, sidecar: dict, words: str) -> None:
    assert any(words in sentence and "left out" in sentence for sentence in sentences(save(**sidecar)).splitlines())


@pytest.mark.parametrize(
    ("sidecar", "keyword", "value", "words"),
    [
        ({"CoilString": "a coil with a very long name"}, "ReceiveCoilName", "a coil with a ve", '"CoilString"'),
        ({"SequenceName": "a sequence of a long name"}, "SequenceName", "a sequence of a", '"SequenceName"'),
        ({"EchoTrainLength": 3.6}, "EchoTrainLength", 4, '"EchoTrainLength"'),
        ({"FlipAngle": [10, 20]}, "FlipAngle", None, '"FlipAngle" has 2 values'),
        ({"MRAcquisitionType": "2d"}, "MRAcquisitionType", "2D", '"MRAcquisitionType"'),
        ({"ScanningSequence": "Gradient Echo"}, "ScanningSequence", "RM", "'Gradient Echo' and was left out"),
        ({"TracerRadionuclide": "X99"}, "RadiopharmaceuticalInformationSequence", None, '"TracerRadionuclide" is'),
    ],
)  # fmt: skip
def test_value_that_is_right_in_bids_and_does_not_fit_is_reported(
    there: Path, sidecar: dict, keyword: str, value: Any, words: str
) -> None:
    path = save(**sidecar)
    assert words in sentences(path)
    assert made(path)[0].get(keyword) == value
    assert {key: back()[key] for key in sidecar} == sidecar


def test_what_is_not_available_is_not_reported(there: Path) -> None:
    assert made(save(PatientWeight="n/a"))[0].get("PatientWeight") is None


# --- positron emission tomography


PET: dict[str, Any] = {
    "Modality": "PT", "Units": "Bq/mL", "TracerName": "FDG", "TracerRadionuclide": "F18", "InjectedRadioactivity": 185.5,
    "InjectedRadioactivityUnits": "MBq", "InjectedMass": 5, "InjectedMassUnits": "ug", "SpecificRadioactivity": 3,
    "SpecificRadioactivityUnits": "MBq/ug", "ModeOfAdministration": "bolus", "MolarActivity": 12.5,
    "MolarActivityUnits": "GBq/umol", "TimeZero": "23:59:42", "ScanStart": 0, "InjectionStart": -30, "InjectionEnd": 48,
    "FrameTimesStart": [0, 60, 300], "FrameDuration": [60, 240, 600], "AcquisitionMode": "list mode",
    "ImageDecayCorrected": True, "ImageDecayCorrectionTime": 0, "ReconMethodName": "3D-OSEM-PSF",
    "ReconMethodParameterLabels": ["subsets", "iterations"], "ReconMethodParameterUnits": ["none", "none"],
    "ReconMethodParameterValues": [16, 3], "ReconFilterType": "Gaussian", "ReconFilterSize": 5,
    "AttenuationCorrection": "[137Cs]transmission", "ScatterFraction": [20.5, 21, 22], "PlasmaAvail": True,
    "DecayCorrectionFactor": [1.006, 1.02, 1.08], "RadionuclideHalfLife": 6586.2, "FrameReferenceTime": [30, 180, 600],
}  # fmt: skip


def save_pet(without: tuple[str, ...] = (), **changes: Any) -> Path:
    voxels = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
    return save(voxels, name="a_pet", **{key: value for key, value in {**PET, **changes}.items() if key not in without})


@pytest.mark.parametrize("kind", [Kind.PET, Kind.ENHANCED_PET])
def test_every_key_of_pet_comes_back(there: Path, kind: Kind) -> None:
    found = there_and_back(save_pet(), kind=kind)
    assert {key: (value, found.get(key)) for key, value in PET.items() if found.get(key) != value} == {}


def test_radiopharmaceutical_is_in_its_sequence(there: Path) -> None:
    (item,) = made(save_pet())[0].RadiopharmaceuticalInformationSequence
    assert (item.Radiopharmaceutical, item.RadionuclideTotalDose) == ("FDG", 185.5e6)
    assert item.RadiopharmaceuticalSpecificActivity == 12.5e9
    assert (item.RadiopharmaceuticalStartTime, item.RadiopharmaceuticalStopTime) == ("235912.000000", "000030.000000")
    (code,) = item.RadionuclideCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == ("77004003", "SCT", "^18^Fluorine")


@pytest.mark.parametrize("name", ["F18", "18F", "[18F]", "F-18", "Fluorine-18", "18Fluorine", "f18"])
def test_nuclide_is_known_by_any_of_its_names(there: Path, name: str) -> None:
    (item,) = made(save_pet(TracerRadionuclide=name))[0].RadiopharmaceuticalInformationSequence
    assert item.RadionuclideCodeSequence[0].CodeValue == "77004003"


@pytest.mark.parametrize(
    ("value", "unit", "dose"), [(185, "MBq", 185e6), (5, "mCi", 185e6), (185e6, "Bq", 185e6), (185e6, "MBq", 185e6)]
)
def test_activity_is_in_becquerel(there: Path, value: float, unit: str, dose: float) -> None:
    path = save_pet(InjectedRadioactivity=value, InjectedRadioactivityUnits=unit)
    assert made(path)[0].RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose == dose
    assert ("taken for Bq" in sentences(path)) == (value > 1e5 and unit == "MBq")


def test_frames_have_their_times_factors_and_fractions(there: Path) -> None:
    objects = made(save_pet())[::3]
    assert [ds.AcquisitionTime for ds in objects] == ["235942.000000", "000042.000000", "000442.000000"]
    assert [float(ds.DecayFactor) for ds in objects] == [1.006, 1.02, 1.08]
    assert [float(ds.ScatterFractionFactor) for ds in objects] == [0.205, 0.21, 0.22]
    assert [float(ds.FrameReferenceTime) for ds in objects] == [30e3, 180e3, 600e3]


@pytest.mark.parametrize(("given", "fraction"), [([0.2, 0.3, 0.4], 0.2), ([20, 30, 0.5], 0.2), ([0, 0, 0], 0)])
def test_scatter_fractions_are_percent_or_those_of_dcm2niix(there: Path, given: list[float], fraction: float) -> None:
    path = save_pet(ScatterFraction=given)
    assert float(made(path)[0].ScatterFractionFactor) == fraction
    assert ("taken for a fraction" in sentences(path)) == (0 < max(given) <= 1)


def test_corrections_are_listed(there: Path) -> None:
    ds = made(save_pet())[0]
    assert (ds.DecayCorrection, list(ds.CorrectedImage)) == ("START", ["DECY", "ATTN"])
    assert ds.ReconstructionMethod == "3D-OSEM-PSF 3i16s"


def test_decay_factor_is_computed_where_it_is_not_specified(there: Path) -> None:
    path = save_pet(without=("DecayCorrectionFactor",))
    rate = np.log(2) / 6586.2
    starts, lengths = np.array([0, 60, 300]), np.array([60, 240, 600])
    wanted = np.exp(rate * starts) * rate * lengths / (1 - np.exp(-rate * lengths))
    assert [float(ds.DecayFactor) for ds in made(path)[::3]] == pytest.approx(wanted)
    assert "was computed of RadionuclideHalfLife" in sentences(path)


@pytest.mark.parametrize(("moment", "word", "stated"), [(-30, "ADMIN", False), (0, "START", False), (500, "START", True)])
def test_moment_of_the_decay_correction_is_one_of_two(there: Path, moment: float, word: str, stated: bool) -> None:
    path = save_pet(ImageDecayCorrectionTime=moment)
    assert made(path)[0].DecayCorrection == word
    assert ("START was taken" in sentences(path)) == stated


def test_list_of_another_length_than_there_are_times_is_left_out_and_named(there: Path) -> None:
    said = sentences(save_pet(DecayCorrectionFactor=[1, 2]))
    assert '"DecayCorrectionFactor" is [1, 2]; a list of 3 numbers was expected: it was left out' in said


@pytest.mark.slow
def test_patient_position_is_in_codes(there: Path) -> None:
    ds = made(save_pet(PatientPosition="FFP"))[0]
    (lying,), (gantry,) = ds.PatientOrientationCodeSequence, ds.PatientGantryRelationshipCodeSequence
    assert (lying.PatientOrientationModifierCodeSequence[0].CodeMeaning, gantry.CodeMeaning) == ("prone", "feet-first")
    assert "PatientPosition" not in ds
    assert back()["PatientPosition"] == "FFP"


# --- volumes


def save_4d(**sidecar: Any) -> Path:
    return save(np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3), **sidecar)


def test_repetition_time_is_the_time_between_volumes_whatever_the_header_specifies(there: Path) -> None:
    path = save_4d(RepetitionTime=3, AcquisitionTime="10:11:12.000000")
    assert [ds.AcquisitionTime for ds in made(path)[::3]] == ["101112.000000", "101115.000000", "101118.000000"]
    assert "its sidecar specifies RepetitionTime 3 s: the sidecar's was taken" in sentences(path)
    assert back()["RepetitionTime"] == 3


def test_volume_timing_is_kept(there: Path) -> None:
    found = there_and_back(save_4d(VolumeTiming=[0, 2.5, 9], AcquisitionTime="10:11:12.000000"))
    assert found["VolumeTiming"] == [0, 2.5, 9]
    assert [pydicom.dcmread(path).AcquisitionTime for path in sorted(Path("dicom").rglob("*.dcm"))[::3]] == [
        "101112.000000", "101114.500000", "101121.000000",
    ]  # fmt: skip


MAKERS = ("Siemens", "GE", "Philips", "UIH", "Canon", "Toshiba", "Hitachi", "Bruker", "Mediso", "Hyperfine", "MRSolutions", "")
ONE_TIME_PER_OBJECT = ("Siemens", "GE", "UIH", "Toshiba", "Hitachi", "Hyperfine", "MRSolutions")
DIRECTIONS = np.array([[0, 0, 0], [0.6, 0.8, 0], [0, -0.6, 0.8]]).T


def directions_of(path: Path, bvec: np.ndarray) -> np.ndarray:
    """Return directions (RAS) of FSL's, which are in the axes of the image, x reversed where the matrix turns right."""
    matrix = nibabel.load(path).affine[:3, :3]
    axes = matrix / np.linalg.norm(matrix, axis=0)
    return axes @ (bvec * [[-1 if np.linalg.det(axes) > 0 else 1], [1], [1]])


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_no_maker_makes_us_or_dcm2niix_misread_what_was_written(there: Path, maker: str, kind: Kind) -> None:
    straight = np.diag([-2.0, 1.5, 3.0, 1.0])
    voxels = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
    sidecar = {
        "PhaseEncodingDirection": "j-", "SliceTiming": [0, 1.5, 0.5], "InversionTime": 0.1, "ScanningSequence": "EP\\SE",
        "AcquisitionDuration": 50, "EffectiveEchoSpacing": 0.0005, "RepetitionTime": 3, "EchoTrainLength": 30,
    }  # fmt: skip
    path = save(voxels, straight, "a_dwi", Manufacturer=maker, AcquisitionTime="10:11:12.000000", **sidecar)
    np.savetxt("a_dwi.bval", [[0, 1000, 2000]], fmt="%g")
    np.savetxt("a_dwi.bvec", DIRECTIONS, fmt="%.8f")
    wanted = directions_of(path, DIRECTIONS)

    found = there_and_back(path, kind=kind)
    assert {key: found.get(key) for key in sidecar} == sidecar
    check_gradients(Path("nifti"), wanted)

    Path("theirs").mkdir()
    run(oracle("dcm2niix"), "-f", "x", "-o", "theirs", "dicom")
    images = sorted(Path("theirs").glob("*.nii*"))
    assert len(images) == (3 if kind is Kind.ENHANCED_MR and maker in ONE_TIME_PER_OBJECT else 1)
    theirs = json.loads(images[0].with_suffix(".json").read_text("utf-8"))
    volumes = [volume for image in images for volume in volumes_of(image)]
    assert sorted(map(bytes, volumes)) == sorted(map(bytes, volumes_of(path)))
    assert theirs["RepetitionTime"] == 3
    assert "TotalReadoutTime" not in theirs
    assert theirs.get("SliceTiming", [0, 1.5, 0.5]) == [0, 1.5, 0.5]
    assert theirs.get("PhaseEncodingDirection", "j-") == "j-"
    if len(images) == 1 and list(Path("theirs").glob("*.bvec")) and maker != "UIH":
        check_gradients(Path("theirs"), wanted)


def volumes_of(path: Path) -> list[np.ndarray]:
    """Return the times of an image, each in the order of axes that is nearest to the patient's."""
    image = nibabel.as_closest_canonical(nibabel.load(path))
    return list(np.moveaxis(np.atleast_3d(image.get_fdata()).reshape(*image.shape[:3], -1), -1, 0).astype(np.int16))


def check_gradients(folder: Path, wanted: np.ndarray) -> None:
    (image,) = folder.glob("*.nii*")
    (bval,), (bvec,) = folder.glob("*.bval"), folder.glob("*.bvec")
    assert np.loadtxt(bval).tolist() == [0, 1000, 2000]
    assert np.allclose(directions_of(image, np.loadtxt(bvec)), wanted, atol=1e-3)


# --- what other programs read


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_objects_with_a_block_are_as_the_standard_wants_them(there: Path, kind: Kind) -> None:
    sidecar = {**WITHOUT_ATTRIBUTE, "ArterialSpinLabelingType": "PCASL", "InversionTime": 0.9, "ScanningSequence": "GR"}
    more = {"MRAcquisitionType": "2D", "PulseSequenceName": "epi", "NumberOfKSpaceTrajectories": 2, "PatientPosition": "HFS"}
    made(save(**sidecar, **more, AcquisitionMatrixPE=60, PhaseEncodingDirection="j", Manufacturer="GE"), kind=kind)
    assert facts_of_dciodvfy(next(Path("dicom").rglob("*.dcm"))) == set()


@pytest.mark.parametrize("kind", [Kind.PET, Kind.ENHANCED_PET])
@pytest.mark.parametrize("without", [(), ("DecayCorrectionFactor", "RadionuclideHalfLife"), ("TracerRadionuclide", "TimeZero")])
def test_pet_objects_are_as_the_standard_wants_them(there: Path, kind: Kind, without: tuple[str, ...]) -> None:
    made(save_pet(without=without, PatientPosition="HFS"), kind=kind)
    assert facts_of_dciodvfy(next(Path("dicom").rglob("*.dcm"))) == set()


# keys that public attributes contain, and that dcm2niix reads there: docs/dcm2niix.md
READ_BY_DCM2NIIX = frozenset({
    "AcquisitionDuration", "AcquisitionMatrixPE", "ArterialSpinLabelingType", "BodyPart", "DeviceSerialNumber", "EchoTime",
    "EchoTrainLength", "FlipAngle", "FrequencyEncodingSteps", "ImageComments", "ImagingFrequency", "InstitutionName",
    "InversionTime", "MRAcquisitionType", "MTState", "MagneticFieldStrength", "Manufacturer", "ManufacturersModelName",
    "Modality", "NumberOfAverages", "PartialFourierDirection", "PatientPosition", "PercentPhaseFOV", "PercentSampling",
    "PhaseEncodingSteps",
    "PhaseEncodingPolarityGE", "PixelBandwidth", "ProtocolName", "ReconMatrixPE", "RepetitionTime", "SAR", "ScanOptions",
    "ScanningSequence", "SequenceName", "SequenceVariant", "SeriesDescription", "SeriesNumber", "SliceThickness",
    "SoftwareVersions", "SpacingBetweenSlices", "StationName",
})  # fmt: skip
REFERENCES = sorted(path for path in SHARED.glob("*/reference/*.json") if list(path.parent.glob(f"{path.stem}.nii*")))


@pytest.mark.slow
@pytest.mark.parametrize("reference", REFERENCES, ids=[f"{path.parents[1].name}/{path.stem}" for path in REFERENCES])
def test_sidecars_of_real_images_come_back_through_dcm2niix_and_through_ours(reference: Path, there: Path) -> None:
    (image,) = reference.parent.glob(f"{reference.stem}.nii*")
    for path in (reference, image, *(reference.with_suffix(suffix) for suffix in (".bval", ".bvec"))):
        if path.exists():
            (there / path.name).write_bytes(path.read_bytes())
    stated = json.loads(reference.read_text("utf-8"))

    ours = there_and_back(Path(image.name))
    lost = {key: (value, ours.get(key)) for key, value in stated.items() if not equals_dcm2niix(value, ours.get(key))}
    assert set(lost) <= {"ImageType", "ConversionSoftware", "ConversionSoftwareVersion"}

    (there / "theirs").mkdir()
    run(oracle("dcm2niix"), "-b", "y", "-ba", "n", "-f", "x", "-o", "theirs", "dicom")
    (sidecar,) = Path("theirs").glob("x*.json")
    theirs = json.loads(sidecar.read_text("utf-8"))
    lost = {
        key: (stated[key], theirs.get(key))
        for key in READ_BY_DCM2NIIX & stated.keys()
        if not equals_dcm2niix(stated[key], theirs.get(key))
    }
    assert lost == {}
    polarity = stated.get("PhaseEncodingDirection") if stated["Manufacturer"] == "GE" else None
    assert polarity is None or theirs["PhaseEncodingDirection"] == polarity


def test_there_are_references_of_real_images() -> None:
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")
    assert len(REFERENCES) >= 20


def test_no_key_of_the_table_is_without_a_fate() -> None:
    document = (ROOT / "docs" / "bids-keys.md").read_text("utf-8")
    rows = [line.split("|") for line in document.splitlines() if re.match(r"\| [A-Z]\w+ \|", line)]
    without = {row[1].strip() for row in rows if not row[-2].strip()}
    assert without <= {"ImageType", "SeriesInstanceUID", "StudyInstanceUID", "DeidentificationMethodCodeSequence"}
