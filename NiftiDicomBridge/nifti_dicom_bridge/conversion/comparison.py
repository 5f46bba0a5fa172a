"""Proof that two sets of DICOM files hold the same: instances, elements, voxels, geometry."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import BridgeError
from ..formats.dicom.reading import decode
from ..formats.dicom.reading.frames import frames_of
from ..formats.dicom.reading.series import find_series
from ..model import metadata
from ..model.failure import failure_of
from ..model.input_files import opened_descriptor, read_some
from ..model.metadata import Element, Elements, Instance
from ..model.pixels import PixelFormat
from ..model.report import fitted
from ..model.safe_text import printable
from ..model.similar_elements import changes_of, like_of
from ..options import Progress
from ..options.path_fields import AnyPaths, paths_of
from ..standard import dictionary
from ..standard.tags import Tag

SHOWN = 20
CHUNK = 1 << 22
MOST_KNOWN = 4096
"""Pairs of sequences that are remembered."""
# what a compressed image may specify differently once it is decoded
_TRANSCODED = frozenset(
    {Tag.PHOTOMETRIC_INTERPRETATION, Tag.PLANAR_CONFIGURATION, Tag.EXTENDED_OFFSET_TABLE, Tag.EXTENDED_OFFSET_TABLE_LENGTHS}
)
_TRANSCODED_META = frozenset({Tag.TRANSFER_SYNTAX_UID, Tag.FILE_META_INFORMATION_GROUP_LENGTH})

Path_ = tuple[int, ...]


@dataclass
class Difference:
    """One thing that is not the same."""

    instance: str
    what: str
    first: str
    second: str


@dataclass(repr=False)
class Comparison:
    """How two sets of DICOM files compare.

    Attributes
    ----------
    instances : list of int
        Images and RT Structure Sets: in the first, in the second, in both.
    elements, equal_elements : int
        Elements of the instances in both, nested ones too; and how many have the same value, byte for byte.
    file_meta, equal_file_meta, voxels, equal_voxels : int
        Instances whose file meta information and preamble, and whose decoded pixels, were compared and are the same.
    geometry_mm : float
        Largest distance between where a frame is in the first and in the second.
    names : int
        Files with the same relative name.
    identical_files : int
        Files that are the same to the last byte.
    reissued_uids : int
        UIDs that were replaced, each by one other throughout.
    transcoded : int
        Instances that are compressed differently.
    differences : list of Difference
        The first ones of each kind.
    not_compared : int
        Other objects without pixel data, and duplicates.

    Examples
    --------
    >>> from nifti_dicom_bridge import compare
    >>> compare("scans", "scans").same
    True
    """

    instances: list[int] = field(default_factory=lambda: [0, 0, 0])
    elements: int = 0
    equal_elements: int = 0
    file_meta: int = 0
    equal_file_meta: int = 0
    voxels: int = 0
    equal_voxels: int = 0
    geometry_mm: float = 0.0
    names: int = 0
    identical_files: int = 0
    reissued_uids: int = 0
    transcoded: int = 0
    differences: list[Difference] = field(default_factory=list)
    different: int = 0
    not_compared: int = 0

    @property
    def same(self) -> bool:
        """Whether nothing differs, except for UIDs that were replaced consistently."""
        return self.different == 0 and self.instances[0] == self.instances[1] == self.instances[2] > 0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {"same": self.same, **asdict(self)}

    def table(self) -> str:
        """Return the comparison as text for a terminal."""
        return "\n".join(map(printable, _lines(self)))

    def __repr__(self) -> str:
        *lines, conclusion = _lines(self)
        return fitted(["Comparison " + conclusion, *("  " + line for line in lines)])

    def differ(self, instance: str, what: str, first: object, second: object) -> None:
        """Note a difference."""
        self.different += 1
        if len(self.differences) < SHOWN:
            self.differences.append(Difference(instance, what, _shown(first), _shown(second)))


def compare(first: AnyPaths, second: AnyPaths, progress: Progress | None = None, follow_links: bool = False) -> Comparison:
    """Compare all images and RT Structure Sets in two sets of files and folders; other objects are counted.

    Instances are matched by SOP Instance UID; those of a series with new UIDs by file name, else by their place in the series.

    Parameters
    ----------
    first, second : path or iterable of paths
        DICOM files and folders.
    progress : Progress, optional
        Called with the number of instances compared.
    follow_links : bool
        Also follow links to folders outside of the inputs.

    Returns
    -------
    Comparison
        Shows the result and the first differences; `Comparison.same` for programs.

    Raises
    ------
    BridgeError
        If a path does not exist, or there is no DICOM image.

    Examples
    --------
    >>> from nifti_dicom_bridge import compare, to_dicom, to_nifti
    >>> images = to_nifti("scans", "images").outputs
    >>> back = to_dicom(images[0], "restored", uids="keep", names="original")
    >>> compare("scans", "restored")
    Comparison => SAME
      instances            7 in both                              7 in the first, 7 in the second
      elements             399 of 399 equal                       value bytes; private and nested ones too
      file meta, preamble  7 of 7 equal
      voxels               7 of 7 equal                           decoded stored values
      geometry             0 mm apart at most
      file names           7 of 7 equal
      files                7 of 7 identical to the last byte
    """
    comparison = Comparison()
    one, two = (_instances(paths, comparison, progress, follow_links) for paths in (first, second))
    pairs = [
        pair for kind in (_is_image, _is_structure_set) for pair in _pairs(list(filter(kind, one)), list(filter(kind, two)))
    ]
    comparison.instances = [len(one), len(two), len(pairs)]
    for n, missing in enumerate(_unmatched(one, two, pairs)):
        for instance in missing:
            comparison.differ(instance.name, f"instance only in the {('first', 'second')[n]}", instance.uid, "")
    known = _EarlierPairs()
    for n, (a, b) in enumerate(pairs):
        if progress is not None and n % 16 == 0:
            progress("Comparing", n, len(pairs))
        try:
            _compare_instance(a, b, comparison, known)
        except Exception as error:
            comparison.differ(a.name, "cannot be compared", failure_of(error).sentence, "")
    comparison.reissued_uids = len(known.reissued)
    return comparison


def _instances(
    paths: AnyPaths, comparison: Comparison, progress: Progress | None, follow_links: bool = False
) -> list[Instance]:
    given = paths_of(paths)
    inventory = find_series(given, progress, follow_links)
    structure_sets = _without_copies(inventory.structure_sets)
    compared = {instance.path for instance in structure_sets}
    for leftover in inventory.leftovers:
        if leftover.failed:
            comparison.differ(Path(leftover.path).name, "cannot be read", leftover.reason, "")
        elif leftover.path not in compared:
            comparison.not_compared += 1
    instances = [*(instance for series in inventory.series for instance in series.instances), *structure_sets]
    if not instances and not comparison.different:
        raise BridgeError(f"No DICOM images were found in {', '.join(map(str, given))}. Check the path.")
    return instances


def _without_copies(instances: Sequence[Instance]) -> list[Instance]:
    """Return instances without those whose elements occurred before."""
    kept: dict[str, list[Instance]] = {}
    for instance in instances:
        same_uid = kept.setdefault(instance.uid, [])
        if not any(instance.elements == other.elements for other in same_uid):
            same_uid.append(instance)
    return [instance for same_uid in kept.values() for instance in same_uid]


def _is_image(instance: Instance) -> bool:
    return instance.pixels is not None


def _is_structure_set(instance: Instance) -> bool:
    return instance.pixels is None


def _pairs(one: Sequence[Instance], two: Sequence[Instance]) -> list[tuple[Instance, Instance]]:
    pairs = []
    rest_one, rest_two = list(one), list(two)
    for key in (_by_uid, _by_name, _by_place):
        waiting: dict[object, list[Instance]] = {}
        for b in rest_two:
            waiting.setdefault(key(b), []).append(b)
        left = []
        for a in rest_one:
            matches = waiting.get(key(a), [])
            if matches and key(a):
                pairs.append((a, matches.pop(0)))
            else:
                left.append(a)
        taken = {id(b) for _, b in pairs}
        rest_one, rest_two = left, [b for b in rest_two if id(b) not in taken]
    return pairs


def _by_uid(instance: Instance) -> object:
    return instance.uid


def _by_name(instance: Instance) -> object:
    return instance.name


def _by_place(instance: Instance) -> object:
    wanted = (Tag.SERIES_NUMBER, Tag.SERIES_DESCRIPTION, Tag.INSTANCE_NUMBER, Tag.IMAGE_POSITION_PATIENT, Tag.CONTENT_TIME)
    return tuple(metadata.text(instance.elements, tag) for tag in wanted)


def _unmatched(one: Sequence[Instance], two: Sequence[Instance], pairs: list[Any]) -> tuple[list[Instance], list[Instance]]:
    matched = {id(instance) for pair in pairs for instance in pair}
    return [a for a in one if id(a) not in matched], [b for b in two if id(b) not in matched]


@dataclass
class _EarlierPairs:
    """What is known from the instances before: new UIDs of old ones, and sequences that were compared."""

    reissued: dict[str, str] = field(default_factory=dict)
    sequences: SharedElements = field(default_factory=lambda: SharedElements())
    formats: decode.PixelFormats = field(default_factory=decode.PixelFormats)


def _compare_instance(a: Instance, b: Instance, comparison: Comparison, known: _EarlierPairs) -> None:
    transcoded = decode.is_native(a) != decode.is_native(b) or a.transfer_syntax != b.transfer_syntax
    comparison.transcoded += transcoded
    comparison.names += a.name == b.name
    identical = _same_bytes(a.path, b.path)
    comparison.identical_files += identical
    allowed = _TRANSCODED if transcoded else frozenset()
    _compare_elements(a, b, comparison, known, allowed)
    _compare_meta(a, b, comparison, known.reissued, transcoded)
    if _is_structure_set(a):
        return
    _compare_voxels(a, b, comparison, identical, known.formats)
    if identical:  # and so is the place of each frame
        return
    _compare_geometry(a, b, comparison)


def _same_bytes(a: str, b: str) -> bool:
    with opened_descriptor(a) as (one, first), opened_descriptor(b) as (two, second):
        if first.st_size != second.st_size:
            return False
        while part := read_some(one, CHUNK):
            if part != read_some(two, CHUNK):
                return False
        return True


def flatten(elements: Elements, path: Path_ = ()) -> Iterator[tuple[Path_, object]]:
    """Yield the path of tags (and item numbers) and the value of every element, nested ones too."""
    for tag, element in elements.items():
        here = (*path, tag)
        if isinstance(element.value, tuple):
            yield here, f"{len(element.value)} item(s)"
            for n, item in enumerate(element.value):
                yield from flatten(item.elements, (*here, n))
        else:
            yield here, element


def _compare_elements(a: Instance, b: Instance, comparison: Comparison, known: _EarlierPairs, allowed: frozenset[int]) -> None:
    rest = a.elements, b.elements
    if known.sequences.have_one_order(a.elements, b.elements):
        equal = known.sequences.equal_elements(a.elements, b.elements)
        count = sum(equal.values())
        comparison.elements += count
        comparison.equal_elements += count
        if len(equal) == len(a.elements):
            return
        rest = _without(a.elements, equal), _without(b.elements, equal)
    one, two = (dict(flatten(elements)) for elements in rest)
    comparison.elements += len(one)
    for path in one.keys() | two.keys():
        x, y = one.get(path), two.get(path)
        if _same_value(x, y) or _is_reissued(x, y, known.reissued) or path[0] in allowed:
            comparison.equal_elements += path in one
        else:
            comparison.differ(a.name, _path_text(path), x, y)
    common = one.keys() & two.keys()
    if [path for path in one if path in common] != [path for path in two if path in common]:
        comparison.differ(a.name, "order of elements", "", "")


def _without(elements: Elements, tags: Collection[int]) -> Elements:
    return {tag: element for tag, element in elements.items() if tag not in tags}


class SharedElements:
    """Sequences that many instances share: compared once for all of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Element, Element, int]] = {}
        self._alike: dict[tuple[int, int], _AlikePair] = {}

    def have_one_order(self, a: Elements, b: Elements) -> bool:
        """Whether data sets have the same tags in the same order."""
        alike = self._alike_pair(a, b)
        return list(a) == list(b) if alike is None else alike.one_order

    def equal_elements(self, a: Elements, b: Elements) -> dict[int, int]:
        """Return the tags whose elements are equal, with the number of elements in each: one, and those in its items.

        Both data sets have the same tags.
        """
        alike = self._alike_pair(a, b)
        if alike is None:
            return {tag: count for tag, x in a.items() if (count := self._count_if_equal(x, b[tag]))}
        if not alike.counts:
            alike.counts.update(self.equal_elements(*alike.likes))
        counts = alike.counts.copy()
        for tag in changes_of(a).keys() | changes_of(b).keys():
            counts[tag] = self._count_if_equal(a[tag], b[tag])
            if not counts[tag]:
                del counts[tag]
        return counts

    def _alike_pair(self, a: Elements, b: Elements) -> _AlikePair | None:
        """Return what is known of the data sets that two are similar to; None where neither is similar to another one."""
        likes = like_of(a), like_of(b)
        if likes[0] is a and likes[1] is b:
            return None
        key = id(likes[0]), id(likes[1])
        if key not in self._alike:
            self._alike[key] = _AlikePair(likes, list(likes[0]) == list(likes[1]), {})
        return self._alike[key]

    def _count_if_equal(self, x: Element, y: Element) -> int:
        """Return the number of elements in equal ones, whose items have them in the same order; 0 for others."""
        if not isinstance(x.value, tuple):
            return int(x.value == y.value)
        known = self._known.get((id(x), id(y)))
        if known is None or known[0] is not x or known[1] is not y:
            one, two = (list(flatten({0: element})) for element in (x, y))
            same = len(one) == len(two) and all(p == q and _same_value(v, w) for (p, v), (q, w) in zip(one, two, strict=True))
            known = self._known[id(x), id(y)] = x, y, len(one) * same
            if len(self._known) > MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
        return known[2]


class _AlikePair(NamedTuple):
    """Two data sets that others are similar to: whether their tags are in the same order, and what in them is equal."""

    likes: tuple[Elements, Elements]  # as long as they are referenced, no other data set has their identity
    one_order: bool
    counts: dict[int, int]


def _same_value(x: object, y: object) -> bool:
    if isinstance(x, Element) and isinstance(y, Element):
        return x.value == y.value
    return x == y


def _is_reissued(x: object, y: object, reissued: dict[str, str]) -> bool:
    """Whether a UID was replaced by the one that always replaces it."""
    if not (isinstance(x, Element) and isinstance(y, Element) and x.vr == y.vr == "UI"):
        return False
    old, new = (metadata.text({0: element}, 0) for element in (x, y))
    if not old or not new or not new.startswith("2.25."):
        return False
    return reissued.setdefault(old, new) == new


def _compare_meta(a: Instance, b: Instance, comparison: Comparison, reissued: dict[str, str], transcoded: bool) -> None:
    skipped = _TRANSCODED_META if transcoded else frozenset()
    comparison.file_meta += 1
    good = (a.preamble or bytes(128)) == (b.preamble or bytes(128))
    changed = False
    for tag in (a.file_meta.keys() | b.file_meta.keys()) - skipped:
        x, y = a.file_meta.get(tag), b.file_meta.get(tag)
        if _same_value(x, y):
            continue
        if _is_reissued(x, y, reissued):
            changed = True
        elif tag != Tag.FILE_META_INFORMATION_GROUP_LENGTH:
            good = False
    group = (a.file_meta.get(Tag.FILE_META_INFORMATION_GROUP_LENGTH), b.file_meta.get(Tag.FILE_META_INFORMATION_GROUP_LENGTH))
    if not transcoded and not changed and not _same_value(*group):
        good = False
    comparison.equal_file_meta += good
    if not good:
        comparison.differ(a.name, "file meta information or preamble", "", "")


def _compare_voxels(a: Instance, b: Instance, comparison: Comparison, identical: bool, formats: decode.PixelFormats) -> None:
    comparison.voxels += 1
    try:
        if identical and decode.is_native(a):  # equal bytes are equal values, if all of them are there
            _checked_format(a, formats)
            comparison.equal_voxels += 1
            return
        x, y = (decode.decode(instance, _checked_format(instance, formats)) for instance in (a, b))
    except Exception as error:
        comparison.differ(a.name, "pixel data cannot be decoded", failure_of(error).sentence, "")
        return
    if x.shape == y.shape and np.array_equal(x, y, equal_nan=x.dtype.kind == "f"):
        comparison.equal_voxels += 1
    else:
        count = int((x != y).sum()) if x.shape == y.shape else "all"
        comparison.differ(a.name, f"voxels ({count} differ)", x.shape, y.shape)


def _checked_format(instance: Instance, formats: decode.PixelFormats) -> PixelFormat:
    pixel = formats.of(instance)
    decode.check_length(instance, pixel)
    return pixel


def _compare_geometry(a: Instance, b: Instance, comparison: Comparison) -> None:
    for x, y in zip(frames_of(a, 0), frames_of(b, 0), strict=False):
        if x.plane is not None and y.plane is not None:
            comparison.geometry_mm = max(comparison.geometry_mm, float(np.abs(x.plane.position - y.plane.position).max()))


def _path_text(path: Path_) -> str:
    parts = [dictionary.describe(step) if step > 0xFFFF else f"item {step + 1}" for step in path]
    return " > ".join(parts)


def _shown(value: object) -> str:
    if value is None:
        return "(absent)"
    text = value.value if isinstance(value, Element) else value
    shown = text.decode("latin-1").strip("\0 ") if isinstance(text, bytes) else str(text)
    shown = "".join(c if c.isprintable() else "." for c in shown)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _lines(comparison: Comparison) -> list[str]:
    first, second, both = comparison.instances
    rows = [
        ("instances", f"{both} in both", f"{first} in the first, {second} in the second"),
        ("elements", f"{comparison.equal_elements} of {comparison.elements} equal", "value bytes; private and nested ones too"),
        ("file meta, preamble", f"{comparison.equal_file_meta} of {comparison.file_meta} equal", ""),
        ("voxels", f"{comparison.equal_voxels} of {comparison.voxels} equal", "decoded stored values"),
        ("geometry", f"{comparison.geometry_mm:g} mm apart at most", ""),
        ("file names", f"{comparison.names} of {both} equal", ""),
        ("files", f"{comparison.identical_files} of {both} identical to the last byte", ""),
    ]
    lines = [f"{name:20} {value:38} {remark}".rstrip() for name, value, remark in rows]
    if comparison.transcoded:
        lines.append(
            f"{'transfer syntax':20} {comparison.transcoded} instance(s) compressed differently: values compared after decoding"
        )
    if comparison.reissued_uids:
        lines.append(f"{'UIDs':20} {comparison.reissued_uids} replaced consistently")
    if comparison.not_compared:
        lines.append(f"{'not compared':20} {comparison.not_compared} other object(s) without pixel data, or duplicates")
    for difference in comparison.differences:
        lines.append(f"  {difference.instance}: {difference.what}: {difference.first} ≠ {difference.second}")
    if comparison.different > len(comparison.differences):
        lines.append(f"  … and {comparison.different - len(comparison.differences)} more differences")
    verdict = "DIFFERENT" if not comparison.same else "SAME, except for new UIDs" if comparison.reissued_uids else "SAME"
    rest = f"; {comparison.not_compared} object(s) were not compared" if comparison.not_compared else ""
    return [*lines, f"=> {verdict}{rest}"]
