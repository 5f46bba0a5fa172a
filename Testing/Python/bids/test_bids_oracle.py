"""Keys of many scanners' series: those that dcm2niix writes, with its values; of the types that the BIDS schema requires."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Target, convert
from phantoms import save, vendors
from support.oracles import equals_dcm2niix, module, oracle, run

ABOUT_ITSELF = {"ConversionSoftware", "ConversionSoftwareVersion", "RawImage", "BidsGuess"}
# what dcm2niix writes and the images do not contain: docs/dcm2niix.md, "Errata"
ERRATA = {
    ("M0Type", "Included"),
    ("RepetitionTimePreparation", 2000),
    ("MultibandAccelerationFactor", 4),
    ("PulseSequenceType", "Multiband Gradient Echo EPI"),
    ("ProcedureStepDescription", "ProcedureGradient Echo"),
}


FRACTIONS = {"ScatterFraction"}
"""Keys that BIDS defines in percent and dcm2niix writes as fractions."""


@pytest.fixture(scope="module", params=vendors.SERIES)
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with DICOM files, and the top level of the sidecar that they make."""
    folder = tmp_path_factory.mktemp("series")
    save(folder / "dicom", vendors.SERIES[request.param]())
    convert(Job([folder / "dicom"], folder / "nifti", ConversionOptions(Target.NIFTI, identity=True)))
    (sidecar,) = (folder / "nifti").glob("*.json")
    return folder / "dicom", json.loads(sidecar.read_text("utf-8"))


def test_every_key_of_dcm2niix_is_there_with_its_value(series: tuple[Path, dict], tmp_path: Path) -> None:
    dicom, ours = series
    run(oracle("dcm2niix"), "-b", "y", "-ba", "n", "-z", "n", "-f", "x", "-o", tmp_path, dicom)
    (sidecar,) = tmp_path.glob("*.json")
    theirs = json.loads(sidecar.read_text("utf-8"))

    missing = {
        key: (value, ours.get(key))
        for key, value in theirs.items()
        if key not in ABOUT_ITSELF
        and not equals_dcm2niix([100 * part for part in value] if key in FRACTIONS else value, ours.get(key))
        and (isinstance(value, list) or (key, value) not in ERRATA)
    }

    assert missing == {}


@pytest.mark.slow
def test_values_are_of_the_types_of_the_schema(series: tuple[Path, dict]) -> None:
    module("bidsschematools")
    module("jsonschema")
    from bidsschematools.schema import load_schema
    from jsonschema import Draft202012Validator

    terms: dict[str, list] = {}  # some keys have one meaning by default and another in some modality
    for term in load_schema().objects.metadata.to_dict().values():
        terms.setdefault(term["name"], []).append(Draft202012Validator(term))
    _, ours = series
    known = {key: value for key, value in ours.items() if key in terms}

    assert len(known) >= 10
    assert {key: value for key, value in known.items() if not any(term.is_valid(value) for term in terms[key])} == {}
