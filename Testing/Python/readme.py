"""The README's code blocks, so that tests can run them as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    """Return the commands of a program in console blocks, without prompts and remarks."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line[2:].split("  #")[0].strip() for line in lines if line.startswith(f"$ {program} ")]
