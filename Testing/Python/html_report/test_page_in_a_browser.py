"""The report page in a browser: nothing is fetched, everything fits and can be read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from nifti_dicom_bridge import (
    ConversionReport,
    Entry,
    Job,
    Outcome,
    convert,
    create_samples,
)
from support.browser import CONTRASTS, opened
from support.report_pages import page
from support.round_trip import RoundTrip


@pytest.mark.slow
def test_a_browser_has_nothing_to_complain_about_and_asks_for_nothing(hostile: ConversionReport, tmp_path: Path) -> None:
    page(hostile, tmp_path)
    with opened(tmp_path / "report.html") as (shown, said):
        assert shown.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
        assert shown.evaluate("document.images.length") == 7
    assert said == []


@pytest.mark.slow
def test_pictures_of_any_size_and_drawings_are_complete(tmp_path: Path) -> None:
    """Base64 of a picture is much longer than the texts that are cut."""
    samples = create_samples(tmp_path / "samples")
    files = next(sample.files for sample in samples if "MR" in sample.title)
    text = page(convert(Job(files, tmp_path / "nifti")), tmp_path)
    assert max(map(len, re.findall(r'src="([^"]*)"', text))) > 2000
    assert "…" not in "".join(re.findall(r' d="([^"]*)"', text))
    with opened(tmp_path / "report.html") as (shown, said):
        assert shown.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    assert said == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 768, 1200])
def test_nothing_is_wider_than_the_panel(hostile: ConversionReport, tmp_path: Path, width: int) -> None:
    page(hostile, tmp_path)
    with opened(tmp_path / "report.html", width) as (shown, _):
        assert shown.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(hostile: ConversionReport, tmp_path: Path, scheme: str) -> None:
    page(hostile, tmp_path)
    with opened(tmp_path / "report.html", scheme=scheme) as (shown, _):
        found = shown.evaluate(CONTRASTS)
    assert len(found) > 50
    assert found[0][0] >= 4.5, found[:3]


@pytest.mark.slow
def test_dark_is_dark(sample: RoundTrip) -> None:
    page(sample.forth(), sample.folder)
    with opened(sample.folder / "report.html", scheme="dark") as (shown, _):
        paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", paper))) < 60


@pytest.mark.slow
def test_series_can_be_found_by_name_and_state(sample: RoundTrip) -> None:
    report = sample.forth()
    report.entries = [replace(report.entries[0], title=f"{n} series") for n in range(7)]
    report.entries.append(Entry("9 broken", Outcome.FAILED, error="truncated"))
    page(report, sample.folder)
    with opened(sample.folder / "report.html", opening=False) as (shown, _):
        assert shown.locator(".entry[open]").count() == 1
        shown.get_by_label("Find").fill("3 SER")
        assert shown.locator(".entry:visible").count() == 1
        shown.get_by_label("Find").fill("")
        shown.get_by_role("radio", name="Errors").check()
        assert shown.locator(".entry:visible strong").all_inner_texts() == ["9 broken"]
        assert shown.locator("output").inner_text() == "1 of 8"


@pytest.mark.slow
def test_paper_has_everything_open(sample: RoundTrip) -> None:
    report = sample.forth()
    report.entries = report.entries * 5
    page(report, sample.folder)
    with opened(sample.folder / "report.html", scheme="dark", opening=False) as (shown, _):
        assert shown.locator(".entry[open]").count() == 0
        shown.emulate_media(media="print")
        shown.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert shown.locator(".entry[open]").count() == 5
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_traceback_is_folded_away(tmp_path: Path) -> None:
    failed = Entry(
        "a.dcm", Outcome.FAILED, error="unexpected error", traceback="Traceback (most recent call last):\n<b>KeyError"
    )

    text = page(ConversionReport([failed]), tmp_path)

    assert '<details class="files"><summary>Traceback</summary><pre>' in text
    assert "&lt;b&gt;KeyError" in text
    assert "Traceback" not in page(ConversionReport([replace(failed, traceback="")]), tmp_path)
