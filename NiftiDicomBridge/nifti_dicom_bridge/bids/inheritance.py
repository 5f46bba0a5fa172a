"""Where an image is in a BIDS data set: entities, subject, session, and the files that it inherits from.

BIDS specification, "The Inheritance Principle" and "Filesystem structure".
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import SidecarError
from ..model.files.json_files import RepeatedKeyError, read_json
from ..model.files.names import stem_of
from ..model.processes.limits import SizeLimitError

DESCRIPTION = "dataset_description.json"
PARTICIPANTS = "participants.tsv"
"""In a folder with that of a subject, it shows a data set without its description, too."""
DERIVATIVES = "derivatives"
_ENTITY = re.compile(r"([A-Za-z]+)-([A-Za-z0-9+]+)$")
_DEPTH = 8


def entities_of(stem: str) -> tuple[dict[str, str], str]:
    """Return the entities and the suffix of a BIDS name: ``sub-01_task-rest_bold`` → ``{sub: 01, task: rest}``, ``bold``."""
    *parts, suffix = stem.split("_")
    matches = [_ENTITY.match(part) for part in parts]
    return {match[1]: match[2] for match in matches if match}, suffix


def root_of(path: Path) -> Path | None:
    """Return the folder of the data set that a file is in; None where it is in none."""
    folder, below = path.absolute().parent, ""
    for _ in range(_DEPTH):
        has_table = below.startswith("sub-") and os.path.lexists(folder / PARTICIPANTS)
        if has_table or os.path.lexists(folder / DESCRIPTION):
            return folder
        folder, below = folder.parent, folder.name
    return None


def inherited(path: Path, stem: str, suffix: str, loose: bool = False) -> list[Path]:
    """Return the files of one kind above an image that apply to it too, the nearest last; its own is not among them.

    Parameters
    ----------
    path : pathlib.Path
        The image.
    stem, suffix : str
        Name of its own file of that kind, and the extension.
    loose : bool
        Outside of a data set, those in its own folder count.
    """
    root = root_of(path)
    if root is None and not loose:
        return []
    root = root or path.absolute().parent
    entities, last = entities_of(stem)
    folder = path.absolute().parent
    folders = []
    while folder != root.parent:
        folders.append(folder)
        folder = folder.parent
    paths = []
    for folder in reversed(folders):
        fitting = [file for file in sorted(folder.glob(f"*{last}{suffix}")) if _applies(file, entities, last, suffix)]
        paths += sorted((file for file in fitting if file.name != stem + suffix), key=lambda file: len(file.name))
    return paths


def _applies(file: Path, entities: dict[str, str], suffix: str, extension: str) -> bool:
    own, last = entities_of(file.name[: -len(extension)])
    return last == suffix and own.items() <= entities.items()


def study_key(path: Path) -> tuple[str, ...]:
    """Return what images of one study share: data set, subject and session; the path itself if not specified.

    A derivative belongs to the session of its subject, independent of the pipeline.
    """
    root = root_of(path)
    entities, _ = entities_of(stem_of(path))
    if "sub" not in entities:
        return (str(path.absolute()),)
    return (str(raw_root_of(root) if root else path.absolute().parent), entities["sub"], entities.get("ses", ""))


def raw_root_of(root: Path) -> Path:
    """Return the raw data set that derivatives are in; a data set of other images is its own.

    Raises
    ------
    SidecarError
        If its description repeats a key.
    """
    try:
        kind = read_json(root / DESCRIPTION).get("DatasetType", "raw")
    except RepeatedKeyError as error:
        raise SidecarError(f"{root / DESCRIPTION}: {error}.") from None
    except (OSError, ValueError, AttributeError, SizeLimitError):
        kind = "raw"
    if kind != "derivative" and root.parent.name != DERIVATIVES:
        return root
    outer = root_of(root / "x" if root_of(root.parent) is None else root.parent)
    return raw_root_of(outer) if outer is not None and outer != root else root.parent
