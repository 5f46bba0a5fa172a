"""The command ``apply``: from the arguments to the report."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..options import Kind, SegmentationForm, SlicePlane
from ..options.apply_options import Per
from .archive import print_transfer
from .archive_options import ARCHIVE, add_settings
from .command_list import HELP
from .convert import Registrar, check_reports, pairs, write_reports
from .convert_options import KINDS, PLANES
from .entry_lines import EntryLines
from .exit_codes import DONE, FAILED
from .new_files import add_report, check_different
from .parser import HelpFormatter
from .progress_bar import ProgressBar
from .reading_options import add_reading, add_selection
from .words import reported_in_words

_OWN = ("select", "per", "take", "input_name", "shell", "timeout", "jobs")
_DICOM = (
    "kind", "labels", "algorithm", "segmentation", "metadata", "overwrite", "plane", "max_error", "gzip", "follow_links",
    "size_limit", "series", "study", "patient", "modality", "archive_settings",
)  # fmt: skip
_EPILOG = """placeholders in COMMAND:
  {input}        NIfTI file of the volume
  {output}       NIfTI file to write
  {output_dir}   folder to write to
  {input_dir}    folder of the input files
  {inputs}       NIfTI files of all selected volumes of a study
  {input1} ...   the volume that the first --select matches, and so on
  {sidecar}      JSON file of the volume
  {bval} {bvec}  b-values and gradient directions
  {name}         name of the series
  {subject}      letters and digits of PatientID

docs/recipes/ has commands for TotalSegmentator, nnU-Net, FSL, ANTs, FreeSurfer,
fMRIPrep, MONAI and the Spinal Cord Toolbox.
"""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, HelpFormatter):
    """Description and placeholders as they are."""


def add_apply(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "apply",
        help=HELP["apply"],
        description="Convert DICOM series to NIfTI, run a command on them, and write its\n"
        "results as DICOM next to the original.",
        usage="nifti-dicom-bridge apply INPUT [INPUT ...] -o OUT [options]\n           -- COMMAND ... {input} ... {output} ...",
        epilog=_EPILOG,
        formatter_class=_HelpFormatter,
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="INPUT",
                     help="DICOM files, folders, a DICOMDIR, or what an archive has: dicomweb:URL/studies/UID, "
                          "pacs:AETITLE@HOST:PORT/studies/UID, …?PatientID=ID")  # fmt: skip
    sub.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="folder to write to; created if missing")
    sub.add_argument("--select", action="append", default=[], metavar="KEYWORD=PATTERN,...",
                     help="only series that match, such as Modality=MR,SeriesDescription=*T1*; may be repeated")  # fmt: skip
    add_selection(sub)
    _add_command(sub.add_argument_group("Command"))
    _add_result(sub.add_argument_group("Results"))
    sub.add_argument("--send", metavar="ARCHIVE", help=f"also send the results: {ARCHIVE}")
    add_settings(sub)
    sub.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    add_reading(sub)
    add_report(sub)
    volume = sub.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    volume.add_argument("-v", "--verbose", action="count", default=0, help="print files, warnings and notes; -vv: tracebacks")


def _add_command(group: Any) -> None:
    group.add_argument("--per", choices=[per.value for per in Per], default=Per.AUTO.value,
                       help="run once per volume or per study (default: per study if COMMAND contains {inputs})")  # fmt: skip
    group.add_argument("--shell", action="store_true", help="run COMMAND in a shell; file names are quoted")
    group.add_argument("--timeout", type=float, metavar="S", help="stop a command after this number of seconds")
    group.add_argument("--jobs", type=int, default=1, metavar="N", help="run up to N commands at the same time (default: 1)")
    group.add_argument("--input-name", default="{name}", metavar="NAME",
                       help="file name of {input} without suffix, such as case_{number} (default: {name})")  # fmt: skip
    group.add_argument("--no-gzip", action="store_false", dest="gzip", help="give COMMAND .nii instead of .nii.gz")


def _add_result(group: Any) -> None:
    group.add_argument("--take", action="append", default=[], metavar="PATTERN",
                       help="use only these files of those that COMMAND writes; may be repeated")  # fmt: skip
    group.add_argument("--algorithm", default="", metavar="NAME[:VERSION[:FAMILY]]",
                       help="what COMMAND is, for segments and provenance, such as nnU-Net:2.5:AI (default: name of the "
                            "program)")  # fmt: skip
    group.add_argument("--as", choices=[kind.value for kind in Kind], default=Kind.AUTO.value, dest="kind", metavar="KIND",
                       help=f"the kind of DICOM object (default: by data and modality): {KINDS}")  # fmt: skip
    group.add_argument("--labels", metavar="FILE|PROFILE", help="names, codes and colors of labels: see docs/labels.md")
    group.add_argument("--segmentation", choices=[form.value for form in SegmentationForm],
                       default=SegmentationForm.AUTO.value, metavar="FORM",
                       help="how segments are stored: binary, fractional, labelmap")  # fmt: skip
    group.add_argument("--plane", choices=[plane.value for plane in SlicePlane], default=SlicePlane.AUTO.value,
                       metavar="PLANE",
                       help=f"plane of the slices of new objects: {PLANES} (default: that of the original)")  # fmt: skip
    group.add_argument("--set", action="append", default=[], metavar="KEYWORD=VALUE", dest="attributes",
                       help="set a DICOM attribute of the results; may be repeated")  # fmt: skip
    group.add_argument("--metadata", metavar="FILE", help="JSON or TOML with DICOM keywords and values")
    group.add_argument("--max-error", type=float, metavar="E", help="largest change that rounding to 16 bits may make")


def run_apply(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Apply the command, and return the exit code."""
    from ..conversion.apply import apply

    check_reports(arguments.report, arguments.output, arguments.overwrite)
    check_different(arguments.report)
    send_outputs = _sender(arguments)
    options = {name: getattr(arguments, name) for name in (*_OWN, *_DICOM) if getattr(arguments, name) is not None}
    values = pairs(arguments.attributes)
    start = time.monotonic()
    with ProgressBar(quiet=arguments.quiet) as bar:
        report = reported_in_words(
            apply(arguments.inputs, arguments.output, arguments.task, progress=bar.progress, set_values=values, **options)
        )
    lines = EntryLines(arguments.quiet, arguments.verbose)
    for entry in report.entries:
        lines.show(entry)
    lines.end(report, time.monotonic() - start)
    write_reports(report, arguments, arguments.overwrite)
    code = DONE if report.ok else FAILED
    return max(code, send_outputs(report.outputs)) if send_outputs is not None and report.outputs else code


def _sender(arguments: argparse.Namespace) -> Callable[[list[Path]], int] | None:
    """Return what sends the results and returns the exit code; None without ``--send``.

    Raises
    ------
    OptionError
        If the address or the settings are not valid: before anything runs.
    """
    if arguments.send is None:
        return None
    from ..network.send import send
    from ..network.settings import read_archive_settings
    from ..options.addresses import parse_address

    parse_address(arguments.send)
    settings = read_archive_settings(arguments.archive_settings)

    def send_outputs(files: list[Path]) -> int:
        with ProgressBar(arguments.quiet) as bar:
            transfer = send(files, arguments.send, settings, bar.progress)
        return print_transfer(transfer, arguments)

    return send_outputs
