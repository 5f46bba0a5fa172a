"""Results of segmentation tools, and the objects that they become."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom

from nifti_dicom_bridge import ConversionReport, to_dicom
from support.dciodvfy import facts_of_dciodvfy
from support.new_objects import MATRIX

SHAPE = (5, 4, 3)

AXES = np.indices(SHAPE)

CLASSES = {"liver": "10200004", "rib_left_5": "15339008", "subclavian_artery_left": "36765005", "vertebrae_L5": "49668003"}


def save(name: str, voxels: np.ndarray, names: dict[int, str] | None = None) -> Path:
    """Write an image on the grid of the CT, with names in its header as TotalSegmentator does."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(voxels, MATRIX)
    if names:
        rows = "".join(f'<Label Key="{n}" Red="1.0" Green="0.0" Blue="0.0" Alpha="1"><![CDATA[{t}]]></Label>\n'
                       for n, t in names.items())  # fmt: skip
        table = f'<VolumeInformation Index="0"><LabelTable>{rows}</LabelTable></VolumeInformation>'
        text = f'<?xml version="1.0"?> <CaretExtension>{table}</CaretExtension>'
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, text.encode()))
    nibabel.save(image, path)
    return path


def masks(folder: str = "segmentations", names: tuple[str, ...] = tuple(CLASSES), overlap: bool = False) -> Path:
    """Write a mask of each class, and one without a voxel."""
    for number, name in enumerate(names):
        voxels = (AXES[0] == number).astype(np.uint8)
        voxels[0, 0, 0] |= overlap
        save(f"{folder}/{name}.nii.gz", voxels)
    save(f"{folder}/spleen.nii.gz", np.zeros(SHAPE, np.uint8))
    return Path(folder)


def converted(source: Path, **options: object) -> tuple[ConversionReport, pydicom.Dataset]:
    report = to_dicom(source, "out", reference="ct", **options)
    assert report.ok, report
    (path,) = report.outputs
    assert facts_of_dciodvfy(path) == set()
    return report, pydicom.dcmread(path)


def codes(seg: pydicom.Dataset) -> dict[str, str]:
    return {item.SegmentLabel: item.SegmentedPropertyTypeCodeSequence[0].CodeValue for item in seg.SegmentSequence}


def texts(report: ConversionReport) -> str:
    return "\n".join(text for entry in report.entries for text in (*entry.log.notes, *entry.log.warnings, entry.error))


PLAIN = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1, "tumor": 2}}


def prediction(dataset: dict, classes: int = 3) -> tuple[Path, np.ndarray]:
    """Write what nnU-Net writes with --save_probabilities: label map, dataset.json, array of shape (classes, z, y, x)."""
    random = np.random.default_rng(5)
    scores = random.random((classes, *SHAPE[::-1])).astype(np.float32)
    probabilities = scores / scores.sum(axis=0) if dataset is PLAIN else scores
    if dataset is PLAIN:
        found = probabilities.argmax(axis=0)
    else:
        found = np.zeros(SHAPE[::-1], int)
        for number, one in zip(dataset["regions_class_order"], probabilities, strict=True):
            found[one > 0.5] = number
    path = save("predictions/case_01.nii.gz", found.T.astype(np.uint8))
    (path.parent / "dataset.json").write_text(json.dumps(dataset))
    np.savez_compressed(path.parent / "case_01.npz", probabilities=probabilities)
    return path, probabilities
