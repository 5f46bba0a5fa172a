"""No option of the command line is shown in Slicer."""

import ast
import re

import pytest

from places import LIB, MODULE, python_files


def test_every_option_has_words_of_the_panel(slicer):
    from nifti_dicom_bridge import python_words
    from nifti_dicom_bridge.options.messages import OPTIONS
    from NiftiDicomBridgeLib.PanelMessages import in_panel

    for option in OPTIONS:
        name = python_words(option)
        text = in_panel(f'Use {name}="x" to do it, or leave out {name}=.')
        assert "--" not in text
        assert "=" not in text
        assert text.startswith("Use ")
        assert " to do it, or leave out " in text


@pytest.mark.parametrize(("text", "expected"), [
    ("a.nii exists. Choose another folder, or overwrite=True to replace it.",
     "a.nii exists. Choose another folder, or “Replace existing files” to replace it."),
    ('Use kind="pm", which keeps every value.', "Use the kind “Parametric map”, which keeps every value."),
    ('leave out uids="keep" and names="original".',
     "leave out “Keep original UIDs” and the Python option “names” with “original”."),
    ('set it: set_values={"FrameOfReferenceUID": "1.2.3"}', "set it: the value FrameOfReferenceUID=1.2.3"),
    ('Use kind="pm", or leave out deidentify=True; a="b" stays.',
     'Use the kind “Parametric map”, or leave out “De-identify”; a="b" stays.'),
    ('Give tasks in bids_map="FILE".', "Give tasks in the Python option “bids_map” with “FILE”."),
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


@pytest.mark.parametrize("path", [*python_files(LIB), *MODULE.glob("*.py")], ids=lambda path: path.name)
def test_no_text_of_the_module_names_the_command_line(path):
    """Options of pip, which Dependencies passes on, are not shown."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if hasattr(node, "body")
                     and isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))}  # fmt: skip
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    shown = texts - documentation - {"--no-index", "--find-links"}
    assert [text for text in shown if re.search(r"(?<![\w-])--[a-z]|command line", text)] == []


def test_the_form_of_the_panel_names_no_option_of_the_command_line():
    assert not re.search(
        r"--[a-z]", re.sub(r"<!--.*?-->", "", (MODULE / "Resources/UI/NiftiDicomBridge.ui").read_text("utf-8"))
    )
