"""An archive that is reached by DICOMweb: QIDO-RS, WADO-RS and STOW-RS (PS3.18), by dicomweb-client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ArchiveError
from ..options.addresses import DicomwebAddress, Selection
from .archive import RemoteSeries, StoreResult
from .dicomweb_store import batches, store_batch
from .http_errors import HttpStatusError, archive_errors
from .local_instances import LocalInstance
from .settings import ArchiveSettings

_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_TAGS = {"PatientID": "00100020", "AccessionNumber": "00080050"}
_PAGE = 500
_NOT_FOUND, _NOT_OFFERED = 404, (405, 501)
_ENCODED = re.compile(r"[^A-Za-z0-9._~-]+")
"""What a query contains in percent-encoding only (RFC 3986, 2.3)."""


class DicomwebArchive:
    """An archive that is reached by DICOMweb."""

    def __init__(self, address: DicomwebAddress, settings: ArchiveSettings):
        from dicomweb_client.api import DICOMwebClient

        self.address, self.settings = address, settings
        self.session = session_of(settings)
        self.client = DICOMwebClient(address.url, session=self.session, timeout=settings.timeout_s, permissive_uid=True)
        self.client.set_http_retry_params(retry=False)  # retried with the other protocol's pauses

    def __enter__(self) -> DicomwebArchive:
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

    def find(self, selection: Selection) -> list[RemoteSeries]:
        """Return the series that a selection selects."""
        studies = selection.studies_of(self._studies_of)
        if studies is None:
            rows = [row for uid in selection.series for row in self._search("series", {"SeriesInstanceUID": uid})]
        else:
            rows = [row for uid in studies for row in self._search("series", {}, uid)]
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

    def retrieve(self, series: RemoteSeries, folder: Path) -> Iterator[Path]:
        """Write the instances of a series, in the transfer syntax that the archive stores."""
        with archive_errors(self.address, self.settings.timeout_s):
            media = (("application/dicom", "*"),)
            for data_set in self.client.iter_series(series.study, series.series, media_types=media):
                yield _write(data_set, folder)

    def _search(self, level: str, filters: dict[str, str], *uids: str) -> list[dict[str, Any]]:
        """Return all pages of a query; a page that repeats ends it, as some servers ignore the offset."""
        query = getattr(self.client, f"search_for_{level}")
        rows: list[dict[str, Any]] = []
        while True:
            with archive_errors(self.address, self.settings.timeout_s):
                page = query(*uids, search_filters=filters, limit=_PAGE, offset=len(rows))
            if not page or page[0] in rows[:1]:
                return rows
            rows += page
            if len(page) < _PAGE:
                return rows


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
    values = row.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _write(data_set: Any, folder: Path) -> Path:
    from io import BytesIO

    from ..standard.pydicom_settings import without_validation
    from .received_files import write_complete

    uid = str(data_set.SOPInstanceUID)
    if not uid or set(uid) - set("0123456789."):
        raise ArchiveError(f"{uid!r} is not a SOP Instance UID.")
    buffer = BytesIO()
    with without_validation():
        data_set.save_as(buffer, enforce_file_format=True)
    path = folder / f"{uid}.dcm"
    write_complete(path, buffer.getvalue())
    return path
