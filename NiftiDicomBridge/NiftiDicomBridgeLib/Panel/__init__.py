"""The sections of the panel, their lists and windows, and the words in them."""
