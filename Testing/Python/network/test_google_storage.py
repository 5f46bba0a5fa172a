"""Google Cloud Storage as input and output, with an emulator of its API on this computer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nifti_dicom_bridge import BridgeError, inspect, to_dicom, to_nifti
from nifti_dicom_bridge.network.object_store import ObjectStore
from support.oracles import module
from support.round_trip import RoundTrip, listing

BUCKET = "images"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the URL of an empty bucket; the endpoint comes from the environment, as users set it."""
    emulator = module("gcp_storage_emulator.server")
    gcsfs = module("gcsfs")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    server.start()
    gcsfs.GCSFileSystem.clear_instance_cache()
    yield f"gs://{BUCKET}"
    server.stop()
    gcsfs.GCSFileSystem.clear_instance_cache()


@pytest.mark.slow
def test_the_dicom_comes_back_byte_for_byte(bucket: str, round_trip: RoundTrip) -> None:
    round_trip.make("two_series")
    files = sorted(round_trip.dicom.rglob("*.dcm"))
    names = [path.relative_to(round_trip.dicom).as_posix() for path in files]
    ObjectStore(f"{bucket}/dicom", is_output=True).put(files, names)
    assert len(inspect(f"{bucket}/dicom").images) == 2

    assert to_nifti(f"{bucket}/dicom", f"{bucket}/nifti").ok
    report = to_dicom(f"{bucket}/nifti", round_trip.back, uids="keep", names="original")
    assert report.ok, report
    assert listing(round_trip.back) == listing(round_trip.dicom)


@pytest.mark.slow
def test_outputs_that_exist_are_not_replaced(bucket: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    assert to_nifti(round_trip.dicom, f"{bucket}/nifti").ok
    again = to_nifti(round_trip.dicom, f"{bucket}/nifti")
    assert [entry.error.partition(":")[0] for entry in again.entries] == ["gs"]
    assert "exists" in again.entries[0].error


@pytest.mark.slow
def test_a_bucket_that_does_not_exist_is_an_error(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="gs://nowhere/scans"):
        to_nifti("gs://nowhere/scans", tmp_path)
