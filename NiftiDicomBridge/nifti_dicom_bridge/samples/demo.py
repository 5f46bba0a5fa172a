"""A small, difficult sample series and its conversion to NIfTI and back, with proof."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..conversion.comparison import compare
from ..conversion.jobs import Job, convert
from ..errors import OutputError
from ..options import ConversionOptions, Names, Target, Uids
from ..standard.sop_classes import MR

SLICES, ROWS, COLUMNS = 7, 40, 48


def demo(output: Path | None, show: Callable[[str], object]) -> bool:
    """Make the sample series, go DICOM → NIfTI → DICOM, and print the proof.

    Parameters
    ----------
    output : pathlib.Path or None
        Folder to keep the files in; a temporary one when None.
    show : callable
        Takes the lines to print.

    Returns
    -------
    bool
        Whether what came back is the same.

    Raises
    ------
    OutputError
        If the folder exists and is not empty.
    """
    folder = Path(tempfile.mkdtemp(prefix="nifti-dicom-bridge-demo-")) if output is None else Path(output)
    if output is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is not empty. Choose another folder.")
    try:
        return _round(folder, show)
    finally:
        if output is None:
            shutil.rmtree(folder, ignore_errors=True)


def _round(folder: Path, show: Callable[[str], object]) -> bool:
    source, nifti, back = folder / "original", folder / "nifti", folder / "restored"
    make_sample(source)
    show(f"1. created   {SLICES} MR slices: oblique, slope and intercept per slice, private and nested elements, UTF-8 names")
    forth = convert(Job([source], nifti))
    for path in forth.outputs:
        show(f"2. written   {path.relative_to(folder)} ({path.stat().st_size} bytes)")
    options = ConversionOptions(target=Target.DICOM, uids=Uids.KEEP, names=Names.ORIGINAL)
    restored = convert(Job([nifti], back, options))
    show(f"3. restored  {len(restored.outputs)} DICOM files from NIfTI and sidecar alone")
    proof = compare([source], [back])
    show("4. compared  with the original:")
    show("\n".join("     " + line for line in proof.table().splitlines()))
    return forth.ok and restored.ok and proof.same


def make_sample(folder: Path) -> list[Path]:
    """Write the sample series with pydicom and return its files.

    It contains what conversions often lose: an oblique grid stored from head to foot, a rescale that differs between slices,
    decimal strings with trailing zeros, private elements in nested sequences, a binary block per slice, a name in
    Greek, a preamble that is not empty, names without extension in sub-folders.

    Parameters
    ----------
    folder : pathlib.Path
        Gets the files; is created if missing.

    Returns
    -------
    list of pathlib.Path
        Seven DICOM files, one per slice of 40 rows and 48 columns, in the order of the slices.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import make_sample
    >>> len(make_sample(Path("sample")))
    7
    """
    import pydicom
    from pydicom.uid import generate_uid

    study, series, frame = (generate_uid(entropy_srcs=["demo", str(folder), name]) for name in ("study", "series", "frame"))
    rotation = _rotation()
    values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    paths = []
    for k in range(SLICES):
        data_set = _slice(k, rotation)
        data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.FrameOfReferenceUID = study, series, frame
        data_set.SOPInstanceUID = generate_uid(entropy_srcs=["demo", str(folder), str(k)])
        data_set.PixelData = (values + 100 * k).astype("<u2").tobytes()
        data_set["PixelData"].VR = "OW"
        data_set.file_meta = pydicom.dataset.FileMetaDataset()
        data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
        data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
        data_set.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data_set.file_meta.SourceApplicationEntityTitle = "SAMPLE_SCANNER"
        data_set.preamble = b"not empty".ljust(128, b"\0")
        path = folder / f"S{k % 2}" / f"IM{k}"
        path.parent.mkdir(parents=True, exist_ok=True)
        data_set.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _rotation() -> np.ndarray:
    """Return columns: row direction, column direction, normal; oblique to all axes of the patient."""
    a, b = np.radians(17.0), np.radians(-9.0)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    result: np.ndarray = about_z @ about_x
    return result


def _slice(k: int, rotation: np.ndarray):  # type: ignore[no-untyped-def]
    import pydicom
    from pydicom.sequence import Sequence

    data_set = pydicom.Dataset()
    data_set.SpecificCharacterSet = "ISO_IR 192"
    data_set.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    data_set.SOPClassUID = MR
    data_set.StudyDate, data_set.StudyTime, data_set.AcquisitionTime = "20260102", "030405.678900", f"0304{10 + k}.250000"
    data_set.Modality, data_set.Manufacturer, data_set.SeriesDescription = "MR", "NiftiDicomBridge", "Oblique MR"
    data_set.PatientName, data_set.PatientID = "Διονυσιος", "DEMO-1"
    data_set.PatientBirthDate = data_set.PatientSex = data_set.StudyID = data_set.AccessionNumber = ""
    data_set.ReferringPhysicianName = data_set.PositionReferenceIndicator = ""
    data_set.ScanningSequence, data_set.SequenceVariant, data_set.ScanOptions = "SE", "NONE", ""
    data_set.MRAcquisitionType, data_set.RepetitionTime, data_set.EchoTrainLength = "2D", "2000.000", "1"
    data_set.SliceThickness, data_set.EchoTime, data_set.SpacingBetweenSlices = "3.50", "80.0000", "4.0"
    data_set.PatientPosition, data_set.SeriesNumber, data_set.InstanceNumber = "HFS", "7", str(SLICES - k)
    position = rotation @ np.array([-30.0, -40.0, 4.0 * k])
    data_set.ImagePositionPatient = [f"{value:.9f}"[:16] for value in position]
    data_set.ImageOrientationPatient = [f"{value:.12f}"[:16] for value in rotation[:, :2].T.reshape(-1)]
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.Rows, data_set.Columns, data_set.PixelSpacing = ROWS, COLUMNS, ["1.250", "1.20"]
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = 16, 12, 11, 0
    data_set.RescaleIntercept, data_set.RescaleSlope, data_set.RescaleType = f"-{k}.50", f"{1.25 + k / 7:.12f}", "US"
    block = data_set.private_block(0x0029, "SAMPLE PRIVATE", create=True)
    block.add_new(0x10, "OB", bytes((k * n) % 251 for n in range(1500)))
    inner, outer = pydicom.Dataset(), pydicom.Dataset()
    inner.CodeValue, inner.CodingSchemeDesignator, inner.CodeMeaning = "T-A0100", "SRT", f"Brain, slice {k}"
    outer.private_block(0x0031, "SAMPLE NESTED", create=True).add_new(0x01, "SQ", Sequence([inner]))
    outer.ReferencedSOPClassUID, outer.ReferencedSOPInstanceUID = data_set.SOPClassUID, "1.2.3.4"
    data_set.ReferencedImageSequence = Sequence([outer])
    return data_set
