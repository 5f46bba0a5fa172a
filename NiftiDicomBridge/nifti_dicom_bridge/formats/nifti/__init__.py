"""NIfTI images ⇄ volumes, without the sidecar."""

from .gradients import gradient_file, read_gradients, with_gradients, write_gradients
from .reading import acquisition_keys, description, read_image
from .writing import Acquisition, stored_affine, write_image

__all__ = [
    "Acquisition",
    "acquisition_keys",
    "description",
    "gradient_file",
    "read_gradients",
    "read_image",
    "stored_affine",
    "with_gradients",
    "write_gradients",
    "write_image",
]
