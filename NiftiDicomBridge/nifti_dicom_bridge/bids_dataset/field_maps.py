"""Which field maps belong to which images of a session: IntendedFor, B0FieldIdentifier and B0FieldSource.

https://bids-specification.readthedocs.io/en/v1.11.0/modality-specific-files/magnetic-resonance-imaging-data.html#fieldmap-data
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .images import Image
from .placement import Placement

IDENTIFIER, SOURCE, INTENDED = "B0FieldIdentifier", "B0FieldSource", "IntendedFor"
CORRECTED = frozenset({
    ("func", "bold"), ("func", "sbref"), ("func", "cbv"), ("dwi", "dwi"), ("dwi", "sbref"), ("perf", "asl"), ("perf", "m0scan"),
})  # fmt: skip
"""Datatype and suffix of images that are distorted by an uneven field."""
KINDS = {"epi": "pepolar"}
"""Suffix → how the field is estimated; of the others, by gradient echoes."""
PHASES = (frozenset({"phasediff"}), frozenset({"phase1", "phase2"}), frozenset({"fieldmap"}))
"""One of these sets of suffixes is needed to estimate a field by gradient echoes."""
PURPOSES = {
    "func": (" func ", " fmri ", " bold ", " rest ", " task "),
    "dwi": (" dwi ", " dti ", " diff ", " diffusion ", " hardi "),
    "perf": (" asl ", " pcasl ", " perf ", " perfusion "),
}
"""Datatype → words in the name of a field map that was acquired for it."""
OPPOSITE = {"A": "P", "P": "A", "L": "R", "R": "L", "S": "I", "I": "S"}


@dataclass
class FieldMap:
    """Images of which one field is estimated.

    Attributes
    ----------
    kind : str
        ``pepolar`` (opposite phase encoding) or ``gre`` (gradient echoes).
    members : list of Placement
        In the order of acquisition.
    position : int
        Of the first member, among all images of the session.
    """

    kind: str
    members: list[Placement]
    position: int

    @property
    def words(self) -> str:
        """The names of the series, in lower case."""
        labels = "".join(f" {member.image.entities.get('acq', '').lower()} " for member in self.members)
        return labels + "".join(str(member.image.facts["Words"]) for member in self.members)

    def may_correct(self, image: Image) -> bool:
        """Return whether an image is of the datatype and phase encoding axis that the field map was acquired for."""
        purposes = {datatype for datatype, words in PURPOSES.items() if any(word in self.words for word in words)}
        if purposes and image.datatype not in purposes:
            return False
        first = self.members[0].image
        return self.kind != "pepolar" or _axis(first) == _axis(image) != ""

    def has_shim_of(self, image: Image) -> bool:
        """Return whether the shim is that of an image, as far as both are known."""
        shims = [one.keys.get("ShimSetting") for one in (self.members[0].image, image)]
        return None in shims or shims[0] == shims[1]


def link_field_maps(session: Sequence[Placement], extension: str) -> None:
    """Set the keys that connect the field maps of a session with the images they correct, unless the map sets them.

    An image is corrected by the last field map of each kind that was acquired before it, else by the first one after it; the
    datatype that the name of a field map states, its phase encoding axis and its shim count.

    Parameters
    ----------
    session : sequence of Placement
        All images of a session with their paths, in the order of acquisition.
    extension : str
        Of the images.
    """
    raw = [placement for placement in session if placement.is_raw]
    targets = [one for one in raw if (one.image.datatype, one.image.suffix) in CORRECTED]
    maps = _field_maps(raw)
    corrected: dict[int, list[Placement]] = {n: [] for n in range(len(maps))}
    for target in targets:
        for number in _maps_of(target, raw.index(target), maps):
            corrected[number].append(target)
    counts = dict.fromkeys((field_map.kind for field_map in maps), 0)
    for number, field_map in enumerate(maps):
        estimating = _estimating(field_map, corrected[number])
        if corrected[number] and estimating:
            counts[field_map.kind] += 1
            label = re.sub("[^0-9A-Za-z]", "", raw[0].session)
            name = "_".join(filter(None, (field_map.kind, label, str(counts[field_map.kind]))))
            _link(field_map, corrected[number], estimating, name, extension)


def _field_maps(raw: Sequence[Placement]) -> list[FieldMap]:
    """Return the field maps of a session; those whose keys the map sets are left alone."""
    groups: dict[Hashable, list[Placement]] = {}
    for placement in raw:
        image = placement.image
        if image.datatype == "fmap":
            shared = frozenset((key, label) for key, label in image.entities.items() if key not in ("dir", "echo", "part"))
            groups.setdefault((KINDS.get(image.suffix, "gre"), shared), []).append(placement)
    maps = [FieldMap(KINDS.get(some[0].image.suffix, "gre"), some, raw.index(some[0])) for some in groups.values()]
    return [one for one in maps if _is_complete(one) and not _is_set_by_user(one.members)]


def _is_complete(field_map: FieldMap) -> bool:
    suffixes = {member.image.suffix for member in field_map.members}
    return field_map.kind == "pepolar" or any(wanted <= suffixes for wanted in PHASES)


def _is_set_by_user(members: Iterable[Placement]) -> bool:
    return any(key in member.image.changes for member in members for key in (IDENTIFIER, INTENDED))


def _maps_of(target: Placement, position: int, maps: Sequence[FieldMap]) -> list[int]:
    """Return the numbers of the field maps that correct an image: at most one of each kind."""
    chosen = []
    for kind in dict.fromkeys(field_map.kind for field_map in maps):
        fitting = [n for n, one in enumerate(maps) if one.kind == kind and one.may_correct(target.image)]
        same_shim = [n for n in fitting if maps[n].has_shim_of(target.image)]
        if fitting and not same_shim:
            target.image.log.warnings.append("its field map was acquired with another shim: the correction may be wrong.")
        candidates = same_shim or fitting
        before = [n for n in candidates if maps[n].position < position]
        chosen += before[-1:] or candidates[:1]
    return chosen


def _estimating(field_map: FieldMap, corrected: Sequence[Placement]) -> list[Placement]:
    """Return the images of which the field is estimated: with one phase encoding direction, also one of the opposite.

    Empty if there is none of the opposite direction.
    """
    directions = {member.image.direction for member in field_map.members}
    if field_map.kind != "pepolar" or len(directions) > 1:
        return field_map.members
    wanted = "".join(OPPOSITE.get(letter, letter) for letter in directions.pop())
    opposite = [one for one in corrected if one.image.direction == wanted != ""]
    return [*field_map.members, opposite[0]] if opposite else []


def _link(
    field_map: FieldMap, corrected: Sequence[Placement], estimating: Sequence[Placement], name: str, extension: str
) -> None:
    uris = [f"bids::{target.path}{extension}" for target in corrected]
    for member in field_map.members:
        member.image.changes[INTENDED] = uris
        member.image.log.notes.append(f"{INTENDED}: {len(uris)} image(s) of the session")
    for placement in estimating:
        _add(placement.image.changes, IDENTIFIER, name)
    for target in corrected:
        _add(target.image.changes, SOURCE, name)


def _add(changes: dict[str, Any], key: str, name: str) -> None:
    """Add a name to a key: text for one, a list for several."""
    present = changes.get(key)
    names = [*(present if isinstance(present, list) else [present] if present else []), name]
    changes[key] = names[0] if len(names) == 1 else names


def _axis(image: Image) -> str:
    return str(image.keys.get("PhaseEncodingDirection", ""))[:1]
