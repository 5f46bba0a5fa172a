"""Two sets of files → comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import BridgeError
from ...formats.dicom.reading.grouping.series import find_series
from ...model.metadata import Instance
from ...model.processes.failure import failure_of
from ...options import Progress
from ...options.path_fields import AnyPaths, paths_of
from .instances import EarlierPairs, compare_instance
from .pairs import pairs_of, unmatched
from .result import Comparison


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
    inputs = {"first": first, "second": second}
    one, two = (_instances(paths, which, comparison, progress, follow_links) for which, paths in inputs.items())
    pairs = [
        pair for kind in (_is_image, _is_structure_set) for pair in pairs_of(list(filter(kind, one)), list(filter(kind, two)))
    ]
    comparison.instances = [len(one), len(two), len(pairs)]
    for n, missing in enumerate(unmatched(one, two, pairs)):
        for instance in missing:
            comparison.fail(instance.name, f"instance only in the {list(inputs)[n]}", instance.uid)
    known = EarlierPairs()
    for n, (a, b) in enumerate(pairs):
        if progress is not None and n % 16 == 0:
            progress("Comparing", n, len(pairs))
        try:
            compare_instance(a, b, comparison, known)
        except Exception as error:
            comparison.fail(a.name, "cannot be compared", failure_of(error).sentence)
    comparison.reissued_uids = len(known.reissued)
    return comparison


def _instances(
    paths: AnyPaths, which: str, comparison: Comparison, progress: Progress | None, follow_links: bool = False
) -> list[Instance]:
    given = paths_of(paths)
    inventory = find_series(given, progress, follow_links)
    structure_sets = _without_copies(inventory.structure_sets)
    compared = {instance.path for instance in structure_sets}
    for leftover in inventory.leftovers:
        if leftover.failed:
            reason = leftover.reason.removeprefix(f"{leftover.path}: ")
            comparison.fail(f"{Path(leftover.path).name} of the {which}", "cannot be read", reason)
        elif leftover.path not in compared:
            comparison.not_compared += 1
    instances = [*(instance for series in inventory.series for instance in series.instances), *structure_sets]
    if not instances and not comparison.different:
        from ..inputs.nothing_found import note_of_others  # most inputs contain images

        note = note_of_others(given, follow_links)
        raise BridgeError(f"No DICOM images were found in {', '.join(map(str, given))}.{note} Check the path.")
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
