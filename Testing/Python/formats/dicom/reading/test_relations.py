"""Relations that hold for every image: changes that mean nothing give the same volumes, and nothing is mixed up in silence."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless, generate_uid

from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import PHANTOMS, put_raw, write

SERIES = ("oblique", "gantry_tilt", "mr_4d", "echoes_and_phase", "pet_slopes", "localizer", "mosaic", "enhanced_mr",
          "enhanced_slopes", "segmentation_with_gaps", "dose_grid")  # fmt: skip
VALUES = frozenset({
    "RescaleSlope", "RescaleIntercept", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "DoseGridScaling",
    "PixelValueTransformationSequence", "ReferencedSegmentNumber", "SegmentIdentificationSequence", "SegmentNumber",
    "SegmentSequence", "SegmentDescription",
})  # fmt: skip
"""Attributes that may change real values."""
PLACES = frozenset({
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SpacingBetweenSlices", "SliceThickness",
    "PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence", "GridFrameOffsetVector",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
})  # fmt: skip
"""Attributes that may change where slices are."""


class Made(dict[str, list[Dataset]]):
    """The data sets of all series, by name."""

    def __repr__(self) -> str:
        return f"Made of {len(self)} series"  # what hypothesis prints


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return the data sets of all series."""
    found = Made()
    for name in SERIES:
        folder = tmp_path_factory.mktemp(name)
        PHANTOMS[name].write(folder)
        found[name] = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
        for ds in found[name]:
            list(ds.iterall())  # sequences are parsed before their encoding changes
    return found


def volumes(folder: Path, found: list[Dataset], names: Callable[[int], str] = "{:03d}.dcm".format) -> list[Volume]:
    """Return the volumes that files of these names become."""
    shutil.rmtree(folder, ignore_errors=True)
    for n, ds in enumerate(found):
        write(folder / names(n), ds)
    return read([folder])


def planes(found: list[Volume]) -> list[tuple[int, bytes, np.ndarray]]:
    """Return for every plane the number of its volume and time, its values, and where its first pixel and axes are."""
    result, number = [], 0
    for volume in found:
        real = volume.real_values().round(6)
        for time in real:
            for k, plane in enumerate(time):
                place = volume.ijk_to_ras @ [[0, 1, 0], [0, 0, 1], [k, k, k], [1, 1, 1]]
                result.append((number, plane.tobytes(), place[:3]))
            number += 1
    return result


# --- changes that mean nothing ----------------------------------------------------------------------------------------


def _everywhere(ds: Dataset) -> Iterator[tuple[Dataset, DataElement]]:
    for element in list(ds):
        yield ds, element
        if element.VR == "SQ":
            for item in element.value:
                yield from _everywhere(item)


def _new_uids(found: list[Dataset]) -> None:
    new: dict[str, str] = {}
    kinds = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
    for ds in found:
        for _, element in _everywhere(ds):
            if element.keyword in kinds:
                element.value = new.setdefault(element.value, generate_uid(entropy_srcs=[element.value]))
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID


def _undefined_lengths(found: list[Dataset]) -> None:
    for ds in found:
        for _, element in _everywhere(ds):
            if element.VR == "SQ":
                element.is_undefined_length = True


def _other_blocks(found: list[Dataset]) -> None:
    for ds in found:
        for owner, element in _everywhere(ds):
            tag = element.tag
            if tag.is_private and (tag.element < 0x100 or tag.element >> 8 == 0x10):
                del owner[tag]
                moved = tag.element + (0x10 if tag.element < 0x100 else 0x1000)
                owner.add_new((tag.group, moved), element.VR, element.value)


def _in(syntax: str) -> Callable[[list[Dataset]], None]:
    def change(found: list[Dataset]) -> None:
        for ds in found:
            ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)

    return change


def _compressed(found: list[Dataset]) -> None:
    for ds in found:
        if ds.BitsAllocated in (8, 16):
            ds.compress(RLELossless, generate_instance_uid=False)


def _padded(found: list[Dataset]) -> None:
    for ds in found:
        ds.add_new(0xFFFCFFFC, "OB", bytes(2 * ds.InstanceNumber))
        ds.add_new(0x00080000, "UL", 4242)


def _copied(found: list[Dataset]) -> None:
    found += [copy.deepcopy(ds) for ds in found[::-1]]


def _spaces(found: list[Dataset]) -> None:
    for ds in found:
        for owner, element in _everywhere(ds):
            if element.VR in ("IS", "DS") and element.VM == 1 and element.value not in (None, ""):
                value = f" {element.value} ".encode()
                put_raw(owner, element.tag, element.VR, value + b" " * (len(value) % 2))


NEUTRAL: dict[str, Callable[[list[Dataset]], None]] = {
    "UIDs": _new_uids, "undefined lengths": _undefined_lengths, "private blocks": _other_blocks, "padding": _padded,
    "copies": _copied, "spaces": _spaces,
}  # fmt: skip
SYNTAXES: dict[str, Callable[[list[Dataset]], None]] = {
    "as they are": lambda found: None, "RLE": _compressed, "implicit": _in(ImplicitVRLittleEndian),
    "deflated": _in(DeflatedExplicitVRLittleEndian),
}  # fmt: skip


@settings(max_examples=40)
@given(
    name=st.sampled_from(SERIES),
    changes=st.lists(st.sampled_from(sorted(NEUTRAL)), max_size=3, unique=True),
    syntax=st.sampled_from(sorted(SYNTAXES)),
    nested=st.booleans(),
    seed=st.integers(0, 99),
)
@pytest.mark.slow
def test_changes_that_mean_nothing_give_the_same_volumes(
    name: str, changes: list[str], syntax: str, nested: bool, seed: int, made: Made, tmp_path: Path
) -> None:
    expected = volumes(tmp_path / "a", made[name])
    found = copy.deepcopy(made[name])
    for change in changes:
        NEUTRAL[change](found)
    SYNTAXES[syntax](found)
    order = np.random.default_rng(seed).permutation(len(found))

    result = volumes(tmp_path / "b", found, lambda n: f"{order[n] % 3 if nested else 0}/{order[n]:03d}")

    def described(given: list[Volume]) -> list[Any]:
        return sorted(
            (one.voxels.shape, one.ijk_to_ras.round(6).tolist(), one.rescale, one.real_values().tolist(), one.time_step_s)
            for one in given
        )

    assert described(result) == described(expected)


@settings(max_examples=20)
@given(name=st.sampled_from(SERIES), angles=st.tuples(*[st.floats(-3, 3)] * 2), shift=st.tuples(*[st.integers(-500, 500)] * 3))
@pytest.mark.slow
def test_a_motion_of_all_positions_moves_the_volumes(
    name: str, angles: tuple[float, float], shift: tuple[int, ...], made: Made, tmp_path: Path
) -> None:
    (a, b), motion = angles, np.eye(4)
    first = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    second = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    motion[:3, :3], motion[:3, 3] = first @ second, shift
    expected = volumes(tmp_path / "a", made[name])
    found = copy.deepcopy(made[name])
    for ds in found:
        for _, element in _everywhere(ds):
            if element.keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
                vectors = np.array(element.value, float).reshape(-1, 3) @ motion[:3, :3].T
                moved = vectors + motion[:3, 3] if len(vectors) == 1 else vectors
                element.value = [f"{number:.12f}"[:16] for number in moved.reshape(-1)]

    result = volumes(tmp_path / "b", found)

    lps_to_ras = np.diag([-1, -1, 1, 1])
    if name == "mosaic":  # its header has the normal
        return
    for one, other in zip(expected, result, strict=True):
        assert np.allclose(lps_to_ras @ motion @ lps_to_ras @ one.ijk_to_ras, other.ijk_to_ras, atol=1e-4)
        assert np.array_equal(one.array, other.array)


# --- one attribute ----------------------------------------------------------------------------------------------------


def _owners(ds: Dataset) -> list[Dataset]:
    """Return the data set, its functional groups, and the items in them."""
    groups = [*ds.get("SharedFunctionalGroupsSequence", []), *ds.get("PerFrameFunctionalGroupsSequence", [])]
    return [ds, *groups, *(item for one in groups for element in one if element.VR == "SQ" for item in element.value[:1])]


def _removed(owners: list[Dataset], tag: int, one: int) -> None:
    for owner in owners[one:] if one >= 0 else owners:
        owner.pop(tag, None)
        if one >= 0:
            return


def _emptied(owners: list[Dataset], tag: int, one: int) -> None:
    for owner in owners[one : one + 1] if one >= 0 else owners:
        owner[tag] = DataElement(tag, owner[tag].VR, [] if owner[tag].VR == "SQ" else None)


def _of_another(owners: list[Dataset], tag: int, one: int) -> None:
    source = copy.deepcopy(owners[0 if one < 0 else one - 1][tag])
    for owner in owners[one : one + 1] if one >= 0 else owners:
        owner[tag] = copy.deepcopy(source)


@settings(max_examples=150)
@given(data=st.data(), name=st.sampled_from(SERIES), change=st.sampled_from([_removed, _emptied, _of_another]))
@pytest.mark.slow
def test_one_attribute_mixes_up_nothing_in_silence(
    data: st.DataObject, name: str, change: Callable[[list[Dataset], int, int], None], made: Made, tmp_path: Path
) -> None:
    found = copy.deepcopy(made[name])
    tags = sorted({element.tag for owner in _owners(found[0]) for element in owner} - {0x7FE00010})
    tag = data.draw(st.sampled_from(tags))
    owners = [owner for ds in found for owner in _owners(ds) if tag in owner]
    one = data.draw(st.sampled_from([-1, *range(min(len(owners), 7))]))
    before = volumes(tmp_path / "a", found)
    change(owners, tag, one)
    try:
        after = volumes(tmp_path / "b", found)
    except DicomReadError:
        return

    if {warning for volume in after for warning in volume.warnings} - {w for volume in before for w in volume.warnings}:
        return
    keyword, old, new = pydicom.datadict.keyword_for_tag(tag), planes(before), planes(after)
    counts = Counter(values for _, values, _ in old)  # empty slices are equal
    volume_of = {values: number for number, values, _ in old}
    place_of = {values: place for _, values, place in old}
    assert len(new) == len(old)
    if keyword in VALUES:
        return
    assert all(values in volume_of for _, values, _ in new)
    for number in {number for number, _, _ in new}:
        assert len({volume_of[values] for n, values, _ in new if n == number and counts[values] == 1}) <= 1
    if keyword not in PLACES:
        assert all(np.allclose(place, place_of[values], atol=1e-6) for _, values, place in new if counts[values] == 1)
