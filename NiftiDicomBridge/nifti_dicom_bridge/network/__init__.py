"""Archives: objects are sent, found, fetched and received by DIMSE (PS3.7) and DICOMweb (PS3.18)."""
