"""From the archive, through a tool, back to the archive: by apply, and by listen with apply."""

from __future__ import annotations

import sys
import threading

import pydicom
import pytest

from nifti_dicom_bridge import ArchiveSettings, compare, create_samples, fetch, listen, send, to_dicom
from nifti_dicom_bridge.cli import main
from support import archives
from support.archives import PASSWORD, USER

SEGMENT = """
import sys, nibabel, numpy as np
image = nibabel.load(sys.argv[1])
values = np.asanyarray(image.dataobj)
nibabel.save(nibabel.Nifti1Image((values > values.mean()).astype(np.uint8), image.affine), sys.argv[2])
"""
KINDS = ["mr", "sc", "sc-multiframe", "enhanced-mr", "pm", "legacy", "classic"]


def headers(folder):
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.rglob("*.dcm")]


@pytest.fixture
def ct(orthanc, settings, samples, tmp_path, monkeypatch):
    """A CT in the archive; credentials are in the environment, a script segments images."""
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_USER", USER)
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD", PASSWORD)
    (tmp_path / "segment.py").write_text(SEGMENT)
    send(samples / "CT", orthanc.pacs, settings)
    return pydicom.dcmread(next((samples / "CT").rglob("*.dcm")), stop_before_pixels=True)


@pytest.mark.slow
def test_a_segmentation_is_in_the_study_of_its_image(orthanc, settings, ct, tmp_path):
    assert main(["fetch", orthanc.dicomweb, "-o", str(tmp_path / "in"), "--study", str(ct.StudyInstanceUID)]) == 0
    command = [sys.executable, str(tmp_path / "segment.py"), "{input}", "{output}"]
    apply = [
        "apply",
        str(tmp_path / "in"),
        "-o",
        str(tmp_path / "out"),
        "--as",
        "seg",
        "--send",
        orthanc.dicomweb,
        "--",
        *command,
    ]
    assert main(apply) == 0
    fetch(orthanc.pacs, tmp_path / "back", study=str(ct.StudyInstanceUID), settings=settings)
    (segmentation,) = [header for header in headers(tmp_path / "back") if header.Modality == "SEG"]
    assert segmentation.PatientID == ct.PatientID
    assert segmentation.FrameOfReferenceUID == ct.FrameOfReferenceUID
    assert send(tmp_path / "out", orthanc.pacs, settings).count("sent") == 0


@pytest.mark.slow
def test_listen_applies_a_tool_to_what_arrives_and_sends_it_back(orthanc, settings, ct, samples, tmp_path):
    port, stop, studies = archives.free_port(), threading.Event(), []

    def process(study):
        command = [sys.executable, str(tmp_path / "segment.py"), "{input}", "{output}"]
        out = str(tmp_path / "out")
        assert main(["apply", str(study), "-o", out, "--as", "seg", "--send", orthanc.pacs, "--", *command]) == 0
        studies.append(study)
        stop.set()

    before = orthanc.instances()
    options = {"on_study": process, "quiet_s": 0.5, "stop": stop, "report": lambda text: None}
    thread = threading.Thread(target=listen, args=(tmp_path / "in", port, "RESEARCH"), kwargs=options)
    thread.start()
    archives.wait_for_port(port)
    send(samples / "CT", f"pacs:RESEARCH@127.0.0.1:{port}", ArchiveSettings(retries=0))
    thread.join()
    assert [study.name for study in studies] == [ct.StudyInstanceUID]
    assert len(orthanc.instances() - before) == 1


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_every_kind_of_object_comes_back_as_it_was_sent(orthanc, settings, tmp_path, protocol):
    create_samples(tmp_path / "samples")
    for kind in KINDS:
        report = to_dicom(tmp_path / "samples" / "MR", tmp_path / "sent" / kind, kind=kind)
        assert report.ok, report
    assert send(tmp_path / "sent", getattr(orthanc, protocol), settings).ok
    studies = sorted({str(header.StudyInstanceUID) for header in headers(tmp_path / "sent")})
    assert fetch(getattr(orthanc, protocol), tmp_path / "back", study=studies, settings=settings).ok
    comparison = compare(tmp_path / "sent", tmp_path / "back")
    assert comparison.instances[2] == comparison.instances[0] == len(headers(tmp_path / "sent"))
    assert comparison.equal_elements == comparison.elements
    assert comparison.equal_voxels == comparison.voxels


@pytest.mark.slow
def test_compressed_objects_come_back_compressed(orthanc, settings, samples, tmp_path):
    to_dicom(samples / "CT", tmp_path / "sent", uids="keep", compress="jpegls")
    assert send(tmp_path / "sent", orthanc.pacs, settings).ok
    study = str(headers(tmp_path / "sent")[0].StudyInstanceUID)
    for protocol in (orthanc.pacs, orthanc.dicomweb):
        folder = tmp_path / protocol.partition(":")[0]
        assert fetch(protocol, folder, study=study, settings=settings).ok
        assert {header.file_meta.TransferSyntaxUID.name for header in headers(folder)} == {"JPEG-LS Lossless Image Compression"}
        assert compare(tmp_path / "sent", folder).equal_voxels == len(headers(folder))
