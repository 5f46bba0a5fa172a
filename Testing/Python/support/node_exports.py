"""What an export of nodes reports, and the DICOM that comes back from it."""

import numpy as np
import pydicom

from support.slicer_helpers import images

GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])


def notes(report):
    return " ".join(text for entry in report.entries for text in entry.log.notes + entry.log.warnings + [entry.error])


def back(report, folder, **options):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    options = {"uids": Uids.KEEP} | options
    found = convert(Job(images(report), folder, ConversionOptions(target=Target.DICOM, **options)))
    assert found.ok, [entry.error for entry in found.entries]
    return found


def write_4d(write_series, folder, times=3):
    """Write a classic series with several times at every place."""
    from pydicom.uid import generate_uid

    files = []
    first = write_series(folder / "0", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR")
    for time in range(times):
        for path in first:
            ds = pydicom.dcmread(path)
            ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = time + 1, times
            ds.AcquisitionNumber = ds.TemporalPositionIdentifier
            ds.AcquisitionTime = f"12000{time}"
            ds.InstanceNumber = int(ds.InstanceNumber) + time * len(first)
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
            ds.PixelData = (np.frombuffer(ds.PixelData, np.uint16) + time).tobytes()
            files.append(folder / "all" / f"{time} {path.name}")
            files[-1].parent.mkdir(exist_ok=True)
            ds.save_as(files[-1])
    return files
