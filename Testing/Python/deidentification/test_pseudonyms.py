"""Pseudonyms, keys, and a person's rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, OptionError, Target, convert
from nifti_dicom_bridge.deidentification.policy import Policy
from nifti_dicom_bridge.deidentification.uids import KeyedUids
from nifti_dicom_bridge.options.key_files import key_of
from support.profile_options import SECRET_KEY, first, run, series


def test_table_gives_the_pseudonym(tmp_path: Path) -> None:
    series(tmp_path / "in")
    (tmp_path / "table.csv").write_text("PatientID,Pseudonym\nS-1,Subject 07\n")
    run(tmp_path / "in", tmp_path / "out", pseudonyms=tmp_path / "table.csv")
    ds = first(tmp_path / "out")
    assert (ds.PatientID, str(ds.PatientName)) == ("Subject 07", "Subject 07")


def test_a_patient_that_the_table_lacks_is_a_failed_entry(tmp_path: Path) -> None:
    series(tmp_path / "in")
    (tmp_path / "table.csv").write_text("PatientID,Pseudonym\nS-2,Subject 07\n")
    options = ConversionOptions(Target.DICOM, deidentify=True, pseudonyms=tmp_path / "table.csv")
    (entry,) = convert(Job([tmp_path / "in"], tmp_path / "out", options)).failures
    assert "not in the table" in entry.error
    assert "S-1" not in entry.error
    assert not list((tmp_path / "out").rglob("*.dcm"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [("S-1,\n", "line 2 must have 1 to 64"), (f"S-1,{'a' * 65}\n", "line 2 must have 1 to 64"), ("S-1,a\\b\n", "no backslash"),
     ("S-1,Müller\n", "ASCII"), ("S-1,a\tb\n", "ASCII"), ("S-1,a\nS-1,b\n", "line 3 contradicts"),
     ("S-1,a\nS-2,A\n", "line 3 contradicts")],
)  # fmt: skip
def test_a_table_that_does_not_give_each_patient_one_pseudonym_is_refused(rows: str, words: str, tmp_path: Path) -> None:
    series(tmp_path / "in")
    (tmp_path / "table.csv").write_text("PatientID,Pseudonym\n" + rows, "utf-8")
    with pytest.raises(OptionError, match=words) as caught:
        run(tmp_path / "in", tmp_path / "out", pseudonyms=tmp_path / "table.csv")
    assert "S-1" not in str(caught.value)


@pytest.mark.parametrize("header", ["PatientID,Name", "PatientID,Pseudonym,PatientID"])
def test_a_table_with_other_columns_is_refused(header: str, tmp_path: Path) -> None:
    series(tmp_path / "in")
    (tmp_path / "table.csv").write_text(header + "\nS-1,a,b\n")
    with pytest.raises(OptionError, match="pseudonyms="):
        run(tmp_path / "in", tmp_path / "out", pseudonyms=tmp_path / "table.csv")


def test_a_pseudonym_of_64_characters_is_used(tmp_path: Path) -> None:
    series(tmp_path / "in")
    (tmp_path / "table.csv").write_text(f"PatientID,Pseudonym\nS-1,{'a' * 64}\n")
    run(tmp_path / "in", tmp_path / "out", pseudonyms=tmp_path / "table.csv")
    assert first(tmp_path / "out").PatientID == "a" * 64


def test_keyed_pseudonyms_are_the_same_for_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series(tmp_path / "in")
    (tmp_path / "key").write_text(SECRET_KEY + "\n")
    run(tmp_path / "in", tmp_path / "a", pseudonyms="keyed", key_file=tmp_path / "key")
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_KEY", SECRET_KEY)
    run(tmp_path / "in", tmp_path / "b", pseudonyms="keyed")
    monkeypatch.setenv("NIFTI_DICOM_BRIDGE_KEY", SECRET_KEY + "!")
    run(tmp_path / "in", tmp_path / "c", pseudonyms="keyed")
    a, b, c = (first(tmp_path / name).PatientID for name in "abc")
    assert a == b != c
    assert len(a) == 10


def test_a_patient_has_one_keyed_pseudonym_also_where_the_character_set_is_missing(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET_KEY + "\n")
    series(tmp_path / "in", SpecificCharacterSet="ISO_IR 192", PatientID="Größe-1")
    found = {}
    for name in ("stated", "missing"):
        run(tmp_path / "in", tmp_path / name, pseudonyms="keyed", key_file=tmp_path / "key")
        found[name] = first(tmp_path / name).PatientID
        for path in (tmp_path / "in").iterdir():
            path.write_bytes(path.read_bytes().replace(b"ISO_IR 192", b" " * 10))

    assert found["stated"] == found["missing"]


@pytest.mark.parametrize("content", [
    f"{SECRET_KEY}\r\n".encode(), f"{SECRET_KEY}\r\n".encode("utf-8-sig"), f"{SECRET_KEY}\r\n".encode("utf-16"),
])  # fmt: skip
def test_a_key_of_an_editor_of_windows_is_the_same_key(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)

    assert key_of(ConversionOptions(deidentify=True, key_file=tmp_path / "key")) == SECRET_KEY.encode()


def test_a_key_of_bytes_that_begin_like_text_is_kept(tmp_path: Path) -> None:
    content = b"\xff\xfe" + bytes(range(32, 1, -1))
    (tmp_path / "key").write_bytes(content)

    assert key_of(ConversionOptions(deidentify=True, key_file=tmp_path / "key")) == content


def test_a_key_gives_the_same_in_every_version() -> None:
    """Studies of one patient are de-identified years apart: what a key gives must never change."""
    policy = Policy.of(ConversionOptions(deidentify=True, deidentify_key=SECRET_KEY, pseudonyms="keyed"))
    assert policy.pseudonym_of("S-1") == "TFQEJ9X5KR"
    assert policy.shift_days("S-1") == -3242
    assert KeyedUids(policy.key).new("1.2.3.4") == "2.25.131780028337720822258369003966430860749"


def test_short_keys_are_refused_and_not_shown() -> None:
    with pytest.raises(OptionError, match="5 bytes is too short") as caught:
        ConversionOptions(deidentify=True, deidentify_key="short")
    assert "short'" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="a device that is empty")
def test_a_device_without_a_key_is_refused(tmp_path: Path) -> None:
    series(tmp_path / "in")
    with pytest.raises(OptionError, match="0 bytes is too short"):
        run(tmp_path / "in", tmp_path / "out", key_file="/dev/null")


def test_rules_win_over_the_profile(tmp_path: Path) -> None:
    series(tmp_path / "in", SeriesDescription="words", Manufacturer="Maker", InstitutionName="Hospital")
    (tmp_path / "rules.toml").write_text(
        'keep = ["SeriesDescription"]\nremove = ["00080070"]\n[replace]\nInstitutionName = "Site 3"\n'
    )
    run(tmp_path / "in", tmp_path / "out", deidentify_rules=tmp_path / "rules.toml", retain="institution")
    ds = first(tmp_path / "out")
    assert (ds.SeriesDescription, ds.InstitutionName, "Manufacturer" in ds) == ("words", "Site 3", False)


UMLAUT = '[replace]\nInstitutionName = "Bär"\n'


@pytest.mark.parametrize("text", ['remove = ["Rows"]', 'keep = ["NoSuch"]', "unknown = []", 'keep = "PatientID"', "=", UMLAUT])
def test_rules_with_errors_are_refused(text: str, tmp_path: Path) -> None:
    series(tmp_path / "in")
    (tmp_path / "rules.toml").write_text(text, "utf-8")
    options = ConversionOptions(Target.DICOM, deidentify=True, deidentify_rules=tmp_path / "rules.toml")
    with pytest.raises(OptionError, match="deidentify_rules="):
        convert(Job([tmp_path / "in"], tmp_path / "out", options))
