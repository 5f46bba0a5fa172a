"""One image: its datatype, suffix and entities, from the map of a person, the name of its series, or the built-in map."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..options.remedies import remedy
from . import naming_rules
from .bids_map import BidsMap, Row, built_in
from .images import Image
from .reproin import SCOUT, ReproInName
from .subject_labels import label_of, protocol_of

PARTS = {"PHASE": "phase", "REAL": "real", "IMAGINARY": "imag"}
WITH_DIRECTION = ("func", "dwi", "fmap")
UNKNOWN_TASK = "unknown"
IN_PASSING = ("task", "acq", "dir", "run")
ENTITY_PATTERN = r"(?:^|[_ ]){}-([0-9A-Za-z]+)"


def classify(image: Image, table: BidsMap) -> None:
    """Set what an image is in BIDS, or why it is nothing there.

    The first that has a value counts: rows of the person's map, built-in rows for what scanners derive, a name in
    ReproIn form, the other built-in rows.
    """
    user = _first(table.descriptions, image)
    if user is not None and (user.datatype or user.ignore or user.sourcedata):
        _apply(image, user)
    else:
        _by_built_in_rows(image)
        _refuse_anatomy_in_time(image)
        _add(image, user)
    if image.datatype:
        _complete_entities(image, table)


def rows_without_images(table: BidsMap, images: Sequence[Image]) -> list[str]:
    """Return the names of the rows of the person's map that match none of the images: a criterion may be misspelled."""
    return [row.name for row in table.descriptions if not any(row.holds(image.facts) for image in images)]


def _by_built_in_rows(image: Image) -> None:
    name, row = protocol_of(image), _first(built_in().first, image)
    if row is not None:
        _apply(image, row, name)
        if name is None:
            image.entities = {**_entities_in_free_text(image), **image.entities}
    elif name is not None:
        _apply_name(image, name)
    else:
        _by_heuristics(image)


def _refuse_anatomy_in_time(image: Image) -> None:
    """Keep an echo planar image of several volumes out of ``anat``, whatever its name is."""
    if image.datatype == "anat" and image.facts["EPI"] and image.volumes > 1:
        image.datatype = image.suffix = ""
        image.reason = f"its name suggests anatomy, but it is an echo planar image of {image.volumes} volumes"


def _add(image: Image, row: Row | None) -> None:
    """Put what a row without datatype specifies on top of what was found."""
    if row is not None:
        image.entities |= row.entities
        image.changes |= row.changes
        image.aslcontext = row.aslcontext or image.aslcontext


def _first(rows: tuple[Row, ...], image: Image, datatype: str = "") -> Row | None:
    return next((row for row in rows if datatype in ("", row.datatype) and row.holds(image.facts)), None)


def _apply(image: Image, row: Row, name: ReproInName | None = None) -> None:
    image.rule = row.name
    image.ignored = f"the map leaves it out ({row.name})" if row.ignore else ""
    image.reason = row.sourcedata
    image.changes, image.aslcontext = dict(row.changes), row.aslcontext
    if image.ignored or image.reason:
        return
    image.datatype, image.suffix = row.datatype, row.suffix
    if name is not None and (name.datatype, row.suffix) in naming_rules.names():
        image.datatype = name.datatype
    image.entities = {**(name.entities if name is not None else {}), **row.entities}
    if row.note:
        image.log.warnings.append(f'{row.datatype}/{row.suffix}: {row.note}. Correct it in bids_map="FILE".')


def _apply_name(image: Image, name: ReproInName) -> None:
    image.rule = "name of the series (ReproIn)"
    if name.suffix == SCOUT:
        image.reason = "it is a scout by its name, and BIDS has no name for scouts"
        return
    if name.suffix:
        image.datatype, image.suffix, image.entities = name.datatype, name.suffix, dict(name.entities)
        return
    row = _first(built_in().descriptions, image, name.datatype)
    if row is None:
        image.reason = f"its name suggests {name.datatype}, but neither the name nor the images specify the suffix"
        return
    _apply(image, row, name)


def _by_heuristics(image: Image) -> None:
    row = _first(built_in().descriptions, image)
    if row is None:
        image.reason = "its headers do not identify its kind in BIDS"
        return
    _apply(image, row)
    image.entities = {**_entities_in_free_text(image), **image.entities}


def _entities_in_free_text(image: Image) -> dict[str, str]:
    """Return entities in a name that is otherwise free, as in ``fMRI_task-nback_run-2``."""
    if not image.datatype:
        return {}
    name = naming_rules.names()[image.datatype, image.suffix]
    entities = {key: ENTITY_PATTERN.format(key) for key in IN_PASSING if name.allows(key)}
    hits = {key: re.search(pattern, image.description) for key, pattern in entities.items()}
    return {key: hit[1] for key, hit in hits.items() if hit}


# --- entities ---------------------------------------------------------------------------------------------------------


def _complete_entities(image: Image, table: BidsMap) -> None:
    """Set the entities of an image: those of options, of its name or its row of the map, and of its headers.

    What BIDS does not allow in such names is left out; of the name and the map, that is reported.
    """
    name = naming_rules.names()[image.datatype, image.suffix]
    stated = {key: label for key, label in {**_entities_of_headers(image), **image.entities}.items() if label}
    refused = [key for key in image.entities if not name.allows(key)]
    if refused:
        parts = ", ".join(f"{key}-{image.entities[key]}" for key in refused)
        image.log.warnings.append(f"BIDS has no {parts} in names of {image.datatype}/{image.suffix}: left out.")
    entities = {key: label for key, label in stated.items() if name.allows(key)}
    if table.run and name.allows("run"):
        entities["run"] = f"{int(table.run):02d}"
    if "task" in name.required:
        entities["task"] = table.task or entities.get("task") or _task(image, table)
    image.entities = entities


def _entities_of_headers(image: Image) -> dict[str, str]:
    """Return what the headers of an image state of it, as entities."""
    entities = {"part": PARTS.get(str(image.facts["Component"]), "")}
    if image.datatype in WITH_DIRECTION:
        entities["dir"] = image.direction
    for row in reversed([row for row in built_in().additions if row.holds(image.facts)]):
        entities |= row.entities
    return entities


def _task(image: Image, table: BidsMap) -> str:
    names = [str(image.keys.get(key, "")) for key in ("SeriesDescription", "ProtocolName")]
    spoken = table.tasks.of(*names) or built_in().tasks.of(str(image.facts["Words"]))
    label = spoken or label_of(str(image.changes.get("TaskName", "")))
    if label:
        return label
    image.log.warnings.append(
        f"{image.description!r} does not name the task: task-{UNKNOWN_TASK} was written. "
        f"Give {remedy('bids-map', section='tasks')}."
    )
    return UNKNOWN_TASK
