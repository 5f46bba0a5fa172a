"""Any small image, made into any kind of object and read again: the same values at the same places, the same labels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nifti_dicom_bridge import Volume, read, segments_of, validate
from nifti_dicom_bridge.model.volume import reoriented
from support.grids import ORIENTATIONS, centres, values_at
from support.new_objects import entry_of, save

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("there")]
IMAGES = ("ct", "mr", "pet", "sc", "enhanced-ct", "enhanced-mr", "enhanced-pet", "sc-multiframe", "pm")
SEGMENTATIONS = ("binary", "labelmap")
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
FEW = settings(max_examples=8)

lengths = st.floats(0.3, 4)
shapes = st.tuples(*[st.integers(1, 5)] * 3)


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    """Any grid without shear, oblique or not, axes in any order and direction; ijk → RAS."""
    angle, tilt = draw(st.sampled_from([(0.0, 0.0), (0.3, 0.0), (0.7, -0.4)]))
    about_z = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    about_x = [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    order, flips = draw(st.sampled_from(ORIENTATIONS))
    matrix = np.eye(4)
    matrix[:3, :3] = (np.array(about_z) @ about_x)[:, order] * flips * draw(st.tuples(lengths, lengths, lengths))
    matrix[:3, 3] = draw(st.tuples(*[st.floats(-200, 200)] * 3))
    return matrix


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    """Voxels of any type that NIfTI has for real numbers; none is negative, as PET has no negative values without a note."""
    dtype = draw(st.sampled_from(["uint8", "int16", "uint16", "int32", "float32", "float64"]))
    values = (
        st.integers(0, 200) if dtype == "uint8" else st.integers(0, 30000) if "int" in dtype else st.floats(0, 1e4, width=32)
    )
    return draw(arrays.arrays(dtype, draw(shapes), elements=values, fill=st.nothing()))


@st.composite
def label_maps(draw: st.DrawFn) -> np.ndarray:
    """Voxels of a few labels, one at least."""
    numbers = draw(st.lists(st.integers(1, 60000), min_size=1, max_size=4, unique=True))
    voxels = draw(arrays.arrays(np.uint16, draw(shapes), elements=st.sampled_from([0, *numbers]), fill=st.nothing()))
    voxels.flat[0] = numbers[0]
    return voxels


def created(voxels: np.ndarray, matrix: np.ndarray, out: str, **choices: str) -> str:
    """Make an object of an image, and return its folder."""
    shutil.rmtree(out, ignore_errors=True)
    assert entry_of(save("image.nii", voxels, matrix), out=out, **choices).error == ""
    return out


def real_values(volume: Volume, matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the values of a volume at the voxel centers of a grid."""
    places = centres(Volume(np.zeros((1, *shape[::-1])), matrix))
    found = values_at(volume.array[0], FLIP @ volume.ijk_to_ras, places)
    return found.reshape(shape[::-1]).transpose() * volume.rescale.slope + volume.rescale.intercept


@pytest.mark.parametrize("kind", IMAGES)
@FEW
@given(images(), matrices())
def test_values_are_those_of_the_image_within_the_stated_error(kind: str, voxels: np.ndarray, matrix: np.ndarray) -> None:
    (volume,) = read(created(voxels, matrix, "out", kind=kind))
    found = real_values(volume, matrix, voxels.shape)
    assert np.abs(found - voxels).max() <= max(1e-4 * float(np.ptp(voxels)), 1e-6 * float(voxels.max()))


@pytest.mark.parametrize("form", SEGMENTATIONS)
@FEW
@given(label_maps(), matrices())
def test_labels_are_those_of_the_label_map(form: str, voxels: np.ndarray, matrix: np.ndarray) -> None:
    (volume,) = read(created(voxels, matrix, "out", kind="seg", segmentation=form))
    assert np.array_equal(real_values(volume, matrix, voxels.shape), voxels)
    assert {segment.number for segment in segments_of(volume)} >= set(np.unique(voxels).tolist()) - {0}


@FEW
@given(label_maps(), matrices())
def test_regions_of_a_structure_set_are_those_of_the_label_map(voxels: np.ndarray, matrix: np.ndarray) -> None:
    created(np.zeros(voxels.shape, np.int16), matrix, "reference", kind="mr")
    created(voxels, matrix, "out", kind="rtstruct", reference="reference")
    (volume,) = [volume for volume in read(["out", "reference"]) if segments_of(volume)]
    assert np.array_equal(real_values(volume, matrix, voxels.shape), voxels)


@pytest.mark.parametrize("size_mm", [1e-4, 1e-3, 0.01, 0.02, 0.3, 40.0])
@pytest.mark.parametrize("place_mm", [0.0, -87.654])
@pytest.mark.parametrize("kind", ["rtstruct", "seg"])
def test_voxels_of_any_size_are_labeled_as_in_the_label_map(kind: str, place_mm: float, size_mm: float) -> None:
    """Of voxels of 10 µm and less, contours of several slices were taken for those of one."""
    voxels = np.random.default_rng(4).integers(0, 3, (6, 5, 7)).astype(np.uint8)
    voxels[:, :, [2, 4, 5]] = 0
    matrix = np.diag([-size_mm, -size_mm, size_mm, 1.0]) + place_mm * np.eye(4, k=3)
    created(np.zeros(voxels.shape, np.int16), matrix, "reference", kind="mr")
    created(voxels, matrix, "out", kind=kind, reference="reference")
    (volume,) = [volume for volume in read(["out", "reference"]) if segments_of(volume)]
    turned = [slice(None, None, 1 if step < 0 else -1) for step in np.diag(volume.ijk_to_ras)[:2]]
    assert np.array_equal(volume.array[0].transpose()[tuple(turned)], voxels)
    assert [text for text in volume.warnings if "contours" in text] == []
    assert [found for found in validate("reference") if "position of" in found.message] == []


@FEW
@given(
    voxels=arrays.arrays(np.uint8, (4, 3, 5), elements=st.integers(0, 2), fill=st.nothing()),
    matrix=matrices(),
    turn=st.sampled_from(ORIENTATIONS),
    off=st.floats(-1e-4, 1e-4),
    kind=st.sampled_from(["seg", "ct"]),
)
def test_an_image_stored_in_any_order_refers_to_the_slices_of_its_reference(
    voxels: np.ndarray, matrix: np.ndarray, turn: tuple, off: float, kind: str
) -> None:
    """Its grid is that of the reference up to rounding; each frame is made from the slice at its place."""
    voxels.flat[0], order, flips = 1, *turn
    created(np.zeros(voxels.shape, np.int16), matrix, "reference", kind="ct")
    turned = reoriented(Volume(voxels.transpose(2, 1, 0)[None], matrix), order, flips)
    image, grid = turned.voxels[0].transpose(2, 1, 0), turned.ijk_to_ras + off * np.eye(4, k=3)

    created(image, grid, "out", kind=kind, reference="reference")

    (volume,) = read("out")
    assert np.array_equal(real_values(volume, matrix, voxels.shape), voxels)
    positions = {ds.SOPInstanceUID: np.array(ds.ImagePositionPatient, float) for ds in data_sets("reference")}
    for place, source in sources(data_sets("out"), kind):
        assert np.allclose(place, positions[source], atol=1e-3)


def data_sets(folder: str) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(Path(folder).rglob("*.dcm"))]


def sources(found: list[pydicom.Dataset], kind: str) -> list[tuple[np.ndarray, str]]:
    """Return the position of each frame, and the only image that it was made from."""
    if kind == "seg":
        groups = [
            (groups.PlanePositionSequence[0], groups.DerivationImageSequence[0].SourceImageSequence)
            for ds in found
            for groups in ds.PerFrameFunctionalGroupsSequence
        ]
    else:
        groups = [(ds, ds.SourceImageSequence) for ds in found]
    assert groups
    assert all(len(images) == 1 for _, images in groups)
    return [(np.array(plane.ImagePositionPatient, float), images[0].ReferencedSOPInstanceUID) for plane, images in groups]
