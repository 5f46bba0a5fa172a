"""Nodes and the DICOM files that they were loaded from: what was edited, and on which slices."""
