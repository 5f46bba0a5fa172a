"""One series or study of several patients, and several names of one patient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge import DicomReadError, may_be_same_person
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, put_raw, ramp, save, slices, uid
from support.round_trip import RoundTrip, listing
from support.series_files import renamed, series


@pytest.mark.parametrize("attribute", ["PatientID", "StudyInstanceUID"])
def test_one_series_uid_of_two_patients_or_studies(attribute: str, tmp_path: Path) -> None:
    first, second = series(), renamed(series(start=1000), 7)
    for ds in second:
        setattr(ds, attribute, uid(8))
    save(tmp_path, [ds for pair in zip(first, second, strict=True) for ds in pair])

    volumes = read([tmp_path])

    assert sorted(int(volume.voxels.min()) for volume in volumes) == [0, 1000]
    assert [volume.voxels.shape for volume in volumes] == [(1, 4, 4, 5)] * 2
    assert all("share one SeriesInstanceUID" in volume.warnings[0] for volume in volumes)


@pytest.mark.parametrize(("attribute", "values"), [("PatientSex", "F^M"), ("PatientBirthDate", "19600202^19700101")])
def test_people_who_share_series_and_patient_id_are_two_images(attribute: str, values: str, tmp_path: Path) -> None:
    first, second = series(), renamed(series(start=1000), 7)
    for found, value in zip((first, second), values.split("^"), strict=True):
        for ds in found:
            setattr(ds, attribute, value)
    save(tmp_path, [ds for pair in zip(first, second, strict=True) for ds in pair])

    volumes = read([tmp_path])

    assert sorted(int(volume.voxels.min()) for volume in volumes) == [0, 1000]
    assert all("2 people share one series and PatientID" in " ".join(volume.warnings) for volume in volumes)


@pytest.mark.parametrize("step", [0.0, 1.25])
@pytest.mark.parametrize(("attribute", "values"), [("PatientName", "One^Two"), ("PatientBirthDate", "19600101^19700101")])
def test_patients_without_an_id_are_distinguished_by_name_and_birth_date(
    attribute: str, values: str, step: float, tmp_path: Path
) -> None:
    first, second = series(), renamed(series(start=1000), 7)
    for found, value in zip((first, second), values.split("^"), strict=True):
        for ds in found:
            ds.PatientID = ds.PatientName = ""
            setattr(ds, attribute, value)
    for ds in second:
        ds.ImagePositionPatient[2] += step
    save(tmp_path, first + second)

    volumes = read([tmp_path])

    assert sorted(int(volume.voxels.min()) for volume in volumes) == [0, 1000]
    assert all("share one SeriesInstanceUID" in volume.warnings[0] for volume in volumes)


def test_spellings_of_a_name_are_one_patient(tmp_path: Path) -> None:
    found = series()
    for ds, name in zip(found, ("Ramp^Ray", "RAMP^RAY^^", "Ramp^ Ray", "ramp^ray"), strict=True):
        ds.PatientID, ds.PatientName = "", name
    save(tmp_path, found)

    assert len(read([tmp_path])) == 1


@pytest.mark.parametrize("damaged", ["MÃ¼ller^JÃ¶rg", "M?ller^J?rg", "M\ufffdller^J\ufffdrg"])
def test_a_name_that_a_wrong_character_set_damaged_is_the_same(damaged: str) -> None:
    assert may_be_same_person({"PatientName": "Müller^Jörg"}, {"PatientName": damaged})
    assert not may_be_same_person({"PatientName": "Müller^Jörg"}, {"PatientName": "Möhring^Käthe"})


def test_two_names_of_one_patient_id_are_reported(tmp_path: Path) -> None:
    found = series()
    found[1].PatientName = "Other^Otto"
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert "different values of PatientName (0010,0010): are they of one patient?" in volume.warnings[0]


def test_two_names_at_different_slice_locations_are_reported(tmp_path: Path) -> None:
    found = series()
    for n, ds in enumerate(found):
        ds.SliceLocation, ds.PatientName = n, ("Ramp^Ray", "Other^Otto")[n >= 2]
        del ds.ImagePositionPatient
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any("different values of PatientName (0010,0010): are they of one patient?" in one for one in volume.warnings)


def test_two_names_at_the_same_positions_are_two_images(tmp_path: Path) -> None:
    first, second = series(), renamed(series(start=1000), 7)
    for ds in second:
        ds.PatientName = "Other^Otto"
    save(tmp_path, [ds for pair in zip(first, second, strict=True) for ds in pair])

    volumes = read([tmp_path])

    assert sorted(int(volume.voxels.min()) for volume in volumes) == [0, 1000]
    assert all("files of 2 names share one series" in " ".join(volume.warnings) for volume in volumes)


def test_slices_of_two_stacks_with_the_same_numbers_are_not_mixed(tmp_path: Path) -> None:
    first, second = series(), renamed(series(start=1000), 7)
    for n, (one, other) in enumerate(zip(first, second, strict=True), 1):
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = uid(1, n)
        other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = uid(2, n)
        one.InstanceNumber = other.InstanceNumber = n
    save(tmp_path, [*first[:2], *second, *first[2:]])

    with pytest.raises(DicomReadError, match="nothing states which of them belong to one time"):
        read([tmp_path])


def test_values_that_mean_unknown_are_not_reported(tmp_path: Path) -> None:
    found = series()
    for n, ds in enumerate(found):
        ds.PatientName, ds.PatientBirthDate = ("ANON", "19000101") if n else ("Ramp^Ray", "19700302")
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert not volume.warnings


def two_series(
    folder: Path, names: tuple[bytes, bytes], terms: tuple[bytes, bytes] = (b"ISO_IR 100", b"ISO_IR 192")
) -> list[str]:
    """Write two series of one PatientID; return what is reported of the second one."""
    for number, (name, term) in enumerate(zip(names, terms, strict=True), 1):
        found = slices(ramp(4, 4, 5), MR, series=number)
        for ds in found:
            put_raw(ds, 0x00080005, "CS", term)
            put_raw(ds, 0x00100010, "PN", name + b" " * (len(name) % 2))
            ds.PatientID = "P-1"
        save(folder / str(number), found)
    return [warning for volume in read([folder]) for warning in volume.warnings]


def test_series_of_one_patient_id_and_two_names_are_reported(tmp_path: Path) -> None:
    (warning,) = two_series(tmp_path, (b"Ramp^Ray", b"Other^Otto"))
    assert "other values of PatientName (0010,0010): are they of one patient?" in warning


def test_a_name_in_two_character_sets_is_one_name(tmp_path: Path) -> None:
    assert two_series(tmp_path, ("Müller^Jörg".encode("latin-1"), "Müller^Jörg".encode())) == []


@pytest.mark.parametrize(
    ("terms", "raw", "name", "is_reported"),
    [
        (b"", "Müller^Jörg".encode(), "Müller^Jörg", True),
        (b"", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", True),
        (b"ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", False),
        (b"ISO_IR 192", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", True),
        (b"ISO_IR 100", "Jörg".encode(), "JÃ¶rg", True),
        (b"ISO_IR 999", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", True),
        (b"ISO-8859-1", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", False),
        (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎", False),
    ],
)
def test_names_in_the_json_are_those_that_people_read(
    terms: bytes, raw: bytes, name: str, is_reported: bool, round_trip: RoundTrip
) -> None:
    found = series(2)
    for ds in found:
        put_raw(ds, 0x00080005, "CS", terms + b" " * (len(terms) % 2))
        put_raw(ds, 0x00100010, "PN", raw + b" " * (len(raw) % 2))
    save(round_trip.dicom, found)

    (entry,) = round_trip.forth(identity=True).entries
    round_trip.home()

    assert json.loads(round_trip.sidecar().read_text("utf-8"))["PatientName"] == name
    assert any("SpecificCharacterSet" in warning for warning in entry.log.warnings) == is_reported
    assert set(listing(round_trip.dicom).values()) == {path.read_bytes() for path in round_trip.back.rglob("*.dcm")}
