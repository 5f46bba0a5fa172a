"""What the numbers in a label map mean: names, codes, colors, from the label files of many tools.

Names are loaded when they are first used: most conversions have no label files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not look into the table below
    from .codes import bids_structure as bids_structure
    from .codes import with_codes as with_codes
    from .find import find_labels as find_labels
    from .find import find_shared_labels as find_shared_labels
    from .find import unreadable_labels as unreadable_labels
    from .monai_label import datastore_labels as datastore_labels
    from .monai_label import has_datastore_labels as has_datastore_labels
    from .profiles import is_profile as is_profile
    from .read import is_label_table as is_label_table
    from .read import read_label_text as read_label_text
    from .read import read_labels as read_labels
    from .regions import read_regions as read_regions
    from .segment import Code as Code
    from .segment import Segment as Segment
    from .segment import description_of as description_of
    from .segment import number_in_description as number_in_description
    from .segment import unnamed as unnamed
    from .totalsegmentator import task_of_names as task_of_names
    from .totalsegmentator import with_classes as with_classes
    from .write import write_dseg as write_dseg

_HOME_OF = {
    "Code": "segment", "Segment": "segment", "bids_structure": "codes", "description_of": "segment",
    "number_in_description": "segment",
    "datastore_labels": "monai_label", "has_datastore_labels": "monai_label",
    "find_labels": "find", "find_shared_labels": "find", "is_profile": "profiles",
    "is_label_table": "read", "read_label_text": "read", "read_labels": "read",
    "read_regions": "regions", "task_of_names": "totalsegmentator", "with_classes": "totalsegmentator",
    "unreadable_labels": "find", "unnamed": "segment", "with_codes": "codes", "write_dseg": "write",
}  # fmt: skip

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    return globals()[name]
