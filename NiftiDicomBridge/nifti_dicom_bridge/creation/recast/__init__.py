"""A volume that came from DICOM becomes another kind of object."""
