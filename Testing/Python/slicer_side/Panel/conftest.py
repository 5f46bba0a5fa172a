"""Inputs of the tests of the panel."""

import pytest

from support.import_section import image


@pytest.fixture
def bids_image(tmp_path):
    """An image with a BIDS sidecar."""
    return image(tmp_path / "bids" / "sub-1_T1w.nii.gz", '{"Modality": "MR", "EchoTime": 0.03, "PatientID": "S1"}')
