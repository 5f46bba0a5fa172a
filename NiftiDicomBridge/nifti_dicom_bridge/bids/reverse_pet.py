"""What several keys of PET specify together, on the way to DICOM (PS3.3 C.8.9): clock, activity, corrections."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import SidecarError
from ..model.time_zones import DAY_S
from ..standard.numbers import decimal_text, is_number
from ..standard.tags import Tag
from .kinds import PERCENT
from .reverse_rows import TRACER, Top

ACTIVITIES_BQ = {"BQ": 1.0, "KBQ": 1e3, "MBQ": 1e6, "GBQ": 1e9, "UCI": 3.7e4, "MCI": 3.7e7}
"""Units → Bq."""
MOLAR_BQ_PER_UMOL = {"BQ/UMOL": 1.0, "KBQ/UMOL": 1e3, "MBQ/UMOL": 1e6, "GBQ/UMOL": 1e9, "MBQ/NMOL": 1e9, "GBQ/MMOL": 1e6}
"""Units → Bq/µmol, the unit of RadiopharmaceuticalSpecificActivity (0018,1077)."""
MOST_MBQ = 1e5
"""No person gets more; dcm2niix up to v1.0.20241211 wrote Bq and called it MBq."""
SAME_S = 1.0

# fmt: off
# PS3.16 CID 4020 PET Radionuclide: symbol, name, mass, code (SCT)
NUCLIDES = (
    ("C", "Carbon", "11", "40565003"), ("N", "Nitrogen", "13", "21576001"), ("O", "Oxygen", "15", "129504001"),
    ("F", "Fluorine", "18", "77004003"), ("NA", "Sodium", "22", "71633006"), ("K", "Potassium", "38", "423764008"),
    ("FE", "Iron", "52", "69089000"), ("CU", "Copper", "60", "425364008"), ("CU", "Copper", "61", "71425003"),
    ("CU", "Copper", "62", "422934004"), ("CU", "Copper", "64", "3932008"), ("ZN", "Zinc", "62", "65054007"),
    ("GA", "Gallium", "66", "79477007"), ("GA", "Gallium", "68", "35337001"), ("GE", "Germanium", "68", "53315004"),
    ("BR", "Bromine", "75", "17910003"), ("BR", "Bromine", "76", "79523006"), ("BR", "Bromine", "77", "86521004"),
    ("RB", "Rubidium", "82", "79197006"), ("Y", "Yttrium", "86", "10738001"), ("Y", "Yttrium", "90", "14691008"),
    ("ZR", "Zirconium", "89", "63360001"), ("I", "Iodine", "124", "40937006"), ("TI", "Titanium", "45", "75696008"),
)
# key of a method of correction → word of CorrectedImage (C.8.9.1.1.3)
CORRECTIONS = {
    "AttenuationCorrection": "ATTN", "AttenuationCorrectionMethod": "ATTN", "ScatterCorrectionMethod": "SCAT",
    "RandomsCorrectionMethod": "RAN",
}
# fmt: on
NONE_WORDS = {"", "NONE", "N/A", "NO", "OFF", "UNKNOWN"}


def pet_attributes(top: Top, where: str, sentences: list[str]) -> dict[tuple[int, ...], tuple[str, list[str]]]:
    """Return attribute (with the tags on the way) → key, values as text.

    Parameters
    ----------
    top : mapping
        The keys of the sidecar.
    where : str
        The sidecar, for messages.
    sentences : list of str
        Receives what was assumed, and what cannot be specified.

    Raises
    ------
    SidecarError
        If a value is not of the type that its key has.
    """
    attributes: dict[tuple[int, ...], tuple[str, list[str]]] = {}
    for path, key, compute in _TABLE:
        texts = compute(top, where, sentences)
        if texts:
            attributes[path] = (key, texts)
    for n, text in enumerate(_nuclide(top, where, sentences)):
        attributes[
            (TRACER, Tag.RADIONUCLIDE_CODE_SEQUENCE, (Tag.CODE_VALUE, Tag.CODING_SCHEME_DESIGNATOR, Tag.CODE_MEANING)[n])
        ] = (
            "TracerRadionuclide",
            [text],
        )
    return attributes


def _dose(top: Top, where: str, sentences: list[str]) -> list[str]:
    value, unit = _number(top, "InjectedRadioactivity", where), str(top.get("InjectedRadioactivityUnits", "MBq"))
    if value is None or value <= 0:
        return []
    factor = ACTIVITIES_BQ.get(_plain(unit))
    if factor is None:
        sentences.append(f'"InjectedRadioactivity" is in {unit!r}, which is not a supported unit of activity and was ignored')
        return []
    if factor == 1e6 and value > MOST_MBQ:
        sentences.append(
            f'"InjectedRadioactivity" is {value:g} MBq, which is too much: taken for Bq, as older dcm2niix wrote it'
        )
        factor = 1.0
    return [decimal_text(value * factor)]


def _plain(unit: str) -> str:
    """Return a unit without differences in spelling; the capital of the micro sign, and of the Greek letter, is another."""
    return unit.replace("µ", "u").replace("μ", "u").replace(" ", "").upper()


def _molar(top: Top, where: str, sentences: list[str]) -> list[str]:
    value, unit = _number(top, "MolarActivity", where), str(top.get("MolarActivityUnits", ""))
    factor = MOLAR_BQ_PER_UMOL.get(_plain(unit))
    if value is None or not unit:
        return []
    if factor is None:
        sentences.append(f'"MolarActivity" is in {unit!r}, which is not turned into Bq/umol: it was left out')
        return []
    return [decimal_text(value * factor)]


def _nuclide(top: Top, where: str, sentences: list[str]) -> list[str]:
    """Return code, scheme and meaning of ``F18``, ``18F``, ``[18F]``, ``Fluorine-18``, ``18Fluorine``."""
    text = top.get("TracerRadionuclide", "")
    if not isinstance(text, str):
        raise SidecarError(f"{where}: 'TracerRadionuclide' is {text!r}; a text was expected.")
    mass, letters = re.search(r"\d+", text), re.search(r"[A-Za-z]+", text)
    if mass and letters:
        for symbol, name, number, code in NUCLIDES:
            if number == mass[0] and letters[0].upper() in (symbol, name.upper()):
                return [code, "SCT", f"^{number}^{name}"]
    if text:
        sentences.append(f'"TracerRadionuclide" is {text!r}, which has no code in our table (PS3.16 CID 4020): it was left out')
    return []


# --- clock ------------------------------------------------------------------------------------------------------------


def _after_zero(key: str) -> Callable[[Top, str, list[str]], list[str]]:
    """Return a reader of the clock time of a moment that is given in seconds after TimeZero."""

    def read(top: Top, where: str, sentences: list[str]) -> list[str]:
        seconds, zero = _number(top, key, where), time_zero_s(top, where)
        return [] if seconds is None or zero is None else [_clock((zero + seconds) % DAY_S)]

    return read


def time_zero_s(top: Top, where: str) -> float | None:
    """Return TimeZero in seconds after midnight; None where it is not given; raises `SidecarError` if it is not a time."""
    value = top.get("TimeZero")
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)", value) if isinstance(value, str) else None
    if match is None:
        raise SidecarError(f"{where}: 'TimeZero' is {value!r}; a time was expected, as in 14:05:30.")
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


def _clock(seconds: float) -> str:
    whole = round(seconds * 1e6)
    minutes, micro = divmod(whole, 60_000_000)
    return f"{minutes // 60 % 24:02d}{minutes % 60:02d}{micro // 1_000_000:02d}.{micro % 1_000_000:06d}"


# --- corrections ------------------------------------------------------------------------------------------------------


def decay_correction(top: Top, where: str, sentences: list[str]) -> str:
    """Return ``START``, ``ADMIN``, ``NONE``; empty if unknown; raises `SidecarError` if a key is not a truth value."""
    if isinstance(top.get("DecayCorrection"), str):
        return str(top["DecayCorrection"]).upper()
    corrected = top.get("ImageDecayCorrected")
    if corrected is None:
        return ""
    if not isinstance(corrected, bool):
        raise SidecarError(f"{where}: 'ImageDecayCorrected' is {corrected!r}; a truth value was expected.")
    if not corrected:
        return "NONE"
    moment = _number(top, "ImageDecayCorrectionTime", where)
    starts = (_number(top, "ScanStart", where) or 0.0, *_floats(top, "FrameTimesStart")[:1])
    if moment is None or any(abs(moment - start) < SAME_S for start in starts):
        return "START"
    injection = _number(top, "InjectionStart", where)
    if injection is not None and abs(moment - injection) < SAME_S:
        return "ADMIN"
    sentences.append(
        f'"ImageDecayCorrectionTime" is {moment:g} s: neither the start of the scan nor the injection, and DecayCorrection '
        "(0054,1102) has no other words: START was taken"
    )
    return "START"


def _decay(top: Top, where: str, sentences: list[str]) -> list[str]:
    word = decay_correction(top, where, [] if "DecayCorrection" in top else sentences)
    return [word] if word and "DecayCorrection" not in top else []


def _corrected(top: Top, where: str, sentences: list[str]) -> list[str]:
    """Return CorrectedImage (0028,0051): what was corrected for."""
    corrections = [word for key, word in CORRECTIONS.items() if str(top.get(key, "")).strip().upper() not in NONE_WORDS]
    decay = ["DECY"] if decay_correction(top, where, []) not in ("", "NONE") else []
    return list(dict.fromkeys([*decay, *corrections]))


def decay_factors(top: Top, where: str, times: int, sentences: list[str]) -> list[float]:
    """Return DecayFactor (0054,1321) of every time; empty where decay is not corrected, or not known to be.

    Raises
    ------
    SidecarError
        If DecayCorrectionFactor is not a list of as many numbers.
    """
    word = decay_correction(top, where, [])
    given = [key for key in ("DecayCorrectionFactor", "DecayFactor") if key in top]
    if word in ("", "NONE"):
        sentences += [f'"{key}" was left out: the sidecar does not state that decay was corrected' for key in given]
        return []
    if given:
        return per_time(top, given[0], where, times)
    starts, durations = _floats(top, "FrameTimesStart"), _floats(top, "FrameDuration")
    half_life, injection = _number(top, "RadionuclideHalfLife", where), _number(top, "InjectionStart", where)
    zero = injection if word == "ADMIN" else _number(top, "ScanStart", where) or 0.0
    if len(starts) != times or not half_life or zero is None:
        sentences.append("the factor of decay correction is not specified, DecayFactor (0054,1321): assumed to be 1")
        return [1.0] * times
    sentences.append("DecayFactor (0054,1321) was computed of RadionuclideHalfLife, FrameTimesStart and FrameDuration")
    lengths = durations if len(durations) == times else [0.0] * times
    return [_factor(start - zero, length, math.log(2) / half_life) for start, length in zip(starts, lengths, strict=True)]


def scatter_fractions(top: Top, where: str, times: int, sentences: list[str]) -> list[float]:
    """Return ScatterFractionFactor (0054,1323) of every time, 0 to 1; empty where it is unknown.

    BIDS specifies percent; numbers of which none is above 1 are taken for the fraction that dcm2niix writes.
    """
    given = per_time(top, "ScatterFraction", where, times)
    if any(number > 1 for number in given):
        return [number / PERCENT for number in given]
    if any(given):
        sentences.append('"ScatterFraction" was taken for a fraction, as of dcm2niix: BIDS specifies percent')
    return given


def _factor(start_s: float, length_s: float, rate: float) -> float:
    """Return what activity was multiplied with, that decayed until a frame began and while it lasted."""
    lasting = rate * length_s / -math.expm1(-rate * length_s) if rate * length_s > 0 else 1.0
    return math.exp(rate * start_s) * lasting


def per_time(top: Top, key: str, where: str, times: int) -> list[float]:
    """Return one number for each time, of a list, or of a single number for all; empty where the key is missing.

    Raises
    ------
    SidecarError
        If the list has another length.
    """
    if key not in top:
        return []
    value = top[key]
    listed = value if isinstance(value, list) else [value]
    good = all(map(is_number, listed))
    if not good or len(listed) not in (1, times):
        raise SidecarError(f"{where}: {key!r} is {str(value)[:60]}; a list of {times} numbers was expected.")
    return [float(part) for part in listed] * (times if len(listed) == 1 else 1)


# --- reconstruction ---------------------------------------------------------------------------------------------------


def _method(top: Top, where: str, sentences: list[str]) -> list[str]:
    """Return ReconstructionMethod with iterations and subsets as manufacturers write them: ``OP-OSEM 3i21s``."""
    name, labels, values = (top.get("ReconMethod" + part) for part in ("Name", "ParameterLabels", "ParameterValues"))
    if not isinstance(name, str) or name.upper() in NONE_WORDS or "ReconstructionMethod" in top:
        return []
    if not isinstance(labels, list) or not isinstance(values, list) or len(labels) != len(values):
        return [name]
    numbers = dict(zip(map(str, labels), values, strict=True))
    wanted = [numbers.get(label) for label in ("iterations", "subsets")]
    good = all(isinstance(number, int) and not isinstance(number, bool) for number in wanted)
    return [f"{name} {wanted[0]}i{wanted[1]}s" if good else name]


def _kernel(top: Top, where: str, sentences: list[str]) -> list[str]:
    """Return ConvolutionKernel: ``Gaussian 5 mm``."""
    name, size = top.get("ReconFilterType"), top.get("ReconFilterSize")
    if not isinstance(name, str) or "ConvolutionKernel" in top or name.upper() in NONE_WORDS:
        return []
    width = f" {size:g} mm" if is_number(size) and size > 0 else ""
    return [name + width]


def _number(top: Top, key: str, where: str) -> float | None:
    value = top.get(key)
    if value is None or value == "n/a":
        return None
    if not is_number(value):
        raise SidecarError(f"{where}: {key!r} is {value!r}; a number was expected.")
    return float(value)


def _floats(top: Top, key: str) -> list[float]:
    value: Any = top.get(key)
    listed: Iterable[Any] = value if isinstance(value, list) else [value]
    return [float(part) for part in listed if is_number(part)]


_TABLE: tuple[tuple[tuple[int, ...], str, Callable[[Top, str, list[str]], list[str]]], ...] = (
    ((TRACER, Tag.RADIONUCLIDE_TOTAL_DOSE), "InjectedRadioactivity", _dose),
    ((TRACER, Tag.RADIOPHARMACEUTICAL_SPECIFIC_ACTIVITY), "MolarActivity", _molar),
    ((TRACER, Tag.RADIOPHARMACEUTICAL_START_TIME), "InjectionStart", _after_zero("InjectionStart")),
    ((TRACER, Tag.RADIOPHARMACEUTICAL_STOP_TIME), "InjectionEnd", _after_zero("InjectionEnd")),
    ((Tag.DECAY_CORRECTION,), "ImageDecayCorrected", _decay),
    ((Tag.CORRECTED_IMAGE,), "ImageDecayCorrected", _corrected),
    ((Tag.RECONSTRUCTION_METHOD,), "ReconMethodName", _method),
    ((Tag.CONVOLUTION_KERNEL,), "ReconFilterType", _kernel),
)
KEYS = {key: path for path, key, _ in _TABLE}
"""Key → the attribute that it goes to."""
