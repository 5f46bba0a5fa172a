"""NIfTI files that are damaged, too short or not what they claim to be: one clear error naming the file."""

from __future__ import annotations

import gzip
import random
import struct
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import BridgeError, GeometryError, Job, NiftiReadError, Outcome, convert, read
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.formats.nifti import reading
from support.round_trip import KEEP, RoundTrip, names_in

# offset, struct format, value of fields of the NIfTI-1 header (nifti1.h)
LIES = [
    (40, "<h", 0),
    (40, "<h", 8),
    (40, "<h", -1),
    (42, "<h", 0),
    (42, "<h", -5),
    (44, "<3h", (32767, 32767, 32767)),
    (70, "<h", 0),
    (70, "<h", 9999),
    (70, "<h", 32),
    (72, "<h", 77),
    (76, "<f", float("nan")),
    (108, "<f", 1e30),
    (108, "<f", -1.0),
    (108, "<f", float("nan")),
    (112, "<f", float("nan")),
    (112, "<f", float("inf")),
    (252, "<h", 99),
    (254, "<h", -3),
    (280, "<4f", (0, 0, 0, 0)),
    (280, "<4f", (float("nan"),) * 4),
    (280, "<4f", (1e30,) * 4),
    (344, "<4s", b"none"),
    (0, "<i", 12),
    (0, "<i", 540),
]


@pytest.fixture
def plain(round_trip: RoundTrip) -> tuple[RoundTrip, bytes]:
    """An uncompressed image and its bytes."""
    round_trip.make("classic_ct").forth(gzip=False)
    return round_trip, round_trip.image().read_bytes()


def assert_refused(round_trip: RoundTrip) -> None:
    """The image is refused by name, and nothing is written."""
    (entry,) = round_trip.home().entries
    assert entry.outcome is Outcome.FAILED
    assert round_trip.image().name in entry.error
    assert names_in(round_trip.back) == []


@pytest.mark.parametrize("length", [0, 1, 4, 100, 347, 348, 352, 353, 400, 471])
def test_a_short_file_is_refused(length: int, plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, raw = plain
    assert length < len(raw) == 352 + 5 * 4 * 3 * 2
    round_trip.image().write_bytes(raw[:length])

    assert_refused(round_trip)


@pytest.mark.parametrize("keep", [0, 5, 30, 0.5, 0.9, -1, -9])
def test_a_cut_off_compressed_file_is_refused(keep: float, round_trip: RoundTrip) -> None:
    round_trip.make("large_values").forth()
    raw = round_trip.image().read_bytes()
    round_trip.image().write_bytes(raw[: int(len(raw) * keep) if isinstance(keep, float) else keep])

    assert_refused(round_trip)


def test_a_compressed_file_with_a_wrong_checksum_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    raw = bytearray(round_trip.image().read_bytes())
    raw[-8] ^= 0xFF
    round_trip.image().write_bytes(raw)

    assert_refused(round_trip)


@pytest.mark.parametrize(
    ("offset", "form", "value", "words"),
    [
        (112, "<f", float("inf"), "scl_slope is inf: the values are the stored ones"),
        (116, "<f", float("nan"), "scl_inter is nan: 0 was used"),
        (123, "<B", 1 | 8, "xyzt_units specifies meters, so voxels are up to 2500 mm large: check that it is correct"),
        (72, "<h", 8, "bitpix is 8, but voxels of its data type have 16 bits: the data type was used"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["nii", "nii.gz"])
def test_fields_that_are_not_valid_are_reported(
    offset: int, form: str, value: float, words: str, packed: bool, plain: tuple[RoundTrip, bytes]
) -> None:
    round_trip, original = plain
    raw = bytearray(original)
    struct.pack_into(form, raw, offset, value)
    path = round_trip.image().with_name("lie.nii.gz" if packed else "lie.nii")
    path.write_bytes(gzip.compress(raw) if packed else raw)

    (volume,) = read(path)

    assert words in volume.warnings


@pytest.mark.parametrize("magic", [b"none", b"\0\0\0\0", b"n+2\0"])
def test_a_header_without_the_magic_number_is_refused(magic: bytes, plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, raw = plain
    round_trip.image().write_bytes(raw[:344] + magic + raw[348:])

    assert_refused(round_trip)


@pytest.mark.parametrize(("offset", "form", "value"), LIES, ids=str)
@pytest.mark.parametrize("packed", [False, True], ids=["nii", "nii.gz"])
def test_a_header_that_is_wrong_never_ends_in_a_traceback(
    offset: int, form: str, value: object, packed: bool, plain: tuple[RoundTrip, bytes]
) -> None:
    round_trip, original = plain
    raw = bytearray(original)
    struct.pack_into(form, raw, offset, *(value if isinstance(value, tuple) else (value,)))
    path = round_trip.image()
    if packed:
        path.unlink()
        path = path.with_name(path.name + ".gz")
    path.write_bytes(gzip.compress(bytes(raw)) if packed else bytes(raw))

    (entry,) = round_trip.home().entries

    assert (entry.outcome is Outcome.FAILED) == bool(entry.error)
    assert (names_in(round_trip.back) == []) == (entry.outcome is Outcome.FAILED)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_in_a_header_never_end_in_a_traceback(seed: int, plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, original = plain
    rng = random.Random(seed)
    for _ in range(60):
        raw = bytearray(original)
        for _ in range(rng.choice((1, 2, 8))):
            raw[rng.randrange(352)] = rng.randrange(256)
        round_trip.image().write_bytes(raw)
        said = _refusal(round_trip.image())
        assert said is None or isinstance(said, GeometryError) or round_trip.image().name in str(said)


def _refusal(path: Path) -> BridgeError | None:
    """Read an image; return the error that refused it. Any other error is a failure of the test."""
    try:
        read(path)
    except BridgeError as error:
        return error
    return None


@pytest.mark.slow
def test_a_claim_beyond_memory_is_refused_at_once(plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, original = plain
    raw = bytearray(original)
    struct.pack_into("<8h", raw, 40, 4, 30000, 30000, 30000, 30000, 1, 1, 1)
    path = round_trip.image().with_name("huge.nii.gz")
    path.write_bytes(gzip.compress(bytes(raw) + bytes(10_000_000)))
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
    code += "resource.setrlimit(resource.RLIMIT_CPU, (10, 10))\n"
    code += "from nifti_dicom_bridge.cli import main; sys.exit(main())"

    done = subprocess.run([sys.executable, "-c", code, "inspect", str(path)], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "huge.nii.gz" in done.stdout + done.stderr


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128, np.int64, np.uint64, np.int8])
def test_a_type_that_dicom_does_not_have_never_ends_in_a_traceback(dtype: type, plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, _ = plain
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.ones(image.shape, dtype), image.affine, dtype=dtype))

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.DERIVED or entry.error


@pytest.mark.parametrize("shape", [(5, 4, 3, 1, 1, 2), (5, 4, 3, 2, 2, 2, 2)])
def test_more_than_four_dimensions_are_refused(shape: tuple, plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, _ = plain
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.zeros(shape, np.int16), image.affine))

    assert_refused(round_trip)


@pytest.mark.parametrize("shape", [(5,), (5, 4)])
def test_fewer_than_three_dimensions_are_one_slice(shape: tuple, plain: tuple[RoundTrip, bytes]) -> None:
    round_trip, _ = plain
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.zeros(shape, np.int16), image.affine))
    round_trip.sidecar().unlink()

    (volume,) = read(round_trip.image())

    assert volume.shape_ijk == (*shape, 1, 1)[:3]


def test_an_image_without_orientation_states_that_it_is_assumed(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), None)
    nibabel.save(image, tmp_path / "a.nii")

    (volume,) = read(tmp_path / "a.nii")

    assert any("assumed" in text for text in volume.warnings)


def test_sform_and_qform_that_disagree_are_reported(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((20, 3, 4), np.int16), np.eye(4))
    image.set_sform(np.eye(4), 1)
    image.set_qform(np.diag([2.0, 1, 1, 1]), 1)
    nibabel.save(image, tmp_path / "a.nii")

    (volume,) = read(tmp_path / "a.nii")

    assert np.array_equal(volume.ijk_to_ras, np.eye(4))
    assert any("sform was used" in text for text in volume.warnings)


@pytest.mark.parametrize("turn", [np.diag([-2.0, 2, 2, 1]), np.diag([-2.0, -2, 2, 1])], ids=["mirrored", "turned"])
def test_a_doubt_about_left_and_right_is_the_warning_that_is_printed(turn: np.ndarray, tmp_path: Path, capsys) -> None:
    image = nibabel.Nifti1Image(np.zeros((20, 3, 4), np.int16), np.diag([2.0, 2, 2, 1]))
    image.set_sform(image.affine, 1)
    image.set_qform(turn, 1)
    nibabel.save(image, tmp_path / "a.nii")

    assert main([str(tmp_path / "a.nii"), "--to", "dicom", "-o", str(tmp_path / "dicom")]) == 0

    (warning,) = [line for line in capsys.readouterr().out.splitlines() if "warning:" in line]
    assert "sform was used" in warning
    assert ("check left and right" in warning) is bool(np.linalg.det(turn) < 0)


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(NiftiReadError, match=r"nowhere\.nii"):
        read(tmp_path / "nowhere.nii")


def test_one_bad_image_does_not_stop_the_others(round_trip: RoundTrip) -> None:
    round_trip.make("two_series").forth()
    bad = round_trip.images()[0]
    bad.write_bytes(b"nonsense")

    report = convert(Job([round_trip.nifti], round_trip.back, KEEP))

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.FAILED, Outcome.RESTORED]
    assert bad.name in report.failures[0].error


@pytest.mark.parametrize("damage", ["checksum", "size", "without an end"])
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("isal", [False, True])
@pytest.mark.parametrize("tool", ["gzip", "this tool"])
def test_a_wrong_checksum_is_found_with_any_decompressor(
    tool: str, isal: bool, lazy: bool, damage: str, plain: tuple[RoundTrip, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip, raw = plain
    round_trip.image().unlink()
    round_trip.forth(overwrite=True)
    path = round_trip.image()
    packed = bytearray(gzip.compress(raw) if tool == "gzip" else path.read_bytes())
    if damage == "without an end":
        del packed[-8:]
    else:
        packed[-6 if damage == "checksum" else -2] ^= 0x40
    path.write_bytes(packed)
    if not isal:
        monkeypatch.setitem(sys.modules, "isal", None)
    if lazy:
        monkeypatch.setattr(reading, "IN_MEMORY", 0)
        monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    assert_refused(round_trip)
