"""Names of series in ReproIn form, which state the kind of image: ``func-bold_task-rest_dir-AP__note``.

https://github.com/ReproNim/reproin#overall-workflow
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import naming_rules

DATATYPES = {datatype for datatype, _ in naming_rules.names()}
DEFAULTS = {"func": "bold", "dwi": "dwi", "perf": "asl", "pet": "pet"}
SCOUT = "scout"


@dataclass(frozen=True)
class ReproInName:
    """What a name specifies.

    Attributes
    ----------
    datatype, suffix : str
        Suffix empty where the name has none and the datatype has several.
    session : str
        Label of the session; empty where the name has none, or asks for the date.
    entities : dict
        Entity → label.
    """

    datatype: str
    suffix: str
    session: str = ""
    entities: dict[str, str] = field(default_factory=dict)


def parse_reproin(name: str) -> ReproInName | None:
    """Return what a name in ReproIn form specifies; None for any other name."""
    text = re.sub(r"^[A-Z]+:", "", name.strip())
    first, *parts = re.sub(r"^WIP ", "", text).split("__")[0].split("_")
    datatype, _, suffix = first.partition("-")
    if datatype not in DATATYPES or not (suffix or parts):
        return None
    pairs = [part.partition("-") for part in parts]
    by_entity = {key: label for key, dash, value in pairs if dash and (label := re.sub("[^0-9A-Za-z]", "", value))}
    if suffix and suffix != SCOUT and (datatype, suffix) not in naming_rules.names():
        return None
    if not suffix and not by_entity:
        return None
    session = by_entity.pop("ses", "")
    entities = {key: label for key, label in by_entity.items() if key in naming_rules.entities()}
    suffix = suffix or ("epi" if datatype == "fmap" and "dir" in entities else DEFAULTS.get(datatype, ""))
    return ReproInName(datatype, suffix, "" if session.lower() == "date" else session, entities)
