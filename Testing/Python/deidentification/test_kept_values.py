"""What is kept has the form of its VR, so that nothing hides in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.sr._concepts_dict import concepts

from nifti_dicom_bridge.deidentification.kept_attributes import STANDARD_SCHEMES
from nifti_dicom_bridge.deidentification.policy import Policy
from phantoms.base import MR
from support.profile_options import codes, first, run, series


@pytest.mark.parametrize(
    ("tag", "vr", "raw"),
    [(0x00180050, "DS", b"2.5\0SECRET"), (0x00280010, "US", b"\x08\0"), (0x00080008, "CS", b"ORIGINAL\\PRIMARY\\SECRET"),
     (0x00400280, "ST", b"SECRET"), (0x0040E010, "UR", b"http://SECRET "), (0x00620020, "UT", b"SECRET"),
     (0x00100033, "LO", b"SECRET"), (0x0018FFFE, "LO", b"SECRET"), (0x00280002, "LO", b"SECRET"),
     (0x00082112, "UI", b"SECRET"), (0x00402016, "LO", b"SECRET"), (0x00282000, "OB", b"SECRET"),
     (0x0008010C, "UI", b"1.2.840.10008.5.1.4.1.1.2.9999")],
)  # fmt: skip
def test_nothing_hides_in_an_attribute_that_is_kept(tag: int, vr: str, raw: bytes) -> None:
    from nifti_dicom_bridge.deidentification.elements import Cleaner, Patient
    from nifti_dicom_bridge.model.metadata import Element

    cleaned = Cleaner(Policy(), Patient()).elements({tag: Element(vr, raw + b" " * (len(raw) % 2))}, MR)
    assert b"SECRET" not in repr(cleaned).encode()
    assert b"9999" not in repr(cleaned).encode()


def test_a_value_in_form_is_not_changed(tmp_path: Path) -> None:
    before = series(tmp_path / "in", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "NORM"], SequenceName="*tfl3d1_16")[0]
    run(tmp_path / "in", tmp_path / "out")
    after = first(tmp_path / "out")
    for keyword in ("ImageType", "SequenceName", "RepetitionTime", "Rows", "Manufacturer", "SOPClassUID"):
        if keyword in before:
            assert after[keyword].value == before[keyword].value


@pytest.mark.parametrize(
    ("before", "after"),
    [("ORIGINAL\\PRIMARY\\BIPLANE A", "ORIGINAL\\PRIMARY\\BIPLANE A"),
     ("DERIVED\\PRIMARY\\RECON GATED TOMO\\EMISSION", "DERIVED\\PRIMARY\\RECON GATED TOMO\\EMISSION"),
     ("ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI", "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI"),
     ("ORIGINAL\\PRIMARY\\T1\\FIELD_MAP", "ORIGINAL\\PRIMARY\\T1\\FIELD_MAP"),
     ("ORIGINAL\\PRIMARY\\M\\TE2\\ND", "ORIGINAL\\PRIMARY\\M\\TE2\\ND"),
     ("ORIGINAL\\PRIMARY\\JOHN\\SMITH\\ND\\12 ELM", "ORIGINAL\\PRIMARY\\OTHER\\OTHER\\ND")],
)  # fmt: skip
def test_image_types_keep_terms_of_several_words_and_with_numbers(before: str, after: str, tmp_path: Path) -> None:
    series(tmp_path / "in", ImageType=before.split("\\"))
    run(tmp_path / "in", tmp_path / "out")
    assert list(first(tmp_path / "out").ImageType) == after.split("\\")


def test_codes_of_every_scheme_that_pydicom_lists_are_kept() -> None:
    assert set(concepts) <= STANDARD_SCHEMES


def test_an_earlier_method_stays_and_ours_follows(tmp_path: Path) -> None:
    series(tmp_path / "in", DeidentificationMethod="by hand")
    run(tmp_path / "in", tmp_path / "out")
    run(tmp_path / "out", tmp_path / "again", retain="device")
    methods = list(first(tmp_path / "again").DeidentificationMethod)
    assert methods[0] == "by hand"
    assert len(methods) == 2
    assert codes(first(tmp_path / "again")) == ["113100", "113109"]
