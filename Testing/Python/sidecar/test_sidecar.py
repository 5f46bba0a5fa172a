"""The sidecar: its schema, its size, and that it can be read."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Instance, Volume, read
from nifti_dicom_bridge.model.dicom_source import DicomSource, Origin
from nifti_dicom_bridge.model.metadata import Element, Encoding, PixelElement, SeriesMetadata
from nifti_dicom_bridge.model.voxels.pixels import PixelRecord, Rescale
from nifti_dicom_bridge.sidecar import record, record_path
from nifti_dicom_bridge.sidecar.record_reading import record_from_json
from phantoms import PHANTOMS
from support.nonempty import some
from support.round_trip import KEEP, KEY, RoundTrip, listing

SCHEMA = files("nifti_dicom_bridge") / "data" / "sidecar.schema.json"


@pytest.fixture(scope="module")
def schema() -> object:
    from jsonschema import Draft202012Validator

    found = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_the_schema_accepts_every_sidecar(name: str, schema: object, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()

    for path in some(round_trip.nifti.glob("*.json")):
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
def test_the_schema_refuses_what_is_not_a_sidecar(spoil: object, schema: object, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    top = json.loads(round_trip.sidecar().read_text("utf-8"))
    spoil(top)

    assert not schema.is_valid(top)


@pytest.mark.parametrize("name", sorted(PHANTOMS))
def test_numbers_in_a_sidecar_are_json(name: str, round_trip: RoundTrip) -> None:
    """NaN and Infinity are not valid JSON: they are written as text."""
    round_trip.make(name).forth()

    def refuse(text: str) -> None:
        raise AssertionError(text)

    for path in round_trip.nifti.glob("*.json"):
        json.loads(path.read_text("utf-8"), parse_constant=refuse)


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
def test_the_record_of_20000_instances_is_smaller_than_the_image_and_complete(round_trip: RoundTrip) -> None:
    (one,) = read(round_trip.make("mr_4d").dicom / "001.dcm")
    volume = _fmri(one, 20000)
    text = json.dumps(record.to_json(volume, {}), separators=(",", ":"))
    found = record_from_json(json.loads(text), "a")

    assert len(text) < 20000 * 64 * 64 * 2 / 10
    before, after = volume.dicom.metadata.instances, found.source.metadata.instances
    assert [instance.elements for instance in after] == [instance.elements for instance in before]


def test_a_value_that_all_instances_share_is_written_once(round_trip: RoundTrip) -> None:
    round_trip.make("large_values").forth()

    size = round_trip.sidecar().stat().st_size

    # one value of 70 000 bytes for all, three that differ, two of 3000: noise, which base64 makes a third larger
    assert size < (4 * 70000 + 2 * 3000) * 4 / 3 + 35000


def test_the_record_is_the_same_however_often_it_is_written(round_trip: RoundTrip) -> None:
    round_trip.make("private_nested").forth()
    first = listing(round_trip.nifti)
    round_trip.forth(overwrite=True)

    assert {name: raw for name, raw in listing(round_trip.nifti).items() if name.endswith(".json")} == {
        name: raw for name, raw in first.items() if name.endswith(".json")
    }


def test_the_top_level_is_readable_line_by_line(round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()

    lines = round_trip.sidecar().read_text("utf-8").splitlines()

    assert '  "EchoTime": 0.00246,' in lines
    assert len([line for line in lines if KEY in line]) == 1


def test_returned_files_are_read_by_pydicom_with_the_original_text(round_trip: RoundTrip) -> None:
    round_trip.make("trailing_zeros").forth()
    round_trip.home(KEEP)

    assert {pydicom.dcmread(path).PixelSpacing[0].original_string for path in round_trip.back.iterdir()} == {"0.50000"}


def test_the_same_bytes_in_other_character_sets_are_other_text(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    raw = bytes(range(0xC0, 0xD0))
    texts = [("ISO_IR 100", "latin-1", raw), ("ISO_IR 144", "iso8859-5", raw), ("ISO_IR 100", "latin-1", raw[::-1])]
    for path, (terms, _, value) in zip(sorted(round_trip.dicom.iterdir()), texts, strict=True):
        ds = pydicom.dcmread(path)
        ds.SpecificCharacterSet = terms
        ds.add(pydicom.DataElement(0x00204000, "LT", value))
        ds.save_as(path)
    round_trip.forth()

    column = json.loads(round_trip.sidecar().read_text("utf-8"))[KEY]["Instances"]["Varying"]["00204000"]
    assert column["Values"] == [value.decode(codec) for _, codec, value in texts]
    round_trip.home()
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_a_path_through_a_dataset_does_not_make_an_image_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "dataset_description.json").write_text("{}")

    assert record_path(tmp_path / "dataset" / ".." / "other" / "image.nii") is None
