"""Nodes that are made of volumes: their types and names, that they are shown, and what they remember."""

from pathlib import Path

import numpy as np
import pytest

from support.slicer_helpers import images, outcomes

GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])


@pytest.fixture
def nifti(write_series, tmp_path):
    """A NIfTI with our sidecar, written by the core; the DICOM is in no database."""
    from nifti_dicom_bridge import Job, convert

    write_series(tmp_path / "original")
    return images(convert(Job([tmp_path / "original"], tmp_path / "nifti")))[0]


def shown_in_views(slicer, which="GetActiveVolumeID"):
    return getattr(slicer.app.applicationLogic().GetSelectionNode(), which)()


# --- values


@pytest.mark.parametrize(("dtype", "values", "slope", "intercept", "expected"), [
    ("uint16", (0, 4095), 1, -1024, "int16"), ("int16", (0, 30000), 2, 0, "uint16"), ("int16", (-5, 30000), 2, 0, "int32"),
    ("uint8", (0, 100), 1, 1000, "int16"), ("int16", (-4, 9), 0.5, 0, "float32"), ("uint8", (0, 9), 1, 3, "uint8"),
    ("float64", (0.5, 1.5), 2, 1, "float64"), ("int32", (0, 9), 1, 1, "int32"),
])  # fmt: skip
def test_rescaled_values_have_the_smallest_type_that_holds_them(slicer, dtype, values, slope, intercept, expected):
    from nifti_dicom_bridge import Rescale, Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes

    stored = np.linspace(*values, 24).astype(dtype).reshape(1, 2, 3, 4)
    (node,) = add_nodes(Volume(stored, GRID, Rescale(slope, intercept)), "any")
    seen = slicer.util.arrayFromVolume(node)
    assert seen.dtype == expected
    wanted = stored[0] * float(slope) + intercept
    np.testing.assert_array_equal(seen, wanted[::-1] if np.linalg.det(GRID[:3, :3]) < 0 else wanted)


# --- shown


def test_loaded_volume_is_shown(slicer, logic, nifti):
    (node,) = logic.loadNifti(nifti)
    assert shown_in_views(slicer) == node.GetID()


def test_label_map_is_shown_as_labels(slicer, logic, tmp_path):
    import nibabel

    image = nibabel.Nifti1Image(np.ones((4, 3, 2), np.uint8), np.eye(4))
    image.header.set_intent("label")
    nibabel.save(image, tmp_path / "labels.nii.gz")
    (node,) = logic.loadNifti(tmp_path / "labels.nii.gz")
    assert node.IsA("vtkMRMLLabelMapVolumeNode")
    assert shown_in_views(slicer, "GetActiveLabelVolumeID") == node.GetID()
    assert shown_in_views(slicer) != node.GetID()


def test_sequence_is_shown_with_its_browser(slicer, logic, tmp_path):
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 3, 2, 5), np.int16), np.eye(4)), tmp_path / "bold.nii.gz")
    proxy, sequence = logic.loadNifti(tmp_path / "bold.nii.gz")
    assert shown_in_views(slicer) == proxy.GetID()
    assert slicer.modules.sequences.shown_browser.GetProxyNode(sequence).GetID() == proxy.GetID()


def test_second_node_of_a_name_gets_a_number(slicer, logic, nifti):
    names = [logic.loadNifti(nifti)[0].GetName() for _ in range(2)]
    assert len(set(names)) == 2


# --- names of volumes of one series


def named(*parts, **identity):
    """Volumes that differ in the file name that the core gave them, and in their units."""
    from nifti_dicom_bridge import Rescale, Volume

    voxels = np.zeros((1, 2, 3, 4), np.int16)
    return [Volume(voxels, np.eye(4), Rescale(units=units), name=name) for name, units in parts]


@pytest.mark.parametrize(("parts", "expected"), [
    ([("6_x_echo5_19", ""), ("6_x_echo7", "")], ["6: x echo 5.19 ms", "6: x echo 7 ms"]),
    ([("6_x", ""), ("6_x_phase", "")], ["6: x", "6: x phase"]),
    ([("6_x_TR4250_flip90", ""), ("6_x_real", "")], ["6: x TR 4250 ms flip angle 90°", "6: x real"]),
    ([("6_x_space1", "Hz"), ("6_x_space2", "HU")], ["6: x (Hz)", "6: x (HU)"]),
    ([("6_x", "Hz"), ("6_x_2", "HU")], ["6: x (Hz)", "6: x (HU)"]),
    ([("6_x", ""), ("6_x_2", "")], ["6: x 1", "6: x 2"]),
    ([("6_x", "")], ["6: x"]),
])  # fmt: skip
def test_volumes_of_a_series_are_named_by_what_differs(module, parts, expected):
    from NiftiDicomBridgeLib.NewNodes.VolumeNames import names_of

    assert names_of(named(*parts), "6: x") == expected


def test_field_map_and_its_magnitude_are_distinguished(module, tmp_path, write_series):
    from dataclasses import replace

    from nifti_dicom_bridge import read
    from NiftiDicomBridgeLib.NewNodes.VolumeNames import names_of

    write_series(tmp_path / "mr", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR", SeriesDescription="B0map")
    (volume,) = read([tmp_path / "mr"])
    pair = [replace(volume, name="6_B0map"), replace(volume, name="6_B0map_fieldmaphz")]
    assert names_of(pair, "6: B0map") == ["6: B0map magnitude", "6: B0map (Hz)"]


# --- diffusion


def test_diffusion_nifti_is_a_diffusion_weighted_volume(slicer, logic, tmp_path):
    import nibabel

    voxels = np.arange(4 * 3 * 2 * 3, dtype=np.int16).reshape(4, 3, 2, 3)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([-2, 2, 3, 1.0])), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text("0 1000 2000\n")
    (tmp_path / "dwi.bvec").write_text("0 1 0\n0 0 0.6\n0 0 0.8\n")
    (node,) = logic.loadNifti(tmp_path / "dwi.nii.gz")
    assert node.IsA("vtkMRMLDiffusionWeightedVolumeNode")
    assert [node.GetBValue(n) for n in range(3)] == [0, 1000, 2000]
    np.testing.assert_allclose(node.GetDiffusionGradient(1), [-1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(node.GetDiffusionGradient(2), [0, 0.6, 0.8], atol=1e-6)


def test_gradients_that_do_not_fit_leave_a_sequence_and_a_warning(slicer, logic, tmp_path, caplog):
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 3, 2, 3), np.int16), np.eye(4)), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text("0 1000\n")
    (tmp_path / "dwi.bvec").write_text("0 1\n0 0\n0 0\n")
    assert logic.loadNifti(tmp_path / "dwi.nii.gz")[1].IsA("vtkMRMLSequenceNode")
    assert "dwi.bval has 2 values" in caplog.text


# --- segmentations


@pytest.fixture
def seg_nifti(slicer, logic, node, tmp_path):
    """A NIfTI that was a DICOM Segmentation with coded segments 1 and 2, the second one with its region."""
    from nifti_dicom_bridge import ConversionOptions, Job, Kind, Target, convert

    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:3, 1:3], labels[0, 0, 0] = 1, 2
    drawn = slicer.util.addVolumeFromArray(labels, np.eye(4), "drawn", "vtkMRMLLabelMapVolumeNode")
    report = logic.exportVolumes([drawn], tmp_path / "labels")
    table = tmp_path / "codes.csv"
    table.write_text(
        "LabelValue,Name,Color_R,Color_G,Color_B,SegmentedPropertyCategoryCodeSequence.CodingSchemeDesignator,"
        "SegmentedPropertyCategoryCodeSequence.CodeValue,SegmentedPropertyCategoryCodeSequence.CodeMeaning,"
        "SegmentedPropertyTypeCodeSequence.CodingSchemeDesignator,SegmentedPropertyTypeCodeSequence.CodeValue,"
        "SegmentedPropertyTypeCodeSequence.CodeMeaning\n"
        "1,mine,255,0,0,SCT,123037004,Anatomical Structure,SCT,78961009,Spleen\n"
        "2,yours,0,0,255,SCT,123037004,Anatomical Structure,SCT,10200004,Liver\n"
    )
    options = ConversionOptions(target=Target.DICOM, kind=Kind.SEG, labels=table)
    made = convert(Job(images(report)[:1], tmp_path / "seg", options))
    assert made.ok, made.failures
    return next(p for p in convert(Job([tmp_path / "seg"], tmp_path / "back")).outputs if p.name.endswith(".nii.gz"))


def test_segments_have_names_colors_and_terminology(slicer, logic, seg_nifti):
    import vtk

    (node,) = logic.loadNifti(seg_nifti)
    first = node.GetSegmentation().GetNthSegment(0)
    entry = vtk.reference("")
    first.GetTag(first.GetTerminologyEntryTagName(), entry)
    assert first.GetName() == "mine"
    np.testing.assert_allclose(first.GetColor(), [1, 0, 0], atol=0.02)
    assert "SCT^123037004^Anatomical Structure~SCT^78961009^Spleen~^^~" in str(entry)


def test_voxels_of_segments_are_those_of_the_file(slicer, logic, seg_nifti):
    import nibabel

    (node,) = logic.loadNifti(seg_nifti)
    segmentation = node.GetSegmentation()
    sizes = [int((slicer.util.arrayFromSegmentInternalBinaryLabelmap(node, segmentation.GetNthSegmentID(n)) ==
                  segmentation.GetNthSegment(n).GetLabelValue()).sum()) for n in range(2)]  # fmt: skip
    values = np.asarray(nibabel.load(seg_nifti).dataobj)
    assert sizes == [int((values == value).sum()) for value in (1, 2)]


# --- what nodes remember


def loaded_by_slicer(slicer, path):
    """What ``slicer.util.loadVolume`` does: the storage node reads the file."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "plain")
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(path))
    assert node.GetStorageNode().ReadData(node)
    return node


def test_nifti_that_slicer_loaded_itself_is_known_by_its_sidecar(slicer, logic, nifti, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    report = logic.exportVolumes([loaded_by_slicer(slicer, nifti)], tmp_path / "again")
    back = convert(Job(images(report), tmp_path / "back", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
    assert outcomes(back) == ["restored"]
    assert any(note.startswith("Unchanged") for note in report.entries[0].log.notes)


def test_edit_of_such_a_node_is_an_edit(slicer, logic, nifti, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, convert

    node = loaded_by_slicer(slicer, nifti)
    slicer.util.arrayFromVolume(node)[1, 2, 3] = 24
    report = logic.exportVolumes([node], tmp_path / "again")
    assert outcomes(convert(Job(images(report), tmp_path / "back", ConversionOptions(target=Target.DICOM)))) == ["derived"]


def test_nifti_without_our_sidecar_is_no_source(slicer, nifti):
    from NiftiDicomBridgeLib.Nodes.SourceFile import source_of

    node = loaded_by_slicer(slicer, nifti)
    assert source_of(node) == nifti
    nifti.with_name(nifti.name.replace(".nii.gz", ".json")).write_text('{"EchoTime": 0.03}')
    assert source_of(node) is None


def test_file_that_is_gone_is_no_source(slicer, nifti):
    from NiftiDicomBridgeLib.Nodes.SourceFile import source_of

    node = loaded_by_slicer(slicer, nifti)
    Path(nifti).unlink()
    assert source_of(node) is None
