"""Real archives on this computer, for tests: Orthanc, and storescp and dcmqrscp of DCMTK; loopback and free ports only."""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.oracles import missing, oracle, run

PLUGINS = Path("/usr/share/orthanc/plugins")
USER, PASSWORD = "reader", "secret of a test"
ATTEMPTS = 600


def free_port() -> int:
    """Return a port that nothing uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen | None = None) -> None:
    """Wait until something listens on a port."""
    for _ in range(ATTEMPTS):
        assert process is None or process.poll() is None, "the server ended at its start"
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on port {port}")


@contextmanager
def running(command: Sequence[object], port: int, folder: Path) -> Iterator[subprocess.Popen]:
    """Run a server, and end it."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=folder)
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


@dataclass
class Orthanc:
    """A running Orthanc."""

    http_port: int
    dicom_port: int
    folder: Path
    process: subprocess.Popen
    modalities: dict[str, object] = field(default_factory=dict)

    @property
    def dicomweb(self) -> str:
        return f"dicomweb:http://127.0.0.1:{self.http_port}/dicom-web"

    @property
    def pacs(self) -> str:
        return f"pacs:ORTHANC@127.0.0.1:{self.dicom_port}"

    def get(self, path: str) -> object:
        """Return an answer of its own interface."""
        with urllib.request.urlopen(self.request(path)) as answer:
            return json.load(answer)

    def instances(self) -> set[str]:
        """Return the SOP Instance UIDs that it has."""
        rows = self.get("/instances?expand")
        return {row["MainDicomTags"]["SOPInstanceUID"] for row in rows}

    def clear(self) -> None:
        """Delete all patients."""
        for patient in self.get("/patients"):
            urllib.request.urlopen(self.request(f"/patients/{patient}", "DELETE")).close()

    def request(self, path: str, method: str = "GET") -> urllib.request.Request:
        import base64

        credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        return urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", headers=headers, method=method)


@contextmanager
def orthanc(folder: Path, ports: tuple[int, int] | None = None, **settings: object) -> Iterator[Orthanc]:
    """Run Orthanc with a configuration of its own."""
    program = oracle("Orthanc")
    if not (PLUGINS / "libOrthancDicomWeb.so").exists():
        missing("orthanc-dicomweb")
    http_port, dicom_port = ports or (free_port(), free_port())
    folder.mkdir(parents=True, exist_ok=True)
    configuration = {
        "Name": "test", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
        "Plugins": [str(PLUGINS / "libOrthancDicomWeb.so")],
        "HttpPort": http_port, "HttpServerEnabled": True, "RemoteAccessAllowed": False, "HttpBindAddresses": ["127.0.0.1"],
        "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD},
        "DicomServerEnabled": True, "DicomAet": "ORTHANC", "DicomPort": dicom_port, "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
        "DicomAlwaysAllowEcho": True, "UnknownSopClassAccepted": True, "OverwriteInstances": False,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Ssl": False, "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
        "ExecuteLuaEnabled": False, "HttpsCACertificates": "", "StorageCompression": False, **settings,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(configuration), "utf-8")
    with running([program, folder / "orthanc.json"], http_port, folder) as process:
        wait_for_port(dicom_port, process)
        yield Orthanc(http_port, dicom_port, folder, process)


@contextmanager
def tls_in_front(port: int, pem: Path, key: Path) -> Iterator[int]:
    """Yield a port that forwards TLS connections to a plain one: Debian's Orthanc crashes when it serves HTTPS itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(1 << 16):
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as secure,
                socket.create_connection(("127.0.0.1", port)) as plain,
            ):
                back = threading.Thread(target=copy, args=(plain, secure))
                back.start()
                copy(secure, plain)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forward) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        server.shutdown()


def dcmtk(name: str) -> str:
    """Return a program of DCMTK; pynetdicom installs Python scripts of the same names, which take other arguments."""
    programs = [shutil.which(name, path=folder) for folder in os.environ["PATH"].split(os.pathsep)]
    compiled = [program for program in programs if program and not Path(program).read_bytes().startswith(b"#!")]
    if not compiled:
        missing(f"{name} of DCMTK")
    return str(compiled[0])


def certificate(folder: Path, name: str, host: str = "localhost") -> tuple[Path, Path]:
    """Return a certificate that signs itself, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    done = run(oracle("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}",
               "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1", "-keyout", key, "-out", pem)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return pem, key


@contextmanager
def storescp(folder: Path, *arguments: object, title: str = "STORESCP") -> Iterator[tuple[str, subprocess.Popen]]:
    """Run DCMTK's storescp; yield its address, with what it receives in the folder."""
    program, port = dcmtk("storescp"), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    with running([program, "-aet", title, "-od", folder, *arguments, port], port, folder) as process:
        yield f"pacs:{title}@127.0.0.1:{port}", process


@contextmanager
def dcmqrscp(folder: Path, receiver_port: int) -> Iterator[str]:
    """Run DCMTK's dcmqrscp, which moves to NIFTIDICOMBRIDGE at a port of this computer; yield its address."""
    program, port = dcmtk("dcmqrscp"), free_port()
    (folder / "STORE").mkdir(parents=True, exist_ok=True)
    (folder / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nus = (NIFTIDICOMBRIDGE, localhost, {receiver_port})\nHostTable END\n"
        f"VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nSTORE {folder / 'STORE'} RW (200, 1024mb) ANY\nAETable END\n",
        "utf-8",
    )
    with running([program, "-c", folder / "dcmqrscp.cfg"], port, folder) as _:
        yield f"pacs:STORE@127.0.0.1:{port}"
