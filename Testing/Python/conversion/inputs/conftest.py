"""Where results of tools are found."""

from pathlib import Path

import pytest

from support.new_objects import series


@pytest.fixture
def next_to_a_ct(there: Path) -> Path:
    """Be in a folder with the series ``ct``."""
    return series("ct")
