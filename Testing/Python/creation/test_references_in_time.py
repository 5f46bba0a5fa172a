"""The frames of a new object refer to the images of their own time and slice, whatever the reference is."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge.options import Kind
from support.new_objects import MATRIX, entry_of, made, save

pytestmark = pytest.mark.usefixtures("there")

TIMES, SLICES = 3, 4
VOXELS = np.arange(5 * 4 * SLICES * TIMES, dtype=np.int16).reshape(5, 4, SLICES, TIMES)
KINDS = [Kind.MR, Kind.ENHANCED_MR]
UNKNOWN = "which of them these are is not specified"


def of_frame(groups):
    return groups.FrameContentSequence[0].TemporalPositionIndex, groups.PlanePositionSequence[0].ImagePositionPatient[2]


@pytest.fixture(params=KINDS)
def places(request):
    """Return time and z of each image of a reference, classic or of many frames: (UID, frame) → place."""
    objects = made(save("a/image.nii", VOXELS), out="reference", kind=request.param)
    if request.param is Kind.MR:
        return {(ds.SOPInstanceUID, None): (ds.TemporalPositionIdentifier, ds.ImagePositionPatient[2]) for ds in objects}
    (ds,) = objects
    groups = enumerate(ds.PerFrameFunctionalGroupsSequence, 1)
    return {(ds.SOPInstanceUID, n): of_frame(group) for n, group in groups}


def sources(item):
    """Return (UID, frame) of what an image, or a frame of one, was made from."""
    derived = item.get("DerivationImageSequence") or [item]
    images = derived[0].get("SourceImageSequence", [])
    return [
        (image.ReferencedSOPInstanceUID, number)
        for image in images
        for number in np.atleast_1d(image.get("ReferencedFrameNumber")).tolist()
    ]


def frames(objects):
    """Yield (z, sources) of each frame of objects, in their order."""
    for ds in objects:
        for group in ds.get("PerFrameFunctionalGroupsSequence", [ds]):
            place = group.PlanePositionSequence[0] if "PlanePositionSequence" in group else group
            yield place.ImagePositionPatient[2], sources(group)


def labels(times):
    """Return a label map of several times, each with both labels in all slices."""
    array = np.ones((5, 4, SLICES, times), np.uint8)
    array[0, 0] = 2
    return array


def test_segments_of_each_time_refer_to_the_images_of_their_time(places):
    """They referred to those of the first time, or of all times of an object of many frames, in silence."""
    entry = entry_of(save("b_seg.nii", labels(TIMES)), reference="reference", kind=Kind.SEG)
    objects = [pydicom.dcmread(path) for path in entry.outputs]
    assert len(objects) == TIMES
    for time, ds in enumerate(objects, 1):
        assert all([places[source] for source in found] == [(time, z)] for z, found in frames([ds]))
        listed = {image.ReferencedSOPInstanceUID for image in ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
        assert listed == {uid for uid, _ in places if (places.get((uid, None)) or (time,))[0] == time}
    assert not any("times" in text for text in (*entry.log.warnings, *entry.log.notes))


def test_a_map_of_each_time_refers_to_the_images_of_its_time(places):
    objects = made(save("b.nii", VOXELS / np.float32(7)), reference="reference", kind=Kind.PM)
    assert len(objects) == TIMES
    for time, ds in enumerate(sorted(objects, key=lambda ds: ds.InstanceNumber), 1):
        assert all([places[source] for source in found] == [(time, z)] for z, found in frames([ds]))


def test_a_segmentation_of_one_time_refers_to_the_first(places):
    """A reference of many frames was referred to by all of its times, and the note stated the first."""
    entry = entry_of(save("b_seg.nii", labels(1)[..., 0]), reference="reference", kind=Kind.SEG)
    found = list(frames(map(pydicom.dcmread, entry.outputs)))
    assert all([places[source] for source in of_frame] == [(1, z)] for z, of_frame in found)
    assert any("refer to images of the first time" in note for note in entry.log.notes)


def test_segments_along_the_fourth_axis_are_not_times(places):
    probabilities = np.full((5, 4, SLICES, TIMES), 1 / 2, np.float32)
    entry = entry_of(save("b_probseg.nii", probabilities), reference="reference", kind=Kind.SEG, segmentation="fractional")
    found = list(frames(map(pydicom.dcmread, entry.outputs)))
    assert len(found) == SLICES * TIMES
    assert all([places[source] for source in of_frame] == [(1, z)] for z, of_frame in found)


@pytest.mark.parametrize("kind", [*KINDS, Kind.PM])
def test_an_image_of_one_time_refers_to_the_images_of_all_times(places, kind):
    """Such as a mean over time: it referred to the first time only."""
    entry = entry_of(save("mean.nii", VOXELS.mean(axis=-1).astype(np.float32)), reference="reference", kind=kind)
    found = list(frames(map(pydicom.dcmread, entry.outputs)))
    assert len(found) == SLICES
    for z, of_frame in found:
        assert sorted(places[source] for source in of_frame) == [(time, z) for time in range(1, TIMES + 1)]
    assert any("the images of all times" in note for note in entry.log.notes)


@pytest.mark.parametrize("kind", [Kind.MR, Kind.PM, Kind.SEG])
def test_which_times_fewer_volumes_are_is_not_guessed(places, kind):
    """Such as a series without its first volumes: all of its frames referred to the first time."""
    voxels = labels(2) if kind is Kind.SEG else VOXELS[..., 1:] / np.float32(1)
    entry = entry_of(save("b.nii", voxels), reference="reference", kind=kind)
    found = list(frames(map(pydicom.dcmread, entry.outputs)))
    assert all(of_frame == [] for _, of_frame in found)
    assert sum(UNKNOWN in text for text in entry.log.warnings) == 1


def test_all_frames_of_an_object_of_unknown_times_have_the_same_sources(places):
    (ds,) = made(save("b.nii", VOXELS[..., 1:]), reference="reference", kind=Kind.ENHANCED_MR)
    images = ds.SharedFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence
    assert {image.ReferencedSOPInstanceUID for image in images} == {uid for uid, _ in places}


def heights(name):
    """Write a reference of one time, and return z of each of its images."""
    return {
        ds.SOPInstanceUID: ds.ImagePositionPatient[2] for ds in made(save(name, VOXELS[..., 0]), out="reference", kind="mr")
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_with_as_many_slices_refers_to_the_slices_it_has(kind):
    """Slices 1 to 4 of an image that was cropped and padded referred to slices 0 to 3, in silence."""
    places, matrix = heights("a/image.nii"), MATRIX.copy()
    matrix[2, 3] += MATRIX[2, 2]
    found = list(frames(made(save("b.nii", VOXELS[:-1, ..., 0], matrix), reference="reference", kind=kind)))
    assert [[places[uid] for uid, _ in of_frame] for _, of_frame in found[:-1]] == [[z] for z, _ in found[:-1]]
    assert found[-1][1] == []


def test_planes_between_slices_refer_to_both():
    places, matrix = heights("a/image.nii"), MATRIX.copy()
    matrix[2, 2] /= 2
    found = list(frames(made(save("b.nii", np.repeat(VOXELS[..., 0], 2, axis=2), matrix), reference="reference", kind="mr")))
    for z, of_frame in found:
        assert sorted(places[uid] for uid, _ in of_frame) == [place for place in sorted(places.values()) if abs(place - z) < 2]
