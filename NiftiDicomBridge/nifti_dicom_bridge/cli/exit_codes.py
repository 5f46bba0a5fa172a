"""How a command ended."""

DONE, FAILED, USAGE, UNEXPECTED, INTERRUPTED = 0, 1, 2, 70, 130
"""All done; something failed or differs; wrong usage; an unforeseen error; Ctrl-C or SIGTERM (128 + SIGINT, as in shells)."""
