"""Words about pictures: the text next to them, and their metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..model import metadata
from ..model.space.geometry import spacing_of
from ..model.volume import Volume
from ..standard import dictionary
from ..standard.tags import Tag
from ..version import TOOL
from .letters import edges_of
from .text import metadata_lines
from .view import View


def picture_texts(title: str, view: View) -> dict[str, str]:
    """Return keyword → text for the metadata of a picture."""
    return {"Title": title, "Software": TOOL, "Comment": "; ".join(filter(None, (_edges(view), _window(view))))}


def text_of(volume: Volume, title: str, view: View, sidecar: Mapping[str, Any] | None = None) -> list[str]:
    """Return all that is known of an image, for people: the picture, the grid, every attribute."""
    lines = [title, "", "PICTURE"]
    lines += [f"  {name}: {value}" for name, value in _facts(volume, view).items() if value]
    if volume.source is not None:
        lines += metadata_lines(volume.dicom.metadata)
    if sidecar:
        lines += ["", "SIDECAR", *(f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in sidecar.items())]
    return lines


def _facts(volume: Volume, view: View) -> dict[str, str]:
    columns, rows, slices = volume.shape_ijk
    size = f"{columns} × {rows} × {slices}" + (f" × {volume.times} times" if volume.times > 1 else "")
    spacing = spacing_of(volume.ijk_to_ras)
    rescale = volume.rescale
    return {
        "Kind": _kind(volume),
        "Voxels": f"{size}, {volume.voxels.dtype.name}" + (" RGB" if volume.voxels.ndim == 5 else ""),
        "Voxel size": " × ".join(f"{mm:.6g}" for mm in spacing) + " mm" if view.placed else "unknown",
        "Values": "" if rescale.is_identity else f"{rescale.slope:g} × stored + {rescale.intercept:g} {rescale.units}".rstrip(),
        "Time step": f"{volume.time_step_s:g} s" if volume.time_step_s else "",
        "Shown": _window(view),
        "Edges": _edges(view),
        "Voxel to mm (RAS)": _matrix(volume) if view.placed else "",
    }


def _matrix(volume: Volume) -> str:
    return "; ".join(" ".join(f"{n:.6g}" for n in row) for row in volume.ijk_to_ras[:3])


def _kind(volume: Volume) -> str:
    if volume.source is None or not volume.dicom.metadata.first.elements:
        return ""
    uid = metadata.text(volume.dicom.metadata.first.elements, Tag.SOP_CLASS_UID)
    return dictionary.uid_name(uid) if uid else ""


def _edges(view: View) -> str:
    """Return what of the patient is at the edges of the picture."""
    if not view.placed:
        return ""
    left, right, top, bottom = edges_of(view, view.middle)
    return f"left {left}, right {right}, top {top}, bottom {bottom}"


def _window(view: View) -> str:
    display = view.display(0, view.middle)
    window = view.window or display.window
    words = "look-up table of the file" if view.window is None and display.voi is not None else ""
    if not words and window is not None:
        words = f"center {window.center:g}, width {window.width:g}" + ("" if view.window else " (file)")
    return words + (", inverted" if display.inverted else "")
