"""What a DICOMDIR lists."""

from __future__ import annotations

from pathlib import PureWindowsPath

import pytest

from nifti_dicom_bridge import BridgeError, Job, Outcome, convert
from nifti_dicom_bridge.formats.dicom.reading.data_sets import files
from phantoms import ramp, save, slices
from support.bad_files import NIFTI
from support.round_trip import RoundTrip


def test_a_dicomdir_that_points_outside_is_refused(round_trip: RoundTrip) -> None:
    from phantoms import image, write

    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    from phantoms.multiframe import group

    directory.DirectoryRecordSequence = [group(ReferencedFileID=["..", "secret"])]
    write(round_trip.dicom / "DICOMDIR", directory)

    with pytest.raises(BridgeError, match="outside"):
        convert(Job([round_trip.dicom / "DICOMDIR"], round_trip.nifti, NIFTI))


def test_a_dicomdir_that_names_a_drive_is_refused(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    from phantoms import image, write
    from phantoms.multiframe import group

    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    directory.DirectoryRecordSequence = [group(ReferencedFileID=["C:", "SECRET"])]
    write(round_trip.dicom / "DICOMDIR", directory)
    monkeypatch.setattr(files, "PurePath", PureWindowsPath)

    with pytest.raises(BridgeError, match="outside"):
        convert(Job([round_trip.dicom / "DICOMDIR"], round_trip.nifti, NIFTI))


def test_a_dicomdir_names_the_files_to_convert(round_trip: RoundTrip) -> None:
    from phantoms import image, write
    from phantoms.multiframe import group

    save(round_trip.dicom / "IMAGES", slices(ramp(3, 4, 5)), "IM{}")
    save(round_trip.dicom / "OTHERS", slices(ramp(3, 4, 5), series=2), "IM{}")
    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    directory.DirectoryRecordSequence = [group(ReferencedFileID=["IMAGES", f"IM{n}"]) for n in (1, 2, 3)]
    write(round_trip.dicom / "DICOMDIR", directory)

    report = convert(Job([round_trip.dicom / "DICOMDIR"], round_trip.nifti, NIFTI))

    assert [len(entry.inputs) for entry in report.entries] == [3]


@pytest.mark.parametrize("lost", [[], [1], [1, 3]])
def test_files_that_a_dicomdir_in_the_folder_lists_are_missed(lost: list[int], round_trip: RoundTrip) -> None:
    from phantoms import image, write
    from phantoms.multiframe import group

    found = slices(ramp(4, 4, 5))
    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    series = group(DirectoryRecordType="SERIES", SeriesInstanceUID=found[0].SeriesInstanceUID)
    files = [group(DirectoryRecordType="IMAGE", ReferencedSOPInstanceUIDInFile=ds.SOPInstanceUID) for ds in found]
    directory.DirectoryRecordSequence = [group(DirectoryRecordType="STUDY"), series, *files]
    save(round_trip.dicom, [ds for n, ds in enumerate(found) if n not in lost])
    write(round_trip.dicom / "DICOMDIR", directory)

    entries = {entry.outcome: entry for entry in convert(Job([round_trip.dicom], round_trip.nifti, NIFTI)).entries}

    words = f"the DICOMDIR lists {len(lost)} file(s) of the series that were not found"
    assert any(words in warning for warning in entries[Outcome.CONVERTED].log.warnings) == bool(lost)
