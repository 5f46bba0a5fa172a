"""Archives that refuse, die, are slow or cannot be trusted: clear errors, nothing lost, and the next run completes the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace

import pydicom
import pytest

import archives
from nifti_dicom_bridge import ArchiveError, ArchiveSettings, fetch, make_sample, send
from nifti_dicom_bridge.network import dicomweb_store

ONCE = ArchiveSettings(retries=0, timeout_s=30)


@pytest.fixture
def scans(tmp_path):
    make_sample(tmp_path / "scans")
    return tmp_path / "scans"


def test_a_wrong_ae_title_is_named(orthanc, settings, scans):
    with pytest.raises(ArchiveError, match=r"refuses the association.*called ae title not recognised.*WRONG"):
        send(scans, f"pacs:WRONG@127.0.0.1:{orthanc.dicom_port}", settings)


def test_a_refused_association_is_an_error(scans, tmp_path):
    with archives.storescp(tmp_path / "scp", "--refuse") as (address, _), pytest.raises(ArchiveError, match="refuses"):
        send(scans, address, ONCE)


@pytest.mark.parametrize("target", ["pacs:ANY@127.0.0.1:{port}", "dicomweb:http://127.0.0.1:{port}/dicom-web"])
def test_an_archive_that_is_not_there_is_an_error(scans, target):
    with pytest.raises(ArchiveError, match="cannot be reached"):
        send(scans, target.format(port=archives.free_port()), ONCE)


def test_a_wrong_password_is_an_error_that_does_not_contain_it(orthanc, settings, scans):
    with pytest.raises(ArchiveError, match="refuses access") as raised:
        send(scans, orthanc.dicomweb, replace(settings, password="guessed"))
    assert "guessed" not in str(raised.value)


def test_a_url_without_dicomweb_is_an_error(orthanc, settings, scans):
    with pytest.raises(ArchiveError, match="Check the path of the URL"):
        send(scans, f"dicomweb:http://127.0.0.1:{orthanc.http_port}/nothing", settings)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_server_that_dies_midway_gets_the_rest_in_the_next_run(settings, samples, tmp_path, protocol, monkeypatch):
    monkeypatch.setattr(dicomweb_store, "_MOST_FILES", 3)
    folder, ct = tmp_path / "orthanc", samples / "CT"
    count = len([path for path in ct.rglob("*") if path.is_file()])
    with archives.orthanc(folder) as server:
        target, ports = getattr(server, protocol), (server.http_port, server.dicom_port)

        def die(what, done, total):
            if done == 3:
                server.process.kill()
                server.process.wait()

        report = send(ct, target, replace(settings, retries=0), die)
    assert not report.ok
    assert report.count("sent") + report.count("failed") == count
    with archives.orthanc(folder, ports) as server:
        again = send(ct, target, settings)
        assert again.ok
        assert len(server.instances()) == count
    assert again.count("present") >= 3


@pytest.mark.slow
def test_a_server_that_comes_back_is_sent_the_rest_in_the_same_run(settings, samples, tmp_path):
    folder, ct = tmp_path / "orthanc", samples / "CT"
    restarted = []
    with archives.orthanc(folder) as server:
        ports = (server.http_port, server.dicom_port)

        def die(what, done, total):
            if done == 3 and not restarted:
                server.process.kill()
                server.process.wait()
                restarted.append(archives.orthanc(folder, ports))
                restarted.append(restarted[0].__enter__())

        try:
            report = send(ct, server.pacs, settings, die)
            assert report.ok
            assert {entry.uid for entry in report.entries} == restarted[1].instances()
            assert report.count("failed") == 0
        finally:
            if restarted:
                restarted[0].__exit__(None, None, None)


@pytest.mark.slow
def test_a_slow_server_is_not_waited_for_without_end(scans, tmp_path):
    reason = "did not answer in time"
    with archives.storescp(tmp_path / "scp", "--sleep-during", "20") as (address, _), pytest.raises(ArchiveError, match=reason):
        send(scans, address, replace(ONCE, timeout_s=2))


@pytest.mark.slow
def test_a_certificate_that_is_not_trusted_ends_the_connection(orthanc, settings, scans, tmp_path):
    pem, key = archives.certificate(tmp_path, "server")
    with archives.tls_in_front(orthanc.http_port, pem, key) as port:
        target = f"dicomweb:https://127.0.0.1:{port}/dicom-web"
        with pytest.raises(ArchiveError, match=r"certificate of the archive is not trusted.*ca_file"):
            send(scans, target, settings)
        assert orthanc.instances() == set()
        assert send(scans, target, replace(settings, ca_file=pem)).ok


@pytest.mark.slow
def test_dimse_verifies_the_certificate_too(scans, tmp_path):
    pem, key = archives.certificate(tmp_path, "server")
    with archives.storescp(tmp_path / "scp", "+tls", key, pem, "-ic") as (address, _):
        secure = address.replace("pacs:", "pacs+tls:")
        with pytest.raises(ArchiveError, match=r"certificate verify failed"):
            send(scans, secure, ONCE)
        assert send(scans, secure, replace(ONCE, ca_file=pem)).ok


@pytest.mark.slow
def test_a_client_certificate_is_presented(scans, tmp_path):
    pem, key = archives.certificate(tmp_path, "server")
    own, own_key = archives.certificate(tmp_path, "client", "client")
    with archives.storescp(tmp_path / "scp", "+tls", key, pem, "+cf", own, "-rc") as (address, _):
        secure = address.replace("pacs:", "pacs+tls:")
        trusted = replace(ONCE, ca_file=pem)
        with pytest.raises(ArchiveError):
            send(scans, secure, trusted)
        assert send(scans, secure, replace(trusted, client_certificate=own, client_key=own_key)).ok


@pytest.mark.slow
def test_fetching_into_a_folder_that_cannot_be_written_leaves_nothing(orthanc, settings, scans, tmp_path):
    send(scans, orthanc.pacs, settings)
    (tmp_path / "file").write_text("")
    patient = str(pydicom.dcmread(next(path for path in scans.rglob("*") if path.is_file())).PatientID)
    report = fetch(orthanc.pacs, tmp_path / "file" / "out", patient=patient, settings=settings)
    assert [entry.outcome.value for entry in report.entries] == ["failed"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1.5 MB, which only an administrator can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_server_whose_disk_is_full_gets_the_rest_in_the_next_run(settings, samples, tmp_path, small_disk, protocol):
    ct, filler = samples / "CT", small_disk / "filler"
    count = len([path for path in ct.rglob("*") if path.is_file()])
    with archives.orthanc(tmp_path / "orthanc", StorageDirectory=str(small_disk)) as server:
        disk = os.statvfs(small_disk)
        filler.write_bytes(bytes(disk.f_bavail * disk.f_bsize - 120_000))
        report = send(ct, getattr(server, protocol), settings)
        assert 0 < report.count("sent") < count
        assert {entry.error for entry in report.entries if entry.outcome == "failed"} == {"the archive is out of resources"}
        assert len(server.instances()) == report.count("sent")
        filler.unlink()
        again = send(ct, getattr(server, protocol), settings)
        assert (again.count("present"), again.count("sent")) == (report.count("sent"), count - report.count("sent"))
        assert len(server.instances()) == count
