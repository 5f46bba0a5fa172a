"""Archives for tests whose answers are unusual, and lines that are slow; loopback and free ports only."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydicom.dataset import Dataset

_ROOT, _VERIFICATION = "1.2.840.10008.5.1.4.1.2.2.", "1.2.840.10008.1.1"
PENDING = 0xFF00
_PIECE = 4096


def rows_of(data_sets: Sequence[Dataset], level: str) -> Iterator[tuple[int, Dataset]]:
    """Yield the answers of an archive that has objects of one series."""
    for data_set in data_sets if level == "IMAGE" else data_sets[:1]:
        row = Dataset()
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "PatientID"):
            setattr(row, keyword, data_set[keyword].value)
        yield PENDING, row


@contextmanager
def query_scp(
    data_sets: Sequence[Dataset],
    find: Callable | str | None = None,
    get: Callable | None = None,
    move_to: int = 0,
    handlers: Sequence[tuple] = (),
) -> Iterator[str]:
    """Run an archive; `find(event)` and `get(event)` replace its answers to C-FIND and C-GET. Yield its address.

    With ``find="none"``, it does not answer C-FIND; it takes what is sent to it.
    """
    from pynetdicom import AE, StoragePresentationContexts, evt

    def answer(event):
        uid = event.identifier.get("SeriesInstanceUID", "")
        fitting = [data_set for data_set in data_sets if not uid or data_set.SeriesInstanceUID == uid]
        yield from rows_of(fitting, event.identifier.QueryRetrieveLevel)

    def send(event):
        if move_to:
            yield "127.0.0.1", move_to
        yield len(data_sets)
        for data_set in data_sets:
            yield PENDING, data_set

    entity = AE("ODD")
    entity.network_timeout = entity.dimse_timeout = 60
    entity.add_supported_context(_VERIFICATION)
    for number in "23" if find == "none" else "123":
        entity.add_supported_context(_ROOT + number)
    for context in StoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, scu_role=True, scp_role=True)
    entity.requested_contexts = [context for context in StoragePresentationContexts if "MR" in context.abstract_syntax.name]
    answers = {evt.EVT_C_FIND: find or answer, evt.EVT_C_GET: get or send, evt.EVT_C_MOVE: send, evt.EVT_C_STORE: lambda _: 0}
    every = [*((event, handler) for event, handler in answers.items() if callable(handler)), *handlers]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=every)
    try:
        yield f"pacs:ODD@127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


@contextmanager
def slow_line(port: int, bytes_per_s: float) -> Iterator[int]:
    """Yield a port that forwards connections to another one, slowly in both directions."""
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(_PIECE):
                target.sendall(part)
                time.sleep(len(part) / bytes_per_s)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


@contextmanager
def web_service(answer: Callable[[str], tuple[dict[str, str], object]]) -> Iterator[str]:
    """Run a DICOMweb service: `answer(path)` returns headers, and JSON or the bytes of a body. Yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            headers, content = answer(self.path)
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()  # without Content-Length: the body ends with the connection
            self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"dicomweb:http://127.0.0.1:{server.server_port}/web"
        finally:
            server.shutdown()
