"""DICOM files → series → volumes."""
