"""DICOM that is made again: of NIfTI that never was DICOM, and of DICOM as another kind of object.

Apart from `to_dicom`, because what it needs (tables of the standard, a data dictionary, checks) takes longer to import than a
series takes to restore.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..creation.attribute_sources import ConversionContext
from ..creation.build_request import request_of
from ..creation.image_with_sidecar import ImageWithSidecar, open_with_sidecar, split_complex
from ..creation.kind_parameters import kind_parameters_for, kind_parameters_of_source
from ..creation.nnunet_results import with_results
from ..creation.recast.attributes import with_valid_values, with_values
from ..creation.recast.request import kind_of_volume, recast_request, requested_kind
from ..errors import SidecarError
from ..formats.dicom.created.label_evidence import values_of
from ..formats.dicom.created.request import Request
from ..formats.dicom.created.writer import KindParameters, build_objects
from ..formats.dicom.data_set_file import NewObject
from ..formats.dicom.derived.fractions import is_fractions
from ..formats.dicom.job import DicomJob
from ..formats.dicom.legacy.objects import legacy_objects
from ..formats.dicom.write import write_objects
from ..formats.zarr import is_store
from ..labels import Segment
from ..labels.profiles import are_masks
from ..model.report import Entry, Outcome
from ..model.space.resample import has_labels
from ..model.volume import Volume
from ..options import ConversionOptions, Kind, Names, Progress, Uids
from ..options.algorithm import Algorithm, parse_algorithm
from ..options.choices import LABEL_KINDS
from ..options.remedies import remedy
from ..output import Staging
from ..sidecar import sidecar_path
from ..validation import Severity, check_files
from .inputs.image_with_record import check_stamps, image_stamps
from .inputs.joined_images import open_joined
from .inputs.sidecar_edits import SidecarEdits


class ObjectBuilder:
    """What the images of one conversion that become new objects share.

    Parameters
    ----------
    job : DicomJob
        Options, and what the objects share.
    output : pathlib.Path
        Where they go.
    shared : ConversionContext, optional
        What is known already; by default what the options name.
    segments : sequence of Segment
        What the labels of the image mean, where no label file is named.

    Raises
    ------
    OptionError
        If a file that the options name is missing or damaged.
    """

    def __init__(self, job: DicomJob, output: Path, shared: ConversionContext | None = None, segments: Sequence[Segment] = ()):
        self.job, self.output, self.segments = job, output, segments
        self.shared = shared or ConversionContext.of(job.options)

    def create(self, path: Path, entry: Entry, progress: Progress | None = None) -> None:
        """Make DICOM of an image file that never was DICOM."""
        _refuse_original_options(path, self.job.options)  # before a damaged image is complained of
        before = image_stamps(path)
        image = open_with_sidecar(path, self.job.options.sidecar, lazy=True)
        self.create_of(image, entry, progress, check=partial(check_stamps, before))

    def create_of_masks(self, paths: Sequence[Path], entry: Entry, progress: Progress | None = None) -> None:
        """Make one object of the masks of a folder, or of the tissue maps of an image."""
        _refuse_original_options(paths[0], self.job.options)
        image, segments = open_joined(paths)
        self.create_of(image, entry, progress, segments)

    def create_of(
        self,
        image: ImageWithSidecar,
        entry: Entry,
        progress: Progress | None = None,
        known: Sequence[Segment] = (),
        check: Callable[[], None] | None = None,
    ) -> None:
        """Make DICOM of an image that never was DICOM; of segments that are known, if any.

        `check` is called after the voxels were read, which may be lazy, and before the files are put in place.
        """
        options, shared = self.job.options, self.shared.for_file(image.path)
        _refuse_original_options(image.path, options)
        entry.outcome = Outcome.CONVERTED
        if not known and are_masks(options.labels):
            entry.log.warnings.append(
                'labels="masks" was not applied: its folder has no other mask in the input. Name the folder, or a label file'
            )
        with Staging(self.output, options.overwrite) as staging:
            for part in split_complex(image):
                what, segments = (part, known) if known else with_results(part, options, entry.log)
                request = request_of(what, shared, entry.log)
                entry.log.values += request.attributes.as_changes()
                objects = build_objects(request, self._parameters(what, request, shared, entry, segments), entry.log)
                frames = request.image.voxels.shape[0] * request.image.voxels.shape[1]
                folder = self.job.series_folder or what.name
                write_objects(objects, folder, frames, staging, self.job, progress)
            if check is not None:
                check()
            entry.outputs = staging.commit()

    def _parameters(
        self, what: ImageWithSidecar, request: Request, shared: ConversionContext, entry: Entry, segments: Sequence[Segment]
    ) -> KindParameters:
        parameters = kind_parameters_for(what, request, shared, entry.log, self.segments or segments)
        return replace(parameters, algorithm=self._algorithm(request.kind, entry))

    def _algorithm(self, kind: Kind, entry: Entry) -> Algorithm:
        """Return what made the segments: what was applied, or what the user stated."""
        if self.job.provenance is not None:
            return self.job.provenance.algorithm
        stated = parse_algorithm(self.job.options.algorithm)
        if stated.name and kind not in LABEL_KINDS:
            entry.log.warnings.append(
                f'algorithm="{stated.title}" was not applied: this image is not a segmentation. Use kind="seg" if it is'
            )
        return stated

    def recast(
        self,
        volumes: Sequence[Volume],
        entry: Entry,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
    ) -> bool:
        """Make another kind of object of volumes that were DICOM; return whether that was requested.

        `check` is called as by `create_of`.
        """
        shared = self.shared.for_file(entry.inputs[0]) if entry.inputs else self.shared
        kinds = [requested_kind(volume, shared) for volume in volumes]
        if all(kind is kind_of_volume(volume) for kind, volume in zip(kinds, volumes, strict=True)):
            return False
        entry.outcome = Outcome.CONVERTED
        with Staging(self.output, self.job.options.overwrite) as staging:
            for volume, kind in zip(volumes, kinds, strict=True):
                frames = volume.voxels.shape[0] * volume.voxels.shape[1]
                write_objects(self._objects(volume, kind, shared, entry), volume.name, frames, staging, self.job, progress)
            if check is not None:
                check()
            entry.outputs = staging.commit()
        return True

    def _objects(self, volume: Volume, kind: Kind, shared: ConversionContext, entry: Entry) -> Iterator[NewObject]:
        if kind is Kind.LEGACY:
            return legacy_objects(with_valid_values(volume, shared, entry.log), self.job.uids, entry.log)
        request = recast_request(volume, kind, shared, entry.log)
        entry.log.values += request.attributes.as_changes()
        parameters = replace(kind_parameters_of_source(volume, shared), algorithm=self._algorithm(kind, entry))
        return build_objects(request, parameters, entry.log)


def with_edits(volume: Volume, edits: SidecarEdits) -> Volume:
    """Return a volume whose instances specify what a person changed in its sidecar."""
    return with_values(volume, edits.written)


def violations(paths: Sequence[Path]) -> list[str]:
    """Return what the standard does not allow in files that were written, in a sentence for each attribute."""
    errors = [finding for finding in check_files(paths) if finding.severity is Severity.ERROR]
    chosen = {(one.file, one.tag): one for one in reversed(errors)}
    chosen |= {(one.file, one.tag): one for one in errors if one.rule == "value"}  # which words are allowed states most
    listed = (one for one in errors if chosen[one.file, one.tag] is one)
    return [": ".join(filter(None, ("not valid", one.tag, f"{one.message} {one.advice}"))) for one in listed]


def _refuse_original_options(path: Path, options: ConversionOptions) -> None:
    """Refuse to make something new where the original is wanted and its record is not there."""
    if options.uids is Uids.KEEP or options.names is Names.ORIGINAL:
        raise SidecarError(
            f"{path}: it has no record of its DICOM original: {_where_it_was(path)} Put it back; or, if the image never "
            f"was DICOM, {remedy('leave-out-originals')}"
        )


def _where_it_was(path: Path) -> str:
    if is_store(path):
        return "the store has none."
    return f"the sidecar {sidecar_path(path).name} that was written with it is missing or has no 'NiftiDicomBridge' key."


def doubt_of_labels(volume: Volume) -> str:
    """Return that an edited image looks like a label map, though it becomes an image like its original; empty if not."""
    if volume.source is None or is_fractions(volume):
        return ""
    values = None if has_labels(volume) or volume.voxels.ndim > 4 else values_of(volume)
    if values is None or not values.are_labels:
        return ""
    return (
        f"it contains {values.distinct} different whole numbers, as label maps do, and is written as an image like its "
        'original. Use kind="seg" for a segmentation'
    )
