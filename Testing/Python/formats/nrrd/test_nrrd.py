"""NRRD: what its header states, and what is refused."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ImageReadError, read, to_dicom
from nifti_dicom_bridge.model.voxels import packed_samples
from support.image_files import PLACED, VOXELS, nrrd

pytestmark = pytest.mark.usefixtures("there")


def test_colors_of_nrrd_become_colors_of_dicom() -> None:
    colors = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 3)).astype(np.uint8)
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: RGB-color domain domain domain"
    report = to_dicom(nrrd(fields, colors), "dicom")
    assert report.ok, report
    made = [pydicom.dcmread(path) for path in report.outputs]
    assert {one.PhotometricInterpretation for one in made} <= {"RGB", "YBR_FULL"}
    by_place = sorted(made, key=lambda one: int(one.InstanceNumber))
    pixels = by_place[0].pixel_array if len(made) == 1 else np.stack([one.pixel_array for one in by_place])
    np.testing.assert_array_equal(pixels, colors)


def test_vectors_are_not_colors() -> None:
    vectors = np.zeros((3, 4, 5, 3), np.int16)
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: vector domain domain domain"
    assert read(nrrd(fields, vectors))[0].intent == "vector"


def test_an_axis_of_time_may_be_the_first() -> None:
    voxels = np.arange(2 * 60, dtype=np.int16).reshape(3, 4, 5, 2)
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: time domain domain domain"
    np.testing.assert_array_equal(read(nrrd(fields, voxels))[0].array, np.moveaxis(voxels, -1, 0))


def test_space_with_time_has_a_time_step() -> None:
    fields = """space: left-posterior-superior-time
space directions: (1,0,0,0) (0,2,0,0) (0,0,3,0) (0,0,0,2.5)
space origin: (10,20,30,0)
space units: "mm" "mm" "mm" "s\""""
    (volume,) = read(nrrd(fields, np.zeros((2, 3, 4, 5), np.int16)))
    assert (volume.times, volume.time_step_s) == (2, 2.5)
    np.testing.assert_allclose(volume.ijk_to_ras, [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 30], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("space", "signs"),
    [("left-posterior-superior", (-1, -1)), ("LPS", (-1, -1)), ("right-anterior-superior", (1, 1)), ("RAS", (1, 1)),
     ("left-anterior-superior", (-1, 1))],
)  # fmt: skip
def test_space_gives_the_signs(space, signs) -> None:
    (volume,) = read(nrrd(PLACED.replace("left-posterior-superior", space), VOXELS[0]))
    np.testing.assert_allclose(volume.ijk_to_ras[:2, 3], np.array([10, 20]) * signs)


def test_data_in_text_are_read() -> None:
    path = nrrd(PLACED, VOXELS[0])
    raw = path.read_bytes().replace(b"encoding: raw", b"encoding: ascii")
    path.write_bytes(raw[: raw.index(b"\n\n") + 2] + " ".join(map(str, VOXELS.ravel())).encode())
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


@pytest.mark.parametrize(
    ("fields", "before"), [("byte skip: 3", b"xyz"), ("byte skip: -1", b"xyz"), ("line skip: 1", b"a line\n")]
)
def test_what_is_skipped_comes_after_the_header(fields: str, before: bytes) -> None:
    path = nrrd(f"{PLACED}\n{fields}", VOXELS[0])
    header, end, voxels = path.read_bytes().partition(b"\n\n")
    path.write_bytes(header + end + before + voxels)
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


@pytest.mark.parametrize("number", ["300", "-1"])
def test_text_with_numbers_that_the_type_cannot_hold_is_refused(number: str) -> None:
    path = nrrd(PLACED, VOXELS[0].astype(np.uint8))
    raw = path.read_bytes().replace(b"encoding: raw", b"encoding: ascii")
    path.write_bytes(raw[: raw.index(b"\n\n") + 2] + " ".join([number, *map(str, VOXELS.ravel()[1:])]).encode())
    with pytest.raises(ImageReadError, match="uint8 cannot hold"):
        read(path)


def test_data_in_several_files_are_read() -> None:
    for n, plane in enumerate(VOXELS[0], 1):
        Path(f"slice{n:02}.raw").write_bytes(plane.tobytes())
    path = nrrd(PLACED + "\ndata file: slice%02d.raw 1 3 1", VOXELS[0], "image.nhdr")
    np.testing.assert_array_equal(read(path)[0].array, VOXELS)


def test_diffusion_has_b_values_and_directions() -> None:
    voxels = np.zeros((3, 4, 5, 3), np.int16)
    fields = (
        PLACED.replace("directions: ", "directions: none ")
        + """
kinds: list domain domain domain
measurement frame: (0,1,0) (-1,0,0) (0,0,1)
modality:=DWMRI
DWMRI_b-value:=1000
DWMRI_gradient_0000:=0 0 0
DWMRI_gradient_0001:=1 0 0
DWMRI_gradient_0002:=0 0 0.5"""
    )
    gradients = read(nrrd(fields, voxels))[0].gradients
    np.testing.assert_allclose(gradients, [[0, 0, 0, 0], [1000, 0, -1, 0], [250, 0, 0, 1]], atol=1e-9)


@pytest.mark.parametrize("b_value", ["nan", "inf", "-1000", "many"])
def test_b_values_that_are_not_valid_are_not_used(b_value) -> None:
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: list domain domain domain\nmodality:=DWMRI"
    fields += f"\nDWMRI_b-value:={b_value}\nDWMRI_gradient_0000:=0 0 0\nDWMRI_gradient_0001:=1 0 0"
    (volume,) = read(nrrd(fields, np.zeros((3, 4, 5, 2), np.int16)))
    assert volume.gradients is None
    assert "its gradients are not valid" in volume.warnings[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("space: left-posterior-superior\n", ""), "no space is stated"),
        (("left-posterior-superior", "scanner-xyz"), "'scanner-xyz', so the anatomical meaning"),
        (("space directions: (1,0,0) (0,2,0) (0,0,3)\n", ""), "no space directions are stated"),
        (("(0,0,3)", "none"), "2 of its axes have a direction"),
        (("\nspace origin: (10,20,30)", ""), "no space origin is stated"),
        (("(0,2,0)", "(0,nan,0)"), "must be vectors of 3 numbers"),
        (("(10,20,30)", '(10,20,30)\nspace units: "pixel"'), "space units"),
        (("(10,20,30)", "(10,20,30)\nencoding: hex"), "encoding 'hex' is not supported"),
        (("(10,20,30)", "(10,20,30)\nendian: "), "byte order of the samples is not stated"),
        (("(10,20,30)", "(10,20,30)\ntype: block"), "type 'block' are not supported"),
        (("(10,20,30)", "(10,20,30)\ndata file: /etc/hostname"), "outside of its folder"),
        (("(10,20,30)", "(10,20,30)\ndata file: ../secret.raw"), "outside of its folder"),
        (("(10,20,30)", "(10,20,30)\ndata file: missing.raw"), "no such file"),
        (("(10,20,30)", "(10,20,30)\nnonsense"), "is not valid"),
        (("(10,20,30)", "(10,20,30)\nspace origin: (1,2,3)"), "space origin occurs more than once"),
        (("(10,20,30)", "(10,20,30)\nbyte skip: -2"), "byte skip and line skip are from 0 upwards"),
        (("(10,20,30)", "(10,20,30)\nline skip: -1"), "byte skip and line skip are from 0 upwards"),
    ],
)
def test_ambiguous_or_damaged_nrrd_is_refused(change, message) -> None:
    path = nrrd(PLACED.replace(*change), VOXELS[0])
    with pytest.raises(ImageReadError, match=message):
        read(path)


@pytest.mark.parametrize(
    "name", ["/Windows/secret.raw", "C:secret.raw", r"C:\secret.raw", r"\\server\share\secret.raw", r"a\..\..\b.raw"]
)
def test_a_header_names_no_file_elsewhere_on_windows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_samples, "PurePath", PureWindowsPath)

    with pytest.raises(ImageReadError, match="outside of its folder"):
        packed_samples.file_next_to(Path("image.nhdr"), name)
    assert packed_samples.file_next_to(Path("image.nhdr"), r"raw\a.raw") == Path("raw/a.raw")


def test_axis_without_meaning_is_refused() -> None:
    fields = PLACED.replace("directions: ", "directions: none ") + "\nkinds: list domain domain domain"
    with pytest.raises(ImageReadError, match="the meaning of axis 0 with 2 samples is not stated"):
        read(nrrd(fields, np.zeros((3, 4, 5, 2), np.int16)))


@pytest.mark.parametrize("files", ["LIST", "s%d.raw 1 0 1", "s%d.raw 1 99999999999 1", "s%999d.raw 1 2 1", "s%d.raw 1 2"])
def test_nrrd_without_files_of_voxels_is_refused(files) -> None:
    with pytest.raises(ImageReadError, match=r"no data file is listed|is not valid"):
        read(nrrd(f"{PLACED}\ndata file: {files}", VOXELS[0], "image.nhdr"))
