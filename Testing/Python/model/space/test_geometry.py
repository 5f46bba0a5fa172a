"""Positions of voxels: the matrix is the inverse of the attributes, any turn is found, any reader agrees."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import GeometryError, Volume, read
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.model.space.axes import closest_orientation, reoriented_affine
from nifti_dicom_bridge.model.space.geometry import (
    LPS_TO_RAS,
    Plane,
    attributes_from_affine,
    check_affine,
    slice_distance,
    spacing_of,
)
from nifti_dicom_bridge.model.space.orientation import in_plane
from nifti_dicom_bridge.model.space.stack_affine import affine_from_attributes, spacing_problem
from nifti_dicom_bridge.model.voxels.median import median_of
from nifti_dicom_bridge.options import SlicePlane
from phantoms import ramp, save, slices
from phantoms.series import OBLIQUE
from support import grids
from support.nonempty import some
from support.oracles import module
from support.round_trip import RoundTrip, in_dicom_order

lengths = st.floats(0.1, 10)
offsets = st.floats(-1500, 1500)
SHAPE = (5, 4, 3)
HEADERS = {nibabel.Nifti1Header: 2.0**-24, nibabel.Nifti2Header: 2.0**-53}
"""The versions of the header, and by which part of a number its fields are rounded."""


@st.composite
def rotations(draw: st.DrawFn) -> np.ndarray:
    """Any rotation, as a matrix whose columns are row direction, column direction and normal."""
    axis = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 3)))
    length = np.linalg.norm(axis)
    axis = axis / length if length > 0.1 else np.array([0.0, 0.0, 1.0])
    angle = draw(st.floats(-np.pi, np.pi) | st.floats(np.pi - 4e-3, np.pi))  # near half a turn quaternions are least exact
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """Any grid without shear, right- or left-handed, ijk → RAS."""
    matrix = np.eye(4)
    matrix[:3, :3] = draw(rotations()) * np.array(draw(st.tuples(lengths, lengths, lengths)))
    matrix[:3, 2] *= draw(st.sampled_from([1, -1]))
    matrix[:3, 3] = draw(st.tuples(offsets, offsets, offsets))
    return matrix


@pytest.mark.slow
@given(affines(), st.integers(2, 40))
def test_attributes_and_affine_are_each_others_inverse(matrix: np.ndarray, count: int) -> None:
    stack = affine_from_attributes(attributes_from_affine(matrix, count), 1.0)

    assert np.abs(stack.ijk_to_ras - matrix).max() < 1e-9
    assert stack.deviation_mm < 1e-9


@pytest.mark.slow
@given(rotations(), st.tuples(offsets, offsets, offsets), st.tuples(lengths, lengths), lengths)
def test_a_voxel_is_where_the_standard_specifies(turn: np.ndarray, position: tuple, spacing: tuple, step: float) -> None:
    """PS3.3 C.7.6.2.1.1: P = IPP + row direction × column spacing × column + column direction × row spacing × row."""
    row, column, normal = turn.T
    planes = [Plane(np.array(position) + k * step * normal, np.concatenate([row, column]), spacing) for k in range(3)]

    matrix = affine_from_attributes(planes, 1.0).ijk_to_ras

    i, j, k = 4, 3, 2
    lps = np.array(position) + k * step * normal + row * spacing[1] * i + column * spacing[0] * j
    assert np.allclose(matrix @ [i, j, k, 1], [-lps[0], -lps[1], lps[2], 1], atol=1e-9)


@pytest.mark.slow
@given(st.sampled_from(list(permutations(range(3)))), st.tuples(*[st.sampled_from([1, -1])] * 3), affines())
def test_any_of_48_turns_is_found(order: tuple, flips: tuple, matrix: np.ndarray) -> None:
    turned = reoriented_affine(matrix, order, flips, SHAPE)

    found = closest_orientation(matrix, turned)

    assert np.abs(reoriented_affine(matrix, *found, SHAPE) - turned).max() < 1e-9


def test_all_48_turns_of_an_anisotropic_grid_are_different() -> None:
    matrix = np.diag([0.5, 0.75, 2.5, 1.0])
    found = {
        closest_orientation(matrix, reoriented_affine(matrix, order, flips, SHAPE))
        for order, flips in product(permutations(range(3)), product((1, -1), repeat=3))
    }

    assert len(found) == 48


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEADERS)
@given(affines())
def test_nibabel_reads_a_sform_that_differs_by_rounding_only(kind: type, matrix: np.ndarray) -> None:
    header, corner, wanted = _written_header(kind, matrix)

    assert (np.abs(header.get_sform() @ corner - wanted) <= HEADERS[kind] * np.abs(header.get_sform()) @ corner + 1e-9).all()
    assert int(header["sform_code"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEADERS)
@given(affines())
def test_nibabel_reads_a_qform_that_differs_by_rounding_only(kind: type, matrix: np.ndarray) -> None:
    header, corner, wanted = _written_header(kind, matrix)

    size = np.linalg.norm(np.linalg.norm(matrix[:3, :3], axis=0) * corner[:3])
    rounding = HEADERS[kind] * (size + np.linalg.norm(matrix[:3, 3]) + np.linalg.norm(wanted))
    assert np.linalg.norm(header.get_qform() @ corner - wanted) <= _largest_turn(header, matrix) * size + rounding + 1e-9
    assert int(header["qform_code"]) == 1


def _largest_turn(header: nibabel.Nifti1Header, matrix: np.ndarray) -> float:
    """Return by which angle the rotation may differ: a quaternion is stored without a = √(1 − b² − c² − d²).

    Rounding of b, c and d changes a² by up to `change`, which matters the more the smaller a is, near half a turn.
    nibabel takes a² for 0 below a threshold.
    """
    half_ulp, cut = HEADERS[type(header)] / 2, float(header.quaternion_threshold)
    axes = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0) * [1, -1, 1]  # as stored
    axes[:, 2] *= np.sign(np.linalg.det(axes))
    squared = max(0.0, 1 + np.trace(axes)) / 4
    change = 2 * np.sqrt(3) * half_ulp + 16 * np.finfo(float).eps
    first = change / np.sqrt(squared) if squared > cut + change else np.sqrt(cut + change)
    return float(2 * np.hypot(first, np.sqrt(3) * half_ulp))


def _written_header(kind: type, matrix: np.ndarray) -> tuple[nibabel.Nifti1Header, np.ndarray, np.ndarray]:
    """Return the header that is written for a grid, a voxel in the file, and its place by the grid."""
    shape = (1, 3, 4, 5) if kind is nibabel.Nifti1Header else (1, 1, 1, 40000)
    raw = _header_bytes(Volume(np.zeros(shape, np.uint8), matrix))
    header = kind(raw[: kind.sizeof_hdr], check=False)
    return header, np.array([4, shape[2] - 1, 2, 1]), matrix @ [4, 0, 2, 1]  # the first row of DICOM is the last of NIfTI


def _header_bytes(volume: Volume) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        nifti.write_image(volume, Path(folder, "a.nii"))
        return Path(folder, "a.nii").read_bytes()


def test_a_sheared_grid_has_no_qform(round_trip: RoundTrip) -> None:
    round_trip.make("gantry_tilt").forth()

    header = nibabel.load(round_trip.image()).header

    assert int(header["qform_code"]) == 0
    assert np.allclose(header.get_sform(), [[-0.5, 0, 0, 10.5], [0, 0.75, 1.25, -22.5], [0, 0, 2.5, -30.125], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    "phantom", ["classic_ct", "oblique", "feet_first", "descending", "gantry_tilt", "far_from_origin", "mr_4d"]
)
def test_every_plane_in_the_image_is_where_its_file_specifies(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    image = nibabel.load(round_trip.image())
    voxels = np.asarray(image.dataobj.get_unscaled())

    for path in some(round_trip.dicom.iterdir()):
        ds = pydicom.dcmread(path)
        (found,) = np.argwhere(voxels == ds.pixel_array[1, 2])
        row, column = np.array(ds.ImageOrientationPatient[:3], float), np.array(ds.ImageOrientationPatient[3:], float)
        down, across = map(float, ds.PixelSpacing)
        lps = np.array(ds.ImagePositionPatient, float) + row * across * 2 + column * down * 1
        assert np.abs(image.affine @ [*found[:3], 1] - [-lps[0], -lps[1], lps[2], 1]).max() < 1e-3


@pytest.mark.parametrize("phantom", ["classic_ct", "oblique", "feet_first", "far_from_origin"])
def test_simpleitk_and_nibabel_agree_on_physical_points(phantom: str, round_trip: RoundTrip) -> None:
    itk = module("SimpleITK")
    round_trip.make(phantom).forth()
    a, b = nibabel.load(round_trip.image()), itk.ReadImage(str(round_trip.image()))

    for corner in product(*[(0, n - 1) for n in a.shape]):
        lps = np.array(b.TransformIndexToPhysicalPoint(corner))
        assert np.abs(a.affine @ [*corner, 1] - [-lps[0], -lps[1], lps[2], 1]).max() < 1e-3


def test_slices_are_sorted_by_position_and_not_by_number(round_trip: RoundTrip) -> None:
    round_trip.make("descending").forth()

    assert in_dicom_order(nibabel.load(round_trip.image()))[:, 0, 0].tolist() == [0, 20, 40]


def test_times_come_in_the_order_of_instance_numbers(round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d").forth()

    image = nibabel.load(round_trip.image())

    assert image.shape == (5, 4, 3, 2)
    assert in_dicom_order(image)[:, :, 0, 0].tolist() == [[0, 20, 40], [60, 80, 100]]
    assert image.header.get_zooms()[3] == 2.0


def test_a_missing_slice_is_reported_with_its_place(round_trip: RoundTrip) -> None:
    report = round_trip.make("missing_slice").forth()

    assert report.entries[0].log.warnings == [
        "1 slice(s) missing (after slice 2; step 2.5 mm): slices are up to 2.5 mm off the even grid, the true positions are in "
        "the sidecar"
    ]


def test_uneven_spacing_is_reported_with_its_range(round_trip: RoundTrip) -> None:
    report = round_trip.make("uneven_spacing").forth()

    assert "slice distances vary from 2 to 3.5 mm" in report.entries[0].log.warnings[0]


def test_a_tilted_gantry_is_reported_with_its_angle(round_trip: RoundTrip) -> None:
    report = round_trip.make("gantry_tilt").forth()

    assert "26.57°" in report.entries[0].log.warnings[0]


def test_a_regular_grid_has_no_warning(round_trip: RoundTrip) -> None:
    assert round_trip.make("oblique").forth().entries[0].log.warnings == []


def test_three_planes_become_three_images(round_trip: RoundTrip) -> None:
    round_trip.make("localizer").forth()

    axes = {"".join(nibabel.aff2axcodes(nibabel.load(path).affine)) for path in round_trip.images()}

    assert axes == {"LAS", "PSR", "LSP"}


def test_echoes_and_phase_become_images_with_names_that_distinguish_them(round_trip: RoundTrip) -> None:
    round_trip.make("echoes_and_phase").forth()

    assert [path.name for path in round_trip.images()] == [
        "1_series_1_echo2.46.nii.gz".replace(".46", "_46"), "1_series_1_echo4_92.nii.gz",
        "1_series_1_phase_echo2_46.nii.gz", "1_series_1_phase_echo4_92.nii.gz",
    ]  # fmt: skip


def test_an_interrupted_time_is_an_image_of_its_own(round_trip: RoundTrip) -> None:
    round_trip.make("incomplete_4d").forth()

    assert sorted(nibabel.load(path).shape for path in round_trip.images()) == [(5, 4, 2), (5, 4, 3)]


def test_enhanced_frames_are_sorted_by_place_and_time(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_mr").forth()

    image = nibabel.load(round_trip.image())

    assert image.shape == (5, 4, 3, 2)
    assert in_dicom_order(image)[:, :, 0, 0].tolist() == [[0, 40, 80], [20, 60, 100]]
    assert np.allclose(image.affine, [[-0.5, 0, 0, 1.5], [0, 0.75, 0, -2.25 - 3 * 0.75], [0, 0, 2.5, 0], [0, 0, 0, 1]])


def test_mosaic_tiles_are_where_siemens_puts_them(round_trip: RoundTrip) -> None:
    """The position of a mosaic is that of an image of its whole size around the same center."""
    round_trip.make("mosaic").forth()

    image = nibabel.load(round_trip.image())

    assert image.shape == (6, 4, 3, 2)
    # half of what the mosaic is larger than a tile: 6/2 columns and 4/2 rows of 3 mm
    assert np.allclose((image.affine @ [0, 3, 0, 1])[:3], [-(-60 + 9), -(-50 + 6), 10])
    assert np.allclose(image.affine[:3, 2], [0, 0, 3.5])
    assert in_dicom_order(image)[0, :, 0].tolist() == [list(range(6)), list(range(6, 12)), list(range(48, 54))]


@pytest.mark.parametrize("columns", [([1, 0, 0], [0.1, 1, 0], [0, 0, 1])])
def test_rows_and_columns_that_are_not_perpendicular_are_refused(columns: tuple) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(columns).T

    with pytest.raises(GeometryError, match="not 90"):
        attributes_from_affine(matrix, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_a_matrix_that_maps_nowhere_is_refused(bad: float) -> None:
    matrix = np.eye(4)
    matrix[1, 1] = bad

    with pytest.raises(GeometryError):
        check_affine(matrix)


@pytest.mark.parametrize("jitter", [0.005, 0.009])
def test_rounding_of_positions_is_no_problem(jitter: float) -> None:
    planes = [Plane(np.array([0, 0, 2.0 * k + jitter * (k % 2)]), np.array([1.0, 0, 0, 0, 1, 0]), (1, 1)) for k in range(5)]

    assert spacing_problem(affine_from_attributes(planes, 1.0)) == ""


def test_sides_are_the_patients(round_trip: RoundTrip) -> None:
    """LPS → RAS turns the first two axes around."""
    assert np.diag(LPS_TO_RAS).tolist() == [-1, -1, 1, 1]


def test_the_matrix_in_memory_has_all_digits_of_the_files(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, slices(ramp(2, 4, 5), orientation=OBLIQUE, origin=(-1234.56789012, 0.1, 1e-9)))

    (volume,) = read(round_trip.dicom)

    assert (LPS_TO_RAS @ volume.ijk_to_ras)[:3, 3].tolist() == [-1234.56789012, 0.1, 1e-9]


@pytest.mark.slow
@given(st.lists(st.floats(width=64, min_value=-1e300, max_value=1e300) | st.just(float("nan")), min_size=1, max_size=9))
def test_the_median_is_that_of_numpy(values: list[float]) -> None:
    np.testing.assert_equal(median_of(values), float(np.median(values)))


@pytest.mark.parametrize(
    ("thick", "orientation"), [(0, [0, 1, 0, 0, 0, -1]), (1, [1, 0, 0, 0, 0, -1]), (2, [1, 0, 0, 0, 1, 0])],
    ids=["sagittal", "coronal", "axial"],
)  # fmt: skip
def test_slices_across_the_thickest_voxels_are_seen_as_usual(thick: int, orientation: list[int]) -> None:
    spacing = np.ones(3)
    spacing[thick] = 5
    matrix = np.diag([*spacing, 1.0])

    turned = in_plane(Volume(np.zeros((1, 6, 7, 8), np.uint8), matrix), SlicePlane.AUTO)

    (plane, *_) = attributes_from_affine(turned.ijk_to_ras, turned.shape_ijk[2])
    assert np.allclose(plane.orientation, orientation)
    assert spacing_of(turned.ijk_to_ras)[2] == slice_distance(turned.ijk_to_ras) == 5


def test_corners_of_a_plane_are_those_of_its_grid() -> None:
    rows, columns = 7, 5
    (plane,) = attributes_from_affine(grids.OBLIQUE, 1)

    lps = LPS_TO_RAS @ grids.OBLIQUE @ [[0, columns - 1, 0, columns - 1], [0, 0, rows - 1, rows - 1], [0] * 4, [1] * 4]

    assert np.allclose(plane.corners(rows, columns), lps[:3].T)
