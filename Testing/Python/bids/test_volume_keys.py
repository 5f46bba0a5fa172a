"""Times and gradients of the volumes of BIDS images, whatever the manufacturer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Kind
from support.bids_to_dicom import back, made, save, sentences, there_and_back
from support.oracles import oracle, run


def save_4d(**sidecar: Any) -> Path:
    return save(np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3), **sidecar)


def test_repetition_time_is_the_time_between_volumes_whatever_the_header_specifies(there: Path) -> None:
    path = save_4d(RepetitionTime=3, AcquisitionTime="10:11:12.000000")
    assert [ds.AcquisitionTime for ds in made(path)[::3]] == ["101112.000000", "101115.000000", "101118.000000"]
    assert "its sidecar specifies RepetitionTime 3 s: the sidecar's was taken" in sentences(path)
    assert back()["RepetitionTime"] == 3


def test_volume_timing_is_kept(there: Path) -> None:
    found = there_and_back(save_4d(VolumeTiming=[0, 2.5, 9], AcquisitionTime="10:11:12.000000"))
    assert found["VolumeTiming"] == [0, 2.5, 9]
    assert [pydicom.dcmread(path).AcquisitionTime for path in sorted(Path("dicom").rglob("*.dcm"))[::3]] == [
        "101112.000000", "101114.500000", "101121.000000",
    ]  # fmt: skip


MAKERS = ("Siemens", "GE", "Philips", "UIH", "Canon", "Toshiba", "Hitachi", "Bruker", "Mediso", "Hyperfine", "MRSolutions", "")


ONE_TIME_PER_OBJECT = ("Siemens", "GE", "UIH", "Toshiba", "Hitachi", "Hyperfine", "MRSolutions")


DIRECTIONS = np.array([[0, 0, 0], [0.6, 0.8, 0], [0, -0.6, 0.8]]).T


def directions_of(path: Path, bvec: np.ndarray) -> np.ndarray:
    """Return directions (RAS) of FSL's, which are in the axes of the image, x reversed where the matrix turns right."""
    matrix = nibabel.load(path).affine[:3, :3]
    axes = matrix / np.linalg.norm(matrix, axis=0)
    return axes @ (bvec * [[-1 if np.linalg.det(axes) > 0 else 1], [1], [1]])


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_no_maker_makes_us_or_dcm2niix_misread_what_was_written(there: Path, maker: str, kind: Kind) -> None:
    straight = np.diag([-2.0, 1.5, 3.0, 1.0])
    voxels = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
    sidecar = {
        "PhaseEncodingDirection": "j-", "SliceTiming": [0, 1.5, 0.5], "InversionTime": 0.1, "ScanningSequence": "EP\\SE",
        "AcquisitionDuration": 50, "EffectiveEchoSpacing": 0.0005, "RepetitionTime": 3, "EchoTrainLength": 30,
    }  # fmt: skip
    path = save(voxels, straight, "a_dwi", Manufacturer=maker, AcquisitionTime="10:11:12.000000", **sidecar)
    np.savetxt("a_dwi.bval", [[0, 1000, 2000]], fmt="%g")
    np.savetxt("a_dwi.bvec", DIRECTIONS, fmt="%.8f")
    wanted = directions_of(path, DIRECTIONS)

    found = there_and_back(path, kind=kind)
    assert {key: found.get(key) for key in sidecar} == sidecar
    check_gradients(Path("nifti"), wanted)

    Path("theirs").mkdir()
    run(oracle("dcm2niix"), "-f", "x", "-o", "theirs", "dicom")
    images = sorted(Path("theirs").glob("*.nii*"))
    assert len(images) == (3 if kind is Kind.ENHANCED_MR and maker in ONE_TIME_PER_OBJECT else 1)
    theirs = json.loads(images[0].with_suffix(".json").read_text("utf-8"))
    volumes = [volume for image in images for volume in volumes_of(image)]
    assert sorted(map(bytes, volumes)) == sorted(map(bytes, volumes_of(path)))
    assert theirs["RepetitionTime"] == 3
    assert "TotalReadoutTime" not in theirs
    assert theirs.get("SliceTiming", [0, 1.5, 0.5]) == [0, 1.5, 0.5]
    assert theirs.get("PhaseEncodingDirection", "j-") == "j-"
    if len(images) == 1 and list(Path("theirs").glob("*.bvec")) and maker != "UIH":
        check_gradients(Path("theirs"), wanted)


def volumes_of(path: Path) -> list[np.ndarray]:
    """Return the times of an image, each in the order of axes that is nearest to the patient's."""
    image = nibabel.as_closest_canonical(nibabel.load(path))
    return list(np.moveaxis(np.atleast_3d(image.get_fdata()).reshape(*image.shape[:3], -1), -1, 0).astype(np.int16))


def check_gradients(folder: Path, wanted: np.ndarray) -> None:
    (image,) = folder.glob("*.nii*")
    (bval,), (bvec,) = folder.glob("*.bval"), folder.glob("*.bvec")
    assert np.loadtxt(bval).tolist() == [0, 1000, 2000]
    assert np.allclose(directions_of(image, np.loadtxt(bvec)), wanted, atol=1e-3)
