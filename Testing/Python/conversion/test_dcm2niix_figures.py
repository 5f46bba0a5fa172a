"""The figures of docs/dcm2niix.md, measured on the real cases they come from."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import to_nifti
from support.oracles import oracle, run
from support.paths import ROOT, SHARED

TEXT = (ROOT / "docs" / "dcm2niix.md").read_text("utf-8")


def both(case: str, tmp_path: Path) -> tuple[list[nibabel.Nifti1Image], list[nibabel.Nifti1Image]]:
    """Return the images of a case: ours, and those of dcm2niix without the resampled ones."""
    source = SHARED / case / "dicom"
    if not source.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")
    program = oracle("dcm2niix")
    (tmp_path / "theirs").mkdir()
    to_nifti(source, tmp_path / "ours")
    run(program, "-b", "n", "-o", tmp_path / "theirs", source)
    theirs = [path for path in sorted((tmp_path / "theirs").glob("*.nii")) if "_Eq" not in path.name]
    return [nibabel.load(path) for path in sorted((tmp_path / "ours").rglob("*.nii.gz"))], [nibabel.load(p) for p in theirs]


def differences(case: str, tmp_path: Path) -> np.ndarray:
    """Return how the samples of the only image of a case differ."""
    (ours,), (theirs,) = both(case, tmp_path)
    one, other = (np.asarray(image.dataobj) for image in (ours, theirs))
    parts = [(one[name], other[name]) for name in one.dtype.names] if one.dtype.names else [(one, other)]
    return np.abs(np.stack([a.astype(int) - b.astype(int) for a, b in parts]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "percent", "largest", "words"),
    [
        ("xa-cine-jpeg", 1.0, 1, "Grayscale: 1.0 % of the voxels differ, all by 1."),
        ("us-cine-jpeg", 1.8, 6, "Color: 1.8 % of the samples, most by 1, at most by 6."),
    ],
)
def test_lossy_jpeg(case: str, percent: float, largest: int, words: str, tmp_path: Path) -> None:
    off = differences(case, tmp_path)
    assert words in TEXT
    assert round(100 * float((off > 0).mean()), 1) == percent
    assert int(off.max()) == largest
    assert (off == 1).sum() > (off > 1).sum()


@pytest.mark.slow
def test_distance_of_slices_of_a_tilted_gantry(tmp_path: Path) -> None:
    ours, theirs = both("ct-ge-tilt-variable", tmp_path)
    steps = [round(float(image.header["pixdim"][3]), 2) for image in (ours[0], theirs[0])]
    assert steps == [4.22, 4.00]
    assert "4.22 · cos 18.5° = 4.00 mm" in TEXT
    assert round(13 * (4.22 - float(theirs[0].header["pixdim"][3])), 1) == 2.8
    assert "the fourteenth is 2.8 mm off" in TEXT


@pytest.mark.slow
def test_scale_of_philips_that_varies_between_volumes(tmp_path: Path) -> None:
    _, theirs = both("mr-philips-asl-slopes", tmp_path)
    varying = [image for image in theirs if image.ndim == 4]
    assert [round(float(image.dataobj.slope), 4) for image in varying] == [0.1702]
    assert "0.1702 in the case we compared" in TEXT


def test_scale_and_distance_of_a_dose(tmp_path: Path) -> None:
    (ours,), (theirs,) = both("rt-dose-small", tmp_path)
    assert [float(image.header["pixdim"][3]) for image in (ours, theirs)] == [5.0, 1.0]
    assert [round(float(image.dataobj.slope), 8) for image in (ours, theirs)] == [1e-6, 1.0]
    assert "1e-6 and 5 mm in the case we compared" in TEXT
