"""Proof that two sets of DICOM files hold the same: instances, elements, voxels, geometry."""

from __future__ import annotations

from .files import compare as compare
from .result import Comparison as Comparison
