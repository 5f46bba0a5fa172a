"""Pictures → data URIs that are small enough for a page of many series."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image as Picture
from PIL import features

SIZES, QUALITIES = (1.0, 0.8, 0.6, 0.45), (75, 50, 30)


def data_uri(picture: Picture.Image, limit: int) -> str:
    """Return a picture as a data URI: without loss where that fits into `limit` bytes, else as good as fits.

    WebP; PNG where Pillow was built without it.
    """
    form = "webp" if features.check("webp") else "png"
    return f"data:image/{form};base64,{base64.b64encode(_packed(picture, form, limit)).decode('ascii')}"


def _packed(picture: Picture.Image, form: str, limit: int) -> bytes:
    result = _saved(picture, form, lossless=True) if form == "webp" else _saved(picture, form, optimize=True)
    for size in SIZES:
        smaller = picture.resize(
            (max(1, int(picture.width * size)), max(1, int(picture.height * size))), Picture.Resampling.BOX
        )
        for quality in QUALITIES if form == "webp" else (0,):
            if len(result) <= limit:
                return result
            result = _saved(smaller, form, quality=quality) if form == "webp" else _saved(smaller, form, optimize=True)
    return result


def _saved(picture: Picture.Image, form: str, **choices: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, form, **choices)
    return stream.getvalue()
