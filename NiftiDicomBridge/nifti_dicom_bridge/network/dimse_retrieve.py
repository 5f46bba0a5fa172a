"""C-GET, and C-MOVE to this computer where the archive does not offer C-GET (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ArchiveError
from ..options.addresses import PacsAddress
from ..standard import transfer_syntaxes as syntaxes
from .activity import Activity
from .archive import InterruptedTransferError, RemoteSeries
from .association import MOST_CONTEXTS, NATIVE, PENDING, association
from .received_files import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, SUCCESS, write_received
from .settings import ArchiveSettings

_STUDY_ROOT_GET, _STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.2.2"
SYNTAXES = (
    *NATIVE, syntaxes.DEFLATED, syntaxes.RLE, syntaxes.JPEG_LS_LOSSLESS, syntaxes.JPEG_LS_NEAR_LOSSLESS,
    syntaxes.JPEG_2000_LOSSLESS, syntaxes.JPEG_2000_LOSSY, syntaxes.JPEG_LOSSLESS_SV1, syntaxes.JPEG_LOSSLESS,
    syntaxes.JPEG_BASELINE, syntaxes.JPEG_EXTENDED, syntaxes.HTJ2K_LOSSLESS, syntaxes.HTJ2K_LOSSLESS_RPCL,
    syntaxes.HTJ2K_LOSSY, syntaxes.ENCAPSULATED, syntaxes.DEFLATED_FRAMES, syntaxes.EXPLICIT_BIG_ENDIAN,
)  # fmt: skip
"""Transfer syntaxes in which objects are received: those that this tool reads."""
NOT_AUTHORIZED = 0x0124
MESSAGE_ID = 1
"""Of the C-MOVE request."""


class Receiver:
    """Writes what arrives, and remembers the files."""

    def __init__(self, folder: Path):
        self.folder, self.paths, self.problem = folder, list[Path](), ""

    def __call__(self, event: Any) -> int:
        """Handle a C-STORE request."""
        try:
            self.paths.append(write_received(event, self.folder))
        except OSError as error:
            self.problem = f"{self.folder} cannot be written to ({error.strerror or error})"
            return OUT_OF_RESOURCES
        except ValueError as error:
            self.problem = str(error)
            return CANNOT_UNDERSTAND
        return SUCCESS


class MoveReceiver(Receiver):
    """Writes what arrives for a C-MOVE that was asked for, and refuses everything else that is sent to the port.

    Parameters
    ----------
    folder : pathlib.Path
        Where to write.
    series : RemoteSeries
        What was asked for.
    titles : sequence of str
        Who asked, and whom: an archive names the first with each object (PS3.7 9.1.1.1), some name themselves, or leave it out.
    """

    def __init__(self, folder: Path, series: RemoteSeries, titles: Sequence[str]):
        super().__init__(folder)
        self._series, self._originators = series, ("", *titles)

    def __call__(self, event: Any) -> int:
        """Handle a C-STORE request."""
        request = event.request
        originator = str(request.MoveOriginatorApplicationEntityTitle or "").strip()
        if originator not in self._originators or request.MoveOriginatorMessageID not in (None, MESSAGE_ID):
            return NOT_AUTHORIZED
        try:
            data_set = event.dataset
            known = (str(data_set.get("StudyInstanceUID", "")), str(data_set.get("SeriesInstanceUID", "")))
        except Exception:  # whatever damaged bytes raise
            return CANNOT_UNDERSTAND
        return super().__call__(event) if known == (self._series.study, self._series.series) else NOT_AUTHORIZED


def retrieve_series(
    address: PacsAddress, settings: ArchiveSettings, series: RemoteSeries, classes: set[str], folder: Path
) -> Iterator[Path]:
    """Yield the files of a series as they arrive; see `Archive.retrieve`, which raises the same errors."""
    receiver: Receiver
    if settings.receiving_port:
        receiver = MoveReceiver(folder, series, (settings.calling_title, address.title))
        answers = _move(address, settings, series, receiver)
    else:
        receiver = Receiver(folder)
        answers = _get(address, settings, series, classes, receiver)
    count = 0
    for _ in answers:
        arrived = list(receiver.paths)[count:]
        count += len(arrived)
        yield from arrived
    if receiver.problem:
        raise ArchiveError(f"A received object could not be stored: {receiver.problem}.")
    yield from list(receiver.paths)[count:]


def _get(
    address: PacsAddress, settings: ArchiveSettings, series: RemoteSeries, classes: set[str], receiver: Receiver
) -> Iterator[None]:
    from pynetdicom import StoragePresentationContexts, evt

    known = sorted(classes) or [str(context.abstract_syntax) for context in StoragePresentationContexts]
    single = len(known) * len(SYNTAXES) < MOST_CONTEXTS
    proposed = [(name, (syntax,)) for name in known for syntax in SYNTAXES] if single else [(name, NATIVE) for name in known]
    contexts = [(_STUDY_ROOT_GET, NATIVE), *proposed[: MOST_CONTEXTS - 1]]
    with association(address, settings, contexts, [(evt.EVT_C_STORE, receiver)], known[: MOST_CONTEXTS - 1]) as peer:
        if not any(context.abstract_syntax == _STUDY_ROOT_GET for context in peer.accepted_contexts):
            raise ArchiveError(
                f"{address} does not offer C-GET. Set receiving_port in the settings of the archive to receive by C-MOVE, and "
                f"enter {settings.calling_title} with that port in the archive."
            )
        yield from _checked_answers(peer.send_c_get(_query(series), _STUDY_ROOT_GET), address)


def _move(address: PacsAddress, settings: ArchiveSettings, series: RemoteSeries, receiver: Receiver) -> Iterator[None]:
    from pynetdicom import AE, StoragePresentationContexts, evt

    entity = AE(ae_title=settings.calling_title)
    for context in StoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, list(SYNTAXES))
    entity.require_called_aet = True
    entity.require_calling_aet = [address.title]
    activity = Activity()
    try:
        handlers = [(evt.EVT_C_STORE, receiver), *activity.handlers]
        server = entity.start_server(("", settings.receiving_port), block=False, evt_handlers=handlers)
    except OSError as error:
        raise ArchiveError(f"Port {settings.receiving_port} cannot be used for C-MOVE ({error.strerror or error}).") from error
    try:
        with association(address, settings, [(_STUDY_ROOT_MOVE, NATIVE)], activity=activity) as peer:
            answers = peer.send_c_move(_query(series), settings.calling_title, _STUDY_ROOT_MOVE, MESSAGE_ID)
            yield from _checked_answers(answers, address)
    finally:
        server.shutdown()


def _query(series: RemoteSeries) -> Any:
    from pydicom.dataset import Dataset

    query = Dataset()
    query.QueryRetrieveLevel = "SERIES"
    query.StudyInstanceUID, query.SeriesInstanceUID = series.study, series.series
    return query


def _checked_answers(answers: Iterator[tuple[Any, Any]], address: PacsAddress) -> Iterator[None]:
    """Yield after each answer, which is sent when an object or some were; raises the error of one that is about a failure."""
    for status, _ in answers:
        if not status:
            raise InterruptedTransferError(f"{address} closed the connection or did not answer in time, while it sent objects.")
        failed = status.get("NumberOfFailedSuboperations")
        if status.Status in PENDING or (status.Status == SUCCESS and not failed):
            yield
            continue
        text = f" ({status.ErrorComment})" if status.get("ErrorComment") else ""
        count = f", {failed} object(s) were not sent" if failed else ""
        raise ArchiveError(f"{address} could not send the series: status {status.Status:04X}{text}{count}.")
