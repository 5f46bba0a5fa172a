"""Which label file belongs to an image: those next to it, and the inheritance principle of BIDS."""

from __future__ import annotations

from pathlib import Path

from ..bids import inheritance
from ..model.files.names import companion, stem_of
from .profiles import profile_of_name
from .read import form_of, is_nnunet

DATASET = "dataset.json"
_OF_DATASET = ("labelsTr", "labelsTs", "gt_segmentations")
"""Folders of label maps in a data set of nnU-Net, raw and preprocessed."""

_OF_LABELS = (".label", ".lut", ".ctbl", "_dseg.tsv")
"""Endings of nothing but label files."""
_SEGMENTATIONS = ("dseg", "probseg")
_EXTENSIONS = (".json", ".tsv", ".label", ".txt", ".lut", ".ctbl", ".csv", ".toml")
# the order in which forms win: what a person wrote for this image before what a tool ships for all
_ORDER = ("json", "dseg", "snap", "lut", "ctbl", "csv", "toml")


def find_labels(image: Path | str) -> Path | None:
    """Return the label file of an image; None where there is none.

    First what has the name of the image and another ending: a JSON with labels, a TSV (``_dseg.tsv`` too), then files of
    ITK-SNAP, FreeSurfer, 3D Slicer, CSV, TOML. Then, by the inheritance principle of BIDS, the nearest ``_dseg.tsv`` in this
    folder and those above, up to the root of the dataset, whose entities are all among those of the image.
    """
    path = Path(image)
    stem = stem_of(path)
    companions = [companion(path, ending) for ending in (*_EXTENSIONS, "_dseg.tsv")]
    forms = {file: form_of(file) for file in companions if file.is_file()}
    own = [file for form in _ORDER for file, one in forms.items() if one == form]
    return own[0] if own else _inherited(path, stem)


def unreadable_labels(image: Path | str) -> list[Path]:
    """Return the files that have the name of an image and the ending of a label file, but no known form."""
    path = Path(image)
    endings = (*_OF_LABELS, ".tsv") if inheritance.entities_of(stem_of(path))[1] in _SEGMENTATIONS else _OF_LABELS
    files = (companion(path, ending) for ending in endings)
    return [file for file in files if (file.is_file() or file.is_symlink()) and not form_of(file)]


def find_shared_labels(image: Path | str) -> Path | None:
    """Return the labels that an image shares with others: their source states nothing of this image, so its values must agree.

    That is ``dataset.json``, which nnU-Net writes into the folder of its predictions, and which is above the labels of its data
    sets; or the profile of a tool that the file name means, such as ``freesurfer`` for ``aparc+aseg.nii.gz``.
    """
    path = Path(image)
    folders = [path.parent, *([path.parent.parent] if path.parent.name in _OF_DATASET else [])]
    for dataset in (folder / DATASET for folder in folders):
        if form_of(dataset) == "json" and is_nnunet(dataset):
            return dataset
    profile = profile_of_name(stem_of(path))
    return Path(profile) if profile else None


def _inherited(path: Path, stem: str) -> Path | None:
    """Return the nearest ``_dseg.tsv`` that applies to a segmentation by the inheritance principle of BIDS."""
    if inheritance.entities_of(stem)[1] not in _SEGMENTATIONS:
        return None
    fitting = inheritance.inherited(path, stem.rpartition("_")[0] + "_dseg", ".tsv", loose=True)
    return fitting[-1] if fitting else None
