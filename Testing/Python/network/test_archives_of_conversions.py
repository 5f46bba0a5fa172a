"""Archives as inputs and outputs of conversions."""

from __future__ import annotations

import re
from functools import partial

import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, OptionError, apply, make_sample, send, to_dicom, to_nifti
from nifti_dicom_bridge.cli import main
from support.archives import PASSWORD, USER, free_port


@pytest.fixture
def study(orthanc, settings, tmp_path):
    """A study in the archive; credentials are in a file."""
    files = make_sample(tmp_path / "scans")
    send(tmp_path / "scans", orthanc.pacs, settings)
    path = tmp_path / "archive.toml"
    path.write_text(f'user = "{USER}"\npassword = "{PASSWORD}"\nretries = 0\n')
    path.chmod(0o600)
    return str(pydicom.dcmread(files[0]).StudyInstanceUID)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["dicomweb", "pacs"])
def test_a_study_is_converted_from_the_archive_and_what_is_made_goes_back(orthanc, study, tmp_path, protocol):
    address, before = getattr(orthanc, protocol), orthanc.instances()
    common = {"archive_settings": tmp_path / "archive.toml"}
    images = to_nifti(f"{address}/studies/{study}", tmp_path / "nifti", **common)
    assert images.ok, images
    report = to_dicom(images.outputs, tmp_path / "back", send=address, **common)
    assert report.ok, report
    assert report.notes == [f"{address}: {len(before)} sent"]
    assert len(orthanc.instances()) == 2 * len(before)
    again = to_dicom(images.outputs, tmp_path / "same", uids="keep", send=address, **common)
    assert again.notes == [f"{address}: {len(before)} present"]


@pytest.mark.slow
def test_a_function_is_applied_to_a_study_of_the_archive(orthanc, study, tmp_path):
    address = f"{orthanc.dicomweb}/studies/{study}"
    common = {"archive_settings": tmp_path / "archive.toml", "kind": "seg"}
    report = apply(address, tmp_path / "out", lambda image: (image.get_fdata() > 500).astype("uint8"), **common)
    assert report.ok, report
    (made,) = [pydicom.dcmread(path) for path in report.outputs]
    assert (made.Modality, made.StudyInstanceUID) == ("SEG", study)
    assert any(f"({orthanc.dicomweb}/{study}/" in note for note in report.entries[0].log.warnings), report.entries[0].log


@pytest.mark.slow
@pytest.mark.parametrize("convert", [to_nifti, partial(apply, task=lambda image: image)], ids=["to_nifti", "apply"])
def test_messages_name_the_archive_and_not_the_folder_of_what_was_fetched(orthanc, study, tmp_path, convert):
    common = {"archive_settings": tmp_path / "archive.toml"}
    with pytest.raises(BridgeError, match=re.escape(f"in {orthanc.pacs}, which contains")):
        convert(f"{orthanc.pacs}/studies/{study}", output=tmp_path / "out", series="none", **common)


@pytest.mark.slow
def test_files_of_a_report_are_those_of_the_archive(orthanc, study, tmp_path):
    report = to_nifti(f"{orthanc.dicomweb}/studies/{study}", tmp_path / "out", archive_settings=tmp_path / "archive.toml")
    (entry,) = report.entries
    assert {str(path).rpartition("/")[0].rpartition("/")[0] for path in entry.inputs} == {f"{orthanc.dicomweb}/{study}"}


@pytest.mark.slow
def test_files_that_could_not_be_sent_remain_and_are_reported(study, tmp_path):
    (tmp_path / "archive.toml").write_text("retries = 0\n")
    target = f"pacs:ARCHIVE@127.0.0.1:{free_port()}"
    report = to_dicom(tmp_path / "scans", tmp_path / "out", send=target, archive_settings=tmp_path / "archive.toml")
    assert not report.ok
    assert "were written and not sent" in report.entries[-1].error
    assert report.entries[-1].error.count("nifti-dicom-bridge send sends them.") == 1
    assert all(path.exists() for path in report.entries[0].outputs)


@pytest.mark.slow
def test_an_archive_without_a_selection_is_refused(orthanc, study, tmp_path):
    with pytest.raises(OptionError, match="No study, patient, series"):
        to_nifti(orthanc.pacs, tmp_path / "nifti")
    assert not (tmp_path / "nifti").exists()


@pytest.mark.slow
def test_a_password_that_others_can_read_is_refused(orthanc, study, tmp_path, capsys):
    (tmp_path / "archive.toml").chmod(0o644)
    arguments = ["send", str(tmp_path / "scans"), "--to", orthanc.pacs, "--archive-settings", str(tmp_path / "archive.toml")]
    assert main(arguments) == 2
    shown = capsys.readouterr().err
    assert "chmod 600" in shown
    assert PASSWORD not in shown


@pytest.mark.slow
def test_the_environment_wins_over_the_file(orthanc, study, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD", "guessed")
    common = ["--archive-settings", str(tmp_path / "archive.toml")]
    assert main(["fetch", orthanc.dicomweb, "-o", str(tmp_path / "out"), "--study", study, *common]) == 1
    assert "refuses access" in capsys.readouterr().err
    monkeypatch.delenv("NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD")
    assert main(["fetch", orthanc.dicomweb, "-o", str(tmp_path / "out"), "--study", study, *common]) == 0
    assert "=> 1 fetched" in capsys.readouterr().out


@pytest.mark.slow
def test_a_password_in_an_address_is_refused_and_not_shown(study, tmp_path, capsys):
    assert main(["send", str(tmp_path / "scans"), "--to", "dicomweb:https://reader:hidden@host/dicom-web"]) == 2
    assert "hidden" not in capsys.readouterr().err
