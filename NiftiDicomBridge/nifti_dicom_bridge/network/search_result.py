"""What a search in an archive finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..model.files.safe_text import printable
from .archive import RemoteSeries

STUDY_KEYS = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyDescription",
    "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "StudyInstanceUID",
)  # fmt: skip
"""What is asked for of each study; archives need not state all of it."""
SERIES_KEYS = (
    "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "SeriesDescription", "NumberOfSeriesRelatedInstances",
)  # fmt: skip
"""What is asked for of each series."""


@dataclass(frozen=True)
class SeriesMatch:
    """A series in an archive; what it does not state is empty or None.

    Examples
    --------
    >>> from nifti_dicom_bridge import SeriesMatch
    >>> SeriesMatch("1.2.3.1", number="4", modality="MR", description="T1", instances=192).line()
    '4  T1  MR  192 images'
    """

    series: str
    """Series Instance UID."""
    number: str = ""
    modality: str = ""
    description: str = ""
    instances: int | None = None

    def order(self) -> tuple[int, str]:
        """Return what sorts series by their number."""
        return (int(self.number) if self.number.lstrip("-").isdecimal() else 1 << 31, self.series)

    def line(self) -> str:
        """Return one line for people."""
        return _joined(self.number, self.description or "(no description)", self.modality, _counted(self.instances, "image"))


@dataclass(frozen=True)
class StudyMatch:
    """A study in an archive; what it does not state is empty or None.

    Examples
    --------
    >>> from nifti_dicom_bridge import StudyMatch
    >>> study = StudyMatch("1.2.3", patient_id="P1", patient_name="Ray^Ramp", date="20260102", time="101500")
    >>> study.readable_name, study.readable_date
    ('Ray Ramp', '2026-01-02 10:15')
    """

    study: str
    """Study Instance UID."""
    patient_id: str = ""
    patient_name: str = ""
    """As in DICOM: parts separated by ^, other writing systems by =."""
    birth_date: str = ""
    sex: str = ""
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""
    modalities: tuple[str, ...] = ()
    series_count: int | None = None
    instance_count: int | None = None
    series: tuple[SeriesMatch, ...] = ()
    """If they were asked for."""

    @property
    def readable_name(self) -> str:
        """The name of the patient for people, in all its writing systems."""
        groups = (" ".join(group.replace("^", " ").split()) for group in self.patient_name.split("="))
        return " / ".join(filter(None, groups))

    @property
    def readable_date(self) -> str:
        """Date and time of the study as YYYY-MM-DD HH:MM; the date as it is if it is not valid, no time without one."""
        date = f"{self.date[:4]}-{self.date[4:6]}-{self.date[6:]}" if len(self.date) == 8 else self.date
        time = f"{self.time[:2]}:{self.time[2:4]}" if self.time[:4].isdecimal() and len(self.time) >= 4 else ""
        return f"{date} {time}".strip() if date else ""

    def lines(self) -> Iterator[str]:
        """Yield lines for people: the study, then its series."""
        counts = (_counted(self.series_count, "series"), _counted(self.instance_count, "image"))
        patient = _joined(self.patient_id or "(no patient ID)", self.readable_name)
        accession = f"accession {self.accession}" if self.accession else ""
        yield _joined(
            self.readable_date or "(no date)", patient, self.description, "\\".join(self.modalities), accession, *counts
        )
        yield f"  {self.study}"
        for series in self.series:
            yield f"    {series.line()}"
            yield f"      {series.series}"


@dataclass
class SearchResult:
    """What a search in an archive finds.

    Attributes
    ----------
    studies : list of StudyMatch
        The newest first.
    has_more : bool
        Whether more match than are listed.

    Examples
    --------
    >>> from nifti_dicom_bridge import SearchResult
    >>> SearchResult().table()
    'No study matches.'
    """

    studies: list[StudyMatch] = field(default_factory=list)
    has_more: bool = False

    def table(self) -> str:
        """Return all of it as text for a terminal."""
        lines = [printable(line) for study in self.studies for line in study.lines()]
        return "\n".join([*lines, self.summary()])

    def summary(self) -> str:
        """Return how many match in one line."""
        count = len(self.studies)
        if self.has_more and not count:
            return "The archive lists only a part of its studies, of which none matches. Search for less, such as a date."
        if self.has_more:
            return f"More than {count} studies match; these are the first that the archive lists."
        return {0: "No study matches.", 1: "1 study matches."}.get(count, f"{count} studies match.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"has_more": self.has_more, "studies": [asdict(study) for study in self.studies]}

    def __repr__(self) -> str:
        return f"SearchResult: {self.summary()}"


def study_of(row: Mapping[str, str]) -> StudyMatch:
    """Return the study that an answer describes; raises `ArchiveError` if it has no UID."""
    uid = row["StudyInstanceUID"]
    RemoteSeries(uid, uid)
    texts: dict[str, Any] = {name: row.get(keyword, "").strip() for name, keyword in _STUDY_TEXTS.items()}
    modalities = tuple(filter(None, row.get("ModalitiesInStudy", "").split("\\")))
    series, instances = (_count(row.get(f"NumberOfStudyRelated{what}", "")) for what in ("Series", "Instances"))
    return StudyMatch(uid, **texts, modalities=modalities, series_count=series, instance_count=instances)


def series_of(row: Mapping[str, str]) -> SeriesMatch:
    """Return the series that an answer describes; raises `ArchiveError` if it has no UIDs."""
    uid = RemoteSeries(row["StudyInstanceUID"], row["SeriesInstanceUID"]).series
    number, modality, text = (row.get(key, "").strip() for key in ("SeriesNumber", "Modality", "SeriesDescription"))
    return SeriesMatch(uid, number, modality, text, _count(row.get("NumberOfSeriesRelatedInstances", "")))


_STUDY_TEXTS = {
    "patient_id": "PatientID", "patient_name": "PatientName", "birth_date": "PatientBirthDate", "sex": "PatientSex",
    "date": "StudyDate", "time": "StudyTime", "description": "StudyDescription", "accession": "AccessionNumber",
}  # fmt: skip


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _counted(number: int | None, what: str) -> str:
    if number is None:
        return ""
    return f"{number} {what}{'s' * (number != 1 and what != 'series')}"


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)
