"""Fixtures of tests of Zarr."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.zarr_circle import ZarrCircle


@pytest.fixture
def zarr_circle(tmp_path: Path) -> ZarrCircle:
    return ZarrCircle(tmp_path)
