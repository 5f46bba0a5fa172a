"""What a receiver accepts: limits, folders of studies, and which studies are complete enough to work on."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..model.files.names import is_uid_name
from ..options.addresses import check_title
from .received_files import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, SUCCESS, write_complete

PENDING = ".pending"
"""A file in the folder of a study that has not been processed since the last object arrived."""
DUPLICATE = 0x0111
_FREE = 1 << 30


@dataclass(frozen=True)
class ReceptionLimits:
    """What is accepted.

    Attributes
    ----------
    allowed_titles : tuple of str
        Application entity titles that may send; empty: all.
    object_mb : float
        Largest object, in MB.
    total_gb : float
        Largest total of everything received in one run, in GB; 0: what fits on the disk. 1 GiB of the disk always stays free.
    per_minute : int
        Most objects per minute and sender; 0: any number.
    associations : int
        Most senders at the same time.

    Examples
    --------
    >>> from nifti_dicom_bridge import ReceptionLimits
    >>> ReceptionLimits(allowed_titles=("SCANNER",)).associations
    10
    """

    allowed_titles: tuple[str, ...] = ()
    object_mb: float = 4096.0
    total_gb: float = 0.0
    per_minute: int = 0
    associations: int = 10

    def __post_init__(self) -> None:
        for title in self.allowed_titles:
            check_title(title, "The AE title of a sender")
        if not (self.object_mb > 0 and self.total_gb >= 0 and self.per_minute >= 0 and self.associations >= 1):
            raise OptionError("object_mb must be above 0, associations 1 or more, total_gb and per_minute 0 or more.")


@dataclass
class Reception:
    """Stores what arrives below a folder, as ``StudyInstanceUID/SeriesInstanceUID/SOPInstanceUID.dcm``."""

    folder: Path
    limits: ReceptionLimits
    problems: list[str] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._total = 0
        self._recent: dict[str, deque[float]] = {}
        self._last: dict[Path, float] = {path.parent: time.monotonic() for path in self.folder.glob(f"*/{PENDING}")}

    def handle(self, event: Any) -> int:
        """Handle a C-STORE request, and return its status."""
        title = str(event.assoc.requestor.ae_title).strip()
        content = event.encoded_dataset()
        with self._lock:
            reason = self._refusal(title, len(content))
            if reason:
                return self._refuse(f"{title}: an object was refused, as {reason}", OUT_OF_RESOURCES)
            self._total += len(content)
        try:
            return self._store(title, content)
        except OSError as error:
            return self._refuse(f"{self.folder} cannot be written to ({error.strerror or error})", OUT_OF_RESOURCES)

    def _store(self, title: str, content: bytes) -> int:
        path = self._path(content)
        if path is None:
            return self._refuse(f"{title}: an object without valid UIDs was refused", CANNOT_UNDERSTAND)
        with self._lock:
            study = path.parent.parent
            path.parent.mkdir(parents=True, exist_ok=True)
            self._last[study] = time.monotonic()
            if path.exists():
                if path.read_bytes() == content:
                    return SUCCESS
                return self._refuse(f"{title}: {path.stem} was refused, as another object has this SOP Instance UID", DUPLICATE)
            (study / PENDING).touch()
            write_complete(path, content)
            self.count += 1
        return SUCCESS

    def _refusal(self, title: str, size: int) -> str:
        """Return why an object is not accepted; empty if it is."""
        limits, now = self.limits, time.monotonic()
        if size > limits.object_mb * 1e6:
            return f"it has {size / 1e6:.1f} MB and {limits.object_mb:g} MB are allowed"
        if limits.total_gb and self._total + size > limits.total_gb * 1e9:
            return f"{limits.total_gb:g} GB were received"
        if shutil.disk_usage(self.folder).free < size + _FREE:
            return "the disk is full"
        recent = self._recent.setdefault(title, deque())
        while recent and now - recent[0] > 60:
            recent.popleft()
        if limits.per_minute and len(recent) >= limits.per_minute:
            return f"{limits.per_minute} objects arrived within a minute"
        recent.append(now)
        return ""

    def _refuse(self, problem: str, status: int) -> int:
        if problem not in self.problems:
            self.problems.append(problem)
        return status

    def _path(self, content: bytes) -> Path | None:
        """Return the place of an object; None if its UIDs are not valid, which could leave the folder."""
        from pydicom import dcmread

        keywords = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]
        try:
            header = dcmread(BytesIO(content), stop_before_pixels=True, specific_tags=keywords)
            uids = [str(header[keyword].value) for keyword in keywords]
        except Exception:  # whatever damaged data raise
            return None
        if not all(map(is_uid_name, uids)):
            return None
        return self.folder / uids[0] / uids[1] / f"{uids[2]}.dcm"

    def quiet_studies(self, quiet_s: float) -> list[Path]:
        """Return the studies for which nothing arrived for some time, and forget them."""
        now = time.monotonic()
        with self._lock:
            quiet = [study for study, last in self._last.items() if now - last >= quiet_s]
            for study in quiet:
                del self._last[study]
        return [study for study in quiet if (study / PENDING).exists()]

    def processed(self, study: Path, count: int) -> None:
        """Remember that a study was processed, unless more has arrived since `count` files were there."""
        with self._lock:
            if len(list(study.glob("*/*.dcm"))) == count:
                (study / PENDING).unlink(missing_ok=True)
