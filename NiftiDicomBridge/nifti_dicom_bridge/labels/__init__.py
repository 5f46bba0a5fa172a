"""What the numbers in a label map mean: names, codes, colours, from the label files of many tools."""

from .codes import named_labels, with_codes
from .find import find_labels
from .read import is_label_table, read_label_text, read_labels
from .segment import Code, Segment, description_of, number_in_description
from .write import write_dseg

__all__ = [
    "Code", "Segment", "description_of", "find_labels", "is_label_table", "named_labels", "number_in_description",
    "read_label_text", "read_labels", "with_codes", "write_dseg",
]  # fmt: skip
