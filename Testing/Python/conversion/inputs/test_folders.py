"""Folders in practice: links that form a circle, and the same file names in two of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Names, Outcome, Target, Uids, compare, convert
from nifti_dicom_bridge.samples.demo import make_sample
from support.symlinks import link


def test_a_link_back_to_a_folder_above_does_not_go_round_for_ever(tmp_path: Path) -> None:
    make_sample(tmp_path / "scans")
    link(tmp_path / "scans" / "again", tmp_path / "scans")

    (entry,) = convert(Job([tmp_path / "scans"], tmp_path / "nifti")).entries

    assert len(entry.inputs) == 7


def test_a_link_out_of_the_input_is_followed_on_request(tmp_path: Path) -> None:
    make_sample(tmp_path / "elsewhere")
    (tmp_path / "scans").mkdir()
    link(tmp_path / "scans" / "link", tmp_path / "elsewhere")

    with pytest.raises(BridgeError, match="a link to a folder outside of the input"):
        convert(Job([tmp_path / "scans"], tmp_path / "nifti"))

    assert convert(Job([tmp_path / "scans"], tmp_path / "nifti", ConversionOptions(follow_links=True))).ok


@pytest.mark.parametrize("overwrite", [False, True])
def test_series_with_equal_original_names_never_replace_one_another(tmp_path: Path, overwrite: bool) -> None:
    for name in ("a", "b"):
        make_sample(tmp_path / name)
        convert(Job([tmp_path / name], tmp_path / "nifti" / name))
    options = ConversionOptions(Target.DICOM, Uids.KEEP, Names.ORIGINAL, overwrite=overwrite)

    report = convert(Job([tmp_path / "nifti"], tmp_path / "back", options))

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED, Outcome.FAILED]
    shutil.rmtree(tmp_path / "nifti")
    assert compare([tmp_path / "a"], [tmp_path / "back"]).same


@pytest.mark.parametrize("again", ["images", "images/a.nii", "./images/a.nii"])
def test_a_file_that_is_named_twice_is_one_image(again: str, there: Path) -> None:
    Path("images").mkdir()
    nibabel.save(nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4)), "images/a.nii")

    report = convert(Job([Path("images/a.nii"), Path(again)], Path("out"), ConversionOptions(Target.DICOM)))

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]


def test_a_store_that_is_named_twice_is_one_image(there: Path) -> None:
    make_sample(Path("scans"))
    convert(Job([Path("scans")], Path("stores"), ConversionOptions(Target.ZARR)))
    (store,) = Path("stores").glob("*.zarr")

    report = convert(Job([store, Path("stores")], Path("out"), ConversionOptions(Target.DICOM)))

    assert [entry.outcome for entry in report.entries] == [Outcome.REISSUED]


@pytest.mark.parametrize("target", [Target.DICOM, Target.ZARR, Target.PREVIEW])
def test_hidden_images_are_named_and_files_that_have_their_names_only_are_not(target: Target, tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.ones((4, 5, 6), "i2"), np.eye(4))
    names = ["a.nii.gz", ".b.nii.gz", ".c/d.nii", ".git/annex/objects/e.nii.gz"]
    for name in names:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(image, tmp_path / "in" / name)
    (tmp_path / "in/._a.nii.gz").write_bytes(b"\0\x05\x16\x07" + bytes(78))

    report = convert(Job([tmp_path / "in"], tmp_path / "out", ConversionOptions(target)))

    skipped = [entry for entry in report.entries if entry.outcome is Outcome.SKIPPED]
    assert sorted(entry.inputs[0].name for entry in skipped) == [".b.nii.gz", ".c"]
    assert all("Name it as an input" in entry.error for entry in skipped)
    assert report.ok
    assert sum(entry.outcome is Outcome.CONVERTED for entry in report.entries) == 1
