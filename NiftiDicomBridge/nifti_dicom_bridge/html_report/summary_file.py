"""Summaries of large runs: one row for each image, as CSV, Parquet or a page; inputs and outputs are not read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..model.files.safe_text import tsv_cell
from ..model.report import COMPANIONS, ConversionReport, Entry, Outcome
from ..optional_packages import require
from ..version import tool_version
from . import formatting
from .report_file import write_whole

SUFFIXES = (".csv", ".parquet", ".html")
MOST_ROWS = 20_000
"""Of the page; the tables have all."""
MEGABYTE = 10**6
COLUMNS = {
    "title": str, "outcome": str, "input": str, "files": int, "bytes_read": int, "output": str, "bytes_written": int,
    "seconds": float, "worker": str, "warnings": int, "error": str,
}  # fmt: skip
"""Columns of a summary and their types."""
_STYLE = (
    ":root{color-scheme:light dark;--line:#d8dee4;--bad:#a40e26}body{font:14px/1.5 system-ui,sans-serif;margin:1.5rem}"
    "@media(prefers-color-scheme:dark){:root{--line:#3d444d;--bad:#ff9492}}"
    "div{overflow-x:auto}table{border-collapse:collapse}td{overflow-wrap:anywhere;min-width:5rem}"
    "td:nth-child(n+3):nth-child(-n+5){min-width:10rem}"  # texts: reason, input, output
    "th,td{text-align:left;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "td.number{text-align:right;min-width:0!important;white-space:nowrap}.failed{color:var(--bad)}"
)


def write_summary(
    reports: ConversionReport | Iterable[ConversionReport], path: Path | str, seconds: float = 0.0, overwrite: bool = False
) -> None:
    """Write one row for each image of one or more reports: outcome, files, bytes, time and worker.

    Parameters
    ----------
    reports : ConversionReport or iterable of ConversionReport
        What `convert` or `convert_many` returned.
    path : path
        The file: ``.csv``, ``.parquet`` (requires pyarrow) or ``.html``. Its folder is made when missing.
    seconds : float
        Duration of the run, for the throughput on the page; 0 if it is unknown.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OptionError
        If the name ends otherwise.
    DependencyError
        If pyarrow is not installed.
    OutputError
        If the file exists and may not be replaced, or cannot be written.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_nifti, write_summary
    >>> write_summary(to_nifti("scans", "nifti"), "summary.csv")
    """
    path = Path(path)
    check_summary_suffix(path)
    several = [reports] if isinstance(reports, ConversionReport) else list(reports)
    rows = [_row(entry) for report in several for entry in report.entries]
    write_whole(_WRITERS[path.suffix.lower()](rows, seconds), path, overwrite, "summary")


def check_summary_suffix(path: Path) -> None:
    """Raise `OptionError` unless the name of a summary has a known suffix, `DependencyError` if its package is missing."""
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{path}: a summary is a table or a page. Give it a name that ends in {', '.join(SUFFIXES)}.")
    if path.suffix.lower() == ".parquet":
        require("parquet")


def _row(entry: Entry) -> dict[str, Any]:
    images = [path for path in entry.outputs if path.suffix not in COMPANIONS]
    return {
        "title": entry.title,
        "outcome": entry.outcome.value,
        "input": str(entry.inputs[0]) if entry.inputs else "",
        "files": len(entry.inputs),
        "bytes_read": entry.execution.read,
        "output": str(images[0]) if images else "",
        "bytes_written": entry.execution.written,
        "seconds": round(entry.execution.seconds, 3),
        "worker": entry.execution.worker,
        "warnings": len(entry.log.warnings),
        "error": entry.error,
    }


def _csv(rows: Sequence[dict[str, Any]], seconds: float) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([tsv_cell(str(row[name]), empty="") for name in COLUMNS] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _parquet(rows: Sequence[dict[str, Any]], seconds: float) -> bytes:
    import pyarrow
    from pyarrow import parquet

    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    texts = [{name: _valid(value) for name, value in row.items()} for row in rows]
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_pylist(texts, schema), sink)
    return bytes(sink.getvalue().to_pybytes())


def _valid(value: Any) -> Any:
    """Return a value whose text is valid Unicode; names of files may contain other bytes."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def _html(rows: Sequence[dict[str, Any]], seconds: float) -> bytes:
    order = sorted(rows, key=lambda row: row["outcome"] != Outcome.FAILED.value)[:MOST_ROWS]
    hidden = len(rows) - len(order)
    more = f"<p>{hidden} further rows: the CSV or Parquet table has all.</p>" if hidden else ""
    time = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Summary</title><style>{_STYLE}</style></head>"
        f"<body><h1>{_headline(rows)}</h1>{_table(_totals(rows, seconds))}"
        f"<h2>Workers</h2>{_table(_workers(rows))}<h2>Images</h2>{_table([_shown(row) for row in order])}{more}"
        f"<p>nifti-dicom-bridge {escape(tool_version())}, {time}</p></body></html>\n"
    )
    return page.encode("utf-8", "backslashreplace")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the page shows it: the reason of a failure is next to its image."""
    read, written = (row[name] / MEGABYTE for name in ("bytes_read", "bytes_written"))
    return {"image": row["title"], "outcome": row["outcome"], "reason": row["error"], "input": row["input"],
            "output": row["output"], "files": row["files"], "MB read": read, "MB written": written, "s": row["seconds"],
            "worker": row["worker"], "warnings": row["warnings"]}  # fmt: skip


def _headline(rows: Sequence[dict[str, Any]]) -> str:
    counts = [(outcome.value, sum(row["outcome"] == outcome.value for row in rows)) for outcome in Outcome]
    return ", ".join(f"{formatting.grouped(count)} {outcome}" for outcome, count in counts if count) or "nothing"


def _totals(rows: Sequence[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    read, written, spent = (sum(row[name] for row in rows) for name in ("bytes_read", "bytes_written", "seconds"))
    totals = {"files": sum(row["files"] for row in rows), "MB read": read / MEGABYTE, "MB written": written / MEGABYTE,
              "s of all workers": spent, "MB/s per worker": read / MEGABYTE / spent if spent else 0.0}  # fmt: skip
    if seconds:
        totals |= {"s in all": seconds, "MB/s": read / MEGABYTE / seconds}
    return [totals]


def _workers(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    workers: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["worker"]:
            worker = workers.setdefault(row["worker"], {"worker": row["worker"], "images": 0, "MB read": 0.0, "s": 0.0})
            worker["images"] += 1
            worker["MB read"] += row["bytes_read"] / MEGABYTE
            worker["s"] += row["seconds"]
    return sorted(workers.values(), key=lambda worker: str(worker["worker"]))


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows of the same keys as a table; every value is escaped."""
    if not rows:
        return "<p>none</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        f'<tr class="{escape(str(row.get("outcome", "")))}">{"".join(map(_cell, row.values()))}</tr>\n' for row in rows
    )
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td class="number">{formatting.number(value)}</td>'
    if isinstance(value, int):
        return f'<td class="number">{formatting.grouped(value)}</td>'
    return f"<td><bdi>{escape(formatting.printable(value))}</bdi></td>"


_WRITERS = {".csv": _csv, ".parquet": _parquet, ".html": _html}
