"""Functional groups of enhanced, legacy, segmentation and parametric map objects: which have to be there, and dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import Severity, to_dicom
from nifti_dicom_bridge.validation import check_files
from phantoms import PHANTOMS
from support.dciodvfy import Fact, facts_of_dciodvfy, facts_of_findings

SHARED, FRAMES = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
RECAST = {"enhanced-ct": ("classic_ct", "enhanced"), "enhanced-mr": ("mr_4d", "enhanced"),
          "enhanced-pet": ("pet_slopes", "enhanced"),
          "legacy-ct": ("classic_ct", "legacy"), "legacy-mr": ("mr_4d", "legacy"), "pm": ("classic_ct", "pm")}  # fmt: skip


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return one object of each kind, as this package writes it."""
    folder, objects = tmp_path_factory.mktemp("groups"), {}
    for name, (phantom, kind) in RECAST.items():
        PHANTOMS[phantom].write(folder / phantom / name)
        objects[name] = to_dicom([folder / phantom / name], folder / name, kind=kind).outputs[0]
    labels = np.arange(60, dtype=np.uint8).reshape(5, 4, 3) % 3
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), folder / "dseg.nii")
    for name, segmentation in (("seg", "binary"), ("labelmap", "labelmap")):
        report = to_dicom([folder / "dseg.nii"], folder / name, kind="seg", segmentation=segmentation)
        objects[name] = report.outputs[0]
    return objects


def _groups(ds: Dataset) -> Iterator[Dataset]:
    for place in (SHARED, FRAMES):
        yield from ds.get(place, [])


def without(*keywords: str) -> Callable[[Dataset], None]:
    """Return a change that removes functional groups."""

    def change(ds: Dataset) -> None:
        for group in _groups(ds):
            for keyword in keywords:
                if keyword in group:
                    del group[keyword]

    return change


def content(keyword: str, value: object) -> Callable[[Dataset], None]:
    """Return a change of the Frame Content group of the last frame."""
    return lambda ds: setattr(ds[FRAMES][-1].FrameContentSequence[0], keyword, value)


def top(**values: object) -> Callable[[Dataset], None]:
    """Return a change of attributes of the top level."""

    def change(ds: Dataset) -> None:
        for keyword, value in values.items():
            setattr(ds, keyword, value)

    return change


def shared_group(sequence: str, **values: object) -> Callable[[Dataset], None]:
    """Return a change that adds a shared group."""

    def change(ds: Dataset) -> None:
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        setattr(ds[SHARED][0], sequence, Sequence([item]))

    return change


def inside(sequence: str, keyword: str, value: object) -> Callable[[Dataset], None]:
    """Return a change of an attribute in all functional groups of one kind."""

    def change(ds: Dataset) -> None:
        for group in _groups(ds):
            for item in group.get(sequence, []):
                setattr(item, keyword, value)

    return change


def _first_frame_only(ds: Dataset) -> None:
    without("DerivationImageSequence")(ds)
    ds[FRAMES][0].DerivationImageSequence = Sequence([])


PLACE = ("PixelMeasuresSequence", "PlanePositionSequence", "PlaneOrientationSequence")
MISSING = [
    *((kind, keyword) for kind in RECAST for keyword in (*PLACE, "FrameContentSequence")),
    *((kind, keyword) for kind in ("seg", "labelmap") for keyword in PLACE),
    ("seg", "SegmentIdentificationSequence"),
    ("enhanced-ct", "CTImageFrameTypeSequence"), ("enhanced-ct", "PixelValueTransformationSequence"),
    ("enhanced-ct", "IrradiationEventIdentificationSequence"), ("enhanced-pet", "RadiopharmaceuticalUsageSequence"),
    ("enhanced-pet", "RealWorldValueMappingSequence"),
    *((kind, "FrameVOILUTSequence") for kind in ("enhanced-pet", "legacy-ct", "pm")),
    ("legacy-ct", "CTImageFrameTypeSequence"), ("legacy-mr", "MRImageFrameTypeSequence"),
    ("legacy-mr", "UnassignedPerFrameConvertedAttributesSequence"),
    ("pm", "RealWorldValueMappingSequence"), ("pm", "ParametricMapFrameTypeSequence"),
]  # fmt: skip
BREAKS: list[tuple[str, Callable[[Dataset], None], Fact]] = [
    *((kind, without(keyword), ("missing", keyword)) for kind, keyword in MISSING),
    *((kind, _first_frame_only, ("missing", "DerivationImageSequence")) for kind in ("enhanced-ct", "pm", "seg")),
    ("seg", without(*PLACE, "DerivationImageSequence"), ("missing", "DerivationImageSequence")),
    ("enhanced-mr", content("DimensionIndexValues", [1, 0, 1]), ("dimensions", "DimensionIndexValues")),
    ("enhanced-mr", content("DimensionIndexValues", [1, 1]), ("dimensions", "DimensionIndexValues")),
    ("enhanced-mr", content("DimensionIndexValues", [1, 1, 1]), ("dimensions", "DimensionIndexValues")),
    ("enhanced-mr", content("TemporalPositionIndex", 0), ("dimensions", "TemporalPositionIndex")),
    ("enhanced-mr", content("InStackPositionNumber", 0), ("dimensions", "InStackPositionNumber")),
    ("enhanced-mr", top(EchoPulseSequence="GRADIENT", MultipleSpinEcho="NO"), ("condition", "MultipleSpinEcho")),
    ("enhanced-mr", top(MRAcquisitionType="2D", CoverageOfKSpace="FULL"), ("condition", "CoverageOfKSpace")),
    ("enhanced-mr", top(GeometryOfKSpaceTraversal="RADIAL", RectilinearPhaseEncodeReordering="LINEAR"),
     ("condition", "RectilinearPhaseEncodeReordering")),
    ("enhanced-mr", shared_group("MRModifierSequence", InversionRecovery="NO", InversionTimes=[3.0]),
     ("condition", "InversionTimes")),
    ("enhanced-ct", shared_group("CTAcquisitionTypeSequence", AcquisitionType="SPIRAL", TubeAngle=3.0),
     ("condition", "TubeAngle")),
    ("enhanced-ct", without("DerivationImageSequence"), ("condition", "SourceImageEvidenceSequence")),
    ("enhanced-ct", lambda ds: ds.pop("SourceImageEvidenceSequence"), ("missing", "SourceImageEvidenceSequence")),
    ("pm", inside("RealWorldValueMappingSequence", "RealWorldValueSlope", 0.0), ("number", "RealWorldValueSlope")),
    ("enhanced-ct", inside("PixelValueTransformationSequence", "RescaleSlope", "0"), ("number", "RescaleSlope")),
]  # fmt: skip
NOT_OURS = {("missing", "Laterality"), ("missing", "PatientOrientation"), ("missing", "PlanePositionSlideSequence"),
            ("condition", "MRAcquisitionType")}  # fmt: skip
"""What dciodvfy reports besides, as it does not know which coordinate system frames are in; and what derived images may have:
MRAcquisitionType "may be present otherwise" (PS3.3 C.8.13.4).
"""


def facts(path: Path) -> set[Fact]:
    """Return our errors."""
    return facts_of_findings(check_files([path]))


def broken(path: Path, change: Callable[[Dataset], None], folder: Path) -> Path:
    """Return a copy of a file with a change."""
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(folder / "broken.dcm")
    return folder / "broken.dcm"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*RECAST, "seg", "labelmap"])
def test_objects_of_this_package_have_no_error(kind: str, objects: dict[str, Path]) -> None:
    assert facts(objects[kind]) == set()


@pytest.mark.slow
@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case[0]}-{case[2][0]}-{case[2][1]}")
def test_a_broken_object_has_the_finding(case: tuple, objects: dict[str, Path], tmp_path: Path) -> None:
    kind, change, fact = case

    assert fact in facts(broken(objects[kind], change, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case[0]}-{case[2][0]}-{case[2][1]}")
def test_what_dciodvfy_reports_we_report(case: tuple, objects: dict[str, Path], tmp_path: Path) -> None:
    kind, change, fact = case
    path = broken(objects[kind], change, tmp_path)
    new = facts_of_dciodvfy(path) - facts_of_dciodvfy(objects[kind]) - NOT_OURS
    ours = facts_of_findings(check_files([path]), (Severity.ERROR, Severity.WARNING))

    assert {theirs for theirs in new if theirs[0] == fact[0]} <= ours


@pytest.mark.slow
def test_derived_images_may_have_attributes_of_the_pulse_sequence(objects: dict[str, Path], tmp_path: Path) -> None:
    """Fourteen attributes that PS3.3 C.8.13.4 allows had a warning in each derived image."""
    path = broken(objects["enhanced-mr"], top(PulseSequenceName="ep2d", MRAcquisitionType="2D", PhaseContrast="NO"), tmp_path)

    assert [str(finding) for finding in check_files([path])] == []


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "units"), [("ORIGINAL", "US"), ("DERIVED", "US"), ("ORIGINAL", "HU")])
def test_original_ct_frames_are_in_hounsfield_units(kind: str, units: str, objects: dict[str, Path], tmp_path: Path) -> None:
    def change(ds: Dataset) -> None:
        for groups in (ds[SHARED].value[0], *ds[FRAMES].value):
            for item in groups.get("CTImageFrameTypeSequence", []):
                item.FrameType = [kind, "PRIMARY", "VOLUME", "NONE"]
            for item in groups.get("PixelValueTransformationSequence", []):
                item.RescaleType = units

    found = ("value", "RescaleType") in facts(broken(objects["enhanced-ct"], change, tmp_path))

    assert found == (kind == "ORIGINAL" and units != "HU")


@pytest.mark.slow
def test_enhanced_pet_states_the_units_of_its_values(objects: dict[str, Path]) -> None:
    ds = pydicom.dcmread(objects["enhanced-pet"])
    frames = ds[FRAMES].value if "RealWorldValueMappingSequence" in ds[FRAMES][0] else ds[SHARED].value

    for frame in frames:
        (mapping,), (rescale,) = frame.RealWorldValueMappingSequence, frame.PixelValueTransformationSequence
        assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "Bq/ml"
        assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (
            rescale.RescaleSlope,
            rescale.RescaleIntercept,
        )
