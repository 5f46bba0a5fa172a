"""Numbers that no reader can apply: windows without a width, scales that make all values one (PS3.3 C.11.1, C.11.2.1.2)."""

from __future__ import annotations

from math import isfinite

from ..model import metadata
from ..model.metadata import Elements
from ..standard import dictionary
from ..standard.tags import Tag
from .findings import TagPath
from .subject import DataSetContext

SCALES = (Tag.RESCALE_SLOPE, Tag.REAL_WORLD_VALUE_SLOPE)
SCALE_VALUES = (*SCALES, Tag.RESCALE_INTERCEPT, Tag.REAL_WORLD_VALUE_INTERCEPT)
LINEAR = "LINEAR"
"""VOILUTFunction (0028,1056) where it is absent: the only one whose smallest width is 1."""


def check_numbers(subject: DataSetContext, elements: Elements, above: TagPath) -> None:
    """Report windows and scales of one level of a data set that cannot be applied."""
    _check_windows(subject, elements, above)
    for tag in SCALE_VALUES:
        for number in metadata.numbers(elements, tag) if tag in elements else []:
            if number == 0 and tag in SCALES:
                _report(subject, (*above, tag), "It is 0, so all pixels have one and the same value (PS3.3 C.11.1).")
            elif not isfinite(number):
                _report(subject, (*above, tag), f"It is {number}; a finite number is required (PS3.3 C.11.1).")


def _check_windows(subject: DataSetContext, elements: Elements, above: TagPath) -> None:
    centers, widths = (metadata.numbers(elements, tag) for tag in (Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH))
    function = metadata.text(elements, Tag.VOI_LUT_FUNCTION) or LINEAR
    path = (*above, Tag.WINDOW_WIDTH)
    for width in widths:
        if not width > 0 or (width < 1 and function == LINEAR):
            least = "at least 1" if function == LINEAR else "above 0"
            _report(subject, path, f"It is {width:g}; with VOILUTFunction {function} it has to be {least} (PS3.3 C.11.2.1.2).")
            return
    if centers and widths and len(centers) != len(widths):
        center = dictionary.describe(Tag.WINDOW_CENTER)
        _report(subject, path, f"It has {len(widths)} value(s) and {center} has {len(centers)} (PS3.3 C.11.2.1.2).")


def _report(subject: DataSetContext, path: TagPath, message: str) -> None:
    subject.error("number", path, message, "Correct it, or remove it where it is optional.")
