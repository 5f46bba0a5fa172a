"""The options of all commands that read images."""

from __future__ import annotations

import argparse
from typing import Any


def add_reading(sub: Any) -> None:
    """Add the options."""
    sub.add_argument("--follow-links", action="store_true", help="also follow links to folders outside of the inputs")
    sub.add_argument("--size-limit", type=_limit, metavar="GB",
                     help="largest image or decompressed data set (default: what fits in memory, and 100 : 1)")  # fmt: skip


def _limit(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not valid. Expected a number of at least 0.")
    return value
