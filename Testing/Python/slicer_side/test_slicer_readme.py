"""The code blocks of docs/guide/slicer.md run as written."""

from __future__ import annotations

import shlex

import pytest

from support import code_blocks


@pytest.fixture
def snippets(tmp_path):
    """The blocks for the Python console, with a folder of their own."""
    blocks = [block for block in code_blocks.blocks("python", code_blocks.SLICER_GUIDE) if "NiftiDicomBridgeLogic" in block]
    return [block.replace("/data/", tmp_path.as_posix() + "/") for block in blocks]


@pytest.mark.slow
def test_the_console_snippets_run_one_after_the_other(slicer, database, node, snippets, capsys):
    first, second = snippets
    names = {"slicer": slicer}
    exec(compile(first, "README.md", "exec"), names)
    assert capsys.readouterr().out.splitlines()[-1].startswith("True [")
    exec(compile(second, "README.md", "exec"), names)
    stated = capsys.readouterr().out
    assert "7_ramp.nii.gz record" in stated
    assert "('PatientName', 'Bridge^Test', 'the original')" in stated
    assert names["report"].ok
    assert len(names["loaded"]) == 1


@pytest.mark.slow
def test_the_headless_commands_run_one_after_the_other(run_script, write_series, tmp_path, monkeypatch):
    commands = [shlex.split(command) for command in code_blocks.commands("Slicer", code_blocks.SLICER_GUIDE)]
    assert len(commands) == 3
    write_series(tmp_path / "scans")
    for program, *options in commands:
        assert program == "Slicer"
        separator = options.index("--")
        assert options[:separator] == ["--no-main-window", "--python-script", "NiftiDicomBridge/Scripts/convert.py"]
        done = run_script(*options[separator + 1 :], folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "back").rglob("*.dcm"))) == 4
    assert (tmp_path / "db" / "ctkDICOM.sql").is_file()
