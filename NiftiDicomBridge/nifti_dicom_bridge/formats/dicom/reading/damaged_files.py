"""Files whose compressed pixel data turn out to be damaged when they are decoded: which ones of an image, and why.

Headers do not show it, and decoding all frames twice would take twice the time. So files are examined one by one only after
an image could not be read. It is planned again without the damaged ones then, as if these were missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from ....errors import BridgeError, DamagedFilesError, DecoderMissingError, DicomReadError
from ....model.metadata import Instance
from .attributes.functional_groups import frame_count
from .data_sets.files import open_instance
from .pixel_data import decode
from .plans import DrawnPlan, Plan

FRAMES_AT_ONCE = 16
"""Frames of an instance that are decoded together, as long as none is damaged."""


@contextmanager
def damaged_files_named(plans: Sequence[Plan]) -> Iterator[None]:
    """Let an error name all damaged files of some images. Read: ``with damaged_files_named([plan]): load(plan)``.

    Raises
    ------
    DamagedFilesError
        In place of a `DicomReadError`, if some of the files are damaged and others are not.
    """
    try:
        yield
    except (DecoderMissingError, DamagedFilesError):  # all files may be as they should be; they are named already
        raise
    except DicomReadError as error:
        try:
            instances = _instances_of(plans)
            reasons = damage_of(instances)
        except (BridgeError, OSError):  # a file was changed, or cannot be opened at present
            raise error from None
        if not reasons:
            raise
        raise _error_of(reasons, len(instances)) from error


def damage_of(instances: Iterable[Instance]) -> dict[str, str]:
    """Return the path of each instance whose compressed pixel data cannot be decoded, and why.

    Raises
    ------
    BridgeError, OSError
        If a decoder is not installed; if a file was changed, or cannot be read.
    """
    return {instance.path: reason for instance in instances if (reason := _damage_of(instance))}


def _instances_of(plans: Iterable[Plan]) -> list[Instance]:
    """Return the instances with pixel data of some plans, each once."""
    return list({one.path: one for plan in plans if not isinstance(plan, DrawnPlan) for one in plan.instances}.values())


def _error_of(reasons: dict[str, str], count: int) -> DicomReadError:
    """Return the error of an image of some files, of which some are damaged, or all."""
    first, others = next(iter(reasons.values())), count - len(reasons)
    if others:
        message = f"{first} Leave damaged files out to convert the other {others} file(s) of the image."
        return DamagedFilesError(message, reasons)
    return DicomReadError(f"{first} All {count} files of the image are damaged." if count > 1 else first)


def _damage_of(instance: Instance) -> str:
    """Return why compressed pixel data cannot be decoded; empty if they can, and for native ones, which were checked before.

    An instance with one damaged frame is damaged as a whole: it cannot be restored from the other frames.
    """
    if decode.is_native(instance):
        return ""
    open_instance(instance).close()  # raises if it was changed
    count = frame_count(instance.elements)
    for start in range(0, count, FRAMES_AT_ONCE):
        numbers = range(start, min(start + FRAMES_AT_ONCE, count))
        for number in numbers if len(numbers) == 1 or _reason(instance, numbers) else ():
            if reason := _reason(instance, [number]):
                return f"{reason}." + (f" It is frame {number + 1} of {count}." if count > 1 else "")
    return ""


def _reason(instance: Instance, numbers: Sequence[int]) -> str:
    """Return why some frames cannot be decoded; empty if they can."""
    try:
        decode.decompressed_frames(instance, decode.pixel_format(instance), numbers)
    except DecoderMissingError:
        raise
    except DicomReadError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return str(error).rstrip(".")
    return ""
