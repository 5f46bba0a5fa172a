"""The commands of docs/recipes, with stand-ins that read and write the files that each tool documents."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import apply, make_sample, read, segments_of, write
from nifti_dicom_bridge.cli import main
from support import code_blocks
from support.oracles import module, oracle, run
from support.paths import ROOT, TOOL_STAND_INS

pytestmark = pytest.mark.slow

LAYOUTS = f"{sys.executable} {TOOL_STAND_INS / 'layouts.py'}"
RECIPES = ROOT / "docs" / "recipes"
PROGRAMS = {  # program in a recipe → the stand-in for it
    "TotalSegmentator": "totalsegmentator", "nnUNetv2_predict": "nnunet", "bet": "bet", "sct_deepseg_sc": "sct",
    "antsRegistrationSyNQuick.sh": "ants", "run_fastsurfer.sh": "fastsurfer", "mri_convert": "mri_convert",
    "fmriprep-subject.sh": "fmriprep", "python -m monai.bundle": "monai",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_sample(Path("scans"))


def recipe(name: str, number: int = 0) -> list[str]:
    """Return the arguments of a command of a recipe, with stand-ins in the place of the programs."""
    blocks = re.findall(r"```console\n\$ nifti-dicom-bridge (.*?)```", (RECIPES / f"{name}.md").read_text("utf-8"), re.DOTALL)
    words = shlex.split(blocks[number].replace("\\\n", " "))
    place = words.index("--")
    own, task = words[:place], words[place + 1 :]
    if "--shell" in own:
        return [*own, "--", _with_stand_ins(task[0])]
    return [*own, "--", *shlex.split(_with_stand_ins(shlex.join(task)))]


def _with_stand_ins(line: str) -> str:
    for program, stand_in in PROGRAMS.items():
        line = re.sub(rf"(^|&&\s+|; ){re.escape(program)}(?= )", rf"\1{LAYOUTS} {stand_in}", line)
    return line.replace(f"{LAYOUTS} totalsegmentator ", f"{LAYOUTS} totalsegmentator_ml ") if "--ml" in line else line


def written(folder: str = "results") -> list[pydicom.Dataset]:
    """Return the first file of each series in a folder."""
    files = sorted(Path(folder).rglob("000001.dcm"))
    return [pydicom.dcmread(path) for path in files]


def files_in(folder: str) -> list[Path]:
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def labels_of(seg: pydicom.Dataset) -> list[str]:
    return [item.SegmentLabel for item in seg.SegmentSequence]


# --- tools ------------------------------------------------------------------------------------------------------------


def test_totalsegmentator_masks_become_one_segmentation() -> None:
    assert main(recipe("totalsegmentator")) == 0

    (seg,) = written()
    assert labels_of(seg) == ["liver", "spleen"]
    assert {item.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator for item in seg.SegmentSequence} == {"SCT"}
    assert {item.SegmentAlgorithmType for item in seg.SegmentSequence} == {"AUTOMATIC"}


def test_totalsegmentator_label_map_has_the_names_of_its_header() -> None:
    assert main(recipe("totalsegmentator", 1)) == 0

    (seg,) = written()
    assert labels_of(seg) == ["liver", "spleen"]


def test_nnunet_label_map_has_the_names_of_dataset_json() -> None:
    assert main(recipe("nnunet")) == 0

    (seg,) = written()
    assert labels_of(seg) == ["edema", "tumor"]


def test_bet_brain_and_mask() -> None:
    assert main(recipe("fsl-bet")) == 0

    assert sorted(one.Modality for one in written()) == ["MR", "SEG"]


def test_ants_warped_image_is_on_the_grid_of_the_fixed_one() -> None:
    for path in files_in("scans"):
        data_set = pydicom.dcmread(path)
        data_set.SeriesInstanceUID += ".2"
        data_set.SOPInstanceUID += ".2"
        data_set.SeriesNumber, data_set.SeriesDescription = 9, "moving"
        data_set.ImagePositionPatient = [*data_set.ImagePositionPatient[:2], data_set.ImagePositionPatient[2] + 2]
        data_set.save_as(Path("scans") / ("moving-" + path.name))
    (fixed,) = [image for image in read("scans") if image.name.startswith("7")]

    words = [word.replace("*FLAIR*", "moving").replace("*T1*", "Oblique*") for word in recipe("ants-registration")]
    assert main(words) == 0

    (warped,) = read("results")
    np.testing.assert_allclose(warped.ijk_to_ras, fixed.ijk_to_ras, atol=1e-4)
    assert written()[0].Modality == "MR"


def test_fastsurfer_labels_of_freesurfer() -> None:
    assert main(recipe("freesurfer-fastsurfer")) == 0

    (seg,) = written()
    assert labels_of(seg) == ["Left-Hippocampus", "Right-Hippocampus"]


def test_all_mgz_of_a_folder_are_read() -> None:
    task = f"{LAYOUTS} fastsurfer --t1 {{input}} --sd {{output_dir}} --sid {{subject}}"

    assert main(["apply", "scans", "-o", "results", "--", *shlex.split(task)]) == 0
    assert sorted(one.Modality for one in written()) == ["MR", "SEG"]


def test_fmriprep_derivative_becomes_dicom_by_the_command_of_its_page() -> None:
    (command, *_) = code_blocks.commands("nifti-dicom-bridge", RECIPES / "fmriprep.md")
    image = read("scans")[0]
    path = Path("derivatives", "fmriprep", "sub-01", "anat", "sub-01_dseg.nii.gz")
    path.parent.mkdir(parents=True)
    write(replace(image, voxels=(image.array > np.median(image.array)).astype(np.uint8), source=None), path)

    assert main(shlex.split(command)[1:]) == 0

    (seg,) = written()
    assert seg.Modality == "SEG"


def test_fmriprep_derivatives_in_the_space_of_the_patient() -> None:
    assert main(recipe("fmriprep", 1)) == 0

    by_number = {int(one.SeriesNumber): one for one in written()}
    assert sorted(one.Modality for one in by_number.values()) == ["MR", "SEG", "SEG", "SEG"]
    named = next(one for one in by_number.values() if one.Modality == "SEG" and len(one.SegmentSequence) == 2)
    assert labels_of(named) == ["Grey Matter", "White Matter"]


def test_image_in_the_space_of_a_template_is_refused(capsys: pytest.CaptureFixture) -> None:
    task = f"{LAYOUTS} fmriprep {{input}} {{output_dir}}"

    assert main(["apply", "scans", "-o", "results", "--take", "*MNI*", "--", *shlex.split(task)]) == 1
    assert "template" in capsys.readouterr().err


def test_monai_bundle() -> None:
    assert main(recipe("monai-bundle")) == 0

    (seg,) = written()
    assert seg.Modality == "SEG"


def test_spinal_cord_toolbox() -> None:
    assert main(recipe("spinalcordtoolbox")) == 0

    (seg,) = written()
    assert labels_of(seg) == ["spinal cord"]


TABLES = {
    "dseg.tsv": "index\tname\n1\tA\n1\tB\n",
    "a.ctbl": "1 A 300 0 0 255\n",
    "aLUT.txt": "1 A 1 2 3 0\nx\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_table_fails_its_result_only(name: str) -> None:
    script = Path("tool.py")
    script.write_text(
        "import shutil, sys\nfrom pathlib import Path\nimport nibabel\n"
        "image, out = nibabel.load(sys.argv[1]), Path(sys.argv[2])\n"
        "(out / 'sub').mkdir()\n"
        "labels = (image.get_fdata() > 500).astype('uint8')\n"
        "nibabel.save(nibabel.Nifti1Image(labels, image.affine), out / 'sub' / 'bad.nii')\n"
        f"(out / 'sub' / {name!r}).write_text({TABLES[name]!r})\n"
        "nibabel.save(nibabel.Nifti1Image(image.get_fdata().astype('int16') + 1, image.affine), out / 'good.nii')\n",
        "utf-8",
    )
    report = apply("scans", "results", [sys.executable, script, "{input}", "{output_dir}"])

    assert sorted(entry.outcome for entry in report.entries) == ["derived", "failed"]
    assert [name in entry.error for entry in report.failures] == [True]


def test_every_recipe_is_tested() -> None:
    text = Path(__file__).read_text("utf-8")

    assert [path.stem for path in RECIPES.glob("*.md") if path.stem != "README" and f'"{path.stem}"' not in text] == []


# --- the right place, the right patient: judged by others -------------------------------------------------------------


def result(kind: str) -> tuple[Path, np.ndarray]:
    """Apply a threshold to the oblique sample; return the object and where the voxels are in LPS, mm."""
    task = f"{LAYOUTS} sct -i {{input}} -o {{output}}"
    assert main(["apply", "scans", "-o", "results", "--as", kind, "--", *shlex.split(task)]) == 0
    (volume,) = read("results")
    inside = np.argwhere(volume.array[0] > 0)[:, ::-1]
    points = inside @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3]
    return next(Path("results").rglob("*.dcm")), points * [-1, -1, 1]


def expected_points() -> np.ndarray:
    """Return where the brightest voxels of the left half of the file are, LPS, computed from DICOM by pydicom alone."""
    points = []
    slices = sorted(map(pydicom.dcmread, files_in("scans")), key=lambda one: one.InstanceNumber)
    data = np.stack([one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in slices])
    chosen = data > np.percentile(data.astype(np.float32), 90)
    chosen[:, :, data.shape[2] // 2 :] = False
    for number, row, column in np.argwhere(chosen):
        one = slices[number]
        along_row, along_column = np.array(one.ImageOrientationPatient, float).reshape(2, 3)
        down, right = map(float, one.PixelSpacing)
        points.append(np.array(one.ImagePositionPatient, float) + column * right * along_row + row * down * along_column)
    return np.array(points)


def sorted_points(points: np.ndarray) -> np.ndarray:
    return points[np.lexsort(np.round(points, 2).T)]


def test_segmentation_is_at_the_place_of_the_voxels_it_was_made_from() -> None:
    _, points = result("seg")

    np.testing.assert_allclose(sorted_points(points), sorted_points(expected_points()), atol=1e-2)


def test_highdicom_finds_the_source_images_of_every_frame() -> None:
    highdicom = module("highdicom")
    path, _ = result("seg")
    uids = {str(pydicom.dcmread(one).SOPInstanceUID) for one in files_in("scans")}

    seg = highdicom.seg.segread(path)

    assert {str(uid) for *_, uid in seg.get_source_image_uids()} <= uids
    pixels = seg.get_volume(combine_segments=True, skip_overlap_checks=True)
    assert int((pixels.array > 0).sum()) == len(expected_points())


def test_dcmqi_reads_the_segmentation_at_the_same_place(tmp_path: Path) -> None:
    program, sitk = oracle("segimage2itkimage"), module("SimpleITK")
    path, _ = result("seg")

    done = run(program, "--inputDICOM", path, "--outputDirectory", tmp_path, "--outputType", "nii")

    assert done.returncode == 0, done.stdout + done.stderr
    image = sitk.ReadImage(str(next(tmp_path.glob("*.nii.gz"))))
    inside = np.argwhere(sitk.GetArrayFromImage(image) > 0)[:, ::-1]
    points = np.array([image.TransformIndexToPhysicalPoint(index.tolist()) for index in inside])
    np.testing.assert_allclose(sorted_points(points), sorted_points(expected_points()), atol=1e-2)


@pytest.mark.parametrize("name", ["totalsegmentator", "fsl-bet", "nnunet"])
def test_dciodvfy_finds_no_error_that_the_original_does_not_have(name: str) -> None:
    program = oracle("dciodvfy")
    main(recipe(name))

    before = {line for path in files_in("scans") for line in errors_of(program, path)}
    after = {line for path in files_in("results") for line in errors_of(program, path)}
    assert after <= before


def errors_of(program: str, path: Path) -> list[str]:
    return [line for line in run(program, path).stderr.split("\n") if line.startswith("Error")]


def test_itk_reads_the_denoised_series_at_the_place_of_the_original() -> None:
    sitk = module("SimpleITK")
    task = f"{sys.executable} {TOOL_STAND_INS / 'scipy_tools.py'} smooth {{input}} {{output}}"

    assert main(["apply", "scans", "-o", "results", "--algorithm", "gaussian:1", "--", *shlex.split(task)]) == 0

    before, after = (series_of(sitk, Path(folder)) for folder in ("scans", "results"))
    np.testing.assert_allclose(after.GetOrigin(), before.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(after.GetDirection(), before.GetDirection(), atol=1e-4)
    assert before.GetSize() == after.GetSize()


def height(path: str) -> float:
    """Return the position of a slice along the normal of its plane."""
    one = pydicom.dcmread(path)
    return float(
        np.cross(*np.array(one.ImageOrientationPatient, float).reshape(2, 3)) @ np.array(one.ImagePositionPatient, float)
    )


def series_of(sitk: object, folder: Path) -> object:
    reader = sitk.ImageSeriesReader()
    names = sorted(map(str, files_in(str(folder))), key=height)
    reader.SetFileNames(names)
    return reader.Execute()


def test_segments_are_those_of_the_label_file() -> None:
    Path("labels.csv").write_text("index,name\n1,Spinal cord\n")
    task = f"{LAYOUTS} sct -i {{input}} -o {{output}}"

    assert main(["apply", "scans", "-o", "results", "--labels", "labels.csv", "--", *shlex.split(task)]) == 0

    (volume,) = read("results")
    assert [segment.label for segment in segments_of(volume)] == ["Spinal cord"]
