"""Our files in other programs: dcm2niix, dciodvfy, dcmdump, the BIDS validator."""

from __future__ import annotations

import json
import shutil
from itertools import product

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Outcome
from phantoms import PHANTOMS, ramp, save, slices
from phantoms.series import OBLIQUE
from support.dciodvfy import complaints
from support.nifti_edits import cropped, moved, one_voxel
from support.nonempty import some
from support.oracles import oracle, run
from support.other_readers import images
from support.round_trip import NEW, RoundTrip

# dcm2niix corrects a tilted gantry, fills gaps, and cannot place what has no position: so the grid is not compared there
PLACED = [
    "oblique",
    "feet_first",
    "descending",
    "pet_slopes",
    "mr_4d",
    "echoes_and_phase",
    "localizer",
    "mosaic",
    "classic_ct",
    "enhanced_mr",
]
CORNER_MM = 0.01
SHAPE = (3, 24, 20)  # dcm2niix takes tiny images for localizers or icons


def large(phantom: str, round_trip: RoundTrip) -> bool:
    """Write a phantom of a size that dcm2niix converts."""
    orientations = {"oblique": OBLIQUE, "feet_first": (-1, 0, 0, 0, 1, 0)}
    if phantom in ("oblique", "feet_first", "classic_ct", "descending"):
        found = slices(ramp(*SHAPE), "1.2.840.10008.5.1.4.1.1.2", orientations.get(phantom, (1, 0, 0, 0, 1, 0)))
        for n, ds in enumerate(found):
            ds.InstanceNumber = len(found) - n if phantom == "descending" else n + 1
        save(round_trip.dicom, found)
    else:
        round_trip.make(phantom)
    return True


def points(image: nibabel.Nifti1Image) -> np.ndarray:
    """Return the corners of a grid in mm, in an order that does not depend on its axes."""
    corners = np.array([[*corner, 1] for corner in product(*[(0, n - 1) for n in image.shape[:3]])])
    found = (corners @ image.affine.T)[:, :3]
    return found[np.lexsort(np.round(found, 1).T)]


def values(image: nibabel.Nifti1Image) -> np.ndarray:
    """Return real values in the same order of axes for both."""
    canonical = nibabel.as_closest_canonical(image)
    return np.squeeze(np.asarray(canonical.get_fdata()))


@pytest.mark.parametrize("phantom", PLACED)
def test_dcm2niix_puts_every_image_at_the_same_place_with_the_same_values(phantom: str, round_trip: RoundTrip) -> None:
    program = oracle("dcm2niix")
    large(phantom, round_trip)
    round_trip.forth(gzip=False)
    theirs = round_trip.folder / "theirs"
    theirs.mkdir()
    run(program, "-z", "n", "-b", "n", "-o", theirs, round_trip.dicom)

    ours, others = images(round_trip.nifti), images(theirs)
    assert len(others) == len(ours)
    for other in others:
        twins = [
            own for own in ours
            if sorted(own.shape) == sorted(other.shape) and np.abs(points(own) - points(other)).max() < CORNER_MM
            and np.allclose(values(own), values(other), rtol=1e-5, atol=1e-3)
        ]  # fmt: skip
        assert len(twins) == 1


@pytest.mark.parametrize("change", [one_voxel, moved, cropped], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "phantom", ["classic_ct", "mr_4d", "pet_slopes", "enhanced_mr", "enhanced_slopes", "segmentation", "without_position"]
)
def test_dciodvfy_finds_no_error_in_derived_files_that_the_source_did_not_have(
    phantom: str, change: object, round_trip: RoundTrip
) -> None:
    oracle("dciodvfy")
    round_trip.make(phantom).forth()
    if phantom == "without_position" and change is not one_voxel:
        pytest.skip("an image without position cannot be moved")
    round_trip.edit_images(lambda image: nibabel.Nifti1Image(np.asarray(change(image).dataobj) % 2, change(image).affine)
                       if phantom == "segmentation" else change(image))  # fmt: skip
    report = round_trip.home(NEW)
    assert {entry.outcome for entry in report.entries} == {Outcome.DERIVED}, report.entries[0].error

    before = set().union(*(complaints(path) for path in round_trip.dicom.rglob("*") if path.is_file()))
    after = set().union(*(complaints(path) for path in round_trip.back.rglob("*.dcm")))
    assert after - before == set()


@pytest.mark.parametrize("phantom", ["jpeg_ls", "rle_color", "jpeg_baseline_color", "rle_multi_frame", "jpeg_2000_lossy_color"])
def test_dciodvfy_finds_no_error_in_decoded_files_that_the_source_did_not_have(phantom: str, round_trip: RoundTrip) -> None:
    oracle("dciodvfy")
    round_trip.make(phantom).forth()
    round_trip.home(NEW)

    before = set().union(*(complaints(path) for path in round_trip.dicom.iterdir()))
    after = set().union(*(complaints(path) for path in round_trip.back.rglob("*.dcm")))
    assert after - before == set()


# files that dcmdump refuses as they are
REFUSED = {"lying_syntax", "bytes_behind_the_end", "unknown_vr"}


@pytest.mark.parametrize("phantom", sorted(set(PHANTOMS) - REFUSED))
@pytest.mark.slow
def test_dcmdump_reads_what_comes_back_as_a_new_series(phantom: str, round_trip: RoundTrip) -> None:
    program = oracle("dcmdump")
    round_trip.make(phantom).forth()
    round_trip.home(NEW)

    for path in some([path for path in round_trip.back.rglob("*") if path.is_file()][:2]):
        said = run(program, "-q", path)
        before = [run(program, "-q", source).returncode for source in round_trip.dicom.rglob("*") if source.is_file()]
        assert said.returncode in (0, *before)
        assert "SeriesInstanceUID" in said.stdout


def test_dcmdump_reads_derived_files(round_trip: RoundTrip) -> None:
    program = oracle("dcmdump")
    round_trip.make("private_nested").forth()
    round_trip.edit_image(one_voxel)
    round_trip.home(NEW)

    for path in some(round_trip.back.rglob("*.dcm")):
        said = run(program, path)
        assert said.returncode == 0
        assert said.stderr == ""


@pytest.mark.parametrize("option", ["+e1", "+el"])
@pytest.mark.slow
def test_lossless_jpeg_of_dcmtk_comes_back_with_equal_values(option: str, round_trip: RoundTrip) -> None:
    """JPEG lossless (process 14, with and without the fixed selection value): pydicom has no codec of its own for it."""
    program = oracle("dcmcjpeg")
    plain = RoundTrip(round_trip.folder / "plain")
    save(plain.dicom, slices(ramp(3, 24, 20, dtype="<u2"), "1.2.840.10008.5.1.4.1.1.4"))
    round_trip.dicom.mkdir()
    for path in some(plain.dicom.iterdir()):
        said = run(program, option, path, round_trip.dicom / path.name)
        assert said.returncode == 0, said.stderr
    round_trip.forth()
    round_trip.home()

    for path in some(plain.dicom.iterdir()):
        assert np.array_equal(pydicom.dcmread(round_trip.back / path.name).pixel_array, pydicom.dcmread(path).pixel_array)


@pytest.mark.slow
def test_jpeg_of_12_bits_has_the_values_that_dcmtk_decodes(round_trip: RoundTrip) -> None:
    """JPEG extended (process 4): none of pydicom's plug-ins with a free license decodes it."""
    encoder, decoder = oracle("dcmcjpeg"), oracle("dcmdjpeg")
    plain = RoundTrip(round_trip.folder / "plain")
    data_sets = slices(ramp(3, 24, 20, dtype="<u2"), "1.2.840.10008.5.1.4.1.1.4")
    for data_set in data_sets:
        data_set.BitsStored, data_set.HighBit = 12, 11
    save(plain.dicom, data_sets)
    round_trip.dicom.mkdir()
    for path in some(plain.dicom.iterdir()):
        said = run(encoder, "+ee", path, round_trip.dicom / path.name)
        assert said.returncode == 0, said.stderr
    round_trip.forth()
    round_trip.home()

    for path in some(round_trip.dicom.iterdir()):
        decoded = round_trip.folder / "decoded.dcm"
        assert run(decoder, path, decoded).returncode == 0
        assert np.array_equal(pydicom.dcmread(round_trip.back / path.name).pixel_array, pydicom.dcmread(decoded).pixel_array)


@pytest.mark.slow
def test_the_bids_validator_finds_no_error_in_a_dataset_of_our_files(round_trip: RoundTrip) -> None:
    program = oracle("bids-validator-deno")
    data = round_trip.folder / "data"
    anat = data / "sub-01" / "anat"
    anat.mkdir(parents=True)
    (data / "dataset_description.json").write_text(json.dumps({"Name": "ramps", "BIDSVersion": "1.10.0", "DatasetType": "raw"}))
    (data / "README").write_text("Images made of counting numbers.\n")
    for suffix, phantom in (("T1w", "oblique"), ("T2w", "enhanced_slopes"), ("PDw", "private_nested"), ("FLAIR", "utf_8")):
        source = RoundTrip(round_trip.folder / phantom).make(phantom)
        source.forth()
        shutil.copy(source.image(), anat / f"sub-01_{suffix}.nii.gz")
        shutil.copy(source.sidecar(), anat / f"sub-01_{suffix}.json")

    said = run(program, data, "--json")

    issues = json.loads(said.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue.get("severity") == "error"] == []


@pytest.mark.parametrize(("required", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)])
def test_a_missing_oracle_is_skipped_unless_it_is_required(
    required: bool, outcome: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.oracles.REQUIRED", required)

    with pytest.raises(outcome, match="no-such-program is not installed"):
        oracle("no-such-program")
