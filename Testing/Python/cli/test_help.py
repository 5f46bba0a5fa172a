"""``--help`` fits a terminal of 80 columns, and its values stay whole."""

from __future__ import annotations

import argparse

import pytest

from nifti_dicom_bridge.cli.parser import parser_of_commands


def parsers() -> list[argparse.ArgumentParser]:
    """Return the parser of the program and those of all commands."""
    parser = parser_of_commands(can_register=True)
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [parser, *commands.choices.values()]


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog.split()[-1])
def test_no_line_of_the_help_is_wider_than_a_terminal(parser, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in parser.format_help().splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog.split()[-1])
def test_the_usage_is_short(parser, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert len(parser.format_usage().splitlines()) <= 12


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog.split()[-1])
def test_no_value_is_broken_at_its_hyphen(parser, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in parser.format_help().splitlines() if line.endswith("-") and not line.endswith(" -")] == []
