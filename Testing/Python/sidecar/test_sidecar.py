"""The sidecar: its schema, what a person may edit in it, and that nothing is lost in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import Instance, OptionError, Outcome, SidecarError, Volume, read
from nifti_dicom_bridge.model.charset import CharacterSet
from nifti_dicom_bridge.model.dicom_source import DicomSource, Origin
from nifti_dicom_bridge.model.metadata import NUMBER_FORMATS, Element, Encoding, Item, PixelElement, SeriesMetadata
from nifti_dicom_bridge.model.voxels.pixels import PixelRecord, Rescale
from nifti_dicom_bridge.sidecar import record, record_path
from nifti_dicom_bridge.sidecar.bulk import BulkReader, BulkWriter
from nifti_dicom_bridge.sidecar.dicom_json import Decoder, Encoder
from nifti_dicom_bridge.sidecar.record_reading import record_from_json
from nifti_dicom_bridge.sidecar.table import TableDecoder, TableEncoder
from phantoms import PHANTOMS
from support.circle import KEEP, KEY, NEW, Circle, listing, names_in
from support.nonempty import some

SCHEMA = files("nifti_dicom_bridge") / "data" / "sidecar.schema.json"


@pytest.fixture(scope="module")
def schema() -> object:
    from jsonschema import Draft202012Validator

    found = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_the_schema_accepts_every_sidecar(name: str, schema: object, circle: Circle) -> None:
    circle.make(name).forth()

    for path in some(circle.nifti.glob("*.json")):
        errors = list(schema.iter_errors(json.loads(path.read_text("utf-8"))))
        assert [f"{list(error.absolute_path)}: {error.message[:200]}" for error in errors] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda top: top.pop(KEY),
        lambda top: top[KEY].pop("Voxels"),
        lambda top: top[KEY].update(SchemaVersion="3.0"),
        lambda top: top[KEY].update(Stranger=1),
        lambda top: top[KEY]["Instances"].update(Count=-1),
        lambda top: top[KEY]["Instances"]["Shared"].update({"0010": {"vr": "LO"}}),
        lambda top: top[KEY]["Instances"]["Shared"].update({"00100010": {"vr": "LO", "Value": ["a"], "InlineBinary": "AAAA"}}),
        lambda top: top[KEY]["Files"]["PixelData"].update(All=[5, "OW", 1]),
        lambda top: top[KEY]["Voxels"].update(Shape=[1, 0, 2, 2]),
        lambda top: top[KEY]["Voxels"].update(Type="O"),
    ],
)
def test_the_schema_refuses_what_is_not_a_sidecar(spoil: object, schema: object, circle: Circle) -> None:
    circle.make("classic_ct").forth()
    top = json.loads(circle.sidecar().read_text("utf-8"))
    spoil(top)

    assert not schema.is_valid(top)


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_numbers_in_a_sidecar_are_json(name: str, circle: Circle) -> None:
    """NaN and Infinity are not valid JSON: they are written as text."""
    circle.make(name).forth()

    def refuse(text: str) -> None:
        raise AssertionError(text)

    for path in circle.nifti.glob("*.json"):
        json.loads(path.read_text("utf-8"), parse_constant=refuse)


# --- edited by a person -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "keyword", "expected"),
    [
        ("EchoTime", 0.00312, "EchoTime", "3.12"),
        ("RepetitionTime", 2.5, "RepetitionTime", "2500"),
        ("SeriesDescription", "better", "SeriesDescription", "better"),
        ("PatientName", "Doe^Jane", "PatientName", "Doe^Jane"),
        ("SliceThickness", 1.0, "SliceThickness", "1"),
        ("ImageType", ["DERIVED", "PRIMARY", "X"], "ImageType", "['DERIVED', 'PRIMARY', 'X']"),
        ("PatientID", "Ä 7", "PatientID", "Ä 7"),
    ],
)
def test_an_edited_value_is_in_the_dicom_and_in_the_report(
    key: str, value: object, keyword: str, expected: str, circle: Circle
) -> None:
    circle.make("oblique").forth()
    circle.edit_sidecar(lambda top: top.update({key: value}))

    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.REISSUED
    assert {str(ds[keyword].value) for ds in circle.returned()} == {expected}
    assert [(change.attribute, "sidecar" in change.source) for change in entry.log.changes] == [(keyword, True)]


def test_an_edited_value_reaches_functional_groups(circle: Circle) -> None:
    circle.make("enhanced_mr").forth()
    circle.edit_sidecar(lambda top: top.update(EchoTime=0.0055, SliceThickness=2))
    circle.home(NEW)

    (ds,) = circle.returned()
    assert ds.SharedFunctionalGroupsSequence[0].MREchoSequence[0].EffectiveEchoTime == 5.5
    assert ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == 2
    assert "SliceThickness" not in ds


def test_an_option_wins_over_an_edited_value(circle: Circle) -> None:
    circle.make("oblique").forth()
    circle.edit_sidecar(lambda top: top.update(EchoTime=0.0055))

    (entry,) = circle.home(NEW, set_values={"EchoTime": "7.5"}).entries

    assert {float(ds.EchoTime) for ds in circle.returned()} == {7.5}
    assert [(c.attribute, c.old, c.new, c.source) for c in entry.log.changes] == [("EchoTime", "2.460", "7.5", "set_values=")]


def test_an_unedited_sidecar_changes_nothing(circle: Circle) -> None:
    circle.make("trailing_zeros").forth()

    assert [change for entry in circle.home().entries for change in entry.log.changes] == []


def test_a_key_that_is_taken_away_changes_nothing(circle: Circle) -> None:
    circle.make("oblique").forth()
    circle.edit_sidecar(lambda top: [top.pop(key) for key in list(top) if key != KEY])

    circle.home()

    assert listing(circle.back) == listing(circle.dicom)


def test_a_key_of_another_tool_changes_nothing(circle: Circle) -> None:
    circle.make("oblique").forth()
    circle.edit_sidecar(lambda top: top.update(TaskName="rest", B0FieldIdentifier=["a"]))

    circle.home()

    assert listing(circle.back) == listing(circle.dicom)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EchoTime", "fast"), ("EchoTime", None), ("EchoTime", True), ("EchoTime", [0.1]), ("EchoTime", float("nan")),
        ("EchoTime", 10**400), ("EchoTime", {}), ("ImageType", "DERIVED"), ("ImageType", [1, None]), ("PatientName", 7),
        ("SeriesNumber", "x"), ("Modality", ["MR"]), ("AcquisitionTime", 5), ("ImageOrientationPatientDICOM", ["a"]),
        ("ImageOrientationPatientDICOM", [1, 2]),
        ("Modality", "not a code string"), ("PatientSex", "X" * 70), ("AcquisitionTime", "noon"), ("SeriesNumber", 1.5),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_an_edited_value_that_dicom_cannot_hold_is_refused_with_its_key(key: str, value: object, circle: Circle) -> None:
    circle.make("oblique").forth()
    circle.edit_sidecar(lambda top: top.update({key: value}))

    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert key in entry.error
    assert circle.sidecar().name in entry.error
    assert names_in(circle.back) == []


# --- image and sidecar ------------------------------------------------------------------------------------------------


def test_a_missing_sidecar_is_an_error_where_the_original_is_asked_for(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.sidecar().unlink()

    (entry,) = circle.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "sidecar" in entry.error
    assert names_in(circle.back) == []


def test_without_sidecar_something_new_is_made_and_that_is_reported(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.sidecar().unlink()

    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.CONVERTED
    assert any("no sidecar" in warning for warning in entry.log.warnings)


def test_an_image_is_deidentified_by_the_record_of_a_sidecar_that_is_named(circle: Circle) -> None:
    """They were refused together, as a sidecar that is named had no record."""
    circle.make("classic_ct").forth()
    named = circle.sidecar().rename(circle.folder / "elsewhere.json")

    (entry,) = circle.home(NEW, sidecar=named, deidentify=True).entries

    assert (entry.outcome, entry.error) == (Outcome.REISSUED, "")
    original = pydicom.dcmread(next(circle.dicom.rglob("*.dcm")))
    assert original.PatientName not in {ds.PatientName for ds in circle.returned()}


def test_a_sidecar_that_is_named_restores_the_original(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    named = circle.sidecar().rename(circle.folder / "elsewhere.json")

    (entry,) = circle.home(NEW, sidecar=named).entries

    assert entry.outcome is Outcome.REISSUED


def test_an_edit_of_a_sidecar_that_is_named_is_written(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_sidecar(lambda top: top.update(BodyPart="HEAD"))
    named = circle.sidecar().rename(circle.folder / "elsewhere.json")

    circle.home(NEW, sidecar=named)

    assert {ds.BodyPartExamined for ds in circle.returned()} == {"HEAD"}


def test_a_sidecar_with_a_record_is_for_one_image(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    named = circle.sidecar().rename(circle.folder / "elsewhere.json")
    shutil.copy(circle.image(), circle.nifti / "other.nii.gz")

    with pytest.raises(OptionError, match="is for one image"):
        circle.home(NEW, sidecar=named)


def _without_description(image: Path) -> Path:
    """Take the description out of the header, as many tools do."""
    loaded = nibabel.load(image, mmap=False)
    loaded.header["descrip"] = b""
    nibabel.save(nibabel.Nifti1Image(loaded.dataobj.get_unscaled(), loaded.affine, loaded.header), image)
    return image


def test_a_record_whose_image_was_renamed_is_named(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    image, sidecar = circle.image(), circle.sidecar().name
    _without_description(image).rename(image.with_name("sub-01_T1w.nii.gz"))

    (entry,) = circle.home(NEW).entries

    assert any(f"{sidecar} has the record of an image that is not there" in text for text in entry.log.warnings)


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((5, 4, 3, 7), np.int16),
        np.zeros((5, 4, 3, 1, 3), np.int16),
        np.zeros((5, 4, 3), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])),
    ],
    ids=["more times", "more samples", "color"],
)
def test_the_sidecar_of_another_image_is_refused(other: np.ndarray, circle: Circle) -> None:
    circle.make("mr_4d").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(other, image.affine))

    (entry,) = circle.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "do not belong together" in entry.error


def test_an_image_of_another_shape_elsewhere_in_space_is_refused(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = 5000
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.zeros((7, 7, 7), np.int16), affine))

    (entry,) = circle.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "position of the image differ" in entry.error


# --- elements ⇄ JSON --------------------------------------------------------------------------------------------------

TEXT_VRS = ["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "SH", "TM", "UC", "UI", "LT", "ST", "UT", "UR", "PN"]
BINARY_VRS = ["OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT"]
letters = st.one_of(
    st.binary(max_size=12),
    st.text(" \\^=abc0.5-", max_size=12).map(str.encode),
    st.text(max_size=6).map(lambda text: text.encode("utf-8", "replace")),
)
charsets = st.sampled_from([
    (), ("ISO_IR 100",), ("ISO_IR 192",), ("GB18030",), ("", "ISO 2022 IR 87"),
    ("ISO 2022 IR 6", "ISO 2022 IR 149"), ("nonsense",),
])  # fmt: skip
plain = {"undefined": st.just(False)}
simple = st.one_of(
    st.builds(Element, st.sampled_from(TEXT_VRS), letters, **plain),
    st.builds(
        Element, st.sampled_from([*BINARY_VRS, *NUMBER_FORMATS, "SQ", "ZZ"]), st.binary(min_size=1, max_size=40), **plain
    ),
    st.builds(Element, st.sampled_from([*BINARY_VRS, *NUMBER_FORMATS, *TEXT_VRS]), st.just(b""), **plain),
)
tags = st.integers(0x00080006, 0x7FDFFFFF)
data_sets = st.recursive(
    st.dictionaries(tags, simple, max_size=4),
    lambda inner: st.dictionaries(
        tags,
        st.one_of(
            simple,
            st.builds(
                Element, st.just("SQ"), st.lists(st.builds(Item, inner, st.booleans()), max_size=7).map(tuple), st.booleans()
            ),
        ),
        max_size=4,
    ),
    max_leaves=12,
).map(lambda found: dict(sorted(found.items())))


def _through_json(found: object) -> object:
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.slow
@given(data_sets, charsets)
def test_any_data_set_comes_back_from_json(elements: dict, terms: tuple) -> None:
    bulk = BulkWriter(threshold=20)
    found = _through_json(Encoder(bulk).data_set(elements, CharacterSet(terms)))

    assert Decoder(BulkReader(_through_json(bulk.to_json()), "a")).data_set(found, CharacterSet(terms), "a") == elements


@pytest.mark.slow
@given(st.lists(data_sets, min_size=1, max_size=5), charsets)
def test_any_data_sets_come_back_from_a_table(found: list, terms: tuple) -> None:
    bulk = BulkWriter(threshold=20)
    table = _through_json(TableEncoder(bulk).table(found, CharacterSet(terms)))

    assert TableDecoder(BulkReader(_through_json(bulk.to_json()), "a")).table(table, CharacterSet(terms), "a") == found


@pytest.mark.slow
@settings(max_examples=50)
@given(data_sets, st.lists(st.sampled_from(["CS", "DS", "OB", "PN"]), min_size=2, max_size=6), st.data())
def test_columns_of_one_tag_and_many_kinds_come_back(base: dict, vrs: list, data: st.DataObject) -> None:
    found = [base | {0x00080005 + 1: Element(vr, data.draw(letters))} for vr in vrs]
    found = [dict(sorted(elements.items())) for elements in found]
    bulk = BulkWriter()
    table = _through_json(TableEncoder(bulk).table(found, CharacterSet()))

    assert TableDecoder(BulkReader(_through_json(bulk.to_json()), "a")).table(table, CharacterSet(), "a") == found


@pytest.mark.slow
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8))
def test_bulk_values_come_back_and_equal_ones_are_stored_once(values: list) -> None:
    bulk = BulkWriter()
    uris = bulk.add_all(values)
    reader = BulkReader(_through_json(bulk.to_json()), "a")

    assert [reader.get(uri, "a") for uri in uris] == values
    assert len(set(uris)) == len(set(values))


@pytest.mark.parametrize("uri", ["", "#", "#0", "#0/0", "#0/-1", "a/b", None, 7, "#9/9", "#1e9/0"])
def test_a_bulk_value_that_is_not_there_is_a_sidecar_error(uri: object) -> None:
    with pytest.raises(SidecarError):
        BulkReader([], "a").get(uri, "a")


def test_a_bulk_bomb_is_refused() -> None:
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(bytes(10_000_000))).decode()

    with pytest.raises(SidecarError):
        BulkReader([{"Lengths": [3], "Zlib": bomb}], "a").get("#0/0", "a")


# --- size -------------------------------------------------------------------------------------------------------------


def _fmri(one: Volume, count: int) -> Volume:
    """Return a volume of `count` instances of 64 × 64 × 16 bit, made in memory; each varies in what a scanner varies."""
    first = one.dicom.metadata.instances[0]
    instances = []
    for n in range(count):
        time, place = divmod(n, 40)
        elements = dict(first.elements)
        for tag, text in {
            0x00080018: f"1.2.840.113619.2.{n}.77.{n * 7919 % 100003}",
            0x00080033: f"{101010 + time}.{n * 997 % 1000:03d}",
            0x00080032: f"{101010 + time}",
            0x00200013: str(n + 1),
            0x00200032: f"-100.5\\-90.25\\{place * 3.5:.4f}",
            0x00201041: f"{place * 3.5:.4f}",
            0x00281050: str(500 + n * 31 % 17),
            0x00281051: str(900 + n * 17 % 23),
            0x00200100: str(time + 1),
        }.items():
            raw = text.encode()
            vr = {0x00080018: "UI", 0x00080033: "TM", 0x00080032: "TM", 0x00200013: "IS", 0x00200100: "IS"}.get(tag, "DS")
            elements[tag] = Element(vr, raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2))
        elements[0x00280107] = Element("US", (n * 131 % 4096).to_bytes(2, "little"))
        meta = {**first.file_meta, 0x00020003: elements[0x00080018]}
        pixels = PixelElement(0x7FE00010, "OW", 0, 8192)
        ordered = dict(sorted(elements.items()))
        instances.append(Instance(ordered, meta, bytes(128), Encoding(), pixels, "", f"scan/IM{n:06d}.dcm"))
    frames = np.stack([np.arange(count), np.zeros(count, int)], -1).astype(np.int32).reshape(count // 40, 40, 2)
    origin = Origin("sha256:" + "0" * 64, (count // 40, 40, 64, 64), np.eye(4), Rescale(), "<u2")
    return replace(one, source=DicomSource(SeriesMetadata(tuple(instances), frames), PixelRecord("<u2"), origin))


@pytest.mark.slow
def test_the_record_of_20000_instances_is_smaller_than_the_image_and_complete(circle: Circle) -> None:
    (one,) = read(circle.make("mr_4d").dicom / "001.dcm")
    volume = _fmri(one, 20000)
    text = json.dumps(record.to_json(volume, {}), separators=(",", ":"))
    found = record_from_json(json.loads(text), "a")

    assert len(text) < 20000 * 64 * 64 * 2 / 10
    before, after = volume.dicom.metadata.instances, found.source.metadata.instances
    assert [instance.elements for instance in after] == [instance.elements for instance in before]


def test_a_value_that_all_instances_share_is_written_once(circle: Circle) -> None:
    circle.make("large_values").forth()

    size = circle.sidecar().stat().st_size

    # one value of 70 000 bytes for all, three that differ, two of 3000: noise, which base64 makes a third larger
    assert size < (4 * 70000 + 2 * 3000) * 4 / 3 + 35000


def test_the_record_is_the_same_however_often_it_is_written(circle: Circle) -> None:
    circle.make("private_nested").forth()
    first = listing(circle.nifti)
    circle.forth(overwrite=True)

    assert {name: raw for name, raw in listing(circle.nifti).items() if name.endswith(".json")} == {
        name: raw for name, raw in first.items() if name.endswith(".json")
    }


def test_the_top_level_is_readable_line_by_line(circle: Circle) -> None:
    circle.make("oblique").forth()

    lines = circle.sidecar().read_text("utf-8").splitlines()

    assert '  "EchoTime": 0.00246,' in lines
    assert len([line for line in lines if KEY in line]) == 1


def test_returned_files_are_read_by_pydicom_with_the_original_text(circle: Circle) -> None:
    circle.make("trailing_zeros").forth()
    circle.home(KEEP)

    assert {pydicom.dcmread(path).PixelSpacing[0].original_string for path in circle.back.iterdir()} == {"0.50000"}


def test_the_same_bytes_in_other_character_sets_are_other_text(circle: Circle) -> None:
    circle.make("classic_ct")
    raw = bytes(range(0xC0, 0xD0))
    texts = [("ISO_IR 100", "latin-1", raw), ("ISO_IR 144", "iso8859-5", raw), ("ISO_IR 100", "latin-1", raw[::-1])]
    for path, (terms, _, value) in zip(sorted(circle.dicom.iterdir()), texts, strict=True):
        ds = pydicom.dcmread(path)
        ds.SpecificCharacterSet = terms
        ds.add(pydicom.DataElement(0x00204000, "LT", value))
        ds.save_as(path)
    circle.forth()

    column = json.loads(circle.sidecar().read_text("utf-8"))[KEY]["Instances"]["Varying"]["00204000"]
    assert column["Values"] == [value.decode(codec) for _, codec, value in texts]
    circle.home()
    assert listing(circle.back) == listing(circle.dicom)


def test_a_path_through_a_dataset_does_not_make_an_image_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "dataset_description.json").write_text("{}")

    assert record_path(tmp_path / "dataset" / ".." / "other" / "image.nii") is None
