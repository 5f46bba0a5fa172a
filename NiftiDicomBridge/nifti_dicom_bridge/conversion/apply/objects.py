"""Results of a run → DICOM objects next to the original: derived series, Segmentations, Parametric Maps, other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from ...creation.attribute_sources import ConversionContext
from ...creation.image_on_reference import problem_without_position, space_problem
from ...creation.label_sources import has_only, needs_names
from ...creation.recast.request import kind_of_volume
from ...creation.reference_attributes import description
from ...creation.reference_choice import chosen_reference, has_frames_of, has_slices_of
from ...errors import BridgeError, OptionError
from ...formats.dicom import edits
from ...formats.dicom.created.kind_selection import KindHints, select_kind
from ...formats.dicom.created.kinds import OF_MODALITY
from ...formats.dicom.created.quantities import quantity_of_name
from ...formats.dicom.created.reference import Reference, reference_of
from ...formats.dicom.job import DicomJob
from ...formats.dicom.provenance import Provenance
from ...formats.dicom.uids import UidMap
from ...formats.dicom.write import write_dicom
from ...labels import Segment, read_labels
from ...model.dicom_source import DicomSource
from ...model.files.names import safe_name, stem_of
from ...model.report import Entry, Outcome
from ...model.volume import Volume
from ...model.voxels.lazy_voxels import bounds_of
from ...options import ConversionOptions, Kind, Progress
from ...options.choices import LABEL_KINDS
from ...options.remedies import remedy
from ...output import Staging
from ...sidecar import match
from ...sidecar.record import Record
from ..new_objects import ObjectBuilder, violations
from .results import Result
from .runs import CommandRun

_LABEL_KINDS = (*LABEL_KINDS, Kind.PM)
VECTORS = "vector"


@dataclass
class _Original:
    """A volume that a run got: where it came from, as a reference and as the template of a derived series."""

    reference: Reference
    source: DicomSource
    folder: str
    file: Path


class _Target(NamedTuple):
    """What a result becomes: next to which original, of which kind, and with which labels.

    `assumed` is the warning on a kind that no one stated; `is_empty` is true where all voxels are 0.
    """

    original: _Original
    kind: Kind
    assumed: str
    labels: Path | None
    segments: list[Segment]
    is_empty: bool

    @property
    def describes_labels(self) -> bool:
        """Whether it is known what the labels of the result mean."""
        return self.labels is not None or bool(self.segments)


@dataclass
class ResultWriter:
    """Writes the results of all runs.

    Attributes
    ----------
    options : ConversionOptions
        For DICOM.
    output : pathlib.Path
        Where the objects go.
    shared : ConversionContext
        What all objects share: study, frames of reference, series numbers.
    progress : Progress or None
        Called while files are written.
    """

    options: ConversionOptions
    output: Path
    shared: ConversionContext
    progress: Progress | None = None
    job: DicomJob = field(init=False)

    def __post_init__(self) -> None:
        self.job = DicomJob(self.options)

    def write(self, result: Result, run: CommandRun, provenance: Provenance, entry: Entry) -> None:
        """Write one result; raises `BridgeError` if that is not possible, with nothing written."""
        image = result.image.image
        if image.intent == VECTORS and image.voxels.dtype.kind == "f":
            _skip(entry, "it contains vectors, such as a displacement field, for which no kind of DICOM object is written")
            return
        if image.voxels.dtype.kind == "c":
            raise OptionError(f"{result.file}: its voxels are complex. Let the command write magnitude or parts as images.")
        target = self._target_of(result, run)
        if target.is_empty and target.kind in LABEL_KINDS and not target.describes_labels:
            _skip(entry, f"all voxels are 0, and no label is described, so there is nothing to write; {remedy('label-names')}")
            return
        if target.is_empty and target.assumed:
            raise OptionError(
                f"{result.file}: all voxels are 0, so it may be an image or a label map without labels. Choose the kind: "
                'kind="seg" or another one.'
            )
        entry.log.warnings += filter(None, [target.assumed])
        self._write_object(result, target, provenance, entry)
        entry.log.warnings += violations(entry.outputs)

    def _target_of(self, result: Result, run: CommandRun) -> _Target:
        originals = _originals_of(run)
        original, is_named = _original_of(result, originals, self.options.kind)
        labels, segments = self._labels_of(result)
        has_labels = labels is not None or bool(segments)
        kind, assumed = self._kind_of(result, original, [original] if is_named else originals, has_labels)
        low, high = bounds_of(result.image.image.voxels)
        if kind in LABEL_KINDS and not has_labels and result.name and not high > 1:
            segments = [Segment(1, result.name)]
        return _Target(original, kind, assumed, labels, segments, is_empty=not (low or high))

    def _write_object(self, result: Result, target: _Target, provenance: Provenance, entry: Entry) -> None:
        """Write a result as a series derived from its original where it is one, else as a new object."""
        original, kind = target.original, target.kind
        job = replace(
            self.job,
            uids=UidMap(),
            series_folder=safe_name("_".join(filter(None, (original.folder, result.name or provenance.algorithm.name)))),
            provenance=provenance,
        )
        volume = None if kind in _LABEL_KINDS else _attached(result, original)
        if volume is not None and (kind is Kind.AUTO or kind in _kinds_of_its_modality(original, self.options.kind, volume)):
            self._derive(volume, result, target, job, entry)
        else:
            self._create(result, target, job, entry)

    def _labels_of(self, result: Result) -> tuple[Path | None, list[Segment]]:
        """Return the label table of a result; that of the option if all its values are in it, or they are labels anyway."""
        given = self.options.labels
        if given is None or result.segments or needs_names(given):
            return result.labels, result.segments
        if self.options.kind in LABEL_KINDS:
            return given, []
        return (given, []) if has_only(result.image.image, read_labels(given)) else (result.labels, [])

    def _kind_of(
        self, result: Result, original: _Original, originals: Sequence[_Original], has_labels: bool
    ) -> tuple[Kind, str]:
        """Return the kind of object that a result becomes, ``AUTO`` for that of the original, and what was assumed.

        Raises
        ------
        OptionError
            If the modality of the image is not clear, as the run got several.
        """
        modality, stated = original.reference.modality, str(result.image.top.get("Modality", ""))
        known = KindHints(result.name or "image", stated, modality, has_labels, units=result.image.units)
        asked = self.options.kind
        if asked is Kind.AUTO and modality not in OF_MODALITY:  # no kind to take it for: that of the original
            kind, assumed = select_kind(asked, result.image.image, known)
            is_other = kind is Kind.SEG if modality != "SEG" else has_labels
            return (kind, assumed) if is_other or quantity_of_name(known.name) else (Kind.AUTO, "")
        kind, assumed = select_kind(asked, result.image.image, known)
        if asked is Kind.AUTO and kind not in _LABEL_KINDS and not stated:
            modalities = sorted({one.reference.modality for one in originals})
            if len(modalities) > 1:
                raise OptionError(
                    f"{result.file}: its modality is unknown, as the inputs are of {' and '.join(modalities)}. "
                    f"{remedy('kinds-of-results')}"
                )
        return kind, assumed

    def _values(self, original: _Original, result: Result, provenance: Provenance) -> dict[str, str]:
        """Return number and description of the new series, and what the user set."""
        words = result.name or provenance.name
        number = self.shared.next_number(original.reference.study_uid)
        own = {"SeriesNumber": str(number), "SeriesDescription": description(original.reference, words)}
        return {**own, **self.options.set_values}

    def _derive(self, volume: Volume, result: Result, target: _Target, job: DicomJob, entry: Entry) -> None:
        """Write a series derived from the original, with the attributes of its instances."""
        assert job.provenance is not None
        original = target.original
        if not volume.edits():
            entry.log.warnings.append("the command changed neither voxels nor geometry: the result is the image that it got")
        elif "geometry" in volume.edits():
            image = replace(result.image.image, space="")  # a header "aligned" is usual for new grids
            _check_place(result, original, image, target.kind)
        values = edits.elements_of(self._values(original, result, job.provenance))
        values |= {tag: value for tag, value in self.shared.file_values.items() if tag not in values}
        entry.log.warnings += dict.fromkeys(volume.warnings)
        with Staging(self.output, self.options.overwrite) as staging:
            entry.outcome = write_dicom([volume], staging, job, entry.log, values, self.progress, may_be_part=True)
            entry.outputs = staging.commit()

    def _create(self, result: Result, target: _Target, job: DicomJob, entry: Entry) -> None:
        """Write a new object with the original as its reference."""
        assert job.provenance is not None
        original, kind = target.original, target.kind
        _check_place(result, original, result.image.image, kind)
        set_values = self._values(original, result, job.provenance)
        options = replace(self.options, kind=kind, labels=target.labels, set_values=set_values, sidecar=None)
        values = edits.elements_of(options.set_values)
        shared = replace(self.shared, options=options, references=[original.reference], set_values=values, is_certain=True)
        builder = ObjectBuilder(replace(job, options=options), self.output, shared, target.segments)
        builder.create_of(replace(result.image, where=result.image.where or result.file), entry, self.progress)


def _skip(entry: Entry, reason: str) -> None:
    entry.outcome, entry.error = Outcome.SKIPPED, f"{reason}."


def _check_place(result: Result, original: _Original, image: Volume, kind: Kind) -> None:
    """Refuse a result that is not in the space of its original, or of a kind that needs a position which that does not have."""
    reference = original.reference
    is_counted = has_frames_of(reference, image)
    if problem := problem_without_position(reference, kind) if is_counted else space_problem(image, reference):
        raise OptionError(f"{result.file}: {problem} It cannot be stored with the original. {remedy('leave-out-results')}")


def _originals_of(run: CommandRun) -> list[_Original]:
    return [
        _Original(reference_of(plan, Path(plan.instances[0].path).parent), source, plan.name, file)
        for plan, source, file in zip(run.plans, run.sources, run.files, strict=True)
    ]


def _original_of(result: Result, originals: Sequence[_Original], asked: Kind) -> tuple[_Original, bool]:
    """Return the volume that a result was made from, and whether its name specifies it: by its name, by its grid, by similar
    names.

    Raises
    ------
    OptionError
        If several volumes fit equally well, and the result is not a label map.
    """
    if len(originals) == 1:
        return originals[0], True
    image, stem = result.image.image, stem_of(result.image.path)
    named = [one for one in originals if stem.startswith(stem_of(one.file))]
    if named:
        return max(named, key=lambda one: len(one.file.name)), True
    fitting = [one for one in originals if has_slices_of(one.reference, image)]
    if len(fitting) == 1:
        return fitting[0], False
    if any(one.reference.ijk_to_ras is None for one in fitting):
        raise _unclear(result)
    try:
        reference = chosen_reference([one.reference for one in originals], image, result.file)
    except OptionError:
        hints = KindHints(result.name, has_labels=result.labels is not None or bool(result.segments))
        if fitting and select_kind(asked, image, hints)[0] in LABEL_KINDS:
            return fitting[0], False
        raise _unclear(result) from None
    return next(one for one in originals if one.reference is reference), False


def _unclear(result: Result) -> OptionError:
    return OptionError(
        f"{result.file}: several inputs have its grid, and its name does not specify which of them it was made from. Let "
        f"the command name it after its input, or {remedy('run-per-volume')}"
    )


def _attached(result: Result, original: _Original) -> Volume | None:
    """Return a result as an edited volume of its original; None if it cannot be one."""
    try:
        volume = match.attach(result.image.image, Record(original.source, {}), result.file)
    except BridgeError:
        return None
    return replace(volume, name=original.folder)


def _kinds_of_its_modality(original: _Original, asked: Kind, volume: Volume) -> tuple[Kind | None, ...]:
    """Return the kinds for which a result becomes a series derived from its original.

    If no kind was asked for, those of the modality: an image of an enhanced object stays one.
    """
    return OF_MODALITY.get(original.reference.modality, ()) if asked is Kind.AUTO else (kind_of_volume(volume),)
