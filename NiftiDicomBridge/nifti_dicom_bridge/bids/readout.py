"""Echo spacing and readout time of echo planar images.

All of them are effective: in lines of the reconstructed image, as distortion correction requires them (FSL topup's ``datain``).
"""

from __future__ import annotations

import math

from ..standard.tags import Tag
from .acceleration import in_plane_of, is_compressed_sense, is_partial, lines_of
from .field_strength import frequency_mhz
from .kinds import MS_TO_S, POSITIVE, US_TO_S
from .phase_encoding import recon_lines_of
from .row import GE, PHILIPS, UIH, AnyRow, Derived, Row
from .rows import EPI_FACTOR, train_length_of
from .sequence_words import SCANNING_SEQUENCE, is_3d, words_of
from .source import Csa, Phoenix, PlaneAttributes, Private

BANDWIDTHS = (
    Private(0x0021, "SIEMENS MR SDI 02", 0x1153),
    Private(0x0019, "SIEMENS MR HEADER", 0x1028),
    Csa("BandwidthPerPixelPhaseEncode"),
)
GE_ECHO_SPACING_US = Private(0x0043, "GEMS_PARM_01", 0x102C)
GE_DURATION_US = Private(0x0019, "GEMS_ACQU_01", 0x105A)
WATER_FAT_SHIFT = Private(0x2001, "Philips Imaging DD 001", 0x1022)
WATER_FAT_PPM = 3.4
LONGEST_TRAIN_S = 1.0
"""No echo train lasts that long: the signal is gone after some T2."""


def _bandwidth(source: PlaneAttributes) -> float:
    """Return the bandwidth per pixel along the phase encoding axis, Hz; 0 where unknown."""
    bandwidth = source.first_number(*BANDWIDTHS) if source.manufacturer == "Siemens" else None
    return bandwidth if bandwidth and math.isfinite(bandwidth) and bandwidth > 0 else 0.0


def effective_spacing_of(source: PlaneAttributes) -> float:
    """Return the effective echo spacing in s; 0 where unknown."""
    lines, bandwidth = recon_lines_of(source), _bandwidth(source)
    if source.manufacturer == "GE" and _ge_spacing(source):
        return _ge_spacing(source)
    return 1.0 / (bandwidth * lines) if lines > 0 and bandwidth > 0 else 0.0


def _ge_spacing(source: PlaneAttributes) -> float:
    """GE states the time between echoes: lines are acquired in groups of two, of four with partial Fourier."""
    spacing, factor, lines = source.number(GE_ECHO_SPACING_US) or 0.0, in_plane_of(source), lines_of(source)
    if spacing <= 0 or factor <= 0 or lines < 2 or recon_lines_of(source) < 2:
        return 0.0
    step = 4.0 if is_partial(source) else 2.0
    acquired = math.ceil(lines / factor / step - 1e-9) * step
    return (acquired - 1.0) * spacing * US_TO_S / (lines - 1)


def _spacing(source: PlaneAttributes) -> float | None:
    return _rounded(effective_spacing_of(source))


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if value > 0 else None


def _derived_spacing(source: PlaneAttributes) -> float | None:
    """The true time between echoes: as on the console."""
    lines, bandwidth = recon_lines_of(source), _bandwidth(source)
    if not lines or not bandwidth:
        return None
    factor = 1.0 if is_compressed_sense(source) else max(1.0, in_plane_of(source))
    over = source.number(Phoenix("sKSpace.dPhaseOversamplingForDialog")) or 0.0
    return _rounded(factor / (1.0 + max(0.0, over)) / (bandwidth * lines))


def _total(source: PlaneAttributes) -> float | None:
    spacing, lines = effective_spacing_of(source), recon_lines_of(source)
    if UIH.holds(source) and not spacing:
        return _rounded(_uih_duration(source)) if _is_epi(source) and _uih_duration(source) < LONGEST_TRAIN_S else None
    return _rounded(spacing * (lines - 1)) if lines > 0 else None


def _philips(source: PlaneAttributes) -> float:
    """Return Philips' readout time from first to last echo, s; 0 where unknown."""
    shift, frequency = source.number(WATER_FAT_SHIFT) or 0.0, frequency_mhz(source) or 0.0
    echoes = int(source.number(EPI_FACTOR) or 0) or train_length_of(source)
    if not shift or frequency <= 0 or echoes < 1 or recon_lines_of(source) < 2:
        return 0.0
    return shift / (frequency * WATER_FAT_PPM * (echoes + 1)) * echoes


def _philips_spacing(source: PlaneAttributes) -> float | None:
    return _rounded(_philips(source) / (recon_lines_of(source) - 1)) if _philips(source) else None


def _uih_duration(source: PlaneAttributes) -> float:
    """Return Acquisition Duration (0018,9073) of UIH in s, which it writes in ms; 0 where unknown.

    Of EPI it is that of one echo train, the readout time; of other sequences, and of EPI by later software, of the acquisition.
    """
    return (source.number(Tag.ACQUISITION_DURATION) or 0.0) * MS_TO_S


def _is_epi(source: PlaneAttributes) -> bool:
    return "EP" in words_of(source, SCANNING_SEQUENCE)


def _duration(source: PlaneAttributes) -> float | None:
    if UIH.holds(source):  # what is shorter is of a train, or in seconds as in the standard
        return _rounded(_uih_duration(source)) if _uih_duration(source) >= LONGEST_TRAIN_S else None
    ge = (source.number(GE_DURATION_US) or 0.0) * US_TO_S if GE.holds(source) else 0.0
    return _rounded(ge or source.number(Tag.ACQUISITION_DURATION) or 0.0)


def _shots(source: PlaneAttributes) -> int | None:
    """Return over how many passes the lines of a 3D EPI are spread: each takes RepetitionTime."""
    shots = int(source.number(Phoenix("sSliceArray.lConc")) or 0)
    return shots if shots > 1 and is_3d(source) and _bandwidth(source) else None


# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("BandwidthPerPixelPhaseEncode", lambda source: _bandwidth(source) or None, "(0021,xx53) SIEMENS MR SDI 02, "
            "(0019,xx28) SIEMENS MR HEADER, CSA `BandwidthPerPixelPhaseEncode`"),
    Derived("MultiEchoShots", _shots, "CSA protocol `sSliceArray.lConc`, for 3D EPI"),
    Row("WaterFatShift", WATER_FAT_SHIFT, POSITIVE, when=PHILIPS),
    Derived("EstimatedEffectiveEchoSpacing", _philips_spacing, "WaterFatShift, ImagingFrequency, EPI factor", PHILIPS),
    Derived("EstimatedTotalReadoutTime", lambda source: _rounded(_philips(source)), "WaterFatShift, ImagingFrequency, EPI "
            "factor", PHILIPS),
    Derived("EffectiveEchoSpacing", _spacing, "BandwidthPerPixelPhaseEncode and ReconMatrixPE; (0043,xx2C) GEMS_PARM_01"),
    Derived("DerivedVendorReportedEchoSpacing", _derived_spacing, "BandwidthPerPixelPhaseEncode, ReconMatrixPE, acceleration, "
            "oversampling"),
    Derived("AcquisitionDuration", _duration, "(0019,xx5A) GEMS_ACQU_01, else (0018,9073); of UIH in ms"),
    Derived("TotalReadoutTime", _total, "EffectiveEchoSpacing · (ReconMatrixPE − 1); (0018,9073) of UIH, of EPI"),
)
# fmt: on
