"""`read` of files of which some are damaged."""

from pathlib import Path

import pytest

from nifti_dicom_bridge import DicomReadError, read
from phantoms import PHANTOMS


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The last file of a series of which the others are whole."""
    PHANTOMS["classic_ct"].write(tmp_path)
    path = max(tmp_path.rglob("*.dcm"))
    path.write_bytes(path.read_bytes()[:-20])
    return path


def test_a_damaged_file_is_an_error(damaged):
    with pytest.raises(DicomReadError, match="truncated"):
        read(damaged.parent)


def test_the_others_are_read_with_the_reason_on_request(damaged):
    count = len(list(damaged.parent.rglob("*.dcm")))
    (volume,) = read(damaged.parent, skip_damaged=True)
    assert volume.voxels.shape[1] == count - 1
    assert any(str(damaged) in text for text in volume.warnings)


def test_nothing_but_damaged_files_is_an_error(damaged):
    with pytest.raises(DicomReadError, match="truncated"):
        read(damaged, skip_damaged=True)
