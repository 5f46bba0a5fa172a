"""What files are called: safe on every file system, each name once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nifti_dicom_bridge import Volume, safe_name, unique_name


def names_of_parts(name: str, volumes: Sequence[Volume]) -> list[str]:
    """Return a name for each image of one node: that of the node, and what the names of several images do not share."""
    if len(volumes) == 1:
        return [name]
    titles = [volume.name for volume in volumes]
    shared = next((n for n, letters in enumerate(zip(*titles)) if len(set(letters)) > 1), min(map(len, titles)))  # noqa: B905
    return file_names(f"{name}_{title[shared:].strip('_ ')}" for title in titles)


def file_names(titles: Iterable[str]) -> list[str]:
    """Return a file name without suffix for each title: safe on every file system, no two alike whatever the case."""
    taken: set[str] = set()
    return [unique_name(safe_name(title, any_script=True, default="volume"), taken) for title in titles]
