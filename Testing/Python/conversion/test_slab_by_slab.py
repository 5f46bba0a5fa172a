"""Large images are converted some planes at a time: never more of them are in memory, with the same results as in memory."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import zarr

from nifti_dicom_bridge import ConversionOptions, Job, LazyVoxels, Outcome, Target, apply, convert
from nifti_dicom_bridge.formats.dicom.derived import multi_frame
from nifti_dicom_bridge.formats.dicom.reading.data_sets import data_set_writing
from nifti_dicom_bridge.formats.dicom.reading.loader import Loader
from nifti_dicom_bridge.formats.nifti import lazy_image, reading, writing
from nifti_dicom_bridge.formats.zarr.zarr_voxels import ZarrVoxels
from nifti_dicom_bridge.model.voxels import kept_voxels, lazy_voxels, turned_voxels
from phantoms.base import COLUMNS, ROWS, ramp, save, slices
from phantoms.multiframe import enhanced
from support.round_trip import NEW, RoundTrip
from support.zarr_round_trip import ZarrRoundTrip

OWN = {"SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "InstanceCreationTime", "InstanceCreationDate"}
DERIVED = ["classic_ct", "mr_4d", "pet_slopes", "enhanced_mr", "enhanced_slopes", "cine", "dose_grid", "mosaic", "float_pixels"]

PLANES, AT_ONCE = 12, 2
"""The digest reads two of its blocks at once, which are planes here; nothing else reads more than one."""


def filtered(nifti: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """Return real values that are no longer whole numbers, as a filter leaves them."""
    return nibabel.Nifti1Image((np.asarray(nifti.dataobj) * 1.1).astype(np.float32), nifti.affine)


def one_voxel(nifti: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """Return stored values of which one was changed."""
    values = np.asarray(nifti.dataobj.get_unscaled()).copy()
    values[(0,) * values.ndim] += 1
    changed = nibabel.Nifti1Image(values, nifti.affine)
    changed.header.set_slope_inter(nifti.dataobj.slope, nifti.dataobj.inter)
    return changed


def content(folder: Path) -> list[list[str]]:
    """Return all elements of all files but those that every conversion writes again."""
    files = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    return [[str(element) + str(element.value) for element in ds if element.keyword not in OWN] for ds in files]


@pytest.fixture
def planes_at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Slabs of one plane; receives how many planes were read at once, and fails where an image is read as a whole."""
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    monkeypatch.setattr(writing, "CHUNK", 1)
    monkeypatch.setattr(lazy_image, "KEPT_BYTES", 1)
    monkeypatch.setattr(kept_voxels, "KEPT_BYTES", 1)
    monkeypatch.setattr(lazy_voxels, "SLAB", 1)
    monkeypatch.setattr(turned_voxels, "BLOCK", 1)
    monkeypatch.setattr("nifti_dicom_bridge.model.voxels.digest.DIGEST_BLOCK", 1)
    counts: list[int] = []

    def counted(read: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        def planes(voxels: LazyVoxels, start: int, stop: int) -> np.ndarray:
            counts.append(stop - start)
            return read(voxels, start, stop)

        return planes

    for kind in (lazy_image.NiftiVoxels, ZarrVoxels):
        monkeypatch.setattr(kind, "planes", counted(kind.planes))
    return counts


@pytest.mark.parametrize("change", [one_voxel, filtered])
@pytest.mark.parametrize("phantom", DERIVED)
def test_derived_series_are_those_of_images_in_memory(
    phantom: str, change: Callable, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make(phantom).forth(gzip=False)
    round_trip.edit_images(change)
    first = round_trip.home(NEW)
    expected = content(round_trip.back)
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    monkeypatch.setattr(lazy_voxels, "SLAB", 1)
    again = RoundTrip(round_trip.folder)
    again.back = round_trip.folder / "again"

    second = again.home(NEW)
    assert [entry.log for entry in second.entries] == [entry.log for entry in first.entries]
    assert content(again.back) == expected
    assert expected


def write_many(folder: Path, kind: str) -> None:
    """Write `PLANES` slices: a file for each, or one of all frames."""
    save(folder, [enhanced(1, PLANES)] if kind == "enhanced" else slices(ramp(PLANES, ROWS, COLUMNS)))


@pytest.mark.parametrize("change", [one_voxel, filtered])
@pytest.mark.parametrize("kind", ["files", "enhanced"])
def test_an_edited_image_is_never_in_memory(
    kind: str, change: Callable, round_trip: RoundTrip, planes_at_once: list[int]
) -> None:
    write_many(round_trip.dicom, kind)
    round_trip.forth(gzip=False)
    round_trip.edit_image(change)
    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    assert max(planes_at_once) <= AT_ONCE


@pytest.mark.slow
def test_a_store_is_never_in_memory_on_its_way_to_nifti(tmp_path: Path, planes_at_once: list[int]) -> None:
    zarr_round_trip = ZarrRoundTrip(tmp_path)
    write_many(zarr_round_trip.dicom, "files")
    zarr_round_trip.forth()
    array = zarr.open_array(store=str(zarr_round_trip.store()), path="0", mode="r")
    report = convert(
        Job([zarr_round_trip.stores], zarr_round_trip.folder / "nifti", ConversionOptions(Target.NIFTI, gzip=False))
    )

    (path,) = (zarr_round_trip.folder / "nifti").glob("*.nii")
    assert report.ok
    assert max(planes_at_once) <= AT_ONCE
    assert np.array_equal(np.asarray(nibabel.load(path).dataobj.get_unscaled()).T[:, ::-1], array[:])


def write_labels(path: Path, dtype: type = np.uint8) -> np.ndarray:
    """Write a label map that never was DICOM; its ends are empty."""
    labels = np.zeros((COLUMNS, ROWS, PLANES), dtype)
    labels[1:3, 1:3, 1:-1], labels[3:, 2:, 4:8] = 1, 7
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(labels, np.diag([2.0, 2, 3, 1])), path)
    return labels


@pytest.mark.parametrize("form", ["binary", "labelmap"])
def test_a_label_map_is_never_in_memory_on_its_way_to_a_segmentation(
    form: str, round_trip: RoundTrip, planes_at_once: list[int]
) -> None:
    labels = write_labels(round_trip.nifti / "labels.nii", np.float32)
    report = round_trip.home(NEW, kind="seg", segmentation=form)

    assert report.ok, report.entries[0].error
    assert max(planes_at_once) == 1
    round_trip.dicom, round_trip.nifti = round_trip.back, round_trip.folder / "again"
    round_trip.forth(gzip=False)
    assert np.array_equal(np.unique(round_trip_values(round_trip), return_counts=True), np.unique(labels, return_counts=True))


def round_trip_values(round_trip: RoundTrip) -> np.ndarray:
    """Return the values of the only image."""
    return np.asarray(nibabel.load(round_trip.image()).dataobj)


@pytest.mark.parametrize("change", [None, one_voxel])
def test_the_label_map_of_a_segmentation_is_never_in_memory(
    change: Callable | None, round_trip: RoundTrip, planes_at_once: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nifti_dicom_bridge.conversion.inputs.streamed.IN_MEMORY", 0)
    monkeypatch.setattr("nifti_dicom_bridge.conversion.inputs.streamed.IN_MEMORY_OBJECT", 0)
    write_labels(round_trip.nifti / "labels.nii")
    round_trip.home(NEW, kind="seg")
    round_trip.dicom, round_trip.nifti, round_trip.back = (
        round_trip.back,
        round_trip.folder / "again",
        round_trip.folder / "restored",
    )
    with monkeypatch.context() as without:
        without.setattr(Loader, "stored_voxels", None)
        assert round_trip.forth(gzip=False).ok
    if change:
        round_trip.edit_image(change)
    planes_at_once.clear()
    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED if change else Outcome.REISSUED]
    assert max(planes_at_once) <= AT_ONCE


def sagittal(nifti: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """Return an image in sagittal slices, with one voxel changed."""
    turned = one_voxel(nifti)
    axes = nibabel.orientations.axcodes2ornt("ASR")
    return turned.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(turned.affine), axes))


def test_an_image_in_other_slices_is_never_in_memory(round_trip: RoundTrip, planes_at_once: list[int]) -> None:
    write_many(round_trip.dicom, "files")
    round_trip.forth(gzip=False)
    round_trip.edit_image(sagittal)
    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    assert len(round_trip.returned()) == PLANES
    assert max(planes_at_once) <= max(AT_ONCE, COLUMNS // 2)


def test_frames_with_slopes_of_their_own_are_restored_without_the_image_in_memory(
    round_trip: RoundTrip, planes_at_once: list[int]
) -> None:
    ds = enhanced(1, PLANES)
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        rescale = pydicom.Dataset()
        rescale.RescaleIntercept, rescale.RescaleSlope, rescale.RescaleType = "0", f"1.{n}25", "US"
        groups.PixelValueTransformationSequence = [rescale]
    save(round_trip.dicom, [ds])
    round_trip.forth(gzip=False)
    planes_at_once.clear()
    report = round_trip.home(uids="keep", names="original")

    assert report.ok, report.entries[0].error
    assert max(planes_at_once) <= AT_ONCE
    assert [path.read_bytes() for path in round_trip.back.rglob("*.dcm")] == [
        path.read_bytes() for path in round_trip.dicom.iterdir()
    ]


@pytest.mark.parametrize("kind", ["enhanced-ct", "legacy"])
@pytest.mark.parametrize("change", [None, one_voxel])
def test_an_image_is_never_in_memory_on_its_way_to_another_kind(
    kind: str, change: Callable | None, round_trip: RoundTrip, planes_at_once: list[int]
) -> None:
    write_many(round_trip.dicom, "files")
    round_trip.forth(gzip=False)
    if change is not None:
        round_trip.edit_image(change)
    report = round_trip.home(NEW, kind=kind)

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]
    assert max(planes_at_once) <= AT_ONCE


@pytest.mark.slow
def test_the_result_of_a_command_is_never_in_memory(round_trip: RoundTrip, planes_at_once: list[int]) -> None:
    write_many(round_trip.dicom, "files")
    copy = "import shutil, sys; shutil.copy(*sys.argv[1:])"
    report = apply(round_trip.dicom, round_trip.back, [sys.executable, "-c", copy, "{input}", "{output}"])

    assert [entry.outcome for entry in report.entries] == [Outcome.REISSUED]
    assert max(planes_at_once) <= AT_ONCE


@pytest.mark.parametrize("plane", ["auto", "sagittal"])
def test_an_image_is_never_in_memory_for_its_pictures(plane: str, round_trip: RoundTrip, planes_at_once: list[int]) -> None:
    write_many(round_trip.dicom, "files")
    round_trip.forth(gzip=False)
    report = convert(Job([round_trip.nifti], round_trip.back, ConversionOptions(Target.PREVIEW, plane=plane)))

    assert report.ok
    assert max(planes_at_once) <= AT_ONCE


@pytest.mark.parametrize("phantom", ["classic_ct", "mr_4d", "pet_slopes", "enhanced_slopes"])
@pytest.mark.parametrize("kind", ["sc", "enhanced"])
def test_dicom_read_by_planes_becomes_the_same_other_kind(
    phantom: str, kind: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make(phantom)
    options = ConversionOptions(Target.DICOM, kind=kind)
    first = convert(Job([round_trip.dicom], round_trip.back, options))
    monkeypatch.setattr("nifti_dicom_bridge.conversion.inputs.streamed.IN_MEMORY", 0)
    monkeypatch.setattr("nifti_dicom_bridge.conversion.inputs.streamed.IN_MEMORY_OBJECT", 0)
    monkeypatch.setattr(kept_voxels, "KEPT_BYTES", 1)
    monkeypatch.setattr(Loader, "stored_voxels", None)
    second = convert(Job([round_trip.dicom], round_trip.folder / "again", options))

    assert first.ok, first.entries[0].error
    assert [entry.log for entry in second.entries] == [entry.log for entry in first.entries]
    assert content_of_new(round_trip.folder / "again") == content_of_new(round_trip.back)


def label_map() -> np.ndarray:
    return np.ones((COLUMNS, ROWS, PLANES), np.uint8)


TOO_LARGE = {
    "enhanced-ct": (2 * COLUMNS * ROWS * PLANES, {"kind": "enhanced-ct"}),
    "sc-multiframe": (COLUMNS * ROWS * PLANES, {"kind": "sc-multiframe"}),
    "pm": (4 * COLUMNS * ROWS * PLANES, {"kind": "pm"}),
    "one slice": (2 * COLUMNS * ROWS, {"kind": "ct"}),
    "label map": (COLUMNS * ROWS * PLANES, {"kind": "seg", "segmentation": "labelmap"}),
}
"""The least bytes of pixel data of an object, and the options for its kind."""


@pytest.mark.parametrize("name", TOO_LARGE)
def test_an_object_with_more_pixel_data_than_its_length_can_state_is_refused_before_voxels_are_read(
    name: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed, choices = TOO_LARGE[name]
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(label_map(), np.diag([2.0, 2, 3, 1])), round_trip.nifti / "a.nii")
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(data_set_writing, "LONGEST", needed - 1)
    monkeypatch.setattr(lazy_image.NiftiVoxels, "_read", None)
    (entry,) = round_trip.home(NEW, **choices).entries

    assert f"{needed} bytes of pixel data do not fit one DICOM object, which has at most {needed - 1}" in entry.error
    assert not list(round_trip.back.rglob("*.dcm"))


def test_segments_that_need_more_pixel_data_than_an_object_has_are_refused_before_they_are_made(
    round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.ones((64, 64, PLANES), np.uint8), np.diag([2.0, 2, 3, 1])), round_trip.nifti / "a.nii")
    needed = 64 * 64 * PLANES // 8
    monkeypatch.setattr(data_set_writing, "LONGEST", needed - 1)
    monkeypatch.setattr("highdicom.seg.Segmentation", None)
    report = round_trip.home(NEW, kind="seg")

    assert f"{needed} bytes of pixel data do not fit" in report.entries[0].error


def test_a_larger_grid_of_an_object_of_many_frames_is_refused_before_values_are_computed(
    round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make("enhanced_mr").forth()
    original = nibabel.load(round_trip.image())
    values = np.concatenate([np.asarray(original.dataobj.get_unscaled())] * 2, axis=2)
    larger = nibabel.Nifti1Image(values, original.affine)
    larger.header.set_slope_inter(original.dataobj.slope, original.dataobj.inter)
    nibabel.save(larger, round_trip.image())
    monkeypatch.setattr(data_set_writing, "LONGEST", 2 * values.size - 1)
    monkeypatch.setattr(multi_frame, "functional_frames", None)
    (entry,) = round_trip.home().entries

    assert f"{2 * values.size} bytes of pixel data do not fit one DICOM object" in entry.error


def content_of_new(folder: Path) -> list[tuple[bytes, list[str]]]:
    """Return the pixels of all files, and their other elements without UIDs and times, which are new in every file."""
    found = []
    for path in sorted(folder.rglob("*.dcm")):
        ds = pydicom.dcmread(path)
        lines = [re.sub(r"2\.25\.\d+", "UID", line) for line in str(ds).splitlines()]
        found.append((ds.PixelData, [line for line in lines if not re.search(r"\(0002,|Date|Time|Pixel Data", line)]))
    return found


@pytest.mark.parametrize("kind", ["ct", "pet", "enhanced-ct"])
@pytest.mark.parametrize("values", ["steps", "noise", "missing"])
def test_real_values_become_what_they_do_in_memory(
    kind: str, values: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = np.random.default_rng(0).normal(0, 30, (COLUMNS, ROWS, PLANES)).astype(np.float32)
    if values == "steps":
        voxels = np.rint(voxels) * np.float32(0.25)
    if values == "missing" and kind != "pet":
        voxels[:2, :2, :2] = np.nan
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([2.0, 2, 3, 1])), round_trip.nifti / "a.nii")
    first = round_trip.home(NEW, kind=kind)
    expected = content_of_new(round_trip.back)
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(lazy_voxels, "SLAB", 1)
    again = RoundTrip(round_trip.folder)
    again.back = round_trip.folder / "again"
    second = again.home(NEW, kind=kind)

    assert first.ok
    assert [entry.log.warnings for entry in second.entries] == [entry.log.warnings for entry in first.entries]
    assert content_of_new(again.back) == expected


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("kind", ["ct", "enhanced-ct", "pm"])
def test_an_image_is_never_in_memory_on_its_way_to_new_dicom(
    kind: str, dtype: type, round_trip: RoundTrip, planes_at_once: list[int]
) -> None:
    values = ramp(COLUMNS, ROWS, PLANES, start=-100).astype(dtype) * dtype(0.3 if dtype is np.float32 else 1)
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 2, 3, 1])), round_trip.nifti / "a.nii")
    report = round_trip.home(NEW, kind=kind)

    assert report.ok, report.entries[0].error
    assert max(planes_at_once) == 1
    assert sum(ds.pixel_array.size for ds in round_trip.returned()) == values.size


def write_large(path: Path, slices: int) -> None:
    """Write an image of slices of a quarter of a megabyte."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((256, 512, slices))
    header["vox_offset"], header["magic"] = 352, b"n+1"
    header.set_sform(np.diag([0.5, 0.5, 1, 1]), 1)
    plane = np.random.default_rng(0).normal(0, 30, (256, 512)).astype("<i2").tobytes()
    with open(path, "wb") as file:
        file.write(bytes(header.binaryblock) + bytes(4))
        file.writelines(plane for _ in range(slices))


COMMAND_WITH_PEAK = """
import pathlib, sys
from nifti_dicom_bridge.cli import program
try:
    program()
finally:
    print(*[line.split()[1] for line in pathlib.Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line])
"""
"""The peak that the system keeps for a child of a large process, as tests are, begins with that of its parent."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak memory of a process is known on Linux")
def test_a_store_of_a_larger_image_needs_no_more_memory(tmp_path: Path) -> None:
    """Blocks of many sizes leave gaps in freed memory, which grew with the image."""
    peaks = []
    for count in (256, 1536):
        image = tmp_path / f"{count}.nii"
        write_large(image, count)
        command = [sys.executable, "-c", COMMAND_WITH_PEAK, "convert", image, "--to", "zarr", "-o", tmp_path / "stores", "-q"]
        peaks.append(int(subprocess.run(command, check=True, capture_output=True).stdout.split()[-1]) // 1024)
    assert peaks[1] - peaks[0] < 32
