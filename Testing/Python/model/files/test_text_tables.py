"""Tables in text are read by the same rules everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import OptionError, Volume
from nifti_dicom_bridge.formats.nifti.gradients import read_gradients
from nifti_dicom_bridge.model.files.option_files import read_option_file
from nifti_dicom_bridge.model.files.plain_text import TextError
from nifti_dicom_bridge.model.files.text_tables import read_table

GOOD = (("a", "b"), ((2, ("1", "x")), (3, ("2", "ü"))))
FORMS = {
    "plain": "a\tb\n1\tx\n2\tü\n".encode(),
    "no line break at the end": "a\tb\n1\tx\n2\tü".encode(),
    "byte order mark": "\ufeffa\tb\n1\tx\n2\tü\n".encode(),
    "Windows": "a\tb\r\n1\tx\r\n2\tü\r\n".encode(),
    "old Macintosh": "a\tb\r1\tx\r2\tü\r".encode(),
    "UTF-16": "a\tb\r\n1\tx\r\n2\tü\r\n".encode("utf-16"),
    "empty lines at the end": "a\tb\n1\tx\n2\tü\n\n\t\n".encode(),
    "empty cells at the end": "a\tb\t\n1\tx\t\t\n2\tü\n".encode(),
    "quotation marks": '"a"\t"b"\n"1"\tx\n2\t"ü"\n'.encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_one_table(form: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(FORMS[form])
    table = read_table(tmp_path / "a.tsv")
    assert (table.columns[:2], tuple((line, cells[:2]) for line, cells in table.rows)) == GOOD


def test_quotation_marks_within_text_stay(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('a\tb\n5" coil\t"two\nlines"\n')
    assert read_table(tmp_path / "a.tsv").rows == ((2, ('5" coil', "two\nlines")),)


def test_a_short_line_has_empty_cells(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\tc\n1\n")
    assert read_table(tmp_path / "a.tsv").rows == ((2, ("1", "", "")),)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "it is empty"), (b"a\tb\n1\t2\t3\n", "line 2 has 3 cells"), (b'a\tb\n1\t"2\n3\t4\n', "line 2: a quotation mark"),
     (b'a\tb\n1\t2\n3\t"4', "line 3: a quotation mark"), (b'a\tb\n1\t"2\n3\t"4\n', "line 2: a quotation mark"),
     (b"a\tb\n1\tM\xfcller\n", "line 2 contains the byte 0xFC"), (b"a\0b", "not a text file")],
)  # fmt: skip
def test_damage_is_named_with_its_place(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(content)
    with pytest.raises(TextError, match=words):
        read_table(tmp_path / "a.tsv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("name", "text"), [("a.json", '{"PatientID": "Ä"}'), ("a.toml", 'PatientID = "Ä"')])
def test_files_of_options_are_read_by_the_same_rule(name: str, text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding=encoding)
    assert read_option_file(tmp_path / name, "metadata") == {"PatientID": "Ä"}


def test_files_of_options_in_another_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"PatientID": "Ä"}', encoding="latin-1")
    with pytest.raises(OptionError, match="line 1 contains the byte 0xC4, which is not UTF-8"):
        read_option_file(tmp_path / "a.json", "metadata")


def test_b_values_are_read_by_the_same_rule(tmp_path: Path) -> None:
    for name, text in (("a.bval", "0 1000\r\n"), ("a.bvec", "0 1\r\n0 0\r\n0 0\r\n")):
        (tmp_path / name).write_text(text, encoding="utf-16")
    image = Volume(np.zeros((2, 2, 3, 4), np.int16), np.eye(4))
    assert read_gradients(image, tmp_path / "a.bval", tmp_path / "a.bvec")[:, 0].tolist() == [0, 1000]
