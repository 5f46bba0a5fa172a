"""The table of modules and attributes of highdicom, read module by module: as a whole it takes 95 MB of memory and 0.4 s.

highdicom reads it to look up a few attributes of one object. What is looked up stays the same; where highdicom stores the table
in another way, it reads it itself as before.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

_READER = "get_module_attribute_map"
_USERS = ("highdicom._standard_utils", "highdicom.base", "highdicom.image")
_TABLE = ("_standard", "module_attribute_map.json")
_NAME = re.compile(rb'\n  "([^"\n]+)": \[')
_LONGEST_NAME = 256
_BLOCK = 1 << 20


class ModuleAttributes(Mapping[str, Any]):
    """The attributes of every module, which are read from the table of highdicom when they are looked up.

    Parameters
    ----------
    path : pathlib.Path
        The JSON file: one object, indented by two spaces, of which every value is a list.
    """

    def __init__(self, path: Path):
        self._path, self._read = path, dict[str, Any]()

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Where the list of each module begins and ends, with what follows it up to the next name."""
        starts, offset, rest = list[tuple[str, int, int]](), 0, b""
        with open(self._path, "rb") as file:
            while block := file.read(_BLOCK):
                block = rest + block
                named = [
                    (match[1].decode(), offset + match.start(), offset + match.end() - 1) for match in _NAME.finditer(block)
                ]
                starts += [one for one in named if not starts or one[1] > starts[-1][1]]
                rest = block[-_LONGEST_NAME:]
                offset += len(block) - len(rest)
        ends = [*(before for _, before, _ in starts[1:]), offset + len(rest)]
        return {name: (start, end) for (name, _, start), end in zip(starts, ends, strict=False)}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            start, end = self._places[name]
            with open(self._path, "rb") as file:
                file.seek(start)
                text = file.read(end - start).decode("utf-8")
            self._read[name] = json.JSONDecoder().raw_decode(text)[0]
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@lru_cache(1)
def read_tables_by_module() -> None:
    """Let highdicom, which is imported here, read its table module by module."""
    import highdicom  # noqa: F401

    path = Path(str(sys.modules["highdicom"].__file__)).parent.joinpath(*_TABLE)
    if not path.is_file() or not (table := ModuleAttributes(path)):
        return
    for name in _USERS:
        if hasattr(sys.modules.get(name), _READER):
            setattr(sys.modules[name], _READER, lambda: table)
