"""No option of the command line is shown in Slicer."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import CORE, LIB, MODULE, python_files

ABOUT_WHAT_WAS_GIVEN = {
    "bids/rows.py", "bids_dataset/bids_map.py", "bids_dataset/given_keys.py", "conversion/entries.py", "conversion/to_bids.py",
    "creation/attribute_sources.py", "creation/metadata_file.py", "creation/patient_checks.py", "creation/recast/attributes.py",
    "deidentification/pseudonyms.py", "formats/dicom/compression.py", "formats/dicom/created/set_values.py",
    "labels/totalsegmentator.py",
}  # fmt: skip
"""Modules whose messages are about a file or a value that the user gave as an option, so in the Python console."""
NOT_IN_SLICER = {
    "conversion/execution/executor_runner.py", "conversion/execution/many.py", "conversion/apply/selection.py",
}  # fmt: skip
"""Modules whose messages do not occur in Slicer: workers on several computers, series that a command was not given by name."""
GIVEN = (
    r"^\W*the option “\w+”(?: with “[^”]*”| was|:)", "limit of the option", "because of the option",
    "keep the algorithm of their label file", "NAME:VERSION:FAMILY", "matches each the option", "Correct it in",
    "as the option “sidecar” names another file",
)  # fmt: skip
"""Messages of other modules about an option that the user gave."""


def test_every_option_has_words_of_the_panel(slicer):
    from nifti_dicom_bridge import python_words
    from nifti_dicom_bridge.options.messages import OPTIONS
    from NiftiDicomBridgeLib.Panel.PanelMessages import in_panel

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
    ('uids="keep" and names="original" were chosen.',
     "“Keep original UIDs” and the option “names” with “original” were chosen."),
    ('set it: set_values={"FrameOfReferenceUID": "1.2.3"}', "set it: the value FrameOfReferenceUID=1.2.3"),
    ('Use kind="pm", or leave out deidentify=True; a="b" stays.',
     'Use the kind “Parametric map”, or leave out “De-identify”; a="b" stays.'),
    ('Give tasks in bids_map="FILE".', "Give tasks in the option “bids_map” with “FILE”."),
])  # fmt: skip
def test_options_become_controls(slicer, text, expected):
    from NiftiDicomBridgeLib.Panel.PanelMessages import in_panel

    assert in_panel(text) == expected


def test_every_option_of_python_has_words_of_the_panel(slicer):
    from nifti_dicom_bridge import ConversionOptions, OptionError, check_options
    from NiftiDicomBridgeLib.Panel.PanelMessages import message_in_panel, panel_text

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


def messages_of(path: Path) -> Iterator[str]:
    """Yield the messages of a module: its texts without docstrings; what is known at run time is ``…``."""
    tree = ast.parse(path.read_text("utf-8"))
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


def test_every_code_of_a_remedy_has_words_of_the_panel(slicer):
    from nifti_dicom_bridge.options.checks import RULES
    from nifti_dicom_bridge.options.remedies import REMEDIES
    from NiftiDicomBridgeLib.Panel.PanelRemedies import panel_remedies

    assert set(REMEDIES) <= set(panel_remedies()) <= {*REMEDIES, *(rule.code for rule in RULES)}
    assert [text for text in panel_remedies().values() if re.search(r"--[a-z]|\w=|pip install", text)] == []


@pytest.mark.parametrize("code", ["check-reference", "allow-size"])
def test_the_panel_has_its_own_remedies(slicer, code):
    from nifti_dicom_bridge.options.remedies import remedy
    from NiftiDicomBridgeLib.Panel.PanelMessages import in_panel
    from NiftiDicomBridgeLib.Panel.PanelRemedies import panel_remedies

    text = in_panel(f"a.nii: it differs. {remedy(code, gigabytes=3)}")
    assert text == f"a.nii: it differs. {panel_remedies()[code].format(gigabytes=3)}"


@pytest.mark.slow
def test_a_remedy_without_a_control_in_the_panel_has_a_code(slicer):
    """An option in a message is a control of the panel, or was given by the user, or belongs to a remedy with a code."""
    from NiftiDicomBridgeLib.Panel.PanelMessages import in_panel

    modules = [path for path in python_files(CORE) if path.parent.name not in ("cli", "options")]
    texts = [
        (path.relative_to(CORE).as_posix(), in_panel(text))
        for path in modules
        if path.relative_to(CORE).as_posix() not in ABOUT_WHAT_WAS_GIVEN | NOT_IN_SLICER
        for text in messages_of(path)
    ]
    assert len(texts) > 1000
    left = [f"{name}: {text}" for name, text in texts if "the option “" in text and not re.search("|".join(GIVEN), text)]
    assert not left, "\n".join(left)
