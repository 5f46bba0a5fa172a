"""Numbers that are not finite, as damaged headers contain them, give no BIDS key and do not end the conversion."""

from __future__ import annotations

import json

import pydicom
import pytest

from support.round_trip import RoundTrip


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_echo_train_length_that_is_not_finite_is_left_out(round_trip: RoundTrip, value: str) -> None:
    round_trip.make("mr_4d")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.add_new("GradientEchoTrainLength", "FD", float(value))
        ds.save_as(path)

    report = round_trip.forth()

    assert report.ok, report.entries[0].error
    assert "EchoTrainLength" not in json.loads(round_trip.sidecar().read_text("utf-8"))
