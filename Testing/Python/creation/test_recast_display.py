"""Objects of another kind keep window, padding, lookup table and private scale, or the report contains the change."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Kind, Target, convert, read
from phantoms import slices
from phantoms.base import CT, MR, PET, ramp, save
from support.dciodvfy import facts_of_dciodvfy
from support.round_trip import RoundTrip

SINGLE = [Kind.SC]
MULTI = [Kind.ENHANCED, Kind.SC_MULTI]
CLASSES = [CT, MR]


def written(objects: list[Dataset], round_trip: RoundTrip, kind: Kind) -> tuple[ConversionReport, list[Dataset]]:
    """Convert a series to another kind; return the report and the valid new objects."""
    save(round_trip.dicom, objects)
    report = convert(Job([round_trip.dicom], round_trip.back, ConversionOptions(Target.DICOM, kind=kind)))
    assert [entry.error for entry in report.entries if entry.error] == []
    paths = sorted(round_trip.back.rglob("*.dcm"))
    assert [facts_of_dciodvfy(path) for path in paths] == [set()] * len(paths)
    before, now = read(round_trip.dicom), read(round_trip.back)
    np.testing.assert_allclose(now[0].real_values(), before[0].real_values(), rtol=1e-6)
    return report, [pydicom.dcmread(path) for path in paths]


def series(sop_class: str = CT, **attributes: object) -> list[Dataset]:
    found = slices(ramp(3, 4, 5), sop_class)
    for n, ds in enumerate(found):
        for keyword, value in attributes.items():
            setattr(ds, keyword, value[n] if isinstance(value, tuple) else value)
    return found


def windows(objects: list[Dataset]) -> list[tuple[object, object]]:
    """Return center and width of each frame."""
    found = []
    for ds in objects:
        shared = ds.get("SharedFunctionalGroupsSequence", [Dataset()])[0]
        for frame in ds.get("PerFrameFunctionalGroupsSequence", [Dataset()]):
            groups = frame.get("FrameVOILUTSequence") or shared.get("FrameVOILUTSequence") or [ds]
            found.append((groups[0].WindowCenter, groups[0].WindowWidth))
    return found


def said(report: ConversionReport, words: str) -> bool:
    return any(words in line for entry in report.entries for line in [*entry.log.warnings, *entry.log.notes])


@pytest.mark.parametrize("kind", [*SINGLE, *MULTI])
@pytest.mark.parametrize("sop_class", CLASSES)
@pytest.mark.parametrize("window", [(40, 400), ([40, -600], [400, 1500])])
def test_the_window_stays(window, sop_class, kind, round_trip):
    _, found = written(series(sop_class, WindowCenter=window[0], WindowWidth=window[1]), round_trip, kind)
    assert windows(found) == [window] * 3


@pytest.mark.parametrize("kind", [*SINGLE, Kind.ENHANCED])
@pytest.mark.parametrize("sop_class", CLASSES)
def test_each_frame_keeps_its_own_window(sop_class, kind, round_trip):
    centers, widths = (10, 20, 30.5), (100, 200, 50.25)
    _, found = written(series(sop_class, WindowCenter=centers, WindowWidth=widths), round_trip, kind)
    assert windows(found) == list(zip(centers, widths, strict=True))


def test_one_window_for_several_is_reported(round_trip):
    report, _ = written(series(WindowCenter=(1, 2, 3), WindowWidth=100), round_trip, Kind.SC_MULTI)
    assert said(report, "windows differ between frames")


@pytest.mark.parametrize("kind", [*SINGLE, *MULTI])
@pytest.mark.parametrize("width", [0, -5, [10, 20]])
def test_a_window_that_is_not_valid_is_computed_anew_and_reported(width, kind, round_trip):
    report, found = written(series(WindowCenter=5, WindowWidth=width), round_trip, kind)
    assert said(report, "are not valid and were recomputed")
    assert all(width > 0 for _, width in windows(found))


@pytest.mark.parametrize("kind", [*SINGLE, *MULTI])
def test_function_and_explanation_of_a_window_stay_with_it(kind, round_trip):
    given = {"WindowCenter": 40, "WindowWidth": 0.5, "VOILUTFunction": "LINEAR_EXACT", "WindowCenterWidthExplanation": "BRAIN"}
    _, found = written(series(**given), round_trip, kind)
    assert {ds.VOILUTFunction for ds in (_group(one) for one in found)} == {"LINEAR_EXACT"}
    assert {ds.WindowCenterWidthExplanation for ds in (_group(one) for one in found)} == {"BRAIN"}


def _group(ds: Dataset) -> Dataset:
    shared = ds.get("SharedFunctionalGroupsSequence", [Dataset()])[0]
    return shared.get("FrameVOILUTSequence", [ds])[0]


def test_windows_of_frames_become_those_of_objects(round_trip):
    round_trip.make("enhanced_mr")
    (path,) = [path for path in round_trip.dicom.rglob("*") if path.is_file()]
    ds = pydicom.dcmread(path)
    for n, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        frame.FrameVOILUTSequence = [Dataset()]
        frame.FrameVOILUTSequence[0].WindowCenter, frame.FrameVOILUTSequence[0].WindowWidth = 100 + n, 50 + n
    ds.SharedFunctionalGroupsSequence[0].pop("FrameVOILUTSequence", None)
    ds.save_as(path)
    convert(Job([round_trip.dicom], round_trip.back, ConversionOptions(Target.DICOM, kind=Kind.CLASSIC)))
    found = [pydicom.dcmread(one) for one in sorted(round_trip.back.rglob("*.dcm"))]
    assert sorted((one.WindowCenter, one.WindowWidth) for one in found) == [(100 + n, 50 + n) for n in range(len(found))]


@pytest.mark.parametrize("kind", [*SINGLE, *MULTI])
@pytest.mark.parametrize("sop_class", CLASSES)
@pytest.mark.parametrize(("value", "limit"), [(-2000, None), (0, None), (50, 59)])
def test_padding_is_the_same_voxels(value, limit, sop_class, kind, round_trip):
    given = {"PixelPaddingValue": value} | ({} if limit is None else {"PixelPaddingRangeLimit": limit})
    objects = series(sop_class, **given)
    old = objects[0]
    slope, intercept = float(old.get("RescaleSlope", 1)), float(old.get("RescaleIntercept", 0))
    report, found = written(objects, round_trip, kind)
    ds = found[0]
    if "PixelPaddingValue" not in ds:
        assert said(report, "PixelPaddingValue (0028,0120) was left out")
        assert value == -2000  # no voxel has it, and unsigned pixels cannot
        return
    new_slope, new_intercept = _rescale(ds)
    assert ds.PixelPaddingValue * new_slope + new_intercept == value * slope + intercept
    assert ("PixelPaddingRangeLimit" in ds) == (limit is not None)


def _rescale(ds: Dataset) -> tuple[float, float]:
    shared = ds.get("SharedFunctionalGroupsSequence", [Dataset()])[0]
    group = shared.get("PixelValueTransformationSequence", [ds])[0]
    return float(group.get("RescaleSlope", 1)), float(group.get("RescaleIntercept", 0))


@pytest.mark.parametrize("kind", [*SINGLE, *MULTI])
def test_a_lookup_table_that_is_a_curve_is_kept_or_reported(kind, round_trip):
    objects = series(MR)
    for ds in objects:
        lut = Dataset()
        lut.LUTDescriptor, lut.ModalityLUTType, lut.LUTData = [60, 0, 16], "US", [n * n for n in range(60)]
        lut["LUTDescriptor"].VR, lut["LUTData"].VR = "US", "US"
        ds.ModalityLUTSequence = [lut]
    report, found = written(objects, round_trip, kind)
    kept = ["ModalityLUTSequence" in ds for ds in found]
    assert all(kept) if kind is Kind.SC else said(report, "ModalityLUTSequence (0028,3000) was left out")


def philips(scales: list[float]) -> list[Dataset]:
    """Return a series of Philips: displayed values have a slope of 2, precise ones one of 1 / scale."""
    rescale = {"RescaleSlope": "2", "RescaleIntercept": "-7", "RescaleType": "normalized"}
    found = series(MR, **rescale, Manufacturer="Philips", WindowCenter=30, WindowWidth=60)
    for ds, scale in zip(found, scales, strict=True):
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", scale)
    return found


@pytest.mark.parametrize("kind", [*SINGLE, Kind.ENHANCED])
def test_displayed_and_precise_values_of_philips_stay(kind, round_trip):
    _, found = written(philips([0.25] * 3), round_trip, kind)
    for ds in found:
        assert _rescale(ds) == (2, -7)
        assert ds.private_block(0x2005, "Philips MR Imaging DD 001")[0x0E].value == 0.25
    assert windows(found) == [(30, 60)] * 3


@pytest.mark.parametrize("kind", [*SINGLE, Kind.ENHANCED])
def test_scales_of_philips_that_differ_stay_or_are_reported(kind, round_trip):
    report, found = written(philips([0.25, 0.5, 0.125]), round_trip, kind)
    if kind is Kind.SC:
        assert [ds.private_block(0x2005, "Philips MR Imaging DD 001")[0x0E].value for ds in found] == [0.25, 0.5, 0.125]
        assert windows(found) == [(30, 60)] * 3
    else:
        assert said(report, "the scale of Philips differs between frames")
        assert windows(found) == [(60, 120), (30, 60), (120, 240)]


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.SC])
def test_slopes_of_slices_and_padding_stay_in_pet(kind, round_trip):
    objects = slices(ramp(3, 4, 5), PET)
    for n, ds in enumerate(objects):
        ds.Units, ds.RescaleSlope, ds.RescaleIntercept = "BQML", str(n + 1), "0"
        ds.DecayCorrection, ds.CountsSource = "NONE", "EMISSION"
        ds.PixelPaddingValue, ds.WindowCenter, ds.WindowWidth, ds.SeriesType = 0, 10 * (n + 1), 20, ["STATIC", "IMAGE"]
        ds.NumberOfSlices, ds.FrameReferenceTime, ds.ImageIndex, ds.ActualFrameDuration = 3, "0", n + 1, "1000"
    save(round_trip.dicom, objects)
    convert(Job([round_trip.dicom], round_trip.back, ConversionOptions(Target.DICOM, kind=kind)))
    found = [pydicom.dcmread(path) for path in sorted(round_trip.back.rglob("*.dcm"))]
    assert {ds.PixelPaddingValue for ds in found} == {0}
    assert windows(found) == [(10, 20), (20, 20), (30, 20)]
