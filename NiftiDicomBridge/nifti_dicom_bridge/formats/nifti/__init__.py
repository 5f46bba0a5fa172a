"""NIfTI images ⇄ volumes, without the sidecar."""

from .image import (
    read_gradients,
    read_image,
    stored_affine,
    with_gradients,
    write_gradients,
    write_image,
)

__all__ = [
    "read_gradients",
    "read_image",
    "stored_affine",
    "with_gradients",
    "write_gradients",
    "write_image",
]
