"""Report → file, of the kind that its name asks for."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import OptionError, OutputError
from ..model.report import ConversionReport
from ..options import Progress
from ..output import Staging

SUFFIXES = (".html", ".json")


def write_report(report: ConversionReport, path: Path | str, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write what happened in a conversion: ``.html`` for people, ``.json`` for programs.

    The page is one file that needs nothing else and no network. Inputs and outputs are read again for it, compared voxel by
    voxel, and shown. What cannot be read or shown is reported there; it is not an error.

    Parameters
    ----------
    report : ConversionReport
        What `nifti_dicom_bridge.convert` returned.
    path : path
        The file. Its folder is made when missing.
    progress : Progress, optional
        Receives how many entries have been looked at; may raise `Cancelled`, which leaves what was there before.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OptionError
        If the name ends otherwise.
    OutputError
        If the file exists and may not be replaced, or cannot be written.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_nifti, write_report
    >>> write_report(to_nifti("scans", "nifti"), "report.json")
    """
    path = Path(path)
    check_suffix(path)
    if path.suffix.lower() == ".json":  # names of files may contain bytes that are not text
        text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n"
    else:
        from .page_html import page_of

        text = page_of(report, progress)
    write_whole(text.encode("utf-8", "backslashreplace"), path, overwrite, "report")


def check_suffix(path: Path) -> None:
    """Raise `OptionError` where the name of a report does not specify which kind it shall be."""
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{path}: a report is a page or data. Give it a name that ends in {' or '.join(SUFFIXES)}.")


def write_whole(content: bytes, path: Path, overwrite: bool, what: str) -> None:
    """Write a file that appears when it is complete; raises `OutputError`, which names `what` it is, where that fails."""
    with Staging(path.parent, overwrite) as staging:
        try:
            staging.path(path.name).write_bytes(content)
        except OSError as error:
            raise OutputError(f"{path}: the {what} cannot be written ({error.strerror}). Choose another place.") from error
        staging.commit()
