"""Numbers that are not finite, as damaged headers contain them, give no BIDS key and do not end the conversion."""

from __future__ import annotations

import json

import pydicom
import pytest

from support.circle import Circle


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_echo_train_length_that_is_not_finite_is_left_out(circle: Circle, value: str) -> None:
    circle.make("mr_4d")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.add_new("GradientEchoTrainLength", "FD", float(value))
        ds.save_as(path)

    report = circle.forth()

    assert report.ok, report.entries[0].error
    assert "EchoTrainLength" not in json.loads(circle.sidecar().read_text("utf-8"))
