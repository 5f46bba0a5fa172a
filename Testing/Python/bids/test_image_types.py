"""ImageType of the sidecar: of the frames of an image where an object has several kinds, and what is not a phase image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.bids.image_type import IMAGE_TYPE
from phantoms import save, vendors
from phantoms.base import uid
from phantoms.multiframe import enhanced, group
from support.round_trip import RoundTrip


def types_of(round_trip: RoundTrip, found: list[Dataset]) -> dict[str, list[str]]:
    """Return ImageType of the sidecars of the images that files become, by the end of their names."""
    save(round_trip.dicom, found)
    round_trip.forth()
    sidecars = {path: json.loads(path.read_text("utf-8")) for path in round_trip.nifti.glob("*.json")}
    return {_end(path): keys["ImageType"] for path, keys in sidecars.items()}


def _end(path: Path) -> str:
    return path.stem.removeprefix("1_series_1").removeprefix("_")


def of_frames(types: list[tuple[list[str], str]], **attributes: Any) -> Dataset:
    """Return an Enhanced MR object of images that have these FrameTypes and components."""
    ds = enhanced(len(types), 3)
    for n, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        words, component = types[n % len(types)]
        frame.MRImageFrameTypeSequence = [group(FrameType=["ORIGINAL", "PRIMARY", *words], ComplexImageComponent=component)]
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def test_components_of_one_object_are_those_of_its_frames(round_trip: RoundTrip) -> None:
    components = ["MAGNITUDE", "PHASE", "REAL", "IMAGINARY"]
    ds = of_frames([(["M", "NONE"], component) for component in components], ComplexImageComponent="MIXED")

    found = types_of(round_trip, [ds])

    assert found == {
        end: ["ORIGINAL", "PRIMARY", "M", "NONE", component]
        for end, component in zip(["", "phase", "real", "imaginary"], components, strict=True)
    }


def test_frame_types_count_where_those_of_one_object_differ(round_trip: RoundTrip) -> None:
    found = types_of(round_trip, [of_frames([(["DIXON", word], "MAGNITUDE") for word in ("WATER", "FAT", "IN_PHASE")])])

    assert found == {
        "water": ["ORIGINAL", "PRIMARY", "DIXON", "WATER", "MAGNITUDE"],
        "fat": ["ORIGINAL", "PRIMARY", "DIXON", "FAT", "MAGNITUDE"],
        "inphase": ["ORIGINAL", "PRIMARY", "DIXON", "IN", "PHASE", "MAGNITUDE"],
    }


def test_the_image_type_counts_where_all_frames_have_one_type(round_trip: RoundTrip) -> None:
    found = types_of(round_trip, [of_frames([(["T1", "NONE"], "MAGNITUDE")] * 2)])

    assert found == {"": ["ORIGINAL", "PRIMARY", "M", "NONE", "MAGNITUDE"]}


@pytest.mark.parametrize(("unit", "is_in_hz"), [("Hz", True), ("rad/s", False)])
def test_a_field_map_has_the_unit_that_its_frames_state(unit: str, is_in_hz: bool, round_trip: RoundTrip) -> None:
    ds = of_frames([(["T1", "M"], "MAGNITUDE"), (["T1", "FIELD_MAP"], "REAL")])
    for frame in ds.PerFrameFunctionalGroupsSequence[1::2]:
        code = group(CodeValue=unit, CodingSchemeDesignator="UCUM", CodeMeaning=unit)
        frame.RealWorldValueMappingSequence = [group(
            RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=4095, RealWorldValueIntercept=-500.0,
            RealWorldValueSlope=0.25, LUTLabel="Philips", MeasurementUnitsCodeSequence=[code],
        )]  # fmt: skip

    found = types_of(round_trip, [ds])

    (map_name,) = (name for name in found if "fieldmap" in name)
    keys = json.loads(next(round_trip.nifti.glob(f"*{map_name}.json")).read_text("utf-8"))
    assert ("FIELDMAPHZ" in found.pop(map_name), keys.get("Units")) == (is_in_hz, "Hz" if is_in_hz else None)
    assert all("FIELDMAPHZ" not in words for words in found.values())


@pytest.mark.parametrize("word", ["IN_PHASE", "OPP_PHASE", "OUT_OF_PHASE"])
def test_images_of_water_and_fat_are_no_phase_images(word: str, round_trip: RoundTrip) -> None:
    found = types_of(
        round_trip, vendors.mr("SIEMENS", ImageType=["DERIVED", "PRIMARY", "DIXON", word], SeriesInstanceUID=uid(1))
    )

    ((_, words),) = found.items()
    assert words == ["DERIVED", "PRIMARY", "DIXON", *word.split("_")]


def test_a_phase_image_is_one(round_trip: RoundTrip) -> None:
    ((_, words),) = types_of(round_trip, vendors.mr("SIEMENS", ImageType=["ORIGINAL", "PRIMARY", "PHASE MAP", "ND"])).items()

    assert words == ["ORIGINAL", "PRIMARY", "PHASE MAP", "ND", "PHASE"]


@pytest.mark.parametrize(("words", "written"), [
    (["ORIGINAL", "PRIMARY", "M", "NORM", "MAGNITUDE"], ["M", "NORM"]),
    (["ORIGINAL", "PRIMARY", "M", "NORM", "MAGNITUDE", "MAGNITUDE"], ["M", "NORM"]),
    (["ORIGINAL", "PRIMARY", "P", "ND", "PHASE"], ["P", "ND"]),
    (["ORIGINAL", "PRIMARY", "OTHER", "MAGNITUDE"], ["OTHER", "MAGNITUDE"]),
    (["ORIGINAL", "PRIMARY", "MAGNITUDE"], ["MAGNITUDE"]),
])  # fmt: skip
def test_the_component_that_dcm2niix_appends_does_not_go_into_the_dicom(words: list[str], written: list[str]) -> None:
    """Read again, it was there twice."""
    assert IMAGE_TYPE.to_dicom(words, 1.0)[2:] == written
