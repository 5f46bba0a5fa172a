"""Round trips and what belongs to them, with the packages of a stock 3D Slicer 5.12 only."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    Kind,
    Names,
    Outcome,
    Target,
    Uids,
    Volume,
    compare,
    convert,
    create_samples,
    read,
    validate,
    write,
)
from phantoms import PHANTOMS

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data"
NOT_IN_SLICER = (
    "nibabel", "isal", "gdcm", "pylibjpeg", "openjpeg", "libjpeg", "rle", "zarr", "numcodecs", "tqdm", "jinja2", "av",
)  # fmt: skip
REQUIRED = os.environ.get("NIFTI_DICOM_BRIDGE_STOCK") == "required"
only_stock = pytest.mark.skipif(not REQUIRED and any(map(find_spec, NOT_IN_SLICER)), reason="more packages are installed")
KEEP = ConversionOptions(Target.DICOM, Uids.KEEP, Names.ORIGINAL)
# phantoms whose writer needs a JPEG 2000 encoder
NOT_WRITABLE = {name for name in PHANTOMS if "jpeg_2000" in name} if find_spec("openjpeg") is None else set()
# real cases with one file that is damaged on purpose
DAMAGED = {"robust-odd-files"}


def round_trip(dicom: Path, folder: Path) -> list:
    """Convert DICOM to NIfTI and back; return the entries of both reports."""
    forth = convert(Job([dicom], folder / "nifti"))
    home = convert(Job([folder / "nifti"], folder / "back", KEEP))
    return [*forth.entries, *home.entries]


def failures(entries: list) -> list[str]:
    return [entry.error for entry in entries if entry.outcome is Outcome.FAILED]


def errors_of(folder: Path) -> list[str]:
    return [str(finding) for finding in validate([folder]) if finding.severity.name == "ERROR"]


@only_stock
@pytest.mark.parametrize("name", NOT_IN_SLICER)
def test_package_that_slicer_does_not_have_is_not_installed(name):
    assert find_spec(name) is None


@pytest.mark.parametrize("name", sorted(PHANTOMS.keys() - NOT_WRITABLE))
def test_every_phantom_comes_back(name, tmp_path):
    PHANTOMS[name].write(tmp_path / "dicom")

    entries = round_trip(tmp_path / "dicom", tmp_path)

    assert failures(entries) == []
    found = compare([tmp_path / "dicom"], [tmp_path / "back"])
    assert found.instances[0] == found.instances[1] == found.instances[2] > 0
    assert found.equal_voxels == found.voxels
    assert found.equal_elements == found.elements


@pytest.mark.parametrize("case", sorted(path.parent.name for path in SHARED.glob("*/dicom")) or ["none"])
def test_every_real_case_comes_back(case, tmp_path):
    if case == "none":
        pytest.skip("there is no ../shared/data next to the repository")

    entries = round_trip(SHARED / case / "dicom", tmp_path)

    assert bool(failures(entries)) == (case in DAMAGED)
    found = compare([SHARED / case / "dicom"], [tmp_path / "back"])
    assert found.equal_voxels == found.voxels > 0
    assert found.equal_elements == found.elements


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """CT, MR, PET, enhanced MR, SEG and cines that were generated here."""
    folder = tmp_path_factory.mktemp("samples") / "dicom"
    create_samples(folder)
    return folder


def derived_image(samples: Path, path: Path, change) -> Path:
    """Write a new NIfTI image on the grid of the CT, whose values are calculated from its values."""
    (ct,) = read(samples / "CT")
    values = change(ct.real_values())
    write(Volume(voxels=values, ijk_to_ras=ct.ijk_to_ras, name=path.name), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "change", "modality"),
    [
        ("labels_dseg.nii.gz", lambda values: (values > np.median(values)).astype(np.uint8), "SEG"),
        ("T1map.nii.gz", lambda values: (values / 7).astype(np.float32), "OT"),
        ("mr.nii", lambda values: values.astype(np.int16), "MR"),
    ],
)
def test_new_image_becomes_valid_dicom(name, change, modality, samples, tmp_path):
    import pydicom

    image = derived_image(samples, tmp_path / name, change)
    kind = Kind.MR if modality == "MR" else Kind.AUTO

    report = convert(Job([image], tmp_path / "dicom", ConversionOptions(Target.DICOM, kind=kind, reference=samples / "CT")))

    assert failures(report.entries) == []
    assert pydicom.dcmread(report.outputs[0]).Modality == modality
    assert errors_of(tmp_path / "dicom") == []
    (before,), (after,) = read(image), read(tmp_path / "dicom")
    assert np.allclose(np.sort(before.real_values().ravel()), np.sort(after.real_values().ravel()))


@pytest.mark.slow
def test_edited_image_becomes_a_derived_series(samples, tmp_path):
    convert(Job([samples / "CT"], tmp_path / "nifti"))
    (image,) = (tmp_path / "nifti").glob("*.nii.gz")
    (volume,) = read(image)
    voxels = np.array(volume.voxels)
    voxels[0, 0, 0, 0] += 1
    from dataclasses import replace

    write(replace(volume, voxels=voxels), tmp_path / "edited.nii.gz")
    (tmp_path / "edited.nii.gz").replace(image)

    report = convert(Job([tmp_path / "nifti"], tmp_path / "back", ConversionOptions(Target.DICOM)))

    assert failures(report.entries) == []
    assert {entry.outcome for entry in report.entries} == {Outcome.DERIVED}


@pytest.mark.slow
def test_pictures_and_text_are_written(samples, tmp_path):
    report = convert(Job([samples / "MR"], tmp_path / "out", ConversionOptions(Target.PREVIEW)))
    assert failures(report.entries) == []
    assert {path.suffix for path in report.outputs} >= {".png", ".gif", ".txt"}


@pytest.mark.slow
def test_deidentified_images_come_back(samples, tmp_path):
    forth = convert(Job([samples / "MR"], tmp_path / "nifti", ConversionOptions(Target.NIFTI, deidentify=True)))
    home = convert(Job([tmp_path / "nifti"], tmp_path / "back", ConversionOptions(Target.DICOM)))
    assert failures([*forth.entries, *home.entries]) == []


# --- what needs a further package reports it ---


@only_stock
def test_zarr_names_its_package(samples, tmp_path):
    done = command("convert", samples / "CT", "--to", "zarr", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "Zarr stores require zarr>=3.1.4,<4 (zarr is not installed)" in done.stderr
    assert "nifti-dicom-bridge[zarr]" in done.stderr
    assert not (tmp_path / "out").exists()


@only_stock
def test_html_report_names_its_package(samples, tmp_path):
    done = command("convert", samples / "CT", "--to", "nifti", "-o", tmp_path / "out", "--report", tmp_path / "a.html")
    assert "jinja2 is not installed" in done.stderr
    assert "Traceback" not in done.stderr


@only_stock
def test_legacy_converted_objects_name_the_version(samples, tmp_path):
    done = command("convert", samples / "CT", "--to", "dicom", "--as", "legacy", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "highdicom>=0.28.2 (highdicom 0.27" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@only_stock
def test_htj2k_names_its_decoder(samples, tmp_path):
    import pydicom

    source = pydicom.dcmread(next((samples / "CT").glob("*")))
    source.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.201"
    size = struct.pack(">HH8IHB", 41, 0x4000, source.Columns, source.Rows, 0, 0, source.Columns, source.Rows, 0, 0, 1, 15)
    source.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + size + bytes(60)])
    source["PixelData"].VR = "OB"
    source.save_as(tmp_path / "htj2k.dcm", enforce_file_format=True)

    report = convert(Job([tmp_path / "htj2k.dcm"], tmp_path / "out"))

    (error,) = failures(report.entries)
    assert "pylibjpeg-openjpeg is not installed" in error
    assert "nifti-dicom-bridge[codecs]" in error


def test_nothing_optional_is_imported_at_start():
    code = f"import nifti_dicom_bridge.cli, sys; print([name for name in {NOT_IN_SLICER} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def command(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "nifti_dicom_bridge", *map(str, arguments)], capture_output=True, text=True, check=False
    )
