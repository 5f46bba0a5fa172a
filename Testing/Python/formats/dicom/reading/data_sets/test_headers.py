"""A file that is read by comparing its bytes with another is read as if it were parsed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import phantoms
from nifti_dicom_bridge import compare, to_dicom, to_nifti
from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.data_sets import files
from nifti_dicom_bridge.formats.dicom.reading.data_sets.headers import Headers, Template
from nifti_dicom_bridge.formats.dicom.reading.frames.frames import SharedDescriptions, frames_of
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from phantoms.base import MR, ramp, save, slices
from support.nonempty import some
from support.paths import CASES, SHARED


def folders() -> Iterator[Path]:
    """Yield the folders with real series, where they are."""
    for case in CASES:
        yield SHARED / case / "dicom"


def parsed(path: Path) -> tuple[object, ...]:
    """Return what parsing a file gives."""
    return astuple(files.read_instance(path, path.name))


def assert_read_as_parsed(paths: list[Path]) -> int:
    """Read files one after the other, compare each with what parsing it gives, and return how many were not parsed."""
    headers, templates, count = Headers(), set(), 0
    for path in paths:
        try:
            instance = headers.read(path, path.name)
        except (files.NotDicom, DicomReadError):
            continue
        assert astuple(instance) == parsed(path), path
        count += id(instance.pixels) in templates
        templates.add(id(instance.pixels))
    return count


@pytest.mark.parametrize("folder", list(folders()) or [None], ids=str)
def test_real_files_are_read_as_parsed_in_any_order(folder: Path | None) -> None:
    if folder is None:
        pytest.skip("there is no ../shared/data next to the repository")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "DICOMDIR"]
    assert_read_as_parsed(paths)
    random.Random(1).shuffle(paths)
    assert_read_as_parsed(paths)


@pytest.mark.parametrize("name", sorted(phantoms.PHANTOMS))
def test_phantoms_are_read_as_parsed(name: str, tmp_path: Path) -> None:
    phantoms.PHANTOMS[name].write(tmp_path)
    assert_read_as_parsed([path for path in sorted(tmp_path.rglob("*")) if path.is_file() and path.name != "DICOMDIR"])


def series() -> list[Dataset]:
    """Return a series with private elements and a sequence."""
    data_sets = slices(ramp(6, 4, 5), MR)
    for n, ds in enumerate(data_sets):
        ds.add_new(0x00290010, "LO", "PHANTOM A")
        ds.add_new(0x00291001, "LO", f"value {n}")
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = MR, phantoms.uid(7, n)
        ds.ReferencedImageSequence = Sequence([item])
    return data_sets


def test_most_files_of_a_series_are_not_parsed(tmp_path: Path) -> None:
    save(tmp_path, series())
    assert assert_read_as_parsed(sorted(tmp_path.iterdir())) >= 3


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_change_of_bytes_is_read_as_parsed(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("changed")
    implicit = data.draw(st.booleans())
    data_sets = series()
    for ds in data_sets if implicit else []:
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    save(folder, data_sets)
    paths = sorted(folder.iterdir())
    target = paths[data.draw(st.integers(1, 5))]
    raw = bytearray(target.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    target.write_bytes(raw)
    headers = Headers()
    for path in paths:
        try:
            expected = parsed(path)
        except (files.NotDicom, DicomReadError) as error:
            expected = (type(error),)
        try:
            instance = headers.read(path, path.name)
        except (files.NotDicom, DicomReadError):
            continue  # pixel data shorter than the attributes specify, which parsing does not see
        assert astuple(instance) == expected


@pytest.mark.parametrize("change", ["PixelRepresentation", "Rows", "PrivateCreator"])
def test_an_element_that_states_how_others_are_read_is_parsed(change: str, tmp_path: Path) -> None:
    data_sets = series()
    if change == "PrivateCreator":
        data_sets[1].add_new(0x00290010, "LO", "PHANTOM B")
    elif change == "Rows":
        data_sets[1].Rows, data_sets[1].Columns = data_sets[1].Columns, data_sets[1].Rows
    else:
        data_sets[1].PixelRepresentation = 0
    save(tmp_path, data_sets[:2])
    first, second = sorted(tmp_path.iterdir())
    instance = files.read_instance(first, first.name)
    template = Template.of(instance, first.stat().st_size)
    assert template is not None
    assert template.read(first.read_bytes(), str(first), first.name) is not None
    assert template.read(second.read_bytes(), str(second), second.name) is None


# --- conversions ------------------------------------------------------------------------------------------------------


def outputs_of(inputs: Path, output: Path) -> dict[str, bytes]:
    """Convert series and return every file that was written."""
    to_nifti(inputs, output)
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def assert_same_outputs(folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Convert a folder with and without comparing headers, at once and some planes at a time."""
    compared = outputs_of(folder, output / "compared")
    monkeypatch.setattr("nifti_dicom_bridge.conversion.inputs.streamed.IN_MEMORY", 0)
    monkeypatch.setattr("nifti_dicom_bridge.conversion.inputs.streamed.IN_MEMORY_OBJECT", 0)
    assert outputs_of(folder, output / "streamed") == compared
    monkeypatch.setattr(Headers, "_by_template", lambda self, path, name: None)
    assert outputs_of(folder, output / "parsed") == compared


@pytest.mark.slow
@pytest.mark.parametrize("folder", list(folders()) or [None], ids=str)
def test_real_series_become_the_same_images_if_every_file_is_parsed(
    folder: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if folder is None:
        pytest.skip("there is no ../shared/data next to the repository")
    assert_same_outputs(folder, tmp_path, monkeypatch)


def test_words_with_more_than_the_stored_bits_become_the_same_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_sets = series()
    for n, ds in enumerate(data_sets):
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.PixelData = np.full((ds.Rows, ds.Columns), 0xF000 * (n == 3) + n, "<u2").tobytes()
    (tmp_path / "in").mkdir()
    save(tmp_path / "in", data_sets)
    assert_same_outputs(tmp_path / "in", tmp_path / "out", monkeypatch)
    to_dicom(tmp_path / "out" / "streamed", tmp_path / "back", uids="keep", names="original")
    assert compare(tmp_path / "in", tmp_path / "back").identical_files == len(data_sets)


# --- frames -----------------------------------------------------------------------------------------------------------


def shown(frame: object, times: int) -> tuple[object, ...]:
    """Return all that is known of a frame."""
    values = dict(vars(frame))
    stated = values.pop("times")
    plane = values.pop("plane")
    place = plane and (plane.position.tolist(), plane.orientation.tolist(), plane.spacing)
    return values, place, [stated[n] for n in range(times)]


@pytest.mark.parametrize("folder", list(folders()) or [None], ids=str)
def test_times_of_all_frames_of_a_series_are_those_of_each(folder: Path | None) -> None:
    from nifti_dicom_bridge.formats.dicom.reading.attributes.coordinates import TIMES, TimesOfFrames

    if folder is None:
        pytest.skip("there is no ../shared/data next to the repository")
    for one in some(find_series([folder]).series):
        shared = SharedDescriptions()
        together = [frame for n, instance in enumerate(one.instances) for frame in frames_of(instance, n, shared)]
        alone = [frame for n, instance in enumerate(one.instances) for frame in frames_of(instance, n)]
        times = TimesOfFrames([frame.times for frame in together])
        for n in range(len(TIMES)):
            assert times.of(n) == [frame.times[n] for frame in alone]


@pytest.mark.parametrize("folder", list(folders()) or [None], ids=str)
def test_frames_of_a_series_are_those_of_each_instance_alone(folder: Path | None) -> None:
    from nifti_dicom_bridge.formats.dicom.reading.attributes.coordinates import TIMES

    if folder is None:
        pytest.skip("there is no ../shared/data next to the repository")
    for one in some(find_series([folder]).series):
        shared = SharedDescriptions()
        for n, instance in enumerate(one.instances):
            together = [shown(frame, len(TIMES)) for frame in frames_of(instance, n, shared)]
            alone = [shown(frame, len(TIMES)) for frame in frames_of(instance, n)]
            assert together == alone
