"""All generated pages, and where they are."""

from __future__ import annotations

from pathlib import Path

from .commands import commands_page
from .conformance import conformance_parts
from .python_api import python_page
from .sidecar import sidecar_parts
from .tables import filled

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONFORMANCE = DOCS / "reference" / "conformance.md"
SIDECAR = DOCS / "reference" / "sidecar.md"


def generated_pages() -> dict[Path, str]:
    """Return path → text of every generated page."""
    return {
        DOCS / "reference" / "commands.md": commands_page(),
        DOCS / "reference" / "python.md": python_page(),
        CONFORMANCE: filled(CONFORMANCE.read_text("utf-8"), conformance_parts()),
        SIDECAR: filled(SIDECAR.read_text("utf-8"), sidecar_parts()),
    }


def write_pages() -> list[Path]:
    """Write the pages that are not current, and return their paths."""
    changed = [path for path, text in generated_pages().items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in changed:
        path.write_text(generated_pages()[path], "utf-8", newline="\n")
    return changed
