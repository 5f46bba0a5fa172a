"""Conditions: when an attribute of Type 1C or 2C must be there, and when it must not (PS3.3, PS3.5 7.4).

What is not in this table is not known, and never reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..model import metadata
from ..model.metadata import Elements
from ..standard.tags import Tag
from .subject import tag_of
from .values import (
    CR,
    CT,
    ENHANCED,
    ENHANCED_CT,
    ENHANCED_MR,
    ENHANCED_MR_COLOR,
    ENHANCED_PET,
    MR,
    MR_SPECTROSCOPY,
    PET,
    RF,
    SC,
    SC_BYTE,
    SC_WORD,
    SEG,
    US,
    US_FRAMES,
    XA,
)

ROOT, ANYWHERE = "top level", "anywhere"


class Scope(NamedTuple):
    """Where a condition is looked at: the elements next to the attribute, and the whole data set."""

    here: Elements
    root: Elements


class When(NamedTuple):
    """A condition, in words and as a test."""

    words: str
    test: Callable[[Scope], bool]

    def __and__(self, other: When) -> When:
        return When(f"{self.words} and {other.words}", lambda scope: self.test(scope) and other.test(scope))

    def __or__(self, other: When) -> When:
        return When(f"{self.words} or {other.words}", lambda scope: self.test(scope) or other.test(scope))


def _is(keyword: str, *values: str, number: int = 0, root: bool = False) -> When:
    """A text attribute has one of the values: any of its own, or the one with this number."""
    tag = tag_of(keyword)

    def test(scope: Scope) -> bool:
        texts = metadata.texts(scope.root if root else scope.here, tag)
        return any(value in values for value in (texts[number - 1 : number] if number else texts))

    which = f" value {number}" if number else ""
    return When(f"{keyword}{which} is {' or '.join(values)}", test)


def _is_other(keyword: str, *values: str) -> When:
    """A text attribute has a value, which is none of these."""
    tag = tag_of(keyword)
    return When(
        f"{keyword} is not {' or '.join(values)}", lambda scope: metadata.text(scope.here, tag, values[0]) not in values
    )


def _has(*keywords: str) -> When:
    """One of the attributes is there with a value."""
    tags = [tag_of(keyword) for keyword in keywords]
    return When(f"{' or '.join(keywords)} is present", lambda scope: any(_filled(scope.here, tag) for tag in tags))


def _lacks(*keywords: str) -> When:
    """None of the attributes is there with a value."""
    tags = [tag_of(keyword) for keyword in keywords]
    names = f"{', '.join(keywords[:-1])} and {keywords[-1]} are" if len(keywords) > 1 else f"{keywords[0]} is"
    return When(f"{names} absent", lambda scope: not any(_filled(scope.here, tag) for tag in tags))


def _absent(keyword: str) -> When:
    """The attribute is not there, not even empty."""
    tag = tag_of(keyword)
    return When(f"{keyword} is absent", lambda scope: tag not in scope.here)


def _filled(elements: Elements, tag: int) -> bool:
    element = elements.get(tag)
    return element is not None and bool(element.value)


def _above(keyword: str, least: int) -> When:
    tag = tag_of(keyword)
    return When(f"{keyword} is above {least}", lambda scope: metadata.integer(scope.here, tag) > least)


def _contains(keyword: str) -> When:
    """A sequence has items at the top level or in a functional group."""
    tag = tag_of(keyword)

    def test(scope: Scope) -> bool:
        return any(metadata.items(elements, tag) for elements in (scope.root, *_functional_groups(scope.root)))

    return When(f"{keyword} has items", test)


def _functional_groups(root: Elements) -> Iterator[Elements]:
    """Yield the items of shared and per-frame functional groups, and of the sequences in them."""
    for places in (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE):
        for item in metadata.items(root, places):
            yield item.elements
            for group in item.elements:
                yield from (inner.elements for inner in metadata.items(item.elements, group))


def _repetition_time(scope: Scope) -> bool:
    sequences = metadata.texts(scope.here, tag_of("ScanningSequence"))
    return bool(sequences) and ("EP" not in sequences or "SK" in metadata.texts(scope.here, tag_of("SequenceVariant")))


class Condition(NamedTuple):
    """One attribute and its condition.

    Attributes
    ----------
    keyword : str
        The attribute.
    when : When
        It must be there when this condition holds.
    where : str
        ``ROOT``, ``ANYWHERE``, or the keyword of the sequence that it is in.
    iods : tuple of str
        Only in these IODs; empty for all that have the attribute.
    is_excluded : bool
        It must not be there where the condition is not met.
    required : bool
        Whether it must be there; False for rows that only forbid.
    """

    keyword: str
    when: When
    where: str = ANYWHERE
    iods: tuple[str, ...] = ()
    is_excluded: bool = False
    required: bool = True


ORIGINAL = _is("ImageType", "ORIGINAL", "MIXED", number=1, root=True)
ORIGINAL_FRAMES = _is("ImageType", "ORIGINAL", number=1, root=True)
LOSSY = _is("LossyImageCompression", "01")
PALETTE = _is("PhotometricInterpretation", "PALETTE COLOR") | _is("PixelPresentation", "COLOR", "MIXED")
VOLUME = _is("VolumetricProperties", "VOLUME", "SAMPLED", root=True)
# those of the paired structures of PS3.16 L whose side is never in doubt
PAIRED = _is(
    "BodyPartExamined", "ANKLE", "BREAST", "CALCANEUS", "CLAVICLE", "ELBOW", "EYE", "FEMUR", "FINGER", "FOOT", "HAND", "HIP",
    "HUMERUS", "KNEE", "LOWERLEG", "PATELLA", "SCAPULA", "SHOULDER", "THIGH", "THUMB", "TOE", "WRIST",
)  # fmt: skip


NOT_IMPLIED = When(
    "DimensionOrganizationType is not TILED_FULL",
    lambda scope: metadata.text(scope.root, tag_of("DimensionOrganizationType")) != "TILED_FULL",
)


def _when_original(where: str, keywords: str) -> list[Condition]:
    """Rows of a macro whose attributes are wanted in original frames (PS3.3 C.8.13.5, C.8.15.3)."""
    return [
        Condition(keyword, ORIGINAL_FRAMES, where, (ENHANCED_CT, ENHANCED_MR, ENHANCED_PET)) for keyword in keywords.split()
    ]


TABLES: dict[str, list[Condition]] = {
    "C.7.1.1 Patient": [
        Condition("DeidentificationMethod", _is("PatientIdentityRemoved", "YES") & _lacks("DeidentificationMethodCodeSequence"),
                  ROOT),
        Condition("PatientBirthDateInAlternativeCalendar", _has("PatientAlternativeCalendar"), ROOT, required=False),
        Condition("PatientAlternativeCalendar",
                  _has("PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar"), ROOT),
    ],
    "C.7.3.1 General Series": [
        Condition("PatientPosition", _lacks("PatientOrientationCodeSequence"), ROOT,
                  (CT, MR, ENHANCED_CT, ENHANCED_MR, ENHANCED_MR_COLOR, MR_SPECTROSCOPY), is_excluded=True),
        Condition("PatientPosition", _lacks("PatientOrientationCodeSequence"), ROOT, (PET,), is_excluded=True, required=False),
        Condition("Laterality", PAIRED & _lacks("ImageLaterality", "SharedFunctionalGroupsSequence", "SegmentSequence"), ROOT),
    ],
    "C.7.6.1 General Image": [
        Condition("PatientOrientation", _lacks("ImageOrientationPatient"), ROOT, (CR, SC, US, US_FRAMES, XA, RF)),
        Condition("LossyImageCompressionRatio", LOSSY, ROOT),
        Condition("LossyImageCompressionMethod", LOSSY, ROOT),
    ],
    "C.7.6.3 Image Pixel": [
        Condition("PlanarConfiguration", _above("SamplesPerPixel", 1), is_excluded=True),
        Condition("PixelAspectRatio", _lacks("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"), ROOT,
                  is_excluded=True, required=False),
        *(Condition(f"{color}PaletteColorLookupTableDescriptor", PALETTE) for color in ("Red", "Green", "Blue")),
        *(Condition(f"{color}PaletteColorLookupTableData", PALETTE & _lacks(f"Segmented{color}PaletteColorLookupTableData"))
          for color in ("Red", "Green", "Blue")),
        Condition("PixelPaddingRangeLimit", _has("PixelPaddingValue"), ROOT, is_excluded=True, required=False),
        Condition("ExtendedOffsetTableLengths", _has("ExtendedOffsetTable"), ROOT),
    ],
    "C.11 Look-up tables": [
        Condition("WindowWidth", _has("WindowCenter"), is_excluded=True),
        Condition("RescaleSlope", _has("RescaleIntercept"), is_excluded=True),
        Condition("RescaleIntercept", _has("RescaleSlope"), ROOT, (SC_BYTE, SC_WORD), is_excluded=True),
    ],
    "C.11.1 Modality LUT": [
        Condition("RescaleType", _has("RescaleIntercept"), ROOT, (CR, SC, XA, RF)),
    ],
    "C.8.8.13, C.8.8.16 Radiotherapy": [
        *(Condition(keyword, _is("ApprovalStatus", "APPROVED", "REJECTED"), ROOT)
          for keyword in ("ReviewDate", "ReviewTime", "ReviewerName")),
        Condition("ReferencedStructureSetSequence", _is("RTPlanGeometry", "PATIENT"), ROOT, ("rt-plan", "rt-ion-plan")),
    ],
    "F.3.2.2 Directory": [
        *(Condition(keyword, _has("ReferencedFileID"), "DirectoryRecordSequence") for keyword in (
            "ReferencedSOPClassUIDInFile", "ReferencedSOPInstanceUIDInFile", "ReferencedTransferSyntaxUIDInFile")),
    ],
    "C.7.6.5 Cine, C.7.6.6 Multi-frame": [
        Condition("FrameTime", When("FrameIncrementPointer names it", lambda scope: _points_to(scope, "FrameTime")), ROOT),
        Condition("FrameTimeVector", When("FrameIncrementPointer names it", lambda scope: _points_to(scope, "FrameTimeVector")),
                  ROOT),
        Condition("FrameIncrementPointer", _above("NumberOfFrames", 1) & _lacks("PerFrameFunctionalGroupsSequence"), ROOT),
    ],
    "C.7.6.16 Multi-frame functional groups": [
        Condition("DimensionIndexValues", When("there is a DimensionIndexSequence", lambda scope: _filled(
            scope.root, tag_of("DimensionIndexSequence"))), "FrameContentSequence", is_excluded=True),
        Condition("PerFrameFunctionalGroupsSequence", NOT_IMPLIED, ROOT),
        Condition("DimensionIndexSequence", NOT_IMPLIED, ROOT),
        Condition("InConcatenationNumber", _has("ConcatenationUID"), ROOT),
        Condition("ConcatenationFrameOffsetNumber", _has("ConcatenationUID"), ROOT),
        Condition("InStackPositionNumber", _has("StackID"), "FrameContentSequence"),
        Condition("PixelSpacing", VOLUME, "PixelMeasuresSequence"),
        Condition("SliceThickness", VOLUME, "PixelMeasuresSequence"),
        Condition("ImagePositionPatient", ORIGINAL_FRAMES & VOLUME, "PlanePositionSequence"),
        Condition("ImageOrientationPatient", ORIGINAL_FRAMES & VOLUME, "PlaneOrientationSequence"),
        *_when_original("FrameContentSequence", "FrameReferenceDateTime FrameAcquisitionDateTime FrameAcquisitionDuration"),
    ],
    "C.8.3.1 MR Image": [
        Condition("RepetitionTime", When("ScanningSequence is not EP, or SequenceVariant is SK", _repetition_time), ROOT,
                  (MR,)),
        Condition("InversionTime", _is("ScanningSequence", "IR"), ROOT, (MR,), is_excluded=True),
        Condition("TriggerTime", _is("ScanOptions", "CG", "PPG"), ROOT, (MR,)),
    ],
    "C.8.9 PET": [
        Condition("NumberOfTimeSlices", _is("SeriesType", "DYNAMIC", number=1), ROOT, (PET,), is_excluded=True),
        Condition("NumberOfRRIntervals", _is("SeriesType", "GATED", number=1), ROOT, (PET,), is_excluded=True),
        Condition("NumberOfTimeSlots", _is("SeriesType", "GATED", number=1), ROOT, (PET,), is_excluded=True),
        Condition("TriggerTime", _is("SeriesType", "GATED", number=1), ROOT, (PET,)),
        Condition("FrameTime", _is("SeriesType", "GATED", number=1), ROOT, (PET,)),
        Condition("DecayFactor", _is_other("DecayCorrection", "NONE"), ROOT, (PET,), is_excluded=True),
    ],
    "C.8.6 Secondary capture": [
        Condition("RescaleSlope", _is("PhotometricInterpretation", "MONOCHROME2") & _above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
        Condition("RescaleIntercept", _is("PhotometricInterpretation", "MONOCHROME2") & _above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
        Condition("RescaleType", _is("PhotometricInterpretation", "MONOCHROME2") & _above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
        Condition("PresentationLUTShape", _is("PhotometricInterpretation", "MONOCHROME2") & _above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
    ],
    "C.8.13.1 to C.8.16.2 enhanced images": [
        *(Condition(keyword, ORIGINAL, ROOT, (ENHANCED_MR, MR_SPECTROSCOPY)) for keyword in (
            "AcquisitionDateTime", "AcquisitionDuration", "ContentQualification", "ResonantNucleus", "KSpaceFiltering",
            "MagneticFieldStrength", "ApplicableSafetyStandardAgency", "ComplexImageComponent", "AcquisitionContrast",
            "BurnedInAnnotation", "LossyImageCompression", "PulseSequenceName", "MRAcquisitionType", "EchoPulseSequence",
            "MultiPlanarExcitation", "PhaseContrast", "TimeOfFlightContrast", "SteadyStatePulseSequence",
            "EchoPlanarPulseSequence", "SaturationRecovery", "SpectrallySelectedSuppression", "OversamplingPhase",
            "GeometryOfKSpaceTraversal", "SegmentedKSpaceTraversal", "NumberOfKSpaceTrajectories")),
        *(row for keyword, when in (
            ("MultipleSpinEcho", _is("EchoPulseSequence", "SPIN", "BOTH")),
            ("CoverageOfKSpace", _is("MRAcquisitionType", "3D")),
            ("RectilinearPhaseEncodeReordering", _is("GeometryOfKSpaceTraversal", "RECTILINEAR")),
        ) for row in (Condition(keyword, ORIGINAL & when, ROOT, (ENHANCED_MR,)),
                      Condition(keyword, when, ROOT, (ENHANCED_MR,), is_excluded=True, required=False))),
        Condition("VelocityEncodingAcquisitionSequence", _is("PhaseContrast", "YES"), ROOT, (ENHANCED_MR,), is_excluded=True,
                  required=False),
        *(Condition(keyword, ORIGINAL, ROOT, (ENHANCED_CT,)) for keyword in (
            "AcquisitionDateTime", "AcquisitionDuration", "ContentQualification")),
        Condition("PresentationLUTShape", _is("PhotometricInterpretation", "MONOCHROME2"), ROOT, ENHANCED),
        *(Condition(evidence, _contains(sequence), ROOT, ENHANCED, is_excluded=True)
          for evidence, sequence in (("SourceImageEvidenceSequence", "SourceImageSequence"),
                                     ("ReferencedImageEvidenceSequence", "ReferencedImageSequence"))),
    ],
    "C.8.13.5 Macros of enhanced MR": [
        *_when_original("MRTimingAndRelatedParametersSequence", "RepetitionTime FlipAngle EchoTrainLength RFEchoTrainLength "
                        "GradientEchoTrainLength SpecificAbsorptionRateSequence OperatingModeSequence"),
        *_when_original("MRFOVGeometrySequence", "InPlanePhaseEncodingDirection MRAcquisitionFrequencyEncodingSteps "
                        "MRAcquisitionPhaseEncodingStepsInPlane PercentSampling PercentPhaseFieldOfView"),
        *_when_original("MREchoSequence", "EffectiveEchoTime"),
        *_when_original("MRModifierSequence", "InversionRecovery FlowCompensation T2Preparation SpectrallySelectedExcitation "
                        "SpatialPresaturation PartialFourier ParallelAcquisition"),
        *_when_original("MRImagingModifierSequence", "MagnetizationTransfer BloodSignalNulling Tagging TransmitterFrequency "
                        "PixelBandwidth"),
        *_when_original("MRImageFrameTypeSequence", "AcquisitionContrast ComplexImageComponent"),
        *_when_original("MRReceiveCoilSequence", "ReceiveCoilName ReceiveCoilType ReceiveCoilManufacturerName "
                        "QuadratureReceiveCoil"),
        *_when_original("MRTransmitCoilSequence", "TransmitCoilName TransmitCoilType TransmitCoilManufacturerName"),
        *_when_original("MRAveragesSequence", "NumberOfAverages"),
        Condition("InversionTimes", ORIGINAL_FRAMES & _is("InversionRecovery", "YES"), "MRModifierSequence"),
        Condition("InversionTimes", _is("InversionRecovery", "YES"), "MRModifierSequence",
                  is_excluded=True, required=False),
        Condition("FlowCompensationDirection", ORIGINAL_FRAMES & _is_other("FlowCompensation", "NONE"), "MRModifierSequence"),
        Condition("FlowCompensationDirection", _is_other("FlowCompensation", "NONE"), "MRModifierSequence",
                  is_excluded=True, required=False),
        Condition("PartialFourierDirection", ORIGINAL_FRAMES & _is("PartialFourier", "YES"), "MRModifierSequence"),
        Condition("PartialFourierDirection", _is("PartialFourier", "YES"), "MRModifierSequence",
                  is_excluded=True, required=False),
        Condition("ParallelAcquisitionTechnique", ORIGINAL_FRAMES & _is("ParallelAcquisition", "YES"), "MRModifierSequence"),
        Condition("ParallelReductionFactorInPlane", ORIGINAL_FRAMES & _is("ParallelAcquisition", "YES"), "MRModifierSequence"),
        Condition("ParallelReductionFactorOutOfPlane", ORIGINAL_FRAMES & _is("ParallelAcquisition", "YES"),
                  "MRModifierSequence"),
        Condition("MultiCoilDefinitionSequence", _is("ReceiveCoilType", "MULTICOIL"), "MRReceiveCoilSequence"),
        Condition("DiffusionGradientDirectionSequence", _is("DiffusionDirectionality", "DIRECTIONAL"), "MRDiffusionSequence"),
        Condition("DiffusionBMatrixSequence", _is("DiffusionDirectionality", "BMATRIX"), "MRDiffusionSequence"),
    ],
    "C.8.15.3 Macros of enhanced CT": [
        Condition("TubeAngle", _is("AcquisitionType", "CONSTANT_ANGLE"), "CTAcquisitionTypeSequence", is_excluded=True,
                  required=False),
    ],
    "C.8.7 X-ray": [
        Condition("ExposureTime", _absent("Exposure"), ROOT, (XA, RF)),
        Condition("XRayTubeCurrent", _absent("Exposure"), ROOT, (XA, RF)),
        Condition("Exposure", _absent("ExposureTime") | _absent("XRayTubeCurrent"), ROOT, (XA, RF)),
        Condition("PositionerMotion", _above("NumberOfFrames", 1), ROOT, (XA,)),
    ],
    "C.8.20 Segmentation": [
        Condition("SegmentAlgorithmName", _is_other("SegmentAlgorithmType", "MANUAL"), "SegmentSequence"),
        Condition("SegmentationFractionalType", _is("SegmentationType", "FRACTIONAL"), ROOT, (SEG,), is_excluded=True),
        Condition("MaximumFractionalValue", _is("SegmentationType", "FRACTIONAL"), ROOT, (SEG,), is_excluded=True),
    ],
    "8.8 Codes": [
        Condition("CodeValue", _lacks("LongCodeValue", "URNCodeValue")),
        Condition("CodingSchemeDesignator", _has("CodeValue", "LongCodeValue")),
        Condition("ContextGroupVersion", _has("ContextIdentifier"), required=False),
    ],
    "C.7.6.16.2.11 Real World Value Mapping": [
        Condition("RealWorldValueSlope", _lacks("RealWorldValueLUTData"), "RealWorldValueMappingSequence"),
        Condition("RealWorldValueIntercept", _lacks("RealWorldValueLUTData"), "RealWorldValueMappingSequence"),
        Condition("RealWorldValueLastValueMapped", _lacks("DoubleFloatRealWorldValueLastValueMapped"),
                  "RealWorldValueMappingSequence"),
        Condition("RealWorldValueFirstValueMapped", _lacks("DoubleFloatRealWorldValueFirstValueMapped"),
                  "RealWorldValueMappingSequence"),
    ],
}  # fmt: skip


def _points_to(scope: Scope, keyword: str) -> bool:
    element = scope.here.get(tag_of("FrameIncrementPointer"))
    if element is None or not isinstance(element.value, bytes):
        return False
    raw, wanted = element.value, tag_of(keyword)
    words = [int.from_bytes(raw[at : at + 2], "little") << 16 | int.from_bytes(raw[at + 2 : at + 4], "little")
             for at in range(0, len(raw) - 3, 4)]  # fmt: skip
    return wanted in words


def rows_for(iod: str, enclosing: int | None) -> list[tuple[str, int, Condition]]:
    """Return section, tag and condition of the rows that count at the top level (None) or in the items of a sequence."""
    result = []
    for section, rows in TABLES.items():
        for row in rows:
            if row.iods and iod not in row.iods:
                continue
            here = row.where == ANYWHERE or (
                enclosing is None if row.where == ROOT else enclosing is not None and tag_of(row.where) == enclosing
            )
            if here:
                result.append((section, tag_of(row.keyword), row))
    return result
