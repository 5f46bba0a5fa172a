"""Receive objects by C-STORE, and work on each study once nothing more arrives (PS3.4 B)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ArchiveError, OptionError
from ..model.processes.failure import failure_of
from ..optional_packages import require
from ..options.addresses import check_title
from ..standard.sop_classes import VERIFICATION
from .dimse_retrieve import SYNTAXES
from .reception import Reception, ReceptionLimits
from .settings import ArchiveSettings

_POLL_S = 0.2
Report = Callable[[str], None]


def listen(
    output: str | os.PathLike[str],
    port: int,
    title: str,
    *,
    on_study: Callable[[Path], None] | None = None,
    bind: str = "127.0.0.1",
    quiet_s: float = 30.0,
    limits: ReceptionLimits | None = None,
    settings: ArchiveSettings | None = None,
    report: Report = print,
    stop: threading.Event | None = None,
) -> int:
    """Receive studies until it is stopped.

    Parameters
    ----------
    output : path
        Folder; files are called ``StudyInstanceUID/SeriesInstanceUID/SOPInstanceUID.dcm``.
    port : int
        TCP port.
    title : str
        Application entity title; senders that call another one are refused.
    on_study : callable, optional
        Called with the folder of each study for which nothing arrived for `quiet_s`. A study for which it fails stays pending,
        and is tried again when more arrives and at the next start.
    bind : str
        Address on which connections are accepted; by default only from this computer. Empty: from everywhere.
    quiet_s : float
        Time without new objects after which a study is complete, in seconds.
    limits : ReceptionLimits, optional
        Who may send, and how much.
    settings : ArchiveSettings, optional
        With `client_certificate` and `client_key`, connections are accepted by TLS only; with `ca_file`, only from clients
        with a certificate that it signed.
    report : callable, optional
        Called with one sentence for each thing that happens.
    stop : threading.Event, optional
        Ends it when set.

    Returns
    -------
    int
        Number of objects that were received.

    Raises
    ------
    ArchiveError
        If the port cannot be used.
    OptionError
        If the title, the port or the time is not valid.

    Examples
    --------
    >>> import threading
    >>> from nifti_dicom_bridge import listen
    >>> stop = threading.Event()
    >>> stop.set()
    >>> listen("received", 0, "RESEARCH", stop=stop, report=lambda text: None)
    0
    """
    require("network")
    check_title(title, "The AE title")
    if not 0 <= port < 65536:
        raise OptionError(f"The port is {port}. Expected 1 to 65535, or 0 for one that is free.")
    if not quiet_s > 0:
        raise OptionError(f"quiet_s must be above 0 and is {quiet_s:g}.")
    stop = stop or threading.Event()
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    reception = Reception(folder, limits or ReceptionLimits())
    with _server(reception, port, bind, title, settings or ArchiveSettings()) as used_port:
        report(f"{title} listens on {bind or 'all addresses'}, port {used_port}.")
        while not stop.wait(_POLL_S):
            _work(reception, quiet_s, on_study, report)
    return reception.count


def _work(reception: Reception, quiet_s: float, on_study: Callable[[Path], None] | None, report: Report) -> None:
    """Report what was refused, and process the studies that are complete."""
    while reception.problems:
        report(reception.problems.pop(0))
    for study in reception.quiet_studies(quiet_s):
        count = len(list(study.glob("*/*.dcm")))
        report(f"Study {study.name}: {count} object(s) received.")
        try:
            if on_study is not None:
                on_study(study)
        except Exception as error:  # whatever the function raises: the receiver goes on
            report(f"Study {study.name} was not processed: {failure_of(error).sentence}")
            continue
        reception.processed(study, count)


@contextmanager
def _server(reception: Reception, port: int, bind: str, title: str, settings: ArchiveSettings) -> Iterator[int]:
    from pynetdicom import AE, AllStoragePresentationContexts, evt

    entity = AE(ae_title=title)
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, list(SYNTAXES))
    entity.add_supported_context(VERIFICATION)
    entity.require_called_aet = True
    entity.require_calling_aet = list(reception.limits.allowed_titles)
    entity.maximum_associations = reception.limits.associations
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.timeout_s
    try:
        handlers = [(evt.EVT_C_STORE, reception.handle)]
        server = entity.start_server((bind, port), block=False, evt_handlers=handlers, ssl_context=_tls(settings))
    except OSError as error:
        raise ArchiveError(f"Port {port} of {bind or 'this computer'} cannot be used ({error.strerror or error}).") from error
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def _tls(settings: ArchiveSettings) -> Any:
    """Return the TLS settings of the server; None without a certificate."""
    import ssl

    if settings.client_certificate is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=settings.ca_file)
        context.load_cert_chain(settings.client_certificate, settings.client_key)
    except OSError as error:
        raise OptionError(f"{settings.client_certificate}: the certificate cannot be read ({error}).") from error
    if settings.ca_file is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
