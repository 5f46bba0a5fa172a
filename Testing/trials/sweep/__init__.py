"""Random NIfTI images → DICOM of every kind, read back by programs of others; see `__main__`."""
