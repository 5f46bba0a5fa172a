"""Images that never were DICOM → DICOM objects of every kind."""
