"""The logic for scripts: options by name, references found by themselves, dry runs, one failure at a time."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import ijk_to_ras

GIVEN = {
    "target": "dicom", "uids": "keep", "names": "original", "gzip": False, "overwrite": True, "set_values": {"StudyID": "7"},
    "layout": "bids", "bids_map": "map.json", "resample": "tilt, spacing", "kind": "enhanced-mr", "plane": "axial",
    "reference": "ct", "study_from": "study", "sidecar": "x.json", "metadata": "m.toml", "labels": "l.tsv",
    "segmentation": "labelmap", "max_error": 0.1, "shards": True, "zip_store": True, "pyramid": 2, "deidentify": True,
    "deidentify_key": "k" * 16,
    "key_file": "key", "retain": "uids, device", "clean": "graphics", "pseudonyms": "keyed", "deidentify_rules": "rules.toml",
    "subject": "01", "filename": "{series}", "session": "1", "task": "rest", "run": "2",
    "bids_keys": "k.json", "bids_derivative": "seg", "series": "7", "study": ["1.2"], "patient": "P*", "modality": "MR",
    "identity": True, "record": False, "algorithm": "net:1:AI", "rois": "masks",
    "allow_no_overlap": True, "same_space": True, "follow_links": True, "skip_existing": True, "verify": True,
    "size_limit": 4.0, "jobs": 2,
    "compress": "rle", "send": "pacs:A@b:104", "archive_settings": "archive.toml",
    "preview": {"window": "full", "fps": 5.0, "overlay": "seg.nii"}, "per_file": {"a.nii": {"kind": "ct"}},
}  # fmt: skip


def test_every_option_of_the_core_can_be_chosen_as_text(logic):
    from nifti_dicom_bridge import ConversionOptions, FileOptions, Kind, Resample, SegmentationForm, SlicePlane, WindowChoice

    missing = {field.name for field in fields(ConversionOptions)} - set(GIVEN)
    assert not missing
    found = logic.makeOptions(**GIVEN)
    assert (found.kind, found.plane, found.segmentation) == (Kind.ENHANCED_MR, SlicePlane.AXIAL, SegmentationForm.LABELMAP)
    assert found.resample == {Resample.TILT, Resample.SPACING}
    assert (found.reference, found.labels) == (Path("ct"), Path("l.tsv"))
    assert (found.preview.window, found.preview.fps, found.preview.overlay) == (WindowChoice.FULL, 5.0, Path("seg.nii"))
    assert found.per_file == {Path("a.nii"): FileOptions(Kind.CT)}
    assert type(found.set_values) is dict


def test_members_of_enumerations_are_taken_too(logic):
    from nifti_dicom_bridge import Kind, Resample, Uids

    found = logic.makeOptions(kind=Kind.PET, uids=Uids.KEEP, resample=[Resample.SHEAR], reference="")
    assert (found.kind, found.uids, found.resample, found.reference) == (Kind.PET, Uids.KEEP, {Resample.SHEAR}, None)


def test_names_of_the_panel_stay(logic):
    from nifti_dicom_bridge import Target, Uids

    found = logic.makeOptions(gzip=False, keepUids=True, layout="zarr", kind="auto", values={"StudyID": "7"}, reference="")
    assert (found.target, found.uids, found.set_values) == (Target.ZARR, Uids.KEEP, {"StudyID": "7"})


@pytest.mark.parametrize(("choices", "words"), [
    ({"color": 1}, "Unknown option color"), ({"kind": "mri"}, "kind: 'mri'.*enhanced-mr"),
    ({"preview": {"x": 1}}, "Unknown option x"),
])  # fmt: skip
def test_wrong_choice_is_refused_with_those_that_exist(logic, choices, words):
    from nifti_dicom_bridge import OptionError

    with pytest.raises(OptionError, match=words):
        logic.makeOptions(**choices)


# --- references


def computed(slicer, node, name="smoothed"):
    """A volume on the grid of another one that never was DICOM."""
    voxels = np.array(slicer.util.arrayFromVolume(node)) // 2
    return slicer.util.addVolumeFromArray(voxels, ijk_to_ras(node), name)


def written(report):
    assert report.ok, report.failures
    return [pydicom.dcmread(path) for path in report.outputs]


def test_volume_on_the_grid_of_a_loaded_series_has_its_study_and_frame_of_reference(slicer, logic, node, tmp_path):
    (found, *_) = written(logic.volumesToDicom([computed(slicer, node)], database=False, folder=tmp_path / "out"))
    original = pydicom.dcmread(next((tmp_path / "original").glob("*.dcm")))
    assert found.StudyInstanceUID == original.StudyInstanceUID
    assert found.FrameOfReferenceUID == original.FrameOfReferenceUID
    assert found.SeriesInstanceUID != original.SeriesInstanceUID
    assert str(found.PatientName) == "Bridge^Test"


def test_volume_that_refers_to_a_loaded_series_has_its_study(slicer, logic, node, tmp_path):
    volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), ijk_to_ras(node), "resampled")
    volume.AddNodeReferenceID("input", node.GetID())
    (found, *_) = written(logic.volumesToDicom([volume], database=False, folder=tmp_path / "out"))
    assert str(found.PatientName) == "Bridge^Test"


def test_volume_elsewhere_has_no_reference(slicer, logic, node, tmp_path):
    volume = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.int16), np.eye(4), "elsewhere")
    (found, *_) = written(logic.volumesToDicom([volume], database=False, folder=tmp_path / "out"))
    assert "Bridge" not in str(found.get("PatientName"))


def test_what_was_dicom_needs_no_reference(slicer, node):
    from NiftiDicomBridgeLib.Nodes.References import reference_uids

    assert reference_uids(node) == ()


# --- dry run


def test_nodes_are_proposed_without_writing(slicer, logic, node, tmp_path):
    from nifti_dicom_bridge import Kind

    drawn = computed(slicer, node, "drawn")
    first, second = logic.propose([node, drawn], logic.makeOptions())
    assert (first.path, first.kind, first.error) == (Path(node.GetName()), Kind.AUTO, "")
    assert (second.path, second.kind, second.error) == (Path("drawn"), Kind.CT, "")
    assert {value.attribute: value.new for value in second.values}["PatientName"] == "Bridge^Test"


def test_nodes_and_files_are_proposed_together(slicer, logic, node, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "nifti")
    image = next(path for path in report.outputs if path.name.endswith(".nii.gz"))
    assert [one.path for one in logic.propose([node, image])] == [Path(node.GetName()), image]


def test_node_that_cannot_be_proposed_has_an_error(slicer, logic, node):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    first, second = logic.propose([empty, node])
    assert "empty" in first.error
    assert second.error == ""


# --- one failure is one entry


def test_node_that_fails_does_not_stop_the_others(slicer, logic, node, tmp_path):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    report = logic.volumesToDicom([empty, node], database=False, folder=tmp_path / "out")
    assert [entry.outcome.value for entry in report.entries] == ["failed", "reissued"]
    assert "empty" in report.entries[0].error
    assert len(report.outputs) == 4


def test_unexpected_error_of_one_node_is_one_entry(slicer, logic, node, tmp_path, monkeypatch):
    from NiftiDicomBridgeLib.Originals import SourceMatching

    computed(slicer, node, "broken")
    whole = SourceMatching.volumes_of

    def volumes_of(image, *args, **kwargs):
        if image.name == "broken":
            raise ZeroDivisionError("by chance")
        return whole(image, *args, **kwargs)

    monkeypatch.setattr(SourceMatching, "volumes_of", volumes_of)
    report = logic.volumesToDicom(
        slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"), database=False, folder=tmp_path / "out"
    )
    assert sorted(entry.outcome.value for entry in report.entries) == ["failed", "reissued"]
    assert "by chance" in report.failures[0].error


def test_nothing_but_failures_is_a_report_too(slicer, logic, database):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    report = logic.volumesToDicom([empty])
    assert [entry.outcome.value for entry in report.entries] == ["failed"]


def test_what_is_no_node_is_named(logic, tmp_path):
    from nifti_dicom_bridge import BridgeError

    for call in (logic.volumesToDicom, lambda nodes: logic.exportVolumes(nodes, tmp_path)):
        with pytest.raises(BridgeError, match="'vtkMRMLScalarVolumeNode1' is not a node of the scene"):
            call(["vtkMRMLScalarVolumeNode1"])
    assert logic.propose([None])[0].error.startswith("A volume was asked for, nothing was given")


def test_a_series_that_is_not_in_the_database_is_not_loaded(logic, database):
    from nifti_dicom_bridge import BridgeError

    with pytest.raises(BridgeError, match=r"The series 1.2.3 has no files in Slicer's DICOM database"):
        logic.loadSeries(["1.2.3"])


@pytest.mark.slow
def test_options_may_be_their_names_and_values(logic, node, tmp_path):
    from nifti_dicom_bridge import OptionError

    report = logic.exportVolumes([node], tmp_path, {"gzip": False})
    assert [path.suffix for path in report.outputs if path.suffix != ".json"] == [".nii"]
    changed = {"set_values": {"SeriesDescription": "edited"}}
    (proposal,) = logic.propose([node], changed)
    assert {value.attribute: value.new for value in proposal.values}["SeriesDescription"] == "edited"
    report = logic.volumesToDicom([node], changed)
    assert {str(pydicom.dcmread(path).SeriesDescription) for path in report.outputs} == {"edited"}
    report = logic.importNifti([tmp_path], changed)
    assert {str(pydicom.dcmread(path).SeriesDescription) for path in report.outputs} == {"edited"}
    with pytest.raises(OptionError, match="Did you mean kind"):
        logic.volumesToDicom([node], {"kindd": "mr"})


@pytest.mark.slow
def test_a_series_that_is_not_there_is_named(logic, node, tmp_path):
    from nifti_dicom_bridge import BridgeError
    from NiftiDicomBridgeLib.Host import Database

    (series,) = Database.all_series()
    for uids in (["1.2.3"], [series.uid, "1.2.3"]):
        with pytest.raises(BridgeError, match=r"The series 1\.2\.3 has no files"):
            logic.exportSeries(uids, tmp_path / "out")
    assert not (tmp_path / "out").exists()
