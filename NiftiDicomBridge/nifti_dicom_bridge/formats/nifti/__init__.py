"""NIfTI images ⇄ volumes, without the sidecar."""

from .gradients import gradient_file, gradients_of, lone_file, table_file, with_gradients, write_gradients
from .reading import acquisition_keys, description, read_image
from .writing import Acquisition, stored_affine, write_image

__all__ = [
    "Acquisition",
    "acquisition_keys",
    "description",
    "gradient_file",
    "gradients_of",
    "lone_file",
    "read_image",
    "stored_affine",
    "table_file",
    "with_gradients",
    "write_gradients",
    "write_image",
]
