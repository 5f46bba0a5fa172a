"""Pictures are those of DCMTK, overlay planes are drawn, and every phantom has a picture or a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, SlicePlane, convert
from phantoms import PHANTOMS
from phantoms.base import SECONDARY_CAPTURE, image, ramp, write
from support.oracles import oracle, run
from support.preview_images import gray, lut, palette, picture_of, preview


def overlay(ds: Dataset) -> np.ndarray:
    """Draw a cross upon an image, in an overlay plane that begins outside of it; and return where."""
    plane = np.zeros((20, 24), np.uint8)
    plane[10], plane[:, 12] = 1, 1
    ds.add_new(0x60000010, "US", 20)
    ds.add_new(0x60000011, "US", 24)
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", [5, -3])
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    ds.add_new(0x60003000, "OW", np.packbits(plane, bitorder="little").tobytes())
    found = np.zeros((ds.Rows, ds.Columns), bool)
    found[4:24, :20] = plane[:, 4:]
    return found


def test_overlay_planes_are_drawn_unless_deidentified(tmp_path: Path) -> None:
    ds = gray(low=0, high=100)
    ds.WindowCenter, ds.WindowWidth = "1000", "2000"
    drawn = overlay(ds)

    assert (picture_of(ds, tmp_path / "a")[drawn] == 65535).all()
    assert picture_of(ds, tmp_path / "b", ConversionOptions(deidentify=True)).max() < 60000


@pytest.mark.parametrize("step", ["pictures", "NIfTI"])
def test_a_mosaic_whose_description_was_removed_looks_the_same(step: str, tmp_path: Path) -> None:
    """A de-identification removes the private elements that describe a mosaic."""
    PHANTOMS["mosaic"].write(tmp_path / "in")
    source, options = tmp_path / "in", ConversionOptions(plane=SlicePlane.SAGITTAL)
    assert preview(source, tmp_path / "a", options).ok
    if step == "NIfTI":
        assert convert(Job([source], tmp_path / "nifti", ConversionOptions(deidentify=True))).ok
        source = tmp_path / "nifti"

    report = preview(source, tmp_path / "b", ConversionOptions(plane=SlicePlane.SAGITTAL, deidentify=step == "pictures"))

    assert report.ok, report.failures
    assert not any("position of the image is unknown" in warning for entry in report.entries for warning in entry.log.warnings)
    one, other = (np.asarray(Image.open(next((tmp_path / name).rglob("*.png")))) for name in "ab")
    assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["window", "given", "lut", "monochrome1", "palette", "rgb", "graphics"])
def test_pictures_are_those_of_dcmtk(kind: str, tmp_path: Path) -> None:
    program = oracle("dcmj2pnm")
    ds = gray()
    ds.WindowCenter, ds.WindowWidth = "300", "1200"
    options, choices = ["+Wi", "1"], {}
    if kind == "given":
        options, choices = ["+Ww", "-200", "900"], {"window": (-200.0, 900.0)}
    if kind == "lut":
        ds.VOILUTSequence = Sequence([lut(-100, np.arange(512) * 128, 16)])
        options = ["+Wl", "1"]
    if kind == "monochrome1":
        ds.PhotometricInterpretation = "MONOCHROME1"
    if kind == "palette":
        ds = image(np.arange(256, dtype="u1").reshape(16, 16), SECONDARY_CAPTURE)
        palette(ds, 0, np.linspace(0, 65535, 256).astype(int))
        options = []
    if kind == "rgb":
        ds, options = image(ramp(8, 9, 3, dtype="u1"), SECONDARY_CAPTURE), []
    if kind == "graphics":
        overlay(ds)
    found = picture_of(ds, tmp_path, eight_bit=True, **choices)

    said = run(program, *options, "+on", tmp_path / "in" / "a.dcm", tmp_path / "theirs.png")

    assert said.returncode == 0, said.stderr
    assert np.abs(np.asarray(Image.open(tmp_path / "theirs.png")).astype(int) - found).max() <= 1


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_every_phantom_becomes_pictures_or_a_sentence(name: str, tmp_path: Path) -> None:
    PHANTOMS[name].write(tmp_path / "in")

    report = preview(tmp_path / "in", tmp_path / "out", mosaic=0)

    done = [entry for entry in report.entries if entry.outcome is Outcome.CONVERTED]
    assert done
    assert all(entry.error for entry in report.failures)
    for path in (tmp_path / "out").glob("*.png"):
        assert min(Image.open(path).size) > 0


@pytest.mark.parametrize("pixel_mm", ["1e-9", "1e-300", "1e9"])
def test_a_pixel_size_that_png_cannot_express_is_left_out(pixel_mm: str, tmp_path: Path) -> None:
    ds = gray()
    ds.PixelSpacing = [pixel_mm, pixel_mm]
    write(tmp_path / "in" / "a.dcm", ds)

    assert preview(tmp_path / "in", tmp_path / "out").ok
