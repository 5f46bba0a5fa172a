"""Archives that answer with a part of what was asked for, or with something else: nothing is missing or wrong in silence."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge import ArchiveError, ArchiveSettings, fetch, make_sample, send, to_nifti
from phantoms.base import MR, ramp, save, slices
from support import archives
from support.odd_archives import PENDING, query_scp, rows_of, web_service

ONCE = ArchiveSettings(retries=0, timeout_s=30)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    make_sample(folder / "scans")
    data_sets = [pydicom.dcmread(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    for data_set in data_sets:
        data_set.AccessionNumber = "A1"
    return data_sets


def study_of(scans):
    return str(scans[0].StudyInstanceUID)


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def many_series(folder, count):
    for number in range(count):
        (image,) = slices(ramp(1, 4, 5), MR)
        image.PatientID, image.StudyInstanceUID, image.SeriesInstanceUID = "MANY", "1.2.3", f"1.2.3.{number + 1}"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number + 1}.1"
        save(folder / str(number), [image])
    return folder


@pytest.mark.slow
def test_a_study_that_orthanc_does_not_list_whole_is_named(settings, tmp_path):
    with archives.orthanc(tmp_path / "orthanc", LimitFindResults=5) as server:
        send(many_series(tmp_path / "scans", 20), server.dicomweb, settings)
        report = fetch(server.dicomweb, tmp_path / "back", patient="MANY", settings=settings)
        with pytest.raises(ArchiveError, match="lists only 5 of what matches: it limits the number of answers"):
            fetch(server.pacs, tmp_path / "none", patient="MANY", settings=settings)
        by_uid = fetch(server.pacs, tmp_path / "one", study="1.2.3", series="1.2.3.7", settings=settings)
    (failed,) = [entry for entry in report.entries if entry.outcome == "failed"]
    assert (failed.title, report.count("fetched")) == ("1.2.3", len(names(tmp_path / "back")))
    assert re.search(r"lists only \d+ of the 20 series of this study", failed.error)
    assert [entry.uid for entry in by_uid.entries] == ["1.2.3.7"]


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_series_whose_instances_orthanc_does_not_list_whole_is_fetched_whole(scans, settings, tmp_path, protocol):
    save(tmp_path / "scans", scans)
    with archives.orthanc(tmp_path / "orthanc", LimitFindInstances=3, LimitFindResults=3) as server:
        send(tmp_path / "scans", server.dicomweb, settings)
        fetch(getattr(server, protocol), tmp_path / "back", study=study_of(scans), settings=settings)
    assert len(names(tmp_path / "back")) == len(scans)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
@pytest.mark.parametrize("kind", ["study", "series", "patient", "accession"])
def test_a_value_that_selects_nothing_is_named(orthanc, scans, settings, tmp_path, protocol, kind):
    save(tmp_path / "scans", scans)
    send(tmp_path / "scans", orthanc.pacs, settings)
    keyword = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "patient": "PatientID"}.get(kind, "AccessionNumber")
    study, absent = study_of(scans) if kind == "series" else (), "1.2.3.4"
    given = {"study": study, kind: (str(scans[0][keyword].value), absent)}
    report = fetch(getattr(orthanc, protocol), tmp_path / "back", settings=settings, **given)
    (failed,) = [entry for entry in report.entries if entry.outcome == "failed"]
    assert absent in failed.error
    assert len(names(tmp_path / "back")) == len(scans)


def test_pages_that_the_archive_limits_are_all_read(tmp_path):
    series = [f"1.2.{number}" for number in range(7)]

    def answer(path):
        if "/series" not in path or "instances" in path:
            return {}, []
        start = int(re.search(r"offset=(\d+)", path)[1])
        rows = [{"0020000D": {"Value": ["1.2"]}, "0020000E": {"Value": [uid]}} for uid in series[start : start + 3]]
        more = start + 3 < len(series)
        return {"Content-Type": "application/dicom+json", **({"Warning": "299 web: more"} if more else {})}, rows

    with web_service(answer) as address:
        report = fetch(address, tmp_path / "back", study="1.2", settings=ONCE)
    assert [entry.uid for entry in report.entries] == series


def row_of(uids, **changed):
    values = {**uids, **changed}
    tags = {"study": "0020000D", "series": "0020000E", "instance": "00080018"}
    return {tags[name]: {"Value": [value]} for name, value in values.items()}


EVIL = ["../../evil", "/tmp/evil", "..", "", "1.2\n"]


@pytest.mark.parametrize("uid", EVIL)
@pytest.mark.parametrize("level", ["study", "series"])
def test_uids_of_answers_do_not_leave_the_folder(scans, tmp_path, uid, level):
    uids = {"study": "1.2.3", "series": "1.2.3.4"}
    rows = [row_of(uids, **{level: uid})]
    with web_service(lambda path: ({}, rows)) as address, pytest.raises(ArchiveError, match=r"is not a S.*InstanceUID"):
        fetch(address, tmp_path / "in" / "back", study="1.2.3", settings=ONCE)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Path("/tmp/evil").exists()


def test_uids_of_answers_by_dimse_do_not_leave_the_folder(scans, tmp_path):
    def find(event):
        for status, row in rows_of(scans, event.identifier.QueryRetrieveLevel):
            row.SeriesInstanceUID = "../../evil"
            yield status, row

    with query_scp(scans, find) as address, pytest.raises(ArchiveError, match="is not a SeriesInstanceUID"):
        fetch(address, tmp_path / "in" / "back", study=study_of(scans), settings=ONCE)
    assert list(tmp_path.iterdir()) == []


def test_answers_without_uids_are_refused(tmp_path, scans):
    def find(event):
        row = pydicom.Dataset()
        row.QueryRetrieveLevel = "SERIES"
        yield PENDING, row

    with query_scp(scans, find) as address, pytest.raises(ArchiveError, match="answers a query with ''"):
        fetch(address, tmp_path, study="1.2.3", settings=ONCE)


def no_images(event, scans):
    """Answers of an archive that does not list instances."""
    if event.identifier.QueryRetrieveLevel == "IMAGE":
        yield 0xA900, None
    else:
        yield from rows_of(scans, event.identifier.QueryRetrieveLevel)


def test_a_series_of_which_nothing_arrives_has_failed(scans, tmp_path):
    def get(event):
        yield 0

    with query_scp(scans, lambda event: no_images(event, scans), get) as address:
        report = fetch(address, tmp_path / "back", study=study_of(scans), settings=ONCE)
    assert [entry.error for entry in report.entries] == ["The archive sent no instances of the series."]
    assert names(tmp_path) == []


def test_a_series_is_fetched_from_an_archive_that_does_not_list_instances(scans, tmp_path):
    with query_scp(scans, lambda event: no_images(event, scans)) as address:
        report = fetch(address, tmp_path / "back", study=study_of(scans), settings=ONCE)
    assert report.ok, [entry.line() for entry in report.entries]
    assert len(names(tmp_path / "back")) == len(scans)


def test_objects_of_another_series_are_not_kept(scans, tmp_path):
    def get(event):
        yield len(scans)
        for data_set in scans:
            other = pydicom.Dataset(data_set)
            other.file_meta, other.SeriesInstanceUID = data_set.file_meta, "1.2.3.4"
            yield PENDING, other

    with query_scp(scans, get=get) as address:
        report = fetch(address, tmp_path / "back", study=study_of(scans), settings=ONCE)
    assert [entry.error for entry in report.entries] == ["The archive sent objects of another series. Nothing of it was kept."]
    assert names(tmp_path) == []


@pytest.mark.parametrize("rows", [["text"], [None], {"00081190": 1}, [{"0020000D": "text"}], [{"0020000D": {"Value": [None]}}]])
def test_answers_that_are_not_as_the_standard_specifies_are_errors(tmp_path, rows):
    with web_service(lambda path: ({}, rows)) as address, pytest.raises(ArchiveError):
        fetch(address, tmp_path, study="1.2.3", settings=ONCE)


def parts_of(scans):
    for data_set in scans:
        buffer = io.BytesIO()
        data_set.save_as(buffer)
        yield b"\r\n--part\r\nContent-Type: application/dicom\r\n\r\n" + buffer.getvalue()


@pytest.mark.parametrize("body", ["a body that ends early", "no DICOM"])
def test_a_series_that_arrives_damaged_has_failed(scans, tmp_path, body):
    first = scans[0]
    uids = {"study": study_of(scans), "series": str(first.SeriesInstanceUID)}
    content = b"".join(parts_of(scans))[:-8] if body != "no DICOM" else b"\r\n--part\r\n\r\nnothing\r\n--part--"

    def answer(path):
        if "?" in path:
            return {}, [] if "instances" in path else [row_of(uids)]
        return {"Content-Type": 'multipart/related; type="application/dicom"; boundary=part'}, content

    with web_service(answer) as address:
        report = fetch(address, tmp_path / "back", study=study_of(scans), settings=ONCE)
    assert [entry.outcome for entry in report.entries] == ["failed"]
    assert names(tmp_path) == []


@pytest.mark.slow
def test_the_report_of_a_deidentified_conversion_does_not_name_what_was_not_fetched(scans, tmp_path, monkeypatch):
    def find(event):
        rows = list(rows_of(scans, event.identifier.QueryRetrieveLevel))
        yield from rows if event.identifier.get("PatientID", patient_id) == patient_id else []

    patient_id = str(scans[0].PatientID)
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_RETRIES", "0")
    with query_scp(scans, find) as address:
        report = to_nifti(f"{address}?PatientID={patient_id}&PatientID=SECRET", tmp_path / "out", deidentify=True)
    assert sorted(entry.outcome for entry in report.entries) == ["converted", "failed"]
    text = json.dumps(report.to_dict())
    assert "SECRET" not in text
    assert patient_id not in text
