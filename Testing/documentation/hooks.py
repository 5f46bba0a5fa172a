"""Hooks of MkDocs: generated pages are written first; files outside of docs/ become pages, assets or links."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/release-notes.md",
    "SECURITY.md": "project/security.md",
    "CODE_OF_CONDUCT.md": "project/code-of-conduct.md",
}
"""Files at the root that are pages of the site."""
_LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(?=[)\s])")


def on_pre_build(config: Any) -> None:
    """Write the generated pages."""
    sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "NiftiDicomBridge")]
    from documentation.pages import write_pages

    write_pages()


def on_files(files: Files, config: Any) -> Files:
    """Add the pages at the root of the repository, and the images of its folder Resources."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    for image in [*(ROOT / "Resources").glob("*.png"), *(ROOT / "Resources").glob("*.svg")]:
        files.append(File.generated(config, f"assets/{image.name}", abs_src_path=str(image)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Replace links that leave docs/ by pages of the site or by the address in the repository."""
    uri = page.file.src_uri
    source = next((name for name, target in PAGES.items() if target == uri), f"docs/{uri}")

    def replaced(match: re.Match[str]) -> str:
        target, anchor = match[2], match[3] or ""
        if re.match(r"[a-z]+:", target):
            return match[0]
        path = os.path.normpath(PurePosixPath(source).parent / target)
        if path.startswith("docs/") and source.startswith("docs/"):
            return match[0]
        return match[1] + _address(path, uri, config) + anchor

    return _LINK.sub(replaced, markdown)


def _address(path: str, uri: str, config: Any) -> str:
    """Return the address of a file of the repository, as seen from a page."""
    if not (ROOT / path).exists():
        raise PluginError(f"{uri}: a link to {path}, which does not exist")
    page = PAGES.get(path)
    if path.startswith("docs/"):
        page = path.removeprefix("docs/")
    elif path.startswith("Resources/"):
        page = "assets/" + path.removeprefix("Resources/")
    elif path == "README.md":
        page = "index.md"
    if page is None:
        return f"{config.repo_url}/blob/main/{path}"
    return os.path.relpath(page, PurePosixPath(uri).parent).replace(os.sep, "/")
