"""UIDs of transfer syntaxes (PS3.5 A, PS3.6 A)."""

from __future__ import annotations

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = (IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN)
DEFLATED = "1.2.840.10008.1.2.1.99"
"""The whole data set is deflated; it is explicit in little endian."""
ENCAPSULATED = "1.2.840.10008.1.2.1.98"
"""Encapsulated pixel data that are not compressed."""
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEG = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in range(50, 71))
"""Of any process, the retired ones too."""
JPEG_LS_LOSSLESS, JPEG_LS_NEAR_LOSSLESS = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
JPEG_LS = frozenset({JPEG_LS_LOSSLESS, JPEG_LS_NEAR_LOSSLESS})
JPEG_2000_LOSSLESS, JPEG_2000_LOSSY = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL, HTJ2K_LOSSY = (f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203))
HTJ2K = frozenset({HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL, HTJ2K_LOSSY})
JPEG_2000 = frozenset({JPEG_2000_LOSSLESS, JPEG_2000_LOSSY}) | HTJ2K
JPEG_XL = {"1.2.840.10008.1.2.4.110": "JPEG XL Lossless", "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
           "1.2.840.10008.1.2.4.112": "JPEG XL"}  # fmt: skip
"""UID → name."""
LATER = {DEFLATED_FRAMES: "Deflated Image Frame Compression", **JPEG_XL}
"""Those of later editions than pydicom's table, by UID: their names."""
VIDEO = "1.2.840.10008.1.2.4.10"
"""How the UIDs of MPEG-2, MPEG-4 and HEVC begin: one fragment, or any number of them, for all frames (PS3.5 8.2.5 to 8.2.8)."""
