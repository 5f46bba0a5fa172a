"""The tests that run inside Slicer, by subject."""
