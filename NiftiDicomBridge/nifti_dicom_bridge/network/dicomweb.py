"""An archive that is reached by DICOMweb: QIDO-RS, WADO-RS and STOW-RS (PS3.18), by dicomweb-client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ..errors import ArchiveError
from ..options.addresses import ArchiveSelection, DicomwebAddress
from .archive import RemoteSeries, StoreResult
from .dicomweb_retrieve import retrieve_files
from .dicomweb_store import batches, store_batch
from .http_errors import HttpStatusError, archive_errors
from .local_instances import LocalInstance
from .settings import ArchiveSettings

_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_TAGS = {"PatientID": "00100020", "AccessionNumber": "00080050"}
_LEVELS = {"STUDY": "studies", "SERIES": "series"}
_NOT_BY_DEFAULT = {"STUDY": ("StudyDescription",), "SERIES": ("SeriesDescription",)}
"""What archives answer with only when asked for (PS3.18 10.6.3.3)."""
_SERIES_OF_STUDY = "00201206"
_PAGE = 200
"""Rows that a query asks for; more are refused by some services."""
_NOT_FOUND, _NOT_OFFERED = 404, (405, 501)
_ENCODED = re.compile(r"[^A-Za-z0-9._~-]+")
"""What a query contains in percent-encoding only (RFC 3986, 2.3)."""


class DicomwebArchive:
    """An archive that is reached by DICOMweb."""

    unreliable = _ENCODED

    def __init__(self, address: DicomwebAddress, settings: ArchiveSettings):
        from dicomweb_client.api import DICOMwebClient

        self.address, self.settings = address, settings
        self.session = session_of(settings)
        self.client = DICOMwebClient(address.url, session=self.session, timeout=settings.timeout_s, permissive_uid=True)
        self.client.set_http_retry_params(retry=False)  # retried with the other protocol's pauses
        self.session.hooks["response"].append(self._note_warning)
        self._has_more = False

    def _note_warning(self, response: Any, *_: Any, **__: Any) -> None:
        """Note whether a page is shorter than asked for because the archive limits it (PS3.18 8.3.4.4)."""
        self._has_more = "Warning" in response.headers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.session.close()

    def check(self) -> None:
        """Ask for one study; an archive may offer STOW-RS only."""
        try:
            with archive_errors(self.address, self.settings.timeout_s):
                self.client.search_for_studies(limit=1)
        except HttpStatusError as error:
            if error.code not in _NOT_OFFERED:
                raise

    def stored_uids(self, study: str, series: str) -> set[str] | None:
        """Return the SOP Instance UIDs of a series; None if the archive does not answer queries."""
        try:
            rows = self._search("instances", {}, study, series)
        except HttpStatusError as error:
            if error.code in _NOT_OFFERED:
                return None
            if error.code == _NOT_FOUND:  # it does not know the series
                return set()
            raise
        return {_value(row, _INSTANCE) for row in rows}

    def store(self, instances: Sequence[LocalInstance]) -> Iterator[StoreResult]:
        """Send instances by STOW-RS, several in a request."""
        for batch in batches(instances):
            with archive_errors(self.address, self.settings.timeout_s):
                yield from store_batch(self.session, self.address.url, batch, self.settings.timeout_s)

    def rows(self, level: str, keys: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Yield the answers to a query; pages that are not needed are not asked for."""
        uids = [keys["StudyInstanceUID"]] if level == "SERIES" else []
        filters = {keyword: value for keyword, value in keys.items() if value and keyword != "StudyInstanceUID" * bool(uids)}
        for row in self._pages(_LEVELS[level], filters, *uids, fields=_NOT_BY_DEFAULT[level]):
            yield {keyword: _text(row, keyword) for keyword in keys}

    def find(self, selection: ArchiveSelection) -> list[RemoteSeries]:
        """Return the series that a selection selects."""
        studies = selection.studies_of(self._studies_of)
        within = [()] if studies is None else [(study,) for study in studies]
        filters = [{"SeriesInstanceUID": uid} for uid in selection.series] or [{}]
        rows = [row for study in within for chosen in filters for row in self._search("series", chosen, *study)]
        series = (RemoteSeries(_value(row, _STUDY), _value(row, _SERIES)) for row in rows)
        return [row for row in dict.fromkeys(series) if not selection.series or row.series in selection.series]

    def _studies_of(self, keyword: str, value: str) -> list[str]:
        """Return the studies of a patient or an examination; an archive may take values for patterns, or ignore their case.

        Orthanc does not decode the percent-encoding of a query: what needs one is also asked for by a pattern.
        """
        for asked in dict.fromkeys((value, _ENCODED.sub("*", value))):
            rows = self._search("studies", {keyword: asked})
            studies = [_value(row, _STUDY) for row in rows if _value(row, _TAGS[keyword]).strip() == value]
            if studies:
                return studies
        return []

    def count_series(self, study: str) -> int:
        """Return how many series the archive states that a study has; 0 if it does not."""
        rows = self._search("studies", {"StudyInstanceUID": study})
        return max((int(count) for row in rows if (count := _value(row, _SERIES_OF_STUDY)).isdecimal()), default=0)

    def retrieve(self, series: RemoteSeries, folder: Path) -> Iterator[Path]:
        """Write the instances of a series, in the transfer syntax that the archive stores."""
        with archive_errors(self.address, self.settings.timeout_s):
            url = f"{self.address.url}/studies/{series.study}/series/{series.series}"
            yield from retrieve_files(self.session, url, folder, self.settings.timeout_s)

    def _search(self, level: str, filters: dict[str, str], *uids: str) -> list[dict[str, Any]]:
        """Return all pages of a query; a page that repeats ends it, as some servers ignore the offset."""
        return list(self._pages(level, filters, *uids))

    def _pages(self, level: str, filters: dict[str, str], *uids: str, fields: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        query = getattr(self.client, f"search_for_{level}")
        first, count = None, 0
        while True:
            with archive_errors(self.address, self.settings.timeout_s):
                page = query(*uids, search_filters=filters, fields=fields or None, limit=_PAGE, offset=count)
            if not all(isinstance(row, dict) for row in page):
                raise ArchiveError(f"{self.address} does not answer as DICOMweb specifies. Check the path of the URL.")
            if not page or page[0] == first:
                return
            first, count, has_more = first or page[0], count + len(page), self._has_more
            yield from page
            if len(page) < _PAGE and not has_more:
                return


def session_of(settings: ArchiveSettings) -> Any:
    """Return the HTTP session of settings: certificates, credentials."""
    import requests

    class Session(requests.Session):
        """Writes a blank of a query as ``%20``, not as ``+``, and patterns as they are (RFC 3986)."""

        def prepare_request(self, request: Any) -> Any:
            path, mark, query = str(request.url).partition("?")
            request.url = path + mark + query.replace("+", "%20").replace("%2A", "*")
            return super().prepare_request(request)

    session = Session()
    session.trust_env = not (settings.user or settings.token)  # no other credentials from ~/.netrc
    session.verify = str(settings.ca_file) if settings.ca_file else True
    if settings.client_certificate:
        key = settings.client_key
        session.cert = (str(settings.client_certificate), str(key)) if key else str(settings.client_certificate)
    if settings.token:
        session.headers["Authorization"] = f"Bearer {settings.token}"
    elif settings.user:
        session.auth = (settings.user, settings.password)
    return session


def _value(row: dict[str, Any], tag: str) -> str:
    """Return the first value of an attribute; empty if there is none, or the row is not as the DICOM JSON Model specifies."""
    attribute = row.get(tag)
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    return str(values[0]) if isinstance(values, list) and values and values[0] is not None else ""


def _text(row: dict[str, Any], keyword: str) -> str:
    """Return the values of an attribute as in DICOM: several with backslashes between them, names with all writing systems."""
    from pydicom.datadict import tag_for_keyword

    attribute = row.get(f"{tag_for_keyword(keyword):08X}")
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    return "\\".join(map(_text_of_value, values)) if isinstance(values, list) else ""


def _text_of_value(value: Any) -> str:
    if isinstance(value, dict):  # a name (PS3.18 F.2.2)
        return "=".join(str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return "" if value is None else str(value)
