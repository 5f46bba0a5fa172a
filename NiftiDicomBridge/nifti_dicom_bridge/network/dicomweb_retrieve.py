"""WADO-RS (PS3.18 10.4): the files of a series, as the archive sends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any

from .received_files import write_instance

_CHUNK = 1 << 20
_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""In the transfer syntaxes that the archive stores."""


def retrieve_files(session: Any, url: str, folder: Path, timeout_s: float) -> Iterator[Path]:
    """Write the files of a series, each called SOPInstanceUID.dcm.

    Raises
    ------
    requests.exceptions.RequestException, ConnectionError, ValueError
        If the archive does not answer as the standard specifies, or the answer ends early.
    """
    from pydicom import dcmread

    with session.get(url, headers={"Accept": _ACCEPT}, stream=True, timeout=timeout_s) as response:
        response.raise_for_status()
        for content in _files(response):
            header = dcmread(BytesIO(content), stop_before_pixels=True, specific_tags=["SOPInstanceUID"])
            yield write_instance(folder, str(header.get("SOPInstanceUID", "")), content)


def _files(response: Any) -> Iterator[bytes]:
    if response.status_code == 204:  # no content
        return
    kind = Message()
    kind["Content-Type"] = response.headers.get("Content-Type", "")
    boundary = kind.get_param("boundary")
    if isinstance(boundary, str):
        yield from parts(response.iter_content(_CHUNK), boundary.encode())
    elif kind.get_content_type() == "application/dicom":
        yield response.content
    else:
        raise ValueError(f"Content-Type {kind['Content-Type']}")


def parts(chunks: Iterable[bytes], boundary: bytes) -> Iterator[bytes]:
    """Yield the contents of a multipart body (RFC 2046, 5.1), without their headers.

    Raises
    ------
    ConnectionError
        If the body ends before its last boundary.
    ValueError
        If a part has no header.
    """
    delimiter, buffer, start, is_first = b"\r\n--" + boundary, bytearray(b"\r\n"), 0, True
    for chunk in chunks:
        buffer += chunk
        while (end := buffer.find(delimiter, start)) >= 0:
            if not is_first:
                yield _content(bytes(buffer[:end]))
            del buffer[: end + len(delimiter)]
            start, is_first = 0, False
        start = max(0, len(buffer) - len(delimiter))
    if is_first or not buffer.startswith(b"--"):
        raise ConnectionError("the answer ends early")


def _content(part: bytes) -> bytes:
    _, blank_line, content = part.partition(b"\r\n\r\n")
    if not blank_line:
        raise ValueError("a part of the answer without header")
    return content
