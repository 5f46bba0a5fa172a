"""Diffusion weighting of frames: b-value and gradient direction, from public attributes and from those of vendors.

Directions are returned in the patient (LPS). Vendors that specify them along the axes of the image are rotated here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .....model import metadata
from .....model.metadata import Elements
from .....model.space.geometry import Plane
from .....standard.dictionary import describe
from .....standard.tags import Tag
from . import vendor
from .functional_groups import Lookup

SIEMENS_B_VALUE = (0x0019, "SIEMENS MR HEADER", 0x0C)
SIEMENS_DIRECTION = (0x0019, "SIEMENS MR HEADER", 0x0E)
SIEMENS_B_MATRIX = (0x0019, "SIEMENS MR HEADER", 0x27)
GE_B_VALUE = (0x0043, "GEMS_PARM_01", 0x39)
GE_DIRECTION = tuple((0x0019, "GEMS_ACQU_01", number) for number in (0xBB, 0xBC, 0xBD))
PHILIPS_B_VALUE = (0x2001, "Philips Imaging DD 001", 0x03)
PHILIPS_DIRECTION = tuple((0x2005, "Philips MR Imaging DD 001", number) for number in (0xB0, 0xB1, 0xB2))
UIH_B_VALUE = (0x0065, "Image Private Header", 0x09)
UIH_DIRECTION = (0x0065, "Image Private Header", 0x37)

_NUMBER = r"\s*([-+]?[\d.]+)\s*"
CANON_COMMENT = re.compile(rf"b={_NUMBER}\({_NUMBER},{_NUMBER},{_NUMBER}\)")
GE_IMAGE_KIND = (0x0043, "GEMS_PARM_01", 0x30)
"""Of each image ("Vas collapse flag")."""
GE_SERIES_KIND = (0x0021, "GEMS_RELA_01", 0x5A)
"""Of the series ("Diffusion direction")."""
GE_TENSOR_IMAGES = (14, 16)
"""b = 0, and an image of a table of directions; images in one direction, and their mean, have other numbers."""
GE_TENSOR_SERIES = 16
GE_HIGH_B_OFFSET = 10**9
"""GE adds it to b-values of multi-shell acquisitions."""
GE_B_STEP = 5
B_MATRIX = (
    Tag.DIFFUSION_B_VALUE_XX, Tag.DIFFUSION_B_VALUE_XY, Tag.DIFFUSION_B_VALUE_XZ,
    Tag.DIFFUSION_B_VALUE_YY, Tag.DIFFUSION_B_VALUE_YZ, Tag.DIFFUSION_B_VALUE_ZZ,
)  # fmt: skip
_UNDIRECTED = ("NONE", "ISOTROPIC")
LEAST_PART = 0.9
"""Of the trace of a b-matrix, what its main direction must have; imaging gradients add little to it."""


class Weighting(NamedTuple):
    """b-value in s/mm², and unit direction in LPS (zero where there is none), whose sign a b-matrix does not have."""

    b_value: float
    direction: np.ndarray
    has_sign: bool = True


_AXIAL = Plane(np.zeros(3), np.array([1.0, 0, 0, 0, 1.0, 0]), (1.0, 1.0))

Source = Callable[[Lookup, Elements, Plane], Weighting | None]


def weighting_of(look: Lookup, plane: Plane = _AXIAL) -> Weighting | None:
    """Return the weighting that a frame states; without its plane, the direction only distinguishes weightings."""
    for source in _SOURCES:
        weighting = source(look, look.data_set, plane)
        if weighting is not None:
            return weighting
    return None


def _directed(b_value: float | None, direction: Sequence[float]) -> Weighting | None:
    if b_value is None or not np.isfinite(b_value):
        return None
    vector = np.array(direction, dtype=float) if len(direction) == 3 else np.zeros(3)
    length = float(np.linalg.norm(vector))
    usable = np.isfinite(length) and length > 0 and b_value > 0 and np.abs(vector).max() <= 2  # Siemens: 2e9 for "none"
    return Weighting(float(b_value), vector / length if usable else np.zeros(3))


def _public(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    """PS3.3 C.8.13.5.9, MR Diffusion; at the top level in classic objects of GE, Siemens XA and Canon."""
    group = look.merged(Tag.MR_DIFFUSION_SEQUENCE) or elements
    b_value = metadata.number(group, Tag.DIFFUSION_B_VALUE)
    nested = metadata.first_item(group, Tag.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE)
    direction = metadata.numbers(nested or group, Tag.DIFFUSION_GRADIENT_ORIENTATION)
    undirected = metadata.text(group, Tag.DIFFUSION_DIRECTIONALITY) in _UNDIRECTED
    matrix = metadata.first_item(group, Tag.DIFFUSION_B_MATRIX_SEQUENCE)
    if matrix and not direction and not undirected:
        weighting = _of_matrix(b_value, [metadata.number(matrix, tag) or 0.0 for tag in B_MATRIX])
        if weighting and not weighting.has_sign:
            return weighting
    if nested == {} and group is elements and not direction and b_value and not undirected:
        return None  # the vendor's own elements may contain the direction
    return _directed(b_value, direction)


def is_isotropic(look: Lookup) -> bool:
    """Whether a frame states that its weighting has no direction (PS3.3 C.8.13.5.9)."""
    group = look.merged(Tag.MR_DIFFUSION_SEQUENCE) or look.data_set
    return metadata.text(group, Tag.DIFFUSION_DIRECTIONALITY) in _UNDIRECTED


def _of_matrix(b_value: float | None, matrix: Sequence[float]) -> Weighting | None:
    weighting = _directed(b_value, _main_direction(matrix))
    return weighting and weighting._replace(has_sign=not weighting.direction.any())


def _main_direction(matrix: Sequence[float]) -> list[float]:
    """Return the direction of a b-matrix, given as xx, xy, xz, yy, yz, zz: b times its outer product, of either sign.

    Empty where the matrix has no such direction: without diffusion weighting, or with several directions in one image.
    """
    if len(matrix) != 6 or not np.isfinite(matrix).all():
        return []
    xx, xy, xz, yy, yz, zz = matrix
    values, vectors = np.linalg.eigh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return [float(part) for part in vectors[:, -1]] if values[-1] > LEAST_PART * np.abs(values).sum() > 0 else []


def _siemens(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    b_value = vendor.private_numbers(elements, SIEMENS_B_VALUE)
    direction = vendor.private_numbers(elements, SIEMENS_DIRECTION)
    if not b_value:
        header = vendor.csa_image_header(elements)
        b_value = [float(v) for v in header.get("B_value", [])[:1]]
        direction = [float(v) for v in header.get("DiffusionGradientDirection", [])]
    if b_value and not direction:
        return _of_matrix(b_value[0], vendor.private_numbers(elements, SIEMENS_B_MATRIX))
    return _directed(b_value[0], direction) if b_value else None


def _ge(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    """Directions along frequency, phase and slice; scaled by the root of b in multi-shell series."""
    numbers = vendor.private_numbers(elements, GE_B_VALUE)
    if not numbers:
        return None
    b_value = numbers[0] % GE_HIGH_B_OFFSET
    parts = [vendor.private_numbers(elements, key) for key in GE_DIRECTION]
    direction = np.array([part[0] for part in parts]) if all(parts) else np.zeros(3)
    length = float(np.linalg.norm(direction))
    if length == 0:
        return Weighting(0.0, np.zeros(3)) if all(parts) and _is_in_tensor(elements) else _directed(b_value, ())
    if 0.03 < length < 0.97:
        b_value = max(GE_B_STEP, round(b_value * length**2 / GE_B_STEP) * GE_B_STEP)
    return _directed(b_value, _of_image_axes(elements, plane, direction))


def _is_in_tensor(elements: Elements) -> bool:
    """Whether an image of GE is one of a table of directions: without a direction, it is b = 0, whatever the b-value.

    Clinical images, of one direction or of the mean of several, have the b-value that they state and no direction.
    """
    kind = vendor.private_numbers(elements, GE_IMAGE_KIND)
    if kind and kind[0]:
        return kind[0] in GE_TENSOR_IMAGES
    series_kind = vendor.private_numbers(elements, GE_SERIES_KIND)
    return not series_kind or series_kind[0] == GE_TENSOR_SERIES


def _of_image_axes(elements: Elements, plane: Plane, direction: np.ndarray) -> list[float]:
    """Return a direction along frequency, phase and slice in the patient."""
    coronal = int(np.argmax(np.abs(plane.normal))) == 1
    x, y, z = direction * [1.0, -1.0 if coronal else 1.0, -1.0]
    if metadata.text(elements, Tag.IN_PLANE_PHASE_ENCODING_DIRECTION) == "ROW":
        x, y = y, -x
    return _in_patient(plane, x, y, z)


def _canon(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    """b-value and direction along the axes of the image in ImageComments (0020,4000), such as b=1500(0.445,0.000,0.895)."""
    if not is_of_canon(elements):
        return None
    stated = CANON_COMMENT.search(metadata.text(elements, Tag.IMAGE_COMMENTS))
    if stated is None:
        return None
    try:
        b_value, phase, frequency, across = map(float, stated.groups())
    except ValueError:
        return None
    return _directed(b_value, _of_image_axes(elements, plane, np.array([frequency, phase, across])))


def is_of_canon(elements: Elements) -> bool:
    """Whether an object is of Canon, formerly Toshiba, whose volumes of b = 0 have no b-value."""
    return vendor.manufacturer(elements).startswith(("CANON", "TOSHIBA"))


def doubt_of_axes(elements: Elements) -> str:
    """Return why the axes of directions of GE and Canon are not certain; empty where they are, and for other directions."""
    of_canon = is_of_canon(elements) and CANON_COMMENT.search(metadata.text(elements, Tag.IMAGE_COMMENTS))
    of_axes = of_canon or vendor.private_numbers(elements, GE_DIRECTION[0])
    if not of_axes or metadata.numbers(elements, Tag.DIFFUSION_GRADIENT_ORIENTATION):
        return ""
    phase, position = Tag.IN_PLANE_PHASE_ENCODING_DIRECTION, Tag.PATIENT_POSITION
    if metadata.text(elements, phase) not in ("ROW", "COL"):
        return f"the gradient directions are along frequency and phase, and {describe(phase)} is missing: COL is assumed"
    if metadata.text(elements, position) not in ("", "HFS"):
        return (
            "the gradient directions are along the axes of the image, which is certain for patients who lie supine, head "
            f"first; {describe(position)} is {metadata.text(elements, position)}: check the directions"
        )
    return ""


def doubt_of_parts(elements: Elements) -> str:
    """Return that some of the three private elements of a gradient direction are missing; empty where all or none are there."""
    for keys in (GE_DIRECTION, PHILIPS_DIRECTION):
        missing = [key for key in keys if not vendor.private_numbers(elements, key)]
        if 0 < len(missing) < len(keys):
            names = ", ".join(f"({group:04X},xx{number:02X})" for group, _, number in missing)
            return f"a part of the gradient direction is missing, private element {names}: the direction is not known"
    return ""


def _philips(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    b_value = vendor.private_numbers(elements, PHILIPS_B_VALUE)
    parts = [vendor.private_numbers(elements, key) for key in PHILIPS_DIRECTION]
    return _directed(b_value[0], [part[0] for part in parts if part]) if b_value else None


def _uih(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    """b-value and direction along the axes of the image; DiffusionGradientOrientation next to it is not rotated with the image.

    https://github.com/rordenlab/dcm2niix/issues/836
    """
    direction = vendor.private_numbers(elements, UIH_DIRECTION)
    if len(direction) != 3:
        return None
    stated = vendor.private_numbers(elements, UIH_B_VALUE)
    b_value = stated[0] if stated else metadata.number(elements, Tag.DIFFUSION_B_VALUE)
    return _directed(b_value, _in_patient(plane, *direction))


def _in_patient(plane: Plane, x: float, y: float, z: float) -> list[float]:
    """Return a direction along row, column and normal of a plane in the patient."""
    row, column = plane.orientation[:3], plane.orientation[3:]
    return list(x * row + y * column + z * plane.normal)


def _undirected(look: Lookup, elements: Elements, plane: Plane) -> Weighting | None:
    """The public b-value of a classic object, or that of United Imaging, where no element contains a direction."""
    stated = vendor.private_numbers(elements, UIH_B_VALUE)
    return _directed(stated[0] if stated else metadata.number(elements, Tag.DIFFUSION_B_VALUE), ())


_SOURCES: tuple[Source, ...] = (_uih, _public, _siemens, _ge, _philips, _canon, _undirected)
"""In order of trust."""
