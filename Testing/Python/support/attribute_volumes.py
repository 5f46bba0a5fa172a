"""Volumes made of a few attributes, and the BIDS keys of them."""

import numpy as np

from nifti_dicom_bridge import bids
from nifti_dicom_bridge.model.dicom_source import DicomSource, Origin
from nifti_dicom_bridge.model.metadata import Element, Encoding, Instance, SeriesMetadata
from nifti_dicom_bridge.model.space.axes import reoriented_affine
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels.pixels import PixelRecord, Rescale

AXIAL = "1\\0\\0\\0\\1\\0"

SAGITTAL = "0\\1\\0\\0\\0\\-1"


def element(value, vr="LO"):
    if isinstance(value, (bytes, tuple)):
        return Element(vr, value)
    return Element(vr, str(value).encode("utf-8"))


def instance(attributes, number=1):
    found = {tag: value if isinstance(value, Element) else element(value) for tag, value in attributes.items()}
    return Instance({0x00080060: element("MR"), 0x00200013: element(number), **found}, {}, None, Encoding(), None)


def volume(*instances, times=1, slices=None, matrix=None):
    slices = slices or len(instances) // times
    frames = np.array([[(t * slices + k, 0) for k in range(slices)] for t in range(times)], np.int32)
    voxels = np.zeros((times, slices, 12, 16), np.int16)
    return of_series(voxels, np.diag([-2.0, -2.0, 3.0, 1.0]) if matrix is None else matrix, SeriesMetadata(instances, frames))


def of_series(voxels, matrix, series):
    origin = Origin("", voxels.shape, matrix, Rescale(), "<i2")
    return Volume(voxels, matrix, source=DicomSource(series, PixelRecord("<i2"), origin))


def stored(found):
    return reoriented_affine(np.asarray(found.ijk_to_ras, float), (0, 1, 2), (1, -1, 1), found.shape_ijk)


def keys(found):
    return bids.keys_of(found, stored(found))


def one(attributes):
    return keys(volume(instance(attributes)))


def siemens(direction, positive, cosines=AXIAL):
    return {
        0x00080070: "SIEMENS", 0x00180023: "2D", 0x00181312: direction, 0x00200037: cosines,
        0x00210011: "SIEMENS MR SDI 02", 0x0021111C: str(positive),
    }  # fmt: skip


def slices(maker, values, repetition="2000", **more):
    shared = {0x00180023: "2D", 0x00180080: repetition, **more}
    return volume(*(instance({**shared, **maker(value)}, n + 1) for n, value in enumerate(values)))


def clock(value):
    return {0x00080070: "SIEMENS", 0x00080032: f"1011{12 + value:09.6f}"}
