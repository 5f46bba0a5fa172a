"""What other programs read of DICOM that was made of BIDS images."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nifti_dicom_bridge import Kind
from support.bids_to_dicom import WITHOUT_ATTRIBUTE, made, save, save_pet, there_and_back
from support.dciodvfy import facts_of_dciodvfy
from support.oracles import equals_dcm2niix, oracle, run
from support.paths import ROOT, SHARED


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_objects_with_a_block_are_as_the_standard_wants_them(there: Path, kind: Kind) -> None:
    sidecar = {**WITHOUT_ATTRIBUTE, "ArterialSpinLabelingType": "PCASL", "InversionTime": 0.9, "ScanningSequence": "GR"}
    more = {"MRAcquisitionType": "2D", "PulseSequenceName": "epi", "NumberOfKSpaceTrajectories": 2, "PatientPosition": "HFS"}
    made(save(**sidecar, **more, AcquisitionMatrixPE=60, PhaseEncodingDirection="j", Manufacturer="GE"), kind=kind)
    assert facts_of_dciodvfy(next(Path("dicom").rglob("*.dcm"))) == set()


@pytest.mark.parametrize("kind", [Kind.PET, Kind.ENHANCED_PET])
@pytest.mark.parametrize("without", [(), ("DecayCorrectionFactor", "RadionuclideHalfLife"), ("TracerRadionuclide", "TimeZero")])
def test_pet_objects_are_as_the_standard_wants_them(there: Path, kind: Kind, without: tuple[str, ...]) -> None:
    made(save_pet(without=without, PatientPosition="HFS"), kind=kind)
    assert facts_of_dciodvfy(next(Path("dicom").rglob("*.dcm"))) == set()


# keys that public attributes contain, and that dcm2niix reads there: docs/dcm2niix.md
READ_BY_DCM2NIIX = frozenset({
    "AcquisitionDuration", "AcquisitionMatrixPE", "ArterialSpinLabelingType", "BodyPart", "DeviceSerialNumber", "EchoTime",
    "EchoTrainLength", "FlipAngle", "FrequencyEncodingSteps", "ImageComments", "ImagingFrequency", "InstitutionName",
    "InversionTime", "MRAcquisitionType", "MTState", "MagneticFieldStrength", "Manufacturer", "ManufacturersModelName",
    "Modality", "NumberOfAverages", "PartialFourierDirection", "PatientPosition", "PercentPhaseFOV", "PercentSampling",
    "PhaseEncodingSteps",
    "PhaseEncodingPolarityGE", "PixelBandwidth", "ProtocolName", "ReconMatrixPE", "RepetitionTime", "SAR", "ScanOptions",
    "ScanningSequence", "SequenceName", "SequenceVariant", "SeriesDescription", "SeriesNumber", "SliceThickness",
    "SoftwareVersions", "SpacingBetweenSlices", "StationName",
})  # fmt: skip


REFERENCES = sorted(path for path in SHARED.glob("*/reference/*.json") if list(path.parent.glob(f"{path.stem}.nii*")))


@pytest.mark.slow
@pytest.mark.parametrize("reference", REFERENCES, ids=[f"{path.parents[1].name}/{path.stem}" for path in REFERENCES])
def test_sidecars_of_real_images_come_back_through_dcm2niix_and_through_ours(reference: Path, there: Path) -> None:
    (image,) = reference.parent.glob(f"{reference.stem}.nii*")
    for path in (reference, image, *(reference.with_suffix(suffix) for suffix in (".bval", ".bvec"))):
        if path.exists():
            (there / path.name).write_bytes(path.read_bytes())
    stated = json.loads(reference.read_text("utf-8"))

    ours = there_and_back(Path(image.name))
    lost = {key: (value, ours.get(key)) for key, value in stated.items() if not equals_dcm2niix(value, ours.get(key))}
    assert set(lost) <= {"ImageType", "ConversionSoftware", "ConversionSoftwareVersion"}

    (there / "theirs").mkdir()
    run(oracle("dcm2niix"), "-b", "y", "-ba", "n", "-f", "x", "-o", "theirs", "dicom")
    (sidecar,) = Path("theirs").glob("x*.json")
    theirs = json.loads(sidecar.read_text("utf-8"))
    lost = {
        key: (stated[key], theirs.get(key))
        for key in READ_BY_DCM2NIIX & stated.keys()
        if not equals_dcm2niix(stated[key], theirs.get(key))
    }
    assert lost == {}
    polarity = stated.get("PhaseEncodingDirection") if stated["Manufacturer"] == "GE" else None
    assert polarity is None or theirs["PhaseEncodingDirection"] == polarity


def test_there_are_references_of_real_images() -> None:
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")
    assert len(REFERENCES) >= 20


def test_no_key_of_the_table_is_without_a_fate() -> None:
    document = (ROOT / "docs" / "bids-keys.md").read_text("utf-8")
    rows = [line.split("|") for line in document.splitlines() if re.match(r"\| [A-Z]\w+ \|", line)]
    without = {row[1].strip() for row in rows if not row[-2].strip()}
    assert without <= {"ImageType", "SeriesInstanceUID", "StudyInstanceUID", "DeidentificationMethodCodeSequence"}
