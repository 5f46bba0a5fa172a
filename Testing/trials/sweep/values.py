"""Random voxels of every NIfTI data type, and their real values."""

from __future__ import annotations

import numpy as np

from .trial import LABELS, Trial

INTEGERS = ("uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
RGBA = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")])
WITH_COMPLEX = ("mr", "enhanced-mr", "pm")
Scale = tuple[float, float] | None


def of_kind(random: np.random.Generator, one: Trial, shape: tuple[int, ...]) -> tuple[np.ndarray, Scale]:
    """Return voxels as stored and their scale; sets the real values of the trial."""
    draw = random.random()
    if one.kind == "seg-fractional":
        voxels = random.random(shape).astype(random.choice(["float32", "float64"]))
        found: tuple[np.ndarray, Scale] = voxels, None
    elif one.kind in LABELS or (one.kind == "auto" and draw < 0.5):
        found = _labels(random, one, shape)
    elif one.kind in ("sc", "sc-multiframe") and draw < 0.3:
        found = _colors(random, one, shape)
    elif one.kind in WITH_COMPLEX and draw < 0.08:
        kind = str(random.choice(["complex64", "complex128"]))
        found = (random.normal(size=shape) + 1j * random.normal(size=shape)).astype(kind) * 100, None
        one.traits.append("complex")
    elif random.random() < 0.45:
        found = _floats(random, one, shape)
    else:
        found = _integers(random, one, shape)
    one.real = _real(*found) if one.real.size == 0 else one.real
    return found


def _real(voxels: np.ndarray, scale: Scale) -> np.ndarray:
    slope, intercept = scale or (1.0, 0.0)
    if np.iscomplexobj(voxels):
        return voxels.astype(np.complex128)
    wide = voxels.astype(np.longdouble) * np.longdouble(slope) + np.longdouble(intercept)
    return wide.astype(np.float64)


def _labels(random: np.random.Generator, one: Trial, shape: tuple[int, ...]) -> tuple[np.ndarray, Scale]:
    numbers = random.choice([1, 2, 5, 17, 255, 300, 2035], int(random.integers(1, 6)), replace=False)
    labels = (random.random(shape) < 0.4) * random.choice(numbers, shape)
    if random.random() < 0.3:
        labels[:, :, : shape[2] // 2] = 0
    labels.reshape(-1)[-1] = numbers[0]
    dtype = str(random.choice(["uint16", "int16", "int32", "float32", "float64", "int64"]))
    one.path = one.path.with_name("image_dseg" + "".join(one.path.suffixes)) if one.kind == "auto" else one.path
    one.traits.append("labels")
    if random.random() < 0.12 and not dtype.startswith("float"):
        one.real = labels.astype(np.float64)
        return (labels * 8).astype(dtype), (0.125, 0.0)
    if random.random() < 0.15 and dtype.startswith("float"):
        one.real = labels.astype(np.float64)
        return (labels + random.uniform(-5e-4, 5e-4, shape) * (labels > 0)).astype(dtype), None
    return labels.astype(dtype), None


def _colors(random: np.random.Generator, one: Trial, shape: tuple[int, ...]) -> tuple[np.ndarray, Scale]:
    dtype = RGBA if random.random() < 0.3 else RGB
    samples = random.integers(0, 256, (*shape[:3], len(dtype.names)), dtype=np.uint8)
    voxels = np.zeros(shape[:3], dtype)
    for number, name in enumerate(dtype.names):
        voxels[name] = samples[..., number] if name != "A" else 255
    one.real = samples[..., None, :3].astype(np.float64)
    one.traits.append("color")
    return voxels[..., None], None


def _floats(random: np.random.Generator, one: Trial, shape: tuple[int, ...]) -> tuple[np.ndarray, Scale]:
    dtype = str(random.choice(["float32", "float64"]))
    style = str(random.choice(["normal", "skewed", "lattice", "constant", "shifted"], p=[0.45, 0.2, 0.15, 0.05, 0.15]))
    voxels = random.normal(size=shape)
    if style == "skewed":
        voxels = np.exp(voxels * 2)
    elif style == "lattice":
        voxels = np.rint(voxels * 50) * float(random.choice([0.25, 0.1, 1 / 3, 1e-3]))
    elif style == "constant":
        voxels = np.full(shape, float(voxels.reshape(-1)[0]))
    elif style == "shifted":
        voxels = voxels + 10.0 ** random.integers(1, 5)
    voxels = voxels * 10.0 ** random.integers(-6, 7)
    if one.kind.endswith("pet") and random.random() < 0.7:
        voxels = np.abs(voxels)
    one.traits.append(style)
    voxels = voxels.astype(dtype)
    if random.random() < 0.12:
        _not_finite(random, one, voxels)
    if random.random() < 0.1:
        slope, intercept = random.uniform(0.01, 5), random.uniform(-10, 10) * (not one.kind.endswith("pet"))
        return voxels, (float(np.float32(slope)), float(np.float32(intercept)))
    return voxels, None


def _not_finite(random: np.random.Generator, one: Trial, voxels: np.ndarray) -> None:
    value = float(random.choice([np.nan, np.inf, -np.inf], p=[0.7, 0.15, 0.15]))
    voxels[random.random(voxels.shape) < 0.1] = value
    one.traits.append(str(value))
    if one.kind != "pm":
        one.refusals["finite"] = r"infinite|NaN"


def _integers(random: np.random.Generator, one: Trial, shape: tuple[int, ...]) -> tuple[np.ndarray, Scale]:
    dtype = str(random.choice(INTEGERS))
    limits = np.iinfo(dtype)
    span = int(random.choice([200, 4000, 60000, 10**6]))
    low = max(int(limits.min), -span // 2 if limits.min < 0 and random.random() < 0.6 else 0)
    high = min(int(limits.max), low + span)
    voxels = random.integers(low, high, shape, endpoint=True).astype(dtype)
    if limits.max > 2**31 - 2 and random.random() < 0.25:
        base = int(10.0 ** random.uniform(5, np.log10(float(limits.max)) - 0.5))
        voxels = (np.abs(voxels) // 2 + np.array(base, dtype)).astype(dtype)
        one.traits.append(f"base{base:.0e}")
    if one.kind.endswith("pet"):
        voxels = np.where(voxels < 0, 0, voxels).astype(dtype) if random.random() < 0.7 else voxels
    if random.random() < 0.35:
        slope = float(random.choice([random.uniform(0.001, 20), 10.0 ** random.uniform(-8, 6), 1 / 3, -0.5]))
        intercept = float(random.uniform(-1000, 1000)) * (random.random() < 0.6) * (not one.kind.endswith("pet"))
        one.traits.append("scaled")
        return voxels, (float(np.float32(slope)), float(np.float32(intercept)))
    return voxels, None
