"""Fields whose values are numbers, attributes, or the window and the mosaic of pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..standard.numbers import is_number
from .choices import PLANES, PreviewWindow, WindowChoice
from .fields import Field


class OptionalNumber(Field[float | None, float | None]):
    """A number above one limit and up to another, or None for one that follows from the image."""

    def __init__(self, above: float, to: float) -> None:
        super().__init__(None)
        self.above, self.to = above, to

    def checked(self, value: Any) -> float | None:
        """Return the number."""
        if value is None:
            return None
        if not is_number(value) or not self.above < value <= self.to:
            raise self.refused(value, f"Expected a number above {self.above:g}, up to {self.to:g}.")
        return float(value)


class OptionalLimit(Field[float | None, float | None]):
    """A number of at least 0, or None for no limit."""

    def checked(self, value: Any) -> float | None:
        """Return the number."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:  # nor NaN
            raise self.refused(value, "Expected a number of at least 0.")
        return float(value)


class WholeNumber(Field[int, int]):
    """A whole number in a range."""

    def __init__(self, default: int, least: int, most: int) -> None:
        super().__init__(default)
        self.least, self.most = least, most

    def checked(self, value: Any) -> int:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise self.refused(value, f"Expected a whole number from {self.least} to {self.most}.")
        return value


class Texts(Field[Iterable[str] | str, tuple[str, ...]]):
    """One text or several."""

    def __init__(self) -> None:
        super().__init__(())

    def checked(self, value: Any) -> tuple[str, ...]:
        """Return the texts."""
        texts = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else (None,)
        if not all(isinstance(text, str) and text for text in texts):
            raise self.refused(value, "Expected text, or several texts.")
        return texts


class Attributes(Field[Mapping[str, str | int | float], dict[str, str]]):
    """DICOM keywords and their values."""

    def __init__(self) -> None:
        super().__init__(())  # type: ignore[arg-type]  # a dataclass refuses a dict as a default

    def checked(self, value: Any) -> dict[str, str]:
        """Return keywords and texts."""
        if value == ():
            return {}
        if not isinstance(value, Mapping):
            raise self.refused(value, "Expected DICOM keywords and their values.")
        for keyword, text in value.items():
            if not isinstance(keyword, str) or not isinstance(text, (str, int, float)) or isinstance(text, bool):
                raise self.refused({keyword: text}, "Expected a DICOM keyword, and text or a number.")
        return {keyword: str(text) for keyword, text in value.items()}


class Window(Field[PreviewWindow | str, PreviewWindow]):
    """A `WindowChoice` or its string; or center and width, as numbers or as text with a comma."""

    def checked(self, value: Any) -> PreviewWindow:
        """Return the choice, or the two numbers."""
        if isinstance(value, str) and value in list(WindowChoice):
            return WindowChoice(value)
        try:
            center, width = map(float, value.split(",") if isinstance(value, str) else value)
        except (TypeError, ValueError):
            raise self.refused(value, "Expected CENTER,WIDTH such as 40,400, or auto, or full.") from None
        if not math.isfinite(center) or not math.isfinite(width) or width <= 0:
            raise self.refused(value, "The width must be above 0.")
        return center, width


class Mosaic(Field[int | str | None, int | None]):
    """A number of slices; 0 or ``"planes"`` for the three middle planes; None for no mosaic."""

    def checked(self, value: Any) -> int | None:
        """Return the number."""
        if value is None or value == PLANES:
            return None if value is None else 0
        number = int(value) if isinstance(value, str) and value.isdecimal() and value != "0" else value
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise self.refused(value, "Expected a number of slices, or planes.")
        return number
