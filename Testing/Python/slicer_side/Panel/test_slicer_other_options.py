"""The options of the core that have no control of their own: in the field *Other options*, and named by remedies."""

import re

import nibabel
import numpy as np
import pydicom
import pytest

from phantoms import save, slices
from phantoms.base import CT, ramp, uid
from phantoms.multiframe import group, segments
from support.panel_helpers import add_files, add_volume, run, settle, shown


@pytest.fixture
def parse(slicer):
    from NiftiDicomBridgeLib.Panel.OtherOptions import other_options

    return other_options


@pytest.mark.parametrize(("text", "expected"), [
    ("", {}),
    (" ; ", {}),
    ("allow_no_overlap", {"allow_no_overlap": True}),
    ("allow-no-overlap: yes; record: off", {"allow_no_overlap": True, "record": False}),
    ("--verify", {"verify": True}),
    ("segmentation: fractional", {"segmentation": "fractional"}),
    ("segmentation=fractional ; rois : masks", {"segmentation": "fractional", "rois": "masks"}),
    ("algorithm: nnU-Net:2.5:AI", {"algorithm": "nnU-Net:2.5:AI"}),
    ("labels: C:\\my labels\\a.tsv", {"labels": "C:\\my labels\\a.tsv"}),
    ('labels: "/a b/c.tsv"', {"labels": "/a b/c.tsv"}),
    ("subject: 01; run: 2", {"subject": "01", "run": "2"}),
    ("size_limit: 2.5; pyramid: 3", {"size_limit": 2.5, "pyramid": 3}),
])  # fmt: skip
def test_text_sets_options(parse, logic, text, expected):
    options = logic.makeOptions(**parse(text))
    assert options == logic.makeOptions(**expected)


def test_options_of_pictures_are_set(parse, logic):
    options = logic.makeOptions(layout="preview", **parse("mp4: no; window: 40,400; fps: 5"))
    assert (options.preview.mp4, options.preview.window, options.preview.fps) == (False, (40.0, 400.0), 5.0)


@pytest.mark.parametrize(("text", "words"), [
    ("segmentaton: fractional", "“segmentaton” is not an option. Did you mean “segmentation”"),
    ("segmentation: x", "“segmentation: x” is not valid. Expected one of"),
    ("pyramid: many", "Expected a whole number"),
    ("kind: pm", "“kind” is the kind in the panel"),
    ("same_space", "“All in one space” in the panel"),
    ("deidentify_key: secret", "“deidentify_key” is not an option"),
    ("rois: masks; rois: labelmap", "“rois” occurs more than once"),
    ("plane: axial; plane: coronal", "“plane” occurs more than once"),
    ("per_file: x", "“per_file” is not an option"),
    (": x", "“” is not an option"),
])  # fmt: skip
def test_text_that_is_not_valid_is_named(slicer, text, words):
    from NiftiDicomBridgeLib.Panel.OtherOptions import problem_of

    assert words in problem_of(text)


def test_every_remedy_of_the_panel_names_options_that_it_takes(parse):
    """What a remedy lets the user write into the field is an option, with a value that is valid."""
    from NiftiDicomBridgeLib.Panel.PanelRemedies import panel_remedies

    named = [
        (code, text.format(gigabytes=3, section="tasks", name="a"))
        for code, text in panel_remedies().items()
        if "Other options" in text
    ]
    assert len(named) > 10
    for code, text in named:
        quoted = [words for words in re.findall("“([^”]*)”", text) if re.fullmatch(r"[a-z_]+(: .*)?", words)]
        options = [words for words in quoted if words not in ("tasks", "subjects")]
        assert options, code
        for words in options:
            assert parse(words) if ": " in words or words == "allow_no_overlap" else parse(f"{words}: 1"), code


def test_no_remedy_of_the_panel_needs_the_console(slicer):
    """But the installation of packages, which the panel offers by a button, too."""
    from NiftiDicomBridgeLib.Panel.PanelRemedies import panel_remedies

    assert [code for code, text in panel_remedies().items() if "console" in text] == ["install-packages"]


@pytest.mark.slow
def test_option_that_is_not_valid_is_reported_before_an_export(slicer, panel, tmp_path):
    add_volume(slicer, "one")
    settle(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    panel.ui.optionsEdit.setText("filenam: {series}")
    assert "“filenam” is not an option" in shown(panel.exporting.feedback.hint)
    assert not panel.ui.exportButton.isEnabled()
    panel.ui.optionsEdit.setText("record: no")
    run(panel, panel.ui.exportButton)
    assert (tmp_path / "out" / "one.nii.gz").exists()


@pytest.mark.slow
def test_option_applies_to_files_that_become_dicom(slicer, panel, database, tmp_path):
    labels = np.zeros((6, 5, 4), np.uint8)
    labels[2:4, 2:4, 1:3] = 1
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "seg.nii")
    add_files(panel, [tmp_path / "seg.nii"])
    panel.ui.dicomOptionsEdit.setText("algorithm: net:1:AI:x")
    assert "“algorithm: net:1:AI:x” is not valid" in shown(panel.importing.feedback.hint)
    assert not panel.ui.importButton.isEnabled()
    panel.ui.dicomOptionsEdit.setText("algorithm: net:1:AI")
    panel.ui.dicomOptionsEdit.editingFinished.emit()
    settle(panel)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.importButton)
    (path,) = (tmp_path / "out").rglob("*.dcm")
    (segment,) = pydicom.dcmread(path).SegmentSequence
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == ("AUTOMATIC", "net 1")


@pytest.mark.slow
def test_what_is_entered_is_kept_in_the_scene(slicer, panel, tmp_path):
    panel.ui.optionsEdit.setText("rois: masks")
    panel.ui.sameSpaceDicomCheckBox.setChecked(True)
    slicer.util.saveScene(str(tmp_path / "scene.mrml"))
    slicer.mrmlScene.Clear()
    assert panel.ui.optionsEdit.text == ""
    slicer.util.loadScene(str(tmp_path / "scene.mrml"))
    assert panel.ui.optionsEdit.text == "rois: masks"
    assert panel.ui.sameSpaceDicomCheckBox.isChecked()


@pytest.mark.slow
@pytest.mark.parametrize("is_one", [False, True])
def test_one_space_puts_a_segmentation_on_a_series_of_another_frame_of_reference(panel, database, tmp_path, is_one):
    from DICOMLib import DICOMUtils

    places = [2.5 * k for k in range(8)]
    images = slices(ramp(8, 4, 5), CT)
    for ds, z in zip(images, places, strict=True):
        ds.ImagePositionPatient = [-1.5, 2.25, z]
    frame = np.zeros((2, 4, 5), np.uint8)
    frame[:, 1, 1:3] = 1
    regions = segments(frame, [(1, 2), (1, 3)])
    for groups, z in zip(regions.PerFrameFunctionalGroupsSequence, places[2:4], strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [-1.5, 2.25, z]
    regions.SeriesInstanceUID, regions.SeriesNumber, regions.FrameOfReferenceUID = uid(66), 66, uid(902)
    regions.SOPInstanceUID = regions.file_meta.MediaStorageSOPInstanceUID = uid(66, 1)
    regions.ReferencedSeriesSequence = [group(SeriesInstanceUID=uid(1))]
    save(tmp_path / "dicom", [*images, regions])
    DICOMUtils.importDicom(str(tmp_path / "dicom"))
    panel.ui.sourceComboBox.setCurrentIndex(1)
    settle(panel)
    panel.exporting.check_series([one.uid for one in panel.series()])
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    panel.ui.sameSpaceCheckBox.setChecked(is_one)
    run(panel, panel.ui.exportButton)
    (path,) = [path for path in (tmp_path / "out").glob("*.nii.gz") if path.name.startswith("66")]
    assert nibabel.load(path).shape[2] == (8 if is_one else 2)
