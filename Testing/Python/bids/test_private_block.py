"""BIDS keys without a DICOM attribute: the private block of this software."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Job, Kind, Outcome, convert
from nifti_dicom_bridge.bids.private_block import KEYS_TAG
from support.bids_to_dicom import TO_DICOM, WITHOUT_ATTRIBUTE, back, made, save, there_and_back
from support.dciodvfy import facts_of_dciodvfy


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR, Kind.SC, Kind.SC_MULTI, Kind.CT, Kind.ENHANCED_CT])
def test_keys_without_attribute_come_back_word_for_word(there: Path, kind: Kind) -> None:
    found = there_and_back(save(**WITHOUT_ATTRIBUTE), kind=kind)
    assert {key: found.get(key) for key in WITHOUT_ATTRIBUTE} == WITHOUT_ATTRIBUTE


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "kind"), [("a_dseg", Kind.SEG), ("a_probseg", Kind.SEG), ("a_T1map", Kind.PM)])
def test_keys_come_back_from_segmentations_and_parametric_maps(there: Path, suffix: str, kind: Kind) -> None:
    voxels = np.arange(60).reshape(5, 4, 3)
    voxels = (voxels % 2).astype(np.uint8) if suffix == "a_dseg" else (voxels / 60).astype(np.float32)
    sidecar = {"EchoTime": 0.03, "TaskName": "rest", "EffectiveEchoSpacing": 0.000162557, "ReceiveCoilName": "coil"}

    found = there_and_back(save(voxels, name=suffix, **sidecar), kind=kind)

    (path,) = there.rglob("*.dcm")
    assert {key: found.get(key) for key in sidecar} == sidecar
    assert facts_of_dciodvfy(path) == set()


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [
    (Kind.MR, Kind.ENHANCED), (Kind.MR, Kind.LEGACY), (Kind.MR, Kind.SC), (Kind.MR, Kind.LEGACY, Kind.CLASSIC),
    (Kind.ENHANCED_MR, Kind.CLASSIC), (Kind.ENHANCED_MR, Kind.SC_MULTI), (Kind.MR, Kind.ENHANCED, Kind.CLASSIC),
])  # fmt: skip
def test_block_goes_on_into_other_kinds_of_objects(there: Path, kinds: tuple[Kind, ...]) -> None:
    made(save(**WITHOUT_ATTRIBUTE), kind=kinds[0])
    for n, kind in enumerate(kinds[1:]):
        entries = convert(Job([Path("dicom")], Path(f"recast{n}"), replace(TO_DICOM, kind=kind))).entries
        assert {entry.outcome for entry in entries} == {Outcome.CONVERTED}, entries[0].error
        assert not [note for entry in entries for note in entry.log.notes if "private attributes were not copied" in note]
        shutil.rmtree("dicom")
        Path(f"recast{n}").rename("dicom")

    found = back()

    assert {key: found.get(key) for key in WITHOUT_ATTRIBUTE} == WITHOUT_ATTRIBUTE
    assert all(facts_of_dciodvfy(path) == set() for path in Path("dicom").rglob("*.dcm"))


def test_private_attributes_of_others_stay_behind_where_ours_go_on(there: Path) -> None:
    made(save(TaskName="rest"))
    for path in Path("dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.private_block(KEYS_TAG >> 16, "SOMEBODY ELSE", create=True).add_new(0x01, "LO", "theirs")
        ds.save_as(path)

    (entry,) = convert(Job([Path("dicom")], Path("recast"), replace(TO_DICOM, kind=Kind.ENHANCED))).entries

    (path,) = Path("recast").rglob("*.dcm")
    private = [element.tag for element in pydicom.dcmread(path) if element.tag.is_private]
    assert private == [KEYS_TAG & 0xFFFF0000 | 0x10, KEYS_TAG]
    assert any("2 private attributes were not copied" in note for note in entry.log.notes)


def test_block_contains_nothing_that_attributes_contain(there: Path) -> None:
    ds = made(save(EchoTime=0.03, PatientName="A^B", TaskName="rest"))[0]
    assert json.loads(ds[KEYS_TAG].value)["keys"] == {"TaskName": "rest"}


def test_there_is_no_block_where_there_is_nothing_to_remember(there: Path) -> None:
    assert KEYS_TAG not in made(save(EchoTime=0.03))[0]


def test_block_never_identifies_the_patient(there: Path) -> None:
    stated = {"PatientID": "P" * 70, "AccessionNumber": "A" * 20, "StudyID": "S" * 20, "TaskName": "rest"}
    assert set(json.loads(made(save(**stated))[0][KEYS_TAG].value)["keys"]) == {"TaskName"}


@pytest.mark.slow
def test_what_is_set_is_not_taken_back_by_the_block(there: Path) -> None:
    found = there_and_back(save(EchoTime=0.03, PartialFourier=0.75), set_values={"EchoTime": "20", "PartialFourier": "NO"})
    assert found["EchoTime"] == 0.02


def test_attribute_that_somebody_changes_later_wins(there: Path) -> None:
    made(save(ReceiveCoilName="a coil with a very long name", TaskName="rest"))
    for path in Path("dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.ReceiveCoilName = "another"
        ds.save_as(path)

    found = back()

    assert (found["ReceiveCoilName"], found["TaskName"]) == ("another", "rest")


def test_value_that_was_shortened_comes_back_whole(there: Path) -> None:
    name = "a coil with a very long name"
    assert there_and_back(save(ReceiveCoilName=name))["ReceiveCoilName"] == name


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"keys":[]}', '{"keys":{"TaskName":"x"},"ijk_to_ras":[[1]]}'])
def test_damaged_block_is_as_if_it_were_not_there(there: Path, text: str) -> None:
    made(save(TaskName="rest"))
    for path in Path("dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds[KEYS_TAG].value = text
        ds.save_as(path)

    assert "TaskName" not in back()
