"""Enumerated values: what an attribute may specify, where the standard leaves no choice next to it (PS3.3)."""

from __future__ import annotations

from typing import NamedTuple

from .findings import Severity
from .iod_names import (
    CR,
    CT,
    DX,
    ENHANCED,
    ENHANCED_CT,
    ENHANCED_MR,
    ENHANCED_MR_COLOR,
    ENHANCED_PET,
    ENHANCED_RF,
    ENHANCED_XA,
    IO,
    LEGACY,
    LEGACY_CT,
    LEGACY_MR,
    LEGACY_PET,
    MG,
    MR,
    MR_SPECTROSCOPY,
    NM,
    OPHTHALMIC,
    PARAMETRIC_MAP,
    PET,
    RF,
    RT_DOSE,
    SC,
    SC_BIT,
    SC_BYTE,
    SC_COLOR,
    SC_WORD,
    SEG,
    US,
    US_FRAMES,
    X_RAYS,
    XA,
)

YES_NO, Y_N = ("YES", "NO"), ("Y", "N")


class Values(NamedTuple):
    """The values that an attribute may have.

    Attributes
    ----------
    keyword, values : str, tuple of str
        The attribute, and its values; numbers as text.
    iods : tuple of str
        Only in the data sets of these IODs, at the top level; empty: wherever it is in a known IOD.
    number : int
        Which of its values, from 1; 0 for all.
    severity : Severity
        Warning where the standard has defined terms: others may be added, few readers know them.
    """

    keyword: str
    values: tuple[str, ...]
    iods: tuple[str, ...] = ()
    number: int = 0
    severity: Severity = Severity.ERROR


def _terms(keyword: str, *values: str, iods: tuple[str, ...] = (), number: int = 0) -> Values:
    return Values(keyword, values, iods, number, Severity.WARNING)


def _only(value: str, *iods: str) -> Values:
    return Values("Modality", (value,), iods)


def _bits(iods: tuple[str, ...], *allocated: int) -> Values:
    return Values("BitsAllocated", tuple(map(str, allocated)), iods)


def _stored(iods: tuple[str, ...], *stored: int) -> Values:
    return Values("BitsStored", tuple(map(str, stored)), iods)


SEVERAL_SAMPLES = (
    "MONOCHROME2",
    "RGB",
    "PALETTE COLOR",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
)
SIXTEEN = (CT, MR, PET, ENHANCED_CT, ENHANCED_PET, LEGACY_CT, LEGACY_PET, SC_WORD)
ONE_SAMPLE = (CT, MR, PET, NM, CR, RT_DOSE, SEG, PARAMETRIC_MAP, ENHANCED_CT, ENHANCED_MR, ENHANCED_PET, *LEGACY, *X_RAYS,
              XA, RF, ENHANCED_XA, ENHANCED_RF, SC_BIT, SC_BYTE, SC_WORD)  # fmt: skip
UNSIGNED = (US, US_FRAMES, SEG, *X_RAYS, XA, RF, SC_BIT, SC_BYTE, SC_WORD, SC_COLOR)
MONOCHROME2 = (PET, RT_DOSE, XA, RF, ENHANCED_CT, ENHANCED_MR, ENHANCED_PET, *LEGACY, SC_BIT, SC_BYTE, SC_WORD, PARAMETRIC_MAP)
MONOCHROME = (CT, MR, CR, *X_RAYS, ENHANCED_XA, ENHANCED_RF)

TABLES: dict[str, list[Values]] = {
    "C.7.1 Patient": [
        Values("PatientSex", ("M", "F", "O")),
        Values("PatientIdentityRemoved", YES_NO),
        Values("PatientSexNeutered", ("ALTERED", "UNALTERED")),
        Values("QualityControlSubject", YES_NO),
    ],
    "C.7.3 Series": [
        Values("AnatomicalOrientationType", ("BIPED", "QUADRUPED")),
        Values("Laterality", ("R", "L")),
        _terms("PatientPosition", *(f"{first}{last}" for first in ("HF", "FF", "LF", "RF", "AF", "PF")
                                    for last in ("S", "P", "DL", "DR")), "SITTING"),
        _only("CT", CT, ENHANCED_CT, LEGACY_CT),
        _only("MR", MR, ENHANCED_MR, LEGACY_MR, ENHANCED_MR_COLOR, MR_SPECTROSCOPY),
        _only("PT", PET, ENHANCED_PET, LEGACY_PET),
        _only("NM", NM),
        _only("CR", CR),
        _only("DX", DX),
        _only("MG", MG),
        _only("IO", IO),
        _only("SEG", SEG),
        _only("RTDOSE", RT_DOSE),
        _only("RTSTRUCT", "rt-structure-set"),
        _only("RTPLAN", "rt-plan"),
        _only("RTIMAGE", "rt-image"),
        Values("Modality", ("XA", "RF", "XRF"), (XA, RF, ENHANCED_XA, ENHANCED_RF)),
        _terms("Modality", "US", "IVUS", "BDUS", "OPTBSV", "OT", iods=(US, US_FRAMES)),
    ],
    "C.7.6.1 General Image": [
        Values("ImageType", ("ORIGINAL", "DERIVED"), (CT, MR, PET, NM, SC, CR, *X_RAYS, XA, RF, US, US_FRAMES, RT_DOSE), 1),
        Values("ImageType", ("PRIMARY", "SECONDARY"), (CT, MR, SC, CR, *X_RAYS, XA, RF, US, US_FRAMES, RT_DOSE), 2),
        Values("ImageLaterality", ("R", "L", "U", "B")),
        Values("QualityControlImage", ("YES", "NO", "BOTH")),
        Values("BurnedInAnnotation", YES_NO),
        Values("RecognizableVisualFeatures", YES_NO),
        Values("LossyImageCompression", ("00", "01")),
        Values("PresentationLUTShape", ("IDENTITY", "INVERSE")),
        Values("SpatialLocationsPreserved", ("YES", "NO", "REORIENTED_ONLY")),
        Values("LongitudinalTemporalInformationModified", ("UNMODIFIED", "MODIFIED", "REMOVED")),
        Values("FrameLaterality", ("R", "L", "U", "B")),
    ],
    "C.7.6.4 Contrast/Bolus": [
        *(Values(keyword, YES_NO) for keyword in (
            "ContrastBolusAgentAdministered", "ContrastBolusAgentDetected", "ContrastBolusIngredientOpaque")),
    ],
    "C.7.6.5 Cine": [
        Values("PreferredPlaybackSequencing", ("0", "1")),
    ],
    "C.7.6.16.2, C.7.6.18 Synchronization": [
        Values("CardiacSynchronizationTechnique", ("NONE", "REALTIME", "PROSPECTIVE", "RETROSPECTIVE", "PACED")),
        *(Values(keyword, ("INSPIRATION", "MAXIMUM", "EXPIRATION", "MINIMUM")) for keyword in (
            "StartingRespiratoryPhase", "EndingRespiratoryPhase")),
    ],
    "C.7.6.17 Multi-frame dimension": [
        _terms("DimensionOrganizationType", "3D", "3D_TEMPORAL", "TILED_FULL", "TILED_SPARSE"),
    ],
    "C.7.6.3 Image Pixel": [
        Values("PixelRepresentation", ("0", "1")),
        Values("PlanarConfiguration", ("0", "1")),
        Values("SamplesPerPixel", ("1", "3", "4")),
        Values("SamplesPerPixel", ("1",), ONE_SAMPLE),
        Values("SamplesPerPixel", ("3",), (SC_COLOR,)),
        Values("PixelRepresentation", ("0",), UNSIGNED),
        Values("PhotometricInterpretation", MONOCHROME2_ONLY := ("MONOCHROME2",), MONOCHROME2),
        Values("PhotometricInterpretation", ("MONOCHROME1", "MONOCHROME2"), MONOCHROME),
        Values("PhotometricInterpretation", (*MONOCHROME2_ONLY, "PALETTE COLOR"), (NM, SEG)),
        Values("PhotometricInterpretation", ("RGB", "YBR_FULL_422", "YBR_FULL", "YBR_RCT", "YBR_ICT", "YBR_PARTIAL_420"),
               (SC_COLOR, ENHANCED_MR_COLOR)),
        Values("PhotometricInterpretation", SEVERAL_SAMPLES, (US, US_FRAMES)),
        _terms("PhotometricInterpretation", "MONOCHROME1", "XYB", *SEVERAL_SAMPLES, "HSV", "ARGB", "CMYK"),
        _bits(SIXTEEN, 16),
        _bits((NM, *X_RAYS, CR, XA, RF, ENHANCED_XA, ENHANCED_RF, ENHANCED_MR, LEGACY_MR), 8, 16),
        _bits((RT_DOSE,), 16, 32),
        _bits((SC_BYTE, SC_COLOR, ENHANCED_MR_COLOR), 8),
        _bits((SC_BIT,), 1),
        _bits((SEG,), 1, 8, 16),
        _bits((US, US_FRAMES), 8, 16),
        _stored((CT, ENHANCED_CT, LEGACY_CT), 12, 13, 14, 15, 16),
        _stored((PET, ENHANCED_PET), 16),
        _stored((RT_DOSE,), 16, 32),
        _stored((SC_BYTE, SC_COLOR), 8),
        _stored((SC_BIT,), 1),
        _stored((SC_WORD,), *range(9, 17)),
        _stored((XA, RF), 8, 10, 12, 16),
        _stored(X_RAYS, *range(6, 17)),
        Values("OverlayType", ("G", "R")),
        Values("OverlayBitsAllocated", ("1",)),
        Values("OverlayBitPosition", ("0",)),
    ],
    "C.7.6.16 Multi-frame, C.8.13.3, C.8.16.1 enhanced images": [
        Values("ImageType", ("ORIGINAL", "DERIVED", "MIXED"), (*ENHANCED, *LEGACY, MR_SPECTROSCOPY), 1),
        Values("ImageType", ("PRIMARY",), (*ENHANCED, *LEGACY, MR_SPECTROSCOPY, NM, PET, *OPHTHALMIC), 2),
        Values("ImageType", ("DERIVED",), (SEG, PARAMETRIC_MAP), 1),
        Values("ImageType", ("PRIMARY",), (SEG, PARAMETRIC_MAP), 2),
        Values("FrameType", ("ORIGINAL", "DERIVED"), number=1),
        Values("FrameType", ("PRIMARY", "SECONDARY"), number=2),
        Values("PixelPresentation", ("COLOR", "MONOCHROME", "MIXED", "TRUE_COLOR", "COLOR_RANGE", "COLOR_REF")),
        Values("VolumetricProperties", ("VOLUME", "SAMPLED", "DISTORTED", "MIXED")),
        _terms("VolumeBasedCalculationTechnique", "MAX_IP", "MIN_IP", "VOLUME_RENDER", "SURFACE_RENDER", "MPR", "CURVED_MPR",
               "NONE", "MIXED"),
        Values("ContentQualification", ("PRODUCT", "RESEARCH", "SERVICE")),
        Values("ComplexImageComponent", ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY", "COMPLEX", "MIXED")),
        Values("PresentationLUTShape", ("IDENTITY",), (SC_BYTE, SC_WORD, *ENHANCED, *LEGACY)),
        Values("BurnedInAnnotation", ("NO",), ENHANCED),
    ],
    "C.8.2 CT": [
        Values("RotationDirection", ("CW", "CC")),
    ],
    "C.8.3 MR": [
        Values("ScanningSequence", ("SE", "IR", "GR", "EP", "RM"), (MR,)),
        _terms("SequenceVariant", "SK", "MTC", "SS", "TRSS", "SP", "MP", "OSP", "NONE", iods=(MR,)),
        Values("MRAcquisitionType", ("2D", "3D"), (MR,)),
        Values("AngioFlag", Y_N),
        Values("VariableFlipAngleFlag", Y_N),
        Values("BeatRejectionFlag", Y_N),
        Values("InPlanePhaseEncodingDirection", ("ROW", "COL"), (MR,)),
    ],
    "C.8.4 Nuclear medicine": [
        _terms("TypeOfDetectorMotion", "NONE", "STATIONARY", "STEP AND SHOOT", "CONTINUOUS", "ACQ DURING STEP"),
        Values("WholeBodyTechnique", ("1PS", "2PS", "PCN", "MSP")),
        Values("PhaseDescription", ("FLOW", "WASHOUT", "UPTAKE", "EMPTYING", "EXCRETION")),
        Values("ScanProgressionDirection", ("FEET_TO_HEAD", "HEAD_TO_FEET")),
        Values("SliceProgressionDirection", ("APEX_TO_BASE", "BASE_TO_APEX")),
    ],
    "C.8.9 PET": [
        Values("SeriesType", ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY"), number=1),
        Values("SeriesType", ("IMAGE", "REPROJECTION"), number=2),
        _terms("Units", "CNTS", "NONE", "CM2", "CM2ML", "PCNT", "CPS", "BQML", "MGMINML", "UMOLMINML", "MLMING", "MLG", "1CM",
               "UMOLML", "PROPCNTS", "PROPCPS", "MLMINML", "MLML", "GML", "STDDEV", iods=(PET,)),
        Values("CountsSource", ("EMISSION", "TRANSMISSION")),
        _terms("DecayCorrection", "NONE", "START", "ADMIN"),
        _terms("CorrectedImage", "DECY", "ATTN", "SCAT", "DTIM", "MOTN", "PMOT", "CLN", "RAN", "RADL", "DCAL", "NORM"),
        Values("RescaleIntercept", ("0",), (PET,)),
        _terms("SUVType", "BSA", "BW", "LBM", "LBMJAMES128", "LBMJANMA", "IBW"),
        Values("DecayCorrected", YES_NO),
        Values("AttenuationCorrected", YES_NO),
        Values("ScatterCorrected", YES_NO),
        Values("DeadTimeCorrected", YES_NO),
        Values("GantryMotionCorrected", YES_NO),
        Values("PatientMotionCorrected", YES_NO),
        Values("RandomsCorrected", YES_NO),
    ],
    "C.8.22 Enhanced PET": [
        _terms("TableMotion", "STATIC", "DYNAMIC"),
        Values("TimeOfFlightInformationUsed", ("TRUE", "FALSE")),
        *(Values(keyword, YES_NO) for keyword in (
            "CountLossNormalizationCorrected", "NonUniformRadialSamplingCorrected", "SensitivityCalibrated",
            "DetectorNormalizationCorrection", "IterativeReconstructionMethod")),
    ],
    "C.8.6 Secondary capture": [
        _terms("ConversionType", "DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN"),
        Values("RescaleType", ("US",), (SC_BYTE, SC_WORD)),
        Values("RescaleSlope", ("1",), (SC_BYTE,)),
        Values("RescaleIntercept", ("0",), (SC_BYTE,)),
    ],
    "C.8.7, C.8.11, C.8.19 X-ray": [
        Values("PresentationIntentType", ("FOR PRESENTATION", "FOR PROCESSING")),
        Values("PixelIntensityRelationshipSign", ("1", "-1")),
        Values("PixelIntensityRelationship", ("LIN", "LOG"), X_RAYS),
        Values("RescaleIntercept", ("0",), X_RAYS),
        Values("RescaleSlope", ("1",), X_RAYS),
        Values("RescaleType", ("US",), X_RAYS),
        Values("ImageType", ("SINGLE PLANE", "BIPLANE A", "BIPLANE B"), (XA, RF), 3),
        Values("RadiationSetting", ("SC", "GR")),
        Values("FieldOfViewHorizontalFlip", YES_NO),
        Values("GeometricalProperties", ("UNIFORM", "NON_UNIFORM")),
        Values("BreastImplantPresent", YES_NO),
        Values("PartialView", YES_NO),
    ],
    "C.8.8 Radiotherapy": [
        Values("DoseUnits", ("GY", "RELATIVE")),
        _terms("DoseType", "PHYSICAL", "EFFECTIVE", "ERROR"),
        _terms("DoseSummationType", "PLAN", "MULTI_PLAN", "PLAN_OVERVIEW", "FRACTION", "BEAM", "BRACHY", "FRACTION_SESSION",
               "BEAM_SESSION", "BRACHY_SESSION", "CONTROL_POINT", "RECORD"),
        Values("ApprovalStatus", ("APPROVED", "UNAPPROVED", "REJECTED")),
        Values("DVHType", ("DIFFERENTIAL", "CUMULATIVE", "NATURAL")),
        Values("DVHROIContributionType", ("INCLUDED", "EXCLUDED")),
        Values("ContourGeometricType", ("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR", "CLOSED_PLANAR", "CLOSEDPLANAR_XOR")),
    ],
    "C.8.15.3 Macros of enhanced CT": [
        Values("ConstantVolumeFlag", YES_NO),
        Values("FluoroscopyFlag", YES_NO),
    ],
    "C.8.13.5 Macros of enhanced MR": [
        Values("EchoPulseSequence", ("SPIN", "GRADIENT", "BOTH")),
        *(Values(keyword, YES_NO) for keyword in (
            "MultipleSpinEcho", "MultiPlanarExcitation", "PhaseContrast", "TimeOfFlightContrast", "EchoPlanarPulseSequence",
            "SaturationRecovery", "InversionRecovery", "T2Preparation", "PartialFourier", "ParallelAcquisition",
            "BloodSignalNulling", "QuadratureReceiveCoil", "MultiCoilElementUsed", "ASLCrusherFlag", "ASLBolusCutoffFlag")),
        Values("OversamplingPhase", ("2D", "3D", "2D_3D", "NONE")),
        Values("SegmentedKSpaceTraversal", ("SINGLE", "PARTIAL", "FULL")),
        Values("Spoiling", ("RF", "GRADIENT", "RF_AND_GRADIENT", "NONE")),
        Values("SpectrallySelectedExcitation", ("WATER", "FAT", "NONE")),
        _terms("SpatialPresaturation", "SLAB", "NONE"),
        Values("PartialFourierDirection", ("PHASE", "FREQUENCY", "SLICE_SELECT", "COMBINATION")),
        _terms("ParallelAcquisitionTechnique", "PILS", "SENSE", "SMASH", "OTHER"),
        Values("MagnetizationTransfer", ("ON_RESONANCE", "OFF_RESONANCE", "NONE")),
        _terms("Tagging", "GRID", "LINE", "NONE"),
        Values("ASLContext", ("LABEL", "CONTROL", "M_ZERO_SCAN")),
        Values("ArterialSpinLabelingContrast", ("CONTINUOUS", "PSEUDOCONTINUOUS", "PULSED")),
        Values("FlowCompensationDirection", ("PHASE", "FREQUENCY", "SLICE_SELECT", "SLICE_AND_FREQ", "SLICE_FREQ_PHASE",
               "PHASE_AND_FREQ", "SLICE_AND_PHASE", "OTHER")),
        _terms("DiffusionDirectionality", "DIRECTIONAL", "BMATRIX", "ISOTROPIC", "NONE"),
        _terms("AcquisitionContrast", "DIFFUSION", "FLOW_ENCODED", "FLUID_ATTENUATED", "PERFUSION", "PROTON_DENSITY", "STIR",
               "TAGGING", "T1", "T2", "T2_STAR", "TOF", "UNKNOWN", "MIXED"),
    ],
    "C.8.20 Segmentation": [
        Values("SegmentationType", ("BINARY", "FRACTIONAL", "LABELMAP")),
        Values("SegmentationFractionalType", ("PROBABILITY", "OCCUPANCY")),
        Values("SegmentAlgorithmType", ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")),
        Values("SegmentsOverlap", ("YES", "UNDEFINED", "NO")),
    ],
    "C.17 Structured reports": [
        Values("ContinuityOfContent", ("SEPARATE", "CONTINUOUS")),
        Values("CompletionFlag", ("PARTIAL", "COMPLETE")),
        Values("VerificationFlag", ("UNVERIFIED", "VERIFIED")),
    ],
    "C.7.5.2, 8.8 Codes": [
        Values("ContextGroupExtensionFlag", Y_N),
    ],
}  # fmt: skip


# PS3.3 C.8.2.1.1.1, C.8.7.1.1.1, C.8.13.3.1.1, C.8.16.1, C.8.23.3.1: how many values ImageType has at least
IMAGE_TYPE_VALUES = {CT: 3, XA: 3, RF: 3, PARAMETRIC_MAP: 4} | dict.fromkeys((*ENHANCED, MR_SPECTROSCOPY), 4)
