"""Tables of the DICOM standard."""
