"""Sentences of a de-identified run: what is removed from them does not depend on the order in which values were found."""

from __future__ import annotations

from nifti_dicom_bridge.deidentification.sentences import Masker


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
