"""What the protocol of Siemens states: coil, acceleration, pairs of control and label."""

import struct

import pytest

from nifti_dicom_bridge.bids import siemens_text
from nifti_dicom_bridge.model.metadata import Element
from nifti_dicom_bridge.standard.siemens_csa import protocol_of
from support.attribute_volumes import instance, keys, one, siemens, volume

PROTOCOL = b"""binary MrPhoenixProtocol <XProtocol>
### ASCCONV BEGIN ###
sPat.lAccelFactPE                        = 2
sPat.ucPATMode                           = 0x2
asCoilSelectMeas[0].asList[0].sCoilElementID.tCoilID = ""Head_32""
sKSpace.ucPhasePartialFourier            = 0x4 # ' '
sTXSPEC.asNucleusInfo[0].flReferenceAmplitude = 300.5
### ASCCONV END ###"""


def test_protocol_states_the_coil_and_acceleration():
    found = one({0x00080070: "SIEMENS", 0x00290010: "SIEMENS CSA HEADER", 0x00291020: Element("OB", PROTOCOL)})
    wanted = {
        "ReceiveCoilName": "Head_32", "ParallelReductionFactorInPlane": 2, "MatrixCoilMode": "GRAPPA", "PartialFourier": 0.75,
        "TxRefAmp": 300.5,
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted


def test_control_and_label_are_counted_in_pairs():
    lines = b'### ASCCONV BEGIN ###\ntSequenceFileName = "%SiemensSeq%\\ep2d_pasl"\n### ASCCONV END ###'
    csa = {0x00080070: "SIEMENS", 0x00290010: "SIEMENS CSA HEADER", 0x00291020: Element("OB", lines)}
    found = keys(volume(*(instance(csa, n + 1) for n in range(14)), times=7))
    assert (found["TotalAcquiredPairs"], found["M0Type"]) == (3, "Included")


def test_protocol_that_is_none_is_empty():
    assert protocol_of(b"SV10 nothing") == ""
    assert siemens_text.values("a = \n", "a") == []


def test_effective_echo_spacing_of_siemens():
    found = one(
        {
            **siemens("COL", 1),
            0x00190010: "SIEMENS MR HEADER",
            0x00191028: Element("FD", struct.pack("<d", 25.0)),
        }
    )
    assert found["EffectiveEchoSpacing"] == pytest.approx(1 / (25 * 12), rel=1e-5)
    assert found["TotalReadoutTime"] == pytest.approx(11 / (25 * 12), rel=1e-5)
