"""Terminals and files with few characters, such as those of Windows, have all lines."""

from __future__ import annotations

import os
import subprocess
import sys

import pydicom
import pytest

from support.round_trip import RoundTrip

NAME = "山田^太郎"


def printed(encoding: str, *arguments: object) -> str:
    """Return what a command prints where the standard output has an encoding; it succeeds."""
    command = [sys.executable, "-m", "nifti_dicom_bridge", *map(str, arguments)]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    return done.stdout.decode(encoding)


@pytest.mark.parametrize(("encoding", "arrow", "name"), [
    ("cp1252", "->", NAME.encode("unicode_escape").decode()), ("ascii", "->", NAME.encode("unicode_escape").decode()),
    ("cp932", "→", NAME), ("utf-8", "→", NAME),
])  # fmt: skip
def test_names_and_arrows_are_printed_in_every_encoding(encoding: str, arrow: str, name: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        data_set = pydicom.dcmread(path)
        data_set.SpecificCharacterSet, data_set.PatientName = "ISO_IR 192", NAME
        data_set.save_as(path)

    assert name in printed(encoding, "inspect", round_trip.dicom)
    assert f" {arrow} " in printed(encoding, "convert", round_trip.dicom, "--to", "nifti", "-o", round_trip.nifti)
