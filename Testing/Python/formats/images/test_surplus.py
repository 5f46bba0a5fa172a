"""Bytes behind the voxels of an image are reported: its header may state too few slices or times."""

from __future__ import annotations

import base64
import bz2
import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK

from nifti_dicom_bridge import ConversionOptions, ImageReadError, Job, NiftiReadError, convert, inspect, read
from nifti_dicom_bridge.formats import image_formats
from nifti_dicom_bridge.formats.nifti import reading
from nifti_dicom_bridge.model.voxels import lazy_samples

VOXELS = np.arange(1, 61, dtype="<i2").reshape(3, 4, 5)
OF_SURFA = (
    b"H4sIAAAAAAACA9XRr2tCURTA8SMqLhgWBA2GFxYcG2IwGAa+ezAMNp4LDg2CPzZRwV+IGEyLi0bjonFxTaPRuGg0Go1+H76BuP0Du/C559wf79"
    b"5zeSLiE5EgAvDLcXyMvuybiE1q0y3Iz9vPXPaPtf/fTl9vu/kHltiIGObNJSykwB7zhCoGYL95xxQz8K2Z4xNf4ByzwhrfcM/cYoe9iHK+8kf0"
    b"AmFwl0YQQxzcq1dI4BbUoGlkcAfq0Rzu8Qhq0wJKKIM69RUtdDD4/X73fbRrbxh6dh6cfNEhvfGmAl70ezHaHbYrL/3euDEcWbVktzmx6m5/AK"
    b"1N2yVmAgAA"
)
"""An MGH file of these voxels with tags, as FreeSurfer's library surfa 0.6.3 writes it; gzip, base64."""
SLICE = VOXELS[0].tobytes()
RAW = VOXELS.tobytes()
MATRIX = np.diag([2.0, 2.0, 3.0, 1.0])


def nrrd(encoding: str, data: bytes) -> bytes:
    fields = (
        "NRRD0005\ntype: short\ndimension: 3\nsizes: 5 4 3\nendian: little\nspace: left-posterior-superior\n"
        f"space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (10,20,30)\nencoding: {encoding}\n\n"
    )
    return fields.encode() + data


def metaimage(data: bytes, packed: bool = False, file: str = "LOCAL", skip: int = 0) -> bytes:
    fields = (
        f"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = {packed}\n"
        f"HeaderSize = {skip}\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 1\nDimSize = 5 4 3\n"
        f"ElementType = MET_SHORT\nElementDataFile = {file}\n"
    )
    return fields.encode() + data


def nifti() -> bytes:
    return bytes(nibabel.Nifti1Image(VOXELS.T, MATRIX).to_bytes())


def mgh(end: bytes = b"") -> bytes:
    """Return an MGH file as nibabel writes it, with a footer of numbers."""
    return bytes(nibabel.MGHImage(np.ascontiguousarray(VOXELS.T), MATRIX).to_bytes()) + end


# the file with some bytes behind its voxels
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain.nii": lambda more: nifti() + more,
    "inside.nii.gz": lambda more: gzip.compress(nifti() + more),
    "member.nii.gz": lambda more: gzip.compress(nifti()) + (gzip.compress(more) if more else b""),
    "after.nii.gz": lambda more: gzip.compress(nifti()) + more,
    "raw.nrrd": lambda more: nrrd("raw", RAW + more),
    "gzip_inside.nrrd": lambda more: nrrd("gzip", gzip.compress(RAW + more)),
    "gzip_member.nrrd": lambda more: nrrd("gzip", gzip.compress(RAW) + (gzip.compress(more) if more else b"")),
    "gzip_after.nrrd": lambda more: nrrd("gzip", gzip.compress(RAW) + more),
    "bzip2_inside.nrrd": lambda more: nrrd("bzip2", bz2.compress(RAW + more)),
    "bzip2_after.nrrd": lambda more: nrrd("bzip2", bz2.compress(RAW) + more),
    "raw.mha": lambda more: metaimage(RAW + more),
    "zlib_inside.mha": lambda more: metaimage(zlib.compress(RAW + more), packed=True),
    "zlib_after.mha": lambda more: metaimage(zlib.compress(RAW) + more, packed=True),
    "footer.mgh": mgh,
    "inside.mgz": lambda more: gzip.compress(mgh(more)),
    "after.mgz": lambda more: gzip.compress(mgh()) + more,
}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[False, True], ids=["at once", "lazy"])
def lazy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether voxels are read when they are sliced, however few they are."""
    if request.param:
        for home in (reading, lazy_samples):
            monkeypatch.setattr(home, "IN_MEMORY", 0)
            monkeypatch.setattr(home, "IN_MEMORY_PACKED", 0)
    return bool(request.param)


def warnings_of(name: str, content: bytes, lazy: bool = False) -> list[str]:
    """Write a file, compare its voxels, and return the warnings about its end."""
    Path(name).write_bytes(content)
    volume = image_formats.read_image(Path(name), lazy=lazy)
    np.testing.assert_array_equal(np.asarray(volume.voxels)[0], VOXELS)
    return [warning for warning in volume.warnings if "behind the voxels" in warning]


@pytest.mark.parametrize("name", FORMS)
def test_a_further_slice_is_reported(name: str, lazy: bool) -> None:
    (warning,) = warnings_of(name, FORMS[name](SLICE), lazy)
    size = len(SLICE) + 20 if "mg" in name else len(SLICE)  # the footer of MGH is behind the voxels, too
    assert warning.startswith(f"{size} bytes behind the voxels were not read, enough for 1 more along the last axis")


@pytest.mark.parametrize("name", FORMS)
def test_a_few_other_bytes_are_reported(name: str, lazy: bool) -> None:
    assert len(warnings_of(name, FORMS[name](b"x" * 7), lazy)) == 1


@pytest.mark.parametrize("padding", [0, 1, len(SLICE) - 1])
@pytest.mark.parametrize("name", FORMS)
def test_zeros_are_padding(name: str, padding: int, lazy: bool) -> None:
    assert warnings_of(name, FORMS[name](bytes(padding)), lazy) == []


@pytest.mark.parametrize("name", ["plain.nii", "raw.nrrd", "raw.mha"])
def test_other_readers_read_the_same_voxels(name: str) -> None:
    """They ignore what is behind the voxels without a word, so an image with it is not refused."""
    warnings_of(name, FORMS[name](SLICE))
    if name == "plain.nii":
        np.testing.assert_array_equal(np.asarray(nibabel.load(name).dataobj).T, VOXELS)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(name)), VOXELS)


def test_numbers_of_a_text_are_reported() -> None:
    text = " ".join(map(str, [*VOXELS.ravel(), 7, 8])).encode()
    (warning,) = warnings_of("text.nrrd", nrrd("ascii", text))
    assert warning.startswith("2 numbers behind the voxels")


@pytest.mark.parametrize("suffix", ["mhd", "nhdr"])
def test_voxels_at_the_end_of_a_file_have_nothing_behind_them(suffix: str) -> None:
    Path("voxels.raw").write_bytes(b"x" * 100 + RAW)
    header = metaimage(b"", file="voxels.raw", skip=-1)
    if suffix == "nhdr":
        header = nrrd("raw", b"").replace(b"encoding", b"byte skip: -1\ndata file: voxels.raw\nencoding")
    assert warnings_of(f"image.{suffix}", header) == []


def test_voxels_in_a_file_of_their_own_are_counted() -> None:
    Path("voxels.raw").write_bytes(RAW + SLICE)
    assert len(warnings_of("image.mhd", metaimage(b"", file="voxels.raw"))) == 1


def test_the_second_file_of_a_pair_is_counted() -> None:
    nibabel.save(nibabel.Nifti1Pair(VOXELS.T, MATRIX), "pair.hdr")
    with open("pair.img", "ab") as file:
        file.write(SLICE)
    (volume,) = read("pair.hdr")
    assert any("enough for 1 more" in warning for warning in volume.warnings)


@pytest.mark.parametrize("number", [2, 3])
def test_further_images_in_a_compressed_file_are_refused(number: int, lazy: bool) -> None:
    path = Path("several.nii.gz")
    path.write_bytes(gzip.compress(nifti()) * number)
    with pytest.raises(NiftiReadError, match="further compressed data behind the image"):
        np.asarray(image_formats.read_image(path, lazy=lazy).voxels)


@pytest.mark.parametrize("name", ["inside.nii.gz", "gzip_inside.nrrd", "zlib_inside.mha", "bzip2_inside.nrrd", "inside.mgz"])
def test_a_file_that_is_cut_off_is_refused(name: str, lazy: bool) -> None:
    Path(name).write_bytes(FORMS[name](b"")[:-6])
    with pytest.raises((ImageReadError, NiftiReadError)):
        np.asarray(image_formats.read_image(Path(name), lazy=lazy).voxels)


def test_the_report_of_a_conversion_has_the_warning() -> None:
    Path("image.nii").write_bytes(nifti() + SLICE)
    (entry,) = convert(Job([Path("image.nii")], Path("out"), ConversionOptions("dicom", kind="ct"))).entries
    assert any("enough for 1 more along the last axis, where the header states 3" in line for line in entry.log.warnings)


def test_an_inspection_has_the_warning_once() -> None:
    Path("image.nii").write_bytes(nifti() + SLICE)
    (image,) = inspect("image.nii").images
    assert sum("behind the voxels" in warning for warning in image["warnings"]) == 1


# --- the end of MGH -----------------------------------------------------------------------------------------------------


def test_tags_of_freesurfer_are_not_voxels() -> None:
    Path("tags.mgh").write_bytes(gzip.decompress(base64.b64decode(OF_SURFA)))
    assert Path("tags.mgh").stat().st_size > 284 + VOXELS.size * 4 + 20
    assert read("tags.mgh")[0].warnings == ()


@pytest.mark.parametrize(
    "tags",
    [
        struct.pack(">iq", 3, 9) + b"command\0\0",  # TAG_CMDLINE
        struct.pack(">iq", 3, 4) + b"abc\0" + struct.pack(">iq", 41, 8) + b"UNKNOWN\0",  # and TAG_PEDIR
        struct.pack(">ii", 30, 5) + b"a.lta",  # TAG_OLD_MGH_XFORM: its length is shorter
        struct.pack(">i", 1) + b"a color table",  # TAG_OLD_COLORTABLE: without length
    ],
    ids=["command", "two", "old transform", "old colors"],
)
def test_every_form_of_tag_is_known(tags: bytes) -> None:
    assert warnings_of("image.mgh", mgh(tags)) == []


def test_fewer_frames_than_there_are_are_reported() -> None:
    content = bytearray(nibabel.MGHImage(np.zeros((5, 4, 3, 6), np.float32), MATRIX).to_bytes())
    struct.pack_into(">i", content, 16, 2)
    Path("few.mgh").write_bytes(content)
    (volume,) = read("few.mgh")
    assert volume.times == 2
    assert any("enough for 4 more along the last axis, where the header states 2" in line for line in volume.warnings)
