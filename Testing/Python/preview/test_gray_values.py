"""Gray values of pictures: windows, lookup tables, scales and what is white."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

from nifti_dicom_bridge import SlicePlane, read
from nifti_dicom_bridge.formats.dicom.reading.values.display_values import with_display_rescale
from nifti_dicom_bridge.options import WindowChoice
from nifti_dicom_bridge.preview import plane_picture
from phantoms.base import CT, MR, SECONDARY_CAPTURE, image, slices, write
from support.preview_images import gray, lut, picture_of, preview


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
