"""--deidentify: nothing of who the patient is in anything that is written, and all else as it was (PS3.15 E.2)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import (
    BridgeError,
    ConversionOptions,
    Deidentifier,
    Job,
    Kind,
    Target,
    Uids,
    Volume,
    convert,
    read,
    write,
)
from nifti_dicom_bridge.conversion.inputs.image_with_record import open_nifti
from phantoms import slices
from phantoms import write as write_file
from phantoms.base import MR
from phantoms.dynamic import enhanced
from phantoms.multiframe import group
from phantoms.vendors import siemens
from support.deidentified import KINDS, SHAPE, leaks, named, put, returned, run
from support.oracles import module
from support.round_trip import RoundTrip


@pytest.mark.parametrize("kind", KINDS)
def test_nifti_and_the_dicom_of_it_contain_nothing_of_the_patient(kind: str, tmp_path: Path) -> None:
    secrets = put(KINDS[kind](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "nifti", Target.NIFTI)
    report = convert(Job([tmp_path / "nifti"], tmp_path / "back", replace(ConversionOptions(Target.DICOM), uids=Uids.KEEP)))
    assert report.ok
    assert not leaks(tmp_path / "nifti", secrets)
    assert not leaks(tmp_path / "back", secrets)
    assert len(returned(tmp_path / "back")) == SHAPE[0]


def test_search_finds_what_is_there(tmp_path: Path) -> None:
    secrets = put(KINDS["CT"](), tmp_path / "in")
    convert(Job([tmp_path / "in"], tmp_path / "out", ConversionOptions()))
    found = {secret for _, secret in leaks(tmp_path / "out", secrets)}
    assert found >= set(secrets) - {"SECRETPREAMBLE", "SECRETSTUDY"}


def test_dicom_from_dicom_contains_nothing_of_the_patient(tmp_path: Path) -> None:
    secrets = put(KINDS["CT"](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", Target.DICOM)
    assert not leaks(tmp_path / "out", secrets)
    before, after = returned(tmp_path / "in"), returned(tmp_path / "out")
    assert [ds.PixelData for ds in after] == [ds.PixelData for ds in before]
    assert all(ds.preamble == bytes(128) for ds in after)


def test_another_kind_of_object_contains_nothing_of_the_patient(tmp_path: Path) -> None:
    secrets = put(KINDS["CT"](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", Target.DICOM, kind=Kind.ENHANCED_CT)
    assert not leaks(tmp_path / "out", secrets)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.SEG, Kind.PM, Kind.SC, Kind.ENHANCED_MR, Kind.RTSTRUCT])
def test_references_to_the_source_have_none_of_its_uids(kind: Kind, tmp_path: Path) -> None:
    sources = slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(SHAPE), MR)
    for number, ds in enumerate(sources):
        write_file(tmp_path / "in" / f"{number}.dcm", ds)
    report = convert(Job([tmp_path / "in"], tmp_path / "out", ConversionOptions(Target.DICOM, kind=kind, deidentify=True)))
    assert report.ok, [entry.error for entry in report.entries]
    made = "".join(str(pydicom.dcmread(path)) for path in report.outputs)
    uids = {str(ds[name].value) for ds in sources for name in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")}
    assert [uid for uid in uids if uid in made] == []


def test_names_that_people_gave_to_contents_tables_and_local_codes_are_removed(tmp_path: Path) -> None:
    ds = KINDS["MR"]()[0]
    code, layer, mapping = Dataset(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99SECRETPLACE", "Brain"
    code.CodingSchemeVersion = "SECRETNAME"
    layer.GraphicLayer = "SECRETNAME"
    mapping.LUTLabel = "SECRETNAME"
    ds.ContentLabel, ds.AnatomicRegionSequence, ds.GraphicLayerSequence = "SECRETNAME", Sequence([code]), Sequence([layer])
    ds.RealWorldValueMappingSequence = Sequence([mapping])
    ds.PixelSpacingCalibrationDescription = "SECRETNAME"
    write_file(tmp_path / "in" / "1.dcm", ds)
    run(tmp_path / "in", tmp_path / "out", Target.DICOM)
    assert not leaks(tmp_path / "out", ["SECRETNAME", "SECRETPLACE"])
    (after,) = returned(tmp_path / "out")
    assert after.AnatomicRegionSequence[0].CodeMeaning == "Brain"
    assert after.RealWorldValueMappingSequence[0].LUTLabel == "ANONYMOUS"


def test_zarr_contains_nothing_of_the_patient(tmp_path: Path) -> None:
    module("zarr")
    secrets = put(KINDS["MR"](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", Target.ZARR)
    assert (tmp_path / "out" / "1_MR.zarr").is_dir()
    assert not leaks(tmp_path / "out", secrets)


def test_nifti_with_a_record_is_deidentified_like_its_dicom(tmp_path: Path) -> None:
    secrets = put(KINDS["CT"](), tmp_path / "in")
    convert(Job([tmp_path / "in"], tmp_path / "nifti", ConversionOptions()))
    run(tmp_path / "nifti", tmp_path / "out", Target.DICOM, deidentify_key="k" * 16)
    run(tmp_path / "in", tmp_path / "direct", Target.DICOM, deidentify_key="k" * 16)
    assert not leaks(tmp_path / "out", secrets)
    assert returned(tmp_path / "out") == returned(tmp_path / "direct")


def test_names_of_keys_that_a_person_added_are_in_no_sentence(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    convert(Job([tmp_path / "in"], tmp_path / "nifti", ConversionOptions()))
    (sidecar,) = (tmp_path / "nifti").glob("*.json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"SECRETNAME": "x"}))
    report = run(tmp_path / "nifti", tmp_path / "out", Target.DICOM)
    sentences = [sentence for entry in report.entries for sentence in (*entry.log.warnings, *entry.log.notes)]
    assert any("a key that is not known was edited in the sidecar" in sentence for sentence in sentences)
    assert not any("SECRETNAME" in sentence for sentence in sentences)


@pytest.mark.slow
def test_an_object_that_became_several_images_is_deidentified_as_one(tmp_path: Path) -> None:
    ds = enhanced([0, 1])
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        groups.MREchoSequence = [group(EffectiveEchoTime=5.0 * (1 + n // 6))]
    (tmp_path / "in").mkdir()
    ds.save_as(tmp_path / "in" / "001.dcm", enforce_file_format=True)
    convert(Job([tmp_path / "in"], tmp_path / "nifti", ConversionOptions()))
    assert len(list((tmp_path / "nifti").glob("*.nii.gz"))) == 2
    run(tmp_path / "nifti", tmp_path / "out", Target.DICOM)

    (path,) = (tmp_path / "out").rglob("*.dcm")
    assert np.array_equal(pydicom.dcmread(path).pixel_array, ds.pixel_array)


def test_what_was_edited_in_a_sidecar_is_deidentified_too(tmp_path: Path) -> None:
    walk = RoundTrip(tmp_path)
    put(KINDS["CT"](), walk.dicom)
    walk.forth()
    walk.edit_sidecar(lambda top: top.update(InstitutionName="EDITEDPLACE", SeriesDescription="EDITEDSERIES"))
    run(walk.nifti, walk.back, Target.DICOM)
    assert not leaks(walk.back, ["EDITEDPLACE", "EDITEDSERIES"])


def test_volume_counts_as_unedited_and_has_a_name_without_words(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    (volume,) = read(tmp_path / "in")
    found = Deidentifier().clean(volume)
    assert (found.name, found.edits()) == ("1_CT", frozenset())
    assert found.voxels is volume.voxels


def test_elements_of_the_restored_dicom_are_those_of_the_sidecar(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "nifti", Target.NIFTI)
    record = open_nifti(next((tmp_path / "nifti").glob("*.nii.gz"))).record
    convert(Job([tmp_path / "nifti"], tmp_path / "back", replace(ConversionOptions(Target.DICOM), uids=Uids.KEEP)))
    (volume,) = read(tmp_path / "back")
    assert [one.elements for one in volume.dicom.metadata.instances] == [
        one.elements for one in record.source.metadata.instances
    ]


def test_numbers_that_only_private_elements_specified_stay_in_the_sidecar(tmp_path: Path) -> None:
    for n, ds in enumerate(named(siemens("sSliceArray.lConc = 2"))):
        ds.AcquisitionTime = f"030410.{25 * n:02d}"
        write_file(tmp_path / "in" / f"{n}.dcm", ds)
    tops = []
    for folder, more in (("plain", {}), ("clean", {"deidentify": True})):
        convert(Job([tmp_path / "in"], tmp_path / folder, ConversionOptions(**more)))
        tops.append(json.loads(next((tmp_path / folder).glob("*.json")).read_text("utf-8")))
    plain, clean = tops
    assert "SliceTiming" in plain
    assert clean["SliceTiming"] == plain["SliceTiming"]
    assert not {"AcquisitionTime", "InstitutionName", "PatientName", "DeviceSerialNumber", "StationName"} & clean.keys()
    assert not [e for one in open_nifti(next((tmp_path / "clean").glob("*.nii.gz"))).record.source.metadata.instances
                for e in one.elements if e >> 16 & 1]  # fmt: skip


def test_remembered_keys_survive_further_conversions(tmp_path: Path) -> None:
    module("zarr")
    for n, ds in enumerate(siemens("sSliceArray.lConc = 2")):
        write_file(tmp_path / "in" / f"{n}.dcm", ds)
    run(tmp_path / "in", tmp_path / "nifti", Target.NIFTI)
    convert(Job([tmp_path / "nifti"], tmp_path / "zarr", ConversionOptions(Target.ZARR)))
    first, second = (json.loads(next((tmp_path / name).glob("*.json")).read_text("utf-8")) for name in ("nifti", "zarr"))
    assert "SliceTiming" in first
    assert second["SliceTiming"] == first["SliceTiming"]


def test_volume_that_never_was_dicom_is_refused() -> None:
    with pytest.raises(BridgeError, match="no record of the DICOM"):
        Deidentifier().clean(Volume(np.zeros((1, 2, 2, 2), "<i2"), np.eye(4)))


def test_write_with_the_option_deidentifies(tmp_path: Path) -> None:
    secrets = put(KINDS["CT"](), tmp_path / "in")
    (volume,) = read(tmp_path / "in")
    write(volume, tmp_path / "out" / "a.nii.gz", ConversionOptions(deidentify=True))
    assert not leaks(tmp_path / "out", secrets)
