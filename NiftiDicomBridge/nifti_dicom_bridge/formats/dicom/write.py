"""Volumes → DICOM files: restored where nothing was edited, derived where something was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...errors import BridgeError, SidecarError
from ...model.metadata import Log
from ...model.report import Outcome
from ...model.volume import Volume
from ...model.voxels.digest import DigestedVoxels, algorithm_of
from ...model.voxels.lazy_voxels import LazyVoxels
from ...options import Progress, Uids
from ...output import Staging
from . import edits, restore
from .data_set_file import NewObject
from .derived import group_by_object
from .job import DicomJob
from .restore import InstanceFrames, PixelSource
from .writer import Writer, as_stored


def write_dicom(
    volumes: Sequence[Volume],
    staging: Staging,
    job: DicomJob,
    log: Log,
    values: edits.Values | None = None,
    progress: Progress | None = None,
    may_be_part: bool = False,
) -> Outcome:
    """Write the instances of volumes that share them (usually one volume).

    De-identified instances keep their UIDs, which are new and the same for other conversions with their key; edited ones become
    instances of their own.

    Parameters
    ----------
    volumes : sequence of Volume
        With metadata. All frames of an instance must be in them, unless they are edited.
    staging : Staging
        Takes the files.
    job : DicomJob
        Options, and what is shared with other calls.
    log : Log
        Receives what was assumed, changed and dropped.
    values : mapping of AttributePath to (str, list), optional
        Attributes to set: tag, or tags on the way to it → (VR, values).
    progress : Progress, optional
        Receives the number of files written.
    may_be_part : bool
        Whether unedited volumes may lack frames of their instances, and are derived then.

    Returns
    -------
    Outcome
        Restored, reissued or derived.

    Raises
    ------
    SidecarError
        If a volume has no record, or frames of an instance are missing.
    BridgeError
        Whatever makes values or geometry inexpressible.
    """
    _check_records(volumes)
    unedited = Outcome.RESTORED if job.options.uids is Uids.KEEP else Outcome.REISSUED
    if _restored_while_read(volumes, staging, job, log, values or {}, progress):
        return unedited
    is_part = may_be_part and not restore.hold_all_frames(volumes)
    edited = [volume for volume in volumes if is_part or volume.edits()]
    if job.options.deidentify:
        job.keep_uids_of([volume for volume in volumes if volume not in edited])
    writer = Writer(staging, job, values or {}, progress)
    if edited:
        for group in group_by_object(volumes):
            writer.derived(group, log)
        return Outcome.DERIVED
    writer.restored(restore.frames_by_instance(volumes), PixelSource(volumes), log)
    return unedited


def _restored_while_read(
    volumes: Sequence[Volume], staging: Staging, job: DicomJob, log: Log, values: edits.Values, progress: Progress | None
) -> bool:
    """Restore volumes while their digests are computed, so that voxels are decompressed once; return whether that was done.

    Where a digest differs, there is an edit: the files are withdrawn, and job and log are as before.
    """
    if not all(_is_read_once(volume) for volume in volumes) or not restore.hold_all_frames(volumes):
        return False
    read = [replace(volume, voxels=_digested(volume)) for volume in volumes]
    contents = restore.frames_by_instance(read)
    if not _are_planes_in_order(contents):
        return False
    trial, its_log, before = job.copy(), Log(), set(staging.names)
    if job.options.deidentify:
        trial.keep_uids_of(read)
    try:
        Writer(staging, trial, values, progress).restored(contents, PixelSource(read), its_log)
        is_original = all(_has_recorded_digest(volume) for volume in read)
    except BridgeError:  # edited values that do not fit the original type; other reasons occur again
        is_original = False
    if is_original:
        job.add(trial)
        log.add(its_log)
    else:
        staging.withdraw([name for name in staging.names if name not in before])
    return is_original


def _is_read_once(volume: Volume) -> bool:
    is_lazy = isinstance(volume.voxels, LazyVoxels) and volume.voxels.is_read_once
    return is_lazy and volume.may_be_original and bool(volume.dicom.origin.digest)


def _digested(volume: Volume) -> DigestedVoxels:
    assert isinstance(volume.voxels, LazyVoxels)
    return DigestedVoxels(volume.voxels, algorithm_of(volume.dicom.origin.digest))


def _has_recorded_digest(volume: Volume) -> bool:
    assert isinstance(volume.voxels, DigestedVoxels)
    return volume.voxels.has_digest(volume.dicom.origin.digest)


def _are_planes_in_order(contents: Sequence[InstanceFrames]) -> bool:
    """Whether the planes of volumes, as they are written, come from the first to the last."""
    by_frame = (sorted(content.frames, key=lambda ref: ref.frame) for _, content in as_stored(contents))
    planes = [ref[:3] for refs in by_frame for ref in refs]
    return planes == sorted(planes)


def _check_records(volumes: Sequence[Volume]) -> None:
    for volume in volumes:
        if volume.source is None:
            raise SidecarError(
                f"{volume.name}: it has no record of its DICOM original: the sidecar NAME.json that was written "
                "with it is missing or has no 'NiftiDicomBridge' key. Put it back next to the image."
            )


def write_objects(
    objects: Iterable[NewObject], folder: str, total: int, staging: Staging, job: DicomJob, progress: Progress | None
) -> None:
    """Write objects that were made from nothing.

    Parameters
    ----------
    objects : iterable of NewFile or DataSetFile
        The files.
    folder : str
        What to call their folder.
    total : int
        How many there will be, for `progress`.
    staging, job, progress
        As in `write_dicom`.
    """
    Writer(staging, job, {}, progress).made(objects, folder, total)
