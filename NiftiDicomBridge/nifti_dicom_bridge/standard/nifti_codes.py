"""Codes in the header of NIfTI images (nifti1.h)."""

SPACES = {1: "scanner", 2: "aligned", 3: "talairach", 4: "mni", 5: "template"}
"""``sform_code`` and ``qform_code``: what the coordinates refer to."""
ALIGNED, SOME_SPACE = "aligned", "unspecified"
"""Aligned to another image; and code 2 of the sform without a qform: nibabel and tools that are based on it write that for
every matrix that they are given."""
INTENTS = {
    2: "correlation", 3: "t statistic", 4: "F statistic", 5: "z score", 6: "chi-square statistic", 22: "p value",
    23: "log p value", 24: "log10 p value", 1001: "estimate", 1002: "label", 1003: "neuronames", 1007: "vector",
    2003: "rgb", 2004: "rgb",
}  # fmt: skip
"""``intent_code``: what the values are."""
UNITLESS = frozenset(name for code, name in INTENTS.items() if code < 1001)
STATISTICS = UNITLESS | {INTENTS[1001]}
"""An estimate may be of any quantity, in units that no header states."""
COMPONENTS = frozenset({1004, 1005, 1006, 1007, 1010, 2006})
"""Matrix, symmetric matrix, displacement, vector, quaternion, displacement field of FSL: an axis has components, not times."""
_SURFACE = "values or points of a surface. Map it to a volume first"
_COEFFICIENTS = "coefficients of a spline or a transform. Write the field that they describe as an image first"
_CIFTI = "a CIFTI file, whose voxels are a list. Write its volume as NIfTI first, as with wb_command -cifti-separate"
NOT_IMAGES = {
    **dict.fromkeys((1008, 1009, 2002, 2005), _SURFACE),
    **dict.fromkeys((2007, 2008, 2009, 2016, 2017), _COEFFICIENTS),
    **dict.fromkeys(range(3000, 3100), _CIFTI),
}
"""``intent_code`` of what has no voxels in the patient (nifti1.h; FSL, fslio.h; CIFTI-2) → what it is, and what to do."""
SECONDS = {0: 1.0, 8: 1.0, 16: 1e-3, 24: 1e-6}
"""``xyzt_units & 0x38`` → seconds per unit of time."""
OF_SPECTRA = {32: "Hz", 40: "ppm", 48: "rad/s"}
"""``xyzt_units & 0x38`` of a fourth axis that is not time."""
MILLIMETERS = {1: 1000.0, 3: 1e-3}
"""``xyzt_units & 7`` → millimeters per unit of space, where that is not 1."""
INTENT_LABEL = 1002
INTENT_VECTOR = 1007
XFORM_SCANNER = 1
NO_FORM = "neither sform nor qform is set: position and orientation are assumed, not known"
NO_PLANE = "the image has two dimensions, and its plane is at 0 mm, as ITK writes for every plane: where it is, is not known"
