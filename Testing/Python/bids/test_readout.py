"""Echo spacing, readout time and acceleration of echo planar images, which distortion correction rests on: as of dcm2niix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from phantoms import save, vendors
from support.oracles import differences_from_dcm2niix
from support.round_trip import RoundTrip

KEYS = (
    "EffectiveEchoSpacing", "TotalReadoutTime", "DerivedVendorReportedEchoSpacing", "EstimatedEffectiveEchoSpacing",
    "EstimatedTotalReadoutTime", "BandwidthPerPixelPhaseEncode", "ReconMatrixPE", "AcquisitionMatrixPE", "PhaseEncodingSteps",
    "PhaseEncodingStepsNoPartialFourier", "PartialFourier", "PartialFourierEnabled", "ParallelReductionFactorInPlane",
    "CompressedSensingFactor", "EchoTrainLength", "WaterFatShift", "MultiEchoShots",
)  # fmt: skip
ROWS = {"InPlanePhaseEncodingDirection": "ROW", "AcquisitionMatrix": [40, 0, 0, 32]}


def siemens(protocol: str = "", bandwidth: float = 25.0, **attributes: Any) -> list[Dataset]:
    """Return an image with the bandwidth along the phase encoding axis, and a protocol if there is one."""
    found = vendors.siemens(protocol, **attributes) if protocol else vendors.mr("SIEMENS", **attributes)
    return vendors.add_private(found, 0x0019, "SIEMENS MR HEADER", {0x28: ("FD", bandwidth)})


def philips(elements: dict[int, tuple[str, Any]] | None = None, **attributes: Any) -> list[Dataset]:
    """Return an image with the water-fat shift and the EPI factor, some of which are other ones."""
    found = vendors.mr("Philips Medical Systems", ScanningSequence="GR", InversionTime="0", **attributes)
    usual = {0x13: ("SL", 33), 0x19: ("CS", "N"), 0x1B: ("FL", 250.0), 0x20: ("LO", "FEEPI"), 0x22: ("FL", 12.5)}
    return vendors.add_private(found, 0x2001, "Philips Imaging DD 001", {**usual, **(elements or {})})


def ge(spacing_us: int = 560, acceleration: tuple[str, str] = ("0.5", "1"), **attributes: Any) -> list[Dataset]:
    found = vendors.mr("GE MEDICAL SYSTEMS", **attributes)
    return vendors.add_private(found, 0x0043, "GEMS_PARM_01", {0x2C: ("SS", spacing_us), 0x83: ("DS", list(acceleration))})


def uih(factors: str = "F:2S", **attributes: Any) -> list[Dataset]:
    elements = {0x05: ("SH", "A->P"), 0x0D: ("SH", factors), 0x58: ("IS", "1")}
    return vendors.add_private(vendors.mr("UIH", **attributes), 0x0065, "Image Private Header", elements)


SERIES: dict[str, Callable[[], list[Dataset]]] = {
    "Siemens": siemens,
    "Siemens, rows": lambda: siemens(**ROWS),
    "Siemens, square": lambda: siemens(Rows=32, Columns=32),
    "Siemens, no bandwidth": lambda: siemens(bandwidth=0.0),
    **{f"Siemens, factor {p}": lambda p=p: siemens(f"sPat.lAccelFactPE = {p}\nsPat.ucPATMode = 2") for p in (1, 2, 3)},
    **{f"Siemens, oversampling {part}": lambda part=part:
       siemens(f"sKSpace.dPhaseOversamplingForDialog = {part}\nsPat.lAccelFactPE = 2") for part in (0.0, 0.25)},
    "Siemens, 3D in one pass": lambda: vendors.siemens_3d(1),
    "Siemens, 3D in two passes": lambda: vendors.siemens_3d(2),
    "Siemens, part of the lines": lambda: siemens(EchoTrainLength="12"),
    "Philips": philips,
    "Philips, rows": lambda: philips(**ROWS),
    "Philips, compressed": lambda: philips(ParallelAcquisitionTechnique="CSENSE", ParallelReductionFactorInPlane=4.0),
    "Philips, partial Fourier": lambda: philips({0x19: ("CS", "Y")}),
    "Philips, one echo": lambda: philips({0x13: ("SL", 1)}, EchoTrainLength="1"),
    "Philips, train without factor": lambda: philips({0x13: ("SL", 0)}, EchoTrainLength="31"),
    "Philips, no shift": lambda: philips({0x22: ("FL", 0.0)}),
    "GE": ge,
    "GE, rows": lambda: ge(**ROWS),
    "GE, no spacing": lambda: ge(0),
    "GE, not accelerated": lambda: ge(acceleration=("1", "1"), ParallelReductionFactorInPlane=1.0),
    "GE, accelerated twice": lambda: ge(acceleration=("0.333333", "0.5")),
    "GE, partial Fourier": lambda: ge(ScanOptions=["EPI_GEMS", "PFF"]),
    **{f"GE, {lines} lines": lambda lines=lines: ge(AcquisitionMatrix=[0, 40, lines, 0]) for lines in (31, 33, 63, 64)},
    "UIH": lambda: uih(AcquisitionDuration=25.5),
    "UIH, rows": lambda: uih("F:1.5S", AcquisitionDuration=25.5, ParallelReductionFactorInPlane=1.5, **ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
def test_readout_is_that_of_dcm2niix(name: str, round_trip: RoundTrip, tmp_path: Path) -> None:
    save(round_trip.dicom, SERIES[name]())
    round_trip.forth()

    assert differences_from_dcm2niix(round_trip.sidecar(), round_trip.dicom, tmp_path, KEYS) == {}


@pytest.mark.parametrize(("sequence", "duration_ms", "readout_s", "duration_s"), [
    ("EP", 25.5, 0.0255, None), ("EP", 190713, None, 190.713), ("GR", 190713, None, 190.713), ("GR", 800, None, None),
])  # fmt: skip
def test_the_duration_of_uih_is_that_of_a_train_of_epi_only(
    sequence: str, duration_ms: float, readout_s: float | None, duration_s: float | None, round_trip: RoundTrip
) -> None:
    save(round_trip.dicom, uih(ScanningSequence=sequence, AcquisitionDuration=duration_ms))
    round_trip.forth()
    keys = json.loads(round_trip.sidecar().read_text("utf-8"))

    assert (keys.get("TotalReadoutTime"), keys.get("AcquisitionDuration")) == (readout_s, duration_s)
