"""Tests that need no package but those of 3D Slicer 5.12 and pytest.

Alone: ``pytest --confcutdir=Testing/Python/stock Testing/Python/stock``, because the fixtures above need further packages.
"""

import sys
from pathlib import Path

PYTHON = Path(__file__).resolve().parents[1]
if str(PYTHON) not in sys.path:
    sys.path.append(str(PYTHON))


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore::UserWarning:pydicom")
