"""Messages name the options as each front end does."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge import ConversionOptions, OptionError, command_line_words, in_words, message_of, python_words
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.options.messages import OPTION_OF_FLAG, OPTIONS
from nifti_dicom_bridge.options.wording import SWITCHES, flag_of


def in_label(option: str, value: str) -> str:
    return f"<{option}|{value}>"


@pytest.mark.parametrize(("text", "expected"), [
    ("Use --as pm, which keeps every value.", 'Use kind="pm", which keeps every value.'),
    ("leave out --uids keep and --names original.", 'leave out uids="keep" and names="original".'),
    ("name one with --reference DICOM.", 'name one with reference="DICOM".'),
    ("set it: --set FrameOfReferenceUID=1.2.3", 'set it: set_values={"FrameOfReferenceUID": "1.2.3"}'),
    ("leave it out with --no-mp4", "leave it out with mp4=False"),
    ("or --overwrite to replace it.", "or overwrite=True to replace it."),
    ("--key-file tells how", "key_file tells how"),
    ("Make it with --plane axial, coronal", 'Make it with plane="axial", coronal'),
    ("--unknown stays --unknown", "--unknown stays --unknown"),
])  # fmt: skip
def test_options_of_the_command_line_become_those_of_python(text, expected):
    assert in_words(text, python_words) == expected


def test_a_front_end_brings_its_own_words():
    assert in_words("Use --as pm.", in_label) == "Use <kind|pm>."


def test_an_error_is_rendered_in_the_words_of_each_front_end():
    with pytest.raises(OptionError) as caught:
        ConversionOptions(preview={"window": "40,0"})
    assert message_of(caught.value, python_words) == str(caught.value)
    assert message_of(caught.value, command_line_words).startswith("--window: '40,0' is not valid.")
    assert message_of(caught.value, in_label).startswith("<preview.window|>: '40,0' is not valid.")


def test_any_error_is_rendered_by_the_options_in_its_text():
    assert message_of(ValueError("Use --as pm."), python_words) == 'Use kind="pm".'


def test_what_was_found_is_not_taken_for_an_option():
    with pytest.raises(OptionError) as caught:
        ConversionOptions(uids="{names}")
    assert "'{names}' is not valid" in message_of(caught.value, command_line_words)


ONLY_PYTHON = ("per_file", "deidentify_key")
"""Choices of single files, and the key, which other users would see among the arguments of the process."""


@pytest.mark.parametrize("option", [option for option in OPTIONS if option not in ONLY_PYTHON])
def test_the_command_line_has_every_option_under_the_name_in_messages(option, capsys):
    main(["convert", "--help"])
    words = capsys.readouterr().out.replace("[", " ").replace("]", " ").replace(",", " ").split()
    assert flag_of(option) in words


def test_no_two_options_have_one_name():
    assert len(OPTION_OF_FLAG) == len(OPTIONS)
    assert set(OPTIONS) >= SWITCHES
