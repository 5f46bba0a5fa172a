"""--deidentify: nothing of who the patient is in anything that is written, and all else as it was (PS3.15 E.2)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import (
    BridgeError,
    ConversionOptions,
    ConversionReport,
    Deidentifier,
    Job,
    Kind,
    OptionError,
    Outcome,
    Target,
    Uids,
    Volume,
    convert,
    make_sample,
    read,
    write,
)
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.conversion.inputs.image_with_record import open_nifti
from phantoms import PHANTOMS, slices
from phantoms import write as write_file
from phantoms.base import CT, MR, PET, ULTRASOUND_MULTI_FRAME, image
from phantoms.dynamic import enhanced
from phantoms.multiframe import group
from phantoms.vendors import siemens
from support.circle import KEY, Circle
from support.dciodvfy import facts_of_dciodvfy
from support.oracles import module, oracle

SHAPE = (3, 8, 8)
TIME = "111213.141516"
"""So long that no random UID contains it."""
WORDS = [
    "SECRETNAME", "SECRETID", "SECRETSERIES", "SECRETSTUDY", "SECRETPLACE", "19990909", TIME, "11:12:13", "SECRETNESTED",
    "SECRETPRIV", "SECRETAE", "SECRETFILE", "SECRETPREAMBLE", "SECRETTAIL", "Müller", "SECRETSERIAL", "SECRETSTATION",
    "SECRETOP", "087Y", "SECRETACC", "SECRETMETA", "SECRETPLANE", "SECRETGROUP",
]  # fmt: skip


def named(data_sets: list[Dataset]) -> list[Dataset]:
    """Return data sets that identify the patient in every attribute that can."""
    for ds in data_sets:
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.PatientName, ds.PatientID, ds.PatientAge = "SECRETNAME^Müller", "SECRETID", "087Y"
        ds.PatientBirthDate = ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "19990909"
        ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = TIME
        ds.SeriesDescription, ds.StudyDescription, ds.ProtocolName = "SECRETSERIES", "SECRETSTUDY", "SECRETSERIES"
        ds.InstitutionName, ds.StationName, ds.DeviceSerialNumber = "SECRETPLACE", "SECRETSTATION", "SECRETSERIAL"
        ds.OperatorsName, ds.AccessionNumber, ds.StudyID = "SECRETOP^Müller", "SECRETACC", "SECRETSTUDY"
        inner = Dataset()
        inner.PersonName, inner.InstitutionName, inner.ReferencedSOPInstanceUID = "SECRETNESTED", "SECRETNESTED", "1.2.3.4.5"
        inner.private_block(0x0011, "SECRETPRIV", create=True).add_new(1, "LO", "SECRETPRIV")
        outer = Dataset()
        outer.PersonIdentificationCodeSequence = Sequence([inner])
        outer.ReferencedSOPClassUID, outer.ReferencedSOPInstanceUID = CT, ds.SOPInstanceUID
        ds.DerivationCodeSequence = Sequence([inner])
        ds.ReferencedImageSequence = Sequence([outer])
        ds.private_block(0x0019, "SECRETPRIV", create=True).add_new(1, "LO", "SECRETPRIV")
        ds.private_block(0x4E49, "NIFTI DICOM BRIDGE", create=True).add_new(0, "UT", '{"keys": {"A": "SECRETPRIV"}}')
        ds.add_new(0x60000010, "US", 8)
        ds.add_new(0x60003000, "OW", b"SECRETPLANE ")
        ds.add_new(0x50000022, "LO", "SECRETGROUP")
        ds.file_meta.SourceApplicationEntityTitle = "SECRETAE"
        ds.file_meta.PrivateInformationCreatorUID = "1.2.3.4.6"
        ds.file_meta.PrivateInformation = b"SECRETMETA"
        ds.preamble = b"SECRETPREAMBLE".ljust(128, b"\0")
    return data_sets


def uids_of(data_sets: list[Dataset]) -> set[str]:
    """Return all UIDs except those of the standard."""
    found = {str(e.value) for ds in data_sets for e in ds.iterall() if e.VR == "UI"}
    return {uid for uid in found if not uid.startswith("1.2.840.10008")}


def put(data_sets: list[Dataset], folder: Path) -> list[str]:
    """Write files that identify the patient, and return the values that no output may contain."""
    for n, ds in enumerate(named(data_sets)):
        write_file(folder / "SECRETFILE" / f"SECRETFILE{n}.dcm", ds)
        with (folder / "SECRETFILE" / f"SECRETFILE{n}.dcm").open("ab") as file:
            file.write(b"\xfc\xff\xfc\xff" + b"OB\0\0" + (10).to_bytes(4, "little") + b"SECRETTAIL")
    return [*WORDS, *uids_of(data_sets)]


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of all that was written: also of what is packed, and decoded of the records."""
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder)), str(path.relative_to(folder)).encode()
        if path.is_dir():
            continue
        raw = path.read_bytes()
        yield path.name, gzip.decompress(raw) if path.suffix == ".gz" else raw
        if path.suffix == ".json" and KEY in json.loads(raw):
            record = open_nifti(path.with_suffix(".nii.gz")).record
            yield (
                path.name + " record",
                "".join(
                    f"{one.elements}{one.file_meta}{one.preamble}{one.name}{one.trailer}"
                    for one in record.source.metadata.instances
                ).encode(),
            )


def leaks(folder: Path, secrets: list[str]) -> list[tuple[str, str]]:
    found = []
    for name, raw in written(folder):
        for secret in secrets:
            forms = {secret.encode("utf-8"), repr(secret.encode("utf-8"))[2:-1].encode(), json.dumps(secret)[1:-1].encode()}
            found += [(name, secret) for form in forms if form in raw]
    return found


def run(source: Path, output: Path, target: Target, **choices: Any) -> ConversionReport:
    report = convert(Job([source], output, ConversionOptions(target, deidentify=True, **choices)))
    assert report.ok, [entry.error for entry in report.entries]
    return report


def returned(folder: Path) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


KINDS = {
    "CT": lambda: slices(np.arange(192, dtype="<i2").reshape(SHAPE), CT),
    "MR": lambda: slices(np.arange(192, dtype="<i2").reshape(SHAPE), MR),
    "PET": lambda: slices(np.arange(192, dtype="<i2").reshape(SHAPE), PET),
}


# --- what is written --------------------------------------------------------------------------------------------------


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
    walk = Circle(tmp_path)
    put(KINDS["CT"](), walk.dicom)
    walk.forth()
    walk.edit_sidecar(lambda top: top.update(InstitutionName="EDITEDPLACE", SeriesDescription="EDITEDSERIES"))
    run(walk.nifti, walk.back, Target.DICOM)
    assert not leaks(walk.back, ["EDITEDPLACE", "EDITEDSERIES"])


# --- attributes -------------------------------------------------------------------------------------------------------


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


# --- volumes and BIDS keys --------------------------------------------------------------------------------------------


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


# --- what is reported -----------------------------------------------------------------------------------------------------


def test_report_states_what_was_removed(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    (entry,) = run(tmp_path / "in", tmp_path / "out", Target.NIFTI).entries
    assert any("attributes removed" in note for note in entry.log.notes)
    assert not any("BurnedIn" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(("said", "warned"), [("YES", True), ("NO", False), ("", True)])
def test_words_in_the_pixels_are_warned_of(said: str, warned: bool, tmp_path: Path) -> None:
    ds = image(np.arange(64, dtype="<u2").reshape(8, 8), ULTRASOUND_MULTI_FRAME)
    ds.Modality = "US"
    if said:
        ds.BurnedInAnnotation = said
    write_file(tmp_path / "in" / "a.dcm", ds)
    (entry,) = run(tmp_path / "in", tmp_path / "out", Target.NIFTI).entries
    assert any("BurnedIn" in warning for warning in entry.log.warnings) is warned


@pytest.mark.parametrize(("conversion", "warned"), [("", False), ("WSD", True)])
def test_objects_of_scanners_may_have_an_empty_conversion_type(conversion: str, warned: bool, tmp_path: Path) -> None:
    ds = KINDS["CT"]()[0]
    ds.ConversionType, ds.BurnedInAnnotation = conversion, "NO"
    write_file(tmp_path / "in" / "a.dcm", ds)

    (entry,) = run(tmp_path / "in", tmp_path / "out", Target.NIFTI).entries

    assert any("this is a secondary capture" in warning for warning in entry.log.warnings) is warned


@pytest.mark.parametrize(
    "more",
    [["--to", "dicom", "--deidentify", "--uids", "keep"], ["--to", "dicom", "--deidentify", "--names", "original"],
     ["--to", "dicom", "--deidentify", "--reference", "x"],
     ["--to", "nifti", "--key-file", "k"]],
)  # fmt: skip
def test_contradictions_are_exit_code_2(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    make_sample(tmp_path / "in")
    assert main(["convert", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *more]) == 2
    said = capsys.readouterr().err
    assert "--deidentify" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_contradictions_are_errors_for_python_too(tmp_path: Path) -> None:
    with pytest.raises(OptionError):
        convert(Job([tmp_path], tmp_path / "out", ConversionOptions(deidentify_key="k" * 16)))


def test_edited_image_becomes_a_clean_derived_series(tmp_path: Path) -> None:
    walk = Circle(tmp_path)
    secrets = put(KINDS["CT"](), walk.dicom)
    walk.forth()
    walk.edit_image(lambda image: type(image)(np.asarray(image.dataobj) + 7, image.affine, image.header))
    (entry,) = run(walk.nifti, walk.back, Target.DICOM).entries
    assert entry.outcome is Outcome.DERIVED
    assert not leaks(walk.back, secrets)


@pytest.mark.parametrize("target", [Target.ZARR, Target.DICOM])
def test_nifti_that_never_was_dicom_is_a_failure_with_a_reason(target: Target, tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5), "<i2"), np.eye(4)), tmp_path / "a.nii")
    report = convert(Job([tmp_path / "a.nii"], tmp_path / "out", ConversionOptions(target, deidentify=True)))
    assert ["no record of the DICOM" in entry.error for entry in report.entries] == [True]
    assert not list((tmp_path / "out").rglob("*.*"))
