"""No option of the command line is shown in Slicer."""

import argparse
import re

import pytest

from places import CORE


def options():
    from nifti_dicom_bridge.cli.commands import _parser

    def below(parser):
        for action in parser._actions:
            yield from (option for option in action.option_strings if option.startswith("--"))
            if isinstance(action, argparse._SubParsersAction):
                for choice in action.choices.values():
                    yield from below(choice)

    return sorted(set(below(_parser(True))))


def test_every_option_has_words_of_the_panel(slicer):
    from NiftiDicomBridgeLib.PanelMessages import in_panel

    found = options()
    assert len(found) > 30
    for option in found:
        text = in_panel(f"Use {option} to do it, or leave out {option}.")
        assert "--" not in text
        assert text.startswith("Use ")
        assert " to do it, or leave out " in text


def test_every_message_of_the_core_is_without_options_in_the_panel(slicer):
    from NiftiDicomBridgeLib.PanelMessages import in_panel

    lines = [line for path in CORE.rglob("*.py") if "cli" not in path.parts for line in path.read_text("utf-8").splitlines()]
    named = [line for line in lines if re.search(r"--[a-z][a-z-]+", line) and "# ---" not in line]
    assert len(named) > 20
    assert not [line for line in map(in_panel, named) if re.search(r"--[a-z]", line)]


@pytest.mark.parametrize(("text", "expected"), [
    ("a.nii exists. Choose another folder, or --overwrite to replace it.",
     "a.nii exists. Choose another folder, or “Replace existing files” to replace it."),
    ("Use --as pm, which keeps every value.", "Use the kind “Parametric map”, which keeps every value."),
    ("leave out --uids keep and --names original.",
     "leave out “Keep original UIDs” and the option “names original” of the command line."),
    ("set it: --set FrameOfReferenceUID=1.2.3", "set it: the value FrameOfReferenceUID=1.2.3"),
    ('Use kind="pm", or leave out deidentify=True; a="b" stays.',
     'Use the kind “Parametric map”, or leave out “De-identify”; a="b" stays.'),
    ("Give tasks in a --bids-map FILE.", "Give tasks in a the option “bids-map FILE” of the command line."),
])  # fmt: skip
def test_options_become_controls(slicer, text, expected):
    from NiftiDicomBridgeLib.PanelMessages import in_panel

    assert in_panel(text) == expected


def test_every_option_of_python_has_words_of_the_panel(slicer):
    from nifti_dicom_bridge import ConversionOptions, OptionError, check_options
    from NiftiDicomBridgeLib.PanelMessages import message_in_panel, panel_text

    assert "=" not in panel_text("uids", "keep") + panel_text("deidentify", "True") + panel_text("names", "original")
    with pytest.raises(OptionError) as found:
        check_options(ConversionOptions(target="nifti", uids="keep"))
    assert message_in_panel(found.value).startswith("“Keep original UIDs” applies only to DICOM output.")
