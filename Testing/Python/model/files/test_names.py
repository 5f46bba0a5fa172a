"""Names of files, in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge.model.files.names import companion, is_nifti, safe_name, stem_of, suffix_of, unique_name


@pytest.mark.parametrize(("name", "stem", "suffix"), [
    ("CT.nii.gz", "CT", ".nii.gz"), ("CT.NII.GZ", "CT", ".NII.GZ"), ("CT.NII", "CT", ".NII"), ("CT.hdr", "CT", ".hdr"),
    ("CT.ZARR", "CT", ".ZARR"), ("1.2.3.nii", "1.2.3", ".nii"), ("CT.nii.nii.gz", "CT.nii", ".nii.gz"), ("CT.json", "CT", ""),
    ("CT.gz", "CT", ""), ("CT", "CT", ""), ("a.nii/CT.Nii.Gz", "CT", ".Nii.Gz"),
])  # fmt: skip
def test_stem_and_suffix(name, stem, suffix):
    assert (stem_of(name), suffix_of(name)) == (stem, suffix)
    assert is_nifti(name) == suffix.lower().startswith(".nii")


def test_a_companion_in_upper_case_is_found(tmp_path):
    image = tmp_path / "CT.NII"
    assert companion(image, ".json") == tmp_path / "CT.json"
    (tmp_path / "CT.JSON").write_text("{}")
    assert companion(image, ".json").is_file()


def test_a_companion_in_lower_case_wins(tmp_path):
    for name in ("CT.json", "CT.JSON"):
        (tmp_path / name).write_text("{}")
    assert companion(tmp_path / "CT.nii", ".json") == tmp_path / "CT.json"


@pytest.mark.parametrize(
    "text", ["T1 / sag", "con", "CON", "lpt1", "../../etc", "a" * 300, "Σπάρτη", "", "...", "aux.nii", "é\0x"]
)
@pytest.mark.parametrize("any_script", [False, True])
def test_safe_names_are_files_everywhere(text, any_script, tmp_path):
    name = safe_name(text, any_script)
    assert name
    assert len(name) <= 81
    assert not set(name) & set('<>:"/\\|?*\0 ')
    assert name.lower().split(".")[0] not in {"con", "aux", "lpt1"}
    (tmp_path / name).write_text("")
    assert Path(tmp_path / name).is_file()


def test_letters_of_other_scripts_stay_if_asked_for():
    assert (safe_name("Σπάρτη 1.5", any_script=True), safe_name("Σπάρτη 1.5")) == ("Σπάρτη_1.5", "1_5")


def test_unique_names_differ_in_more_than_case():
    taken: set[str] = set()
    assert [unique_name(name, taken) for name in ("a", "A", "a_2", "a")] == ["a", "A_2", "a_2_2", "a_3"]
