"""Associations of this tool with an application entity (PS3.8), and why they fail."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import ArchiveError
from ..options.addresses import PacsAddress
from ..standard.dictionary import uid_name
from ..standard.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from .activity import Activity, AnswerQueue
from .archive import InterruptedTransferError, NotOfferedError
from .settings import ArchiveSettings
from .tls import client_context

Context = tuple[str, Sequence[str]]
"""A SOP class and the transfer syntaxes that are proposed together."""
MOST_CONTEXTS = 128
"""Of one association (PS3.8 9.3.2.2)."""
NATIVE = (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN)
"""Transfer syntaxes that are proposed for messages and decoded pixels."""
PENDING = (0xFF00, 0xFF01)
"""Statuses after which further answers follow (PS3.4 C.4.1.1.4)."""
_USER_AND_PASSCODE = 2


@contextmanager
def association(
    address: PacsAddress,
    settings: ArchiveSettings,
    contexts: Iterable[Context],
    handlers: Sequence[tuple[Any, ...]] = (),
    receives: Iterable[str] = (),
    activity: Activity | None = None,
) -> Iterator[Any]:
    """Yield an established ``pynetdicom`` association, and release it.

    Parameters
    ----------
    address : PacsAddress
        Who is called.
    settings : ArchiveSettings
        Who calls, certificates and time limits.
    contexts : iterable of Context
        What is proposed.
    handlers : sequence
        Handlers of events, as for ``AE.associate``.
    receives : iterable of str
        SOP classes of which objects are received, for C-GET.
    activity : Activity, optional
        Of other connections, on which data of the same service flow.

    Raises
    ------
    InterruptedTransferError
        If the archive cannot be reached or is busy.
    ArchiveError
        If it refuses the association.
    """
    from pynetdicom import AE, build_role, evt

    entity = AE(ae_title=settings.calling_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.timeout_s
    for sop_class, syntaxes in contexts:
        entity.add_requested_context(sop_class, list(syntaxes))
    opened: list[bool] = []
    rejections: list[Any] = []
    activity = activity or Activity()
    try:
        attempt = entity.associate(
            address.host,
            address.port,
            ae_title=address.title,
            ext_neg=[*(build_role(sop_class, scp_role=True) for sop_class in receives), *_identity(settings)],
            tls_args=(client_context(settings), address.host) if address.tls else None,
            evt_handlers=[
                (evt.EVT_CONN_OPEN, _note_opening, [opened]),
                (evt.EVT_PDU_RECV, _note_rejection, [rejections]),
                *activity.handlers,
                *handlers,
            ],
        )
    except (OSError, UnicodeError) as error:  # a name of a host is looked up before anything is connected
        reason = getattr(error, "strerror", None) or error
        raise ArchiveError(f"{address} cannot be reached ({reason}). Check host and port.") from error
    if not attempt.is_established:
        raise _failure(attempt, address, settings, bool(opened), rejections)
    attempt.dimse.msg_queue = AnswerQueue(activity)
    try:
        yield attempt
    except BaseException:
        if attempt.is_established:
            attempt.abort()  # what the archive still sends is not waited for
        raise
    if attempt.is_established:
        attempt.release()


def _identity(settings: ArchiveSettings) -> list[Any]:
    if not settings.user:
        return []
    from pynetdicom.pdu_primitives import UserIdentityNegotiation

    item = UserIdentityNegotiation()
    item.user_identity_type = _USER_AND_PASSCODE if settings.password else 1
    item.primary_field = settings.user.encode()
    if settings.password:
        item.secondary_field = settings.password.encode()
    return [item]


def _note_opening(event: Any, opened: list[bool]) -> None:
    """Note a connection, and let each message go out at once: it waits for an acknowledgement of the one before otherwise."""
    opened.append(True)
    with suppress(OSError, AttributeError):
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _note_rejection(event: Any, rejections: list[Any]) -> None:
    """Add an A-ASSOCIATE-RJ that arrives, which pynetdicom loses where the archive closes the connection at once."""
    if type(event.pdu).__name__ == "A_ASSOCIATE_RJ":
        rejections.append(event.pdu.to_primitive())


def _failure(
    attempt: Any, address: PacsAddress, settings: ArchiveSettings, opened: bool, rejections: list[Any]
) -> ArchiveError:
    answer = attempt.acceptor.primitive
    for rejection in rejections:
        reason = f"{rejection.result_str.lower()}: {rejection.reason_str.lower()}"
        transient = rejection.result == 2
        kind = InterruptedTransferError if transient else ArchiveError
        return kind(
            f"{address} refuses the association ({reason}). Check the AE title {address.title} of the archive, and that the "
            f"archive knows the AE title {settings.calling_title} of this computer."
        )
    if opened and answer is not None:
        names = list(dict.fromkeys(uid_name(str(context.abstract_syntax)) for context in attempt.requestor.requested_contexts))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return NotOfferedError(
            f"{address} offers none of the services that are needed: {names[0]}{more}. Check whether it offers them to the AE "
            f"title {settings.calling_title} of this computer, or name its DICOMweb service."
        )
    if opened:
        return InterruptedTransferError(
            f"{address} does not answer within {settings.timeout_s:g} s, or closes the connection. Check the port, and whether "
            "the archive expects TLS (pacs+tls:)."
        )
    return InterruptedTransferError(f"{address} cannot be reached{_tls_reason(address, settings)}. Check host and port.")


def _tls_reason(address: PacsAddress, settings: ArchiveSettings) -> str:
    """Return why no secure connection is possible: pynetdicom only logs it."""
    if not address.tls:
        return ""
    try:
        with (
            socket.create_connection((address.host, address.port), settings.timeout_s) as plain,
            client_context(settings).wrap_socket(plain, server_hostname=address.host),
        ):
            return ""
    except OSError as error:
        return f" by TLS ({error})"
