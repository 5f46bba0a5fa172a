"""Images of one series that differ in ImageType or in texts only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import CT, MR, ramp, save, slices, uid
from support.series_of_images import SLICES, firsts, images, series


def test_texts_that_alternate_do_not_divide_slices_of_which_one_is_missing(tmp_path: Path) -> None:
    found = slices(np.array([np.full((4, 5), k) for k in range(5)], "<i2"), MR)
    del found[3]
    for n, ds in enumerate(found):
        ds.SeriesDescription = f"part {n % 2}"

    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert sorted(set(volume.voxels.ravel().tolist())) == [0, 1, 2, 4]


def test_original_and_derived_images_are_separate(tmp_path: Path) -> None:
    types = [["ORIGINAL", "PRIMARY", "OTHER"], ["DERIVED", "PRIMARY", "OTHER"], ["DERIVED", "SECONDARY", "OTHER"]]

    found = images(tmp_path, series("ImageType", types))

    assert firsts(found) == {"original-primary": 0, "derived-primary": 100, "derived-secondary": 200}


def _with_screen(position: list[str]) -> list[Dataset]:
    """Return a series of CT whose first file is a picture of doses that has a position."""
    (screen,) = slices(ramp(1, 4, 5, start=900))
    screen.ImageType, screen.ImagePositionPatient = ["DERIVED", "SECONDARY", "OTHER"], position
    found = [screen, *series("KVP", ["120"], CT)]
    for n, ds in enumerate(found):
        ds.InstanceNumber, ds.SOPInstanceUID = n + 1, uid(1, n + 1)
    return found


@pytest.mark.parametrize("position", [["-10.5", "20.25", "-30.125"], ["-10.5", "20.25", "-27.625"], ["0", "0", "0"]])
def test_a_picture_in_a_series_is_no_slice_of_it(position: list[str], tmp_path: Path) -> None:
    """A dose report with the position of a slice took the place of that slice; elsewhere, it was one more slice."""
    found = images(tmp_path, _with_screen(position))

    assert found.pop("").voxels[0, :, 0, 0].tolist() == [0, 1, 2, 3]
    assert [volume.voxels[0, :, 0, 0].tolist() for volume in found.values()] == [[900]]


def test_words_that_change_from_slice_to_slice_set_no_time_apart(tmp_path: Path) -> None:
    found = series("SeriesDescription", ["series 1"], CT, times=3)
    for n, ds in enumerate(found):
        ds.SliceThickness = f"2.5{n:02d}"

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels.shape[:2] == (3, SLICES)


def test_a_derived_slice_in_the_gap_of_a_volume_is_a_slice_of_it(tmp_path: Path) -> None:
    found = series("KVP", ["120"], CT)
    found[2].ImageType = ["DERIVED", "PRIMARY", "AXIAL"]

    assert firsts(images(tmp_path, found)) == {"": 0}


@pytest.mark.parametrize(
    ("attribute", "values", "names"),
    [
        ("SeriesDescription", ["series 1", "series 2"], ["1", "2"]),
        ("ContrastBolusAgent", ["", "GD"], ["", "gd"]),
        ("SequenceName", ["fl3d1_v150in", "fl3d1_v150ap"], ["velocity150in", "velocity150ap"]),
        ("CorrectedImage", [["DECY", "ATTN"], ["DECY"]], ["attn", "decy"]),
        ("ReconstructionMethod", ["OSEM", "FBP"], ["osem", "fbp"]),
        ("AttenuationCorrectionMethod", ["MEASURED", "NONE"], ["measured", "none"]),
        ("ScatterCorrectionMethod", ["MODEL", "NONE"], ["model", "none"]),
        ("DecayCorrection", ["START", "ADMIN"], ["start", "admin"]),
        ("ReconstructionAlgorithm", ["ITERATIVE", "FILTER_BACK_PROJ"], ["iterative", "proj"]),
    ],
)
@pytest.mark.parametrize("counted", [True, False])
def test_images_that_only_texts_distinguish(
    attribute: str, values: list[str], names: list[str], counted: bool, tmp_path: Path
) -> None:
    found = series(attribute, values)
    for ds in found:
        ds.InstanceNumber = ds.InstanceNumber if counted else 1
        del ds.AcquisitionNumber, ds.AcquisitionTime, ds.ContentTime

    by_name = {name.rpartition("_")[2]: first for name, first in firsts(images(tmp_path, found)).items()}

    assert by_name == dict(zip(names, [0, 100], strict=True))


def test_descriptions_that_change_from_slice_to_slice_are_one_image(tmp_path: Path) -> None:
    found = series("SeriesDescription", ["series 1"])
    for n, ds in enumerate(found):
        ds.SeriesDescription = f"series {n % 2}"

    assert len(images(tmp_path, found)) == 1


@pytest.mark.parametrize("gone", range(4))
def test_images_of_two_slices_of_which_one_is_missing_are_separate(gone: int, tmp_path: Path) -> None:
    found = [ds for n, ds in enumerate(series("SequenceName", ["fl3d1_v150in", "fl3d1_v150ap"])) if n % SLICES < 2]
    del found[gone]

    volumes = images(tmp_path, found).values()

    assert sorted(volume.voxels[:, :, 0, 0].tolist() for volume in volumes) == sorted(
        [[[value for value in (first, first + 1) if value != [0, 1, 100, 101][gone]]] for first in (0, 100)]
    )


@pytest.mark.parametrize("repeating", [{"EchoNumbers": [1, 2]}, {"FrameOfReferenceUID": [uid(5), uid(6)]},
                                       {"EchoNumbers": [1, 2], "FrameOfReferenceUID": [uid(5), uid(6)]}])  # fmt: skip
def test_names_do_not_repeat_what_a_better_attribute_states(repeating: dict[str, list[Any]], tmp_path: Path) -> None:
    found = series("EchoTime", ["2.5", "5"])
    for n, ds in enumerate(found):
        for attribute, values in repeating.items():
            setattr(ds, attribute, values[n // SLICES])

    assert firsts(images(tmp_path, found)) == {"echo2_5": 0, "echo5": 100}


def test_an_image_without_a_position_is_in_no_space(tmp_path: Path) -> None:
    found = series("KVP", ["120", "120"], CT)[: SLICES + 1]
    del found[-1].ImagePositionPatient

    assert set(images(tmp_path, found)) == {"", "2"}


def test_image_types_that_differ_in_more_than_their_origin_are_separate_also_by_b_value(tmp_path: Path) -> None:
    """Trace images are next to the image of b = 0 as acquired; images of another kind are not."""
    found = series("ImageType", [["ORIGINAL", "PRIMARY", "OTHER"], ["DERIVED", "SECONDARY", "CONTRAST"]])
    for ds in found:
        ds.DiffusionBValue = 500 * ("DERIVED" in ds.ImageType)

    assert sorted(firsts(images(tmp_path, found)).values()) == [0, 100]
