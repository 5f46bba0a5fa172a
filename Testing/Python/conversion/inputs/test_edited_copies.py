"""Edited copies of one series, and what a derived object must keep of private elements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Rescale, Target, Uids, convert, read, write
from phantoms import PHANTOMS
from support.round_trip import RoundTrip


@pytest.fixture
def series(tmp_path):
    """A plain series of MR."""
    PHANTOMS["echoes_and_phase"].write(tmp_path / "dicom")
    return tmp_path / "dicom"


def with_copy(volumes, folder: Path):
    """Write volumes as NIfTI, and an edited copy of the first."""
    for volume in volumes:
        write(volume, folder / f"{volume.name}.nii")
    voxels = np.array(volumes[0].voxels)
    voxels[0, 0, 0, 0] += 1
    write(replace(volumes[0], voxels=voxels), folder / "copy.nii")


def test_edited_copy_is_a_series_of_its_own(series, tmp_path):
    volumes = read(series)
    with_copy(volumes, tmp_path / "nifti")
    report = convert(Job([tmp_path / "nifti"], tmp_path / "back", ConversionOptions(target=Target.DICOM)))
    assert sorted(entry.outcome.value for entry in report.entries) == ["derived", *["reissued"] * len(volumes)]
    uids = [{pydicom.dcmread(path).SeriesInstanceUID for path in entry.outputs} for entry in report.entries]
    (derived,) = (uid for uid, entry in zip(uids, report.entries, strict=True) if entry.outcome == "derived")
    others = [uid for uid, entry in zip(uids, report.entries, strict=True) if entry.outcome != "derived"]
    assert not any(derived & other for other in others)


def test_original_next_to_its_copy_keeps_its_uids(series, tmp_path):
    volumes = read(series)
    with_copy(volumes, tmp_path / "nifti")
    options = ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)
    report = convert(Job([tmp_path / "nifti"], tmp_path / "back", options))
    restored = [path for entry in report.entries if entry.outcome == "restored" for path in entry.outputs]
    before = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, series.rglob("*.dcm"))}
    assert {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, restored)} == before


# --- private elements

DIFFUSION = ((0, None), (1000, (0.6, 0.8, 0.0)), (1000, (0.0, -0.6, 0.8)))


@pytest.fixture
def siemens_diffusion(tmp_path):
    """A diffusion series whose b-values and directions are only in private elements."""
    PHANTOMS["echoes_and_phase"].write(tmp_path / "one")
    first = [ds for ds in map(pydicom.dcmread, sorted((tmp_path / "one").rglob("*.dcm"))) if ds.EchoTime == "2.46"]
    first = [ds for ds in first if ds.ImageType[2] == "M"]
    folder = tmp_path / "dicom"
    folder.mkdir()
    for time, (b_value, direction) in enumerate(DIFFUSION):
        for n, ds in enumerate(first):
            ds.Manufacturer, ds.InstanceNumber = "SIEMENS", time * len(first) + n + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
            block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
            block.add_new(0x0C, "IS", b_value)
            if direction:
                block.add_new(0x0E, "FD", list(direction))
            ds.save_as(folder / f"{ds.InstanceNumber}.dcm")
    return folder


def test_derived_diffusion_has_public_b_values_and_directions(siemens_diffusion, tmp_path):
    (volume,) = read(siemens_diffusion)
    assert volume.gradients is not None
    voxels = np.array(volume.voxels)
    voxels[1, 0, 0, 0] += 1
    files = write(replace(volume, voxels=voxels), tmp_path / "out", ConversionOptions(target=Target.DICOM))
    (derived,) = read(files)
    np.testing.assert_allclose(derived.gradients, volume.gradients, atol=1e-6)
    data_sets = [pydicom.dcmread(path) for path in files]
    assert {float(ds.DiffusionBValue) for ds in data_sets} == {0.0, 1000.0}
    assert not any(element.tag.is_private for ds in data_sets for element in ds)


@pytest.fixture
def philips(tmp_path):
    """A series with Philips' private scale slope."""
    PHANTOMS["echoes_and_phase"].write(tmp_path / "dicom")
    for path in (tmp_path / "dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "Philips", "2.5", "-10", "normalized"
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.004)
        ds.save_as(path)
    return tmp_path / "dicom"


@pytest.mark.parametrize("smooth", [False, True], ids=["one voxel", "all values"])
def test_derived_philips_has_precise_and_displayed_values(philips, tmp_path, smooth):
    volume = read(philips)[0]
    original = volume.real_values()
    if smooth:
        edited = replace(volume, voxels=(original * 0.93).astype(np.float32), rescale=Rescale(units=volume.rescale.units))
    else:
        voxels = np.array(volume.voxels)
        voxels[0, 0, 0, 0] = voxels[0, 1, 1, 1]
        edited = replace(volume, voxels=voxels)
    files = write(edited, tmp_path / "out", ConversionOptions(target=Target.DICOM))
    (derived,) = read(files)
    expected = edited.real_values()
    np.testing.assert_allclose(derived.real_values(), expected, atol=np.abs(expected).max() / 60000)
    ds = pydicom.dcmread(files[0])
    displayed = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    np.testing.assert_allclose(displayed, expected[0, 0] * 2.5 * 0.004, atol=np.abs(expected).max() * 0.01 / 60000)


def test_moved_dose_grid_is_derived_where_it_is_now(tmp_path):
    PHANTOMS["dose_grid"].write(tmp_path / "dicom")
    (volume,) = read(tmp_path / "dicom")
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += [10, -5, 2]
    (path,) = write(replace(volume, ijk_to_ras=matrix), tmp_path / "out", ConversionOptions(target=Target.DICOM))
    (derived,) = read(path)
    np.testing.assert_allclose(derived.ijk_to_ras, matrix, atol=1e-6)
    np.testing.assert_array_equal(derived.voxels, volume.voxels)
    assert derived.rescale == volume.rescale


@pytest.mark.slow
def test_overlapping_label_maps_in_the_fifth_axis_become_one_object(tmp_path):
    from nifti_dicom_bridge import Kind, Volume

    layers = np.zeros((1, 3, 5, 6, 2), np.uint16)
    layers[0, :, 1:4, 1:4, 0] = 1
    layers[0, 1, 2:5, 2:5, 1] = 2
    write(Volume(layers, np.eye(4)), tmp_path / "layers.nii")
    report = convert(Job([tmp_path / "layers.nii"], tmp_path / "out", ConversionOptions(target=Target.DICOM, kind=Kind.SEG)))
    assert report.ok, [entry.error for entry in report.entries]
    (path,) = report.outputs
    ds = pydicom.dcmread(path)
    assert len(ds.SegmentSequence) == 2
    assert int(ds.pixel_array.sum()) == 27 + 9


@pytest.mark.parametrize("is_edited", [False, True])
@pytest.mark.parametrize(
    "choices", [{}, {"deidentify": True}, {"kind": "enhanced-ct"}], ids=["restored", "deidentified", "recast"]
)
def test_the_original_in_the_same_input_is_not_written_again(choices: dict, is_edited: bool, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    if is_edited:
        round_trip.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata() + 50, image.affine))
    options = ConversionOptions(target=Target.DICOM, **choices)
    report = convert(Job([round_trip.dicom, round_trip.nifti], round_trip.back, options))

    outcomes = [entry.outcome.value for entry in report.entries]
    assert sorted(outcomes) == sorted(["skipped", "converted" if "kind" in choices else "derived" if is_edited else "reissued"])
    uids = [ds.SOPInstanceUID for ds in round_trip.returned()]
    assert len(set(uids)) == len(uids) == (1 if "kind" in choices else 3)
    assert len({ds.SeriesInstanceUID for ds in round_trip.returned()}) == 1
