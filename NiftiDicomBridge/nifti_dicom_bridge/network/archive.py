"""What sending and fetching need of an archive, with any protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ..errors import ArchiveError
from ..model.files.names import is_uid_name
from ..options.addresses import Address, ArchiveSelection
from .local_instances import LocalInstance
from .received_files import OUT_OF_RESOURCES


class InterruptedTransferError(ArchiveError):
    """The connection was lost, or the archive is busy: trying again may help."""


class NotOfferedError(ArchiveError):
    """The archive accepts none of the services that an association is for."""


class PartialAnswerError(ArchiveError):
    """The archive lists only a part of what matches a query: it limits the number of answers."""


@dataclass(frozen=True)
class StoreResult:
    """The answer of an archive to one instance."""

    instance: LocalInstance
    error: str = ""
    """Why it was refused; empty if it was stored."""
    warning: str = ""
    may_retry: bool = False

    @classmethod
    def refused(cls, instance: LocalInstance, word: str, status: int) -> StoreResult:
        """Return that an archive did not store an instance; it may later, if it is out of resources (PS3.4 B.2.3)."""
        busy = OUT_OF_RESOURCES <= status < OUT_OF_RESOURCES + 0x100
        reason = "the archive is out of resources" if busy else "the archive refuses the instance"
        return cls(instance, error=f"{reason}: {word} {status:04X}", may_retry=busy)


@dataclass(frozen=True)
class RemoteSeries:
    """A series in an archive, whose UIDs become names of folders; raises `ArchiveError` if they are not UIDs."""

    study: str
    series: str

    def __post_init__(self) -> None:
        for name, uid in (("StudyInstanceUID", self.study), ("SeriesInstanceUID", self.series)):
            if not is_uid_name(uid):
                raise ArchiveError(f"The archive answers a query with {uid!r}, which is not a {name}. Check the archive.")


class Archive(Protocol):
    """An archive; used in a ``with`` statement."""

    unreliable: re.Pattern[str]
    """What archives may not find in a query, although they have it: Orthanc compares ASCII, and does not decode URLs."""

    @property
    def address(self) -> Address:
        """Where it is."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def check(self) -> None:
        """Raise `ArchiveError` unless the archive answers."""

    def stored_uids(self, study: str, series: str) -> set[str] | None:
        """Return the SOP Instance UIDs of a series in the archive; None if it does not answer queries."""

    def store(self, instances: Sequence[LocalInstance]) -> Iterator[StoreResult]:
        """Send instances; raises `InterruptedTransferError` when the connection is lost."""

    def rows(self, level: str, keys: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Yield the answers to a query at a level, keyword → text, several values with backslashes between them.

        Raises `PartialAnswerError` after the last one if there are more that the archive does not list.
        """

    def find(self, selection: ArchiveSelection) -> list[RemoteSeries]:
        """Return the series that a selection selects."""

    def count_series(self, study: str) -> int:
        """Return how many series the archive states that a study has; 0 if it does not."""

    def retrieve(self, series: RemoteSeries, folder: Path) -> Iterator[Path]:
        """Write the instances of a series into a folder, each called SOPInstanceUID.dcm."""
