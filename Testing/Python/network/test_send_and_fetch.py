"""What is fetched from an archive is what was sent to it."""

from __future__ import annotations

import pydicom
import pytest

from nifti_dicom_bridge import ArchiveError, ArchiveSettings, OptionError, compare, fetch, make_sample, send
from nifti_dicom_bridge.network.fetch import _is_one_of
from phantoms.base import MR, ramp, save, slices
from support import archives
from support.round_trip import edit_dicom


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


def images_of(folder, patient, study, series):
    """Write a series of a patient with these UIDs."""
    found = slices(ramp(1, 4, 5), MR)
    for ds in found:
        ds.PatientID, ds.StudyInstanceUID, ds.SeriesInstanceUID = patient, study, series
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{series}.1"
    save(folder, found)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_patient_ids_of_odd_characters_select_one_patient(orthanc, settings, tmp_path, protocol):
    odd = ["A 1", "a 1", "A&1", "A+1", "50%", "A#1", "A,1", "[A]1", "A'1", '"A"1', "A/1", "A=1"]
    for number, patient in enumerate(odd):
        images_of(tmp_path / "scans" / str(number), patient, f"1.2.{number}", f"1.3.{number}")
    send(tmp_path / "scans", orthanc.pacs, settings)
    for number, patient in enumerate(odd):
        report = fetch(getattr(orthanc, protocol), tmp_path / "back" / str(number), patient=patient, settings=settings)
        assert [str(header.PatientID) for header in headers(tmp_path / "back" / str(number))] == [patient], report.summary()


@pytest.mark.parametrize("protocol", ["pacs", "dicomweb"])
def test_the_uid_of_the_data_set_counts_where_the_file_meta_information_has_another(orthanc, settings, tmp_path, protocol):
    """As other tools leave it that de-identify: an archive refuses what states two UIDs."""
    images_of(tmp_path / "scans", "P1", "1.2.7", "1.3.7")
    (path,) = (tmp_path / "scans").iterdir()
    ds = pydicom.dcmread(path)
    ds.file_meta.MediaStorageSOPInstanceUID = "1.3.7.99"
    ds.save_as(path)

    report = send(tmp_path / "scans", getattr(orthanc, protocol), settings)

    assert report.ok, report.summary()
    assert orthanc.instances() == {"1.3.7.1"}


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_series_of_another_patient_is_not_fetched(orthanc, settings, tmp_path, protocol):
    make_sample(tmp_path / "scans")
    send(tmp_path / "scans", orthanc.pacs, settings)
    header = headers(tmp_path / "scans")[0]
    for given in ({"series": str(header.SeriesInstanceUID)}, {"study": str(header.StudyInstanceUID)}):
        with pytest.raises(ArchiveError, match="nothing that matches"):
            fetch(getattr(orthanc, protocol), tmp_path / "none", patient="absent", settings=settings, **given)
    with pytest.raises(ArchiveError, match=r"nothing that matches studies: 1\.2\.3 and patients: "):
        fetch(getattr(orthanc, protocol), tmp_path / "none", patient=str(header.PatientID), study="1.2.3", settings=settings)
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_patients_who_share_a_study_uid_are_fetched_on_their_own(orthanc, settings, tmp_path, protocol):
    for number, patient in enumerate("AB"):
        images_of(tmp_path / "scans" / patient, patient, "1.2.3", f"1.3.{number}")
    send(tmp_path / "scans", orthanc.pacs, settings)
    report = fetch(getattr(orthanc, protocol), tmp_path / "back", patient="A", settings=settings)

    assert {str(header.PatientID) for header in headers(tmp_path / "back")} == {"A"}
    assert all("not asked for" in entry.error for entry in report.entries if entry.error)


@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_patients_of_one_study_uid_whose_ids_are_not_ascii_are_fetched_on_their_own(orthanc, settings, tmp_path, protocol):
    """Archives may not find such an ID: it is compared with the images."""
    for number, patient in enumerate("ÄÖ"):
        images_of(tmp_path / "scans" / str(number), patient, "1.2.3", f"1.3.{number}")
        edit_dicom(tmp_path / "scans" / str(number), SpecificCharacterSet="ISO_IR 100", PatientID=f"{patient}-1")
    send(tmp_path / "scans", orthanc.pacs, settings)
    report = fetch(getattr(orthanc, protocol), tmp_path / "back", patient="Ä-1", study="1.2.3", settings=settings)

    assert {str(header.PatientID) for header in headers(tmp_path / "back")} == {"Ä-1"}
    assert all("not asked for" in entry.error for entry in report.entries if entry.error)


@pytest.mark.parametrize(("patient", "wanted", "expected"), [
    ("Ä-1 ", ["Ä-1"], True), ("A\u0308-1", ["Ä-1"], True), ("Ö-1", ["Ä-1"], False), ("?-1", ["Ä-1"], True),
    ("\ufffd-1", ["Ä-1"], True), ("?-2", ["Ä-1"], False), ("?-1", ["A-1"], False),
    ("????", ["山田"], True), ("B?", ["山田"], False), ("?B", ["Ä*"], False), ("A?1", ["A*1"], False),
])  # fmt: skip
def test_lost_letters_of_a_patient_id_are_not_another_patient(patient, wanted, expected):
    assert _is_one_of(patient, wanted) is expected


@pytest.mark.parametrize("patient", [" ", "A*", "A?", "A\\B"])
def test_patient_ids_that_could_select_others_are_refused(patient, tmp_path):
    with pytest.raises(OptionError, match=r"cannot select|take for patterns"):
        fetch("pacs:A@127.0.0.1:104", tmp_path, patient=patient)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_patient_id_that_is_not_ascii_is_found(orthanc, settings, tmp_path, protocol):
    make_sample(tmp_path / "scans")
    edit_dicom(tmp_path / "scans", SpecificCharacterSet="ISO_IR 192", PatientID="Ärzte-1")
    send(tmp_path / "scans", orthanc.pacs, settings)
    assert fetch(getattr(orthanc, protocol), tmp_path / "back", patient="Ärzte-1", settings=settings).count("fetched") == 1


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
