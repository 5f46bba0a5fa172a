"""Edited nodes become series of their own: described by the name of the node, with a number that is free in the study."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from nifti_dicom_bridge import Volume, identity_of

from ..Host import Database

LONGEST = 64
"""Characters of SeriesDescription (VR LO)."""


class EditedSeries:
    """Names and numbers the edited nodes of one export.

    Parameters
    ----------
    studies : iterable of str
        Study Instance UIDs whose series numbers are looked up in the DICOM database.
    """

    def __init__(self, studies: Iterable[str]):
        self._taken = {study: Database.series_numbers_of_study(study) for study in set(studies) if study}

    def describe(self, name: str, volumes: Sequence[Volume], outputs: Sequence[Path]) -> None:
        """Put description and number of the new series into the sidecars of an edited node.

        Parameters
        ----------
        name : str
            Of the node.
        volumes : sequence of Volume
            What was written; nothing is done for those that were not DICOM.
        outputs : sequence of pathlib.Path
            The files.
        """
        if not volumes or volumes[0].source is None:
            return
        identity = identity_of(volumes[0])
        keys = {"SeriesDescription": _description(name, identity), "SeriesNumber": self._next_number(identity)}
        for sidecar in (path for path in outputs if path.suffix == ".json"):
            top = json.loads(sidecar.read_text("utf-8"))
            top = {**keys, **top, **keys}
            sidecar.write_text(json.dumps(top, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")

    def _next_number(self, identity: dict[str, str]) -> int:
        taken = self._taken.setdefault(identity.get("StudyInstanceUID", ""), set())
        own = identity.get("SeriesNumber", "")
        taken.add(int(own) if own.isdigit() else 0)
        number = max(taken) + 1
        taken.add(number)
        return number


def _description(name: str, identity: dict[str, str]) -> str:
    """Return the name of a node, without the series number that Slicer's loader puts before it."""
    number = identity.get("SeriesNumber", "")
    words = name.removeprefix(f"{number}: ") if number else name
    return " ".join(words.replace("\\", " ").split())[:LONGEST]
