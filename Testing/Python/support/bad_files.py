"""Conversions of damaged files, of which nothing half-written may be left."""

from __future__ import annotations

from pathlib import Path

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Job, Target, convert
from support.round_trip import names_in

NIFTI = ConversionOptions(Target.NIFTI)


def to_nifti(source: Path, target: Path) -> ConversionReport | BridgeError:
    """Convert; return the report, or the error where nothing was there to convert. Any other error is a failure of the test."""
    try:
        return convert(Job([source], target, NIFTI))
    except BridgeError as error:
        return error


def assert_clean(result: ConversionReport | BridgeError, target: Path) -> None:
    """What was written is complete and is what the report names; failures have words."""
    written = [] if isinstance(result, BridgeError) else [p.relative_to(target).as_posix() for p in result.outputs]
    assert [name for name in names_in(target) if (target / name).is_file()] == sorted(written)
    if isinstance(result, BridgeError):
        assert str(result)
    else:
        assert all(entry.error for entry in result.failures)
