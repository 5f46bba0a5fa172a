"""Remedies have codes, for which each front end has its own words."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from nifti_dicom_bridge import ConversionOptions, OptionError, check_options, command_line_words, in_words, message_of
from nifti_dicom_bridge.optional_packages import FEATURES, missing_error
from nifti_dicom_bridge.options.messages import _MENTION
from nifti_dicom_bridge.options.remedies import REMEDIES, remedy, with_remedies
from support.paths import CORE, python_files

VALUES = {"gigabytes": 3, "extra": "zarr", "section": "tasks", "name": "scan"}


def codes_in_messages() -> Counter[str]:
    """Return how often the modules of the core use each code."""
    calls = (
        node
        for path in python_files(CORE)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    )
    return Counter(
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "remedy" and isinstance(call.args[0], ast.Constant)
    )


@pytest.mark.slow
def test_every_code_belongs_to_a_message():
    assert {*codes_in_messages(), "install-packages"} == set(REMEDIES)


def test_the_packages_of_a_feature_are_installed_by_a_remedy_with_a_code():
    """The module of the packages is below the options, so that it cannot import the table."""
    for feature, row in FEATURES.items():
        assert str(missing_error(feature)).endswith(remedy("install-packages", extra=row.extra))


@pytest.mark.parametrize("code", REMEDIES)
def test_a_front_end_puts_its_remedy_in_the_place_of_that_of_python(code):
    text = f"a.nii: 3 voxels are odd. {remedy(code, **VALUES)} Reference: CT."
    assert with_remedies(text, {code: "Press the button."}) == "a.nii: 3 voxels are odd. Press the button. Reference: CT."


def test_what_depends_on_the_image_is_kept():
    text = "a.nii: it has 9 bytes. " + remedy("allow-size", gigabytes=3)
    assert with_remedies(text, {"allow-size": "{gigabytes} GB would do."}) == "a.nii: it has 9 bytes. 3 GB would do."


def test_the_command_line_has_the_remedies_of_python_with_its_own_options():
    for code in REMEDIES:
        text = in_words(remedy(code, **VALUES), command_line_words)
        assert not re.search(_MENTION, text)
        assert re.search(r"--[a-z]|pip install", text), text


def test_a_rule_may_have_a_message_of_the_front_end():
    with pytest.raises(OptionError) as caught:
        check_options(ConversionOptions(target="nifti", uids="keep"))
    assert message_of(caught.value, command_line_words, {caught.value.code: "Not here."}) == "Not here."
