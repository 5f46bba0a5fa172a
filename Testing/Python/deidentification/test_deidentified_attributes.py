"""Attributes of de-identified objects: codes of the method, types, functional groups, UIDs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    Target,
    convert,
    make_sample,
)
from phantoms import PHANTOMS, slices
from phantoms import write as write_file
from phantoms.base import CT
from support.dciodvfy import facts_of_dciodvfy
from support.deidentified import KINDS, leaks, put, returned, run, uids_of
from support.oracles import oracle


def test_object_states_that_it_was_deidentified_and_how(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", Target.DICOM)
    ds = returned(tmp_path / "out")[0]
    assert (ds.PatientIdentityRemoved, ds.LongitudinalTemporalInformationModified) == ("YES", "REMOVED")
    assert ds.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert "PS3.15" in ds.DeidentificationMethod


def test_type_of_an_attribute_decides_where_the_profile_gives_a_choice(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "ct")
    put(KINDS["PET"](), tmp_path / "pet")
    for name in ("ct", "pet"):
        run(tmp_path / name, tmp_path / "out" / name, Target.DICOM)
    ct, pet = (returned(tmp_path / "out" / name)[0] for name in ("ct", "pet"))
    assert [ct.PatientName, ct.PatientID, ct.StudyDate] == ["", "", ""]  # Type 2
    assert not [word for word in ("SeriesDate", "InstitutionName", "OperatorsName") if word in ct]  # Type 3
    assert (pet.SeriesDate, pet.SeriesTime) == ("19000101", "000000")  # Type 1


def test_functional_groups_are_cleaned_and_stay_valid(tmp_path: Path) -> None:
    PHANTOMS["enhanced_mr"].write(tmp_path / "in")
    (path,) = (path for path in (tmp_path / "in").rglob("*") if path.is_file())
    ds = pydicom.dcmread(path)
    secrets = sorted(uids_of([ds]) | {"19990909111213", "SECRETPRIV", "SECRETNESTED"})
    for groups in ds.PerFrameFunctionalGroupsSequence:
        content = Dataset()
        content.FrameAcquisitionDateTime, content.FrameComments = "19990909111213", "SECRETNESTED"
        content.private_block(0x0019, "SECRETPRIV", create=True).add_new(1, "LO", "SECRETPRIV")
        groups.FrameContentSequence = Sequence([content])
    ds.save_as(path)
    run(tmp_path / "in", tmp_path / "out", Target.DICOM)
    (found,) = returned(tmp_path / "out")
    (content,) = found.PerFrameFunctionalGroupsSequence[0].FrameContentSequence
    assert content.FrameAcquisitionDateTime == "19000101000000"
    assert not leaks(tmp_path / "out", secrets)


def test_bits_outside_of_the_stored_ones_are_gone(tmp_path: Path) -> None:
    ds = slices(np.full((1, 8, 8), 5, "<u2"), CT)[0]
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    ds.PixelData = np.full((8, 8), 0x8005, "<u2").tobytes()  # an overlay could be drawn in bit 15
    write_file(tmp_path / "in" / "a.dcm", ds)
    run(tmp_path / "in", tmp_path / "out", Target.DICOM)
    (found,) = returned(tmp_path / "out")
    assert set(np.frombuffer(found.PixelData, "<u2")) == {5}


def test_uids_are_the_same_for_the_same_throughout(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", Target.DICOM)
    found = returned(tmp_path / "out")
    assert len({ds.StudyInstanceUID for ds in found}) == len({ds.SeriesInstanceUID for ds in found}) == 1
    assert all(ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID for ds in found)
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids_of(found))
    assert found[0].SOPClassUID == CT


def test_key_links_runs_and_no_key_does_not(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    for name, key in (("a", "k" * 16), ("b", "k" * 16), ("c", ""), ("d", ""), ("e", "other" * 4)):
        run(tmp_path / "in", tmp_path / name, Target.DICOM, deidentify_key=key)
    a, b, c, d, e = ({ds.SOPInstanceUID for ds in returned(tmp_path / name)} for name in "abcde")
    assert a == b
    assert len(a | c | d | e) == 4 * len(a)


@pytest.mark.parametrize("target", [Target.DICOM, Target.NIFTI])
@pytest.mark.slow
def test_dciodvfy_finds_no_error_that_was_not_there(target: Target, tmp_path: Path) -> None:
    oracle("dciodvfy")
    make_sample(tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", target)
    if target is Target.NIFTI:
        convert(Job([tmp_path / "out"], tmp_path / "back", ConversionOptions(Target.DICOM)))
    before = set().union(*(facts_of_dciodvfy(path) for path in (tmp_path / "in").rglob("*") if path.is_file()))
    files = sorted((tmp_path / ("back" if target is Target.NIFTI else "out")).rglob("*.dcm"))
    assert files
    assert set().union(*(facts_of_dciodvfy(path) for path in files)) <= before
