"""Images of one session that would have the same name: echo, part, acq and run distinguish them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from . import naming_rules
from .images import Image
from .subject_labels import label_of

# what is acquired together has the same run number, whatever its suffix
FAMILIES = {
    **{("fmap", suffix): "gre" for suffix in ("magnitude", "magnitude1", "magnitude2", "phasediff", "phase1", "phase2")},
    ("fmap", "fieldmap"): "gre",
    **{("func", suffix): "bold" for suffix in ("bold", "cbv", "sbref", "phase")},
    **{("dwi", suffix): "dwi" for suffix in ("dwi", "sbref", "ADC", "FA", "S0map", "colFA", "expADC", "trace")},
    **{("anat", suffix): "mp2rage" for suffix in ("MP2RAGE", "UNIT1")},
}  # fmt: skip
WITHIN_RUN = ("echo", "part", "inv", "flip", "mt", "run")


def disambiguate(images: Sequence[Image]) -> None:
    """Add entities until the names of all images of one session differ; `images` in the order of acquisition."""
    _parts(images)
    _echoes(images)
    _descriptions(images)
    _kinds(images)
    _runs(images)


def name_of(image: Image) -> tuple[Hashable, ...]:
    """Return all that the name of a file is made of."""
    return image.datatype, image.suffix, frozenset(image.entities.items())


def _grouped(images: Iterable[Image], key: Callable[[Image], Hashable]) -> list[list[Image]]:
    groups: dict[Hashable, list[Image]] = defaultdict(list)
    for image in images:
        groups[key(image)].append(image)
    return list(groups.values())


def _without(image: Image, *entities: str) -> tuple[Hashable, ...]:
    return image.datatype, image.suffix, frozenset((key, label) for key, label in image.entities.items() if key not in entities)


def _allows(image: Image, entity: str) -> bool:
    return naming_rules.names()[image.datatype, image.suffix].allows(entity)


def _parts(images: Sequence[Image]) -> None:
    """Magnitude images specify it where there are phase, real or imaginary ones next to them."""
    for group in _grouped(images, lambda image: _without(image, "part")):
        if any("part" in image.entities for image in group) and _allows(group[0], "part"):
            for image in group:
                image.entities.setdefault("part", "mag")


def _echoes(images: Sequence[Image]) -> None:
    """Echoes of one acquisition are numbered by their times."""
    for group in _grouped(images, lambda image: (name_of(image), image.description)):
        times = sorted({time for image in group if isinstance(time := image.keys.get("EchoTime"), (int, float))})
        one_series = len({image.series for image in group}) == 1
        numbers = {image.keys.get("EchoNumber") for image in group}
        required = "echo" in naming_rules.names()[group[0].datatype, group[0].suffix].required
        if not _allows(group[0], "echo") or not (required or (len(times) > 1 and (one_series or len(numbers) == len(times)))):
            continue
        for image in group:
            time = image.keys.get("EchoTime")
            index = times.index(time) + 1 if len(times) > 1 and time in times else image.facts["EchoIndex"]
            image.entities.setdefault("echo", str(index))


def _descriptions(images: Sequence[Image]) -> None:
    """Images that are called differently are not repetitions: acq distinguishes them."""
    for group in _grouped(images, name_of):
        descriptions = {image.description for image in group}
        if len(descriptions) < 2 or not _allows(group[0], "acq") or any("acq" in image.entities for image in group):
            continue
        for image in group:
            label = label_of(image.description)
            if label:
                image.entities["acq"] = label


def _kinds(images: Sequence[Image]) -> None:
    """Images of one series that differ in meaning, such as water and fat, are not repetitions: acq distinguishes them."""
    for group in _grouped(images, lambda image: (name_of(image), image.series)):
        if len({image.kind for image in group}) < 2 or not _allows(group[0], "acq"):
            continue
        for image in group:
            before, kind = image.entities.get("acq", ""), label_of(image.kind)
            if kind:
                image.entities["acq"] = before + kind[:1].upper() + kind[1:] if before else kind


def _runs(images: Sequence[Image]) -> None:
    """What is left are repetitions: each begins where a name comes again."""
    for group in _grouped(images, _family):
        counted = [image for image in group if "run" not in image.entities and _allows(image, "run")]
        sets: list[dict[Hashable, Image]] = []
        for image in counted:
            if not sets or name_of(image) in sets[-1]:
                sets.append({})
            sets[-1][name_of(image)] = image
        for n, repetition in enumerate(sets if len(sets) > 1 else []):
            for image in repetition.values():
                image.entities["run"] = f"{n + 1:02d}"
    _number_the_rest(images)


def _family(image: Image) -> Hashable:
    shared = frozenset((key, label) for key, label in image.entities.items() if key not in WITHIN_RUN)
    return image.datatype, FAMILIES.get((image.datatype, image.suffix), image.suffix), shared


def _number_the_rest(images: Sequence[Image]) -> None:
    """Names that were given twice, in the map or in ReproIn form, go on counting."""
    taken: set[Hashable] = set()
    for image in images:
        given = image.entities.get("run", "")
        n = int(given) if given.isdigit() else 1
        while name_of(image) in taken and _allows(image, "run"):
            n += 1
            image.entities["run"] = f"{n:02d}"
        if image.entities.get("run", "") != given:
            image.log.warnings.append(f"another image of the session has the same name: this is run-{image.entities['run']}.")
        taken.add(name_of(image))
