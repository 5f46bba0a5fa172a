"""Conversions of many images: the scheduler of a cluster, and summaries of the run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from ..options import Progress
from .new_files import check_new_file, check_not_an_output

if TYPE_CHECKING:
    from ..conversion.execution.task_runner import Finished
    from ..conversion.jobs import Job
    from ..model.report import ConversionReport

RETRIES = 2


def add_cluster(group: Any) -> None:
    """Add the options."""
    group.add_argument("--cluster", metavar="ADDRESS",
                       help="convert each series on a worker of this Dask scheduler, such as tcp://scheduler:8786")  # fmt: skip
    group.add_argument("--retries", type=int, metavar="N",
                       help="with --cluster: further tries after the loss of a worker or an error of the network "
                            f"(default: {RETRIES})")  # fmt: skip
    group.add_argument("--summary", action="append", default=[], type=Path, metavar="FILE",
                       help="write one row for each image: FILE.csv, FILE.parquet or FILE.html; may be repeated")  # fmt: skip


def check_cluster(arguments: argparse.Namespace, in_slicer: bool) -> None:
    """Refuse options that contradict each other, and summaries that cannot be written; raises `OptionError`."""
    if arguments.cluster is not None and arguments.jobs is not None:
        raise OptionError("--jobs is for processes of this computer, and --cluster for workers. Leave out one of them.")
    if arguments.retries is not None and (arguments.cluster is None or arguments.retries < 0):
        raise OptionError("--retries is a number, 0 or more, and applies only to --cluster.")
    if arguments.cluster is not None and in_slicer:
        raise OptionError("--cluster is not available inside Slicer. Use the command line outside of it.")
    if arguments.summary:
        from ..html_report import check_summary_suffix

        for path in arguments.summary:
            check_summary_suffix(path)
            check_new_file("--summary", path, arguments.output, arguments.overwrite)


def convert_where(job: Job, arguments: argparse.Namespace, progress: Progress | None, finished: Finished) -> ConversionReport:
    """Convert on this computer or on a cluster."""
    if arguments.cluster is None:
        from ..conversion.jobs import convert

        return convert(job, progress, finished)
    from ..conversion.execution.many import convert_many

    retries = RETRIES if arguments.retries is None else arguments.retries
    (report,) = convert_many([job], arguments.cluster, retries=retries, progress=progress, finished=finished)
    return report


def write_summaries(report: ConversionReport, arguments: argparse.Namespace, seconds: float) -> None:
    """Write the summaries that are asked for."""
    if arguments.summary:
        from ..html_report import write_summary

        for path in arguments.summary:
            check_not_an_output("--summary", path, report.outputs)
            write_summary(report, path, seconds, arguments.overwrite)
