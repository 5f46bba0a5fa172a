"""Keys of GE: private elements, and the protocol block (0025,xx1B), a gzipped text of ``KEY "value"`` lines."""

from __future__ import annotations

import math
import re
import zlib
from functools import lru_cache
from typing import Any

from ..standard.tags import Tag
from .image_type import GE_INTERNAL_SEQUENCE, GE_LOCATIONS, is_ge_field_map
from .kinds import MS_TO_S, POSITIVE, TEXT, round_to_12_digits
from .row import GE, AnyRow, Derived, Row, When
from .sequence_words import GE_SEQUENCE
from .source import PlaneAttributes, Private

ACQUISITION, PARAMETERS = "GEMS_ACQU_01", "GEMS_PARM_01"
PROTOCOL_BLOCK = Private(0x0025, "GEMS_SERS_01", 0x101B)
TABLE = Private(0x0043, PARAMETERS, 0x10B2)
TABLE_DELTA = Private(0x0019, ACQUISITION, 0x107F)
SHIMS = tuple(Private(0x0043, PARAMETERS, 0x1002 + n) for n in range(3))
VELOCITY_SCALE = Private(0x0019, ACQUISITION, 0x10E2)
GROUP_DELAY_S = Private(0x0043, PARAMETERS, 0x107C)
DIRECTIONS = Private(0x0019, ACQUISITION, 0x10E0)
NO_WEIGHTING = Private(0x0019, ACQUISITION, 0x10DF)
USER = {n: Private(0x0019, ACQUISITION, 0x10A7 + n) for n in range(23)}
COLLAPSE = Private(0x0043, PARAMETERS, 0x1030)
DIRECTION_TYPE = Private(0x0021, "GEMS_RELA_01", 0x105A)
TENSOR_IMAGE, UNWEIGHTED_IMAGE = 16, 14
# GE's internal name of an echo planar sequence → the same in BIDS
INTERNAL_NAMES = {"EPI": "EPI", "EPI2": "EPI2"}
# user variable 12 of the diffusion sequence → how the gradients cycle over slices
CYCLING = {2: "2TR", 3: "3TR"}
CYCLING_MODELS = (("Premier", (0.7195, 0.7205)), ("UHP", (0.5, 1.0)), ("7.0T", (0.5, 1.0)))
CYCLING_NAMES = {"ALLTR": "ALLTR", "2TR": "2TR", "3TR": "3TR", "SPOFF": "SPOFF"}


def protocol_of(source: PlaneAttributes) -> dict[str, str]:
    """Return the protocol block, by key; empty where there is none."""
    holder = source.holder(PROTOCOL_BLOCK) if GE.holds(source) else None
    value = holder[0][holder[1]].value if holder else b""
    return protocol_block(value) if isinstance(value, bytes) else {}


@lru_cache(maxsize=16)
def protocol_block(raw: bytes) -> dict[str, str]:
    """Return a protocol block, by key; empty where it is not the gzipped text that is known."""
    start = raw.find(b"\x1f\x8b\x08")
    if not 0 <= start < 16:
        return {}
    try:
        text = zlib.decompressobj(31).decompress(raw[start:], 1 << 22)
    except zlib.error:
        return {}
    return dict(re.findall(r'^(?:set )?(\w+) "([^"\n]*)"', text.decode("latin-1"), re.MULTILINE))


def _kind_of_sequence(source: PlaneAttributes) -> str | None:
    """Return ``Spin Echo``, ``Gradient Echo``…: GE specifies it in the protocol alone."""
    return protocol_of(source).get("PSEQ", "").strip() or None


def _interpolation(source: PlaneAttributes) -> int | None:
    """Return how many slices were interpolated of each that was acquired (ZIP2, ZIP4), where it is more than one.

    The slices overlap then, and more are in the volume than locations were acquired.
    """
    images, locations = source.number(Tag.IMAGES_IN_ACQUISITION), source.number(GE_LOCATIONS)
    thickness, distance = source.number(Tag.SLICE_THICKNESS), source.number(Tag.SPACING_BETWEEN_SLICES)
    if not (images and locations and thickness and distance) or images == locations:
        return None
    factor = round(thickness / distance)
    return factor if factor > 1 else None


def internal_name_of(source: PlaneAttributes) -> str:
    """Return ``EPI`` (gradient echo) or ``EPI2`` (spin echo); empty for other sequences."""
    return INTERNAL_NAMES.get(source.text(GE_INTERNAL_SEQUENCE), "") if GE.holds(source) else ""


def _table_position(source: PlaneAttributes) -> list[Any] | None:
    position = source.numbers(TABLE)
    return [0, 0, round_to_12_digits(position[2] - (source.number(TABLE_DELTA) or 0.0))] if len(position) >= 3 else None


def _shims(source: PlaneAttributes) -> list[Any] | None:
    shims = [source.number(where) for where in SHIMS]
    return None if any(value is None for value in shims) else [round_to_12_digits(value or 0.0) for value in shims]


def _echo_time_2(source: PlaneAttributes) -> float | None:
    """The velocity scale of a field map specifies the difference of its echo times."""
    time, scale = source.number(Tag.ECHO_TIME), source.number(VELOCITY_SCALE) or 0.0
    return None if not time or scale >= 0 else float(f"{time * MS_TO_S - 1.0 / (math.tau * scale):.6g}")


def _directions(source: PlaneAttributes) -> int | None:
    kinds = (source.number(COLLAPSE) or 0, source.number(DIRECTION_TYPE) or 0)
    if kinds[0] not in (0, TENSOR_IMAGE, UNWEIGHTED_IMAGE) or kinds[1] not in (0, TENSOR_IMAGE):
        return None
    return round(source.number(DIRECTIONS) or 0) or None


def cycling_of(source: PlaneAttributes) -> str:
    """Return how the gradients of a diffusion sequence cycle over slices, ``OFF`` where they do not.

    Models that cycle have a range of user variable 15 (derating) in which the special off mode is on.
    """
    model = source.text(Tag.MANUFACTURER_MODEL_NAME)
    ranges = [limits for part, limits in CYCLING_MODELS if part in model]
    if not ranges:
        return "OFF"
    derating, mode = source.number(USER[15]) or 0.0, round(source.number(USER[12]) or 0.0)
    if any(low <= derating <= high for low, high in ranges):
        return "SPOFF"
    return CYCLING.get(mode, "ALLTR")


def _tensor_file(source: PlaneAttributes) -> int | None:
    """Return the number of the file of directions; the cycling modes have one of their own."""
    stated, mode = round(source.number(USER[11]) or 0.0), round(source.number(USER[12]) or 0.0)
    return stated or (mode if cycling_of(source) in CYCLING.values() else 0) or None


DIFFUSION = When("GE diffusion", lambda source: internal_name_of(source) == "EPI2" or "epi2" in source.text(GE_SEQUENCE))
# else this one is SequenceName
NAMED_OTHERWISE = When("GE, where (0018,0024) is there", lambda source: GE.holds(source) and source.has(Tag.SEQUENCE_NAME))
FIELD_MAP = When("GE field map", lambda source: is_ge_field_map(source) and (source.number(VELOCITY_SCALE) or 0) < 0)

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("InternalPulseSequenceName", lambda source: internal_name_of(source) or None, "(0019,xx9E) GEMS_ACQU_01", GE),
    Derived("ProcedureStepDescription", _kind_of_sequence, "`PSEQ` of the protocol block (0025,xx1B), where (0040,0254) is "
            "empty", GE),
    Row("PulseSequenceName", GE_SEQUENCE, TEXT, when=NAMED_OTHERWISE),
    Derived("Interpolation3D", _interpolation, "(0018,0050) / (0018,0088), where (0020,1002) is not (0021,xx4F) GEMS_RELA_01",
            GE),
    Derived("TablePosition", _table_position, "(0043,xxB2) GEMS_PARM_01 − (0019,xx7F) GEMS_ACQU_01", GE),
    Derived("ShimSetting", _shims, "(0043,xx02), (0043,xx03), (0043,xx04) GEMS_PARM_01", GE),
    Row("PrescanReuseString", Private(0x0043, PARAMETERS, 0x1095), TEXT, when=GE),
    Row("EchoTime1", Tag.ECHO_TIME, POSITIVE, MS_TO_S, FIELD_MAP),
    Derived("EchoTime2", _echo_time_2, "(0018,0081) and (0019,xxE2) GEMS_ACQU_01", FIELD_MAP),
    Derived("NumberOfDiffusionDirectionGE", _directions, "(0019,xxE0) GEMS_ACQU_01", DIFFUSION),
    Derived("NumberOfDiffusionT2GE", lambda source: round(source.number(NO_WEIGHTING) or 0) or None,
            "(0019,xxDF) GEMS_ACQU_01", DIFFUSION),
    Row("NumberOfExcitations", Private(0x0027, "GEMS_IMAG_01", 0x1062), POSITIVE, when=GE),
    Row("DeepLearningDetails", Private(0x0043, PARAMETERS, 0x10CA), TEXT, when=GE),
    Derived("DeepLearning", lambda source: True if source.has(Private(0x0043, PARAMETERS, 0x10CA)) else None,
            "(0043,xxCA) GEMS_PARM_01", GE),
    Derived("TensorFileNumberGE", _tensor_file, "(0019,xxB2) GEMS_ACQU_01", DIFFUSION),
    Derived("DiffGradientCyclingGE", lambda source: CYCLING_NAMES.get(cycling_of(source)), "(0019,xxB3), (0019,xxB6) "
            "GEMS_ACQU_01, ManufacturerModelName", DIFFUSION),
)
# fmt: on
