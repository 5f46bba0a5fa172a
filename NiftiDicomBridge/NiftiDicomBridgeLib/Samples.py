"""A sample for the Sample Data module: created on request, nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

CATEGORY = "NIfTI-DICOM Bridge"
NAME = "NiftiDicomBridgeMR"


def register() -> None:
    """Offer the sample in the Sample Data module, if Slicer has that module."""
    try:
        import SampleData
    except ImportError:
        return
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=NAME,
        uris="",
        fileNames="",
        nodeNames="",
        thumbnailFileName=str(Path(__file__).resolve().parent.parent / "Resources" / "Icons" / "NiftiDicomBridge.png"),
        customDownloader=load_sample,
    )


def load_sample(source: Any = None) -> list[Any]:
    """Create a small oblique MR series, convert it to NIfTI with a sidecar, load and show that; returns the new nodes."""
    from .Host import Dependencies

    Dependencies.require()
    from nifti_dicom_bridge import Job, convert, make_sample

    from .FileReader import load_nifti
    from .Host.TemporaryFolders import new_folder

    folder = new_folder("sample")
    make_sample(folder / "dicom")
    report = convert(Job([folder / "dicom"], folder / "nifti"))
    (image,) = (path for path in report.outputs if path.suffix != ".json")
    return load_nifti(image, _("Sample MR"))
