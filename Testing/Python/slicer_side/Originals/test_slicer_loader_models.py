"""Nodes of every kind that Slicer's own loaders make: unedited ones come back identical, edits keep what values mean."""

import ntpath
import posixpath

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import ijk_to_ras, outcomes, set_ijk_to_ras

DX, CR, RT_DOSE, XA = (f"1.2.840.10008.5.1.4.1.1.{tail}" for tail in ("1.1.1", "1", "481.2", "12.1"))


def words_of(report):
    return " ".join(text for entry in report.entries for text in entry.log.notes + entry.log.warnings + [entry.error])


@pytest.fixture
def back(logic, tmp_path):
    """Export a node and import it with its UIDs: returns both reports and the data sets."""

    def back(*nodes):
        from nifti_dicom_bridge import ConversionOptions, Uids

        exported = logic.exportVolumes(list(nodes), tmp_path / "nifti")
        assert exported.ok, words_of(exported)
        found = logic.importNifti(exported.outputs, ConversionOptions(uids=Uids.KEEP), database=False, folder=tmp_path / "back")
        assert found.ok, words_of(found)
        return exported, found, [pydicom.dcmread(path) for path in found.outputs]

    return back


@pytest.fixture
def write_object(tmp_path):
    """Write one object of a class without a position; returns its file."""

    def write(sop_class, pixels, **attributes):
        from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_series

        path = write_series(tmp_path / "original")[0]
        for other in path.parent.glob("*.dcm"):
            if other != path:
                other.unlink()
        ds = pydicom.dcmread(path)
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept", "PixelSpacing"):
            if keyword in ds:
                delattr(ds, keyword)
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
        ds.Rows, ds.Columns = pixels.shape[-2:]
        ds.BitsAllocated = 8 * pixels.dtype.itemsize
        ds.BitsStored, ds.HighBit = ds.BitsAllocated, ds.BitsAllocated - 1
        if pixels.ndim > 2:
            ds.NumberOfFrames = len(pixels)
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
        ds.PixelData = pixels.tobytes()
        ds.save_as(path, enforce_file_format=True)
        return path

    return write


def ramp(*shape, dtype=np.uint16):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


MONOCHROME1 = {"PhotometricInterpretation": "MONOCHROME1", "Modality": "DX", "ImagerPixelSpacing": ["0.2", "0.3"]}
DOSE = {
    "Modality": "RTDOSE", "DoseUnits": "GY", "DoseGridScaling": "1e-6", "GridFrameOffsetVector": ["0", "2.5", "5"],
    "FrameIncrementPointer": 0x3004000C, "ImagePositionPatient": ["1", "2", "3"], "PixelSpacing": ["2", "2"],
    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
}  # fmt: skip
KINDS = {
    "X-ray without position": (CR, ramp(5, 6), {"Modality": "CR", "ImagerPixelSpacing": ["0.1", "0.2"]}),
    "MONOCHROME1 of 16 bits": (DX, ramp(5, 6), MONOCHROME1),
    "MONOCHROME1 of 12 bits": (DX, ramp(5, 6), {**MONOCHROME1, "BitsStored": 12, "HighBit": 11}),
    "MONOCHROME1 with rescale": (DX, ramp(5, 6), {**MONOCHROME1, "RescaleSlope": "2", "RescaleIntercept": "-3"}),
    "RT Dose": (RT_DOSE, ramp(3, 5, 6, dtype=np.uint32) * 1000, DOSE),
    "cine": (XA, ramp(4, 5, 6, dtype=np.uint8), {"Modality": "XA", "FrameTime": "33"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_unedited_object_comes_back_identical(load, write_object, back, kind):
    sop_class, pixels, attributes = KINDS[kind]
    path = write_object(sop_class, pixels, **attributes)
    exported, found, data_sets = back(load([path]))
    assert "Unchanged" in words_of(exported)
    assert outcomes(found) == ["restored"]
    assert data_sets == [pydicom.dcmread(path)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "cine"])
def test_edited_object_shows_the_edit_and_nothing_else(slicer, load, write_object, back, kind):
    """The derived object, loaded by Slicer, has the values that the node had."""
    from support.scalar_reading import shown

    sop_class, pixels, attributes = KINDS[kind]
    node = load([write_object(sop_class, pixels, **attributes)])
    slicer.util.arrayFromVolume(node)[0, 1, 2] = slicer.util.arrayFromVolume(node)[0, 3, 4]
    expected = np.array(slicer.util.arrayFromVolume(node))
    _, found, (data_set,) = back(node)
    assert outcomes(found) == ["derived"]
    assert data_set.PhotometricInterpretation == attributes.get("PhotometricInterpretation", "MONOCHROME2")
    np.testing.assert_array_equal(shown(found.outputs), expected)


def test_edited_dose_stays_in_gray(slicer, load, write_object, back):
    sop_class, pixels, attributes = KINDS["RT Dose"]
    node = load([write_object(sop_class, pixels, **attributes)])
    slicer.util.arrayFromVolume(node)[0, 0, 0] = 5_000_000
    _, _, (data_set,) = back(node)
    assert data_set.pixel_array[0, 0, 0] * float(data_set.DoseGridScaling) == pytest.approx(5.0)
    assert data_set.DoseUnits == "GY"


def test_edit_in_a_cine_is_kept(slicer, load, write_object, back):
    sop_class, pixels, attributes = KINDS["cine"]
    load([write_object(sop_class, pixels, **attributes)])
    (sequence,) = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    slicer.util.arrayFromVolume(sequence.GetNthDataNode(2))[0, 1, 1] = 200
    _, found, (data_set,) = back(sequence)
    pixels[2, 1, 1] = 200
    assert outcomes(found) == ["derived"]
    np.testing.assert_array_equal(data_set.pixel_array, pixels)


def test_moved_object_is_derived(load, write_object, back):
    sop_class, pixels, attributes = KINDS["RT Dose"]
    node = load([write_object(sop_class, pixels, **attributes)])
    matrix = ijk_to_ras(node)
    matrix[:3, 3] += [10, 0, 0]
    set_ijk_to_ras(node, matrix)
    exported, _, (data_set,) = back(node)
    assert "Geometry was edited" in words_of(exported)
    assert [float(x) for x in data_set.ImagePositionPatient] == [-9, 2, 3]
    assert [float(x) for x in data_set.GridFrameOffsetVector] == [0, 2.5, 5]
    np.testing.assert_array_equal(data_set.pixel_array, pixels)


# --- Philips


@pytest.fixture
def philips(write_series, tmp_path):
    """A series whose precise scale is in a private element, as Philips writes it."""
    files = write_series(tmp_path / "original", Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Manufacturer="Philips")
    for path in files:
        ds = pydicom.dcmread(path)
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.RescaleSlope, ds.RescaleIntercept = "2.5", "0"
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.004)
        ds.save_as(path)
    return files


def test_philips_in_display_scale_is_no_edit(load, philips, back):
    exported, found, _ = back(load(philips))
    assert "Unchanged" in words_of(exported)
    assert outcomes(found) == ["restored"]


def test_edited_philips_keeps_both_scales(slicer, load, philips, back):
    from nifti_dicom_bridge import read

    (original,) = read(philips)
    node = load(philips)
    before = np.array(slicer.util.arrayFromVolume(node))
    slicer.util.arrayFromVolume(node)[0, 1, 1] = before[1, 2, 2]
    _, found, data_sets = back(node)
    assert outcomes(found) == ["derived"]
    assert {float(ds.RescaleSlope) for ds in data_sets} == {2.5}
    (derived,) = read(found.outputs)
    expected = original.real_values()
    expected[0, 0, 1, 1] = expected[0, 1, 2, 2]
    np.testing.assert_allclose(derived.real_values(), expected, rtol=1e-6)


# --- several images in one node


@pytest.mark.slow
def test_stack_of_two_echoes_is_written_as_two_images(load, two_echoes, back):
    """Slicer stacks them, as nothing that its loader compares differs."""
    exported, _, data_sets = back(load(two_echoes))
    assert "Unchanged" in words_of(exported)
    assert sum(path.name.endswith(".nii.gz") for path in exported.outputs) == 2
    expected = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, two_echoes)}
    assert {ds.SOPInstanceUID: ds for ds in data_sets} == expected


# --- several nodes of one series


def test_copies_of_a_series_become_series_of_their_own(slicer, logic, node, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Uids

    clone = slicer.vtkSlicerVolumesLogic.CloneVolumeGeneric
    smoothed, masked = (clone(slicer.mrmlScene, node, name, True) for name in ("smoothed", "masked"))
    slicer.util.updateVolumeFromArray(smoothed, slicer.util.arrayFromVolume(node).astype(np.float32) + 0.25)
    slicer.util.arrayFromVolume(masked)[:2] = 0
    report = logic.volumesToDicom(
        [smoothed, node, masked], ConversionOptions(uids=Uids.KEEP), database=False, folder=tmp_path / "out"
    )
    assert sorted(outcomes(report)) == ["derived", "derived", "restored"], words_of(report)
    by_series: dict[str, list] = {}
    for ds in map(pydicom.dcmread, report.outputs):
        by_series.setdefault(ds.SeriesInstanceUID, []).append(ds)
    assert [len(found) for found in by_series.values()] == [4, 4, 4]
    described = {found[0].SeriesDescription: int(found[0].SeriesNumber) for found in by_series.values()}
    assert described == {"ramp": 7, "smoothed": 8, "masked": 9}
    assert len({ds.StudyInstanceUID for found in by_series.values() for ds in found}) == 1


def test_linear_transform_leaves_stored_values_alone(slicer, node, back, tmp_path):
    turn = np.array([[0.96, -0.28, 0, 12.5], [0.28, 0.96, 0, -3], [0, 0, 1, 7], [0, 0, 0, 1.0]])
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
    node.SetAndObserveTransformNodeID(transform.GetID())
    _, found, data_sets = back(node)
    assert outcomes(found) == ["derived"]
    before = sorted(map(pydicom.dcmread, (tmp_path / "original").glob("*.dcm")), key=lambda ds: ds.InstanceNumber)
    after = sorted(data_sets, key=lambda ds: ds.InstanceNumber)
    assert [ds.PixelData for ds in after] == [ds.PixelData for ds in before]


def test_smoothed_pet_stays_pet(slicer, load, write_series, back, tmp_path):
    files = write_series(tmp_path / "original", Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128", Units="BQML")
    for number, path in enumerate(files, start=1):
        ds = pydicom.dcmread(path)
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.RescaleSlope, ds.RescaleIntercept, ds.StudyDate = str(0.5 * number), "0", "20200102"
        ds.save_as(path)
    node = load(files)
    smooth = slicer.util.arrayFromVolume(node).astype(np.float64) * 0.93 + 0.01
    slicer.util.updateVolumeFromArray(node, smooth)
    _, found, data_sets = back(node)
    assert outcomes(found) == ["derived"]
    assert "rounded to steps of" in words_of(found)
    for ds in data_sets:
        assert (ds.SOPClassUID.name, ds.Modality, ds.Units) == ("Positron Emission Tomography Image Storage", "PT", "BQML")
        assert (ds.StudyDate, ds.FrameOfReferenceUID) == ("20200102", pydicom.dcmread(files[0]).FrameOfReferenceUID)
    values = np.stack([ds.pixel_array * float(ds.RescaleSlope) for ds in sorted(data_sets, key=lambda ds: ds.InstanceNumber)])
    assert np.abs(values - smooth).max() < np.abs(smooth).max() / 30000


@pytest.mark.parametrize(("selected", "values"), [(1, [0, 77, 2]), (-1, [77, 1, 2])])
def test_edit_of_the_displayed_volume_of_a_sequence_counts(slicer, logic, tmp_path, selected, values):
    """Slicer's loader of image sequences selects none and displays the first one."""
    import nibabel

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "beating")
    for number in range(3):
        frame = slicer.util.addVolumeFromArray(np.full((2, 3, 4), number, np.int16))
        sequence.SetDataNodeAtValue(frame, str(number))
        slicer.mrmlScene.RemoveNode(frame)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(sequence)
    proxy = browser.GetProxyNode(sequence)
    browser.SetSelectedItemNumber(selected)
    slicer.util.updateVolumeFromArray(proxy, np.full((2, 3, 4), 77, np.int16))
    assert logic.exportVolumes([proxy], tmp_path).ok
    (path,) = tmp_path.glob("*.nii.gz")
    found = np.asarray(nibabel.load(path).dataobj)
    assert [int(found[0, 0, 0, t]) for t in range(3)] == values


# --- volumes computed from others


@pytest.fixture
def pet(load, write_series, tmp_path):
    """A PET volume in BQML that Slicer has loaded."""
    files = write_series(tmp_path / "original", Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128", Units="BQML")
    for path in files:
        ds = pydicom.dcmread(path)
        ds.file_meta.MediaStorageSOPClassUID, ds.StudyDate, ds.RescaleIntercept = ds.SOPClassUID, "20200102", "0"
        ds.save_as(path)
    return load(files)


COMPUTED = {
    "smoothed": (lambda values: values * 0.93 + 0.25, "Positron Emission Tomography Image Storage", "BQML"),
    "in other units": (lambda values: values * 1e-3 + 0.25, "Parametric Map Storage", None),
    "a map of something": (lambda values: np.sin(values.astype(float)), "Parametric Map Storage", None),
}


@pytest.mark.parametrize("how", COMPUTED)
def test_volume_computed_from_pet_is_pet_if_its_values_are(slicer, logic, pet, tmp_path, how):
    function, kind, units = COMPUTED[how]
    values = function(slicer.util.arrayFromVolume(pet)).astype(np.float32)
    node = slicer.util.addVolumeFromArray(values, ijk_to_ras(pet), how)
    report = logic.volumesToDicom([node], database=False, folder=tmp_path / "out")
    assert report.ok, words_of(report)
    ds = pydicom.dcmread(report.outputs[0])
    source = pydicom.dcmread(next((tmp_path / "original").glob("*.dcm")))
    assert (ds.SOPClassUID.name, ds.get("Units")) == (kind, units)
    assert (ds.StudyDate, ds.FrameOfReferenceUID) == ("20200102", source.FrameOfReferenceUID)


# --- sequences of single slices, each with a place of its own


@pytest.fixture
def cine_mri(slicer, write_series, load, tmp_path):
    """A sequence that Slicer makes of slices with trigger times, and the files."""
    attributes = {"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}
    files = write_series(tmp_path / "original", **attributes)
    for number, path in enumerate(files):
        ds = pydicom.dcmread(path)
        ds.file_meta.MediaStorageSOPClassUID, ds.TriggerTime = ds.SOPClassUID, str(40 * number)
        ds.save_as(path)
    load(files)
    (sequence,) = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    return sequence, files


def test_sequence_of_slices_comes_back_identical(cine_mri, back):
    sequence, files = cine_mri
    exported, found, data_sets = back(sequence)
    assert "Unchanged" in words_of(exported)
    assert sorted(ds.SOPInstanceUID for ds in data_sets) == sorted(pydicom.dcmread(path).SOPInstanceUID for path in files)
    assert outcomes(found) == ["restored"]


def test_edit_in_a_sequence_of_slices_is_kept(slicer, cine_mri, back):
    sequence, files = cine_mri
    voxels = slicer.util.arrayFromVolume(sequence.GetNthDataNode(2))
    voxels[0, 1, 1] = voxels[0, 3, 3]
    expected = pydicom.dcmread(files[2]).pixel_array
    expected[1, 1] = expected[3, 3]
    _, found, data_sets = back(sequence)
    assert outcomes(found) == ["derived"]
    np.testing.assert_array_equal(data_sets[2].pixel_array, expected)


def test_moved_slice_of_a_sequence_is_refused(cine_mri, logic, tmp_path):
    sequence, _ = cine_mri
    frame = sequence.GetNthDataNode(1)
    matrix = ijk_to_ras(frame)
    matrix[:3, 3] += [5, 0, 0]
    set_ijk_to_ras(frame, matrix)
    report = logic.exportVolumes([sequence], tmp_path / "nifti")
    assert outcomes(report) == ["failed"]
    assert "differ in size or place" in words_of(report)


def test_files_have_the_names_that_the_reader_was_given(slicer):
    """vtkITK returns slashes on Windows."""
    from NiftiDicomBridgeLib.Originals.ItkReading import as_given

    given = [r"C:\Scans\1.dcm", r"C:\Scans\2.dcm"]
    assert as_given(["C:/Scans/2.dcm", "c:/scans/1.dcm", "C:/other"], given, ntpath) == (given[1], given[0], "C:/other")
    assert as_given(["/scans//1.dcm", "/SCANS/1.dcm"], ["/scans/1.dcm"], posixpath) == ("/scans/1.dcm", "/SCANS/1.dcm")
