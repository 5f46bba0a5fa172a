"""Numbers as arguments; errors name the option."""

from __future__ import annotations

import argparse


def at_least_0(text: str) -> float:
    """Return a number of at least 0; raises `argparse.ArgumentTypeError` for other texts."""
    value = _number(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not valid. Expected a number of at least 0")
    return value


def above_0(text: str) -> float:
    """Return a number above 0; raises `argparse.ArgumentTypeError` for other texts."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not valid. Expected a number above 0")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
