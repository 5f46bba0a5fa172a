"""BIDS values that DICOM attributes cannot have are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.bids_to_dicom import back, made, save, sentences


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
