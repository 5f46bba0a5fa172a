"""The code blocks of README.md and docs/, so that tests can run them as they are written."""

from __future__ import annotations

import re
from pathlib import Path

from support.paths import ROOT

README = ROOT / "README.md"
SLICER_GUIDE = ROOT / "docs" / "guide" / "slicer.md"


def all_blocks(path: Path = README) -> list[tuple[str, str]]:
    """Return language and text of the code blocks of a page, in their order; those in tabs, too."""
    text = re.sub(r"^ {4}(?=.*)", "", path.read_text("utf-8"), flags=re.MULTILINE) if "=== " in path.read_text("utf-8") else ""
    return re.findall(r"^```(\w+)\n(.*?)^```", text or path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language: str, path: Path = README) -> list[str]:
    """Return the code blocks of one language, in their order."""
    return [text for found, text in all_blocks(path) if found == language]


def commands_of(block: str, program: str) -> list[str]:
    """Return the commands of a program in a console block, without prompts and remarks."""
    return [line[2:].split("  #")[0].strip() for line in block.splitlines() if line.startswith(f"$ {program} ")]


def commands(program: str, path: Path = README) -> list[str]:
    """Return the commands of a program in the console blocks of a page."""
    return [command for block in blocks("console", path) for command in commands_of(block, program)]


def pages() -> list[Path]:
    """Return README.md, CONTRIBUTING.md and the pages of docs/."""
    return [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
