"""How an original was acquired, by the keys of BIDS that only private attributes of its manufacturer specify."""

from __future__ import annotations

from ... import bids
from ...formats.dicom import new_element
from ...formats.dicom.created.attributes import Attributes
from ...formats.dicom.created.set_values import set_tags
from ...formats.dicom.reading.attributes import vendor
from ...model.metadata import Elements, Log
from ...model.volume import Volume
from ...options import Kind

_NEEDED = frozenset({
    "SliceTiming", "PhaseEncodingDirection", "PhaseEncodingAxis", "MultibandAccelerationFactor", "EffectiveEchoSpacing",
    "TotalReadoutTime", "DwellTime", "ParallelReductionFactorInPlane", "ShimSetting", "ReceiveCoilActiveElements",
})  # fmt: skip
"""Without any of these, the block has nothing that an analysis needs: other attributes are named in the report."""
_PET_SCALES = ((0x7053, "Philips PET Private Group", 0x00), (0x7053, "Philips PET Private Group", 0x09))
"""Factors of Philips from counts to SUV in g/ml and to Bq/ml: without them, PET in counts cannot be quantified."""
_BLOCK = 0x10


def pet_scales(volume: Volume, kind: Kind, log: Log) -> Elements:
    """Return the factors of Philips for PET in counts; a warning where the new object is not PET or they differ."""
    series = [instance.elements for instance in volume.dicom.metadata.instances]
    values = [[vendor.private_numbers(elements, key)[:1] for key in _PET_SCALES] for elements in series]
    if not any(values[0]):
        return {}
    if kind not in (Kind.PET, Kind.ENHANCED_PET) or any(other != values[0] for other in values):
        log.warnings.append(
            "SUV Scale Factor (7053,xx00) and Activity Concentration Scale Factor (7053,xx09) of Philips are left out: SUV and "
            "activity cannot be computed from the new object"
        )
        return {}
    group, creator, _ = _PET_SCALES[0]
    elements = {group << 16 | _BLOCK: new_element.text("LO", creator)}
    for (_, _, number), numbers in zip(_PET_SCALES, values[0], strict=True):
        if numbers:
            elements[group << 16 | _BLOCK << 8 | number] = new_element.decimals(numbers)
    return elements


def preserved_keys(volume: Volume, attributes: Attributes, of_first: Elements) -> Elements:
    """Return the private block with what BIDS states of an original and attributes of the new object do not.

    Most manufacturers write slice timing, phase encoding direction and multiband in private attributes, which are not copied.

    Parameters
    ----------
    volume : Volume
        The original.
    attributes : Attributes
        All that is decided of the new object.
    of_first : dict of int to Element
        What its first frame specifies by itself.
    """
    elements, given = attributes.elements | of_first, set_tags(attributes)
    now = bids.keys_of_elements(elements)
    before = bids.keys_of_elements({tag: element for tag, element in elements.items() if tag not in given})
    keys = {
        key: value for key, value in bids.keys_of(volume).items() if now.get(key) != value and now.get(key) == before.get(key)
    }
    return bids.private_block_of(keys, now, volume.ijk_to_ras) if _NEEDED & keys.keys() else {}
