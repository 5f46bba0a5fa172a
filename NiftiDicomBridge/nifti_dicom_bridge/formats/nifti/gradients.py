"""b-values and gradient directions ⇄ ``.bval`` and ``.bvec`` in the convention of FSL; also of the tables of MRtrix."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import NiftiReadError
from ...model.files.input_files import absent_content, read_file
from ...model.files.names import companion, stem_of
from ...model.files.plain_text import decoded
from ...model.space.gradient_axes import fsl_of_ras, ras_of_fsl
from ...model.volume import Volume
from .writing import stored_affine

UNIT = 0.05
"""By how much the length of a direction may differ from 1, as tables are rounded."""


def write_gradients(volume: Volume, bval: Path, bvec: Path) -> None:
    """Write b-values and gradient directions in FSL's convention.

    Directions are along the axes of the image as it is stored, with x negated where those are right-handed
    (https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/dtifit).
    """
    assert volume.gradients is not None
    vectors = fsl_of_ras(volume.gradients[:, 1:], stored_affine(volume))
    bval.write_text(" ".join(f"{b:g}" for b in volume.gradients[:, 0]) + "\n", encoding="ascii", newline="\n")
    bvec.write_text("".join(" ".join(f"{v + 0.0:.6g}" for v in row) + "\n" for row in vectors), encoding="ascii", newline="\n")


_ENDINGS = {".bval": (".bval", ".bvals"), ".bvec": (".bvec", ".bvecs", ".eddy_rotated_bvecs")}
"""Endings of files with b-values and directions: of dcm2niix and BIDS first, then of DIPY and of FSL's eddy."""
_OF_FSL = {".bval": "bvals", ".bvec": "bvecs"}
_DATA = "data"
"""FSL's names of an image and its gradients in a folder for dtifit and bedpostx."""
_COMMENT = "#"
"""Begins the lines in which MRtrix states the commands that made a table."""


def gradient_file(image: Path, ending: str) -> Path:
    """Return the file with the b-values (``.bval``) or directions (``.bvec``) of an image; its usual name if there is none."""
    files = [companion(image, other) for other in _ENDINGS[ending]]
    files += [image.with_name(_OF_FSL[ending])] if stem_of(image) == _DATA else []
    return next(filter(os.path.lexists, files), files[0])


def table_file(image: Path) -> Path | None:
    """Return the gradient table of MRtrix next to an image, ``NAME.b``; None if there is none."""
    file = companion(image, ".b")
    return file if os.path.lexists(file) else None


def with_gradients(image: Volume, path: Path) -> Volume:
    """Return an image with the b-values and directions next to its file; with a warning if they are not used."""
    own = (gradient_file(path, ending) for ending in (".bval", ".bvec"))
    bval, bvec = (file if os.path.lexists(file) else None for file in own)
    try:
        gradients = gradients_of(image, path, bval, bvec)
    except NiftiReadError as error:
        return replace(image, warnings=(*image.warnings, str(error)))
    lone = lone_file(bval, bvec) if gradients is None else ""
    return replace(image, gradients=gradients, warnings=(*image.warnings, *filter(None, [lone])))


def gradients_of(image: Volume, path: Path, bval: Path | None, bvec: Path | None) -> np.ndarray | None:
    """Return b-values and directions of both files, else of a table of MRtrix; None if there are not enough files.

    Raises
    ------
    NiftiReadError
        As `read_gradients` does.
    """
    if bval is not None and bvec is not None:
        return read_gradients(image, bval, bvec)
    table = table_file(path)
    return None if table is None else read_table(image, table)


def lone_file(bval: Path | None, bvec: Path | None) -> str:
    """Return that one of both files is not used without the other; empty if both, or none, are there."""
    if (bval is None) == (bvec is None):
        return ""
    file, missing = (bvec, ".bval") if bval is None else (bval, ".bvec")
    assert file is not None
    remedy = " For images without directions, such as traces, add one that contains zeros." if bvec is None else ""
    return f"{file.name} is not used, because there is no {missing} file: b-values and directions are not written.{remedy}"


def read_table(image: Volume, path: Path) -> np.ndarray:
    """Return b-values and directions of a gradient table of MRtrix: a row ``x y z b`` for each time, in RAS.

    https://mrtrix.readthedocs.io/en/latest/concepts/dw_scheme.html

    Raises
    ------
    NiftiReadError
        As `read_gradients` does.
    """
    table = _numbers_in(path)
    if table.shape != (image.times, 4):
        raise NiftiReadError(
            f"{path} has {' × '.join(map(str, table.shape))} numbers; the image has {image.times} times: a row of four numbers "
            "for each was expected (x, y, z, b-value)."
        )
    lengths = np.linalg.norm(table[:, :3], axis=1)
    _check_values(table[:, 3], lengths, path, path)
    return np.column_stack([table[:, 3], table[:, :3] / np.where(lengths > 0, lengths, 1.0)[:, None]])


def read_gradients(image: Volume, bval: Path, bvec: Path) -> np.ndarray:
    """Return b-values and gradient directions of an image as read from its file: the inverse of `write_gradients`.

    Returns
    -------
    numpy.ndarray, shape (times, 4)
        b-value in s/mm² and unit direction in RAS; zeros where there is no direction.

    Raises
    ------
    NiftiReadError
        If a file is missing, holds no numbers, or does not have a value for every time; if a b-value is negative, or the
        direction of a weighted image is not a unit vector.
    """
    values, vectors = _numbers_in(bval), _numbers_in(bvec)
    vectors = vectors.T if _has_a_row_per_time(values.reshape(-1), vectors) else vectors
    if values.size != image.times or vectors.shape != (3, image.times):
        raise NiftiReadError(
            f"{bval} has {values.size} values and {bvec} {' × '.join(map(str, vectors.shape))}; the image has {image.times} "
            "times: one b-value and one direction for each was expected."
        )
    directions = ras_of_fsl(vectors, image.ijk_to_ras)
    lengths = np.linalg.norm(directions, axis=1)
    _check_values(values.reshape(-1), lengths, bval, bvec)
    directions /= np.where(lengths > 0, lengths, 1.0)[:, None]
    return np.column_stack([values.reshape(-1), directions])


def _check_values(b_values: np.ndarray, lengths: np.ndarray, bval: Path, bvec: Path) -> None:
    """Raise `NiftiReadError` if a b-value is negative, or a length may scale a b-value, as in the tables of some scanners."""
    if (negative := np.flatnonzero(b_values < 0)).size:
        raise NiftiReadError(
            f"{bval}: b-value {negative[0] + 1} is {b_values[negative[0]]:g}; it cannot be negative. Correct it."
        )
    odd = np.flatnonzero((b_values > 0) & (lengths > 0) & (np.abs(lengths - 1) > UNIT))
    if odd.size:
        raise NiftiReadError(
            f"{bvec}: direction {odd[0] + 1} has length {lengths[odd[0]]:.3g}, a unit vector was expected: whether the b-value "
            f"{b_values[odd[0]]:g} is to be scaled by it is unknown. Scale the directions to length 1."
        )


def _has_a_row_per_time(b_values: np.ndarray, vectors: np.ndarray) -> bool:
    """Whether vectors are the rows of a table, not its columns; of three times, b-values and lengths show it."""
    if vectors.shape != (3, 3) or b_values.size != 3:
        return vectors.shape[0] != 3 and vectors.shape[-1:] == (3,)
    weighted = b_values > 0
    columns, rows = (np.linalg.norm(vectors, axis=axis) for axis in (0, 1))
    return not _are_units(columns, weighted) and _are_units(rows, weighted)


def _are_units(lengths: np.ndarray, weighted: np.ndarray) -> bool:
    """Whether vectors have the length 1 where images are weighted, and 0 elsewhere."""
    return bool(np.allclose(lengths, weighted, atol=0.01))


def _numbers_in(path: Path) -> np.ndarray:
    try:
        lines = [line.partition(_COMMENT)[0] for line in decoded(read_file(path)).splitlines()]
        numbers = np.array([[float(word) for word in line.split()] for line in lines if line.strip()])
    except OSError as error:
        raise NiftiReadError(f"{path}: {absent_content(path) or f'cannot be read ({error.strerror})'}.") from None
    except ValueError:
        raise NiftiReadError(f"{path}: rows of numbers, all of the same length, were expected.") from None
    if not numbers.size or not np.isfinite(numbers).all():
        raise NiftiReadError(f"{path}: it holds no numbers, or some that are not finite.")
    return numbers
