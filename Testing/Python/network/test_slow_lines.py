"""The time limit is for silence: objects that take longer to arrive than an answer may are waited for while data flow."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ArchiveSettings, fetch, make_sample, send
from phantoms.base import save
from support import archives
from support.odd_archives import query_scp, slow_line

LIMIT_S, SIDE, RATE = 3, 2896, 3e6


@pytest.fixture
def large(tmp_path):
    """An object of 16 MiB, which takes longer than the limit."""
    make_sample(tmp_path / "sample")
    data_set = pydicom.dcmread(next(path for path in sorted((tmp_path / "sample").rglob("*")) if path.is_file()))
    data_set.Rows = data_set.Columns = SIDE
    data_set.PixelData = np.zeros((SIDE, SIDE), np.int16).tobytes()
    return data_set


def fetched(address, data_set, folder, **settings):
    report = fetch(
        address,
        folder,
        study=str(data_set.StudyInstanceUID),
        settings=ArchiveSettings(retries=0, timeout_s=LIMIT_S, **settings),
    )
    assert report.ok, [entry.line() for entry in report.entries]
    (path,) = report.outputs
    return pydicom.dcmread(path).PixelData == data_set.PixelData


def through(address, line):
    return f"{address.rpartition(':')[0]}:{line}"


@pytest.mark.slow
def test_a_large_object_is_received_by_get(large, tmp_path):
    with query_scp([large]) as address, slow_line(int(address.rpartition(":")[2]), RATE) as line:
        assert fetched(through(address, line), large, tmp_path / "back")


@pytest.mark.slow
def test_a_large_object_is_received_by_move(large, tmp_path):
    port = archives.free_port()
    with slow_line(port, RATE) as line, query_scp([large], move_to=line) as address:
        assert fetched(address, large, tmp_path / "back", receiving_port=port)


@pytest.mark.slow
def test_a_large_object_is_sent(large, tmp_path):
    save(tmp_path / "scans", [large])
    with (
        archives.storescp(tmp_path / "scp") as (address, _),
        slow_line(int(address.rpartition(":")[2]), RATE) as line,
    ):
        report = send(tmp_path / "scans", through(address, line), ArchiveSettings(retries=0, timeout_s=LIMIT_S))
    assert report.ok, [entry.line() for entry in report.entries]
