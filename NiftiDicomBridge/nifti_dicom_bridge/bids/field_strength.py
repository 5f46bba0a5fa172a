"""Field strength and frequency in T and MHz, also of scanners that write them in other units (PS3.3 C.8.3.1: T, MHz).

Scanners of GE of the 1990s (Genesis) write gauss and tenths of Hz, those of UIH Hz. The unit is that with which field and
frequency of hydrogen agree; where none does, the keys are left out.
"""

from __future__ import annotations

from ..standard.tags import Tag
from .kinds import POSITIVE
from .row import AnyRow, Derived, Row, When
from .source import PlaneAttributes

FREQUENCY = (Tag.IMAGING_FREQUENCY, Tag.TRANSMITTER_FREQUENCY)
MHZ_OF_T = 42.577
"""Gyromagnetic ratio of hydrogen, divided by 2π."""
STRONGEST_T = 30.0
"""No magnet for MR images has so much: the number is in another unit."""
GAUSS_OF_T = 1e4
PARTS_OF_MHZ = (1.0, 1e3, 1e6, 1e7)
"""MHz, kHz, Hz, and tenths of Hz."""
SAME = 0.03


def frequency_mhz(source: PlaneAttributes) -> float | None:
    """Return the frequency in MHz; None where it is unknown, or its unit is."""
    frequency = source.first_number(*FREQUENCY)
    if frequency is None or _is_in_mhz(source):
        return frequency
    field = source.number(Tag.MAGNETIC_FIELD_STRENGTH) or 0.0
    return _agreeing(source, frequency, field if field <= STRONGEST_T else field / GAUSS_OF_T)


def _field_t(source: PlaneAttributes) -> float | None:
    field = (source.number(Tag.MAGNETIC_FIELD_STRENGTH) or 0.0) / GAUSS_OF_T
    return field if _agreeing(source, source.first_number(*FREQUENCY) or 0.0, field) else None


def _agreeing(source: PlaneAttributes, frequency: float, field_t: float) -> float | None:
    """Return a frequency in the unit in which it is that of hydrogen at a field strength; None where there is none."""
    if (source.text(Tag.IMAGED_NUCLEUS) or source.text(Tag.RESONANT_NUCLEUS)) not in ("", "1H", "H1"):
        return None
    expected = MHZ_OF_T * field_t
    return next((frequency / part for part in PARTS_OF_MHZ if abs(frequency / part - expected) < SAME * expected), None)


def _is_in_tesla(source: PlaneAttributes) -> bool:
    return (source.number(Tag.MAGNETIC_FIELD_STRENGTH) or 0.0) <= STRONGEST_T


def _is_in_mhz(source: PlaneAttributes) -> bool:
    return (source.first_number(*FREQUENCY) or 0.0) <= STRONGEST_T * MHZ_OF_T


# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Row("MagneticFieldStrength", Tag.MAGNETIC_FIELD_STRENGTH, POSITIVE, when=When("up to 30 T", _is_in_tesla)),
    Derived("MagneticFieldStrength", _field_t, "(0018,0087) in gauss, where (0018,0084) shows that",
            When("above 30", lambda source: not _is_in_tesla(source))),
    Row("ImagingFrequency", FREQUENCY, POSITIVE, when=When("up to 1277 MHz", _is_in_mhz)),
    Derived("ImagingFrequency", frequency_mhz, "(0018,0084) in kHz, Hz or tenths of Hz, where (0018,0087) shows that",
            When("above 1277", lambda source: not _is_in_mhz(source))),
)
# fmt: on
