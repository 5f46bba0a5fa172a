"""The raw images that an image of a BIDS data set was made from: those that it names, else those of its subject by entities.

BIDS specification, "Derived dataset and pipeline description" (DatasetLinks, BIDS URIs) and "Common data types and metadata"
(``Sources``, ``SpatialReference``, and ``RawSources`` of earlier versions).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..model.files.json_files import read_json
from ..model.files.names import suffix_of
from ..model.processes.limits import SizeLimitError
from ..options.urls import local_path
from .inheritance import DERIVATIVES, DESCRIPTION, entities_of, raw_root_of, root_of

KEYS = ("SpatialReference", "Sources", "RawSources")
"""Keys that name the images that another one was made from; the first one names the one whose space it is in."""
_OWN_SPACES = frozenset({"orig", "individual", "native", "scanner", "subject"})
"""Labels of spaces that are those of the scanner, not of a template."""
_URI = "bids:"
_PARTS = frozenset({"sub", "ses"})


def roots_of(path: Path) -> list[Path]:
    """Return the data sets that raw images of an image may be in: that around its own, and those that its own names."""
    root = root_of(path)
    if root is None:
        return []
    return list(dict.fromkeys([raw_root_of(root), *_sources_of(root), *_links_of(root).values()]))


def roots_of_subject(path: Path) -> list[Path]:
    """Return the data sets in which the label of a subject is that of an image: a label alone may be of anybody elsewhere.

    That is the raw data set around it. Derivatives that stand alone name it: in ``SourceDatasets``, else in ``DatasetLinks``.
    """
    root = root_of(path)
    if root is None:
        return []
    raw = raw_root_of(root)
    if raw == root or os.path.lexists(raw / DESCRIPTION):
        return [raw]
    return _sources_of(root) or list(dict.fromkeys(_links_of(root).values()))


def is_result(path: Path) -> bool:
    """Whether an image is below ``derivatives``, or in a data set of derivatives."""
    root = root_of(path)
    if root is None:
        return False
    return raw_root_of(root) != root or DERIVATIVES in path.absolute().relative_to(root).parts


def named_sources(path: Path, top: Mapping[str, Any]) -> tuple[str, list[Path]]:
    """Return the key of a sidecar that names files which exist, and these files; nothing if there is none."""
    root = root_of(path)
    for key in KEYS if root is not None else ():
        assert root is not None
        files = [file for name in _texts(top.get(key)) if (file := _file_of(name, root)) is not None]
        if files:
            return key, files
    return "", []


def subject_of(path: Path) -> dict[str, str]:
    """Return the labels of subject and session in the name of a file, else in those of its folders (``sub-01_ses-1``)."""
    labels: dict[str, str] = {}
    for name in (*path.absolute().parts[:-1], path.name.split(".")[0]):
        labels |= {key: label for key, label in entities_of(name + "_x")[0].items() if key in _PARTS}
    return labels


def is_elsewhere(stem: str, raw_suffixes: set[str]) -> bool:
    """Whether the name of an image specifies a space that is not that of the raw images, such as a template."""
    space = entities_of(stem)[0].get("space", "")
    return bool(space) and space not in raw_suffixes and space.lower() not in _OWN_SPACES


def likeness(image: Path, raw: Path) -> tuple[int, ...] | None:
    """Return how much the name of an image is like that of a raw image, the larger, the more; None if they contradict.

    Parameters
    ----------
    image, raw : pathlib.Path
        Files; only names and folders count.
    """
    (own, suffix), (other, raw_suffix) = (entities_of(file.name.split(".")[0]) for file in (image, raw))
    own = {**own, **subject_of(image)}
    other = {**other, **subject_of(raw)}
    common = own.keys() & other.keys()
    if any(own[key] != other[key] for key in common):
        return None
    is_same_suffix = raw_suffix == own.get("space", "") or (raw_suffix == suffix and "space" not in own)
    is_named = "sub" in entities_of(raw.name.split(".")[0])[0]
    is_same_folder = image.parent.name == raw.parent.name
    return (int(is_named), int(is_same_suffix), int(is_same_folder), len(common), -len(other.keys() - common))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _file_of(name: str, root: Path) -> Path | None:
    """Return the image that a BIDS URI, or a path relative to a data set, names; None where there is none."""
    if not suffix_of(name):
        return None
    raw = raw_root_of(root)
    if name.startswith(_URI):
        link, _, relative = name[len(_URI) :].partition(":")
        folders = [root] if not link else [folder for folder in (_links_of(root).get(link), raw) if folder is not None]
    else:
        relative, folders = name, [root, raw]
    files = (folder / relative.lstrip("/") for folder in folders)
    return next((file for file in files if os.path.lexists(file)), None)


def _links_of(root: Path) -> dict[str, Path]:
    """Return the folders on this computer that DatasetLinks of a data set names."""
    links = _description_of(root).get("DatasetLinks")
    folders = ((str(name), _folder_of(url, root)) for name, url in links.items()) if isinstance(links, dict) else ()
    return {name: folder for name, folder in folders if folder is not None}


def _sources_of(root: Path) -> list[Path]:
    """Return the folders on this computer that SourceDatasets of a data set names."""
    sources = _description_of(root).get("SourceDatasets")
    urls = [one.get("URL") for one in sources if isinstance(one, dict)] if isinstance(sources, list) else []
    folders = (_folder_of(url, root) for url in urls if url)
    return list(dict.fromkeys(folder for folder in folders if folder is not None))


def _description_of(root: Path) -> dict[str, Any]:
    try:
        content = read_json(root / DESCRIPTION)
    except (OSError, ValueError, SizeLimitError):
        return {}
    return content if isinstance(content, dict) else {}


def _folder_of(url: Any, root: Path) -> Path | None:
    text = str(url)
    try:
        parts = urlsplit(text)
    except ValueError:  # such as half of an IPv6 address
        return None
    is_drive = len(parts.scheme) == 1
    if parts.scheme not in ("", "file") and not is_drive:
        return None
    folder = Path(os.path.normpath(root / (local_path(text) or unquote(text if is_drive else parts.path))))
    return folder if os.path.isdir(folder) else None  # `Path.is_dir` fails where a name is too long
