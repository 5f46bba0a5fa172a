"""Inputs that contain no images, the same file twice, folders that cannot be read, images of other formats."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Outcome, Target, convert
from nifti_dicom_bridge.conversion.inspection.inspect import inspect
from phantoms import ramp, save, slices
from support.bad_files import NIFTI, assert_clean, to_nifti
from support.nonempty import some
from support.round_trip import RoundTrip, listing, names_in


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"hello", b"\x08\0", b"\x08\0\x05\0CS", bytes(200), bytes(128) + b"DICM", b"DICM" * 100]
)
def test_files_that_are_no_images_end_in_one_sentence(content: bytes, round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir()
    (round_trip.dicom / "a.dcm").write_bytes(content)

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert_clean(result, round_trip.nifti)
    assert isinstance(result, BridgeError) or "a.dcm" in result.failures[0].error


def test_an_object_without_pixels_is_named_with_its_kind(round_trip: RoundTrip) -> None:
    report = round_trip.make("strangers_between").forth()

    skipped = [entry for entry in report.entries if entry.outcome is Outcome.SKIPPED]
    assert [entry.title for entry in skipped] == ["report"]
    assert "Basic Text SR" in skipped[0].error


def test_the_same_file_twice_is_one_instance(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    (round_trip.dicom / "copy.dcm").write_bytes((round_trip.dicom / "001.dcm").read_bytes())

    report = round_trip.forth()

    assert [entry.error for entry in report.entries if entry.outcome is Outcome.SKIPPED] == [
        f"the same instance as {round_trip.dicom / '001.dcm'}"
    ]
    assert len(round_trip.images()) == 1


def test_another_object_with_the_same_uid_is_kept_apart(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    save(round_trip.dicom / "other", slices(ramp(3, 4, 5, start=1000)))

    round_trip.forth()
    round_trip.home()

    assert len(round_trip.images()) == 2
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_instances_without_uids_and_with_equal_names_are_not_mixed(round_trip: RoundTrip) -> None:
    round_trip.make("no_instance_uids")
    other = slices(ramp(3, 4, 5, start=1000), series=2)
    for ds in other:
        del ds.SOPInstanceUID
    save(round_trip.folder / "other", other)
    convert(Job([round_trip.dicom, round_trip.folder / "other"], round_trip.nifti, NIFTI))

    report = convert(Job([round_trip.nifti], round_trip.back, ConversionOptions(Target.DICOM)))

    assert report.ok
    values = sorted(int(ds.pixel_array[0, 0]) for ds in round_trip.returned())
    assert values == [0, 20, 40, 1000, 1020, 1040]


def test_a_missing_input_is_named(round_trip: RoundTrip) -> None:
    with pytest.raises(BridgeError, match="nowhere"):
        convert(Job([round_trip.folder / "nowhere"], round_trip.nifti, NIFTI))
    assert names_in(round_trip.nifti) == []


def test_an_empty_folder_is_reported(round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir()
    with pytest.raises(BridgeError, match="No DICOM images or Zarr stores were found"):
        round_trip.forth()


def test_nifti_that_is_to_become_nifti_is_named(round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4)).to_filename(round_trip.nifti / "x.nii")
    with pytest.raises(BridgeError, match=r"1 other image.*target=\"dicom\""):
        convert(Job([round_trip.nifti], round_trip.back, NIFTI))


@pytest.fixture
def locked(round_trip: RoundTrip, as_root: bool) -> Iterator[Path]:
    """A folder next to the files of a series that cannot be read."""
    if as_root:
        pytest.skip("permissions do not apply to root")
    round_trip.make("classic_ct")
    folder = round_trip.dicom / "locked"
    folder.mkdir()
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("target", [Target.NIFTI, Target.ZARR, Target.PREVIEW])
def test_an_unreadable_folder_is_one_failed_entry(round_trip: RoundTrip, locked: Path, target: Target) -> None:
    entries = convert(Job([round_trip.dicom], round_trip.nifti, ConversionOptions(target))).entries
    assert [entry.outcome for entry in entries] == [Outcome.FAILED, Outcome.CONVERTED]
    assert str(locked) in entries[0].error


def test_an_unreadable_folder_is_a_problem_of_an_inspection(round_trip: RoundTrip, locked: Path) -> None:
    found = inspect([round_trip.dicom])
    assert [problem["path"] for problem in found.problems] == [str(locked)]
    assert found.images


def test_an_unreadable_image_is_not_called_damaged(round_trip: RoundTrip, as_root: bool) -> None:
    if as_root:
        pytest.skip("permissions do not apply to root")
    round_trip.make("classic_ct").forth()
    round_trip.image().chmod(0)
    reasons = {str(entry.error) for entry in round_trip.home().entries}
    assert all("cannot be read (Permission denied)" in reason for reason in some(reasons))


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_to_itself_does_not_go_round_for_ever(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    (round_trip.dicom / "loop").symlink_to(round_trip.dicom)

    assert len([e for e in round_trip.forth().entries if e.outcome is Outcome.CONVERTED]) == 1


@pytest.mark.parametrize(("name", "tool"), [("a.mif.gz", "mrconvert"), ("a+orig.HEAD", "3dAFNItoNIFTI"), ("a.mnc", "mnc2nii")])
def test_images_of_formats_that_are_not_read_are_named_with_what_converts_them(name: str, tool: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"of another tool")

    for given in (tmp_path, tmp_path / name):
        with pytest.raises(BridgeError, match=f"which are not read: convert it to NIfTI, as with {tool}"):
            convert(Job([given], tmp_path / "out", ConversionOptions(Target.DICOM)))


@pytest.mark.parametrize("name", ["scans.zip", "001.dcm.gz"])
def test_archives_in_which_nothing_is_searched_are_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK")

    for given in (tmp_path, tmp_path / name):
        with pytest.raises(BridgeError, match=f"{name} must be unpacked first"):
            convert(Job([given], tmp_path / "out", NIFTI))
