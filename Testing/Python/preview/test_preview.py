"""Pictures: the values on their way to the screen, colors, shapes, planes and what is drawn upon them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Outcome, SlicePlane, Target, convert, read
from nifti_dicom_bridge.formats.dicom.reading.display_values import with_display_rescale
from nifti_dicom_bridge.options import PreviewOptions, WindowChoice
from nifti_dicom_bridge.preview import plane_picture
from oracles import oracle, run
from phantoms import PHANTOMS
from phantoms.base import CT, MR, SECONDARY_CAPTURE, image, ramp, slices, write

STILL = {"gif": False, "mp4": False}


def preview(source: Path, out: Path, options: ConversionOptions | None = None, **choices: Any) -> ConversionReport:
    """Make pictures, without movies unless they are asked for."""
    options = options or ConversionOptions()
    options.target, options.preview = Target.PREVIEW, PreviewOptions(**{**STILL, **choices})
    return convert(Job([source], out, options))


def picture_of(ds: Dataset, folder: Path, options: ConversionOptions | None = None, **choices: Any) -> np.ndarray:
    """Return the PNG of one data set."""
    write(folder / "in" / "a.dcm", ds)
    report = preview(folder / "in", folder / "out", options, **choices)
    assert report.ok, report.failures
    (path,) = folder.glob("out/*.png")
    return np.asarray(Image.open(path))


def gray(seed: int = 0, dtype: str = "<i2", low: int = -1000, high: int = 3000, sop_class: str = CT) -> Dataset:
    pixels = np.random.default_rng(seed).integers(low, high, (32, 40)).astype(dtype)
    ds = image(pixels, sop_class)
    ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    return ds


def lut(first: int, entries: np.ndarray, bits: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


def expected_by_pydicom(ds: Dataset) -> np.ndarray:
    """Return brightness from 0 to 1 as pydicom computes it."""
    values = apply_modality_lut(ds.pixel_array, ds)
    shown = apply_voi_lut(values, ds).astype(float)
    if "VOILUTSequence" in ds:
        return shown / (2 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1)
    low, high = (
        (-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1) if ds.PixelRepresentation else (0, 2**ds.BitsStored - 1)
    )
    if "ModalityLUTSequence" in ds:
        low, high = 0, 2 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    elif "RescaleSlope" in ds:
        low, high = (float(end * ds.RescaleSlope + ds.RescaleIntercept) for end in (low, high))
    return (shown - low) / (high - low)


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["", "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("window", [(40, 400), (-600, 1500), (50, 1), (1000.5, 37.25)])
def test_windows_are_those_of_pydicom(window: tuple, function: str, tmp_path: Path) -> None:
    ds = gray()
    ds.RescaleIntercept = "-24"
    ds.WindowCenter, ds.WindowWidth = map(str, window)
    if function:
        ds.VOILUTFunction = function

    found = picture_of(ds, tmp_path)

    assert found.dtype == np.uint16
    assert np.abs(found / 65535 - expected_by_pydicom(ds)).max() < 1e-4


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_voi_luts_are_those_of_pydicom(bits: int, tmp_path: Path) -> None:
    ds = gray()
    entries = np.sort(np.random.default_rng(3).integers(0, 2**bits, 512))
    ds.VOILUTSequence = Sequence([lut(-100, entries, bits)])

    assert np.abs(picture_of(ds, tmp_path) / 65535 - expected_by_pydicom(ds)).max() < 1e-4


@pytest.mark.parametrize("dtype", ["u1", "<u2"])
def test_a_voi_lut_of_8_bits_may_be_in_bytes_or_words(dtype: str, tmp_path: Path) -> None:
    ds = gray(low=0, high=300)
    ds.VOILUTSequence = Sequence([lut(10, np.arange(256), 8)])
    ds.VOILUTSequence[0].LUTData = np.arange(256).astype(dtype).tobytes()

    expected = np.clip(ds.pixel_array - 10, 0, 255) / 255

    assert np.abs(picture_of(ds, tmp_path) / 65535 - expected).max() < 1e-4


def test_a_voi_lut_goes_before_the_window(tmp_path: Path) -> None:
    ds = gray()
    ds.VOILUTSequence = Sequence([lut(-100, np.arange(512) * 8, 12)])
    ds.WindowCenter, ds.WindowWidth = "1", "2"

    assert len(np.unique(picture_of(ds, tmp_path))) > 100


def test_a_modality_lut_is_that_of_pydicom(tmp_path: Path) -> None:
    ds = gray(dtype="<u2", low=0, high=4000, sop_class=SECONDARY_CAPTURE)
    del ds.RescaleSlope, ds.RescaleIntercept
    ds.ModalityLUTSequence = Sequence([lut(100, (np.arange(2048) ** 2 // 80) % 60000, 16)])
    ds.ModalityLUTSequence[0].ModalityLUTType = "US"
    ds.WindowCenter, ds.WindowWidth = "20000", "30000"

    assert np.abs(picture_of(ds, tmp_path) / 65535 - expected_by_pydicom(ds)).max() < 1e-4


@pytest.mark.parametrize("model", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
def test_the_presentation_lut_decides_what_is_white(model: str, shape: str, tmp_path: Path) -> None:
    """As in dcmtk and dcm4che; PresentationLUTShape was ignored."""
    ds = gray(0, "<u2", 0, 4000)
    ds.PixelData = np.arange(32 * 40, dtype="<u2").tobytes()
    ds.PhotometricInterpretation, ds.PresentationLUTShape = model, shape
    write(tmp_path / "in" / "a.dcm", ds)

    report = preview(tmp_path / "in", tmp_path / "out")

    (path,) = tmp_path.glob("out/*.png")
    assert (np.asarray(Image.open(path))[0, 0] > 0) == (shape == "INVERSE")
    contradicts = (model == "MONOCHROME1") != (shape == "INVERSE")
    assert any("contradicts PhotometricInterpretation" in note for note in report.entries[0].log.warnings) == contradicts


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    ds = gray(dtype="<u2", low=0, high=4000)
    ds.WindowCenter, ds.WindowWidth = "2000", "3000"
    plain = picture_of(ds, tmp_path / "a")
    ds.PhotometricInterpretation = "MONOCHROME1"

    assert np.array_equal(picture_of(ds, tmp_path / "b"), 65535 - plain)


def test_the_window_of_each_frame_is_its_own(tmp_path: Path) -> None:
    data_sets = slices(np.stack([np.full((8, 8), 100, "<i2")] * 2), CT)
    for ds, center in zip(data_sets, (-924, -900), strict=True):
        ds.WindowCenter, ds.WindowWidth = str(center), "101"
        ds.PixelData = np.arange(64, dtype="<i2").tobytes()
        write(tmp_path / "in" / f"{center}.dcm", ds)

    preview(tmp_path / "in", tmp_path / "out", all_slices=True, letters=False)

    first, second = (np.asarray(Image.open(path)) for path in sorted((tmp_path / "out").glob("*/*.png")))
    assert first.mean() > second.mean()


@pytest.mark.parametrize(("choice", "low", "high"), [((0.0, 100.0), -50.0, 49.0), (WindowChoice.FULL, -1000.0, 2999.0)])
def test_a_person_can_choose_the_window(choice: Any, low: float, high: float, tmp_path: Path) -> None:
    ds = gray()
    ds.PixelData = np.linspace(-1000, 2999, 32 * 40).astype("<i2").tobytes()
    ds.WindowCenter, ds.WindowWidth = "1000", "10"

    found = picture_of(ds, tmp_path, window=choice)

    values = ds.pixel_array.astype(float)
    expected = np.clip((values - low) / (high - low), 0, 1)
    assert np.abs(found / 65535 - expected).max() < 1e-4


def test_auto_leaves_out_extremes_and_padding(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(100, 200, (64, 64)).astype("<i2")
    pixels[0, 0], pixels[:20] = 30000, -2000
    ds = image(pixels, MR)
    ds.PixelPaddingValue = -2000

    found = picture_of(ds, tmp_path, window=WindowChoice.AUTO) / 65535

    assert found[:20, 1:].max() == 0
    assert found[20:].min() == pytest.approx(0, abs=0.02)
    assert found[20:].max() == pytest.approx(1, abs=0.02)
    assert 0.4 < found[20:].mean() < 0.6


def test_a_window_of_the_file_that_shows_nothing_is_not_used(tmp_path: Path) -> None:
    ds = gray(low=0, high=100)
    ds.WindowCenter, ds.WindowWidth = "30000", "10"

    found = picture_of(ds, tmp_path)

    assert found.min() < 1000
    assert found.max() > 64000


@pytest.mark.parametrize(("shown", "black", "white"), [((10.0, 30.0), 4, 10), ((500.0, 600.0), 1, 1), ((0.0, 0.0), 1, 1)])
def test_nifti_is_shown_in_the_range_of_its_header(shown: tuple[float, float], black: int, white: int, tmp_path: Path) -> None:
    nifti = nibabel.Nifti1Image(np.arange(60, dtype="i2").reshape(5, 4, 3), np.diag([-1.0, -1, 1, 1]))
    nifti.header["cal_min"], nifti.header["cal_max"] = shown
    nibabel.save(nifti, tmp_path / "a.nii")
    (volume,) = read([tmp_path / "a.nii"])

    picture = np.asarray(plane_picture(volume, slice_number=1))

    assert (int((picture == picture.min()).sum()), int((picture == picture.max()).sum())) == (black, white)


def test_a_window_without_width_is_reported_and_not_used(tmp_path: Path) -> None:
    ds = gray(low=0, high=100)
    ds.WindowCenter, ds.WindowWidth = "50", "0"
    write(tmp_path / "in" / "a.dcm", ds)

    report = preview(tmp_path / "in", tmp_path / "out")

    assert any("width must be above 0" in text for text in report.entries[0].log.warnings)


def test_8bit_is_the_same_picture_in_fewer_levels(tmp_path: Path) -> None:
    ds = gray()
    ds.WindowCenter, ds.WindowWidth = "1000", "3000"
    deep, shallow = picture_of(ds, tmp_path / "a"), picture_of(ds, tmp_path / "b", eight_bit=True)

    assert shallow.dtype == np.uint8
    assert np.abs(deep / 257 - shallow).max() <= 0.5


def test_values_that_are_no_numbers_are_black() -> None:
    (volume,) = _volumes(np.array([[np.nan, 1.0], [2.0, np.inf]], np.float32))

    found = plane_picture(volume, SlicePlane.AS_STORED, window=(1.0, 4.0))

    assert found[0, 0] == 0
    assert found[1, 1] == 255


def _volumes(plane: np.ndarray) -> list:
    from nifti_dicom_bridge import Volume

    return [Volume(plane[None, None], np.eye(4))]


def test_the_window_of_philips_is_in_the_unit_of_its_rescale_slope(tmp_path: Path) -> None:
    """NIfTI gets the precise values of the private scale slope, which are hundreds of times larger or smaller."""
    pixels = np.random.default_rng(6).integers(0, 2000, (16, 16)).astype("<u2")
    (ds,) = slices(pixels[None], MR)
    ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept = "Philips Medical Systems", "1.25", "-3"
    ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.004)
    ds.PixelSpacing = ["1", "1"]
    ds.WindowCenter, ds.WindowWidth = "1000", "1500"

    assert np.abs(picture_of(ds, tmp_path) / 65535 - expected_by_pydicom(ds)).max() < 1e-4
    (volume,) = read(tmp_path / "in")
    assert np.abs(plane_picture(volume, bits=16) / 65535 - expected_by_pydicom(ds)).max() < 1e-4  # it was white


def test_the_report_page_shows_philips_as_the_values_are(tmp_path: Path) -> None:
    """The window of the file was applied to the precise values, so that pictures of the report page were white or black."""
    from nifti_dicom_bridge.html_report.planes import cuts_of, window_of

    (ds,) = slices(np.arange(256, dtype="<u2").reshape(1, 16, 16), MR)
    ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept = "Philips Medical Systems", "1.25", "-3"
    ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.004)
    ds.WindowCenter, ds.WindowWidth = "100", "150"
    write(tmp_path / "in" / "0.dcm", ds)
    (volume,) = read(tmp_path / "in")

    cuts = cuts_of(volume, (0, 0, 8, 8), placed=True)

    assert len(set(np.asarray(cuts[0].shown(window_of(cuts))).ravel().tolist())) > 100


def test_slices_of_philips_whose_private_scale_varies_are_shown_in_the_unit_of_their_rescale(tmp_path: Path) -> None:
    """The factor between both units is another one for every slice; the picture is of the values of RescaleSlope."""
    pixels = np.random.default_rng(7).integers(0, 2000, (2, 16, 16)).astype("<u2")
    for n, ds in enumerate(slices(pixels, MR)):
        ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept = "Philips Medical Systems", "1.25", "-3"
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.004 * (n + 1))
        write(tmp_path / "in" / f"{n}.dcm", ds)
    (volume,) = read(tmp_path / "in")
    precise = volume.real_values()

    shown = with_display_rescale(volume).real_values()

    expected = pixels * 1.25 - 3
    assert not np.allclose(precise[0], expected, rtol=1e-3)
    assert np.allclose(shown[0], expected, rtol=1e-6, atol=1e-2)


# --- color -----------------------------------------------------------------------------------------------------------


def palette(ds: Dataset, first: int, red: np.ndarray, bits: int = 16) -> Dataset:
    for n, entries in enumerate((red, red[::-1], (red * 7) % (1 << bits))):
        ds.add_new(0x00281101 + n, "US", [len(entries) % 65536, first, bits])
        ds.add_new(0x00281201 + n, "OW", entries.astype("<u2" if bits == 16 else "u1").tobytes())
    ds.PhotometricInterpretation = "PALETTE COLOR"
    return ds


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


# --- DCMTK ------------------------------------------------------------------------------------------------------------


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


# --- shape and place --------------------------------------------------------------------------------------------------


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


def volume_with_a_mark(folder: Path) -> Path:
    """Write an axial series, 1 × 1 × 3 mm, that is bright right, front, top; and return its folder."""
    pixels = np.zeros((10, 24, 20), "<i2")
    pixels[6:, :8, :6] = 1000
    for n, ds in enumerate(slices(pixels, CT, spacing=(1.0, 1.0), step=(0, 0, 3.0))):
        ds.RescaleIntercept = "0"
        write(folder / f"{n}.dcm", ds)
    return folder


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


# --- label maps -------------------------------------------------------------------------------------------------------


def label_map(folder: Path, turned: bool) -> Path:
    """Write a NIfTI label map of half the resolution that covers the bright corner of `volume_with_a_mark`."""
    import nibabel

    labels = np.zeros((10, 12, 10), np.uint8)
    labels[:3, :4, 6:] = 3
    lps = np.diag([2.0, 2.0, 3.0, 1.0])
    lps[:3, 3] = (-10.0, 20.75, -30.125)
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
    found = nibabel.Nifti1Image(labels, matrix)
    if turned:
        found = nibabel.as_closest_canonical(found)
    folder.mkdir(parents=True, exist_ok=True)
    nibabel.save(found, folder / "seg.nii.gz")
    (folder / "seg_dseg.tsv").write_text("index\tname\tcolor\n3\tcorner\t#00ff00\n", encoding="utf-8")
    return folder / "seg.nii.gz"


@pytest.mark.parametrize("turned", [False, True])
def test_a_label_map_on_another_grid_is_where_it_belongs(turned: bool, tmp_path: Path) -> None:
    volume_with_a_mark(tmp_path / "in")
    seg = label_map(tmp_path / "labels", turned)

    preview(tmp_path / "in", tmp_path / "out", overlay=seg, letters=False, window=(500.0, 1000.0))

    picture = np.asarray(Image.open(next((tmp_path / "out").glob("*.png")))).astype(int)
    factor = round(256 / 24)
    green = (picture[..., 1] - picture[..., 0] > 50)[:, : 20 * factor]
    rows, columns = np.flatnonzero(green.any(1)), np.flatnonzero(green.any(0))
    assert (rows.min(), columns.min()) == (0, 0)
    assert rows.max() + 1 == pytest.approx(8 * factor, abs=factor / 2)
    assert columns.max() + 1 == pytest.approx(6 * factor, abs=factor / 2)
    assert picture.shape[1] > 20 * factor  # the legend


def test_a_label_map_in_another_frame_of_reference_is_not_drawn(tmp_path: Path) -> None:
    volume_with_a_mark(tmp_path / "in")
    data_sets = slices(np.ones((10, 24, 20), "<u2"), CT)
    for n, ds in enumerate(data_sets):
        ds.FrameOfReferenceUID = "1.2.3"
        write(tmp_path / "seg" / f"{n}.dcm", ds)

    report = preview(tmp_path / "in", tmp_path / "out", overlay=tmp_path / "seg")

    assert any("frame of reference (0020,0052) differs" in text for text in report.entries[0].log.warnings)
    assert Image.open(next((tmp_path / "out").glob("*.png"))).mode == "I;16"


def test_a_label_map_alone_is_shown_in_its_colors(tmp_path: Path) -> None:
    seg = label_map(tmp_path / "labels", turned=False)

    preview(seg, tmp_path / "out", letters=False)

    picture = np.asarray(Image.open(next((tmp_path / "out").glob("*.png"))))
    assert (picture.reshape(-1, 3) == (0, 255, 0)).all(axis=1).any()


# --- every phantom ----------------------------------------------------------------------------------------------------


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
