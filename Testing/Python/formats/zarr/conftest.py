"""Fixtures of tests of Zarr."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.zarr_round_trip import ZarrRoundTrip


@pytest.fixture
def zarr_round_trip(tmp_path: Path) -> ZarrRoundTrip:
    return ZarrRoundTrip(tmp_path)
