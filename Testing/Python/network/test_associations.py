"""How associations are used: one for many queries, one at a time, and none is waited for after an interruption."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from pydicom.uid import ImplicitVRLittleEndian

from nifti_dicom_bridge import ArchiveSettings, fetch, send
from nifti_dicom_bridge.network.association import association
from nifti_dicom_bridge.options.addresses import parse_address
from nifti_dicom_bridge.standard.sop_classes import VERIFICATION
from phantoms.base import MR, ramp, save, slices
from support.odd_archives import query_scp

ONCE = ArchiveSettings(retries=0, timeout_s=30)
WAIT_S = 60
SERIES = 5


@pytest.fixture
def scans(tmp_path):
    """Series of one image each."""
    images = []
    for number in range(SERIES):
        (image,) = slices(ramp(1, 4, 5), MR)
        image.StudyInstanceUID, image.SeriesInstanceUID = "1.2.3", f"1.2.3.{number + 1}"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number + 1}.1"
        images.append(image)
    save(tmp_path / "scans", images)
    return images


@contextmanager
def counted(data_sets, find=None):
    """Run an archive; yield its address, and how many associations were open at the same time, one number for each."""
    from pynetdicom import evt

    now, counts, lock = [0], [], threading.Lock()

    def change(event, step):
        with lock:
            now[0] += step
            counts.extend([now[0]] if step > 0 else [])

    handlers = [(evt.EVT_ACCEPTED, change, [1]), (evt.EVT_RELEASED, change, [-1]), (evt.EVT_ABORTED, change, [-1])]
    with query_scp(data_sets, find, handlers=handlers) as address:
        yield address, counts


def test_queries_about_many_series_are_of_one_association(scans, tmp_path):
    with counted(scans) as (address, counts):
        report = send(tmp_path / "scans", address, ONCE)
    assert report.count("present") == SERIES
    assert counts == [1, 1]  # C-ECHO, and all queries


def test_there_is_one_association_at_a_time(scans, tmp_path):
    with counted(scans[:1]) as (address, counts):
        assert fetch(address, tmp_path / "back", study="1.2.3", settings=ONCE).ok
    assert set(counts) == {1}


def test_an_archive_without_queries_is_asked_once(scans, tmp_path):
    with counted(scans, find="none") as (address, counts):
        report = send(tmp_path / "scans", address, ONCE)
    assert (report.count("sent"), len(counts)) == (SERIES, 3)  # C-ECHO, C-FIND, C-STORE


def test_an_interruption_does_not_wait_for_the_archive():
    from pynetdicom import AE, evt

    aborted, entity = threading.Event(), AE("ODD")
    entity.add_supported_context(VERIFICATION)
    handlers = [(evt.EVT_ABORTED, lambda event: aborted.set())]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    address = parse_address(f"pacs:ODD@127.0.0.1:{server.server_address[1]}")
    try:
        with pytest.raises(KeyboardInterrupt), association(address, ONCE, [(VERIFICATION, [ImplicitVRLittleEndian])]):
            raise KeyboardInterrupt
        assert aborted.wait(WAIT_S)
    finally:
        server.shutdown()
