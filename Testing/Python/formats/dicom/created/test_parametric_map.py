"""Images of real values become Parametric Maps that other people's programs read back: same values, same place."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import read
from nifti_dicom_bridge.errors import PixelError
from nifti_dicom_bridge.formats.dicom.created.parametric_map import ParametricMapRequest, parametric_maps
from nifti_dicom_bridge.model.metadata import Log
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels.pixels import Rescale
from phantoms import ramp, save, slices
from support.grids import OBLIQUE, ORIENTATIONS, assert_same_places, oriented
from support.oracles import module, oracle, run
from support.other_readers import dcm2niix_image, dcmqi_map, highdicom_image, own_image
from support.round_trip import NEW, RoundTrip
from support.seg_objects import common


def values(dtype: str = "<f4") -> np.ndarray:
    """Return fractions, every voxel another one."""
    return (ramp(1, 4, 5, 7, start=-30, dtype=dtype) / 7).astype(dtype)


def made(volume: Volume, **more: object) -> list[Dataset]:
    """Return objects with their pixel data, which are made when a file is written."""
    files = list(parametric_maps(ParametricMapRequest(volume, **{"common": common(), **more})))
    for file in files:
        keyword = "FloatPixelData" if file.data_set.BitsAllocated == 32 else "DoubleFloatPixelData"
        setattr(file.data_set, keyword, b"".join(file.frames))
    return [file.data_set for file in files]


def saved(path: Path, volume: Volume, **more: object) -> Path:
    (ds,) = made(volume, **more)
    ds.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("number", range(48))
def test_dcmqi_and_we_read_every_value_where_it_is_in_every_orientation(number: int, tmp_path: Path) -> None:
    volume = oriented(values(), *ORIENTATIONS[number])
    path = saved(tmp_path / "pm.dcm", volume)
    assert_same_places(volume, *dcmqi_map(path, tmp_path))
    (own,) = read(path)
    assert_same_places(volume, *own_image(own))


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_dcm2niix_reads_every_value_where_it_is(dtype: str, tmp_path: Path) -> None:
    volume = Volume(values(dtype), OBLIQUE)
    (tmp_path / "in").mkdir()
    saved(tmp_path / "in" / "pm.dcm", volume)
    assert_same_places(volume, *dcm2niix_image(tmp_path / "in", tmp_path))


def test_highdicom_reads_every_value(tmp_path: Path) -> None:
    import highdicom

    volume = Volume(values(), OBLIQUE)
    found = highdicom.pm.ParametricMap.from_dataset(pydicom.dcmread(saved(tmp_path / "pm.dcm", volume))).get_volume()
    assert_same_places(volume, *highdicom_image(found))


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_one_slice_is_enough(dtype: str, tmp_path: Path) -> None:
    (own,) = read(saved(tmp_path / "pm.dcm", Volume(values(dtype)[:, :1], OBLIQUE)))
    assert np.array_equal(own.voxels, values(dtype)[:, :1])
    assert np.abs(own.ijk_to_ras - OBLIQUE).max() < 1e-6


@pytest.mark.parametrize("source", [False, True], ids=["alone", "with source"])
@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_dciodvfy_finds_no_error(dtype: str, source: bool, tmp_path: Path) -> None:
    program = oracle("dciodvfy")
    matrix = np.diag([-0.5, -0.75, 2.5, 1.0])
    matrix[:3, 3] = (10.5, -20.25, -30.125)
    volume = Volume(values(dtype)[:, :3, :4, :5], matrix)
    path = saved(tmp_path / "pm.dcm", volume, units="mm2/s", quantity="ADC", sources=slices(ramp(3, 4, 5)) if source else [])
    said = run(program, path)
    assert not [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]
    assert ("DerivationImageSequence" in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence[0]) == source


@pytest.mark.parametrize("factor", [0, 1e-5, 1e5])
def test_dciodvfy_finds_no_error_whatever_the_range(factor: float, tmp_path: Path) -> None:
    said = run(oracle("dciodvfy"), saved(tmp_path / "pm.dcm", Volume(values() * np.float32(factor), OBLIQUE)))
    assert not [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_nan_and_infinity_stay(dtype: str, tmp_path: Path) -> None:
    voxels = values(dtype)
    voxels[0, 0, 0, :3] = np.nan, np.inf, -np.inf
    (own,) = read(saved(tmp_path / "pm.dcm", Volume(voxels, OBLIQUE)))
    assert own.voxels.tobytes() == voxels.tobytes()


def test_nothing_but_nan_is_an_image_too(tmp_path: Path) -> None:
    (own,) = read(saved(tmp_path / "pm.dcm", Volume(values() * np.nan, OBLIQUE)))
    assert np.isnan(own.voxels).all()


TYPES = {
    "float32": (values(), Rescale(), "<f4"),
    "float64 that float32 holds": (values().astype("<f8"), Rescale(), "<f4"),
    "float64 that it does not": (values("<f8"), Rescale(), "<f8"),
    "beyond float32": (values("<f8") * 1e200, Rescale(), "<f8"),
    "int16": (ramp(1, 4, 5, 7), Rescale(), "<f4"),
    "int16 with a slope": (ramp(1, 4, 5, 7), Rescale(0.1, 3.0), "<f4"),
    "int32": (ramp(1, 4, 5, 7, start=2**24, dtype="<i4"), Rescale(), "<f8"),
}


@pytest.mark.parametrize("name", TYPES)
def test_values_are_single_where_that_is_enough_and_double_else(name: str, tmp_path: Path) -> None:
    voxels, rescale, dtype = TYPES[name]
    volume = Volume(voxels, OBLIQUE, rescale)
    (own,) = read(saved(tmp_path / "pm.dcm", volume))
    assert own.voxels.dtype == dtype
    assert np.allclose(own.voxels, volume.real_values(), rtol=6e-8 if rescale.slope != 1 else 0, atol=0)


def test_integers_with_a_large_offset_stay_apart(tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5)
    ds = pydicom.dcmread(saved(tmp_path / "pm.dcm", Volume(stored, OBLIQUE, Rescale(1.0, 8e14))))
    assert np.unique(np.frombuffer(ds.DoubleFloatPixelData)).size == 60


def test_highdicom_reads_infinite_values(tmp_path: Path) -> None:
    highdicom = module("highdicom")
    array = values()
    array[0, 0, 0, :2] = np.inf, -np.inf
    found = highdicom.imread(saved(tmp_path / "pm.dcm", Volume(array, OBLIQUE))).get_volume()
    assert np.isinf(found.array).sum() == 2


def test_integers_that_double_precision_would_change_are_refused() -> None:
    stored = (1 << 62) + ramp(1, 2, 3, 4, dtype="<i8")
    with pytest.raises(PixelError, match="In double precision a value would change by"):
        made(Volume(stored, OBLIQUE))


def test_double_precision_is_reported(tmp_path: Path) -> None:
    log = Log()
    made(Volume(values("<f8"), OBLIQUE), log=log, units="s", quantity="T1map")
    assert ["double" in warning for warning in log.warnings] == [True]


def test_every_time_is_an_object_and_comes_back_as_a_time(tmp_path: Path) -> None:
    voxels = np.concatenate([values(), values() + 100, values() + 200])
    save(tmp_path, made(Volume(voxels, OBLIQUE)))
    (own,) = read(tmp_path)
    assert np.array_equal(own.voxels, voxels)


UNITS = {"HU": "[hnsf'U]", "mm2/s": "mm2/s", "BQML": "Bq/ml", "%": "%", "": "1", "Sv": "Sv", "very odd units": "1"}


@pytest.mark.parametrize("units", UNITS)
def test_units_are_ucum(units: str) -> None:
    log = Log()
    (ds,) = made(Volume(values(), OBLIQUE), units=units, quantity="T1", log=log)
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    code = mapping.MeasurementUnitsCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == (UNITS[units], "UCUM")
    assert bool(log.warnings) == (units in ("", "Sv", "very odd units"))
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)


QUANTITIES = {"ADC": "113041", "sub-01_acq-fast_T1map": "113063", "fractional anisotropy": "110808"}


@pytest.mark.parametrize("name", QUANTITIES)
def test_quantities_have_standard_codes(name: str) -> None:
    (ds,) = made(Volume(values(), OBLIQUE, name=name))
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    (item,) = mapping.QuantityDefinitionSequence
    assert item.ConceptCodeSequence[0].CodeValue == QUANTITIES[name]


def test_an_unknown_quantity_gets_a_private_code_and_a_warning() -> None:
    log = Log()
    (ds,) = made(Volume(values(), OBLIQUE, name="residuals of the model"), log=log, units="1")
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    code = mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]
    assert (code.CodingSchemeDesignator, code.CodeMeaning) == ("99NIFTIBRIDGE", "residuals of the model")
    assert "residuals of the model" in log.warnings[0]


def test_frames_have_an_anatomy_because_slicer_ends_without() -> None:
    source = common()
    source.BodyPartExamined = "BRAIN"
    (ds,) = made(Volume(values(), OBLIQUE), common=source)
    anatomy = ds.SharedFunctionalGroupsSequence[0].FrameAnatomySequence[0]
    assert (anatomy.FrameLaterality, anatomy.AnatomicRegionSequence[0].CodeValue) == ("U", "12738006")


def test_every_code_of_the_table_is_the_one_that_pydicom_has() -> None:
    from pydicom.sr._concepts_dict import concepts

    from nifti_dicom_bridge.formats.dicom.created import quantities

    known = {(scheme, value) for scheme, found in concepts.items() for meanings in found.values() for value in meanings}
    table = quantities._table()
    rows = [row["code"] for kind in ("quantities", "units") for row in table[kind]] + list(table["body_parts"].values())
    composed = {"kBq/ml", "ml/min/ml", "ml/ml"}  # of units of UCUM; not in a context group
    assert {row[0] for row in rows if (row[1], row[0]) not in known} == composed


@pytest.mark.parametrize("dtype", ["c8", "u1"])
def test_complex_numbers_and_colors_are_refused(dtype: str) -> None:
    voxels = np.zeros((1, 2, 3, 4), "c8") if dtype == "c8" else np.zeros((1, 2, 3, 4, 3), "u1")
    with pytest.raises(PixelError):
        made(Volume(voxels, OBLIQUE))


def test_an_edited_map_has_its_mapped_range_in_one_form(round_trip: RoundTrip) -> None:
    """PS3.3 C.7.6.16.2.11: integers, or floating-point numbers."""
    round_trip.dicom.mkdir()
    (ds,) = made(Volume(values(), OBLIQUE))
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    del mapping.DoubleFloatRealWorldValueFirstValueMapped, mapping.DoubleFloatRealWorldValueLastValueMapped
    mapping.add_new("RealWorldValueFirstValueMapped", "US", 0)
    mapping.add_new("RealWorldValueLastValueMapped", "US", 1000)
    ds.save_as(round_trip.dicom / "pm.dcm", enforce_file_format=True)
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata(dtype=np.float32) * 2, image.affine))
    round_trip.home(NEW)

    (derived,) = round_trip.returned()
    mapping = derived.PerFrameFunctionalGroupsSequence[0].get("RealWorldValueMappingSequence")
    mapping = (mapping or derived.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence)[0]
    assert "RealWorldValueFirstValueMapped" not in mapping
    assert mapping.DoubleFloatRealWorldValueFirstValueMapped < 0
    assert mapping.DoubleFloatRealWorldValueLastValueMapped == 1000


@pytest.mark.parametrize("other", [np.nan, np.inf])
def test_an_edited_map_with_other_voxels_than_numbers_has_a_valid_window_and_the_range_of_its_numbers(
    other: float, round_trip: RoundTrip
) -> None:
    round_trip.dicom.mkdir()
    saved(round_trip.dicom / "pm.dcm", Volume(values(), OBLIQUE))
    round_trip.forth()

    def edited(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        voxels = image.get_fdata(dtype=np.float32) * 2
        voxels[0] = other
        return nibabel.Nifti1Image(voxels, image.affine)

    round_trip.edit_image(edited)
    (entry,) = round_trip.home(NEW).entries
    (derived,) = round_trip.returned()
    groups = derived.SharedFunctionalGroupsSequence[0], derived.PerFrameFunctionalGroupsSequence[0]
    (mapping,) = (item.RealWorldValueMappingSequence[0] for item in groups if "RealWorldValueMappingSequence" in item)

    assert not [text for text in entry.log.warnings if "not valid" in text]
    assert mapping.DoubleFloatRealWorldValueLastValueMapped >= 2 * values()[..., 1:].max()
