"""Pictures of RT Structure Sets, and of images with their regions drawn upon them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from nifti_dicom_bridge import OptionError, PreviewOptions, to_preview
from support.new_objects import made, save, series

REGION = (slice(1, 3), slice(1, 3), slice(0, 3))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A CT series, and an RT Structure Set of one region of it."""
    pytest.importorskip("contourpy")
    monkeypatch.chdir(tmp_path)
    labels = np.zeros((5, 4, 3), np.uint8)
    labels[REGION] = 1
    reference = series("ct")
    made(save("x_dseg.nii", labels), out="rt", kind="rtstruct", reference=reference)
    return reference, next(Path("rt").rglob("*.dcm"))


def colored(path: Path) -> np.ndarray:
    """Return where a picture has colors."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return np.ptp(pixels, axis=-1) > 8


def pictures(inputs: list[Path], **options: object) -> dict[str, np.ndarray]:
    """Return the colored pixels of each picture."""
    report = to_preview(inputs, "out", preview=PreviewOptions(mp4=False, gif=False, letters=False, **options))
    assert report.ok, report.failures
    return {path.name: colored(path) for path in report.outputs if path.suffix == ".png"}


def test_a_structure_set_is_shown_with_its_series(folders: tuple[Path, Path]) -> None:
    """It was left out, as no image; NIfTI and Zarr contain it."""
    ct, rt = folders

    shown = pictures([ct, rt])

    assert sorted(found.any() for found in shown.values()) == [False, True]
    (text,) = (path.read_text("utf-8") for path in Path("out").rglob("*.txt") if "RT Structure Set" in path.read_text("utf-8"))
    assert "Voxel size: unknown" not in text


@pytest.mark.parametrize("deidentify", [False, True])
def test_regions_are_drawn_upon_the_images_they_refer_to(folders: tuple[Path, Path], deidentify: bool) -> None:
    ct, rt = folders
    options = PreviewOptions(mp4=False, gif=False, letters=False, overlay=rt)

    report = to_preview([ct], "out", preview=options, deidentify=deidentify)

    assert report.ok, report.failures
    (path,) = (path for path in report.outputs if path.suffix == ".png")
    assert colored(path).any()
    assert not any("no label map is drawn" in words for entry in report.entries for words in entry.log.warnings)


def test_regions_in_another_frame_of_reference_are_drawn_where_the_user_states_that_it_is_one_space(
    folders: tuple[Path, Path],
) -> None:
    ct, rt = folders
    ds = pydicom.dcmread(rt)
    ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = "1.2.3.999"
    del ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
    ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.3.999"
    for contour in ds.ROIContourSequence[0].ContourSequence:
        del contour.ContourImageSequence
    ds.save_as(rt)
    options = PreviewOptions(mp4=False, gif=False, letters=False, overlay=rt)

    with pytest.raises(OptionError, match="is not in the input"):
        to_preview([ct], "out", preview=options)
    report = to_preview([ct], "out", preview=options, same_space=True)

    (path,) = (path for path in report.outputs if path.suffix == ".png")
    assert colored(path).any()
    warnings = report.entries[0].log.warnings
    assert any("of the label map that is drawn on it: its frame of reference" in text for text in warnings)


def test_regions_without_their_images_are_refused(folders: tuple[Path, Path]) -> None:
    _, rt = folders
    other = save("other.nii", np.zeros((5, 4, 3), np.int16))

    with pytest.raises(OptionError, match=r"the series that it refers to .* is not in the input"):
        to_preview([other], "out", preview=PreviewOptions(overlay=rt))
