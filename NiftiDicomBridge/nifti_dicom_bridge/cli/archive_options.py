"""The arguments of the commands that reach archives."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .command_list import HELP
from .numbers import above_0, at_least_0
from .reading_options import add_selection

ARCHIVE = "dicomweb:URL or pacs:AETITLE@HOST:PORT; pacs+tls: for TLS"


def add_settings(sub: Any) -> None:
    """Add the file of settings; a password never is an argument: other users see the arguments of a process."""
    sub.add_argument("--archive-settings", type=Path, metavar="FILE.toml",
                     help="user, password or token, certificates, AE title, time limits (default: "
                          "NIFTI_DICOM_BRIDGE_ARCHIVE_… in the environment); see docs/archive.md")  # fmt: skip


def add_send(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "send",
        help=HELP["send"],
        description="Send DICOM files by DICOMweb or DIMSE. Instances that the archive has are not sent again.",
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="PATH", help="DICOM files and folders")
    sub.add_argument("--to", required=True, dest="archive", metavar="ARCHIVE", help=ARCHIVE)
    add_selection(sub)
    _add_common(sub)


def add_search(commands: Any) -> None:
    """Add the command."""
    from ..options.study_query import MOST_STUDIES  # only where this command is wanted

    sub = commands.add_parser(
        "search",
        help=HELP["search"],
        description="List studies of an archive that match all values, by DICOMweb or DIMSE; the newest first. "
                    "'fetch' fetches them.",
    )  # fmt: skip
    sub.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE)
    sub.add_argument("--patient", default="", metavar="ID", help="Patient ID; * and ? are patterns")
    sub.add_argument("--name", default="", metavar="NAME", help="parts of the patient name in their order: 'doe john'")
    sub.add_argument("--date", default="", metavar="DATE",
                     help="date of the study, YYYYMMDD, or a range: 20260101-20260131, 20260101-, -20260131")  # fmt: skip
    sub.add_argument("--modality", default="", metavar="NAME", help="modality of at least one series, such as MR")
    sub.add_argument("--accession", default="", metavar="NUMBER", help="accession number; * and ? are patterns")
    sub.add_argument("--description", default="", metavar="TEXT", help="part of the description of the study")
    sub.add_argument("--study", default="", metavar="UID", help="Study Instance UID")
    sub.add_argument("--list-series", action="store_true", help="also list the series of each study")
    sub.add_argument("--limit", type=int, default=MOST_STUDIES, metavar="N",
                     help=f"most studies to list (default: {MOST_STUDIES})")  # fmt: skip
    _add_common(sub)


def add_fetch(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "fetch",
        help=HELP["fetch"],
        description="Fetch series by DICOMweb or DIMSE. Of values of different options, all must match; of several for one "
        "option, one. Series that are complete in OUT are not fetched again.",
    )
    sub.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE)
    sub.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="folder to write to; created if missing")
    sub.add_argument("--study", action="append", default=[], metavar="UID", help="Study Instance UID; may be repeated")
    sub.add_argument("--patient", action="append", default=[], metavar="ID", help="Patient ID; may be repeated")
    sub.add_argument("--series", action="append", default=[], metavar="UID", help="Series Instance UID; may be repeated")
    sub.add_argument("--accession", action="append", default=[], metavar="NUMBER", help="accession number; may be repeated")
    _add_common(sub)


def add_listen(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "listen",
        help=HELP["listen"],
        description="Receive DICOM objects by C-STORE until Ctrl-C. With a command after --, run it for each study when "
                    "nothing more arrives: {study} is the folder of the study, {uid} its Study Instance UID.",
        usage="nifti-dicom-bridge listen -o OUT --port N --ae-title AETITLE [options]\n           [-- COMMAND ... {study} ...]",
    )  # fmt: skip
    sub.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="folder to write to; created if missing")
    sub.add_argument("--port", required=True, type=int, metavar="N", help="TCP port, such as 11112")
    sub.add_argument("--ae-title", required=True, metavar="AETITLE", help="AE title; senders that call another one are refused")
    sub.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS",
                     help="address on which connections are accepted (default: 127.0.0.1; 0.0.0.0: all)")  # fmt: skip
    sub.add_argument("--allow", action="append", default=[], metavar="AETITLE",
                     help="AE title that may send; may be repeated (default: all)")  # fmt: skip
    sub.add_argument("--quiet-for", type=above_0, default=30.0, metavar="S",
                     help="a study is complete when nothing arrived for S seconds (default: 30)")  # fmt: skip
    sub.add_argument("--max-object", type=above_0, default=4096.0, metavar="MB", help="largest object (default: 4096)")
    sub.add_argument("--max-total", type=at_least_0, default=0.0, metavar="GB",
                     help="most that is received in one run (default: what fits on the disk)")  # fmt: skip
    sub.add_argument("--max-rate", type=int, default=0, metavar="N",
                     help="most objects per minute and sender (default: any number)")  # fmt: skip
    add_settings(sub)
    sub.add_argument("step", nargs=argparse.REMAINDER, metavar="-- COMMAND …",
                     help="a command of nifti-dicom-bridge, such as: -- convert {study} --to nifti -o nifti/{uid}")  # fmt: skip


def _add_common(sub: Any) -> None:
    add_settings(sub)
    sub.add_argument("--json", action="store_true", help="print JSON")
    volume = sub.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    volume.add_argument("-v", "--verbose", action="count", default=0,
                        help="print every instance; -vv: tracebacks of unexpected errors, too")  # fmt: skip
