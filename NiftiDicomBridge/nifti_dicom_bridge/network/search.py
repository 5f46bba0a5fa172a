"""Search an archive for studies: what there is to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..errors import OptionError
from ..options import Progress
from ..options.addresses import address_problem, parse_address
from ..options.study_query import MOST_STUDIES, StudyQuery, check_uid, matches_pattern
from .archive import Archive, PartialAnswerError
from .protocols import open_archive
from .search_result import SERIES_KEYS, STUDY_KEYS, SearchResult, SeriesMatch, StudyMatch, series_of, study_of
from .settings import ArchiveSettings, read_archive_settings


def search(
    source: str,
    *,
    limit: int = MOST_STUDIES,
    list_series: bool = False,
    settings: ArchiveSettings | None = None,
    progress: Progress | None = None,
    **query: str,
) -> SearchResult:
    """Search an archive for studies.

    Parameters
    ----------
    source : str
        ``dicomweb:https://host/path`` or ``pacs:AETITLE@host:port``.
    limit : int
        The most studies to list.
    list_series : bool
        Also list the series of each study.
    settings : ArchiveSettings, optional
        By default those of the environment.
    progress : Progress, optional
        Called for each study that is found; may raise `Cancelled`.
    **query
        What to look for: `patient` (Patient ID), `name`, `date`, `modality`, `accession`, `description`, `study` (its UID), all
        of which must match. A name and a description may be parts of those in the archive. `*` and `?` are patterns.
        A date is ``YYYYMMDD``, or a range such as ``20260101-20260131`` or ``20260101-``.

    Returns
    -------
    SearchResult
        The newest study first; empty if nothing matches.

    Raises
    ------
    ArchiveError
        If the archive cannot be reached, or refuses the query.
    OptionError
        If a value is not valid.

    Examples
    --------
    >>> from nifti_dicom_bridge import OptionError, search
    >>> try:
    ...     search("pacs:ARCHIVE@127.0.0.1:104", date="2026")
    ... except OptionError as error:
    ...     print(error)
    '2026' is not a date: YYYYMMDD, or a range as 20260101-20260131.
    """
    wanted = _query(query, limit)
    if problem := address_problem(source):
        raise OptionError(problem)
    settings = settings or read_archive_settings()
    with open_archive(parse_address(source), settings) as archive:
        rows, has_more = _taken(_reported(_studies(archive, wanted), progress, "Searching"), limit)
        studies = sorted(rows, key=lambda study: (study.date, study.time), reverse=True)
        if list_series:
            studies = [replace(study, series=_series(archive, study.study)) for study in _counted(studies, progress)]
    return SearchResult(studies, has_more)


def list_series(source: str, study: str, settings: ArchiveSettings | None = None) -> tuple[SeriesMatch, ...]:
    """Return the series of a study in an archive, by number.

    Parameters
    ----------
    source : str
        As for `search`.
    study : str
        Study Instance UID.
    settings : ArchiveSettings, optional
        By default those of the environment.

    Returns
    -------
    tuple of SeriesMatch
        Empty if the archive does not have the study.

    Raises
    ------
    ArchiveError
        If the archive cannot be reached, or refuses the query.
    OptionError
        If the UID or the address is not valid.

    Examples
    --------
    >>> from nifti_dicom_bridge import ArchiveError, ArchiveSettings, list_series
    >>> try:
    ...     list_series("pacs:ARCHIVE@127.0.0.1:1", "1.2.3", ArchiveSettings(timeout_s=5))
    ... except ArchiveError as error:
    ...     print(error)
    pacs:ARCHIVE@127.0.0.1:1 cannot be reached. Check host and port.
    """
    check_uid(study)
    with open_archive(parse_address(source), settings or read_archive_settings()) as archive:
        return _series(archive, study)


def _query(values: Mapping[str, str], limit: int) -> StudyQuery:
    known = list(StudyQuery.__dataclass_fields__)
    for name in values:
        if name not in known:
            raise OptionError(f"A search has no {name!r}. Expected: {', '.join(known)}.")
    if not isinstance(limit, int) or limit < 1:
        raise OptionError(f"The limit is {limit!r}: at least one study must be listed.")
    return StudyQuery(**values)


def _studies(archive: Archive, query: StudyQuery) -> Iterator[StudyMatch]:
    for row in _rows(archive, query.keys()):
        if query.matches(row):
            yield study_of(row)


def _rows(archive: Archive, keys: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield what matches; if that is nothing, what a pattern without unreliable characters finds, compared here."""
    every, is_answered = dict.fromkeys(STUDY_KEYS, ""), False
    for row in archive.rows("STUDY", {**every, **keys}):
        is_answered = True
        yield row
    patterns = {keyword: archive.unreliable.sub("*", value) for keyword, value in keys.items()}
    unsure = {keyword: value for keyword, value in keys.items() if patterns[keyword] != value}
    if unsure and not is_answered:
        for row in archive.rows("STUDY", {**every, **patterns}):
            if all(matches_pattern(row[keyword], value) for keyword, value in unsure.items()):
                yield row


def _series(archive: Archive, study: str) -> tuple[SeriesMatch, ...]:
    rows = archive.rows("SERIES", {**dict.fromkeys(SERIES_KEYS, ""), "StudyInstanceUID": study})
    return tuple(sorted((series_of(row) for row in rows), key=SeriesMatch.order))


def _taken(studies: Iterator[StudyMatch], limit: int) -> tuple[list[StudyMatch], bool]:
    """Return as many studies as are asked for, and whether there are more."""
    studies_by_key: dict[tuple[str, str], StudyMatch] = {}
    try:
        for study in studies:
            if len(studies_by_key) == limit and (study.study, study.patient_id) not in studies_by_key:
                return list(studies_by_key.values()), True
            studies_by_key.setdefault((study.study, study.patient_id), study)
    except PartialAnswerError:
        return list(studies_by_key.values()), True
    return list(studies_by_key.values()), False


def _reported(rows: Iterable[Any], progress: Progress | None, what: str) -> Iterator[Any]:
    if progress is not None:
        progress(what, 0, 0)
    for number, row in enumerate(rows, 1):
        if progress is not None:
            progress(f"{what}: {number} found", 0, 0)
        yield row


def _counted(studies: list[StudyMatch], progress: Progress | None) -> Iterator[StudyMatch]:
    for done, study in enumerate(studies):
        if progress is not None:
            progress("Listing series", done, len(studies))
        yield study
