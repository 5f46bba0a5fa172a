"""One Orthanc for all tests of archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nifti_dicom_bridge import (
    ArchiveSettings,
)
from support import archives
from support.archives import PASSWORD, USER, Orthanc
from support.object_server import ObjectServer, object_server
from support.round_trip import RoundTrip


@pytest.fixture(scope="session")
def shared_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with archives.orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture
def orthanc(shared_orthanc: Orthanc) -> Orthanc:
    """An Orthanc that is empty."""
    shared_orthanc.clear()
    return shared_orthanc


@pytest.fixture
def settings() -> ArchiveSettings:
    """Credentials of the Orthanc; retries that do not wait."""
    return ArchiveSettings(user=USER, password=PASSWORD, timeout_s=60, retries=2, backoff_s=0)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CT, MR, PET, enhanced MR, SEG, XA and US."""
    from nifti_dicom_bridge import create_samples

    folder = tmp_path_factory.mktemp("samples") / "dicom"
    create_samples(folder)
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    with object_server(monkeypatch) as running:
        yield running


@pytest.fixture
def source(round_trip: RoundTrip, server: ObjectServer) -> Path:
    """Two series of one study, in a folder and below s3://images/dicom."""
    round_trip.make("two_series")
    server.put(round_trip.dicom, "dicom")
    return round_trip.dicom
