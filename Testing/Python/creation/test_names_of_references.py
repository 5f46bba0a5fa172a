"""Names of patients that are copied from references are in UTF-8, whatever character set the reference has."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import to_dicom, to_nifti, to_preview
from phantoms.base import put_raw, ramp, save, slices

NAMES = [
    (["", "ISO 2022 IR 149"], b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong^Gildong=洪^吉洞"),
    (["", "ISO 2022 IR 58"], b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang^XiaoDong=张^小东"),
    (["", "ISO 2022 IR 87"], b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"),
    (["ISO_IR 100"], "Jürgen".encode("latin-1"), "Jürgen"),
    ([], "Jürgen".encode("latin-1"), "Jürgen"),
    ([], "Jürgen".encode(), "Jürgen"),
]


def reference(folder: Path, terms: list[str], raw: bytes) -> Path:
    found = slices(ramp(6, 9, 8), origin=(0, 0, 0), spacing=(2, 2))
    for ds in found:
        if terms:
            ds.SpecificCharacterSet = terms
        put_raw(ds, 0x00100010, "PN", raw + b" " * (len(raw) % 2))
    save(folder, found)
    return folder


@pytest.mark.parametrize(("terms", "raw", "name"), NAMES)
@pytest.mark.parametrize("image", ["x_dseg", "x_CT"])
def test_the_name_of_a_reference_is_readable_in_new_objects(
    image: str, terms: list[str], raw: bytes, name: str, tmp_path: Path
) -> None:
    voxels = np.random.default_rng(1).integers(0, 2, (8, 9, 6)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([-2, -2, 2.5, 1.0])), tmp_path / f"{image}.nii")
    report = to_dicom(tmp_path / f"{image}.nii", tmp_path / "out", reference=[reference(tmp_path / "ref", terms, raw)])

    assert report.ok, report
    ds = pydicom.dcmread(report.outputs[0])
    assert (str(ds.PatientName), ds.SpecificCharacterSet) == (name, "ISO_IR 192")


@pytest.mark.parametrize("raw", ["Jürgen".encode("latin-1"), "Jürgen".encode()])
@pytest.mark.parametrize("kind", ["legacy", "enhanced", "sc"])
def test_the_name_of_an_original_without_a_character_set_is_readable_in_other_kinds(
    kind: str, raw: bytes, tmp_path: Path
) -> None:
    to_nifti(reference(tmp_path / "ref", [], raw), tmp_path / "nifti")
    report = to_dicom(tmp_path / "nifti", tmp_path / "out", kind=kind)

    assert report.ok, report
    ds = pydicom.dcmread(report.outputs[0])
    assert (str(ds.PatientName), ds.SpecificCharacterSet) == ("Jürgen", "ISO_IR 192")


@pytest.mark.parametrize(("terms", "raw", "name"), NAMES)
def test_the_text_of_a_preview_has_the_name(terms: list[str], raw: bytes, name: str, tmp_path: Path) -> None:
    report = to_preview(reference(tmp_path / "ref", terms, raw), tmp_path / "out", gif=False, mp4=False)
    (text,) = (path.read_text("utf-8") for path in report.outputs if path.suffix == ".txt")

    assert f"Patient's Name (0010,0010): {name}\n" in text
