"""How an original was acquired, by the keys of BIDS that only private attributes of its maker specify."""

from __future__ import annotations

from ... import bids
from ...formats.dicom.created.attributes import Attributes
from ...formats.dicom.created.set_values import set_tags
from ...model.metadata import Elements
from ...model.volume import Volume

_NEEDED = frozenset({
    "SliceTiming", "PhaseEncodingDirection", "PhaseEncodingAxis", "MultibandAccelerationFactor", "EffectiveEchoSpacing",
    "TotalReadoutTime", "DwellTime", "ParallelReductionFactorInPlane", "ShimSetting", "ReceiveCoilActiveElements",
})  # fmt: skip
"""Without any of these, the block has nothing that an analysis needs: other attributes are named in the report."""


def preserved_keys(volume: Volume, attributes: Attributes, of_first: Elements) -> Elements:
    """Return the private block with what BIDS states of an original and attributes of the new object do not.

    Slice timing, direction of phase encoding and multiband are private with most makers, whose attributes are not copied.

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
