"""What is fetched from an archive is what was sent to it."""

from __future__ import annotations

import pydicom
import pytest

import archives
from circle import edit_dicom
from nifti_dicom_bridge import ArchiveError, ArchiveSettings, compare, fetch, make_sample, send


def headers(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in ("server.log", "DICOMDIR"))
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in files]


def uids(folder):
    return {str(header.SOPInstanceUID) for header in headers(folder)}


def same_objects(comparison):
    """Whether elements and voxels are equal; file meta information is the receiver's by DIMSE (PS3.10 7.1)."""
    first, second, both = comparison.instances
    counts = (comparison.equal_elements == comparison.elements, comparison.equal_voxels == comparison.voxels)
    return first == second == both > 0 and all(counts) and comparison.transcoded == 0


def studies(folder):
    return sorted({str(header.StudyInstanceUID) for header in headers(folder)})


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_what_comes_back_equals_what_was_sent(orthanc, settings, samples, tmp_path, protocol):
    report = send(samples, getattr(orthanc, protocol), settings)
    assert report.ok, [entry.line() for entry in report.entries]
    assert orthanc.instances() == uids(samples)
    back = fetch(getattr(orthanc, protocol), tmp_path / "back", study=studies(samples), settings=settings)
    assert back.ok, [entry.line() for entry in back.entries]
    comparison = compare(samples, tmp_path / "back")
    assert same_objects(comparison), comparison.table()


@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_what_the_archive_has_is_not_sent_again(orthanc, settings, tmp_path, protocol):
    files = make_sample(tmp_path / "scans")
    assert send(files[:2], getattr(orthanc, protocol), settings).count("sent") == 2
    report = send(tmp_path / "scans", getattr(orthanc, protocol), settings)
    assert (report.count("present"), report.count("sent")) == (2, len(files) - 2)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_complete_series_is_not_fetched_again(orthanc, settings, tmp_path, protocol):
    make_sample(tmp_path / "scans")
    send(tmp_path / "scans", orthanc.pacs, settings)
    source = f"{getattr(orthanc, protocol)}/studies/{studies(tmp_path / 'scans')[0]}"
    assert fetch(source, tmp_path / "back", settings=settings).count("fetched") == 1
    assert fetch(source, tmp_path / "back", settings=settings).count("present") == 1


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_patient_is_selected_by_the_whole_id(orthanc, settings, tmp_path, protocol):
    make_sample(tmp_path / "scans")
    send(tmp_path / "scans", orthanc.pacs, settings)
    patient = str(headers(tmp_path / "scans")[0].PatientID)
    assert fetch(getattr(orthanc, protocol), tmp_path / "back", patient=patient, settings=settings).count("fetched") == 1
    with pytest.raises(ArchiveError, match="nothing that matches"):
        fetch(getattr(orthanc, protocol), tmp_path / "none", patient=patient[:-1], settings=settings)
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_blanks_at_the_end_of_a_patient_id_do_not_count(orthanc, settings, tmp_path, protocol):
    make_sample(tmp_path / "scans")
    send(tmp_path / "scans", orthanc.pacs, settings)
    patient = f"{headers(tmp_path / 'scans')[0].PatientID}  "
    assert fetch(getattr(orthanc, protocol), tmp_path / "back", patient=patient, settings=settings).count("fetched") == 1


@pytest.mark.slow
def test_a_patient_id_that_is_not_ascii_is_found(orthanc, settings, tmp_path):
    make_sample(tmp_path / "scans")
    edit_dicom(tmp_path / "scans", SpecificCharacterSet="ISO_IR 192", PatientID="Ärzte-1")
    send(tmp_path / "scans", orthanc.pacs, settings)
    assert fetch(orthanc.pacs, tmp_path / "back", patient="Ärzte-1", settings=settings).count("fetched") == 1


@pytest.mark.slow
def test_storescp_receives_the_bytes_of_the_data_sets(samples, tmp_path):
    with archives.storescp(tmp_path / "scp", "+xa") as (address, _):
        report = send(samples, address, ArchiveSettings(retries=0))
    assert report.ok, [entry.line() for entry in report.entries]
    assert report.notes == ["The archive does not answer queries: instances that it has are sent again."]
    assert uids(tmp_path / "scp") == uids(samples)
    assert same_objects(compare(samples, tmp_path / "scp"))


@pytest.mark.slow
def test_dcmqrscp_moves_what_was_sent_to_it(tmp_path):
    make_sample(tmp_path / "scans")
    port = archives.free_port()
    settings = ArchiveSettings(receiving_port=port, retries=0)
    with archives.dcmqrscp(tmp_path / "qr", port) as address:
        assert send(tmp_path / "scans", address, settings).ok
        assert send(tmp_path / "scans", address, settings).count("sent") == 0
        report = fetch(address, tmp_path / "back", study=studies(tmp_path / "scans"), settings=settings)
    assert report.ok, [entry.line() for entry in report.entries]
    assert same_objects(compare(tmp_path / "scans", tmp_path / "back"))
