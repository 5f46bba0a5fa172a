"""Edited images become derived series: new UIDs, sources, types and numbers of their own."""

from __future__ import annotations

from collections.abc import Callable

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import Outcome
from phantoms import PHANTOMS
from phantoms.base import MR, image, ramp, save, slices, uid
from support.nifti_edits import cropped, edited, finer_slices, moved, one_voxel, stored
from support.nonempty import some
from support.round_trip import KEEP, NEW, RoundTrip

# a palette or a type that cannot be edited by adding one
GREY = sorted(set(PHANTOMS) - {
    "rgb", "rgb_planar", "rgb_16_bit", "ybr_full", "ybr_full_422", "cine_rgb", "rle_color", "jpeg_2000_lossy_color",
    "jpeg_baseline_color", "float_pixels", "double_float_pixels", "sixty_four_bit",
})  # fmt: skip
COUNTS_SLICES = 0x3001
"""Private group of Philips without which frames are not what they are."""
HALF_STEP = np.diag([1, 1, 0.5, 1])
STALE = {0x00880200, 0x00283010, 0x00283000, 0x00280106, 0x00280107, 0x00280120}


@pytest.mark.parametrize("phantom", GREY)
def test_one_changed_voxel_makes_a_derived_series_of_every_phantom(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    round_trip.edit_images(one_voxel)

    report = round_trip.home(NEW)

    assert {entry.outcome for entry in report.entries} == {Outcome.DERIVED}, [entry.error for entry in report.entries]
    originals = [
        pydicom.dcmread(path, force=True) for path in round_trip.dicom.rglob("*") if path.is_file() and path.suffix != ".txt"
    ]
    sources = {ds.SOPInstanceUID for ds in originals if "SOPInstanceUID" in ds}
    series = {ds.SeriesInstanceUID for ds in originals if "SeriesInstanceUID" in ds}
    for ds in round_trip.returned():
        assert ds.ImageType[0] == "DERIVED"
        assert ds.ImageType[1] == "SECONDARY" or ds.Modality == "PT" or "SharedFunctionalGroupsSequence" in ds
        assert ds.SOPInstanceUID not in sources
        assert ds.SeriesInstanceUID not in series
        assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
        assert {item.ReferencedSOPInstanceUID for item in ds.get("SourceImageSequence", [])} <= sources
        private = {element.tag.group for element in ds.iterall() if element.tag.is_private}
        assert private <= {COUNTS_SLICES}
        background = {0x00280120} if ds.get("SegmentationType") == "LABELMAP" else set()  # created again: PixelPaddingValue
        assert not (STALE - background) & set(ds.keys())
        assert not any(tag.group & 0xFFE0 in (0x5000, 0x6000) for tag in ds.keys())  # noqa: SIM118
        assert ds.pixel_array.size


def test_overlays_that_an_edited_image_lacks_are_reported(round_trip: RoundTrip) -> None:
    round_trip.make("overlays_and_icons").forth()
    round_trip.edit_image(one_voxel)
    (entry,) = round_trip.home().entries
    assert all(element.tag.group != 0x6000 for ds in round_trip.returned() for element in ds)
    assert sum("overlays (groups 6000 to 601E) were removed" in note for note in entry.log.notes) == 1


@pytest.mark.parametrize(
    ("edit", "frames"), [(one_voxel, [[1], [2], [3]]), (finer_slices, [[1], [1, 2], [2], [2, 3], [3], [3]])]
)
def test_frames_of_a_derived_enhanced_object_name_their_source(edit: Callable, frames: list, round_trip: RoundTrip) -> None:
    """PS3.3 C.7.6.16.2.6, C.8.13.2.1: source, its frames, and SourceImageEvidenceSequence, which lists the source."""
    edited(round_trip, "enhanced_slopes", edit)

    (source,) = [pydicom.dcmread(path) for path in round_trip.dicom.iterdir()]
    (ds,) = round_trip.returned()
    items = [item.DerivationImageSequence[-1].SourceImageSequence[0] for item in ds.PerFrameFunctionalGroupsSequence]
    assert [np.atleast_1d(item.ReferencedFrameNumber).tolist() for item in items] == frames
    (study,) = ds.SourceImageEvidenceSequence
    listed = [item.ReferencedSOPInstanceUID for item in study.ReferencedSeriesSequence[0].ReferencedSOPSequence]
    assert {item.ReferencedSOPInstanceUID for item in items} == {source.SOPInstanceUID} == set(listed)


def test_one_image_of_all_times_on_other_slices_names_the_slices_around_each(round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d").forth()
    round_trip.edit_image(
        lambda image: nibabel.Nifti1Image(np.repeat(stored(image)[..., 0], 2, axis=2), image.affine @ HALF_STEP)
    )
    round_trip.home(NEW)

    numbers = {pydicom.dcmread(path).SOPInstanceUID: path.stem for path in round_trip.dicom.iterdir()}
    named = [[numbers[item.ReferencedSOPInstanceUID] for item in ds.SourceImageSequence] for ds in round_trip.returned()]
    assert named[:3] == [["001", "004"], ["001", "002", "004", "005"], ["002", "005"]]


@pytest.mark.slow
@settings(max_examples=20)
@given(
    step=st.sampled_from([0.5, 1.0, 1.5, 2.0]),
    start=st.sampled_from([0.0, 0.25, 1.0, 2.5]),
    count=st.integers(1, 5),
    is_reversed=st.booleans(),
)
def test_slices_of_another_grid_name_the_slices_that_they_are_in_or_between(
    tmp_path_factory: pytest.TempPathFactory, step: float, start: float, count: int, is_reversed: bool
) -> None:
    round_trip, places = RoundTrip(tmp_path_factory.mktemp("round_trip")), start + step * np.arange(count)
    save(round_trip.dicom, slices(ramp(5, 4, 5), MR, origin=(0, 0, 0), step=(0, 0, 3)))
    round_trip.forth()

    def on_other_slices(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        affine, order = image.affine.copy(), slice(None, None, -1 if is_reversed else 1)
        affine[2, 2:] = 3 * step * (-1 if is_reversed else 1), 3 * places[order][0]
        return nibabel.Nifti1Image(np.repeat(stored(image)[:, :, :1] + 7, count, axis=2), affine)

    round_trip.edit_image(on_other_slices)
    round_trip.home(NEW)

    numbers = {pydicom.dcmread(path).SOPInstanceUID: n for n, path in enumerate(sorted(round_trip.dicom.iterdir()))}
    named = {
        round(float(ds.ImagePositionPatient[2]) / 3, 3): {numbers[i.ReferencedSOPInstanceUID] for i in ds.SourceImageSequence}
        for ds in round_trip.returned()
    }
    assert not any("ReferencedFrameNumber" in item for ds in round_trip.returned() for item in ds.SourceImageSequence)
    assert named == {z: set(np.clip([np.floor(z), np.ceil(z)], 0, 4).astype(int).tolist()) for z in places.tolist()}


@pytest.mark.parametrize("change", [one_voxel, cropped, finer_slices, moved], ids=lambda change: change.__name__)
@pytest.mark.parametrize("phantom", ["enhanced_mr", "enhanced_slopes"])
def test_functional_groups_of_an_edited_object_are_shared_or_of_frames(
    phantom: str, change: Callable, round_trip: RoundTrip
) -> None:
    """PS3.3 C.7.6.16.1.1: none is in both; the thickness follows the distance of slices only where that changed."""
    edited(round_trip, phantom, change)

    (source,) = [pydicom.dcmread(path) for path in round_trip.dicom.iterdir()]
    (ds,) = round_trip.returned()
    shared = set(ds.SharedFunctionalGroupsSequence[0].keys())
    assert all(shared.isdisjoint(groups.keys()) for groups in ds.PerFrameFunctionalGroupsSequence)
    thickness = {element.value for element in ds.iterall() if element.keyword == "SliceThickness"}
    before = {element.value for element in source.iterall() if element.keyword == "SliceThickness"}
    assert thickness == ({value / 2 for value in before} if change is finer_slices else before)


def test_images_without_instance_uids_name_no_source(round_trip: RoundTrip) -> None:
    """SourceImageSequence has at least one item (PS3.3 C.7.6.1.1.4)."""
    edited(round_trip, "no_instance_uids", one_voxel)

    assert all("SourceImageSequence" not in ds for ds in some(round_trip.returned()))


def test_a_derived_parametric_map_is_primary(round_trip: RoundTrip) -> None:
    """PS3.3 C.8.23.1: also where its functional groups are missing."""
    edited(round_trip, "float_pixels", lambda image: nibabel.Nifti1Image(image.get_fdata(dtype=np.float32) * 2, image.affine))

    assert {ds.ImageType[1] for ds in round_trip.returned()} == {"PRIMARY"}


@pytest.mark.parametrize("kind", ["20", "77.1.5.1", "77.1.5.2", "77.1.5.7"])
def test_derived_images_of_kinds_that_are_always_primary(kind: str, round_trip: RoundTrip) -> None:
    """Nuclear medicine and ophthalmic images (PS3.3 C.8.4.9, C.8.17.2)."""
    ds = image(ramp(4, 5, dtype="u1"), f"1.2.840.10008.5.1.4.1.1.{kind}")
    save(round_trip.dicom, [ds])
    round_trip.forth()
    round_trip.edit_image(one_voxel)
    round_trip.home(NEW)

    (made,) = round_trip.returned()
    assert made.ImageType[:2] == ["DERIVED", "PRIMARY"]
    assert ("NumberOfFrames" in made) == (kind != "77.1.5.7")  # PS3.3 C.7.6.6: IODs that require it of one frame, too


def test_keeping_uids_of_an_edited_image_is_refused_in_words_and_new_ones_are_given(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(one_voxel)

    (entry,) = round_trip.home(KEEP, names=NEW.names).entries

    assert entry.outcome is Outcome.DERIVED
    assert any("new UIDs were assigned" in text for text in entry.log.warnings)
    assert not {ds.SOPInstanceUID for ds in round_trip.returned()} & {
        pydicom.dcmread(p).SOPInstanceUID for p in round_trip.dicom.iterdir()
    }


def test_an_edited_image_can_be_written_under_the_original_names(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(one_voxel)

    (entry,) = round_trip.home(KEEP).entries

    assert entry.outcome is Outcome.DERIVED, entry.error
    assert len(round_trip.returned()) == 3


@pytest.mark.slow
def test_images_of_one_series_edited_one_by_one_share_their_new_series(round_trip: RoundTrip) -> None:
    round_trip.make("echoes_and_phase").forth()
    round_trip.edit_images(one_voxel)
    round_trip.home(NEW)

    assert len({ds.SeriesInstanceUID for ds in round_trip.returned()}) == 1
    assert len({ds.SOPInstanceUID for ds in round_trip.returned()}) == 12


def test_instance_numbers_of_a_derived_series_are_its_own(round_trip: RoundTrip) -> None:
    edited(round_trip, "mr_4d", one_voxel)

    assert sorted(int(ds.InstanceNumber) for ds in round_trip.returned()) == [1, 2, 3, 4, 5, 6]


def test_an_enhanced_object_with_fewer_groups_than_frames_never_ends_in_a_traceback(round_trip: RoundTrip) -> None:
    from phantoms import save
    from phantoms.multiframe import enhanced

    ds = enhanced(1, 3)
    del ds.PerFrameFunctionalGroupsSequence[2]
    save(round_trip.dicom, [ds])
    round_trip.forth()
    round_trip.edit_images(one_voxel)

    report = round_trip.home(NEW)

    assert all(entry.outcome is Outcome.DERIVED or entry.error for entry in some(report.entries))


def test_what_was_edited_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(moved)

    (entry,) = round_trip.home(NEW).entries

    assert any("geometry" in note for note in entry.log.notes)


@pytest.mark.slow
def test_edited_images_of_one_series_keep_their_instance_numbers_apart(round_trip: RoundTrip) -> None:
    round_trip.make("echoes_and_phase").forth()
    round_trip.edit_images(one_voxel)
    assert round_trip.home(NEW).ok
    numbers = sorted(int(ds.InstanceNumber) for ds in round_trip.returned())
    assert len({ds.SeriesInstanceUID for ds in round_trip.returned()}) == 1
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_edited_series_is_in_one_study_also_if_its_slices_were_not(round_trip: RoundTrip) -> None:
    found = slices(ramp(3, 4, 5))
    for n, ds in enumerate(found):
        ds.StudyInstanceUID = uid(70, n)
    save(round_trip.dicom, found)
    round_trip.forth()
    round_trip.edit_image(moved)
    report = round_trip.home(NEW)

    assert len({pydicom.dcmread(path).StudyInstanceUID for path in report.outputs}) == 1
