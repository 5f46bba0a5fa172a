"""DICOM files that are damaged or wrong: one clear error naming the file, the other series go on, nothing half-written."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Job, Outcome, Target, convert
from nifti_dicom_bridge.conversion.inspection.inspect import inspect
from nifti_dicom_bridge.formats.dicom.reading.data_sets import files
from phantoms import ramp, save, slices
from phantoms.base import put_raw
from support.circle import Circle, listing, names_in
from support.nonempty import some

NIFTI = ConversionOptions(Target.NIFTI)
ODD_NUMBERS = (
    b"",
    b"abc ",
    b"1e400 ",
    b"-1e400",
    b"nan ",
    b"inf ",
    b"1e300 ",
    b"-5",
    b"0 ",
    b"1e-300",
    b"1\\2\\3\\4\\5\\6\\7",
    b"\xff\xfe",
    b"1_0 ",
)


def to_nifti(source: Path, target: Path) -> ConversionReport | BridgeError:
    """Convert; return the report, or the error where nothing was there to convert. Any other error is a failure of the test."""
    try:
        return convert(Job([source], target, NIFTI))
    except BridgeError as error:
        return error


def assert_clean(result: ConversionReport | BridgeError, target: Path) -> None:
    """What was written is complete and is what the report names; failures have words."""
    written = [] if isinstance(result, BridgeError) else [p.relative_to(target).as_posix() for p in result.outputs]
    assert [name for name in names_in(target) if (target / name).is_file()] == sorted(written)
    if isinstance(result, BridgeError):
        assert str(result)
    else:
        assert all(entry.error for entry in result.failures)


@pytest.mark.parametrize("name", ["private_nested", "enhanced_mr", "jpeg_ls", "deflated", "implicit", "undefined_lengths"])
def test_a_file_cut_off_anywhere_is_named_or_read(name: str, circle: Circle) -> None:
    raw = next(iter(listing(circle.make(name).dicom).values()))
    cut, source = circle.folder / "cut" / "a.dcm", circle.folder / "cut"
    source.mkdir()
    for n, length in enumerate(range(1, len(raw), 97)):
        cut.write_bytes(raw[:length])
        target = circle.folder / f"out{n}"
        result = to_nifti(source, target)
        assert_clean(result, target)
        if isinstance(result, ConversionReport):
            assert not result.ok, f"{length} of {len(raw)} bytes were taken for an image"
            assert "a.dcm" in result.failures[0].error


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["private_nested", "enhanced_mr", "jpeg_ls", "deflated", "implicit", "big_endian", "mosaic", "segmentation"]
)
@pytest.mark.parametrize("seed", range(2))
def test_flipped_bits_never_end_in_a_traceback(name: str, seed: int, circle: Circle) -> None:
    rng = random.Random(seed)
    files = listing(circle.make(name).dicom)
    source = circle.folder / "flipped"
    source.mkdir()
    for n in range(25):
        for file, original in files.items():
            raw = bytearray(original)
            for _ in range(rng.choice((1, 3, 30))):
                raw[rng.randrange(132, len(raw))] = rng.randrange(256)
            (source / file).write_bytes(raw)
        target = circle.folder / f"out{n}"
        assert_clean(to_nifti(source, target), target)


@pytest.mark.parametrize(
    "tag",
    [0x00200032, 0x00200037, 0x00280030, 0x00281052, 0x00281053, 0x00180050, 0x00180088, 0x00180080, 0x00200013, 0x00180081,
     0x00200011, 0x00181164, 0x00181063],
    ids="{:08X}".format,
)  # fmt: skip
@pytest.mark.parametrize("value", ODD_NUMBERS, ids=repr)
def test_decimal_strings_that_are_no_numbers_never_end_in_a_traceback(tag: int, value: bytes, circle: Circle) -> None:
    found = slices(ramp(3, 4, 5), "1.2.840.10008.5.1.4.1.1.4")
    for ds in found:
        put_raw(ds, tag, "IS" if tag in (0x00200013, 0x00200011) else "DS", value)
    save(circle.dicom, found)

    result = to_nifti(circle.dicom, circle.nifti)

    assert_clean(result, circle.nifti)
    if isinstance(result, ConversionReport) and result.ok:
        assert circle.home().ok
        assert listing(circle.back) == listing(circle.dicom)


@pytest.mark.parametrize("place", ["without position", "with position"])
@pytest.mark.parametrize("value", ODD_NUMBERS, ids=repr)
def test_odd_spacing_of_a_single_image_never_ends_in_a_traceback(place: str, value: bytes, circle: Circle) -> None:
    (ds,) = slices(ramp(1, 4, 5))
    if place == "without position":
        del ds.ImagePositionPatient
    put_raw(ds, 0x00280030, "DS", value + b"\\" + value + b" ")
    save(circle.dicom, [ds])

    assert_clean(to_nifti(circle.dicom, circle.nifti), circle.nifti)


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_a_zero_dimension_is_named(keyword: str, circle: Circle) -> None:
    found = slices(ramp(1, 4, 5))
    setattr(found[0], keyword, 0)
    save(circle.dicom, found)

    result = to_nifti(circle.dicom, circle.nifti)

    assert isinstance(result, ConversionReport)
    assert "001.dcm" in result.failures[0].error
    assert keyword in result.failures[0].error
    assert names_in(circle.nifti) == []


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "PixelData"])
def test_a_missing_attribute_is_named(keyword: str, circle: Circle) -> None:
    found = slices(ramp(1, 4, 5))
    delattr(found[0], keyword)
    save(circle.dicom, found)

    result = to_nifti(circle.dicom, circle.nifti)

    assert_clean(result, circle.nifti)
    assert not isinstance(result, ConversionReport) or keyword in result.failures[0].error


@pytest.mark.slow
@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_huge_claimed_dimensions_are_refused_before_memory_is_taken(keyword: str, circle: Circle) -> None:
    found = slices(ramp(1, 4, 5))
    put_raw(found[0], {"Rows": 0x00280010, "Columns": 0x00280011}[keyword], "UL", struct.pack("<I", 2**31 - 1))
    save(circle.dicom, found)

    assert "truncated" in _converted_with_limits(circle)


@pytest.mark.slow
@pytest.mark.parametrize("count", [b"99999999", b"999999999999", b"1e300"])
@pytest.mark.parametrize("name", ["classic_ct", "enhanced_mr", "jpeg_ls"])
def test_a_huge_number_of_frames_is_refused_in_time_and_memory(count: bytes, name: str, circle: Circle) -> None:
    circle.make(name)
    for file, raw in listing(circle.dicom).items():
        number = struct.pack("<HH2sH", 0x0028, 0x0008, b"IS", len(count) + len(count) % 2) + count + b" " * (len(count) % 2)
        at = raw.index(struct.pack("<HH2s", 0x0028, 0x0010, b"US"))
        old = raw.find(struct.pack("<HH2s", 0x0028, 0x0008, b"IS"))
        (circle.dicom / file).write_bytes(raw[: at if old < 0 else old] + number + raw[at:])

    assert "001.dcm" in _converted_with_limits(circle)


def _converted_with_limits(circle: Circle) -> str:
    """Convert in a process that may take 2 GB and 10 s of processor time; return its output.

    It must end by itself, without a traceback.
    """
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
    limited += "resource.setrlimit(resource.RLIMIT_CPU, (10, 10))\n"
    limited += "from nifti_dicom_bridge.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti)]
    done = subprocess.run([sys.executable, "-c", limited, *arguments], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert names_in(circle.nifti) == []
    return done.stderr


def test_pixel_data_shorter_than_promised_are_named_with_both_lengths(circle: Circle) -> None:
    found = slices(ramp(2, 4, 5))
    found[1].PixelData = found[1].PixelData[:-4]
    save(circle.dicom, found)

    result = to_nifti(circle.dicom, circle.nifti)

    assert isinstance(result, ConversionReport)
    for text in ("002.dcm", "PixelData (7FE0,0010)", "36", "40"):
        assert text in result.failures[0].error


@pytest.mark.parametrize("value", ["1e300", "-1e300", "1e38", "1e-40"])
def test_positions_beyond_single_precision_never_end_in_a_traceback(value: str, circle: Circle) -> None:
    found = slices(ramp(2, 4, 5))
    for n, ds in enumerate(found):
        put_raw(ds, 0x00200032, "DS", f"0\\0\\{value}".encode() if n else b"0\\0\\0 ")
    save(circle.dicom, found)

    assert_clean(to_nifti(circle.dicom, circle.nifti), circle.nifti)


@pytest.mark.parametrize("value", ["1e300", "-2000", "nan", "1e-300"])
def test_odd_repetition_times_never_end_in_a_traceback(value: str, circle: Circle) -> None:
    found = slices(ramp(2, 4, 5), "1.2.840.10008.5.1.4.1.1.4", step=(0, 0, 0))
    for ds in found:
        put_raw(ds, 0x00180080, "DS", value.encode() + b" " * (len(value) % 2))
    save(circle.dicom, found)

    result = to_nifti(circle.dicom, circle.nifti)

    assert_clean(result, circle.nifti)
    assert isinstance(result, ConversionReport)
    assert result.ok


def test_a_damaged_file_stops_neither_its_series_nor_others(circle: Circle) -> None:
    circle.make("two_series")
    last = sorted(circle.dicom.iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-10])

    report = circle.forth()

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.CONVERTED, Outcome.CONVERTED, Outcome.FAILED]
    assert last.name in report.failures[0].error
    assert not report.ok
    assert len(circle.images()) == 2


@pytest.mark.slow
def test_damaged_compressed_data_fail_alone(circle: Circle) -> None:
    circle.make("jpeg_ls").make("rgb_planar")
    path = circle.dicom / "002.dcm"
    raw = path.read_bytes()
    path.write_bytes(raw[:-400] + bytes(392) + raw[-8:])

    result = to_nifti(circle.dicom, circle.nifti)

    assert_clean(result, circle.nifti)


@pytest.mark.slow
def test_an_unknown_transfer_syntax_is_named(circle: Circle) -> None:
    circle.make("rle")  # other codecs specify themselves in their frames
    for path in circle.dicom.iterdir():
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.9"))

    result = to_nifti(circle.dicom, circle.nifti)

    assert isinstance(result, ConversionReport)
    assert "1.2.840.10008.1.2.9" in result.failures[0].error


def test_a_mosaic_without_its_header_is_refused(circle: Circle) -> None:
    circle.make("mosaic")
    for path in circle.dicom.iterdir():
        raw = path.read_bytes()
        at = raw.index(struct.pack("<HH2s", 0x0029, 0x1010, b"OB"))
        length = int.from_bytes(raw[at + 8 : at + 12], "little")
        path.write_bytes(raw[:at] + raw[at + 12 + length :])

    (failure,) = circle.forth().failures
    assert "mosaic of slices" in failure.error


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"hello", b"\x08\0", b"\x08\0\x05\0CS", bytes(200), bytes(128) + b"DICM", b"DICM" * 100]
)
def test_files_that_are_no_images_end_in_one_sentence(content: bytes, circle: Circle) -> None:
    circle.dicom.mkdir()
    (circle.dicom / "a.dcm").write_bytes(content)

    result = to_nifti(circle.dicom, circle.nifti)

    assert_clean(result, circle.nifti)
    assert isinstance(result, BridgeError) or "a.dcm" in result.failures[0].error


def test_an_object_without_pixels_is_named_with_its_kind(circle: Circle) -> None:
    report = circle.make("strangers_between").forth()

    skipped = [entry for entry in report.entries if entry.outcome is Outcome.SKIPPED]
    assert [entry.title for entry in skipped] == ["report"]
    assert "Basic Text SR" in skipped[0].error


def test_the_same_file_twice_is_one_instance(circle: Circle) -> None:
    circle.make("classic_ct")
    (circle.dicom / "copy.dcm").write_bytes((circle.dicom / "001.dcm").read_bytes())

    report = circle.forth()

    assert [entry.error for entry in report.entries if entry.outcome is Outcome.SKIPPED] == [
        f"the same instance as {circle.dicom / '001.dcm'}"
    ]
    assert len(circle.images()) == 1


def test_another_object_with_the_same_uid_is_kept_apart(circle: Circle) -> None:
    circle.make("classic_ct")
    save(circle.dicom / "other", slices(ramp(3, 4, 5, start=1000)))

    circle.forth()
    circle.home()

    assert len(circle.images()) == 2
    assert listing(circle.back) == listing(circle.dicom)


def test_instances_without_uids_and_with_equal_names_are_not_mixed(circle: Circle) -> None:
    circle.make("no_instance_uids")
    other = slices(ramp(3, 4, 5, start=1000), series=2)
    for ds in other:
        del ds.SOPInstanceUID
    save(circle.folder / "other", other)
    convert(Job([circle.dicom, circle.folder / "other"], circle.nifti, NIFTI))

    report = convert(Job([circle.nifti], circle.back, ConversionOptions(Target.DICOM)))

    assert report.ok
    values = sorted(int(ds.pixel_array[0, 0]) for ds in circle.returned())
    assert values == [0, 20, 40, 1000, 1020, 1040]


def test_a_missing_input_is_named(circle: Circle) -> None:
    with pytest.raises(BridgeError, match="nowhere"):
        convert(Job([circle.folder / "nowhere"], circle.nifti, NIFTI))
    assert names_in(circle.nifti) == []


def test_an_empty_folder_is_reported(circle: Circle) -> None:
    circle.dicom.mkdir()
    with pytest.raises(BridgeError, match="No DICOM images or Zarr stores were found"):
        circle.forth()


def test_nifti_that_is_to_become_nifti_is_named(circle: Circle) -> None:
    circle.nifti.mkdir()
    nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4)).to_filename(circle.nifti / "x.nii")
    with pytest.raises(BridgeError, match=r"1 other image.*target=\"dicom\""):
        convert(Job([circle.nifti], circle.back, NIFTI))


@pytest.fixture
def locked(circle: Circle, as_root: bool) -> Iterator[Path]:
    """A folder next to the files of a series that cannot be read."""
    if as_root:
        pytest.skip("permissions do not apply to root")
    circle.make("classic_ct")
    folder = circle.dicom / "locked"
    folder.mkdir()
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("target", [Target.NIFTI, Target.ZARR, Target.PREVIEW])
def test_an_unreadable_folder_is_one_failed_entry(circle: Circle, locked: Path, target: Target) -> None:
    entries = convert(Job([circle.dicom], circle.nifti, ConversionOptions(target))).entries
    assert [entry.outcome for entry in entries] == [Outcome.FAILED, Outcome.CONVERTED]
    assert str(locked) in entries[0].error


def test_an_unreadable_folder_is_a_problem_of_an_inspection(circle: Circle, locked: Path) -> None:
    found = inspect([circle.dicom])
    assert [problem["path"] for problem in found.problems] == [str(locked)]
    assert found.images


def test_an_unreadable_image_is_not_called_damaged(circle: Circle, as_root: bool) -> None:
    if as_root:
        pytest.skip("permissions do not apply to root")
    circle.make("classic_ct").forth()
    circle.image().chmod(0)
    reasons = {str(entry.error) for entry in circle.home().entries}
    assert all("cannot be read (Permission denied)" in reason for reason in some(reasons))


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_to_itself_does_not_go_round_for_ever(circle: Circle) -> None:
    circle.make("classic_ct")
    (circle.dicom / "loop").symlink_to(circle.dicom)

    assert len([e for e in circle.forth().entries if e.outcome is Outcome.CONVERTED]) == 1


def test_a_dicomdir_that_points_outside_is_refused(circle: Circle) -> None:
    from phantoms import image, write

    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    from phantoms.multiframe import group

    directory.DirectoryRecordSequence = [group(ReferencedFileID=["..", "secret"])]
    write(circle.dicom / "DICOMDIR", directory)

    with pytest.raises(BridgeError, match="outside"):
        convert(Job([circle.dicom / "DICOMDIR"], circle.nifti, NIFTI))


def test_a_dicomdir_that_names_a_drive_is_refused(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    from phantoms import image, write
    from phantoms.multiframe import group

    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    directory.DirectoryRecordSequence = [group(ReferencedFileID=["C:", "SECRET"])]
    write(circle.dicom / "DICOMDIR", directory)
    monkeypatch.setattr(files, "PurePath", PureWindowsPath)

    with pytest.raises(BridgeError, match="outside"):
        convert(Job([circle.dicom / "DICOMDIR"], circle.nifti, NIFTI))


def test_a_dicomdir_names_the_files_to_convert(circle: Circle) -> None:
    from phantoms import image, write
    from phantoms.multiframe import group

    save(circle.dicom / "IMAGES", slices(ramp(3, 4, 5)), "IM{}")
    save(circle.dicom / "OTHERS", slices(ramp(3, 4, 5), series=2), "IM{}")
    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    directory.DirectoryRecordSequence = [group(ReferencedFileID=["IMAGES", f"IM{n}"]) for n in (1, 2, 3)]
    write(circle.dicom / "DICOMDIR", directory)

    report = convert(Job([circle.dicom / "DICOMDIR"], circle.nifti, NIFTI))

    assert [len(entry.inputs) for entry in report.entries] == [3]


@pytest.mark.parametrize("name", ["mixed_types", "uneven_spacing", "enhanced_two_stacks", "strangers_between"])
def test_inspect_names_what_convert_does(name: str, circle: Circle) -> None:
    circle.make(name)
    found = inspect([circle.dicom])
    circle.forth()

    assert sorted(image["becomes"] for image in found.images) == [path.name for path in circle.images()]
    assert json.dumps(found.to_dict())


@pytest.mark.parametrize("lost", [2, 40])
def test_a_deflated_file_without_its_end_is_damaged(lost: int, circle: Circle) -> None:
    circle.make("deflated")
    path = next(circle.dicom.iterdir())
    path.write_bytes(path.read_bytes()[:-lost])

    errors = [entry.error for entry in circle.forth().entries]

    assert any("the compressed data set is cut off" in error for error in errors)


def test_pixel_data_that_claim_more_bytes_than_the_file_has_do_not_end_the_series(circle: Circle) -> None:
    """All pixels are there, but their length was found to be wrong only when they were read: the series failed."""
    save(circle.dicom, slices(ramp(4, 4, 5)))
    path = sorted(circle.dicom.iterdir())[0]
    raw = path.read_bytes()
    at = raw.index(b"\xe0\x7f\x10\x00OW") + 8
    path.write_bytes(raw[:at] + struct.pack("<I", 1 << 30) + raw[at + 4 :])

    entries = {entry.outcome: entry for entry in convert(Job([circle.dicom], circle.nifti, NIFTI)).entries}

    assert len(entries[Outcome.CONVERTED].inputs) == 3
    assert "should have 1073741824 bytes, the file holds 40: truncated" in entries[Outcome.FAILED].error


@pytest.mark.parametrize("lost", [[], [1], [1, 3]])
def test_files_that_a_dicomdir_in_the_folder_lists_are_missed(lost: list[int], circle: Circle) -> None:
    from phantoms import image, write
    from phantoms.multiframe import group

    found = slices(ramp(4, 4, 5))
    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    series = group(DirectoryRecordType="SERIES", SeriesInstanceUID=found[0].SeriesInstanceUID)
    files = [group(DirectoryRecordType="IMAGE", ReferencedSOPInstanceUIDInFile=ds.SOPInstanceUID) for ds in found]
    directory.DirectoryRecordSequence = [group(DirectoryRecordType="STUDY"), series, *files]
    save(circle.dicom, [ds for n, ds in enumerate(found) if n not in lost])
    write(circle.dicom / "DICOMDIR", directory)

    entries = {entry.outcome: entry for entry in convert(Job([circle.dicom], circle.nifti, NIFTI)).entries}

    words = f"the DICOMDIR lists {len(lost)} file(s) of the series that were not found"
    assert any(words in warning for warning in entries[Outcome.CONVERTED].log.warnings) == bool(lost)


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
