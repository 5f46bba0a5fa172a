"""An inventory without files whose pixel data cannot be decoded: as if their headers could not have been read, either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .found_files import Leftover
from .series import Inventory, Series, incomplete


def without_files(inventory: Inventory, reasons: Mapping[str, str]) -> Inventory:
    """Return an inventory in which some files are leftovers.

    Parameters
    ----------
    inventory : Inventory
        With the files among its series.
    reasons : mapping of str to str
        Path of each file, and why it cannot be read.
    """
    damaged = [
        Leftover(one.path, reasons[one.path], failed=True, series_uid=series.uid)
        for series in inventory.series
        for one in series.instances
        if one.path in reasons
    ]
    leftovers = [*inventory.leftovers, *damaged]
    series = [_without(one, reasons, leftovers) for one in inventory.series]
    return replace(inventory, series=[one for one in series if one.instances], leftovers=leftovers)


def _without(series: Series, reasons: Mapping[str, str], leftovers: Sequence[Leftover]) -> Series:
    """Return a series without some files, with the warning that it is incomplete; itself if it has none of them."""
    instances = [one for one in series.instances if one.path not in reasons]
    lost = len(series.instances) - len(instances)
    if not lost:
        return series
    before = sum(one.failed and one.series_uid == series.uid for one in leftovers) - lost if series.uid else 0
    warnings = [text for text in series.warnings if text != incomplete(before)]
    return replace(series, instances=instances, warnings=[*warnings, incomplete(before + lost)])
