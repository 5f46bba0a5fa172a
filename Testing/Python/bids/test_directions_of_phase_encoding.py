"""PhaseEncodingDirection: axis and sign in the order of the file."""

import struct

import numpy as np
import pytest

from nifti_dicom_bridge import bids
from nifti_dicom_bridge.bids import phase_encoding
from support.attribute_volumes import AXIAL, SAGITTAL, instance, one, siemens, volume


@pytest.mark.parametrize(
    ("direction", "positive", "letter"), [("COL", 1, "j-"), ("COL", 0, "j"), ("ROW", 1, "i"), ("ROW", 0, "i-")]
)
def test_direction_is_that_of_the_file_whose_rows_are_flipped(direction, positive, letter):
    assert one(siemens(direction, positive))["PhaseEncodingDirection"] == letter


def test_direction_is_that_of_the_volume_where_the_file_has_its_order():
    assert bids.keys_of(volume(instance(siemens("COL", 1))))["PhaseEncodingDirection"] == "j"


def test_direction_follows_the_matrix_not_the_row_and_column():
    matrix = np.array([[0, 0, 3.0, 0], [2.0, 0, 0, 0], [0, -2.0, 0, 0], [0, 0, 0, 1]])
    turned = matrix[:, [1, 0, 2, 3]]  # a file that stores columns first
    found = volume(instance(siemens("ROW", 1, SAGITTAL)), matrix=matrix)
    assert bids.keys_of(found, turned)["PhaseEncodingDirection"] == "j-"


def test_axis_alone_where_the_polarity_is_unknown():
    found = one({0x00080070: "Philips", 0x00180023: "2D", 0x00181312: "ROW", 0x00200037: AXIAL})
    assert found["PhaseEncodingAxis"] == "i"
    assert "PhaseEncodingDirection" not in found


def test_ge_binary_header_states_the_polarity():
    raw = bytearray(2000)
    struct.pack_into("<f", raw, 0, 24.0)
    struct.pack_into("<H", raw, 0x3A, 0x800)
    assert phase_encoding.ge_header_polarity(bytes(raw)) == 1
    struct.pack_into("<H", raw, 0x30, 0x4)
    assert phase_encoding.ge_header_polarity(bytes(raw)) == -1
