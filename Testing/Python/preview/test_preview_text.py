"""NAME.txt: all metadata for people; nothing of the patient where that is wanted; and the command line of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import Cancelled, ConversionOptions, Job, Target, convert
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.samples.demo import make_sample
from phantoms.base import CT, SECONDARY_CAPTURE, ULTRASOUND_MULTI_FRAME, image, slices, write
from support.nonempty import some
from support.oracles import module
from support.round_trip import RoundTrip

HEADINGS = ["PICTURE", "PATIENT", "STUDY", "SERIES", "EQUIPMENT", "IMAGE", "PRIVATE", "FILE"]


def run_preview(source: Path, out: Path, *more: str) -> int:
    return main(["convert", str(source), "--to", "preview", "-o", str(out), "--no-gif", "--no-mp4", *more])


def text_of(folder: Path) -> str:
    (path,) = folder.glob("*.txt")
    return path.read_text("utf-8")


@pytest.fixture
def stated(tmp_path: Path) -> str:
    make_sample(tmp_path / "in")
    assert run_preview(tmp_path / "in", tmp_path / "out") == 0
    return text_of(tmp_path / "out")


# --- content -----------------------------------------------------------------------------------------------------


def test_it_is_grouped(stated: str) -> None:
    lines = stated.splitlines()
    places = [lines.index(heading) for heading in HEADINGS]
    assert places == sorted(places)


def test_every_attribute_of_the_files_is_in_it(stated: str, tmp_path: Path) -> None:
    for path in some((tmp_path / "in").rglob("IM*")):
        ds = pydicom.dcmread(path)
        del ds.PixelData
        for element in ds.iterall():
            number = f"({element.tag.group:04X},{element.tag.element:04X})"
            assert number in stated
            if element.VR in ("LO", "PN", "UI", "CS", "DS") and element.value and element.VM == 1:
                assert (
                    str(getattr(element.value, "original_string", element.value) if element.VR == "DS" else element.value)
                    in stated
                )


def test_names_are_in_their_own_letters(stated: str) -> None:
    assert "Patient's Name (0010,0010): Διονυσιος" in stated


def test_pixel_data_are_left_out_and_binary_is_shortened(stated: str) -> None:
    assert "(7FE0,0010)" not in stated
    line = next(line for line in stated.splitlines() if "[SAMPLE PRIVATE] (0029,1010)" in line)
    assert "1500 bytes" in line
    assert max(map(len, stated.splitlines())) < 2000


def test_items_are_indented_more_than_their_sequence(stated: str) -> None:
    lines = stated.splitlines()
    n = next(n for n, line in enumerate(lines) if "Referenced Image Sequence (0008,1140)" in line)
    assert len(lines[n + 1]) - len(lines[n + 1].lstrip()) > len(lines[n]) - len(lines[n].lstrip())
    assert any("[SAMPLE NESTED] (0031,1001)" in line for line in lines)


def test_what_all_instances_share_is_written_once_and_the_rest_in_turn(stated: str) -> None:
    assert stated.count("Study Date (0008,0020)") == 1
    numbers = next(line for line in stated.splitlines() if "Instance Number (0020,0013)" in line)
    assert len(numbers.split(" | ")) == 7


def test_functional_groups_have_a_heading_and_frames_are_in_turn(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_mr")

    assert run_preview(round_trip.dicom, round_trip.folder / "out") == 0

    text = "".join(path.read_text("utf-8") for path in sorted((round_trip.folder / "out").glob("*.txt")))
    assert "FUNCTIONAL GROUPS" in text
    assert " frames; values that differ are listed" in text


def test_a_nifti_image_with_a_sidecar_states_the_same(round_trip: RoundTrip) -> None:
    make_sample(round_trip.dicom)
    assert main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), "-q"]) == 0

    assert run_preview(round_trip.dicom, round_trip.folder / "a") == 0
    assert run_preview(round_trip.nifti, round_trip.folder / "b") == 0

    first, second = (next((round_trip.folder / name).glob("*.png")) for name in "ab")
    assert np.array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(second)))
    assert "Διονυσιος" in text_of(round_trip.folder / "b")


def test_a_zarr_store_gives_the_same_picture(tmp_path: Path) -> None:
    module("zarr")
    make_sample(tmp_path / "in")
    assert main(["convert", str(tmp_path / "in"), "--to", "zarr", "-o", str(tmp_path / "zarr"), "-q"]) == 0

    assert run_preview(tmp_path / "in", tmp_path / "a", "--plane", "coronal") == 0
    assert run_preview(tmp_path / "zarr", tmp_path / "b", "--plane", "coronal") == 0

    first, second = (next((tmp_path / name).glob("*.png")) for name in "ab")
    assert np.array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(second)))


def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    make_sample(tmp_path / "in")

    def stop(what: str, done: int, total: int) -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert(Job([tmp_path / "in"], tmp_path / "out", ConversionOptions(target=Target.PREVIEW)), stop)

    assert not (tmp_path / "out").exists()


# --- de-identified ----------------------------------------------------------------------------------------------------


def test_deidentified_output_contains_nothing_of_the_patient(tmp_path: Path) -> None:
    data_sets = slices(np.zeros((3, 8, 8), "<i2"), CT)
    secrets = ["SECRETNAME", "SECRETID", "SECRETSERIES", "SECRETPLACE", "19990909", "SECRETNESTED", "SECRETPRIVATE"]
    for n, ds in enumerate(data_sets):
        ds.PatientName, ds.PatientID, ds.SeriesDescription, ds.InstitutionName = secrets[:4]
        ds.StudyDate = ds.AcquisitionDate = secrets[4]
        item = Dataset()
        item.PersonName = secrets[5]
        ds.ReferencedStudySequence = Sequence([item])
        ds.private_block(0x0019, "SECRETPRIVATE", create=True).add_new(1, "LO", secrets[6])
        write(tmp_path / "in" / f"SECRETNAME{n}.dcm", ds)

    assert run_preview(tmp_path / "in", tmp_path / "out", "--deidentify", "--mosaic") == 0

    uids = [str(ds[tag].value) for ds in data_sets for tag in (0x0020000D, 0x0020000E, 0x00080018, 0x00200052)]
    for path in (tmp_path / "out").rglob("*"):
        raw = path.read_bytes() + path.name.encode()
        if path.suffix == ".png":
            raw += repr(Image.open(path).info).encode()
        assert not [secret for secret in (*secrets, *uids) if secret.encode() in raw]
    assert "Slice Thickness" in text_of(tmp_path / "out")
    assert "Patient Identity Removed (0012,0062): YES" in text_of(tmp_path / "out")


@pytest.mark.parametrize(
    ("sop_class", "modality", "stated", "warned"),
    [(CT, "CT", "YES", True), (CT, "CT", "", False), (ULTRASOUND_MULTI_FRAME, "US", "", True),
     (ULTRASOUND_MULTI_FRAME, "US", "NO", False), (SECONDARY_CAPTURE, "OT", "", True), (CT, "XA", "", True)],
)  # fmt: skip
def test_burned_in_text_is_warned_about(
    sop_class: str, modality: str, stated: str, warned: bool, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    ds = image(np.zeros((8, 8), "u1"), sop_class)
    ds.Modality = modality
    ds.RescaleIntercept, ds.RescaleSlope, ds.PixelIntensityRelationship = 0, 1, "LIN"  # required of some; no warning of its own
    if stated:
        ds.BurnedInAnnotation = stated
    write(tmp_path / "in" / "a.dcm", ds)

    assert run_preview(tmp_path / "in", tmp_path / "out") == 0

    assert ("BurnedInAnnotation" in capsys.readouterr().out) is warned


# --- command line -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [["--window", "5"], ["--window", "a,b"], ["--window", "40,0"], ["--window", "40,-5"], ["--fps", "0"], ["--fps", "-1"],
     ["--mosaic", "0"], ["--mosaic", "x"], ["--plane", "reference"], ["--overlay", "missing.nii.gz"], ["--set", "PatientID=1"],
     ["--uids", "keep"], ["--names", "original"], ["--as", "ct"], ["--no-gzip"], ["--layout", "bids"], ["--resample", "tilt"],
     ["--reference", "x"], ["--max-error", "1"]],
)  # fmt: skip
def test_what_makes_no_sense_for_pictures_is_exit_code_2(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    make_sample(tmp_path / "in")

    assert run_preview(tmp_path / "in", tmp_path / "out", *more) == 2

    assert more[0] in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "more",
    [["--window", "auto"], ["--8bit"], ["--fps", "5"], ["--no-gif"], ["--no-mp4"], ["--mosaic"], ["--overlay", "x"],
     ["--all-slices"], ["--letters"], ["--no-letters"]],
)  # fmt: skip
def test_options_of_pictures_with_another_format_are_exit_code_2(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    make_sample(tmp_path / "in")

    assert main(["convert", str(tmp_path / "in"), "--to", "nifti", "-o", str(tmp_path / "out"), *more]) == 2

    assert "--to preview" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--window", "-600,1500"], ["--window=-600,1500"]])
def test_a_window_may_have_a_negative_center(more: list[str], tmp_path: Path) -> None:
    make_sample(tmp_path / "in")

    assert run_preview(tmp_path / "in", tmp_path / "out", *more) == 0

    assert "center -600, width 1500" in text_of(tmp_path / "out")


def test_existing_pictures_stay_without_overwrite(tmp_path: Path) -> None:
    make_sample(tmp_path / "in")
    assert run_preview(tmp_path / "in", tmp_path / "out") == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    assert run_preview(tmp_path / "in", tmp_path / "out", "--window", "1,2") == 1

    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert run_preview(tmp_path / "in", tmp_path / "out", "--window", "1,2", "--overwrite") == 0


def test_all_slices_are_written_on_request(tmp_path: Path) -> None:
    make_sample(tmp_path / "in")

    assert run_preview(tmp_path / "in", tmp_path / "out", "--all-slices") == 0

    assert [path.name for path in sorted((tmp_path / "out").glob("*/*.png"))] == [f"{n:06d}.png" for n in range(1, 8)]


@pytest.mark.parametrize("other", ["ISO_IR 100", "ISO_IR 144"])
def test_the_same_bytes_in_other_characters_are_other_text(other: str, tmp_path: Path) -> None:
    for n, ds in enumerate(slices(np.zeros((2, 8, 8), "<i2"), CT)):
        ds.SpecificCharacterSet = [other, "ISO_IR 100"][n]
        ds.add_new(0x0008103E, "LO", "\xd1\xd2".encode("latin-1"))
        write(tmp_path / "in" / f"{n}.dcm", ds)
    run_preview(tmp_path / "in", tmp_path / "out")

    (line,) = (line for line in text_of(tmp_path / "out").splitlines() if "Series Description" in line)
    assert line.split(": ")[1] == {"ISO_IR 100": "ÑÒ", "ISO_IR 144": "бв | ÑÒ"}[other]
