"""Stand-ins for tools: each reads what that tool reads and writes the files that it documents, from voxels above a threshold.

Usage: ``layouts.py TOOL ...`` with the arguments of the tool.
"""

import argparse
import json
import sys
from pathlib import Path

import nibabel
import numpy as np

LABEL_TABLE = (
    '<?xml version="1.0" encoding="UTF-8"?><CaretExtension><VolumeInformation Index="0"><LabelTable>'
    '<Label Key="1" Red="1" Green="0" Blue="0" Alpha="1"><![CDATA[liver]]></Label>'
    '<Label Key="2" Red="0" Green="1" Blue="0" Alpha="1"><![CDATA[spleen]]></Label>'
    "</LabelTable></VolumeInformation></CaretExtension>"
)


def parsed(*names):
    parser = argparse.ArgumentParser()
    for name in names:
        parser.add_argument(name)
    return parser.parse_args(sys.argv[2:])


def save(like, voxels, path, dtype="uint8"):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(np.asarray(voxels, dtype), like.affine)
    nibabel.save(image, path)


def parts_of(image):
    """Two structures that do not touch: the brightest voxels of the left and of the right half."""
    data = image.get_fdata()
    bright = data > np.percentile(data, 90)
    right = np.zeros(data.shape, bool)
    right[data.shape[0] // 2 :] = True
    return bright & ~right, bright & right


def totalsegmentator():
    given = parsed("-i", "-o", "--task")
    image = nibabel.load(given.i)
    for name, mask in zip(("liver", "spleen"), parts_of(image), strict=True):
        save(image, mask, Path(given.o, name + ".nii.gz"))
    save(image, np.zeros(image.shape), Path(given.o, "gallbladder.nii.gz"))


def totalsegmentator_ml():
    sys.argv.remove("--ml")
    given = parsed("-i", "-o")
    image = nibabel.load(given.i)
    one, two = parts_of(image)
    labels = nibabel.Nifti1Image((one + 2 * two).astype(np.uint8), image.affine)
    labels.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, LABEL_TABLE.encode()))
    nibabel.save(labels, given.o)


def nnunet():
    given = parsed("-i", "-o", "-d", "-c")
    cases = {path.name.removesuffix("_0000.nii.gz") for path in Path(given.i).glob("*_0000.nii.gz")}
    assert cases, "no *_0000.nii.gz"
    for case in cases:
        image = nibabel.load(Path(given.i, case + "_0000.nii.gz"))
        one, two = parts_of(image)
        save(image, one + 2 * two, Path(given.o, case + ".nii.gz"))
    labels = {"background": 0, "edema": 1, "tumor": 2}
    Path(given.o, "dataset.json").write_text(
        json.dumps({"channel_names": {"0": "T1"}, "labels": labels, "file_ending": ".nii.gz"})
    )
    Path(given.o, "plans.json").write_text(json.dumps({"plans_name": "nnUNetPlans"}))
    Path(given.o, "predict_from_raw_data_args.json").write_text("{}")


def bet():
    source, target = sys.argv[2], sys.argv[3].removesuffix(".nii.gz")
    image = nibabel.load(source)
    inside = np.add(*parts_of(image))
    save(image, image.get_fdata() * inside, target + ".nii.gz", "int16")
    save(image, inside, target + "_mask.nii.gz")


def ants():
    given = parsed("-d", "-f", "-m", "-o", "-t")
    fixed, moving = nibabel.load(given.f), nibabel.load(given.m)
    save(fixed, np.resize(moving.get_fdata(), fixed.shape), given.o + "Warped.nii.gz", "float32")
    save(moving, np.resize(fixed.get_fdata(), moving.shape), given.o + "InverseWarped.nii.gz", "float32")
    Path(given.o + "0GenericAffine.mat").write_bytes(bytes(64))
    field = nibabel.Nifti1Image(np.zeros((*fixed.shape, 1, 3), np.float32), fixed.affine)
    field.header.set_intent("vector")
    nibabel.save(field, given.o + "1Warp.nii.gz")


def fastsurfer():
    sys.argv = [word for word in sys.argv if word != "--seg_only"]
    given = parsed("--t1", "--sd", "--sid")
    image = nibabel.load(given.t1)
    mri = Path(given.sd, given.sid, "mri")
    mri.mkdir(parents=True)
    one, two = parts_of(image)
    labels = (17 * one + 53 * two).astype(np.int16)  # Left-Hippocampus, Right-Hippocampus
    nibabel.save(nibabel.MGHImage(labels.astype(np.int32), image.affine), mri / "aparc.DKTatlas+aseg.deep.mgz")
    nibabel.save(nibabel.MGHImage(image.get_fdata().astype(np.float32), image.affine), mri / "orig.mgz")


def mri_convert():
    source, target = map(Path, sys.argv[2:4])
    image = nibabel.load(source)
    save(image, np.asarray(image.dataobj), target, "int32")


def fmriprep():
    folder, label = Path(sys.argv[3]), "sub-01"
    image = nibabel.load(sys.argv[2])
    anat = folder / label / "anat"
    one, two = parts_of(image)
    save(image, one | two, anat / f"{label}_desc-brain_mask.nii.gz")
    save(image, image.get_fdata(), anat / f"{label}_desc-preproc_T1w.nii.gz", "float32")
    save(image, one + 2 * two, anat / f"{label}_dseg.nii.gz")
    save(image, np.where(one, 0.75, 0.0), anat / f"{label}_label-GM_probseg.nii.gz", "float32")
    template = nibabel.Nifti1Image(np.ones((9, 9, 9), np.uint8), np.diag([20.0, 20, 20, 1]))
    template.header.set_sform(template.affine, 4)
    nibabel.save(template, anat / f"{label}_space-MNI152NLin2009cAsym_desc-brain_mask.nii.gz")
    (folder / "dataset_description.json").write_text(
        '{"Name": "fMRIPrep", "BIDSVersion": "1.4.0", "DatasetType": "derivative"}'
    )
    (anat / f"{label}_dseg.tsv").write_text("index\tname\n1\tGrey Matter\n2\tWhite Matter\n")


def monai():
    given = parsed("command", "--config_file", "--bundle_root", "--dataset_dir", "--output_dir")
    for path in Path(given.dataset_dir).glob("*.nii.gz"):
        image = nibabel.load(path)
        stem = path.name.removesuffix(".nii.gz")
        save(image, parts_of(image)[0], Path(given.output_dir, stem, stem + "_trans.nii.gz"), "float32")


def sct():
    given = parsed("-i", "-c", "-o")
    image = nibabel.load(given.i)
    save(image, parts_of(image)[0], given.o)
    Path(given.o.replace(".nii.gz", ".json")).write_text('{"GeneratedBy": [{"Name": "Spinal Cord Toolbox"}]}')


if __name__ == "__main__":
    globals()[sys.argv[1]]()
