"""Images that never were DICOM in stores of ours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert, read
from support.grids import OBLIQUE
from support.round_trip import KEEP, NEW, names_in
from support.zarr_round_trip import ZARR, image, written


def test_a_plain_nifti_comes_back_as_it_was(tmp_path: Path) -> None:
    import nibabel

    rng = np.random.default_rng(0)
    source = nibabel.Nifti1Image(rng.integers(-9, 99, (5, 4, 3, 2)).astype("<i2"), OBLIQUE)
    source.header.set_slope_inter(0.5, -3)
    source.header.set_zooms((*source.header.get_zooms()[:3], 1.75))
    source.header.set_xyzt_units("mm", "sec")
    source.header.set_intent(1002)
    (tmp_path / "in").mkdir()
    nibabel.save(source, tmp_path / "in" / "plain.nii.gz")
    (tmp_path / "in" / "plain.json").write_text('{"Modality": "MR", "Note": [1, 2]}', "utf-8")
    (tmp_path / "in" / "plain.bval").write_text("0 1000\n", "ascii")
    (tmp_path / "in" / "plain.bvec").write_text("0 1\n0 0\n0 0\n", "ascii")

    assert convert(Job([tmp_path / "in"], tmp_path / "stores", ZARR)).ok
    assert convert(Job([tmp_path / "stores"], tmp_path / "out", ConversionOptions(Target.NIFTI))).ok

    before, after = nibabel.load(tmp_path / "in" / "plain.nii.gz"), nibabel.load(tmp_path / "out" / "plain.nii.gz")
    assert np.array_equal(after.dataobj.get_unscaled(), before.dataobj.get_unscaled())
    assert (after.dataobj.slope, after.dataobj.inter) == (0.5, -3)
    assert np.allclose(after.affine, before.affine, atol=1e-6)
    assert after.header.get_zooms()[3] == 1.75
    assert after.header["intent_code"] == 1002
    assert json.loads((tmp_path / "out" / "plain.json").read_text("utf-8")) == {"Modality": "MR", "Note": [1, 2]}
    assert (tmp_path / "out" / "plain.bval").read_text("ascii") == "0 1000\n"
    assert np.allclose(np.loadtxt(tmp_path / "out" / "plain.bvec"), [[0, 1], [0, 0], [0, 0]], atol=1e-6)


def test_a_plain_image_in_a_store_becomes_new_dicom(tmp_path: Path) -> None:
    volume = image((1, 4, 16, 16), name="plain")
    written(volume, tmp_path / "stores")

    report = convert(Job([tmp_path / "stores"], tmp_path / "out", NEW))

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]
    assert np.array_equal(np.unique(read(tmp_path / "out")[0].real_values()), np.unique(volume.voxels))


def test_a_plain_image_has_no_original_to_restore(tmp_path: Path) -> None:
    written(image(name="plain"), tmp_path / "stores")

    report = convert(Job([tmp_path / "stores"], tmp_path / "out", KEEP))

    assert "no record" in report.failures[0].error
    assert names_in(tmp_path / "out") == []
