"""While a C-MOVE runs, its port takes the objects that were asked for from the archive that was asked, and nothing else."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from nifti_dicom_bridge import ArchiveSettings, make_sample
from nifti_dicom_bridge.network.archive import RemoteSeries
from nifti_dicom_bridge.network.dimse_retrieve import NOT_AUTHORIZED, retrieve_series
from nifti_dicom_bridge.options.addresses import parse_address
from support import archives

TITLE = "RESEARCH"


@pytest.fixture
def scans(tmp_path):
    make_sample(tmp_path / "scans")
    return [pydicom.dcmread(path) for path in sorted((tmp_path / "scans").rglob("*")) if path.is_file()]


def send(port, data_set, calling="ARCHIVE", called=TITLE, **originator):
    """Send one object to the port; return the status, or None if the association is refused."""
    import pynetdicom

    entity = pynetdicom.AE(ae_title=calling)
    for sop_class in (data_set.SOPClassUID, CTImageStorage, MRImageStorage):
        entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
    peer = entity.associate("127.0.0.1", port, ae_title=called)
    if not peer.is_established:
        return None
    status = peer.send_c_store(data_set, **originator).get("Status")
    peer.release()
    return status


def moved(scans, folder, intruder):
    """Fetch the series of the first object by C-MOVE; the archive lets `intruder(port)` send first. Return both results."""
    import pynetdicom

    port, archive_port, answers = archives.free_port(), archives.free_port(), []

    def move(event):
        answers.append(intruder(port))
        yield "127.0.0.1", port
        yield len(scans)
        for data_set in scans:
            yield 0xFF00, data_set

    archive = pynetdicom.AE(ae_title="ARCHIVE")
    archive.add_supported_context("1.2.840.10008.5.1.4.1.2.2.2")
    for data_set in scans:
        archive.add_requested_context(data_set.SOPClassUID, ExplicitVRLittleEndian)
    server = archive.start_server(("127.0.0.1", archive_port), block=False, evt_handlers=[(pynetdicom.evt.EVT_C_MOVE, move)])
    try:
        series = RemoteSeries(str(scans[0].StudyInstanceUID), str(scans[0].SeriesInstanceUID))
        settings = ArchiveSettings(calling_title=TITLE, receiving_port=port, retries=0, timeout_s=60)
        folder.mkdir()
        address = parse_address(f"pacs:ARCHIVE@127.0.0.1:{archive_port}")
        files = list(retrieve_series(address, settings, series, {str(scans[0].SOPClassUID)}, folder))
    finally:
        server.shutdown()
    return answers[0], files


def other_series(scans):
    data_set = pydicom.dcmread(scans[0].filename)
    data_set.SeriesInstanceUID, data_set.SOPInstanceUID = "1.2.3", "1.2.3.4"
    data_set.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    return data_set


INTRUDERS = {
    "another calling title": (lambda port, scans: send(port, scans[0], calling="INTRUDER"), None),
    "another called title": (lambda port, scans: send(port, scans[0], called="OTHER"), None),
    "another series": (lambda port, scans: send(port, other_series(scans)), NOT_AUTHORIZED),
    "another originator": (
        lambda port, scans: send(port, scans[0], originator_aet="OTHER", originator_id=1), NOT_AUTHORIZED,
    ),
    "another request": (lambda port, scans: send(port, scans[0], originator_aet=TITLE, originator_id=9), NOT_AUTHORIZED),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", INTRUDERS)
def test_nothing_else_is_taken(scans, tmp_path, name):
    intruder, expected = INTRUDERS[name]
    answer, files = moved(scans, tmp_path / "back", lambda port: intruder(port, scans))
    assert answer == expected
    assert sorted(path.stem for path in files) == sorted(str(one.SOPInstanceUID) for one in scans)
