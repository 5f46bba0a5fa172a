"""Is this DICOM right? Our own checker, by the tables of the standard: it needs no other program."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..formats.dicom.reading.data_sets import files
from ..model.files.input_files import Problem
from ..model.metadata import Instance
from ..model.processes.failure import failure_of
from ..options import Progress
from ..options.path_fields import AnyPaths, paths_of
from ..standard import dictionary
from ..standard.tags import Tag
from .attributes import check_attributes
from .file_meta import check_file_meta
from .findings import Finding, FindingCollector, Severity
from .functional_groups import check_functional_groups
from .numbered_items import check_numbered_items
from .pixel_fields import check_pixel_fields
from .report import ValidationReport
from .series import FileSummary, check_series, summary_of_file
from .subject import DataSetContext
from .values import check_image_type

__all__ = ["Finding", "Severity", "ValidationReport", "check_files", "validate"]

OTHER_KINDS = frozenset([".json", ".nii", ".gz", ".bval", ".bvec", ".txt", ".md", ".csv", ".tsv", ".xml", ".pdf", ".png",
                         ".jpg", ".html", ".zip", ".py", ".nrrd", ".log", ".yml", ".yaml"])  # fmt: skip
COPY_AGAIN = "Copy it again from its source."


def validate(paths: AnyPaths, progress: Progress | None = None, follow_links: bool = False) -> ValidationReport:
    """Check DICOM files: attributes and their types, values, VR, VM, UIDs, file meta, pixel fields, geometry of series.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, folders of any depth, or DICOMDIR files.
    progress : Progress, optional
        Called with the number of files read.
    follow_links : bool
        Also follow links to folders outside of the inputs.

    Returns
    -------
    ValidationReport
        A sequence of findings: errors first, then warnings, then notes. A finding that repeats over the files of a series
        occurs once, with the number of files. Pixel data are not decoded.

    Raises
    ------
    DicomReadError
        If a path does not exist or a folder cannot be listed. A file that cannot be read is a finding.

    Examples
    --------
    >>> from nifti_dicom_bridge import validate
    >>> validate("scans")
    ValidationReport => VALID: 0 error(s), 0 warning(s)
    """
    given = paths_of(paths)
    problems: list[Problem] = []
    paths_to_check = [path for path, _ in files.find_files(given, problems, follow_links)]
    collector = FindingCollector()
    for problem in problems:
        severity = Severity.ERROR if problem.failed else Severity.INFO
        collector.add(problem.path, severity, "not readable", problem.path, (), problem.reason, "")
    checked = _check(paths_to_check, collector, progress, named={path for path in given if path.is_file()})
    if not checked and all(finding.severity is not Severity.ERROR for finding in collector.findings()):
        missing = "There are no DICOM files." if paths_to_check else "There are no files."
        collector.add("", Severity.ERROR, "no DICOM", ", ".join(map(str, given)), (), missing, "Check the path.")
    return ValidationReport(collector.findings())


def check_files(paths: Iterable[Path | str]) -> list[Finding]:
    """Check just these files, such as those that were written a moment ago; see `validate`."""
    file_paths = [Path(path) for path in paths]
    collector = FindingCollector()
    _check(file_paths, collector, None, named=set(file_paths))
    return collector.findings()


def _check(paths: list[Path], collector: FindingCollector, progress: Progress | None, named: set[Path]) -> int:
    """Check files, and return how many of them are DICOM."""
    latest: dict[Path, Instance] = {}
    summaries: list[FileSummary] = []
    count = 0
    for n, path in enumerate(paths):
        if progress is not None and n % 16 == 0:
            progress("Checking", n, len(paths))
        instance = _read(path, collector, latest.get(path.parent), path in named)
        if instance is None:
            continue
        latest[path.parent] = instance
        count += 1
        try:
            subject = DataSetContext(instance, collector)
            _check_one(subject)
            summaries.append(summary_of_file(instance, subject.sop_class))
        except Exception as error:
            collector.add(str(path), Severity.ERROR, "not checked", str(path), (), failure_of(error).sentence, "")
    check_series(summaries, collector)
    return count


def _read(path: Path, collector: FindingCollector, like: Instance | None, named: bool) -> Instance | None:
    try:
        return files.read_instance(path, path.name, like)
    except files.NotDicom:
        if named or path.suffix.lower() not in OTHER_KINDS:
            collector.add(
                str(path),
                Severity.ERROR,
                "no DICOM",
                str(path),
                (),
                "The file is not DICOM.",
                "Leave it out, or check where it came from.",
            )
        else:
            collector.add("others", Severity.INFO, "no DICOM", str(path), (), "The file is not DICOM; it was ignored.", "")
    except Exception as error:
        text = failure_of(error).sentence.removeprefix(f"{path}: ").removesuffix(COPY_AGAIN).strip()
        collector.add(str(path), Severity.ERROR, "not readable", str(path), (), f"{text[:1].upper()}{text[1:]}", COPY_AGAIN)
    return None


def _check_one(subject: DataSetContext) -> None:
    """Check one file on its own."""
    check_file_meta(subject)
    if not subject.iod:
        kind = dictionary.uid_name(subject.sop_class) if subject.sop_class else "none"
        subject.info(
            "SOP class",
            (Tag.SOP_CLASS_UID,),
            f"The rules of this kind of object ({kind}) are not known; those for all objects were checked.",
            "",
        )
    check_attributes(subject)
    check_image_type(subject)
    check_functional_groups(subject)
    check_pixel_fields(subject)
    check_numbered_items(subject)
