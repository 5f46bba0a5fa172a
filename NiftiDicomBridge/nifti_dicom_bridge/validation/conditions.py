"""Conditions: when an attribute of Type 1C or 2C must be there, and when it must not (PS3.3, PS3.5 7.4).

What is not in this table is not known, and never reported.
"""

from __future__ import annotations

from typing import NamedTuple

from ..model import metadata
from .iod_names import (
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
from .subject import tag_of
from .when import (
    When,
    above,
    absent,
    contains,
    differs,
    equals,
    is_filled,
    lacking,
    points_to,
    present,
    repetition_time_applies,
)

ROOT, ANYWHERE = "top level", "anywhere"


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


ORIGINAL = equals("ImageType", "ORIGINAL", "MIXED", number=1, root=True)
ORIGINAL_FRAMES = equals("ImageType", "ORIGINAL", number=1, root=True)
LOSSY = equals("LossyImageCompression", "01")
PALETTE = equals("PhotometricInterpretation", "PALETTE COLOR") | equals("PixelPresentation", "COLOR", "MIXED")
VOLUME = equals("VolumetricProperties", "VOLUME", "SAMPLED", root=True)
# those of the paired structures of PS3.16 L whose side is never in doubt
PAIRED = equals(
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
        Condition("DeidentificationMethod", equals("PatientIdentityRemoved",
                  "YES") & lacking("DeidentificationMethodCodeSequence"),
                  ROOT),
        Condition("PatientBirthDateInAlternativeCalendar", present("PatientAlternativeCalendar"), ROOT, required=False),
        Condition("PatientAlternativeCalendar",
                  present("PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar"), ROOT),
    ],
    "C.7.3.1 General Series": [
        Condition("PatientPosition", lacking("PatientOrientationCodeSequence"), ROOT,
                  (CT, MR, ENHANCED_CT, ENHANCED_MR, ENHANCED_MR_COLOR, MR_SPECTROSCOPY), is_excluded=True),
        Condition("PatientPosition", lacking("PatientOrientationCodeSequence"), ROOT, (PET,), is_excluded=True, required=False),
        Condition("Laterality", PAIRED & lacking("ImageLaterality", "SharedFunctionalGroupsSequence", "SegmentSequence"), ROOT),
    ],
    "C.7.6.1 General Image": [
        Condition("PatientOrientation", lacking("ImageOrientationPatient"), ROOT, (CR, SC, US, US_FRAMES, XA, RF)),
        Condition("LossyImageCompressionRatio", LOSSY, ROOT),
        Condition("LossyImageCompressionMethod", LOSSY, ROOT),
    ],
    "C.7.6.3 Image Pixel": [
        Condition("PlanarConfiguration", above("SamplesPerPixel", 1), is_excluded=True),
        Condition("PixelAspectRatio", lacking("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"), ROOT,
                  is_excluded=True, required=False),
        *(Condition(f"{color}PaletteColorLookupTableDescriptor", PALETTE) for color in ("Red", "Green", "Blue")),
        *(Condition(f"{color}PaletteColorLookupTableData", PALETTE & lacking(f"Segmented{color}PaletteColorLookupTableData"))
          for color in ("Red", "Green", "Blue")),
        Condition("PixelPaddingRangeLimit", present("PixelPaddingValue"), ROOT, is_excluded=True, required=False),
        Condition("ExtendedOffsetTableLengths", present("ExtendedOffsetTable"), ROOT),
    ],
    "C.11 Look-up tables": [
        Condition("WindowWidth", present("WindowCenter"), is_excluded=True),
        Condition("RescaleSlope", present("RescaleIntercept"), is_excluded=True),
        Condition("RescaleIntercept", present("RescaleSlope"), ROOT, (SC_BYTE, SC_WORD), is_excluded=True),
    ],
    "C.11.1 Modality LUT": [
        Condition("RescaleType", present("RescaleIntercept"), ROOT, (CR, SC, XA, RF)),
    ],
    "C.8.8.13, C.8.8.16 Radiotherapy": [
        *(Condition(keyword, equals("ApprovalStatus", "APPROVED", "REJECTED"), ROOT)
          for keyword in ("ReviewDate", "ReviewTime", "ReviewerName")),
        Condition("ReferencedStructureSetSequence", equals("RTPlanGeometry", "PATIENT"), ROOT, ("rt-plan", "rt-ion-plan")),
    ],
    "F.3.2.2 Directory": [
        *(Condition(keyword, present("ReferencedFileID"), "DirectoryRecordSequence") for keyword in (
            "ReferencedSOPClassUIDInFile", "ReferencedSOPInstanceUIDInFile", "ReferencedTransferSyntaxUIDInFile")),
    ],
    "C.7.6.5 Cine, C.7.6.6 Multi-frame": [
        Condition("FrameTime", When("FrameIncrementPointer names it", lambda scope: points_to(scope, "FrameTime")), ROOT),
        Condition("FrameTimeVector", When("FrameIncrementPointer names it", lambda scope: points_to(scope, "FrameTimeVector")),
                  ROOT),
        Condition("FrameIncrementPointer", above("NumberOfFrames", 1) & lacking("PerFrameFunctionalGroupsSequence"), ROOT),
    ],
    "C.7.6.16 Multi-frame functional groups": [
        Condition("DimensionIndexValues", When("there is a DimensionIndexSequence", lambda scope: is_filled(
            scope.root, tag_of("DimensionIndexSequence"))), "FrameContentSequence", is_excluded=True),
        Condition("PerFrameFunctionalGroupsSequence", NOT_IMPLIED, ROOT),
        Condition("DimensionIndexSequence", NOT_IMPLIED, ROOT),
        Condition("InConcatenationNumber", present("ConcatenationUID"), ROOT),
        Condition("ConcatenationFrameOffsetNumber", present("ConcatenationUID"), ROOT),
        Condition("InStackPositionNumber", present("StackID"), "FrameContentSequence"),
        Condition("PixelSpacing", VOLUME, "PixelMeasuresSequence"),
        Condition("SliceThickness", VOLUME, "PixelMeasuresSequence"),
        Condition("ImagePositionPatient", ORIGINAL_FRAMES & VOLUME, "PlanePositionSequence"),
        Condition("ImageOrientationPatient", ORIGINAL_FRAMES & VOLUME, "PlaneOrientationSequence"),
        *_when_original("FrameContentSequence", "FrameReferenceDateTime FrameAcquisitionDateTime FrameAcquisitionDuration"),
    ],
    "C.8.3.1 MR Image": [
        Condition("RepetitionTime", When("ScanningSequence is not EP, or SequenceVariant is SK", repetition_time_applies), ROOT,
                  (MR,)),
        Condition("InversionTime", equals("ScanningSequence", "IR"), ROOT, (MR,), is_excluded=True),
        Condition("TriggerTime", equals("ScanOptions", "CG", "PPG"), ROOT, (MR,)),
    ],
    "C.8.9 PET": [
        Condition("NumberOfTimeSlices", equals("SeriesType", "DYNAMIC", number=1), ROOT, (PET,), is_excluded=True),
        Condition("NumberOfRRIntervals", equals("SeriesType", "GATED", number=1), ROOT, (PET,), is_excluded=True),
        Condition("NumberOfTimeSlots", equals("SeriesType", "GATED", number=1), ROOT, (PET,), is_excluded=True),
        Condition("TriggerTime", equals("SeriesType", "GATED", number=1), ROOT, (PET,)),
        Condition("FrameTime", equals("SeriesType", "GATED", number=1), ROOT, (PET,)),
        Condition("DecayFactor", differs("DecayCorrection", "NONE"), ROOT, (PET,), is_excluded=True),
    ],
    "C.8.6 Secondary capture": [
        Condition("RescaleSlope", equals("PhotometricInterpretation", "MONOCHROME2") & above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
        Condition("RescaleIntercept", equals("PhotometricInterpretation", "MONOCHROME2") & above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
        Condition("RescaleType", equals("PhotometricInterpretation", "MONOCHROME2") & above("BitsStored", 1), ROOT,
                  (SC_BYTE, SC_WORD)),
        Condition("PresentationLUTShape", equals("PhotometricInterpretation", "MONOCHROME2") & above("BitsStored", 1), ROOT,
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
            ("MultipleSpinEcho", equals("EchoPulseSequence", "SPIN", "BOTH")),
            ("CoverageOfKSpace", equals("MRAcquisitionType", "3D")),
            ("RectilinearPhaseEncodeReordering", equals("GeometryOfKSpaceTraversal", "RECTILINEAR")),
        ) for row in (Condition(keyword, ORIGINAL & when, ROOT, (ENHANCED_MR,)),
                      Condition(keyword, when, ROOT, (ENHANCED_MR,), is_excluded=True, required=False))),
        Condition("VelocityEncodingAcquisitionSequence", equals("PhaseContrast", "YES"), ROOT, (ENHANCED_MR,), is_excluded=True,
                  required=False),
        *(Condition(keyword, ORIGINAL, ROOT, (ENHANCED_CT,)) for keyword in (
            "AcquisitionDateTime", "AcquisitionDuration", "ContentQualification")),
        Condition("PresentationLUTShape", equals("PhotometricInterpretation", "MONOCHROME2"), ROOT, ENHANCED),
        *(Condition(evidence, contains(sequence), ROOT, ENHANCED, is_excluded=True)
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
        Condition("InversionTimes", ORIGINAL_FRAMES & equals("InversionRecovery", "YES"), "MRModifierSequence"),
        Condition("InversionTimes", equals("InversionRecovery", "YES"), "MRModifierSequence",
                  is_excluded=True, required=False),
        Condition("FlowCompensationDirection", ORIGINAL_FRAMES & differs("FlowCompensation", "NONE"), "MRModifierSequence"),
        Condition("FlowCompensationDirection", differs("FlowCompensation", "NONE"), "MRModifierSequence",
                  is_excluded=True, required=False),
        Condition("PartialFourierDirection", ORIGINAL_FRAMES & equals("PartialFourier", "YES"), "MRModifierSequence"),
        Condition("PartialFourierDirection", equals("PartialFourier", "YES"), "MRModifierSequence",
                  is_excluded=True, required=False),
        Condition("ParallelAcquisitionTechnique", ORIGINAL_FRAMES & equals("ParallelAcquisition", "YES"), "MRModifierSequence"),
        Condition("ParallelReductionFactorInPlane", ORIGINAL_FRAMES & equals("ParallelAcquisition", "YES"),
                  "MRModifierSequence"),
        Condition("ParallelReductionFactorOutOfPlane", ORIGINAL_FRAMES & equals("ParallelAcquisition", "YES"),
                  "MRModifierSequence"),
        Condition("MultiCoilDefinitionSequence", equals("ReceiveCoilType", "MULTICOIL"), "MRReceiveCoilSequence"),
        Condition("DiffusionGradientDirectionSequence", equals("DiffusionDirectionality", "DIRECTIONAL"),
                  "MRDiffusionSequence"),
        Condition("DiffusionBMatrixSequence", equals("DiffusionDirectionality", "BMATRIX"), "MRDiffusionSequence"),
    ],
    "C.8.15.3 Macros of enhanced CT": [
        Condition("TubeAngle", equals("AcquisitionType", "CONSTANT_ANGLE"), "CTAcquisitionTypeSequence", is_excluded=True,
                  required=False),
    ],
    "C.8.7 X-ray": [
        Condition("ExposureTime", absent("Exposure"), ROOT, (XA, RF)),
        Condition("XRayTubeCurrent", absent("Exposure"), ROOT, (XA, RF)),
        Condition("Exposure", absent("ExposureTime") | absent("XRayTubeCurrent"), ROOT, (XA, RF)),
        Condition("PositionerMotion", above("NumberOfFrames", 1), ROOT, (XA,)),
    ],
    "C.8.20 Segmentation": [
        Condition("SegmentAlgorithmName", differs("SegmentAlgorithmType", "MANUAL"), "SegmentSequence"),
        Condition("SegmentationFractionalType", equals("SegmentationType", "FRACTIONAL"), ROOT, (SEG,), is_excluded=True),
        Condition("MaximumFractionalValue", equals("SegmentationType", "FRACTIONAL"), ROOT, (SEG,), is_excluded=True),
    ],
    "8.8 Codes": [
        Condition("CodeValue", lacking("LongCodeValue", "URNCodeValue")),
        Condition("CodingSchemeDesignator", present("CodeValue", "LongCodeValue")),
        Condition("ContextGroupVersion", present("ContextIdentifier"), required=False),
    ],
    "C.7.6.16.2.11 Real World Value Mapping": [
        Condition("RealWorldValueSlope", lacking("RealWorldValueLUTData"), "RealWorldValueMappingSequence"),
        Condition("RealWorldValueIntercept", lacking("RealWorldValueLUTData"), "RealWorldValueMappingSequence"),
        Condition("RealWorldValueLastValueMapped", lacking("DoubleFloatRealWorldValueLastValueMapped"),
                  "RealWorldValueMappingSequence"),
        Condition("RealWorldValueFirstValueMapped", lacking("DoubleFloatRealWorldValueFirstValueMapped"),
                  "RealWorldValueMappingSequence"),
    ],
}  # fmt: skip


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
