"""Tilted and uneven stacks on a regular grid: what is right there, what it must not touch, and how it comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from test_oracles import images

from circle import KEEP, NEW, Circle, listing
from nifti_dicom_bridge import GeometryError, Outcome, Resample, Volume
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.model.geometry import Plane
from nifti_dicom_bridge.model.resample import needed, resample
from oracles import module, oracle, run
from phantoms import save, slices
from phantoms.base import CT, MR, decimal

SPACING, TILT = frozenset({Resample.SPACING}), frozenset({Resample.TILT})
BOTH = SPACING | TILT
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
MISSING, UNEVEN, EVEN = (0.0, 2.0, 4.0, 8.0, 10.0, 12.0), (0.0, 2.0, 4.5, 6.5, 9.5), (0.0, 2.0, 4.0, 6.0)
SHAPE = (24, 20)  # dcm2niix takes smaller images for localizers or icons


def stack(
    distances: tuple[float, ...], tilt: float = 0.0, sop_class: str = CT, pixels: Callable | None = None
) -> list[Dataset]:
    """Return a smooth, not linear series with slices at distances along the normal, each moved by a tilt in degrees."""
    column, row = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    down = -np.tan(np.radians(tilt))  # the table moves along the patient's axis

    def smooth(z: float) -> np.ndarray:
        y, x = row * 0.75 + down * z, column * 0.5
        return np.rint(400 + 300 * np.sin(x / 4) + 250 * np.cos(y / 5) + 200 * np.sin(z / 6)).astype("<i2")

    found = slices(np.stack([(pixels or smooth)(z) for z in distances]), sop_class)
    angle = np.radians(tilt)
    for ds, z in zip(found, distances, strict=True):
        ds.ImageOrientationPatient = [decimal(v) for v in (1, 0, 0, 0, np.cos(angle), -np.sin(angle))]
        normal, down_rows = np.array([0, np.sin(angle), np.cos(angle)]), np.array([0, np.cos(angle), -np.sin(angle)])
        position = np.array([-10.5, 20.25, -30.125]) + normal * z + down_rows * down * z
        ds.ImagePositionPatient = [decimal(v) for v in position]
        ds.Manufacturer = "GE MEDICAL SYSTEMS"
        if tilt:
            ds.GantryDetectorTilt = decimal(tilt)
    return found


def forth(circle: Circle, found: list[Dataset], wanted: frozenset[Resample] = BOTH) -> Circle:
    save(circle.dicom, found)
    report = circle.forth(resample=wanted)
    assert report.ok, report.entries[0].error
    return circle


def named(circle: Circle, ending: str) -> Path:
    (found,) = [path for path in circle.images() if path.name.endswith(f"{ending}.nii.gz")]
    return found


def stems(folder: Path) -> list[str]:
    return sorted(path.name.split(".nii")[0] for path in folder.iterdir() if ".nii" in path.name)


# --- what a linear image must become


@st.composite
def stacks(draw: Callable) -> list[Plane]:
    """Parallel planes of any orientation, distances and shifts within the plane along one line."""
    numbers = st.floats(-1, 1, allow_subnormal=False)
    turn, _ = np.linalg.qr(np.array([[draw(numbers) for _ in range(3)] for _ in range(3)]) + 3 * np.eye(3))
    steps = draw(st.lists(st.floats(0.5, 4), min_size=2, max_size=7))
    slope = np.array([draw(st.floats(-0.6, 0.6)), draw(st.floats(-0.6, 0.6))])
    normal = np.cross(turn[:, 0], turn[:, 1])
    away = np.concatenate([[0], np.cumsum(steps)])
    return [
        Plane(np.array([5.0, -7, 3]) + z * (normal + turn[:, 0] * slope[0] + turn[:, 1] * slope[1]),
              np.concatenate([turn[:, 0], turn[:, 1]]), (0.8, 1.1)) for z in away
    ]  # fmt: skip


def linear(lps: np.ndarray) -> np.ndarray:
    return 2.0 * lps[..., 0] - 3.0 * lps[..., 1] + 1.5 * lps[..., 2] + 40


def points_of(plane: Plane, rows: int, columns: int) -> np.ndarray:
    row, column = np.mgrid[:rows, :columns][..., None]
    return (
        plane.position
        + row * plane.orientation[3:] * plane.spacing[0]
        + column * plane.orientation[:3] * plane.spacing[1]
    )  # fmt: skip


def ramp_volume(planes: list[Plane], rows: int = 9, columns: int = 8, dtype: str = "<f8") -> Volume:
    voxels = np.stack([linear(points_of(plane, rows, columns)) for plane in planes])[None]
    return Volume(np.rint(voxels).astype(dtype) if dtype != "<f8" else voxels, np.eye(4))


def grid_points(volume: Volume) -> np.ndarray:
    """Return the place of every voxel, LPS, shape (slices, rows, columns, 3)."""
    k, j, i = np.indices(volume.voxels.shape[1:4])
    return (np.stack([i, j, k, np.ones_like(i)], -1) @ (LPS @ volume.ijk_to_ras).T)[..., :3]


def within(points: np.ndarray, planes: list[Plane], rows: int = 9, columns: int = 8) -> np.ndarray:
    """Whether points are inside of the field of both planes around them, so that nothing is missing to interpolate."""
    first = planes[0]
    distances = np.array([(plane.position - first.position) @ first.normal for plane in planes])
    along = (points - first.position) @ first.normal
    inside = np.ones(points.shape[:-1], bool)
    for shift in (-1e-3, 1e-3):
        low = np.clip(np.searchsorted(distances, along + shift, side="right") - 1, 0, len(planes) - 2)
        for n in (0, 1):
            positions = np.array([plane.position for plane in planes])[low + n]
            row = (points - positions) @ first.orientation[3:] / first.spacing[0]
            column = (points - positions) @ first.orientation[:3] / first.spacing[1]
            inside &= (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)
    return inside


@pytest.mark.slow
@given(stacks())
def test_a_linear_image_stays_what_it_is_at_any_tilt_and_any_distances(planes: list[Plane]) -> None:
    found = resample(ramp_volume(planes), planes, BOTH)
    if found is None:
        return
    points = grid_points(found)
    inside = within(points, planes)

    assert np.allclose(found.voxels[0][inside], linear(points)[inside], atol=0.05)  # 1/1000 of a slice is not a distance
    axes = found.ijk_to_ras[:3, :3] / np.linalg.norm(found.ijk_to_ras[:3, :3], axis=0)
    if Resample.TILT in needed(planes, BOTH):
        assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-9)


@pytest.mark.slow
@given(stacks())
def test_even_distances_alone_keep_the_shear_and_every_linear_value(planes: list[Plane]) -> None:
    found = resample(ramp_volume(planes), planes, SPACING)
    if found is None:
        return
    assert found.voxels.shape[2:] == (9, 8)
    assert np.allclose(found.voxels[0], linear(grid_points(found)), atol=0.05)


@pytest.mark.slow
@given(stacks())
def test_integers_are_rounded_to_the_nearest(planes: list[Plane]) -> None:
    exact, found = (resample(ramp_volume(planes, dtype=dtype), planes, SPACING) for dtype in ("<f8", "<i2"))
    if exact is None or found is None:
        return
    assert found.voxels.dtype == np.dtype("<i2")
    assert np.abs(found.voxels - exact.voxels).max() <= 1.0  # half a step of the source, half a step of the result


@pytest.mark.slow
@given(stacks())
def test_no_pixel_of_a_tilted_stack_is_cut_off(planes: list[Plane]) -> None:
    found = resample(ramp_volume(planes), planes, TILT)
    if found is None:
        return
    to_ijk = np.linalg.inv(LPS @ found.ijk_to_ras)
    for plane in (planes[0], planes[-1]):
        corners = points_of(plane, 9, 8)[::8, ::7].reshape(-1, 3)
        ij = (np.column_stack([corners, np.ones(4)]) @ to_ijk.T)[:, :2]
        assert (ij > -0.01).all()
        assert (ij < np.array(found.shape_ijk[:2]) - 0.99).all()


def straight(distances: tuple[float, ...], shear: tuple[float, float] = (0, 0)) -> list[Plane]:
    """Axial planes with a shift along x and y per mm."""
    return [Plane(np.array([z * shear[0], z * shear[1], z]), np.array([1.0, 0, 0, 0, 1, 0]), (1.0, 1.0)) for z in distances]


@pytest.mark.slow
def test_scipy_interpolates_an_uneven_stack_to_the_same_values() -> None:
    interpolate = module("scipy.interpolate")
    planes, random = straight(UNEVEN), np.random.default_rng(3).normal(size=(2, 5, 6, 7))

    found = resample(Volume(random, np.eye(4)), planes, SPACING)

    assert found is not None
    z = grid_points(found)[:, 0, 0, 2]
    wanted = interpolate.interp1d(UNEVEN, random, axis=1)(np.minimum(z, UNEVEN[-1]))
    assert np.allclose(found.voxels, wanted, atol=1e-12)


def test_simpleitk_resamples_a_tilted_stack_to_the_same_values() -> None:
    itk = module("SimpleITK")
    planes, random = straight(EVEN, (0.3, -0.45)), np.random.default_rng(4).normal(size=(1, 4, 12, 11))
    found = resample(Volume(random, np.eye(4)), planes, TILT)
    assert found is not None

    for n, plane in enumerate(planes):  # slice by slice, as there is nothing between slices of a tilt alone
        flat = itk.GetImageFromArray(random[0, n])
        flat.SetOrigin(plane.position[:2].tolist())
        place = (LPS @ found.ijk_to_ras)[:3, 3]
        target = itk.Image(found.shape_ijk[0], found.shape_ijk[1], itk.sitkFloat64)
        target.SetOrigin(place[:2].tolist())
        wanted = itk.GetArrayFromImage(itk.Resample(flat, target, itk.Transform(), itk.sitkLinear, np.nan))
        inside = within(grid_points(found)[n], [plane, plane], 12, 11)
        assert inside.sum() >= 10 * 9
        assert np.allclose(found.voxels[0, n][inside], wanted[inside], atol=1e-9)


# --- compared with dcm2niix


@pytest.mark.parametrize(
    ("distances", "tilt"),
    [
        (UNEVEN, 0),
        (MISSING, 0),
        ((0.0, 1.0, 40.0, 41.0, 80.0), 0),
        (EVEN, 12.0),
        (UNEVEN, 20.0),
        ((0.0, 1.0, 40.0, 41.0, 80.0), 4.0),
    ],
)
def test_dcm2niix_makes_the_same_grid_and_values(distances: tuple, tilt: float, circle: Circle) -> None:
    program = oracle("dcm2niix")
    forth(circle, stack(distances, tilt))
    theirs = circle.folder / "theirs"
    theirs.mkdir()
    run(program, "-z", "n", "-b", "n", "-o", theirs, circle.dicom)

    ending = ("_Tilt" if tilt else "") + ("" if distances is EVEN else "_Eq")
    own = nibabel.load(named(circle, ending))
    (other,) = [
        image for image in images(theirs) if ending + "_" in image.get_filename() or ending + "." in image.get_filename()
    ]
    assert own.shape == other.shape
    assert np.allclose(own.affine, other.affine, atol=2e-3)
    grown = own.shape[1] - SHAPE[0]  # rows that some slice does not reach
    difference = np.abs(own.get_fdata() - other.get_fdata())[:, grown : SHAPE[0]]
    assert difference.max() <= 1  # it rounds after each step


@pytest.mark.parametrize("tilt", [20.0, -20.0])
def test_every_voxel_of_an_upright_image_has_the_value_of_its_place(tilt: float, circle: Circle) -> None:
    """Tilted to one side the first slice has the lowest rows, to the other the last one."""
    forth(circle, stack(EVEN, tilt))
    image = nibabel.load(named(circle, "_Tilt"))

    i, j, k = np.indices(image.shape)
    lps = (np.stack([i, j, k, np.ones_like(i)], -1) @ (LPS @ image.affine).T)[..., :3] - (-10.5, 20.25, -30.125)
    angle = np.radians(tilt)
    y, z = lps @ [0, np.cos(angle), -np.sin(angle)], lps @ [0, np.sin(angle), np.cos(angle)]
    wanted = 400 + 300 * np.sin(lps[..., 0] / 4) + 250 * np.cos(y / 5) + 200 * np.sin(z / 6)
    grown = image.shape[1] - SHAPE[0]
    difference = np.abs(np.asarray(image.dataobj.get_unscaled()) - wanted)[:, grown : SHAPE[0]]
    assert difference.max() < 2  # what a straight line between two pixels differs from a cosine, and rounding


# --- what must not change


@pytest.mark.parametrize("wanted", [BOTH, SPACING, TILT], ids=lambda w: ",".join(sorted(w)))
@pytest.mark.parametrize(
    "phantom", ["classic_ct", "oblique", "mr_4d", "single_slice", "without_position", "jittered_positions"]
)
def test_where_nothing_is_to_be_resampled_the_option_changes_nothing(phantom: str, wanted: frozenset, circle: Circle) -> None:
    circle.make(phantom).forth()
    plain = listing(circle.nifti)

    circle.forth(resample=wanted, overwrite=True)

    assert listing(circle.nifti) == plain


@pytest.mark.parametrize("wanted", [BOTH, SPACING, TILT], ids=lambda w: ",".join(sorted(w)))
def test_the_image_itself_is_written_as_without_the_option(wanted: frozenset, circle: Circle) -> None:
    save(circle.dicom, stack(UNEVEN, 15.0))
    circle.forth()
    plain = listing(circle.nifti)

    circle.forth(resample=wanted, overwrite=True)

    found = listing(circle.nifti)
    assert {name: found[name] for name in plain} == plain
    assert len(found) == len(plain) + 2


@pytest.mark.parametrize(("wanted", "ending"), [(BOTH, "_Tilt_Eq"), (SPACING, "_Eq"), (TILT, "_Tilt")])
def test_the_resampled_image_is_called_as_dcm2niix_calls_it(wanted: frozenset, ending: str, circle: Circle) -> None:
    forth(circle, stack(UNEVEN, 15.0), wanted)

    assert stems(circle.nifti) == ["1_series_1", f"1_series_1{ending}"]


def test_an_image_of_the_very_name_keeps_it(circle: Circle) -> None:
    other = stack(EVEN)
    for ds in other:
        ds.SeriesInstanceUID += ".7"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".7"
        ds.SeriesDescription = "series 1_Eq"
    forth(circle, stack(UNEVEN) + other)

    assert stems(circle.nifti) == ["1_series_1", "1_series_1_Eq", "1_series_1_Eq_2"]
    assert nibabel.load(circle.nifti / "1_series_1_Eq.nii.gz").shape[2] == len(EVEN)


def test_slices_that_are_on_the_grid_are_the_very_slices(circle: Circle) -> None:
    forth(circle, stack(MISSING))

    before, after = (np.asarray(nibabel.load(named(circle, ending)).dataobj) for ending in ("1", "_Eq"))
    assert after.shape[2] == 7
    assert np.array_equal(after[..., [0, 1, 2, 4, 5, 6]], before)
    assert np.array_equal(after[..., 3], np.rint((before[..., 2] + before[..., 3].astype(float)) / 2))


def test_distances_that_differ_a_little_make_as_many_slices(circle: Circle) -> None:
    forth(circle, stack((0.0, 2.0, 3.95, 5.95, 8.0)))

    image = nibabel.load(named(circle, "_Eq"))

    assert image.shape[2] == 5
    assert image.header.get_zooms()[2] == 2.0


# --- kinds of values


def test_every_time_is_resampled(circle: Circle) -> None:
    found = stack(UNEVEN, sop_class=MR) + stack(UNEVEN, sop_class=MR, pixels=lambda z: np.full(SHAPE, 10 * z, "<i2"))
    for n, ds in enumerate(found):
        ds.InstanceNumber, ds.SOPInstanceUID = n + 1, ds.SOPInstanceUID + f".{n}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    forth(circle, found)

    image = nibabel.load(named(circle, "_Eq"))
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


def test_no_label_is_between_two_labels(circle: Circle) -> None:
    labels = stack(UNEVEN, 18.0, pixels=lambda z: (np.indices(SHAPE).sum(axis=0) // 7 * 50 + int(z) * 3).astype("<i2"))
    for ds in labels:
        ds.Modality = "SEG"
    forth(circle, labels)

    before, after = (np.asarray(nibabel.load(named(circle, ending)).dataobj) for ending in ("1", "_Eq"))
    assert set(np.unique(after)) <= {0, *np.unique(before)}
    assert any("nearest neighbor" in text for text in warnings_in(circle, "_Eq"))


def test_a_segment_does_not_grow_into_slices_that_the_segmentation_left_out_as_empty(circle: Circle) -> None:
    labels = stack((0.0, 2.0, 12.0, 14.0, 16.0), pixels=lambda z: np.ones(SHAPE, "<i2"))
    for ds in labels:
        ds.Modality = "SEG"
    forth(circle, labels)

    assert np.asarray(nibabel.load(named(circle, "_Eq")).dataobj.get_unscaled())[0, 0].tolist() == [1, 1, 0, 0, 0, 0, 1, 1, 1]


def test_floats_stay_what_was_computed(circle: Circle) -> None:
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
def test_what_is_outside_has_the_value_of_padding(padding: int | None, value: int, words: str, circle: Circle) -> None:
    found = stack(EVEN, 20.0, pixels=lambda z: np.full(SHAPE, -120, "<i2"))
    for ds in found:
        if padding is not None:
            ds.add_new(0x00280120, "US" if padding > 0 else "SS", padding)
    forth(circle, found, TILT)

    values = np.unique(np.asarray(nibabel.load(named(circle, "_Tilt")).dataobj.get_unscaled()))
    assert set(values) == {-120, value}
    assert any(f"stored value {value} ({words})" in text for text in warnings_in(circle, "_Tilt"))


def test_no_value_is_computed_with_padding(circle: Circle) -> None:
    found = stack(UNEVEN, 10.0, pixels=lambda z: np.where(np.indices(SHAPE)[1] < 6, -2000, 300).astype("<i2"))
    for ds in found:
        ds.add_new(0x00280120, "SS", -2000)
    forth(circle, found)

    assert set(np.unique(np.asarray(nibabel.load(named(circle, "_Eq")).dataobj.get_unscaled()))) == {-2000, 300}


def test_planes_that_are_no_stack_are_left_alone_with_a_sentence() -> None:
    planes = straight((0.0, 0.1, 0.2), (5000.0, 0.0))

    with pytest.raises(GeometryError, match="the slices are so far apart"):
        resample(ramp_volume(planes), planes, TILT)


# --- the sidecar


def warnings_in(circle: Circle, ending: str) -> list[str]:
    return sidecar(circle, ending)["NiftiDicomBridge"]["Geometry"]["Warnings"]


def sidecar(circle: Circle, ending: str) -> dict:
    return json.loads(
        named(circle, ending).with_name(named(circle, ending).name.replace(".nii.gz", ".json")).read_text("utf-8")
    )


def test_the_report_names_what_was_interpolated_and_how(circle: Circle) -> None:
    save(circle.dicom, stack(UNEVEN, 15.0))

    said = "\n".join(circle.forth(resample=BOTH).entries[0].log.warnings)

    assert "sheared by 15.00°" in said
    assert "by linear interpolation between neighboring slices at their true positions: 5 slices became 6" in said


def test_the_schema_accepts_the_sidecar_of_a_resampled_image(circle: Circle) -> None:
    jsonschema = module("jsonschema")
    forth(circle, stack(UNEVEN, 15.0))
    schema = json.loads((files("nifti_dicom_bridge") / "data" / "sidecar.schema.json").read_text("utf-8"))

    found = sidecar(circle, "_Eq")
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(found)) == []
    assert found["NiftiDicomBridge"]["Geometry"]["Resampled"] == ["spacing", "tilt"]


def test_bids_keys_are_those_of_the_resampled_image(circle: Circle) -> None:
    found = stack(UNEVEN, sop_class=MR)
    for n, ds in enumerate(found):
        ds.Manufacturer, ds.MRAcquisitionType, ds.SpacingBetweenSlices = "SIEMENS", "2D", "2"
        ds.AcquisitionTime = f"03040{n}.25"
        ds.RepetitionTime = "9000"
    forth(circle, found)

    before, after = sidecar(circle, "1"), sidecar(circle, "_Eq")
    assert "SliceTiming" in before
    assert "SliceTiming" not in after
    assert (before["SpacingBetweenSlices"], after["SpacingBetweenSlices"]) == (2, 1.9)
    assert before["SliceThickness"] == after["SliceThickness"]
    assert after["ImageType"] == ["DERIVED", *before["ImageType"][1:]]


# --- the way back


def test_a_folder_with_both_restores_the_original_and_derives_a_series_of_the_other(circle: Circle) -> None:
    forth(circle, stack(UNEVEN, 15.0))

    report = circle.home(KEEP)

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.DERIVED, Outcome.RESTORED]
    back, source = listing(circle.back), listing(circle.dicom)
    assert {name: back[name] for name in source} == source
    assert len(back) == len(source) + 6


def test_with_new_uids_the_two_series_are_two(circle: Circle) -> None:
    forth(circle, stack(UNEVEN, 15.0))

    report = circle.home(NEW)

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.DERIVED, Outcome.REISSUED]
    series: dict[str, list[Dataset]] = {}
    for ds in circle.returned():
        series.setdefault(ds.SeriesInstanceUID, []).append(ds)
    assert sorted(len(found) for found in series.values()) == [5, 6]
    assert len({ds.SOPInstanceUID for ds in circle.returned()}) == 11
    assert len({ds.FrameOfReferenceUID for ds in circle.returned()}) == 1


def derived(circle: Circle, ending: str, change: Callable | None = None) -> list[Dataset]:
    """Bring the resampled image alone back, and return its instances by number."""
    for path in circle.nifti.iterdir():
        if not path.name.split(".")[0].endswith(ending):
            path.unlink()
    if change is not None:
        circle.edit_image(change)
    report = circle.home(KEEP)
    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED], report.entries[0].error
    return sorted(circle.returned(), key=lambda ds: ds.InstanceNumber)


@pytest.mark.parametrize("distances", [UNEVEN, MISSING])
@pytest.mark.parametrize("tilt", [0.0, 15.0])
def test_a_resampled_image_comes_back_as_a_derived_series_on_its_grid(distances: tuple, tilt: float, circle: Circle) -> None:
    forth(circle, stack(distances, tilt))
    image = nibabel.load(named(circle, "_Eq"))

    found = derived(circle, "_Eq")

    stored = np.flip(np.asarray(image.dataobj.get_unscaled()), 1).T
    assert np.array_equal(np.stack([ds.pixel_array for ds in found]), stored)
    for k, ds in enumerate(found):
        lps = (LPS @ image.affine @ [0, image.shape[1] - 1, k, 1])[:3]
        assert np.allclose(np.array(ds.ImagePositionPatient, float), lps, atol=1e-3)
        assert ds.ImageType[0] == "DERIVED"
        assert ds.DerivationDescription.startswith("Resampled")
        assert "GantryDetectorTilt" not in ds


def test_a_part_of_a_resampled_image_stays_where_it_is(circle: Circle) -> None:
    """The slices of the original that have its numbers are elsewhere."""
    forth(circle, stack(MISSING))

    found = derived(circle, "_Eq", lambda image: image.slicer[:, :, 1:6])

    assert [float(ds.ImagePositionPatient[2]) + 30.125 for ds in found] == pytest.approx([2, 4, 6, 8, 10])


def test_each_derived_slice_names_the_slices_that_it_was_made_of(circle: Circle) -> None:
    source = stack(MISSING)
    forth(circle, source)

    found = derived(circle, "_Eq")

    wanted = [ds.SOPInstanceUID for ds in source]
    names = [[item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence] for ds in found]
    assert names == [[wanted[0]], [wanted[1]], [wanted[2]], wanted[2:4], [wanted[3]], [wanted[4]], [wanted[5]]]


def test_a_stack_set_upright_keeps_its_uneven_distances_in_dicom(circle: Circle) -> None:
    forth(circle, stack(UNEVEN, 15.0), TILT)

    found = derived(circle, "_Tilt")

    axes = np.array(found[0].ImageOrientationPatient, float)
    positions = np.array([np.array(ds.ImagePositionPatient, float) for ds in found]) - found[0].ImagePositionPatient
    assert np.allclose(positions @ np.cross(axes[:3], axes[3:]), UNEVEN, atol=1e-3)
    assert np.allclose(positions @ axes.reshape(2, 3).T, 0, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("distances", [UNEVEN, EVEN])
def test_dciodvfy_finds_no_new_error_in_a_resampled_series(distances: tuple, circle: Circle) -> None:
    from test_oracles import complaints

    oracle("dciodvfy")
    forth(circle, stack(distances, 15.0))
    circle.home(NEW)

    before = set().union(*(complaints(path) for path in circle.dicom.iterdir()))
    assert set().union(*(complaints(path) for path in circle.back.rglob("*.dcm"))) - before == set()


def segment_at(circle: Circle, distances: tuple[float, ...]) -> pydicom.Dataset:
    """Write a segmentation of one segment in four slices."""
    circle.make("segmentation")
    (path,) = circle.dicom.iterdir()
    ds = pydicom.dcmread(path)
    for groups, z in zip(ds.PerFrameFunctionalGroupsSequence, distances, strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, z]
        groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
    ds.save_as(path)
    return ds


def test_a_segmentation_whose_slices_fit_a_grid_needs_no_resampling(circle: Circle) -> None:
    segment_at(circle, (0, 2.5, 7.5, 10))
    circle.forth(resample=BOTH)
    assert nibabel.load(circle.image()).shape[2] == 5


def test_a_segmentation_comes_back_on_its_even_grid(circle: Circle) -> None:
    ds = segment_at(circle, (0, 2.5, 8.6, 11.1))
    circle.forth(resample=BOTH)

    report = circle.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.REISSUED, Outcome.DERIVED], report.entries[1].error
    (resampled,) = [found for found in circle.returned() if found.SOPInstanceUID in _uids(report.entries[1].outputs)]
    groups = resampled.PerFrameFunctionalGroupsSequence
    found = [float(group.PlanePositionSequence[0].ImagePositionPatient[2]) for group in groups]
    assert found[:2] == pytest.approx([0, 2.5], abs=0.3)
    assert np.array_equal(resampled.pixel_array[:2], ds.pixel_array[:2])
    assert found[-1] == pytest.approx(11.1, abs=1.3)


def _uids(paths: list) -> set[str]:
    return {pydicom.dcmread(path).SOPInstanceUID for path in paths}


# --- the command line


def test_the_command_line_takes_both_words(circle: Circle, capsys: pytest.CaptureFixture) -> None:
    save(circle.dicom, stack(UNEVEN, 15.0))

    assert (
        main(["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti), "--resample", "tilt,spacing", "-v"]) == 0
    )
    assert "1_series_1_Tilt_Eq: resampled" in capsys.readouterr().out
    assert stems(circle.nifti) == ["1_series_1", "1_series_1_Tilt_Eq"]


@pytest.mark.parametrize(("to", "words", "said"), [
    ("nifti", "tilt,slant", "--resample: 'slant' is not valid. Expected one of: tilt, spacing, shear."),
    ("dicom", "tilt", "Use it with --to nifti"),
])  # fmt: skip
def test_a_wrong_word_or_target_is_wrong_usage(
    to: str, words: str, said: str, circle: Circle, capsys: pytest.CaptureFixture
) -> None:
    save(circle.dicom, stack(EVEN))

    assert main(["convert", str(circle.dicom), "--to", to, "-o", str(circle.nifti), "--resample", words]) == 2
    assert said in capsys.readouterr().err
    assert not circle.nifti.exists()
