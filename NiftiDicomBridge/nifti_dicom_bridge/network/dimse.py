"""An archive that is reached by DIMSE: C-ECHO, C-FIND, C-STORE, C-GET and C-MOVE (PS3.4 A, B, C), by pynetdicom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import ArchiveError
from ..options.addresses import ArchiveSelection, PacsAddress
from ..standard.sop_classes import VERIFICATION
from .archive import InterruptedTransferError, NotOfferedError, PartialAnswerError, RemoteSeries, StoreResult
from .association import NATIVE, PENDING, association
from .dimse_retrieve import retrieve_series
from .dimse_store import store_instances
from .local_instances import LocalInstance
from .settings import ArchiveSettings

_STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_TERMINATED = 0xFE00
"""The archive ends a query early (PS3.4 C.4.1.1.4), as those do that limit the number of answers."""
_MOST_AFTER_CANCEL = 100
"""Answers that are still taken after a query was cancelled: the archive may have sent them before."""


class PacsArchive:
    """An archive that is reached by DIMSE: queries that follow one another are of one association, as each takes a while."""

    unreliable = _NOT_ASCII

    def __init__(self, address: PacsAddress, settings: ArchiveSettings):
        self.address, self.settings = address, settings
        self._open, self._peer = ExitStack(), None
        self._answers_queries = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.__exit__(kind, error, trace)  # a query that was interrupted is not waited for

    def _queries(self) -> Any:
        """Return the association of queries, established when needed: archives end those that are idle."""
        if self._peer is None or not self._peer.is_established:
            self._end_queries()
            self._peer = self._open.enter_context(association(self.address, self.settings, [(_STUDY_ROOT_FIND, NATIVE)]))
        return self._peer

    def _end_queries(self) -> None:
        """Release the association of queries: some archives accept one at a time only."""
        self._open.close()
        self._peer = None

    def check(self) -> None:
        """Send a C-ECHO, which every archive answers (PS3.4 A.1)."""
        try:
            with association(self.address, self.settings, [(VERIFICATION, NATIVE)]) as peer:
                if peer.send_c_echo().get("Status") != 0:
                    raise InterruptedTransferError(f"{self.address} does not answer C-ECHO.")
        except ValueError as error:
            raise ArchiveError(f"{self.address}: {error}") from error

    def stored_uids(self, study: str, series: str) -> set[str] | None:
        """Return the SOP Instance UIDs of a series; None if the archive does not answer C-FIND."""
        matches = self._find_if_offered("IMAGE", {**_series_keys(study, series), "SOPInstanceUID": ""})
        return None if matches is None else {_text(match, "SOPInstanceUID") for match in matches} - {""}

    def store(self, instances: Sequence[LocalInstance]) -> Iterator[StoreResult]:
        """Send instances by C-STORE."""
        self._end_queries()
        yield from store_instances(self.address, self.settings, instances)

    def find(self, selection: ArchiveSelection) -> list[RemoteSeries]:
        """Return the series that a selection selects; studies first, as archives need not answer relational queries."""
        studies = selection.studies_of(self._studies_of)
        if studies is None:
            matches = [m for uid in selection.series for m in self._find("SERIES", _series_keys("", uid))]
            if not matches:
                raise ArchiveError(f"{self.address} does not find the series without its study. Select the study, too.")
        else:
            chosen = selection.series or ("",)
            matches = [m for study in studies for uid in chosen for m in self._find("SERIES", _series_keys(study, uid))]
        rows = (RemoteSeries(_text(match, "StudyInstanceUID"), _text(match, "SeriesInstanceUID")) for match in matches)
        return [row for row in dict.fromkeys(rows) if not selection.series or row.series in selection.series]

    def _studies_of(self, keyword: str, value: str) -> list[str]:
        """Return the studies of a patient or an examination; an archive may take values for patterns, or ignore their case."""
        matches = self._find("STUDY", {keyword: value, "StudyInstanceUID": ""})
        return [_text(match, "StudyInstanceUID") for match in matches if _text(match, keyword).strip() == value]

    def count_series(self, study: str) -> int:
        """Return how many series the archive states that a study has; 0 if it does not."""
        keyword = "NumberOfStudyRelatedSeries"
        matches = self._find_if_offered("STUDY", {"StudyInstanceUID": study, keyword: ""})
        return max((int(count) for match in matches or () if (count := _text(match, keyword)).isdecimal()), default=0)

    def retrieve(self, series: RemoteSeries, folder: Path) -> Iterator[Path]:
        """Write the instances of a series, received by C-GET or C-MOVE."""
        keys = {**_series_keys(series.study, series.series), "SOPInstanceUID": "", "SOPClassUID": ""}
        classes = {_text(match, "SOPClassUID") for match in self._find_if_offered("IMAGE", keys, False) or ()} - {""}
        self._end_queries()
        yield from retrieve_series(self.address, self.settings, series, classes, folder)

    def _find_if_offered(self, level: str, keys: dict[str, str], is_whole: bool = True) -> list[Any] | None:
        """Return what matches; None if the archive does not answer such queries."""
        if not self._answers_queries:
            return None
        try:
            return self._find(level, keys, is_whole)
        except InterruptedTransferError:
            raise
        except NotOfferedError:
            self._answers_queries = False
            return None
        except ArchiveError:
            return None

    def _find(self, level: str, keys: Mapping[str, str], is_whole: bool = True) -> list[Any]:
        """Return what matches; all of it, unless a part is enough."""
        matches = []
        try:
            for match in self._matches(level, keys):
                matches.append(match)  # noqa: PERF402 -- what arrived before an error counts
        except PartialAnswerError:
            if is_whole:
                raise
        return matches

    def rows(self, level: str, keys: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Yield the answers to a query; one that is not read to its end is cancelled."""
        for match in self._matches(level, keys):
            yield {keyword: _joined(match, keyword) for keyword in keys}

    def _matches(self, level: str, keys: Mapping[str, str]) -> Iterator[Any]:
        peer, count = self._queries(), 0
        answers = peer.send_c_find(_data_set(level, keys), _STUDY_ROOT_FIND)
        try:
            for status, match in answers:
                if not status:
                    raise InterruptedTransferError(
                        f"{self.address} closed the connection or did not answer in time, during a query."
                    )
                if status.Status in PENDING:
                    count += 1
                    if match is not None:
                        yield match
                else:
                    self._check_end(status, count)
        except GeneratorExit:
            _cancel(peer, answers)
            raise

    def _check_end(self, status: Any, count: int) -> None:
        """Raise an error unless all that matches was listed."""
        if status.Status == _TERMINATED:
            raise PartialAnswerError(
                f"{self.address} lists only {count} of what matches: it limits the number of answers. Select "
                "less, by patient, study or series."
            )
        if status.Status != 0:
            text = f" ({status.ErrorComment})" if status.get("ErrorComment") else ""
            raise ArchiveError(f"{self.address} refuses the query: status {status.Status:04X}{text}.")


def _data_set(level: str, keys: Mapping[str, str]) -> Any:
    from pydicom.dataset import Dataset

    query = Dataset()
    query.QueryRetrieveLevel = level
    if not all(map(str.isascii, keys.values())):
        query.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    return query


def _cancel(peer: Any, answers: Iterator[Any]) -> None:
    """End a query before its end (PS3.4 C.4.1.2.2), and the connection if the archive goes on with its answers."""
    if peer.is_established:
        peer.send_c_cancel(1, query_model=_STUDY_ROOT_FIND)
        if all(status for status, _ in islice(answers, _MOST_AFTER_CANCEL + 1)) and next(answers, None) is not None:
            peer.abort()


def _text(match: Any, keyword: str) -> str:
    return str(match.get(keyword) or "")


def _joined(match: Any, keyword: str) -> str:
    value = match.get(keyword)
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return "\\".join(map(str, value)) if several else _text(match, keyword)


def _series_keys(study: str, series: str) -> dict[str, str]:
    return {"StudyInstanceUID": study, "SeriesInstanceUID": series}
