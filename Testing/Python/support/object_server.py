"""A real S3-compatible server (moto) on this computer, and a proxy in front of it that counts the bytes it sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import pytest

from support.oracles import module

BUCKET = "images"


@dataclass
class ObjectServer:
    """The address of the proxy, and how many bytes went through it to clients."""

    endpoint: str
    sent: list[int] = field(default_factory=list)

    def put(self, folder: Path, prefix: str) -> None:
        """Store the files of a folder below a prefix, by another client than ours."""
        client = self.client()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                client.put_object(Bucket=BUCKET, Key=f"{prefix}/{path.relative_to(folder).as_posix()}", Body=path.read_bytes())

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return the objects below a prefix."""
        client = self.client()
        keys = [one["Key"] for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix + "/")
                for one in page.get("Contents", [])]  # fmt: skip
        return {key[len(prefix) + 1 :]: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def client(self):
        import boto3

        return boto3.client("s3", endpoint_url=self.endpoint)


@contextmanager
def object_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    """Start server and proxy; credentials and endpoint come from the environment, as users set them."""
    module("s3fs").S3FileSystem.clear_instance_cache()  # their endpoint is that of another server
    server_module = module("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    running = ObjectServer("")
    urlopen(f"http://127.0.0.1:{port}/moto-api/reset", data=b"")  # a server of this process has the objects of the last one
    with _proxy(port, running.sent) as own_port:
        running.endpoint = f"http://127.0.0.1:{own_port}"
        for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
                            "AWS_ENDPOINT_URL": running.endpoint}.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        running.client().create_bucket(Bucket=BUCKET)
        try:
            yield running
        finally:
            server.stop()


@contextmanager
def _proxy(port: int, sent: list[int]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=_copy, args=(client, upstream, []), daemon=True).start()
            threading.Thread(target=_copy, args=(upstream, client, sent), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def _copy(source: socket.socket, target: socket.socket, counts: list[int]) -> None:
    try:
        while piece := source.recv(1 << 16):
            counts.append(len(piece))
            target.sendall(piece)
    except OSError:
        pass
    finally:
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


S3 = f"s3://{BUCKET}"
