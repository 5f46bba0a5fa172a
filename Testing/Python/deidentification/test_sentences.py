"""Sentences of a de-identified run: what is removed from them does not depend on the order in which values were found."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge import command_line_words, in_words
from nifti_dicom_bridge.deidentification.sentences import Masker
from nifti_dicom_bridge.options.remedies import REMEDIES


def test_of_removed_values_that_overlap_the_first_in_the_alphabet_is_masked() -> None:
    for n in range(10, 40):
        masker = Masker()
        masker.add([f"{n}b", f"a{n}"])
        assert masker.masked(f"see a{n}b") == "see a…"


def test_of_removed_values_that_overlap_the_longest_is_masked() -> None:
    masker = Masker()
    masker.add(["abc", "bcde"])
    assert masker.masked("see abcde") == "see a…"


def test_choices_of_options_are_no_quotations_that_are_masked() -> None:
    sentence = 'kind="classic" and \'DOE\' and PatientName="doe" and "kind"'
    assert Masker().masked_error(sentence) == 'kind="classic" and … and PatientName=… and …'


@pytest.mark.parametrize("code", REMEDIES)
def test_a_remedy_stays_as_it_is(code: str) -> None:
    text = REMEDIES[code].format(gigabytes=3, extra="zarr", section="subjects", name="scan")
    sentence = f"\"Doe\" of 'Jane' in /scans/doe.nii is damaged. {text}"
    masked = Masker().masked_error(sentence)

    assert masked == f"… of … in … is damaged. {text}"
    assert in_words(masked, command_line_words) == f"… of … in … is damaged. {in_words(text, command_line_words)}"


@pytest.mark.parametrize(
    "text",
    ['Use kind="KIND" to override', 'set the right value: set_values={"PatientID": "VALUE"}', '"SliceTiming" was left out',
     'Use set_values={"RescaleType": "HU"} if they are', 'it has no "SegmentAlgorithmName". algorithm="NAME:VERSION:FAMILY"'],
)  # fmt: skip
def test_names_of_attributes_and_options_stay(text: str) -> None:
    assert Masker().masked_error(text) == text


def test_an_apostrophe_does_not_begin_a_quotation() -> None:
    assert Masker().masked_error("the series' and the reader's words: 'Doe' and \"O'Neil\"") == (
        "the series' and the reader's words: … and …"
    )


def test_a_removed_value_does_not_stay_in_a_remedy() -> None:
    masker = Masker()
    masker.add(["larger"])
    assert "larger" not in masker.masked_error(REMEDIES["allow-memory"])
