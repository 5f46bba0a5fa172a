"""Which options name files or folders that must exist, and the rules that follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .choices import LABEL_PROFILES
from .dead_links import dead_link
from .key_files import KEYED
from .rule import Rule, value_of

FILES = (
    "bids_map", "bids_keys", "sidecar", "metadata", "labels", "key_file", "pseudonyms", "deidentify_rules", "archive_settings",
)  # fmt: skip
NAMES = {"pseudonyms": (str(KEYED),), "labels": LABEL_PROFILES}
"""What such an option accepts in place of a file; a variant may follow after a colon."""
FILES_OR_FOLDERS = ("reference", "study_from", "preview.overlay")


def is_name(option: str, value: object) -> bool:
    """Whether the value of an option is a name in place of a file."""
    return str(value).partition(":")[0].lower() in NAMES.get(option, ())


def _rules_of(option: str) -> Iterator[Rule]:
    def path(options: object) -> Path | None:
        """Return the path, or of several the first that does not exist."""
        value = value_of(options, option)  # type: ignore[arg-type]
        if is_name(option, value):
            return None
        paths = [value] if isinstance(value, Path) else list(value) if isinstance(value, tuple) else []
        return next((path for path in paths if not path.exists()), paths[0] if paths else None)

    yield Rule(
        f"{option}-missing",
        (option,),
        lambda options: (value := path(options)) is not None and not value.exists(),
        f"{{{option}}}: {{found}}",
        lambda options: dead_link(path(options) or "") or f"{path(options)} does not exist. {_advice(option, path(options))}",
    )
    if option in FILES:
        yield Rule(
            f"{option}-is-a-folder",
            (option,),
            lambda options: (value := path(options)) is not None and value.is_dir(),
            f"{{{option}}}: {{found}} is a folder. Name a file.",
            lambda options: str(path(options)),
        )


def _advice(option: str, path: Path | None) -> str:
    """Return what to do about a missing file: the option may have meant one of its names."""
    names = NAMES.get(option, ())
    if path is None or path.suffix or len(path.parts) > 1 or not names:
        return "Check the path."
    from difflib import get_close_matches

    near = get_close_matches(str(path).partition(":")[0].lower(), names, n=1)
    return f"Did you mean {near[0]}?" if near else f"Give a path, or one of: {', '.join(names)}."


PATH_RULES = tuple(rule for option in (*FILES, *FILES_OR_FOLDERS) for rule in _rules_of(option))
