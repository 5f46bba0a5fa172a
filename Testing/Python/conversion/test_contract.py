"""The promise: DICOM → NIfTI + sidecar → DICOM restores every byte, for every phantom."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from nifti_dicom_bridge import Outcome, compare, read
from phantoms import PHANTOMS
from support.grids import assert_same_volume
from support.round_trip import KEEP, KEY, NEW, RoundTrip, listing, names_in

EXACT = sorted(name for name, phantom in PHANTOMS.items() if phantom.exact)
COMPRESSED = sorted(name for name, phantom in PHANTOMS.items() if not phantom.exact)
NOT_IMAGES = {"notes.txt", "empty", "report"}
# what specifies how the pixel data were encoded, and must change when they come back decoded
ENCODING_TAGS = {0x00280004, 0x00280006, 0x7FE00010, 0x7FE00001, 0x7FE00002}


@pytest.mark.parametrize("name", EXACT)
def test_native_files_come_back_byte_for_byte(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    source = {file: raw for file, raw in listing(round_trip.dicom).items() if file not in NOT_IMAGES}

    report = round_trip.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    back = listing(round_trip.back)
    assert back.keys() == source.keys()
    assert [file for file in source if back[file] != source[file]] == []


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_files_come_back_with_equal_elements_and_voxels(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()

    round_trip.home()

    assert listing(round_trip.back).keys() == listing(round_trip.dicom).keys()
    for file in listing(round_trip.dicom):
        before, after = pydicom.dcmread(round_trip.dicom / file), pydicom.dcmread(round_trip.back / file)
        assert [e for e in before if e.tag not in ENCODING_TAGS] == [e for e in after if e.tag not in ENCODING_TAGS]
        assert after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert np.array_equal(before.pixel_array, after.pixel_array)


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_new_uids_are_the_only_difference_of_a_reissued_series(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()

    report = round_trip.home(NEW, names=KEEP.names)

    assert {entry.outcome for entry in report.entries} == {Outcome.REISSUED}
    for file in listing(round_trip.back):
        before, after = (
            pydicom.dcmread(round_trip.dicom / file, force=True),
            pydicom.dcmread(round_trip.back / file, force=True),
        )
        assert after.SeriesInstanceUID != before.SeriesInstanceUID
        if "SOPInstanceUID" in before:
            assert after.SOPInstanceUID != before.SOPInstanceUID
        if "MediaStorageSOPInstanceUID" in after.file_meta and "SOPInstanceUID" in before:
            assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID
        others = ENCODING_TAGS | {0x00080018, 0x0020000E}
        assert [_raw(after, tag) for tag in _tags(after, others)] == [_raw(before, tag) for tag in _tags(before, others)]


def _tags(ds: pydicom.Dataset, less: set[int]) -> list[int]:
    return [tag for tag in ds.keys() if tag not in less]  # noqa: SIM118 - iterating a data set reads its values


def _raw(ds: pydicom.Dataset, tag: int) -> object:
    found = ds.get_item(tag)
    return (int(tag), found.VR, _plain(found.value))


def _plain(value: object) -> object:
    return [[_raw(item, tag) for tag in item.keys()] for item in value] if isinstance(value, pydicom.Sequence) else repr(value)  # noqa: SIM118


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_an_uncompressed_image_holds_the_same_as_a_compressed_one(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth(gzip=False)
    plain = {path.name: path for path in round_trip.images()}
    round_trip.nifti = round_trip.folder / "packed"
    round_trip.forth(gzip=True)

    assert {path.name.removesuffix(".gz") for path in round_trip.images()} == plain.keys()
    for path in round_trip.images():
        a, b = nibabel.load(plain[path.name.removesuffix(".gz")]), nibabel.load(path)
        assert a.header.binaryblock == b.header.binaryblock
        assert np.asarray(a.dataobj.get_unscaled()).tobytes() == np.asarray(b.dataobj.get_unscaled()).tobytes()


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_the_input_is_not_changed(name: str, round_trip: RoundTrip) -> None:
    before = listing(round_trip.make(name).dicom)
    round_trip.forth()
    images = listing(round_trip.nifti)
    round_trip.home()

    assert listing(round_trip.dicom) == before
    assert listing(round_trip.nifti) == images


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_nothing_but_images_sidecars_and_tables_of_labels_is_written(name: str, round_trip: RoundTrip) -> None:
    report = round_trip.make(name).forth()

    assert sorted(path.relative_to(round_trip.nifti).as_posix() for path in report.outputs) == names_in(round_trip.nifti)
    assert all(file.endswith((".nii.gz", ".json", "_dseg.tsv")) for file in names_in(round_trip.nifti))


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_compare_finds_what_came_back_equal(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    round_trip.home()

    assert compare([round_trip.dicom], [round_trip.back]).same


@pytest.mark.parametrize("name", ["classic_ct", "enhanced_slopes", "pet_slopes", "mosaic", "rgb", "segmentation"])
def test_reading_an_image_gives_the_volume_that_was_written(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()

    before = {volume.name: volume for volume in read(round_trip.dicom)}
    after = {volume.name: volume for volume in read(round_trip.images())}

    assert after.keys() == before.keys()
    for key, volume in before.items():
        assert_same_volume(after[key], volume)
        assert after[key].edits() == frozenset()


def test_the_round_trip_can_be_repeated(round_trip: RoundTrip) -> None:
    round_trip.make("private_nested").forth()
    round_trip.home()
    again = RoundTrip(round_trip.folder / "again")
    again.dicom = round_trip.back
    again.forth()

    assert listing(again.nifti).keys() == listing(round_trip.nifti).keys()
    record = json.loads(round_trip.sidecar().read_text("utf-8"))[KEY]
    assert json.loads(again.sidecar().read_text("utf-8"))[KEY] == record
    again.home()
    assert listing(again.back) == listing(round_trip.dicom)


def test_dicom_goes_to_dicom_without_a_detour(round_trip: RoundTrip) -> None:
    from nifti_dicom_bridge import Job, convert

    round_trip.make("oblique")
    report = convert(Job([round_trip.dicom], round_trip.back, KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED]
    assert listing(round_trip.back) == listing(round_trip.dicom)
