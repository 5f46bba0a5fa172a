"""C-STORE: files are sent as they are, in the transfer syntax that they have, wherever the archive takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from ..options.addresses import PacsAddress
from .archive import InterruptedTransferError, StoreResult
from .association import MOST_CONTEXTS, NATIVE, Context, association
from .local_instances import LocalInstance
from .settings import ArchiveSettings


def store_instances(
    address: PacsAddress, settings: ArchiveSettings, instances: Sequence[LocalInstance]
) -> Iterator[StoreResult]:
    """Yield the answer to each instance; see `Archive.store`."""
    from pynetdicom import _config

    _config.STORE_SEND_CHUNKED_DATASET = True  # the bytes of the file, read as they are sent
    for contexts, group in _groups(instances):
        with association(address, settings, contexts) as peer:
            accepted = {(str(c.abstract_syntax), str(c.transfer_syntax[0])) for c in peer.accepted_contexts}
            for instance in group:
                yield _stored(peer, instance, accepted, address)


def _groups(instances: Sequence[LocalInstance]) -> Iterator[tuple[list[Context], list[LocalInstance]]]:
    """Yield instances with what is proposed for them; one group unless there are very many kinds."""
    contexts: dict[Context, None] = {}
    group: list[LocalInstance] = []
    for instance in instances:
        needed = _contexts(instance)
        if len(contexts.keys() | needed) > MOST_CONTEXTS:
            yield list(contexts), group
            contexts, group = {}, []
        contexts |= dict.fromkeys(needed)
        group.append(instance)
    if group:
        yield list(contexts), group


def _contexts(instance: LocalInstance) -> list[Context]:
    """Return the transfer syntax of the file, and native ones: each alone, so that the archive cannot choose for us."""
    syntaxes = dict.fromkeys(chain([instance.transfer_syntax], NATIVE))
    return [(instance.sop_class, (syntax,)) for syntax in syntaxes]


def _stored(peer: Any, instance: LocalInstance, accepted: set[tuple[str, str]], address: PacsAddress) -> StoreResult:
    native = [syntax for syntax in NATIVE if (instance.sop_class, syntax) in accepted]
    note = ""
    content: Any
    if (instance.sop_class, instance.transfer_syntax) in accepted:
        content = _as_it_is(instance)
    elif native:
        content, note = _in_native_syntax(instance, native[0])
        if content is None:
            return StoreResult(instance, error=note)
    else:
        from pydicom.uid import UID

        name, syntax = UID(instance.sop_class).name, UID(instance.transfer_syntax).name
        return StoreResult(instance, error=f"the archive does not accept {name} in {syntax}")
    try:
        status = _send(peer, content, address)
    except (OSError, ValueError, AttributeError) as error:  # the file was removed, or cannot be encoded
        return StoreResult(instance, error=f"it cannot be sent ({error})")
    if status == 0:
        return StoreResult(instance, warning=note)
    if status >> 12 == 0xB:
        return StoreResult(instance, warning=f"stored with warning status {status:04X}. {note}".strip())
    return StoreResult.refused(instance, "status", status)


def _as_it_is(instance: LocalInstance) -> Any:
    """Return the file; its data set if the file meta information has other UIDs, which an archive would refuse."""
    if instance.meta_agrees:
        return instance.path
    from pydicom import dcmread

    return dcmread(instance.path)


def _send(peer: Any, content: Any, address: PacsAddress) -> int:
    if not peer.is_established:
        raise InterruptedTransferError(f"{address}: the connection was lost.")
    try:
        status = peer.send_c_store(content)
    except RuntimeError as error:
        raise InterruptedTransferError(f"{address}: the connection was lost.") from error
    if "Status" not in status:
        raise InterruptedTransferError(f"{address} closed the connection or did not answer in time.")
    return int(status.Status)


def _in_native_syntax(instance: LocalInstance, syntax: str) -> tuple[Any, str]:
    """Return a data set in another transfer syntax and a note about it; None and the reason if that is not possible."""
    from pydicom.uid import UID

    from ..formats.dicom.native_syntax import in_native_syntax

    try:
        data_set = in_native_syntax(instance.path, syntax)
    except Exception as error:  # whatever a decoder raises
        return None, f"the archive does not accept {UID(instance.transfer_syntax).name}, and it cannot be decoded ({error})"
    return data_set, f"sent in {UID(syntax).name}: the archive does not accept {UID(instance.transfer_syntax).name}"
