"""Keys of positron emission tomography (PS3.3 C.8.9; BIDS: PET)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ..model import metadata
from ..model.metadata import SeriesMetadata
from ..model.time_zones import DAY_S, local_date_time
from ..standard.tags import Tag
from .kinds import MS_TO_S, PERCENT, POSITIVE, Kind, clock, round_to_12_digits, seconds_of
from .row import PET, AnyRow, Derived, Row, made_by
from .source import AttributeLocation, Nested, PlaneAttributes, Private

FRAME_MOMENT = Tag.FRAME_ACQUISITION_DATE_TIME
"""FrameAcquisitionDateTime, of Enhanced PET."""
BQ_TO_MBQ = 1e-6
EARLIEST_INJECTION_S = -18 * 3600.0
"""Of a time of day without a date: slowly decaying tracers are injected many hours before a scan, none long after its start."""
MOST_DAYS = 31
"""Between injection and scan: dates further apart, as of a de-identification, are not of one examination."""

# fmt: off
# what ReconstructionMethod (0054,1103) contains → the whole name (BIDS PET, table of reconstruction names)
RECONSTRUCTIONS = (
    ("PSF+TOF3i21s", "Point-Spread Function + Time Of Flight"),
    ("PSF TOF 3D OSEM", "Point-Spread Function 3D Time Of Flight"),
    ("OP-OSEM", "Ordinary Poisson - Ordered Subset Expectation Maximization"),
    ("OSEM3D-OP-PSF", "Ordinary Poisson 3D Ordered Subset Expectation Maximization + Point-Spread Function"),
    ("LOR-RAMLA", "Line Of Response - Row Action Maximum Likelihood"),
    ("3D-RAMLA", "3D Row Action Maximum Likelihood"),
    ("3DRP", "3DRP"),
    ("3D Kinahan-Rogers", "3D Kinahan-Rogers"),
)
# where the whole is not known, its parts: of each group the first that is contained
PARTS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("OSEM", "Ordered Subset Expectation Maximization"), ("OS", "Ordered Subset")),
    (("LOR", "Line Of Response"),),
    (("RAMLA", "Row Action Maximum Likelihood"),),
    (("OP", "Ordinary Poisson"),),
    (("PSF", "Point-Spread Function modelling"),),
    (("TOF", "Time Of Flight"),),
    (("TF", "Time Of Flight"),),
    (("VPHD-S", "3D Ordered Subset Expectation Maximization with Point-Spread Function modelling"), ("VPHD", "VUE Point HD")),
    (("VPFXS", "VUE Point HD using Time Of Flight with Point-Spread Function modelling"),
     ("VPFX", "VUE Point HD using Time Of Flight")),
    (("Q.Clear", "VUE Point HD with regularization (smoothing)"),),
    (("BLOB", "3D spherically symmetric basis function"),),
    (("FilteredBack", "Filtered Back Projection"), ("Filtered Back", "Filtered Back Projection")),
    (("3DRP", "3D Kinahan-Rogers"),),
)
# fmt: on


def _tracer(source: PlaneAttributes, where: AttributeLocation, factor: float) -> str | None:
    """``FDG -- fluorodeoxyglucose`` → ``FDG``."""
    return source.text(where).split(" -- ")[0].strip() or None


def _nuclide(source: PlaneAttributes) -> str | None:
    """``^18^Fluorine`` → ``18Fluorine``."""
    return (
        source.text(
            Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIONUCLIDE_CODE_SEQUENCE, Tag.CODE_MEANING))
        ).replace("^", "")
        or None
    )


def _attenuation(source: PlaneAttributes) -> str | None:
    """The method without its coefficient: ``measured,, 0.096000 cm-1`` → ``measured``."""
    return source.text(Tag.ATTENUATION_CORRECTION_METHOD).split(",")[0].strip() or None


def _recon_name(source: PlaneAttributes) -> str | None:
    text = source.text(Tag.RECONSTRUCTION_METHOD)
    whole = next((name for part, name in RECONSTRUCTIONS if part in text), None)
    parts = [next((name for part, name in group if part in text), "") for group in PARTS]
    return whole or " ".join(filter(None, parts)) or None


def recon_parameters(text: str) -> tuple[int, int] | None:
    """Return subsets and iterations of a reconstruction method: of ``OSEM3D-OP-PSFi10s16`` as of ``OP-OSEM4i21s``."""
    iterations, subsets = (r"(\d+)i", r"(\d+)s") if text.endswith("s") else (r"i(\d+)", r"s(\d+)")
    counts = [re.findall(pattern, text) for pattern in (subsets, iterations)]
    return (int(counts[0][-1]), int(counts[1][-1])) if all(counts) else None


def _parameter_values(source: PlaneAttributes) -> list[int] | None:
    parameters = recon_parameters(source.text(Tag.RECONSTRUCTION_METHOD))
    return list(parameters) if parameters else None


def _parameter_labels(source: PlaneAttributes) -> list[str] | None:
    return ["subsets", "iterations"] if _parameter_values(source) else None


def _by_frame(tag: int, factor: float, only_positive: bool = False) -> Any:
    """Return a reader of one number per time, in a list."""

    def read(source: PlaneAttributes) -> list[Any] | None:
        values = [frame.number(tag) for frame in frames_of(source)]
        if not values or any(value is None or (only_positive and value <= 0) for value in values):
            return None
        return [round_to_12_digits(value or 0.0, factor) for value in values]

    return read


def frames_of(source: PlaneAttributes) -> list[PlaneAttributes]:
    """Return the plane of every time that was acquired first: the beds of a whole body follow each other."""
    frames: list[PlaneAttributes] = source.once("frames", _frames_of)
    return frames


def _frames_of(source: PlaneAttributes) -> list[PlaneAttributes]:
    if source.volume is None:
        return [source]
    series = source.volume.dicom.metadata
    return [source.other(series.instances[i], f) for i, f in (_first_of(series, planes) for planes in series.frames.tolist())]


def _first_of(series: SeriesMetadata, planes: list[tuple[int, int]]) -> tuple[int, int]:
    clocks = [seconds_of(metadata.text(series.instances[i].elements, Tag.ACQUISITION_TIME)) for i, _ in planes]
    known = [time for time in clocks if time is not None]
    if len(known) < len(planes):
        return planes[0]
    return planes[min(range(len(planes)), key=lambda k: _seconds_after(known[k], known[0]))]


def _starts(source: PlaneAttributes) -> list[Any] | None:
    """Return when every time began after the series did, s."""
    times = [seconds_of(_local(frame, FRAME_MOMENT)[1] or frame.text(Tag.ACQUISITION_TIME)) for frame in frames_of(source)]
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return [0] if len(times) == 1 else None
    zero = seconds_of(source.text(Tag.SERIES_TIME))
    return [_seconds_after(time, known[0] if zero is None else zero) for time in known]


def _seconds_after(clock_s: float, zero_s: float, earliest_s: float = -DAY_S / 2) -> float | int:
    """Return how long after another a time of day is, negative if it is before: within a day, as one may be past midnight."""
    return round_to_12_digits(round((clock_s - zero_s - earliest_s) % DAY_S + earliest_s, 6))


def _reference_times(source: PlaneAttributes) -> list[Any] | None:
    times_s = _by_frame(Tag.FRAME_REFERENCE_TIME, MS_TO_S)(source)
    return times_s if times_s and len(set(times_s)) > 1 else None


def _scan_clock(source: PlaneAttributes) -> str | None:
    time = clock(source.text(Tag.SERIES_TIME)) or clock(source.text(Tag.ACQUISITION_TIME))
    return time.split(".")[0] if time else None


def _is_decay_corrected(source: PlaneAttributes) -> bool | None:
    word = source.text(Tag.DECAY_CORRECTION)
    return word not in ("", "NONE") if word else None


def _correction_time(source: PlaneAttributes) -> float | int | None:
    """Seconds from the start of the scan to the moment that the decay was corrected to (BIDS: relative to TimeZero)."""
    word = source.text(Tag.DECAY_CORRECTION)
    if word == "START":
        return 0
    return _injection_start(source) if word == "ADMIN" else None


def _injection_start(source: PlaneAttributes) -> float | int | None:
    """Return how long after the start of the series the injection was, s: by its date where that is known."""
    start = Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL_START_DATE_TIME))
    date, time = _local(source, start)
    clock_s = _injection_clock(source, Tag.RADIOPHARMACEUTICAL_START_TIME)
    clock_s = clock_s if clock_s is not None else seconds_of(time)
    zero = seconds_of(source.text(Tag.SERIES_TIME) or source.text(Tag.ACQUISITION_TIME))
    if zero is None or clock_s is None:
        return None
    days = _days_between(source.text(Tag.SERIES_DATE), date)
    dated_s = None if days is None or abs(days) > MOST_DAYS else clock_s - zero + days * DAY_S
    if dated_s is None or dated_s > EARLIEST_INJECTION_S + DAY_S:  # long after the start of the scan: the date is wrong
        return _seconds_after(clock_s, zero, EARLIEST_INJECTION_S)
    return round_to_12_digits(round(dated_s, 6))


def _local(source: PlaneAttributes, where: AttributeLocation) -> tuple[str, str]:
    """Return date and time of a DT in the time zone of SeriesTime."""
    return local_date_time(source.text(where), source.text(Tag.TIMEZONE_OFFSET_FROM_UTC))


def _injection_end(source: PlaneAttributes) -> float | int | None:
    start_s, first_s = _injection_start(source), _injection_clock(source, Tag.RADIOPHARMACEUTICAL_START_TIME)
    last_s, zero = _injection_clock(source, Tag.RADIOPHARMACEUTICAL_STOP_TIME), seconds_of(source.text(Tag.SERIES_TIME))
    if last_s is None or zero is None:
        return None
    if start_s is None or first_s is None:
        return _seconds_after(last_s, zero)
    return round_to_12_digits(round(start_s + _seconds_after(last_s, first_s), 6))


def _injection_clock(source: PlaneAttributes, tag: int) -> float | None:
    return seconds_of(source.text(Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, tag))).strip())


def _days_between(first: str, second: str) -> int | None:
    try:
        return (datetime.strptime(second, "%Y%m%d") - datetime.strptime(first, "%Y%m%d")).days
    except ValueError:
        return None


def _scatter(source: PlaneAttributes) -> list[Any] | None:
    """Return the fraction of every time in percent, as BIDS specifies; DICOM has it from 0 to 1, which dcm2niix writes."""
    frames = frames_of(source)
    fractions = [frame.number(Tag.SCATTER_FRACTION_FACTOR) for frame in (frames if len(frames) > 1 else [source])]
    known = [round_to_12_digits(fraction * PERCENT) for fraction in fractions if fraction is not None]
    return known if any(known) and len(known) == len(fractions) else None


def _molar_units(source: PlaneAttributes) -> str | None:
    return (
        "Bq/umol"
        if source.number(Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL_SPECIFIC_ACTIVITY)))
        else None
    )


def _activity_units(source: PlaneAttributes) -> str | None:
    return (
        "MBq"
        if (source.number(Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIONUCLIDE_TOTAL_DOSE))) or 0) > 0
        else None
    )


def filter_of(kernel: str) -> tuple[str, float] | None:
    """Return name and width in mm of a filter, as in ``XYZ Gauss2.00`` or ``Gaussian 5 mm``; None where it specifies none."""
    match = re.fullmatch(r"\s*(.*?[^\d.\s])\s*(\d+(?:\.\d+)?)\s*(?:mm)?\s*", kernel)
    return (match[1], float(match[2])) if match else None


def _filter_type(source: PlaneAttributes) -> str | None:
    name_and_size = filter_of(source.text(Tag.CONVOLUTION_KERNEL))
    return name_and_size[0] if name_and_size else source.text(Tag.CONVOLUTION_KERNEL) or None


def _filter_size(source: PlaneAttributes) -> float | int | None:
    name_and_size = filter_of(source.text(Tag.CONVOLUTION_KERNEL))
    ge = source.number(Private(0x0009, "GEMS_PETD_01", 0x108F)) if source.manufacturer == "GE" else None
    return round_to_12_digits(name_and_size[1]) if name_and_size else round_to_12_digits(ge) if ge else None


# up to `` -- ``
NAME = Kind(_tracer, lambda value, factor: [value], (str,))

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Row("TracerName",
        (Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL)),
         Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL_CODE_SEQUENCE, Tag.CODE_MEANING))),
        NAME, when=PET),
    Derived("TracerRadionuclide", _nuclide, "(0054,0016) > (0054,0300) > (0008,0104)", PET),
    Row("RadionuclidePositronFraction",
        Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIONUCLIDE_POSITRON_FRACTION)), POSITIVE, when=PET),
    Row("InjectedRadioactivity", Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIONUCLIDE_TOTAL_DOSE)),
        POSITIVE, BQ_TO_MBQ, PET),
    Derived("InjectedRadioactivityUnits", _activity_units, "with InjectedRadioactivity", PET),
    Row("MolarActivity", Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL_SPECIFIC_ACTIVITY)),
        POSITIVE, when=PET),
    Derived("MolarActivityUnits", _molar_units, "with MolarActivity", PET),
    Row("InjectedVolume", Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIOPHARMACEUTICAL_VOLUME)), POSITIVE,
        when=PET),
    Row("InjectedVolume", Private(0x0009, "GEMS_PETD_01", 0x103A), POSITIVE, when=made_by("GE")),
    Row("RadionuclideHalfLife", Nested((Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, Tag.RADIONUCLIDE_HALF_LIFE)),
        POSITIVE, when=PET),
    Row("DoseCalibrationFactor", Tag.DOSE_CALIBRATION_FACTOR, POSITIVE, when=PET),
    Row("DecayCorrection", Tag.DECAY_CORRECTION, when=PET),
    Row("AttenuationCorrectionMethod", Tag.ATTENUATION_CORRECTION_METHOD, when=PET),
    Derived("AttenuationCorrection", _attenuation, "(0054,1101), up to the comma", PET),
    Row("RandomsCorrectionMethod", Tag.RANDOMS_CORRECTION_METHOD, when=PET),
    Row("ScatterCorrectionMethod", Tag.SCATTER_CORRECTION_METHOD, when=PET),
    Row("ReconstructionMethod", Tag.RECONSTRUCTION_METHOD, when=PET),
    Derived("ReconMethodName", _recon_name, "(0054,1103), by a table of names", PET),
    Derived("ReconMethodParameterLabels", _parameter_labels, "(0054,1103), if it specifies both", PET),
    Derived("ReconMethodParameterValues", _parameter_values, "(0054,1103): subsets, iterations", PET),
    Derived("ReconMethodParameterUnits", lambda source: ["none", "none"] if _parameter_values(source) else None,
            "numbers have none", PET),
    Derived("ReconFilterType", _filter_type, "(0018,1210)", PET),
    Derived("ReconFilterSize", _filter_size, "(0018,1210), (0009,xx8F) GEMS_PETD_01", PET),
    Derived("ScatterFraction", _scatter, "(0054,1323), in percent; the fraction that dcm2niix writes is read, too", PET),
    Derived("DecayCorrectionFactor", _by_frame(Tag.DECAY_FACTOR, 1.0, only_positive=True), "(0054,1321) of every time", PET),
    Derived("FrameTimesStart", _starts, "(0008,0032) of every time − (0008,0031)", PET),
    Derived("FrameDuration", _by_frame(Tag.ACTUAL_FRAME_DURATION, MS_TO_S), "(0018,1242) of every time", PET),
    Derived("FrameReferenceTime", _reference_times, "(0054,1300) of every time", PET),
    Derived("SeriesTime", _scan_clock, "(0008,0031)", PET),
    Derived("TimeZero", _scan_clock, "(0008,0031), else (0008,0032)", PET),
    Derived("InjectionStart", _injection_start, "(0054,0016) > (0018,1072) − (0008,0031)", PET),
    Derived("InjectionEnd", _injection_end, "(0054,0016) > (0018,1073) − (0008,0031)", PET),
    Derived("ScanStart", lambda source: 0, "zero: times count from the scan", PET),
    Derived("ImageDecayCorrected", _is_decay_corrected, "(0054,1102)", PET),
    Derived("ImageDecayCorrectionTime", _correction_time, "(0054,1102): 0 for `START`, (0018,1072) − (0008,0031) for "
            "`ADMIN`", PET),
)
# fmt: on
