"""OME-Zarr of other programs: axes, units, levels; what it does not specify is reported or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nifti_dicom_bridge import ZarrReadError, open_zarr
from support.oracles import module

zarr = module("zarr")


def test_ome_zarr_of_others_is_read_with_a_note(tmp_path: Path) -> None:
    multiscale = {
        "axes": [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"],
        "datasets": [{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [3000, 2000, 1000]}]}],
        "coordinateTransformations": [{"type": "translation", "translation": [1000.0, 0.0, 5000.0]}],
    }
    attributes = {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    group = zarr.create_group(str(tmp_path / "other.zarr"), attributes=attributes)
    group.create_array("s0", shape=(3, 4, 5), dtype="u2", chunks=(2, 2, 2))[:2] = 7

    volume = open_zarr(tmp_path / "other.zarr")

    assert "OME-Zarr does not specify directions" in volume.warnings[0]
    assert np.allclose(volume.ijk_to_ras, [[-1, 0, 0, -5], [0, -2, 0, 0], [0, 0, 3, 1], [0, 0, 0, 1]])
    assert volume.voxels[0, :, 0, 0].tolist() == [7, 7, 0]  # a chunk that others left out has their fill value


def other_store(
    folder: Path, names: str = "zyx", unit: str | None = "millimeter", orientations: tuple[str, ...] = ("", "", "")
) -> Path:
    """Write a store as other tools do: scale 3, 2, 1 along the axes of the array, translation 30, 20, 10."""
    axes: list[dict[str, Any]] = [{"name": name, "type": "space", **({"unit": unit} if unit else {})} for name in names]
    for axis, value in zip(axes, orientations, strict=True):
        axis.update({"orientation": {"type": "anatomical", "value": value}} if value else {})
    scale = {"type": "scale", "scale": [3, 2, 1]}, {"type": "translation", "translation": [30, 20, 10]}
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    group = zarr.create_group(str(folder), attributes={"ome": {"version": "0.5", "multiscales": [multiscale]}})
    group.create_array("0", shape=(3, 4, 5), dtype="u2", chunks=(3, 4, 5))[:] = 7
    return folder


def test_axes_of_others_are_known_by_their_names(tmp_path: Path) -> None:
    volume = open_zarr(other_store(tmp_path / "a.zarr", "xyz"))

    assert np.allclose(volume.ijk_to_ras, [[0, 0, -3, -30], [0, -2, 0, -20], [1, 0, 0, 10], [0, 0, 0, 1]])


@pytest.mark.parametrize(("orientations", "matrix"), [
    (("inferior-to-superior", "anterior-to-posterior", "right-to-left"), [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 30]]),
    (("inferior-to-superior", "posterior-to-anterior", "left-to-right"), [[1, 0, 0, 10], [0, 2, 0, 20], [0, 0, 3, 30]]),
    (("left-to-right", "superior-to-inferior", "anterior-to-posterior"), [[0, 0, 3, 30], [-1, 0, 0, -10], [0, -2, 0, -20]]),
])  # fmt: skip
def test_anatomical_orientations_of_axes_are_read(
    orientations: tuple[str, ...], matrix: list[list[float]], tmp_path: Path
) -> None:
    volume = open_zarr(other_store(tmp_path / "a.zarr", orientations=orientations))

    assert np.allclose(volume.ijk_to_ras[:3], matrix)
    assert f"anatomical orientations ({', '.join(orientations)})" in volume.warnings[0]


def test_axes_without_an_orientation_next_to_others_are_upright(tmp_path: Path) -> None:
    volume = open_zarr(other_store(tmp_path / "a.zarr", orientations=("", "", "left-to-right")))

    assert np.allclose(volume.ijk_to_ras[:3], [[1, 0, 0, 10], [0, -2, 0, -20], [0, 0, 3, 30]])
    assert "the other axes are assumed to be upright" in volume.warnings[0]


@pytest.mark.parametrize(
    "orientations",
    [
        ("proximal-to-distal", "anterior-to-posterior", "left-to-right"),
        ("left-to-right", "anterior-to-posterior", "left-to-right"),
        ("", "inferior-to-superior", "left-to-right"),
    ],
)
def test_orientations_that_do_not_orient_an_image_are_reported(orientations: tuple[str, ...], tmp_path: Path) -> None:
    volume = open_zarr(other_store(tmp_path / "a.zarr", orientations=orientations))

    assert "left-to-right of its axes are not used" in volume.warnings[0]
    assert np.allclose(volume.ijk_to_ras[:3], [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 30]])


@pytest.mark.parametrize(("unit", "mm"), [("um", 1e-3), ("micron", 1e-3), ("foot", 304.8), ("mm", 1)])
def test_units_and_symbols_of_others_are_known(unit: str, mm: float, tmp_path: Path) -> None:
    assert open_zarr(other_store(tmp_path / "a.zarr", unit=unit)).ijk_to_ras[2, 2] == pytest.approx(3 * mm)


def test_a_unit_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZarrReadError, match="have the unit parsec, which is not known"):
        open_zarr(other_store(tmp_path / "a.zarr", unit="parsec"))


def test_axes_without_a_unit_are_reported(tmp_path: Path) -> None:
    assert "axes z, y, x have no unit" in open_zarr(other_store(tmp_path / "a.zarr", unit=None)).warnings[1]


def pyramid(folder: Path, levels: list[tuple[int, float]], names: list[str] | None = None, **more: Any) -> Path:
    """Write a store as other tools do, with levels of some voxels and mm along each axis; the voxels of the n-th are n."""
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    scales = [[{"type": "scale", "scale": [mm] * 3}] for _, mm in levels]
    datasets = [{"path": f"{n}", "coordinateTransformations": scale} for n, scale in enumerate(scales)]
    ome = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}, *more.pop("others", [])], **more}
    group = zarr.create_group(str(folder), attributes={"ome": ome})
    for n, (size, _) in enumerate(levels):
        group.create_array(f"{n}", shape=(size,) * 3, dtype="u2", chunks=(size,) * 3, dimension_names=names)[:] = n
    return folder


@pytest.mark.parametrize(("levels", "finest"), [([(5, 2.0), (3, 4.0)], 0), ([(3, 4.0), (5, 2.0)], 1)])
def test_the_finest_level_is_read_wherever_it_is(levels: list[tuple[int, float]], finest: int, tmp_path: Path) -> None:
    volume = open_zarr(pyramid(tmp_path / "a.zarr", levels))

    assert (int(volume.voxels[0, 0, 0, 0]), volume.ijk_to_ras[2, 2], volume.voxels.shape[1:]) == (finest, 2, (5, 5, 5))
    assert any("is not the finest: '1' is read" in text for text in volume.warnings) == bool(finest)


def test_levels_that_contradict_each_other_are_refused_or_reported(tmp_path: Path) -> None:
    with pytest.raises(ZarrReadError, match="have different extents in space, and the first is not the finest"):
        open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0), (8, 2.0)]))
    assert "have different extents" in open_zarr(pyramid(tmp_path / "b.zarr", [(8, 1.0), (4, 1.0)])).warnings[1]


def test_a_negative_scale_does_not_contradict_other_levels(tmp_path: Path) -> None:
    volume = open_zarr(pyramid(tmp_path / "a.zarr", [(4, -1.0), (2, -2.0)]))

    assert not any("extents" in warning for warning in volume.warnings)


def test_other_images_of_a_store_are_reported(tmp_path: Path) -> None:
    volume = open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0)], others=[{"name": "smooth"}]))
    assert "describes other images, too (smooth)" in volume.warnings[1]


def test_a_label_image_of_others_is_a_label_map(tmp_path: Path) -> None:
    assert open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0)], **{"image-label": {"version": "0.5"}})).intent == "label"


def test_axes_that_the_array_states_in_another_order_are_refused(tmp_path: Path) -> None:
    assert open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0)], ["z", "y", "x"])).voxels.shape == (1, 4, 4, 4)
    with pytest.raises(ZarrReadError, match="which order is right is unknown"):
        open_zarr(pyramid(tmp_path / "b.zarr", [(4, 1.0)], ["x", "y", "z"]))


@pytest.mark.parametrize(("unit", "seconds"), [("second", 3), ("ms", 0.003), ("fortnight", 0)])
def test_the_unit_of_time_is_known_or_reported(unit: str, seconds: float, tmp_path: Path) -> None:
    store = other_store(tmp_path / "a.zarr", "tyx")
    attributes = dict(zarr.open_group(str(store)).attrs)
    attributes["ome"]["multiscales"][0]["axes"][0] = {"name": "t", "type": "time", "unit": unit}
    zarr.open_group(str(store)).attrs.update(attributes)
    volume = open_zarr(store)

    assert volume.time_step_s == seconds
    assert any("'fortnight', which is not known" in text for text in volume.warnings) == (seconds == 0)


def test_label_images_of_others_are_reported(tmp_path: Path) -> None:
    store = other_store(tmp_path / "a.zarr")
    zarr.open_group(str(store)).create_group("labels")

    assert "its group labels is not read" in open_zarr(store).warnings[1]


def test_a_group_without_an_image_is_refused_with_the_remedy(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "a.zarr"))

    with pytest.raises(ZarrReadError, match="Give the group of an image, such as"):
        open_zarr(tmp_path / "a.zarr")


@pytest.mark.parametrize("separator", ["/", "."])
def test_chunks_of_others_outside_of_their_array_are_reported(separator: str, tmp_path: Path) -> None:
    scale = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [3, 2, 1]}]}
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    attributes = {"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [scale]}]}}
    group = zarr.create_group(str(tmp_path / "other.zarr"), attributes=attributes)
    encoding = {"name": "default", "separator": separator}
    group.create_array("0", shape=(9, 4, 5), dtype="u2", chunks=(2, 4, 5), chunk_key_encoding=encoding)[:] = 7
    assert len(open_zarr(tmp_path / "other.zarr").warnings) == 1
    path = tmp_path / "other.zarr" / "0" / "zarr.json"
    path.write_text(path.read_text("utf-8").replace("9,", "6,", 1), "utf-8")

    volume = open_zarr(tmp_path / "other.zarr")

    assert volume.voxels.shape == (1, 6, 4, 5) == (1, *zarr.open_array(path.parent, mode="r").shape)
    chunks = ", ".join(f"c{separator}{n}{separator}0{separator}0" for n in (3, 4))
    assert f"2 chunk(s) ({chunks}) are outside of the array and were not read" in volume.warnings[1]
