"""MGH of FreeSurfer (``.mgh``, ``.mgz``) → volumes."""

from .image import acquisition_keys, read_image

__all__ = ["acquisition_keys", "read_image"]
