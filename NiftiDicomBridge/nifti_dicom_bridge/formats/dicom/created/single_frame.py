"""Objects of one frame: CT, MR, PET, Secondary Capture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....model.metadata import Elements, Log
from ....model.space import geometry
from ....options import Kind
from ....standard.tags import Tag
from .. import new_element
from ..new_file import NewFile, file_of
from ..pydicom_conversion import with_charset
from ..uids import new_uid
from . import clock
from .request import (
    Request,
    common_elements,
    directionality,
    patient_orientation,
    rescale_elements,
    sources_of_frame,
    window_elements,
)
from .stored_pixels import StoredPixels


def single_frames(request: Request, stored: StoredPixels, log: Log) -> Iterator[NewFile]:
    """Yield an object per slice and time, times outermost."""
    times, slices = stored.voxels.shape[:2]
    common = with_charset(common_elements(request, stored, log) | _of_series(request, stored))
    by_slice = [_plane(request, k) for k in range(slices)]
    windows = window_elements(request, stored) if stored.pixel.samples == 1 else [{}]
    for t in range(times):
        of_time = _time(request, t)
        for k in range(slices):
            number = t * slices + k + 1
            elements = common | by_slice[k] | of_time | clock.of_frame(request, t, k)
            elements |= with_charset(rescale_elements(request, stored, t, k))
            elements |= sources_of_frame(request, t, k) | with_charset(windows[(t * slices + k) % len(windows)])
            if request.frames:
                elements |= with_charset(request.frames[t * slices + k])
            elements[Tag.SOP_INSTANCE_UID] = new_element.text("UI", new_uid())
            elements[Tag.INSTANCE_NUMBER] = new_element.integers("IS", number)
            if request.kind is Kind.PET:
                elements[Tag.IMAGE_INDEX] = new_element.integers("US", number)
            yield file_of(elements, stored.pixel, stored.voxels[t, k][None])


def _of_series(request: Request, stored: StoredPixels) -> Elements:
    elements: Elements = {}
    if request.image.times > 1 and request.kind is not Kind.PET:
        elements[Tag.NUMBER_OF_TEMPORAL_POSITIONS] = new_element.integers("IS", request.image.times)
        if step_s := clock.step_s(request):
            elements[Tag.TEMPORAL_RESOLUTION] = new_element.decimals([step_s * 1000])  # ms
    if request.kind is Kind.PET:
        elements |= _of_pet_series(request, stored)
    return elements


def _of_pet_series(request: Request, stored: StoredPixels) -> Elements:
    """Return the attributes of PET that count slices and times (PS3.3 C.8.9.1)."""
    times, slices = stored.voxels.shape[:2]
    elements: Elements = {
        Tag.NUMBER_OF_SLICES: new_element.integers("US", slices),
        Tag.SERIES_TYPE: new_element.text("CS", "DYNAMIC" if times > 1 else "STATIC", "IMAGE"),
    }
    if times > 1:
        elements[Tag.NUMBER_OF_TIME_SLICES] = new_element.integers("US", times)
    given = request.attributes
    for tag, acquired, now in zip(
        (Tag.SERIES_DATE, Tag.SERIES_TIME),
        (Tag.ACQUISITION_DATE, Tag.ACQUISITION_TIME),
        new_element.now(given.elements),
        strict=True,
    ):
        if not given.text(tag):  # SeriesDate and SeriesTime, Type 1: that of the acquisition, else that of the making
            elements[tag] = given.elements[acquired] if given.text(acquired) else now
    return elements


def _plane(request: Request, k: int) -> Elements:
    """Return the Image Plane module of a slice (PS3.3 C.7.6.2)."""
    plane = request.planes[k]
    elements = {
        Tag.IMAGE_POSITION_PATIENT: new_element.decimals(plane.position),
        Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals(plane.orientation),
        Tag.PIXEL_SPACING: new_element.decimals(plane.spacing),
        Tag.SLICE_LOCATION: new_element.decimals([plane.distance]),
    }
    if request.kind is Kind.SC:
        elements[Tag.PATIENT_ORIENTATION] = new_element.text("CS", *patient_orientation(plane))
    if Tag.SLICE_THICKNESS not in request.attributes.elements:
        elements[Tag.SLICE_THICKNESS] = new_element.decimals([request.step_mm])
    if len(request.planes) > 1 and request.kind in (Kind.MR, Kind.SC):
        elements[Tag.SPACING_BETWEEN_SLICES] = new_element.decimals([request.step_mm])
    return elements


def _time(request: Request, t: int) -> Elements:
    """Return what distinguishes one time of an image from the others."""
    elements: Elements = {}
    if request.image.times > 1 and request.kind is not Kind.PET:
        elements[Tag.TEMPORAL_POSITION_IDENTIFIER] = new_element.integers("IS", t + 1)
        if not request.attributes.text(Tag.ACQUISITION_NUMBER):
            elements[Tag.ACQUISITION_NUMBER] = new_element.integers("IS", t + 1)
    if request.kind is Kind.PET:
        elements[Tag.FRAME_REFERENCE_TIME] = new_element.decimals([clock.frame_reference_ms(request, t)])
        duration = clock.duration_s(request, t)
        if duration:
            elements[Tag.ACTUAL_FRAME_DURATION] = new_element.integers("IS", round(duration * 1000))  # ms
    gradients = request.image.gradients
    if gradients is not None and request.kind is Kind.MR:
        elements |= _diffusion(gradients[t])
    return elements


def _diffusion(gradient: np.ndarray) -> Elements:
    """Return the public diffusion attributes, as GE, Siemens XA and Canon write them into classic MR (PS3.3 C.8.13.5.9).

    The orientation is there without weighting too, as zeros: dcm2niix takes directions of GE and Canon for those of the patient
    only where the first volume has one.
    """
    b_value, direction = float(gradient[0]), gradient[1:]
    weighted = b_value > 0 and bool(np.any(direction))
    return {
        Tag.DIFFUSION_B_VALUE: new_element.floats("FD", b_value),
        Tag.DIFFUSION_DIRECTIONALITY: new_element.text("CS", directionality(b_value, weighted)),
        Tag.DIFFUSION_GRADIENT_ORIENTATION: new_element.floats("FD", *geometry.ras_of_lps(direction)),  # LPS
    }
