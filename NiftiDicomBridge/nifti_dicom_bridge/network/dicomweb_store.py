"""STOW-RS (PS3.18 10.5): the bytes of files, streamed from the disk, and the answer to each instance."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from .archive import StoreResult
from .local_instances import LocalInstance

_MOST_FILES, _MOST_BYTES, _PART = 32, 64 << 20, 1 << 16
"""A part is sent within the time limit, also on a slow line."""
_FAILED, _FAILURE_REASON, _INSTANCE = "00081198", "00081197", "00081155"
_REFERENCED, _WARNING_REASON = "00081199", "00081196"
_OF_CONTENT = (400, 409, 413, 415, 422)
"""HTTP status codes of requests whose content is refused: too large, or an instance that the archive does not take."""
_NOT_CONFIRMED = "the archive does not confirm that it stored the instance: it may be out of resources"


def batches(instances: Sequence[LocalInstance]) -> Iterator[list[LocalInstance]]:
    """Yield instances in groups that fit a request."""
    batch: list[LocalInstance] = []
    size = 0
    for instance in instances:
        length = instance.path.stat().st_size
        if batch and (len(batch) == _MOST_FILES or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(instance)
        size += length
    if batch:
        yield batch


def store_batch(session: Any, url: str, batch: Sequence[LocalInstance], timeout_s: float) -> Iterator[StoreResult]:
    """Send instances in one request, and yield the answer to each; a request that is refused as a whole is divided.

    Raises
    ------
    requests.exceptions.RequestException
        If the archive does not answer for the instances.
    """
    boundary = uuid.uuid4().hex
    response = session.post(
        f"{url}/studies",
        data=_body(batch, boundary),
        headers={
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": "application/dicom+json",
        },
        timeout=timeout_s,
    )
    answer = _json(response)
    if answer is not None and (answer.get(_FAILED) or answer.get(_REFERENCED)):
        yield from (_stored(instance, answer) for instance in batch)
    elif response.status_code not in _OF_CONTENT:
        response.raise_for_status()
        yield from (StoreResult(instance, error=_NOT_CONFIRMED, may_retry=True) for instance in batch)
    elif len(batch) == 1:
        yield StoreResult(batch[0], error=f"the archive refuses the instance: HTTP {response.status_code} {response.reason}")
    else:
        half = len(batch) // 2
        for part in (batch[:half], batch[half:]):
            yield from store_batch(session, url, part, timeout_s)


def _body(batch: Sequence[LocalInstance], boundary: str) -> Iterator[bytes]:
    for instance in batch:
        yield f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        with instance.path.open("rb") as file:
            while part := file.read(_PART):
                yield part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _json(response: Any) -> dict[str, Any] | None:
    """Return the Store Instances Response Module of an answer; None if there is none."""
    try:
        answer = response.json()
    except ValueError:
        return None
    answer = answer[0] if isinstance(answer, list) and answer else answer
    return answer if isinstance(answer, dict) else None


def _stored(instance: LocalInstance, answer: dict[str, Any]) -> StoreResult:
    for item in answer.get(_FAILED, {}).get("Value", []):
        if _first(item, _INSTANCE) == instance.uid:
            return StoreResult.refused(instance, "reason", int(_first(item, _FAILURE_REASON) or 0))
    for item in answer.get(_REFERENCED, {}).get("Value", []):
        if _first(item, _INSTANCE) == instance.uid:
            warning = _first(item, _WARNING_REASON)
            return StoreResult(instance, warning=f"stored with warning {int(warning):04X}" if warning else "")
    return StoreResult(instance, error=_NOT_CONFIRMED, may_retry=True)


def _first(item: dict[str, Any], tag: str) -> Any:
    return (item.get(tag, {}).get("Value") or [""])[0]
