"""Loads a NIfTI file into a scene, by our reader or by Slicer's own: ``slicer_load.py ours|slicer FILE``. See README.md."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "NiftiDicomBridge")]

import slicer_host  # noqa: E402 - found by the path above


def main(reader: str, path: Path) -> int:
    """Load the file; the start of Slicer and of Python packages counts for both."""
    import pydicom  # noqa: F401

    slicer = slicer_host.start(main_window=False, testing=True)
    slicer_host.load_module(ROOT / "NiftiDicomBridge" / "NiftiDicomBridge.py")
    if reader == "ours":
        from NiftiDicomBridgeLib.FileReader import load_nifti

        return 0 if load_nifti(path) else 1
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", path.name)
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(path))
    return 0 if node.GetStorageNode().ReadData(node) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
