"""Which image axis was phase encoded, and in which sense."""

from __future__ import annotations

import struct

import numpy as np

from ..standard.ge_pepolar import are_rows_reversed
from ..standard.tags import Tag
from .kinds import Kind
from .row import ALWAYS, MR, AnyRow, Derived, Row
from .rows import train_length_of
from .sequence_words import GE_SEQUENCE, is_3d
from .source import Csa, PlaneAttributes, Private

SIEMENS_POSITIVE = (Private(0x0021, "SIEMENS MR SDI 02", 0x111C), Csa("PhaseEncodingDirectionPositive"))
UIH_NEGATIVE = Private(0x0065, "Image Private Header", 0x1058)
GE_HEADER = Private(0x0043, "GEMS_PARM_01", 0x102A)
GE_USER_12 = Private(0x0019, "GEMS_ACQU_01", 0x10B3)


def row_or_column(source: PlaneAttributes) -> str:
    """Return ``R`` or ``C`` of InPlanePhaseEncodingDirection (0018,1312), empty where unknown."""
    letter = source.text(Tag.IN_PLANE_PHASE_ENCODING_DIRECTION)[:1].upper()
    return letter if letter in ("R", "C") else ""


def polarity_of(source: PlaneAttributes) -> int | None:
    """Return 1 where lines were encoded along increasing row or column numbers of the DICOM image, −1 against, None unknown."""
    reader = POLARITIES.get(source.manufacturer)
    return reader(source) if reader else None


def _siemens(source: PlaneAttributes) -> int | None:
    positive = source.first_number(*SIEMENS_POSITIVE)
    return None if positive is None else 1 if positive == 1 else -1


def _uih(source: PlaneAttributes) -> int | None:
    negative = source.number(UIH_NEGATIVE)
    return None if negative is None else -1 if negative == 1 else 1


def _ge(source: PlaneAttributes) -> int | None:
    """``LINEAR`` is what GE calls flipped; software before RX27 has it in a binary header only."""
    word = source.text(Tag.RECTILINEAR_PHASE_ENCODE_REORDERING).upper()[:1]
    polarity = {"L": -1, "R": 1}.get(word) or ge_header_polarity(_raw(source))
    return -polarity if polarity and _is_reversed_pair(source) else polarity


def _is_reversed_pair(source: PlaneAttributes) -> bool:
    """Whether the research sequence with alternating polarity reverses this image."""
    time = int(source.number(Tag.TEMPORAL_POSITION_IDENTIFIER) or 0)
    return bool(are_rows_reversed(source.text(GE_SEQUENCE), source.number(GE_USER_12) or 0, time))


def _raw(source: PlaneAttributes) -> bytes:
    holder = source.holder(GE_HEADER) if source.manufacturer == "GE" else None
    value = holder[0][holder[1]].value if holder else b""
    return value if isinstance(value, bytes) else b""


def ge_header_polarity(raw: bytes) -> int | None:
    """Return the polarity in GE's user defined data (0043,xx2A); None where it is not an EPI, or not to be understood.

    Offsets as in the GE notes of dcm2niix: pool header offset at 24; EPI flag, polarity bit and slice order below it, which
    version 25 moved.
    """
    if len(raw) < 916:
        return None
    (offset,) = struct.unpack_from("<H", raw, 24)
    if len(raw) < offset + 916:
        return None
    (version,) = struct.unpack_from("<f", raw, offset)
    if not 5.0 <= version <= 40.0:
        return None
    start, order_at = (offset + 0x4C, 0x394 - 0x8C) if version >= 25.002 else (offset, 0x394)
    if len(raw) < start + order_at + 2:
        return None
    epi, flags, order = (struct.unpack_from("<H", raw, start + at)[0] for at in (0x3A, 0x30, order_at))
    if not epi & 0x800:
        return None
    flipped = bool(flags & 0x4) != (order == 2)
    return -1 if flipped else 1


POLARITIES = {"Siemens": _siemens, "UIH": _uih, "GE": _ge}


def _axis_of(source: PlaneAttributes) -> tuple[str, int] | None:
    """Return the letter of the phase encoded image axis, and the sense of increasing DICOM row or column numbers along it.

    Of 3D images only where they have an echo train: others have two phase encoded axes, and little distortion.
    """
    letter = row_or_column(source)
    cosines = source.numbers(Tag.IMAGE_ORIENTATION_PATIENT)
    volumetric = is_3d(source) and train_length_of(source) < 2
    if not letter or source.storage is None or volumetric or len(cosines) != 6:
        return None
    return source.storage.axis_along(np.array(cosines[:3] if letter == "R" else cosines[3:]))


def _axis(source: PlaneAttributes) -> str | None:
    axis = _axis_of(source)
    return axis[0] if axis and polarity_of(source) is None else None


def _direction(source: PlaneAttributes) -> str | None:
    axis, polarity = _axis_of(source), polarity_of(source)
    if axis is None or polarity is None:
        return None
    letter, sense = axis
    return letter if sense * polarity > 0 else letter + "-"


def _ge_polarity(source: PlaneAttributes) -> str | None:
    return {1: "Unflipped", -1: "Flipped", None: None}[polarity_of(source)] if source.manufacturer == "GE" else None


def recon_lines_of(source: PlaneAttributes) -> int:
    """Return the size of the reconstructed image along the phase encoding axis; 0 where unknown."""
    from .acceleration import lines_of

    rows, columns = source.tile_shape
    if rows == columns:
        return rows
    return {"R": columns, "C": rows}.get(row_or_column(source), lines_of(source))


def _column_or_row(source: PlaneAttributes, where: object, factor: float) -> str | None:
    return {"R": "ROW", "C": "COL", "": None}[row_or_column(source)]


AXIS_WORDS = Kind(_column_or_row, lambda value, factor: [value], (str,))

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("PhaseEncodingAxis", _axis, "(0018,1312); the polarity is unknown", ALWAYS),
    Derived("PhaseEncodingDirection", _direction, "(0018,1312) and (0021,xx1C) SIEMENS MR SDI 02, CSA "
            "`PhaseEncodingDirectionPositive`, (0018,9034) or (0043,xx2A) of GE, (0065,xx58) of UIH", ALWAYS),
    Derived("PhaseEncodingPolarityGE", _ge_polarity, "(0018,9034), else (0043,xx2A) GEMS_PARM_01"),
    Derived("ReconMatrixPE", lambda source: recon_lines_of(source) or None, "Rows or Columns, by (0018,1312)", MR),
    Row("InPlanePhaseEncodingDirectionDICOM", Tag.IN_PLANE_PHASE_ENCODING_DIRECTION, AXIS_WORDS),
)
# fmt: on
