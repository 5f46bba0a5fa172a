"""Stores that are damaged, half-written or of another kind; outputs that fail: one sentence, and nothing half-done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import (
    BridgeError,
    Cancelled,
    ConversionOptions,
    Job,
    OutputError,
    Target,
    ZarrReadError,
    convert,
    open_zarr,
)
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.output import Staging
from support.oracles import module
from support.round_trip import KEEP, listing, names_in
from support.zarr_round_trip import ZARR, ZarrRoundTrip, image, written

zarr = module("zarr")


@pytest.fixture
def zarr_round_trip(tmp_path: Path) -> ZarrRoundTrip:
    round_trip = ZarrRoundTrip(tmp_path)
    round_trip.make("mosaic").forth()
    return round_trip


def _chunk(store: Path, array: str = "0") -> Path:
    return max(path for path in (store / array / "c").rglob("*") if path.is_file())


def _flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at % len(raw)] ^= 0x10
    path.write_bytes(raw)


def _edit_json(path: Path, change: Callable[[dict], object]) -> None:
    found = json.loads(path.read_text("utf-8"))
    change(found)
    path.write_text(json.dumps(found), "utf-8")


def _own(found: dict) -> dict:
    return found["attributes"]["NiftiDicomBridge"]


def _image(found: dict) -> dict:
    return found["attributes"]["ome"]["multiscales"][0]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "chunk missing": lambda store: _chunk(store).unlink(),
    "all chunks missing": lambda store: shutil.rmtree(store / "0" / "c"),
    "chunk empty": lambda store: _chunk(store).write_bytes(b""),
    "chunk cut": lambda store: _chunk(store).write_bytes(_chunk(store).read_bytes()[:-9]),
    "chunk of nonsense": lambda store: _chunk(store).write_bytes(b"\xff" * 99),
    "bit flipped at the beginning": lambda store: _flip(_chunk(store), 3),
    "bit flipped in the middle": lambda store: _flip(_chunk(store), _chunk(store).stat().st_size // 2),
    "bit flipped in the checksum": lambda store: _flip(_chunk(store), -1),
    "chunk of another place": lambda store: _chunk(store).write_bytes(_chunk(store, "record").read_bytes()),
    "record missing": lambda store: shutil.rmtree(store / "record"),
    "chunk of the record missing": lambda store: _chunk(store, "record").unlink(),
    "chunk of the record flipped": lambda store: _flip(_chunk(store, "record"), 40),
    "metadata of the record missing": lambda store: (store / "record" / "zarr.json").unlink(),
    "array missing": lambda store: shutil.rmtree(store / "0"),
    "metadata of the array missing": lambda store: (store / "0" / "zarr.json").unlink(),
    "metadata of the array cut": lambda store: (store / "0" / "zarr.json").write_text("{", "utf-8"),
    "metadata of the group missing": lambda store: (store / "zarr.json").unlink(),
    "metadata of the group cut": lambda store: (store / "zarr.json").write_bytes((store / "zarr.json").read_bytes()[:200]),
    "metadata of the group are a list": lambda store: (store / "zarr.json").write_text("[]", "utf-8"),
    "no attributes, as while writing": lambda store: _edit_json(store / "zarr.json", lambda f: f.update(attributes={})),
    "no OME metadata": lambda store: _edit_json(store / "zarr.json", lambda f: f["attributes"].pop("ome")),
    "OME metadata are a number": lambda store: _edit_json(store / "zarr.json", lambda f: f["attributes"].update(ome=1)),
    "another scale": lambda store: _edit_json(
        store / "zarr.json", lambda f: _image(f)["datasets"][0]["coordinateTransformations"][0].update(scale=[1, 9, 9, 9])
    ),
    "another path": lambda store: _edit_json(store / "zarr.json", lambda f: _image(f)["datasets"][0].update(path="../..")),
    "axes of nothing": lambda store: _edit_json(store / "zarr.json", lambda f: _image(f).update(axes=[])),
    "a time less": lambda store: _edit_json(store / "0" / "zarr.json", lambda f: f["shape"].__setitem__(0, f["shape"][0] - 1)),
    "a shape of another": lambda store: _edit_json(store / "0" / "zarr.json", lambda f: f.update(shape=[9, 9, 9, 9])),
    "no matrix": lambda store: _edit_json(store / "zarr.json", lambda f: _own(f)["Image"].pop("IjkToRas")),
    "a matrix of zeros": lambda store: _edit_json(
        store / "zarr.json", lambda f: _own(f)["Image"].update(IjkToRas=np.zeros((4, 4)).tolist())
    ),
    "slope 0": lambda store: _edit_json(store / "zarr.json", lambda f: _own(f)["Image"]["Rescale"].update(Slope=0)),
    "no voxels of the record": lambda store: _edit_json(store / "zarr.json", lambda f: _own(f).pop("Voxels")),
    "a digest of nothing": lambda store: _edit_json(store / "zarr.json", lambda f: _own(f)["Voxels"].update(Digest="x")),
    "companion JSON cut": lambda store: store.with_suffix(".json").write_text("{", "utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("target", ["dicom", "nifti"])
def test_a_damaged_store_is_one_sentence(
    damage: str, target: str, zarr_round_trip: ZarrRoundTrip, capsys: pytest.CaptureFixture
) -> None:
    DAMAGE[damage](zarr_round_trip.store())

    code = main(["convert", str(zarr_round_trip.stores), "--to", target, "-o", str(zarr_round_trip.back)])

    printed = capsys.readouterr()
    assert code == 1
    assert printed.err.startswith("failed ")
    assert "Traceback" not in printed.err
    assert names_in(zarr_round_trip.back) == []


@pytest.mark.slow
@pytest.mark.parametrize("shards", [False, True])
def test_no_flipped_bit_passes_for_an_edit(shards: bool, zarr_round_trip: ZarrRoundTrip) -> None:
    convert(Job([zarr_round_trip.dicom], zarr_round_trip.stores, replace(ZARR, shards=shards, overwrite=True)))
    chunk = _chunk(zarr_round_trip.store())
    good = chunk.read_bytes()
    for at in range(0, len(good), max(1, len(good) // 60)):
        _flip(chunk, at)
        report = zarr_round_trip.home()
        assert [entry.outcome.value for entry in report.entries] == ["failed"], at
        chunk.write_bytes(good)
    assert zarr_round_trip.home().ok


def test_an_empty_shard_is_damage(zarr_round_trip: ZarrRoundTrip) -> None:
    """The package zarr takes it for one that was not written, so for the fill value."""
    convert(Job([zarr_round_trip.dicom], zarr_round_trip.stores, replace(ZARR, shards=True, overwrite=True)))
    _chunk(zarr_round_trip.store()).write_bytes(b"")

    (entry,) = zarr_round_trip.home().entries
    assert "chunks are missing" in str(entry.error)


def test_missing_chunks_of_another_tool_are_reported(tmp_path: Path) -> None:
    """Their voxels have the fill value, which tools leave out on purpose, too."""
    store = written(image(), tmp_path)
    _edit_json(store / "zarr.json", lambda f: f["attributes"].pop("NiftiDicomBridge"))
    _chunk(store).unlink()

    assert "fill value" in open_zarr(store).warnings[-1]


def test_one_damaged_store_does_not_stop_the_others(zarr_round_trip: ZarrRoundTrip) -> None:
    convert(Job([zarr_round_trip.store()], zarr_round_trip.folder / "more", ZARR))
    shutil.move(zarr_round_trip.store(), zarr_round_trip.folder / "more" / "bad.zarr")
    _chunk(zarr_round_trip.folder / "more" / "bad.zarr").unlink()

    report = convert(Job([zarr_round_trip.folder / "more"], zarr_round_trip.back, KEEP))

    assert sorted(entry.outcome.value for entry in report.entries) == ["failed", "restored"]
    assert listing(zarr_round_trip.back) == listing(zarr_round_trip.dicom)


def test_a_store_of_zarr_v2_is_named_as_such(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "old.zarr"), zarr_format=2)

    with pytest.raises(ZarrReadError, match="Zarr v2"):
        open_zarr(tmp_path / "old.zarr")


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZarrReadError, match="no such store"):
        open_zarr(tmp_path / "none.zarr")


# --- writing


def test_a_source_that_breaks_off_leaves_no_store(zarr_round_trip: ZarrRoundTrip) -> None:
    last = max(path for path in zarr_round_trip.dicom.iterdir() if path.is_file())
    last.write_bytes(last.read_bytes()[:-99])

    report = convert(Job([zarr_round_trip.dicom], zarr_round_trip.back, ZARR))

    assert not report.ok
    assert [name for name in names_in(zarr_round_trip.back) if "nifti-dicom-bridge" in name] == []


def test_stopping_leaves_what_was_there(zarr_round_trip: ZarrRoundTrip) -> None:
    before = listing(zarr_round_trip.stores)

    def stop(what: str, done: int, total: int) -> None:
        if what != "Reading headers":
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        convert(Job([zarr_round_trip.dicom], zarr_round_trip.stores, replace(ZARR, overwrite=True)), stop)

    assert listing(zarr_round_trip.stores) == before
    assert not [name for name in names_in(zarr_round_trip.stores) if name.startswith(".")]


def test_nothing_is_overwritten_unless_asked_for(zarr_round_trip: ZarrRoundTrip) -> None:
    before = listing(zarr_round_trip.stores)

    report = zarr_round_trip.forth()

    assert "exists" in report.failures[0].error
    assert listing(zarr_round_trip.stores) == before


@pytest.mark.slow
def test_overwriting_leaves_nothing_of_the_old_store(tmp_path: Path) -> None:
    written(image((1, 20, 1024, 512), "u1"), tmp_path)

    store = written(image(), tmp_path, overwrite=True)

    assert names_in(store) == ["0", "0/c", "0/c/0", "0/c/0/0", "0/c/0/0/0", "0/zarr.json", "zarr.json"]
    assert np.array_equal(open_zarr(store).voxels, image().voxels)


def test_a_folder_that_is_no_store_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "volume.zarr").mkdir()
    (tmp_path / "volume.zarr" / "thesis.txt").write_text("years", "utf-8")

    with pytest.raises(OutputError, match="holds other things"):
        written(image(), tmp_path, overwrite=True)

    assert listing(tmp_path) == {"volume.zarr/thesis.txt": b"years"}


def test_the_record_of_a_nifti_is_never_replaced(zarr_round_trip: ZarrRoundTrip) -> None:
    convert(Job([zarr_round_trip.dicom], zarr_round_trip.back, ConversionOptions(Target.NIFTI)))
    before = listing(zarr_round_trip.back)

    report = convert(Job([zarr_round_trip.dicom], zarr_round_trip.back, replace(ZARR, overwrite=True)))

    assert "contains its record" in report.failures[0].error
    assert listing(zarr_round_trip.back) == before


def test_what_was_there_comes_back_when_moving_fails(tmp_path: Path, as_root: bool) -> None:
    """A folder and a file are to be replaced; the second cannot be."""
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text("old", "utf-8")
    (tmp_path / "b").mkdir()

    with Staging(tmp_path, overwrite=True) as staging:
        folder = staging.folder_path("a.zarr", "zarr.json")
        (folder / "zarr.json").write_text("new", "utf-8")
        file = staging.path("c")
        file.write_text("new", "utf-8")
        file.unlink()  # so that moving it fails
        with pytest.raises(OutputError, match="nothing was changed"):
            staging.commit()

    assert listing(tmp_path) == {"a.zarr/zarr.json": b"old"}


def test_names_outside_of_the_folder_are_refused(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging, pytest.raises(BridgeError, match="not a file name"):
        staging.folder_path("../a.zarr", "zarr.json")
