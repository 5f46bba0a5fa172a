"""What our loader of DICOM takes over from Slicer's own."""

import numpy as np
import pydicom
import pytest

from support.node_exports import GRID, write_4d
from support.slicer_helpers import ExportDialog, ijk_to_ras, outcomes


@pytest.fixture
def enhanced(logic, write_series, drawn, export, database, tmp_path):
    """An enhanced MR object of 24 voxels, put into the database."""
    from DICOMLib import DICOMUtils

    found, error = export(drawn, "Enhanced MR")
    assert error == ""
    DICOMUtils.importDicom(str(tmp_path / "exported"))
    return str(found[0].SeriesInstanceUID)


def examined(plugin, database, series):
    return plugin.examineForImport([list(database.filesForSeries(series))])


def test_multi_frame_object_is_ours(slicer, plugin, database, enhanced):
    (loadable,) = examined(plugin, database, enhanced)
    assert loadable.confidence > 0.9
    assert loadable.selected
    assert "Multi-frame" in loadable.tooltip


def test_multi_frame_object_loads_where_its_frames_specify(slicer, plugin, logic, drawn, enhanced):
    (node_id,) = logic.loadSeries([enhanced])
    node = slicer.mrmlScene.GetNodeByID(node_id)
    seen, grid = slicer.util.arrayFromVolume(node), ijk_to_ras(node)
    expected = slicer.util.arrayFromVolume(drawn)
    for index in np.ndindex(*expected.shape):
        at = np.linalg.inv(grid) @ GRID @ [*index[::-1], 1]
        i, j, k = np.rint(at[:3]).astype(int)
        assert seen[k, j, i] == expected[index]


def test_multi_frame_object_comes_back_identical(slicer, plugin, logic, database, enhanced, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    (node_id,) = logic.loadSeries([enhanced])
    report = logic.exportVolumes([slicer.mrmlScene.GetNodeByID(node_id)], tmp_path / "nifti")
    image = next(path for path in report.outputs if path.name.endswith(".nii.gz"))
    found = convert(Job([image], tmp_path / "back", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
    assert outcomes(found) == ["restored"]
    assert pydicom.dcmread(found.outputs[0]) == pydicom.dcmread(database.filesForSeries(enhanced)[0])


def test_series_that_slicer_loads_rightly_is_offered_below_slicers_own(plugin, database, write_series, tmp_path):
    (loadable,) = plugin.examineForImport([[str(path) for path in write_series(tmp_path / "plain")]])
    assert loadable.confidence < 0.45
    assert not loadable.selected
    assert loadable.tooltip


def test_4d_series_is_ours_unless_slicers_4d_loader_is_there(slicer, plugin, database, write_series, tmp_path, monkeypatch):
    files = [str(path) for path in write_4d(write_series, tmp_path)]
    (loadable,) = plugin.examineFiles(files)
    assert loadable.confidence > 0.9
    assert "sequence" in loadable.tooltip
    monkeypatch.setitem(slicer.modules.dicomPlugins, "MultiVolumeImporterPlugin", object)
    (loadable,) = plugin.examineFiles(files)
    assert loadable.confidence < 0.5


def examine(plugin, write_series, folder, **attributes):
    """What is offered for a series with other attributes; a callable gets the number of the file."""
    files = write_series(folder)
    for number, path in enumerate(files):
        ds = pydicom.dcmread(path)
        for name, value in attributes.items():
            setattr(ds, name, value(number) if callable(value) else value)
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.save_as(path)
    return plugin.examineForImport([[str(path) for path in files]])


MR, STORAGE = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1."


@pytest.mark.parametrize(("attributes", "words", "above"), [
    ({"SOPClassUID": MR, "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]}, "Mosaic", True),
    ({"SOPClassUID": lambda n: MR + ".1" if n else MR}, "Classic and enhanced", True),
    ({"SOPClassUID": STORAGE + "66.7"}, "label map", True),
    ({"SOPClassUID": STORAGE + "66.4", "SegmentationType": "FRACTIONAL"}, "probabilities", True),
    ({"SOPClassUID": STORAGE + "30"}, "Parametric map", True),
    ({"SOPClassUID": STORAGE + "481.2"}, "gray", False),
    ({"SOPClassUID": STORAGE + "7", "Columns": lambda n: 6 if n else 3, "ImageType": lambda n: ["A", "B", str(n)]},
     "different sizes", True),
    ({"SOPClassUID": STORAGE + "7", "Columns": lambda n: 6 if n else 3, "ImageType": lambda n: ["A", "B", str(n > 0)]},
     "full precision", False),
    ({"SOPClassUID": MR, "ImagePositionPatient": lambda n: ["0", "0", str(max(n, 1))]}, "echoes", False),
    ({"SOPClassUID": MR, "ImageOrientationPatient": lambda n: list("010001") if n else list("100010")}, "orientations", False),
    ({"SOPClassUID": STORAGE + "7"}, "full precision", False),
])  # fmt: skip
def test_reason_is_in_the_tool_tip(plugin, database, write_series, tmp_path, attributes, words, above):
    (loadable,) = examine(plugin, write_series, tmp_path / "x", **attributes)
    assert words in loadable.tooltip
    assert (loadable.confidence > 0.94) == above
    assert above or loadable.confidence < 0.45


def test_segmentation_and_map_are_slicers_where_its_loaders_are_there(
    slicer, plugin, database, write_series, tmp_path, monkeypatch
):
    for number, (name, sop_class) in enumerate((("Segmentation", "66.4"), ("ParametricMap", "30"))):
        monkeypatch.setitem(slicer.modules.dicomPlugins, f"DICOM{name}Plugin", object)
        attributes = {"SOPClassUID": STORAGE + sop_class, "SegmentationType": "BINARY", "NumberOfFrames": "2"}
        files = write_series(tmp_path / str(number), **attributes)
        assert plugin.examineFiles([str(path) for path in files])[0].confidence < 0.45


@pytest.mark.parametrize(("tilt", "last", "ours"), [(0.0, 3, False), (1.1, 3, True), (1.1, 5, True), (1.1, 3.7, False)])
def test_segmentations_of_a_tilted_gantry_are_ours(slicer, plugin, database, tmp_path, monkeypatch, tilt, last, ours):
    """Slicer's loader refuses frames that are displaced within their planes; uneven ones have no grid."""
    from pydicom.dataset import Dataset, FileMetaDataset

    monkeypatch.setitem(slicer.modules.dicomPlugins, "DICOMSegmentationPlugin", object)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID = STORAGE + "66.4", "1.2.3", "1.2.4"
    ds.StudyInstanceUID, ds.SegmentationType, ds.NumberOfFrames, ds.PixelData = "1.2.5", "BINARY", 4, b"\1\0"
    ds["PixelData"].VR = "OB"
    ds.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(4)]
    for number, frame in zip((0, 1, 2, last), ds.PerFrameFunctionalGroupsSequence, strict=True):
        frame.PlanePositionSequence = [Dataset()]
        frame.PlanePositionSequence[0].ImagePositionPatient = [0, tilt * number, 2.5 * number]
    ds.SharedFunctionalGroupsSequence = [Dataset()]
    ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence = [Dataset()]
    ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.save_as(tmp_path / "seg.dcm", enforce_file_format=True)
    (loadable,) = plugin.examineFiles([str(tmp_path / "seg.dcm")])
    assert (loadable.confidence > 0.95) == ours


def test_files_without_pixels_are_not_ours(plugin, database, tmp_path, write_series):
    files = write_series(tmp_path / "x")
    for path in files:
        ds = pydicom.dcmread(path)
        del ds.PixelData
        ds.save_as(path)
    assert plugin.examineForImport([[str(path) for path in files]]) == []


def test_without_the_python_packages_the_loader_is_offered_and_states_what_is_missing(
    slicer, plugin, database, enhanced, monkeypatch
):
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda req, _seen=None: False)
    monkeypatch.setattr(slicer.packaging, "pip_ensure", lambda *args, **kwargs: None)
    stated = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, *args, **kwargs: stated.append(text))
    (loadable,) = examined(plugin, database, enhanced)
    assert plugin.load(loadable) is None
    assert "packages are missing" in " ".join(stated)


def test_volumes_of_a_series_are_named_by_what_differs(slicer, plugin, database, write_series, tmp_path):
    folder = tmp_path / "two"
    for echo in (1, 2):
        for path in write_series(folder / str(echo), SOPClassUID=MR, Modality="MR", EchoTime=str(4.5 * echo)):
            ds = pydicom.dcmread(path)
            ds.SeriesInstanceUID, ds.StudyInstanceUID = "1.2.3", "1.2.4"
            ds.save_as(path)
    (loadable,) = plugin.examineForImport([[str(path) for path in sorted(folder.rglob("*.dcm"))]])
    loadable.name = "7: ramp"
    plugin.load(loadable)
    names = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")}
    assert names == {"7: ramp echo 4.5 ms", "7: ramp echo 9 ms"}


def test_segmentation_object_is_one_node_that_refers_to_its_loaded_image(slicer, plugin, logic, node, tmp_path):
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:3, 1:3], labels[0, 0, 0] = 1, 2
    drawn = slicer.util.addVolumeFromArray(labels, ijk_to_ras(node), "drawn", "vtkMRMLLabelMapVolumeNode")
    made = logic.volumesToDicom([drawn], database=False, folder=tmp_path / "seg")
    assert made.ok, made.failures
    before = {one.GetID() for one in slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")}
    (loadable,) = plugin.examineForImport([[str(path) for path in made.outputs]])
    loaded = plugin.load(loadable)
    assert loaded.IsA("vtkMRMLSegmentationNode")
    assert loaded.GetSegmentation().GetNumberOfSegments() == 2
    assert loaded.GetNodeReference(loaded.GetReferenceImageGeometryReferenceRole()).GetID() == node.GetID()
    assert {one.GetID() for one in slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")} == before


def test_mosaic_that_slicer_shows_tiled_is_exported_as_it_was(load, tmp_path, request):
    from phantoms.multiframe import mosaic

    (tmp_path / "mosaic").mkdir()
    mosaic(tmp_path / "mosaic")
    originals = sorted((tmp_path / "mosaic").rglob("*.dcm"))
    node = load(originals)
    request.getfixturevalue("plugin")
    files, error = ExportDialog(node).export(tmp_path / "exported")
    assert error == ""
    found = [pydicom.dcmread(path).PixelData for path in files]
    assert sorted(found) == sorted(pydicom.dcmread(path).PixelData for path in originals)
