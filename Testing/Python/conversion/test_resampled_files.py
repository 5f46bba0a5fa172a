"""Files of resampled images: names, kinds of values, the sidecar; and what resampling leaves alone."""

from __future__ import annotations

import json
from importlib.resources import files

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import GeometryError, Volume
from nifti_dicom_bridge.model.space.resample import resample
from phantoms import save
from phantoms.base import MR
from support.oracles import module
from support.round_trip import RoundTrip, listing
from support.uneven_stacks import (
    BOTH,
    EVEN,
    MISSING,
    SHAPE,
    SPACING,
    TILT,
    UNEVEN,
    forth,
    grid_points,
    named,
    ramp_volume,
    stack,
    stems,
    straight,
)


@pytest.mark.parametrize("wanted", [BOTH, SPACING, TILT], ids=lambda w: ",".join(sorted(w)))
@pytest.mark.parametrize(
    "phantom", ["classic_ct", "oblique", "mr_4d", "single_slice", "without_position", "jittered_positions"]
)
def test_where_nothing_is_to_be_resampled_the_option_changes_nothing(
    phantom: str, wanted: frozenset, round_trip: RoundTrip
) -> None:
    round_trip.make(phantom).forth()
    plain = listing(round_trip.nifti)

    round_trip.forth(resample=wanted, overwrite=True)

    assert listing(round_trip.nifti) == plain


@pytest.mark.parametrize("wanted", [BOTH, SPACING, TILT], ids=lambda w: ",".join(sorted(w)))
def test_the_image_itself_is_written_as_without_the_option(wanted: frozenset, round_trip: RoundTrip) -> None:
    save(round_trip.dicom, stack(UNEVEN, 15.0))
    round_trip.forth()
    plain = listing(round_trip.nifti)

    round_trip.forth(resample=wanted, overwrite=True)

    found = listing(round_trip.nifti)
    assert {name: found[name] for name in plain} == plain
    assert len(found) == len(plain) + 2


@pytest.mark.parametrize(("wanted", "ending"), [(BOTH, "_Tilt_Eq"), (SPACING, "_Eq"), (TILT, "_Tilt")])
def test_the_resampled_image_is_called_as_dcm2niix_calls_it(wanted: frozenset, ending: str, round_trip: RoundTrip) -> None:
    forth(round_trip, stack(UNEVEN, 15.0), wanted)

    assert stems(round_trip.nifti) == ["1_series_1", f"1_series_1{ending}"]


def test_an_image_of_the_very_name_keeps_it(round_trip: RoundTrip) -> None:
    other = stack(EVEN)
    for ds in other:
        ds.SeriesInstanceUID += ".7"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".7"
        ds.SeriesDescription = "series 1_Eq"
    forth(round_trip, stack(UNEVEN) + other)

    assert stems(round_trip.nifti) == ["1_series_1", "1_series_1_Eq", "1_series_1_Eq_2"]
    assert nibabel.load(round_trip.nifti / "1_series_1_Eq.nii.gz").shape[2] == len(EVEN)


def test_slices_that_are_on_the_grid_are_the_very_slices(round_trip: RoundTrip) -> None:
    forth(round_trip, stack(MISSING))

    before, after = (np.asarray(nibabel.load(named(round_trip, ending)).dataobj) for ending in ("1", "_Eq"))
    assert after.shape[2] == 7
    assert np.array_equal(after[..., [0, 1, 2, 4, 5, 6]], before)
    assert np.array_equal(after[..., 3], np.rint((before[..., 2] + before[..., 3].astype(float)) / 2))


def test_distances_that_differ_a_little_make_as_many_slices(round_trip: RoundTrip) -> None:
    forth(round_trip, stack((0.0, 2.0, 3.95, 5.95, 8.0)))

    image = nibabel.load(named(round_trip, "_Eq"))

    assert image.shape[2] == 5
    assert image.header.get_zooms()[2] == 2.0


def test_every_time_is_resampled(round_trip: RoundTrip) -> None:
    found = stack(UNEVEN, sop_class=MR) + stack(UNEVEN, sop_class=MR, pixels=lambda z: np.full(SHAPE, 10 * z, "<i2"))
    for n, ds in enumerate(found):
        ds.InstanceNumber, ds.SOPInstanceUID = n + 1, ds.SOPInstanceUID + f".{n}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    forth(round_trip, found)

    image = nibabel.load(named(round_trip, "_Eq"))
    z = (image.affine @ np.array([[0, 0, k, 1] for k in range(image.shape[2])]).T)[2] + 30.125
    assert image.shape[3] == 2
    assert np.allclose(np.asarray(image.dataobj)[0, 0, :, 1], 10 * z, atol=0.5)


def test_colors_are_resampled_one_by_one() -> None:
    voxels = np.zeros((1, 5, 4, 3, 3), np.uint8)
    voxels[..., 0], voxels[0, ..., 1] = 200, (np.array(UNEVEN) * 20)[:, None, None]

    found = resample(Volume(voxels, np.eye(4)), straight(UNEVEN), SPACING)

    assert found is not None
    z = grid_points(found)[:, 0, 0, 2]
    assert (found.voxels[..., 0] == 200).all()
    assert not found.voxels[..., 2].any()
    assert np.abs(found.voxels[0, :, 0, 0, 1] - 20 * z).max() <= 0.5


def test_no_label_is_between_two_labels(round_trip: RoundTrip) -> None:
    labels = stack(UNEVEN, 18.0, pixels=lambda z: (np.indices(SHAPE).sum(axis=0) // 7 * 50 + int(z) * 3).astype("<i2"))
    for ds in labels:
        ds.Modality = "SEG"
    forth(round_trip, labels)

    before, after = (np.asarray(nibabel.load(named(round_trip, ending)).dataobj) for ending in ("1", "_Eq"))
    assert set(np.unique(after)) <= {0, *np.unique(before)}
    assert any("nearest neighbor" in text for text in warnings_in(round_trip, "_Eq"))


def test_a_segment_does_not_grow_into_slices_that_the_segmentation_left_out_as_empty(round_trip: RoundTrip) -> None:
    labels = stack((0.0, 2.0, 12.0, 14.0, 16.0), pixels=lambda z: np.ones(SHAPE, "<i2"))
    for ds in labels:
        ds.Modality = "SEG"
    forth(round_trip, labels)

    assert np.asarray(nibabel.load(named(round_trip, "_Eq")).dataobj.get_unscaled())[0, 0].tolist() == [
        1,
        1,
        0,
        0,
        0,
        0,
        1,
        1,
        1,
    ]


def test_floats_stay_what_was_computed(round_trip: RoundTrip) -> None:
    found = resample(ramp_volume(straight(UNEVEN)), straight(UNEVEN), SPACING)

    assert found is not None
    assert found.voxels.dtype == np.float64


def test_a_nan_does_not_spread() -> None:
    voxels = np.ones((1, 5, 3, 3))
    voxels[0, 1, 1, 1] = np.nan

    found = resample(Volume(voxels, np.eye(4)), straight(UNEVEN), SPACING)

    assert found is not None
    assert np.isnan(found.voxels).sum() == 1


@pytest.mark.parametrize(
    ("padding", "value", "words"),
    [(None, -120, "the lowest of the image"), (-2000, -2000, "PixelPaddingValue"), (63536, -2000, "PixelPaddingValue")],
)
def test_what_is_outside_has_the_value_of_padding(padding: int | None, value: int, words: str, round_trip: RoundTrip) -> None:
    found = stack(EVEN, 20.0, pixels=lambda z: np.full(SHAPE, -120, "<i2"))
    for ds in found:
        if padding is not None:
            ds.add_new(0x00280120, "US" if padding > 0 else "SS", padding)
    forth(round_trip, found, TILT)

    values = np.unique(np.asarray(nibabel.load(named(round_trip, "_Tilt")).dataobj.get_unscaled()))
    assert set(values) == {-120, value}
    assert any(f"stored value {value} ({words})" in text for text in warnings_in(round_trip, "_Tilt"))


def test_no_value_is_computed_with_padding(round_trip: RoundTrip) -> None:
    found = stack(UNEVEN, 10.0, pixels=lambda z: np.where(np.indices(SHAPE)[1] < 6, -2000, 300).astype("<i2"))
    for ds in found:
        ds.add_new(0x00280120, "SS", -2000)
    forth(round_trip, found)

    assert set(np.unique(np.asarray(nibabel.load(named(round_trip, "_Eq")).dataobj.get_unscaled()))) == {-2000, 300}


def test_planes_that_are_no_stack_are_left_alone_with_a_sentence() -> None:
    planes = straight((0.0, 0.1, 0.2), (5000.0, 0.0))

    with pytest.raises(GeometryError, match="the slices are so far apart"):
        resample(ramp_volume(planes), planes, TILT)


def warnings_in(round_trip: RoundTrip, ending: str) -> list[str]:
    return sidecar(round_trip, ending)["NiftiDicomBridge"]["Geometry"]["Warnings"]


def sidecar(round_trip: RoundTrip, ending: str) -> dict:
    return json.loads(
        named(round_trip, ending).with_name(named(round_trip, ending).name.replace(".nii.gz", ".json")).read_text("utf-8")
    )


def test_the_report_names_what_was_interpolated_and_how(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, stack(UNEVEN, 15.0))

    said = "\n".join(round_trip.forth(resample=BOTH).entries[0].log.warnings)

    assert "sheared by 15.00°" in said
    assert "by linear interpolation between neighboring slices at their true positions: 5 slices became 6" in said


def test_the_schema_accepts_the_sidecar_of_a_resampled_image(round_trip: RoundTrip) -> None:
    jsonschema = module("jsonschema")
    forth(round_trip, stack(UNEVEN, 15.0))
    schema = json.loads((files("nifti_dicom_bridge") / "data" / "sidecar.schema.json").read_text("utf-8"))

    found = sidecar(round_trip, "_Eq")
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(found)) == []
    assert found["NiftiDicomBridge"]["Geometry"]["Resampled"] == ["spacing", "tilt"]


def test_bids_keys_are_those_of_the_resampled_image(round_trip: RoundTrip) -> None:
    found = stack(UNEVEN, sop_class=MR)
    for n, ds in enumerate(found):
        ds.Manufacturer, ds.MRAcquisitionType, ds.SpacingBetweenSlices = "SIEMENS", "2D", "2"
        ds.AcquisitionTime = f"03040{n}.25"
        ds.RepetitionTime = "9000"
    forth(round_trip, found)

    before, after = sidecar(round_trip, "1"), sidecar(round_trip, "_Eq")
    assert "SliceTiming" in before
    assert "SliceTiming" not in after
    assert (before["SpacingBetweenSlices"], after["SpacingBetweenSlices"]) == (2, 1.9)
    assert before["SliceThickness"] == after["SliceThickness"]
    assert after["ImageType"] == ["DERIVED", *before["ImageType"][1:]]
