"""Files whose content DataLad, git-annex or Git LFS did not fetch: named as such, and never taken for missing ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import DicomReadError, Layout, OptionError, Outcome, inspect, to_nifti
from phantoms import PHANTOMS
from support.new_objects import entry_of, made, refused, save
from support.round_trip import NEW, RoundTrip
from support.symlinks import link

pytestmark = pytest.mark.usefixtures("there")
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
UNLOCKED = "/annex/objects/MD5E-s12--d41d8cd9.nii.gz\n"


def link_of_annex(path: Path) -> None:
    """Put a link of git-annex whose content is elsewhere in the place of a file."""
    path.unlink(missing_ok=True)
    link(path, Path("..", ".git", "annex", "objects", "f4", "vx", f"MD5E-s12{path.suffix}", path.name), to_folder=False)


@pytest.mark.parametrize(("text", "tool"), [(LFS, "git lfs pull"), (UNLOCKED, "datalad get")])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.mgz", "a.nrrd", "a.mha"])
def test_a_pointer_in_the_place_of_an_image_is_named(name: str, text: str, tool: str):
    Path(name).write_text(text)
    assert "its content was not fetched" in (error := refused(Path(name), kind="mr"))
    assert tool in error


@pytest.mark.parametrize("name", ["a.nii.gz", "a.mgz", "a.nrrd", "a.mha"])
def test_a_link_in_the_place_of_an_image_is_named(name: str):
    link_of_annex(path := Path(name))
    assert "datalad get" in refused(path, kind="mr")


@pytest.mark.parametrize("option", ["labels", "metadata"])
def test_a_file_of_an_option_that_was_not_fetched_is_named(option: str):
    path = save("a_seg.nii", np.ones((5, 4, 3), np.uint8))
    Path("n.json").write_text(LFS)
    try:
        error = refused(path, kind="seg", **{option: "n.json"})
    except OptionError as refusal:
        error = str(refusal)
    assert "its content was not fetched" in error


def test_another_broken_link_is_named_with_its_target():
    link(Path("a.nii.gz"), "elsewhere.nii.gz", to_folder=False)
    assert "a link to elsewhere.nii.gz, which does not exist" in refused(Path("a.nii.gz"), kind="mr")


@pytest.mark.parametrize("option", ["sidecar", "reference", "labels"])
@pytest.mark.parametrize("target", ["elsewhere", ".git/annex/objects/MD5E-1"])
def test_a_broken_link_that_an_option_names_is_called_a_link(option: str, target: str):
    link(Path("named"), target, to_folder=False)
    with pytest.raises(OptionError, match=f"named is a link to {target}, which does not exist.*datalad get"):
        made(save("a.nii"), **{option: "named"})


def test_a_broken_link_to_a_folder_of_the_input_is_called_a_link():
    link(Path("scans"), "elsewhere", to_folder=True)
    with pytest.raises(DicomReadError, match="scans is a link to elsewhere, which does not exist"):
        made(Path("scans/a"))


@pytest.mark.parametrize("ending", [".json", ".bval"])
def test_an_image_is_not_converted_without_what_was_not_fetched(ending: str):
    path = save("a.nii", np.zeros((5, 4, 3, 2), np.int16) + np.arange(2, dtype=np.int16), EchoTime=0.03)
    Path("a.bval").write_text("0 1000\n")
    Path("a.bvec").write_text("0 1\n0 0\n0 0\n")
    assert made(path, kind="mr")
    link_of_annex(path.with_suffix(ending))
    assert "was not fetched" in refused(path, kind="mr")


def test_a_table_of_labels_that_was_not_fetched_is_reported():
    path = save("a_dseg.nii", (np.arange(60).reshape(5, 4, 3) % 3).astype(np.uint8))
    link_of_annex(Path("a_dseg.tsv"))
    assert any("a_dseg.tsv" in text for text in entry_of(path, kind="seg").log.warnings)


def test_participants_that_were_not_fetched_are_reported():
    path = save("set/sub-01/anat/sub-01_T1w.nii")
    Path("set/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    link_of_annex(Path("set/participants.tsv"))
    (warning,) = [text for text in entry_of(path, kind="mr").log.warnings if "participants.tsv" in text]
    assert "was not fetched" in warning


def test_dicom_that_was_not_fetched_is_a_failure_with_the_remedy():
    PHANTOMS["classic_ct"].write(Path("ct"))
    link_of_annex(sorted(Path("ct").iterdir())[1])
    failed = [entry for entry in to_nifti("ct", "out").entries if entry.outcome is Outcome.FAILED]
    assert ["datalad get" in entry.error for entry in failed] == [True]
    assert "datalad get" in str(inspect("ct").problems)


def test_dicom_pointers_of_git_lfs_are_failures_with_the_remedy():
    PHANTOMS["classic_ct"].write(Path("ct"))
    sorted(Path("ct").iterdir())[1].write_text(LFS)
    failed = [entry for entry in to_nifti("ct", "out").entries if entry.outcome is Outcome.FAILED]
    assert ["git lfs pull" in entry.error for entry in failed] == [True]


def test_an_image_of_a_dataset_that_links_into_git_annex_has_its_record(round_trip: RoundTrip):
    row = {"criteria": {"SeriesDescription": "*"}, "datatype": "anat", "suffix": "T1w"}
    Path("map.json").write_text(json.dumps({"descriptions": [row]}))
    round_trip.make("oblique").forth(layout=Layout.BIDS, bids_map="map.json")
    image = round_trip.image()
    assert image.parent.name == "anat"  # its record is below sourcedata
    stored = round_trip.nifti / ".git" / "annex" / "objects" / "MD5E-s1.nii.gz"
    stored.parent.mkdir(parents=True)
    image.rename(stored)
    link(image, os.path.relpath(stored, image.parent), to_folder=False)
    (entry,) = round_trip.home(NEW).entries
    assert entry.outcome is Outcome.REISSUED


@pytest.mark.parametrize(("written", "named"), [("a.nii", "b.nii.gz"), ("a.nii.gz", "b.nii")])
def test_an_image_is_packed_or_not_by_its_content(written: str, named: str):
    path = save(written)
    values = np.asarray(nibabel.load(path, mmap=False).dataobj)
    path.rename(named)
    found = np.stack([ds.pixel_array for ds in made(Path(named), kind="mr", plane="as-stored")])
    assert sorted(found.reshape(-1)) == sorted(values.reshape(-1))
