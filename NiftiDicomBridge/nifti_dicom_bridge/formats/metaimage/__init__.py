"""MetaImage (``.mha``, ``.mhd``) → volumes."""

from .image import read_image

__all__ = ["read_image"]
