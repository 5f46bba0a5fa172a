"""One image before and after → its part of the page: planes, histogram, box and facts."""

from __future__ import annotations

from PIL import Image as Picture

from .data_uris import data_uri
from .escape import foreign, number, text
from .examine_entry import Panel, View
from .planes import Plane, Spot
from .summary import difference_in_words


def sight_of(view: View, titled: bool, limit: int) -> str:
    """Return what there is to see of an image; its pictures take `limit` bytes or less, before they become text."""
    title = f"<h3>{foreign(view.name)}</h3>" if titled else ""
    words = difference_in_words(view)
    told = f'<p class="said">{text(words[:1].upper() + words[1:])}.{_corners(view)}</p>' if words else ""
    pictures = sum(bool(picture) for panel in view.panels for picture in (panel.before, panel.after, panel.difference))
    planes = _panels(view, limit // max(1, pictures)) + _window(view)
    return (
        f'<section class="view">{title}{told}<div class="sight"><div class="shown">{planes}{_facts(view)}</div>'
        f'<div class="charts">{_histogram(view)}{_box(view)}</div></div></section>'
    )


def _corners(view: View) -> str:
    if view.corners_mm is None or not view.box:
        return ""
    return " Corners of the grids: " + (
        "at the same places." if view.corners_mm < 5e-5 else f"{number(view.corners_mm)} mm apart."
    )


def _panels(view: View, limit: int) -> str:
    if not view.panels:
        return ""
    columns = [("Before", [panel.before for panel in view.panels]), ("After", [panel.after for panel in view.panels])]
    columns = [column for column in columns if any(column[1])]
    heads = "".join(f'<th scope="col">{name}</th>' for name, _ in columns)
    compared = view.difference is not None
    heads += f'<th scope="col">Difference{_scale(view)}</th>' if compared else ""
    rows = "".join(_row(panel, view, len(columns), compared, limit) for panel in view.panels)
    return f'<table class="planes"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _window(view: View) -> str:
    if view.window is None or not view.panels:
        return ""
    low, high = (number(view.window.center + side * view.window.width / 2) for side in (-1, 1))
    where = "the largest difference" if view.difference and not view.difference.is_none else "the middle"
    return f"<small>Planes through {where}; black is {low}, white {high}.</small>"


def _scale(view: View) -> str:
    found = view.difference
    return f"<small>black 0, white {number(found.largest)}</small>" if found and not found.is_none else ""


def _row(panel: Panel, view: View, columns: int, compared: bool, limit: int) -> str:
    names = ("before", "after") if columns == 2 else ("before",) if view.before else ("after",)
    cells = [_picture(getattr(panel, name), panel.plane, name, limit) for name in names]
    if compared and panel.difference is None:
        cells.append('<p class="none">none</p>')
    elif compared:
        cells.append(_picture(panel.difference, panel.plane, "difference", limit, panel.spot))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _picture(picture: Picture.Image | None, plane: Plane, what: str, limit: int, spot: Spot | None = None) -> str:
    if picture is None:
        return '<p class="none">not shown</p>'
    letters = f'<i class="left">{plane.left}</i><i class="top">{plane.top}</i>' if plane.left else ""
    words = f'width="{picture.width}" height="{picture.height}" alt="{text(plane.name)}, {what}"'
    return f'<figure>{letters}<img {words} src="{data_uri(picture, limit)}">{_ring(spot)}</figure>'


def _ring(spot: Spot | None) -> str:
    """Return a ring around the largest difference, which may be one voxel."""
    if spot is None:
        return ""
    ring = f'<circle cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="{max(spot.width, spot.height) / 18:.1f}"/>'
    return f'<svg class="spot" viewBox="0 0 {spot.width:.0f} {spot.height:.0f}" aria-hidden="true">{ring}</svg>'


def _histogram(view: View) -> str:
    return _figure(view.histogram, f"How often values occur (logarithmic): {_legend(view)}")


def _box(view: View) -> str:
    return _figure(view.box, f"Where it lies: {_legend(view)}; the arrow goes from the first slice to the last")


def _figure(drawing: str, words: str) -> str:
    return f"<figure>{drawing}<figcaption>{words}</figcaption></figure>" if drawing else ""


def _legend(view: View) -> str:
    names = [("was", "before", view.before), ("is", "after", view.after)]
    return ", ".join(f'<b class="{name}">{word}</b>' for name, word, image in names if image)


def _facts(view: View) -> str:
    if not view.facts:
        return ""
    sides = [(name, side) for name, side, image in (("Before", 0, view.before), ("After", 1, view.after)) if image]
    heads = "".join(f'<th scope="col">{name}</th>' for name, _ in sides)
    rows = "".join(
        f'<tr><th scope="row">{text(fact.name)}</th>'
        + "".join(f"<td>{foreign((fact.before, fact.after)[side])}</td>" for _, side in sides)
        + "</tr>"
        for fact in view.facts
    )
    return f'<table class="facts"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
