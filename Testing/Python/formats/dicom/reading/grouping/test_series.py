"""Which files make one series, and what is reported about files that make none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError, Outcome, may_be_same_person
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import CT, MR, put_raw, ramp, save, slices, uid
from support.circle import KEEP, Circle, listing


def series(count: int = 4, start: int = 0) -> list[Dataset]:
    """Return a classic series whose voxels count from a number."""
    return slices(ramp(count, 4, 5, start=start), MR)


def _renamed(found: list[Dataset], number: int) -> list[Dataset]:
    for n, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(number, n)
    return found


@pytest.mark.parametrize("attribute", ["PatientID", "StudyInstanceUID"])
def test_one_series_uid_of_two_patients_or_studies(attribute: str, tmp_path: Path) -> None:
    first, second = series(), _renamed(series(start=1000), 7)
    for ds in second:
        setattr(ds, attribute, uid(8))
    save(tmp_path, [ds for pair in zip(first, second, strict=True) for ds in pair])

    volumes = read([tmp_path])

    assert sorted(int(volume.voxels.min()) for volume in volumes) == [0, 1000]
    assert [volume.voxels.shape for volume in volumes] == [(1, 4, 4, 5)] * 2
    assert all("share one SeriesInstanceUID" in volume.warnings[0] for volume in volumes)


@pytest.mark.parametrize(("attribute", "values"), [("PatientSex", "F^M"), ("PatientBirthDate", "19600202^19700101")])
def test_people_who_share_series_and_patient_id_are_two_images(attribute: str, values: str, tmp_path: Path) -> None:
    first, second = series(), _renamed(series(start=1000), 7)
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
    first, second = series(), _renamed(series(start=1000), 7)
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
    first, second = series(), _renamed(series(start=1000), 7)
    for ds in second:
        ds.PatientName = "Other^Otto"
    save(tmp_path, [ds for pair in zip(first, second, strict=True) for ds in pair])

    volumes = read([tmp_path])

    assert sorted(int(volume.voxels.min()) for volume in volumes) == [0, 1000]
    assert all("files of 2 names share one series" in " ".join(volume.warnings) for volume in volumes)


def test_slices_of_two_stacks_with_the_same_numbers_are_not_mixed(tmp_path: Path) -> None:
    first, second = series(), _renamed(series(start=1000), 7)
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
    terms: bytes, raw: bytes, name: str, is_reported: bool, circle: Circle
) -> None:
    found = series(2)
    for ds in found:
        put_raw(ds, 0x00080005, "CS", terms + b" " * (len(terms) % 2))
        put_raw(ds, 0x00100010, "PN", raw + b" " * (len(raw) % 2))
    save(circle.dicom, found)

    (entry,) = circle.forth(identity=True).entries
    circle.home()

    assert json.loads(circle.sidecar().read_text("utf-8"))["PatientName"] == name
    assert any("SpecificCharacterSet" in warning for warning in entry.log.warnings) == is_reported
    assert set(listing(circle.dicom).values()) == {path.read_bytes() for path in circle.back.rglob("*.dcm")}


def test_a_study_of_its_own_for_every_file_is_one_series(tmp_path: Path) -> None:
    found = series()
    for n, ds in enumerate(found):
        ds.StudyInstanceUID = uid(20, n)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert volume.voxels.shape[1] == 4


def test_slices_that_share_a_sop_instance_uid_stay_one_volume_of_all(tmp_path: Path) -> None:
    found = series()
    for ds in found:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(3)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0], ramp(4, 4, 5))
    assert any("occur in several different objects" in warning for warning in volume.warnings)


def test_copies_of_files_without_a_uid_are_left_out(tmp_path: Path) -> None:
    found = series()
    for ds in found:
        del ds.SOPInstanceUID, ds.InstanceNumber
    save(tmp_path, [*found, *found])

    inventory = find_series([tmp_path])

    assert [len(one.instances) for one in inventory.series] == [4]
    assert len(inventory.leftovers) == 4


@pytest.mark.parametrize("of", ["first", "second"])
def test_an_object_with_one_more_attribute_is_no_copy_of_another(of: str, tmp_path: Path) -> None:
    found, others = series(), series()
    (found if of == "first" else others)[1].add_new(0x00204000, "LT", "seen by a second reader")
    save(tmp_path, [*found, *others])

    inventory = find_series([tmp_path])

    assert len(inventory.leftovers) == 3
    assert sum(len(one.instances) for one in inventory.series) == 5


def test_copies_of_files_in_studies_of_their_own_are_left_out(tmp_path: Path) -> None:
    found = series()
    for n, ds in enumerate(found):
        ds.StudyInstanceUID = uid(20, n)
    save(tmp_path, [*found, *found])

    (volume,) = read([tmp_path])

    assert volume.voxels.shape[1] == 4


@pytest.mark.parametrize("choices", [{}, {"deidentify": True, "deidentify_key": "key of 16 bytes."}])
def test_objects_that_share_a_uid_come_back_one_by_one(choices: dict, circle: Circle) -> None:
    found = series()
    for ds in found:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(3)
    save(circle.dicom, found)

    circle.forth(**choices)
    report = circle.home(KEEP)

    assert len(report.outputs) == 4
    assert all(entry.outcome is not Outcome.FAILED for entry in report.entries)


# --- files that make no series ----------------------------------------------------------------------------------------


def failures(folder: Path) -> list[str]:
    """Return the names of files that should have been read."""
    return sorted(Path(leftover.path).name for leftover in find_series([folder]).leftovers if leftover.failed)


@pytest.mark.parametrize("name", ["x.dcm", "X.DCM", "x.IMA", "x.dicom"])
@pytest.mark.parametrize("content", [b"", b"\0" * 128 + b"DICX" + b"\0" * 64, b"text"])
def test_a_file_that_is_dicom_by_name_only_is_a_problem(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    assert failures(tmp_path) == [name]


def test_a_damaged_file_among_those_of_a_series_is_a_problem(tmp_path: Path) -> None:
    save(tmp_path, series(), "IM-{:04d}")
    (tmp_path / "IM-0003").write_bytes(b"")

    assert failures(tmp_path) == ["IM-0003"]
    (volume,) = read_whatever(tmp_path)
    assert any("1 file(s) next to it could not be read" in warning for warning in volume.warnings)


@pytest.mark.parametrize("name", ["README", "LICENSE", "notes.txt", "1.json", "report.pdf", "a.nii.gz"])
def test_other_files_among_those_of_a_series_are_not(name: str, tmp_path: Path) -> None:
    save(tmp_path, series(), "IM-{:04d}")
    (tmp_path / name).write_bytes(b"something else")

    assert failures(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "reasons"),
    [("data.dic", []), ("page.dcm", ["it contains text, not DICOM"]), ("page.ima", ["it contains text, not DICOM"])],
)
def test_text_is_named_where_its_name_promises_dicom_only(name: str, reasons: list[str], tmp_path: Path) -> None:
    save(tmp_path, series())
    (tmp_path / name).write_text("(0008,0005)\tCS\tSpecificCharacterSet\n" * 9)

    leftovers = find_series([tmp_path]).leftovers

    assert [leftover.reason.split(": ")[1].split(". ")[0] for leftover in leftovers] == reasons


def test_images_without_pixel_data_are_named_and_their_series_is_incomplete(tmp_path: Path) -> None:
    found = series()
    del found[3].PixelData
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert list(volume.warnings) == ["1 image(s) of the series have no pixel data: it is incomplete"]
    assert [leftover.reason for leftover in find_series([tmp_path]).leftovers] == [
        "MR Image Storage without PixelData (7FE0,0010)"
    ]


def test_image_that_is_cut_before_its_rows_is_named_and_its_series_is_incomplete(tmp_path: Path) -> None:
    found = series()
    for keyword in ("Rows", "Columns", "BitsAllocated", "PixelData"):
        delattr(found[3], keyword)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert list(volume.warnings) == ["1 image(s) of the series have no pixel data: it is incomplete"]
    assert [leftover.reason for leftover in find_series([tmp_path]).leftovers] == [
        "MR Image Storage without Rows (0028,0010) and PixelData (7FE0,0010): the file may be cut off"
    ]


def test_pixels_in_a_private_element_are_a_failure(tmp_path: Path) -> None:
    found = series()
    for ds in found:
        put_raw(ds, 0x07A10010, "LO", b"ELSCINT1")
        put_raw(ds, 0x07A1100A, "OB", b"\xa5\x01\0\x5a")
        put_raw(ds, 0x07A11011, "CS", b"PMSCT_RLE1")
    del found[3].PixelData
    save(tmp_path, found)

    assert failures(tmp_path) == ["004.dcm"]
    (volume,) = read_whatever(tmp_path)
    assert any("1 file(s) of the series could not be read: it is incomplete" in warning for warning in volume.warnings)


@pytest.mark.parametrize("name", ["003.dcm", "another name"])
def test_a_truncated_file_is_one_failure_and_its_series_is_incomplete(name: str, circle: Circle) -> None:
    save(circle.dicom, series())
    save(circle.dicom, slices(ramp(3, 4, 5), MR, series=2), "other-{:d}.dcm")
    path = circle.dicom / "003.dcm"
    content = path.read_bytes()
    path.unlink()
    (circle.dicom / name).write_bytes(content[:-10])

    report = circle.forth()

    assert sorted(entry.outcome.value for entry in report.entries) == ["converted", "converted", "failed"]
    (failed,) = (entry for entry in report.entries if entry.outcome is Outcome.FAILED)
    assert "truncated" in failed.error
    first, second = (entry.log.warnings for entry in report.entries if entry.outcome is Outcome.CONVERTED)
    assert any("1 file(s) of the series could not be read: it is incomplete" in warning for warning in first)
    assert not any("could not be read" in warning for warning in second)
    assert not report.ok


def read_whatever(folder: Path) -> list:
    """Return the volumes of a folder in which files are damaged."""
    from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
    from nifti_dicom_bridge.formats.dicom.reading.read import load

    return [load(plan) for plan in plan_all(find_series([folder]))]


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_decimal_commas_are_read_and_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), CT)
    for ds in found:
        put_raw(ds, 0x00281053, "DS", b"1,5 ")
        put_raw(ds, 0x00280030, "DS", b"0,5\\0,25")
        put_raw(ds, 0x00200032, "DS", b"1,5\\2,5\\%d,5 " % ds.InstanceNumber)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert volume.rescale.slope == 1.5
    assert np.allclose(volume.ijk_to_ras[:3], [[-0.25, 0, 0, -1.5], [0, -0.5, 0, -2.5], [0, 0, 1, 1.5]])
    for name in ("RescaleSlope", "PixelSpacing", "ImagePositionPatient"):
        assert any(warning.startswith(name) and "decimal comma" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("tag", "name"), [(0x00281053, "RescaleSlope"), (0x00280030, "PixelSpacing")])
def test_numbers_that_cannot_be_read_are_reported(tag: int, name: str, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), CT)
    for ds in found:
        put_raw(ds, tag, "DS", b"about 2 ")
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any(warning.startswith(name) and "not a number ('about 2')" in warning for warning in volume.warnings)


@pytest.mark.parametrize("charset", ["ISO_IR 192", "GB18030"])
def test_the_title_is_in_the_character_set_of_the_files(charset: str, tmp_path: Path) -> None:
    found = series(2)
    for ds in found:
        ds.SpecificCharacterSet, ds.SeriesDescription = charset, "头部"
    save(tmp_path, found)

    assert find_series([tmp_path]).series[0].title == "1 头部"


def _mosaic(**private: object) -> Dataset:
    """Return a Siemens mosaic of three tiles by three without a CSA header."""
    (ds,) = slices(ramp(1, 12, 15), MR)
    ds.ImageType, ds.Manufacturer = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], "SIEMENS"
    block = ds.private_block(0x19, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0B, "DS", "1")
    for number in private.values():
        block.add_new(0x0A, "US", number)
    return ds


def test_a_mosaic_whose_slices_are_only_counted(tmp_path: Path) -> None:
    save(tmp_path, [_mosaic(count=7)])
    (volume,) = read([tmp_path])

    assert volume.voxels.shape == (1, 7, 4, 5)
    assert any("assumed along the normal" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    ("spacing", "distance", "found"),
    [("1E400", 3.0, "1E400 is not valid"), ("0", 3.0, "0 is not valid"), (None, 3.0, "is missing"), ("3.5", 3.5, "")],
)
def test_a_mosaic_without_a_valid_distance_of_slices_is_reported(
    spacing: str | None, distance: float, found: str, tmp_path: Path
) -> None:
    ds = _mosaic(count=7)
    ds.SliceThickness = 3
    if spacing is not None:
        ds.SpacingBetweenSlices = spacing
    save(tmp_path, [ds])
    (volume,) = read([tmp_path])

    assert abs(volume.ijk_to_ras[:3, 2]).max() == distance
    assert any(f"SpacingBetweenSlices (0018,0088) {found}" in warning for warning in volume.warnings) == bool(found)


def test_hidden_files_with_dicom_are_named_and_others_are_not(tmp_path: Path) -> None:
    save(tmp_path / "in", series())
    save(tmp_path / "in" / ".trash" / "old", _renamed(series(2), 7))
    (tmp_path / "in" / ".one").write_bytes(next((tmp_path / "in" / ".trash" / "old").iterdir()).read_bytes())
    (tmp_path / "in" / "._000001.dcm").write_bytes(b"AppleDouble")
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "config").write_bytes(b"[core]")

    found = find_series([tmp_path / "in"])

    assert [len(one.instances) for one in found.series] == [4]
    assert sorted(Path(leftover.path).name for leftover in found.leftovers) == [".one", ".trash"]
    assert all("Name it as an input" in leftover.reason and not leftover.failed for leftover in found.leftovers)
    assert sum(len(one.instances) for one in find_series([tmp_path / "in" / ".trash"]).series) == 2
