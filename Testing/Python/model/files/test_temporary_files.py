"""Temporary files: there, absent where the disk is full, and closed where anything else happens."""

from __future__ import annotations

import errno
from typing import IO, Any

import pytest

from nifti_dicom_bridge.model.files.temporary_files import temporary_file


def test_what_was_written_is_in_the_file() -> None:
    file = temporary_file(lambda file: file.write(b"voxels"))
    assert file is not None
    file.seek(0)
    assert file.read() == b"voxels"


@pytest.mark.parametrize(("number", "is_full"), [(errno.ENOSPC, True), (errno.EIO, False)])
def test_there_is_no_file_on_a_full_disk_alone(number: int, is_full: bool) -> None:
    files: list[IO[bytes]] = []

    def write(file: IO[bytes]) -> Any:
        files.append(file)
        raise OSError(number, "not written")

    if is_full:
        assert temporary_file(write) is None
    else:
        with pytest.raises(OSError, match="not written"):
            temporary_file(write)
    assert files[0].closed
