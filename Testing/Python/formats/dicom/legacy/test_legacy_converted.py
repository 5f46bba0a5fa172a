"""Legacy Converted Enhanced objects contain what the objects contained that they were made of: to us, as DICOM and as NIfTI."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Kind, Outcome, Target, convert
from nifti_dicom_bridge.formats.dicom.legacy import sources
from phantoms import ramp, save, slices, vendors
from phantoms.base import MR
from support.dciodvfy import facts_of_dciodvfy
from support.nonempty import some
from support.paths import SHARED
from support.round_trip import RoundTrip

OF_THE_OBJECT = {"NiftiDicomBridge", "SeriesInstanceUID"}
DIRECTIONS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.6, 0.8), (0.0, -0.8, 0.6), (0.6, 0.0, -0.8)]


def diffusion(maker: str, block: dict[str, Any]) -> list[Dataset]:
    """Return a series of one volume for each direction, which the private elements of its manufacturer specify."""
    found = vendors.dynamic(maker, 2.0)
    for n, ds in enumerate(found):
        direction = DIRECTIONS[n // vendors.SHAPE[0]]
        for (group, creator), elements in block.items():
            values = {number: (vr, value(direction)) for number, (vr, value) in elements.items()}
            vendors.add_private([ds], group, creator, values)
    return found


def precise() -> list[Dataset]:
    """Return an image of Philips whose display's slope is not the precise one."""
    found = vendors.philips()
    for ds in found:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "2", "0", "normalized"
    return vendors.add_private(found, 0x2005, "Philips MR Imaging DD 001", {0x0E: ("FL", 0.125)})


def b_value(direction: tuple[float, ...]) -> float:
    return 1000.0 if any(direction) else 0.0


SERIES: dict[str, Callable[[], list[Dataset]]] = {
    "4D, a volume in 2.5 s": lambda: vendors.dynamic("SIEMENS", 2.5),
    "GE": vendors.ge,
    "precise slopes of Philips": precise,
    "PET": lambda: vendors.pet("SIEMENS", SpacingBetweenSlices="2.5"),
    "diffusion of GE": lambda: diffusion("GE MEDICAL SYSTEMS", {
        (0x0043, "GEMS_PARM_01"): {0x39: ("IS", lambda d: [int(b_value(d)), 8, 0, 0])},
        (0x0019, "GEMS_ACQU_01"): {0xBB + n: ("DS", lambda d, n=n: str(d[n])) for n in range(3)},
    }),
    "diffusion of Siemens": lambda: diffusion("SIEMENS", {
        (0x0019, "SIEMENS MR HEADER"): {0x0C: ("IS", lambda d: int(b_value(d))), 0x0E: ("FD", list)},
    }),
    "diffusion of Philips": lambda: diffusion("Philips Medical Systems", {
        (0x2001, "Philips Imaging DD 001"): {0x03: ("FL", b_value)},
        (0x2005, "Philips MR Imaging DD 001"): {0xB0 + n: ("FL", lambda d, n=n: d[n]) for n in range(3)},
    }),
}  # fmt: skip


def to_legacy(source: Path, folder: Path) -> ConversionReport:
    report = convert(Job([source], folder, ConversionOptions(Target.DICOM, kind=Kind.LEGACY)))
    assert {entry.outcome for entry in report.entries} <= {Outcome.CONVERTED, Outcome.SKIPPED}, report.entries[0].error
    return report


def to_nifti(source: Path, folder: Path) -> dict[str, Path]:
    convert(Job([source], folder, ConversionOptions(Target.NIFTI)))
    return {path.name.partition(".")[0]: path for path in folder.rglob("*.nii.gz")}


def keys_of(image: Path) -> dict[str, Any]:
    top = json.loads(image.with_name(image.name.replace(".nii.gz", ".json")).read_text("utf-8"))
    return {key: value for key, value in top.items() if key not in OF_THE_OBJECT}


def table_of(image: Path, ending: str) -> list[float] | None:
    path = image.with_name(image.name.replace(".nii.gz", ending))
    return np.loadtxt(path).ravel().tolist() if path.exists() else None


def check_same(before: dict[str, Path], now: dict[str, Path]) -> None:
    assert set(now) == set(before)
    for name, image in before.items():
        old, new = nibabel.load(image), nibabel.load(now[name])
        assert keys_of(now[name]) == keys_of(image)
        assert new.header.get_zooms() == old.header.get_zooms()
        np.testing.assert_array_equal(new.get_fdata(), old.get_fdata())
        for ending in (".bval", ".bvec"):
            assert table_of(now[name], ending) == table_of(image, ending)


@pytest.mark.slow
@pytest.mark.parametrize("series", SERIES)
def test_nifti_of_the_object_is_that_of_its_originals(series: str, round_trip: RoundTrip) -> None:
    save(round_trip.dicom, SERIES[series]())

    to_legacy(round_trip.dicom, round_trip.back)

    before = to_nifti(round_trip.dicom, round_trip.nifti)
    check_same(before, to_nifti(round_trip.back, round_trip.folder / "again"))
    assert all((table_of(image, ".bval") is not None) == ("diffusion" in series) for image in some(before.values()))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mr-ge-dwi", "mr-ge-fmri-4d", "mr-philips-asl-slopes", "mr-siemens-fieldmap"])
def test_nifti_of_real_series_is_that_of_the_originals(case: str, round_trip: RoundTrip) -> None:
    source = SHARED / case / "dicom"
    if not source.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")

    to_legacy(source, round_trip.back)

    before, now = to_nifti(source, round_trip.nifti), to_nifti(round_trip.back, round_trip.folder / "again")
    if case == "mr-siemens-fieldmap":  # echoes of one series became objects of their own: their names do not contain an echo
        before = {name.partition("_echo")[0]: path for name, path in before.items() if "echo7" not in name}
        now = {name: path for name, path in now.items() if name in before}
    check_same(before, now)


def test_the_four_values_of_image_type_do_not_hide_the_others(round_trip: RoundTrip) -> None:
    words = ["ORIGINAL", "PRIMARY", "P", "ND", "NORM", "DIS2D"]
    save(round_trip.dicom, vendors.mr("SIEMENS", ImageType=words))

    to_legacy(round_trip.dicom, round_trip.back)

    (path,) = round_trip.back.rglob("*.dcm")
    assert list(pydicom.dcmread(path).ImageType) == ["ORIGINAL", "PRIMARY", "P", "NONE"]
    (image,) = to_nifti(round_trip.back, round_trip.nifti).values()
    assert keys_of(image)["ImageType"] == [*words, "PHASE"]
    assert facts_of_dciodvfy(path) == set()


def test_bits_are_those_that_mr_of_several_frames_may_have(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, vendors.mr("SIEMENS", BitsStored=15, HighBit=14))

    to_legacy(round_trip.dicom, round_trip.back)

    (path,) = round_trip.back.rglob("*.dcm")
    assert pydicom.dcmread(path).BitsStored == 16
    assert facts_of_dciodvfy(path) == set()


def test_every_frame_has_its_position_though_all_are_at_one_place(round_trip: RoundTrip) -> None:
    one_slice = vendors.dynamic("SIEMENS", 2.5)[:: vendors.SHAPE[0]]
    save(round_trip.dicom, one_slice)

    to_legacy(round_trip.dicom, round_trip.back)

    (path,) = round_trip.back.rglob("*.dcm")
    assert all("PlanePositionSequence" in frame for frame in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence)


def test_duration_is_in_milliseconds(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, vendors.mr("SIEMENS", AcquisitionDuration=120.5))

    to_legacy(round_trip.dicom, round_trip.back)

    (path,) = round_trip.back.rglob("*.dcm")
    contents = [frame.FrameContentSequence[0] for frame in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence]
    assert {content.FrameAcquisitionDuration for content in contents} == {120500}


@pytest.mark.parametrize("is_full", [False, True])
def test_frames_of_an_odd_number_of_bytes_follow_each_other(
    is_full: bool, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = slices(ramp(3, 5, 3, dtype="u1"), MR)
    save(round_trip.dicom, originals)
    if is_full:
        monkeypatch.setattr(sources, "temporary_file", lambda write: write(io.BytesIO()))

    (entry,) = to_legacy(round_trip.dicom, round_trip.back).entries

    (path,) = round_trip.back.rglob("*.dcm")
    assert np.array_equal(pydicom.dcmread(path).pixel_array, [ds.pixel_array for ds in originals])
    assert len(set(entry.log.notes)) == len(entry.log.notes)


def test_private_elements_without_creator_do_not_vanish_in_silence(round_trip: RoundTrip) -> None:
    sources = vendors.mr("SIEMENS")
    for ds in sources:
        ds.add_new(0x00291020, "UN", b"nameless")
    save(round_trip.dicom, sources)

    (entry,) = to_legacy(round_trip.dicom, round_trip.back).entries

    assert "1 private attributes stay behind: their private creators are missing" in entry.log.warnings


@pytest.mark.slow
def test_object_becomes_classic_with_what_its_originals_specified(round_trip: RoundTrip) -> None:
    sources = vendors.dynamic("SIEMENS", 2.5)
    save(round_trip.dicom, sources)
    to_legacy(round_trip.dicom, round_trip.nifti)

    convert(Job([round_trip.nifti], round_trip.back, ConversionOptions(Target.DICOM, kind=Kind.CLASSIC)))

    words = ("EchoTime", "RepetitionTime", "FlipAngle", "AcquisitionTime", "ReceiveCoilName", "BodyPartExamined")
    stated = [[str(ds.get(word)) for word in words] for ds in round_trip.returned()]
    assert stated == [[str(ds.get(word)) for word in words] for ds in sources]
    assert all(facts_of_dciodvfy(path) == set() for path in round_trip.back.rglob("*.dcm"))
