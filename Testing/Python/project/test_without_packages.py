"""What replaces packages that are optional: the same results as theirs."""

from __future__ import annotations

import gzip
import struct
import warnings

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import DependencyError, Volume, missing_packages, read, write
from nifti_dicom_bridge import optional_packages as optional
from nifti_dicom_bridge.errors import NiftiReadError
from nifti_dicom_bridge.formats.nifti.gzip_writer import BlockWriter
from nifti_dicom_bridge.formats.nifti.reading import read_image
from nifti_dicom_bridge.standard.siemens_csa import csa_values
from support.paths import ROOT, SHARED

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # nibabel calls its DICOM readers experimental
    from nibabel.nicom import csareader

TYPES = ["u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8"]
NAMES = st.text(st.characters(min_codepoint=65, max_codepoint=122), min_size=1, max_size=20)
ITEMS = st.lists(st.sampled_from(["", "1", "2.5", "text", "-3", "1e3"]), max_size=8)


# --- CSA headers ---


def csa2(tags: list[tuple[str, str, int, list[str]]]) -> bytes:
    """Return a header of the second form: name, VR, multiplicity and items of each tag."""
    parts = [b"SV10\4\3\2\1", struct.pack("<2I", len(tags), 77)]
    for name, vr, multiplicity, items in tags:
        parts.append(struct.pack("<64si4s3i", name.encode(), multiplicity, vr.encode(), 0, len(items), 77))
        for item in items:
            raw = item.encode() + b"\0" if item else b""
            parts.append(struct.pack("<4i", len(raw), len(raw), 77, len(raw)) + raw + bytes(-len(raw) % 4))
    return b"".join(parts)


def of_nibabel(raw: bytes) -> dict[str, list]:
    """Return the values that nibabel reads; text without a final null is text here, too, which nibabel leaves as bytes."""
    try:
        tags = csareader.read(raw)["tags"].items()
        return {name: [v.decode("latin-1") if isinstance(v, bytes) else v for v in tag["items"]] for name, tag in tags}
    except Exception:  # it raises whatever the damage causes
        return {}


@pytest.mark.slow
@given(st.lists(st.tuples(NAMES, st.sampled_from(["DS", "IS", "LO", "FD", "US"]), st.integers(0, 8), ITEMS), max_size=5))
def test_csa_header_has_the_values_that_nibabel_reads(tags):
    raw = csa2(tags)
    assert csa_values(raw) == of_nibabel(raw)


@pytest.mark.slow
@given(st.integers(0, 400), st.integers(0, 255))
def test_damaged_csa_header_is_empty_or_as_nibabel_reads_it(place, byte):
    raw = bytearray(csa2([("B_value", "IS", 1, ["1000"]), ("Direction", "FD", 3, ["1", "0", "0"]), ("Text", "LO", 0, ["abc"])]))
    raw[place % len(raw)] = byte
    theirs, ours = of_nibabel(bytes(raw)), csa_values(bytes(raw))
    assert ours == theirs or not theirs


def test_csa_headers_of_real_files_are_read_as_nibabel_reads_them():
    import pydicom

    headers = set()
    for case in ("mr-siemens-mosaic-fmri", "mr-siemens-dwi-hfdr", "mr-siemens-fieldmap", "ts-siemens-nine-encodings"):
        for path in sorted((SHARED / case / "dicom").rglob("*"))[:20]:
            if path.is_file():
                ds = pydicom.dcmread(path, force=True, stop_before_pixels=True)
                headers |= {bytes(ds[tag].value) for tag in (0x00291010, 0x00291020) if tag in ds}
    if not headers:
        pytest.skip("there is no ../shared/data next to the repository")
    for raw in headers:
        assert csa_values(raw) == of_nibabel(raw) != {}


# --- NIfTI ---


@pytest.mark.slow
@given(
    st.sampled_from(TYPES),
    st.sampled_from("<>"),
    st.booleans(),
    st.sampled_from([(1.0, 0.0), (0.5, -1024.0), (2.0, 3.0)]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(st.integers(1, 4), min_size=3, max_size=4),
    st.sampled_from([nibabel.Nifti1Image, nibabel.Nifti2Image, nibabel.Nifti1Pair, nibabel.Nifti2Pair]),
    st.integers(0, 2**32 - 1),
)
def test_image_is_read_as_nibabel_reads_it(tmp_path, dtype, order, packed, scale, qcode, scode, shape, kind, seed):
    """Data types, byte orders, both versions, one file and two, scale, qform and sform, extensions."""
    random = np.random.default_rng(seed)
    voxels = (random.random(shape) * 100).astype(order + dtype)
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation * [2, 1.5, 3], random.normal(size=3) * 50
    image = kind(voxels, matrix, kind.header_class(endianness=order))
    image.set_data_dtype(voxels.dtype)
    image.set_qform(matrix, qcode)
    image.set_sform(matrix if scode else None, scode)
    image.header.set_slope_inter(*scale)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"x" * int(random.integers(1, 60))))
    pair = "Pair" in kind.__name__
    path = tmp_path / ("a.img" if pair else "a.nii.gz" if packed else "a.nii")
    nibabel.save(image, path)

    ours, theirs = read_image(path), nibabel.load(path)

    assert np.array_equal(ours.voxels.transpose(3, 2, 1, 0).reshape(shape), theirs.dataobj.get_unscaled())
    assert (ours.rescale.slope, ours.rescale.intercept) == (theirs.dataobj.slope, theirs.dataobj.inter)
    assert np.allclose(ours.ijk_to_ras, theirs.affine, atol=1e-4)


def test_header_of_a_pair_finds_its_voxels(tmp_path):
    nibabel.save(nibabel.Nifti1Pair(np.arange(24, dtype=np.int16).reshape(4, 3, 2), np.eye(4)), tmp_path / "a.img")
    assert np.array_equal(read_image(tmp_path / "a.hdr").voxels, read_image(tmp_path / "a.img").voxels)


@pytest.mark.parametrize("name", ["a.hdr", "a.img"])
def test_half_of_a_pair_names_the_missing_file(name, tmp_path):
    nibabel.save(nibabel.Nifti1Pair(np.zeros((4, 3, 2), np.int16), np.eye(4)), tmp_path / "a.img")
    (tmp_path / name).unlink()
    with pytest.raises(NiftiReadError, match=rf"{name}: no such file"):
        read_image(tmp_path / "a.img")


def test_analyze_image_is_refused(tmp_path):
    nibabel.save(nibabel.AnalyzeImage(np.zeros((4, 3, 2), np.int16), np.eye(4)), tmp_path / "a.img")
    with pytest.raises(NiftiReadError, match="nothing specifies its orientation"):
        read_image(tmp_path / "a.img")


# --- gzip ---


@pytest.mark.slow
@given(st.lists(st.binary(max_size=5000), max_size=6), st.integers(1, 4))
def test_gzip_written_in_threads_is_gzip(tmp_path, blocks, threads):
    with BlockWriter(tmp_path / "a.gz", 0, threads) as file:
        for block in blocks:
            file.write(block)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"".join(blocks)


def test_gzip_of_many_blocks_keeps_their_order(tmp_path):
    raw = np.arange(3_000_000, dtype="<u4").tobytes()
    with BlockWriter(tmp_path / "a.gz", len(raw), 3) as file:
        file.write(raw)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == raw


def test_images_are_the_same_without_isal(tmp_path, monkeypatch):
    volume = Volume(np.arange(2 * 64 * 64, dtype=np.int16).reshape(1, 2, 64, 64), np.eye(4), name="a")
    write(volume, tmp_path / "with.nii.gz")
    for name in ("isal", "isal.igzip", "isal.isal_zlib"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    write(volume, tmp_path / "without.nii.gz")
    (a,), (b,) = read(tmp_path / "with.nii.gz"), read(tmp_path / "without.nii.gz")
    assert np.array_equal(a.voxels, b.voxels)
    raw = [gzip.decompress((tmp_path / name).read_bytes()) for name in ("with.nii.gz", "without.nii.gz")]
    assert raw[0] == raw[1]


# --- optional packages ---


@pytest.mark.parametrize(
    ("version", "missing"), [("", True), ("3.0.9", True), ("3.1.3", True), ("3.1.4", False), ("3.12.1", False), ("4.0", True)]
)
def test_versions_out_of_bounds_count_as_missing(version, missing, monkeypatch):
    monkeypatch.setattr(optional, "installed_version", lambda name: version)
    assert bool(missing_packages("zarr")) == missing


def test_error_names_feature_package_and_extra(monkeypatch):
    monkeypatch.setattr(optional, "installed_version", lambda name: "")
    with pytest.raises(DependencyError, match=r"require zarr>=3.1.4,<4 \(zarr is not installed\).*bridge\[zarr\]") as caught:
        optional.require("zarr")
    assert caught.value.feature == "zarr"


def test_extras_of_pip_have_the_bounds_of_the_features():
    import tomllib

    text = (ROOT / "pyproject.toml").read_text("utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    for feature in optional.FEATURES.values():
        assert {package.requirement for package in feature.packages} <= set(extras[feature.extra])
