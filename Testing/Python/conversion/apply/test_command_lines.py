"""Command lines as people type them, on Windows and elsewhere; values for the shell."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import OptionError
from nifti_dicom_bridge.conversion.apply.command_lines import arguments_of, quoted

PRINT_ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"
NAMES = ["it's", "a b", "a & b", "a;b", "(a)", "ä ^ ö", "a$b", "a!b", "100%", "a,b=c", "a`b`", "folder\\"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"C:\tools\seg.exe {input} {output}", [r"C:\tools\seg.exe", "{input}", "{output}"]),
        (r'"C:\Program Files\seg.exe" --out={output}', [r"C:\Program Files\seg.exe", "--out={output}"]),
        (r'"C:\data\" {input}', ["C:\\data\\", "{input}"]),
        (r"\\server\share\seg.exe -a 'b c'", [r"\\server\share\seg.exe", "-a", "b c"]),
    ],
)
def test_backslashes_of_windows_are_parts_of_paths(text: str, words: list[str]) -> None:
    assert arguments_of(text, is_windows=True) == words


def test_elsewhere_a_backslash_protects_the_next_character() -> None:
    assert arguments_of(r'a\ b "c \"d\"" # e', is_windows=False) == ["a b", 'c "d"', "#", "e"]


@pytest.mark.parametrize("is_windows", [False, True])
def test_a_quotation_mark_without_a_counterpart_is_named(is_windows: bool) -> None:
    with pytest.raises(OptionError, match="Check its quotation marks"):
        arguments_of('seg "{input} {output}', is_windows)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1))
def test_what_is_quoted_for_sh_is_split_into_the_same(words: list[str]) -> None:
    assert arguments_of(" ".join(quoted(word, is_windows=False) for word in words), is_windows=False) == words


def test_the_shell_of_this_system_gives_a_program_the_same_arguments() -> None:
    line = f'"{sys.executable}" -c "{PRINT_ARGUMENTS}" ' + " ".join(map(quoted, NAMES))

    assert json.loads(subprocess.run(line, shell=True, capture_output=True, check=True).stdout) == NAMES


def test_what_cmd_would_replace_is_refused() -> None:
    with pytest.raises(OptionError, match="percent signs"):
        quoted(r"C:\%USERNAME%\a.nii", is_windows=True)
