"""NIfTI images ⇄ volumes, without the sidecar."""

from .gradients import read_gradients, with_gradients, write_gradients
from .reading import read_image
from .writing import stored_affine, write_image

__all__ = [
    "read_gradients",
    "read_image",
    "stored_affine",
    "with_gradients",
    "write_gradients",
    "write_image",
]
