"""Post-labeling delays of arterial spin labeling: one for all volumes, or one for each."""

from __future__ import annotations

from typing import Any

from ..standard.tags import Tag
from .kinds import MS_TO_S, US_TO_S, round_to_12_digits
from .row import GE, UIH, When
from .source import Phoenix, PlaneAttributes, Private

SIEMENS_DELAY = "sAsl.sPostLabelingDelay[{}]"
SIEMENS_DELAYS = 64
"""The protocol has that many places; it fills those that it does not need with the same delay."""
GE_DURATION = Private(0x0043, "GEMS_PARM_01", 0x10A5)
LABELED_GE = When("GE, labeled", lambda source: GE.holds(source) and (source.number(GE_DURATION) or 0) > 0)


def _is_labeled_by_uih(source: PlaneAttributes) -> bool:
    return UIH.holds(source) and (
        bool(source.number(Tag.ASL_PULSE_TRAIN_DURATION)) or bool(source.text(Tag.ARTERIAL_SPIN_LABELING_CONTRAST))
    )


LABELED_UIH = When("United Imaging, labeled", _is_labeled_by_uih)


def delays_in_inversion_time(source: PlaneAttributes) -> Any:
    """Return InversionTime, s, which GE and United Imaging use for the delay; a list where volumes have different ones."""
    delays = source.once("inversion times of volumes", _inversion_times_s)
    return None if not delays or None in delays else delays[0] if len(set(delays)) == 1 else delays


def has_one_delay(source: PlaneAttributes) -> bool:
    """Whether InversionTime is not a delay that differs between volumes."""
    if not (LABELED_GE.holds(source) or LABELED_UIH.holds(source)):
        return True
    return len(set(source.once("inversion times of volumes", _inversion_times_s))) < 2


def _inversion_times_s(source: PlaneAttributes) -> list[float | int | None]:
    """Return InversionTime of the first slice of each volume; None where there is none."""
    planes = [source]
    if source.volume is not None and len(source.volume.dicom.metadata.frames) > 1:
        series = source.volume.dicom.metadata
        planes = [source.other(series.instances[int(i)], int(f)) for i, f in series.frames[:, 0]]
    times_ms = [plane.first_number(Tag.INVERSION_TIME, Tag.INVERSION_TIMES) for plane in planes]
    return [round_to_12_digits(time, MS_TO_S) if time else None for time in times_ms]


def delay_of_protocol(source: PlaneAttributes) -> float | int | None:
    """Return the delay in the protocol of Siemens, s; None where it has several: it does not state which volume has which."""
    delays: set[float] = set()
    for n in range(SIEMENS_DELAYS):
        delay_us = source.number(Phoenix(SIEMENS_DELAY.format(n)))
        if not delay_us or delay_us < 0:
            break
        delays.add(delay_us)
    return round_to_12_digits(delays.pop(), US_TO_S) if len(delays) == 1 else None
