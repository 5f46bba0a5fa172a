"""RT Structure Sets that tests draw in the voxel coordinates of a series, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from nifti_dicom_bridge import ConversionReport, Outcome, to_dicom, to_nifti
from support.new_objects import series

STORAGE = "1.2.840.10008.5.1.4.1.1.481.3"
Square = tuple[float, float, float, float]


class Drawing:
    """An RT Structure Set that refers to a series, drawn in its voxel coordinates: columns, rows, slices."""

    def __init__(self, folder: str = "ct", series_folder: Path | None = None):
        self.images = [pydicom.dcmread(path) for path in sorted((series_folder or series("ct")).rglob("*.dcm"))]
        self.images.sort(key=self._distance)
        self.folder, first = folder, self.images[0]
        self.ds = ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = STORAGE, generate_uid(), "RTSTRUCT"
        ds.PatientID, ds.PatientName, ds.StudyInstanceUID = first.PatientID, first.PatientName, first.StudyInstanceUID
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = generate_uid(), 9, "plan"
        ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "plan", "", ""
        one, study, space = Dataset(), Dataset(), Dataset()
        one.SeriesInstanceUID = first.SeriesInstanceUID
        study.RTReferencedSeriesSequence, space.FrameOfReferenceUID = [one], first.FrameOfReferenceUID
        space.RTReferencedStudySequence = [study]
        ds.ReferencedFrameOfReferenceSequence = [space]
        ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []

    def _distance(self, image: Dataset) -> float:
        row, column = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
        return float(np.cross(row, column) @ np.array(image.ImagePositionPatient))

    def roi(self, number: int, name: str, space: str = "") -> Dataset:
        """Add a region without contours, and return its item of ROIContourSequence."""
        item, contours = Dataset(), Dataset()
        item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = number, name, ""
        item.ReferencedFrameOfReferenceUID = space or self.images[0].FrameOfReferenceUID
        contours.ReferencedROINumber, contours.ROIDisplayColor, contours.ContourSequence = number, [255, 0, number % 256], []
        self.ds.StructureSetROISequence.append(item)
        self.ds.ROIContourSequence.append(contours)
        return contours

    def contour(self, contours: Dataset, points: np.ndarray, k: float, kind: str = "CLOSED_PLANAR") -> None:
        """Add a contour through points (column, row) at a slice, which may be between slices."""
        one, whole = Dataset(), int(np.clip(np.floor(k), 0, len(self.images) - 2))
        image, after = self.images[whole], self.images[whole + 1]
        row, column = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
        step = np.array(after.ImagePositionPatient) - np.array(image.ImagePositionPatient)
        start = np.array(image.ImagePositionPatient) + (k - whole) * step
        flat = np.asarray(points, float)
        lps = start + flat[:, :1] * row * image.PixelSpacing[1] + flat[:, 1:2] * column * image.PixelSpacing[0]
        one.ContourGeometricType, one.NumberOfContourPoints = kind, len(lps)
        one.ContourData = [f"{value:.6g}" for value in lps.ravel()]
        contours.ContourSequence.append(one)

    def square(self, contours: Dataset, k: float, box: Square = (0.5, 0.5, 2.5, 2.5)) -> None:
        """Add a square: from the first to the last column and row."""
        left, top, right, bottom = box
        self.contour(contours, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), k)

    def write(self) -> Path:
        """Write it next to the series."""
        self.ds.save_as(Path(self.folder) / "rs.dcm", enforce_file_format=True)
        return Path(self.folder)


def drawn(*boxes: tuple[int, str, float, Square]) -> Path:
    """Write an RT Structure Set of squares: number and name of the region, slice, box."""
    drawing, contours = Drawing(), {}
    for number, name, k, box in boxes:
        if number not in contours:
            contours[number] = drawing.roi(number, name)
        drawing.square(contours[number], k, box)
    return drawing.write()


def converted(folder: Path, **options) -> ConversionReport:
    report = to_nifti(folder, "nifti", overwrite=True, **options)
    assert [entry.error for entry in report.entries if entry.outcome is Outcome.FAILED] == []
    return report


def label_maps(folder: Path, **options) -> list[np.ndarray]:
    """Return the label maps in the order of their names, axes (columns, rows, slices) as the DICOM has them."""
    paths = [path for path in converted(folder, **options).outputs if path.name.endswith(".nii.gz")]
    images = [nibabel.load(path) for path in sorted(paths) if "plan" in path.name]
    return [np.flip(np.asarray(image.dataobj), 1) for image in images]


def warnings(folder: Path, **options) -> str:
    return "\n".join(sentence for entry in converted(folder, **options).entries for sentence in entry.log.warnings)


BOX = (0.5, 0.5, 2.5, 2.5)
INNER = (1.5, 1.5, 3.5, 2.5)


def with_a_region_elsewhere() -> Path:
    """Write regions "there", without images in its frame of reference, and "here"."""
    drawing = Drawing()
    drawing.square(drawing.roi(2, "there", generate_uid()), 1)
    drawing.square(drawing.roi(7, "here"), 0)
    return drawing.write()


def restored_bytes() -> bytes:
    report = to_dicom("nifti", "back", uids="keep", names="original", overwrite=True)
    assert [entry.error for entry in report.entries if entry.error] == []
    return Path("back/rs.dcm").read_bytes()
