"""Outputs are read again before they are put in place: what differs, or cannot be read, is a failed entry and no output."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, Volume, convert, write
from nifti_dicom_bridge.conversion import to_preview
from nifti_dicom_bridge.conversion.outputs import stage_nifti
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.dicom import writer as dicom_writer
from nifti_dicom_bridge.formats.dicom.composer import Composer
from nifti_dicom_bridge.formats.zarr import StoreWriter
from phantoms import PHANTOMS
from support.oracles import module
from support.round_trip import RoundTrip


def failed(report: Any, folder: Path) -> str:
    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED]
    assert not folder.exists() or not list(folder.iterdir())
    return report.entries[0].error


@pytest.mark.parametrize("phantom", sorted(PHANTOMS))
def test_every_phantom_passes(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    assert not [e.error for e in round_trip.forth(verify=True).entries if "read again" in e.error]
    assert not [e.error for e in round_trip.home(verify=True).entries if "read again" in e.error]


@pytest.mark.parametrize("where", [0, 140, -1])
def test_a_byte_that_the_disk_changes_is_found_in_dicom(
    where: int, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make("classic_ct").forth()
    good = dicom_writer._write_all

    def damaging(file: Any, part: Any) -> None:
        good(file, part)
        if where == 0 or len(part) > 140:
            with open(file.name, "r+b") as again:
                again.seek(where % os.fstat(file.fileno()).st_size)
                again.write(b"\xff")

    monkeypatch.setattr(dicom_writer, "_write_all", damaging)

    assert "its bytes are not as they were written" in failed(round_trip.home(), round_trip.back)


def test_an_element_that_is_encoded_wrongly_is_found(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("classic_ct").forth()
    good = Composer.parts

    def damaging(self: Composer, *arguments: Any) -> Any:
        for part in good(self, *arguments):
            yield bytes(part).replace(b"\x08\x00\x60\x00CS\x02\x00CT", b"\x08\x00\x60\x00CS\x02\x00MR")

    monkeypatch.setattr(Composer, "parts", damaging)

    assert "Modality (0008,0060) is not as it was written" in failed(round_trip.home(), round_trip.back)


def test_dicom_that_cannot_be_read_is_not_put_in_place(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("classic_ct").forth()
    monkeypatch.setattr(Composer, "parts", lambda *_: iter([b"nonsense"]))

    assert "it cannot be read (not DICOM)" in failed(round_trip.home(), round_trip.back)


def test_voxels_of_nifti_are_compared_on_request(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("classic_ct")
    good = nifti.write_image

    def damaging(volume: Volume, path: Path, *arguments: Any) -> None:
        good(volume, path, *arguments)
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x7f")

    monkeypatch.setattr(stage_nifti.nifti, "write_image", damaging)

    assert "its voxels are not as they were written" in failed(round_trip.forth(gzip=False, verify=True), round_trip.nifti)
    assert round_trip.forth(gzip=False).ok


def test_the_record_of_nifti_is_compared_on_request(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("classic_ct")
    good = stage_nifti.write_sidecar

    def damaging(path: Path, top: dict[str, Any]) -> None:
        good(path, top)
        content = json.loads(path.read_text("utf-8"))
        content["NiftiDicomBridge"]["Instances"]["Shared"]["00080060"]["Value"] = ["MR"]
        path.write_text(json.dumps(content), "utf-8")

    monkeypatch.setattr(stage_nifti, "write_sidecar", damaging)

    assert "in the record, Modality (0008,0060) is not as it was" in failed(round_trip.forth(verify=True), round_trip.nifti)


def test_the_record_of_a_store_is_compared(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    module("zarr")
    round_trip.make("classic_ct")
    good = StoreWriter._write_record
    monkeypatch.setattr(StoreWriter, "_write_record", lambda self, large: good(self, {**large, "Frames": {}}))

    report = convert(Job([round_trip.dicom], round_trip.folder / "zarr", ConversionOptions(Target.ZARR)))

    assert "the record of the DICOM is not as it was written" in failed(report, round_trip.folder / "zarr")


def test_voxels_of_a_store_are_compared_on_request(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    module("zarr")
    round_trip.make("classic_ct")
    good = StoreWriter.write_voxels

    def damaging(self: StoreWriter, volume: Volume, *arguments: Any) -> None:
        good(self, volume, *arguments)
        self._zarr.open_array(store=str(self._folder), path="0", mode="r+")[0, 0, 0] += 1

    monkeypatch.setattr(StoreWriter, "write_voxels", damaging)
    job = Job([round_trip.dicom], round_trip.folder / "zarr", ConversionOptions(Target.ZARR, verify=True))

    assert "its voxels are not as they were written" in failed(convert(job), round_trip.folder / "zarr")


def test_pictures_are_decoded_on_request(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("classic_ct")
    good = to_preview.stage_preview

    def damaging(subject: Any, name: str, staging: Any, *arguments: Any) -> None:
        good(subject, name, staging, *arguments)
        staging.staged(name + ".png").write_bytes(b"no picture")

    monkeypatch.setattr(to_preview, "stage_preview", damaging)
    job = Job([round_trip.dicom], round_trip.folder / "preview", ConversionOptions(Target.PREVIEW, verify=True))

    assert "it cannot be decoded" in failed(convert(job), round_trip.folder / "preview")


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.zarr"])
def test_new_images_with_nan_pass(dtype: str, name: str, tmp_path: Path) -> None:
    module("zarr")
    voxels = np.arange(240, dtype=dtype).reshape(1, 4, 10, 6)
    if voxels.dtype.kind == "f":
        voxels[0, 0, 0, 0] = np.nan

    target = "zarr" if name.endswith("zarr") else "nifti"
    assert write(Volume(voxels, np.eye(4)), tmp_path / name, ConversionOptions(target, verify=True))
