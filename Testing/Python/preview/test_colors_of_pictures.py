"""Colors of pictures: palettes, YBR and compressed colors are those of pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_color_lut

from phantoms import PHANTOMS
from phantoms.base import SECONDARY_CAPTURE, image, write
from support.oracles import oracle, run
from support.preview_images import palette, picture_of, preview


@pytest.mark.parametrize("first", [0, 10])
@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_are_those_of_pydicom(first: int, bits: int, tmp_path: Path) -> None:
    ds = image(np.random.default_rng(1).integers(0, 256, (16, 24)).astype("u1"), SECONDARY_CAPTURE)
    palette(ds, first, np.linspace(0, (1 << bits) - 1, 200).astype(int), bits)

    expected = apply_color_lut(ds.pixel_array, ds).astype(float) / ((1 << bits) - 1) * 255

    assert np.abs(picture_of(ds, tmp_path) - expected).max() <= 0.5


def test_segmented_palettes_are_expanded(tmp_path: Path) -> None:
    """PS3.3 C.7.9.2: discrete, linear and indirect segments."""
    ds = image(np.arange(14, dtype="u1").reshape(1, 14), SECONDARY_CAPTURE)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    words = np.array([0, 2, 0, 65535, 1, 4, 257, 2, 2, 0, 0, 0, 2, 1000, 2000], "<u2")
    for n in range(3):
        ds.add_new(0x00281101 + n, "US", [14, 0, 16])
        ds.add_new(0x00281221 + n, "OW", words.tobytes())

    found = picture_of(ds, tmp_path)[0, :, 0]

    linear = [65535 + (257 - 65535) * n / 4 for n in range(1, 5)]
    again = [0, 65535, *linear]
    assert np.abs(found - np.array([0, 65535, *linear, *again, 1000, 2000]) / 257).max() <= 0.51


@pytest.mark.parametrize("words", [[1, 4, 5], [7, 1, 1], [2, 1, 9000, 0], [0, 3, 1]])
def test_a_damaged_palette_is_reported_and_the_picture_is_gray(words: list[int], tmp_path: Path) -> None:
    ds = image(np.arange(100, dtype="u1").reshape(10, 10), SECONDARY_CAPTURE)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for n in range(3):
        ds.add_new(0x00281101 + n, "US", [64, 0, 16])
        ds.add_new(0x00281221 + n, "OW", np.array(words, "<u2").tobytes())
    write(tmp_path / "in" / "a.dcm", ds)

    report = preview(tmp_path / "in", tmp_path / "out")

    assert report.ok
    assert any("palette cannot be used" in text for text in report.entries[0].log.warnings)


def test_a_palette_that_is_only_named_is_that_of_the_standard(tmp_path: Path) -> None:
    """PS3.6 B.1: Hot Iron goes from black by red to white."""
    ds = image(np.arange(256, dtype="u1").reshape(16, 16), SECONDARY_CAPTURE)
    ds.PhotometricInterpretation, ds.PaletteColorLookupTableUID = "PALETTE COLOR", "1.2.840.10008.1.5.1"

    found = picture_of(ds, tmp_path).reshape(-1, 3)

    assert [tuple(found[n]) for n in (0, 128, 255)] == [(0, 0, 0), (255, 0, 0), (255, 255, 255)]


def test_supplemental_palettes_color_the_high_values_only(tmp_path: Path) -> None:
    ds = image(np.arange(256, dtype="u1").reshape(16, 16), SECONDARY_CAPTURE)
    palette(ds, 200, np.linspace(0, 65535, 56).astype(int))
    ds.PhotometricInterpretation, ds.PixelPresentation = "MONOCHROME2", "COLOR"

    found = picture_of(ds, tmp_path).reshape(-1, 3)

    assert np.array_equal(found[:200, 0], found[:200, 1])
    assert np.array_equal(found[:200, 0], np.arange(200))
    assert (found[201:255, 0] != found[201:255, 1]).any()


@pytest.mark.parametrize("name", ["rgb", "rgb_planar", "ybr_full"])
def test_color_is_that_of_pydicom(name: str, tmp_path: Path) -> None:
    PHANTOMS[name].write(tmp_path / "in")
    preview(tmp_path / "in", tmp_path / "out")

    (path,) = (tmp_path / "out").glob("*.png")
    ds = pydicom.dcmread(next((tmp_path / "in").rglob("*.dcm")))
    expected = ds.pixel_array if "YBR" not in name else pydicom.pixels.convert_color_space(ds.pixel_array, "YBR_FULL", "RGB")
    found = np.asarray(Image.open(path))
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).max() <= (2 if "YBR" in name else 0)


def test_color_of_16_bits_has_8_in_the_picture(tmp_path: Path) -> None:
    PHANTOMS["rgb_16_bit"].write(tmp_path / "in")

    assert preview(tmp_path / "in", tmp_path / "out").ok

    assert np.asarray(Image.open(next((tmp_path / "out").glob("*.png")))).dtype == np.uint8


def test_every_kind_of_ybr_is_rgb_in_the_picture(tmp_path: Path) -> None:
    """One color by pairs of pixels, so that halved chrominance loses nothing."""
    program = oracle("dcmj2pnm")
    colors = np.array([[16, 128, 128], [235, 128, 128], [81, 90, 240], [145, 54, 34], [41, 240, 110]], np.uint8)
    for kind in ("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422"):
        pixels = np.repeat(np.repeat(colors, 2, axis=0)[None], 4, axis=0)
        ds = image(pixels, SECONDARY_CAPTURE)
        ds.PhotometricInterpretation = kind
        if kind != "YBR_FULL":
            pairs = pixels.reshape(-1, 2, 3)
            ds.PixelData = np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=-1).tobytes()
        found = picture_of(ds, tmp_path / kind)

        said = run(program, "+on", tmp_path / kind / "in" / "a.dcm", tmp_path / "theirs.png")

        assert said.returncode == 0, said.stderr
        assert np.abs(np.asarray(Image.open(tmp_path / "theirs.png")).astype(int) - found).max() <= 2, kind


@pytest.mark.parametrize("syntax", ["JPEG2000Lossless", "RLELossless"])
def test_compressed_color_is_rgb_in_the_picture(syntax: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (64, 80, 3)).astype("u1")
    ds = image(pixels, SECONDARY_CAPTURE)
    if syntax == "JPEG2000Lossless":
        ds.PhotometricInterpretation = "YBR_RCT"
    else:
        ds.PlanarConfiguration = 0
    ds.compress(getattr(pydicom.uid, syntax), generate_instance_uid=False)

    assert np.array_equal(picture_of(ds, tmp_path), pixels)
