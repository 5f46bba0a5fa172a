"""What keys of PET specify together, on the way to DICOM: units of activity, decay correction, reconstruction."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nifti_dicom_bridge.bids import reverse_pet
from nifti_dicom_bridge.standard.tags import Tag

HALF_LIFE_S = 6586.2
DYNAMIC = {"DecayCorrection": "START", "RadionuclideHalfLife": HALF_LIFE_S, "FrameTimesStart": [0, 60, 600],
           "FrameDuration": [60, 540, 3600]}  # fmt: skip


def attributes_of(top: dict[str, Any]) -> tuple[dict[tuple[int, ...], list[str]], list[str]]:
    sentences: list[str] = []
    attributes = reverse_pet.pet_attributes(top, "a.json", sentences)
    return {path: texts for path, (_, texts) in attributes.items()}, sentences


def corrected_by(start_s: float, duration_s: float) -> float:
    """Return what the mean activity of a frame has to be multiplied with, by numerical integration."""
    times = np.linspace(start_s, start_s + duration_s, 20001)
    return 1 / float(np.mean(0.5 ** ((times[1:] + times[:-1]) / 2 / HALF_LIFE_S)))


@pytest.mark.parametrize(("unit", "becquerel"), [
    ("Bq", 1.0), ("kBq", 1e3), ("MBq", 1e6), ("GBq", 1e9), ("mCi", 3.7e7), ("uCi", 3.7e4), ("\N{MICRO SIGN}Ci", 3.7e4),
    ("\N{GREEK SMALL LETTER MU}Ci", 3.7e4),
])  # fmt: skip
def test_the_dose_is_in_becquerel_whatever_its_unit(unit: str, becquerel: float) -> None:
    attributes, sentences = attributes_of({"InjectedRadioactivity": 10, "InjectedRadioactivityUnits": unit})

    (dose,) = attributes[Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIONUCLIDE_TOTAL_DOSE]
    assert (float(dose), sentences) == (10 * becquerel, [])


@pytest.mark.parametrize(("unit", "factor"), [
    ("Bq/umol", 1.0), ("MBq/nmol", 1e9), ("GBq/\N{MICRO SIGN}mol", 1e9), ("MBq / \N{GREEK SMALL LETTER MU}mol", 1e6),
])  # fmt: skip
def test_the_molar_activity_is_that_of_a_micromole(unit: str, factor: float) -> None:
    attributes, sentences = attributes_of({"MolarActivity": 2.5, "MolarActivityUnits": unit})

    (activity,) = attributes[Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL_SPECIFIC_ACTIVITY]
    assert (float(activity), sentences) == (2.5 * factor, [])


@pytest.mark.parametrize("key", ["InjectedRadioactivity", "MolarActivity"])
def test_activities_in_other_units_are_named(key: str) -> None:
    attributes, sentences = attributes_of({key: 10, key + "Units": "furlong"})

    assert attributes == {}
    assert len(sentences) == 1
    assert f"\"{key}\" is in 'furlong'" in sentences[0]


@pytest.mark.parametrize(("changes", "earlier_s"), [
    ({}, 0), ({"ScanStart": 30}, -30), ({"DecayCorrection": "ADMIN", "InjectionStart": -3600}, 3600),
])  # fmt: skip
def test_the_factor_of_decay_is_that_of_the_mean_activity_of_each_frame(changes: dict, earlier_s: float) -> None:
    factors = reverse_pet.decay_factors({**DYNAMIC, **changes}, "a.json", 3, [])

    frames = zip(DYNAMIC["FrameTimesStart"], DYNAMIC["FrameDuration"], strict=True)
    assert factors == pytest.approx([corrected_by(start + earlier_s, duration) for start, duration in frames])


def test_frames_of_unknown_duration_have_the_factor_of_their_start() -> None:
    factors = reverse_pet.decay_factors({**DYNAMIC, "FrameDuration": [60]}, "a.json", 3, [])
    assert factors == pytest.approx([math.exp(math.log(2) * start / HALF_LIFE_S) for start in (0, 60, 600)])


@pytest.mark.parametrize("missing", ["RadionuclideHalfLife", "FrameTimesStart"])
def test_a_factor_that_cannot_be_computed_is_1_and_reported(missing: str) -> None:
    sentences: list[str] = []
    known = {key: value for key, value in DYNAMIC.items() if key != missing}

    assert reverse_pet.decay_factors(known, "a.json", 3, sentences) == [1, 1, 1]
    assert len(sentences) == 1
    assert "assumed to be 1" in sentences[0]


@pytest.mark.parametrize(("keys", "word", "is_reported"), [
    ({"ImageDecayCorrectionTime": 0}, "START", False),
    ({"ImageDecayCorrectionTime": 20, "ScanStart": 20}, "START", False),
    ({"ImageDecayCorrectionTime": 20, "FrameTimesStart": [20, 30]}, "START", False),
    ({"ImageDecayCorrectionTime": -600, "InjectionStart": -600}, "ADMIN", False),
    ({"ImageDecayCorrectionTime": -600, "InjectionStart": -300}, "START", True),
    ({"ImageDecayCorrectionTime": 30, "FrameTimesStart": [20, 30]}, "START", True),
    ({"ImageDecayCorrectionTime": 0, "FrameTimesStart": [20, 30], "ScanStart": 0}, "START", False),
])  # fmt: skip
def test_decay_is_corrected_to_the_start_of_the_scan_or_the_injection(keys: dict, word: str, is_reported: bool) -> None:
    attributes, sentences = attributes_of({"ImageDecayCorrected": True, **keys})

    assert attributes[(Tag.DECAY_CORRECTION,)] == [word]
    assert len(sentences) == is_reported


@pytest.mark.parametrize(
    ("size", "kernel"), [(5, "Gaussian 5 mm"), (0, "Gaussian"), (0.5, "Gaussian 0.5 mm"), ("wide", "Gaussian")]
)
def test_a_filter_has_its_width_in_the_kernel(size: Any, kernel: str) -> None:
    assert attributes_of({"ReconFilterType": "Gaussian", "ReconFilterSize": size})[0] == {(Tag.CONVOLUTION_KERNEL,): [kernel]}
