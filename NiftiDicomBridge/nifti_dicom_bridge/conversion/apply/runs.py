"""Runs of a command: which volumes each gets, the files that it reads, and what replaces its placeholders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import OptionError
from ...formats.dicom.reading.grouping.patients import person_of
from ...formats.dicom.reading.plans import Plan
from ...model import metadata
from ...model.dicom_source import DicomSource
from ...model.files.names import companion, safe_name
from ...model.identity import texts_of
from ...model.person import People
from ...model.report import Entry, Outcome
from ...model.volume import Volume
from ...options import ConversionOptions, Progress, Target
from ...standard.tags import Tag
from ..inputs.streamed import loaded
from ..outputs.stage_nifti import nifti_suffix, write_images
from .placeholders import Values

RESULT = "result"
"""File name of ``{output}`` without suffix."""


@dataclass
class CommandRun:
    """One run of a command or a function.

    Attributes
    ----------
    title : str
        Of the series, or of the study.
    plans : list of Plan
        The volumes that it gets, in the order of ``{inputs}``.
    selectors : list of int
        The number of the selector that each volume matched.
    folder : pathlib.Path
        Its temporary folder.
    sources : list of DicomSource
        Where the volumes come from; empty before `prepare`.
    files : list of pathlib.Path
        The NIfTI file of each volume; empty before `prepare`.
    warnings : list of str
        What to know of the volumes.
    """

    title: str
    plans: list[Plan]
    selectors: list[int]
    folder: Path
    sources: list[DicomSource] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def input_dir(self) -> Path:
        """The folder of the images that it reads."""
        return self.folder / "input"

    @property
    def output_dir(self) -> Path:
        """The folder that it writes to."""
        return self.folder / "output"

    @property
    def log(self) -> Path:
        """The file of what it prints."""
        return self.folder / "log.txt"

    def entry(self) -> Entry:
        """Return a new entry of the report."""
        return Entry(self.title, Outcome.CONVERTED, [Path(one.path) for plan in self.plans for one in plan.instances])

    def prepare(self, input_name: str, options: ConversionOptions, progress: Progress | None) -> list[Volume]:
        """Write the volumes as NIfTI with BIDS sidecars, and return them; raises as `loaded` and `write_images` do."""
        self.output_dir.mkdir(parents=True)
        names = [input_name.format(name=plan.name, number=f"{n:04}") for n, plan in enumerate(self.plans)]
        names = [safe_name(name) for name in names]
        if len({name.casefold() for name in names}) < len(names):
            raise OptionError(f'input_name="{input_name}" gives several volumes the same name. Add {{number}} or {{name}}.')
        volumes = []
        written = ConversionOptions(Target.NIFTI, gzip=options.gzip, record=False, identity=False)
        for plan, name in zip(self.plans, names, strict=True):
            volume = replace(loaded(plan, progress), name=name)
            write_images([volume], self.input_dir, written)
            self.sources.append(volume.dicom)
            self.files.append(self.input_dir / (name + nifti_suffix(written)))
            self.warnings += volume.warnings
            volumes.append(volume)
        return volumes

    def values(self, options: ConversionOptions) -> Values:
        """Return what replaces the placeholders."""
        first = self.files[0]
        gradients = {suffix: companion(first, "." + suffix) for suffix in ("bval", "bvec")}
        numbered = {f"input{n + 1}": str(file) for n, file in self._numbered()}
        return {
            "input": str(first),
            "inputs": [str(file) for file in self.files],
            **numbered,
            "output": str(self.output_dir / (RESULT + (".nii.gz" if options.gzip else ".nii"))),
            "output_dir": str(self.output_dir),
            "input_dir": str(self.input_dir),
            "sidecar": str(companion(first, ".json")),
            **{name: str(path) for name, path in gradients.items() if path.is_file()},
            "name": self.plans[0].name,
            "subject": subject_of(self.plans[0]),
        }

    def _numbered(self) -> list[tuple[int, Path]]:
        """Return the inputs with the number of their selector, if each selector matched one; else in their order."""
        each_once = len(set(self.selectors)) == len(self.selectors)
        numbers = self.selectors if each_once else range(len(self.files)) if len(set(self.selectors)) == 1 else []
        return list(zip(numbers, self.files, strict=False))


def subject_of(plan: Plan) -> str:
    """Return a label for the patient, of letters and digits; those of PatientID."""
    return re.sub(r"[^A-Za-z0-9]", "", metadata.text(plan.instances[0].elements, Tag.PATIENT_ID)) or "unknown"


def runs_of(chosen: Sequence[tuple[Plan, int]], per_study: bool, folder: Path) -> list[CommandRun]:
    """Return the runs for volumes and the numbers of their selectors: one for each volume, or for each study."""
    groups: dict[object, list[tuple[Plan, int]]] = {}
    people = People()
    for n, (plan, number) in enumerate(chosen):
        first = plan.instances[0].elements
        patient = metadata.text(first, Tag.PATIENT_ID)
        study = metadata.text(first, Tag.STUDY_INSTANCE_UID), patient, people.number_of(patient, person_of(first))
        groups.setdefault(study if per_study else n, []).append((plan, number))
    return [
        CommandRun(
            _title(members, per_study), [plan for plan, _ in members], [number for _, number in members], folder / f"{n:04}"
        )
        for n, members in enumerate(groups.values())
    ]


def _title(members: Sequence[tuple[Plan, int]], per_study: bool) -> str:
    plan = members[0][0]
    if not per_study:
        return plan.title
    words = texts_of(plan.instances[0].elements, ("StudyDescription", "StudyDate")).values()
    return " ".join(["study", *list(words)[:1], f"({len(members)} volumes)"])
