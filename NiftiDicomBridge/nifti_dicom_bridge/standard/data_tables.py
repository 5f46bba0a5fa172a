"""The tables in the folder ``data`` of this package, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "data"


def data_table(name: str) -> dict[str, Any]:
    """Return a table by its name.

    Examples
    --------
    >>> data_table("module_sections")["sections"]["C.7.1.1"]
    'patient'
    """
    return dict(json.loads((DATA / f"{name}.json").read_text("utf-8")))
