"""Every kind of node: segmentations, sequences, diffusion, colors; scenes that are saved in between."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import grid_of, ijk_to_ras, images, outcomes, sidecar_of, voxels_of

GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])


def notes(report):
    return " ".join(text for entry in report.entries for text in entry.log.notes + entry.log.warnings + [entry.error])


def back(report, folder, **options):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    options = {"uids": Uids.KEEP} | options
    found = convert(Job(images(report), folder, ConversionOptions(target=Target.DICOM, **options)))
    assert found.ok, [entry.error for entry in found.entries]
    return found


# --- segmentations


@pytest.fixture
def segmentation(slicer):
    """Liver and tumour, drawn on a volume; a voxel of a third segment is in both."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.int16), GRID, "drawn on")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)

    def add(array, *names):
        labels = slicer.util.addVolumeFromArray(array.astype(np.uint8), GRID, "temporary", "vtkMRMLLabelMapVolumeNode")
        before = set(node.GetSegmentation().GetSegmentIDs())
        assert logic.ImportLabelmapToSegmentationNode(labels, node)
        slicer.mrmlScene.RemoveNode(labels)
        new = [name for name in node.GetSegmentation().GetSegmentIDs() if name not in before]
        for segment, name in zip(new, names, strict=True):
            node.GetSegmentation().GetSegment(segment).SetName(name)
        return [node.GetSegmentation().GetSegment(segment) for segment in new]

    organs = np.zeros((4, 5, 6))
    organs[1:3, 1:4, 1:4] = 1
    organs[2, 2, 2] = 2
    liver, _ = add(organs, "liver", "tumour")
    liver.SetColor(1, 0.5, 0)
    liver.SetTag(liver.GetTerminologyEntryTagName(), "ctx~SCT^123037004^Anatomical Structure~SCT^10200004^Liver~^^~~^^~^^")
    return node, organs, add


def test_segmentation_is_a_label_map_with_names_and_codes(logic, segmentation, tmp_path):
    node, organs, _ = segmentation
    report = logic.exportVolumes([node], tmp_path)
    assert outcomes(report) == ["converted"]
    np.testing.assert_array_equal(voxels_of(tmp_path / "organs.nii.gz"), organs)
    np.testing.assert_allclose(grid_of(tmp_path / "organs.nii.gz"), GRID, atol=1e-5)
    header, liver, tumour = [line.split("\t") for line in (tmp_path / "organs_dseg.tsv").read_text().splitlines()]
    assert liver[:3] == ["1", "liver", "#ff8000"]
    assert dict(zip(header, liver, strict=False))["type.codevalue"] == "10200004"
    assert tumour[1] == "tumour"


def test_label_table_is_understood_by_the_core(logic, segmentation, tmp_path):
    from nifti_dicom_bridge.labels import read_labels

    logic.exportVolumes([segmentation[0]], tmp_path)
    liver, tumour = read_labels(tmp_path / "organs_dseg.tsv")
    assert (liver.number, liver.label, liver.color, liver.type.value) == (1, "liver", (255, 128, 0), "10200004")
    assert tumour.label == "tumour"


def test_segments_that_overlap_become_two_images(logic, segmentation, tmp_path):
    node, organs, add = segmentation
    vessel = np.zeros_like(organs)
    vessel[2, 2, 1:5] = 1
    add(vessel, "vessel")
    report = logic.exportVolumes([node], tmp_path)
    assert [path.name for path in images(report) if path.suffix == ".gz"] == ["organs.nii.gz", "organs_overlap_1.nii.gz"]
    np.testing.assert_array_equal(voxels_of(tmp_path / "organs_overlap_1.nii.gz"), 3 * vessel)
    assert "vessel" in (tmp_path / "organs_overlap_1_dseg.tsv").read_text()


def test_export_of_a_segmentation_leaves_the_scene_as_it_was(slicer, logic, segmentation, tmp_path):
    before = slicer.mrmlScene.GetNumberOfNodes()
    logic.exportVolumes([segmentation[0]], tmp_path)
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_segmentation_moves_with_its_transform(slicer, logic, segmentation, tmp_path):
    node = segmentation[0]
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = [1, 2, 3]
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(shift.GetID())
    logic.exportVolumes([node], tmp_path)
    np.testing.assert_allclose(grid_of(tmp_path / "organs.nii.gz"), matrix @ GRID, atol=1e-4)


def test_empty_segmentation_reports_it(slicer, logic, tmp_path):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "nothing drawn")
    report = logic.exportVolumes([node], tmp_path)
    assert "nothing drawn has no segments" in notes(report)


def test_segmentation_becomes_a_dicom_segmentation(slicer, logic, database, segmentation):
    report = logic.volumesToDicom([segmentation[0]])
    assert report.ok, notes(report)
    (path,) = report.outputs
    ds = pydicom.dcmread(path)
    assert ds.Modality == "SEG"
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["liver", "tumour"]


# --- sequences


@pytest.fixture
def sequence(slicer):
    """Three times, two seconds apart, shown by a volume."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "beating")
    node.SetIndexName("time")
    node.SetIndexUnit("s")
    for number in range(3):
        frame = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
        frame.UnRegister(None)
        slicer.util.updateVolumeFromArray(frame, np.full((2, 3, 4), number, np.int16))
        frame.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(GRID))
        node.SetDataNodeAtValue(frame, f"{2 * number}")
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(node)
    return node, browser.GetProxyNode(node)


@pytest.mark.parametrize("which", [0, 1], ids=["sequence", "the volume that shows it"])
def test_sequence_is_one_4d_image(logic, sequence, tmp_path, which):
    import nibabel

    report = logic.exportVolumes([sequence[which]], tmp_path)
    image = nibabel.load(tmp_path / "beating.nii.gz")
    assert outcomes(report) == ["converted"]
    assert image.shape == (4, 3, 2, 3)
    assert [int(image.dataobj[0, 0, 0, t]) for t in range(3)] == [0, 1, 2]
    assert image.header.get_zooms()[3] == 2
    np.testing.assert_allclose(grid_of(tmp_path / "beating.nii.gz"), GRID, atol=1e-5)


def test_sequence_that_nothing_displays_becomes_dicom(slicer, logic, sequence, database):
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode"):
        slicer.mrmlScene.RemoveNode(browser)
    report = logic.volumesToDicom([sequence[0]])
    assert report.ok, [entry.error for entry in report.entries]


def test_sequence_of_label_maps_keeps_the_names_of_its_color_table(slicer, logic, database):
    import pydicom

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "tumor in time")
    for time in range(2):
        frame = slicer.util.addVolumeFromArray(np.full((2, 3, 4), 30 + time, np.uint8), GRID, "x", "vtkMRMLLabelMapVolumeNode")
        node.SetDataNodeAtValue(frame, str(time))
        slicer.mrmlScene.RemoveNode(frame)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(node)
    shown = browser.GetProxyNode(node)
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", "organs")
    table.SetTypeToUser()
    table.SetNumberOfColors(32)
    for number, name in ((30, "liver"), (31, "spleen")):
        table.SetColor(number, name, 1, 0, 0, 1)
    shown.CreateDefaultDisplayNodes()
    shown.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    report = logic.volumesToDicom([shown])
    assert report.ok, [entry.error for entry in report.entries]
    objects = [pydicom.dcmread(path) for path in report.outputs]
    assert {item.SegmentLabel for ds in objects for item in ds.SegmentSequence} == {"liver", "spleen"}


def test_uneven_times_of_a_sequence_are_reported(logic, sequence, tmp_path):
    sequence[0].UpdateIndexValue("4", "9")
    report = logic.exportVolumes([sequence[0]], tmp_path)
    assert "The times of beating are not evenly spaced: they were left out" in notes(report)


def test_sequence_and_what_shows_it_are_written_once(logic, sequence, tmp_path):
    assert len(logic.exportVolumes(list(sequence), tmp_path).entries) == 1


def test_sequence_moves_with_the_transform_of_what_shows_it(slicer, logic, sequence, tmp_path):
    matrix = np.eye(4)
    matrix[0, 3] = 4
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    sequence[1].SetAndObserveTransformNodeID(shift.GetID())
    logic.exportVolumes(list(sequence), tmp_path)
    np.testing.assert_allclose(grid_of(tmp_path / "beating.nii.gz"), matrix @ GRID, atol=1e-4)


def test_volumes_of_different_sizes_are_refused(slicer, logic, sequence, tmp_path):
    slicer.util.updateVolumeFromArray(sequence[0].GetNthDataNode(1), np.zeros((2, 3, 5), np.int16))
    assert "differ in size or place" in notes(logic.exportVolumes([sequence[0]], tmp_path))


def write_4d(write_series, folder, times=3):
    """Write a classic series with several times at every place."""
    from pydicom.uid import generate_uid

    files = []
    first = write_series(folder / "0", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR")
    for time in range(times):
        for path in first:
            ds = pydicom.dcmread(path)
            ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = time + 1, times
            ds.AcquisitionNumber = ds.TemporalPositionIdentifier
            ds.AcquisitionTime = f"12000{time}"
            ds.InstanceNumber = int(ds.InstanceNumber) + time * len(first)
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
            ds.PixelData = (np.frombuffer(ds.PixelData, np.uint16) + time).tobytes()
            files.append(folder / "all" / f"{time} {path.name}")
            files[-1].parent.mkdir(exist_ok=True)
            ds.save_as(files[-1])
    return files


@pytest.mark.slow
def test_4d_series_loads_as_a_sequence_and_comes_back_identical(slicer, plugin, logic, load, write_series, tmp_path):
    files = write_4d(write_series, tmp_path)
    node = load(files)
    sequences = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    assert [s.GetNumberOfDataNodes() for s in sequences] == [3]
    report = logic.exportVolumes([node], tmp_path / "out")
    assert "Unchanged" in notes(report)
    found = back(report, tmp_path / "back")
    assert outcomes(found) == ["restored"]
    expected = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, files)}
    assert {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, found.outputs)} == expected


@pytest.mark.slow
def test_edited_time_makes_a_derived_series(slicer, plugin, logic, load, write_series, tmp_path):
    load(write_4d(write_series, tmp_path))
    (sequence,) = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    slicer.util.arrayFromVolume(sequence.GetNthDataNode(1))[0, 0, 0] += 2
    report = logic.exportVolumes([sequence], tmp_path / "out")
    assert outcomes(back(report, tmp_path / "back")) == ["derived"]


# --- diffusion, colors


def diffusion(slicer, turn=None):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", "dwi")
    slicer.util.updateVolumeFromArray(node, np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3).astype(np.int16))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(GRID))
    node.SetNumberOfGradients(3)
    for number, (b, direction) in enumerate([(0, (0, 0, 0)), (1000, (1, 0, 0)), (2000, (0, 0.6, 0.8))]):
        node.SetBValue(number, b)
        node.SetDiffusionGradient(number, direction)
    if turn is not None:
        node.SetMeasurementFrameMatrix(*turn.reshape(-1))
    return node


@pytest.mark.parametrize("turn", [np.eye(3), np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])], ids=["plain", "turned"])
def test_diffusion_volume_keeps_values_and_directions(slicer, logic, tmp_path, turn):
    from nifti_dicom_bridge import read

    node = diffusion(slicer, turn)
    assert logic.exportVolumes([node], tmp_path).ok
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dwi.bval", "dwi.bvec", "dwi.json", "dwi.nii.gz"]
    expected = np.moveaxis(slicer.util.arrayFromVolume(node), -1, 0)
    np.testing.assert_array_equal(voxels_of(tmp_path / "dwi.nii.gz"), expected)
    (volume,) = read(tmp_path / "dwi.nii.gz")
    gradients = _gradients_in_ras(tmp_path / "dwi", volume)
    np.testing.assert_allclose(gradients, [[0, 0, 0], turn @ [1, 0, 0], turn @ [0, 0.6, 0.8]], atol=1e-5)
    assert (tmp_path / "dwi.bval").read_text().split() == ["0", "1000", "2000"]


def _gradients_in_ras(stem: Path, volume):
    """FSL: along the axes of the image, x negated where those are right-handed."""
    import nibabel

    vectors = np.loadtxt(str(stem) + ".bvec")
    affine = nibabel.load(str(stem) + ".nii.gz").affine[:3, :3]
    axes = affine / np.linalg.norm(affine, axis=0)
    if np.linalg.det(axes) > 0:
        vectors[0] *= -1
    return (axes @ vectors).T


def test_diffusion_volume_that_is_loaded_shows_the_same_directions(slicer, logic, tmp_path):
    from nifti_dicom_bridge import Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes
    from NiftiDicomBridgeLib.Nodes.Nodes import image_of

    gradients = np.array([[0, 0, 0, 0], [1000, 1, 0, 0], [2000, 0, 0.6, 0.8]])
    voxels = np.arange(3 * 2 * 3 * 4, dtype=np.int16).reshape(3, 2, 3, 4)
    (node,) = add_nodes(Volume(voxels, GRID, gradients=gradients), "dwi")
    assert node.IsA("vtkMRMLDiffusionWeightedVolumeNode")
    image = image_of(node)
    if np.linalg.det(GRID[:3, :3]) < 0:
        voxels = voxels[:, ::-1]
    np.testing.assert_array_equal(image.voxels, voxels)
    np.testing.assert_allclose(image.gradients, gradients, atol=1e-6)


@pytest.mark.parametrize(("dtype", "shown"), [
    ("bool", "uint8"), ("float16", "float32"), ("int64", "int32"), (">i2", "int16"), ("uint16", "uint16"),
    ("float64", "float64"),
])  # fmt: skip
def test_every_type_of_voxels_is_shown(slicer, dtype, shown):
    from nifti_dicom_bridge import Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes

    voxels = (np.arange(24).reshape(1, 2, 3, 4) % 2).astype(dtype)
    (node,) = add_nodes(Volume(voxels, np.eye(4)), "any")
    seen = slicer.util.arrayFromVolume(node)
    assert seen.dtype == shown
    np.testing.assert_array_equal(seen, voxels[0])


@pytest.mark.parametrize("dtype", ["int64", "complex64"])
def test_type_that_slicer_cannot_show_is_reported(slicer, dtype):
    from nifti_dicom_bridge import BridgeError, Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes

    with pytest.raises(BridgeError, match=f"cannot show voxels of the type {dtype}"):
        add_nodes(Volume(np.full((1, 2, 3, 4), 2**40).astype(dtype), np.eye(4)), "any")


def test_colors_are_written_as_they_are(slicer, logic, tmp_path):
    voxels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    node = slicer.util.addVolumeFromArray(voxels, GRID, "colors", "vtkMRMLVectorVolumeNode")
    assert logic.exportVolumes([node], tmp_path).ok
    import nibabel

    found = np.asarray(nibabel.load(tmp_path / "colors.nii.gz").dataobj)
    seen = np.stack([found[name] for name in "RGB"], axis=-1)
    np.testing.assert_array_equal(seen.transpose(2, 1, 0, 3)[:, ::-1], voxels)


@pytest.fixture
def spleen(slicer):
    """A label map with a color table: label 2 is a blue spleen."""
    labels = np.zeros((2, 3, 4), np.uint8)
    labels[1, 1, 1] = 2
    node = slicer.util.addVolumeFromArray(labels, GRID, "labels", "vtkMRMLLabelMapVolumeNode")
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    table.SetTypeToUser()
    table.SetNumberOfColors(3)
    table.SetColor(2, "spleen", 0, 0, 1, 1)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    return node


def test_names_of_a_label_map_are_written(spleen, logic, tmp_path):
    logic.exportVolumes([spleen], tmp_path)
    assert (tmp_path / "labels_dseg.tsv").read_text().splitlines()[1].split("\t")[:3] == ["2", "spleen", "#0000ff"]


def test_names_and_colors_of_a_label_map_are_shown_when_it_is_loaded(slicer, spleen, logic, tmp_path):
    report = logic.exportVolumes([spleen], tmp_path)
    slicer.mrmlScene.Clear()
    (node,) = logic.loadNifti(images(report)[0])
    colors = node.GetDisplayNode().GetColorNode()
    color = [0.0] * 4
    colors.GetColor(2, color)
    assert (colors.GetColorName(2), color) == ("spleen", [0.0, 0.0, 1.0, 1.0])


# --- transforms, identity, scenes


@pytest.fixture
def warped(slicer):
    """A volume under a nonlinear transform that moves everything by 3 mm to the right."""
    import vtk

    node = slicer.util.addVolumeFromArray(
        np.random.default_rng(0).normal(size=(4, 5, 6)).astype(np.float32), np.eye(4), "warped"
    )
    grid = vtk.vtkImageData()
    grid.SetDimensions(4, 4, 4)
    grid.SetOrigin(-50, -50, -50)
    grid.SetSpacing(40, 40, 40)
    grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
    for point in range(grid.GetNumberOfPoints()):
        grid.GetPointData().GetScalars().SetTuple3(point, 3.0, 0, 0)
    displacement = slicer.vtkOrientedGridTransform()
    displacement.SetDisplacementGridData(grid)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "warp")
    transform.SetAndObserveTransformToParent(displacement)
    node.SetAndObserveTransformNodeID(transform.GetID())
    return node


def test_nonlinear_transform_is_hardened_on_request(slicer, logic, warped, tmp_path):
    before = slicer.mrmlScene.GetNumberOfNodes(), np.array(slicer.util.arrayFromVolume(warped))
    report = logic.exportVolumes([warped], tmp_path, harden=True)
    assert report.ok, notes(report)
    assert "Resampled under its nonlinear transform" in notes(report)
    found, grid = voxels_of(tmp_path / "warped.nii.gz"), grid_of(tmp_path / "warped.nii.gz")
    at = np.rint(np.linalg.inv(grid) @ [2 + 3, 2, 2, 1]).astype(int)
    assert found[at[2], at[1], at[0]] == pytest.approx(before[1][2, 2, 2], abs=1e-4)
    assert slicer.mrmlScene.GetNumberOfNodes() == before[0]
    assert warped.GetParentTransformNode() is not None
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(warped), before[1])


@pytest.mark.parametrize("identity", [False, True])
def test_patient_of_the_hierarchy_is_reported_in_the_sidecar(slicer, logic, node, identity, tmp_path):
    computed = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.float32), ijk_to_ras(node), "computed")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(computed), study)
    options = logic.makeOptions(identity=identity)
    found = sidecar_of(images(logic.exportVolumes([computed], tmp_path / "out", options))[0])
    original = pydicom.dcmread(next((tmp_path / "original").glob("*.dcm")))
    assert found.get("PatientName") == ("Bridge^Test" if identity else None)
    assert found["PatientID"] == original.PatientID
    assert found["StudyInstanceUID"] == original.StudyInstanceUID


def test_people_who_share_a_patient_id_are_not_mixed(slicer):
    from NiftiDicomBridgeLib.Host import Hierarchy

    people = [{"PatientName": "Doe^Jane", "PatientSex": "F"}, {"PatientName": "Roe^Richard", "PatientSex": "M"},
              {"PatientName": "DOE^JANE^^"}, {}]  # fmt: skip
    nodes = [slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.float32), np.eye(4), f"v{n}") for n in range(len(people))]
    for n, (one, volume) in enumerate(zip(people, nodes, strict=True)):
        Hierarchy.place(volume, {"PatientID": "7", "StudyInstanceUID": f"1.2.{n}", "SeriesInstanceUID": f"1.3.{n}", **one})

    found = [Hierarchy.identity_of_node(volume) for volume in nodes]
    assert [one["PatientName"] for one in found] == ["Doe^Jane", "Roe^Richard", "Doe^Jane", "Doe^Jane"]
    assert [one["PatientSex"] for one in found[:2]] == ["F", "M"]
    assert {one["PatientID"] for one in found} == {"7"}


def placed(slicer, *people):
    """Put a volume of each person, with a PatientID and a study of its own by default, into the subject hierarchy."""
    from NiftiDicomBridgeLib.Host import Hierarchy

    nodes = [slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.float32), np.eye(4), f"v{n}") for n in range(len(people))]
    for n, (one, volume) in enumerate(zip(people, nodes, strict=True)):
        Hierarchy.place(volume, {"PatientID": "7", "StudyInstanceUID": f"1.2.{n}", "SeriesInstanceUID": f"1.3.{n}", **one})
    return nodes, [Hierarchy.identity_of_node(volume) for volume in nodes]


def test_another_spelling_of_a_person_has_no_item_of_its_own(slicer):
    spellings = [{"PatientName": name, "PatientBirthDate": "19800201"} for name in ("Müller^Jane", "MULLER JANE", "Muller^J")]
    _, found = placed(slicer, *spellings)
    assert {one["PatientName"] for one in found} == {"Müller^Jane"}


def test_a_person_of_whom_little_was_known_is_shared_with_no_other(slicer):
    jane, richard = {"PatientName": "Doe^Jane"}, {"PatientName": "Roe^Richard"}
    _, found = placed(slicer, {}, jane, richard)
    assert [one["PatientName"] for one in found] == ["Doe^Jane", "Doe^Jane", "Roe^Richard"]


def test_a_study_of_another_person_is_not_shared(slicer):
    _, found = placed(slicer, *({"PatientName": name, "StudyInstanceUID": "1.2"} for name in ("Doe^Jane", "Roe^Richard")))
    assert [one["PatientName"] for one in found] == ["Doe^Jane", "Roe^Richard"]
    assert {one["StudyInstanceUID"] for one in found} == {"1.2"}


def test_scene_that_is_saved_and_loaded_in_between_changes_nothing(slicer, logic, node, tmp_path):
    files = sorted((tmp_path / "original").glob("*.dcm"))
    scene_file = tmp_path / "scene" / "scene.mrml"
    scene_file.parent.mkdir()
    storage = node.CreateDefaultStorageNode()
    slicer.mrmlScene.AddNode(storage)
    storage.SetFileName(str(scene_file.parent / "volume.nrrd"))
    node.SetAndObserveStorageNodeID(storage.GetID())
    assert storage.WriteData(node)
    slicer.mrmlScene.SetURL(str(scene_file))
    slicer.mrmlScene.SetRootDirectory(str(scene_file.parent))
    assert slicer.mrmlScene.Commit()
    slicer.mrmlScene.Clear()
    slicer.mrmlScene.SetURL(str(scene_file))
    assert slicer.mrmlScene.Connect()
    (loaded,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert loaded is not node
    found = back(logic.exportVolumes([loaded], tmp_path / "out"), tmp_path / "back")
    assert outcomes(found) == ["restored"]
    assert sorted(map(str, (pydicom.dcmread(p).SOPInstanceUID for p in found.outputs))) == sorted(
        str(pydicom.dcmread(path).SOPInstanceUID) for path in files
    )


def test_bids_layout_takes_what_is_unedited(slicer, logic, node, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Layout

    drawn = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), GRID, "drawn")
    report = logic.exportVolumes([node, drawn], tmp_path / "bids", ConversionOptions(layout=Layout.BIDS))
    assert (tmp_path / "bids" / "dataset_description.json").is_file()
    assert len(list((tmp_path / "bids").rglob("*.nii.gz"))) >= 1 or report.entries
    assert "a BIDS dataset contains raw data" in notes(report)
