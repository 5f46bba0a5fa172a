"""The report page: what was done, whose images, label maps in color, the same plane on both sides, pictures of previews."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Volume, to_nifti, to_preview, write, write_report
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.html_report.images import pairs_of
from nifti_dicom_bridge.html_report.label_colors import label_colors_of
from nifti_dicom_bridge.html_report.planes import place_in
from nifti_dicom_bridge.version import tool_version
from phantoms import PHANTOMS
from support.round_trip import RoundTrip


def words(path: Path) -> str:
    body = re.sub(r"<(style|script)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


@pytest.fixture
def scan(round_trip: RoundTrip) -> RoundTrip:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.PatientID, ds.PatientName, ds.StudyDate, ds.StudyDescription = "P7", "Doe^Jane", "20260102", "Follow-up"
        ds.save_as(path)
    return round_trip


def test_the_page_states_command_version_time_and_folders(scan: RoundTrip) -> None:
    report = scan.folder / "report.html"
    arguments = [str(scan.dicom), "-o", str(scan.nifti), "--report", str(report)]
    assert main(arguments) == 0
    text = words(report)

    assert f"Command nifti-dicom-bridge {' '.join(arguments)} Started 20" in text
    assert re.search(rf"took [\d.]+ s Version NiftiDicomBridge {re.escape(tool_version())}", text)
    assert f"Input {scan.dicom} Output {scan.nifti}" in text
    assert text.index("What was done") < text.index("1 series 1")


def test_the_page_of_a_call_in_python_states_the_call(scan: RoundTrip) -> None:
    write_report(to_nifti(scan.dicom, scan.nifti, gzip=False), scan.folder / "report.html")

    assert "ConversionOptions(gzip=False)" in words(scan.folder / "report.html")


def test_a_protected_run_states_no_command_and_no_input(scan: RoundTrip) -> None:
    report = scan.folder / "report.html"
    folder = scan.folder / "Doe_Jane"
    scan.dicom.rename(folder)
    assert main([str(folder), "-o", str(scan.nifti), "--deidentify", "--report", str(report)]) == 0

    assert "Doe" not in report.read_text("utf-8")
    assert "names of files and folders may identify the patient" in words(report)


def test_the_card_shows_patient_and_study(scan: RoundTrip) -> None:
    write_report(to_nifti(scan.dicom, scan.nifti), scan.folder / "report.html")

    assert "P7 Doe^Jane · 2026-01-02 Follow-up" in words(scan.folder / "report.html")


def test_a_card_with_warnings_is_yellow_and_the_page_green(round_trip: RoundTrip) -> None:
    round_trip.make("missing_slice")
    write_report(to_nifti(round_trip.dicom, round_trip.nifti), round_trip.folder / "report.html")
    text = (round_trip.folder / "report.html").read_text("utf-8")

    assert '<header class="good">' in text
    assert 'class="entry warning"' in text
    assert "1 image with warnings" in words(round_trip.folder / "report.html")


# --- label maps -------------------------------------------------------------------------------------------------------


def test_a_label_map_has_colors_and_a_legend(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_gaps")
    write_report(to_nifti(round_trip.dicom, round_trip.nifti), round_trip.folder / "report.html")
    text = (round_trip.folder / "report.html").read_text("utf-8")

    assert len(re.findall(r'<rect width="10" height="10" fill="#[0-9a-f]{6}"', text)) == 3
    assert "each label has a color" in text
    assert "Histogram" not in words(round_trip.folder / "report.html")


def test_before_and_after_have_the_same_colors(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_with_gaps")
    outputs = to_nifti(round_trip.dicom, round_trip.nifti).outputs
    (pair,) = pairs_of(sorted(round_trip.dicom.iterdir()), outputs)
    colors = label_colors_of((pair.before, pair.loaded[0]), (pair.after, pair.loaded[1]))
    planes = [colors.of(volume.array[0]) for volume in pair.loaded]

    assert np.array_equal(*planes)
    assert len(np.unique(planes[0].reshape(-1, 3), axis=0)) > 1


def test_another_label_is_no_amount(round_trip: RoundTrip) -> None:
    """The difference of labels is not a number: 1 and 3 are not further apart than 1 and 2."""
    round_trip.make("segmentation_with_gaps")
    to_nifti(round_trip.dicom, round_trip.nifti)
    import nibabel

    path = round_trip.image()
    image = nibabel.load(path)
    values = np.asarray(image.dataobj).copy()
    values[0, 0, 0] = 3
    nibabel.save(nibabel.Nifti1Image(values, image.affine, image.header), path)
    assert main([str(round_trip.nifti), "-o", str(round_trip.back), "--report", str(round_trip.folder / "report.html")]) == 0

    assert "% of the range" not in words(round_trip.folder / "report.html")


# --- planes and pictures ----------------------------------------------------------------------------------------------


def test_the_place_of_an_image_is_found_in_one_on_another_grid() -> None:
    first = Volume(np.zeros((1, 10, 20, 30), np.int16), np.diag([1.0, 1.0, 2.0, 1.0]))
    second = Volume(np.zeros((1, 40, 20, 15), np.int16), np.diag([2.0, 1.0, 0.5, 1.0]))

    assert place_in(second, first, (0, 4, 7, 12), placed=True) == (0, 16, 7, 6)
    assert place_in(second, first, (0, 9, 19, 29), placed=True) == (0, 36, 19, 14)


def test_a_page_of_pictures_does_not_state_that_voxels_were_compared(scan: RoundTrip) -> None:
    reports = to_nifti(scan.dicom, scan.folder / "nifti"), to_preview(scan.dicom, scan.folder / "pictures", mp4=False)
    files = [scan.folder / "compared.html", scan.folder / "pictures.html"]
    for report, file in zip(reports, files, strict=True):
        write_report(report, file)
    pages = [file.read_text("utf-8") for file in files]

    assert ["all voxels were\ncompared" in page for page in pages] == [True, False]
    assert ['<th scope="col">Before</th>' in page for page in pages] == [True, False]


def test_the_pictures_of_a_preview_are_on_the_page(scan: RoundTrip) -> None:
    report = to_preview(scan.dicom, scan.folder / "pictures", mosaic="planes", all_slices=True, mp4=False)
    write_report(report, scan.folder / "report.html")
    text = (scan.folder / "report.html").read_text("utf-8")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text)

    shown = [unescape(re.sub(r"<[^>]+>", "", caption)) for caption in captions if "×" in caption]
    assert [caption.split(":")[0] for caption in shown] == ["1_series_1.png", "1_series_1_mosaic.png", "1_series_1.gif"]
    assert "the middle one of 3 pictures" in shown[2]
    assert "pictures and movies written" in words(scan.folder / "report.html")


def test_the_label_map_without_a_record_is_colored_too(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "ct")
    labels = np.zeros((1, 3, 4, 5), np.uint8)
    labels[0, 1, 1:3, 1:4] = 2
    image = to_nifti(tmp_path / "ct", tmp_path / "nifti").outputs[0]
    import nibabel

    affine = nibabel.load(image).affine
    write(Volume(labels, affine, name="organs_dseg"), tmp_path / "organs_dseg.nii.gz")
    arguments = [str(tmp_path / "organs_dseg.nii.gz"), "-o", str(tmp_path / "out"), "--reference", str(tmp_path / "ct")]
    assert main([*arguments, "--report", str(tmp_path / "report.html")]) == 0

    assert "2 Label 2" in words(tmp_path / "report.html")
