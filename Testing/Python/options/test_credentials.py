"""Passwords, keys, tokens and signatures in URLs are in no message, report or file."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, OptionError, convert, convert_many, inspect
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.errors import without_credentials
from nifti_dicom_bridge.formats.dicom.provenance import Provenance
from nifti_dicom_bridge.model.processes.failure import failure_of
from nifti_dicom_bridge.options.algorithm import Algorithm

SECRET = "wJalrXUtnFEMI"
HIDDEN = {
    "s3://key:wJalrXUtnFEMI@bucket/scans": "s3://***@bucket/scans",
    "s3:/key:wJalrXUtnFEMI@bucket/scans": "s3:/***@bucket/scans",
    "s3://:wJalrXUtnFEMI@bucket": "s3://***@bucket",
    "s3://key:wJalrXUtnFEMI/K7+MD@bucket/scans": "s3://***@bucket/scans",
    "zip://scans::s3://key:wJalrXUtnFEMI@bucket/a.zip": "zip://scans::s3://***@bucket/a.zip",
    "https://user:p@wJalrXUtnFEMI@host/a@2x": "https://***@host/a@2x",
    "https://wJalrXUtnFEMI@host/a.zip": "https://***@host/a.zip",
    "zip://::https://host/a.zip?X-Amz-Credential=wJalrXUtnFEMI%2F20&X-Amz-Date=20&X-Amz-Signature=wJalrXUtnFEMI":
        "zip://::https://host/a.zip?X-Amz-Credential=***&X-Amz-Date=20&X-Amz-Signature=***",
    "https://host/a?AWSAccessKeyId=wJalrXUtnFEMI&Signature=wJalrXUtnFEMI%3D&Expires=1":
        "https://host/a?AWSAccessKeyId=***&Signature=***&Expires=1",
    "https://account.blob.core.windows.net/c/a?sv=2020&sig=wJalrXUtnFEMI%3D": "https://account.blob.core.windows.net/c/a?sv=2020&sig=***",
    "https://storage.googleapis.com/b/a?X-Goog-Signature=wJalrXUtnFEMI": "https://storage.googleapis.com/b/a?X-Goog-Signature=***",
    "https://host/a?X-Amz-Security-Token=wJalrXUtnFEMI": "https://host/a?X-Amz-Security-Token=***",
    "gs://bucket/a?access_token=wJalrXUtnFEMI": "gs://bucket/a?access_token=***",
    "dicomweb:https://user:wJalrXUtnFEMI@host/dicom-web": "dicomweb:https://***@host/dicom-web",
    "dicomweb:https://host/dicom-web?api_key=wJalrXUtnFEMI": "dicomweb:https://host/dicom-web?api_key=***",
}  # fmt: skip
SHOWN = [
    "s3://bucket/key@x", "zip://a::s3://b/c@d", "zip://scans::s3://bucket/a.zip", "https://host:8042/dicom-web/studies/1.2",
    "abfs://container@account.dfs.core.windows.net/a", "dicomweb:https://host/dicom-web?PatientID=7&AccessionNumber=A1",
    "pacs:AETITLE@host:104", "C:/scans/a@b:c", "/scans/a:b@c", "file:///scans/a@b", "tcp://scheduler:8786",
]  # fmt: skip


@pytest.mark.parametrize("url", HIDDEN)
@pytest.mark.parametrize(
    "text", ["{}", "{}: the store cannot be used (x). Check URL.", "'{}' is wrong.", "a {}, {} and (url={})"]
)
def test_credentials_are_hidden(text: str, url: str) -> None:
    assert without_credentials(text.replace("{}", url)) == text.replace("{}", HIDDEN[url])


@pytest.mark.parametrize("url", SHOWN)
def test_all_else_is_shown(url: str) -> None:
    assert without_credentials(f"{url}: no such file. Check {url!r}") == f"{url}: no such file. Check {url!r}"


@pytest.mark.parametrize("url", HIDDEN)
def test_errors_hide_them(url: str, tmp_path: Path) -> None:
    error = OptionError(f"{url} is wrong.", "code", ("a",), f"{url}: {{option}}", url)
    copied = pickle.loads(pickle.dumps(BridgeError(url)))
    assert SECRET not in f"{error} {error!r} {error.template} {error.found} {copied}"
    try:
        raise KeyError(url) from OSError(5, "Input/output error", url)
    except KeyError as unforeseen:
        failure = failure_of(unforeseen)
    assert "Traceback" in failure.traceback
    assert SECRET not in failure.traceback + failure.sentence + failure_of(OSError(5, "x", url)).sentence


@pytest.mark.parametrize("url", HIDDEN)
def test_the_command_in_a_derived_object_hides_them(url: str) -> None:
    assert SECRET not in Provenance(Algorithm("tool", "1"), f"tool --model {url} (exit code 0)").description


@pytest.mark.parametrize("url", HIDDEN)
def test_what_cannot_be_used_is_refused_without_them(url: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    reached = url.startswith(("zip://::https", "gs:")) or "/K7" in url  # by the network
    jobs = [] if reached else [Job(url, tmp_path / "out"), Job(tmp_path, url, ConversionOptions("zarr"))]
    for job in jobs:
        with pytest.raises(BridgeError) as refused:
            convert(job)
        assert SECRET not in str(refused.value)
        (report,) = convert_many([job])
        assert SECRET not in f"{report.to_dict()} {report} {report.run}"
    if not reached:
        with pytest.raises(BridgeError) as refused:
            inspect(url)
        assert SECRET not in str(refused.value)
        assert main(["convert", url, "-o", str(tmp_path / "out")]) != 0
    assert main(["convert", "-o", str(tmp_path / "out"), f"--unknown={url}"]) == 2
    assert SECRET not in "".join(capsys.readouterr())
