"""BIDS keys → DICOM attributes → the same keys."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from nifti_dicom_bridge import Kind, bids
from nifti_dicom_bridge.bids import kinds, reverse_rows
from nifti_dicom_bridge.creation.sidecar_units import LONGEST_S
from support.bids_to_dicom import back, made, save, there_and_back

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
