"""One trial: an image, how it is converted, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

CLASSIC, MULTI = ("ct", "mr", "pet", "sc"), ("enhanced-ct", "enhanced-mr", "enhanced-pet", "sc-multiframe")
LABELS = ("seg-binary", "seg-labelmap", "seg-fractional")
RECAST = ("recast-enhanced", "recast-legacy", "recast-classic", "recast-pm")
"""A DICOM series is made of the image first; its NIfTI file with sidecar is what becomes an object of another kind."""
KINDS = (*CLASSIC, *MULTI, *LABELS, "pm", "auto", *RECAST)


@dataclass
class Trial:
    """One image.

    Attributes
    ----------
    real : numpy.ndarray, shape (i, j, k, times[, colors])
        Real values as the file states them.
    affine : numpy.ndarray
        RAS, in mm.
    refusals : dict of str to str
        What of the image may be refused → pattern of the message.
    must_refuse : str
        Pattern of the message, if writing an object would be wrong; empty otherwise.
    traits : list of str
        What is special, for the report.
    """

    number: int
    kind: str
    path: Path
    real: np.ndarray
    affine: np.ndarray
    reference: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    must_refuse: str = ""
    traits: list[str] = field(default_factory=list)

    @property
    def is_label_map(self) -> bool:
        """Whether the object is a Segmentation of whole labels."""
        return self.kind in ("seg-binary", "seg-labelmap")

    @property
    def bound(self) -> float:
        """The largest difference that is stated: 1e-4 of the range, or single precision, in which many readers compute."""
        return self._bound(3e-7)

    @property
    def strict_bound(self) -> float:
        """The same for readers that compute in double precision."""
        return self._bound(3e-7 if "float32" in self.traits or "complex64" in self.traits else 1e-15)

    def _bound(self, precision: float) -> float:
        if self.kind == "seg-fractional":
            return 0.5 / 255 + 1e-6
        finite = self.real[np.isfinite(self.real)]
        if self.is_label_map or not finite.size:
            return 0.0
        parts = (finite.real, finite.imag) if np.iscomplexobj(finite) else (finite,)
        found = max(max(1e-4 * float(np.ptp(part)), precision * float(np.abs(part).max())) for part in parts)
        return 2 * found if self.kind in RECAST else found
