"""URLs and addresses of archives as paths."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from nifti_dicom_bridge import (
    OptionError,
)
from nifti_dicom_bridge.options import urls
from nifti_dicom_bridge.options.addresses import parse_address
from nifti_dicom_bridge.options.urls import is_url, local_path, url_of


@pytest.mark.parametrize(("url", "windows", "elsewhere"), [
    ("file:///C:/scans/a%20b", "C:/scans/a b", "/C:/scans/a b"), ("file:/C:/scans", "C:/scans", "/C:/scans"),
    ("file://localhost/data", "//data", "/data"), ("file://server/share/a", "//server/share/a", "/server/share/a"),
])  # fmt: skip
def test_file_urls_name_drives_and_servers_on_windows(
    url: str, windows: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_windows, path in ((True, windows), (False, elsewhere)):
        monkeypatch.setattr(urls, "IS_WINDOWS", is_windows)
        assert local_path(url) == Path(path)


@pytest.mark.parametrize("text", ["s3:/bucket/a", "s3://bucket/a/", Path("s3://bucket/a"), "s3:\\bucket\\a"])
def test_urls_survive_as_paths(text) -> None:
    assert is_url(text)
    assert url_of(text) == "s3://bucket/a"


@pytest.mark.parametrize("text", [
    "dicomweb:https:/host:8042/dicom-web/studies/1.2", "dicomweb:https:\\host:8042\\dicom-web\\studies\\1.2",
    Path("dicomweb:https://host:8042/dicom-web/studies/1.2"),
    PureWindowsPath("dicomweb:https://host:8042/dicom-web/studies/1.2"),
])  # fmt: skip
def test_addresses_survive_as_paths(text) -> None:
    assert url_of(text) == "dicomweb:https://host:8042/dicom-web/studies/1.2"
    assert str(parse_address(text)) == "dicomweb:https://host:8042/dicom-web"
    assert parse_address(text).selection.studies == ("1.2",)


def test_a_backslash_in_a_patient_id_stays_and_is_refused() -> None:
    with pytest.raises(OptionError, match="backslash"):
        parse_address("pacs:A@localhost:104?PatientID=1\\2")


@pytest.mark.parametrize("text", ["scans", "/data/s3", "C:\\scans", "c:/scans", "file.nii", "s3bucket/x", "pacs:A@b:104"])
def test_paths_are_no_urls(text: str) -> None:
    assert not is_url(text)
