"""Sidecars of other tools: values that cannot be used are completed or left out with a sentence; objects stay valid."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import Entry, Outcome, bids
from nifti_dicom_bridge.bids.reverse_rows import REVERSE_ROWS
from nifti_dicom_bridge.creation.sidecar_units import in_seconds
from support.dciodvfy import facts_of_dciodvfy
from support.new_objects import entry_of, save

VOLUMES = np.random.default_rng(0).integers(0, 900, (5, 4, 3, 4)).astype(np.int16)
MR = {"Modality": "MR", "RepetitionTime": 2}
PET = {
    "Modality": "PT", "Units": "Bq/mL", "TracerName": "FDG", "TracerRadionuclide": "F18", "TimeZero": "10:00:00",
    "FrameTimesStart": [0, 10, 20, 30], "FrameDuration": [10, 10, 10, 10],
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("there")


def converted(
    out: str = "out", voxels: np.ndarray | None = VOLUMES, kind: str = "auto", **sidecar
) -> tuple[Entry, pydicom.Dataset]:
    """Convert an image with this sidecar; return the entry and the first object, which is valid."""
    entry = entry_of(save("a.nii", voxels, **sidecar), kind=kind, overwrite=True)
    assert entry.outcome is Outcome.CONVERTED, entry.error
    paths = sorted(entry.outputs)
    assert [facts_of_dciodvfy(path) for path in (paths[0], paths[-1])] == [set(), set()]
    return entry, pydicom.dcmread(paths[0])


def said(entry: Entry, key: str) -> bool:
    return any(f'"{key}"' in sentence for sentence in [*entry.log.warnings, *entry.log.notes])


@pytest.mark.parametrize("kind", ["mr", "enhanced-mr"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EchoTime", "long"), ("EchoTime", float("nan")), ("EchoTime", [0.01, float("nan"), 0.03, 0.04]), ("EchoTime", -0.03),
        ("EchoTime", [0.01, 0.02]), ("EchoTime", {"value": 1}), ("EchoTime", [{"a": 1}]), ("EchoTime", True),
        ("RepetitionTime", float("inf")), ("RepetitionTime", -2), ("RepetitionTime", 1e6), ("RepetitionTime", [1, 2]),
        ("FlipAngle", 10**400), ("InversionTime", -0.9), ("SliceTiming", [0, 1]), ("SliceTiming", "interleaved"),
        ("SliceTiming", [0, None, 1]), ("SliceTiming", [0, 1, 5]), ("PhaseEncodingDirection", "AP"),
        ("PhaseEncodingDirection", 1), ("SliceEncodingDirection", "up"), ("MagneticFieldStrength", "high"),
        ("AcquisitionTime", "25:99:99"), ("AcquisitionDateTime", "yesterday"), ("PatientBirthDate", "1980"),
        ("PatientAge", "old"), ("MTState", "maybe"), ("ImageType", 7), ("SeriesNumber", "seven"),
        ("StudyInstanceUID", "not a UID"), ("AcquisitionMatrixPE", -1), ("ImageOrientationPatientDICOM", ["a"] * 6),
        ("MagneticFieldStrength", 30000), ("FlipAngle", 900), ("VolumeTiming", [0, 5, 3, 9]), ("SeriesDescription", "\ud800x"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_left_out_and_named(key, value, kind):
    entry, _ = converted(kind=kind, **{**MR, "SliceTiming": [0, 0.5, 1], "PhaseEncodingDirection": "j", key: value})
    assert said(entry, key)


@pytest.mark.parametrize(
    ("key", "value", "keyword", "wanted"),
    [
        ("EchoTime", "0.03", "EchoTime", 30), ("EchoTime", "30 ms", "EchoTime", 30), ("EchoTime", [0.03], "EchoTime", 30),
        ("RepetitionTime", "2.0", "RepetitionTime", 2000), ("MagneticFieldStrength", "3T", "MagneticFieldStrength", 3),
        ("MagneticFieldStrength", [1.5], "MagneticFieldStrength", 1.5), ("FlipAngle", "90", "FlipAngle", 90),
        ("ProtocolName", 7, "ProtocolName", "7"), ("PatientWeight", "80kg", "PatientWeight", 80),
        ("PatientSex", "female", "PatientSex", "F"), ("PartialFourier", "6/8", "PartialFourier", "YES"),
        ("Modality", "MRI", "Modality", "MR"), ("PhaseEncodingDirection", "y-", "InPlanePhaseEncodingDirection", "COL"),
        ("InstitutionName", "a\\b", "InstitutionName", "a/b"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_read_if_it_is_clear(key, value, keyword, wanted):
    entry, made = converted(**{**MR, key: value})
    assert made[keyword].value == wanted
    assert said(entry, key) or (key, value) in [("InstitutionName", "a\\b"), ("EchoTime", [0.03])]


@pytest.mark.parametrize("kind", ["mr", "enhanced-mr"])
@pytest.mark.parametrize(
    ("key", "value", "seconds"),
    [("RepetitionTime", 2000, 2), ("RepetitionTime", 8500.5, 8.5005), ("EchoTime", 30, 0.03), ("EchoTime", 2.46, 0.00246),
     ("InversionTime", 900, 0.9), ("EffectiveEchoSpacing", 0.55, 0.00055), ("TotalReadoutTime", 35, 0.035)],
)  # fmt: skip
def test_milliseconds_are_recognized_and_named(key, value, seconds, kind):
    assert in_seconds({key: value}, []) == {key: pytest.approx(seconds)}
    entry, _ = converted(kind=kind, **{**MR, key: value})
    assert any(f'"{key}"' in warning and "milliseconds" in warning for warning in entry.log.warnings)


def test_frames_that_last_longer_than_the_time_between_them_follow_each_other():
    sidecar = {key: value for key, value in PET.items() if key != "FrameTimesStart"} | {"FrameDuration": [10, 20, 30, 40]}
    entry, _ = converted(**sidecar)
    assert any('"FrameDuration" is up to 40 s' in warning for warning in entry.log.warnings)
    times = {float(pydicom.dcmread(path).FrameReferenceTime) for path in entry.outputs}
    assert times == {5000, 20000, 45000, 80000}


@pytest.mark.parametrize("key", ["RepetitionTime", "InversionTime"])
def test_a_time_that_can_be_in_both_units_is_left_out_where_the_echo_time_is_in_milliseconds(key):
    sentences: list[str] = []
    assert in_seconds({"EchoTime": 3.5, key: 8.1}, sentences) == {"EchoTime": 0.0035}
    assert f'"{key}" was left out: 8.1 may be seconds or milliseconds' in sentences[0]


def test_a_repetition_time_that_would_be_shorter_than_the_echo_time_is_in_seconds():
    assert in_seconds({"EchoTime": 30, "RepetitionTime": 2}, []) == {"EchoTime": 0.03, "RepetitionTime": 2}


@pytest.mark.parametrize("times", [[0, 600, 1300], [1300.0, 0, 650]])
@pytest.mark.parametrize("repetition", [2, 2000])
def test_slice_times_in_milliseconds_are_those_in_seconds(times, repetition):
    wanted = [time / 1000 for time in times]
    assert in_seconds({"SliceTiming": times, "RepetitionTime": repetition}, [])["SliceTiming"] == wanted
    converted(**{**MR, "RepetitionTime": repetition, "SliceTiming": times})


@pytest.mark.slow
@given(
    seconds=st.floats(0.0001, 0.9),
    others=st.dictionaries(st.sampled_from(["RepetitionTime", "InversionTime"]), st.floats(0.001, 29)),
)
def test_plausible_seconds_are_never_changed(seconds, others):
    sentences: list[str] = []
    top = {"EchoTime": seconds, **others}
    assert in_seconds(top, sentences) == top
    assert sentences == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SK_SP_MP", ["SK", "SP", "MP"]), ("SK\\SP\\MP", ["SK", "SP", "MP"]), ("SK, SP", ["SK", "SP"]), ("sk_sp", ["SK", "SP"]),
        (["SK_SP", "OSP"], ["SK", "SP", "OSP"]), (["SK", "SK"], "SK"), ("SK/MTC", ["SK", "MTC"]), ("NONE", "NONE"),
        ("SK SS TRSS", ["SK", "SS", "TRSS"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["mr", "enhanced-mr"])
def test_words_that_are_joined_are_separate_values(text, wanted, kind):
    _, made = converted(kind=kind, **MR, ScanningSequence="GR_EP", SequenceVariant=text)
    found = made.SequenceVariant
    assert (found if isinstance(found, str) else list(found)) == wanted
    assert list(made.ScanningSequence) == ["GR", "EP"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("FAST_GEMS_EPI_GEMS", ["FAST_GEMS", "EPI_GEMS"]), ("PFP_FS", ["PFP", "FS"]), ("PHASE_OVER", "PHASE_OVER")],
)
def test_words_with_underscores_of_their_own_stay_whole(text, wanted):
    found = converted(**MR, ScanOptions=text)[1].ScanOptions
    assert (found if isinstance(found, str) else list(found)) == wanted


@pytest.mark.parametrize("words", ["IR", "GR_IR", ["EP", "IR"]])
@pytest.mark.parametrize("time", [None, 0.9, 900, "n/a", [0.1, 0.2, 0.3, 0.4]])
def test_inversion_recovery_is_valid_with_and_without_its_time(words, time):
    _, made = converted(**MR, ScanningSequence=words, **({} if time is None else {"InversionTime": time}))
    assert "InversionTime" in made


@pytest.mark.parametrize("kind", ["pet", "enhanced-pet"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TracerRadionuclide", None), ("TracerRadionuclide", "unobtainium"), ("TracerRadionuclide", 18), ("TracerName", None),
        ("FrameTimesStart", [0, 10]), ("FrameTimesStart", None), ("FrameDuration", [10]), ("FrameDuration", [math.nan] * 4),
        ("DecayCorrectionFactor", [1, 2]), ("DecayCorrectionFactor", [1, 1.1, 1.2, 1.3]), ("ImageDecayCorrected", True),
        ("InjectedRadioactivity", "much"), ("InjectedRadioactivityUnits", "furlong"), ("InjectionStart", "later"),
        ("TimeZero", "noon"), ("ScatterFraction", [10, 20, 30]), ("Units", None), ("FrameTimesStart", [0, 6e4, 12e4, 18e4]),
    ],
)  # fmt: skip
def test_pet_objects_stay_valid(key, value, kind):
    sidecar = {**PET, "InjectedRadioactivity": 400, "InjectedRadioactivityUnits": "MBq", key: value}
    converted(
        voxels=VOLUMES.astype(np.float32), kind=kind, **{name: found for name, found in sidecar.items() if found is not None}
    )


def test_a_value_for_each_volume_is_that_of_its_volume():
    entry, _ = converted(**{**MR, "EchoTime": ["0.004", "0.008", "0.012", "0.016"], "FlipAngle": [5, 10, 15, 20]})
    found = [pydicom.dcmread(path) for path in sorted(entry.outputs)]
    assert [float(made.EchoTime) for made in found] == [echo for echo in (4, 8, 12, 16) for _ in range(3)]
    assert [float(made.FlipAngle) for made in found] == [angle for angle in (5, 10, 15, 20) for _ in range(3)]


def test_echo_times_of_volumes_are_those_of_the_frames_of_an_enhanced_object():
    entry, _ = converted(kind="enhanced-mr", **{**MR, "EchoTime": [0.004, 0.008, 0.012, 0.016]})
    groups = [frame for path in sorted(entry.outputs) for frame in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence]
    assert [frame.MREchoSequence[0].EffectiveEchoTime for frame in groups] == [t for t in (4, 8, 12, 16) for _ in range(3)]


@pytest.mark.parametrize(("words", "keyword"), [("GR", "InversionTimes"), ("GR_IR", "InversionTime")])
def test_inversion_times_of_volumes_are_where_the_sequence_allows_them(words, keyword):
    _, first = converted(**{**MR, "ScanningSequence": words, "InversionTime": [0.1, 0.5, 0.9, 2.5]})
    assert float(first[keyword].value) == 100


KEYS = sorted({*bids.BY_KEY, *bids.NESTED, *(row.key for row in REVERSE_ROWS), "SliceTiming", "PhaseEncodingDirection",
               "SliceEncodingDirection", "FrameTimesStart", "FrameDuration", "DecayCorrectionFactor"})  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(-1e9, 1e9), st.sampled_from([math.nan, math.inf, 10**40]),
    st.sampled_from(["", "n/a", "0.03", "3T", "a\\b", "x" * 90, "IR", "SK_SP", "j-", "AP", "F18", "ü", "2020-13-45", "25:61"]),
)  # fmt: skip
ANY = st.one_of(SCALARS, st.lists(SCALARS, max_size=5), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))


@pytest.mark.slow
@pytest.mark.parametrize("modality", ["MR", "PT", "CT"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(sidecar=st.dictionaries(st.sampled_from(KEYS), ANY, max_size=6))
def test_no_sidecar_makes_an_object_invalid(modality, sidecar):
    Path("a.json").unlink(missing_ok=True)
    given_keys = json.loads(json.dumps({**sidecar, "Modality": modality}))
    converted(kind={"PT": "pet"}.get(modality, modality.lower()), **given_keys)


@pytest.mark.parametrize("sex", ["unknown to the clinic", "M/F", "XX"])
def test_a_sex_that_dicom_does_not_have_is_one_warning(sex):
    entry, _ = converted(**{**MR, "PatientSex": sex})
    assert sum("PatientSex" in warning for warning in entry.log.warnings) == 1
    assert pydicom.dcmread(entry.outputs[0]).PatientSex == ""


@pytest.mark.parametrize(("sex", "written"), [("male", "M"), ("Female", "F"), ("o", "O")])
def test_a_sex_in_words_is_written_as_a_letter(sex, written):
    entry, _ = converted(**{**MR, "PatientSex": sex})
    assert pydicom.dcmread(entry.outputs[0]).PatientSex == written
