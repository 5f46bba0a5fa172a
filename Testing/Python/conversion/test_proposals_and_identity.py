"""What an image would become is reported before anything is written; who and what it is, in Unicode."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge import (
    Cancelled,
    ConversionOptions,
    Job,
    Kind,
    SidecarKind,
    convert,
    identity_of,
    make_sample,
    propose,
    read,
)


@pytest.fixture
def nifti(tmp_path):
    make_sample(tmp_path / "dicom")
    return next(path for path in convert(Job([tmp_path / "dicom"], tmp_path / "nifti")).outputs if path.suffix == ".gz")


def test_identity_is_read_in_its_character_set(nifti):
    found = identity_of(read(nifti)[0])
    assert (found["PatientName"], found["PatientID"], found["Modality"]) == ("Διονυσιος", "DEMO-1", "MR")
    assert "PatientSex" not in found  # empty
    assert "WindowCenter" not in found  # absent


def test_image_that_never_was_dicom_has_no_identity():
    import numpy as np

    from nifti_dicom_bridge import Volume

    assert identity_of(Volume(np.zeros((1, 2, 3, 4)), np.eye(4))) == {}


def test_original_that_comes_back_is_proposed_with_its_values(nifti):
    (found,) = propose([nifti], ConversionOptions(set_values={"PatientID": "7"}))
    values = {value.attribute: (value.new, value.source) for value in found.values}
    assert (found.companion, found.kind, found.error) == (SidecarKind.RECORD, Kind.AUTO, "")
    assert values["PatientName"] == ("Διονυσιος", "the original")
    assert values["PatientID"] == ("7", "set_values=")


def test_progress_is_reported_and_may_cancel(nifti):
    stated = []
    propose([nifti], ConversionOptions(), lambda *step: stated.append(step))
    assert stated == [(nifti.name, 0, 1)]

    def cancel(what, done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        propose([nifti], ConversionOptions(), cancel)


def test_label_map_is_marked_in_its_header(tmp_path):
    import nibabel
    import numpy as np

    from nifti_dicom_bridge import Volume, write

    (path, *_) = write(Volume(np.zeros((1, 2, 3, 4), np.uint8), np.eye(4), intent="label"), tmp_path / "labels.nii")
    assert int(nibabel.load(path).header["intent_code"]) == 1002
    assert read(path)[0].intent == "label"
