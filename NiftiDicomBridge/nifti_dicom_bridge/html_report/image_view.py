"""One image before and after, prepared for the template ``image.html``."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image as Picture

from .examine_entry import ComparedImage, Panel
from .facts import Fact
from .formatting import number
from .planes import Plane, Spot
from .summary import difference_text


@dataclass(frozen=True)
class Head:
    """The heading of a column of pictures, and the scale of gray values in it."""

    name: str
    scale: str = ""


@dataclass(frozen=True)
class Cell:
    """A picture of a plane, with its role for screen readers; or, without a picture, the text to show instead."""

    plane: Plane
    what: str
    picture: Picture.Image | None = None
    spot: Spot | None = None


@dataclass(frozen=True)
class ImageView:
    """What the template shows of one image; `picture_bytes` limits the size of each picture."""

    title: str
    sentence: str
    sides: list[str]
    names: dict[str, str]
    heads: list[Head]
    rows: list[list[Cell]]
    window_sentence: str
    facts: list[Fact]
    legend: list[tuple[str, str]]
    histogram: str
    box: str
    picture_bytes: int


def image_view(image: ComparedImage, titled: bool, limit: int) -> ImageView:
    """Return what the page shows of an image; all its pictures together take `limit` bytes or less.

    Parameters
    ----------
    image : ComparedImage
        The image before and after the conversion.
    titled : bool
        Whether the name of the image is shown.
    limit : int
        Bytes for its pictures, before base64.
    """
    pictures = sum(bool(picture) for panel in image.panels for picture in (panel.before, panel.after, panel.difference))
    sides = [side for side in ("before", "after") if getattr(image, side)]
    shown = [side for side in sides if any(getattr(panel, side) for panel in image.panels)]
    names = {"before": "Image"} if sides == ["before"] else {side: side.capitalize() for side in sides}
    return ImageView(
        title=image.name if titled else "",
        sentence=_sentence(image),
        sides=sides,
        names=names,
        heads=_heads(image, [names[side] for side in shown]),
        rows=[_row(panel, shown, image.difference is not None) for panel in image.panels],
        window_sentence=_window_sentence(image),
        facts=image.facts,
        legend=image.colors.legend if image.colors else [],
        histogram="" if image.colors else image.histogram,
        box=image.box,
        picture_bytes=limit // max(1, pictures),
    )


def _sentence(image: ComparedImage) -> str:
    text = difference_text(image)
    return f"{text[:1].upper()}{text[1:]}.{_corner_sentence(image)}" if text else ""


def _corner_sentence(image: ComparedImage) -> str:
    if image.corners_mm is None or not image.box:
        return ""
    if image.corners_mm < 5e-5:
        return " The corners of both grids have the same positions."
    return f" The corners of the grids are up to {number(image.corners_mm)} mm apart."


def _heads(image: ComparedImage, names: list[str]) -> list[Head]:
    heads = [Head(name) for name in names]
    difference = image.difference
    if difference is None:
        return heads
    return [*heads, Head("Difference", "" if difference.is_none else f"black 0, white {number(difference.largest)}")]


def _row(panel: Panel, shown: list[str], is_compared: bool) -> list[Cell]:
    cells = [_cell(panel, side, getattr(panel, side)) for side in shown]
    if is_compared and panel.difference is None:
        cells.append(Cell(panel.plane, "none"))
    elif is_compared:
        cells.append(Cell(panel.plane, "difference", panel.difference, panel.spot))
    return cells


def _cell(panel: Panel, side: str, picture: Picture.Image | None) -> Cell:
    return Cell(panel.plane, side, picture) if picture else Cell(panel.plane, "not shown")


def _window_sentence(image: ComparedImage) -> str:
    if (image.window is None and image.colors is None) or not image.panels:
        return ""
    if image.window is None:
        return f"Planes through {_where(image)}; each label has a color."
    low, high = (number(image.window.center + side * image.window.width / 2) for side in (-1, 1))
    return f"Planes through {_where(image)}; black is {low}, white {high}."


def _where(image: ComparedImage) -> str:
    return "the largest difference" if image.difference and not image.difference.is_none else "the center of the image"
