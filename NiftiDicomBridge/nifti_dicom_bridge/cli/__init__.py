"""The command line."""

from .commands import main, program

__all__ = ["main", "program"]
