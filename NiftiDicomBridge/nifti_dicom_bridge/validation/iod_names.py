"""Short names of the IODs that rules are of (PS3.3 A), as in data/iods.json."""

from __future__ import annotations

CT, MR, PET, NM = "ct-image", "mr-image", "positron-emission-tomography-image", "nuclear-medicine-image"
ENHANCED_CT, ENHANCED_MR, ENHANCED_PET = "enhanced-ct-image", "enhanced-mr-image", "enhanced-pet-image"
LEGACY_CT, LEGACY_MR, LEGACY_PET = (f"legacy-converted-{name}" for name in (ENHANCED_CT, ENHANCED_MR, ENHANCED_PET))
ENHANCED_MR_COLOR, MR_SPECTROSCOPY = "enhanced-mr-color-image", "mr-spectroscopy"
SC, SC_BIT = "secondary-capture-image", "multi-frame-single-bit-secondary-capture-image"
SC_BYTE, SC_WORD, SC_COLOR = (
    f"multi-frame-{kind}-secondary-capture-image" for kind in ("grayscale-byte", "grayscale-word", "true-color")
)
SEG, PARAMETRIC_MAP, RT_DOSE = "segmentation", "parametric-map", "rt-dose"
US, US_FRAMES, CR = "ultrasound-image", "ultrasound-multi-frame-image", "computed-radiography-image"
DX, MG, IO = "digital-x-ray-image", "digital-mammography-x-ray-image", "digital-intra-oral-x-ray-image"
XA, RF = "x-ray-angiographic-image", "x-ray-radiofluoroscopic-image"
ENHANCED_XA, ENHANCED_RF = "enhanced-xa-image", "enhanced-xrf-image"
X_RAYS = (DX, MG, IO)
OPHTHALMIC = (*(f"ophthalmic-photography-{bits}-bit-image" for bits in (8, 16)),
              "ophthalmic-optical-coherence-tomography-en-face-image")  # fmt: skip
ENHANCED = (ENHANCED_CT, ENHANCED_MR, ENHANCED_PET, ENHANCED_MR_COLOR)
LEGACY = (LEGACY_CT, LEGACY_MR, LEGACY_PET)
