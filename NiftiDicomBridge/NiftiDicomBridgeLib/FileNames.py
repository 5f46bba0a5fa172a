"""What files are called: safe on every file system, each name once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nifti_dicom_bridge import Volume

LONGEST_NAME = 100


def names_of_parts(name: str, volumes: Sequence[Volume]) -> list[str]:
    """Return a name for each image of one node: that of the node, and what the names of several images do not share."""
    titles = [volume.name for volume in volumes]
    shared = next((n for n, letters in enumerate(zip(*titles)) if len(set(letters)) > 1), min(map(len, titles)))  # noqa: B905
    return file_names(f"{name}_{title[shared:].strip('_ ')}" if len(titles) > 1 else name for title in titles)


def file_names(titles: Iterable[str]) -> list[str]:
    """Return a file name without suffix for each title: safe on every file system, no two alike whatever the case."""
    names: list[str] = []
    taken: set[str] = set()
    for title in titles:
        stem = name = _safe(title)
        number = 2
        while name.lower() in taken:
            name = f"{stem}_{number}"
            number += 1
        taken.add(name.lower())
        names.append(name)
    return names


def _safe(title: str) -> str:
    name = re.sub(r"[^\w.+-]+", "_", title)[:LONGEST_NAME].strip("._- ")
    # Windows keeps these for devices, with any suffix.
    return "_" + name if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name) else name or "volume"
