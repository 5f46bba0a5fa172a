"""Resampled images become derived series on their grid; the options of the command line."""

from __future__ import annotations

from collections.abc import Callable

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.cli import main
from phantoms import save
from support.dciodvfy import complaints
from support.oracles import oracle
from support.round_trip import KEEP, NEW, RoundTrip, listing
from support.uneven_stacks import BOTH, EVEN, LPS, MISSING, TILT, UNEVEN, forth, named, stack, stems


def test_a_folder_with_both_restores_the_original_and_derives_a_series_of_the_other(round_trip: RoundTrip) -> None:
    forth(round_trip, stack(UNEVEN, 15.0))

    report = round_trip.home(KEEP)

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.DERIVED, Outcome.RESTORED]
    back, source = listing(round_trip.back), listing(round_trip.dicom)
    assert {name: back[name] for name in source} == source
    assert len(back) == len(source) + 6


def test_with_new_uids_the_two_series_are_two(round_trip: RoundTrip) -> None:
    forth(round_trip, stack(UNEVEN, 15.0))

    report = round_trip.home(NEW)

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.DERIVED, Outcome.REISSUED]
    series: dict[str, list[Dataset]] = {}
    for ds in round_trip.returned():
        series.setdefault(ds.SeriesInstanceUID, []).append(ds)
    assert sorted(len(found) for found in series.values()) == [5, 6]
    assert len({ds.SOPInstanceUID for ds in round_trip.returned()}) == 11
    assert len({ds.FrameOfReferenceUID for ds in round_trip.returned()}) == 1


def derived(round_trip: RoundTrip, ending: str, change: Callable | None = None) -> list[Dataset]:
    """Bring the resampled image alone back, and return its instances by number."""
    for path in round_trip.nifti.iterdir():
        if not path.name.split(".")[0].endswith(ending):
            path.unlink()
    if change is not None:
        round_trip.edit_image(change)
    report = round_trip.home(KEEP)
    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED], report.entries[0].error
    return sorted(round_trip.returned(), key=lambda ds: ds.InstanceNumber)


@pytest.mark.parametrize("distances", [UNEVEN, MISSING])
@pytest.mark.parametrize("tilt", [0.0, 15.0])
def test_a_resampled_image_comes_back_as_a_derived_series_on_its_grid(
    distances: tuple, tilt: float, round_trip: RoundTrip
) -> None:
    forth(round_trip, stack(distances, tilt))
    image = nibabel.load(named(round_trip, "_Eq"))

    found = derived(round_trip, "_Eq")

    stored = np.flip(np.asarray(image.dataobj.get_unscaled()), 1).T
    assert np.array_equal(np.stack([ds.pixel_array for ds in found]), stored)
    for k, ds in enumerate(found):
        lps = (LPS @ image.affine @ [0, image.shape[1] - 1, k, 1])[:3]
        assert np.allclose(np.array(ds.ImagePositionPatient, float), lps, atol=1e-3)
        assert ds.ImageType[0] == "DERIVED"
        assert ds.DerivationDescription.startswith("Resampled")
        assert "GantryDetectorTilt" not in ds


def test_a_part_of_a_resampled_image_stays_where_it_is(round_trip: RoundTrip) -> None:
    """The slices of the original that have its numbers are elsewhere."""
    forth(round_trip, stack(MISSING))

    found = derived(round_trip, "_Eq", lambda image: image.slicer[:, :, 1:6])

    assert [float(ds.ImagePositionPatient[2]) + 30.125 for ds in found] == pytest.approx([2, 4, 6, 8, 10])


def test_each_derived_slice_names_the_slices_that_it_was_made_of(round_trip: RoundTrip) -> None:
    source = stack(MISSING)
    forth(round_trip, source)

    found = derived(round_trip, "_Eq")

    wanted = [ds.SOPInstanceUID for ds in source]
    names = [[item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence] for ds in found]
    assert names == [[wanted[0]], [wanted[1]], [wanted[2]], wanted[2:4], [wanted[3]], [wanted[4]], [wanted[5]]]


def test_a_stack_set_upright_keeps_its_uneven_distances_in_dicom(round_trip: RoundTrip) -> None:
    forth(round_trip, stack(UNEVEN, 15.0), TILT)

    found = derived(round_trip, "_Tilt")

    axes = np.array(found[0].ImageOrientationPatient, float)
    positions = np.array([np.array(ds.ImagePositionPatient, float) for ds in found]) - found[0].ImagePositionPatient
    assert np.allclose(positions @ np.cross(axes[:3], axes[3:]), UNEVEN, atol=1e-3)
    assert np.allclose(positions @ axes.reshape(2, 3).T, 0, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("distances", [UNEVEN, EVEN])
def test_dciodvfy_finds_no_new_error_in_a_resampled_series(distances: tuple, round_trip: RoundTrip) -> None:
    oracle("dciodvfy")
    forth(round_trip, stack(distances, 15.0))
    round_trip.home(NEW)

    before = set().union(*(complaints(path) for path in round_trip.dicom.iterdir()))
    assert set().union(*(complaints(path) for path in round_trip.back.rglob("*.dcm"))) - before == set()


def segment_at(round_trip: RoundTrip, distances: tuple[float, ...]) -> pydicom.Dataset:
    """Write a segmentation of one segment in four slices."""
    round_trip.make("segmentation")
    (path,) = round_trip.dicom.iterdir()
    ds = pydicom.dcmread(path)
    for groups, z in zip(ds.PerFrameFunctionalGroupsSequence, distances, strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, z]
        groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
    ds.save_as(path)
    return ds


def test_a_segmentation_whose_slices_fit_a_grid_needs_no_resampling(round_trip: RoundTrip) -> None:
    segment_at(round_trip, (0, 2.5, 7.5, 10))
    round_trip.forth(resample=BOTH)
    assert nibabel.load(round_trip.image()).shape[2] == 5


def test_a_segmentation_comes_back_on_its_even_grid(round_trip: RoundTrip) -> None:
    ds = segment_at(round_trip, (0, 2.5, 8.6, 11.1))
    round_trip.forth(resample=BOTH)

    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.REISSUED, Outcome.DERIVED], report.entries[1].error
    (resampled,) = [found for found in round_trip.returned() if found.SOPInstanceUID in _uids(report.entries[1].outputs)]
    groups = resampled.PerFrameFunctionalGroupsSequence
    found = [float(group.PlanePositionSequence[0].ImagePositionPatient[2]) for group in groups]
    assert found[:2] == pytest.approx([0, 2.5], abs=0.3)
    assert np.array_equal(resampled.pixel_array[:2], ds.pixel_array[:2])
    assert found[-1] == pytest.approx(11.1, abs=1.3)


def _uids(paths: list) -> set[str]:
    return {pydicom.dcmread(path).SOPInstanceUID for path in paths}


def test_the_command_line_takes_both_words(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    save(round_trip.dicom, stack(UNEVEN, 15.0))

    assert (
        main(
            ["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), "--resample", "tilt,spacing", "-v"]
        )
        == 0
    )
    assert "1_series_1_Tilt_Eq: resampled" in capsys.readouterr().out
    assert stems(round_trip.nifti) == ["1_series_1", "1_series_1_Tilt_Eq"]


@pytest.mark.parametrize(("to", "words", "said"), [
    ("nifti", "tilt,slant", "--resample: 'slant' is not valid. Expected one of: tilt, spacing, shear."),
    ("dicom", "tilt", "Use it with --to nifti"),
])  # fmt: skip
def test_a_wrong_word_or_target_is_wrong_usage(
    to: str, words: str, said: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    save(round_trip.dicom, stack(EVEN))

    assert main(["convert", str(round_trip.dicom), "--to", to, "-o", str(round_trip.nifti), "--resample", words]) == 2
    assert said in capsys.readouterr().err
    assert not round_trip.nifti.exists()
