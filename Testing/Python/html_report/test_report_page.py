"""The report page: its first lines, what it shows, and that it works anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import (
    Change,
    ConversionOptions,
    ConversionReport,
    Entry,
    Job,
    Kind,
    OptionError,
    Outcome,
    OutputError,
    Target,
    convert,
    create_samples,
    make_sample,
    to_nifti,
    write_report,
)
from nifti_dicom_bridge.cli import main
from support.browser import CONTRASTS, opened
from support.circle import NEW, Circle
from support.oracles import module

HOSTILE = '<script>alert("x")</script> &amp; \u202eevil \u05e9\u05dc\u05d5\u05dd \ud800\0 ' + "w" * 90 + " long" * 100


def page(report: ConversionReport, folder: Path) -> str:
    """Write a page and return it."""
    write_report(report, folder / "report.html", overwrite=True)
    return (folder / "report.html").read_text("utf-8")


def headline(text: str) -> str:
    return unescape(re.search(r"<h1>(.*?)</h1>", text)[1])


def state(text: str) -> str:
    return re.search(r'<header class="(\w+)">', text)[1]


def words(text: str) -> str:
    """Return what a person reads, without the pictures."""
    body = re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.fixture
def sample(circle: Circle) -> Circle:
    make_sample(circle.dicom)
    return circle


def set_voxels(path: Path, change: Callable[[np.ndarray], np.ndarray], dtype: type = np.float32) -> None:
    """Edit an image as a tool would."""
    image = nibabel.load(path)
    values = change(np.asarray(image.dataobj)).astype(dtype)
    nibabel.save(nibabel.Nifti1Image(values, image.affine, image.header), path)


# --- its first lines -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_series_that_came_back_are_identical(sample: Circle) -> None:
    sample.forth()
    text = page(sample.home(), sample.folder)

    assert headline(text) == "1 of 1 series restored, identical"
    assert state(text) == "good"
    assert "all 13 440 voxels and 350 attributes are identical" in words(text)


@pytest.mark.slow
def test_series_with_new_uids_are_distinguished_from_those_that_are_the_same(sample: Circle) -> None:
    sample.forth()
    text = page(sample.home(NEW), sample.folder)

    assert headline(text) == "1 of 1 series restored with new UIDs, every voxel identical"
    assert "a new series (new UIDs)" in text


@pytest.mark.parametrize("phantom", ["classic_ct", "oblique", "two_series", "rgb", "enhanced_mr"])
@pytest.mark.slow
def test_both_ways_are_identical(circle: Circle, phantom: str) -> None:
    circle.make(phantom)

    assert headline(page(circle.forth(), circle.folder)).endswith("converted, identical")
    assert headline(page(circle.home(), circle.folder)).endswith("restored, identical")


@pytest.mark.slow
def test_what_comes_back_uncompressed_is_not_called_identical_as_a_whole(circle: Circle) -> None:
    circle.make("jpeg_baseline_color").forth()
    text = page(circle.home(), circle.folder)

    assert headline(text) == "1 of 1 series restored, every voxel identical"
    assert "the encoding of the pixels" in text


def test_edited_voxels_are_not_called_identical(sample: Circle) -> None:
    sample.forth()
    set_voxels(sample.image(), lambda voxels: voxels + 1)
    text = page(sample.home(NEW), sample.folder)

    assert headline(text) == "1 of 1 series written as a derived series"
    assert "values were rounded" in text


def test_edited_integers_are_those_of_the_edited_image(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    set_voxels(circle.image(), lambda voxels: voxels + 1, np.int16)
    text = page(circle.home(NEW), circle.folder)

    assert headline(text) == "1 of 1 series written as a derived series, every voxel as edited"
    assert "match the edited image" in text


def test_a_voxel_that_is_not_that_from_before_is_the_first_thing_reported(sample: Circle) -> None:
    report = sample.forth()
    set_voxels(sample.image(), lambda voxels: np.where(np.arange(voxels.size).reshape(voxels.shape) == 99, 9999, voxels))
    text = page(report, sample.folder)

    assert headline(text) == "0 of 1 series converted; 1 with changed voxels"
    assert state(text) == "bad"
    assert "1 of 13 440 voxels differ, by " in words(text)
    assert text.count('<svg class="spot"') == 3


def test_a_failure_is_the_first_thing_reported(sample: Circle) -> None:
    report = sample.forth()
    report.entries.append(Entry("8 broken", Outcome.FAILED, error="truncated"))
    text = page(report, sample.folder)

    assert headline(text) == "1 of 2 series converted, identical; 1 failed"
    assert state(text) == "bad"
    assert "8 broken : truncated" in words(text)


def test_rounding_is_reported_in_figures(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(8, 9, 7)).astype(np.float32)
    nibabel.Nifti1Image(values, np.diag([2, 2, 3, 1])).to_filename(tmp_path / "stat.nii")
    report = convert(Job([tmp_path / "stat.nii"], tmp_path / "out", ConversionOptions(Target.DICOM, kind=Kind.MR)))
    text = page(report, tmp_path)

    assert headline(text) == "1 of 1 images converted"
    assert state(text) == "note"
    assert re.search(r"values were rounded: \w+ .*voxels differ, by [\d.e-]+ \([\d.e-]+ % of the range\) at most", words(text))


@pytest.mark.slow
def test_files_that_are_gone_do_not_stop_the_report(sample: Circle) -> None:
    report = sample.forth()
    sample.image().write_bytes(b"no image any more")
    text = page(report, sample.folder)

    assert state(text) == "note"
    assert "1 not compared completely" in words(text)
    assert "damaged or not NIfTI" in words(text)


def test_files_with_relative_and_absolute_paths_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = make_sample(Path("scans"))
    elsewhere = tmp_path / "elsewhere" / "slice"
    elsewhere.parent.mkdir()
    files[0].rename(elsewhere)
    report = to_nifti(["scans", elsewhere], "nifti")

    assert f"Input: {len(files)} files" in words(page(report, tmp_path))
    assert str(elsewhere) in words(page(report, tmp_path))


# --- what it shows ----------------------------------------------------------------------------------------------------


def test_three_planes_are_shown_before_and_after(sample: Circle) -> None:
    text = page(sample.forth(), sample.folder)

    for plane in ("Axial", "Coronal", "Sagittal"):
        assert f'alt="{plane}, before"' in text
        assert f'alt="{plane}, after"' in text


def test_the_same_voxels_are_the_same_pictures(sample: Circle) -> None:
    """However NIfTI stores them."""
    text = page(sample.forth(), sample.folder)
    pictures = dict(re.findall(r'alt="(\w+, \w+)" src="([^"]+)"', text))

    assert pictures["Axial, before"] == pictures["Axial, after"]
    assert pictures["Axial, before"] != pictures["Coronal, before"]


def test_the_box_has_the_letters_of_the_patient(sample: Circle) -> None:
    text = page(sample.forth(), sample.folder)

    assert re.findall(r'<text class="letter"[^>]*>(\w)</text>', text) == list("RLAPSI")
    assert text.count('class="arrow"') == 2


def test_an_image_without_a_place_has_no_box_and_no_letters(circle: Circle) -> None:
    text = page(circle.make("cine_rgb").forth(), circle.folder)

    assert headline(text) == "1 of 1 series converted, identical"
    assert "letter" not in text.partition("<body>")[2]
    assert '<i class="left">' not in text


def test_a_nifti_image_that_does_not_specify_its_place_has_no_box(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(210, dtype=np.int16).reshape(5, 6, 7), None)
    image.to_filename(tmp_path / "nowhere.nii")
    text = page(convert(Job([tmp_path / "nowhere.nii"], tmp_path / "out", ConversionOptions(Target.DICOM))), tmp_path)

    assert "every voxel identical" in headline(text)
    assert "letter" not in text.partition("<body>")[2]


def test_attributes_come_with_their_sources(sample: Circle) -> None:
    sample.forth()
    report = sample.home(replace(NEW, set_values={"PatientID": "007"}))
    text = page(report, sample.folder)
    rows = re.findall(r'<tr class="(\w+)">.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>', text)

    assert ("changed", "PatientID", "DEMO-1", "007", "set_values=") in rows
    assert ("restored", "PatientName", "Διονυσιος", "Διονυσιος", "the original") in rows


def test_dropped_and_assumed_attributes_are_named(sample: Circle) -> None:
    sample.forth()
    set_voxels(sample.image(), lambda voxels: voxels * 2)
    derived = page(sample.home(NEW), sample.folder)

    assert re.search(r'<tr class="dropped">.*?private attributes', derived)


def test_findings_of_the_checker_are_there(sample: Circle) -> None:
    sample.forth()
    report = sample.home(replace(NEW, set_values={"PatientSex": "X"}))
    text = page(report, sample.folder)

    assert "<h3>Validation</h3>" in text
    assert '<span class="kind error">error</span>' in text


def test_files_in_and_out_version_and_time_are_there(sample: Circle) -> None:
    text = words(page(sample.forth(), sample.folder))

    assert f"Input: 7 files in {sample.dicom}" in text
    assert f"Output: 2 files in {sample.nifti}" in text
    assert re.search(r"NiftiDicomBridge \S+, \d{4}-\d\d-\d\d \d\d:\d\d", text)


# --- that it holds ----------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(sample: Circle) -> ConversionReport:
    """A report with all that names and texts can hold."""
    report = sample.forth()
    entry = report.entries[0]
    entry.title = HOSTILE
    entry.log.warnings.append(HOSTILE)
    entry.log.changes.append(Change("PatientID", HOSTILE, "u" * 200, HOSTILE))
    report.entries += [
        Entry(HOSTILE, Outcome.FAILED, [Path("/data") / ("x" * 200)], error=HOSTILE),
        Entry(HOSTILE, Outcome.SKIPPED, error=HOSTILE),
    ]
    return report


def test_no_text_becomes_a_tag(hostile: ConversionReport, tmp_path: Path) -> None:
    text = page(hostile, tmp_path)

    assert text.count("<script") == 1
    assert "&lt;script&gt;alert(" in text
    assert "\u202e" not in text


def test_it_is_valid_html(hostile: ConversionReport, tmp_path: Path) -> None:
    html5lib = module("html5lib")
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(page(hostile, tmp_path))

    assert parser.errors == []


@pytest.mark.slow
def test_200_series_stay_usable(sample: Circle) -> None:
    report = sample.forth()
    one = len(page(report, sample.folder).encode())
    report.entries = report.entries * 200
    text = page(report, sample.folder)

    assert headline(text) == "200 of 200 series converted, identical"
    assert len(text.encode()) / 200 < min(one, 40_000)
    assert '" open>' not in text


@pytest.mark.slow
def test_noise_does_not_make_it_large(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 4000, (256, 256, 60)).astype(np.int16)
    nibabel.Nifti1Image(noise, np.diag([1, 1, 3, 1])).to_filename(tmp_path / "noise.nii")
    options = ConversionOptions(Target.DICOM, kind=Kind.MR)
    report = convert(Job([tmp_path / "noise.nii"], tmp_path / "out", options))
    one = len(page(report, tmp_path).encode())
    report.entries = report.entries * 2

    assert len(page(report, tmp_path).encode()) - one < 40_000


@pytest.mark.parametrize("name", ["report.txt", "report", "report.pdf"])
def test_other_kinds_of_file_are_refused(circle: Circle, name: str, capsys: pytest.CaptureFixture) -> None:
    circle.make("classic_ct")
    arguments = ["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti)]

    assert main([*arguments, "--report", str(circle.folder / name)]) == 2
    assert ".html or .json" in capsys.readouterr().err
    assert not circle.nifti.exists()
    with pytest.raises(OptionError):
        write_report(ConversionReport(), circle.folder / name)


@pytest.mark.parametrize("suffix", [".html", ".json", ".HTML"])
def test_the_command_line_writes_it(circle: Circle, suffix: str) -> None:
    circle.make("classic_ct")
    report = circle.folder / f"report{suffix}"

    assert main(["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti), "--report", str(report), "-q"]) == 0
    assert report.read_text("utf-8").startswith("{" if suffix == ".json" else "<!doctype html>")


def test_it_can_be_in_the_folder_that_is_made_for_the_images(circle: Circle) -> None:
    circle.make("classic_ct")
    report = circle.nifti / "report.html"

    assert main(["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti), "--report", str(report), "-q"]) == 0
    assert report.is_file()


def test_a_report_that_cannot_be_written_is_reported(circle: Circle) -> None:
    (circle.folder / "file").write_bytes(b"")

    with pytest.raises(OutputError, match="cannot be written"):
        write_report(ConversionReport(), circle.folder / "file" / "report.html")


# --- in a browser -----------------------------------------------------------------------------------------------------


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
def test_dark_is_dark(sample: Circle) -> None:
    page(sample.forth(), sample.folder)
    with opened(sample.folder / "report.html", scheme="dark") as (shown, _):
        paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", paper))) < 60


@pytest.mark.slow
def test_series_can_be_found_by_name_and_state(sample: Circle) -> None:
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
def test_paper_has_everything_open(sample: Circle) -> None:
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
