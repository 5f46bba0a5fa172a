"""Label maps that are drawn upon pictures, or shown alone."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from phantoms.base import CT, slices, write
from support.preview_images import preview, volume_with_a_mark


def label_map(folder: Path, turned: bool) -> Path:
    """Write a NIfTI label map of half the resolution that covers the bright corner of `volume_with_a_mark`."""

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
