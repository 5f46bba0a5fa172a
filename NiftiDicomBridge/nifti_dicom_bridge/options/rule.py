"""What a rule about options is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..errors import OptionError
from .messages import OPTIONS
from .options import ConversionOptions, PreviewOptions
from .wording import option_error


class Rule(NamedTuple):
    """One contradiction between options, or between an option and what it names.

    Attributes
    ----------
    code : str
        Identifies the rule, in all front ends.
    options : tuple of str
        The options that are affected.
    broken_by : callable
        Whether options break the rule.
    reason : str
        What contradicts what, and what to do; with ``{option}`` or ``{option=value}`` for each option, and ``{found}``.
    found : callable
        Returns what the reason names as ``{found}``.
    """

    code: str
    options: tuple[str, ...]
    broken_by: Callable[[ConversionOptions], bool]
    reason: str
    found: Callable[[ConversionOptions], str] = lambda options: ""

    def error(self, options: ConversionOptions) -> OptionError:
        """Return the error for options that break the rule."""
        return option_error(self.reason, self.code, self.options, self.found(options))


def value_of(options: ConversionOptions, option: str) -> object:
    """Return the value of an option; those of pictures are named ``preview.NAME``."""
    name = option.removeprefix(PreviewOptions.PREFIX)
    return getattr(options if name == option else options.preview, name)


_UNCHANGED = ConversionOptions()
DEFAULTS = {option: value_of(_UNCHANGED, option) for option in OPTIONS}


def is_given(options: ConversionOptions, option: str) -> bool:
    """Whether an option differs from its default."""
    return value_of(options, option) != DEFAULTS[option]
