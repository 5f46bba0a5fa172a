"""A search in an archive lists what matches: studies with patient, date, modalities and counts, and their series."""

from __future__ import annotations

import json
import re

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import ArchiveError, ArchiveSettings, Cancelled, OptionError, list_series, search, send
from nifti_dicom_bridge.cli import main
from phantoms.base import CT, MR, ramp, save, slices
from support import archives
from support.odd_archives import PENDING, query_scp, web_service

ONCE = ArchiveSettings(retries=0, timeout_s=30)
PROTOCOLS = pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def study(folder, uid, kind=MR, series=1, **values):
    """Write a study with a number of series."""
    for number in range(series):
        images = slices(ramp(2, 4, 5), kind)
        for place, ds in enumerate(images):
            ds.SpecificCharacterSet, ds.StudyInstanceUID, ds.SeriesInstanceUID = "ISO_IR 192", uid, f"{uid}.{number}"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{uid}.{number}.{place}"
            ds.SeriesNumber, ds.SeriesDescription, ds.StudyTime = series - number, f"part {number}", "0930"
            for keyword, value in values.items():
                setattr(ds, keyword, value)
        save(folder / uid / str(number), images)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """An Orthanc that stores its texts as UTF-8, with four studies."""
    folder = tmp_path_factory.mktemp("search")
    study(folder / "s", "1.2.1", series=2, PatientID="P1", PatientName="Smith^John", StudyDate="20260105",
          StudyDescription="Head routine", AccessionNumber="ACC1")  # fmt: skip
    study(folder / "s", "1.2.2", CT, PatientID="P1", PatientName="Smith^John", StudyDate="20260212", StudyDescription="Chest")
    study(folder / "s", "1.2.3", PatientID="JP 1", PatientName=JAPANESE, StudyDate="20251231", StudyDescription="頭部 MRI")
    study(folder / "s", "1.2.4", PatientID="<b>", PatientName="", StudyDate="", StudyDescription="")
    with archives.orthanc(folder / "orthanc", DefaultEncoding="Utf8") as server:
        assert send(folder / "s", server.pacs).ok
        yield server


def found(archive, **query):
    settings = ArchiveSettings(user=archives.USER, password=archives.PASSWORD, retries=0)
    return search(archive, settings=settings, **query)


def uids(result):
    return [match.study for match in result.studies]


@PROTOCOLS
def test_all_studies_are_listed_with_what_the_archive_states(filled, protocol):
    result = found(getattr(filled, protocol))
    assert (uids(result), result.has_more) == (["1.2.2", "1.2.1", "1.2.3", "1.2.4"], False)
    first = result.studies[1]
    assert (first.patient_id, first.patient_name, first.date, first.time[:4]) == ("P1", "Smith^John", "20260105", "0930")
    assert (first.description, first.accession, first.modalities) == ("Head routine", "ACC1", ("MR",))
    assert (first.series_count, first.instance_count) == (2, 4)
    assert (result.studies[2].readable_name, result.studies[2].description) == (
        "Yamada Tarou / 山田 太郎 / やまだ たろう",
        "頭部 MRI",
    )


@PROTOCOLS
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"patient": "P1"}, ["1.2.2", "1.2.1"]),
        ({"patient": "P"}, []),
        ({"patient": "P*"}, ["1.2.2", "1.2.1"]),
        ({"patient": "JP 1"}, ["1.2.3"]),
        ({"patient": "<b>"}, ["1.2.4"]),
        ({"name": "smith"}, ["1.2.2", "1.2.1"]),
        ({"name": "smith, john"}, ["1.2.2", "1.2.1"]),
        ({"name": "john smith"}, []),
        ({"name": "mit"}, ["1.2.2", "1.2.1"]),
        ({"name": "smith j"}, ["1.2.2", "1.2.1"]),
        ({"name": "smith*"}, ["1.2.2", "1.2.1"]),
        ({"name": "山田 太郎"}, ["1.2.3"]),
        ({"name": "田中"}, []),
        ({"date": "20260105"}, ["1.2.1"]),
        ({"date": "20260101-20260131"}, ["1.2.1"]),
        ({"date": "20260101-"}, ["1.2.2", "1.2.1"]),
        ({"modality": "ct"}, ["1.2.2"]),
        ({"modality": "US"}, []),
        ({"accession": "ACC1"}, ["1.2.1"]),
        ({"description": "head"}, ["1.2.1"]),
        ({"description": "頭部"}, ["1.2.3"]),
        ({"study": "1.2.2"}, ["1.2.2"]),
        ({"patient": "P1", "modality": "MR"}, ["1.2.1"]),
        ({"patient": "JP 1", "modality": "CT"}, []),
    ],
)
def test_what_matches_all_values_is_listed(filled, protocol, query, expected):
    result = found(getattr(filled, protocol), **query)
    assert uids(result) == expected
    assert not result.has_more


@PROTOCOLS
def test_the_series_of_a_study_are_listed_by_number(filled, protocol):
    settings = ArchiveSettings(user=archives.USER, password=archives.PASSWORD)
    series = list_series(getattr(filled, protocol), "1.2.1", settings)
    assert [(one.series, one.number, one.modality, one.description, one.instances) for one in series] == [
        ("1.2.1.1", "1", "MR", "part 1", 2), ("1.2.1.0", "2", "MR", "part 0", 2),
    ]  # fmt: skip
    assert found(getattr(filled, protocol), study="1.2.1", list_series=True).studies[0].series == series


@PROTOCOLS
@pytest.mark.parametrize(("limit", "has_more"), [(1, True), (3, True), (4, False), (5, False)])
def test_a_list_that_is_cut_off_states_that_there_is_more(filled, protocol, limit, has_more):
    result = found(getattr(filled, protocol), limit=limit)
    assert (len(result.studies), result.has_more) == (min(limit, 4), has_more)
    assert ("More than" in result.summary()) is has_more


@PROTOCOLS
def test_the_limit_counts_what_matches(filled, protocol):
    """Orthanc looks for the modality itself; the archive below does not."""
    assert uids(found(getattr(filled, protocol), modality="CT", limit=1)) == ["1.2.2"]


@pytest.mark.slow
def test_a_list_that_the_archive_cuts_off_states_that_there_is_more(tmp_path):
    for number in range(8):
        study(tmp_path / "s", f"1.2.{number}", PatientID=f"P{number}")
    with archives.orthanc(tmp_path / "orthanc", LimitFindResults=5) as server:
        send(tmp_path / "s", server.pacs)
        result = found(server.pacs)
    assert (len(result.studies), result.has_more) == (5, True)


def row_of(number, level="STUDY", **values):
    row = Dataset()
    row.QueryRetrieveLevel, row.StudyInstanceUID, row.PatientID = level, f"1.2.{number}", f"P{number}"
    for keyword, value in values.items():
        setattr(row, keyword, value)
    return row


def test_keys_that_an_archive_ignores_are_applied_to_its_answers():
    def find(event):
        yield PENDING, row_of(1, ModalitiesInStudy=["CT", "SEG"], StudyDate="20260101", StudyDescription="Head")
        yield PENDING, row_of(2, ModalitiesInStudy="MR", StudyDate="20250101", StudyDescription="[Knee]")
        yield PENDING, row_of(3)

    with query_scp([], find) as address:
        assert uids(search(address, modality="SEG", settings=ONCE)) == ["1.2.1", "1.2.3"]
        assert uids(search(address, date="-20251231", settings=ONCE)) == ["1.2.2", "1.2.3"]
        assert uids(search(address, description="[knee]", settings=ONCE)) == ["1.2.2"]
        assert search(address, settings=ONCE).studies[0].modalities == ("CT", "SEG")


@pytest.mark.parametrize("heeds_cancel", [True, False])
def test_a_query_with_too_many_answers_is_cancelled(heeds_cancel):
    sent, answers = [], 100_000  # more than the buffers of a connection hold

    def find(event):
        for number in range(answers):
            if heeds_cancel and event.is_cancelled:
                yield 0xFE00, None
                return
            sent.append(number)
            yield PENDING, row_of(number)

    with query_scp([], find) as address:
        result = search(address, limit=10, settings=ONCE)
    assert (len(result.studies), result.has_more) == (10, True)
    assert len(sent) < answers


def test_patients_who_share_a_study_uid_are_listed_both():
    def find(event):
        for patient in "AB":
            row = row_of(1)
            row.PatientID = patient
            yield PENDING, row

    with query_scp([], find) as address:
        assert [match.patient_id for match in search(address, settings=ONCE).studies] == ["A", "B"]


def test_a_search_can_be_cancelled():
    def find(event):
        for number in range(1000):
            yield PENDING, row_of(number)

    def progress(what, done, total):
        if "3 found" in what:
            raise Cancelled("Cancelled.")

    with query_scp([], find) as address, pytest.raises(Cancelled):
        search(address, settings=ONCE, progress=progress)


@pytest.mark.parametrize(
    ("status", "words"), [(0xA700, "refuses the query: status A700"), (0xC001, "refuses the query: status C001")]
)
def test_a_query_that_is_refused_is_an_error(status, words):
    def find(event):
        yield status, None

    with query_scp([], find) as address, pytest.raises(ArchiveError, match=words):
        search(address, settings=ONCE)


def test_an_archive_that_ends_during_the_answers_is_an_error():
    def find(event):
        yield PENDING, row_of(1)
        event.assoc.abort()

    with query_scp([], find) as address, pytest.raises(ArchiveError, match="during a query"):
        search(address, settings=ONCE)


@pytest.mark.parametrize("uid", ["", "../../evil"])
def test_a_study_without_a_valid_uid_is_an_error(uid):
    rows = [{"0020000D": {"Value": [uid]}}]
    with web_service(lambda path: ({}, rows)) as address, pytest.raises(ArchiveError, match="is not a StudyInstanceUID"):
        search(address, settings=ONCE)


def test_pages_that_are_not_needed_are_not_asked_for():
    asked = []

    def answer(path):
        asked.append(path)
        start = int(re.search(r"offset=(\d+)", path)[1])
        return {}, [{"0020000D": {"Value": [f"1.2.{start + n}"]}} for n in range(200)]

    with web_service(answer) as address:
        assert search(address, limit=250, settings=ONCE).has_more
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"patient": None}, "patient is None; a text was expected"),
        ({"patient": 5}, "patient is 5; a text was expected"),
        ({"limit": "x"}, "The limit is 'x'"),
        ({"date": "2026"}, "is not a date"),
        ({"date": "20260230"}, "is not a date"),
        ({"date": "-"}, "is not a date"),
        ({"date": "2026010120260131"}, "is not a date"),
        ({"date": "20260201-20260101"}, "ends before it begins"),
        ({"patient": "A\\B"}, "backslash"),
        ({"study": "abc"}, "is not a UID"),
        ({"modality": "M*"}, "is not a modality"),
        ({"limit": 0}, "at least one"),
        ({"patiend": "A"}, "has no 'patiend'"),
    ],
)
def test_values_that_are_not_valid_are_refused_before_anything_is_asked(query, words):
    with pytest.raises(OptionError, match=words):
        search("pacs:A@127.0.0.1:1", settings=ONCE, **query)


@pytest.mark.parametrize("uid", ["", "1.2.*", None])
def test_series_are_those_of_one_study(uid):
    with pytest.raises(OptionError, match="is not a UID"):
        list_series("pacs:ARCHIVE@127.0.0.1:1", uid, ONCE)


def test_an_address_that_selects_something_is_refused():
    with pytest.raises(OptionError, match="selects what to fetch"):
        search("pacs:A@127.0.0.1:1?PatientID=7", settings=ONCE)


def test_the_command_prints_what_is_found(filled, capsys):
    assert main(["search", filled.pacs, "--patient", "P1", "--list-series"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2026-02-12 09:30  P1  Smith John  Chest  CT  1 series  2 images"
    assert lines[1].strip() == "1.2.2"
    assert "1  part 1  MR  2 images" in [line.strip() for line in lines]
    assert lines[-1] == "2 studies match."
    assert main(["search", filled.pacs, "--patient", "UNKNOWN"]) == 1
    assert capsys.readouterr().out == "No study matches.\n"
    assert main(["search", filled.pacs, "--study", "1.2.4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["studies"][0]["patient_id"] == "<b>"
