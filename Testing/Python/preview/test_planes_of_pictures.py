"""Shape and place of pictures: square pixels, planes, mosaics, letters at the edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nifti_dicom_bridge import ConversionOptions, SlicePlane, read
from nifti_dicom_bridge.preview import plane_picture
from phantoms.base import CT, slices, write
from support.preview_images import gray, picture_of, preview, volume_with_a_mark


@pytest.mark.parametrize(
    ("keyword", "value", "shape"),
    [("PixelSpacing", ["1", "0.5"], (64, 40)), ("PixelSpacing", ["0.5", "1"], (32, 80)), ("PixelAspectRatio", [2, 1], (64, 40)),
     ("PixelAspectRatio", [1, 2], (32, 80)), ("ImagerPixelSpacing", ["0.2", "0.1"], (64, 40)), ("", [], (32, 40))],
)  # fmt: skip
def test_pixels_of_the_picture_are_square(keyword: str, value: list, shape: tuple, tmp_path: Path) -> None:
    ds = gray()
    if keyword:
        setattr(ds, keyword, value)

    assert picture_of(ds, tmp_path).shape == shape


@pytest.mark.parametrize(
    ("plane", "shape", "bright"),
    [(SlicePlane.AXIAL, (24, 20), (2, 2)), (SlicePlane.CORONAL, (30, 20), (4, 2)), (SlicePlane.SAGITTAL, (30, 24), (4, 2))],
)
def test_planes_are_shown_nose_up_feet_down(plane: SlicePlane, shape: tuple, bright: tuple, tmp_path: Path) -> None:
    """PS3.17 NNN: right is left in axial and coronal pictures, front is left in sagittal ones."""
    (volume,) = read(volume_with_a_mark(tmp_path))
    slices_of_plane = {SlicePlane.AXIAL: 10, SlicePlane.CORONAL: 24, SlicePlane.SAGITTAL: 20}[plane]
    pictures = [plane_picture(volume, plane, n, window=(500.0, 1000.0)) for n in range(slices_of_plane)]
    lit = [one for one in pictures if one.max() > 250]

    assert {one.shape for one in pictures} == {shape}
    assert 0 < len(lit) < slices_of_plane
    assert all(one[bright] > 250 and one[-1 - bright[0], -1 - bright[1]] < 5 for one in lit)


def test_the_mosaic_has_three_planes_side_by_side(tmp_path: Path) -> None:
    volume_with_a_mark(tmp_path / "in")

    preview(tmp_path / "in", tmp_path / "out", mosaic=0, letters=False)

    (path,) = (tmp_path / "out").glob("*_mosaic.png")
    width, height = Image.open(path).size
    assert width > 2 * height


def test_the_mosaic_has_so_many_slices(tmp_path: Path) -> None:
    volume_with_a_mark(tmp_path / "in")

    preview(tmp_path / "in", tmp_path / "out", mosaic=4, letters=False)

    (path,) = (tmp_path / "out").glob("*_mosaic.png")
    factor = round(256 / 24)
    assert Image.open(path).size == (2 * 20 * factor + 4, 2 * 24 * factor + 4)


def test_a_plain_picture_has_no_letters_but_on_request(tmp_path: Path) -> None:
    data_sets = slices(np.zeros((1, 80, 80), "<i2"), CT)
    for name, letters in (("plain", None), ("letters", True)):
        write(tmp_path / name / "a.dcm", data_sets[0])
        preview(tmp_path / name, tmp_path / f"{name}_out", letters=letters, window=(5000.0, 10.0))

    plain, drawn = (np.asarray(Image.open(next((tmp_path / f"{name}_out").glob("*.png")))) for name in ("plain", "letters"))
    assert plain.max() == 0
    assert drawn.max() > 50000


def test_the_picture_names_what_is_at_its_edges(tmp_path: Path) -> None:
    volume_with_a_mark(tmp_path / "in")

    preview(tmp_path / "in", tmp_path / "out", options=ConversionOptions(plane=SlicePlane.SAGITTAL))

    (path,) = (tmp_path / "out").glob("*.png")
    assert "left A, right P, top S, bottom I" in Image.open(path).text["Comment"]


def test_an_image_without_a_place_is_shown_as_stored_and_that_is_reported(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.dcm", gray())

    report = preview(tmp_path / "in", tmp_path / "out", options=ConversionOptions(plane=SlicePlane.CORONAL))

    assert any("position of the image is unknown" in text for text in report.entries[0].log.warnings)


def test_planes_across_uneven_slices_have_true_proportions(tmp_path: Path) -> None:
    data_sets = slices(np.random.default_rng(2).integers(0, 100, (6, 10, 12)).astype("<i2"), CT, spacing=(1.0, 1.0))
    for n, (ds, z) in enumerate(zip(data_sets, (0, 1, 2, 3, 7, 8), strict=True)):  # one is missing
        ds.ImagePositionPatient = ["0", "0", str(z)]
        write(tmp_path / "in" / f"{n}.dcm", ds)

    report = preview(tmp_path / "in", tmp_path / "out", options=ConversionOptions(plane=SlicePlane.CORONAL))

    assert np.asarray(Image.open(next((tmp_path / "out").glob("*.png")))).shape == (9, 12)
    assert any("resampled to an even slice distance" in text for text in report.entries[0].log.warnings)
