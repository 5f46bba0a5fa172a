"""Slicer's own services: DICOM database, subject hierarchy, settings of archives, Python packages, temporary folders."""
