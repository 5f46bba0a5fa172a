"""How a command ended."""

DONE, FAILED, USAGE, UNEXPECTED = 0, 1, 2, 70
"""All is done; something failed or differs; wrong usage; an error that was not foreseen."""
