"""Messages name the options as each front end does."""

from __future__ import annotations

import re

import pytest

from nifti_dicom_bridge import ConversionOptions, OptionError, command_line_words, in_words, message_of, python_words
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.options.messages import OF_APPLY, OPTIONS
from nifti_dicom_bridge.options.wording import SWITCHES, flag_of
from support.paths import CORE, python_files

FRONT_ENDS = ("wording.py", "messages.py")


def in_label(option: str, value: str) -> str:
    return f"<{option}|{value}>"


@pytest.mark.parametrize(("text", "expected"), [
    ('Use kind="pm", which keeps every value.', "Use --as pm, which keeps every value."),
    ('leave out uids="keep" and names="original".', "leave out --uids keep and --names original."),
    ('name one with reference="DICOM".', "name one with --reference DICOM."),
    ('set it: set_values={"FrameOfReferenceUID": "1.2.3"}', "set it: --set FrameOfReferenceUID=1.2.3"),
    ("leave it out with mp4=False", "leave it out with --no-mp4"),
    ("or overwrite=True to replace it.", "or --overwrite to replace it."),
    ("reference=: 2 series fit. Or allow more with max_error=.", "--reference: 2 series fit. Or allow more with --max-error."),
    ("allow it with size_limit=2.5.", "allow it with --size-limit 2.5."),
    ('metadata="a b.json": not valid', "--metadata a b.json: not valid"),
    ('unknown="x", alias=1 and kind==2 stay', 'unknown="x", alias=1 and kind==2 stay'),
])  # fmt: skip
def test_options_of_python_become_those_of_the_command_line(text, expected):
    assert in_words(text, command_line_words) == expected


def test_no_message_of_the_core_names_an_option_of_the_command_line():
    """Messages name options as in Python; the command line and Slicer's panel put their own names in their place."""
    flags = re.compile(rf"(?<![\w-])({'|'.join(sorted(map(flag_of, OPTIONS), key=len, reverse=True))})(?![\w-])")
    files = [
        path for path in python_files(CORE) if path.parent.name != "cli" and path.name not in ("wording.py", "messages.py")
    ]
    lines = [(path.name, line) for path in files for line in path.read_text("utf-8").splitlines()]
    assert [(name, line) for name, line in lines if flags.search(line) and "nifti-dicom-bridge " not in line] == []


def test_a_front_end_brings_its_own_words():
    assert in_words('Use kind="pm".', in_label) == "Use <kind|pm>."


def test_an_error_is_rendered_in_the_words_of_each_front_end():
    with pytest.raises(OptionError) as caught:
        ConversionOptions(preview={"window": "40,0"})
    assert message_of(caught.value, python_words) == str(caught.value)
    assert message_of(caught.value, command_line_words).startswith("--window: '40,0' is not valid.")
    assert message_of(caught.value, in_label).startswith("<preview.window|>: '40,0' is not valid.")


def test_any_error_is_rendered_by_the_options_in_its_text():
    assert message_of(ValueError('Use kind="pm".'), command_line_words) == "Use --as pm."


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
    assert len(set(map(flag_of, OPTIONS))) == len(OPTIONS)
    assert {*OPTIONS, *OF_APPLY} >= SWITCHES
