"""Other tools reorient, re-type and compress images: an equal image is still restored as the same DICOM."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Outcome, read
from support.round_trip import RoundTrip, listing

Change = Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]


def _as_float(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(image.get_fdata().astype(np.float32), image.affine)


def _as_double(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(image.get_fdata(), image.affine)


def _as_int32(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(np.rint(image.get_fdata()).astype(np.int32), image.affine)


def _stored_as_int32(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    found = nibabel.Nifti1Image(np.asarray(image.dataobj.get_unscaled()).astype(np.int32), image.affine)
    found.header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    return found


def _canonical(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.as_closest_canonical(image)


def _rewritten(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(image.get_fdata(), image.affine, image.header)


def _big_endian(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    header = image.header.as_byteswapped(">")
    return nibabel.Nifti1Image(np.asarray(image.dataobj.get_unscaled()), image.affine, header)


def _nifti_2(image: nibabel.Nifti1Image) -> nibabel.Nifti2Image:
    found = nibabel.Nifti2Image(np.asarray(image.dataobj.get_unscaled()), image.affine)
    found.header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    return found


def _with_an_extension(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    image = _stored_as_int32(image)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"a note of another tool"))
    return image


def _qform_only(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    image, affine = _stored_as_int32(image), image.affine
    image.set_sform(None, 0)
    image.set_qform(affine, 1)
    return image


CHANGES: list[Change] = [
    _as_float, _as_double, _as_int32, _stored_as_int32, _canonical, _rewritten, _nifti_2, _with_an_extension, _qform_only,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
@pytest.mark.parametrize(
    "phantom", ["classic_ct", "oblique", "feet_first", "mr_4d", "enhanced_mr", "mosaic", "dirty_high_bits"]
)
def test_what_only_has_another_form_is_restored_byte_for_byte(phantom: str, change: Change, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    round_trip.edit_image(change)

    report = round_trip.home()

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED]
    assert listing(round_trip.back) == listing(round_trip.dicom)


@pytest.mark.parametrize("phantom", ["pet_slopes", "float_pixels", "rescale_of_many_digits", "gantry_tilt", "uneven_spacing"])
@pytest.mark.parametrize("change", [_as_double, _canonical], ids=["as_double", "canonical"])
def test_real_values_in_double_precision_give_stored_ones_back(phantom: str, change: Change, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    round_trip.edit_image(change)

    assert [entry.outcome for entry in round_trip.home().entries] == [Outcome.RESTORED]
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_a_big_endian_image_is_restored(round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d").forth(gzip=False)
    round_trip.edit_image(_big_endian)

    assert [entry.outcome for entry in round_trip.home().entries] == [Outcome.RESTORED]
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_an_image_unpacked_by_hand_is_restored(round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()
    path = round_trip.image()
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()

    assert [entry.outcome for entry in round_trip.home().entries] == [Outcome.RESTORED]
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_image_and_sidecar_can_be_renamed_and_moved_together(round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()
    (round_trip.folder / "elsewhere").mkdir()
    shutil.move(round_trip.image(), round_trip.folder / "elsewhere" / "sub-01_T1w.nii.gz")
    shutil.move(round_trip.sidecar(), round_trip.folder / "elsewhere" / "sub-01_T1w.json")
    round_trip.nifti = round_trip.folder / "elsewhere"

    round_trip.home()

    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_only_one_of_two_images_of_one_object_is_not_enough(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_two_stacks").forth()
    round_trip.images()[0].unlink()

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "give all of them together" in entry.error


def test_one_of_two_images_of_a_series_gives_its_own_files(round_trip: RoundTrip) -> None:
    round_trip.make("echoes_and_phase").forth()
    for path in round_trip.images()[1:]:
        path.unlink()

    round_trip.home()

    assert listing(round_trip.back).items() <= listing(round_trip.dicom).items()
    assert len(listing(round_trip.back)) == 3


@pytest.mark.parametrize("phantom", ["classic_ct", "pet_slopes"])
def test_a_volume_read_back_counts_as_unedited(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()

    (volume,) = read(round_trip.image())

    assert volume.edits() == frozenset()
