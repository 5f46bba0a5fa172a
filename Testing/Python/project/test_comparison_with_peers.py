"""The comparison with dcm2niix, dcmqi and highdicom in README.md: each cell is what running the programs shows."""

from __future__ import annotations

import functools
import json
import pkgutil
import re
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import compare, read, send, to_dicom, to_nifti
from nifti_dicom_bridge.samples.create import create_samples
from support import archives, code_blocks
from support.oracles import module, oracle, run

NIBABEL = "in Python, with nibabel"
SEGMENT = {
    "labelID": 1, "SegmentDescription": "Tissue", "SegmentAlgorithmType": "MANUAL",
    "SegmentedPropertyCategoryCodeSequence": {
        "CodeValue": "85756007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Tissue",
    },
    "SegmentedPropertyTypeCodeSequence": {
        "CodeValue": "85756007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Tissue",
    },
}  # fmt: skip
OF_DCMQI = {"itkimage2segimage", "segimage2itkimage", "itkimage2paramap", "paramap2itkimage", "tid1500reader", "tid1500writer"}
"""Programs of dcmqi: two for Segmentations, two for Parametric Maps, two for measurements. A seventh only for microscopy."""
CREATED_BY_HIGHDICOM = {"Segmentation", "ParametricMap", "SCImage"}


class Place:
    """A folder with inputs of all kinds."""

    def __init__(self, folder: Path):
        self.folder = folder
        create_samples(folder / "samples")
        self.ct = folder / "samples" / "CT"
        to_nifti(self.ct, folder / "nifti")
        (self.nifti,) = (folder / "nifti").glob("*.nii.gz")
        image = nibabel.load(self.nifti)
        values = np.asarray(image.dataobj)
        self.labels, self.map = folder / "a_dseg.nii.gz", folder / "a_T1map.nii.gz"
        nibabel.save(nibabel.Nifti1Image((values > 0).astype(np.uint8), image.affine), self.labels)
        nibabel.save(nibabel.Nifti1Image(values.astype(np.float32) / 7, image.affine), self.map)
        to_dicom([self.labels, self.map], folder / "objects", reference=self.ct)
        (self.segmentation,) = (folder / "objects").glob("*dseg*/*.dcm")
        (self.parametric_map,) = (folder / "objects").glob("*T1map*/*.dcm")

    def new(self, name: str) -> Path:
        """Return a new empty folder."""
        folder = self.folder / name
        folder.mkdir()
        return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    return Place(tmp_path_factory.mktemp("peers"))


# --- this software


def ours_to_nifti(place: Place) -> str:
    return "yes" if read(place.nifti)[0].voxels.shape == read(place.ct)[0].voxels.shape else "no"


def ours_sidecar(place: Place) -> str:
    tags = {str(element.tag) for element in pydicom.dcmread(next(place.ct.glob("*.dcm")), stop_before_pixels=True)}
    record = json.dumps(json.loads(place.nifti.with_name(place.nifti.name.replace(".nii.gz", ".json")).read_text("utf-8")))
    return "all elements" if all(re.sub(r"\W", "", tag).upper() in record.upper() for tag in tags) else "selected keys"


def ours_original(place: Place) -> str:
    to_dicom(place.nifti, place.folder / "same", uids="keep", names="original")
    originals = {path.name: path.read_bytes() for path in place.ct.iterdir()}
    returned = {path.name: path.read_bytes() for path in (place.folder / "same").rglob("*.dcm")}
    return "yes" if originals == returned and compare(place.ct, place.folder / "same").same else "no"


def ours_objects(place: Place) -> str:
    kinds = [pydicom.dcmread(path).SOPClassUID.name for path in (place.segmentation, place.parametric_map)]
    return "yes" if kinds == ["Segmentation Storage", "Parametric Map Storage"] else "no"


def ours_of_kinds(place: Place, *kinds: str) -> str:
    for kind in kinds:
        source, folder = place.labels if kind == "rtstruct" else place.nifti, place.folder / f"as-{kind}"
        image = nibabel.load(source)
        nibabel.save(image, place.folder / f"{kind}.nii.gz")
        report = to_dicom(place.folder / f"{kind}.nii.gz", folder, kind=kind, reference=place.ct)
        assert report.ok, report
    return "yes"


def ours_dataset(place: Place) -> str:
    to_nifti(place.ct, place.folder / "dataset", layout="bids")
    return "yes" if (place.folder / "dataset" / "dataset_description.json").is_file() else "no"


def ours_deidentified(place: Place) -> str:
    patient = str(pydicom.dcmread(next(place.ct.glob("*.dcm"))).PatientID)
    to_nifti(place.ct, place.folder / "clean", deidentify=True)
    to_dicom(place.folder / "clean", place.folder / "clean-dicom")
    files = [path for name in ("clean", "clean-dicom") for path in (place.folder / name).rglob("*") if path.is_file()]
    return "DICOM and NIfTI" if files and not any(patient.encode() in path.read_bytes() for path in files) else "no"


def ours_archives(place: Place) -> str:
    """DIMSE, to an archive of DCMTK; the tests in Testing/Python/network use DICOMweb, too."""
    module("pynetdicom")
    with archives.storescp(place.folder / "archive") as (address, _):
        send(place.ct, address)
    received = [path for path in (place.folder / "archive").iterdir() if pydicom.misc.is_dicom(path)]
    return "yes" if len(received) == len(list(place.ct.iterdir())) else "no"


# --- dcm2niix


@functools.cache
def help_of(program: str, *arguments: str) -> str:
    shown = run(oracle(program), *arguments)
    return str(shown.stdout + shown.stderr)


def dcm2niix_to_nifti(place: Place) -> str:
    folder = place.new("dcm2niix")
    run(oracle("dcm2niix"), "-b", "y", "-o", folder, "-f", "ct", place.ct)
    return "yes" if (folder / "ct.nii").is_file() else "no"


def dcm2niix_sidecar(place: Place) -> str:
    folder = place.new("dcm2niix-keys")
    run(oracle("dcm2niix"), "-ba", "n", "-o", folder, "-f", "ct", place.ct)
    keys = json.loads((folder / "ct.json").read_text("utf-8"))
    return "selected keys" if len(keys) < len(pydicom.dcmread(next(place.ct.glob("*.dcm")))) else "all elements"


def dcm2niix_to_dicom(place: Place) -> str:
    """It reads DICOM only: a folder with NIfTI is refused."""
    folder = place.folder / "refused-by-dcm2niix"
    folder.mkdir(exist_ok=True)
    refused = run(oracle("dcm2niix"), "-o", folder, place.nifti.parent)
    return "no" if refused.returncode and "Unable to find any DICOM" in refused.stdout + refused.stderr else "yes"


def dcm2niix_dataset(place: Place) -> str:
    shown = help_of("dcm2niix", "-h")
    return "with ReproIn names" if "-br : reproin" in shown and "BIDS root" in shown else "no"


def dcm2niix_deidentified(place: Place) -> str:
    shown = help_of("dcm2niix", "-h")
    return "sidecar" if re.search(r"-ba : anonymize BIDS", shown) else "no"


def dcm2niix_archives(place: Place) -> str:
    shown = help_of("dcm2niix", "-h")
    return "yes" if re.search(r"pacs|dicomweb|\bport\b|https?:", shown, re.IGNORECASE) else "no"


# --- dcmqi


def dcmqi_programs() -> set[str]:
    module("dcmqi")
    return {file.name for file in metadata.files("dcmqi") or () if file.parent.name == "bin"} - {"bin2labelsegimage"}


def dcmqi_to_nifti(place: Place) -> str:
    folder = place.new("dcmqi")
    for program, path, written in (
        ("segimage2itkimage", place.segmentation, "1.nii.gz"), ("paramap2itkimage", place.parametric_map, "pmap.nii.gz")
    ):  # fmt: skip
        run(oracle(program), "--outputType", "nii", "--inputDICOM", path, "--outputDirectory", folder).check_returncode()
        assert (folder / written).is_file(), list(folder.iterdir())
        image = next(place.ct.glob("*.dcm"))
        assert run(oracle(program), "--inputDICOM", image, "--outputDirectory", place.new(program)).returncode
    return "Segmentation, Parametric Map"


def dcmqi_sidecar(place: Place) -> str:
    folders = place.new("dcmqi-segments"), place.new("dcmqi-quantity")
    for program, path, folder in zip(
        ("segimage2itkimage", "paramap2itkimage"), (place.segmentation, place.parametric_map), folders, strict=True
    ):
        run(oracle(program), "--inputDICOM", path, "--outputDirectory", folder).check_returncode()
    described = [json.loads(path.read_text("utf-8")) for folder in folders for path in folder.glob("*.json")]
    keys = {key for content in described for key in content}
    return "segments, quantity" if {"segmentAttributes", "QuantityValueCode"} <= keys and "PatientName" not in keys else "no"


def dcmqi_objects(place: Place) -> str:
    folder, image = place.new("dcmqi-new"), place.folder / "dcmqi-labels.nii.gz"
    nibabel.save(nibabel.load(place.labels), image)
    command = [
        oracle("itkimage2segimage"), "--inputImageList", image, "--inputDICOMDirectory", place.ct,
        "--outputDICOM", folder / "seg.dcm",
    ]  # fmt: skip
    assert run(*command).returncode, "it does not need a JSON file"
    description = {"SeriesNumber": "9", "ContentCreatorName": "A", "segmentAttributes": [[SEGMENT]]}
    (folder / "meta.json").write_text(json.dumps(description), "utf-8")
    run(*command, "--inputMetadata", folder / "meta.json").check_returncode()
    assert pydicom.dcmread(folder / "seg.dcm").SOPClassUID.name == "Segmentation Storage"
    assert "--inputMetadata" in help_of("itkimage2paramap", "--help")
    return "with a JSON file"


def dcmqi_has_no_program(place: Place) -> str:
    return "no" if dcmqi_programs() == OF_DCMQI else "yes"


# --- highdicom


@functools.cache
def classes_of_highdicom() -> frozenset[str]:
    """Return the names of the kinds of objects that it creates, those that it makes of other DICOM objects left out."""
    highdicom: Any = module("highdicom")
    for each in pkgutil.walk_packages(highdicom.__path__, "highdicom."):
        import_module(each.name)

    def below(kind: type) -> set[type]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    names = {kind.__name__ for kind in below(highdicom.base.SOPClass)}
    return frozenset(name for name in names if not name.startswith(("Legacy", "_")))


def highdicom_to_nifti(place: Place) -> str:
    highdicom: Any = module("highdicom")
    volume = highdicom.get_volume_from_series([pydicom.dcmread(path) for path in place.ct.glob("*.dcm")])
    image = volume.to_nibabel()
    np.testing.assert_array_equal(np.sort(image.get_fdata(), None), np.sort(nibabel.load(place.nifti).get_fdata(), None))
    return NIBABEL


def highdicom_objects(place: Place) -> str:
    highdicom: Any = module("highdicom")
    highdicom.Volume.from_nibabel(nibabel.load(place.labels))
    return NIBABEL if classes_of_highdicom() >= {"Segmentation", "ParametricMap"} else "no"


def highdicom_captures(place: Place) -> str:
    return NIBABEL if "SCImage" in classes_of_highdicom() else "no"


def highdicom_images(place: Place) -> str:
    """The rest of what it creates: presentation states, structured reports, annotations, key objects."""
    images = {name for name in classes_of_highdicom() if re.search(r"Image$|Map$|Segmentation|Structure", name)}
    return "no" if images - {"Image"} == CREATED_BY_HIGHDICOM else "yes"


def highdicom_has_no_module(*words: str) -> Callable[[Place], str]:
    def evidence(place: Place) -> str:
        highdicom: Any = module("highdicom")
        sources = [path.read_text("utf-8").lower() for path in Path(highdicom.__file__).parent.rglob("*.py")]
        names = re.findall(r"^\s*(?:def|class|import|from) (\S+)", "\n".join(sources), re.MULTILINE)
        return "yes" if [name for name in names if any(word in name for word in words)] else "no"

    return evidence


EVIDENCE: dict[str, tuple[Callable[[Place], str], ...]] = {
    "DICOM images → NIfTI": (ours_to_nifti, dcm2niix_to_nifti, dcmqi_to_nifti, highdicom_to_nifti),
    "header in the sidecar": (ours_sidecar, dcm2niix_sidecar, dcmqi_sidecar, highdicom_has_no_module("sidecar", "bids")),
    "NIfTI → the original DICOM, byte for byte": (
        ours_original, dcm2niix_to_dicom, dcmqi_has_no_program, highdicom_has_no_module("sidecar", "restore"),
    ),
    "NIfTI → Segmentation, Parametric Map": (ours_objects, dcm2niix_to_dicom, dcmqi_objects, highdicom_objects),
    "NIfTI → Secondary Capture": (
        lambda place: ours_of_kinds(place, "sc"), dcm2niix_to_dicom, dcmqi_has_no_program, highdicom_captures,
    ),
    "NIfTI → CT, MR, PET, RT Structure Set": (
        lambda place: ours_of_kinds(place, "ct", "mr", "pet", "rtstruct"), dcm2niix_to_dicom, dcmqi_has_no_program,
        highdicom_images,
    ),
    "BIDS dataset": (ours_dataset, dcm2niix_dataset, dcmqi_has_no_program, highdicom_has_no_module("bids")),
    "de-identification": (
        ours_deidentified, dcm2niix_deidentified, dcmqi_has_no_program, highdicom_has_no_module("anonym", "deident"),
    ),
    "archives (DIMSE, DICOMweb)": (
        ours_archives, dcm2niix_archives, dcmqi_has_no_program, highdicom_has_no_module("pynetdicom", "dicomweb", "requests"),
    ),
}  # fmt: skip
"""Row of the table → for each column, what shows the content of the cell."""


def table() -> dict[str, list[str]]:
    """Return row → cells of the comparison in README.md."""
    section = code_blocks.README.read_text("utf-8").split("## Comparison")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return {title: cells for title, *cells in rows[2:]}


def test_each_cell_of_the_comparison_has_evidence():
    assert {row: len(cells) for row, cells in table().items()} == {row: len(cells) for row, cells in EVIDENCE.items()}


@pytest.mark.slow
@pytest.mark.parametrize("column", range(4), ids=["this", "dcm2niix", "dcmqi", "highdicom"])
@pytest.mark.parametrize("row", EVIDENCE)
def test_the_comparison_is_what_running_the_programs_shows(place: Place, row: str, column: int) -> None:
    assert table()[row][column] == EVIDENCE[row][column](place)
