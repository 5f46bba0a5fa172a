"""All images of a job: where each goes in the dataset, and what its sidecar specifies there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..model import metadata
from ..model.files.names import unique_name
from ..sidecar.files import SOURCE_DATA
from ..standard.tags import Tag
from . import naming_rules
from .bids_map import BidsMap
from .classify import classify
from .derivatives import place_results
from .disambiguate import disambiguate
from .field_maps import link_field_maps
from .given_keys import add_given_keys, drop_lists_of_other_lengths
from .images import Image, relate
from .placement import Placement
from .required_keys import add_required_keys
from .subject_labels import Owners, dates_of_studies, session_of, sessions_from_reproin, subject_of

LAST = 1 << 62


def assign_paths(images: Sequence[Image], dataset: Path, table: BidsMap, extension: str = ".nii.gz") -> list[Placement]:
    """Return where the images go, in the same order; images that the map leaves out or that are refused have no place.

    Parameters
    ----------
    images : sequence of Image
        All of the job.
    dataset : pathlib.Path
        The dataset, for the people and studies that it has already.
    table : BidsMap
        The rows of the person's map.
    extension : str
        Of the images, for keys that name other images.
    """
    relate(images)
    for image in images:
        classify(image, table)
    owners, session_labels, dates = Owners(dataset), sessions_from_reproin(images), dates_of_studies(images)
    placements = []
    for image in images:
        if image.ignored:
            continue
        subject = subject_of(image, table, owners)
        if not (image.ignored or image.refused):
            session = session_of(image, subject, table, owners, dates.get(image.study, ""), session_labels)
            placements.append(Placement(image, subject, session))
    sessions: dict[tuple[str, str], list[Placement]] = defaultdict(list)
    for placement in sorted(placements, key=_order):
        sessions[placement.subject, placement.session].append(placement)
    for group in sessions.values():
        _name(group, table)
    _resolve_intended(placements, extension)
    for group in sessions.values():
        link_field_maps(group, extension)
    return placements


def _order(placement: Placement) -> tuple[float, str]:
    """Sort by number and time of the series."""
    first = placement.image.plan.instances[0].elements
    return metadata.number(first, Tag.SERIES_NUMBER) or LAST, str(placement.image.keys.get("AcquisitionTime", ""))


def _name(session: Sequence[Placement], table: BidsMap) -> None:
    images = [placement.image for placement in session]
    for image in images:
        if image.datatype:
            add_given_keys(image, table.keys)
            drop_lists_of_other_lengths(image)
            add_required_keys(image, images)
    disambiguate([image for image in images if image.datatype])
    place_results(session, table.derivative)
    taken: set[str] = set()
    for placement in session:
        image, folder = placement.image, PurePosixPath(*placement.labels)
        if placement.is_raw:
            placement.path = folder / image.datatype / naming_rules.file_name(placement.labels, image.entities, image.suffix)
        elif not placement.derivative:
            placement.path = PurePosixPath(SOURCE_DATA) / folder / unique_name(image.plan.name, taken)
            image.log.warnings.append(f"kept in {SOURCE_DATA}: {image.reason}.")


def _resolve_intended(placements: Sequence[Placement], extension: str) -> None:
    """Put the files of the session in the place of ids that rows of the map name, as dcm2bids does."""
    for placement in placements:
        intended = placement.image.changes.get("IntendedFor")
        if intended is None:
            continue
        raw = [other for other in placements if other.is_raw and other.labels == placement.labels]
        uris: list[Any] = []
        for text in intended if isinstance(intended, list) else [intended]:
            named = [f"bids::{other.path}{extension}" for other in raw if other.image.rule == text]
            uris += named or ([text] if {":", "/"} & set(str(text)) else [])
        if uris:
            placement.image.changes["IntendedFor"] = uris
            continue
        del placement.image.changes["IntendedFor"]
        placement.image.log.warnings.append(
            f'"IntendedFor": no image of the session was named by the row {intended!r}: left out.'
        )
