"""Images on the even grid that ITK, and so Slicer and SimpleITK, makes of uneven slices, with that series as reference."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, convert
from support.new_objects import entry_of, made, save
from support.oracles import module

SimpleITK = module("SimpleITK")

pytestmark = [pytest.mark.usefixtures("there"), pytest.mark.slow]

UP, SIDEWAYS = np.array([0, 0, 1.0]), np.array([0, 1.0, 0])
MOVES = {
    "uneven": [0, 0, 1, 1, 2] * UP[:, None],
    "missing": [0, 0, 0, 2.2, 2.2] * UP[:, None],
    "tilted": [0, 1, 2, 3, 4] * SIDEWAYS[:, None],
    "tilted and uneven": [0, 0, 1, 1, 2] * UP[:, None] + [0, 1, 2, 3, 4] * SIDEWAYS[:, None],
}


def uneven(moves: np.ndarray) -> list[Path]:
    """Return the files of a series in the order of their slices, which are not at even distances."""
    voxels = np.arange(120, dtype=np.int16).reshape(6, 4, 5)
    made(save("image.nii", voxels), out="ct", kind="ct", set_values={"PatientID": "P1", "StudyInstanceUID": "1.2.3.1"})
    files = sorted(Path("ct").rglob("*.dcm"), key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])
    for path, move in zip(files, moves.T, strict=True):
        ds = pydicom.dcmread(path)
        ds.ImagePositionPatient = [f"{x:.8g}" for x in np.array(ds.ImagePositionPatient, float) + move]
        ds.save_as(path)
    return files


def drawn_with_itk(files: list[Path], dtype: type = np.uint8) -> Path:
    """Return an image in which every slice is different, on the grid on which ITK reads a series."""
    image = SimpleITK.ReadImage([str(path) for path in files])
    rows, columns = image.GetSize()[1::-1]
    voxels = np.zeros((len(files), rows, columns), dtype)
    for k in range(len(files)):
        voxels[k, 1:3, : 1 + k % columns] = 1
    drawn = SimpleITK.GetImageFromArray(voxels)
    drawn.CopyInformation(image)
    SimpleITK.WriteImage(drawn, "drawn.nii")
    return Path("drawn.nii")


def places(files: list[Path]) -> np.ndarray:
    return np.array([pydicom.dcmread(path).ImagePositionPatient for path in files], float)


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_labels_are_written_on_the_planes_of_their_series(moves):
    files = uneven(moves)
    (seg,) = made(drawn_with_itk(files), reference=Path("ct"), kind="seg")
    frames = zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True)
    found = {frame.PlanePositionSequence[0].ImagePositionPatient[2]: pixels.sum() for frame, pixels in frames}
    positions = places(files)
    wanted = {z: 2 * (1 + k % seg.Columns) for k, z in enumerate(positions[:, 2])}
    assert sorted(found) == pytest.approx(sorted(wanted), abs=1e-5)
    assert [found[z] for z in sorted(found)] == [wanted[z] for z in sorted(wanted)]


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_contours_are_drawn_on_the_planes_of_their_series(moves):
    files = uneven(moves)
    (structures,) = made(drawn_with_itk(files), reference=Path("ct"), kind="rtstruct")
    places_of = {str(pydicom.dcmread(path).SOPInstanceUID): place for path, place in zip(files, places(files), strict=True)}
    contours = structures.ROIContourSequence[0].ContourSequence
    for contour in contours:
        place = places_of.pop(contour.ContourImageSequence[0].ReferencedSOPInstanceUID)
        assert np.array(contour.ContourData, float)[2::3] == pytest.approx(place[2], abs=1e-3)
    assert not places_of


def test_a_gray_image_is_written_on_the_planes_of_its_series():
    files = uneven(MOVES["uneven"])
    found = made(drawn_with_itk(files, np.float32), reference=Path("ct"), kind="ct")
    assert sorted(ds.ImagePositionPatient[2] for ds in found) == pytest.approx(sorted(places(files)[:, 2]), abs=1e-5)


def test_the_distance_is_reported():
    files = uneven(MOVES["uneven"])
    warnings = entry_of(drawn_with_itk(files), reference=Path("ct"), kind="seg").log.warnings
    assert any("same grid" in warning for warning in warnings)
    assert any("slices were moved by up to" in warning for warning in warnings)


def test_an_image_of_as_many_slices_elsewhere_is_not_moved():
    files = uneven(MOVES["uneven"])
    image = SimpleITK.ReadImage(str(drawn_with_itk(files)))
    image.SetSpacing([*image.GetSpacing()[:2], image.GetSpacing()[2] * 1.1])
    SimpleITK.WriteImage(image, "drawn.nii")
    (seg,) = made(Path("drawn.nii"), reference=Path("ct"), kind="seg")
    found = [frame.PlanePositionSequence[0].ImagePositionPatient[2] for frame in seg.PerFrameFunctionalGroupsSequence]
    assert np.diff(sorted(found)) == pytest.approx(image.GetSpacing()[2], abs=1e-4)


@pytest.mark.parametrize("kind", ["ct", "seg"])
def test_a_part_of_the_even_grid_of_an_uneven_series_is_reported(kind):
    """Nothing states whether its slices are those of the series or those of its header; they were left there in silence."""
    uneven(MOVES["uneven"])
    convert(Job([Path("ct")], Path("nifti"), ConversionOptions(gzip=False)))
    whole = nibabel.load(next(Path("nifti").glob("*.nii")))
    part = whole.slicer[:, :, 1:]
    save("part.nii", (np.asarray(part.dataobj) > 60).astype(np.int16), part.affine)
    warnings = entry_of(Path("part.nii"), reference=Path("ct"), kind=kind).log.warnings
    assert any("off the even grid of its NIfTI image" in warning for warning in warnings)
