"""One row for each image: the tables of other programs and the page agree with the report."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionReport, Entry, OptionError, Outcome, OutputError, to_nifti, write_summary
from nifti_dicom_bridge.html_report.summary_file import COLUMNS
from support.oracles import module
from support.round_trip import RoundTrip


@pytest.fixture
def report(round_trip: RoundTrip) -> ConversionReport:
    round_trip.make("classic_ct")
    return to_nifti(round_trip.dicom, round_trip.nifti)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_csv_has_files_and_bytes(report: ConversionReport, tmp_path: Path) -> None:
    write_summary(report, tmp_path / "summary.csv")
    (row,) = rows_of(tmp_path / "summary.csv")
    (entry,) = report.entries
    assert list(row) == list(COLUMNS)
    assert (row["outcome"], row["output"]) == ("converted", str(entry.outputs[0]))
    assert int(row["files"]) == len(entry.inputs)
    assert int(row["bytes_read"]) == sum(path.stat().st_size for path in entry.inputs)
    assert int(row["bytes_written"]) == sum(path.stat().st_size for path in entry.outputs)
    assert float(row["seconds"]) >= 0
    assert row["worker"]


@pytest.mark.slow
def test_the_parquet_file_has_the_rows_of_the_csv(report: ConversionReport, tmp_path: Path) -> None:
    parquet = module("pyarrow.parquet")
    write_summary([report, report], tmp_path / "summary.csv")
    write_summary([report, report], tmp_path / "summary.parquet")
    table = parquet.read_table(tmp_path / "summary.parquet").to_pylist()
    assert [{name: str(value) for name, value in row.items()} for row in table] == rows_of(tmp_path / "summary.csv")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "html"])
def test_any_text_can_be_written(suffix: str, tmp_path: Path) -> None:
    if suffix == "parquet":
        module("pyarrow")
    bad = Entry("=1+1 <script>\udc80\0", Outcome.FAILED, [Path("a\udc80.dcm")], error="<b>\n\x1b[2J")
    write_summary(ConversionReport([bad]), tmp_path / f"summary.{suffix}")
    content = (tmp_path / f"summary.{suffix}").read_bytes()
    assert b"<script>" not in content or suffix != "html"
    assert suffix != "csv" or rows_of(tmp_path / "summary.csv")[0]["title"].startswith("'=1+1")


def test_the_page_has_failures_first_and_the_throughput(report: ConversionReport, tmp_path: Path) -> None:
    failed = Entry("worst", Outcome.FAILED, error="no reason")
    write_summary(ConversionReport([*report.entries, failed]), tmp_path / "summary.html", seconds=2.0)
    page = (tmp_path / "summary.html").read_text("utf-8")
    assert "1 converted, 1 failed" in page
    assert page.index("worst") < page.index(report.entries[0].title)
    assert "MB/s" in page


def test_the_reason_of_a_failure_is_next_to_its_image_on_the_page(report: ConversionReport, tmp_path: Path) -> None:
    failed = Entry("worst", Outcome.FAILED, error="no reason")
    write_summary(ConversionReport([*report.entries, failed]), tmp_path / "summary.html")
    page = (tmp_path / "summary.html").read_text("utf-8")

    assert "<td><bdi>worst</bdi></td><td><bdi>failed</bdi></td><td><bdi>no reason</bdi></td>" in page


def test_a_summary_is_not_replaced(report: ConversionReport, tmp_path: Path) -> None:
    write_summary(report, tmp_path / "summary.csv")
    with pytest.raises(OutputError):
        write_summary(report, tmp_path / "summary.csv")
    write_summary(report, tmp_path / "summary.csv", overwrite=True)


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.csv, \.parquet, \.html"):
        write_summary(ConversionReport(), tmp_path / "summary.txt")
