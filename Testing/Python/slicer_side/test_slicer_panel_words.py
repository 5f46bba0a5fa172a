"""No option of the command line is shown in Slicer."""

import pytest


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
     "leave out “Keep original UIDs” and the option “names original” of the command line."),
    ('set it: set_values={"FrameOfReferenceUID": "1.2.3"}', "set it: the value FrameOfReferenceUID=1.2.3"),
    ('Use kind="pm", or leave out deidentify=True; a="b" stays.',
     'Use the kind “Parametric map”, or leave out “De-identify”; a="b" stays.'),
    ('Give tasks in bids_map="FILE".', "Give tasks in the option “bids-map FILE” of the command line."),
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
