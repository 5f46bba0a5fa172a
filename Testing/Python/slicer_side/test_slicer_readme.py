"""The README's snippet for Slicer's Python console runs as written."""

from __future__ import annotations

import readme


def test_the_console_snippet_exports_and_imports_what_is_loaded(slicer, database, node, tmp_path, capsys):
    (snippet,) = [block for block in readme.blocks("python") if "NiftiDicomBridgeLogic" in block]
    snippet = snippet.replace("/data/nifti", (tmp_path / "nifti").as_posix())
    exec(compile(snippet, "README.md", "exec"), {"slicer": slicer})
    assert capsys.readouterr().out.splitlines()[-1].startswith("True [")
