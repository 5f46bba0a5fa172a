"""What is to be exported: images of nodes, the files that they came from, and the patient; read on the main thread."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import slicer

from nifti_dicom_bridge import BridgeError, Deidentifier, Entry, Volume, identity_of, is_nifti, may_be_same_person

from ..Host import Database
from ..Nodes.NodeImages import NodeImage
from ..Nodes.NodeKinds import sequence_of
from ..Nodes.Nodes import image_of
from ..Nodes.References import patient_and_study_of, reference_uids
from ..Nodes.Transforms import Nonlinear
from ..Originals.DrawnTimes import DrawnTime
from ..Originals.SeriesSlices import SeriesSlices, shared_transform
from ..Originals.WorldLabels import on_voxels_of, volume_of_world_labels

UNEXPECTED = "{}: unexpected error ({}: {}). Nothing was written for it; please report it with the lines in Slicer's log."
OTHER_PATIENT = (
    "In the subject hierarchy, {0} is in a study of {1}; the images of DICOM that it was loaded from are of {2}, which was "
    "written. Check which is right; to change it, convert to DICOM with other values"
)
ON_EVEN_GRID = (
    "The slices of {volume} are not evenly spaced: {name} was written on its voxels, which NIfTI has on an even grid. In "
    "DICOM, both have the true positions. To resample to these, check 'Resample nonlinear transforms'"
)
HIDDEN = "the message is hidden, as it may name the patient"
NAMED_AFTER_PATIENTS = ("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTransformNode", "vtkMRMLSequenceNode")
"""Nodes that messages name."""


@dataclass(frozen=True)
class ExportSource:
    """An image to export, the files it came from, the patient, the slices it was made on; or why that cannot be."""

    title: str
    image: NodeImage | None = None
    files: tuple[Path, ...] = ()
    missing: int = 0
    identity: dict[str, str] = field(default_factory=dict)
    error: str = ""
    slices: SeriesSlices | None = None


def each_once(nodes: Iterable[Any]) -> list[Any]:
    """Leave out what shows a sequence that is there already, and nodes given twice."""
    by_id: dict[str, Any] = {}
    for node in nodes:
        sequence = sequence_of(node)
        key = "nothing" if node is None else (sequence or node).GetID()
        by_id.setdefault(key, node)
        if sequence is not None and node is not sequence:
            by_id[key] = node  # it knows the transforms
    return list(by_id.values())


def source_of(
    node: Any, nonlinear: Nonlinear, only_dicom: bool = False, private: bool = False, time: DrawnTime | None = None
) -> ExportSource:
    """Return the image of a node with what it was loaded from; or why it cannot be exported.

    Parameters
    ----------
    node : vtkMRMLNode
        What to export.
    nonlinear : Nonlinear
        What to do with nonlinear transforms.
    only_dicom : bool
        Read it from DICOM, also if it was loaded from NIfTI.
    private : bool
        Keep the messages of unexpected errors, which may name the patient, out of the error and of Slicer's log.
    time : DrawnTime, optional
        Which of the times that segments were drawn at.
    """
    title = node.GetName() or node.GetID() if node is not None else "(no volume)"
    title = title if time is None else time.title
    try:
        image = image_of(node, nonlinear, time)
    except BridgeError as error:
        return ExportSource(title, error=str(error))
    except Exception as error:  # an error in one node must not end the export of the others
        return ExportSource(title, error=unexpected(title, error, private))
    return _with_files(image, patient_and_study_of(node), only_dicom)


def on_grid_of_its_volume(node: Any, source: ExportSource) -> ExportSource:
    """Return what was made of a volume under its acquisition transform on the voxels of that volume; all others as they are.

    If the series of the volume is in the database, its image in NIfTI is on the grid that the core makes of its slices.
    """
    drawn_on = volume_of_world_labels(node)
    if source.image is None or (drawn_on is None and shared_transform(node) is None):
        return source
    series = Database.series_of_instances(reference_uids(node))
    slices = SeriesSlices.of(node, Database.files_of_series(series) if series else [])
    assert slices is not None
    try:
        image = slices.on_grid(source.image) if drawn_on is None else on_voxels_of(drawn_on, source.image)
    except BridgeError as error:
        return ExportSource(source.title, error=str(error))
    note = ON_EVEN_GRID.format(volume=slices.name, name=source.title)
    return replace(source, image=replace(image, warnings=(*image.warnings, note)), slices=slices)


def unexpected(title: str, error: Exception, private: bool) -> str:
    """Return what is reported of an error that is not foreseen, and log it; nothing of its message if that is private."""
    if private:
        return UNEXPECTED.format(title, type(error).__name__, HIDDEN)
    logging.error("Export of %s", title, exc_info=error)
    return UNEXPECTED.format(title, type(error).__name__, error)


def private_words(sources: Iterable[ExportSource]) -> list[str]:
    """Return what messages may contain of patients: names of nodes and segments, and values of the subject hierarchy."""
    names = [node.GetName() or "" for kind in NAMED_AFTER_PATIENTS for node in slicer.util.getNodesByClass(kind)]
    for source in sources:
        labels = source.image.labels if source.image is not None else ()
        names += [source.title, *source.identity.values(), *(label.name for label in labels)]
    return names


def _with_files(image: NodeImage, identity: dict[str, str], only_dicom: bool) -> ExportSource:
    """Return an image with what it was loaded from: the NIfTI file with our sidecar, else the instances in the database."""
    if image.source is not None and image.source.exists() and not only_dicom:
        return ExportSource(image.name, image, (image.source,), 0, identity)
    files = Database.files_of_instances(image.instance_uids)
    return ExportSource(image.name, image, tuple(files), max(len(set(image.instance_uids)) - len(files), 0), identity)


def doubt_of_patient(volumes: Sequence[Volume], source: ExportSource) -> list[str]:
    """Return a warning where the subject hierarchy has another patient for an image than its original; nothing otherwise."""
    written = next((identity_of(volume) for volume in volumes if volume.source is not None), {})
    if not written or may_be_same_person(written, source.identity):
        return []
    names = (_name_of_patient(identity) for identity in (source.identity, written))
    return [OTHER_PATIENT.format(source.title, *names)]


def _name_of_patient(identity: Mapping[str, str]) -> str:
    name, number = (identity.get(keyword, "") for keyword in ("PatientName", "PatientID"))
    return f"{name} ({number})" if name and number else name or number


def require_original(volumes: Sequence[Volume], source: ExportSource) -> None:
    """Refuse images that are edited, or come from NIfTI: a BIDS dataset contains raw data."""
    edited = any(volume.source is None or volume.edits() for volume in volumes)
    if edited or any(map(is_nifti, source.files)):
        raise BridgeError(
            f"{source.title} is not as it came from DICOM, and a BIDS dataset contains raw data. Use the format 'NIfTI'."
        )


def publish(entries: Iterable[Entry], deidentifier: Deidentifier, words: Iterable[str]) -> None:
    """Take from a report what identifies the patient; `words` are those of `private_words`."""
    deidentifier.masker.add(words)
    for number, entry in enumerate(entries, start=1):
        deidentifier.publish(entry, number)
