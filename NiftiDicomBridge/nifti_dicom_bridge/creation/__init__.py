"""NIfTI that never was DICOM → what is known of it, from where, and the object that it becomes."""
