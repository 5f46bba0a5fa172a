"""Series of real scanners, if they are next to the repository: loaded and saved in Slicer, nothing counts as an edit."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from support.paths import SHARED, TESTING
from support.slicer_helpers import images

sys.path.append(str(TESTING / "Slicer"))
CASES = sorted(path.parent.name for path in SHARED.glob("*/dicom"))


def unchanged(report) -> bool:
    return all(any(note.startswith("Unchanged") for note in entry.log.notes) for entry in report.entries)


def same_image(a: Path, b: Path) -> bool:
    first, second = nibabel.load(a), nibabel.load(b)
    values = [np.asarray(image.dataobj.get_unscaled()) for image in (first, second)]
    floats = values[0].dtype.kind == "f"
    same_place = np.allclose(first.affine, second.affine, rtol=0, atol=1e-4)  # single precision, where no code is set
    return np.array_equal(*values, equal_nan=floats) and same_place


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES or ["none"])
def test_nifti_that_is_loaded_and_exported_is_the_same(case, slicer, logic, tmp_path):
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    from nifti_dicom_bridge import Job, convert

    written = convert(Job([SHARED / case / "dicom"], tmp_path / "nifti"))
    for number, path in enumerate(path for path in written.outputs if path.name.endswith(".nii.gz")):
        slicer.mrmlScene.Clear()
        report = logic.exportVolumes(logic.loadNifti(path)[:1], tmp_path / str(number))
        assert unchanged(report), [entry.log for entry in report.entries]
        (again,) = (image for image in images(report) if image.name.endswith(".nii.gz"))
        assert same_image(path, again)


@pytest.mark.parametrize("case", CASES or ["none"])
def test_series_that_our_loader_takes_over_is_no_edit(case, slicer, plugin, logic, database, tmp_path, caplog):
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    from DICOMLib import DICOMUtils

    from NiftiDicomBridgeLib.Host import Database

    DICOMUtils.importDicom(str(SHARED / case / "dicom"))
    for series in Database.all_series():
        for loadable in plugin.examineForImport([list(database.filesForSeries(series.uid))]):
            slicer.mrmlScene.Clear()
            node = plugin.load(loadable)
            if not node:
                assert "truncated" in caplog.text
                continue
            report = logic.exportVolumes([node], tmp_path / series.uid)
            assert unchanged(report), [entry.log for entry in report.entries]


@pytest.mark.parametrize("case", CASES or ["none"])
def test_series_that_slicers_own_loaders_load_come_back_identical(case, slicer, logic, module):
    """Or there is a reason: Slicer does not load them, or a file is damaged."""
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    from round_trip_of_all_series import rows_of_case

    found = {(row["series"], row["result"], row["why"]) for row in rows_of_case(SHARED / case)}
    wrong = [row for row in found if row[1] not in ("identical", "not loaded by Slicer", "no image")]
    assert not [row for row in wrong if "truncated" not in row[2]]
