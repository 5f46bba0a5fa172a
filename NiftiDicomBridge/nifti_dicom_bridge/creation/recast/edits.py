"""Attributes that a person wants to be others, in the instances of a volume that becomes another kind of object."""

from __future__ import annotations

from dataclasses import replace

from ...formats.dicom import edits
from ...model.charset import CharacterSet
from ...model.metadata import Elements, Instance, Log
from ...model.volume import Volume
from ...standard import tags
from ..attribute_sources import Shared
from ..repair import Told, written_well


def with_values(volume: Volume, found: edits.Values) -> Volume:
    """Return a volume whose instances have these attributes."""
    series = volume.metadata
    if series is None or not found:
        return volume
    instances = tuple(edits.apply(instance, found) for instance in series.instances)
    return replace(volume, metadata=replace(series, instances=instances))


def as_it_may_stand(volume: Volume, shared: Shared, log: Log) -> Volume:
    """Return a volume whose instances have what ``--set`` and ``--metadata`` say, and public values legal for their VR."""
    changed = with_values(volume, {**shared.file_values, **shared.set_values})
    series = changed.metadata
    assert series is not None
    sentences: Told = {}
    instances = tuple(replace(one, elements=_written_well(one, sentences)) for one in series.instances)
    log.warnings += [sentence for sentence in sentences if sentence not in log.warnings]
    return replace(changed, metadata=replace(series, instances=instances))


def _written_well(instance: Instance, sentences: Told) -> Elements:
    public = {tag: element for tag, element in instance.elements.items() if not tags.is_private(tag)}
    own = CharacterSet().of(instance.elements)
    good = written_well(public, sentences, own)
    return {tag: good.get(tag, element) for tag, element in instance.elements.items() if tag in good or tag not in public}
