"""Samples: valid DICOM of each modality, that reads, shows and moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Severity, read, validate
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.samples import Sample, create_samples, head
from support.oracles import oracle, run

CLASSES = {
    "CT": "CT Image Storage", "MR": "MR Image Storage", "PET": "Positron Emission Tomography Image Storage",
    "MR_enhanced": "Enhanced MR Image Storage", "SEG": "Segmentation Storage",
    "XA_cine": "X-Ray Angiographic Image Storage", "US_cine": "Ultrasound Multi-frame Image Storage",
}  # fmt: skip


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    folder = tmp_path_factory.mktemp("samples") / "here"
    return {sample.files[0].relative_to(folder).parts[0]: sample for sample in create_samples(folder)}


@pytest.mark.slow
def test_there_is_one_series_of_each_modality(samples: dict[str, Sample]) -> None:
    found = {name: pydicom.dcmread(sample.files[0]).SOPClassUID.name for name, sample in samples.items()}

    assert found == CLASSES


@pytest.mark.slow
def test_they_are_one_patient_and_one_study(samples: dict[str, Sample]) -> None:
    headers = [pydicom.dcmread(sample.files[0], stop_before_pixels=True) for sample in samples.values()]

    assert len({(str(ds.PatientName), ds.PatientID, ds.StudyInstanceUID) for ds in headers}) == 1
    assert len({ds.SeriesInstanceUID for ds in headers}) == len(headers)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_dciodvfy_finds_no_error(name: str, samples: dict[str, Sample]) -> None:
    program = oracle("dciodvfy")

    for path in (samples[name].files[0], samples[name].files[-1]):
        said = run(program, path)
        assert not [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_our_own_validation_finds_no_error(name: str, samples: dict[str, Sample]) -> None:
    assert [f for f in validate(list(samples[name].files)) if f.severity is Severity.ERROR] == []


@pytest.mark.slow
def test_the_lesion_is_in_the_left_half(samples: dict[str, Sample]) -> None:
    (volume,) = read([samples["PET"].files[0].parent])
    k, j, i = np.argwhere(volume.real_values()[0] > 15000).mean(axis=0)

    x, y, _, _ = volume.ijk_to_ras @ (i, j, k, 1)

    assert x == pytest.approx(-36, abs=2)
    assert y == pytest.approx(-30, abs=2)


@pytest.mark.slow
def test_segments_are_on_the_tissues_of_the_ct(samples: dict[str, Sample]) -> None:
    volumes = read([samples["SEG"].files[0]])
    lesion = (head.tissues() == head.LESION).sum()

    counts = [int((volume.voxels == n).sum()) for volume in volumes for n in range(1, 4)]

    assert lesion in counts


@pytest.mark.parametrize("name", ["XA_cine", "US_cine"])
def test_cines_move(name: str, samples: dict[str, Sample]) -> None:
    frames = pydicom.dcmread(samples[name].files[0]).pixel_array.astype(int)

    assert np.abs(np.diff(frames, axis=0)).mean(axis=tuple(range(1, frames.ndim))).min() > 0.1


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "mine").write_text("mine")

    assert main(["create-sample", str(tmp_path)]) == 1

    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
