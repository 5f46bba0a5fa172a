"""DICOM: files → series → volumes, and back."""
