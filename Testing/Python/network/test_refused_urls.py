"""URLs that cannot be read or written are refused with the reason."""

from __future__ import annotations

import logging
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nifti_dicom_bridge import (
    ArchiveError,
    BridgeError,
    DependencyError,
    OptionError,
    to_nifti,
)
from nifti_dicom_bridge import optional_packages as optional
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.conversion.remote import mirror
from nifti_dicom_bridge.model.files.remote_files import set_size
from nifti_dicom_bridge.network.object_store import ObjectStore
from support.object_server import BUCKET, S3, ObjectServer
from support.oracles import module
from support.round_trip import RoundTrip


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, round_trip: RoundTrip) -> None:
    monkeypatch.setattr(optional, "installed_version", lambda name: "")
    with pytest.raises(DependencyError, match=r"nifti-dicom-bridge\[gs\]"):
        to_nifti("gs://bucket/scans", round_trip.nifti)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "reason"),
    [("s3://key:secret@bucket/scans", "contains a password"), (f"{S3}/nothing", "no such object")],
)
def test_what_cannot_be_read_is_refused(url: str, reason: str, server: ObjectServer, round_trip: RoundTrip) -> None:
    with pytest.raises(BridgeError, match=reason) as caught:
        to_nifti(url, round_trip.nifti)
    assert "secret" not in str(caught.value)
    assert not round_trip.nifti.exists()


@pytest.mark.slow
def test_a_store_that_does_not_answer_is_named(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    module("s3fs").S3FileSystem.clear_instance_cache()
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                        "AWS_MAX_ATTEMPTS": "1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ArchiveError, match="s3://elsewhere/scans: the store cannot be used"):
        to_nifti("s3://elsewhere/scans", round_trip.nifti)


def test_a_zip_url_without_its_archive_is_refused_with_the_right_form(round_trip: RoundTrip) -> None:
    with pytest.raises(OptionError, match="does not state which archive"):
        to_nifti("zip://scans.zip", round_trip.nifti)


@pytest.mark.parametrize("arguments", [
    ["validate", "URL"], ["validate", "URL", "--series", "3"], ["send", "URL", "--to", "pacs:A@localhost:1"],
    ["compare", "URL", "URL"],
])  # fmt: skip
@pytest.mark.parametrize(("url", "words"), [
    ("s3://bucket/scans", "s3://bucket/scans: only files and folders are read here"),
    ("pacs:A@localhost:1", "Fetch the images from the archive first"),
    ("dicomweb:http://localhost:1/web", "dicomweb:http://localhost:1/web: only files and folders are read here"),
    ("https://host/scans", "https://host/scans: URLs of this kind are not supported"),
    ("scans", "scans: no such file or folder"),
])  # fmt: skip
def test_commands_that_read_files_only_state_it(
    arguments: list[str], url: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    assert main([url if word == "URL" else word for word in arguments]) != 0
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("url", ["https://host/scans.zip", "https:\\host\\scans.zip", "ftp://host/scans", "s4://bucket/scans"])
def test_other_urls_are_not_called_missing_files(url: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    assert main(["convert", url, "-o", str(round_trip.nifti)]) == 2
    assert "URLs of this kind are not supported" in capsys.readouterr().err


def test_nothing_is_printed_by_the_packages_of_stores(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    ObjectStore(f"zip://::{shutil.make_archive(str(round_trip.folder / 'scans'), 'zip', round_trip.dicom)}")
    assert all(logging.getLogger(name).handlers for name in ("gcsfs", "s3fs", "adlfs"))


def test_archives_of_files_are_not_written(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    with pytest.raises(OptionError, match="read, not written"):
        to_nifti(round_trip.dicom, f"zip://out::{round_trip.folder}/out.zip")


@pytest.mark.slow
def test_keys_that_leave_the_folder_are_not_read(source: Path, server: ObjectServer, round_trip: RoundTrip) -> None:
    content = next(source.rglob("*.dcm")).read_bytes()
    server.client().put_object(Bucket=BUCKET, Key="dicom/../../escaped.dcm", Body=content)
    report = to_nifti(f"{S3}/dicom", round_trip.nifti)
    assert [entry.error for entry in report.failures] == [
        f"{S3}/dicom/../../escaped.dcm: its name is not valid for a file. Rename it."
    ]
    assert len(round_trip.images()) == 2


@pytest.fixture
def zipped(round_trip: RoundTrip) -> Callable[..., str]:
    """Return the URL of an archive of the images of a study, each under one of the names."""

    def archive_of(*names: str) -> str:
        round_trip.make("two_series")
        files = sorted(path for path in round_trip.dicom.rglob("*") if path.is_file())
        with zipfile.ZipFile(round_trip.folder / "scans.zip", "w") as archive:
            for name, file in zip(names, files, strict=False):
                archive.write(file, name)
        return f"zip://::{round_trip.folder / 'scans.zip'}"

    return archive_of


@pytest.mark.parametrize("names", [("a.dcm", "A.dcm"), ("a/1.dcm", "A/2.dcm"), ("\u00e9.dcm", "e\u0301.dcm")])
def test_objects_that_are_one_file_on_this_disk_are_refused(
    names: tuple[str, str], zipped: Callable[..., str], round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_distinguishes_case", lambda folder: False)

    report = to_nifti(zipped(*names), round_trip.nifti)

    assert len(report.failures) == 1
    assert "differs from it in upper and lower case only" in report.failures[0].error


def test_objects_that_windows_cannot_name_are_refused_there(
    zipped: Callable[..., str], round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "IS_WINDOWS", True)

    report = to_nifti(zipped("scan.dcm", "scan:1.dcm", "nul.dcm", "b..dcm"), round_trip.nifti)

    assert [entry.error.partition(": ")[0].rpartition("/")[2] for entry in report.failures] == ["nul.dcm", "scan:1.dcm"]


def test_a_file_that_represents_an_object_occupies_no_room(tmp_path: Path) -> None:
    set_size(tmp_path / "a", 1 << 30)
    status = (tmp_path / "a").stat()

    assert status.st_size == 1 << 30
    assert getattr(status, "st_blocks", 0) == 0
