"""SliceTiming and the time between volumes, as scanners of each manufacturer state them."""

import gzip
import struct

import numpy as np
import pytest

from nifti_dicom_bridge import bids
from nifti_dicom_bridge.bids import ge_times
from nifti_dicom_bridge.model.metadata import Element, Item, SeriesMetadata
from nifti_dicom_bridge.model.space.axes import reoriented_affine
from support.attribute_volumes import clock, element, instance, keys, of_series, slices


def test_slice_timing_is_relative_to_the_first_slice():
    assert keys(slices(clock, [0.5, 0.0, 1.0]))["SliceTiming"] == [0.5, 0, 1]


def test_slice_timing_is_in_the_order_of_the_file():
    found = slices(clock, [0.5, 0.0, 1.0])
    backwards = reoriented_affine(np.asarray(found.ijk_to_ras, float), (0, 1, 2), (1, 1, -1), found.shape_ijk)
    assert bids.keys_of(found, backwards)["SliceTiming"] == [1, 0, 0.5]


def test_slice_timing_beyond_the_repetition_of_epi_is_left_out():
    epi = slices(lambda value: {**clock(value), 0x00180020: "EP"}, [0.5, 0.0, 3.0])
    assert "SliceTiming" not in keys(epi)


def test_slices_with_the_same_time_are_multiband():
    assert keys(slices(clock, [0.0, 0.5, 0.0, 0.5]))["MultibandAccelerationFactor"] == 2


@pytest.mark.parametrize("times", [[0.0, 0.0, 0.0], [0.0, 0.5, 0.0]])
def test_slices_that_happen_to_have_the_same_time_are_not(times):
    assert "MultibandAccelerationFactor" not in keys(slices(clock, times))


def test_ge_interleaved_slices():
    assert ge_times.ge_times(5, 1, 2.0, True, (29.1, True)) == pytest.approx([0, 1.2, 0.4, 1.6, 0.8])


def test_ge_multiband_repeats_the_shots():
    assert ge_times.ge_times(6, 2, 3.0, False, (29.1, True)) == [0, 1, 2, 0, 1, 2]


def test_ge_multiband_of_early_software_is_unknown():
    assert ge_times.ge_times(6, 2, 3.0, True, (25.0, False)) is None


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("27\\LX\\MR Software release:RX27.0_R02_1831.a", (27.0, False)),
        ("27\\LX\\MR Software release:RX27.0_R03_1831.a", (27.0, True)),
        ("28\\LX\\MR29.1_EA_2039.g", (29.1, True)),
        ("nonsense", (0.0, False)),
    ],
)
def test_ge_release(text, release):
    assert ge_times.ge_release(text) == pytest.approx(release)


def test_volumes_of_a_philips_3d_train_take_the_time_between_dynamics():
    def group(begin):
        frame = {0x20050010: "Philips MR Imaging DD 001", 0x200510A0: Element("FL", struct.pack("<f", begin))}
        return Item({tag: value if isinstance(value, Element) else element(value) for tag, value in frame.items()})

    def hidden(begin):
        holder = {0x20050014: element("Philips MR Imaging DD 005"), 0x2005140F: Element("SQ", (group(begin),))}
        return Item(holder)

    per_frame = tuple(hidden(begin) for begin in (0.0, 0.0, 2.5, 2.5, 5.0, 5.0))
    enhanced = instance(
        {0x00080070: "Philips", 0x00180023: "3D", 0x00180080: "30", 0x00180091: "15", 0x52009230: Element("SQ", per_frame)}
    )
    frames = np.array([[(0, 2 * t + k) for k in range(2)] for t in range(3)], np.int32)
    voxels = np.zeros((3, 2, 12, 16), np.int16)
    found = keys(of_series(voxels, np.diag([-2.0, -2.0, 3.0, 1.0]), SeriesMetadata((enhanced,), frames)))
    assert (found["RepetitionTime"], found["RepetitionTimeExcitation"]) == (2.5, 0.03)


@pytest.mark.parametrize(("starts", "seconds"), [((0, 14.5), 3.0), ((0, 4, 8), 4.0)])
def test_two_volumes_have_no_rate(starts, seconds):
    instances = tuple(
        instance({0x00080070: "SIEMENS", 0x00080060: "MR", 0x00180080: "3000", 0x00080032: f"1000{start:09.6f}"})
        for start in starts
    )
    frames = np.array([[(t, 0)] for t in range(len(starts))], np.int32)
    voxels = np.zeros((len(starts), 1, 12, 16), np.int16)
    found = keys(of_series(voxels, np.diag([-2.0, -2.0, 3.0, 1.0]), SeriesMetadata(instances, frames)))
    assert found["RepetitionTime"] == seconds


def test_ge_protocol_block():
    from nifti_dicom_bridge.bids import ge

    packed = gzip.compress(b'NOSLC "15"\nIOPT "EPI, FMRI"\n')
    assert ge.protocol_block(struct.pack("<I", len(packed)) + packed)["IOPT"] == "EPI, FMRI"
    assert ge.protocol_block(b"no gzip") == {}
    assert ge.protocol_block(packed[:20]) == {}
