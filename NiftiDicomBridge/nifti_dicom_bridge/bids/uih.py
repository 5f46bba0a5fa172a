"""Keys of United Imaging."""

from __future__ import annotations

from .row import UIH, AnyRow, Row
from .source import Private

ROWS: tuple[AnyRow, ...] = (Row("PhaseEncodingDirectionDisplayed", Private(0x0065, "Image Private Header", 0x1005), when=UIH),)
