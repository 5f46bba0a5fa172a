"""Addresses of archives: ``dicomweb:https://host/path`` and ``pacs:AETITLE@host:port``, with what to fetch behind them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, urlsplit

from ..errors import OptionError
from .urls import url_of

EXPECTED = "Expected dicomweb:https://host/path, pacs:AETITLE@host:port, or pacs+tls:AETITLE@host:port."
_PACS = re.compile(
    r"^(?P<title>[^@/]{1,16})@(?P<host>\[[0-9A-Fa-f:]+\]|[^@:/\[\]]+):(?P<port>\d{1,5})(?P<path>/[^?]*)?(\?(?P<query>.*))?$"
)
UID = re.compile(r"[0-9][0-9.]{0,63}")
_KEYS = {"PatientID": "patient", "StudyInstanceUID": "study", "SeriesInstanceUID": "series", "AccessionNumber": "accession"}


def check_title(title: str, what: str) -> None:
    """Refuse an application entity title that no association can have (PS3.5 6.2, VR AE)."""
    if not (1 <= len(title) <= 16 and title.isascii() and title.isprintable() and title.strip()) or "\\" in title:
        raise OptionError(f"{what} {title!r} is not an application entity title: 1 to 16 ASCII characters.")


@dataclass(frozen=True)
class ArchiveSelection:
    """What to fetch from an archive; empty values select everything that the others select.

    Attributes
    ----------
    studies, series : tuple of str
        Study and Series Instance UIDs.
    patients, accessions : tuple of str
        Patient IDs and accession numbers, as the archive stores them.
    """

    studies: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    accessions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for uid in (*self.studies, *self.series):
            if not UID.fullmatch(uid):
                raise OptionError(f"{uid!r} is not a UID: digits and dots, at most 64 characters.")
        for text in (*self.patients, *self.accessions):
            if not text.strip():
                raise OptionError("An empty PatientID or AccessionNumber cannot select images. Select by StudyInstanceUID.")
            if any(character in text for character in "*?\\"):
                raise OptionError(
                    f'{text!r} contains "*", "?" or a backslash, which archives take for patterns or several values: it could '
                    "select other patients. Select by StudyInstanceUID."
                )

    def parts(self) -> list[ArchiveSelection]:
        """Return a selection for each value of the narrowest kind that is given, to see which of them select nothing."""
        for name in ("series", "accessions", "studies", "patients"):
            if values := getattr(self, name):
                return [replace(self, **{name: (value,)}) for value in dict.fromkeys(values)]
        return [self]

    def studies_of(self, find: Callable[[str, str], list[str]]) -> list[str] | None:
        """Return the studies that all given values select; None if only series are given.

        Parameters
        ----------
        find : callable
            Returns the studies with a value of an attribute (keyword, value).
        """
        chosen: list[Iterable[str]] = [self.studies] if self.studies else []
        for keyword, values in (("PatientID", self.patients), ("AccessionNumber", self.accessions)):
            if values:
                chosen.append([uid for value in values for uid in find(keyword, value.strip())])
        if not chosen:
            return None
        first, *others = chosen
        return [uid for uid in dict.fromkeys(first) if all(uid in other for other in others)]

    def __bool__(self) -> bool:
        return bool(self.studies or self.patients or self.series or self.accessions)


@dataclass(frozen=True)
class DicomwebAddress:
    """The base URL of a DICOMweb service, and what of it is selected."""

    url: str
    selection: ArchiveSelection = field(default_factory=ArchiveSelection)

    def __str__(self) -> str:
        return f"dicomweb:{self.url}"


@dataclass(frozen=True)
class PacsAddress:
    """An application entity that is reached by DIMSE, and what of it is selected."""

    title: str
    host: str
    port: int
    tls: bool = False
    selection: ArchiveSelection = field(default_factory=ArchiveSelection)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"pacs{'+tls' * self.tls}:{self.title}@{host}:{self.port}"


Address = DicomwebAddress | PacsAddress


def parse_address(text: str | os.PathLike[str]) -> Address:
    """Return the archive that a text specifies.

    Parameters
    ----------
    text : str or path
        ``dicomweb:https://host/path`` or ``pacs:AETITLE@host:port``; ``/studies/UID/series/UID`` or ``?PatientID=ID`` after it
        selects what to fetch. A path works, too, although it contains one slash or backslash after ``https:``.

    Raises
    ------
    OptionError
        If it is not valid, or contains a password.
    """
    address = url_of(text)
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "dicomweb":
        return _dicomweb(address, rest)
    if scheme.lower() in ("pacs", "pacs+tls"):
        return _pacs(address, rest, tls=scheme.lower() == "pacs+tls")
    raise OptionError(f"{address!r} is not the address of an archive. {EXPECTED}")


def _dicomweb(text: str, url: str) -> DicomwebAddress:
    parts = _http_parts(url)
    if parts is None:
        raise OptionError(f"{text!r} is not the address of an archive. {EXPECTED}")
    if parts.username or parts.password:
        raise OptionError(
            "The address of the archive contains a user name or password, which other users of this computer can read. "
            "Put them into the environment, the keyring or a settings file."
        )
    path, _, selected = parts.path.partition("/studies")
    base = f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"
    return DicomwebAddress(base, _selection(text, selected, parts.query))


def _http_parts(url: str) -> SplitResult | None:
    """Return the parts of a URL of HTTP with a host; None if it is none."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if is_valid else None


def _pacs(text: str, rest: str, tls: bool) -> PacsAddress:
    match = _PACS.match(rest)
    if match is None or not 0 < int(match["port"]) < 65536 or not match["title"].isascii():
        raise OptionError(f"{text!r} is not the address of an archive. {EXPECTED}")
    selected = (match["path"] or "").removeprefix("/studies")
    selection = _selection(text, selected, match["query"] or "")
    return PacsAddress(match["title"].strip(), match["host"].strip("[]"), int(match["port"]), tls, selection)


def _selection(text: str, path: str, query: str) -> ArchiveSelection:
    """Return what ``/UID/series/UID`` and ``PatientID=…`` select."""
    words = [word for word in path.split("/") if word and word != "series"]
    chosen: dict[str, list[str]] = {name: [] for name in _KEYS.values()}
    for key, value in parse_qsl(query):
        if key not in _KEYS:
            raise OptionError(f"{text!r} selects by {key}, which is not supported. Use one of {', '.join(_KEYS)}.")
        chosen[_KEYS[key]].append(value)
    if len(words) > 2:
        raise OptionError(f"{text!r} selects single instances. Select a study or a series.")
    chosen["study"] += words[:1]
    chosen["series"] += words[1:]
    return ArchiveSelection(*(tuple(chosen[name]) for name in ("study", "patient", "series", "accession")))


def address_problem(text: str) -> str:
    """Return why a text does not specify an archive to send to; empty if it does."""
    try:
        selection = parse_address(text).selection if text else None
    except OptionError as error:
        return str(error)
    return f"{text!r} selects what to fetch. Leave that out to send." if selection else ""
