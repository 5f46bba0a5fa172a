"""A sidecar that a person edited into nonsense: one clear error, nothing written, never a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Outcome, SidecarError, Target, convert
from nifti_dicom_bridge.sidecar.record_digest import DIGESTS, digests_of
from nifti_dicom_bridge.sidecar.record_reading import record_from_json
from phantoms import PHANTOMS
from support.round_trip import KEEP, KEY, RoundTrip, names_in

WRONG = (None, True, -1, 10**12, 10**400, 1.5, float("nan"), "", "nonsense", [], ["x"], [[]], {}, {"x": 1})
SOURCES = ("pet_slopes", "enhanced_slopes", "mosaic", "private_nested", "jpeg_ls", "dirty_high_bits")
"""Phantoms whose records have every part."""


def paths_in(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Yield the way to every value of a record; of lists the first and the last entry."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths_in(value[key], (*path, key))
    elif isinstance(value, list):
        for n in sorted({0, len(value) - 1} if value else ()):
            yield from paths_in(value[n], (*path, n))


def pairs_of(top: dict, values: tuple) -> list[tuple[tuple, Any]]:
    """Return every second pair of a path and a value; as the number of values is odd, each is at every second path."""
    assert len(values) % 2
    return [(path, value) for path in paths_in(top) for value in values][::2]


def changed(top: dict, path: tuple, value: Any = ...) -> dict:
    """Return a copy with one value replaced, or deleted."""
    found = copy.deepcopy(top)
    place = found
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return found


def signed(whole: Any) -> Any:
    """Return a record with digests that match, so that they do not hide what reading it makes of the values."""
    try:
        return {**whole, DIGESTS: digests_of(whole)}
    except (KeyError, TypeError, ValueError):  # too damaged for any digest
        return whole


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[RoundTrip, dict]]:
    """Return images with their sidecars, by phantom."""
    found = {}
    for name in SOURCES:
        round_trip = RoundTrip(tmp_path_factory.mktemp(name)).make(name)
        round_trip.forth(gzip=False)
        found[name] = round_trip, json.loads(round_trip.sidecar().read_text("utf-8"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_a_record_with_any_value_replaced_is_read_or_refused_by_a_sidecar_error(name: str, written: dict) -> None:
    _, top = written[name]
    strangers = []
    for path, value in pairs_of(top[KEY], (..., *WRONG)):
        try:
            record_from_json(signed(changed(top[KEY], path, value)), "a.json")
        except SidecarError:
            pass
        except Exception as error:
            strangers.append(f"{path} = {value!r:.20}: {type(error).__name__}: {error}")

    assert strangers == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pet_slopes", "mosaic"])
def test_converting_with_any_value_replaced_never_ends_in_a_traceback(name: str, written: dict) -> None:
    round_trip, top = written[name]
    strangers = []
    for path, value in pairs_of(top, (..., None, -1, "nonsense", [])):
        edited = changed(top, path, value)
        trouble = _trouble(round_trip, {**edited, KEY: signed(edited[KEY])} if KEY in edited else edited)
        if trouble:
            strangers.append(f"{path} = {value!r:.20}: {trouble}")

    assert strangers == []


def _trouble(round_trip: RoundTrip, top: dict) -> str:
    """Convert with a sidecar; return what went wrong beyond a clear error."""
    round_trip.sidecar().write_text(json.dumps(top), "utf-8")
    try:
        report = round_trip.home(overwrite=True)
    except BridgeError as error:
        return "" if names_in(round_trip.back) == [] else f"written: {names_in(round_trip.back)} after {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        failed = names_in(round_trip.back)
        _clear(round_trip.back)
    if report.failures and failed:
        return f"failed, and yet written: {failed}"
    if any(not entry.error for entry in report.failures):
        return "an error without words"
    return "".join(f"unclear: {e.error}" for e in report.failures if "Error" in e.error[:12])


def _clear(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


STRUCTURE = [
    ("SchemaVersion",), ("Voxels",), ("Voxels", "Digest"), ("Voxels", "Shape"), ("Voxels", "Type"), ("Voxels", "Rescale"),
    ("Voxels", "Rescale", "Slope"), ("Voxels", "StoredType"), ("Voxels", "Rescaled"), ("Voxels", "MosaicTiles"), ("Geometry",),
    ("Geometry", "IjkToRas"), ("Frames",), ("Frames", "Times"), ("Frames", "Slices"), ("Files",), ("Files", "Names"),
    ("Files", "Preamble"), ("Files", "Encoding"), ("Files", "PixelData"), ("FileMeta",), ("FileMeta", "Count"), ("Instances",),
    ("Instances", "Count"),
]  # fmt: skip


@pytest.mark.parametrize("path", STRUCTURE, ids="/".join)
@pytest.mark.parametrize("value", [..., None, -1, "nonsense", [], {}], ids=repr)
def test_a_record_without_its_structure_is_refused(path: tuple, value: Any, written: dict) -> None:
    _, top = written["dirty_high_bits"]
    if (path[-1], value) == ("Slope", -1):
        pytest.skip("a slope can be negative")

    with pytest.raises(SidecarError, match=r"a\.json"):
        record_from_json(changed(top[KEY], path, value), "a.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("Geometry", "IjkToRas"), [[0, 0, 0, 0]] * 4),
        (("Geometry", "IjkToRas", 0, 0), float("nan")),
        (("Voxels", "Rescale", "Slope"), 0),
        (("Voxels", "Rescale", "Slope"), float("nan")),
        (("Voxels", "Type"), None),
        (("Voxels", "Type"), "O"),
        (("Voxels", "StoredType"), "S3"),
        (("Voxels", "Shape"), [1, 2]),
        (("Voxels", "Shape"), [1, 3, 0, 5]),
        (("Frames", "Times"), 3),
        (("Frames",), {"Times": 3, "Slices": 1}),
        (("Frames", "Frame"), [0, 0, 7]),
        (("Files", "Encoding"), {"All": "abc"}),
        (("Files", "PixelData"), {"All": [-1, "OW", 40]}),
        (("Files", "PixelData"), {"All": [0x7FE00010, "??", 40]}),
        (("Files", "PixelData"), {"All": [0x00100010, "OW", 40]}),
        (("Files", "Names"), "abc"),
        (("Instances", "Shared", "-0080060"), {"vr": "CS", "Value": ["CT"]}),
        (("Instances", "Shared", "00080060"), {"vr": "é1", "InlineBinary": "AAAA"}),
        (("Instances", "Shared", "00080060"), {"vr": "??", "InlineBinary": "AAAA"}),
        (("Instances", "Shared", "00280010"), {"vr": "US", "Value": [-4]}),
        (("WrittenBidsKeys",), 5),
        (("WrittenBidsKeys",), [1]),
    ],
    ids=str,
)
def test_values_of_the_right_type_that_make_no_sense_are_refused(
    path: tuple, value: Any, written: dict, tmp_path: Path
) -> None:
    round_trip, top = written["dirty_high_bits"]
    round_trip.sidecar().write_text(json.dumps(changed(top, (KEY, *path), value)), "utf-8")

    report = convert(Job([round_trip.nifti], tmp_path / "back", KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED]
    assert report.entries[0].error
    assert names_in(tmp_path / "back") == []


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"NiftiDicomBridge": ', "\0", '{"NiftiDicomBridge": {}}', "[" * 100000, '"\\ud800"']
)
def test_a_file_that_is_no_sidecar_is_refused_by_name(text: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.sidecar().write_text(text, "utf-8")

    report = convert(Job([round_trip.nifti], round_trip.back, ConversionOptions(Target.DICOM)))

    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED]
    assert round_trip.sidecar().name in report.entries[0].error
    assert names_in(round_trip.back) == []


def test_a_sidecar_that_is_a_folder_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    path = round_trip.sidecar()
    path.unlink()
    path.mkdir()

    report = round_trip.home()

    assert path.name in report.entries[0].error


def test_a_newer_schema_is_refused_with_both_versions(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY].update(SchemaVersion="3.0"))

    (entry,) = round_trip.home().entries

    assert "3.0" in entry.error
    assert "1.x and 2.x" in entry.error


def test_a_newer_minor_version_of_the_schema_is_read(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_record(lambda record: record.update(SchemaVersion="2.7"))

    assert round_trip.home().ok


def test_phantoms_used_here_exist() -> None:
    assert set(SOURCES) <= PHANTOMS.keys()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("EchoTime", 50, "BIDS requires seconds, not milliseconds"), ("EchoTime", -0.05, "it cannot be negative"),
        ("MagneticFieldStrength", 30000, "more than 30 T is not possible"), ("SliceThickness", 0, "it cannot be 0"),
    ],
)  # fmt: skip
def test_a_key_that_was_edited_into_what_cannot_be_is_refused(
    key: str, value: float, reason: str, round_trip: RoundTrip
) -> None:
    round_trip.make("oblique").forth()
    round_trip.edit_sidecar(lambda top: top.update({key: value}))
    (entry,) = round_trip.home(KEEP).entries

    assert entry.outcome is Outcome.FAILED
    assert f'"{key}" was edited to {value}' in entry.error
    assert reason in entry.error
