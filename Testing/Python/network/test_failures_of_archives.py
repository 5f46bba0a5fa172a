"""Archives that refuse, die, are slow or cannot be trusted: clear errors, nothing lost, and the next run completes the rest."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pydicom
import pytest

from nifti_dicom_bridge import ArchiveError, ArchiveSettings, fetch, make_sample, send, to_dicom, to_nifti
from nifti_dicom_bridge.network import dicomweb_store
from support import archives

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


def test_an_archive_without_queries_is_named_with_what_it_lacks(tmp_path):
    words = r"needed: Study Root Query/Retrieve Information Model - FIND\. Check .* AE title NIFTIDICOMBRIDGE"
    with archives.storescp(tmp_path / "scp") as (address, _), pytest.raises(ArchiveError, match=words):
        fetch(address, tmp_path / "fetched", study="1.2.3", settings=ONCE)


@pytest.mark.parametrize("target", ["pacs:ANY@127.0.0.1:{port}", "dicomweb:http://127.0.0.1:{port}/dicom-web"])
def test_an_archive_that_is_not_there_is_an_error(scans, target):
    with pytest.raises(ArchiveError, match=r"cannot be reached[^=]*Check host"):  # without "HTTPConnection(host="
        send(scans, target.format(port=archives.free_port()), ONCE)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b"])
def test_an_unknown_host_is_an_error(scans, host):
    with pytest.raises(ArchiveError, match=r"cannot be reached \(.*Check host and port"):
        send(scans, f"pacs:ANY@{host}:104", ONCE)


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
def test_https_to_a_port_without_tls_is_not_a_wrong_certificate(orthanc, scans):
    with pytest.raises(ArchiveError, match=r"no connection by TLS .*whether the archive uses TLS \(https\) there"):
        send(scans, f"dicomweb:https://127.0.0.1:{orthanc.http_port}/dicom-web", ONCE)


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


class StowServer(ThreadingHTTPServer):
    """A DICOMweb service that stores UIDs; `refusal` decides about a request: HTTP status, and what is refused of it."""

    def __init__(self, refusal=lambda uids: (200, ()), query=200, confirms=True):
        super().__init__(("127.0.0.1", 0), StowHandler)
        self.refusal, self.query, self.confirms, self.stored, self.requests = refusal, query, confirms, [], 0

    @property
    def target(self):
        return f"dicomweb:http://127.0.0.1:{self.server_port}/web"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.shutdown()
        self.server_close()


class StowHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        is_series = "/series/" in self.path
        rows = [{"00080018": {"vr": "UI", "Value": [uid]}} for uid in self.server.stored] if is_series else []
        self.answer(self.server.query if is_series or self.server.query in (405, 501) else 200, rows)

    def do_POST(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        boundary = body.partition(b"\r\n")[0]
        parts = [part.partition(b"\r\n\r\n")[2][:-2] for part in body.split(boundary)[1:-1]]
        uids = [str(pydicom.dcmread(io.BytesIO(part), stop_before_pixels=True).SOPInstanceUID) for part in parts]
        self.server.requests += 1
        status, refused = self.server.refusal(uids)
        stored = [uid for uid in uids if uid not in refused] if status < 400 else []
        self.server.stored += stored
        rows = {"00081199": stored, "00081198": refused}
        items = {
            tag: {"vr": "SQ", "Value": [{"00081155": {"Value": [uid]}, "00081197": {"Value": [0x0122]}} for uid in some]}
            for tag, some in rows.items()
            if some
        }
        self.answer(status, items if self.server.confirms and status < 400 else None)

    def answer(self, status, content):
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def outcomes(report):
    return {entry.uid: entry.outcome.value for entry in report.entries}


def uids_of(folder):
    return sorted(str(pydicom.dcmread(path).SOPInstanceUID) for path in folder.rglob("*") if path.is_file())


def test_a_request_that_is_too_large_is_divided(scans):
    with StowServer(lambda uids: (413 if len(uids) > 2 else 200, ())) as server:
        report = send(scans, server.target, ONCE)
    assert report.count("sent") == len(uids_of(scans)) == len(server.stored)


def test_the_instance_for_which_a_request_is_refused_is_named(scans):
    bad, *others = uids_of(scans)
    with StowServer(lambda uids: (409 if bad in uids else 200, ())) as server:
        report = send(scans, server.target, ONCE)
    assert outcomes(report) == {bad: "failed", **dict.fromkeys(others, "sent")}
    assert sorted(server.stored) == others
    assert {entry.error for entry in report.entries} == {"", "the archive refuses the instance: HTTP 409 Conflict"}


def test_the_instance_that_is_refused_of_a_request_is_named(scans):
    bad, *others = uids_of(scans)
    with StowServer(lambda uids: (202, {bad}.intersection(uids))) as server:
        report = send(scans, server.target, ONCE)
    assert outcomes(report) == {bad: "failed", **dict.fromkeys(others, "sent")}


@pytest.mark.parametrize(("status", "words"), [(401, "refuses access"), (503, "is busy"), (404, "HTTP 404")])
def test_what_was_sent_before_an_error_is_reported_and_the_rest_too(scans, monkeypatch, status, words):
    monkeypatch.setattr(dicomweb_store, "_MOST_FILES", 3)
    with StowServer() as server:
        server.refusal = lambda uids: (200 if server.requests == 1 else status, ())
        report = send(scans, server.target, ONCE)
    assert [report.count("sent"), report.count("failed")] == [3, len(uids_of(scans)) - 3]
    assert sorted(uid for uid, outcome in outcomes(report).items() if outcome == "sent") == sorted(server.stored)
    assert all(words in entry.error for entry in report.entries if entry.outcome == "failed")


def test_an_archive_that_answers_without_content_is_asked(scans):
    with StowServer(confirms=False) as server:
        report = send(scans, server.target, replace(ONCE, retries=1, backoff_s=0))
    assert (report.count("sent"), server.requests) == (len(uids_of(scans)), 1)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_archive_that_does_not_know_a_series_or_answers_no_queries_gets_all(scans, status):
    with StowServer(query=status) as server:
        report = send(scans, server.target, ONCE)
    assert report.count("sent") == len(uids_of(scans))
    assert bool(report.notes) == (status != 404)


def test_a_conversion_names_the_files_that_were_not_sent(scans, tmp_path):
    to_nifti(scans, tmp_path / "nifti")
    with StowServer() as server:
        server.refusal = lambda uids: (200, set(uids[:1]))
        report = to_dicom(tmp_path / "nifti", tmp_path / "back", send=server.target)
    (failed,) = [entry for entry in report.entries if entry.outcome.value == "failed"]
    (path,) = failed.inputs
    assert str(pydicom.dcmread(path).SOPInstanceUID) not in server.stored
    assert f"({path.parent.name}/{path.name}): the archive refuses the instance: reason 0122" in failed.error


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
        assert all("out of resources" in entry.error for entry in report.entries if entry.outcome == "failed")
        assert len(server.instances()) == report.count("sent")
        filler.unlink()
        again = send(ct, getattr(server, protocol), settings)
        assert (again.count("present"), again.count("sent")) == (report.count("sent"), count - report.count("sent"))
        assert len(server.instances()) == count
