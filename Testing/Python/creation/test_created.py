"""NIfTI that never was DICOM: every kind, every orientation, read back by programs that others wrote."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Kind, Outcome, Target, convert, read
from support.grids import TURN
from support.nonempty import some
from support.oracles import oracle, run
from support.other_readers import LPS, itk_image

ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]
SHAPE, SPACING, ORIGIN = (5, 4, 3), (1.5, 2.0, 3.25), (10.0, -20.0, 5.5)
GREY = {
    "uint8": (0, 256), "int16": (-32768, 32768), "uint16": (0, 65536), "int32": (-100_000, -50_000), "float32": None,
}  # fmt: skip
CLASSIC = [Kind.CT, Kind.MR, Kind.PET]
ENHANCED = [Kind.ENHANCED_CT, Kind.ENHANCED_MR, Kind.ENHANCED_PET]
CASES = [
    *[(kind, voxels) for kind in (*CLASSIC, *ENHANCED) for voxels in GREY],
    *[(kind, voxels) for kind in (Kind.SC, Kind.SC_MULTI) for voxels in ("uint8", "int16", "uint16", "float32", "RGB")],
]
CORNER_MM = 1e-3


def matrix_of(order: tuple[int, ...], signs: tuple[int, ...]) -> np.ndarray:
    """Return an affine whose axes go along those of the patient (or of an oblique box) in this order and direction."""
    axes = np.zeros((3, 3))
    for n, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        axes[axis, n] = sign
    oblique = sum(signs) > 0  # half of them
    found = np.eye(4)
    found[:3, :3] = (TURN @ axes if oblique else axes) @ np.diag(SPACING)
    found[:3, 3] = ORIGIN
    return found


def voxels_of(kind: str, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if kind == "RGB":
        return random.integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    limits = GREY[kind]
    if limits is None:
        return (random.normal(size=SHAPE) * 100).astype(np.float32)
    return random.integers(*limits, SHAPE).astype(kind)


def save(path: Path, voxels: np.ndarray, matrix: np.ndarray) -> None:
    if voxels.ndim == 4 and voxels.dtype == np.uint8:
        voxels = np.ascontiguousarray(voxels).view([("R", "u1"), ("G", "u1"), ("B", "u1")]).reshape(SHAPE)
    nibabel.save(nibabel.Nifti1Image(voxels, matrix), path)


@pytest.fixture(scope="module")
def made(request, tmp_path_factory):
    """All orientations of one kind of voxels as one kind of object: images, affines, and the folder of each series."""
    kind, voxels = request.param
    folder = tmp_path_factory.mktemp(f"{kind}-{voxels}")
    images, matrices = [], []
    (folder / "nifti").mkdir()
    for n, orientation in enumerate(ORIENTATIONS):
        images.append(voxels_of(voxels, n))
        matrices.append(matrix_of(*orientation))
        save(folder / "nifti" / f"o{n:02d}.nii", images[-1], matrices[-1])
    options = ConversionOptions(target=Target.DICOM, kind=kind)
    report = convert(Job([folder / "nifti"], folder / "dicom", options))
    assert [entry.error for entry in report.entries if entry.outcome is not Outcome.CONVERTED] == []
    return folder, images, matrices, report, kind


each_case = pytest.mark.parametrize("made", CASES, indirect=True, ids=lambda case: f"{case[0]}-{case[1]}")


def assert_same(voxels: np.ndarray, matrix: np.ndarray, wanted: np.ndarray, wanted_matrix: np.ndarray, kind: Kind) -> None:
    """Compare images (i, j, k[, 3]) voxel by voxel at the same places.

    Rounding to 16 bits is allowed for floats, and where PET, which has no intercept, holds more than 16 bits.
    """
    found, expected = (_in_order(*pair) for pair in ((voxels, matrix), (wanted, wanted_matrix)))
    assert np.abs(found[0] - expected[0]).max() <= CORNER_MM
    largest = {"f": np.ptp(wanted), "i": np.abs(wanted).max() if wanted.itemsize > 2 and kind is Kind.PET else 0}
    tolerance = largest.get(wanted.dtype.kind, 0) / 65000
    assert np.abs(found[1] - expected[1]).max() <= tolerance


def _in_order(voxels: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places and values, sorted by place."""
    indices = np.argwhere(np.ones(voxels.shape[:3], bool))
    places = indices @ matrix[:3, :3].T + matrix[:3, 3]
    order = np.lexsort(np.round(places, 2).T)
    return places[order], voxels.reshape(len(places), -1)[order].astype(float)


@pytest.mark.slow
@each_case
def test_our_own_reader_gives_the_image_back(made):
    folder, images, matrices, _, kind = made
    for n, (voxels, matrix) in enumerate(zip(images, matrices, strict=True)):
        (volume,) = read(folder / "dicom" / f"o{n:02d}")
        found = volume.voxels[0] if volume.voxels.ndim > 4 else volume.real_values()[0]
        assert_same(np.swapaxes(found, 0, 2), volume.ijk_to_ras, voxels, matrix, kind)


@pytest.mark.slow
@each_case
def test_itk_gives_the_image_back(made):
    folder, images, matrices, _, kind = made
    for n, (voxels, matrix) in enumerate(zip(images, matrices, strict=True)):
        array, found = itk_image(folder / "dicom" / f"o{n:02d}")
        assert_same(np.swapaxes(array, 0, 2), LPS @ found, voxels, matrix, kind)


@pytest.mark.slow
@each_case
def test_dcm2niix_gives_the_image_back(made):
    program = oracle("dcm2niix")
    folder, images, matrices, _, kind = made
    (folder / "back").mkdir()
    run(program, "-z", "n", "-b", "n", "-f", "%d", "-o", folder / "back", folder / "dicom")
    for n, (voxels, matrix) in enumerate(zip(images, matrices, strict=True)):
        image = nibabel.load(folder / "back" / f"o{n:02d}.nii")
        array = np.asanyarray(image.dataobj)
        if array.dtype.fields:
            array = np.stack([array[name] for name in "RGB"], axis=-1)
        assert_same(array, image.affine, voxels, matrix, kind)


@pytest.mark.slow
@each_case
def test_dciodvfy_finds_no_error(made):
    program = oracle("dciodvfy")
    report = made[3]
    for entry in some(report.entries[:: 1 if len(report.entries[0].outputs) == 1 else 7]):
        said = run(program, entry.outputs[0])
        errors = [line for line in said.stderr.splitlines() if line.startswith("Error")]
        assert errors == [], entry.outputs[0]


@pytest.mark.slow
@each_case
def test_our_own_checker_finds_nothing(made):
    report = made[3]
    assert [text for entry in report.entries for text in entry.log.warnings if "standard requires" in text] == []
