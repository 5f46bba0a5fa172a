"""Axis and polarity of phase encoding, which distortion correction rests on: as dcm2niix reads them, of every vendor."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.bids.phase_encoding import ge_header_polarity
from phantoms import ramp, save, slices, vendors
from phantoms.base import AXIAL, MR
from phantoms.series import CORONAL, OBLIQUE, SAGITTAL
from support.oracles import dcm2niix_of
from support.round_trip import RoundTrip

ORIENTATIONS = {"axial": AXIAL, "sagittal": SAGITTAL, "coronal": CORONAL, "oblique": OBLIQUE, "prone": (-1, 0, 0, 0, -1, 0)}
KEYS = ("PhaseEncodingDirection", "PhaseEncodingAxis", "PhaseEncodingPolarityGE", "InPlanePhaseEncodingDirectionDICOM")


def epi(manufacturer: str, orientation: tuple[float, ...], phase: str) -> list[Dataset]:
    """Return an echo planar image with its rows or columns phase encoded."""
    found = slices(ramp(4, 32, 40), MR, orientation)
    for ds in found:
        for keyword, value in {**vendors.COMMON, **vendors.EPI}.items():
            setattr(ds, keyword, value)
        ds.Manufacturer, ds.InPlanePhaseEncodingDirection = manufacturer, phase
    return found


def ge_header(version: float = 24.0, epi_flag: int = 0x800, flags: int = 0, order: int = 0, offset: int = 32) -> bytes:
    """Return user defined data of GE: version, flags and slice order where its software has them."""
    raw = bytearray(offset + 916 + 100)
    struct.pack_into("<H", raw, 24, offset)
    struct.pack_into("<f", raw, offset, version)
    start, order_at = (offset + 0x4C, 0x394 - 0x8C) if version >= 25.002 else (offset, 0x394)
    for at, value in ((0x3A, epi_flag), (0x30, flags), (order_at, order)):
        struct.pack_into("<H", raw, start + at, value)
    return bytes(raw)


POLARITIES: dict[str, tuple[str, int, str, dict[int, tuple[str, Any]], dict[str, Any]]] = {
    "Siemens, positive": ("SIEMENS", 0x0021, "SIEMENS MR SDI 02", {0x1C: ("IS", "1")}, {}),
    "Siemens, negative": ("SIEMENS", 0x0021, "SIEMENS MR SDI 02", {0x1C: ("IS", "0")}, {}),
    "UIH, positive": ("UIH", 0x0065, "Image Private Header", {0x58: ("IS", "0")}, {}),
    "UIH, negative": ("UIH", 0x0065, "Image Private Header", {0x58: ("IS", "1")}, {}),
    "GE, linear": ("GE MEDICAL SYSTEMS", 0, "", {}, {"RectilinearPhaseEncodeReordering": "LINEAR"}),
    "GE, reverse": ("GE MEDICAL SYSTEMS", 0, "", {}, {"RectilinearPhaseEncodeReordering": "REVERSE_LINEAR"}),
    **{f"GE {version:g}, flags {flags}, order {order}":
       ("GE MEDICAL SYSTEMS", 0x0043, "GEMS_PARM_01", {0x2A: ("OB", ge_header(version, flags=flags, order=order))}, {})
       for version in (24.0, 26.0) for flags in (0, 4, 8) for order in (0, 2, 3)},
    "GE, not echo planar": ("GE MEDICAL SYSTEMS", 0x0043, "GEMS_PARM_01", {0x2A: ("OB", ge_header(epi_flag=0x400))}, {}),
    "Philips": ("Philips Medical Systems", 0, "", {}, {}),
}  # fmt: skip


def with_polarity(name: str, orientation: tuple[float, ...], phase: str) -> list[Dataset]:
    manufacturer, block, creator, elements, attributes = POLARITIES[name]
    found = epi(manufacturer, orientation, phase)
    for ds in found:
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    return vendors.add_private(found, block, creator, elements) if block else found


def phase_encoding_of(sidecar: Path) -> dict[str, Any]:
    keys = json.loads(sidecar.read_text("utf-8"))
    return {key: keys[key] for key in KEYS if key in keys}


@pytest.mark.parametrize("phase", ["ROW", "COL"])
@pytest.mark.parametrize("polarity", POLARITIES)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_phase_encoding_is_that_of_dcm2niix(
    orientation: str, polarity: str, phase: str, round_trip: RoundTrip, tmp_path: Path
) -> None:
    save(round_trip.dicom, with_polarity(polarity, ORIENTATIONS[orientation], phase))
    round_trip.forth()

    assert phase_encoding_of(round_trip.sidecar()) == phase_encoding_of(dcm2niix_of(round_trip.dicom, tmp_path))


@pytest.mark.parametrize(("version", "length"), [(24.0, 918), (26.0, 916)])
def test_a_header_of_ge_that_ends_before_its_flags_specifies_nothing(version: float, length: int) -> None:
    raw = ge_header(version, order=2)

    assert ge_header_polarity(raw[: 32 + length]) == -1
    assert ge_header_polarity(raw[: 32 + length - 1]) is None
    assert ge_header_polarity(raw[:20]) is None


@pytest.mark.parametrize(("version", "polarity"), [(4.0, None), (5.0, 1), (40.0, 1), (41.0, None), (float("nan"), None)])
def test_a_header_of_unknown_software_of_ge_specifies_nothing(version: float, polarity: int | None) -> None:
    assert ge_header_polarity(ge_header(version)) == polarity
