"""The tables in docs/licenses.md: every package that pip installs for this one and for its extras, with its license.

Run it where all extras are installed: ``python Testing/license_table.py``. A test compares the document with the metadata of
the packages that are installed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "licenses.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BEGIN, END = "<!-- begin of the generated tables -->", "<!-- end of the generated tables -->"

GROUPS = {
    "Every installation": ("",),
    "Extra `all`": ("all",),
    "Extra `nibabel`": ("nibabel",),
    "Extra `network`": ("network",),
    "Extra `htj2k`": ("htj2k",),
    "Extra `keyring`": ("keyring",),
    "Extra `cluster`": ("cluster",),
    "Extra `parquet`": ("parquet",),
    "Extra `cloud`": ("s3", "gs", "azure", "cloud"),
    "Extra `video`": ("video",),
    "Tests and development only": ("test", "oracles", "slicer", "dev", "docs"),
}
"""Extras of pip below each heading; a package is listed below the first that installs it."""
PERMISSIVE_GROUPS = ("Every installation", "Extra `all`", "Extra `nibabel`", "Extra `keyring`")

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "HPND",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Zlib",
}
SPDX = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "BSD 3-Clause License": "BSD-3-Clause",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSF": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Names in the metadata of packages that do not use SPDX expressions."""
READ_FROM_LICENSE_FILE = {
    "dcm2niix": "BSD-2-Clause", "dicomweb-client": "MIT", "mergedeep": "MIT", "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}  # fmt: skip
"""Packages whose metadata do not contain a license, or not exactly."""

COPYLEFT_LIBRARIES = {
    r"libx26[45]": "GPL-2.0-or-later",
    r"libav(codec|device|filter|format|util)": "LGPL-3.0-or-later",
    r"libsw(resample|scale)": "LGPL-3.0-or-later",
    r"libmp3lame": "LGPL-2.0-or-later",
    r"lib(gnutls|asound)": "LGPL-2.1-or-later",
    r"lib(gmp|nettle|hogweed|unistring)": "LGPL-3.0-or-later",
    r"libquadmath": "LGPL-2.1-or-later",
    r"libgfortran": "GPL-3.0-or-later WITH GCC-exception-3.1",
}
"""Licenses of shared libraries inside wheels, where they are not permissive."""
_LIBRARY = re.compile(r"([\w+]+?)(?:[-.][0-9a-f]{6,})*(?:\.abi3)?\.(?:so|dll|dylib)\b")


def dependencies(extras: Iterable[str]) -> set[str]:
    """Return the names of the packages that extras (empty: plain installation) need here, their own dependencies included."""
    todo = _stated(extras)
    found: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in found:
            continue
        found.add(key)
        if key[0] == PROJECT["name"]:
            todo += _stated(requirement.extras)
        else:
            todo += _requirements(*key)
    return {name for name, _ in found} - {PROJECT["name"]}


def direct(extras: Iterable[str]) -> set[str]:
    """Return the names of the packages that extras state themselves."""
    return {canonicalize_name(requirement.name) for requirement in _stated(extras)} - {PROJECT["name"]}


def _stated(extras: Iterable[str]) -> list[Requirement]:
    texts = [PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"] for extra in extras]
    return [Requirement(text) for text in chain.from_iterable(texts)]


def _requirements(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what an installed package needs on this platform; nothing for one that is not installed."""
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for requirement in map(Requirement, texts):
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            yield requirement


def license_of(name: str) -> str:
    """Return the license of an installed package, as an SPDX expression where the metadata state one."""
    fields = metadata.metadata(name)
    free = fields.get("License") or ""
    classifiers = [text.rsplit(" :: ", 1)[1] for text in fields.get_all("Classifier") or [] if text.startswith("License :: ")]
    named = fields.get("License-Expression") or (free if 0 < len(free) < 60 and "\n" not in free else "")
    known = [SPDX.get(text, text) for text in [named, *classifiers] if text and text != "OSI Approved"]
    return READ_FROM_LICENSE_FILE.get(name) or next(iter(known), "unknown")


def copyleft_inside(name: str) -> dict[str, str]:
    """Return the shared libraries inside an installed package that are not permissively licensed, with their licenses."""
    stems = {match[1] for path in metadata.files(name) or [] if (match := _LIBRARY.match(path.name))}
    known = ((stem, license) for stem in sorted(stems) for pattern, license in COPYLEFT_LIBRARIES.items()
             if re.fullmatch(pattern, stem))  # fmt: skip
    return dict(known)


def is_permissive(expression: str) -> bool:
    """Return whether an SPDX expression allows use under permissive licenses only."""
    alternatives = expression.replace("(", "").replace(")", "").replace(" WITH LLVM-exception", "").split(" OR ")
    return any(all(term.strip() in PERMISSIVE for term in alternative.split(" AND ")) for alternative in alternatives)


def groups() -> dict[str, list[str]]:
    """Return the installed packages below each heading."""
    listed: set[str] = set()
    found = {}
    for title, extras in GROUPS.items():
        names = {name for name in dependencies(extras) - listed if _is_installed(name)}
        listed |= names
        found[title] = sorted(names)
    return found


def _is_installed(name: str) -> bool:
    return next(metadata.Distribution.discover(name=name), None) is not None


def tables() -> str:
    """Return the tables in Markdown."""
    lines = []
    for title, names in groups().items():
        lines += ["", f"### {title}", "", "| package | license | libraries inside that are not permissive |", "|---|---|---|"]
        lines += [f"| {name} | {license_of(name)} | {_words(copyleft_inside(name))} |" for name in names]
    return "\n".join(lines).strip()


def _words(libraries: dict[str, str]) -> str:
    by_license: dict[str, list[str]] = {}
    for library, license in libraries.items():
        by_license.setdefault(license, []).append(library)
    return "; ".join(f"{', '.join(names)}: {license}" for license, names in sorted(by_license.items()))


def document(text: str) -> str:
    """Return the document with the tables in their place."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
