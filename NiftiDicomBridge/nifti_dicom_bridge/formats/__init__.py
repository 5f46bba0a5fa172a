"""What DICOM, NIfTI and Zarr stores look like as files; no format knows another."""
