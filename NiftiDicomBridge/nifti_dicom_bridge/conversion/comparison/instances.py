"""Comparison of two instances: elements, file meta information, voxels, positions of frames."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...formats.dicom.reading.frames.frames import frames_of
from ...formats.dicom.reading.pixel_data import decode
from ...model import metadata
from ...model.files.input_files import opened_descriptor, read_some
from ...model.metadata import Instance
from ...model.processes.failure import failure_of
from ...model.voxels.pixels import PixelFormat
from ...standard.tags import Tag
from .elements import SharedElements, flatten, is_reissued, path_text, same_value
from .result import Comparison

CHUNK = 1 << 22
"""Bytes."""
# what a compressed image may specify differently once it is decoded
OF_ENCODED_PIXELS = frozenset(
    {Tag.PHOTOMETRIC_INTERPRETATION, Tag.PLANAR_CONFIGURATION, Tag.EXTENDED_OFFSET_TABLE, Tag.EXTENDED_OFFSET_TABLE_LENGTHS}
)
"""Attributes of the encoding of the pixels, which another transfer syntax changes."""
_TRANSCODED_META = frozenset({Tag.TRANSFER_SYNTAX_UID, Tag.FILE_META_INFORMATION_GROUP_LENGTH})


@dataclass
class EarlierPairs:
    """What is known from the instances before: new UIDs of old ones, and sequences that were compared."""

    reissued: dict[str, str] = field(default_factory=dict)
    sequences: SharedElements = field(default_factory=SharedElements)
    formats: decode.PixelFormats = field(default_factory=decode.PixelFormats)


def compare_instance(a: Instance, b: Instance, comparison: Comparison, known: EarlierPairs) -> None:
    """Compare two instances, and add to the comparison what was compared and what differs."""
    transcoded = decode.is_native(a) != decode.is_native(b) or a.transfer_syntax != b.transfer_syntax
    comparison.transcoded += transcoded
    comparison.names += a.name == b.name
    identical = _same_bytes(a.path, b.path)
    comparison.identical_files += identical
    allowed = OF_ENCODED_PIXELS if transcoded else frozenset()
    _compare_elements(a, b, comparison, known, allowed)
    _compare_meta(a, b, comparison, known.reissued, transcoded)
    if a.pixels is None:
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


def _compare_elements(a: Instance, b: Instance, comparison: Comparison, known: EarlierPairs, allowed: frozenset[int]) -> None:
    rest = a.elements, b.elements
    if known.sequences.have_one_order(a.elements, b.elements):
        equal = known.sequences.equal_elements(a.elements, b.elements)
        count = sum(equal.values())
        comparison.elements += count
        comparison.equal_elements += count
        if len(equal) == len(a.elements):
            return
        rest = metadata.without(a.elements, equal), metadata.without(b.elements, equal)
    one, two = (dict(flatten(elements)) for elements in rest)
    comparison.elements += len(one)
    for path in one.keys() | two.keys():
        x, y = one.get(path), two.get(path)
        if same_value(x, y) or is_reissued(x, y, known.reissued) or path[0] in allowed:
            comparison.equal_elements += path in one
        else:
            comparison.differ(a.name, path_text(path), x, y)
    common = one.keys() & two.keys()
    if [path for path in one if path in common] != [path for path in two if path in common]:
        comparison.fail(a.name, "order of elements")


def _compare_meta(a: Instance, b: Instance, comparison: Comparison, reissued: dict[str, str], transcoded: bool) -> None:
    skipped = _TRANSCODED_META if transcoded else frozenset()
    comparison.file_meta += 1
    good = (a.preamble or bytes(128)) == (b.preamble or bytes(128))
    changed = False
    for tag in (a.file_meta.keys() | b.file_meta.keys()) - skipped:
        x, y = a.file_meta.get(tag), b.file_meta.get(tag)
        if same_value(x, y):
            continue
        if is_reissued(x, y, reissued):
            changed = True
        elif tag != Tag.FILE_META_INFORMATION_GROUP_LENGTH:
            good = False
    group = (a.file_meta.get(Tag.FILE_META_INFORMATION_GROUP_LENGTH), b.file_meta.get(Tag.FILE_META_INFORMATION_GROUP_LENGTH))
    if not transcoded and not changed and not same_value(*group):
        good = False
    comparison.equal_file_meta += good
    if not good:
        comparison.fail(a.name, "file meta information or preamble")


def _compare_voxels(a: Instance, b: Instance, comparison: Comparison, identical: bool, formats: decode.PixelFormats) -> None:
    comparison.voxels += 1
    try:
        if identical and decode.is_native(a):  # equal bytes are equal values, if all of them are there
            _checked_format(a, formats)
            comparison.equal_voxels += 1
            return
        x, y = (decode.decode(instance, _checked_format(instance, formats)) for instance in (a, b))
    except Exception as error:
        comparison.fail(a.name, "pixel data cannot be decoded", failure_of(error).sentence)
        return
    if x.shape != y.shape:
        comparison.differ(a.name, "shape of the voxels", x.shape, y.shape)
    elif np.array_equal(x, y, equal_nan=x.dtype.kind == "f"):
        comparison.equal_voxels += 1
    else:
        comparison.fail(a.name, "voxels", _difference_of(x, y))


def _difference_of(x: np.ndarray, y: np.ndarray) -> str:
    """Return how many values differ, and by how much; one that is not a number is equal to another one."""
    differ = (x != y) & ~(np.isnan(x) & np.isnan(y))
    distances = np.abs(x[differ].astype(np.float64) - y[differ])
    finite = distances[np.isfinite(distances)]
    at_most = f", by {finite.max():g} at most" if finite.size else ""
    missing = f"; {distances.size - finite.size} are not finite in one of both" if finite.size < distances.size else ""
    return f"{distances.size} of {x.size} differ{at_most}{missing}"


def _checked_format(instance: Instance, formats: decode.PixelFormats) -> PixelFormat:
    pixel = formats.of(instance)
    decode.check_length(instance, pixel)
    return pixel


def _compare_geometry(a: Instance, b: Instance, comparison: Comparison) -> None:
    for x, y in zip(frames_of(a, 0), frames_of(b, 0), strict=False):
        if x.plane is not None and y.plane is not None:
            comparison.geometry_mm = max(comparison.geometry_mm, float(np.abs(x.plane.position - y.plane.position).max()))
