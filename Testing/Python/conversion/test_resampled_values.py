"""Tilted and uneven stacks on a regular grid: values and grid are right, as scipy, SimpleITK and dcm2niix find, too."""

from __future__ import annotations

from collections.abc import Callable

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import Resample, Volume
from nifti_dicom_bridge.model.space.geometry import Plane
from nifti_dicom_bridge.model.space.resample import needed, resample
from support.oracles import module, oracle, run
from support.other_readers import images
from support.round_trip import RoundTrip
from support.uneven_stacks import (
    BOTH,
    EVEN,
    LPS,
    MISSING,
    SHAPE,
    SPACING,
    TILT,
    UNEVEN,
    forth,
    grid_points,
    linear,
    named,
    points_of,
    ramp_volume,
    stack,
    straight,
)


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
def test_dcm2niix_makes_the_same_grid_and_values(distances: tuple, tilt: float, round_trip: RoundTrip) -> None:
    program = oracle("dcm2niix")
    forth(round_trip, stack(distances, tilt))
    theirs = round_trip.folder / "theirs"
    theirs.mkdir()
    run(program, "-z", "n", "-b", "n", "-o", theirs, round_trip.dicom)

    ending = ("_Tilt" if tilt else "") + ("" if distances is EVEN else "_Eq")
    own = nibabel.load(named(round_trip, ending))
    (other,) = [
        image for image in images(theirs) if ending + "_" in image.get_filename() or ending + "." in image.get_filename()
    ]
    assert own.shape == other.shape
    assert np.allclose(own.affine, other.affine, atol=2e-3)
    grown = own.shape[1] - SHAPE[0]  # rows that some slice does not reach
    difference = np.abs(own.get_fdata() - other.get_fdata())[:, grown : SHAPE[0]]
    assert difference.max() <= 1  # it rounds after each step


@pytest.mark.parametrize("tilt", [20.0, -20.0])
def test_every_voxel_of_an_upright_image_has_the_value_of_its_place(tilt: float, round_trip: RoundTrip) -> None:
    """Tilted to one side the first slice has the lowest rows, to the other the last one."""
    forth(round_trip, stack(EVEN, tilt))
    image = nibabel.load(named(round_trip, "_Tilt"))

    i, j, k = np.indices(image.shape)
    lps = (np.stack([i, j, k, np.ones_like(i)], -1) @ (LPS @ image.affine).T)[..., :3] - (-10.5, 20.25, -30.125)
    angle = np.radians(tilt)
    y, z = lps @ [0, np.cos(angle), -np.sin(angle)], lps @ [0, np.sin(angle), np.cos(angle)]
    wanted = 400 + 300 * np.sin(lps[..., 0] / 4) + 250 * np.cos(y / 5) + 200 * np.sin(z / 6)
    grown = image.shape[1] - SHAPE[0]
    difference = np.abs(np.asarray(image.dataobj.get_unscaled()) - wanted)[:, grown : SHAPE[0]]
    assert difference.max() < 2  # what a straight line between two pixels differs from a cosine, and rounding
