"""The identifier in the header of an image and in its record: sidecars of other images are not taken for its own."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Entry, Job, Outcome, Target, convert, read
from nifti_dicom_bridge.sidecar.image_id import ImageId, study_digest
from phantoms import PHANTOMS
from support.nonempty import some
from support.round_trip import KEY

ADA = {"PatientID": "P1", "PatientName": "Ada^A", "StudyInstanceUID": "1.2.3.1", "SeriesInstanceUID": "1.2.3.1.1"}
ADAS_OTHER = {**ADA, "SeriesInstanceUID": "1.2.3.1.2"}
BOB = {"PatientID": "P2", "PatientName": "Bob^B", "StudyInstanceUID": "1.2.3.2", "SeriesInstanceUID": "1.2.3.2.1"}


def converted(folder: Path, attributes: dict[str, str], **choices: Any) -> Path:
    """Return the image of a CT of three slices with attributes of a patient."""
    PHANTOMS["classic_ct"].write(folder / "dicom")
    for n, path in enumerate(sorted((folder / "dicom").rglob("*.dcm"))):
        ds = pydicom.dcmread(path)
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{attributes['SeriesInstanceUID']}.{n + 1}"
        ds.save_as(path)
    convert(Job([folder / "dicom"], folder / "nifti", ConversionOptions(Target.NIFTI, **choices)))
    return next((folder / "nifti").rglob("*.nii*"))


def sidecar_of(image: Path) -> Path:
    return image.with_name(image.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def description_of(image: Path) -> str:
    return bytes(nibabel.load(image).header["descrip"]).decode("ascii").rstrip("\0")


def edit(image: Path, *, keeps_header: bool = True) -> None:
    """Change the voxels as a tool does that keeps the header, or not."""
    before = nibabel.load(image, mmap=False)
    data = np.asarray(before.dataobj.get_unscaled()) + 1
    nibabel.save(nibabel.Nifti1Image(data, before.affine, before.header if keeps_header else None), image)


def back(image: Path, folder: Path, **choices: Any) -> Entry:
    (entry,) = convert(Job([image], folder, ConversionOptions(Target.DICOM, **choices))).entries
    return entry


def patients_in(folder: Path) -> set[str]:
    return {str(pydicom.dcmread(path).PatientID) for path in folder.rglob("*.dcm")}


@pytest.mark.parametrize("choices", [{}, {"gzip": False}], ids=["nii.gz", "nii"])
def test_header_and_record_have_the_same_identifier(choices: dict[str, Any], tmp_path: Path) -> None:
    image = converted(tmp_path, ADA, **choices)
    stated = json.loads(sidecar_of(image).read_text("utf-8"))[KEY]["ImageId"]
    assert description_of(image) == stated
    assert ImageId.parse(stated) == ImageId.of_source(read(image)[0].source)


def test_an_image_without_a_record_has_an_identifier_where_its_sidecar_has_one(tmp_path: Path) -> None:
    assert ImageId.parse(description_of(converted(tmp_path / "a", ADA, record=False, identity=True))) is not None
    assert description_of(converted(tmp_path / "b", ADA, record=False)) == ""


@pytest.mark.parametrize("keeps_header", [True, False])
def test_an_edited_image_with_its_sidecar_is_derived_without_a_doubt(keeps_header: bool, tmp_path: Path) -> None:
    image = converted(tmp_path, ADA)
    edit(image, keeps_header=keeps_header)

    entry = back(image, tmp_path / "back")

    assert entry.outcome is Outcome.DERIVED
    assert not [text for text in entry.log.warnings if "header" in text]
    assert patients_in(tmp_path / "back") == {"P1"}


@pytest.mark.parametrize("is_edited", [True, False])
@pytest.mark.parametrize("is_named", [True, False])
def test_a_sidecar_of_another_patient_is_refused(is_edited: bool, is_named: bool, tmp_path: Path) -> None:
    image, other = converted(tmp_path / "a", ADA), sidecar_of(converted(tmp_path / "b", BOB))
    if is_edited:
        edit(image)
    choices = {"sidecar": other} if is_named else {}
    if not is_named:
        shutil.copy(other, sidecar_of(image))

    entry = back(image, tmp_path / "back", **choices)

    assert entry.outcome is Outcome.FAILED
    assert "that of an image of another study, perhaps patient, than the sidecar" in entry.error
    assert "convert it without a sidecar, and with the original series as" in entry.error
    assert not (tmp_path / "back").exists() or not any((tmp_path / "back").iterdir())


def test_read_refuses_it_too(tmp_path: Path) -> None:
    image, other = converted(tmp_path / "a", ADA), sidecar_of(converted(tmp_path / "b", BOB))
    shutil.copy(other, sidecar_of(image))

    with pytest.raises(BridgeError, match="another study"):
        read(image)


def test_a_sidecar_of_another_series_of_the_study_is_doubted(tmp_path: Path) -> None:
    image, other = converted(tmp_path / "a", ADA), sidecar_of(converted(tmp_path / "b", ADAS_OTHER))
    edit(image)
    shutil.copy(other, sidecar_of(image))

    entry = back(image, tmp_path / "back")

    assert entry.outcome is Outcome.DERIVED
    assert any("another image of the same study than the sidecar" in text for text in entry.log.warnings)


def test_a_record_without_an_identifier_is_accepted(tmp_path: Path) -> None:
    """Records of earlier versions have none, and tools write headers without a description."""
    image, other = converted(tmp_path / "a", ADA), sidecar_of(converted(tmp_path / "b", ADAS_OTHER))
    edit(image, keeps_header=False)
    shutil.copy(other, sidecar_of(image))

    entry = back(image, tmp_path / "back")

    assert entry.outcome is Outcome.DERIVED
    assert not [text for text in entry.log.warnings if "header" in text]


def test_a_pair_of_files_is_checked(tmp_path: Path) -> None:
    image, other = converted(tmp_path / "a", ADA), sidecar_of(converted(tmp_path / "b", BOB))
    before = nibabel.load(image)
    pair = tmp_path / "pair" / "scan.img"
    pair.parent.mkdir()
    nibabel.save(nibabel.Nifti1Pair(before.dataobj.get_unscaled(), before.affine, before.header), pair)
    shutil.copy(other, pair.with_suffix(".json"))

    assert back(pair, tmp_path / "back").outcome is Outcome.FAILED


def test_nifti_2_is_checked(tmp_path: Path) -> None:
    image, other = converted(tmp_path / "a", ADA), sidecar_of(converted(tmp_path / "b", BOB))
    before = nibabel.load(image)
    second = nibabel.Nifti2Image(before.dataobj.get_unscaled(), before.affine, before.header)
    nibabel.save(second, tmp_path / "scan.nii")
    shutil.copy(other, tmp_path / "scan.json")

    assert back(tmp_path / "scan.nii", tmp_path / "back").outcome is Outcome.FAILED


def test_the_identifier_is_made_of_the_new_uids_of_a_deidentified_image(tmp_path: Path) -> None:
    before = converted(tmp_path / "a", ADA)
    after = converted(tmp_path / "b", ADA, deidentify=True)
    old, new = ImageId.parse(description_of(before)), ImageId.parse(description_of(after))
    assert old is not None
    assert new is not None
    assert old.study != new.study
    assert old.image != new.image


def test_images_of_one_instance_have_identifiers_of_their_own(tmp_path: Path) -> None:
    PHANTOMS["enhanced_mr"].write(tmp_path / "dicom")
    (volume,) = read(tmp_path / "dicom")[:1]
    series = volume.dicom.metadata
    fewer = dataclasses.replace(volume.dicom, metadata=dataclasses.replace(series, frames=series.frames[:, :-1]))
    one, other = ImageId.of_source(volume.source), ImageId.of_source(fewer)
    assert one is not None
    assert other is not None
    assert one.study == other.study
    assert one.image != other.image


@pytest.mark.parametrize("attribute", ["StudyInstanceUID", "SOPInstanceUID"])
def test_an_image_without_uids_has_no_identifier(attribute: str, tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "dicom")
    for path in (tmp_path / "dicom").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        delattr(ds, attribute)
        ds.save_as(path)
    for volume in some(read(tmp_path / "dicom")):
        assert ImageId.of_source(volume.source) is None


def test_a_study_is_of_one_patient(tmp_path: Path) -> None:
    one = read(converted(tmp_path / "a", ADA))[0].dicom.metadata.first
    other = read(converted(tmp_path / "b", {**ADA, "PatientID": "P2"}))[0].dicom.metadata.first
    assert study_digest(one) != study_digest(other)


@pytest.mark.parametrize(("attributes", "is_doubted"), [(ADA, False), (ADAS_OTHER, False), (BOB, True)])
def test_a_reference_of_another_study_is_doubted(attributes: dict[str, str], is_doubted: bool, tmp_path: Path) -> None:
    image = converted(tmp_path / "a", ADA)
    converted(tmp_path / "b", attributes)
    edit(image)
    sidecar_of(image).unlink()

    entry = back(image, tmp_path / "back", reference=tmp_path / "b" / "dicom")

    doubts = [text for text in entry.log.warnings if "another study than the reference" in text]
    assert bool(doubts) is is_doubted


@pytest.mark.parametrize(("attributes", "is_doubted"), [(ADA, False), (ADAS_OTHER, False), (BOB, True)])
def test_a_sidecar_without_a_record_of_another_study_is_doubted(
    attributes: dict[str, str], is_doubted: bool, tmp_path: Path
) -> None:
    image = converted(tmp_path / "a", ADA, record=False, identity=True)
    shutil.copy(sidecar_of(converted(tmp_path / "b", attributes, record=False, identity=True)), sidecar_of(image))

    entry = back(image, tmp_path / "back")

    doubts = [text for text in entry.log.warnings if "are not those of the image that its header describes" in text]
    assert bool(doubts) is is_doubted


def test_the_sidecar_of_an_image_under_another_name_is_named(tmp_path: Path) -> None:
    image = converted(tmp_path / "a", ADA)
    others = sidecar_of(converted(tmp_path / "b", BOB))
    shutil.copy(others, image.with_name("bob.json"))
    result = image.with_name("brain.nii.gz")
    shutil.copy(image, result)
    edit(result)

    entry = back(result, tmp_path / "back")

    (text,) = [text for text in entry.log.warnings if "has the record" in text]
    assert text.startswith(f"{sidecar_of(image).name} has the record of the image that it was made from")
    assert "copy it to brain.json" in text


def test_a_record_that_is_not_of_the_image_is_not_named(tmp_path: Path) -> None:
    image = converted(tmp_path / "a", ADA)
    sidecar_of(image).unlink()
    shutil.copy(sidecar_of(converted(tmp_path / "b", BOB)), image.with_name("bob.json"))

    entry = back(image, tmp_path / "back")

    assert not [text for text in entry.log.warnings if "has the record" in text]
