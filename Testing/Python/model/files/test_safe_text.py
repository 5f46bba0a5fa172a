"""Text from files on terminals and in spreadsheets."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Segment, read_labels
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.labels import write_dseg
from nifti_dicom_bridge.model.files.safe_text import printable, printable_json, tsv_cell, tsv_text
from support.round_trip import RoundTrip


@pytest.mark.parametrize("letter", ["\x1b", "\n", "\r", "\x7f", "\x9b", "\u202e", "\u2066", "\u2028", "\udc80"])
def test_what_a_terminal_acts_on_is_escaped(letter: str) -> None:
    shown = printable(f"T1{letter}[2J")
    assert letter not in shown
    assert shown.isprintable()
    assert json.loads(printable_json(json.dumps({"name": letter}, ensure_ascii=False))) == {"name": letter}


@pytest.mark.parametrize(("text", "cell"), [
    ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("@SUM(1)", "'@SUM(1)"), ("+1+1", "'+1+1"), ("-x", "'-x"),
    ("\t=1", "'=1"), ("\r=1", "'=1"), ("-1.5", "-1.5"), ("+2e-3", "+2e-3"), ("T1\tsag\n", "T1 sag"), ("", "n/a"),
    ("2026-01-02T03:04:05", "2026-01-02T03:04:05"),
])  # fmt: skip
def test_cells_of_tables(text: str, cell: str) -> None:
    assert tsv_cell(text) == cell


def test_names_of_labels_come_back_from_tables(tmp_path) -> None:
    write_dseg([Segment(1, "=HYPERLINK(1)")], tmp_path / "a_dseg.tsv")
    assert "\t'=HYPERLINK(1)\t" in (tmp_path / "a_dseg.tsv").read_text("utf-8")
    assert [segment.label for segment in read_labels(tmp_path / "a_dseg.tsv")] == ["=HYPERLINK(1)"]
    assert tsv_text("'quoted'") == "'quoted'"


@pytest.mark.parametrize("command", [["inspect"], ["convert", "--to", "nifti", "-v", "-o"], ["validate"]])
def test_the_command_line_prints_no_escape_sequence(command, round_trip: RoundTrip, capsys: pytest.CaptureFixture[str]) -> None:
    round_trip.make("classic_ct")
    for path in sorted(round_trip.dicom.rglob("*.dcm")):
        data_set = pydicom.dcmread(path)
        data_set.SeriesDescription = "T1\x1b]0;pwned\x07\x9b2J\u202e"
        data_set.SpecificCharacterSet = "ISO_IR 192"
        data_set.PixelData = np.frombuffer(data_set.PixelData, np.uint8).tobytes()
        data_set.save_as(path)

    main(
        [*command, str(round_trip.nifti), str(round_trip.dicom)] if "convert" in command else [*command, str(round_trip.dicom)]
    )

    output = "".join(capsys.readouterr())
    assert output
    assert not [letter for letter in output if letter != "\n" and not letter.isprintable()]
