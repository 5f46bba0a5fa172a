"""What other people's programs find in our stores, and we in theirs; series of real scanners where they are there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import Outcome, compare, open_zarr, read
from support import oracles
from support.grids import OBLIQUE, assert_same_volume
from support.oracles import module
from support.paths import CASES, SHARED
from support.zarr_round_trip import ZarrRoundTrip, image, written

module("zarr")


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 6, 8, 10), (3, 6, 8, 10), (1, 6, 8, 10, 3), (2, 6, 8, 10, 3)])
def test_ome_zarr_models_find_our_metadata_valid(shape: tuple[int, ...], tmp_path: Path) -> None:
    oracles.module("ome_zarr_models")
    import zarr
    from ome_zarr_models.v05.image import Image

    store = written(image(shape, "u1", ijk_to_ras=OBLIQUE, time_step_s=2.0), tmp_path, pyramid=2)

    found = Image.from_zarr(zarr.open_group(str(store), mode="r")).ome_attributes.multiscales[0]

    assert [axis.name for axis in found.axes] == ["t"] * (shape[0] > 1) + ["c"] * (len(shape) == 5) + ["z", "y", "x"]
    assert len(found.datasets) == 3


@pytest.mark.slow
def test_ngff_zarr_opens_our_image_in_its_place(tmp_path: Path) -> None:
    ngff_zarr = oracles.module("ngff_zarr")
    matrix = np.diag([-0.7, -0.8, 2.5, 1.0])
    matrix[:3, 3] = 10.0, 20.0, -30.0
    volume = image((1, 6, 8, 10), ijk_to_ras=matrix)

    found = ngff_zarr.from_ngff_zarr(str(written(volume, tmp_path))).images[0]

    assert tuple(found.dims) == ("z", "y", "x")
    assert found.scale == {"z": 2.5, "y": 0.8, "x": 0.7}
    assert found.translation == {"z": -30.0, "y": -20.0, "x": -10.0}
    assert set(found.axes_units.values()) == {"millimeter"}
    assert np.array_equal(np.asarray(found.data), volume.voxels[0])


@pytest.mark.slow
def test_an_image_of_ngff_zarr_is_where_itk_specifies(tmp_path: Path) -> None:
    ngff_zarr = oracles.module("ngff_zarr")
    data = np.arange(60, dtype="u2").reshape(3, 4, 5)
    made = ngff_zarr.to_ngff_image(
        data, dims=("z", "y", "x"), scale={"z": 3.0, "y": 2.0, "x": 1.5}, translation={"z": -7.0, "y": 5.0, "x": 2.0},
        axes_units=dict.fromkeys("zyx", "millimeter"),
    )  # fmt: skip
    ngff_zarr.to_ngff_zarr(str(tmp_path / "their.zarr"), ngff_zarr.to_multiscales(made, scale_factors=[]), version="0.5")

    volume = open_zarr(tmp_path / "their.zarr")

    assert np.array_equal(np.asarray(volume.voxels)[0], data)
    assert np.allclose(np.diag([-1, -1, 1, 1]) @ volume.ijk_to_ras, [[1.5, 0, 0, 2], [0, 2, 0, 5], [0, 0, 3, -7], [0, 0, 0, 1]])


@pytest.mark.parametrize("case", CASES or ["none"])
def test_every_instance_that_was_converted_comes_back_equal(case: str, tmp_path: Path) -> None:
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    round_trip = ZarrRoundTrip(tmp_path)
    round_trip.dicom = SHARED / case / "dicom"

    forth = round_trip.forth()
    converted = {str(path) for entry in forth.entries if entry.outcome is Outcome.CONVERTED for path in entry.inputs}
    home = round_trip.home()

    assert [entry.error for entry in home.failures] == []
    assert {entry.outcome for entry in home.entries} == {Outcome.RESTORED}
    assert len(set(home.outputs)) == len(converted)
    found = compare([round_trip.dicom], [round_trip.back])
    assert found.instances[2] == len(converted)
    assert found.equal_voxels == found.voxels
    assert found.geometry_mm == 0
    assert found.equal_elements == found.elements


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith(("ct", "pet", "sc"))] or ["none"])
def test_a_store_holds_the_voxels_of_the_series(case: str, tmp_path: Path) -> None:
    if not CASES:
        pytest.skip("there is no ../shared/data next to the repository")
    round_trip = ZarrRoundTrip(tmp_path)
    round_trip.dicom = SHARED / case / "dicom"
    round_trip.forth()

    found = {store.name: open_zarr(store) for store in round_trip.stores.rglob("*.zarr")}
    assert found
    for volume in read(round_trip.dicom):
        assert_same_volume(found[volume.name + ".zarr"], volume)
