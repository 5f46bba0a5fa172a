"""Series of which files are damaged or gone: our loader shows the others where they are, and names those."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import ijk_to_ras, outcomes

pytestmark = pytest.mark.slow

COUNT, DAMAGED = 6, 2


@pytest.fixture
def files(database, tmp_path):
    """Even axial slices, in the database as links to the files."""
    from DICOMLib import DICOMUtils

    from phantoms import save, slices
    from phantoms.base import ramp

    save(tmp_path / "original", slices(ramp(COUNT, 4, 5)))
    DICOMUtils.importDicom(str(tmp_path / "original"))
    return sorted((tmp_path / "original").rglob("*.dcm"))


@pytest.fixture
def shown(slicer, monkeypatch):
    """The texts of warnings that are shown."""
    texts = []
    monkeypatch.setattr(slicer.util, "warningDisplay", lambda text, *_, **__: texts.append(text))
    return texts


def load(plugin, files):
    (loadable,) = plugin.examineForImport([list(map(str, files))])
    return plugin.load(loadable)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-20])


def shorten(path):
    ds = pydicom.dcmread(path)
    ds.PixelData = ds.PixelData[:-20]
    ds.save_as(path)


def world_heights(node):
    heights = []
    for k in range(node.GetImageData().GetDimensions()[2]):
        place = [0.0, 0.0, 0.0]
        node.TransformPointToWorld((ijk_to_ras(node) @ [0, 0, k, 1])[:3].tolist(), place)
        heights.append(place[2])
    return heights


@pytest.mark.parametrize("damage", [cut_off, shorten, lambda path: path.unlink()], ids=["cut-off", "short", "gone"])
def test_the_other_slices_are_at_their_positions(slicer, plugin, files, shown, damage):
    whole = [pydicom.dcmread(path) for n, path in enumerate(files) if n != DAMAGED]
    (loadable,) = plugin.examineForImport([list(map(str, files))])
    damage(files[DAMAGED])
    node = plugin.load(loadable)
    whole.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
    expected = [int(ds.pixel_array[1, 1]) * int(ds.RescaleSlope) + int(ds.RescaleIntercept) for ds in whole]
    assert slicer.util.arrayFromVolume(node)[:, 1, 1].tolist() == expected
    np.testing.assert_allclose(world_heights(node), [float(ds.ImagePositionPatient[2]) for ds in whole], atol=1e-4)
    (text,) = shown
    assert str(files[DAMAGED]) in text


def test_whole_series_are_loaded_without_a_word(plugin, files, shown):
    assert load(plugin, files) is not None
    assert shown == []


def test_a_series_of_damaged_files_alone_is_not_loaded(slicer, plugin, files, monkeypatch):
    errors = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, *_, **__: errors.append(text))
    for path in files:
        shorten(path)
    assert load(plugin, files) is None
    assert "truncated" in errors[0]


def test_labels_on_what_was_loaded_are_on_its_slices(slicer, plugin, logic, files, shown, tmp_path):
    whole = [float(pydicom.dcmread(path).ImagePositionPatient[2]) for n, path in enumerate(files) if n != DAMAGED]
    shorten(files[DAMAGED])
    node = load(plugin, files)
    voxels = np.zeros(slicer.util.arrayFromVolume(node).shape, np.uint8)
    voxels[3, 1, 1] = 1
    labels = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(node), "labels", "vtkMRMLLabelMapVolumeNode")
    labels.AddNodeReferenceID("source", node.GetID())
    labels.SetAndObserveTransformNodeID(node.GetTransformNodeID())
    report = logic.volumesToDicom([labels], database=False, folder=tmp_path / "out")
    assert outcomes(report) == ["converted"]
    seg = pydicom.dcmread(report.outputs[0])
    places = [float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in seg.PerFrameFunctionalGroupsSequence]
    assert [z for z, pixels in zip(places, seg.pixel_array, strict=True) if pixels.any()] == [sorted(whole)[3]]


@pytest.mark.parametrize("deidentify", [False, True])
def test_a_series_without_some_files_is_exported_with_a_warning(logic, files, tmp_path, deidentify):
    """The last slice is gone: nothing else shows that it is missing."""
    from NiftiDicomBridgeLib.Host import Database

    (series,) = Database.all_series()
    files[-1].unlink()
    (entry,) = logic.exportSeries([series.uid], tmp_path / "out", {"deidentify": deidentify}).entries
    assert [text for text in entry.log.warnings if text.startswith("1 of the 6 files of this series")]


def test_a_command_on_a_series_without_some_files_has_a_warning(logic, files, tmp_path):
    from NiftiDicomBridgeLib.Host import Database

    (series,) = Database.all_series()
    files[-1].unlink()
    script = tmp_path / "copy.py"
    script.write_text("import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])")
    (entry,) = logic.applyCommand(f'PythonSlicer "{script}" {{input}} {{output}}', series=series.uid).entries
    assert [text for text in entry.log.warnings if text.startswith("1 of the 6 files of this series")]
