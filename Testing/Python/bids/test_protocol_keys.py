"""Keys that protocols and private elements of Siemens and GE specify, or do not, in many values: as dcm2niix reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from phantoms import save, vendors
from support.oracles import dcm2niix_of, differences_from_dcm2niix, equals_dcm2niix
from support.round_trip import RoundTrip

KEYS = (
    "EchoTime1", "EchoTime2", "PartialFourier", "DiffusionScheme", "TablePosition", "MatrixCoilMode", "CoilCombinationMethod",
    "AveragesDouble", "ShimSetting", "CoilString", "ReceiveCoilActiveElements", "DwellTime", "Interpolation2D",
    "ParallelReductionFactorInPlane", "ConsistencyInfo", "DelayTime", "InternalPulseSequenceName", "TensorFileNumberGE",
    "DiffGradientCyclingGE", "NumberOfDiffusionDirectionGE", "NumberOfDiffusionT2GE",
)  # fmt: skip
SIEMENS_HEADER, SIEMENS_COIL = (0x0019, "SIEMENS MR HEADER"), (0x0051, "SIEMENS MR HEADER")
Elements = dict[int, tuple[str, Any]]


def siemens(protocol: str, where: tuple[int, str] = SIEMENS_HEADER, elements: Elements | None = None, **more: Any) -> Any:
    return lambda: vendors.add_private(vendors.siemens(protocol, **more), *where, elements or {})


def ge(acquisition: Elements, image_kind: int = 0, model: str = "SIGNA Premier") -> Callable[[], list[Dataset]]:
    """Return how a diffusion image of GE is made."""
    usual = {0x9C: ("LO", "epi2"), 0x9E: ("SH", "EPI2")}
    parameters = {0x30: ("SS", image_kind)} if image_kind else {}

    def make() -> list[Dataset]:
        found = vendors.mr("GE MEDICAL SYSTEMS", ManufacturerModelName=model)
        vendors.add_private(found, 0x0019, "GEMS_ACQU_01", {**usual, **acquisition})
        return vendors.add_private(found, 0x0043, "GEMS_PARM_01", parameters)

    return make


ECHOES = "alTE[0] = 4920\nalTE[1] = 7380"
PHASE, MAGNITUDE = ["ORIGINAL", "PRIMARY", "P", "ND"], ["ORIGINAL", "PRIMARY", "M", "ND"]
WEIGHTED: dict[str, Any] = {"DiffusionBValue": 1000.0}
CYCLING = [*product(("SIGNA Premier", "SIGNA UHP", "SIGNA MAGNUS"), (0, 2), (0.0, 0.72, 1.0)), ("Signa HDxt", 2, 0.72),
           *product(("SIGNA Premier",), (1, 3, 4), (0.5, 0.95))]  # fmt: skip
DIRECTIONS: Elements = {0xE0: ("DS", "16"), 0xDF: ("DS", "2")}
SERIES: dict[str, Callable[[], list[Dataset]]] = {
    "phase of two echoes": siemens(ECHOES, ImageType=PHASE),
    "phase of one echo": siemens("alTE[0] = 4920", ImageType=PHASE),
    "magnitude of two echoes": siemens(ECHOES, ImageType=MAGNITUDE),
    **{f"partial Fourier {n}": siemens(f"sKSpace.ucPhasePartialFourier = {n}") for n in (1, 2, 4, 8, 16, "0x2", "0x4")},
    **{f"diffusion scheme {n}": siemens(f"sDiffusion.dsScheme = {n}", **WEIGHTED) for n in (0, 1, 2)},
    **{f"readout mode {n}": siemens(f"ucReadOutMode = 0x{n}", **WEIGHTED) for n in (0, 1, 2, 3)},
    "scheme without b-value": siemens("sDiffusion.dsScheme = 1"),
    "scheme, private b-value": siemens("sDiffusion.dsScheme = 1", elements={0x0C: ("IS", "1000")}),
    "table of the header": siemens("a = 1", elements={0x14: ("IS", ["1", "-2", "30"])}),
    "table of the series": siemens("a = 1", (0x0021, "SIEMENS MR SDS 01"), {0x05: ("IS", ["1", "-2", "30"])}),
    **{f"mode of coils {n}": siemens(f"sPat.ucPATMode = {n}\nsPat.lAccelFactPE = 2") for n in (0, 1, 2, 3)},
    "mode of coils without factor": siemens("sPat.ucPATMode = 2"),
    **{f"combination {n}": siemens(f"ucCoilCombineMode = {n}") for n in (0, 1, 2, 3)},
    **{f"averages {n}": siemens(f"dAveragesDouble = {n}") for n in (0.5, 1.0, 1.5)},
    "first shim zero": siemens("sGRADSPEC.lOffsetX = 0\nsGRADSPEC.lOffsetY = 5"),
    "shims of old software": siemens("sGRADSPEC.lOffsetX = 3\nsGRADSPEC.lOffsetZ = -7\nsGRADSPEC.alShimCurrent[1] = 9"),
    "coil": siemens('sCoilSelectMeas.sCoilStringForConversion = "HE1-4"', SIEMENS_COIL, {0x0F: ("LO", "HEA;HEP")}),
    "coil with the name of its elements": siemens(
        'sCoilSelectMeas.sCoilStringForConversion = "HEA"', SIEMENS_COIL, {0x0F: ("LO", "HEA")}),
    **{f"factors {text}": siemens("a = 1", SIEMENS_COIL, {0x11: ("LO", text)}) for text in ("p2s3", "p2 s4", "s2")},
    "dwell time": siemens("lDelayTimeInTR = 5000", elements={0x18: ("IS", "3100")}),
    "baselines": siemens('sProtConsistencyInfo.tMeasuredBaselineString = "E"\nsProtConsistencyInfo.tBaselineString = "B"'),
    "interpolated": siemens("sKSpace.uc2DInterpolation = 0x1"),
    **{f"GE {name}": ge({0x9C: ("LO", name.lower()), 0x9E: ("SH", name)}) for name in ("EPI", "EPIRT", "3DFGRE")},
    **{f"cycling of {model}, {mode}, {derating}": ge({0xB3: ("DS", str(mode)), 0xB6: ("DS", str(derating))}, model=model)
       for model, mode, derating in CYCLING},
    **{f"directions of images {kind}": ge(DIRECTIONS, kind) for kind in (0, 14, 15, 16)},
    "table of directions": ge({0xB2: ("DS", "7")}),
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
def test_keys_are_those_of_dcm2niix(name: str, round_trip: RoundTrip, tmp_path: Path) -> None:
    save(round_trip.dicom, SERIES[name]())
    round_trip.forth()

    assert differences_from_dcm2niix(round_trip.sidecar(), round_trip.dicom, tmp_path, KEYS) == {}


@pytest.mark.parametrize("name", ["b0map", "research/B0map"])
def test_field_map_of_ge_has_its_unit_in_the_sidecar_as_it_is_read_as_one(name: str, round_trip: RoundTrip) -> None:
    found = ge({0x9C: ("LO", name)})()
    vendors.add_private(found, 0x0021, "GEMS_RELA_01", {0x4F: ("SS", len(found))})
    save(round_trip.dicom, found)
    round_trip.forth()

    assert json.loads(round_trip.sidecar().read_text("utf-8"))["Units"] == "Hz"


@pytest.mark.parametrize(
    ("name", "internal", "scale"), [("b0map", "B0map", -250.0), ("b0map", "B0map", 250.0), ("efgre3d", "3DFGRE", -250.0)]
)
def test_echo_times_of_a_field_map_of_ge_are_those_of_dcm2niix(
    name: str, internal: str, scale: float, round_trip: RoundTrip, tmp_path: Path
) -> None:
    """The first locations are the map, the others the magnitude."""
    found = vendors.mr("GE MEDICAL SYSTEMS", 4, ScanningSequence="GR", ImagesInAcquisition="8", EchoTime="4.5")
    vendors.add_private(found, 0x0019, "GEMS_ACQU_01", {0x9C: ("LO", name), 0x9E: ("SH", internal), 0xE2: ("DS", str(scale))})
    vendors.add_private(found, 0x0021, "GEMS_RELA_01", {0x4F: ("SS", 4)})
    save(round_trip.dicom, found)
    round_trip.forth()
    sidecar = dcm2niix_of(round_trip.dicom, tmp_path)
    ours, others = (json.loads(path.read_text("utf-8")) for path in (round_trip.sidecar(), sidecar))

    pairs = {key: (others.get(key), ours.get(key)) for key in ("EchoTime1", "EchoTime2", "Units")}
    assert {key: pair for key, pair in pairs.items() if not equals_dcm2niix(*pair)} == {}
    assert ("EchoTime2" in ours) == (name == "b0map" and scale < 0)
