"""The files to convert to DICOM, each with its own kind, reference and values. No widgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AUTOMATIC, LABELS = "auto", "seg"
OF_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")


@dataclass
class Row:
    """One file.

    Attributes
    ----------
    path : pathlib.Path
        The NIfTI file.
    kind : str
        The kind of object to create.
    reference : str
        ``series:UID``, ``folder:PATH``, or empty.
    values : dict of str to str
        Keyword → value that the user has entered.
    invalid : dict of str to str
        Keyword → text that the user has entered and that is not a valid value.
    proposal : Proposal, optional
        What the file will become; None if that was never looked up.
    outdated : bool
        Whether the proposal was made for other choices.
    scene : SceneImage, optional
        What is known of an image of the scene; None for files.
    """

    path: Path
    kind: str = AUTOMATIC
    reference: str = ""
    values: dict[str, str] = field(default_factory=dict)
    invalid: dict[str, str] = field(default_factory=dict)
    proposal: Any = None
    outdated: bool = True
    scene: Any = None

    @property
    def name(self) -> str:
        """What it is called in the panel: the file, or the image of the scene, whose file is a temporary one."""
        return self.path.name if self.scene is None else self.path.stem

    def refer_to(self, reference: str) -> None:
        """Choose a reference; an image of the scene is in world coordinates with any but the series it was made of."""
        self.reference = reference
        if self.scene is not None:
            self.path = self.scene.path if self.has_own_reference else self.scene.in_world

    @property
    def has_own_reference(self) -> bool:
        """Whether it is an image of the scene with the series that it was made of."""
        return self.scene is not None and self.reference == self.scene.reference

    @property
    def is_misplaced(self) -> bool:
        """Whether it is an image of the scene whose slices are those of another series than the chosen reference."""
        return self.scene is not None and self.scene.needs_reference and not self.has_own_reference

    @property
    def chosen_kind(self) -> str:
        """The kind of object to create, also where it follows from what an image of the scene was made of."""
        known = self.scene is not None and (self.has_own_reference or self.scene.kind == LABELS)
        return self.scene.kind if known and self.kind == AUTOMATIC else self.kind

    @property
    def all_values(self) -> dict[str, str]:
        """Return the values that were entered, and those that follow from what an image of the scene was made of."""
        return {**self.scene.values, **self.values} if self.has_own_reference else dict(self.values)

    @property
    def scene_warnings(self) -> list[str]:
        """Return what the file could not include of the image of the scene; not that a reference is missing that was chosen."""
        from ..Tasks.TemporaryNifti import OR_CHOOSE

        warnings = self.scene.warnings.get(self.path, []) if self.scene is not None else []
        return [text for text in warnings if not (self.reference and text.endswith(OR_CHOOSE))]

    def value_of(self, keyword: str) -> str:
        """Return the value that an attribute will have."""
        if keyword in self.values or self.proposal is None:
            return self.values.get(keyword, "")
        return next((str(value.new) for value in self.proposal.values if value.attribute == keyword), "")


class Rows:
    """The list of files, in the order in which they were added."""

    def __init__(self) -> None:
        self.all: list[Row] = []

    def __len__(self) -> int:
        return len(self.all)

    def paths(self) -> list[Path]:
        """Return all files."""
        return [row.path for row in self.all]

    def at(self, numbers: Iterable[int]) -> list[Row]:
        """Return the rows with some numbers."""
        return [self.all[number] for number in sorted(set(numbers)) if 0 <= number < len(self.all)]

    def add(self, paths: Iterable[Path]) -> list[int]:
        """Add files that are not in the list yet, and return their numbers."""
        first, known = len(self.all), set(self.paths())
        self.all += [Row(path) for path in dict.fromkeys(paths) if path not in known]
        return list(range(first, len(self.all)))

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove rows with everything that was chosen and entered for them."""
        gone = set(numbers)
        self.all = [row for number, row in enumerate(self.all) if number not in gone]

    def outdated(self) -> list[Row]:
        """Return the rows whose proposal has to be looked up."""
        return [row for row in self.all if row.outdated]

    def invalid(self) -> list[tuple[Row, str]]:
        """Return the rows with a value that is not valid, and its keyword."""
        return [(row, keyword) for row in self.all for keyword in row.invalid]

    # --- kept in the scene

    def to_text(self, keep: Callable[[Path], bool]) -> str:
        """Return the choices of the rows as JSON."""
        state = {
            str(row.path): {"kind": row.kind, "reference": row.reference, "values": row.values}
            for row in self.all
            if keep(row.path) and (row.kind != AUTOMATIC or row.reference or row.values)
        }
        return json.dumps(state) if state else ""

    def restore(self, paths: Sequence[Path], text: str) -> None:
        """Take files and their choices from a scene; what cannot be read counts as not chosen."""
        self.all = [Row(path) for path in dict.fromkeys(paths)]
        for row in self.all:
            chosen = _parsed(text).get(str(row.path), {})
            row.kind, row.reference = str(chosen.get("kind", AUTOMATIC)), str(chosen.get("reference", ""))
            row.values = {str(key): str(value) for key, value in dict(chosen.get("values", {})).items()}


def common(values: Iterable[str]) -> str | None:
    """Return the value that all have; None where they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def patients(rows: Sequence[Row]) -> list[str]:
    """Return the names of the patients of some rows; rows without a patient do not count.

    Two patients are the same if their PatientID is the same, or their PatientName where one of them has no PatientID, and
    nothing else that is known of them excludes it.
    """
    identities: list[dict[str, str]] = []
    for row in rows:
        new = {keyword: row.value_of(keyword) for keyword in OF_PATIENT}
        if (new["PatientID"] or new["PatientName"]) and not any(_same_patient(new, known) for known in identities):
            identities.append(new)
    return [known["PatientName"] or known["PatientID"] for known in identities]


def _same_patient(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    from nifti_dicom_bridge import may_be_same_person

    have_numbers = one["PatientID"] and other["PatientID"]
    have_names = one["PatientName"] and other["PatientName"]
    return bool(have_numbers or have_names) and may_be_same_person(one, other)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        state = json.loads(text or "{}")
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}
