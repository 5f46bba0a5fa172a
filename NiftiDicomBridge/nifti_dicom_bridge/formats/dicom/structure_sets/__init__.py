"""RT Structure Sets (PS3.3 A.19): label maps ⇄ contours."""

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
"""SOP Class UID of RT Structure Set Storage."""
