"""Conversions whose reports are tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge import (
    Change,
    ConversionReport,
    Entry,
    Outcome,
    make_sample,
)
from support.round_trip import RoundTrip

HOSTILE = '<script>alert("x")</script> &amp; \u202eevil \u05e9\u05dc\u05d5\u05dd \ud800\0 ' + "w" * 90 + " long" * 100


@pytest.fixture
def sample(round_trip: RoundTrip) -> RoundTrip:
    make_sample(round_trip.dicom)
    return round_trip


@pytest.fixture
def hostile(sample: RoundTrip) -> ConversionReport:
    """A report with all that names and texts can hold."""
    report = sample.forth()
    entry = report.entries[0]
    entry.title = HOSTILE
    entry.log.warnings.append(HOSTILE)
    entry.log.changes.append(Change("PatientID", HOSTILE, "u" * 200, HOSTILE))
    report.entries += [
        Entry(HOSTILE, Outcome.FAILED, [Path("/data") / ("x" * 200)], error=HOSTILE),
        Entry(HOSTILE, Outcome.SKIPPED, error=HOSTILE),
    ]
    return report
