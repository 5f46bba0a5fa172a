"""What is next to an image or in an original and has no place in the new object: written, or reported."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Kind, Target, convert, read, to_nifti
from phantoms.base import PET, ramp, save, slices
from support.round_trip import RoundTrip

TIMES = 3


def saved(folder: Path, step: float = 2.0, unit: str = "sec", dtype: str = "int16", first: int = 0) -> Path:
    """Write a 4D image without a sidecar."""
    folder.mkdir(parents=True, exist_ok=True)
    voxels = first + np.arange(5 * 4 * 2 * TIMES, dtype="int64").reshape(5, 4, 2, TIMES)
    image = nibabel.Nifti1Image(voxels.astype(dtype), np.diag([2.0, 2.0, 3.0, 1.0]), dtype=dtype)
    image.header.set_xyzt_units("mm", unit)
    image.header.set_zooms((2, 2, 3, step))
    nibabel.save(image, folder / "a.nii")
    return folder / "a.nii"


def to_dicom(source: Path, folder: Path, kind: Kind = Kind.MR) -> ConversionReport:
    return convert(Job([source], folder, ConversionOptions(Target.DICOM, kind=kind)))


def warnings(report: ConversionReport) -> str:
    (entry,) = report.entries
    return " ".join(entry.log.warnings)


def test_b_values_without_directions_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".bval").write_text("0 1000 2000\n")

    assert "a.bval is not used, because there is no .bvec file" in warnings(to_dicom(path, tmp_path / "out"))


def test_directions_without_b_values_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".bvec").write_text("0 1 0\n0 0 1\n0 0 0\n")

    assert "a.bvec is not used, because there is no .bval file" in warnings(to_dicom(path, tmp_path / "out"))
    (volume,) = read(path, with_gradients=True)
    assert "a.bvec is not used, because there is no .bval file" in volume.warnings[0]


@pytest.mark.parametrize("ending", [".bval", ".bvec"])
def test_a_file_of_gradients_that_lost_the_other_is_named_though_the_record_has_both(tmp_path: Path, ending: str) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".bval").write_text("0 1000 2000\n")
    path.with_suffix(".bvec").write_text("0 1 0\n0 0 1\n0 0 0\n")
    to_dicom(path, tmp_path / "dicom")
    to_nifti(tmp_path / "dicom", tmp_path / "nifti")
    (lost,) = (tmp_path / "nifti").glob("*" + ending)
    lost.unlink()

    report = convert(Job([tmp_path / "nifti"], tmp_path / "back", ConversionOptions(Target.DICOM)))

    assert f"there is no {ending} file" in warnings(report)
    assert "The DICOM keeps its own" in warnings(report)


TABLE = "# command_history: mrconvert a.mif a.nii\n0 0 0 0\n0.6 0 0.8 1000\n0 -1 0 2000\n"


def test_a_gradient_table_of_mrtrix_is_along_the_axes_of_the_patient(tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".b").write_text(TABLE)

    to_dicom(path, tmp_path / "out")
    (volume,) = read(tmp_path / "out", with_gradients=True)

    assert np.allclose(volume.gradients, [[0, 0, 0, 0], [1000, 0.6, 0, 0.8], [2000, 0, -1, 0]], atol=1e-6)


def test_files_of_fsl_count_before_the_table_of_mrtrix(tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".b").write_text(TABLE)
    path.with_suffix(".bval").write_text("0 500 500\n")
    path.with_suffix(".bvec").write_text("0 1 0\n0 0 1\n0 0 0\n")

    (volume,) = read(path, with_gradients=True)

    assert volume.gradients[:, 0].tolist() == [0, 500, 500]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("0 0 0 0\n1 0 0 1000\n", "a row of four numbers"),
        ("0 0 0\n1 0 0\n0 1 0\n", "a row of four numbers"),
        ("0 0 0 0\n1 0 0 -5\n0 1 0 1000\n", "b-value 2 is -5"),
        ("0 0 0 0\n3 0 0 1000\n0 1 0 1000\n", "a unit vector was expected"),
    ],
)
def test_a_table_of_mrtrix_that_does_not_fit_is_refused(tmp_path: Path, table: str, words: str) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".b").write_text(table)

    report = to_dicom(path, tmp_path / "out")

    assert words in report.entries[0].error


def test_directions_in_rows_are_known_by_their_lengths(tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".bval").write_text("0 1000 1000\n")
    path.with_suffix(".bvec").write_text("0 0 0\n1 0 0\n0 1 0\n")

    to_dicom(path, tmp_path / "out")
    (volume,) = read(tmp_path / "out", with_gradients=True)

    assert np.abs(volume.gradients[:, 1:]).tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("b_values", "directions", "words"),
    [
        ("0 -1000 1000", "0 1 0\n0 0 1\n0 0 0\n", "b-value 2 is -1000"),
        ("0 3000 3000", "0 1 0\n0 0 0.58\n0 0 0\n", "direction 3 has length 0.58"),
    ],
)
def test_tables_whose_b_values_are_in_doubt_are_refused(b_values: str, directions: str, words: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".bval").write_text(b_values)
    path.with_suffix(".bvec").write_text(directions)

    (entry,) = to_dicom(path, tmp_path / "out").entries

    assert words in entry.error


def test_tables_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".bval").write_text("0 1000 1000\n", encoding="utf-8-sig")
    path.with_suffix(".bvec").write_text("0 1 0\n0 0 1\n0 0 0\n", encoding="utf-8-sig")

    to_dicom(path, tmp_path / "out")
    (volume,) = read(tmp_path / "out", with_gradients=True)

    assert volume.gradients[:, 0].tolist() == [0, 1000, 1000]


@pytest.mark.parametrize(("unit", "step", "seconds"), [("sec", 2.5, 2.5), ("msec", 2500, 2.5), ("usec", 2.5e6, 2.5)])
def test_the_time_step_of_a_header_returns(unit: str, step: float, seconds: float, tmp_path: Path) -> None:
    to_dicom(saved(tmp_path / "in", step, unit), tmp_path / "out")
    (volume,) = read(tmp_path / "out")

    assert volume.time_step_s == pytest.approx(seconds)


@pytest.mark.parametrize("kind", ["pet", "ct", "enhanced-mr", "enhanced-ct", "enhanced-pet"])
def test_the_time_step_returns_of_every_kind(kind: str, tmp_path: Path) -> None:
    to_dicom(saved(tmp_path / "in", 2.5, "sec"), tmp_path / "out", kind=kind)
    (volume,) = read(tmp_path / "out")

    assert volume.time_step_s == pytest.approx(2.5)


@pytest.mark.parametrize(("keys", "step_ms"), [
    ({"VolumeTiming": [0, 2, 5], "AcquisitionDuration": 1.5}, None),
    ({"VolumeTiming": [0, 3, 6], "AcquisitionDuration": 1.5}, 3000),
    ({}, 2000),
])  # fmt: skip
def test_volumes_have_a_temporal_resolution_only_if_they_are_even(keys: dict, step_ms: float | None, tmp_path: Path) -> None:
    path = saved(tmp_path / "in")
    path.with_suffix(".json").write_text(json.dumps(keys))
    to_dicom(path, tmp_path / "out")

    assert {pydicom.dcmread(file).get("TemporalResolution") for file in (tmp_path / "out").rglob("*.dcm")} == {step_ms}


def test_frames_of_pet_that_vary_do_not_last_as_long_as_the_step_of_the_header(tmp_path: Path) -> None:
    """Many tools write 1 there, where they know no time."""
    path = saved(tmp_path / "in", 1.0)
    path.with_suffix(".json").write_text(json.dumps({"FrameTimesStart": [0, 10, 30]}))
    to_dicom(path, tmp_path / "out", Kind.PET)

    found = [pydicom.dcmread(file) for file in (tmp_path / "out").rglob("*.dcm")]
    assert {ds.get("ActualFrameDuration") for ds in found} == {None}
    assert {float(ds.FrameReferenceTime) for ds in found} == {0, 10000, 30000}


@pytest.mark.parametrize("key", ["RepetitionTimeExcitation", "RepetitionTimeInversion"])
@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_repetition_time_of_dicom_is_that_of_excitations(key: str, kind: Kind, tmp_path: Path) -> None:
    path = saved(tmp_path / "in", 10.0)
    path.with_suffix(".json").write_text(json.dumps({"RepetitionTime": 10, key: 0.004, "ScanningSequence": "IR"}))
    to_dicom(path, tmp_path / "out", kind)
    convert(Job([tmp_path / "out"], tmp_path / "back", ConversionOptions(Target.NIFTI)))

    first = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    repetition_times = [float(element.value) for element in first.iterall() if element.keyword == "RepetitionTime"]
    assert repetition_times == [4]
    (sidecar,) = (tmp_path / "back").glob("*.json")
    keys = json.loads(sidecar.read_text("utf-8"))
    assert (keys["RepetitionTime"], keys[key]) == (10, 0.004)


@pytest.mark.parametrize(("keys", "ms"), [
    ({"RepetitionTimeExcitation": 0}, 10000), ({"RepetitionTimeExcitation": None}, 10000),
    ({"RepetitionTimeExcitation": "n/a"}, 10000), ({"RepetitionTimeExcitation": 0.01, "RepetitionTimeInversion": 2}, 10),
    ({"RepetitionTimeExcitation": 0.01, "RepetitionTimeInversion": 2, "ScanningSequence": "IR"}, 2000),
])  # fmt: skip
def test_one_repetition_time_of_several_is_that_of_dicom_and_all_return(keys: dict, ms: float, tmp_path: Path) -> None:
    path = saved(tmp_path / "in", 10.0)
    path.with_suffix(".json").write_text(json.dumps({"RepetitionTime": 10, **keys}))
    to_dicom(path, tmp_path / "out")
    to_nifti(tmp_path / "out", tmp_path / "back")

    assert pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm"))).RepetitionTime == ms
    back = json.loads(next((tmp_path / "back").glob("*.json")).read_text("utf-8"))
    assert {key: back[key] for key in ("RepetitionTime", *keys) if keys.get(key) != "n/a" and keys.get(key, 1)} == {
        key: value for key, value in {"RepetitionTime": 10, **keys}.items() if value and value != "n/a"
    }


def test_a_time_step_that_cannot_be_seconds_is_questioned(tmp_path: Path) -> None:
    report = to_dicom(saved(tmp_path / "in", 2500, "sec"), tmp_path / "out")

    assert "according to its header, volumes are 2500 s apart: is it in milliseconds?" in warnings(report)


@pytest.mark.parametrize("extended", [True, False], ids=["extended precision", "double precision only"])
@pytest.mark.parametrize("first", [-(2**62), 2**62])
def test_64_bit_integers_that_no_float_holds_are_refused_as_parametric_map(
    first: int, extended: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows and Macs have no extended precision."""
    if not extended:
        monkeypatch.setattr(np, "longdouble", np.float64)

    report = to_dicom(saved(tmp_path / "in", dtype="int64", first=first), tmp_path / "out", Kind.PM)

    assert "In double precision a value would change" in report.entries[0].error


def test_labels_above_those_of_dicom_are_renumbered_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "in" / "a_dseg.nii"
    path.parent.mkdir()
    labels = np.zeros((5, 4, 2), "int32")
    labels[1:3] = 70000
    nibabel.save(nibabel.Nifti1Image(labels, np.diag([2.0, 2.0, 3.0, 1.0])), path)

    assert "label 70000 is above 65535" in warnings(to_dicom(path, tmp_path / "out", Kind.SEG))


@pytest.mark.parametrize("kind", [Kind.ENHANCED_PET, Kind.SC])
def test_scales_of_philips_pet_are_kept_or_named(kind: Kind, round_trip: RoundTrip) -> None:
    found = slices(ramp(3, 4, 5), PET)
    for ds in found:
        ds.Manufacturer, ds.Units, ds.RescaleSlope, ds.RescaleIntercept = "Philips Medical Systems", "CNTS", "2", "0"
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.000123")
        block.add_new(0x09, "DS", "3.5")
    save(round_trip.dicom, found)

    report = to_dicom(round_trip.dicom, round_trip.back, kind)
    (ds, *_) = (pydicom.dcmread(path) for path in sorted(round_trip.back.rglob("*.dcm")))

    if kind is Kind.SC:
        assert "SUV Scale Factor (7053,xx00)" in warnings(report)
    else:
        assert (ds[0x70531000].value, ds[0x70531009].value) == (pytest.approx(0.000123), pytest.approx(3.5))
