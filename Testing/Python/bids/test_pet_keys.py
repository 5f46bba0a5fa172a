"""BIDS keys of PET ⇄ DICOM attributes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import Kind
from support.bids_to_dicom import PET, back, made, save_pet, sentences, there_and_back


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
