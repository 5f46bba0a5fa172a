"""Fields of NIfTI headers next to size, place and scale: order of slices, axes of encoding, displayed values, start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Entry, Job, Kind, Target, Volume, convert
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.nifti.slice_order import code_of, order_of, times_of


def made(
    folder: Path,
    kind: Kind,
    shape: tuple[int, ...] = (5, 6, 4, 3),
    units: str = "sec",
    choices: dict[str, Any] | None = None,
    **fields: Any,
) -> tuple[Entry, list[pydicom.Dataset]]:
    """Return the entry and the instances of an image whose header has some fields."""
    voxels = np.arange(np.prod(shape), dtype="i2").reshape(shape, order="F")
    image = nibabel.Nifti1Image(voxels, np.diag([2.0, 2, 3, 1]))
    image.header.set_xyzt_units("mm", units)
    image.header["pixdim"][4] = 2.0 if units == "sec" else 2000.0
    for name, value in fields.items():
        image.header[name] = value
    nibabel.save(image, folder / "scan_bold.nii")
    options = ConversionOptions(Target.DICOM, kind=kind, **(choices or {}))
    (entry,) = convert(Job([folder / "scan_bold.nii"], folder / "out", options)).entries
    files = [pydicom.dcmread(path) for path in sorted((folder / "out").rglob("*.dcm"))]
    return entry, sorted(files, key=lambda ds: int(ds.InstanceNumber))


# --- the order of slices ----------------------------------------------------------------------------------------------

ORDERS = {
    1: [0, 1, 2, 3, 4],
    2: [4, 3, 2, 1, 0],
    3: [0, 2, 4, 1, 3],
    4: [4, 2, 0, 3, 1],
    5: [1, 3, 0, 2, 4],
    6: [3, 1, 4, 2, 0],
}


@pytest.mark.parametrize("code", ORDERS)
def test_the_orders_of_slices_are_those_of_nifti(code: int) -> None:
    header = nibabel.Nifti1Header()
    header.set_data_shape((4, 4, 5, 2))
    header["slice_code"], header["slice_duration"], header["slice_end"] = code, 0.5, 4
    header.set_dim_info(slice=2)
    times = times_of(code, 0.5, 5)

    assert order_of(code, 5) == ORDERS[code]
    assert times == list(header.get_slice_times())
    assert code_of(times) == (code, 0.5)


@pytest.mark.parametrize("times", [[0.0, 0.5, 0.0, 0.5], [0.0, 0.1, 0.2, 1.0], [0.0], [], [0.0, 0.0]])
def test_other_orders_have_no_code(times: list[float]) -> None:
    assert code_of(times) == (0, 0.0)


def test_times_rounded_by_a_scanner_have_a_code() -> None:
    assert code_of([0.0, 1.0125, 0.5075, 1.5225]) == (3, pytest.approx(0.5075))


def test_slices_have_the_times_that_the_header_specifies(tmp_path: Path) -> None:
    (tmp_path / "scan_bold.json").write_text('{"Modality": "MR", "AcquisitionTime": "10:00:00.000000"}')
    _, files = made(tmp_path, Kind.MR, units="msec", slice_code=2, slice_duration=500.0, slice_end=3)

    assert [str(ds.AcquisitionTime)[:8] for ds in files[:5]] == ["100001.5", "100001.0", "100000.5", "100000.0", "100003.5"]


@pytest.mark.parametrize(
    "fields",
    [{"slice_code": 3}, {"slice_code": 9, "slice_duration": 0.5}, {"slice_code": 1, "slice_duration": np.nan},
     {"slice_code": 1, "slice_duration": 0.5, "slice_start": 1}, {"slice_code": 1, "slice_duration": 0.5, "dim_info": 1 << 4}],
)  # fmt: skip
def test_incomplete_orders_are_not_used(fields: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "scan_bold.json").write_text('{"Modality": "MR", "AcquisitionTime": "10:00:00.000000"}')
    entry, files = made(tmp_path, Kind.MR, **fields)

    assert entry.error == ""
    assert {str(ds.AcquisitionTime)[:8] for ds in files[:4]} == {"100000.0"}


def test_a_header_with_an_order_is_not_a_sidecar(tmp_path: Path) -> None:
    entry, _ = made(tmp_path, Kind.MR, slice_code=1, slice_duration=0.5)
    assert any("no sidecar found" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize("columns", [8, 40000])
def test_order_and_axes_are_written(columns: int, tmp_path: Path) -> None:
    volume = Volume(np.zeros((2, 4, 5, columns), np.int16), np.eye(4), time_step_s=2.0)
    nifti.write_image(volume, tmp_path / "a.nii", acquisition=nifti.Acquisition((0.0, 1.0, 0.5, 1.5), 1))
    header = nibabel.load(tmp_path / "a.nii").header

    assert header.get_dim_info() == (0, 1, 2)
    assert header.get_slice_times() == (0.0, 1.0, 0.5, 1.5)
    assert (header["slice_start"], header["slice_end"], header["xyzt_units"]) == (0, 3, 10)


# --- displayed values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR, Kind.PM])
def test_the_range_of_the_header_is_the_window(kind: Kind, tmp_path: Path) -> None:
    _, (ds, *_) = made(tmp_path, kind, (5, 6, 4), cal_min=20.0, cal_max=80.0)
    if kind is not Kind.MR:
        (ds,) = ds.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence
    assert (float(ds.WindowCenter), float(ds.WindowWidth)) == (50, 60)


def test_a_window_that_is_set_comes_first(tmp_path: Path) -> None:
    choices = {"set_values": {"WindowCenter": "7", "WindowWidth": "9"}}
    _, (ds, *_) = made(tmp_path, Kind.MR, (5, 6, 4), choices=choices, cal_min=20.0, cal_max=80.0)
    assert (ds.WindowCenter, ds.WindowWidth) == (7, 9)


@pytest.mark.parametrize(
    "shown", [(0.0, 0.0), (5.0, 5.0), (80.0, 20.0), (500.0, 900.0), (0.0, 1e5), (10.0, 10.5), (np.nan, 4.0)]
)
def test_a_range_that_does_not_fit_the_values_is_not_used(shown: tuple[float, float], tmp_path: Path) -> None:
    _, (ds, *_) = made(tmp_path, Kind.MR, (5, 6, 4), cal_min=shown[0], cal_max=shown[1])
    assert (float(ds.WindowCenter), float(ds.WindowWidth)) == pytest.approx((59.5, 117.81))


# --- the start --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "offset"), [("sec", 60.0), ("msec", 60000.0)])
def test_dynamic_pet_begins_when_the_header_specifies(units: str, offset: float, tmp_path: Path) -> None:
    (tmp_path / "scan_bold.json").write_text('{"Modality": "PT", "Units": "Bq/mL"}')
    _, files = made(tmp_path, Kind.PET, units=units, toffset=offset)
    assert [float(ds.FrameReferenceTime) for ds in files[::4]] == [61000, 63000, 65000]
