"""Label files → segments, whatever tool they are from: the form is known by the content, not by the name."""

from __future__ import annotations

from pathlib import Path

from ..errors import LabelError
from ..model.files.input_files import LARGEST_POINTER, absent_content, read_file
from ..model.files.plain_text import TextError, decoded
from . import caret, checks, tables, text_files, trees
from .checks import Place
from .profiles import is_profile, profile_labels
from .segment import Segment

LARGEST_BYTES = 1 << 24
"""No label file is that large: what is, is an image."""


def read_labels(path: Path | str) -> list[Segment]:
    """Return the labels of a file in the order of their numbers, without the background 0.

    The name of a profile, such as ``freesurfer``, gives the labels of that tool (`profiles`). Known files are BIDS
    ``_dseg.tsv``, FreeSurfer's ``FreeSurferColorLUT.txt``, ITK-SNAP's label descriptions, 3D Slicer's color tables (.ctbl,
    .txt, and CSV with terminology), tables and JSON of class numbers and names (TotalSegmentator, nnU-Net, MONAI), the same in
    TOML, the JSON that describes segments for dcmqi, the label tables of Connectome Workbench, and lines of numbers and names.

    Parameters
    ----------
    path : path or str
        A file, or the name of a profile.

    Returns
    -------
    list of Segment
        Numbers, names, and colors and codes as far as the file states them.

    Raises
    ------
    LabelError
        If the file cannot be read, is none of these, or holds a value that cannot be used: with its line.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import read_labels
    >>> _ = Path("labels.csv").write_text("index,name" + chr(10) + "1,Brain")
    >>> [segment.label for segment in read_labels("labels.csv")]
    ['Brain']
    """
    if is_profile(path):
        return profile_labels(str(path))
    return read_label_text(label_text(Path(path)), str(path))


def read_label_text(text: str, name: str) -> list[Segment]:
    """Return the labels of the text of a label file, or of a header extension (see `is_label_table`), as `read_labels` does.

    Parameters
    ----------
    text : str
        The text.
    name : str
        Where it is from, for messages.
    """
    place = Place(name)
    return checks.without_background(_segments(text, place), place)


def is_label_table(text: str) -> bool:
    """Whether a text from a header extension is a label table, as Connectome Workbench and TotalSegmentator write them."""
    return caret.is_caret(text)


def is_nnunet(path: Path) -> bool:
    """Whether a file is the ``dataset.json`` of nnU-Net: it also describes the channels of the input."""
    tree = trees.parse_json(label_text(path), Place(str(path))) or {}
    return "labels" in tree and ("channel_names" in tree or "modality" in tree)


def form_of(path: Path) -> str:
    """Return what kind of label file one is: ``dseg``, ``snap``, ``lut``, ``ctbl``, ``csv``, ``json``, ``toml``; else empty."""
    try:
        text = label_text(path, only_form=True)
        tree = trees.parse_json(text, Place(str(path)), only_form=True)
    except LabelError:
        return ""
    if tree is not None:
        return "json" if trees.has_labels(tree) else ""
    if tables.has_header(text):
        return "dseg" if "\t" in text else "csv"
    if text_files.is_snap(text):
        return "snap"
    if text_files.is_table(text):
        return "ctbl" if text.lstrip("\ufeff").startswith("# Color table file") else "lut"
    if tables.is_delimited(text):
        return "csv"
    tree = trees.parse_toml(text)
    return "toml" if tree and trees.has_labels(tree) else ""


def _segments(text: str, place: Place) -> list[Segment]:
    if caret.is_caret(text):
        return caret.read_caret(text, place)
    tree = trees.parse_json(text, place)
    if tree is not None:
        return trees.read_tree(tree, place)
    if tables.has_header(text):
        return tables.read_delimited(text, place)
    if text_files.is_snap(text):
        return text_files.read_snap(text, place)
    if text_files.is_table(text):
        return text_files.read_table(text, place)
    if tables.is_delimited(text):
        return tables.read_delimited(text, place)
    tree = trees.parse_toml(text)
    if tree is not None:
        return trees.read_tree(tree, place)
    if text_files.is_workbench(text):
        return text_files.read_workbench(text, place)
    if text_files.is_plain(text):
        return text_files.read_plain(text, place)
    raise place.error(
        "it is none of the label files known: BIDS _dseg.tsv, FreeSurfer look-up table, ITK-SNAP label descriptions, 3D Slicer "
        f"color table, table or JSON or TOML of numbers and names. It begins with {text.strip()[:40]!r}."
    )


def label_text(path: Path, only_form: bool = False) -> str:
    """Return the text of a label file; raises `LabelError` if it is not a text in UTF-8 or UTF-16, or cannot be read.

    Letters of other encodings do not matter where only the form of the file is of interest.
    """
    place = Place(str(path))
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise place.error(f"{path.stat().st_size} bytes: too large for a label file. Was the image given twice?")
        raw = read_file(path)
    except OSError as error:
        reason = absent_content(path) or f"cannot be read ({error.strerror}). Check the path"
        raise place.error(f"{reason}.") from None
    if not raw.strip():
        raise place.error("it is empty.")
    if len(raw) < LARGEST_POINTER and (reason := absent_content(path)):
        raise place.error(f"{reason}.")
    try:
        return decoded(raw)
    except TextError as error:
        if only_form and b"\0" not in raw:
            return raw.decode("latin-1")
        raise place.error(f"{error}.") from None
