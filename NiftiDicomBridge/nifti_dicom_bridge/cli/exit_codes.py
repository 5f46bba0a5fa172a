"""How a command ended."""

DONE, FAILED, USAGE = 0, 1, 2
"""All is done; something failed or differs; wrong usage."""
