"""What dciodvfy (David Clunie's checker, of 2022) reports about files, in words that our findings can be compared with.

A fact is a pair: ``("missing", "PatientID")``, ``("value", "Modality")``, ``("VR", "00100010")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary

from nifti_dicom_bridge import Finding, Severity
from support.oracles import oracle, run

Fact = tuple[str, str]
_KEYWORDS = {row[2].lower(): row[4] for row in DicomDictionary.values()}
_ELEMENT = re.compile(r"Element=<(\w+)>")
# what the line has → the kind of fact
_LINES = {
    "Missing attribute": "missing",
    "Empty attribute": "empty",
    "condition unsatisfied": "condition",
    "Required by Dictionary": "VM",
    "Required by Module definition": "VM",
}
_VALUE = re.compile(r"Unrecognized enumerated value <.*?> for value \d+ of attribute <(.*?)>")
_REPRESENTATION = re.compile(r"Value invalid for this VR - \(0x(\w{4}),0x(\w{4})\)")
_OURS = {"VR value": "VR", "character set": "VR", "VM": "VM", "value": "value", "condition": "condition"}
# facts of other kinds: a sentence in the place of an attribute
_SENTENCES = {
    "MediaStorageSOPInstanceUID different from SOPInstanceUID": ("file meta", "MediaStorageSOPInstanceUID"),
    "MediaStorageSOPClassUID different from SOPClassUID": ("file meta", "MediaStorageSOPClassUID"),
    "A value is required for value 3 in CT Images": ("value", "ImageType"),
    "Required by Module definition) Element=<ImageType>": ("value", "ImageType"),
    "must be HU for ORIGINAL": ("value", "RescaleType"),
    "Shall not be present when PatientOrientationCodeSequence": ("condition", "PatientPosition"),
    "PixelData has incorrect value length": ("pixel length", "PixelData"),
    "Value is zero for value 1 of attribute <Window Width>": ("number", "WindowWidth"),
    "Value is zero for value 1 of attribute <Rescale Slope>": ("number", "RescaleSlope"),
    "attribute <WindowWidth>": ("number", "WindowWidth"),
    "values of DimensionIndexValues does not match": ("dimensions", "DimensionIndexValues"),
    "Must start from one, not zero - attribute <DimensionIndexValues>": ("dimensions", "DimensionIndexValues"),
    "DimensionIndexValue for": ("dimensions", "DimensionIndexValues"),
}
# what dciodvfy asks for and we do not, each with the reason
NOT_OURS = {
    ("missing", "Laterality"): "it asks unless the body part is known to be unpaired; the standard asks where it is paired",
    ("condition", "Laterality"): "the same, the other way round",
    ("condition", "TriggerTime"): "the standard asks for it when gating is on, and does not forbid it for other triggers",
    ("missing", "ParallelReductionFactorSecondInPlane"): "only in MR spectroscopy",
    ("missing", "MultipleSpinEcho"): "only with spin echoes, and EchoPulseSequence is missing",
    ("missing", "LongCodeValue"): "one of three: CodeValue is reported",
    ("missing", "URNCodeValue"): "one of three: CodeValue is reported",
    ("missing", "DoubleFloatRealWorldValueLastValueMapped"): "one of two: the other is reported",
    ("missing", "ReferencedImageEvidenceSequence"): "its condition needs all references of the file",
    ("missing", "FrameOfReferenceUID"): "in RT structure sets a user option since 2020",
    ("missing", "PositionReferenceIndicator"): "in RT structure sets a user option since 2020",
    ("value", "ParallelAcquisitionTechnique"): "defined terms since 2021: a warning of ours",
    ("value", "DirectoryRecordType"): "directories are not our subject",
    ("value", "PhotometricInterpretation"): "YBR_FULL is allowed in JPEG since 2019, YBR_FULL_422 in US and SC",
    ("value", "HighBit"): "BitsStored is reported",
    ("VM", "PatientID"): "a byte of a Chinese letter looks like the backslash between values",
    ("value", "SamplesPerPixel"): "reported as a pixel field that does not agree",
    ("value", "NumberOfFrames"): "reported as a pixel field",
    ("missing", "DeidentificationMethodCodeSequence"): "one of two: DeidentificationMethod is reported",
    ("value", "RescaleType"): "US is allowed in CT that is not in Hounsfield units",
    ("condition", "MaskFrameNumbers"): "its condition is not in our table",
    ("VR", "00191060"): "a private UT: it holds XML, and line feeds are allowed",
    ("empty", "TextValue"): "structured reports are checked at the top level only",
    ("missing", "ValueType"): "structured reports are checked at the top level only",
    ("value", "Modality"): "of structured reports",
} | {
    ("condition", keyword): "of a derived image: PS3.3 has \"may be present otherwise\""
    for keyword in (
        "PulseSequenceName", "MRAcquisitionType", "EchoPulseSequence", "MultiPlanarExcitation", "PhaseContrast",
        "TimeOfFlightContrast", "SteadyStatePulseSequence", "EchoPlanarPulseSequence", "SaturationRecovery",
        "SpectrallySelectedSuppression", "OversamplingPhase", "GeometryOfKSpaceTraversal", "SegmentedKSpaceTraversal",
        "RectilinearPhaseEncodeReordering", "NumberOfKSpaceTrajectories")
}  # fmt: skip
# what we report and dciodvfy does not, each with the reason
NOT_THEIRS = {
    ("VR", "00081155"): "a component of a UID begins with 0 (PS3.5 9.1)",
    ("VR", "00280008"): "1A is not a valid IS (PS3.5 6.2)",
    ("VR", "00020012"): "it reports it, in a line of another form",
    ("VR", "ExcludedIntervalsSequence"): "SH instead of SQ (PS3.6)",
    **dict.fromkeys([("VR", f"0051100{digit}") for digit in "BCDE"], "text filled with zero bytes (PS3.5 6.2)"),
    ("VR", "CompletionFlag"): "LO instead of CS (PS3.6)",
    ("VR", "CurveRange"): "US instead of SH (PS3.6)",
    ("VR", "PixelData"): "compressed pixel data are OB (PS3.5 A.4)",
    ("condition", "PixelAspectRatio"): "it reports it, in a line of another form",
    ("missing", "OperatorsName"): "Type 2 in the RT Series module (PS3.3 C.8.8.1)",
}


def facts_of_dciodvfy(path: Path) -> set[Fact]:
    """Return the errors of dciodvfy; empty where it does not know the kind of object or cannot read the file."""
    said = run(oracle("dciodvfy"), path)
    lines = [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]
    if any("Object Not found" in line or "read failed" in line for line in lines):
        return set()
    return {fact for line in lines if (fact := _fact(line))}


def _fact(line: str) -> Fact | None:
    for words, fact in _SENTENCES.items():
        if words in line:
            return fact
    if found := _VALUE.search(line):
        return "value", _KEYWORDS.get(found[1].lower(), found[1])
    if found := _REPRESENTATION.search(line):
        return "VR", f"{found[1]}{found[2]}".upper()
    if "Multiplicity Type" in line or "Bad Sequence" in line:
        return None
    element = _ELEMENT.search(line)
    return next(((kind, element[1]) for words, kind in _LINES.items() if element and words in line), None)


def facts_of_findings(findings: Iterable[Finding], severities: Iterable[Severity] = (Severity.ERROR,)) -> set[Fact]:
    """Return our errors in the same words."""
    wanted, found = set(severities), set()
    for finding in findings:
        if finding.severity not in wanted or not finding.tag:
            continue
        keyword, _, number = finding.tag.split(" > ")[-1].rpartition("(")
        kind = _OURS.get(finding.rule, finding.rule.split(" type ")[0])
        kind = "missing" if kind == "missing group" else kind
        number = number.rstrip(")").replace(",", "")
        found.add((kind, number if kind == "VR" and finding.rule != "VR" else keyword.strip() or number))
    return found


def complaints(path: Path) -> set[str]:
    """Return the errors that dciodvfy finds in a file, less what names a place."""
    said = run(oracle("dciodvfy"), path)
    return {re.sub(r"\s+", " ", line) for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")}
