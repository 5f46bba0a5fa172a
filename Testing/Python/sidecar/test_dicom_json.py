"""Elements ⇄ JSON: any data set comes back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import SidecarError
from nifti_dicom_bridge.model.charset import CharacterSet
from nifti_dicom_bridge.model.metadata import NUMBER_FORMATS, Element, Item
from nifti_dicom_bridge.sidecar.bulk import BulkReader, BulkWriter
from nifti_dicom_bridge.sidecar.dicom_json import Decoder, Encoder
from nifti_dicom_bridge.sidecar.table import TableDecoder, TableEncoder

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
