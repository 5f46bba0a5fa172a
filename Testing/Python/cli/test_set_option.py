"""The option --set."""

from __future__ import annotations

import pytest

from support.command_line import to_dicom, to_nifti
from support.round_trip import RoundTrip, names_in


def test_set_values_are_in_every_file(round_trip: RoundTrip) -> None:
    round_trip.make("oblique")
    to_nifti(round_trip)

    assert (
        to_dicom(round_trip, "--set", "PatientName=Müller^Jörg", "--set", "EchoTime=3.5", "--set", "WindowCenter=40\\50") == 0
    )
    for ds in round_trip.returned():
        assert str(ds.PatientName) == "Müller^Jörg"
        assert (str(ds.EchoTime), list(ds.WindowCenter)) == ("3.5", [40, 50])


def test_an_empty_value_empties_the_attribute(round_trip: RoundTrip) -> None:
    round_trip.make("oblique")
    to_nifti(round_trip)

    assert to_dicom(round_trip, "--set", "PatientID=") == 0
    assert {ds["PatientID"].value for ds in round_trip.returned()} == {""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PatientNme=x", "PatientName"),
        ("nonsense=1", "not a DICOM keyword"),
        ("PatientID", "KEYWORD=VALUE"),
        ("=x", "KEYWORD=VALUE"),
        ("EchoTime=fast", "EchoTime"),
        ("StudyDate=yesterday", "StudyDate"),
        ("Modality=much too long for a CS value", "Modality"),
        ("Rows=5", "Rows"),
        ("SOPInstanceUID=1.2", "SOPInstanceUID"),
        ("PixelData=1", "PixelData"),
        ("TransferSyntaxUID=1.2", "TransferSyntaxUID"),
        ("SourceImageSequence=1", "SourceImageSequence"),
        ("SmallestImagePixelValue=99999999", "SmallestImagePixelValue"),
        ("PatientID=" + "x" * 70, "PatientID"),
        ("FrameOfReferenceUID=a.b", "FrameOfReferenceUID"),
        ("00100010=x", "00100010"),
    ],
)
def test_a_set_that_cannot_be_done_is_wrong_usage_in_one_sentence(
    text: str, said: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    round_trip.make("classic_ct")
    to_nifti(round_trip)

    assert to_dicom(round_trip, "--set", text) == 2
    assert said in capsys.readouterr().err
    assert names_in(round_trip.back) == []


def test_an_attribute_with_two_values_is_refused(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct").forth()
    assert to_dicom(round_trip, "--set", "PatientID=1", "--set", "PatientID=2") == 2
    assert "--set PatientID is given with several values" in capsys.readouterr().err


def test_set_needs_dicom_as_the_target(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    assert to_nifti(round_trip, "--set", "PatientID=1") == 2
    assert names_in(round_trip.nifti) == []
