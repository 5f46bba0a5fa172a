"""The command line: prints, asks nothing, and says by its exit code how it went."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import BridgeError, Cancelled, OptionError
from ..options import (
    ConversionOptions,
    Kind,
    Layout,
    Names,
    PreviewOptions,
    Progress,
    SegmentationForm,
    SlicePlane,
    Target,
    Uids,
)
from .deidentification_options import add_deidentification, identity_notice
from .preview_options import add_preview, joined

if TYPE_CHECKING:
    from ..model.report import ConversionReport, Entry

DONE, FAILED, USAGE, UNEXPECTED = 0, 1, 2, 70
TRACEBACKS = 2
"""Number of -v that prints tracebacks of errors that were not foreseen."""


class Registrar(Protocol):
    """Adds DICOM files to a database."""

    def check(self) -> None:
        """Raise `OutputError` unless files can be added; called before anything is written."""

    def __call__(self, files: list[Path]) -> str:
        """Add files, and return a sentence about it."""


"""Adds written files to a database and returns one sentence for the person; raises `BridgeError` where it cannot."""


def main(argv: Sequence[str] | None = None, registrar: Registrar | None = None) -> int:
    """Run the command line and return its exit code.

    0: all done. 1: something failed or differs. 2: wrong usage. 70: an error that was not foreseen.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.
    registrar : Registrar, optional
        When given, ``convert --to dicom --register`` calls it with the files that were written.
    """
    parser = _parser(registrar is not None)
    try:
        options = parser.parse_args(joined(sys.argv[1:] if argv is None else argv))
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.command is None:
        parser.print_help()
        return DONE
    try:
        with _tracebacks(printed=getattr(options, "verbose", 0) >= TRACEBACKS):
            return _COMMANDS[options.command](options, registrar)
    except OptionError as error:
        return _fail(_in_own_words(error), USAGE)
    except Cancelled:
        return _fail("Stopped; nothing half-written was left.", FAILED)
    except BridgeError as error:
        return _fail(str(error), FAILED)
    except KeyboardInterrupt:
        return _fail("Stopped; nothing half-written was left.", FAILED)
    except BrokenPipeError:
        return FAILED
    except _Unexpected as error:
        return _fail(*error.args)


@contextmanager
def _tracebacks(printed: bool) -> Iterator[None]:
    """Print the tracebacks of unexpected errors to standard error as they occur, if that is wanted."""
    import logging

    from ..model.failure import LOGGER, failure_of

    logger, handler = logging.getLogger(LOGGER), logging.StreamHandler(sys.stderr)
    level = logger.level
    if printed:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        yield
    except (BridgeError, KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        failure = failure_of(error)
        raise _Unexpected(failure.sentence, UNEXPECTED if failure.traceback else FAILED) from error
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Unexpected(Exception):
    """An error that nothing else caught: what to print, and the exit code."""


def _in_own_words(error: OptionError) -> str:
    from ..options.messages import message_of
    from ..options.wording import command_line_words

    return message_of(error, command_line_words)


def _fail(text: str, code: int) -> int:
    print(f"nifti-dicom-bridge: {text}", file=sys.stderr)
    return code


# --- arguments --------------------------------------------------------------------------------------------------------


def _parser(can_register: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nifti-dicom-bridge",
        description="DICOM → NIfTI with a JSON sidecar that holds everything, and back to the same DICOM.",
        epilog="'nifti-dicom-bridge COMMAND --help' explains each command.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_convert(commands, can_register)
    _add_inspect(commands)
    _add_compare(commands)
    _add_validate(commands)
    _add_demo(commands)
    _add_create_sample(commands)
    return parser


class _Version(argparse.Action):
    """Prints the version; looked up only when asked for, as finding it costs more than parsing all arguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from ..version import tool_version

        print(f"nifti-dicom-bridge {tool_version()}")
        parser.exit()


def _add_convert(commands: Any, can_register: bool) -> None:
    sub = commands.add_parser("convert", help="convert images", description="Convert files and folders, at any depth.")
    sub.add_argument("inputs", nargs="+", type=Path, metavar="INPUT",
                     help="DICOM or NIfTI files, Zarr stores, folders, or a DICOMDIR")  # fmt: skip
    sub.add_argument("--to", required=True, dest="target", choices=[t.value for t in Target], help="the format to write")
    sub.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="folder to write to; made when missing")
    sub.add_argument("--uids", choices=[u.value for u in Uids], default=Uids.NEW.value,
                     help="new: a new series (default); keep: the very same instances")  # fmt: skip
    sub.add_argument("--names", choices=[n.value for n in Names], default=Names.NUMBERED.value,
                     help="numbered: SERIES/000001.dcm (default); original: the names the files had")  # fmt: skip
    sub.add_argument("--no-gzip", action="store_false", dest="gzip", help="write .nii instead of .nii.gz")
    sub.add_argument("--layout", choices=[layout.value for layout in Layout], default=Layout.FLAT.value,
                     help="flat: all NIfTI files in OUT (default); bids: OUT is a BIDS dataset")  # fmt: skip
    sub.add_argument("--subject", metavar="LABEL", help="BIDS: label of the subject, for input of one patient")
    sub.add_argument("--bids-map", metavar="FILE", help="JSON or TOML that tells what each series is in BIDS")
    sub.add_argument("--resample", type=str.lower, metavar="tilt,spacing",
                     help="to NIfTI: beside an image of sheared or uneven slices, write one on a regular grid. To DICOM: "
                          "'shear' makes rows and columns perpendicular")  # fmt: skip
    sub.add_argument("--set", action="append", default=[], metavar="KEYWORD=VALUE", dest="attributes",
                     help="set a DICOM attribute, such as PatientID=007; may be repeated")  # fmt: skip
    _add_zarr(sub.add_argument_group("Zarr", "with --to zarr"))
    _add_creation(sub.add_argument_group("NIfTI that never was DICOM", "and other kinds of DICOM object than the original's"))
    add_preview(sub.add_argument_group("Pictures", "with --to preview; --plane and --labels are for them, too"))
    add_deidentification(sub.add_argument_group("De-identification", "see docs/deidentification.md"))
    sub.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    sub.add_argument("--follow-links", action="store_true", help="also follow links to folders outside of the inputs")
    sub.add_argument("--size-limit", type=float, metavar="GB",
                     help="largest image or decompressed data set (default: what fits in memory, and 100 : 1)")  # fmt: skip
    sub.add_argument("--report", type=Path, metavar="FILE",
                     help="write what happened: FILE.html to look at, FILE.json for programs")  # fmt: skip
    if can_register:
        sub.add_argument("--register", action="store_true", help="add the DICOM files to Slicer's DICOM database")
    volume = sub.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    volume.add_argument("-v", "--verbose", action="count", default=0,
                        help="print every file and note; -vv: tracebacks of unexpected errors, too")  # fmt: skip


def _add_zarr(group: Any) -> None:
    group.add_argument("--shards", action="store_true", help="many chunks in one file, for object stores")
    group.add_argument("--pyramid", type=int, default=0, metavar="N", help="write N coarser levels for viewers (default: none)")


def _add_creation(group: Any) -> None:
    group.add_argument("--as", choices=[k.value for k in Kind], default=Kind.AUTO.value, dest="kind",
                       help="the kind of DICOM object (default: by data and modality)")  # fmt: skip
    group.add_argument("--reference", action="append", metavar="DICOM",
                       help="DICOM series in the same frame of reference; patient and study are copied from it; may be "
                            "repeated: images are paired by grid, then by name")  # fmt: skip
    group.add_argument("--allow-no-overlap", action="store_true",
                       help="also use a reference that the image does not overlap, for patient and study only")  # fmt: skip
    group.add_argument("--study-from", metavar="DICOM", help="DICOM that gives patient and study only")
    group.add_argument("--sidecar", metavar="FILE.json", help="BIDS sidecar that does not lie beside the image")
    group.add_argument("--metadata", metavar="FILE",
                       help="JSON or TOML with DICOM keywords and values; --set wins over it")  # fmt: skip
    group.add_argument("--labels", metavar="FILE", help="names and colours of the labels of a label map")
    group.add_argument("--segmentation", choices=[s.value for s in SegmentationForm], default=SegmentationForm.AUTO.value,
                       help="how segments are stored (default: binary; fractional for probabilities)")  # fmt: skip
    group.add_argument("--plane", choices=[p.value for p in SlicePlane], default=SlicePlane.AUTO.value,
                       help="which axis becomes the slices (default: that of the reference or the thickest)")  # fmt: skip
    group.add_argument("--max-error", type=float, metavar="E",
                       help="largest change that rounding to 16 bits may make, in the units of the image")  # fmt: skip


def _add_inspect(commands: Any) -> None:
    sub = commands.add_parser("inspect", help="show what is there", description="Show series, geometry and what each becomes.")
    sub.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help="DICOM or NIfTI files, folders, or a DICOMDIR")
    sub.add_argument("--json", action="store_true", help="print JSON")
    _add_verbose(sub)


def _add_compare(commands: Any) -> None:
    sub = commands.add_parser(
        "compare",
        help="prove that two folders hold the same DICOM",
        description="Compare instances, elements, voxels and geometry; exit code 1 when they differ.",
    )
    sub.add_argument("first", type=Path, metavar="A", help="DICOM file or folder")
    sub.add_argument("second", type=Path, metavar="B", help="DICOM file or folder")
    sub.add_argument("--json", action="store_true", help="print JSON")
    _add_verbose(sub)


def _add_validate(commands: Any) -> None:
    sub = commands.add_parser(
        "validate",
        help="check DICOM files by the standard",
        description="Check attributes, values, VR, UIDs, pixel fields and geometry; exit code 1 when there are errors.",
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="PATH", help="DICOM files, folders, or a DICOMDIR")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    _add_verbose(sub)


def _add_verbose(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("-v", "--verbose", action="count", default=0, help="-vv: print tracebacks of unexpected errors")


def _add_demo(commands: Any) -> None:
    sub = commands.add_parser(
        "demo",
        help="show the round trip on a sample made here",
        description="Make a small, nasty sample series, go round the circle, print the proof.",
    )
    sub.add_argument("output", nargs="?", type=Path, metavar="OUT", help="keep the files there (default: a temporary folder)")


def _add_create_sample(commands: Any) -> None:
    sub = commands.add_parser(
        "create-sample",
        help="make sample DICOM of several modalities",
        description="Make CT, MR, PET, enhanced MR, SEG, XA cine and US cine of a drawn body: nobody's data.",
    )
    sub.add_argument("output", type=Path, metavar="DIR", help="folder to write to; must be empty or missing")


# --- commands ---------------------------------------------------------------------------------------------------------


def _convert(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..conversion.jobs import Job, convert
    from ..options.checks import check_options

    options = ConversionOptions(
        **_chosen(arguments, ConversionOptions),
        set_values=dict(_pair(text) for text in arguments.attributes),
        preview=PreviewOptions(**_chosen(arguments, PreviewOptions)),
    )
    register = getattr(arguments, "register", False)
    check_options(options)
    if register and options.target is not Target.DICOM:
        raise OptionError("--register adds DICOM files to the database. Use it with --to dicom, or leave it out.")
    if arguments.report:
        _check_report(arguments.report, arguments.output)
    if register and registrar is not None:
        registrar.check()

    with _ProgressBar(quiet=arguments.quiet) as bar:
        report = convert(Job(arguments.inputs, arguments.output, options), bar.progress)
    if report.outputs and not arguments.quiet and (notice := identity_notice(options)):
        print(notice)
    _print_report(report, arguments.quiet, arguments.verbose)
    if register and registrar is not None and report.outputs:
        print(registrar(report.outputs))
    if arguments.report:
        _write_report(report, arguments.report, arguments.quiet)
    return DONE if report.ok else FAILED


def _chosen(arguments: argparse.Namespace, options: type) -> dict[str, Any]:
    """Return the arguments that are options, by the names of their fields."""
    given = vars(arguments)
    return {field.name: given[field.name] for field in fields(options) if given.get(field.name) is not None}


def _pair(text: str) -> tuple[str, str]:
    keyword, equals, value = text.partition("=")
    if not equals or not keyword:
        raise OptionError(f"--set {text!r}: KEYWORD=VALUE was expected, such as --set PatientID=007.")
    return keyword.strip(), value


def _check_report(report: Path, output: Path) -> None:
    from ..html_report import check_suffix

    check_suffix(report)
    if not report.parent.is_dir() and report.parent.resolve() != output.resolve():
        raise OptionError(f"--report {report}: the folder {report.parent} does not exist.")


def _write_report(report: ConversionReport, path: Path, quiet: bool) -> None:
    from ..html_report import write_report

    with _ProgressBar(quiet) as bar:
        write_report(report, path, bar.progress)


def _print_report(report: ConversionReport, quiet: bool, verbose: int) -> None:
    for entry in report.entries:
        if entry.outcome.value == "failed":
            print(entry.line(), file=sys.stderr)
        elif not quiet and (verbose or entry.outcome.value != "skipped"):
            print(entry.line())
            for line in _entry_details(entry, verbose):
                print(" " * 11 + line)
    skipped = sum(entry.outcome.value == "skipped" for entry in report.entries)
    if skipped and not quiet and not verbose:
        print(f"skipped    {skipped} file(s) that are no images or duplicates (-v names them)")


def _entry_details(entry: Entry, verbose: int) -> list[str]:
    lines = [f"note: {text}" for text in entry.log.warnings]
    lines += [f"{c.attribute}: {c.old or '(absent)'} → {c.new} ({c.source})" for c in entry.log.changes]
    return lines + (entry.log.notes + [str(path) for path in entry.outputs] if verbose else [])


def _inspect(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..conversion.inspect import inspect

    with _ProgressBar(quiet=arguments.json) as bar:
        inspection = inspect(arguments.inputs, bar.progress)
    print(json.dumps(inspection.to_dict(), indent=1, ensure_ascii=False) if arguments.json else inspection.table())
    return FAILED if inspection.problems else DONE


def _compare(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..comparison import compare

    with _ProgressBar(quiet=arguments.json) as bar:
        comparison = compare(arguments.first, arguments.second, bar.progress)
    print(json.dumps(comparison.to_dict(), indent=1, ensure_ascii=False) if arguments.json else comparison.table())
    return DONE if comparison.same else FAILED


def _validate(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..validation import validate

    with _ProgressBar(quiet=arguments.json or arguments.quiet) as bar:
        report = validate(arguments.inputs, bar.progress)
    if arguments.json:
        print(json.dumps(report.to_dict(), indent=1, ensure_ascii=False))
    else:
        for line in report.lines(arguments.quiet):
            print(line)
    return DONE if report.ok else FAILED


def _demo(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..samples.demo import demo

    return DONE if demo(arguments.output, print) else FAILED


def _create_sample(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..samples import create_samples

    for series in create_samples(arguments.output):
        print(f"made       {series.title} → {len(series.files)} file(s) in {series.files[0].parent}")
    return DONE


_COMMANDS = {
    "convert": _convert,
    "inspect": _inspect,
    "compare": _compare,
    "validate": _validate,
    "demo": _demo,
    "create-sample": _create_sample,
}


# --- progress ---------------------------------------------------------------------------------------------------------

_BAR_LENGTH = 30


class _ProgressBar:
    """One line on a terminal that is written again and again; nothing in a pipe."""

    def __init__(self, quiet: bool):
        self._length = 0
        self.progress: Progress | None = None if quiet or not sys.stderr.isatty() else self._show

    def __enter__(self) -> _ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._write("")

    def _show(self, what: str, done: int, total: int) -> None:
        filled = _BAR_LENGTH * done // max(1, total)
        self._write(f"{what[:30]:30} [{'#' * filled:{_BAR_LENGTH}}] {done}/{total}")

    def _write(self, text: str) -> None:
        if text or self._length:
            sys.stderr.write(f"\r{text:{self._length}}" + ("" if text else "\r"))
            sys.stderr.flush()
        self._length = len(text)
