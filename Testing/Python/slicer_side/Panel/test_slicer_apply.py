"""The section *Apply a Command*, and *Send* in the section *Report*, clicked."""

import json
import os
import shlex
import sys

import numpy as np
import pydicom
import pytest

from support.panel_helpers import add_volume, report, run, settle, shown
from support.slicer_helpers import click, wait_until

SCRIPT = """
import sys, nibabel, numpy as np
image = nibabel.load(sys.argv[1])
values = np.asanyarray(image.dataobj)
made = (values > values.mean()).astype(np.uint8) if sys.argv[3] == "segment" else values // 2
nibabel.save(nibabel.Nifti1Image(made, image.affine, None if sys.argv[3] == "segment" else image.header), sys.argv[2])
"""


@pytest.fixture
def command(tmp_path):
    """The text of a command by its task."""
    script = tmp_path / "a tool.py"
    script.write_text(SCRIPT)
    return lambda task: f'PythonSlicer "{script}" {{input}} {{output}} {task}'


def outcome(panel):
    return shown(panel.applying.feedback.result)


def enter_command(panel, text):
    panel.accordion.open(panel.ui.applySection)
    panel.ui.commandEdit.setText(text)
    settle(panel)


def choose(panel, number):
    box = panel.ui.applySourceComboBox
    box.setCurrentIndex(number)
    box.activated.emit(number)
    settle(panel)


def apply(panel, text):
    enter_command(panel, text)
    run(panel, panel.ui.applyButton)


def series_of(database):
    """Return the first header of every series of the database."""
    from NiftiDicomBridgeLib.Host import Database

    return [pydicom.dcmread(Database.files_of_series(one.uid)[0]) for one in Database.all_series()]


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def inside(slicer, node):
    """Return the voxels of the only segmentation of the scene, on the grid of a volume."""
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    ids = segmentation.GetSegmentation().GetSegmentIDs()
    assert slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(segmentation, ids, labels, node)
    return slicer.util.arrayFromVolume(labels) != 0


# --- apply


@pytest.mark.parametrize(("text", "expected"), [
    ("", {}),
    ("kind: seg; algorithm: nnU-Net:2.5:AI", {"kind": "seg", "algorithm": "nnU-Net:2.5:AI"}),
    ("timeout: 60; take: *_mask.nii.gz", {"timeout": 60, "take": "*_mask.nii.gz"}),
    ("max-error: 0.5; segmentation = fractional", {"max_error": 0.5, "segmentation": "fractional"}),
])  # fmt: skip
def test_text_sets_options_of_a_command(slicer, text, expected):
    from NiftiDicomBridgeLib.Panel.OtherOptions import options_of_command

    assert options_of_command(text) == expected


@pytest.mark.parametrize(("text", "words"), [
    ("kind: segm", "“kind: segm” is not valid. Expected one of"),
    ("timeout: soon", "“timeout: soon” is not valid"),
    ("uids: keep", "“uids” is not an option"),
    ("shell", "“shell” is not an option"),
    ("labels: a; labels: b", "“labels” occurs more than once"),
])  # fmt: skip
def test_options_of_a_command_that_are_not_valid_are_named(slicer, text, words):
    from NiftiDicomBridgeLib.Panel.OtherOptions import options_of_command, problem_of

    assert words in problem_of(text, options_of_command)


def test_options_apply_to_the_results_of_a_command(slicer, panel, node, database, command):
    settle(panel)
    choose(panel, 0)
    enter_command(panel, command("segment"))
    panel.ui.applyOptionsEdit.setText("algorithm: net:1:AI:x")
    assert "“algorithm: net:1:AI:x” is not valid" in shown(panel.applying.feedback.hint)
    assert not panel.ui.applyButton.isEnabled()
    panel.ui.applyOptionsEdit.setText("algorithm: net:1:AI; segmentation: labelmap")
    run(panel, panel.ui.applyButton)
    (made,) = [ds for ds in series_of(database) if ds.Modality == "SEG"]
    assert (made.SegmentationType, made.SegmentSequence[-1].SegmentAlgorithmName) == ("LABELMAP", "net 1")


@pytest.mark.slow
def test_images_of_scene_and_database_are_offered(slicer, panel, node, database):
    add_volume(slicer, "drawn")
    settle(panel)
    box = panel.ui.applySourceComboBox
    texts = [box.itemText(n) for n in range(box.count)]
    assert texts[:2] == [f"Scene: {node.GetName()}", "Scene: drawn"]
    assert len(texts) == 3
    assert texts[2].endswith("(CT, 4 files)")


@pytest.mark.slow
def test_a_segmentation_is_loaded_next_to_the_volume(slicer, panel, node, database, command):
    apply(panel, command("segment"))
    ct, made = sorted(series_of(database), key=lambda one: one.Modality != "CT")
    assert (made.Modality, made.StudyInstanceUID, made.PatientID) == ("SEG", ct.StudyInstanceUID, ct.PatientID)
    assert made.FrameOfReferenceUID == ct.FrameOfReferenceUID
    assert made.SeriesNumber > ct.SeriesNumber
    assert "• reference: patient NDB-1" in report(panel)
    voxels = slicer.util.arrayFromVolume(node)
    assert np.array_equal(inside(slicer, node), voxels > voxels.mean())


@pytest.mark.slow
def test_a_derived_series_is_loaded_next_to_the_volume(slicer, panel, node, database, command):
    apply(panel, command("halve"))
    derived = next(one for one in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if one.GetID() != node.GetID())
    assert np.allclose(slicer.util.arrayFromVolume(derived), slicer.util.arrayFromVolume(node) // 2, rtol=0, atol=0.01)
    assert [one.ImageType[0] for one in series_of(database)].count("DERIVED") == 1


@pytest.mark.slow
def test_a_series_does_not_have_to_be_loaded(slicer, panel, node, database, command):
    slicer.mrmlScene.RemoveNode(node)
    apply(panel, command("segment"))
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 1


@pytest.mark.slow
def test_a_volume_that_is_not_dicom_becomes_dicom_first(slicer, panel, database, command):
    volume = slicer.util.addVolumeFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.diag([1.0, 2, 3, 1]), "drawn")
    settle(panel)
    apply(panel, command("segment"))
    assert "converted to DICOM first" in report(panel)
    first, second = sorted(series_of(database), key=lambda one: one.Modality == "SEG")
    assert second.ReferencedSeriesSequence[0].SeriesInstanceUID == first.SeriesInstanceUID
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == [volume]


@pytest.mark.slow
def test_an_edited_volume_is_used_as_it_is_now(slicer, panel, node, database, command):
    voxels = slicer.util.arrayFromVolume(node)
    voxels[:] = 0
    voxels[0, 0, 0] = 5
    slicer.util.arrayFromVolumeModified(node)
    apply(panel, command("segment"))
    assert np.argwhere(inside(slicer, node)).tolist() == [[0, 0, 0]]


@pytest.mark.slow
def test_the_command_gets_every_image_of_an_edited_volume(slicer, logic, load, two_echoes, command):
    """An edited stack of two echoes becomes two series."""
    node = load(two_echoes)
    slicer.util.arrayFromVolume(node)[:] += 1
    slicer.util.arrayFromVolumeModified(node)
    done = logic.applyCommand(command("halve"), node)
    assert done.ok, [entry.error for entry in done.entries]
    assert len(logic.appliedSeries(done)) == 2


@pytest.mark.slow
def test_no_other_image_takes_the_place_of_the_one_that_was_chosen(slicer, panel, node, database):
    other = add_volume(slicer, "drawn")
    settle(panel)
    choose(panel, 1)
    slicer.mrmlScene.RemoveNode(other)
    settle(panel)
    assert panel.ui.applySourceComboBox.currentIndex == -1
    assert shown(panel.applying.feedback.hint) == "Choose a volume or a series."


@pytest.mark.slow
def test_series_numbers_of_the_study_are_not_used_again(slicer, panel, node, database, command):
    apply(panel, command("segment"))
    choose(panel, 0)
    apply(panel, command("halve"))
    numbers = [int(one.SeriesNumber) for one in series_of(database)]
    assert len(set(numbers)) == len(numbers) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no-such-program {input} {output}", "no-such-program cannot be started"),
        ("sh -c 'echo broken lens; exit 3' {input} {output}", "broken lens"),
        ("cat {input}", "does not contain {output}"),
        ("cat '{input} {output}", "Check its quotation marks"),
    ],
)
def test_errors_are_shown(panel, node, database, text, expected):
    apply(panel, text)
    assert expected in outcome(panel) + report(panel)
    assert outcome(panel).startswith("⚠")
    assert database.imagesCount() == 4


@pytest.mark.slow
def test_cancel_ends_the_command(slicer, panel, node, database, tmp_path):
    marker = tmp_path / "pid"
    enter_command(panel, f"sh -c 'echo $$ > {marker}; exec sleep 600' {{input}} {{output}}")
    click(panel.ui.applyButton)
    wait_until(lambda: marker.exists() and marker.read_text().strip())
    click(panel.applying.feedback.cancel)
    settle(panel)
    assert outcome(panel).startswith("⚠ Cancelled.")
    assert database.imagesCount() == 4
    wait_until(lambda: not is_alive(int(marker.read_text())))


@pytest.mark.slow
def test_commands_run_in_the_environment_of_before_slicer(slicer, panel, node, database, monkeypatch, tmp_path):
    environment = os.environ | {"ONLY_BEFORE_SLICER": "yes"}
    monkeypatch.setattr(slicer.util, "startupEnvironment", lambda: environment)
    apply(panel, f"sh -c 'echo $ONLY_BEFORE_SLICER > {tmp_path}/seen' {{input}} {{output}}")
    assert (tmp_path / "seen").read_text() == "yes\n"


@pytest.mark.slow
def test_python_of_slicer_keeps_its_environment(slicer):
    from NiftiDicomBridgeLib.Tasks.ApplyTask import environment_of, with_program

    command = "PythonSlicer tool.py '{input}'"
    assert shlex.split(with_program(command)) == [sys.executable, "tool.py", "{input}"]
    assert environment_of(command) is None
    assert environment_of("python3 tool.py PythonSlicer") is not None


@pytest.mark.slow
def test_the_button_needs_a_database_an_image_and_a_command(slicer, panel, database):
    hint = panel.applying.feedback.hint
    settle(panel)
    assert shown(hint) == "Load a volume, or import a series into the DICOM database."
    add_volume(slicer)
    settle(panel)
    assert shown(hint) == "Enter a command."
    slicer.dicomDatabase.closeDatabase()
    settle(panel)
    assert shown(hint) == "No DICOM database is open."


@pytest.mark.slow
def test_the_command_is_kept_in_the_scene(slicer, panel):
    enter_command(panel, "bet {input} {output}")
    assert panel.parameters.command == "bet {input} {output}"


# --- send


@pytest.fixture
def archive(tmp_path):
    """The address of a storescp of DCMTK, and the folder that it writes to."""
    from support.archives import storescp

    folder = tmp_path / "archive"
    with storescp(folder) as (address, _):
        yield address, folder


@pytest.fixture
def settings(slicer):
    """Slicer's settings, without archives at the end."""
    import qt

    yield qt.QSettings()
    qt.QSettings().remove("DICOM")


def received(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "server.log")


@pytest.mark.slow
def test_send_is_hidden_until_dicom_was_made(panel, node, database, command):
    assert panel.ui.sendButton.isHidden()
    apply(panel, command("halve"))
    assert not panel.ui.sendButton.isHidden()
    assert shown(panel.sending.feedback.hint).startswith("Enter the address of an archive")


@pytest.mark.slow
def test_what_was_made_is_sent(slicer, panel, node, database, command, archive, settings):
    address, folder = archive
    apply(panel, command("halve"))
    panel.accordion.open(panel.ui.reportSection)
    panel.ui.archiveComboBox.setEditText(address)
    run(panel, panel.ui.sendButton)
    assert "4 sent" in shown(panel.sending.feedback.result)
    assert len(received(folder)) == 4
    assert settings.value("DICOM/Send/AETitle") == "STORESCP"
    assert f"pacs:STORESCP@{settings.value('DICOM/Send/URL')}" == address


@pytest.mark.slow
def test_an_archive_that_does_not_answer_is_an_error(panel, node, database, command, settings):
    apply(panel, command("halve"))
    panel.ui.archiveComboBox.setEditText("pacs:ARCHIVE@127.0.0.1:1")
    run(panel, panel.ui.sendButton)
    assert shown(panel.sending.feedback.result).startswith("⚠")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("dicomweb:https://archive.example/dicom-web", ""),
        ("pacs:ARCHIVE@127.0.0.1:1", "Connections to archives by DIMSE require the Python package pynetdicom"),
        ("https://archive.example/dicom-web", "Enter the address of an archive"),
    ],
)
def test_only_dimse_needs_a_package_that_slicer_lacks(panel, node, database, command, settings, monkeypatch, address, hint):
    from nifti_dicom_bridge import optional_packages

    version_of = optional_packages.installed_version
    monkeypatch.setattr(optional_packages, "installed_version", lambda name: "" if name == "pynetdicom" else version_of(name))
    apply(panel, command("halve"))
    panel.accordion.open(panel.ui.reportSection)
    panel.ui.archiveComboBox.setEditText(address)
    assert shown(panel.sending.feedback.hint).startswith(hint)
    assert panel.ui.sendButton.isEnabled() == (not hint)


def test_archives_of_the_settings_of_slicer_are_offered(slicer, settings):
    from NiftiDicomBridgeLib.Host.ArchiveAddresses import ANSWERS, known_servers, server_of

    assert known_servers() == []
    server = (
        '{{"Name": "Hospital", "StorageCheckState": {}, "QueryRetrieveCheckState": 2, "Called AETitle": "PACS", '
        '"Calling AETitle": "SLICER", "Address": "10.0.0.1", "Port": "104"}}'
    )
    settings.setValue("DICOM/Send/Protocol", "DICOMweb")
    settings.setValue("DICOM/Send/URL", "https://archive.example/dicom-web")
    settings.setValue("DICOM/ServerNodeCount", 2)
    settings.setValue("DICOM/ServerNodes/0", server.format(2).encode())
    other = server.format(0).replace("PACS", "READONLY").replace("Hospital", "Research")
    settings.setValue("DICOM/ServerNodes/1", other.encode())
    last = "dicomweb:https://archive.example/dicom-web"
    hospital = ("Hospital", "pacs:PACS@10.0.0.1:104", "SLICER")
    assert known_servers() == [(last, last, ""), hospital]
    assert [server.address for server in known_servers(ANSWERS)][1:] == [hospital[1], "pacs:READONLY@10.0.0.1:104"]
    assert server_of("Hospital") == server_of(hospital[1]) == hospital
    settings.setValue("DICOM/Send/Protocol", "DIMSE")
    settings.setValue("DICOM/Send/AETitle", "PACS")
    settings.setValue("DICOM/Send/URL", "10.0.0.1:104")
    assert known_servers() == [hospital]


def test_archives_of_one_name_are_offered_with_their_addresses(slicer, settings):
    """What is chosen is found by its name: images went to the first archive of that name."""
    from NiftiDicomBridgeLib.Host.ArchiveAddresses import ANSWERS, known_servers, server_of

    for number, (title, stores, answers) in enumerate([("PACS", 2, 0), ("READONLY", 0, 2)]):
        node = {"Name": "Hospital", "StorageCheckState": stores, "QueryRetrieveCheckState": answers, "Called AETitle": title,
                "Calling AETitle": "SLICER", "Address": "10.0.0.1", "Port": "104"}  # fmt: skip
        settings.setValue(f"DICOM/ServerNodes/{number}", json.dumps(node).encode())
    settings.setValue("DICOM/ServerNodeCount", 2)
    (archive,) = known_servers(ANSWERS)
    assert archive.name == "Hospital (pacs:READONLY@10.0.0.1:104)"
    assert server_of(archive.name).address == "pacs:READONLY@10.0.0.1:104"
    assert [server_of(server.name).address for server in known_servers()] == ["pacs:PACS@10.0.0.1:104"]


def test_a_slicer_without_its_launcher_has_no_python(slicer, monkeypatch):
    from nifti_dicom_bridge import BridgeError
    from NiftiDicomBridgeLib.Tasks import ApplyTask

    monkeypatch.setattr(ApplyTask.sys, "executable", "")
    with pytest.raises(BridgeError, match="without its launcher"):
        ApplyTask.with_program("PythonSlicer script.py {input} {output}")
    assert ApplyTask.with_program("bet {input} {output}") == "bet {input} {output}"
