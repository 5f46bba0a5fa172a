"""Objects of one frame become Legacy Converted Enhanced CT, MR, PET (PS3.3 A.70 to A.72)."""
