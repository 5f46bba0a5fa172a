"""Parallel imaging, multiband, partial Fourier, and the matrix that was acquired."""

from __future__ import annotations

import re

from ..standard.tags import Tag
from . import siemens_text
from .ge import protocol_of
from .kinds import POSITIVE, TEXT, round_to_12_digits
from .row import MR, PHILIPS, SIEMENS, AnyRow, Derived, Row, When
from .rows import train_length_of
from .sequence_words import SCANNING_SEQUENCE, words_of
from .siemens import siemens_factor
from .source import Phoenix, PlaneAttributes, Private

GE_FACTORS = Private(0x0043, "GEMS_PARM_01", 0x1083)
GE_BANDS = Private(0x0043, "GEMS_PARM_01", 0x10B6)
UIH_FACTORS = Private(0x0065, "Image Private Header", 0x100D)
COMPRESSED = 256
"""sPat.ucPATMode of compressed sensing."""


def in_plane_of(source: PlaneAttributes) -> float:
    """Return the acceleration along the phase encoding axis, as the vendor states it; 0 where unknown."""
    return next((factor for reader in IN_PLANE_READERS if (factor := reader(source))), 0.0)


def _siemens_in_plane(source: PlaneAttributes) -> float:
    stated = source.number(Phoenix("sPat.lAccelFactPE")) or 0.0
    return stated or siemens_factor(source, "p")


def _ge_in_plane(source: PlaneAttributes) -> float:
    factors = source.numbers(GE_FACTORS) if source.manufacturer == "GE" else []
    return 1.0 / factors[0] if factors and factors[0] > 0 else 0.0


def _uih_in_plane(source: PlaneAttributes) -> float:
    match = re.search(r":\s*(\d+(?:\.\d+)?)", source.text(UIH_FACTORS)) if source.manufacturer == "UIH" else None
    return float(match[1]) if match else 0.0


def _public_in_plane(source: PlaneAttributes) -> float:
    return source.number(Tag.PARALLEL_REDUCTION_FACTOR_IN_PLANE) or 0.0


IN_PLANE_READERS = (_siemens_in_plane, _ge_in_plane, _uih_in_plane, _public_in_plane)


def _out_of_plane(source: PlaneAttributes) -> float | None:
    ge = source.numbers(GE_FACTORS) if source.manufacturer == "GE" else []
    factor = source.number(Phoenix("sPat.lAccelFact3D")) or (1.0 / ge[1] if len(ge) > 1 and ge[1] > 0 else 0.0)
    return factor or source.number(Tag.PARALLEL_REDUCTION_FACTOR_OUT_OF_PLANE)


def is_compressed_sense(source: PlaneAttributes) -> bool:
    """Whether Philips' one factor is that of compressed sensing."""
    return PHILIPS.holds(source) and "CSENSE" in source.text(Tag.PARALLEL_ACQUISITION_TECHNIQUE)


def _in_plane(source: PlaneAttributes) -> float | int | None:
    factor = in_plane_of(source)
    return None if not factor else 1 if is_compressed_sense(source) else round_to_12_digits(float(f"{factor:.6g}"))


def _out(source: PlaneAttributes) -> float | int | None:
    factor = _out_of_plane(source)
    return round_to_12_digits(float(f"{factor:.6g}")) if factor else None


def _compressed(source: PlaneAttributes) -> float | int | None:
    if is_compressed_sense(source):
        return round_to_12_digits(in_plane_of(source)) or None
    if source.number(Phoenix("sPat.ucPATMode")) == COMPRESSED:
        return source.number(Phoenix("sPat.dTotalAccelFact"))
    factor = source.number(Private(0x0043, "GEMS_PARM_01", 0x10B7)) if source.manufacturer == "GE" else None
    return round_to_12_digits(factor) if factor and factor > 1 else None


def multiband_of(source: PlaneAttributes) -> int | None:
    """Return how many slices were excited at once; None if unknown."""
    from .timing import bands_by_time

    stated = siemens_factor(source, "s") if source.manufacturer == "Siemens" else 0.0
    if source.manufacturer == "GE":
        stated = max(source.number(GE_BANDS) or 0.0, siemens_text.number(protocol_of(source).get("MBACCEL", "")) or 0.0)
    factor = max(int(stated), bands_by_time(source))
    return factor if factor > 1 else None


def lines_of(source: PlaneAttributes) -> int:
    """Return the number of phase encoding lines of the acquisition matrix; 0 where unknown."""
    matrix = [int(value) for value in source.numbers(Tag.ACQUISITION_MATRIX)]
    stated = next((value for value in matrix[2:4] if value > 0), 0)
    return stated or int(source.number(Phoenix("sKSpace.lPhaseEncodingLines")) or 0)


def is_partial(source: PlaneAttributes) -> bool:
    """Whether the acquisition is partial Fourier."""
    private = source.text(Private(0x2001, "Philips Imaging DD 001", 0x1019)) if PHILIPS.holds(source) else ""
    return "Y" in (source.text(Tag.PARTIAL_FOURIER)[:1], private[:1]) or "PFF" in source.texts(Tag.SCAN_OPTIONS)


def steps_of(source: PlaneAttributes) -> int:
    """Return the number of phase encoding steps; 0 where unknown."""
    return int(source.first_number(Tag.NUMBER_OF_PHASE_ENCODING_STEPS, Tag.MR_ACQUISITION_PHASE_ENCODING_STEPS_IN_PLANE) or 0)


def _partial_fourier(source: PlaneAttributes) -> float | None:
    """Return the part of the lines that the echo train of an EPI has: XA10 specifies it nowhere else."""
    train, lines = train_length_of(source), lines_of(source) or steps_of(source)
    if "EP" not in words_of(source, SCANNING_SEQUENCE) or source.text(Tag.MR_ACQUISITION_TYPE).startswith("3") or train < 2:
        return None
    fraction = train * max(1.0, in_plane_of(source)) / lines if lines > train else 1.0
    return float(f"{fraction:.6g}") if fraction < 1.0 else None


NO_PROTOCOL = When(
    "Siemens MR without protocol", lambda source: SIEMENS.holds(source) and MR.holds(source) and not source.protocol
)
NO_COMPRESSION = When("", lambda source: not is_compressed_sense(source))
PARTIAL_PHILIPS = When(
    "Philips, partial Fourier", lambda source: PHILIPS.holds(source) and is_partial(source) and steps_of(source) > 0
)
WHOLE = When("", lambda source: not PARTIAL_PHILIPS.holds(source))

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("MultibandAccelerationFactor", multiband_of, "`s` of (0021,xx09) SIEMENS MR SDS 01 or (0051,xx11) SIEMENS MR "
            "HEADER, (0043,xxB6) GEMS_PARM_01, slices with the same time", MR),
    Derived("ParallelReductionFactorInPlane", _in_plane, "CSA protocol `sPat.lAccelFactPE`, `p` of (0021,xx09) or (0051,xx11), "
            "(0043,xx83) GEMS_PARM_01, (0065,xx0D) UIH, (0018,9069)"),
    Row("ParallelAcquisitionTechnique", Tag.PARALLEL_ACQUISITION_TECHNIQUE, TEXT, when=NO_COMPRESSION),
    Derived("ParallelReductionFactorOutOfPlane", _out, "CSA protocol `sPat.lAccelFact3D`, (0043,xx83) GEMS_PARM_01, "
            "(0018,9155)"),
    Derived("CompressedSensingFactor", _compressed, "CSA protocol `sPat.dTotalAccelFact`, (0043,xxB7) GEMS_PARM_01, "
            "(0018,9069) with `CSENSE`"),
    Derived("PartialFourier", _partial_fourier, "(0018,0091) · acceleration / (0018,1310), for EPI", NO_PROTOCOL),
    Row("PhaseEncodingSteps", (Tag.NUMBER_OF_PHASE_ENCODING_STEPS, Tag.MR_ACQUISITION_PHASE_ENCODING_STEPS_IN_PLANE),
        POSITIVE, when=WHOLE),
    Derived("PartialFourierEnabled", lambda source: "YES", "(0018,9081), (2001,xx19) Philips Imaging DD 001", PARTIAL_PHILIPS),
    Derived("PhaseEncodingStepsNoPartialFourier", steps_of, "(0018,0089), (0018,9231)", PARTIAL_PHILIPS),
    Derived("AcquisitionMatrixPE", lambda source: lines_of(source) or None, "(0018,1310), CSA protocol "
            "`sKSpace.lPhaseEncodingLines`", MR),
)
# fmt: on
