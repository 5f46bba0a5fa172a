"""Some cases of the fuzz trial (Testing/trials/fuzz), all of them reproducible by seed and number."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from support.oracles import module
from support.paths import TESTING

module("zarr")
CASES = [
    *((1, n) for n in (*range(40), 133, 752, 813, 1042, 1237, 1309, 1684, 2185, 3612, 4343, 4578, 5661)),
    *((7, n) for n in (9555, 16156, 20690, 26368)),
    *((8, n) for n in (12698, 25182)),
]
"""Seed and number of the first cases, and of those in which something was wrong once."""


@pytest.fixture(scope="module")
def worker() -> Any:
    sys.path.insert(0, str(TESTING / "trials" / "fuzz"))
    import worker

    yield worker
    sys.path.remove(str(TESTING / "trials" / "fuzz"))


@pytest.fixture(scope="module")
def folder(worker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("fuzz")
    worker.make_bases(found / "bases")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "number"), CASES)
def test_a_damaged_input_ends_in_an_exit_code(seed: int, number: int, worker: Any, folder: Path) -> None:
    result = worker.run_case(folder, worker.make_bases(folder / "bases"), seed, number)

    assert result["code"] in (0, 1, 2), result
    assert not result["trace"], result
    assert result["cpu"] < worker.LONGEST_S, result
