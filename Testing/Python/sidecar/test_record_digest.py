"""A record that was changed is never taken for the original: an edit of attributes is reported, all else is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Outcome, Target, convert, inspect
from nifti_dicom_bridge.sidecar.record_digest import digests_of
from nifti_dicom_bridge.sidecar.record_reading import record_from_json
from phantoms import PHANTOMS
from support.round_trip import KEEP, KEY, RoundTrip

ALPHABET = '0123456789abcXYZ.-+"{}[]:, e'
EVERY_NTH = 23


def outcome_of(round_trip: RoundTrip, folder: str) -> Outcome:
    try:
        report = convert(Job([round_trip.nifti], round_trip.folder / folder, KEEP))
    except BridgeError:
        return Outcome.FAILED
    (entry,) = report.entries
    return entry.outcome


@pytest.mark.parametrize("name", ["classic_ct", "enhanced_mr", "private_nested", "pet_slopes"])
def test_no_character_of_a_record_can_change_without_notice(name: str, round_trip: RoundTrip) -> None:
    """Every EVERY_NTH character, replaced by a random one."""
    round_trip.make(name).forth()
    text, generator = round_trip.sidecar().read_text("utf-8"), random.Random(name)
    original, strangers = json.loads(text)[KEY], []
    start = text.index(f'"{KEY}"')
    for place in range(start + generator.randrange(EVERY_NTH), len(text) - 1, EVERY_NTH):
        changed = text[:place] + generator.choice(ALPHABET) + text[place + 1 :]
        try:
            top = json.loads(changed)
        except ValueError:
            continue
        if KEY not in top or top[KEY] == original:
            continue
        try:
            parsed = record_from_json(top[KEY], "a.json")
        except BridgeError:
            continue
        if not parsed.source.is_changed:
            strangers.append(changed[place - 30 : place + 30])

    assert strangers == []


def test_an_edited_attribute_of_the_record_makes_a_derived_series(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY]["Instances"]["Shared"]["00100020"].update(Value=["other"]))

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.DERIVED
    assert any("changed in the record" in warning for warning in entry.log.warnings)


def test_an_edit_is_not_forgotten_in_other_formats(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY]["Instances"]["Shared"]["00100020"].update(Value=["other"]))

    convert(Job([round_trip.nifti], round_trip.folder / "zarr", ConversionOptions(Target.ZARR)))
    report = convert(Job([round_trip.folder / "zarr"], round_trip.back, KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]


@pytest.mark.parametrize(("tag", "value"), [("00080020", "2024x101"), ("00180050", "5..0"), ("0020000D", "1.2.3x")])
def test_an_edit_that_is_not_valid_is_refused(tag: str, value: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY]["Instances"]["Shared"][tag].update(Value=[value]))

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "changed in the record or is damaged" in entry.error


@pytest.mark.parametrize("part", ["Files", "Frames", "Voxels", "WrittenBidsKeys", "BulkData", "FileMeta", "Tool"])
def test_a_change_of_any_other_part_is_refused(part: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    changes = {
        "Files": lambda entry: entry["Names"].reverse(),
        "Frames": lambda entry: entry.update(Remark=1),
        "Voxels": lambda entry: entry["Rescale"].update(Units="HU2"),
        "WrittenBidsKeys": lambda entry: entry.update(Modality="XX"),
        "BulkData": lambda entry: entry.append({}),
        "FileMeta": lambda entry: entry["Shared"].pop("00020013"),
        "Tool": lambda entry: entry.update(Version="9"),
    }
    round_trip.edit_sidecar(lambda top: changes[part](top[KEY][part]))

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "does not match its digest" in entry.error


def test_a_record_that_lost_its_digests_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY].pop("Digests"))

    assert outcome_of(round_trip, "back") is Outcome.FAILED


def test_a_tool_that_writes_the_same_json_in_another_way_changes_nothing(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    top = json.loads(round_trip.sidecar().read_text("utf-8"))
    round_trip.sidecar().write_text(json.dumps(top, indent=3, sort_keys=True), "utf-8")

    assert outcome_of(round_trip, "back") is Outcome.RESTORED


def test_a_record_without_digest_of_an_earlier_version_is_read_and_reported(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()

    def as_before(top: dict) -> None:
        del top[KEY]["Digests"]
        top[KEY]["SchemaVersion"] = "2.0"

    round_trip.edit_sidecar(as_before)

    (entry,) = round_trip.home().entries
    assert entry.outcome is Outcome.RESTORED
    assert any("has no digest" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(("edited", "outcome"), [(False, Outcome.RESTORED), (True, Outcome.FAILED)])
def test_blake2b_digests_of_schema_version_2_1_are_checked(edited: bool, outcome: Outcome, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()

    def as_before(top: dict) -> None:
        del top[KEY]["Digests"]
        top[KEY]["SchemaVersion"] = "2.1"
        top[KEY]["Digests"] = digests_of(top[KEY], "blake2b-256")
        if edited:
            top[KEY]["Tool"]["Version"] = "9"

    round_trip.edit_sidecar(as_before)

    assert outcome_of(round_trip, "back") is outcome


@pytest.mark.parametrize("count", [10**9, 10**18, 4])
@pytest.mark.parametrize("part", ["Instances", "FileMeta"])
def test_a_claimed_number_of_files_is_checked_before_it_is_believed(part: str, count: int, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY][part].update(Count=count))

    (problem,) = inspect(round_trip.nifti).problems

    assert f"{part} of the record describes {count} files" in problem["reason"]


def test_a_claimed_number_of_slices_is_checked_before_it_is_believed(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top[KEY]["Frames"].update(Slices=1 << 27))

    (problem,) = inspect(round_trip.nifti).problems

    assert "Frames does not fit" in problem["reason"]


def test_half_of_a_surrogate_pair_in_a_sidecar_is_written_as_an_escape(tmp_path: Path, round_trip: RoundTrip) -> None:
    assert "classic_ct" in PHANTOMS
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top.update(InstitutionName="\ud800"))

    report = convert(Job([round_trip.nifti], tmp_path / "zarr", ConversionOptions(Target.ZARR)))

    assert report.ok
    (sidecar,) = (tmp_path / "zarr").glob("*.json")
    assert json.loads(sidecar.read_text("utf-8"))["InstitutionName"] == "\ud800"
