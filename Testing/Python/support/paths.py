"""Where things are: the checkout, the package, the real cases."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODULE = ROOT / "NiftiDicomBridge"
CORE = MODULE / "nifti_dicom_bridge"
LIB = MODULE / "NiftiDicomBridgeLib"
TESTING = ROOT / "Testing"
TOOL_STAND_INS = TESTING / "Python" / "support" / "tool_stand_ins"
SHARED = ROOT.parent / "shared" / "data"
"""Real cases of all vendors; tests that use them skip where they are missing."""

CASES = sorted(path.parent.name for path in SHARED.glob("*/dicom"))


def python_files(folder: Path) -> list[Path]:
    """Return the Python files below a folder."""
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)
