"""Random NIfTI images → DICOM of every kind, read back by programs that others wrote; counts what differs.

Run ``python Testing/trials/sweep_created.py [COUNT [SEED]]``. Readers: SimpleITK and dcm2niix (images), highdicom and dcmqi
(SEG, PM), dciodvfy (errors). A value is wrong if it differs by more than the stated bound (1e-4 of the range, or the precision
of the values), a position if it differs by more than 1e-3 of a voxel. Prints one line per failure and the totals; exit code 1
if there is one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert
from nifti_dicom_bridge.labels import number_in_description

CLASSIC, MULTI = ("ct", "mr", "pet", "sc"), ("enhanced-ct", "enhanced-mr", "enhanced-pet", "sc-multiframe")
LABELS = ("seg-binary", "seg-labelmap", "seg-fractional")
KINDS = (*CLASSIC, *MULTI, *LABELS, "pm")
TYPES = ("uint8", "int16", "uint16", "int32", "float32", "float64", "int64", "scaled")
POSITION_VOXELS = 1e-3
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass
class Trial:
    """One image: voxels (i, j, k), real values, and how it is converted."""

    number: int
    kind: str
    real: np.ndarray
    affine: np.ndarray
    path: Path
    reference: bool


def trial(number: int, seed: int, folder: Path) -> Trial:
    """Write a random image, and return it."""
    random = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    shape = tuple(int(n) for n in random.integers(3, 12, 3))
    path = folder / f"image{number}.nii"
    affine = _affine(random)
    image, real = _image(random, kind, shape, affine)
    image.set_sform(affine, 1)
    image.set_qform(None, 0)
    nibabel.save(image, path)
    loaded = nibabel.load(path)
    return Trial(
        number,
        kind,
        real if real is not None else np.asarray(loaded.get_fdata()),
        loaded.affine,
        path,
        bool(random.random() < 0.3),
    )


def _affine(random: np.random.Generator) -> np.ndarray:
    axes = np.eye(3)[random.permutation(3)] * random.choice([-1, 1], 3)
    if random.random() < 0.6:
        turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
        axes = turn @ axes
    found = np.eye(4)
    found[:3, :3] = axes @ np.diag(random.uniform(0.3, 4.0, 3))
    found[:3, 3] = random.uniform(-150, 150, 3)
    return found


def _image(
    random: np.random.Generator, kind: str, shape: tuple[int, ...], affine: np.ndarray
) -> tuple[nibabel.Nifti1Image, np.ndarray | None]:
    if kind == "seg-fractional":
        return nibabel.Nifti1Image(random.random(shape).astype(np.float32), affine), None
    if kind.startswith("seg"):
        labels = (random.random(shape) < 0.4) * random.choice([1, 2, 5, 17, 300], shape)
        labels[0, 0, 0] = 1
        return nibabel.Nifti1Image(labels.astype(np.int16), affine), None
    dtype = str(random.choice(TYPES))
    if dtype == "scaled":
        image = nibabel.Nifti1Image(random.integers(-3000, 3000, shape).astype(np.int16), affine)
        image.header.set_slope_inter(float(random.uniform(0.001, 20)), float(random.uniform(-100, 100)) * (kind != "pet"))
        return image, None
    if dtype.startswith("float"):
        return nibabel.Nifti1Image((random.normal(size=shape) * 10.0 ** random.integers(-4, 6)).astype(dtype), affine), None
    low, high = {"uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535)}.get(dtype, (0, 60000))
    base = int(random.integers(0, 10**9)) if dtype in ("int32", "int64") and kind in ("ct", "mr") else 0
    voxels = (random.integers(low, high, shape) + base).astype(dtype)
    return nibabel.Nifti1Image(voxels, affine, dtype=dtype), voxels.astype(np.float64)


# --- comparison


def difference(one: Trial, voxels: np.ndarray, affine: np.ndarray, bound: float) -> str:
    """Return how voxels (i, j, k) on a grid (RAS) differ from those of a trial; empty if they are the same."""
    between = np.linalg.inv(affine) @ one.affine
    order = np.abs(between[:3, :3]).argmax(axis=0)
    if sorted(order) != [0, 1, 2]:
        return "axes are mixed"
    last = np.array(one.real.shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])]).T
    exact = (between @ corners)[:3]
    off = float(np.abs(exact - np.rint(exact)).max())
    if off > POSITION_VOXELS * max(1.0, last.max()):
        return f"position off by {off:.3g} voxels"
    whole = np.rint(between)
    index = np.indices(one.real.shape).reshape(3, -1)
    there = np.rint(whole[:3, :3] @ index + whole[:3, 3:]).astype(int)
    if (there < 0).any() or (there >= np.array(voxels.shape)[:, None]).any():
        return f"grid {voxels.shape} does not contain the image {one.real.shape}"
    worst = float(np.abs(voxels[tuple(there)] - one.real.reshape(-1)).max())
    return "" if worst <= bound else f"value off by {worst:.3g}, allowed {bound:.3g}"


def bound_of(one: Trial) -> float:
    """Return the largest difference that is stated: 1e-4 of the range, or single precision of readers."""
    if one.kind == "seg-fractional":
        return 0.5 / 255 + 1e-6
    if one.kind.startswith("seg"):
        return 0.0
    return max(1e-4 * float(np.ptp(one.real)), 3e-7 * float(np.abs(one.real).max()))


# --- readers


def by_simpleitk(files: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels (i, j, k) and affine (RAS)."""
    import SimpleITK

    if len(files) > 1:
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(files[0].parent)))
        image = reader.Execute()
    else:
        image = SimpleITK.ReadImage(str(files[0]))
    return _of_itk(image)


def _of_itk(image: object) -> tuple[np.ndarray, np.ndarray]:
    import SimpleITK

    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float64), FLIP @ affine


def by_dcm2niix(files: list[Path], scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels (i, j, k) and affine (RAS)."""
    subprocess.run(["dcm2niix", "-b", "n", "-o", scratch, files[0].parent], capture_output=True, check=False)
    image = nibabel.load(next(path for path in sorted(scratch.glob("*.nii")) if "_Eq" not in path.name))
    return np.asarray(image.get_fdata()), image.affine


def by_highdicom(file: Path, fractional: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels (i, j, k) and affine (RAS)."""
    import highdicom

    if file.parent.name and fractional is not None:
        segmentation = highdicom.seg.segread(file)
        found = segmentation.get_volume(combine_segments=not fractional)
        array = found.array[..., 0] if fractional else labels_of(segmentation, found.array)
    else:
        found = highdicom.imread(file).get_volume()
        array = found.array
    array = np.asarray(array, np.float64)
    return array, FLIP @ found.affine  # axes of highdicom: slices, rows, columns, and so is its affine


def labels_of(segmentation: object, numbers: np.ndarray) -> np.ndarray:
    """Return the labels of segment numbers; other ones stand in the descriptions."""
    labels = np.zeros(int(numbers.max()) + 1)
    for item in segmentation.SegmentSequence:
        number = number_in_description(item.get("SegmentDescription", ""))
        if int(item.SegmentNumber) < len(labels):
            labels[int(item.SegmentNumber)] = item.SegmentNumber if number is None else number
    return labels[numbers.astype(int)]


def by_dcmqi(file: Path, program: str, scratch: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return name, voxels and affine of every image that dcmqi writes."""
    import SimpleITK

    option = "--inputDICOM"
    subprocess.run([program, option, file, "--outputDirectory", scratch], capture_output=True, check=False)
    return [(path.name, *_of_itk(SimpleITK.ReadImage(str(path)))) for path in sorted(scratch.glob("*.nrrd"))]


def errors_of(file: Path) -> list[str]:
    """Return the errors that dciodvfy reports."""
    found = subprocess.run(["dciodvfy", file], capture_output=True, text=True, errors="replace", check=False)
    return [line for line in (found.stdout + found.stderr).splitlines() if line.startswith("Error")]


# --- one trial


def check(one: Trial, folder: Path) -> list[str]:
    """Convert an image, and return what is wrong with the result."""
    options = {"kind": one.kind.split("-")[0] if one.kind in LABELS else one.kind}
    if one.kind in LABELS:
        options["segmentation"] = one.kind.split("-")[1]
    if one.reference and one.kind not in CLASSIC:
        options["reference"] = _reference(one, folder)
    out = folder / "out"
    (entry,) = convert(Job([one.path], out, ConversionOptions(target=Target.DICOM, **options))).entries
    if entry.outcome is Outcome.FAILED:
        return [] if "is allowed" in entry.error or "16 bits" in entry.error else [f"refused: {entry.error}"]
    files = sorted(out.rglob("*.dcm"))
    known = one.kind != "seg-labelmap"  # dciodvfy of 2022 does not know Label Map Segmentation
    problems = [f"dciodvfy: {line}" for line in errors_of(files[0])] if known else []
    for reader, voxels, affine in _read(one, files, folder):
        problem = difference(one, voxels, affine, bound_of(one))
        problems += [f"{reader}: {problem}"] if problem else []
    return problems


def _reference(one: Trial, folder: Path) -> Path:
    voxels = np.random.default_rng(one.number).integers(-900, 900, one.real.shape).astype(np.int16)
    image = nibabel.Nifti1Image(voxels, one.affine)
    image.set_sform(one.affine, 1)
    nibabel.save(image, folder / "reference.nii")
    convert(
        Job(
            [folder / "reference.nii"],
            folder / "reference",
            ConversionOptions(target=Target.DICOM, kind="mr", set_values={"PatientID": "P"}),
        )
    )
    return folder / "reference"


def _read(one: Trial, files: list[Path], folder: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    scratch = folder / "read"
    scratch.mkdir()
    if one.kind in LABELS:
        found = [("highdicom", *by_highdicom(files[0], one.kind == "seg-fractional"))]
        return found + (_labels_by_dcmqi(one, files[0], scratch) if one.kind == "seg-binary" else [])
    if one.kind == "pm":
        found = [("highdicom", *by_highdicom(files[0], None))]
        return found + [("dcmqi", voxels, affine) for _, voxels, affine in by_dcmqi(files[0], "paramap2itkimage", scratch)]
    found = [("dcm2niix", *by_dcm2niix(files, scratch))] if one.kind != "sc-multiframe" else []
    return found if one.kind in ("sc", "sc-multiframe") else [*found, ("SimpleITK", *by_simpleitk(files))]


def _labels_by_dcmqi(one: Trial, file: Path, scratch: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return the label map that dcmqi's images of segments add up to."""
    numbers = sorted(int(value) for value in np.unique(one.real) if value)
    total: np.ndarray | None = None
    affine = np.eye(4)
    for name, voxels, grid in by_dcmqi(file, "segimage2itkimage", scratch):
        number = numbers[int(name.split(".")[0]) - 1]
        total, affine = (voxels > 0) * number + (0 if total is None else total), grid
    return [] if total is None else [("dcmqi", total, affine)]


def main(count: int = 300, seed: int = 1) -> int:
    """Run trials, and return the exit code."""
    kinds: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for number in range(count):
        folder = Path(tempfile.mkdtemp(prefix="sweep-"))
        one = trial(number, seed, folder)
        kinds[one.kind] += 1
        for problem in check(one, folder):
            failures[problem.split(":")[0]] += 1
            print(f"{number} {one.kind} {one.real.shape}: {problem}", flush=True)
        shutil.rmtree(folder)
    print(f"{count} images of {len(kinds)} kinds, seed {seed}: {sum(failures.values())} problems {dict(failures)}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
