"""Images that are planned again without their damaged files: no other image of the run has their name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Outcome, to_nifti, to_preview, to_zarr
from phantoms.base import MR, ramp, save, slices
from support.damaged_series import BAD, COUNT, compressed, damaged_times, without


@pytest.mark.parametrize("convert", [to_zarr, partial(to_preview, gif=False, mp4=False, jobs=2)], ids=["store", "picture"])
@pytest.mark.parametrize("choices", [{}, {"overwrite": True}], ids=["new", "overwrite"])
def test_an_image_of_its_own_does_not_take_the_name_of_a_file(convert, choices: dict[str, bool], tmp_path: Path) -> None:
    folder, files = damaged_times(tmp_path / "scans", [5]), tmp_path / "files"
    files.mkdir()
    (name,) = [path.name for path in to_nifti(folder, tmp_path / "images").outputs if path.name.endswith("_incomplete2.nii.gz")]
    nibabel.save(nibabel.Nifti1Image(np.ones((3, 4, 5), "<i2"), np.eye(4)), files / name)

    report = convert([folder, files], tmp_path / "out", **choices)

    assert [path.name for failure in report.failures for path in failure.inputs] == ["006.dcm"]
    assert len(report.outputs) == len(set(report.outputs)) == 6


def test_an_image_of_its_own_does_not_take_the_name_of_a_store(tmp_path: Path) -> None:
    folder, files = damaged_times(tmp_path / "scans", [5]), tmp_path / "files"
    files.mkdir()
    (name,) = [path.name for path in to_nifti(folder, tmp_path / "images").outputs if path.name.endswith("_incomplete2.nii.gz")]
    nibabel.save(nibabel.Nifti1Image(np.ones((3, 4, 5), "<i2"), np.eye(4)), files / name)
    to_zarr(files, tmp_path / "stores")

    report = to_nifti([folder, tmp_path / "stores"], tmp_path / "out", overwrite=True)

    shapes = {nibabel.load(path).shape for path in report.outputs if path.suffix == ".gz"}
    assert shapes == {(12, 16, 4, 2), (12, 16, 3), (3, 4, 5)}


def test_images_of_a_dataset_that_only_their_order_distinguishes_keep_it(tmp_path: Path) -> None:
    for number in (1, 2):
        data_sets = slices(ramp(COUNT, 16, 12, dtype="<u2") + number, MR, series=number)
        for ds in data_sets:
            ds.SeriesNumber, ds.SeriesDescription, ds.StudyInstanceUID = 1, "T1w", "1.2.3"
        save(tmp_path / "scans" / str(number), compressed(data_sets, [BAD] * (number == 1)))

    report = to_nifti(tmp_path / "scans", tmp_path / "out", layout="bids")

    without(tmp_path / "scans" / "1", BAD)
    to_nifti(tmp_path / "scans", tmp_path / "expected", layout="bids")
    assert [path.name for failure in report.failures for path in failure.inputs] == ["003.dcm"]
    shapes = [
        {path.relative_to(folder): nibabel.load(path).shape for path in folder.rglob("*.nii.gz")}
        for folder in (tmp_path / "out", tmp_path / "expected")
    ]
    assert len(shapes[0]) == 2
    assert shapes[0] == shapes[1]


def test_an_image_of_a_dataset_whose_place_another_one_has_is_refused(tmp_path: Path) -> None:
    """Two stacks of one series, whose times alternate: without its first slice, the first stack begins after the other."""
    data_sets = []
    for time in range(3):
        for number, orientation in enumerate([(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1)]):
            for ds in slices(ramp(4, 16, 12, dtype="<u2") + time + 100 * number, MR, orientation):
                ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = time + 1, 3
                ds.AcquisitionTime = f"10000{2 * time + number}"
                ds.SOPInstanceUID += f".{time}.{number}"
                ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
                data_sets.append(ds)
    save(tmp_path / "scans", compressed(data_sets, [0]))

    report = to_nifti(tmp_path / "scans", tmp_path / "out", layout="bids", overwrite=True)

    assert len(report.outputs) == len(set(report.outputs))
    assert sum(entry.outcome is Outcome.CONVERTED for entry in report.entries) == 2
    damaged, refused = sorted(report.failures, key=lambda entry: len(entry.inputs))
    assert damaged.inputs[0].name == "001.dcm"
    assert "which another image was given" in refused.error
    assert len(refused.inputs) == 8
